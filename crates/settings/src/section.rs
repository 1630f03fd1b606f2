//! One table of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use datafly_core::secret::SecretRef;
use secrecy::SecretString;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::Mistake;
use crate::reader::Reader;

/// A table, read key by key. What is never asked for is an unknown key, see [`Section::end`].
pub struct Section<'r> {
    reader: &'r Reader<'r>,
    path: String,
    span: Range<usize>,
    line: usize,
    lines: BTreeMap<String, usize>,
    unread: DeTable<'r>,
    asked: BTreeSet<&'static str>,
    stand_ins: BTreeMap<&'static str, Result<String, String>>,
}

impl<'r> Section<'r> {
    pub(crate) fn new(reader: &'r Reader<'r>, path: String, table: Spanned<DeTable<'r>>) -> Self {
        let span = table.span();
        let line = reader.line(span.start);
        let unread = table.into_inner();
        let lines = unread.keys().map(|key| {
            let line = reader.line(key.span().start);
            (key.get_ref().to_string(), line)
        });
        let lines = lines.collect();
        Self {
            reader,
            path,
            span,
            line,
            lines,
            unread,
            asked: BTreeSet::new(),
            stand_ins: BTreeMap::new(),
        }
    }

    /// Whether the key is written, or something stands in for it, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.lines.contains_key(key) || self.stand_ins.contains_key(key)
    }

    /// Stands in for a key that is not written: with a text, or with the mistake that it is not to write it. Nothing
    /// comes of either where nobody asks for the key.
    pub fn stand_in(&mut self, key: &'static str, value: Result<String, String>) {
        if !self.has(key) {
            self.stand_ins.insert(key, value);
        }
    }

    /// The text of a key that nobody has asked for yet; `None` where it is none.
    pub fn peek(&self, key: &str) -> Option<&str> {
        match self.unread.get(key)?.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The key's value; `None` where it is absent or does not fit.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        let within = value.span();
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Some(value),
            Err(error) => {
                // The place inside of a list, where the error knows it.
                let at = error.span().filter(|span| within.contains(&span.start)).unwrap_or(within);
                self.note(self.reader.line(at.start), key, None, error.message().to_owned());
                None
            }
        }
    }

    /// As [`Self::optional`], and it must be there; `example` is what to write.
    pub fn required<T: DeserializeOwned>(&mut self, key: &'static str, example: &str) -> Option<T> {
        if !self.has(key) {
            self.asked.insert(key);
            self.refuse(key, format_args!("it is missing: write for example `{example}`"));
        }
        self.optional(key)
    }

    /// A whole number of a range.
    pub fn number(
        &mut self,
        key: &'static str,
        otherwise: i64,
        range: RangeInclusive<i64>,
        unit: &str,
    ) -> Option<i64> {
        if !self.has(key) {
            self.asked.insert(key);
            return Some(otherwise);
        }
        let number: i64 = self.optional(key)?;
        if range.contains(&number) {
            return Some(number);
        }
        let hint = format!("write {} to {} {unit}", range.start(), range.end());
        self.refuse_value(key, number, hint);
        None
    }

    /// The secret that the key refers to.
    pub fn secret(&mut self, key: &'static str) -> Option<SecretString> {
        let reference: SecretRef = self.optional(key)?;
        self.fetch(key, &reference)
    }

    /// The secrets that the key refers to: one, or a list of them.
    pub fn secrets(&mut self, key: &'static str) -> Option<Vec<SecretString>> {
        let is_list = |value: &Spanned<DeValue<'_>>| matches!(value.get_ref(), DeValue::Array(_));
        if !self.unread.get(key).is_some_and(is_list) {
            return self.secret(key).map(|secret| vec![secret]);
        }
        let references: Vec<SecretRef> = self.optional(key)?;
        let named = references.iter().enumerate();
        let secrets: Vec<_> = named
            .map(|(index, reference)| self.fetch(&format!("{key}[{index}]"), reference))
            .collect();
        secrets.into_iter().collect()
    }

    /// As [`Self::secret`], and it must be there.
    pub fn required_secret(&mut self, key: &'static str) -> Option<SecretString> {
        self.referenced_secret(key).map(|(_, secret)| secret)
    }

    /// As [`Self::required_secret`], with the reference, for who reads it again later.
    pub fn referenced_secret(&mut self, key: &'static str) -> Option<(SecretRef, SecretString)> {
        if !self.has(key) {
            self.refuse(key, format_args!("it is missing: write `{key} = {{ env = \"NAME\" }}`"));
        }
        let reference: SecretRef = self.optional(key)?;
        let secret = self.fetch(key, &reference)?;
        Some((reference, secret))
    }

    /// The content of the file that the key names, as a text that may be a secret.
    pub fn file(&mut self, key: &'static str, example: &str) -> Option<SecretString> {
        self.file_at(key, example).map(|(_, text)| text)
    }

    /// As [`Self::file`], with the path, for what is read again later.
    pub fn file_at(&mut self, key: &'static str, example: &str) -> Option<(String, SecretString)> {
        let path: String = self.required(key, example)?;
        let text = self.fetch(key, &SecretRef::File(path.clone()))?;
        Some((path, text))
    }

    /// The contents of the files that the key lists, each with its path, as texts that may be secrets.
    pub fn files(&mut self, key: &'static str) -> Vec<(String, SecretString)> {
        let paths = self.optional::<Vec<String>>(key).unwrap_or_default();
        let read = paths.into_iter().enumerate().filter_map(|(index, path)| {
            let text = self.fetch(&format!("{key}[{index}]"), &SecretRef::File(path.clone()))?;
            Some((path, text))
        });
        read.collect()
    }

    /// The table of that key.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'r>> {
        let value = self.take(key)?;
        let shape = format!("a section, `[{}]`", self.key(key));
        self.table(key, key, &shape, value)
    }

    /// The list of tables of that key; none where it is absent.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'r>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let shape = format!("a list of sections, `[[{}]]`", self.key(key));
        let DeValue::Array(list) = value.into_inner() else {
            self.refuse(key, format_args!("write it as {shape}"));
            return Vec::new();
        };
        let entries = list.into_iter().enumerate();
        entries
            .filter_map(|(index, value)| self.table(key, &format!("{key}[{index}]"), &shape, value))
            .collect()
    }

    /// Notes that a key is wrong, or missing, or contradicts another.
    pub fn refuse(&self, key: &str, reason: impl Display) {
        self.note(self.line_of(key), key, None, reason.to_string());
    }

    /// Notes that a key's value is wrong, and shows it.
    pub fn refuse_value(&self, key: &str, value: impl Display, hint: impl Display) {
        self.note(self.line_of(key), key, Some(value.to_string()), hint.to_string());
    }

    /// Keys that may be written although nobody asked for them.
    pub fn know(&mut self, keys: &[&'static str]) {
        for key in keys {
            drop(self.take(key));
        }
    }

    /// Everything was asked for: what is left is unknown.
    pub fn end(self) {
        for key in self.unread.keys() {
            let known: Vec<_> = self.asked.iter().map(|known| format!("`{known}`")).collect();
            self.refuse(
                key.get_ref(),
                format_args!("unknown key: write one of {}", known.join(", ")),
            );
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'r>>> {
        self.asked.insert(key);
        self.unread.remove(key).or_else(|| self.take_stand_in(key))
    }

    fn take_stand_in(&mut self, key: &'static str) -> Option<Spanned<DeValue<'r>>> {
        match self.stand_ins.get(key)? {
            Ok(text) => Some(Spanned::new(self.span.clone(), DeValue::String(text.clone().into()))),
            Err(mistake) => {
                self.refuse(key, mistake);
                None
            }
        }
    }

    fn table(
        &self,
        key: &str,
        entry: &str,
        shape: &str,
        value: Spanned<DeValue<'r>>,
    ) -> Option<Section<'r>> {
        let span = value.span();
        if let DeValue::Table(table) = value.into_inner() {
            return Some(Section::new(self.reader, self.key(entry), Spanned::new(span, table)));
        }
        self.refuse(key, format_args!("write it as {shape}"));
        None
    }

    fn fetch(&self, key: &str, reference: &SecretRef) -> Option<SecretString> {
        let secret = self.reader.secret(reference);
        secret.map_err(|error| self.refuse(key, error)).ok()
    }

    /// The line of a key, or of an entry of its list; of the section, where it is not written.
    fn line_of(&self, key: &str) -> usize {
        let name = key.split('[').next().unwrap_or(key);
        self.lines.get(name).copied().unwrap_or(self.line)
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn note(&self, line: usize, key: &str, value: Option<String>, text: String) {
        self.reader.note(Mistake { line, key: self.key(key), value, text });
    }
}
