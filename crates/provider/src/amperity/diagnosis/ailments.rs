//! The seed's troubleshooting table, and what belongs beside its rows.

use crate::diagnosis::{Ailment, Level};

use Level::{Problem, Warning};

/// All that an examination may find, in the order of the table.
pub static AILMENTS: [&Ailment; 16] = [
    &EVENTS_NOT_ROUTED,
    &VENDOR_UNREACHABLE,
    &TENANT_REFUSED,
    &INGEST_TOKEN_REFUSED,
    &INGEST_TOKEN_SCOPE,
    &STREAM_UNKNOWN,
    &STREAM_DROPS,
    &STREAM_REJECTS,
    &KEYS_SWAPPED,
    &PROFILE_TOKEN_REFUSED,
    &PROFILE_TOKEN_SCOPE,
    &PROFILE_CREDENTIALS_MISSING,
    &COLLECTION_UNKNOWN,
    &COLLECTION_WITHOUT_LINKING_KEYS,
    &LINKING_KEY_NOT_IN_COLLECTION,
    &VENDOR_IN_TROUBLE,
];

pub(super) static EVENTS_NOT_ROUTED: Ailment = Ailment {
    code: "EVENTS_NOT_ROUTED",
    level: Problem,
    cause: "Wrong `source_value`: events are answered 202 and silently routed to `_unknown`. Case counts.",
    fix: "Look at the stream's routing expression in Amperity (Sources > Streams) and write `source_value` exactly \
          as it has it.",
};

pub(super) static VENDOR_UNREACHABLE: Ailment = Ailment {
    code: "VENDOR_UNREACHABLE",
    level: Problem,
    cause: "`tenant_subdomain` is no host of Amperity's (it is the URL's host, not the header's value), or this \
            machine cannot reach it.",
    fix: "Write the subdomain of your dashboard's URL, `acme` for https://acme.amperity.com; tenants on Azure or in \
          Australia need `base_url`. If it is right, let this machine out to port 443.",
};

pub(super) static TENANT_REFUSED: Ailment = Ailment {
    code: "TENANT_REFUSED",
    level: Problem,
    cause: "`tenant_id` is not the tenant that both keys belong to (it may differ from the subdomain), or both keys \
            were revoked.",
    fix: "Copy the tenant id from Amperity; if it is right, generate both keys anew under Settings > Security > API \
          Keys.",
};

pub(super) static INGEST_TOKEN_REFUSED: Ailment = Ailment {
    code: "INGEST_TOKEN_REFUSED",
    level: Problem,
    cause: "The Streaming Ingest JWT has expired, was revoked, or belongs to another tenant.",
    fix: "Regenerate it under Settings > Security > API Keys with Streaming Ingest Write Access.",
};

pub(super) static INGEST_TOKEN_SCOPE: Ailment = Ailment {
    code: "INGEST_TOKEN_SCOPE",
    level: Problem,
    cause: "The JWT in `api_key` is of another scope.",
    fix: "Regenerate it under Settings > Security > API Keys with Streaming Ingest Write Access.",
};

pub(super) static STREAM_UNKNOWN: Ailment = Ailment {
    code: "STREAM_UNKNOWN",
    level: Problem,
    cause: "The tenant has no stream of that id, or no more.",
    fix: "Copy the id of the real-time stream, `esm-…`, from Sources > Streams.",
};

pub(super) static STREAM_DROPS: Ailment = Ailment {
    code: "STREAM_DROPS",
    level: Problem,
    cause: "The stream's mode is Drop: events are answered 204 and thrown away.",
    fix: "Set the stream's mode to Active in Amperity.",
};

pub(super) static STREAM_REJECTS: Ailment = Ailment {
    code: "STREAM_REJECTS",
    level: Problem,
    cause: "The stream's mode is Reject: events are answered 409, and wait here.",
    fix: "Set the stream's mode to Active in Amperity.",
};

pub(super) static KEYS_SWAPPED: Ailment = Ailment {
    code: "KEYS_SWAPPED",
    level: Problem,
    cause: "Each of `api_key` and `profile_api_key` is refused for its scope: most likely each holds the other.",
    fix: "Exchange the two: `api_key` needs Streaming Ingest Write Access, `profile_api_key` Profile Read Access.",
};

pub(super) static PROFILE_TOKEN_REFUSED: Ailment = Ailment {
    code: "PROFILE_TOKEN_REFUSED",
    level: Problem,
    cause: "The Profile API JWT has expired, was revoked, or belongs to another tenant.",
    fix: "Generate a new one under Settings > Security > API Keys with Profile Read Access.",
};

pub(super) static PROFILE_TOKEN_SCOPE: Ailment = Ailment {
    code: "PROFILE_TOKEN_SCOPE",
    level: Problem,
    cause: "A JWT of another scope, most often the Streaming Ingest one, is in `profile_api_key`.",
    fix: "They are distinct tokens with distinct scopes: generate a new one with Profile Read Access.",
};

pub(super) static PROFILE_CREDENTIALS_MISSING: Ailment = Ailment {
    code: "PROFILE_CREDENTIALS_MISSING",
    level: Problem,
    cause: "There are linking keys or an allowlist, and nothing to look profiles up with: no event and no page gets \
            an attribute.",
    fix: "Write `profile_api_key` (Profile Read Access) and `profile_collection_id` (`apc-…`), or remove the keys \
          that need them.",
};

pub(super) static COLLECTION_UNKNOWN: Ailment = Ailment {
    code: "COLLECTION_UNKNOWN",
    level: Problem,
    cause: "The tenant has no profile collection of that id: every look-up is answered 404.",
    fix: "Copy the collection's id, `apc-…`, from the dashboard.",
};

pub(super) static COLLECTION_WITHOUT_LINKING_KEYS: Ailment = Ailment {
    code: "COLLECTION_WITHOUT_LINKING_KEYS",
    level: Problem,
    cause: "The collection's own `linking_keys` is empty: every look-up is answered 404.",
    fix: "Ask your Amperity admin to add email_sha256, a device cookie and whatever else is looked up to the \
          collection's linking_keys.",
};

pub(super) static LINKING_KEY_NOT_IN_COLLECTION: Ailment = Ailment {
    code: "LINKING_KEY_NOT_IN_COLLECTION",
    level: Problem,
    cause: "The collection's `linking_keys` does not include this key: look-ups by it are refused.",
    fix: "Ask your Amperity admin to add it to the collection's linking_keys, or write the name that it has there.",
};

/// Not the configuration's fault, and no row of the seed's.
pub(super) static VENDOR_IN_TROUBLE: Ailment = Ailment {
    code: "VENDOR_IN_TROUBLE",
    level: Warning,
    cause: "The vendor, or what is between it and this machine, does not do its work at the moment.",
    fix: "Run this again later; if it stays so, ask the vendor's support.",
};
