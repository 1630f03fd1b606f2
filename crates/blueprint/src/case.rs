//! A case: an event, what is known of its visitor, and the body that must come of them. The owner's proof that a
//! blueprint does what it is for.

use std::fmt;
use std::sync::Arc;

use datafly_core::visitor::Verification;
use serde_json::{Map, Value};

use crate::apply::{Dropped, Outcome};
use crate::blueprint::Blueprint;
use crate::contract::Contract;
use crate::language::{CASE, VISITOR};
use crate::mistake::{Mistakes, Notes, hint};
use crate::source::{Input, Visitor};
use crate::table::{Field, Table};
use crate::trace::Trace;
use crate::yaml;

/// An event and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    event: Value,
    visitor: Map<String, Value>,
    partner_attrs: Map<String, Value>,
    parameters: Map<String, Value>,
    verification: Verification,
    event_name: Option<String>,
    expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Body(Value),
    Dropped(Dropped),
}

/// In what an outcome differs from what a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Each says where, what was expected, and what came instead.
    pub differences: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.differences.join("\n"))
    }
}

impl std::error::Error for Failure {}

impl Case {
    /// Reads a case, YAML or JSON; `name` stands before its mistakes.
    pub fn parse(text: &str, name: &str) -> Result<Self, Mistakes> {
        let mut notes = Notes::default();
        let read = read(text, &mut notes);
        notes.finish(&Arc::from(name), read)
    }

    /// The name of the case's event, as its sender wrote it.
    pub fn event(&self) -> &Value {
        &self.event
    }

    /// Applies a blueprint and compares. `contract` is the destination's for the case's verification, as `of`
    /// makes it. The trace is there for coverage, whatever came of the comparison.
    pub fn run(
        &self,
        blueprint: &mut Blueprint,
        of: impl FnOnce(Verification) -> Contract,
    ) -> (Result<(), Failure>, Trace) {
        let before = blueprint.parameters.clone();
        let set = self.parameters.iter().try_for_each(|(name, value)| {
            blueprint.set(name, value.clone()).map_err(|error| Failure::new(error.to_string()))
        });
        let ran = match set {
            Ok(()) => self.run_with(blueprint, &of(self.verification)),
            Err(failure) => (Err(failure), Trace::default()),
        };
        // The next case has parameters of its own.
        blueprint.parameters = before;
        ran
    }

    fn run_with(&self, blueprint: &Blueprint, contract: &Contract) -> (Result<(), Failure>, Trace) {
        let text = |name: &str| self.visitor.get(name)?.as_str();
        let profile_ids: Vec<_> = self
            .visitor
            .get("profile_ids")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(provider, id)| Some((provider.as_str(), id.as_str()?)))
            .collect();
        let visitor = Visitor {
            canonical_id: text("canonical_id"),
            user_id: text("user_id"),
            email: text("email"),
            phone: text("phone"),
            profile_ids: &profile_ids,
        };
        let input =
            Input { event: &self.event, visitor: &visitor, partner_attrs: &self.partner_attrs };
        let (outcome, trace) = blueprint.apply_traced(&input, contract);
        (self.compare(outcome), trace)
    }

    fn compare(&self, outcome: Outcome<'_>) -> Result<(), Failure> {
        let mut differences = Vec::new();
        match (&self.expected, outcome) {
            (Expected::Body(expected), Outcome::Mapped { event_name, body }) => {
                if let Some(expected) = self.event_name.as_ref().filter(|name| *name != event_name)
                {
                    differences
                        .push(format!("event_name: `{expected}` expected, `{event_name}` came"));
                }
                compare("body", expected, &body.into_map().into(), &mut differences);
            }
            (Expected::Dropped(expected), Outcome::Dropped(reason)) if *expected == reason => {}
            (Expected::Dropped(expected), Outcome::Dropped(reason)) => {
                differences.push(format!("dropped because {expected} expected; {reason}"));
            }
            (Expected::Dropped(_), Outcome::Mapped { .. }) => {
                differences.push("it must be dropped, and is sent".to_owned());
            }
            (Expected::Body(_), Outcome::Dropped(reason)) => {
                differences.push(format!("it must be sent, and is dropped: {reason}"));
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(Failure { differences }) }
    }
}

