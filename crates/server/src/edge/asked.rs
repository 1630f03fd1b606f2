//! A request for a visitor's data, taken apart once.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use datafly_core::id::CanonicalId;

use super::error::EdgeError;
use super::key;
use super::query::Query;
use crate::app::{App, Configured, Pipeline};
use crate::limits::{Exceeded, Worker};

/// What every handler has before it. It borrows from the request: on the way of a page's enrich nothing
/// is copied that is only looked at.
pub(super) struct Asked<'r> {
    pub(super) app: &'r App,
    /// One request sees one configuration from its start to its end.
    pub(super) configured: &'r Configured,
    /// The pipeline whose key the request carries.
    pub(super) pipeline: &'r Pipeline,
    pub(super) headers: &'r HeaderMap,
    pub(super) query: Query<'r>,
    /// The client's address; absent where there is no network, as in tests.
    pub(super) address: Option<IpAddr>,
}

impl<'r> Asked<'r> {
    /// Of a request with a pipeline's key in its head, or else this one.
    pub(super) fn of(
        app: &'r App,
        configured: &'r Configured,
        head: &'r Parts,
        address: Option<IpAddr>,
        key_elsewhere: Option<&str>,
    ) -> Result<Self, EdgeError> {
        let query = Query::of(&head.uri);
        let key = match key_elsewhere {
            Some(key) => Cow::from(key),
            None => key::of(&query, &head.headers)?.ok_or(EdgeError::NoKey)?,
        };
        let pipeline = configured.pipelines.get(&key).ok_or(EdgeError::InvalidKey)?;
        drop(key);
        Ok(Self { app, configured, pipeline, headers: &head.headers, query, address })
    }

    /// Counts a piece of work: something that could reach a vendor, or changes state.
    pub(super) fn work(
        &self,
        visitor: Option<CanonicalId>,
        address: Option<IpAddr>,
    ) -> Result<(), Exceeded> {
        let worker = Worker { pipeline: &self.pipeline.key, visitor, address };
        let work = self.configured.limits.work(&worker);
        work.inspect_err(|exceeded| self.app.metrics.limited(exceeded.limit))
    }
}
