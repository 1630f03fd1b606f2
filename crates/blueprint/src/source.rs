//! Where a value comes from.
//!
//! A source is a path of `datafly-core`. Its first name says in what it is resolved, and with that how far it is to
//! be believed. `visitor`, `partner_attrs`, `parameters`, `event_name` and `item` are not in the event: members of
//! those names that a page sends are never looked at.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use datafly_core::path::Path;
use serde_json::{Map, Value};

use crate::contract::Origin;
use crate::language::{self, ROOTS, VISITOR};
use crate::mistake::hint;

/// What the server knows to be true of a visitor: proven by a token or by the visitor's cookie, or, where the
/// pipeline's verification is `off`, believed by the owner's choice.
#[derive(Clone, Copy, Default)]
pub struct Visitor<'a> {
    /// The visitor's own id.
    pub canonical_id: Option<&'a str>,
    /// The site's id of the person.
    pub user_id: Option<&'a str>,
    /// The person's e-mail address.
    pub email: Option<&'a str>,
    /// The person's phone number.
    pub phone: Option<&'a str>,
    /// Pairs of a provider and the id of the profile that the identifiers above lead to there.
    pub profile_ids: &'a [(&'a str, &'a str)],
}

/// What an event is mapped from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The event in the envelope's spelling. Everything in it is a claim.
    pub event: &'a Value,
    /// Whose it is.
    pub visitor: &'a Visitor<'a>,
    /// The visitor's attributes by provider; `<provider>_personalized` for the second map.
    pub partner_attrs: &'a Map<String, Value>,
}

/// Everything a source may be resolved in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s, 'a> {
    pub(crate) input: Input<'a>,
    /// What [`Containers`] found in the event.
    pub(crate) containers: &'s [Option<&'a Value>],
    pub(crate) parameters: &'a BTreeMap<String, Value>,
    pub(crate) event_name: &'a str,
    pub(crate) event_name_origin: Origin,
    /// The entry of the list, inside of `each`.
    pub(crate) item: Option<&'a Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    Event,
    Visitor(Known),
    PartnerAttrs(String),
    Parameter(String),
    EventName,
    Item,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    CanonicalId,
    UserId,
    Email,
    Phone,
    ProfileId(String),
}

/// A path and what it is resolved in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    root: Root,
    path: Path,
    /// Of a path into the event: which of the blueprint's containers its last step is looked up in.
    container: Option<usize>,
}

/// The objects and lists of an event that the sources of a blueprint look into.
///
/// Dozens of sources look into the same few, and many of those are not there: finding each of them once for an event,
/// and in what is around it, takes half of the cost out of applying a blueprint.
#[derive(Default)]
pub(crate) struct Containers {
    /// Each behind what is around it.
    all: Vec<Container>,
    numbers: HashMap<Path, usize>,
}

struct Container {
    path: Path,
    /// What is around it; nothing but the event where there is none.
    around: Option<usize>,
}

impl Containers {
    /// Has a source look up its last step only.
    pub(crate) fn add(&mut self, source: &mut Source) {
        source.container = source.in_event().and_then(|path| self.around(path));
    }

    /// The number of what is around a path.
    fn around(&mut self, path: &Path) -> Option<usize> {
        let path = path.parent()?;
        if let Some(number) = self.numbers.get(&path) {
            return Some(*number);
        }
        let around = self.around(&path);
        let number = self.all.len();
        self.numbers.insert(path.clone(), number);
        self.all.push(Container { path, around });
        Some(number)
    }

    /// Finds them in an event.
    pub(crate) fn find<'e>(&self, event: &'e Value) -> Vec<Option<&'e Value>> {
        let mut found: Vec<Option<&Value>> = Vec::with_capacity(self.all.len());
        for Container { path, around } in &self.all {
            let around = match around {
                Some(number) => found.get(*number).copied().flatten(),
                None => Some(event),
            };
            found.push(around.and_then(|around| path.last_below(around)));
        }
        found
    }
}

impl Source {
    /// Reads a source; the error says what to write.
    pub(crate) fn parse(text: &str, inside_each: bool) -> Result<Self, String> {
        let path: Path = text.parse().map_err(|error| format!("{error}"))?;
        let first = path.name(0).unwrap_or_default();
        let root = match first {
            "item" if inside_each => Root::Item,
            "item" => return Err("`item` is known inside of `each` only".to_owned()),
            "visitor" => Root::Visitor(known(&path)?),
            "partner_attrs" => {
                if let (Some(provider), Some(_)) = (path.name(1), path.name(2)) {
                    Root::PartnerAttrs(provider.to_owned())
                } else {
                    let text = "name the attribute, `partner_attrs.<provider>.<attribute>`: a profile never \
                                leaves as a whole";
                    return Err(text.to_owned());
                }
            }
            "parameters" => match path.name(1) {
                Some(name) if path.steps() == 2 => Root::Parameter(name.to_owned()),
                _ => return Err("write it as `parameters.<name>`".to_owned()),
            },
            "event_name" if path.steps() == 1 => Root::EventName,
            "event_name" => return Err("`event_name` is a text: nothing lies below it".to_owned()),
            name if language::knows(ROOTS, &snake_case(name)) => Root::Event,
            name => {
                let hint = hint(name, language::names(ROOTS));
                return Err(format!("no source begins with `{name}`: {hint}"));
            }
        };
        Ok(Self { root, path, container: None })
    }

