//! What the contestants are called, in the report and between its parts.

pub(super) const ONE: &str = "datafly, an event a request";
pub(super) const PLAIN: &str = "datafly, without context";
pub(super) const BATCH: &str = "datafly, 100 events a request";
pub(super) const FLOOR: &str = "axum, append and sync";
pub(super) const FASTIFY: &str = "fastify, append and sync";

/// The order of a round: those whose ratios have a target stand beside each other.
pub(super) const ORDER: [&str; 5] = [FASTIFY, FLOOR, ONE, BATCH, PLAIN];
