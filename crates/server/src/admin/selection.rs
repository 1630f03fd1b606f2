//! Which dead letters a request is about: one by its path, or many by the query.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use datafly_core::id::PipelineKey;
use datafly_store::StoreError;
use datafly_store::queue::{DeadLetterFilter, DestinationName, Listed};
use jiff::Timestamp;
use serde::Deserialize;

use super::Refusal;
use crate::app::App;
use crate::outbox::LetterName;

/// Letters on a page, unless the request says otherwise, and at most: a page is read with its events.
const PAGE: usize = 100;
const LONGEST_PAGE: usize = 500;

/// The one of `{pipeline}/{destination}/{position}`.
pub(super) struct Named(pub(super) LetterName);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<[String; 3]>::from_request_parts(parts, state).await;
        let path = path.map_err(|rejection| invalid(rejection.body_text()))?;
        path.join("/").parse().map(Named).map_err(|error| invalid(format!("{error}")))
    }
}

/// Those for which everything that is given holds, a page at a time. A name that is not known is refused: a
/// misspelt filter would otherwise be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    pipeline: Option<PipelineKey>,
    destination: Option<DestinationName>,
    reason: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    #[serde(default)]
    all: bool,
    after: Option<LetterName>,
    limit: Option<usize>,
}

impl<S: Send + Sync> FromRequestParts<S> for Selection {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let Query(selection) = Query::<Self>::try_from_uri(&parts.uri)
            .map_err(|rejection| invalid(rejection.body_text()))?;
        if selection.limit.is_some_and(|limit| !(1..=LONGEST_PAGE).contains(&limit)) {
            return Err(invalid(format!("`limit`: write 1 to {LONGEST_PAGE}")));
        }
        Ok(selection)
    }
}

impl Selection {
    /// The letters of the page.
    pub(super) async fn page(self, app: &App) -> Result<Listed, StoreError> {
        let limit = self.limit.unwrap_or(PAGE);
        app.outbox.dead_letters(&self.filter(), self.after, limit).await
    }

    /// The same, to do something about them: then nothing said does not mean all.
    pub(super) async fn chosen(self, app: &App) -> Result<Listed, Refusal> {
        if self.all == (self.filter() != DeadLetterFilter::default()) {
            let message = "say which: by `pipeline`, `destination`, `reason`, `since` or `until`, or by \
                           `all=true` alone";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "NOTHING_SELECTED", message));
        }
        Ok(self.page(app).await?)
    }

    fn filter(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            pipeline: self.pipeline.clone(),
            destination: self.destination.clone(),
            reason: self.reason.as_deref().map(Into::into),
            since: self.since,
            until: self.until,
        }
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "INVALID_SELECTION", message)
}
