//! What the session asks its surroundings to do.

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
    Identify {
        /// Whether the page is asked for a token when it is sent.
        asks: bool,
    },
    /// A page was seen.
    Page,
    /// Something happened.
    Track,
    /// The visitor belongs to others.
    Group,
    /// What the visitor allows; starts an epoch.
    Consent {
        /// Whether no profile may be shown from here on.
        denies: bool,
    },
    /// Log out; starts an epoch.
    Reset,
}

impl Kind {
    /// Something that was done, and no decision of the visitor's: it lies on the shelf, and may leave with others.
    pub(crate) fn is_told(self) -> bool {
        !matches!(self, Self::Reset | Self::Consent { .. })
    }

    /// Whether several such leave as one batch.
    pub(crate) fn travels(self) -> bool {
        self.is_told() && self != Self::Identify { asks: true }
    }

    /// Until the server has seen it, a profile would be that of somebody who left, or did not allow it.
    pub(crate) fn bars(self) -> bool {
        matches!(self, Self::Reset | Self::Consent { denies: true })
    }
}

/// Why a profile is what it is, as the page sees it. Of several answers the first in this order says it
/// for all, so that `empty` means that every provider said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Fetched, with at least one attribute.
    Network,
    /// Came with the loader, with at least one attribute.
    Inline,
    /// Known from the tab's last page, with at least one attribute.
    Session,
    /// No usable answer.
    Error,
    /// No answer in time.
    Timeout,
    /// The server refuses this page or key.
    Denied,
    /// Answered, and there is no attribute for this visitor.
    Empty,
}

impl Reason {
    /// All of them, in their order: they cross the border as positions, as in `REASONS` of js/early.js.
    pub const ALL: [Self; 7] = [
        Self::Network,
        Self::Inline,
        Self::Session,
        Self::Error,
        Self::Timeout,
        Self::Denied,
        Self::Empty,
    ];
}

/// What a waiting caller is told, beside the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Why the profile is what it is.
    pub reason: Reason,
    /// The epoch of the profile.
    pub epoch: u32,
}

/// One event of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel<T> {
    /// What was handed in; nothing for a log-out that is repeated, nor for a denial, of which the page
    /// has stored what it says.
    pub body: Option<T>,
    /// The server is only asked whether it has arrived: it was sent before, while its page went away.
    pub left: bool,
}

/// One thing to do. `T` is a value of the page's, and `W` whoever waits for a profile.
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
        /// Abort and answer [`Reason::Timeout`] after this time.
        deadline_ms: u32,
    },
    /// Call [`crate::session::Session::turn`] soon, but not before this input is over.
    Turn {
        /// To be handed back.
        request: RequestId,
        /// Whether one tab at a time has it, until its answer is there.
        shared: bool,
    },
    /// Send events that may travel together, or one by itself.
    Post {
        /// To be named in the answer.
        request: RequestId,
        /// Of the first one: decides the path where it is the only one.
        kind: Kind,
        /// At least one. Nothing of them counts as taken while one that was left is missing.
        events: Vec<Parcel<T>>,
        /// Whether the answer is to bring the profile, too.
        enrich: bool,
        /// Abort and answer [`crate::queue::Receipt::Unreachable`] after this time.
        deadline_ms: u32,
    },
    /// This event needs no keeping any more.
    Gone(T),
    /// Give a request up; its answer is not wanted any more.
    Abort(RequestId),
    /// Answer [`crate::queue::Receipt::Withdrawn`] if this post still waits for a token.
    Withdraw(RequestId),
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
    Report {
        /// Stable, for programs.
        code: &'static str,
        /// For people; the provider's name belongs at its end.
        message: &'static str,
        /// Position in the configured list.
        provider: Option<usize>,
    },
    /// Tell them that the server does not take an event, in its own words.
    Refused(T),
}
