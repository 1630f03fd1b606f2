//! The server: who each event is of, and which it has.

use std::collections::BTreeMap;

use crate::effect::Kind;

/// What a page knows of whose an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handle {
    /// It is for the server to say.
    Unknown,
    Of(u32),
    Nobody,
}

/// A request as it leaves.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// Events that are only asked about.
    pub(super) left: Vec<u32>,
    pub(super) events: Vec<(u32, Handle)>,
}

#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// With the handle of whoever is here.
    Taken(u32),
    Missing(Vec<u32>),
}

#[derive(Debug, Default)]
pub(super) struct Server {
    /// Whom the cookie names.
    visitor: u32,
    /// Whose each event is that has arrived.
    pub(super) taken: BTreeMap<u32, Option<u32>>,
}

impl Server {
    pub(super) fn take(&mut self, message: &Message) -> Answer {
        let is_missing = |event: &u32| !self.taken.contains_key(event);
        let missing: Vec<u32> = message.left.iter().copied().filter(is_missing).collect();
        if !missing.is_empty() {
            return Answer::Missing(missing);
        }
        for (event, handle) in &message.events {
            let whose = match handle {
                Handle::Unknown => Some(self.visitor),
                Handle::Of(visitor) => Some(*visitor),
                Handle::Nobody => None,
            };
            self.taken.entry(*event).or_insert(whose);
        }
        self.visitor += u32::from(message.kind == Kind::Reset);
        Answer::Taken(self.visitor)
    }
}
