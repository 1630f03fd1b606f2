//! What can write a field of the body: the answer to "where does this come from?".

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::blueprint::{Blueprint, Handler};
use crate::body::{self, Body, Node};
use crate::contract::{Contract, Origin};
use crate::mapping::{Mapping, Rule};
use crate::mistake::Place;

/// One mapping, as it is told to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The file it is in.
    pub file: Arc<str>,
    /// Where in that file.
    pub place: Place,
    /// The events it is for; none where it is for all of them.
    pub events: Vec<String>,
    /// Where it writes; `[]` stands for every entry of a list.
    pub target: String,
    /// What it writes, as a sentence.
    pub what: String,
}

/// Everything that can write a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    field: String,
    /// In the order in which they are applied: the last one whose source is there wins.
    pub writers: Vec<Writer>,
    /// Whether a field that is passed through can have that name.
    pub passed_through: bool,
    /// The field's name for a value that is not verified, where it is an identity field or the owner's.
    pub beside: Option<String>,
}

impl Blueprint {
    /// What can write a field of the body, or something around it or in it.
    pub fn explain(&self, field: &str, contract: &Contract) -> Explanation {
        let asked: Vec<&str> = field.split('.').collect();
        let near = |mapping: &&Mapping| {
            let target = mapping.target.names();
            target.iter().zip(&asked).all(|(name, asked)| **name == **asked)
        };
        let mappings = self.all_handlers().flat_map(|handler| &handler.mappings);
        let outer = mappings.map(|mapping| &**mapping).filter(near);
        let mut seen = Vec::new();
        for mapping in outer.flat_map(Mapping::with_inner) {
            // A mapping stands in the handler of every event it is for.
            if !seen.iter().any(|known: &&Mapping| known.id == mapping.id) {
                seen.push(mapping);
            }
        }
        // Writing it tells where it lands.
        let guard = contract.guard();
        let null = Node::Scalar(Cow::Owned(Value::Null));
        let beside = body::put(&mut Body::default(), None, guard, &asked, Origin::Claimed, null);
        Explanation {
            field: field.to_owned(),
            writers: seen.into_iter().map(|mapping| Writer::of(mapping, self)).collect(),
            passed_through: self.passes_through && !field.contains('.'),
            beside,
        }
    }

    /// Every mapping, in the order in which they are applied, those of all events first.
    pub fn writers(&self) -> Vec<Writer> {
        let mut all = Vec::new();
        for handler in self.all_handlers() {
            let inner = handler.mappings.iter().flat_map(|mapping| mapping.with_inner());
            all.extend(inner.map(|mapping| Writer::of(mapping, self)));
        }
        all
    }
}

impl Writer {
    pub(crate) fn of(mapping: &Mapping, blueprint: &Blueprint) -> Self {
        let holds = |handler: &Handler| {
            let outer = handler.mappings.iter();
            outer.flat_map(|outer| outer.with_inner()).any(|inner| inner.id == mapping.id)
        };
        let list = blueprint.all_handlers().flat_map(|handler| &handler.mappings).find(|outer| {
            outer.id != mapping.id && outer.with_inner().any(|inner| inner.id == mapping.id)
        });
        let handlers = blueprint.handlers.iter().filter(|handler| holds(handler));
        let mut events: Vec<_> = handlers.flat_map(|handler| handler.names.clone()).collect();
        if holds(&blueprint.others) {
            events.push("(events without a section)".to_owned());
        }
        Self {
            file: Arc::clone(&mapping.file),
            place: mapping.place,
            events,
            target: match list {
                Some(list) => format!("{}[].{}", list.target, mapping.target),
                None => mapping.target.to_string(),
            },
            what: mapping.rule.to_string(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(constant) = &self.constant {
            return write!(f, "the constant {constant}");
        }
        for (index, source) in self.sources.iter().enumerate() {
            if index > 0 {
                f.write_str(", or else ")?;
            }
            write!(f, "{source}")?;
        }
        for transform in &self.transforms {
            write!(f, " | {}", transform.name)?;
        }
        if self.value_map.is_some() {
            f.write_str(" | value_map")?;
        }
        if let Some(default) = &self.default {
            write!(f, ", or else the constant {default}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <- {}", self.target, self.what)?;
        if !self.events.is_empty() {
            write!(f, " (of {})", self.events.join(", "))?;
        }
        write!(f, ", {} {}", self.file, self.place)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.writers.is_empty() {
            writeln!(f, "no mapping writes `{}`", self.field)?;
        }
        for writer in &self.writers {
            writeln!(f, "{writer}")?;
        }
        if self.passed_through {
            writeln!(
                f,
                "a property or trait `{}` that no mapping names is passed through",
                self.field
            )?;
        }
        if let Some(beside) = &self.beside {
            writeln!(f, "what an event or a profile says of it lands in `{beside}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use datafly_core::visitor::Verification;

    use super::*;

    #[test]
    fn a_field_is_explained_by_all_that_can_write_it() {
        let text = "version: 2\ndefaults: {action: pass_through}\n\
                    global: {mappings: [{source: [visitor.email, traits.email], target: email, transform: [trim, sha256]}]}\n\
                    events: {x: {aliases: [y], mappings: [{value: no, target: email}, {source: properties.o, target: o.x}]}}";
        let blueprint = Blueprint::parse(text, "b.yaml").unwrap();
        let contract = Contract::new(Verification::Required).identity(["email"]);
        assert_eq!(
            blueprint.explain("email", &contract).to_string(),
            "email <- visitor.email, or else traits.email | trim | sha256, b.yaml line 3, column 21\n\
             email <- the constant \"no\" (of x, y), b.yaml line 4, column 39\n\
             a property or trait `email` that no mapping names is passed through\n\
             what an event or a profile says of it lands in `unverified_email`\n"
        );
        assert_eq!(blueprint.explain("o", &contract).writers[0].target, "o.x");
        assert_eq!(blueprint.explain("o.x.y", &contract).writers[0].target, "o.x");
        let none = blueprint.explain("none.such", &contract);
        assert_eq!(none.to_string(), "no mapping writes `none.such`\n");
    }
}
