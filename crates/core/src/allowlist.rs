//! The allowlist: the only attribute names a browser may see.
//!
//! Names are matched exactly and case-sensitively, at the top level of the vendor's map; an allowed
//! attribute passes with its whole value. An empty list passes nothing. A value over its cap is
//! withheld whole: half a value would be a wrong one.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde::de::{self, Deserializer, SeqAccess, Visitor as DeVisitor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attributes::Attributes;

/// Largest value that passes when the owner names no cap, in bytes of JSON.
pub const DEFAULT_CAP_BYTES: usize = 8 * 1024;

/// Largest sum of values that passes, in bytes of JSON: the page waits for these bytes.
pub const MAX_TOTAL_BYTES: usize = 64 * 1024;

/// Names that mean something else than a property to JavaScript.
const RESERVED: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// Why a list is not an allowlist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AllowlistError {
    /// A name that JavaScript treats specially.
    #[error("`{0}` cannot be an attribute name in a browser: rename the attribute at the vendor")]
    Reserved(String),
    /// A cap for a name that is not on the list.
    #[error("a cap is set for `{0}`, which is not on the allowlist: add the name or drop the cap")]
    CapWithoutName(String),
}

/// The allowed names and the largest size of each value, in bytes of JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Allowlist(BTreeMap<String, usize>);

impl Allowlist {
    /// Reads the seed's comma-separated list; blanks around names and empty entries do not count.
    pub fn from_csv(csv: &str) -> Result<Self, AllowlistError> {
        Self::from_names(csv.split(','))
    }

    fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, AllowlistError> {
        let mut caps = BTreeMap::new();
        for name in names.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
            if RESERVED.contains(&name) {
                return Err(AllowlistError::Reserved(name.to_owned()));
            }
            caps.insert(name.to_owned(), DEFAULT_CAP_BYTES);
        }
        Ok(Self(caps))
    }

    /// Sets caps of single attributes, in bytes of JSON.
    pub fn with_caps(
        mut self,
        caps: impl IntoIterator<Item = (String, usize)>,
    ) -> Result<Self, AllowlistError> {
        for (name, cap) in caps {
            match self.0.get_mut(&name) {
                Some(entry) => *entry = cap,
                None => return Err(AllowlistError::CapWithoutName(name)),
            }
        }
        Ok(self)
    }

    /// The allowed names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether nothing may pass.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The part of a vendor's map that a browser may see.
    pub fn filter(&self, attributes: &Attributes) -> Attributes {
        let mut left = MAX_TOTAL_BYTES;
        let mut allowed = Attributes::new();
        for (name, cap) in &self.0 {
            let Some(value) = attributes.get(name) else {
                continue;
            };
            if let Some(size) = size_within(value, (*cap).min(left)) {
                left -= size;
                allowed.insert(name.clone(), value.clone());
            }
        }
        allowed
    }
}

/// The value's size in bytes of JSON, or `None` when it is over the cap. Counts without allocating.
fn size_within(value: &impl Serialize, cap: usize) -> Option<usize> {
    struct Counter {
        left: usize,
    }

    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter { left: cap };
    serde_json::to_writer(&mut counter, value).ok()?;
    Some(cap - counter.left)
}

impl<'de> Deserialize<'de> for Allowlist {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CsvOrList;

        impl<'de> DeVisitor<'de> for CsvOrList {
            type Value = Allowlist;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attribute names separated by commas, or a list of names")
            }

            fn visit_str<E: de::Error>(self, csv: &str) -> Result<Allowlist, E> {
                Allowlist::from_csv(csv).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Allowlist, A::Error> {
                let mut names = Vec::<String>::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Allowlist::from_names(names.iter().map(String::as_str)).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(CsvOrList)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::arbitrary::{any_attributes, any_name};

    fn map(value: Value) -> Attributes {
        let Value::Object(map) = value else { panic!("not an object") };
        map
    }

    #[test]
    fn names_are_exact_and_case_sensitive() {
        let list = Allowlist::from_csv(" Persona, FavoriteBrand ,,").unwrap();
        let seen = list.filter(&map(json!({
            "Persona": "Value Hunter", "persona": "x", "PERSONA": "y", "Persona ": "z",
            "Email": "jane@example.com", "nested": {"FavoriteBrand": "no"}
        })));
        assert_eq!(seen, map(json!({"Persona": "Value Hunter"})));
    }

    #[test]
    fn an_empty_list_passes_nothing() {
        assert!(
            Allowlist::from_csv(" , ").unwrap().filter(&map(json!({"": 1, " ": 2}))).is_empty()
        );
    }

    #[test]
    fn a_value_over_its_cap_is_withheld_whole() {
        let list = Allowlist::from_csv("a,b").unwrap().with_caps([("a".to_owned(), 5)]).unwrap();
        let seen = list.filter(&map(json!({"a": "1234", "b": "x".repeat(DEFAULT_CAP_BYTES)})));
        assert_eq!(seen, map(json!({})));
        assert_eq!(list.filter(&map(json!({"a": "123"}))), map(json!({"a": "123"})));
    }

    #[test]
    fn the_sum_of_values_is_capped() {
        let names: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
        let list = Allowlist::from_csv(&names.join(",")).unwrap();
        let value = Value::from("x".repeat(DEFAULT_CAP_BYTES - 2));
        let all = names.iter().map(|name| (name.clone(), value.clone())).collect();
        assert_eq!(list.filter(&all).len(), MAX_TOTAL_BYTES / DEFAULT_CAP_BYTES);
    }

    #[test]
    fn names_that_javascript_reserves_are_refused() {
        assert_eq!(
            Allowlist::from_csv("Persona,__proto__"),
            Err(AllowlistError::Reserved("__proto__".to_owned()))
        );
    }

    #[test]
    fn a_cap_needs_its_name() {
        let list = Allowlist::from_csv("a").unwrap();
        assert!(list.with_caps([("A".to_owned(), 1)]).is_err());
    }

    #[test]
    fn csv_and_list_read_the_same() {
        let csv: Allowlist = serde_json::from_value(json!("a, b")).unwrap();
        let list: Allowlist = serde_json::from_value(json!(["a", "b"])).unwrap();
        assert_eq!(csv, list);
        assert!(serde_json::from_value::<Allowlist>(json!(["constructor"])).is_err());
    }

    proptest! {
        #[test]
        fn nothing_but_allowed_names_ever_passes(
            attributes in any_attributes(),
            names in prop::collection::vec(any_name(), 0..6),
        ) {
            let Ok(list) = Allowlist::from_csv(&names.join(",")) else { return Ok(()) };
            for (name, value) in list.filter(&attributes) {
                prop_assert!(list.0.contains_key(&name));
                prop_assert_eq!(Some(&value), attributes.get(&name));
            }
        }
    }
}
