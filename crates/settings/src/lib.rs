//! A configuration file, read key by key, so that every mistake in it is found at once.
//!
//! A derived `Deserialize` stops at the first mistake. Here a [`Section`] is asked for one key after the other;
//! what does not fit is noted with its line and reads as absent, and reading goes on. So a part that builds its
//! value from a section answers `Option`, and `None` means that something was noted.
//!
//! ```
//! # use datafly_settings::Reader;
//! # fn no_secrets(_: &datafly_core::secret::SecretRef)
//! #     -> Result<secrecy::SecretString, datafly_core::secret::SecretError> { unreachable!() }
//! let reader = Reader::new("hours = 0\nowner = 7\nhost = 'a'", &no_secrets);
//! let read = reader.root().and_then(|mut section| {
//!     let hours = section.number("hours", 24, 1..=720, "hours");
//!     let owner = section.required::<String>("owner", "owner = \"you\"");
//!     section.end();
//!     Some((hours?, owner?))
//! });
//! assert_eq!(reader.finish(read).unwrap_err().iter().count(), 3);
//! ```

mod mistake;
mod reader;
mod section;
#[cfg(test)]
mod tests;

pub use mistake::{Mistake, Mistakes};
pub use reader::{Reader, SecretSource};
pub use section::Section;
