//! The event envelope: what a page or server sends, in Segment's camelCase form.
//!
//! Parsed by hand rather than derived, so that every refusal names its field. Unknown top-level fields
//! are dropped: other people's clients send their own (`_metadata`, `integrations`, `writeKey`).

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::consent::{Consent, ConsentError};
use crate::id::{IdError, Identifier};

/// Largest event in bytes of JSON; also the limit of Amperity's event route.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// Longest `event`, `name`, `messageId` and the like, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Longest identity token, in bytes: a JWT of a few claims is under 1 KB.
pub const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Longest visitor handle, in bytes; ours are about 70.
const MAX_HANDLE_BYTES: usize = 256;

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A page view.
    Page,
    /// Anything a visitor did, by name.
    Track,
    /// A claim about who the visitor is.
    Identify,
}

impl EventKind {
    /// The value of the envelope's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Track => "track",
            Self::Identify => "identify",
        }
    }
}

/// Why a body is not an event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// The body is not JSON.
    #[error("the body is not JSON: send one event as a JSON object")]
    NotJson,
    /// JSON, but an array or a scalar.
    #[error("the body is not a JSON object: send one event per request")]
    NotAnObject,
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
    /// `type` says one thing, the route another.
    #[error("`type` says another kind of event than the route, which takes `{expected}`")]
    KindMismatch {
        /// What the route takes.
        expected: &'static str,
    },
}

/// An identity token as it came, unverified. A credential, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityToken(String);

impl IdentityToken {
    /// The compact JWT: for verification, never for a log or storage.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityToken([REDACTED])")
    }
}

/// One event as its sender wrote it. Everything in it is a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What kind it is.
    pub kind: EventKind,
    /// Name of a track event.
    pub event: Option<String>,
    /// Name of a page.
    pub name: Option<String>,
    /// The sender's id of this event, the same in every retry.
    pub message_id: Option<String>,
    /// When it happened, by the sender's clock.
    pub timestamp: Option<Timestamp>,
    /// When it was sent, by the same clock: what tells how far that clock is off.
    pub sent_at: Option<Timestamp>,
    /// The site's id of the person.
    pub user_id: Option<Identifier>,
    /// The id a client gave itself.
    pub anonymous_id: Option<Identifier>,
    /// What the event is about; names belong to the site.
    pub properties: Map<String, Value>,
    /// What is said of the person.
    pub traits: Map<String, Value>,
    /// Page, campaign, locale and so on.
    pub context: Map<String, Value>,
}

/// A request body: the event and the proof that may come with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The event.
    pub event: Event,
    /// A signed identity, still to be verified.
    pub token: Option<IdentityToken>,
    /// Whose event it was when it happened, still to be verified; see [`crate::v1::Accepted::handle`].
    pub handle: Option<String>,
}

impl Submission {
    /// Reads a body sent to the route of `kind`.
    pub fn parse(body: &[u8], kind: EventKind) -> Result<Self, EventError> {
        let body: Value = serde_json::from_slice(body).map_err(|_| EventError::NotJson)?;
        let Value::Object(mut fields) = body else {
            return Err(EventError::NotAnObject);
        };

        match text(&mut fields, "type")? {
            Some(written) if written != kind.as_str() => {
                return Err(EventError::KindMismatch { expected: kind.as_str() });
            }
            _ => {}
        }
        let token = text_up_to(&mut fields, "token", MAX_TOKEN_BYTES)?.map(IdentityToken);
        let handle = text_up_to(&mut fields, "handle", MAX_HANDLE_BYTES)?;
        let event = Event {
            kind,
            event: text(&mut fields, "event")?,
            name: text(&mut fields, "name")?,
            message_id: text(&mut fields, "messageId")?,
            timestamp: timestamp(&mut fields, "timestamp")?,
            sent_at: timestamp(&mut fields, "sentAt")?,
            user_id: identifier(fields.remove("userId"), "userId")?,
            anonymous_id: identifier(fields.remove("anonymousId"), "anonymousId")?,
            properties: object(&mut fields, "properties")?,
            traits: object(&mut fields, "traits")?,
            context: object(&mut fields, "context")?,
        };
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
            _ => Ok(Self { event, token, handle }),
        }
    }
}

impl Event {
    /// `traits.email`, where it is a usable identifier.
    pub fn email(&self) -> Result<Option<Identifier>, EventError> {
        identifier(self.traits.get("email").cloned(), "traits.email")
    }

    /// `traits.phone`, where it is a usable identifier.
    pub fn phone(&self) -> Result<Option<Identifier>, EventError> {
        identifier(self.traits.get("phone").cloned(), "traits.phone")
    }

    /// `context.consent`, where the page knows it.
    pub fn consent(&self) -> Result<Option<Consent>, EventError> {
        let consent = self.context.get("consent").filter(|consent| !consent.is_null());
        Ok(consent.map(Consent::parse).transpose()?)
    }

    /// When it happened by the receiver's clock, never after `received`. The sender's clock may be off by
    /// any amount, which `sentAt` shows (Segment spec: `receivedAt - (sentAt - timestamp)`); without it the
    /// sender is believed.
    pub fn occurred_at(&self, received: Timestamp) -> Timestamp {
        let occurred = match (self.timestamp, self.sent_at) {
            (None, _) => received,
            (Some(timestamp), None) => timestamp,
            (Some(timestamp), Some(sent)) => {
                // Out of range only for absurd clocks, whose event then counts as of now.
                received.checked_sub(sent.duration_since(timestamp)).unwrap_or(received)
            }
        };
        occurred.min(received)
    }

    /// The event as JSON, in the envelope's spelling: what paths resolve in.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        let mut text = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value.into());
            }
        };
        text("type", Some(self.kind.as_str()));
        text("event", self.event.as_deref());
        text("name", self.name.as_deref());
        text("messageId", self.message_id.as_deref());
        text("timestamp", self.timestamp.map(|time| time.to_string()).as_deref());
        text("userId", self.user_id.as_ref().map(Identifier::expose));
        text("anonymousId", self.anonymous_id.as_ref().map(Identifier::expose));
        for (name, map) in
            [("properties", &self.properties), ("traits", &self.traits), ("context", &self.context)]
        {
            fields.insert(name.to_owned(), map.clone().into());
        }
        Value::Object(fields)
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

fn identifier(value: Option<Value>, field: &'static str) -> Result<Option<Identifier>, EventError> {
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

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
