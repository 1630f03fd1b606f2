//! The vendors that datafly asks for profiles and hands events to: ports, and one folder of adapter per vendor.
//!
//! Every vendor's folder has the same files: `config` (what the owner writes), `token` (which credential
//! serves which call), `client` (the calls), `wire` (the vendor's shapes, which never leave the folder),
//! `error` (the vendor's answers in the port's words) and `tests` (against the sandbox). Amperity is both a
//! provider and a destination: its look-ups are in `client`, its deliveries in `ingest`.
//!
//! What an adapter needs from outside the process comes in as its [`Surroundings`]; its credentials come from a
//! [`TokenSource`], which keeps them alive. All HTTP goes through [`http`]: it sets deadlines, refuses redirects and caps bodies. Sockets come in
//! as an argument, an [`http::Transport`]; [`http::Network`] alone knows reqwest.

pub mod algonomy;
pub mod amperity;
pub mod amperity_index;
pub mod ansira;
mod destination;
mod diagnosis;
mod erasure;
pub mod ga4;
pub mod http;
mod keys;
pub mod meta_capi;
mod profile;
pub mod rest;
mod surroundings;
pub mod tiktok;
mod token;
pub mod webhook;

pub use destination::{
    Answered, Attempt, ConfigFault, Delivery, Destination, Exchange, Fate, Receipt, Refusal, Terms,
    Trouble,
};
pub use diagnosis::{Ailment, Check, Diagnosis, Exam, Finding, Level, Outcome};
pub use erasure::{Erasure, Progress, Registration, Subject, SubjectKey, TrackingId, Wish};
pub use profile::{
    Lookups, Profile, ProfileId, ProfileProvider, ProviderConfig, ProviderError, Quota,
};
pub use surroundings::{Clock, Secrets, Surroundings, Turn, Turns};
pub use token::{Token, TokenError, TokenKind, TokenSource, TokenSources, TokenStatus};
