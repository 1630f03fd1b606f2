//! A visitor's record: what is claimed, what is proven, and the version that both give it.
//!
//! The rules of trust live here and nowhere else:
//! - claims are kept, but [`Visitor::identifiers`] gives them out only where the owner believes them;
//! - a binding made from a signed token counts until it expires;
//! - a record belongs to one person: another subject, proven or claimed, is another visitor
//!   ([`Identified::AnotherPerson`]), because the vendor may have linked the old id to the first one.
//!
//! Applying the same change twice leaves the record, and so its version, as it was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::consent::Consent;
use crate::context::ContextValues;
use crate::id::{CanonicalId, Identifier};
use crate::linking_key::Identifiers;

/// How far a pipeline's owner believes what pages say of their visitors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// Only the cookie's id and identifiers proven by a token may look up a profile.
    #[default]
    Required,
    /// Claims count, and a bad token is refused; look-ups that `Required` would deny are counted.
    Optional,
    /// Claims count: the seed's plain behaviour.
    Off,
}

/// What a page or client says of its visitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// The id a client gave itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<Identifier>,
    /// The site's id of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Identifier>,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Identifier>,
    /// A phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Identifier>,
}

impl Claims {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn merge(&mut self, newer: Self) {
        // Another user id is another person: what was said of the first must not stick to the second.
        if let (Some(old), Some(new)) = (&self.user_id, &newer.user_id)
            && old != new
        {
            *self = Self::default();
        }
        self.anonymous_id = newer.anonymous_id.or(self.anonymous_id.take());
        self.user_id = newer.user_id.or(self.user_id.take());
        self.email = newer.email.or(self.email.take());
        self.phone = newer.phone.or(self.phone.take());
    }
}

/// What a signed token proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The token's `sub`: the site's id of the person.
    pub user_id: Identifier,
    /// The e-mail, where the token says it is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Identifier>,
    /// The phone number, where the token says it is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Identifier>,
    /// The token's `iat`: when the site's backend said so.
    pub issued_at: Timestamp,
    /// When the proof stops counting; a new token renews it.
    pub expires_at: Timestamp,
}

/// What the visitor's newest event says of what they are doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doing {
    /// When that event happened.
    pub at: Timestamp,
    /// The context values of it, by integration.
    pub context: BTreeMap<String, ContextValues>,
}

/// The record of one visitor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visitor {
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    claims: Claims,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binding: Option<Binding>,
    /// When something last became known by which a vendor may find, or make, a profile: the first accepted
    /// event, or a new usable identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent: Option<Consent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doing: Option<Doing>,
    /// When the visitor logged out: the id is dead, and whoever still presents it is somebody new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at: Option<Timestamp>,
}

/// What an identify did to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// The record was changed or already said so.
    SamePerson,
    /// It names somebody else than the record does: the caller starts a new visitor.
    AnotherPerson,
}

impl Visitor {
    /// The record that a log-out leaves behind.
    pub fn tombstone(left_at: Timestamp) -> Self {
        Self { left_at: Some(left_at), ..Self::default() }
    }

    /// When the visitor logged out, if it did: then the id is dead.
    pub fn left_at(&self) -> Option<Timestamp> {
        self.left_at
    }

    /// When a vendor may last have got to know more of this visitor.
    pub fn news_at(&self) -> Option<Timestamp> {
        self.news_at
    }

    /// Notes an accepted event: the first one is news.
    pub fn note_event(&mut self, now: Timestamp) {
        self.news_at.get_or_insert(now);
    }

    /// What the visitor consents to, if that was ever said.
    pub fn consent(&self) -> Option<&Consent> {
        self.consent.as_ref()
    }

    /// Replaces what the visitor consents to.
    pub fn set_consent(&mut self, consent: Consent) {
        self.consent = Some(consent);
    }

