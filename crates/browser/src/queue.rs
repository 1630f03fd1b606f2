//! The events on their way: strictly in order, one request at a time, bounded.
//!
//! What lies next to each other and may travel together leaves as one batch. An entry leaves the queue when the
//! server accepted it, when the server refused it for good (a log-out is tried again), when it is pushed out by newer
//! ones, or when a log-out or an opting out made it void. Entries are numbered from 1; `0` stands for "before all
//! events", and is what adopted ones of other pages have.
//!
//! An entry that was sent while its page went away is *left*: whether it has arrived the server is asked before
//! anything behind it is taken, and only what is missing is sent again.

mod parting;

use std::{mem, ops::Range};

use crate::effect::{Kind, Parcel, RequestId, TimerId};

/// More events than this wait for nobody: a page that long without a server loses its oldest ones.
pub const CAPACITY: usize = 1_000;

/// Nor do more bytes.
pub const MOST_BYTES: u32 = 1_000_000;

/// Events of one batch.
pub const BATCH: usize = 50;

/// Bytes of one batch: what a page leaves behind in flight is 64 KB at most.
pub const BATCH_BYTES: u32 = 60_000;

/// What a question after an event takes of a batch, instead of the event.
const QUESTION_BYTES: u32 = 40;

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
pub(crate) struct Entry<T> {
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    /// What was handed in; nothing for a log-out or a denial that this tab repeats.
    pub(crate) body: Option<T>,
    bytes: u32,
    /// See the module's contract.
    pub(crate) left: bool,
    /// The request in flight only asks about it.
    asked: bool,
    /// Made void while it was being sent: this attempt is the last.
    void: bool,
}

pub(crate) fn is_identify(kind: Kind) -> bool {
    matches!(kind, Kind::Identify { .. })
}

pub(crate) fn is_consent(kind: Kind) -> bool {
    matches!(kind, Kind::Consent { .. })
}

/// Whether it is about the visitor who is there when it arrives, and must not be about another one.
pub(crate) fn is_personal(kind: Kind) -> bool {
    is_identify(kind) || is_consent(kind)
}

fn is_page(kind: Kind) -> bool {
    kind == Kind::Page
}

pub(crate) fn is_reset(kind: Kind) -> bool {
    kind == Kind::Reset
}

impl<T> Entry<T> {
    /// Whether it is a page of that epoch, whose answer brings the profile where that depends on the page.
    pub(crate) fn brings(&self, after: u32) -> bool {
        is_page(self.kind) && !self.left && self.number > after
    }
}

#[derive(Debug)]
struct Pause {
    timer: TimerId,
    /// The server itself asked for it, so that nothing but time ends it.
    obliged: bool,
}

/// One request of all tabs at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Line {
    Idle,
    Waiting(RequestId),
    /// With so many of the oldest entries.
    Sending(RequestId, usize),
}

/// See the module's contract.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// Not a ring: so few entries are cheaper to move than its code is to load.
    entries: Vec<Entry<T>>,
    line: Line,
    pause: Option<Pause>,
    /// Failed attempts in a row.
    pub(crate) failures: u32,
    last_number: u32,
    /// From this number on log-outs without a body are other tabs', unless it is 0.
    lent: u32,
    /// Something that was left is missing, so that nothing else was taken.
    unmet: bool,
    /// Whether what does not leave with the page outlives it.
    keeps: bool,
    /// What leaves with the page next.
    parting: Range<usize>,
    /// What was handed in and is done with.
    pub(crate) gone: Vec<T>,
}

