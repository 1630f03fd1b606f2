//! Path syntax: where in an event a value is found.
//!
//! `context.page.path`, `properties.products[0].item_id`, `partner_attrs.amperity.LifetimeTier`,
//! `user_id`. A path is names separated by dots, each optionally followed by `[n]`. Names are exact,
//! except that envelope fields (the top level and everything under `context`) also answer to the
//! snake_case spelling of their camelCase name, because both generations of the event schema are in
//! use: `user_id` finds `userId`, `context.user_agent` finds `context.userAgent`. Names under
//! `properties`, `traits` and `partner_attrs` belong to the site and the vendors and are never respelt.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Longest path in bytes.
pub const MAX_BYTES: usize = 256;

/// Why a text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// Nothing was written.
    #[error("a path cannot be empty: write for example `properties.category`")]
    Empty,
    /// Over [`MAX_BYTES`].
    #[error("a path cannot be longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Two dots in a row, or one at an end.
    #[error("a name is missing at byte {at}: dots separate names")]
    MissingName {
        /// Byte offset into the text.
        at: usize,
    },
    /// A bracket that is not `[number]` at the end of a name.
    #[error("the index at byte {at} must be a number in brackets, for example `products[0]`")]
    BadIndex {
        /// Byte offset into the text.
        at: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Name {
        exact: Box<str>,
        /// The envelope's spelling, found once, because a path is resolved for every event.
        camel: Option<Box<str>>,
    },
    Index(usize),
}

impl Step {
    fn resolve<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Index(index) => value.as_array()?.get(*index),
            Self::Name { exact, camel } => {
                let map = value.as_object()?;
                map.get(&**exact).or_else(|| map.get(camel.as_deref()?))
            }
        }
    }
}

/// A parsed path; `Display` gives the text back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Path(Vec<Step>);

impl Path {
    /// The value at this path, or `None` where anything on the way is absent or of another shape.
    pub fn resolve<'v>(&self, event: &'v Value) -> Option<&'v Value> {
        self.resolve_below(0, event)
    }

    /// As [`Self::resolve`], but `value` is what the first `steps` steps lead to: for values that are
    /// beside the event and not in it. A path that is no longer than that names `value` itself.
    pub fn resolve_below<'v>(&self, steps: usize, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().skip(steps).try_fold(value, |value, step| step.resolve(value))
    }

    /// As [`Self::resolve`], but `value` is what all but the last step lead to.
    pub fn last_below<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.last()?.resolve(value)
    }

    /// The name at a step, counted from 0; `None` past the end, and where the step is an index.
    pub fn name(&self, step: usize) -> Option<&str> {
        match self.0.get(step)? {
            Step::Name { exact, .. } => Some(exact),
            Step::Index(_) => None,
        }
    }

    /// The path without its last step; `None` where that was the only one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, before) = self.0.split_last()?;
        (!before.is_empty()).then(|| Self(before.to_vec()))
    }

    /// How many steps the path has: names and indices alike.
    pub fn steps(&self) -> usize {
        self.0.len()
    }
}

/// `user_agent` to `userAgent`; `None` when the name has nothing to respell.
fn camel_case(name: &str) -> Option<Box<str>> {
    if !name.contains('_') || name.starts_with('_') {
        return None;
    }
    let mut words = name.split('_');
    let mut respelt = words.next()?.to_owned();
    for word in words {
        let mut letters = word.chars();
        respelt.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        respelt.push_str(letters.as_str());
    }
    Some(respelt.into())
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(PathError::TooLong);
        }
        let mut steps = Vec::new();
        let mut at = 0;
        let mut envelope = true;
        for part in text.split('.') {
            let (name, indices) = match part.find('[') {
                Some(bracket) => part.split_at(bracket),
                None => (part, ""),
            };
            if name.is_empty() {
                return Err(PathError::MissingName { at });
            }
            if let Some(stray) = name.find(']') {
                return Err(PathError::BadIndex { at: at + stray });
            }
            let camel = if envelope { camel_case(name) } else { None };
            if at == 0 {
                envelope = name == "context";
            }
            steps.push(Step::Name { exact: name.into(), camel });
            parse_indices(indices, at + name.len(), &mut steps)?;
            at += part.len() + 1;
        }
        Ok(Self(steps))
    }
}

