//! The event envelope: what a page or server sends, in Segment's camelCase form.
//!
//! Read field by field rather than derived, so that every refusal names its field. Unknown top-level fields
//! are dropped: other people's clients send their own (`_metadata`, `integrations`, `writeKey`).

mod read;

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::read::EventError;
use crate::consent::Consent;
use crate::id::Identifier;

/// Largest event in bytes of JSON; also the limit of Amperity's event route.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// Longest `event`, `name`, `messageId` and the like, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Longest identity token, in bytes: a JWT of a few claims is under 1 KB.
pub const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Longest visitor handle, in bytes; ours are about 70.
const MAX_HANDLE_BYTES: usize = 256;

/// The field of an event that holds what is known of where it happened.
pub const CONTEXT: &str = "context";

/// What kind of event it is: Segment's six.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A page view.
    Page,
    /// The same in an app.
    Screen,
    /// Anything a visitor did, by name.
    Track,
    /// A claim about who the visitor is.
    Identify,
    /// A claim about the company, household or the like that the visitor belongs to.
    Group,
    /// A claim that two ids are one person's. Datafly merges nobody by it; destinations may.
    Alias,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Page, Self::Screen, Self::Track, Self::Identify, Self::Group, Self::Alias];

    /// The value of the envelope's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }

    /// The kind that a `type` names.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
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
    /// Name of a page or screen.
    pub name: Option<String>,
    /// What a page or screen is counted under.
    pub category: Option<String>,
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
    /// What a group event names.
    pub group_id: Option<Identifier>,
    /// The id that an alias says was this person's before.
    pub previous_id: Option<Identifier>,
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

impl Event {
    /// `traits.email`, where it is a usable identifier.
    pub fn email(&self) -> Result<Option<Identifier>, EventError> {
        read::identifier(self.traits.get("email").cloned(), "traits.email")
    }

    /// `traits.phone`, where it is a usable identifier.
    pub fn phone(&self) -> Result<Option<Identifier>, EventError> {
        read::identifier(self.traits.get("phone").cloned(), "traits.phone")
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

    /// The event as a JSON object, in the envelope's spelling: what paths resolve in, and what is kept.
    /// `timestamp` is by the receiver's clock; what the sender wrote is `originalTimestamp`.
    pub fn into_json(self, received: Timestamp) -> Value {
        let occurred = self.occurred_at(received);
        let time = |time: Timestamp| Value::from(time.to_string());
        let id = |id: Identifier| Value::from(id.expose());
        let scalars = [
            ("type", Some(self.kind.as_str().into())),
            ("event", self.event.map(Value::from)),
            ("name", self.name.map(Value::from)),
            ("category", self.category.map(Value::from)),
            ("messageId", self.message_id.map(Value::from)),
            ("timestamp", Some(time(occurred))),
            ("originalTimestamp", self.timestamp.map(time)),
            ("sentAt", self.sent_at.map(time)),
            ("receivedAt", Some(time(received))),
            ("userId", self.user_id.map(id)),
            ("anonymousId", self.anonymous_id.map(id)),
            ("groupId", self.group_id.map(id)),
            ("previousId", self.previous_id.map(id)),
        ];
        let maps =
            [("properties", self.properties), ("traits", self.traits), (CONTEXT, self.context)];
        let scalars = scalars.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let maps = maps.map(|(name, map)| (name, Value::Object(map)));
        scalars.chain(maps).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
