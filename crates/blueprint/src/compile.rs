//! From files to a blueprint: a file is put on top of the one it extends, layer by layer.
//!
//! Nothing of a lower layer is edited. Every layer's mappings stand, the lower ones first, so that a later one wins;
//! of what is said once (`vendor_event_name`, `enabled`, `defaults.action`, a parameter) the highest layer counts.
//! An event's handler is made of every section, of any layer, that names the event.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::blueprint::{Blueprint, Handler};
use crate::layout::Layout;
use crate::mapping::{Each, Mapping};
use crate::mistake::{Mistakes, Notes, hint};
use crate::parse::{self, Action, Document, Section};
use crate::pass_through::Named;
use crate::shipped;
use crate::source::Containers;

/// Most layers: a user's file, a preset, what all presets share.
const MAX_LAYERS: usize = 4;

/// Reads a file and all that it extends.
pub(crate) fn blueprint(text: &str, name: &Arc<str>) -> Result<Blueprint, Mistakes> {
    let mut notes = Notes::default();
    let document = parse::document(text, name, &mut notes);
    let mut base = document.as_ref().and_then(|document| document.extends);
    let mut layers: Vec<Document> = document.into_iter().collect();
    while let Some((below, text)) = base.and_then(|name| Some((name, shipped::text(name)?))) {
        let mut own = Notes::default();
        let document = parse::document(text, &below.into(), &mut own);
        // A shipped file has no mistakes, as a test holds; if it had, they would be told under its own name.
        let document = own.finish(&below.into(), document)?;
        base = document.extends.filter(|_| layers.len() < MAX_LAYERS);
        layers.push(document);
    }
    let extended = layers.first().and_then(|top| top.extends);
    layers.reverse();
    check(&layers, &mut notes);
    let read = (!layers.is_empty()).then_some(layers);
    let layers = notes.finish(name, read)?;
    let mut blueprint = compile(layers, name);
    blueprint.destination = extended.or(Some(name)).and_then(shipped::destination);
    Ok(blueprint)
}

/// What can be said only of all layers together. Shipped layers are without mistakes, so all are of the last.
fn check(layers: &[Document], notes: &mut Notes) {
    let action = layers.iter().rev().find_map(|layer| layer.action);
    if let Some(top) = layers.last()
        && let (Some(place), false) = (top.others_place, action == Some(Action::PassThrough))
        && !top.others.is_empty()
    {
        let text = "these are for events without a section, which `defaults.action: drop` does not send: write \
                    `action: pass_through`, or move them to `global`";
        notes.note(place, "defaults.mappings", text);
    }
    let declared: Vec<&str> =
        layers.iter().flat_map(|layer| layer.parameters.keys()).map(String::as_str).collect();
    for mapping in layers.iter().flat_map(Document::mappings) {
        let sources = mapping.rules().flat_map(|rule| &rule.sources);
        for name in sources.filter_map(|source| source.parameter()) {
            if !declared.contains(&name) {
                let hint = if declared.is_empty() {
                    format!("write it under `parameters`, `{name}: null`")
                } else {
                    hint(name, declared.iter().copied())
                };
                let text = format_args!("there is no parameter `{name}`: {hint}");
                notes.note(mapping.place, "", text);
            }
        }
    }
}

impl Document {
    fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        let sections = self.sections.iter().flat_map(|section| &section.mappings);
        self.global.iter().chain(&self.others).chain(sections)
    }
}

/// Numbers the mappings, and collects what their sources look into.
#[derive(Default)]
struct Registry {
    mappings: usize,
    containers: Containers,
}

impl Registry {
    fn add(&mut self, mappings: Vec<Mapping>) -> Vec<Arc<Mapping>> {
        let added = mappings.into_iter().map(|mut mapping| {
            mapping.id = self.next();
            if let Some(Each::Objects(inner)) = &mut mapping.each {
                for inner in inner {
                    inner.id = self.next();
                }
            }
            for source in mapping.sources_mut() {
                self.containers.add(source);
            }
            Arc::new(mapping)
        });
        added.collect()
    }

    fn next(&mut self) -> usize {
        self.mappings += 1;
        self.mappings
    }
}

fn compile(layers: Vec<Document>, name: &Arc<str>) -> Blueprint {
    let mut registry = Registry::default();
    let (mut global, mut others) = (Handler::default(), Handler::default());
    let mut parameters = BTreeMap::new();
    let mut action = Action::Drop;
    let mut sections: Vec<(Section, Vec<Arc<Mapping>>)> = Vec::new();
    for layer in layers {
        action = layer.action.unwrap_or(action);
        parameters.extend(layer.parameters);
        global.mappings.extend(registry.add(layer.global));
        others.mappings.extend(registry.add(layer.others));
        for mut section in layer.sections {
            let mappings = registry.add(std::mem::take(&mut section.mappings));
            sections.push((section, mappings));
        }
    }
    others.meet(&global);
    let (handlers, events) = handlers(&global, &sections);
    Blueprint {
        name: Arc::clone(name),
        destination: None,
        parameters,
        containers: registry.containers,
        global,
        others,
        handlers,
        events,
        passes_through: action == Action::PassThrough,
    }
}

type Handlers = (Vec<Arc<Handler>>, HashMap<String, Arc<Handler>>);

/// One handler for all names that the same sections share.
fn handlers(global: &Handler, sections: &[(Section, Vec<Arc<Mapping>>)]) -> Handlers {
    let mut sections_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (section, _)) in sections.iter().enumerate() {
        for name in &section.names {
            sections_of.entry(name).or_default().push(index);
        }
    }
    let mut by_sections: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
    // In the order of the files, so that a section's own name comes before its aliases.
    for (section, _) in sections {
        for name in &section.names {
            if let Some(indices) = sections_of.remove(name.as_str()) {
                by_sections.entry(indices).or_default().push(name.clone());
            }
        }
    }
    let mut events = HashMap::new();
    let mut all = Vec::new();
    for (indices, names) in by_sections {
        let mut handler = Handler { names, ..Handler::default() };
        for (section, mappings) in indices.iter().filter_map(|index| sections.get(*index)) {
            if let Some(name) = &section.vendor_event_name {
                handler.vendor_event_name = Some(name.clone());
            }
            if let Some(enabled) = section.enabled {
                handler.disabled = !enabled;
            }
            handler.mappings.extend(mappings.iter().map(Arc::clone));
        }
        handler.meet(global);
        let handler = Arc::new(handler);
        for name in &handler.names {
            events.insert(name.clone(), Arc::clone(&handler));
        }
        all.push(handler);
    }
    (all, events)
}

impl Handler {
    /// Finds what can be told of all mappings that its events meet, those of every event and its own.
    fn meet(&mut self, global: &Self) {
        let met = global.mappings.iter().chain(&self.mappings).map(|mapping| &**mapping);
        (self.named, self.layout) = (Named::by(met.clone()), Layout::of(met));
    }
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