impl<T: Clone> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            line: Line::Idle,
            pause: None,
            failures: 0,
            last_number: 0,
            lent: 0,
            unmet: false,
            keeps: false,
            parting: 0..0,
            gone: Vec::new(),
        }
    }

    /// Appends; returns whether others had to make room.
    pub(crate) fn push(&mut self, kind: Kind, body: Option<T>, bytes: u32) -> bool {
        self.last_number += 1;
        let number = self.last_number;
        let entry = Entry { number, kind, body, bytes, left: false, asked: false, void: false };
        self.entries.push(entry);
        let mut dropped = false;
        while self.entries.len() > CAPACITY || self.bytes() > MOST_BYTES {
            // What the visitor decided is never given up, and what is being sent may have arrived.
            let from = self.in_flight();
            let may_go = self.entries.iter().skip(from).position(|entry| entry.kind.is_told());
            let Some(oldest) = may_go.map(|at| from + at) else { break };
            self.drop(oldest..oldest + 1, &|_| true);
            dropped = true;
        }
        dropped
    }

    /// Takes in an event of another page that is gone: behind a log-out that waits, because it may be of whoever
    /// came after it, and before what this page has done.
    pub(crate) fn adopt(&mut self, kind: Kind, body: T, bytes: u32, left: bool) {
        let behind = |entry: &Entry<T>| entry.number == 0 || is_reset(entry.kind);
        let at = self.entries.iter().rposition(behind).map_or(0, |last| last + 1);
        let entry =
            Entry { number: 0, kind, body: Some(body), bytes, left, asked: false, void: false };
        self.entries.insert(at.max(self.in_flight()), entry);
    }

    fn bytes(&self) -> u32 {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }

    fn in_flight(&self) -> usize {
        if let Line::Sending(_, count) = self.line { count } else { 0 }
    }

    /// Number of the newest event ever pushed.
    pub(crate) fn last_number(&self) -> u32 {
        self.last_number
    }

    /// Number of the newest such entry that waits, or 0.
    pub(crate) fn last(&self, such: fn(Kind) -> bool) -> u32 {
        self.entries.iter().rev().find(|entry| such(entry.kind)).map_or(0, |entry| entry.number)
    }

    /// Whether such an entry waits.
    #[inline(never)]
    pub(crate) fn has(&self, such: fn(Kind) -> bool) -> bool {
        self.entries.iter().any(|entry| such(entry.kind))
    }

    /// Whether every event of this page up to `number` has left.
    pub(crate) fn done_up_to(&self, number: u32) -> bool {
        self.entries.iter().all(|entry| entry.number == 0 || entry.number > number)
    }

    /// The entries, the oldest first.
    pub(crate) fn entries(&self) -> &[Entry<T>] {
        &self.entries
    }

    /// Drops such entries; of what is being sent this is the last attempt.
    pub(crate) fn void(&mut self, such: fn(Kind) -> bool) {
        self.void_up_to(self.entries.len(), such);
    }

    /// Likewise before the newest that is a `last` one.
    pub(crate) fn void_before(&mut self, last: fn(Kind) -> bool, such: fn(Kind) -> bool) {
        let end = self.entries.iter().rposition(|entry| last(entry.kind)).unwrap_or(0);
        self.void_up_to(end, such);
    }

    #[inline(never)]
    fn void_up_to(&mut self, end: usize, such: fn(Kind) -> bool) {
        let from = self.in_flight();
        for entry in self.entries.iter_mut().take(from.min(end)) {
            entry.void |= such(entry.kind);
        }
        self.drop(from..end, &|entry| such(entry.kind));
    }

    /// An attempt has failed. Whether nothing of it is to be tried again.
    pub(crate) fn is_spent(&mut self, count: usize) -> bool {
        let before = self.entries.len();
        self.drop(0..count, &|entry| entry.void);
        before - self.entries.len() == count
    }

    /// The one place where entries are done with.
    #[inline(never)]
    fn drop(&mut self, range: Range<usize>, such: &dyn Fn(&Entry<T>) -> bool) {
        let mut at = range.start;
        for _ in range {
            if self.entries.get(at).is_some_and(such) {
                self.gone.extend(self.entries.remove(at).body);
            } else {
                at += 1;
            }
        }
    }

    /// The newest log-out is another tab's, which is given time to tell the server.
    pub(crate) fn lend(&mut self) {
        if self.lent == 0 {
            self.lent = self.last_number;
        }
    }

    /// Whoever they are of had their time: this tab sends them.
    pub(crate) fn take_back(&mut self) {
        self.lent = 0;
    }

    /// Whether another tab's log-out is what everything else waits for.
    pub(crate) fn is_lent(&self) -> bool {
        let is_lent =
            |it: &Entry<T>| is_reset(it.kind) && it.body.is_none() && it.number >= self.lent;
        self.lent > 0 && self.entries.first().is_some_and(is_lent)
    }

    /// The request in flight.
    pub(crate) fn sending(&self) -> Option<RequestId> {
        if let Line::Sending(request, _) = self.line { Some(request) } else { None }
    }

    /// Whether something may be sent now, once it is this tab's turn.
    pub(crate) fn ready(&self) -> bool {
        let waits = self.pause.is_some() || self.is_lent();
        self.line == Line::Idle && !waits && !self.entries.is_empty()
    }

    pub(crate) fn wait(&mut self, request: RequestId) {
        self.line = Line::Waiting(request);
    }

    /// It is this tab's turn; false if it waits no more.
    pub(crate) fn turn(&mut self, request: RequestId) -> bool {
        let current = self.line == Line::Waiting(request);
        if current {
            self.line = Line::Idle;
        }
        current
    }

    /// Sends what may leave together. A page after that number brings the profile, and goes by itself.
    pub(crate) fn send(&mut self, request: RequestId, brings_after: u32) -> Vec<Parcel<T>> {
        let may = |entry: &Entry<T>| entry.kind.travels() && !entry.brings(brings_after);
        let count = self.run(0, &may);
        self.line = Line::Sending(request, count);
        for entry in self.entries.iter_mut().take(count) {
            entry.asked = entry.left;
        }
        self.parcels(0..count)
    }

    /// How many entries from there on leave together, at least one.
    #[inline(never)]
    fn run(&self, from: usize, may: &dyn Fn(&Entry<T>) -> bool) -> usize {
        let mut bytes = 0;
        let mut count = 0;
        while let Some(entry) = self.entries.get(from + count) {
            bytes += if entry.left { QUESTION_BYTES } else { entry.bytes };
            if count == BATCH || bytes > BATCH_BYTES || !may(entry) {
                break;
            }
            count += 1;
        }
        count.max(1)
    }

    #[inline(never)]
    fn parcels(&self, range: Range<usize>) -> Vec<Parcel<T>> {
        let mut parcels = Vec::new();
        for at in range {
            if let Some(Entry { body, left, .. }) = self.entries.get(at) {
                parcels.push(Parcel { body: body.clone(), left: *left });
            }
        }
        parcels
    }

    /// What is being sent, as one of these has not arrived: it is to be sent again, and nothing else was taken.
    pub(crate) fn missing(&mut self, index: usize) {
        let count = self.in_flight();
        if let Some(entry) = self.entries.iter_mut().take(count).nth(index) {
            (entry.left, entry.asked) = (false, false);
            self.unmet = true;
        }
    }

    /// The attempt ended; nothing if it is not the current one, else how many entries it was about.
    pub(crate) fn answered(&mut self, request: RequestId) -> Option<usize> {
        let count = self.in_flight();
        (self.sending() == Some(request)).then(|| {
            self.line = Line::Idle;
            count
        })
    }

    /// The oldest entries are done with, except what is missing and what would have followed it.
    pub(crate) fn finish(&mut self, count: usize) {
        self.failures = 0;
        let unmet = mem::take(&mut self.unmet);
        self.drop(0..count, &|entry| !unmet || entry.asked);
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

    /// Nothing of what is being sent is waited for any more; the request, if there is one.
    pub(crate) fn stop(&mut self) -> Option<RequestId> {
        let request = self.sending();
        self.line = Line::Idle;
        request
    }
}

#[cfg(test)]
mod tests;
