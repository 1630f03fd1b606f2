//! The `Accept` port: the step in which events, and what they change about their visitor, become durable.

use std::sync::Arc;

use async_trait::async_trait;
use datafly_core::id::PipelineKey;
use datafly_core::visitor::Visitor;
use jiff::Timestamp;

use crate::StoreError;
use crate::queue::{Admission, MessageId, NewEvent};
use crate::state::VisitorKey;

/// A write of a visitor's record, on the condition that its version is still the one that was read.
#[derive(Debug, Clone)]
pub struct VisitorWrite {
    /// Whose record.
    pub key: VisitorKey,
    /// The record.
    pub visitor: Arc<Visitor>,
    /// The version it was read at; 0 where there was none.
    pub expected: u64,
    /// When the record goes.
    pub expires_at: Timestamp,
}

/// What became of events and their visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// Everything is durable; one [`Admission`] for each event, in order.
    Done(Vec<Admission>),
    /// The record is not, or no longer, at the expected version, and nothing was done: read again and decide
    /// anew.
    Overtaken,
}

/// Accepts events.
///
/// [`Acceptance::Done`] has survived `kill -9` and power loss, the record as well as the events, and a
/// [`State::get`](crate::State::get) that starts after it sees the record.
///
/// An engine that keeps both does both or nothing. One that does not writes the record first and the events
/// only after it: the same events may then be accepted once more after a failure, which changes nothing.
#[async_trait]
pub trait Accept: Send + Sync {
    /// Writes the record, where there is one to write, and appends events of any pipelines.
    ///
    /// An event whose (pipeline, messageId) was appended within the last 7 days, or stands earlier in
    /// `events`, is a [`Admission::Duplicate`] and is dropped. An id may be remembered longer than that.
    ///
    /// # Errors
    /// [`StoreError::Full`] past the limit of bytes; nothing was done then.
    async fn accept(
        &self,
        visitor: Option<VisitorWrite>,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError>;

    /// Which of these would be duplicates, in their order: what is one has survived power loss.
    async fn known(
        &self,
        pipeline: &PipelineKey,
        ids: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError>;

    /// Appends events that change nobody, all or none.
    ///
    /// # Errors
    /// As [`Self::accept`].
    async fn append(
        &self,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<Vec<Admission>, StoreError> {
        match self.accept(None, events, now).await? {
            Acceptance::Done(admissions) => Ok(admissions),
            Acceptance::Overtaken => Ok(Vec::new()),
        }
    }
}