impl Failure {
    fn new(difference: String) -> Self {
        Self { differences: vec![difference] }
    }
}

fn compare(path: &str, expected: &Value, came: &Value, differences: &mut Vec<String>) {
    match (expected, came) {
        (Value::Object(expected), Value::Object(came)) => {
            for (name, expected) in expected {
                match came.get(name) {
                    Some(came) => compare(&format!("{path}.{name}"), expected, came, differences),
                    None => {
                        differences.push(format!("{path}.{name}: {expected} expected, missing"));
                    }
                }
            }
            for (name, came) in came.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                differences.push(format!("{path}.{name}: {came} came, not expected"));
            }
        }
        (Value::Array(expected), Value::Array(came)) if expected.len() == came.len() => {
            for (index, (expected, came)) in expected.iter().zip(came).enumerate() {
                compare(&format!("{path}[{index}]"), expected, came, differences);
            }
        }
        (expected, came) if same(expected, came) => {}
        (expected, came) => differences.push(format!("{path}: {expected} expected, {came} came")),
    }
}

/// `10` and `10.0` are one number to whoever writes a case.
fn same(expected: &Value, came: &Value) -> bool {
    match (expected, came) {
        (Value::Number(expected), Value::Number(came)) => {
            expected == came || expected.as_f64() == came.as_f64()
        }
        (expected, came) => expected == came,
    }
}

fn read(text: &str, notes: &mut Notes) -> Option<Case> {
    let root = yaml::read(text, notes)?;
    let table = Table::open(Field { path: String::new(), node: &root }, CASE, notes)?;
    let event = table.get("event").map(|field| field.node.to_json());
    if !event.as_ref().is_some_and(Value::is_object) {
        notes.note(table.place, "event", "it is missing: write the event as an object");
    }
    if let Some(visitor) = table.get("visitor") {
        drop(Table::open(visitor, VISITOR, notes));
    }
    let expected = match (table.get("body"), table.get("dropped")) {
        (Some(body), None) => Some(Expected::Body(body.node.to_json())),
        (None, Some(field)) => dropped(&field, notes).map(Expected::Dropped),
        (None, None) => {
            notes.note(table.place, "body", "it is missing: write what must come of the event");
            None
        }
        (Some(body), Some(_)) => {
            body.refuse("a case has either `body` or `dropped`", notes);
            None
        }
    };
    let verification = match table.get("verification") {
        None => Some(Verification::default()),
        Some(field) => verification(&field, notes),
    };
    let event_name = table.get("event_name");
    Some(Case {
        event: event?,
        visitor: object(&table, "visitor", notes),
        partner_attrs: object(&table, "partner_attrs", notes),
        parameters: object(&table, "parameters", notes),
        verification: verification?,
        event_name: event_name.and_then(|field| field.text(notes).map(str::to_owned)),
        expected: expected?,
    })
}

fn object(table: &Table<'_>, name: &str, notes: &mut Notes) -> Map<String, Value> {
    match table.get(name).map(|field| (field.node.to_json(), field)) {
        None | Some((Value::Null, _)) => Map::new(),
        Some((Value::Object(map), _)) => map,
        Some((_, field)) => {
            field.refuse("it must be a section: `key: value`, one a line", notes);
            Map::new()
        }
    }
}

fn dropped(field: &Field<'_>, notes: &mut Notes) -> Option<Dropped> {
    match field.text(notes)? {
        "not_listed" => Some(Dropped::NotListed),
        "disabled" => Some(Dropped::Disabled),
        "nameless" => Some(Dropped::Nameless),
        other => {
            field.refuse(hint(other, ["not_listed", "disabled", "nameless"]), notes);
            None
        }
    }
}

