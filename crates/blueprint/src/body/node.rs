//! What a body is made of: what was in the event or in the blueprint is borrowed from there, so that mapping an event
//! copies none of its texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// What was mapped of one event, by name: an object to be written as JSON, or to be kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body<'a> {
    /// Names that have a place of their own, in alphabetical order.
    names: &'a [Box<str>],
    /// What is at each of these places.
    places: Vec<Option<Node<'a>>>,
    /// What is under any other name.
    others: BTreeMap<Cow<'a, str>, Option<Node<'a>>>,
}

/// Something in a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// Neither a list nor an object.
    Scalar(Cow<'a, Value>),
    List(Vec<Node<'a>>),
    Object(Body<'a>),
}

impl<'a> Body<'a> {
    /// With a place for each of these names.
    pub(crate) fn with_places(names: &'a [Box<str>]) -> Self {
        Self { names, places: vec![None; names.len()], others: BTreeMap::new() }
    }

    /// As a map of its own, for whoever outlives the event.
    pub fn into_map(self) -> Map<String, Value> {
        // A list first, nearly in order: a map is made of one faster than of one name after another.
        let mut all = Vec::with_capacity(self.places.len() + self.others.len());
        for (name, node) in self.names.iter().zip(self.places) {
            all.extend(node.map(|node| ((**name).to_owned(), node.into_value())));
        }
        for (name, node) in self.others {
            all.extend(node.map(|node| (name.into_owned(), node.into_value())));
        }
        all.into_iter().collect()
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        let placed = self.names.iter().map(|name| &**name).zip(&self.places);
        let others = self.others.iter().map(|(name, node)| (&**name, node));
        placed.chain(others).filter_map(|(name, node)| Some((name, node.as_ref()?)))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        let node = match self.place(name) {
            Some(place) => self.places.get(place),
            None => self.others.get(name),
        };
        node.is_some_and(Option::is_some)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members().next().is_none()
    }

    /// Where the value of a name is, and a later one takes the place of the one before. `place` is the name's, where
    /// it is known.
    pub(crate) fn at(&mut self, name: Cow<'a, str>, place: Option<usize>) -> &mut Option<Node<'a>> {
        match place.or_else(|| self.place(&name)).and_then(|place| self.places.get_mut(place)) {
            Some(node) => node,
            None => self.others.entry(name).or_default(),
        }
    }

    pub(crate) fn insert(&mut self, name: Cow<'a, str>, node: Node<'a>) {
        *self.at(name, None) = Some(node);
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|known| (**known).cmp(name)).ok()
    }

    fn into_owned(self) -> Body<'static> {
        let names = self.names.iter().map(|name| Cow::Borrowed(&**name));
        let all = names.zip(self.places).chain(self.others);
        let owned = |(name, node): (Cow<'_, str>, Option<Node<'_>>)| {
            (Cow::Owned(name.into_owned()), node.map(Node::into_owned))
        };
        Body { others: all.map(owned).collect(), ..Body::default() }
    }
}

impl<'a> Node<'a> {
    /// The object that it is, or else gives way to: never `None`.
    pub(crate) fn object(node: &mut Option<Self>) -> Option<&mut Body<'a>> {
        if !matches!(node, Some(Node::Object(_))) {
            *node = Some(Node::Object(Body::default()));
        }
        match node {
            Some(Node::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The same without anything borrowed.
    pub(crate) fn into_owned(self) -> Node<'static> {
        match self {
            Self::Scalar(value) => Node::Scalar(Cow::Owned(value.into_owned())),
            Self::List(list) => Node::List(list.into_iter().map(Node::into_owned).collect()),
            Self::Object(body) => Node::Object(body.into_owned()),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Scalar(value) => value.into_owned(),
            Self::List(list) => list.into_iter().map(Node::into_value).collect(),
            Self::Object(body) => body.into_map().into(),
        }
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members())
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
            Self::Object(body) => body.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scalar(value: i32) -> Node<'static> {
        Node::Scalar(Cow::Owned(value.into()))
    }

    #[test]
    fn a_name_is_written_once_whether_its_place_was_known_or_not() {
        let names = ["a", "b", "c"].map(Box::from);
        let mut body = Body::with_places(&names);
        *body.at("b".into(), Some(1)) = Some(scalar(1));
        body.insert("b".to_owned().into(), scalar(2));
        body.insert("a".into(), scalar(3));
        *body.at("a".into(), Some(0)) = Some(scalar(4));
        body.insert("other".into(), scalar(5));
        *body.at("gone".into(), None) = None;
        let text = serde_json::to_string(&body).unwrap();
        assert_eq!(text, r#"{"a":4,"b":2,"other":5}"#);
        assert!(body.contains("a") && body.contains("other"));
        assert!(!body.contains("c") && !body.contains("gone"));
        assert_eq!(
            Value::from(body.clone().into_owned().into_map()),
            json!({"a": 4, "b": 2, "other": 5})
        );
        assert_eq!(Value::from(body.into_map()), json!({"a": 4, "b": 2, "other": 5}));
    }
}
