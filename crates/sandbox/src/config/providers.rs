//! The accounts at the vendors that only answer look-ups.

/// Id of the index at Amperity's Profile API.
pub const INDEX_ID: &str = "ix-sandbox1";
/// Tokens that may read it, as two API keys have them.
pub const INDEX_TOKENS: [&str; 2] =
    ["sandbox-index-token-a4d90e77c1", "sandbox-index-token-5b3c28f6e0"];
/// Ansira's API client.
pub const ANSIRA_CLIENT_ID: &str = "sandbox-client";
/// Its secret.
pub const ANSIRA_CLIENT_SECRET: &str = "sandbox-ansira-secret+/=91c4";
/// Its scopes at the start; the listing needs the first.
pub const ANSIRA_SCOPES: [&str; 2] = ["contacts.read", "accounts.read"];
/// Tokens of the customer service under `/rest`.
pub const REST_TOKENS: [&str; 2] =
    ["sandbox-rest-token-c70b1e4f93", "sandbox-rest-token-18da6f52b7"];