fn verification(field: &Field<'_>, notes: &mut Notes) -> Option<Verification> {
    match field.text(notes)? {
        "required" => Some(Verification::Required),
        "optional" => Some(Verification::Optional),
        "off" => Some(Verification::Off),
        other => {
            field.refuse(hint(other, ["required", "optional", "off"]), notes);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(case: &str) -> Vec<String> {
        let text = "version: 2\nparameters: {p: 1}\nevents: {x: {mappings: [{source: properties.a, target: a.b},\n\
                    {source: visitor.profile_ids.amperity, target: id}, {source: parameters.p, target: p},\n\
                    {source: properties.l, target: l}]}, y: {enabled: false}}";
        let mut blueprint = Blueprint::parse(text, "b").unwrap();
        let case = Case::parse(case, "case").unwrap();
        let (result, _) = case.run(&mut blueprint, Contract::new);
        result.err().map(|failure| failure.differences).unwrap_or_default()
    }

    #[test]
    fn a_case_compares_to_the_last_field() {
        let given = "event: {event: x, properties: {a: 1, l: [1, 2.0]}}\n\
                     visitor: {profile_ids: {amperity: amp}}\nparameters: {p: 7}\n";
        let good = "event_name: x\nbody: {a: {b: 1.0}, id: amp, p: 7, l: [1, 2]}";
        assert_eq!(differences(&format!("{given}{good}")), Vec::<String>::new());
        let bad = "event_name: z\nbody: {a: {b: 2, c: 1}, p: 7, l: [1]}";
        assert_eq!(
            differences(&format!("{given}{bad}")),
            [
                "event_name: `z` expected, `x` came",
                "body.a.b: 2 expected, 1 came",
                "body.a.c: 1 expected, missing",
                "body.l: [1] expected, [1,2.0] came",
                "body.id: \"amp\" came, not expected",
            ]
        );
    }

    #[test]
    fn a_case_leaves_the_blueprint_as_it_was() {
        let text = "version: 2\nparameters: {p: 1}\nevents: {x: {mappings: [{source: parameters.p, target: p}]}}";
        let mut blueprint = Blueprint::parse(text, "b").unwrap();
        for case in [
            "parameters: {p: 2}\nevent: {event: x}\nbody: {p: 2}",
            "event: {event: x}\nbody: {p: 1}",
        ] {
            let (result, _) = Case::parse(case, "c").unwrap().run(&mut blueprint, Contract::new);
            assert_eq!(result, Ok(()), "{case}");
        }
    }

    #[test]
    fn a_case_may_be_written_as_json() {
        let case = serde_json::json!({"event": {"event": "x", "properties": {"a": "\u{e9} \"/\n"}}, "body": {
            "a": {"b": "\u{e9} \"/\n"}, "p": 1}});
        assert!(differences(&serde_json::to_string_pretty(&case).unwrap()).is_empty());
        assert!(differences(&case.to_string()).is_empty());
    }

    #[test]
    fn a_case_may_say_that_nothing_is_sent() {
        assert!(differences("event: {event: z}\ndropped: not_listed").is_empty());
        assert!(differences("event: {event: y}\ndropped: disabled").is_empty());
        assert!(differences("event: {}\ndropped: nameless").is_empty());
        for wrong in [
            "event: {event: x}\ndropped: disabled",
            "event: {event: y}\ndropped: nameless",
            "event: {event: y}\nbody: {}",
            "event: {event: x}\nparameters: {q: 1}\nbody: {p: 1}",
        ] {
            assert_eq!(differences(wrong).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn mistakes_of_a_case_are_told_with_their_places() {
        let text = "evnt: {}\nvisitor: {mail: x}\nverification: on\nbody: {}\ndropped: never\n";
        let said = Case::parse(text, "c.yaml").unwrap_err().to_string();
        for part in [
            "c.yaml: line 1, column 1: `evnt`: unknown key: did you mean `event`?",
            "line 1, column 1: `event`: it is missing",
            "line 2, column 11: `visitor.mail`: unknown key: did you mean `email`?",
            "line 3, column 15: `verification`: write one of",
            "`body`: a case has either",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
