//! The mapping from an event to a destination's payload.
//!
//! A blueprint is a YAML file, its language is told in `REFERENCE.md`. It goes three ways, each without I/O, clock
//! or randomness: a file is *parsed*, with every mistake in it found at once; *compiled*, on top of the blueprint it
//! extends; and *applied* to one event after another, which cannot fail: what does not fit is left out, and a
//! [`Trace`] tells why. The [`shipped`] blueprints are written in the same language.
//!
//! Whatever a blueprint says, three things hold of every body:
//!
//! - A field that names a person to the vendor is filled only from what the server knows to be true of the visitor,
//!   and from the owner's constants. A value from anywhere else lands beside it, as `unverified_<name>`. See
//!   [`Contract`].
//! - An attribute of a profile leaves only where a mapping names it.
//! - Consent is forwarded as it was given, where the destination takes it.
//!
//! ```
//! use datafly_blueprint::{Blueprint, Contract, Input, Outcome, Visitor};
//! use datafly_core::visitor::Verification;
//! use serde_json::{Map, json};
//!
//! let blueprint = Blueprint::parse(
//!     "version: 2\n\
//!      global: { mappings: [{ source: [visitor.email, traits.email], target: email }] }\n\
//!      events: { Signed Up: { vendor_event_name: signup } }",
//!     "signups.yaml",
//! )
//! .unwrap();
//! let event = json!({"type": "track", "event": "Signed Up", "traits": {"email": "a@x.com"}});
//! let input = Input { event: &event, visitor: &Visitor::default(), partner_attrs: &Map::new() };
//! let contract = Contract::new(Verification::Required).identity(["email"]);
//! let Outcome::Mapped { event_name, body } = blueprint.apply(&input, &contract) else { unreachable!() };
//! assert_eq!(event_name, "signup");
//! assert_eq!(json!(body), json!({"unverified_email": "a@x.com"}));
//! ```

mod apply;
mod blueprint;
mod body;
mod case;
mod compile;
mod consent;
mod contract;
mod coverage;
pub mod destination;
mod explain;
mod language;
mod layout;
mod mapping;
mod mistake;
mod parse;
mod pass_through;
pub mod reference;
pub mod shipped;
mod source;
mod table;
mod target;
mod trace;
mod transform;
mod yaml;

pub use apply::{Dropped, Outcome};
pub use blueprint::{Blueprint, UnknownParameter};
pub use body::Body;
pub use case::{Case, Failure};
pub use contract::Contract;
pub use coverage::Coverage;
pub use explain::{Explanation, Writer};
pub use mistake::{Mistake, Mistakes, Place};
pub use source::{Input, Visitor};
pub use trace::{Fate, Skip, Step, Trace};
