//! One file, read as the language says, before it is put on top of what it extends.

mod mapping;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::language::{DEFAULTS, EVENT, FILE, GLOBAL};
use crate::mapping::Mapping;
use crate::mistake::{Notes, Place, hint};
use crate::table::{Field, Table};
use crate::{shipped, yaml};

/// A file as it is written.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) extends: Option<&'static str>,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) action: Option<Action>,
    pub(crate) global: Vec<Mapping>,
    pub(crate) others: Vec<Mapping>,
    /// Where `defaults.mappings` is written.
    pub(crate) others_place: Option<Place>,
    pub(crate) sections: Vec<Section>,
}

/// What happens to what nothing names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Drop,
    PassThrough,
}

/// A section of `events`.
pub(crate) struct Section {
    /// Its own name first, then its aliases.
    pub(crate) names: Vec<String>,
    pub(crate) vendor_event_name: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) mappings: Vec<Mapping>,
}

/// Reads a file; `None` where it cannot be read at all.
pub(crate) fn document(text: &str, file: &Arc<str>, notes: &mut Notes) -> Option<Document> {
    let root = yaml::read(text, notes)?;
    let table = Table::open(Field { path: String::new(), node: &root }, FILE, notes)?;
    version(&table, notes);
    if let Some(mode) = table.get("delivery_mode")
        && mode.text(notes).is_some_and(|mode| mode != "server_side")
    {
        mode.refuse("only `server_side` is supported: a browser never talks to a vendor", notes);
    }
    let mut document = Document { extends: extends(&table, notes), ..Document::default() };
    if let Some(parameters) = section(&table, "parameters", Table::of_any_keys, notes) {
        for (key, value) in parameters.fields() {
            match value.node.to_json() {
                Value::Array(_) | Value::Object(_) => {
                    value.refuse("a parameter is a text, a number, a boolean or null", notes);
                }
                scalar => drop(document.parameters.insert(key.text.clone(), scalar)),
            }
        }
    }
    let global = |field, notes: &mut Notes| Table::open(field, GLOBAL, notes);
    if let Some(global) = section(&table, "global", global, notes) {
        document.global = mapping::list(&global, file, notes);
        refuse_stages(&global, notes);
    }
    let defaults = |field, notes: &mut Notes| Table::open(field, DEFAULTS, notes);
    if let Some(defaults) = section(&table, "defaults", defaults, notes) {
        document.action = action(&defaults, notes);
        document.others = mapping::list(&defaults, file, notes);
        document.others_place = defaults.get("mappings").map(|field| field.node.place);
    }
    if let Some(events) = section(&table, "events", Table::of_any_keys, notes) {
        document.sections = sections(&events, file, notes);
    }
    Some(document)
}

fn section<'y>(
    table: &Table<'y>,
    name: &str,
    open: impl Fn(Field<'y>, &mut Notes) -> Option<Table<'y>>,
    notes: &mut Notes,
) -> Option<Table<'y>> {
    open(table.get(name)?, notes)
}

fn version(table: &Table<'_>, notes: &mut Notes) {
    match table.get("version") {
        None => notes.note(table.place, "version", "it is missing: write `version: 2`"),
        Some(version) if version.node.to_json() != 2 => {
            version.refuse("this language is `version: 2`", notes);
        }
        Some(_) => {}
    }
}

fn extends(table: &Table<'_>, notes: &mut Notes) -> Option<&'static str> {
    let field = table.get("extends")?;
    let name = field.text(notes)?;
    let known = shipped::names().find(|known| *known == name);
    if known.is_none() {
        let hint = hint(name, shipped::names());
        field.refuse(format_args!("no blueprint of that name is shipped: {hint}"), notes);
    }
    known
}

fn action(table: &Table<'_>, notes: &mut Notes) -> Option<Action> {
    let field = table.get("action")?;
    match field.text(notes)? {
        "drop" => Some(Action::Drop),
        "pass_through" => Some(Action::PassThrough),
        other => {
            field.refuse(hint(other, ["drop", "pass_through"]), notes);
            None
        }
    }
}

/// The documented stages that this server does elsewhere: empty ones may stay in a file that was brought along.
fn refuse_stages(table: &Table<'_>, notes: &mut Notes) {
    for (name, text) in [
        (
            "enrichments",
            "the server attaches the profiles: name an attribute as `partner_attrs.<provider>.<attribute>`",
        ),
        ("transforms", "write `transform` in the mapping that needs it"),
    ] {
        if let Some(field) = table.get(name)
            && field.list(notes).is_some_and(|list| !list.is_empty())
        {
            field.refuse(text, notes);
        }
    }
}

fn sections(events: &Table<'_>, file: &Arc<str>, notes: &mut Notes) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (key, field) in events.fields() {
        let Some(table) = Table::open(field, EVENT, notes) else { continue };
        let mut names = vec![(key.text.clone(), key.place, table.path.clone())];
        let aliases = table.get("aliases").and_then(|field| field.list(notes)).unwrap_or_default();
        for alias in aliases {
            if let Some(name) = alias.text(notes) {
                names.push((name.to_owned(), alias.node.place, alias.path));
            }
        }
        for (name, place, path) in &names {
            if name.is_empty() {
                notes.note(*place, path, "an event has a name");
            } else if let Some(line) = taken.insert(name.clone(), place.line) {
                let text = format_args!("`{name}` already has a section, by line {line}");
                notes.note(*place, path, text);
            }
        }
        refuse_stages(&table, notes);
        sections.push(Section {
            names: names.into_iter().map(|(name, ..)| name).collect(),
            vendor_event_name: table
                .get("vendor_event_name")
                .and_then(|field| field.text(notes))
                .map(str::to_owned),
            enabled: table.get("enabled").and_then(|field| field.boolean(notes)),
            mappings: mapping::list(&table, file, notes),
        });
    }
    sections
}
