//! The events on their way: strictly in order, one at a time, bounded.
//!
//! An entry leaves the queue when the server accepted it, when the server refused it for good (a log-out
//! is tried again), when it is pushed out by newer ones, when a log-out made it void, or when
//! the browser took it as a beacon. Entries are numbered from 1;
//! `0` stands for "before all events".

use std::mem;

use crate::effect::{Kind, RequestId, TimerId};

/// More events than this wait for nobody: a page that long without a server loses its oldest ones.
pub const CAPACITY: usize = 1_000;

/// What became of one attempt to send.
#[derive(Debug, Clone, PartialEq)]
pub enum Receipt<T> {
    /// Durably accepted.
    Accepted,
    /// No answer, or one that asks for another attempt; see [`is_final`].
    Unreachable {
        /// The server's wish.
        retry_after_ms: Option<u32>,
    },
    /// Refused for good, in these words: another attempt would be refused too.
    Refused(T),
    /// Never sent; see [`crate::effect::Effect::Withdraw`].
    Withdrawn,
}

/// Whether this status would be the answer to a second attempt too.
pub fn is_final(status: i16) -> bool {
    (200..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// One event that waits.
#[derive(Debug)]
pub struct Entry<T> {
    pub(crate) number: u32,
    /// What it is.
    pub kind: Kind,
    /// What was handed in; nothing for a log-out or a denial that this tab repeats.
    pub body: Option<T>,
}

pub(crate) fn is_identify(kind: Kind) -> bool {
    matches!(kind, Kind::Identify { .. })
}

pub(crate) fn is_consent(kind: Kind) -> bool {
    matches!(kind, Kind::Consent { .. })
}

#[derive(Debug)]
struct Pause {
    timer: TimerId,
    /// The server itself asked for it, so that nothing but time ends it.
    obliged: bool,
}

/// See the module's contract.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// Not a ring: so few entries are cheaper to move than its code is to load.
    entries: Vec<Entry<T>>,
    sending: Option<RequestId>,
    pause: Option<Pause>,
    /// Failed attempts in a row.
    pub(crate) failures: u32,
    last_number: u32,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), sending: None, pause: None, failures: 0, last_number: 0 }
    }

    /// Appends; returns the kind of the entry that had to make room, if one had to.
    pub(crate) fn push(&mut self, kind: Kind, body: Option<T>) -> Option<Kind> {
        self.last_number += 1;
        self.entries.push(Entry { number: self.last_number, kind, body });
        if self.entries.len() <= CAPACITY {
            return None;
        }
        // What the visitor decided is never given up, and what is being sent may have arrived.
        let from = usize::from(self.sending.is_some());
        let may_go =
            |i: &usize| !matches!(self.entries[*i].kind, Kind::Reset | Kind::Consent { .. });
        let oldest = (from..self.entries.len()).find(may_go)?;
        Some(self.entries.remove(oldest).kind)
    }

    /// Number of the newest event ever pushed.
    pub(crate) fn last_number(&self) -> u32 {
        self.last_number
    }

    /// Number of the newest such entry that waits, or 0.
    pub(crate) fn last(&self, such: fn(Kind) -> bool) -> u32 {
        self.entries.iter().rev().find(|entry| such(entry.kind)).map_or(0, |entry| entry.number)
    }

    /// Number of the newest log-out that waits, or 0.
    pub(crate) fn last_reset(&self) -> u32 {
        self.last(|kind| kind == Kind::Reset)
    }

    /// Whether every event up to `number` has left.
    pub(crate) fn done_up_to(&self, number: u32) -> bool {
        self.entries.first().is_none_or(|entry| entry.number > number)
    }

    /// The oldest entry.
    pub(crate) fn first(&self) -> Option<&Entry<T>> {
        self.entries.first()
    }

    /// Drops such entries before the entry `end`, which made them void, except what is being sent.
    pub(crate) fn drop_before(&mut self, end: u32, such: fn(Kind) -> bool) {
        let mut sending = self.sending.is_some();
        self.entries
            .retain(|entry| mem::take(&mut sending) || entry.number >= end || !such(entry.kind));
    }

    pub(crate) fn sending(&self) -> Option<RequestId> {
        self.sending
    }

    /// The entry to send now, if one may be sent.
    pub(crate) fn ready(&self) -> Option<&Entry<T>> {
        if self.sending.is_some() || self.pause.is_some() {
            return None;
        }
        self.entries.first()
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
    /// nothing keeps the order: an `identify` that a log-out follows could arrive after it, and a consent
    /// after the one that took it back, so both are dropped.
    pub(crate) fn take(&mut self) -> (Vec<Entry<T>>, Option<RequestId>) {
        self.pause = None;
        let cut = self.sending.take();
        self.drop_before(self.last_reset(), is_identify);
        self.drop_before(self.last(is_consent), is_consent);
        (mem::take(&mut self.entries), cut)
    }

    /// Puts back what could not leave, before what has come since.
    pub(crate) fn put_back(&mut self, mut entries: Vec<Entry<T>>) {
        entries.append(&mut self.entries);
        self.entries = entries;
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Queue, is_final};
    use crate::effect::{Kind, RequestId, TimerId};

    const IDENTIFY: Kind = Kind::Identify { asks: false };

    fn filled(kinds: &[Kind]) -> Queue<u8> {
        let mut queue = Queue::new();
        for kind in kinds {
            assert_eq!(queue.push(*kind, None), None);
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
        assert_eq!(queue.ready().unwrap().kind, Kind::Page);
        queue.sent(RequestId(1));
        assert!(queue.ready().is_none());
        assert!(!queue.answered(RequestId(2)));
        assert!(queue.answered(RequestId(1)));
        assert!(!queue.done_up_to(1));
        assert_eq!(queue.pop(), Some(Kind::Page));
        assert!(queue.done_up_to(1) && !queue.done_up_to(2));
        assert_eq!(queue.ready().unwrap().kind, Kind::Track);
    }

    #[test]
    fn a_full_queue_gives_up_its_oldest_but_neither_a_log_out_nor_what_is_being_sent() {
        let mut queue = filled(&[Kind::Page, Kind::Reset, IDENTIFY]);
        queue.sent(RequestId(1));
        for _ in 3..CAPACITY {
            assert_eq!(queue.push(Kind::Track, None), None);
        }
        assert_eq!(queue.push(Kind::Track, None), Some(IDENTIFY));
        assert_eq!(queue.push(Kind::Track, None), Some(Kind::Track));
        assert_eq!(queue.last_reset(), 2);
        assert!(queue.answered(RequestId(1)));
        assert_eq!(queue.pop(), Some(Kind::Page));
    }

    #[test]
    fn neither_does_it_give_up_a_consent() {
        let mut queue = filled(&[Kind::Consent { denies: false }]);
        for _ in 1..CAPACITY {
            assert_eq!(queue.push(Kind::Track, None), None);
        }
        assert_eq!(queue.push(Kind::Track, None), Some(Kind::Track));
    }

    #[test]
    fn of_several_consents_the_last_one_leaves_with_the_page() {
        let [granted, denied] = [false, true].map(|denies| Kind::Consent { denies });
        let mut queue = filled(&[granted, Kind::Track, denied, IDENTIFY]);
        let kinds: Vec<_> = queue.take().0.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::Track, denied, IDENTIFY]);
    }

    #[test]
    fn a_pause_ends_by_its_own_timer_or_in_a_hurry_unless_the_server_asked_for_it() {
        let mut queue = filled(&[Kind::Page]);
        queue.pause(TimerId(1), true);
        queue.woken(TimerId(7));
        assert!(!queue.hurry());
        assert!(queue.ready().is_none());
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
        queue.push(Kind::Page, None);
        entries.drain(..2);
        queue.put_back(entries);
        assert_eq!(cut, Some(RequestId(9)));
        assert!(queue.done_up_to(2) && !queue.done_up_to(3));
        assert!(queue.ready().is_some());
    }
}
