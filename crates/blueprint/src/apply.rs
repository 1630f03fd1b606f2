//! Applying a blueprint: the mappings of every event, then those of this one, then what is passed through, then
//! consent. Infallible: what does not fit is left out, and a trace says so.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::blueprint::Blueprint;
use crate::body::{self, Body, Node, Trail};
use crate::contract::{Contract, Guard, Origin};
use crate::mapping::{Each, Made, Mapping, Rule};
use crate::source::{Input, Scope, Source};
use crate::trace::{Fate, Recorder, Silent, Skip, Step, Trace};
use crate::{consent, pass_through};

/// Most entries of a list that are mapped; GA4, the strictest, takes 200.
const MAX_ENTRIES: usize = 1_000;

/// What an event became.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// A body for the destination.
    Mapped {
        /// The vendor's name for the event.
        event_name: &'a str,
        /// What was mapped of this one event; the destination puts it into its request.
        body: Body<'a>,
    },
    /// Not for this destination.
    Dropped(Dropped),
}

/// Why an event is not for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// No section names it, and `defaults.action` is `drop`.
    NotListed,
    /// Its section says `enabled: false`.
    Disabled,
    /// It has neither a name nor a type.
    Nameless,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotListed => "no section names the event, and `defaults.action` is `drop`",
            Self::Disabled => "the event's section says `enabled: false`",
            Self::Nameless => "the event has neither a name nor a type",
        })
    }
}

impl Blueprint {
    /// Maps an event for a destination.
    pub fn apply<'a>(&'a self, input: &Input<'a>, contract: &Contract) -> Outcome<'a> {
        self.run(input, contract, &mut Silent)
    }

    /// As [`Self::apply`], and tells what happened.
    pub fn apply_traced<'a>(
        &'a self,
        input: &Input<'a>,
        contract: &Contract,
    ) -> (Outcome<'a>, Trace) {
        let mut trace = Trace::default();
        let outcome = self.run(input, contract, &mut trace);
        (outcome, trace)
    }

    fn run<'a, R: Recorder>(
        &'a self,
        input: &Input<'a>,
        contract: &Contract,
        recorder: &mut R,
    ) -> Outcome<'a> {
        let Some(own_name) = event_name(input.event) else {
            return Outcome::Dropped(Dropped::Nameless);
        };
        let Some(handler) = self.handler(own_name) else {
            return Outcome::Dropped(Dropped::NotListed);
        };
        if handler.disabled {
            return Outcome::Dropped(Dropped::Disabled);
        }
        let (event_name, event_name_origin) = match &handler.vendor_event_name {
            Some(name) => (name.as_str(), Origin::Owner),
            None => (own_name, Origin::EventName),
        };
        let scope = Scope {
            input: *input,
            containers: &self.containers.find(input.event),
            parameters: &self.parameters,
            event_name,
            event_name_origin,
            item: None,
        };

        let mut body = Body::with_places(&handler.layout.names);
        let guard = contract.guard();
        let mappings = self.global.mappings.iter().chain(&handler.mappings);
        for (mapping, place) in mappings.zip(&handler.layout.places) {
            apply(mapping, Some(*place), &scope, &mut body, guard, "", recorder);
        }
        if contract.forwards_consent() {
            *body.at(consent::FIELD.into(), None) = None;
        }
        if self.passes_through {
            pass_through::apply(input.event, &handler.named, &mut body, contract, recorder);
        }
        if contract.forwards_consent() {
            consent::apply(input.event, &mut body, recorder);
        }
        Outcome::Mapped { event_name, body }
    }
}

/// A track event's name; of any other, its type.
fn event_name(event: &Value) -> Option<&str> {
    let text = |field: &str| event.get(field)?.as_str().filter(|text| !text.is_empty());
    match text("type") {
        None | Some("track") => text("event"),
        kind => kind,
    }
}

