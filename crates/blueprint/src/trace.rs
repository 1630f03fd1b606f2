//! What happened when an event was mapped: which mapping wrote which target, what was left out and why, and what
//! the rule of identity gave another name. Paths and names, never a value.

use std::collections::HashSet;
use std::fmt;

use crate::mapping::MappingId;

/// What became of one mapping, or of one field that was passed through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is in the body.
    Written,
    /// It is in the body under another path, by the rule of identity.
    Renamed(String),
    /// It is not in the body.
    Skipped(Skip),
}

/// Why something is not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// No source is there.
    Absent,
    /// This transform could make nothing of the value.
    Unfit(&'static str),
    /// The value map has `null` for it.
    MappedToNothing,
    /// `each` found something that is neither a list nor an object.
    NotAList,
    /// `each` made nothing of any entry.
    NothingInside,
    /// Nested more deeply than a body may be.
    TooDeep,
    /// A field that is passed through, of a name that a mapping has written.
    AlreadyWritten,
    /// A field that is passed through, of a name that no body may have or that the destination keeps for itself.
    Reserved,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no source is there"),
            Self::Unfit(transform) => write!(f, "`{transform}` can make nothing of the value"),
            Self::MappedToNothing => f.write_str("the value map leaves it out"),
            Self::NotAList => f.write_str("it is no list"),
            Self::NothingInside => f.write_str("nothing came of any entry"),
            Self::TooDeep => f.write_str("it is nested too deeply"),
            Self::AlreadyWritten => f.write_str("a mapping has written that name"),
            Self::Reserved => f.write_str("no page may write that name"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written => f.write_str("written"),
            Self::Renamed(path) => write!(f, "written as `{path}`, because it is not verified"),
            Self::Skipped(skip) => write!(f, "left out: {skip}"),
        }
    }
}

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// The mapping; `None` for a field that was passed through, and for `consent`.
    pub(crate) mapping: Option<MappingId>,
    /// Where the value was found; `None` for constants and where nothing was.
    pub source: Option<String>,
    /// Where the blueprint would have it.
    pub target: String,
    /// What became of it.
    pub fate: Fate,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.mapping) {
            (Some(source), Some(_)) => write!(f, "{source} -> ")?,
            (Some(source), None) => write!(f, "{source} (passed through) -> ")?,
            (None, _) => {}
        }
        write!(f, "{}: {}", self.target, self.fate)
    }
}

/// Most steps that are kept: more than any event that is meant for anything has.
const MAX_STEPS: usize = 2_000;

/// The trace of one application, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    steps: Vec<Step>,
    /// Inside of a list the same happens again and again, and is told once.
    seen: HashSet<Step>,
}

impl Trace {
    /// In the order in which it happened.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// Who is told of the steps; `Silent` compiles to nothing.
pub(crate) trait Recorder {
    /// Whether anybody listens.
    const LISTENS: bool;

    /// Tells of a step.
    fn record(&mut self, step: impl FnOnce() -> Step);
}

/// Nobody listens.
pub(crate) struct Silent;

impl Recorder for Silent {
    const LISTENS: bool = false;

    fn record(&mut self, _: impl FnOnce() -> Step) {}
}

impl Recorder for Trace {
    const LISTENS: bool = true;

    fn record(&mut self, step: impl FnOnce() -> Step) {
        if self.steps.len() < MAX_STEPS {
            let step = step();
            if self.seen.insert(step.clone()) {
                self.steps.push(step);
            }
        }
    }
}
