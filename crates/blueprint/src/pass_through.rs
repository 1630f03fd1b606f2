//! Pass-through: the fields of an event that no mapping names, sent flat beside what was mapped.
//!
//! Properties and traits go under their own names, the envelope's texts under their snake_case ones. What a mapping
//! has written stays. `context` is never passed through, because it describes the browser and not what happened,
//! and attributes of profiles cannot be: they are not in the event.

use std::borrow::Cow;

use serde_json::Value;

use crate::body::{self, Body, Trail};
use crate::consent;
use crate::contract::{Contract, Landing, Origin};
use crate::mapping::Mapping;
use crate::source::{Source, snake_case};
use crate::trace::{Fate, Recorder, Skip, Step};

/// The envelope's members that say something of the event, and their flat names.
const ENVELOPE: [(&str, &str); 7] = [
    ("name", "name"),
    ("userId", "user_id"),
    ("anonymousId", "anonymous_id"),
    ("groupId", "group_id"),
    ("previousId", "previous_id"),
    ("messageId", "message_id"),
    ("timestamp", "timestamp"),
];

/// The members of the event that mappings name, and that are therefore not passed through as well.
#[derive(Default)]
pub(crate) struct Named {
    properties: Names,
    traits: Names,
    /// Of [`ENVELOPE`], what no mapping names.
    unnamed: Vec<(&'static str, &'static str)>,
}

/// Names, by their lengths first: most are told apart by that.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn insert(&mut self, name: &str) {
        if let Err(place) = self.find(name) {
            self.0.insert(place, name.to_owned());
        }
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|known| {
            known.len().cmp(&name.len()).then_with(|| known.as_str().cmp(name))
        })
    }
}

impl Named {
    /// By all mappings that an event meets.
    pub(crate) fn by<'m>(mappings: impl Iterator<Item = &'m Mapping>) -> Self {
        let mut named = Self { unnamed: ENVELOPE.to_vec(), ..Self::default() };
        let sources = mappings.flat_map(Mapping::rules).flat_map(|rule| &rule.sources);
        for path in sources.filter_map(Source::in_event) {
            // A member of a member does not name the whole.
            match (path.name(0), path.name(1), path.steps()) {
                (Some(member), _, 1) => {
                    let member = snake_case(member);
                    named.unnamed.retain(|(_, name)| *name != member);
                }
                (Some("properties"), Some(name), 2) => named.properties.insert(name),
                (Some("traits"), Some(name), 2) => named.traits.insert(name),
                _ => {}
            }
        }
        named
    }
}

/// Passes through what no mapping names.
pub(crate) fn apply<'a, R: Recorder>(
    event: &'a Value,
    named: &Named,
    body: &mut Body<'a>,
    contract: &Contract,
    recorder: &mut R,
) {
    let mut pass = |from: &str, name: &'a str, value: &'a Value| {
        if !value.is_null() {
            let fate = field(from, name, value, body, contract, recorder);
            recorder.record(|| step(from, name, fate));
        }
    };
    for (from, named) in [("properties", &named.properties), ("traits", &named.traits)] {
        for (name, value) in event.get(from).and_then(Value::as_object).into_iter().flatten() {
            if named.find(name).is_err() {
                pass(from, name, value);
            }
        }
    }
    for (member, name) in &named.unnamed {
        if let Some(value @ Value::String(_)) = event.get(member) {
            pass("", name, value);
        }
    }
}

/// Passes one field through.
fn field<'a, R: Recorder>(
    from: &str,
    name: &'a str,
    value: &'a Value,
    body: &mut Body<'a>,
    contract: &Contract,
    recorder: &mut R,
) -> Fate {
    let reserved = contract.forwards_consent() && name == consent::FIELD;
    if name.is_empty() || reserved || body::is_hostile(name) {
        return Fate::Skipped(Skip::Reserved);
    }
    let Landing { beside, below } = contract.guard().land(name, Origin::Claimed);
    let landed = beside.as_deref().unwrap_or(name);
    if body.contains(landed) {
        return Fate::Skipped(Skip::AlreadyWritten);
    }
    let renamed = &mut |trail: &Trail<'_>, name: &str| {
        recorder.record(|| step(from, &trail.path(), Fate::Renamed(trail.renamed(name))));
    };
    let (value, root) = (Cow::Borrowed(value), Trail::at(name));
    let Some(value) = body::copy(value, below, Origin::Claimed, root, renamed) else {
        return Fate::Skipped(Skip::TooDeep);
    };
    body.insert(body::landed(name, beside.clone()), value);
    beside.map_or(Fate::Written, Fate::Renamed)
}

fn step(from: &str, name: &str, fate: Fate) -> Step {
    let source = if from.is_empty() { name.to_owned() } else { format!("{from}.{name}") };
    Step { mapping: None, source: Some(source), target: name.to_owned(), fate }
}
