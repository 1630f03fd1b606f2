//! Algonomy's shapes. Of a profile only `data` is read.

use std::collections::BTreeSet;

use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::profile::ProviderError;
use crate::token::TokenError;

/// Body of `…/create`; `validity` in minutes.
#[derive(Serialize)]
pub(super) struct Create<'a> {
    pub(super) resource: &'a BTreeSet<String>,
    pub(super) validity: u32,
}

/// Body of `…/update`: all resources that the token is to be good for, not only the new ones.
#[derive(Serialize)]
pub(super) struct Update<'a> {
    pub(super) resource: &'a BTreeSet<String>,
    pub(super) token: &'a str,
}

/// A body of these shapes, which always has a text.
pub(super) fn body(shape: &impl Serialize) -> Result<Bytes, TokenError> {
    let text = serde_json::to_vec(shape);
    let reason = || TokenError::Unavailable { reason: "the request cannot be written".to_owned() };
    text.map(Bytes::from).map_err(|_| reason())
}

/// The token of an answer, if it holds one.
pub(super) fn token(body: &[u8]) -> Option<SecretString> {
    #[derive(Deserialize)]
    struct Issued {
        token: String,
    }
    let Issued { token } = serde_json::from_slice(body).ok()?;
    (!token.is_empty()).then(|| token.into())
}

/// What is around every answer of both APIs but the tokens'.
#[derive(Deserialize)]
pub(super) struct Envelope {
    status: String,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    data: Value,
}

/// What an answer with HTTP status 200 says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// `status` is `OK`.
    Ok(Value),
    /// The vendor knows nobody of the kind.
    NotFound,
    /// Something else, in the vendor's words, which are not shown: they may repeat the identifier.
    Failure,
}

/// Reads an answer.
pub(super) fn said(body: &[u8]) -> Result<Said, ProviderError> {
    let Envelope { status, message, data } = serde_json::from_slice(body).map_err(|error| {
        let reason =
            if error.is_data() { "it is JSON, but has no `status`" } else { "it is not JSON" };
        ProviderError::BadAnswer { reason }
    })?;
    if status.eq_ignore_ascii_case("OK") {
        return Ok(Said::Ok(data));
    }
    // No document lists the words; these are plain enough.
    let says_so = |text: &str| text.to_lowercase().replace('_', " ").contains("not found");
    if says_so(&status) || message.as_str().is_some_and(says_so) {
        return Ok(Said::NotFound);
    }
    Ok(Said::Failure)
}
