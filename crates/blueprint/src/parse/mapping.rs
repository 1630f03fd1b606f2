//! The mappings of a section.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::language::MAPPING;
use crate::mapping::{Each, Mapping, Rule, ValueMap};
use crate::mistake::{Notes, hint};
use crate::source::Source;
use crate::table::{Field, Table};
use crate::target::Target;
use crate::transform::{self, FORMATS, Format, TRANSFORMS, Transform, Work};
use crate::yaml::Kind;

/// Most paths that one mapping may try.
const MAX_SOURCES: usize = 16;

/// The `mappings` of a section; those that are wrong are left out, and noted.
pub(super) fn list(section: &Table<'_>, file: &Arc<str>, notes: &mut Notes) -> Vec<Mapping> {
    let Some(field) = section.get("mappings") else { return Vec::new() };
    of_list(&field, false, file, notes)
}

fn of_list(
    field: &Field<'_>,
    inside_each: bool,
    file: &Arc<str>,
    notes: &mut Notes,
) -> Vec<Mapping> {
    let mut mappings = Vec::new();
    let mut written: BTreeMap<Target, usize> = BTreeMap::new();
    for entry in field.list(notes).unwrap_or_default() {
        let Some(table) = Table::open(entry, MAPPING, notes) else { continue };
        let Some(mapping) = mapping(&table, inside_each, file, notes) else { continue };
        if let Some(line) = written.insert(mapping.target.clone(), table.place.line) {
            let target = &mapping.target;
            let text = format_args!(
                "`{target}` is already written in line {line}: list the sources in one mapping, \
                 `source: [first, second]`"
            );
            notes.note(table.place, &table.path, text);
        }
        mappings.push(mapping);
    }
    mappings
}

fn mapping(
    table: &Table<'_>,
    inside_each: bool,
    file: &Arc<str>,
    notes: &mut Notes,
) -> Option<Mapping> {
    let target = match table.get("target") {
        None => {
            let text = "it is missing: write for example `target: user_id`";
            notes.note(table.place, &format!("{}.target", table.path), text);
            None
        }
        Some(field) => field
            .text(notes)
            .and_then(|text| Target::parse(text).map_err(|said| field.refuse(said, notes)).ok()),
    };
    let each = match table.get("each") {
        None => Some(None),
        Some(field) if inside_each => {
            field.refuse("a list inside of a list cannot be mapped: name its entries", notes);
            None
        }
        Some(field) => each(field, table, file, notes).map(Some),
    };
    let rule = rule(table, inside_each, notes);
    // All three are read before any of them gives up, so that all their mistakes are noted.
    let (target, each, rule) = (target?, each?, rule?);
    let (file, place) = (Arc::clone(file), table.place);
    Some(Mapping { id: 0, file, place, target, rule, each })
}

fn each(field: Field<'_>, outer: &Table<'_>, file: &Arc<str>, notes: &mut Notes) -> Option<Each> {
    for name in ["value", "default", "transform", "value_map"] {
        if let Some(other) = outer.get(name) {
            other.refuse("not beside `each`: write it inside, where the entries are mapped", notes);
        }
    }
    if let Kind::List(_) = field.node.kind {
        return Some(Each::Objects(of_list(&field, true, file, notes)));
    }
    let table = Table::open(field, MAPPING, notes)?;
    for name in ["target", "each"] {
        if let Some(other) = table.get(name) {
            other.refuse(
                "a single mapping makes a list of values: for objects, write a list of mappings",
                notes,
            );
        }
    }
    Some(Each::Values(Box::new(rule(&table, true, notes)?)))
}

fn rule(table: &Table<'_>, inside_each: bool, notes: &mut Notes) -> Option<Rule> {
    let source = table.get("source");
    let constant = table.get("value").map(|field| field.node.to_json());
    match (&source, &constant) {
        (None, None) => {
            let text = "it has neither: write `source: properties.name`, or `value` for a constant";
            notes.note(table.place, &format!("{}.source", table.path), text);
            return None;
        }
        (Some(source), Some(_)) => {
            source.refuse(
                "it has both `source` and `value`: remove one, or write `default` instead of `value`",
                notes,
            );
        }
        (None, Some(_)) => {
            for name in ["default", "transform", "format", "value_map"] {
                if let Some(field) = table.get(name) {
                    field.refuse("a constant is sent as it is: remove this", notes);
                }
            }
        }
        (Some(_), None) => {}
    }
    let sources = sources(source, inside_each, notes);
    let transforms = transforms(table, notes);
    let format = format(table, &transforms, notes);
    Some(Rule {
        sources,
        constant,
        default: table.get("default").map(|field| field.node.to_json()),
        transforms,
        format,
        value_map: table.get("value_map").and_then(|field| value_map(field, notes)),
    })
}

fn sources(field: Option<Field<'_>>, inside_each: bool, notes: &mut Notes) -> Vec<Source> {
    let Some(field) = field else { return Vec::new() };
    let all = field.one_or_list();
    if all.is_empty() || all.len() > MAX_SOURCES {
        field.refuse(format_args!("name 1 to {MAX_SOURCES} paths"), notes);
        return Vec::new();
    }
    let mut sources = Vec::new();
    for entry in all {
        let Some(text) = entry.text(notes) else { continue };
        match Source::parse(text, inside_each) {
            Ok(source) if sources.contains(&source) => entry.refuse("it is already named", notes),
            Ok(source) => sources.push(source),
            Err(said) => entry.refuse(said, notes),
        }
    }
    sources
}

fn transforms(table: &Table<'_>, notes: &mut Notes) -> Vec<&'static Transform> {
    let all = table.get("transform").map(|field| field.one_or_list()).unwrap_or_default();
    let mut transforms = Vec::new();
    for entry in all {
        let Some(name) = entry.text(notes) else { continue };
        if let Some(transform) = transform::find(name) {
            transforms.push(transform);
        } else {
            let hint = hint(name, TRANSFORMS.iter().map(|transform| transform.name));
            entry.refuse(format_args!("there is no such transform: {hint}"), notes);
        }
    }
    transforms
}

fn format(
    table: &Table<'_>,
    transforms: &[&'static Transform],
    notes: &mut Notes,
) -> Option<Format> {
    let formatted = transforms.iter().any(|transform| matches!(transform.work, Work::Date));
    let names = || FORMATS.iter().map(|row| row.name);
    let Some(field) = table.get("format") else {
        if formatted {
            let hint = hint("", names());
            let text = format_args!("`date_format` needs it: {hint}");
            notes.note(table.place, &format!("{}.format", table.path), text);
        }
        return None;
    };
    let name = field.text(notes)?;
    let Some(row) = FORMATS.iter().find(|row| row.name == name) else {
        let hint = hint(name, names());
        field.refuse(format_args!("there is no such format: {hint}"), notes);
        return None;
    };
    if !formatted {
        field.refuse("only a time has a format: add `transform: date_format`", notes);
    }
    Some(row.format)
}

fn value_map(field: Field<'_>, notes: &mut Notes) -> Option<ValueMap> {
    let table = Table::of_any_keys(field, notes)?;
    let mut map = ValueMap::default();
    for (key, value) in table.fields() {
        let json = value.node.to_json();
        if matches!(json, Value::Array(_) | Value::Object(_)) {
            value.refuse("a value map maps to a text, a number, a boolean or null", notes);
        } else if key.text == "*" {
            map.others = Some(json);
        } else {
            map.by_text.insert(key.text.clone(), json);
        }
    }
    Some(map)
}
