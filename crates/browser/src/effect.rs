//! What the session asks its surroundings to do.

use std::rc::Rc;

use datafly_core::v1::path;
use serde::Serialize;

use crate::epoch::Shared;

/// Names one request; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);

/// Names one timer; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerId(pub u32);

/// What a queue entry says to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who the visitor claims to be; starts an epoch.
    Identify,
    /// A page was seen.
    Page,
    /// Something happened.
    Track,
    /// Log out; starts an epoch.
    Reset,
}

impl Kind {
    /// Where it is posted, relative to the endpoint.
    pub fn path(self) -> &'static str {
        match self {
            Self::Identify => path::IDENTIFY,
            Self::Page => path::PAGE,
            Self::Track => path::TRACK,
            Self::Reset => path::RESET,
        }
    }
}

/// Why a profile is what it is, as the page sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Fetched, with at least one attribute.
    Network,
    /// Answered, and no provider has an attribute for this visitor.
    Empty,
    /// The server refuses this page or key.
    Denied,
    /// No answer in time.
    Timeout,
    /// No usable answer.
    Error,
}

/// What a waiting caller is told, beside the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Why the profile is what it is.
    pub reason: Reason,
    /// The epoch of the profile.
    pub epoch: u32,
}

/// What the page's error listeners and the console are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// One thing to do. `T` is a provider's attributes, `W` whoever waits for a profile.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect<T, W> {
    /// Ask one provider, by its position in the configuration.
    Enrich {
        /// To be named in the answer.
        request: RequestId,
        /// Position in the configured list.
        provider: usize,
        /// Whether cached answers older than some seconds will not do.
        refresh: bool,
        /// Abort and answer [`crate::enrich::Answer::TimedOut`] after this time.
        deadline_ms: u32,
    },
    /// Send one event or the log-out.
    Post {
        /// To be named in the answer.
        request: RequestId,
        /// Decides the path.
        kind: Kind,
        /// The envelope, JSON.
        body: Rc<str>,
        /// Abort and answer [`crate::queue::Receipt::Unreachable`] after this time.
        deadline_ms: u32,
    },
    /// Give a request up; its answer is not wanted any more.
    Abort(RequestId),
    /// Give a request up like its deadline does, if it is still in flight after a time.
    Hasten {
        /// It was sent before.
        request: RequestId,
        /// Milliseconds from now.
        after_ms: u32,
    },
    /// Call [`crate::session::Session::woken`] after a time.
    Wake {
        /// To be handed back.
        timer: TimerId,
        /// Milliseconds from now.
        after_ms: u32,
    },
    /// Put this profile in place of the old one, in one step.
    Profile {
        /// By provider position; `None` where there is nothing to show.
        attributes: Vec<Option<T>>,
        /// The epoch it belongs to.
        epoch: u32,
    },
    /// Answer a waiting caller with the profile as it is now.
    Settle {
        /// Who waits.
        waiter: W,
        /// With what.
        outcome: Outcome,
    },
    /// Store what the tabs share.
    Remember(Shared),
    /// Tell the page's error listeners and the console.
    Report(Failure),
}
