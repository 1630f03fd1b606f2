//! A destination of a pipeline with its blueprint: from an enriched event to what is sent.

use std::sync::Arc;

use datafly_blueprint::{Blueprint, Contract, Dropped, Input, Outcome, Trace, Visitor};
use datafly_core::consent::Consent;
use datafly_core::id::Identifier;
use datafly_provider::{Delivery, Destination, TokenStatus};
use datafly_store::queue::{DestinationName, QueuedEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Enriched;
use crate::protection::Guard;

/// Global Privacy Control is an objection to being sold or shared: to this category.
const SHARING: &str = "marketing";

/// A destination, ready to be delivered to.
pub struct Recipient {
    /// What it is called in the configuration.
    pub name: DestinationName,
    /// Takes the events.
    pub(super) destination: Arc<dyn Destination>,
    /// Stands before its account.
    pub(super) guard: Arc<Guard>,
    blueprint: Blueprint,
    contract: Contract,
}

/// What a recipient is made from.
pub struct Parts {
    /// What it is called in the configuration.
    pub name: DestinationName,
    /// Takes the events.
    pub destination: Arc<dyn Destination>,
    /// Stands before its account.
    pub guard: Arc<Guard>,
    /// How events are mapped for it.
    pub blueprint: Blueprint,
    /// What the destination demands of a body, before its own identity fields are added.
    pub contract: Contract,
}

/// What is to be done about an event.
pub(super) enum Prepared {
    /// This is to be sent.
    Send(Delivery),
    /// It is not for this destination.
    Withheld(Withheld),
    /// It never can be sent.
    Unfit(&'static str),
}

/// Why an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withheld {
    /// The blueprint has no use for it.
    NotMapped,
    /// The visitor has not allowed it.
    NoConsent,
}

impl Withheld {
    /// As a metric's label.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotMapped => "not_mapped",
            Self::NoConsent => "no_consent",
        }
    }
}

impl Recipient {
    /// With the rules of identity that its destination asks for.
    pub fn new(parts: Parts) -> Self {
        let Parts { name, destination, guard, blueprint, contract } = parts;
        let fields = destination.terms().identity_fields.iter().map(String::as_str);
        let contract = contract.identity(fields);
        Self { name, destination, guard, blueprint, contract }
    }

    /// The credentials that deliveries use.
    pub fn tokens(&self) -> Vec<TokenStatus> {
        self.destination.tokens()
    }

    /// From what the log holds to what is sent.
    pub(super) fn prepare(&self, queued: &QueuedEvent, now: Timestamp) -> Prepared {
        let Ok(event) = serde_json::from_slice::<Enriched>(&queued.body) else {
            return Prepared::Unfit("unreadable");
        };
        let terms = self.destination.terms();
        if let Some(category) = &terms.consent_category
            && !allows(&event.event, category)
        {
            return Prepared::Withheld(Withheld::NoConsent);
        }
        let at = time_of(&event.event).unwrap_or(queued.received_at);
        let age = now.duration_since(at);
        let oldest = terms.max_age.and_then(|age| SignedDuration::try_from(age).ok());
        if oldest.is_some_and(|oldest| oldest < age) {
            return Prepared::Unfit("too_old");
        }
        let message_id = queued.message_id.as_str().into();
        with_input(&event, |input| match self.blueprint.apply(&input, &self.contract) {
            Outcome::Mapped { body, .. } => {
                Prepared::Send(Delivery { message_id, at, body: body.into_map() })
            }
            Outcome::Dropped(Dropped::NotListed | Dropped::Disabled | Dropped::Nameless) => {
                Prepared::Withheld(Withheld::NotMapped)
            }
        })
    }

    /// How an event is mapped, step by step.
    pub(super) fn trace(&self, body: &[u8]) -> Trace {
        let Ok(event) = serde_json::from_slice::<Enriched>(body) else { return Trace::default() };
        with_input(&event, |input| self.blueprint.apply_traced(&input, &self.contract).1)
    }
}

fn with_input<T>(event: &Enriched, work: impl FnOnce(Input<'_>) -> T) -> T {
    let ids = &event.visitor.identifiers;
    let canonical_id = ids.canonical_id.map(|id| id.to_string());
    let text = |id: &'_ Option<Identifier>| id.as_ref().map(|id| id.expose().to_owned());
    let (user_id, email, phone) = (text(&ids.user_id), text(&ids.email), text(&ids.phone));
    let profile_ids = event.visitor.profile_ids.iter();
    let profile_ids: Vec<_> = profile_ids.map(|(name, id)| (name.as_str(), id.as_str())).collect();
    let visitor = Visitor {
        canonical_id: canonical_id.as_deref(),
        user_id: user_id.as_deref(),
        email: email.as_deref(),
        phone: phone.as_deref(),
        profile_ids: &profile_ids,
    };
    work(Input { event: &event.event, visitor: &visitor, partner_attrs: &event.partner_attrs })
}

/// Whether the visitor allows a category, as the event says. What was never asked is not allowed.
fn allows(event: &Value, category: &str) -> bool {
    let context = &event["context"];
    if category == SHARING && context["gpc"] == true {
        return false;
    }
    Consent::parse(&context["consent"]).unwrap_or_default().grants(category)
}

fn time_of(event: &Value) -> Option<Timestamp> {
    event["timestamp"].as_str()?.parse().ok()
}