/// Applies one mapping. `place` is its target's in the body, where it has one; `inside` is the target of the list it is in, for the trace. Answers whether something of
/// that list's entry was written.
fn apply<'a, R: Recorder>(
    mapping: &'a Mapping,
    place: Option<usize>,
    scope: &Scope<'_, 'a>,
    body: &mut Body<'a>,
    guard: Guard<'_>,
    inside: &str,
    recorder: &mut R,
) -> bool {
    let target = || match inside {
        "" => mapping.target.to_string(),
        inside => format!("{inside}[].{}", mapping.target),
    };
    let path = mapping.target.names();
    let (source, fate) = match mapping.rule.make(scope) {
        Err(skip) => (None, Fate::Skipped(skip)),
        Ok(made) => {
            let source = made.source;
            let origin = made.origin;
            let landed =
                body::write(body, place, guard, path, origin, |below| match &mapping.each {
                    Some(each) => listed(each, made.value, scope, below, &target, recorder),
                    None => copied(made, mapping, below, &target, recorder),
                });
            let fate = match landed {
                Err(skip) => Fate::Skipped(skip),
                Ok(None) => Fate::Written,
                Ok(Some(landed)) if inside.is_empty() => Fate::Renamed(landed),
                Ok(Some(landed)) => Fate::Renamed(format!("{inside}[].{landed}")),
            };
            (source, fate)
        }
    };
    let of_the_entry = source.is_some_and(Source::is_item) && !matches!(fate, Fate::Skipped(_));
    recorder.record(|| Step {
        mapping: Some(mapping.id),
        source: source.map(ToString::to_string),
        target: target(),
        fate,
    });
    of_the_entry
}

fn copied<'a, R: Recorder>(
    made: Made<'a>,
    mapping: &Mapping,
    below: Guard<'_>,
    target: &impl Fn() -> String,
    recorder: &mut R,
) -> Result<Node<'a>, Skip> {
    let source = made.source;
    let root = if R::LISTENS { target() } else { String::new() };
    body::copy(made.value, below, made.origin, Trail::at(&root), &mut |trail, name| {
        recorder.record(|| Step {
            mapping: Some(mapping.id),
            source: source.map(ToString::to_string),
            target: trail.path(),
            fate: Fate::Renamed(trail.renamed(name)),
        });
    })
    .ok_or(Skip::TooDeep)
}

/// What comes of a list.
fn listed<'a, R: Recorder>(
    each: &'a Each,
    list: Cow<'a, Value>,
    scope: &Scope<'_, 'a>,
    below: Guard<'_>,
    target: &impl Fn() -> String,
    recorder: &mut R,
) -> Result<Node<'a>, Skip> {
    match list {
        Cow::Borrowed(list) => entries(each, list, scope, below, target, recorder),
        // Made by a transform, and gone when its entries are mapped.
        Cow::Owned(list) => Ok(entries(each, &list, scope, below, target, recorder)?.into_owned()),
    }
}

/// What comes of the entries of a list.
fn entries<'a, R: Recorder>(
    each: &'a Each,
    list: &'a Value,
    scope: &Scope<'_, 'a>,
    below: Guard<'_>,
    target: &impl Fn() -> String,
    recorder: &mut R,
) -> Result<Node<'a>, Skip> {
    let list = match list {
        Value::Array(list) => list.as_slice(),
        object @ Value::Object(_) => std::slice::from_ref(object),
        _ => return Err(Skip::NotAList),
    };
    let inside = if R::LISTENS { target() } else { String::new() };
    let mut made = Vec::with_capacity(list.len().min(MAX_ENTRIES));
    for item in list.iter().take(MAX_ENTRIES) {
        let scope = Scope { item: Some(item), ..*scope };
        match each {
            Each::Objects(mappings) => {
                let mut object = Body::default();
                let mut of_the_entry = false;
                for mapping in mappings {
                    of_the_entry |=
                        apply(mapping, None, &scope, &mut object, below, &inside, recorder);
                }
                // What is the same for every entry makes none.
                if of_the_entry {
                    made.push(Node::Object(object));
                }
            }
            Each::Values(rule) => made.extend(value_of(rule, &scope, below)),
        }
    }
    if made.is_empty() { Err(Skip::NothingInside) } else { Ok(Node::List(made)) }
}

fn value_of<'a>(rule: &'a Rule, scope: &Scope<'_, 'a>, below: Guard<'_>) -> Option<Node<'a>> {
    let made = rule.make(scope).ok()?;
    // As part of a list that the event has made, whatever it is itself.
    body::copy(made.value, below, Origin::Claimed, Trail::at(""), &mut |_, _| {})
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
