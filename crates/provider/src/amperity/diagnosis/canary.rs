//! The canary: an event with a marker, which has to come back as a profile.

use std::time::Duration;

use datafly_core::linking_key::KeyValue;
use serde_json::{Map, Value};

use super::ailments::EVENTS_NOT_ROUTED;
use super::heard::Heard;
use super::{AmperityDiagnosis, CANARY_WAIT};
use crate::destination::{Delivery, Destination};
use crate::diagnosis::{Check, Exam};
use crate::profile::ProfileProvider;

pub(super) const CLAIM: &str = "an event that is posted reaches its profile";

/// The event's type, by which the owner tells it from visitors' events.
const EVENT_TYPE: &str = "datafly_canary";

/// How often the profile is asked for.
const EVERY: Duration = Duration::from_secs(1);

impl AmperityDiagnosis {
    /// Posts an event, and reads it back by that key.
    pub(super) async fn canary(
        &self,
        stream: &Heard,
        readable: Option<KeyValue>,
        exam: &Exam,
    ) -> Check {
        if *stream != Heard::Fine {
            return Check::skipped(CLAIM, "the stream did not answer as it should");
        }
        let event = event(readable.as_ref(), exam);
        for attempt in self.stream.deliver(&[event], exam.now).await {
            let heard = match attempt.status() {
                Some(400) => Heard::Trouble("400 on an event that is one".to_owned()),
                _ => Heard::of_attempt(&attempt),
            };
            if heard != Heard::Fine {
                return self.told_of_stream(CLAIM, &heard);
            }
        }
        let Some((profiles, key)) = self.profiles.as_ref().zip(readable) else {
            let why = "it was accepted, and cannot be read back: that needs look-ups by a linking key whose source \
                       is `canonical_id`";
            return Check::skipped(CLAIM, why);
        };
        let mut waited = Duration::ZERO;
        let mut last = profiles.look_up(&key).await;
        while matches!(last, Ok(None) | Err(_)) && waited < CANARY_WAIT {
            tokio::time::sleep(EVERY).await;
            waited += EVERY;
            last = profiles.look_up(&key).await;
        }
        match last {
            Ok(Some(_)) => Check::good(CLAIM),
            Ok(None) => {
                let seconds = CANARY_WAIT.as_secs();
                let seen = format!(
                    "delivered, not routed: a marked event was accepted (202), and is in no profile after \
                     {seconds} s"
                );
                Check::found(CLAIM, &EVENTS_NOT_ROUTED, "source_value", seen)
            }
            Err(error) => {
                Check::skipped(CLAIM, format!("it was accepted, and cannot be read back: {error}"))
            }
        }
    }
}

/// Of a visitor who is in no other event. The linking key's own name is in it too, since a collection may link by
/// the field of that name.
fn event(readable: Option<&KeyValue>, exam: &Exam) -> Delivery {
    let marker = exam.marker.to_string();
    let mut body = Map::from_iter([
        ("type".to_owned(), Value::from(EVENT_TYPE)),
        ("cookieid".to_owned(), Value::from(marker.as_str())),
        ("timestamp".to_owned(), Value::from(exam.now.to_string())),
    ]);
    if let Some(KeyValue { key, value }) = readable {
        body.insert(key.to_string(), Value::from(value.expose()));
    }
    Delivery { message_id: marker.into(), at: exam.now, body }
}
