//! An emulator of the vendors' APIs, for tests and for the demo.
//!
//! Two listeners:
//!
//! - the **vendors**: Amperity's real-time and control APIs under `/amperity` and its Profile API under `/amperity_index`,
//!   Algonomy's Real-time CDP under `/algonomy`, Ansira's under `/ansira`, a small customer service under `/rest`, and what takes events under `/ga4`, `/meta_capi`,
//!   `/tiktok` and `/webhook` ([`Sandbox::router`]), with control routes under `/_control` that inject faults, link
//!   customers and show what was received, and a page at `/` that shows and sets the same;
//! - the **shop**: the backend of a demo site ([`Sandbox::shop_router`]), which serves the site's
//!   files, logs visitors in with a signed identity token and renders the page's configuration.
//!
//! The wire is written from the vendor's documentation and shares no type with the crates that call
//! it: an emulator that reuses the client's types can only agree with it. Where the documentation is
//! silent the emulator picks the stricter reading, and the module that does so says it.
//!
//! Everything is deterministic in the seed of [`SandboxConfig`] and the [`Clock`] it is given. State
//! is in memory; a [`Sandbox`] is a cheap handle to it, and [`Sandbox::reset`] restores the start.

mod algonomy;
mod amperity;
mod amperity_index;
mod ansira;
mod clock;
mod config;
mod control;
mod customers;
mod deliveries;
mod events;
mod fault_body;
mod faults;
mod ga4;
mod identifiers;
mod intercept;
mod journal;
mod meta_capi;
mod page;
mod profiles;
mod refusal;
mod rest;
mod rng;
mod runner;
mod sandbox;
mod shop;
mod tiktok;
mod webhook;

pub use crate::algonomy::GdprRecord;
pub use crate::amperity::control::LastPage;
pub use crate::amperity::keys::{KeyRecord, TokenRefusals};
pub use crate::amperity_index::IndexDefinition;
pub use crate::ansira::{AnsiraClient, AnsiraCounts};
pub use crate::clock::{Clock, system_clock};
pub use crate::config::{
    ALGONOMY_OAUTH_KEY_SECRET, ALGONOMY_TENANT_HASH, ALL_LINKING_KEYS, ANSIRA_CLIENT_ID,
    ANSIRA_CLIENT_SECRET, ANSIRA_SCOPES, AlgonomyConfig, COLLECTION_ID, CONTROL_TOKEN,
    DestinationsConfig, GA4_API_SECRET, GA4_MEASUREMENT_ID, IDENTITY_KID, IDENTITY_SECRET,
    INDEX_ID, INDEX_TOKENS, INGEST_TOKEN, ISSUER_TOKEN, META_ACCESS_TOKEN, META_PIXEL_ID,
    PIPELINE_KEY, PROFILE_TOKEN, REST_TOKENS, SOURCE, STREAM_ID, SandboxConfig, Scope, ShopConfig,
    StreamMode, TENANT_ID, TIKTOK_ACCESS_TOKEN, TIKTOK_PIXEL_CODE, Timing, Token, WEBHOOK_SECRET,
    client_secret, key_id,
};
pub use crate::customers::NamedCustomer;
pub use crate::deliveries::DeliveryRecord;
pub use crate::events::{EventRecord, Routing};
pub use crate::faults::{Fault, FaultRecord, InvalidFault};
pub use crate::journal::{RequestRecord, Route, TokenSeen};
pub use crate::runner::{Addresses, Bound, bind};
pub use crate::sandbox::{ControlError, Sandbox};

#[cfg(test)]
mod testing;
