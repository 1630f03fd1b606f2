//! YAML as a tree in which every node knows its place.
//!
//! A small part of YAML: one document of mappings, lists and scalars. Anchors, aliases, tags and keys that are no
//! text are refused, since a blueprint is read by people, and bounded by its bytes and its depth, so that no file
//! costs more than its length. Built from the parser's events rather than from a library's tree, which would
//! have built everything before a bound could be checked, and drops the second of two equal keys.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Number, Value};

use crate::mistake::{Notes, Place};

/// Longest file, in bytes: a hundred times the longest of ours.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Deepest nesting; the language itself needs 8.
pub(crate) const MAX_DEPTH: usize = 24;

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// A key of a mapping and where it begins.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A scalar; `plain` where it was written without quotes and may be a number, a boolean or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// Whether it is written as nothing: `~`, `null`, or an empty place behind a key.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// As JSON; a plain scalar that JSON has no number or word for is a text.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::List(list) => list.iter().map(Self::to_json).collect(),
            Kind::Map(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| (key.text.clone(), value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
            Kind::Scalar { text, plain } => match text.as_str() {
                _ if !plain => text.as_str().into(),
                "" | "~" | "null" => Value::Null,
                "true" => true.into(),
                "false" => false.into(),
                _ => match text.parse::<Number>() {
                    Ok(number) => number.into(),
                    Err(_) => text.as_str().into(),
                },
            },
        }
    }
}

/// A list or mapping whose end has not come yet.
enum Open {
    List(Place, Vec<Node>),
    Map { place: Place, entries: Vec<(Key, Node)>, key: Option<Key>, seen: BTreeMap<String, Place> },
}

/// Reads a file; `None` where something was noted that left no tree.
pub(crate) fn read(text: &str, notes: &mut Notes) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let limit = MAX_BYTES / 1024;
        notes.note(Place::START, "", format_args!("a blueprint may have {limit} KB: split it up"));
        return None;
    }
    let mut parser = Parser::new(StrInput::new(text));
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                notes.note(
                    place(error.marker()),
                    "",
                    format_args!("this is not YAML: {}", error.info()),
                );
                return None;
            }
        };
        let at = place(&span.start);
        let node = match event {
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::StreamEnd => break,
            Event::DocumentStart(_) if root.is_none() => continue,
            Event::DocumentStart(_) => {
                notes.note(at, "", "a file holds one blueprint: remove the second `---`");
                return None;
            }
            Event::Alias(_) => {
                notes.note(at, "", "aliases (`*name`) are not supported: write the value out");
                return None;
            }
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor > 0 =>
            {
                notes.note(at, "", "anchors (`&name`) are not supported: write the value out");
                return None;
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                notes.note(at, "", "tags (`!name`) are not supported: remove it");
                return None;
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= MAX_DEPTH => {
                notes.note(
                    at,
                    "",
                    format_args!("nothing in a blueprint is {MAX_DEPTH} levels deep"),
                );
                return None;
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(at, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                let (entries, seen) = (Vec::new(), BTreeMap::new());
                open.push(Open::Map { place: at, entries, key: None, seen });
                continue;
            }
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                Node { place: at, kind: Kind::Scalar { text: text.into_owned(), plain } }
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::List(place, list) => Node { place, kind: Kind::List(list) },
                Open::Map { place, entries, .. } => Node { place, kind: Kind::Map(entries) },
            },
        };
        match open.last_mut() {
            None => root = Some(node),
            Some(open) => open.add(node, notes),
        }
    }
    if root.is_none() {
        notes.note(Place::START, "", "the file is empty: begin with `version: 2`");
    }
    root
}

impl Open {
    fn add(&mut self, node: Node, notes: &mut Notes) {
        match self {
            Self::List(_, list) => list.push(node),
            Self::Map { entries, key, seen, .. } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => match node.kind {
                    Kind::Scalar { text, .. } => {
                        if let Some(first) = seen.insert(text.clone(), node.place) {
                            notes.note(
                                node.place,
                                &text,
                                format_args!("it is already written in line {}", first.line),
                            );
                        }
                        *key = Some(Key { place: node.place, text });
                    }
                    Kind::List(_) | Kind::Map(_) => {
                        notes.note(node.place, "", "a key must be a text");
                        *key = Some(Key { place: node.place, text: String::new() });
                    }
                },
            },
        }
    }
}

/// The parser counts columns from 0.
fn place(marker: &Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(text: &str) -> Vec<String> {
        let mut notes = Notes::default();
        let read = read(text, &mut notes);
        let mistakes = notes.finish(&"b".into(), read).err();
        mistakes.iter().flat_map(crate::Mistakes::iter).map(ToString::to_string).collect()
    }

    #[test]
    fn plain_scalars_are_what_json_says() {
        let mut notes = Notes::default();
        let text =
            "a: 1\nb: 1.50\nc: true\nd: 'true'\ne: ~\nf:\ng: yes\nh: [x, {i: '1'}]\nj: 007\n";
        let node = read(text, &mut notes).unwrap();
        assert_eq!(
            node.to_json(),
            json!({"a": 1, "b": 1.5, "c": true, "d": "true", "e": null, "f": null, "g": "yes",
                   "h": ["x", {"i": "1"}], "j": "007"})
        );
    }

    #[test]
    fn every_node_knows_its_place() {
        let mut notes = Notes::default();
        let node = read("# a comment\nkey:\n  - ä: \"x\"\n", &mut notes).unwrap();
        let Kind::Map(entries) = &node.kind else { panic!("{node:?}") };
        let Kind::List(list) = &entries[0].1.kind else { panic!("{node:?}") };
        let Kind::Map(inner) = &list[0].kind else { panic!("{node:?}") };
        assert_eq!(entries[0].0.place, Place { line: 2, column: 1 });
        assert_eq!(inner[0].0.place, Place { line: 3, column: 5 });
        assert_eq!(inner[0].1.place, Place { line: 3, column: 8 });
    }

    #[test]
    fn what_is_no_part_of_the_language_is_refused_with_its_place() {
        for (text, expected) in [
            ("", "line 1, column 1: the file is empty"),
            ("a: [1", "line "),
            ("a: &x 1\nb: *x", "line 1, column 4: anchors"),
            ("a: !!str 1", "line 1, column 4: tags"),
            ("a: 1\n---\nb: 2", "line 2, column 1: a file holds one"),
            ("a: 1\nb: 2\na: 3", "line 3, column 1: `a`: it is already written in line 1"),
            ("? [1]\n: 2", "line 1, column 3: a key must be a text"),
        ] {
            let said = said(text);
            assert!(said[0].starts_with(expected), "{said:?} instead of {expected}");
        }
        assert!(said(&"[".repeat(MAX_DEPTH + 1))[0].contains("levels deep"));
        assert!(said(&"- ".repeat(MAX_DEPTH + 1))[0].contains("levels deep"));
        // The parser has a bound of its own, and meets it first.
        assert_eq!(said(&"[".repeat(100_000)).len(), 1);
        assert!(said(&" ".repeat(MAX_BYTES + 1))[0].contains("may have 1024 KB"));
    }
}
