//! The customers: a few with names and fixed ids, and as many generated ones as asked for.
//!
//! A generated customer is a function of the seed and its number, so nothing but an index from
//! identifier to number is kept; its attributes are made when somebody reads them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::identifiers::{
    CUSTOMER_ID, DEVICE_COOKIE, EMAIL, EMAIL_SHA256, Identifier, PHONE, PHONE_SHA256,
    normalised_sha256,
};

mod generate;
mod named;
mod vocabulary;

pub use named::NamedCustomer;
pub(crate) use vocabulary::leading_brand;

/// Who a customer is: the part that identifies, without the attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) profile_id: String,
    pub(crate) customer_id: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) device_cookie: Option<String>,
}

impl Identity {
    /// Every linking key and value that leads to this customer.
    pub(crate) fn identifiers(&self) -> Vec<Identifier> {
        let mut all = vec![Identifier::new(CUSTOMER_ID, &self.customer_id)];
        for (plain, hashed, value) in
            [(EMAIL, EMAIL_SHA256, &self.email), (PHONE, PHONE_SHA256, &self.phone)]
        {
            if let Some(value) = value {
                all.push(Identifier::new(plain, value));
                all.push(Identifier::new(hashed, normalised_sha256(value)));
            }
        }
        all.extend(self.device_cookie.iter().map(|id| Identifier::new(DEVICE_COOKIE, id)));
        all
    }
}

/// Where a customer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Named(NamedCustomer),
    Generated(u32),
}

/// All customers, indexed by profile id and by identifier. Never changes.
#[derive(Debug)]
pub(crate) struct Customers {
    seed: u64,
    generated: u32,
    by_profile: HashMap<Arc<str>, Origin>,
    by_key: HashMap<String, HashMap<String, Arc<str>>>,
}

impl Customers {
    /// The named customers and `count` generated ones.
    pub(crate) fn new(seed: u64, count: u32) -> Self {
        let mut customers =
            Self { seed, generated: count, by_profile: HashMap::new(), by_key: HashMap::new() };
        for named in NamedCustomer::ALL {
            customers.add(Origin::Named(named));
        }
        for number in 0..count {
            customers.add(Origin::Generated(number));
        }
        customers
    }

    fn add(&mut self, origin: Origin) {
        let identity = self.make_identity(origin);
        let profile_id: Arc<str> = identity.profile_id.as_str().into();
        for Identifier { key, value } in identity.identifiers() {
            let index = self.by_key.entry(key).or_default();
            index.insert(value, Arc::clone(&profile_id));
        }
        self.by_profile.insert(profile_id, origin);
    }

    fn make_identity(&self, origin: Origin) -> Identity {
        match origin {
            Origin::Named(named) => named.identity(),
            Origin::Generated(number) => generate::identity(self.seed, number),
        }
    }

    /// The profile that an identifier leads to.
    pub(crate) fn profile_of(&self, key: &str, value: &str) -> Option<&str> {
        self.by_key.get(key)?.get(value).map(AsRef::as_ref)
    }

    /// The identity behind a profile id.
    pub(crate) fn identity(&self, profile_id: &str) -> Option<Identity> {
        self.by_profile.get(profile_id).map(|origin| self.make_identity(*origin))
    }

    /// The attributes behind a profile id.
    pub(crate) fn attributes(&self, profile_id: &str) -> Option<Map<String, Value>> {
        self.by_profile.get(profile_id).map(|origin| match *origin {
            Origin::Named(named) => named.attributes(),
            Origin::Generated(number) => generate::attributes(self.seed, number),
        })
    }

    /// The profile ids of all of them, in no order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_profile.keys().map(AsRef::as_ref)
    }

    /// Profile ids of whom has an identifier that contains the text, which is in lower case; named ones first.
    pub(crate) fn search(&self, text: &str) -> impl Iterator<Item = String> {
        let named = NamedCustomer::ALL.into_iter().map(Origin::Named);
        let all = named.chain((0..self.generated).map(Origin::Generated));
        let has = move |value: &str| value.to_lowercase().contains(text);
        all.map(|origin| self.make_identity(origin)).filter_map(move |identity| {
            let by_id = has(&identity.profile_id);
            let by_other = || identity.identifiers().iter().any(|id| has(&id.value));
            (by_id || by_other()).then_some(identity.profile_id)
        })
    }

    /// True if the profile is one of the customers.
    pub(crate) fn contains(&self, profile_id: &str) -> bool {
        self.by_profile.contains_key(profile_id)
    }

    /// How many there are, named ones included.
    pub(crate) fn len(&self) -> usize {
        self.by_profile.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_customers() {
        let (a, b, c) = (Customers::new(9, 50), Customers::new(9, 50), Customers::new(10, 50));
        let facts_of = |customers: &Customers, n| {
            let id = generate::identity(customers.seed, n).profile_id;
            (customers.identity(&id), customers.attributes(&id))
        };
        for n in 0..50 {
            assert_eq!(facts_of(&a, n), facts_of(&b, n));
            assert_ne!(facts_of(&a, n).0, facts_of(&c, n).0);
        }
    }

    #[test]
    fn ten_thousand_customers_share_no_identifier() {
        let customers = Customers::new(42, 10_000);
        assert_eq!(customers.len(), 10_000 + NamedCustomer::ALL.len());
        for number in 0..10_000 {
            let identity = generate::identity(42, number);
            for id in identity.identifiers() {
                assert_eq!(
                    customers.profile_of(&id.key, &id.value),
                    Some(identity.profile_id.as_str()),
                    "{id:?}"
                );
            }
        }
    }

    #[test]
    fn every_named_customer_is_reached_by_each_identifier() {
        let customers = Customers::new(1, 0);
        for named in NamedCustomer::ALL {
            let identity = named.identity();
            for id in identity.identifiers() {
                assert_eq!(
                    customers.profile_of(&id.key, &id.value),
                    Some(identity.profile_id.as_str())
                );
            }
        }
    }
}
