//! From a body to an event.

use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    Event, EventKind, IdentityToken, MAX_HANDLE_BYTES, MAX_NAME_BYTES, MAX_TOKEN_BYTES, Submission,
};
use crate::consent::ConsentError;
use crate::id::{IdError, Identifier};

/// Why a body is not an event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// The body is not JSON.
    #[error("the body is not JSON: send one event as a JSON object")]
    NotJson,
    /// JSON, but an array or a scalar.
    #[error("the body is not a JSON object: send one event per request")]
    NotAnObject,
    /// Not a batch.
    #[error("`batch` is missing: send `{{\"batch\": [ … ]}}` with one event or more")]
    NoBatch,
    /// A field has another type than the envelope gives it.
    #[error("`{field}` must be {expected}")]
    WrongType {
        /// The field, as a path.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A required field is absent or blank.
    #[error("`{field}` is missing: {hint}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What to write.
        hint: &'static str,
    },
    /// A text is too long.
    #[error("`{field}` is longer than {limit} bytes")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Longest allowed, in bytes.
        limit: usize,
    },
    /// An identifier is blank, too long, or has control characters.
    #[error("`{field}` {reason}")]
    BadIdentifier {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: IdError,
    },
    /// `context.consent` is no consent state.
    #[error("`context.consent`: {0}")]
    Consent(#[from] ConsentError),
    /// `type` names no kind of event.
    #[error("`type` must be page, screen, track, identify, group or alias")]
    UnknownKind,
    /// `type` says one thing, the route another.
    #[error("`type` says another kind of event than the route, which takes `{expected}`")]
    KindMismatch {
        /// What the route takes.
        expected: &'static str,
    },
}

impl IdentityToken {
    /// The token of a body that is `{"token": …}` and no event.
    pub fn of_body(body: &[u8]) -> Result<Option<Self>, EventError> {
        let mut fields: Fields = serde_json::from_slice(body).map_err(|_| EventError::NotJson)?;
        Ok(text_up_to(&mut fields, "token", MAX_TOKEN_BYTES)?.map(Self))
    }
}

impl Submission {
    /// Reads a body sent to the route of `kind`.
    pub fn parse(body: &[u8], kind: EventKind) -> Result<Self, EventError> {
        Self::read(serde_json::from_slice(body).map_err(|_| EventError::NotJson)?, Some(kind))
    }

    /// Reads a body that is JSON already: of the route of `kind`, or else of the kind that its `type` names.
    pub fn read(body: Value, kind: Option<EventKind>) -> Result<Self, EventError> {
        let Value::Object(mut fields) = body else {
            return Err(EventError::NotAnObject);
        };
        let kind = kind_of(text(&mut fields, "type")?.as_deref(), kind)?;
        let token = text_up_to(&mut fields, "token", MAX_TOKEN_BYTES)?.map(IdentityToken);
        let handle = text_up_to(&mut fields, "handle", MAX_HANDLE_BYTES)?;
        let mut event = Event {
            kind,
            event: text(&mut fields, "event")?,
            name: text(&mut fields, "name")?,
            category: text(&mut fields, "category")?,
            message_id: text(&mut fields, "messageId")?,
            // RudderStack's clients leave the former for their server to work out.
            timestamp: match timestamp(&mut fields, "timestamp")? {
                None => timestamp(&mut fields, "originalTimestamp")?,
                told => told,
            },
            sent_at: timestamp(&mut fields, "sentAt")?,
            user_id: identifier(fields.remove("userId"), "userId")?,
            anonymous_id: identifier(fields.remove("anonymousId"), "anonymousId")?,
            group_id: identifier(fields.remove("groupId"), "groupId")?,
            previous_id: identifier(fields.remove("previousId"), "previousId")?,
            properties: object(&mut fields, "properties")?,
            traits: object(&mut fields, "traits")?,
            context: object(&mut fields, "context")?,
        };
        fill_from_elsewhere(&mut event);
        match kind {
            EventKind::Track if event.event.is_none() => {
                Err(EventError::Missing { field: "event", hint: "name what happened" })
            }
            EventKind::Identify if event.user_id.is_none() && event.traits.is_empty() => {
                Err(EventError::Missing {
                    field: "userId",
                    hint: "an identify needs a `userId` or `traits`",
                })
            }
            EventKind::Group if event.group_id.is_none() => {
                Err(EventError::Missing { field: "groupId", hint: "name the group" })
            }
            EventKind::Alias if event.previous_id.is_none() => {
                Err(EventError::Missing { field: "previousId", hint: "name the id from before" })
            }
            _ => Ok(Self { event, token, handle }),
        }
    }
}

/// Other people's clients have places of their own for what has one in the envelope.
fn fill_from_elsewhere(event: &mut Event) {
    match event.kind {
        // Jitsu's.
        EventKind::Page | EventKind::Screen if event.name.is_none() => {
            let name = event.properties.get("name").and_then(Value::as_str);
            let fits = |name: &&str| !name.is_empty() && name.len() <= MAX_NAME_BYTES;
            event.name = name.filter(fits).map(str::to_owned);
        }
        // RudderStack's.
        EventKind::Identify if event.traits.is_empty() => {
            if event.context.get("traits").is_some_and(Value::is_object)
                && let Some(Value::Object(traits)) = event.context.remove("traits")
            {
                event.traits = traits;
            }
        }
        _ => {}
    }
}

fn kind_of(written: Option<&str>, route: Option<EventKind>) -> Result<EventKind, EventError> {
    match (written, route) {
        (None, Some(route)) => Ok(route),
        (Some(written), Some(route)) if written == route.as_str() => Ok(route),
        (Some(_), Some(route)) => Err(EventError::KindMismatch { expected: route.as_str() }),
        (written, None) => written.and_then(EventKind::of).ok_or(EventError::UnknownKind),
    }
}

type Fields = Map<String, Value>;

fn text(fields: &mut Fields, field: &'static str) -> Result<Option<String>, EventError> {
    text_up_to(fields, field, MAX_NAME_BYTES)
}

fn text_up_to(
    fields: &mut Fields,
    field: &'static str,
    limit: usize,
) -> Result<Option<String>, EventError> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() > limit => {
            Err(EventError::TooLong { field, limit })
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(EventError::WrongType { field, expected: "a text" }),
    }
}

pub(super) fn identifier(
    value: Option<Value>,
    field: &'static str,
) -> Result<Option<Identifier>, EventError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Identifier::new(text)
            .map(Some)
            .map_err(|reason| EventError::BadIdentifier { field, reason }),
        Some(_) => Err(EventError::WrongType { field, expected: "a text" }),
    }
}

fn object(fields: &mut Fields, field: &'static str) -> Result<Fields, EventError> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(Fields::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(EventError::WrongType { field, expected: "an object" }),
    }
}

fn timestamp(fields: &mut Fields, field: &'static str) -> Result<Option<Timestamp>, EventError> {
    let expected = "an ISO 8601 time with an offset, for example 2026-04-17T15:37:10.484Z";
    text(fields, field)?
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| EventError::WrongType { field, expected })
}
