//! What is done.

use proptest::prelude::*;

use super::{DESTINATIONS, PIPELINES};

/// What becomes of an event that is handed out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Done,
    Retry { wait: i64 },
    Dead,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Append {
        pipeline: usize,
        events: Vec<(u8, u8)>,
    },
    /// Enriches those of the first few accepted events whose bit is set.
    Enrich {
        pipeline: usize,
        which: u8,
    },
    Open {
        pipeline: usize,
        destinations: u8,
    },
    Drain {
        pipeline: usize,
        destination: usize,
    },
    Purge {
        pipeline: usize,
        destination: usize,
    },
    Settle {
        pipeline: usize,
        destination: usize,
        fates: Vec<Fate>,
    },
    SettleRetries {
        pipeline: usize,
        destination: usize,
        fates: Vec<Fate>,
    },
    Replay {
        pipeline: usize,
        destination: usize,
        which: u8,
    },
    RemoveDead {
        pipeline: usize,
        destination: usize,
        which: u8,
    },
    Forget {
        pipeline: usize,
        visitor: u8,
    },
    Put {
        pipeline: usize,
        visitor: u8,
        /// How far the expected version is from the right one.
        off_by: u64,
        hours: i64,
        at_once: bool,
    },
    Sweep,
    Wait {
        hours: i64,
    },
    Upkeep,
    Reopen,
    /// As `kill -9` leaves it: a copy of the files is opened while the queue still runs.
    Crash,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Done),
        2 => (0_i64..40).prop_map(|wait| Fate::Retry { wait }),
        1 => Just(Fate::Dead),
    ]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (pipeline, destination) = (0..PIPELINES.len(), 0..DESTINATIONS.len());
    let lane = || (pipeline.clone(), destination.clone());
    let fates = || prop::collection::vec(fate(), 0..5);
    let step = prop_oneof![
        6 => (pipeline.clone(), prop::collection::vec((0_u8..40, 0_u8..4), 0..5))
            .prop_map(|(pipeline, events)| Step::Append { pipeline, events }),
        5 => (pipeline.clone(), any::<u8>())
            .prop_map(|(pipeline, which)| Step::Enrich { pipeline, which }),
        2 => (pipeline.clone(), 0_u8..8)
            .prop_map(|(pipeline, destinations)| Step::Open { pipeline, destinations }),
        1 => lane().prop_map(|(pipeline, destination)| Step::Drain { pipeline, destination }),
        1 => lane().prop_map(|(pipeline, destination)| Step::Purge { pipeline, destination }),
        6 => (lane(), fates()).prop_map(|((pipeline, destination), fates)| {
            Step::Settle { pipeline, destination, fates }
        }),
        4 => (lane(), fates()).prop_map(|((pipeline, destination), fates)| {
            Step::SettleRetries { pipeline, destination, fates }
        }),
        2 => (lane(), any::<u8>()).prop_map(|((pipeline, destination), which)| {
            Step::Replay { pipeline, destination, which }
        }),
        1 => (lane(), any::<u8>()).prop_map(|((pipeline, destination), which)| {
            Step::RemoveDead { pipeline, destination, which }
        }),
        1 => (pipeline.clone(), 0_u8..4)
            .prop_map(|(pipeline, visitor)| Step::Forget { pipeline, visitor }),
        4 => (pipeline.clone(), 0_u8..4, 0_u64..5, 1_i64..100, any::<bool>()).prop_map(
            |(pipeline, visitor, off_by, hours, at_once)| {
                // Mostly the right one.
                let off_by = off_by.saturating_sub(3);
                Step::Put { pipeline, visitor, off_by, hours, at_once }
            }
        ),
        1 => Just(Step::Sweep),
        2 => prop_oneof![0_i64..30, 100_i64..200].prop_map(|hours| Step::Wait { hours }),
        2 => Just(Step::Upkeep),
        2 => Just(Step::Reopen),
        2 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..60)
}
