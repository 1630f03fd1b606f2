//! The body under construction: the one place where anything is written into it, and so the one that holds the
//! rule of identity for mappings, pass-through, copied objects and lists alike.

mod node;

use std::borrow::Cow;

use serde_json::Value;

pub use node::Body;
pub(crate) use node::Node;

use crate::contract::{Guard, Landing, Origin};

/// Deepest object or list that is copied; what lies deeper is left out.
pub(crate) const MAX_DEPTH: usize = 32;

/// Names with a meaning of their own to JavaScript, which may read the body at the other end.
const HOSTILE: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// Whether no member of a body may have that name.
pub(crate) fn is_hostile(name: &str) -> bool {
    HOSTILE.contains(&name)
}

/// Names from the outermost in, without a list of their own: most copies rename nothing.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'t> {
    outer: Option<&'t Trail<'t>>,
    name: &'t str,
}

impl<'t> Trail<'t> {
    pub(crate) const fn at(name: &'t str) -> Self {
        Self { outer: None, name }
    }

    pub(crate) const fn then<'u>(&'u self, name: &'u str) -> Trail<'u> {
        Trail { outer: Some(self), name }
    }

    /// Its path with another last name.
    pub(crate) fn renamed(&self, name: &str) -> String {
        Trail { name, ..*self }.path()
    }

    /// As a path.
    pub(crate) fn path(&self) -> String {
        match self.outer.map(Self::path) {
            Some(outer) if !outer.is_empty() => format!("{outer}.{}", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// Told of every member that the rule gave another name: where it would have landed, and its new name.
pub(crate) type Renamed<'r> = dyn FnMut(&Trail<'_>, &str) + 'r;

/// A value as it may stand at a place with that guard; `None` where it is nested too deeply.
pub(crate) fn copy<'a>(
    value: Cow<'a, Value>,
    guard: Guard<'_>,
    origin: Origin,
    trail: Trail<'_>,
    renamed: &mut Renamed<'_>,
) -> Option<Node<'a>> {
    match value {
        Cow::Borrowed(value) => nested(value, guard, origin, trail, 0, renamed),
        // A list that a transform has made.
        Cow::Owned(value @ (Value::Array(_) | Value::Object(_))) => {
            Some(nested(&value, guard, origin, trail, 0, renamed)?.into_owned())
        }
        Cow::Owned(_) => Some(Node::Scalar(value)),
    }
}

fn nested<'a>(
    value: &'a Value,
    guard: Guard<'_>,
    origin: Origin,
    trail: Trail<'_>,
    depth: usize,
    renamed: &mut Renamed<'_>,
) -> Option<Node<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match value {
        Value::Array(list) => {
            let entry = |entry| nested(entry, guard, origin, trail, depth + 1, renamed);
            Node::List(list.iter().filter_map(entry).collect())
        }
        Value::Object(map) => {
            let mut copied = Body::default();
            for (name, value) in map.iter().filter(|(name, _)| !is_hostile(name)) {
                let Landing { beside, below } = guard.land(name, origin);
                let inner = trail.then(name);
                if let Some(beside) = &beside {
                    renamed(&inner, beside);
                }
                if let Some(value) = nested(value, below, origin, inner, depth + 1, renamed) {
                    copied.insert(landed(name, beside), value);
                }
            }
            Node::Object(copied)
        }
        value => Node::Scalar(Cow::Borrowed(value)),
    })
}

/// The name that a value lands under.
pub(crate) fn landed(name: &str, beside: Option<String>) -> Cow<'_, str> {
    beside.map_or(Cow::Borrowed(name), Cow::Owned)
}

/// Writes a value at a path, if one can be made for the guard that lies below it. `place` is that of its first name,
/// where it is known. Answers the path it landed at, where the rule made it another.
pub(crate) fn write<'a, S: AsRef<str>, E>(
    body: &mut Body<'a>,
    place: Option<usize>,
    guard: Guard<'_>,
    path: &'a [S],
    origin: Origin,
    make: impl FnOnce(Guard<'_>) -> Result<Node<'a>, E>,
) -> Result<Option<String>, E> {
    // Nearly all targets are a single name.
    if let [name] = path {
        let Landing { beside, below } = guard.land(name.as_ref(), origin);
        let value = make(below)?;
        let place = place.filter(|_| beside.is_none());
        *body.at(landed(name.as_ref(), beside.clone()), place) = Some(value);
        return Ok(beside);
    }
    // Objects on the way are made for a value alone.
    let value = make(guard.below(path, origin))?;
    Ok(put(body, place, guard, path, origin, value))
}

