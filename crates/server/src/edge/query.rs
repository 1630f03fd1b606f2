//! Query parameters. One given twice is refused: two readers of one request must not see two things.

use axum::http::Uri;
use url::form_urlencoded;

use super::error::EdgeError;

/// The parameter's value, if it is there.
pub(super) fn parameter(uri: &Uri, name: &'static str) -> Result<Option<String>, EdgeError> {
    let query = uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(other, _)| other == name)
        .map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(EdgeError::DoubledParameter(name)),
    }
}
