//! The events on their way: strictly in order, one at a time, bounded.
//!
//! An entry leaves the queue when the server accepted it, when the server refused it for good (a log-out
//! is tried again), when it is pushed out by newer ones, when a log-out elsewhere made it void, or when
//! the browser took it as a beacon. Entries are numbered from 1;
//! `0` stands for "before all events".

use std::{mem, rc::Rc};

use crate::effect::{Failure, Kind, RequestId, TimerId};

/// More events than this wait for nobody: a page that long without a server loses its oldest ones.
pub const CAPACITY: usize = 1_000;

/// What became of one attempt to send.
#[derive(Debug, Clone, PartialEq)]
pub enum Receipt {
    /// Durably accepted.
    Accepted,
    /// No answer, or one that asks for another attempt; see [`is_final`].
    Unreachable {
        /// The server's wish.
        retry_after_ms: Option<u32>,
    },
    /// Refused for good: another attempt would be refused too.
    Refused(Failure),
}

/// Whether this status would be the answer to a second attempt too.
pub fn is_final(status: i16) -> bool {
    (200..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// One event that waits.
#[derive(Debug)]
pub struct Entry {
    number: u32,
    /// What it is.
    pub kind: Kind,
    /// The envelope, JSON.
    pub body: Rc<str>,
}

#[derive(Debug)]
struct Pause {
    timer: TimerId,
    /// The server itself asked for it, so that nothing but time ends it.
    obliged: bool,
}

/// See the module's contract.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Not a ring: so few entries are cheaper to move than its code is to load.
    entries: Vec<Entry>,
    sending: Option<RequestId>,
    pause: Option<Pause>,
    /// Failed attempts in a row.
    pub(crate) failures: u32,
    last_number: u32,
}

impl Queue {
    /// Appends; returns the kind of the entry that had to make room, if one had to.
    pub(crate) fn push(&mut self, kind: Kind, body: Rc<str>) -> Option<Kind> {
        self.last_number += 1;
        self.entries.push(Entry { number: self.last_number, kind, body });
        if self.entries.len() <= CAPACITY {
            return None;
        }
        // A log-out is never given up, and what is being sent may have arrived.
        let from = usize::from(self.sending.is_some());
        let oldest = (from..self.entries.len()).find(|i| self.entries[*i].kind != Kind::Reset)?;
        Some(self.entries.remove(oldest).kind)
    }

    /// Number of the newest event ever pushed.
    pub(crate) fn last_number(&self) -> u32 {
        self.last_number
    }

    /// Number of the newest log-out that waits, or 0.
    pub(crate) fn last_reset(&self) -> u32 {
        self.entries.iter().rev().find(|e| e.kind == Kind::Reset).map_or(0, |e| e.number)
    }

    /// Whether every event up to `number` has left.
    pub(crate) fn done_up_to(&self, number: u32) -> bool {
        self.entries.first().is_none_or(|entry| entry.number > number)
    }

    /// What the oldest entry is.
    pub(crate) fn first(&self) -> Option<Kind> {
        self.entries.first().map(|entry| entry.kind)
    }

    /// A log-out after the entry `up_to` took effect without this queue: drops the `identify` entries up
    /// to there, and on demand the log-outs, except what is being sent.
    pub(crate) fn undo(&mut self, up_to: u32, resets: bool) {
        let mut sending = self.sending.is_some();
        self.entries.retain(|entry| {
            let undone = match entry.kind {
                Kind::Identify => true,
                Kind::Reset => resets,
                Kind::Page | Kind::Track => false,
            };
            mem::take(&mut sending) || entry.number > up_to || !undone
        });
    }

    pub(crate) fn sending(&self) -> Option<RequestId> {
        self.sending
    }

    /// The entry to send now, if one may be sent.
    pub(crate) fn ready(&self) -> Option<(Kind, Rc<str>)> {
        if self.sending.is_some() || self.pause.is_some() {
            return None;
        }
        self.entries.first().map(|entry| (entry.kind, entry.body.clone()))
    }

    pub(crate) fn sent(&mut self, request: RequestId) {
        self.sending = Some(request);
    }

    /// The attempt ended; false if it is not the current one.
    pub(crate) fn answered(&mut self, request: RequestId) -> bool {
        let current = self.sending == Some(request);
        if current {
            self.sending = None;
        }
        current
    }

    /// The first entry is done with.
    pub(crate) fn pop(&mut self) -> Option<Kind> {
        self.failures = 0;
        (!self.entries.is_empty()).then(|| self.entries.remove(0).kind)
    }

    pub(crate) fn pause(&mut self, timer: TimerId, obliged: bool) {
        self.pause = Some(Pause { timer, obliged });
    }

    pub(crate) fn paused(&self) -> bool {
        self.pause.is_some()
    }

    /// Ends the pause this timer was set for.
    pub(crate) fn woken(&mut self, timer: TimerId) {
        if self.pause.as_ref().is_some_and(|pause| pause.timer == timer) {
            self.pause = None;
        }
    }

    /// Ends a pause nobody but ourselves asked for; false while the server's own wish holds.
    pub(crate) fn hurry(&mut self) -> bool {
        let obliged = self.pause.as_ref().is_some_and(|pause| pause.obliged);
        if !obliged {
            self.pause = None;
        }
        !obliged
    }

    /// Takes everything out, and with it the request to abort. What was being sent leaves too: the
    /// unloading page cuts its request, and `messageId` makes a second arrival harmless. From here on
    /// nothing keeps the order: an `identify` that a log-out follows could arrive after it, and is dropped.
    pub(crate) fn take(&mut self) -> (Vec<Entry>, Option<RequestId>) {
        self.pause = None;
        let cut = self.sending.take();
        self.undo(self.last_reset(), false);
        (mem::take(&mut self.entries), cut)
    }

    /// Puts back what could not leave, before what has come since.
    pub(crate) fn put_back(&mut self, mut entries: Vec<Entry>) {
        entries.append(&mut self.entries);
        self.entries = entries;
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Queue, is_final};
    use crate::effect::{Kind, RequestId, TimerId};

    fn filled(kinds: &[Kind]) -> Queue {
        let mut queue = Queue::default();
        for kind in kinds {
            assert_eq!(queue.push(*kind, "".into()), None);
        }
        queue
    }

    #[test]
    fn what_may_pass_is_no_final_answer() {
        for status in [-1, 0, 408, 425, 429, 500, 503] {
            assert!(!is_final(status), "{status}");
        }
        for status in [200, 202, 302, 400, 401, 403, 404, 413, 422] {
            assert!(is_final(status), "{status}");
        }
    }

    #[test]
    fn one_at_a_time() {
        let mut queue = filled(&[Kind::Page, Kind::Track]);
        assert_eq!(queue.ready().unwrap().0, Kind::Page);
        queue.sent(RequestId(1));
        assert_eq!(queue.ready(), None);
        assert!(!queue.answered(RequestId(2)));
        assert!(queue.answered(RequestId(1)));
        assert!(!queue.done_up_to(1));
        assert_eq!(queue.pop(), Some(Kind::Page));
        assert!(queue.done_up_to(1) && !queue.done_up_to(2));
        assert_eq!(queue.ready().unwrap().0, Kind::Track);
    }

    #[test]
    fn a_full_queue_gives_up_its_oldest_but_neither_a_log_out_nor_what_is_being_sent() {
        let mut queue = filled(&[Kind::Page, Kind::Reset, Kind::Identify]);
        queue.sent(RequestId(1));
        for _ in 3..CAPACITY {
            assert_eq!(queue.push(Kind::Track, "".into()), None);
        }
        assert_eq!(queue.push(Kind::Track, "".into()), Some(Kind::Identify));
        assert_eq!(queue.push(Kind::Track, "".into()), Some(Kind::Track));
        assert_eq!(queue.last_reset(), 2);
        assert!(queue.answered(RequestId(1)));
        assert_eq!(queue.pop(), Some(Kind::Page));
    }

    #[test]
    fn a_pause_ends_by_its_own_timer_or_in_a_hurry_unless_the_server_asked_for_it() {
        let mut queue = filled(&[Kind::Page]);
        queue.pause(TimerId(1), true);
        queue.woken(TimerId(7));
        assert!(!queue.hurry());
        assert_eq!(queue.ready(), None);
        queue.woken(TimerId(1));
        assert!(queue.ready().is_some());
        queue.pause(TimerId(2), false);
        assert!(queue.hurry());
        assert!(queue.ready().is_some());
    }

    #[test]
    fn what_a_beacon_does_not_take_stays() {
        let mut queue = filled(&[Kind::Page, Kind::Track, Kind::Track]);
        queue.sent(RequestId(9));
        let (mut entries, cut) = queue.take();
        queue.push(Kind::Page, "".into());
        entries.drain(..2);
        queue.put_back(entries);
        assert_eq!(cut, Some(RequestId(9)));
        assert!(queue.done_up_to(2) && !queue.done_up_to(3));
        assert!(queue.ready().is_some());
    }
}