/// Puts a value at a path, making objects on the way; what is no object there gives way to one. The value was
/// copied for the guard below the path. Answers the path it landed at, where the rule made it another.
pub(crate) fn put<'a, S: AsRef<str>>(
    mut body: &mut Body<'a>,
    mut place: Option<usize>,
    mut guard: Guard<'_>,
    path: &'a [S],
    origin: Origin,
    value: Node<'a>,
) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let mut other: Option<Vec<String>> = None;
    for (depth, name) in parents.iter().enumerate() {
        let Landing { beside, below } = guard.land(name.as_ref(), origin);
        note(&mut other, path, depth, beside.as_deref());
        let place = place.take().filter(|_| beside.is_none());
        body = Node::object(body.at(landed(name.as_ref(), beside), place))?;
        guard = below;
    }
    let Landing { beside, .. } = guard.land(last.as_ref(), origin);
    note(&mut other, path, parents.len(), beside.as_deref());
    let place = place.filter(|_| beside.is_none());
    *body.at(landed(last.as_ref(), beside), place) = Some(value);
    other.map(|names| names.join("."))
}

/// Keeps the names of a path from the first one on that was changed.
fn note<S: AsRef<str>>(
    other: &mut Option<Vec<String>>,
    path: &[S],
    depth: usize,
    beside: Option<&str>,
) {
    let name = |index: usize| path.get(index).map(|name| name.as_ref().to_owned());
    match (other, beside) {
        (Some(names), None) => names.extend(name(depth)),
        (Some(names), Some(beside)) => names.push(beside.to_owned()),
        (other, Some(beside)) => {
            *other = Some((0..depth).filter_map(name).chain([beside.to_owned()]).collect());
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use datafly_core::visitor::Verification;
    use serde_json::json;

    use super::*;
    use crate::contract::Contract;

    fn written(path: &[&str], value: &Value, into: Value) -> (Value, Option<String>, Vec<String>) {
        let contract = Contract::new(Verification::Required).identity(["user.em", "id"]);
        let free = Contract::default();
        let into =
            copy(Cow::Owned(into), free.guard(), Origin::Owner, Trail::at(""), &mut |_, _| {});
        let Some(Node::Object(mut body)) = into else { panic!("{into:?}") };
        let mut inner = Vec::new();
        let (guard, origin) = (contract.guard(), Origin::Claimed);
        let joined = path.join(".");
        let copied = copy(
            Cow::Borrowed(value),
            guard.below(path, origin),
            origin,
            Trail::at(&joined),
            &mut |trail, _| inner.push(trail.path()),
        );
        let landed = put(&mut body, None, guard, path, origin, copied.unwrap());
        (body.into_map().into(), landed, inner)
    }

    #[test]
    fn dots_make_objects_and_give_way_to_nothing_else() {
        let (body, landed, _) = written(&["a", "b"], &json!(1), json!({"a": "text", "c": 2}));
        assert_eq!((body, landed), (json!({"a": {"b": 1}, "c": 2}), None));
        let (body, ..) = written(&["a", "b"], &json!(1), json!({"a": {"c": 2}}));
        assert_eq!(body, json!({"a": {"b": 1, "c": 2}}));
    }

    #[test]
    fn the_rule_holds_on_the_way_at_the_end_and_inside() {
        let (body, landed, _) = written(&["user", "em"], &json!("x"), json!({}));
        assert_eq!(body, json!({"user": {"unverified_em": "x"}}));
        assert_eq!(landed.as_deref(), Some("user.unverified_em"));

        let (body, landed, _) = written(&["id", "deep", "er"], &json!("x"), json!({}));
        assert_eq!(body, json!({"unverified_id": {"deep": {"er": "x"}}}));
        assert_eq!(landed.as_deref(), Some("unverified_id.deep.er"));

        let copied = json!([{"em": 1, "EM": [2]}, {"ph": {"em": 3}}]);
        let (body, _, inner) = written(&["user"], &copied, json!({}));
        assert_eq!(
            body,
            json!({"user": [{"unverified_em": 1, "unverified_EM": [2]}, {"ph": {"em": 3}}]})
        );
        assert_eq!(inner, ["user.EM", "user.em"]);
    }

    #[test]
    fn hostile_names_and_depths_are_left_out() {
        let (body, ..) = written(&["a"], &json!({"__proto__": {"x": 1}, "b": 1}), json!({}));
        assert_eq!(body, json!({"a": {"b": 1}}));
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        let (body, ..) = written(&["a"], &deep, json!({}));
        assert!(body.to_string().len() < 2 * MAX_DEPTH + 10, "{body}");
    }
}