    /// The context values of the newest event for an integration.
    pub fn context(&self, integration: &str) -> Option<&ContextValues> {
        self.doing.as_ref()?.context.get(integration)
    }

    /// Takes the context of an event, unless a newer one is known: what was queued offline must not rewind
    /// the visitor.
    pub fn note_context(&mut self, doing: Doing) {
        if self.doing.as_ref().is_none_or(|known| known.at <= doing.at) {
            self.doing = Some(doing);
        }
    }

    /// Adds claims and, where a token came with them, what it proved.
    pub fn identify(
        &mut self,
        mut claims: Claims,
        proof: Option<Binding>,
        mode: Verification,
        now: Timestamp,
    ) -> Identified {
        let subject = proof.as_ref().map(|proof| &proof.user_id).or(claims.user_id.as_ref());
        // An expired binding still says whose browser this was.
        if let (Some(binding), Some(subject)) = (&self.binding, subject)
            && binding.user_id != *subject
        {
            return Identified::AnotherPerson;
        }
        // The proven person is also the claimed one, so that what was claimed of somebody else goes.
        if let Some(proof) = &proof {
            claims.user_id = Some(proof.user_id.clone());
        }
        let before = self.personal(mode, now);
        self.claims.merge(claims);
        // A token that comes late does not take back what a newer one has proven.
        if let Some(proof) = proof
            && self.binding.as_ref().is_none_or(|known| known.issued_at <= proof.issued_at)
        {
            self.binding = Some(proof);
        }
        let after = self.personal(mode, now);
        if after.iter().any(|identifier| identifier.is_some() && !before.contains(identifier)) {
            self.news_at = Some(now);
        }
        Identified::SamePerson
    }

    /// The usable identifiers besides the visitor's own id.
    fn personal(&self, mode: Verification, now: Timestamp) -> [Option<Identifier>; 4] {
        let binding = self.binding.as_ref().filter(|binding| now < binding.expires_at);
        let proven = [
            None,
            binding.map(|binding| binding.user_id.clone()),
            binding.and_then(|binding| binding.email.clone()),
            binding.and_then(|binding| binding.phone.clone()),
        ];
        match mode {
            Verification::Required => proven,
            Verification::Optional | Verification::Off => {
                let Claims { anonymous_id, user_id, email, phone } = self.claims.clone();
                let [_, proven_user_id, proven_email, proven_phone] = proven;
                [
                    anonymous_id,
                    proven_user_id.or(user_id),
                    proven_email.or(email),
                    proven_phone.or(phone),
                ]
            }
        }
    }

    /// The identifiers that may look up a profile at `now` under the owner's mode.
    pub fn identifiers(&self, id: CanonicalId, mode: Verification, now: Timestamp) -> Identifiers {
        named(id, self.personal(mode, now))
    }

    /// All identifiers of the record that may ever have looked up a profile under the owner's mode: what was
    /// claimed, where that is believed, and what was proven, also if the proof counts no more.
    pub fn all_identifiers(&self, id: CanonicalId, mode: Verification) -> [Identifiers; 2] {
        let claims = match mode {
            // What anybody can claim must not reach what is kept of somebody else.
            Verification::Required => Claims::default(),
            Verification::Optional | Verification::Off => self.claims.clone(),
        };
        let Claims { anonymous_id, user_id, email, phone } = claims;
        let claimed = [anonymous_id, user_id, email, phone];
        let proven = self.binding.as_ref().map_or_else(Default::default, |binding| {
            [None, Some(binding.user_id.clone()), binding.email.clone(), binding.phone.clone()]
        });
        [named(id, claimed), named(id, proven)]
    }
}

fn named(id: CanonicalId, personal: [Option<Identifier>; 4]) -> Identifiers {
    let [anonymous_id, user_id, email, phone] = personal;
    Identifiers { canonical_id: Some(id), anonymous_id, user_id, email, phone }
}

#[cfg(test)]
#[path = "visitor_tests.rs"]
mod tests;
