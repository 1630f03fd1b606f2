//! What a destination demands of every body, whatever its blueprint says: the rule of identity (design §6).
//!
//! A destination names its identity fields by target path. Unless verification is `off`, such a field, and all that
//! lies in it, is filled only from what the server knows to be true of the visitor and from the owner's constants.
//! A value from anywhere else that would land there lands beside it, as `unverified_<name>`. Otherwise the vendor
//! would link a stranger's profile to this visitor. Owned fields (Amperity's `source` and `type`) are filled by the
//! configuration and the blueprint alone, under every verification.
//!
//! Names are compared without case, a list is transparent (`user.email` is also the `email` of every entry of a
//! list `user`), and so is a dot or an index inside of a name: vendors may read fields like that.

use std::borrow::Cow;

use datafly_core::visitor::Verification;

/// Where a value comes from, as far as the rule is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The server's own knowledge of the visitor.
    Verified,
    /// A constant or a parameter.
    Owner,
    /// The event's own name, where the blueprint gives it no other.
    EventName,
    /// Anything that a page or a vendor said.
    Claimed,
}

/// What a destination demands of every body.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    fields: Field,
    verification: Verification,
    forwards_consent: bool,
}

/// A name in the tree of guarded paths.
#[derive(Debug, Clone, Default)]
struct Field {
    identity: bool,
    owned: bool,
    /// A destination names a handful: fewer than it would pay to look up otherwise than one after another.
    below: Vec<(String, Field)>,
}

impl Contract {
    /// Without guarded fields.
    pub fn new(verification: Verification) -> Self {
        Self { verification, ..Self::default() }
    }

    /// These target paths, for example `user_data.em`, name a person to the vendor.
    #[must_use]
    pub fn identity<'p>(mut self, paths: impl IntoIterator<Item = &'p str>) -> Self {
        for path in paths {
            self.field(path).identity = true;
        }
        self
    }

    /// These target paths are the owner's.
    #[must_use]
    pub fn owned<'p>(mut self, paths: impl IntoIterator<Item = &'p str>) -> Self {
        for path in paths {
            self.field(path).owned = true;
        }
        self
    }

    /// Every body has the visitor's consent as `consent`, and nothing else there.
    #[must_use]
    pub fn forwarding_consent(mut self) -> Self {
        self.forwards_consent = true;
        self
    }

    /// Whether every body has the visitor's consent.
    pub(crate) fn forwards_consent(&self) -> bool {
        self.forwards_consent
    }

    /// The guard at the body's root.
    pub(crate) fn guard(&self) -> Guard<'_> {
        Guard { field: Some(&self.fields), verification: self.verification }
    }

    fn field(&mut self, path: &str) -> &mut Field {
        names(path).fold(&mut self.fields, |field, name| field.entry(&name))
    }
}

impl Field {
    fn get(&self, name: &str) -> Option<&Self> {
        self.below.iter().find_map(|(known, field)| (known == name).then_some(field))
    }

    fn entry(&mut self, name: &str) -> &mut Self {
        let known = self.below.iter().position(|(known, _)| known == name);
        let index = known.unwrap_or_else(|| {
            self.below.push((name.to_owned(), Self::default()));
            self.below.len() - 1
        });
        &mut self.below[index].1
    }
}

/// What is guarded from some place of a body on.
#[derive(Clone, Copy)]
pub(crate) struct Guard<'c> {
    field: Option<&'c Field>,
    verification: Verification,
}

/// Where a value may land that would land under some name.
pub(crate) struct Landing<'c> {
    /// The name it gets instead; `None` where it lands under its own.
    pub(crate) beside: Option<String>,
    /// What is guarded below.
    pub(crate) below: Guard<'c>,
}

impl<'c> Guard<'c> {
    /// Whether nothing is guarded here or below.
    pub(crate) fn is_open(self) -> bool {
        self.field.is_none_or(|field| field.below.is_empty())
    }

