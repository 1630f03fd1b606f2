//! A mapping node of the file, read key by key: what the language does not know is noted with a hint, what does not
//! fit is noted and reads as absent, and reading goes on.

use serde_json::Value;

use crate::language::{self, Key};
use crate::mistake::{Notes, Place, hint};
use crate::yaml::{self, Kind, Node};

/// A section and its path.
pub(crate) struct Table<'y> {
    pub(crate) path: String,
    pub(crate) place: Place,
    entries: &'y [(yaml::Key, Node)],
}

/// The value of a key, with the path to it.
pub(crate) struct Field<'y> {
    pub(crate) path: String,
    pub(crate) node: &'y Node,
}

impl<'y> Table<'y> {
    /// Opens a section of these keys; notes those it does not know.
    pub(crate) fn open(field: Field<'y>, keys: &'static [Key], notes: &mut Notes) -> Option<Self> {
        let table = Self::of_any_keys(field, notes)?;
        for (key, _) in table.entries {
            if !language::knows(keys, &key.text) {
                let hint = hint(&key.text, language::names(keys));
                let path = join(&table.path, &key.text);
                notes.note(key.place, &path, format_args!("unknown key: {hint}"));
            }
        }
        Some(table)
    }

    /// Opens a section whose keys are names of the owner's.
    pub(crate) fn of_any_keys(field: Field<'y>, notes: &mut Notes) -> Option<Self> {
        let Field { path, node } = field;
        match &node.kind {
            Kind::Map(entries) => Some(Self { path, place: node.place, entries }),
            // A key with nothing behind it, as an editor leaves it when all lines below are comments.
            Kind::Scalar { .. } if node.is_null() => {
                Some(Self { path, place: node.place, entries: &[] })
            }
            Kind::Scalar { .. } | Kind::List(_) => {
                notes.note(node.place, &path, "it must be a section: `key: value`, one a line");
                None
            }
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<Field<'y>> {
        let entry = self.entries.iter().find(|(key, _)| key.text == name);
        entry.map(|(_, node)| Field { path: join(&self.path, name), node })
    }

    /// All keys and values.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'y yaml::Key, Field<'y>)> {
        self.entries
            .iter()
            .map(|(key, node)| (key, Field { path: join(&self.path, &key.text), node }))
    }
}

impl<'y> Field<'y> {
    /// Notes that it is wrong.
    pub(crate) fn refuse(&self, text: impl std::fmt::Display, notes: &mut Notes) {
        notes.note(self.node.place, &self.path, text);
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, notes: &mut Notes) -> Option<&'y str> {
        match &self.node.kind {
            Kind::Scalar { text, .. } if !self.node.is_null() && !text.is_empty() => Some(text),
            _ => {
                self.refuse("it must be a text", notes);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, notes: &mut Notes) -> Option<bool> {
        if let Value::Bool(value) = self.node.to_json() {
            return Some(value);
        }
        self.refuse("write `true` or `false`", notes);
        None
    }

    /// The entries of a list.
    pub(crate) fn list(&self, notes: &mut Notes) -> Option<Vec<Field<'y>>> {
        match &self.node.kind {
            Kind::List(list) => Some(self.numbered(list)),
            _ if self.node.is_null() => Some(Vec::new()),
            Kind::Scalar { .. } | Kind::Map(_) => {
                self.refuse("it must be a list: one entry a line, each behind a `-`", notes);
                None
            }
        }
    }

    /// The entries of a list, or else itself.
    pub(crate) fn one_or_list(&self) -> Vec<Field<'y>> {
        match &self.node.kind {
            Kind::List(list) => self.numbered(list),
            _ => vec![Field { path: self.path.clone(), node: self.node }],
        }
    }

    fn numbered(&self, list: &'y [Node]) -> Vec<Field<'y>> {
        let entry = |(index, node)| Field { path: format!("{}[{index}]", self.path), node };
        list.iter().enumerate().map(entry).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
