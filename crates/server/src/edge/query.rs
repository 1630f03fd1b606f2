//! Query parameters. One given twice is refused: two readers of one request must not see two things.

use std::borrow::Cow;

use axum::http::Uri;
use url::form_urlencoded;

use super::error::EdgeError;

/// The query of a request, taken apart.
#[derive(Debug)]
pub(super) struct Query<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> Query<'r> {
    /// Of a request's address.
    pub(super) fn of(uri: &'r Uri) -> Self {
        Self::read(uri.query().unwrap_or_default())
    }

    fn read(query: &'r str) -> Self {
        Self(query.split('&').map(decoded).collect())
    }

    /// All names and values, in their order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The parameter's value, if it is there.
    pub(super) fn parameter(&self, name: &'static str) -> Result<Option<&str>, EdgeError> {
        let mut values = self.0.iter().filter(|(other, _)| other == name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|(_, value)| &**value)),
            (_, Some(_)) => Err(EdgeError::DoubledParameter(name)),
        }
    }
}

/// One pair as name and value. Most hold nothing to decode, and then nothing is copied.
fn decoded(pair: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    if pair.bytes().any(|byte| matches!(byte, b'%' | b'+'))
        && let Some(pair) = form_urlencoded::parse(pair.as_bytes()).next()
    {
        return pair;
    }
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.into(), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(query: &str) -> Result<Option<String>, ()> {
        let query = Query::read(query);
        query.parameter("key").map(|key| key.map(str::to_owned)).map_err(|_| ())
    }

    #[test]
    fn a_parameter_is_decoded_however_it_was_written() {
        for (query, value) in [
            ("a=1&key=x", Some("x")),
            ("k%65y=a%20b", Some("a b")),
            ("key=a+b", Some("a b")),
            ("key", Some("")),
            ("key=a=b", Some("a=b")),
            ("", None),
            ("keys=1", None),
        ] {
            assert_eq!(key(query).unwrap().as_deref(), value, "{query}");
        }
    }

    #[test]
    fn one_that_is_there_twice_is_refused_in_any_spelling() {
        assert!(key("key=a&key=a").is_err());
        assert!(key("key=a&k%65y=b").is_err());
    }
}
