//! What the contestants are called, in the report and between its parts.

pub(super) const ONE: &str = "datafly enrich, one visitor";
pub(super) const ALL: &str = "datafly enrich, 10,000 visitors in turn";
pub(super) const LOADER: &str = "datafly loader with an inline profile";
pub(super) const STATIC: &str = "axum static";
pub(super) const FLOOR: &str = "axum enrich floor";
pub(super) const STATIC_HEADERS: &str = "axum static, with our headers";
pub(super) const FLOOR_HEADERS: &str = "axum enrich floor, with our headers";
pub(super) const NGINX: &str = "nginx static";
pub(super) const FASTIFY: &str = "fastify + LRU";
pub(super) const EDGE: &str = "unleash-edge offline";

/// The order of a round: those whose ratios have a target stand beside each other.
pub(super) const ORDER: [&str; 10] =
    [FASTIFY, STATIC, ONE, FLOOR, ALL, LOADER, STATIC_HEADERS, FLOOR_HEADERS, NGINX, EDGE];
