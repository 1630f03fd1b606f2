//! What is to be found out, and what has to come out.

use super::super::figure::Target;
use super::super::metric::Metric;
use super::super::rounds::Question;
use super::names::{ALL, EDGE, FASTIFY, FLOOR, FLOOR_HEADERS, LOADER, NGINX, ONE, STATIC};

pub(super) const MEMORY: &str = "resident memory, 10,000 visitors";
pub(super) const MEMORY_TARGET: Target = Target::AtMost(64.0);
pub(super) const MEMORY_STRETCH: Target = Target::AtMost(40.0);

/// One visitor is asked for again and again where there is a target, since the floors and peers look up
/// one profile too; the rest is for the reader.
pub(super) const QUESTIONS: [Question; 15] = [
    Question {
        target: Some(Target::AtLeast(0.7)),
        ..Question::new("enrich, throughput", Metric::Throughput, ONE, STATIC)
    },
    Question {
        stretch: Some(Target::AtLeast(1.0)),
        ..Question::new("enrich, throughput", Metric::Throughput, ONE, FLOOR)
    },
    Question {
        target: Some(Target::AtLeast(2.2)),
        ..Question::new("enrich, throughput", Metric::Throughput, ONE, FASTIFY)
    },
    Question {
        target: Some(Target::AtMost(1.1)),
        stretch: Some(Target::AtMost(1.0)),
        ..Question::new("enrich, CPU time", Metric::Cpu, ONE, FLOOR)
    },
    Question::new("enrich, CPU time", Metric::Cpu, ONE, FLOOR_HEADERS),
    Question::new("enrich, throughput", Metric::Throughput, ONE, FLOOR_HEADERS),
    Question::new("enrich, throughput", Metric::Throughput, ONE, NGINX),
    Question::new("enrich, throughput", Metric::Throughput, ONE, EDGE),
    Question::new("enrich, median latency at 20 % load", Metric::P50, ONE, FLOOR),
    Question::new("enrich, p99 latency at 20 % load", Metric::P99, ONE, FLOOR),
    // The load generator has more to do for these, so that throughput says little.
    Question::new("enrich of all visitors, CPU time", Metric::Cpu, ALL, ONE),
    Question::new("enrich of all visitors, CPU time", Metric::Cpu, ALL, FLOOR),
    Question::new("enrich of all visitors, throughput", Metric::Throughput, ALL, STATIC),
    Question::new("loader, CPU time", Metric::Cpu, LOADER, FLOOR),
    Question::new("loader, throughput", Metric::Throughput, LOADER, STATIC),
];