fn parse_indices(mut text: &str, mut at: usize, steps: &mut Vec<Step>) -> Result<(), PathError> {
    while !text.is_empty() {
        let bad = PathError::BadIndex { at };
        let (digits, rest) =
            text.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or(bad.clone())?;
        // `parse` alone would take `+1`.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad);
        }
        steps.push(Step::Index(digits.parse().map_err(|_| bad)?));
        at += text.len() - rest.len();
        text = rest;
    }
    Ok(())
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Name { exact, .. } if depth == 0 => f.write_str(exact)?,
                Step::Name { exact, .. } => write!(f, ".{exact}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for Path {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::arbitrary::any_json;

    fn at(path: &str, event: &Value) -> Option<Value> {
        path.parse::<Path>().unwrap().resolve(event).cloned()
    }

    #[test]
    fn the_seed_s_paths_resolve() {
        let event = json!({
            "userId": "u1",
            "properties": {"category": "shoes", "value": 12.5, "products": [{"item_id": "a"}, [1, 2]]},
            "context": {"page": {"path": "/sale"}, "userAgent": "UA"},
            "partner_attrs": {"amperity": {"LifetimeTier": "Gold"}},
        });
        for (path, value) in [
            ("properties.category", json!("shoes")),
            ("properties.value", json!(12.5)),
            ("context.page.path", json!("/sale")),
            ("partner_attrs.amperity.LifetimeTier", json!("Gold")),
            ("userId", json!("u1")),
            ("user_id", json!("u1")),
            ("context.user_agent", json!("UA")),
            ("properties.products[0].item_id", json!("a")),
            ("properties.products[1][1]", json!(2)),
        ] {
            assert_eq!(at(path, &event), Some(value), "{path}");
        }
        for absent in
            ["nothing", "properties.category.deeper", "properties[0]", "properties.products[9]"]
        {
            assert_eq!(at(absent, &event), None, "{absent}");
        }
    }

    #[test]
    fn only_envelope_names_are_respelt() {
        let event = json!({
            "properties": {"itemId": 1}, "traits": {"firstName": "J"},
            "partner_attrs": {"amperity": {"lifetimeTier": "Gold"}},
        });
        assert_eq!(at("properties.item_id", &event), None);
        assert_eq!(at("traits.first_name", &event), None);
        assert_eq!(at("partner_attrs.amperity.lifetime_tier", &event), None);
    }

    #[test]
    fn a_path_resolves_below_its_first_steps_in_what_lies_beside_the_event() {
        let path: Path = "partner_attrs.amperity.Brands[1]".parse().unwrap();
        assert_eq!(path.resolve_below(2, &json!({"Brands": ["a", "b"]})), Some(&json!("b")));
        assert_eq!(path.resolve_below(4, &json!(1)), Some(&json!(1)));
        assert_eq!((path.steps(), path.name(1), path.name(3)), (4, Some("amperity"), None));
        let parent = path.parent().map(|parent| parent.to_string());
        assert_eq!(parent.as_deref(), Some("partner_attrs.amperity.Brands"));
        assert_eq!("a".parse::<Path>().unwrap().parent(), None);
    }

    #[test]
    fn the_exact_spelling_wins() {
        assert_eq!(at("user_id", &json!({"user_id": 1, "userId": 2})), Some(json!(1)));
    }

    #[test]
    fn mistakes_are_placed() {
        for (text, error) in [
            ("", PathError::Empty),
            ("a..b", PathError::MissingName { at: 2 }),
            (".a", PathError::MissingName { at: 0 }),
            ("a.", PathError::MissingName { at: 2 }),
            ("a[x]", PathError::BadIndex { at: 1 }),
            ("a[1", PathError::BadIndex { at: 1 }),
            ("a[+1]", PathError::BadIndex { at: 1 }),
            ("a[1]b", PathError::BadIndex { at: 4 }),
            ("a]b", PathError::BadIndex { at: 1 }),
            ("a[99999999999999999999999]", PathError::BadIndex { at: 1 }),
        ] {
            assert_eq!(text.parse::<Path>(), Err(error), "{text}");
        }
        assert_eq!("a".repeat(MAX_BYTES + 1).parse::<Path>(), Err(PathError::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_parses_or_errs_and_any_event_resolves(text in any::<String>(), event in any_json()) {
            if let Ok(path) = text.parse::<Path>() {
                let _ = path.resolve(&event);
                // Leading zeros of an index are not kept, so compare what was understood.
                prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
            }
        }

        #[test]
        fn a_path_finds_what_was_put_there(names in prop::collection::vec("[a-z]{1,8}", 1..6)) {
            let mut event = json!(42);
            for name in names.iter().rev() {
                let mut map = serde_json::Map::new();
                map.insert(name.clone(), event);
                event = Value::Object(map);
            }
            prop_assert_eq!(at(&names.join("."), &event), Some(json!(42)));
        }
    }
}
