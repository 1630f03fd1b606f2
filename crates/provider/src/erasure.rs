//! The `Erasure` port: what the law lets a person ask a vendor for, to be told what it knows of them or to be
//! forgotten.
//!
//! A vendor registers such a request and carries it out later, in hours or days; until then it may be revoked.
//! Whom it is about is personal data, and in no error, log or `Debug`.

use std::fmt;

use async_trait::async_trait;
use datafly_core::id::Identifier;
use datafly_core::linking_key::Identifiers;
use jiff::civil::DateTime;

use crate::profile::ProviderError;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A copy of everything.
    Access,
    /// That everything is erased.
    Forget,
}

/// What kind of identifier names the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKey {
    /// The vendor's own id of them.
    ProfileId,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// Whom a request is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// The kind of identifier.
    pub key: SubjectKey,
    /// The identifier.
    pub value: Identifier,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The vendor's name of a registered request. Letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingId(String);

impl TrackingId {
    /// Takes the text, if it is one.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came of registering a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// It is registered, under this name if the vendor says one.
    Registered(Option<TrackingId>),
    /// The vendor knows nobody of that identifier.
    Nobody,
}

/// How far a registered request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its name.
    pub tracking_id: TrackingId,
    /// What was asked for, where the vendor repeats it.
    pub wish: Option<Wish>,
    /// The vendor's word for where it is, for example `registered` or `done`.
    pub state: String,
    /// When it was registered, by the vendor's clock and in its time zone.
    pub registered: Option<DateTime>,
    /// When it was carried out, likewise.
    pub completed: Option<DateTime>,
    /// Where the copy of everything lies, once it does.
    pub report: Option<String>,
}

/// Registers requests at one vendor for one integration. A call is made once and ends within its own deadline.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// Registers a request.
    async fn register(&self, wish: Wish, subject: &Subject) -> Result<Registration, ProviderError>;

    /// How far a request is, or `None` where there is none of that name.
    async fn progress(&self, id: &TrackingId) -> Result<Option<Progress>, ProviderError>;

    /// Takes a request back that is not carried out yet; `false` where there is none.
    async fn revoke(&self, wish: Wish, subject: &Subject) -> Result<bool, ProviderError>;

    /// Asks that whoever these name is forgotten, by each of them that the vendor can be asked by; how many requests
    /// that made. Whoever calls this knows that the person wants it and is who they say.
    async fn forget(&self, who: &Identifiers) -> Result<usize, ProviderError>;
}
