//! A compiled blueprint: what it does with an event, found by the event's name.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::layout::Layout;
use crate::mapping::Mapping;
use crate::mistake::{Mistakes, hint};
use crate::pass_through::Named;
use crate::source::Containers;
use crate::{compile, shipped};

/// A mapping from events to a destination's payload.
///
/// Immutable and cheap to share; [`Self::apply`] takes nothing but its arguments.
pub struct Blueprint {
    pub(crate) name: Arc<str>,
    pub(crate) destination: Option<&'static str>,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) containers: Containers,
    /// What is mapped of every event.
    pub(crate) global: Handler,
    /// What is mapped, on top of that, of events without a section.
    pub(crate) others: Handler,
    pub(crate) handlers: Vec<Arc<Handler>>,
    /// Which handler an event of that name has.
    pub(crate) events: HashMap<String, Arc<Handler>>,
    pub(crate) passes_through: bool,
}

/// What is done with one event.
#[derive(Default)]
pub(crate) struct Handler {
    /// All names of the event, the section's first; none for `global` and `defaults`.
    pub(crate) names: Vec<String>,
    pub(crate) vendor_event_name: Option<String>,
    pub(crate) disabled: bool,
    /// In the order in which they are applied.
    pub(crate) mappings: Vec<Arc<Mapping>>,
    /// What its mappings, and those of every event, name.
    pub(crate) named: Named,
    /// Where they write.
    pub(crate) layout: Layout,
}

/// A parameter that the blueprint does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownParameter(pub(crate) String);

impl fmt::Display for UnknownParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for UnknownParameter {}

impl Blueprint {
    /// Reads a blueprint; `name` stands before its mistakes and in its traces, for example the file's name.
    pub fn parse(text: &str, name: &str) -> Result<Self, Mistakes> {
        compile::blueprint(text, &name.into())
    }

    /// A blueprint that comes with the product, for example `retail` or `ga4/retail`; see [`crate::shipped`].
    pub fn shipped(name: &str) -> Option<Result<Self, Mistakes>> {
        shipped::text(name).map(|text| Self::parse(text, name))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The destination that it, or the shipped blueprint it extends, is for.
    pub fn destination(&self) -> Option<&'static str> {
        self.destination
    }

    /// Sets a parameter, as an integration's configuration does.
    pub fn set(&mut self, parameter: &str, value: Value) -> Result<(), UnknownParameter> {
        if let Some(slot) = self.parameters.get_mut(parameter) {
            *slot = value;
            return Ok(());
        }
        let known = self.parameters.keys().map(String::as_str);
        let hint = if self.parameters.is_empty() {
            "it has none".to_owned()
        } else {
            hint(parameter, known)
        };
        Err(UnknownParameter(format!(
            "the blueprint `{}` has no parameter `{parameter}`: {hint}",
            self.name
        )))
    }

    /// The names of the events it has a section for, each section's names together.
    pub fn events(&self) -> impl Iterator<Item = &[String]> {
        self.handlers.iter().map(|handler| handler.names.as_slice())
    }

    /// What is done with an event of that name; `None` where it is not sent.
    pub(crate) fn handler(&self, event_name: &str) -> Option<&Handler> {
        match self.events.get(event_name) {
            Some(handler) => Some(handler),
            None => self.passes_through.then_some(&self.others),
        }
    }

    /// Every handler, the one of every event first.
    pub(crate) fn all_handlers(&self) -> impl Iterator<Item = &Handler> {
        [&self.global, &self.others]
            .into_iter()
            .chain(self.handlers.iter().map(|handler| &**handler))
    }
}

impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint")
            .field("name", &self.name)
            .field("handlers", &self.handlers.len())
            .finish_non_exhaustive()
    }
}
