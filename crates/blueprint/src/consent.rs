//! Consent as it is forwarded: nested and verbatim, since every consent platform has names of its own, and absent
//! where the visitor was never asked. A receiver reads absence as "not given".

use std::borrow::Cow;

use serde_json::Value;

use crate::body::{Body, Node};
use crate::trace::{Fate, Recorder, Step};

/// Where it is in a body.
pub(crate) const FIELD: &str = "consent";

const CANONICAL: [&str; 3] = ["analytics", "marketing", "functional"];

/// Writes the consent of an event into a body.
pub(crate) fn apply<'a>(event: &'a Value, body: &mut Body<'a>, recorder: &mut impl Recorder) {
    if let Some(consent) = of(event) {
        body.insert(FIELD.into(), Node::Object(consent));
        recorder.record(|| Step {
            mapping: None,
            source: Some("context.consent".to_owned()),
            target: FIELD.to_owned(),
            fate: Fate::Written,
        });
    }
}

fn of(event: &Value) -> Option<Body<'_>> {
    let said = event.get("context")?.get("consent")?.as_object()?;
    let mut consent = Body::default();
    for name in CANONICAL {
        if let Some(granted @ Value::Bool(_)) = said.get(name) {
            consent.insert(name.into(), Node::Scalar(Cow::Borrowed(granted)));
        }
    }
    for (name, fits) in
        [("categories", Value::is_boolean as fn(&Value) -> bool), ("google", Value::is_string)]
    {
        let mut codes = Body::default();
        for (code, value) in said.get(name).and_then(Value::as_object).into_iter().flatten() {
            if fits(value) {
                codes.insert(code.into(), Node::Scalar(Cow::Borrowed(value)));
            }
        }
        if !codes.is_empty() {
            consent.insert(name.into(), Node::Object(codes));
        }
    }
    (!consent.is_empty()).then_some(consent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_has_the_seed_s_shape_and_nothing_else() {
        let consent = json!({
            "analytics": true, "marketing": false, "functional": true,
            "categories": {"C0001": true, "C0002": false, "ad_personalization": false},
            "google": {"ad_storage": "denied", "analytics_storage": "granted"},
        });
        assert_eq!(json!(of(&json!({"context": {"consent": consent}}))), consent);
        let mut more = consent.clone();
        more["personalization"] = json!(true);
        more["vendor"] = json!("OneTrust");
        more["categories"]["C0009"] = json!("yes");
        assert_eq!(json!(of(&json!({"context": {"consent": more}}))), consent);
    }

    #[test]
    fn who_was_never_asked_has_none() {
        for context in [json!({}), json!({"consent": {}}), json!({"consent": {"google": {}}})] {
            assert_eq!(of(&json!({ "context": context })), None);
        }
    }
}
