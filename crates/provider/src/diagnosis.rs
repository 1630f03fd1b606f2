//! The `Diagnosis` port: what an adapter finds wrong with its own integration.
//!
//! The contract between `datafly doctor`, which names no vendor, and an adapter:
//!
//! - An examination asks the vendor as the server would, with the integration's own credentials. It writes nothing,
//!   unless [`Exam::canary`] says that it may; what a vendor answers with a refusal is not written.
//! - It ends: each call has its deadline, and what is waited for has a bound that the adapter documents.
//! - What it looked at is a [`Check`] each, also where there was nothing to find, so that a report says what was
//!   covered. What follows from a trouble that is told already is skipped, not told again.
//! - Nothing in a check shows a token, an identifier of a person, or an attribute's value.

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, IdError, Identifier};
use datafly_core::linking_key::Identifiers;
use jiff::Timestamp;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It works, and may not for long, or not for everybody.
    Warning,
    /// Something does not work.
    Problem,
}

impl Level {
    /// For programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One row of the troubleshooting table: what is said of a trouble wherever it is found.
#[derive(Debug, PartialEq, Eq)]
pub struct Ailment {
    /// For programs; never changes.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What it most likely comes from.
    pub cause: &'static str,
    /// What helps.
    pub fix: &'static str,
}

/// An ailment that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub ailment: &'static Ailment,
    /// The configuration key to mend, within the section that was examined.
    pub key: String,
    /// What was seen.
    pub seen: String,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What ought to be so.
    pub claim: String,
    /// Whether it is.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is so.
    Good,
    /// Nobody could tell, or it was not asked for, for this reason.
    Skipped(String),
    /// It is not.
    Found(Finding),
}

impl Check {
    /// It is so.
    pub fn good(claim: impl Into<String>) -> Self {
        Self { claim: claim.into(), outcome: Outcome::Good }
    }

    /// Nobody could tell.
    pub fn skipped(claim: impl Into<String>, why: impl Into<String>) -> Self {
        Self { claim: claim.into(), outcome: Outcome::Skipped(why.into()) }
    }

    /// It is not.
    pub fn found(
        claim: impl Into<String>,
        ailment: &'static Ailment,
        key: impl Into<String>,
        seen: impl Into<String>,
    ) -> Self {
        let finding = Finding { ailment, key: key.into(), seen: seen.into() };
        Self { claim: claim.into(), outcome: Outcome::Found(finding) }
    }
}

/// What an examination may do, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Exam {
    /// Made for this examination: nobody has it.
    pub marker: CanonicalId,
    /// Whether an event may be written that names the marker.
    pub canary: bool,
    /// The time.
    pub now: Timestamp,
}

impl Exam {
    /// Somebody whom no vendor knows, by every kind of identifier.
    ///
    /// # Errors
    /// Never in practice: identifiers have to fit, and these do.
    pub fn nobody(&self) -> Result<Identifiers, IdError> {
        let text = || Identifier::new(self.marker.to_string());
        Ok(Identifiers {
            canonical_id: Some(self.marker),
            anonymous_id: Some(text()?),
            user_id: Some(text()?),
            email: Some(Identifier::new(format!("{}@datafly.invalid", self.marker))?),
            phone: Some(text()?),
        })
    }
}

/// Examines one integration.
#[async_trait]
pub trait Diagnosis: Send + Sync {
    /// Everything that was looked at, in the order in which a person would.
    async fn examine(&self, exam: &Exam) -> Vec<Check>;
}