    /// Where a value of that origin lands under that name.
    pub(crate) fn land(self, name: &str, origin: Origin) -> Landing<'c> {
        let free = Landing { beside: None, below: Guard { field: None, ..self } };
        if self.is_open() {
            return free;
        }
        match self.find(name, origin) {
            Found::Free => free,
            Found::Guarded(field) => {
                Landing { beside: None, below: Guard { field: Some(field), ..self } }
            }
            Found::Refused => {
                let mut beside = format!("unverified_{name}");
                // A destination may have an identity field of that very name.
                while !matches!(self.find(&beside, origin), Found::Free) {
                    beside.insert_str(0, "unverified_");
                }
                Landing { beside: Some(beside), ..free }
            }
        }
    }

    /// What is guarded below a path.
    pub(crate) fn below<S: AsRef<str>>(self, path: &[S], origin: Origin) -> Guard<'c> {
        path.iter().fold(self, |guard, name| guard.land(name.as_ref(), origin).below)
    }

    fn find(self, name: &str, origin: Origin) -> Found<'c> {
        let Some(mut field) = self.field else { return Found::Free };
        // Nearly all names are plain, and most are not guarded.
        if is_plain(name) {
            return self.step(field, name, origin);
        }
        for name in names(name) {
            match self.step(field, &name, origin) {
                Found::Guarded(below) => field = below,
                found => return found,
            }
        }
        Found::Guarded(field)
    }

    fn step(self, field: &'c Field, name: &str, origin: Origin) -> Found<'c> {
        match field.get(name) {
            None => Found::Free,
            Some(below) if self.refuses(below, origin) => Found::Refused,
            Some(below) => Found::Guarded(below),
        }
    }

    fn refuses(self, field: &Field, origin: Origin) -> bool {
        let identity = field.identity && self.verification != Verification::Off;
        match origin {
            Origin::Owner => false,
            Origin::Verified => field.owned,
            Origin::EventName => identity,
            Origin::Claimed => identity || field.owned,
        }
    }
}

enum Found<'c> {
    Free,
    Guarded(&'c Field),
    Refused,
}

/// The names of a path, or of one name that a vendor could read as a path, as they are compared.
fn names(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    path.split('.').map(|name| {
        let name = name.split('[').next().unwrap_or(name).trim();
        if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
    })
}

/// Whether a name is compared as it is written.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(verification: Verification) -> Contract {
        Contract::new(verification)
            .identity(["email", "user.ids", "unverified_phone", "phone"])
            .owned(["type"])
    }

    fn landed(name: &str, origin: Origin, verification: Verification) -> String {
        contract(verification).guard().land(name, origin).beside.unwrap_or(name.to_owned())
    }

    #[test]
    fn claims_land_beside_identity_fields() {
        use Origin::{Claimed, EventName, Owner, Verified};
        use Verification::{Off, Optional, Required};
        for (name, origin, verification, lands) in [
            ("email", Verified, Required, "email"),
            ("email", Owner, Required, "email"),
            ("email", EventName, Required, "unverified_email"),
            ("email", Claimed, Required, "unverified_email"),
            ("email", Claimed, Optional, "unverified_email"),
            ("email", Claimed, Off, "email"),
            ("EMail ", Claimed, Required, "unverified_EMail "),
            ("email.x", Claimed, Required, "unverified_email.x"),
            ("email[0]", Claimed, Required, "unverified_email[0]"),
            ("user.ids", Claimed, Required, "unverified_user.ids"),
            ("user", Claimed, Required, "user"),
            ("phone", Claimed, Required, "unverified_unverified_phone"),
            ("type", Claimed, Off, "unverified_type"),
            ("type", Verified, Off, "unverified_type"),
            ("type", EventName, Required, "type"),
            ("other", Claimed, Required, "other"),
        ] {
            assert_eq!(
                landed(name, origin, verification),
                lands,
                "{name} {origin:?} {verification:?}"
            );
        }
    }

    #[test]
    fn what_is_guarded_below_is_known() {
        let contract = contract(Verification::Required);
        let below = contract.guard().below(&["user"], Origin::Claimed);
        let beside = below.land("ids", Origin::Claimed).beside;
        assert_eq!(beside.as_deref(), Some("unverified_ids"));
        assert!(contract.guard().below(&["email"], Origin::Claimed).is_open());
    }
}
