//! The API secret. Google takes it in the query and nowhere else, so a URL that holds it is a secret itself: it is
//! made for the request and shown to nobody.

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::byte_serialize;

/// Configuration key of the credential that writes events; also its name in the query.
pub(super) const API_SECRET: &str = "api_secret";

/// The URL of a request.
pub(super) fn signed_in(collect_url: &Url, secret: &SecretString) -> Url {
    let mut url = collect_url.clone();
    url.query_pairs_mut().append_pair(API_SECRET, secret.expose_secret());
    url
}

/// The secret in every spelling that an answer could repeat it in.
pub(super) fn spellings(secret: &SecretString) -> Vec<SecretString> {
    let encoded: String = byte_serialize(secret.expose_secret().as_bytes()).collect();
    vec![secret.clone(), encoded.into()]
}
