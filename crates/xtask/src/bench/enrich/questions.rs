//! What is to be found out, and what has to come out.

use super::super::figure::Target;
use super::super::rounds::{Metric, Question};
use super::names::{ALL, EDGE, FASTIFY, FLOOR, FLOOR_HEADERS, LOADER, NGINX, ONE, STATIC};

pub(super) const MEMORY: &str = "resident memory, 10,000 visitors";
pub(super) const MEMORY_TARGET: Target = Target::AtMost(64.0);
pub(super) const MEMORY_STRETCH: Target = Target::AtMost(40.0);

/// One visitor is asked for again and again where there is a target, since the floors and peers look up
/// one profile too; the rest is for the reader.
pub(super) const QUESTIONS: [Question; 15] = [
    Question {
        target: Some(Target::AtLeast(0.7)),
        ..compare("enrich, throughput", Metric::Throughput, ONE, STATIC)
    },
    Question {
        stretch: Some(Target::AtLeast(1.0)),
        ..compare("enrich, throughput", Metric::Throughput, ONE, FLOOR)
    },
    Question {
        target: Some(Target::AtLeast(2.2)),
        ..compare("enrich, throughput", Metric::Throughput, ONE, FASTIFY)
    },
    Question {
        target: Some(Target::AtMost(1.1)),
        stretch: Some(Target::AtMost(1.0)),
        ..compare("enrich, CPU time", Metric::Cpu, ONE, FLOOR)
    },
    compare("enrich, CPU time", Metric::Cpu, ONE, FLOOR_HEADERS),
    compare("enrich, throughput", Metric::Throughput, ONE, FLOOR_HEADERS),
    compare("enrich, throughput", Metric::Throughput, ONE, NGINX),
    compare("enrich, throughput", Metric::Throughput, ONE, EDGE),
    compare("enrich, median latency at 20 % load", Metric::P50, ONE, FLOOR),
    compare("enrich, p99 latency at 20 % load", Metric::P99, ONE, FLOOR),
    // The load generator has more to do for these, so that throughput says little.
    compare("enrich of all visitors, CPU time", Metric::Cpu, ALL, ONE),
    compare("enrich of all visitors, CPU time", Metric::Cpu, ALL, FLOOR),
    compare("enrich of all visitors, throughput", Metric::Throughput, ALL, STATIC),
    compare("loader, CPU time", Metric::Cpu, LOADER, FLOOR),
    compare("loader, throughput", Metric::Throughput, LOADER, STATIC),
];

const fn compare(
    figure: &'static str,
    metric: Metric,
    of: &'static str,
    baseline: &'static str,
) -> Question {
    Question { figure, metric, of, baseline, target: None, stretch: None }
}
