//! Which mappings no sample has reached: what a set of cases says nothing about.

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;
use crate::explain::Writer;
use crate::mapping::MappingId;
use crate::trace::{Fate, Trace};

/// The mappings of a blueprint, and those that were reached so far.
pub struct Coverage {
    unreached: BTreeMap<MappingId, Writer>,
    all: usize,
}

impl Coverage {
    /// Nothing reached yet.
    pub fn new(blueprint: &Blueprint) -> Self {
        let mut unreached = BTreeMap::new();
        for handler in blueprint.all_handlers() {
            for mapping in handler.mappings.iter().flat_map(|mapping| mapping.with_inner()) {
                unreached.insert(mapping.id, Writer::of(mapping, blueprint));
            }
        }
        Self { all: unreached.len(), unreached }
    }

    /// Counts what a trace of that blueprint has written. What it only left out is not reached.
    pub fn add(&mut self, trace: &Trace) {
        for step in trace.steps() {
            if let (Some(mapping), Fate::Written | Fate::Renamed(_)) = (step.mapping, &step.fate) {
                self.unreached.remove(&mapping);
            }
        }
    }

    /// The mappings that nothing has reached, in the order of the files, the extended one first.
    pub fn unreached(&self) -> impl Iterator<Item = &Writer> {
        self.unreached.values()
    }

    /// How many mappings there are, those inside of `each` counted too.
    pub fn all(&self) -> usize {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::{Contract, Input, Visitor};

    #[test]
    fn what_no_sample_wrote_is_named() {
        let text = "version: 2\n\
                    global:\n  mappings:\n  \
                    - {source: user_id, target: id}\n  \
                    - {source: properties.items, target: items, each: [{source: item.a, target: a}, {source: item.b, target: b}]}\n\
                    events:\n  x: {}\n  y: {mappings: [{value: 1, target: one}]}\n";
        let blueprint = Blueprint::parse(text, "b").unwrap();
        let mut coverage = Coverage::new(&blueprint);
        let event = json!({"event": "x", "properties": {"items": [{"a": 1}, {"a": 2}]}});
        let (visitor, attributes) = (Visitor::default(), Map::new());
        let input = Input { event: &event, visitor: &visitor, partner_attrs: &attributes };
        coverage.add(&blueprint.apply_traced(&input, &Contract::default()).1);
        let left: Vec<_> = coverage.unreached().map(|writer| writer.target.as_str()).collect();
        assert_eq!((left, coverage.all()), (vec!["id", "items[].b", "one"], 5));
    }
}
