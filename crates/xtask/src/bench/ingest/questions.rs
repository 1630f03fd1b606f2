//! What is to be found out, and what has to come out.

use super::super::figure::Target;
use super::super::metric::Metric;
use super::super::rounds::Question;
use super::names::{BATCH, FASTIFY, FLOOR, ONE, PLAIN};

pub(super) const QUESTIONS: [Question; 11] = [
    Question {
        target: Some(Target::AtLeast(0.4)),
        stretch: Some(Target::AtLeast(0.6)),
        ..Question::new("events, throughput", Metric::Events, ONE, FLOOR)
    },
    Question {
        target: Some(Target::AtLeast(5.0)),
        ..Question::new("events in batches, throughput", Metric::Events, BATCH, ONE)
    },
    Question::new("events, throughput", Metric::Events, ONE, FASTIFY),
    Question::new("events, CPU time", Metric::EventCpu, ONE, FLOOR),
    Question::new("events, CPU time", Metric::EventCpu, ONE, FASTIFY),
    Question::new("events in batches, CPU time", Metric::EventCpu, BATCH, ONE),
    Question::new("events without context, throughput", Metric::Events, PLAIN, FLOOR),
    Question::new("events, median latency at 20 % load", Metric::P50, ONE, FLOOR),
    Question::new("events, p99 latency at 20 % load", Metric::P99, ONE, FLOOR),
    Question::new("bytes on disk", Metric::Disk, ONE, FLOOR),
    Question::new("resident memory", Metric::Memory, ONE, FLOOR),
];