    /// The value and how far it is to be believed; `None` where nothing is there. Null and the empty text are
    /// nothing.
    pub(crate) fn find<'a>(&self, scope: &Scope<'_, 'a>) -> Option<(Cow<'a, Value>, Origin)> {
        let (value, origin) = match &self.root {
            Root::Event => (Cow::Borrowed(self.in_container(scope)?), Origin::Claimed),
            Root::Item => {
                (Cow::Borrowed(self.path.resolve_below(1, scope.item?)?), Origin::Claimed)
            }
            Root::PartnerAttrs(provider) => {
                let attributes = scope.input.partner_attrs.get(provider)?;
                (Cow::Borrowed(self.path.resolve_below(2, attributes)?), Origin::Claimed)
            }
            Root::Visitor(known) => {
                (Cow::Owned(known.of(scope.input.visitor)?.into()), Origin::Verified)
            }
            Root::Parameter(name) => (Cow::Borrowed(scope.parameters.get(name)?), Origin::Owner),
            Root::EventName => (Cow::Owned(scope.event_name.into()), scope.event_name_origin),
        };
        let nothing = match value.as_ref() {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        (!nothing).then_some((value, origin))
    }

    fn in_container<'a>(&self, scope: &Scope<'_, 'a>) -> Option<&'a Value> {
        let Some(container) = self.container else { return self.path.resolve(scope.input.event) };
        let container = scope.containers.get(container).copied().flatten()?;
        self.path.last_below(container)
    }

    /// The parameter it names.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match &self.root {
            Root::Parameter(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is the entry of a list, or in it.
    pub(crate) fn is_item(&self) -> bool {
        self.root == Root::Item
    }

    /// Its path, where it names a member of the event.
    pub(crate) fn in_event(&self) -> Option<&Path> {
        (self.root == Root::Event).then_some(&self.path)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl Known {
    fn of<'a>(&self, visitor: &Visitor<'a>) -> Option<&'a str> {
        match self {
            Self::CanonicalId => visitor.canonical_id,
            Self::UserId => visitor.user_id,
            Self::Email => visitor.email,
            Self::Phone => visitor.phone,
            Self::ProfileId(provider) => {
                let of = |(name, id): &(&'a str, &'a str)| (name == provider).then_some(*id);
                visitor.profile_ids.iter().find_map(of)
            }
        }
    }
}

fn known(path: &Path) -> Result<Known, String> {
    match (path.name(1), path.name(2), path.steps()) {
        (Some("canonical_id"), None, 2) => Ok(Known::CanonicalId),
        (Some("user_id"), None, 2) => Ok(Known::UserId),
        (Some("email"), None, 2) => Ok(Known::Email),
        (Some("phone"), None, 2) => Ok(Known::Phone),
        (Some("profile_ids"), Some(provider), 3) => Ok(Known::ProfileId(provider.to_owned())),
        (Some("profile_ids"), ..) => Err("write it as `visitor.profile_ids.<provider>`".to_owned()),
        (Some(name), ..) if language::knows(VISITOR, name) => {
            Err(format!("`visitor.{name}` is a text: nothing lies below it"))
        }
        (name, ..) => {
            let hint = hint(name.unwrap_or_default(), language::names(VISITOR));
            Err(format!("the server knows no such thing of a visitor: {hint}"))
        }
    }
}

/// `userId` to `user_id`: both spellings name the same member of the envelope.
pub(crate) fn snake_case(name: &str) -> String {
    let mut respelt = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            respelt.push('_');
        }
        respelt.push(letter.to_ascii_lowercase());
    }
    respelt
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_source_says_what_to_write() {
        for (text, said) in [
            ("propertys.a", "did you mean `properties`?"),
            ("cart.value", "write one of `properties`, `traits`"),
            ("visitor", "write one of `canonical_id`"),
            ("visitor.mail", "did you mean `email`?"),
            ("visitor.email.x", "nothing lies below it"),
            ("visitor.profile_ids", "visitor.profile_ids.<provider>"),
            ("partner_attrs.amperity", "name the attribute"),
            ("partner_attrs", "name the attribute"),
            ("partner_attrs[0].a.b", "name the attribute"),
            ("parameters", "parameters.<name>"),
            ("event_name.x", "nothing lies below it"),
            ("item.price", "inside of `each` only"),
            ("a..b", "a name is missing"),
        ] {
            let error = Source::parse(text, false).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        for text in
            ["userId", "user_id", "properties", "context.page.path", "visitor.profile_ids.x"]
        {
            assert_eq!(
                Source::parse(text, false).map(|source| source.to_string()),
                Ok(text.into())
            );
        }
    }

    #[test]
    fn a_page_s_own_members_of_reserved_names_are_never_found() {
        let event = json!({
            "visitor": {"email": "eve@x", "profile_ids": {"amperity": "p"}}, "event_name": "e",
            "partner_attrs": {"amperity": {"Tier": "Gold"}}, "parameters": {"p": 1}, "item": {"a": 1},
        });
        let (visitor, attributes) = (Visitor::default(), Map::new());
        let scope = Scope {
            input: Input { event: &event, visitor: &visitor, partner_attrs: &attributes },
            containers: &[],
            parameters: &BTreeMap::new(),
            event_name: "",
            event_name_origin: Origin::EventName,
            item: None,
        };
        for text in [
            "visitor.email",
            "visitor.profile_ids.amperity",
            "partner_attrs.amperity.Tier",
            "parameters.p",
            "event_name",
            "item.a",
        ] {
            assert!(Source::parse(text, true).unwrap().find(&scope).is_none(), "{text}");
        }
    }
}
