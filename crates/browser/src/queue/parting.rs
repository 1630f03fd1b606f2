//! A page that goes away, and one that comes back.

use std::ops::Range;

use super::{Line, Queue, is_consent, is_identify, is_reset};
use crate::effect::{Kind, Parcel};

impl<T: Clone> Queue<T> {
    /// The page goes away, perhaps for good. What is being sent, if it `flies`, is left; nobody waits in line.
    pub(crate) fn leave(&mut self, flies: bool, keeps: bool) {
        self.keeps = keeps;
        let count = if flies { self.in_flight() } else { 0 };
        if count == 0 {
            self.line = Line::Idle;
        }
        for entry in self.entries.iter_mut().take(count) {
            entry.left = entry.kind.is_told();
        }
        self.parting = 0..count;
        // Beacons overtake each other: whoever was named before a log-out must not be named after it, and the last
        // word on what is allowed must be the last.
        self.void_before(is_reset, is_identify);
        self.void_before(is_consent, is_consent);
    }

    /// What leaves with the page next, as one beacon. What is left already is not sent again. Where the rest is kept,
    /// nothing passes a log-out or a consent, and nothing leaves while the server is known to fail: of a beacon nobody
    /// learns what became of it.
    pub(crate) fn parting(&mut self) -> Option<(Kind, Vec<Parcel<T>>)> {
        let from = self.parting.end;
        let first = self.entries.iter().skip(from).position(|entry| !entry.left)? + from;
        let mut passed = self.entries.iter().take(first);
        if self.keeps && (self.failures > 0 || passed.any(|entry| !entry.kind.is_told())) {
            return None;
        }
        let kind = self.entries.get(first)?.kind;
        self.parting = first..first + self.run(first, &|entry| entry.kind.is_told() && !entry.left);
        Some((kind, self.parcels(self.parting.clone())))
    }

    /// The browser took it.
    pub(crate) fn parted(&mut self) {
        let Range { start, end } = self.parting;
        for entry in self.entries.iter_mut().take(end).skip(start) {
            entry.left = true;
        }
    }

    /// The page is back. A log-out that was left is sent again; a consent was perhaps not the last word.
    pub(crate) fn come_back(&mut self) {
        for entry in &mut self.entries {
            entry.left &= entry.kind != Kind::Reset;
        }
        self.drop(self.in_flight()..self.entries.len(), &|it| it.left && is_consent(it.kind));
    }
}
