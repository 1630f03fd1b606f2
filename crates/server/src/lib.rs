//! The datafly server: a first-party host that personalises pages from a vendor's profiles.
//!
//! From the outside in: [`edge`] (HTTP and who may call), [`visitors`] and [`identity`] (who somebody
//! is, and what is proven of it), [`enrichment`] (what a page may see of them). [`wiring`] builds these
//! from [`config`] and is the only part that names vendors and engines; [`serve`] runs them. Time and
//! randomness come from [`runtime`].

pub mod admin;
pub mod advice;
pub mod app;
pub mod backup;
pub mod boot_script;
pub mod bundle;
pub mod certificate;
pub mod client_ids;
pub mod config;
pub mod credential;
pub mod data_dir;
pub mod decisions;
pub mod doctor;
pub mod edge;
pub mod enrichment;
pub mod erasure;
pub mod identity;
pub mod limits;
pub mod metrics;
pub mod outbox;
pub mod owner;
pub mod probe;
pub mod protection;
pub mod reload;
pub mod runtime;
pub mod serve;
pub mod signature;
pub mod tokens;
pub mod visitors;
pub mod wiring;
