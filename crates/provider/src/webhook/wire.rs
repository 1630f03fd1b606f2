//! The headers of a request (Standard Webhooks).

use std::fmt::Write;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::token::SigningKey;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What names, dates and signs a request; `None` if a key cannot sign.
pub(super) fn headers(
    message_id: &str,
    now: Timestamp,
    body: &[u8],
    keys: &[SigningKey],
) -> Option<HeaderMap> {
    let id = id(message_id);
    let timestamp = now.as_second().to_string();
    let signatures: Option<Vec<_>> =
        keys.iter().map(|key| key.sign(&id, &timestamp, body)).collect();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    Some(HeaderMap::from_iter([
        (ID, text(&id)?),
        (TIMESTAMP, text(&timestamp)?),
        (SIGNATURE, text(&signatures?.join(" "))?),
    ]))
}

/// The message id as a header can carry it and a signature can delimit it. A client's own id is usually a
/// UUID and stays as it is; what a header does not carry, and the dot that separates what is signed, is
/// percent-encoded.
fn id(message_id: &str) -> String {
    let mut id = String::with_capacity(message_id.len());
    for byte in message_id.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'.' | b'%') {
            id.push(char::from(byte));
        } else {
            // A text takes every write.
            let _ = write!(id, "%{byte:02X}");
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_id_has_a_header_of_its_own() {
        assert_eq!(id("ajs-next-1700-a1_b2"), "ajs-next-1700-a1_b2");
        assert_eq!(id("a.b%\r\nä "), "a%2Eb%25%0D%0A%C3%A4%20");
        assert_ne!(id("a.b"), id("a%2Eb"));
    }
}
