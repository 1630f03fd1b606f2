//! What a list is asked for.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// Longest window of ingest jobs (domain facts 2.8).
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How a list is cut into pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paging {
    /// Most items of a page; the vendor's own default where absent.
    pub limit: Option<u32>,
    /// Whether to be told how many there are in all.
    pub with_total: bool,
}

/// From a time on, and before another; open where a side is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// The window of ingest jobs: both sides, and no longer than the vendor takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestWindow(Window);

/// What no list can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WindowError {
    /// It ends before anything can be in it.
    #[error("the window ends at {to}, which is not after its start, {from}")]
    Reversed {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// A side is missing that the vendor needs.
    #[error(
        "ingest jobs are listed by the time they were created: the window needs a start and an end"
    )]
    Open,
    /// The vendor takes no longer ones.
    #[error(
        "the window from {from} to {to} is longer than the seven days that Amperity lists ingest jobs of"
    )]
    TooLong {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

impl Window {
    /// `from` is in it, `to` no longer is.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self, WindowError> {
        match (from, to) {
            (Some(from), Some(to)) if to <= from => Err(WindowError::Reversed { from, to }),
            _ => Ok(Self { from, to }),
        }
    }

    /// Its sides, under the names that the endpoint has for them.
    pub(super) fn parameters(
        &self,
        from: &'static str,
        to: &'static str,
    ) -> impl Iterator<Item = (&'static str, String)> {
        let sides = [(from, self.from), (to, self.to)];
        sides.into_iter().filter_map(|(name, side)| Some((name, side?.to_string())))
    }
}

impl IngestWindow {
    /// As [`Window::new`], and both must be there, at most seven days apart.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self, WindowError> {
        let window = Window::new(from, to)?;
        let (Some(from), Some(to)) = (from, to) else { return Err(WindowError::Open) };
        if LONGEST < to.duration_since(from) {
            return Err(WindowError::TooLong { from, to });
        }
        Ok(Self(window))
    }

    pub(super) fn window(&self) -> &Window {
        &self.0
    }
}

/// Which workflow runs: those for which everything that is given holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// When they were created.
    pub created: Window,
    /// When they ended.
    pub ended: Window,
    /// In this state, in the vendor's words.
    pub state: Option<String>,
    /// Of this type, in the vendor's words.
    pub kind: Option<String>,
}

/// How much of a workflow run is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Without its tasks.
    #[default]
    Overview,
    /// Everything.
    Verbose,
}

impl View {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Verbose => "verbose",
        }
    }
}
