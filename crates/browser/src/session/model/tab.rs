//! One tab: its session, and what the facade around it keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::server::{Answer, Handle, Message};
use crate::{
    effect::{Effect, Kind, RequestId, TimerId},
    session::{Session, Setup},
};

pub(super) const PROVIDERS: usize = 2;

/// An event, or the epoch that attributes were asked for in.
pub(super) type Value = u32;

#[derive(Debug, Clone)]
pub(super) enum Flight {
    Enrich {
        asked: u32,
    },
    Post {
        message: Message,
        /// The epoch in which it asked for the profile.
        enrich: Option<u32>,
        /// The events in their order in the request.
        order: Vec<u32>,
        epoch: u32,
        answer: Option<Answer>,
    },
}

pub(super) struct Tab {
    pub(super) session: Session<Value, u32>,
    pub(super) flights: BTreeMap<u32, Flight>,
    pub(super) aborted: BTreeSet<u32>,
    /// Requests that never arrive.
    pub(super) lost: BTreeSet<u32>,
    pub(super) timers: Vec<TimerId>,
    /// The turn it waits for.
    pub(super) waits: Option<RequestId>,
    /// Whether it has the turn that only one tab has.
    pub(super) holds: bool,
    /// Whom it believes to be here.
    pub(super) handle: Handle,
    pub(super) epoch: u32,
    /// Kinds and handles of the events it knows.
    pub(super) known: BTreeMap<u32, (Kind, Handle)>,
    /// Those that other tabs may have sent.
    pub(super) common: BTreeSet<u32>,
    pub(super) answered_once: bool,
}

impl Tab {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            epoch: setup.shared.epoch,
            answered_once: setup.credentialed,
            session: Session::new(setup),
            flights: BTreeMap::new(),
            aborted: BTreeSet::new(),
            lost: BTreeSet::new(),
            timers: Vec::new(),
            waits: None,
            holds: false,
            handle: Handle::Unknown,
            known: BTreeMap::new(),
            common: BTreeSet::new(),
        }
    }

    /// The requests that somebody waits for.
    pub(super) fn live(&self) -> impl Iterator<Item = &Flight> {
        self.flights.iter().filter(|(id, _)| !self.aborted.contains(id)).map(|(_, flight)| flight)
    }

    pub(super) fn posts(&self) -> usize {
        self.live().filter(|flight| matches!(flight, Flight::Post { .. })).count()
    }

    /// The events on the wire, if some are.
    pub(super) fn session_flight(&self) -> Option<Vec<u32>> {
        self.live().find_map(|flight| match flight {
            Flight::Post { order, .. } => Some(order.clone()),
            Flight::Enrich { .. } => None,
        })
    }

    /// What follows from what it was told, but for the turn.
    pub(super) fn effects(&mut self) -> Vec<Effect<Value, u32>> {
        self.session.effects()
    }
}
