//! Context mappings: which values a vendor is told, under which names.
//!
//! Configured as the seed writes them, `[{"source": "properties.category", "target":
//! "pageCategory"}]`, either as that JSON text or as native TOML tables.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor as DeVisitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::{ContextValue, ContextValues};
use crate::attributes::Attributes;
use crate::path::Path;

/// Longest text value that is passed on, in bytes, unless the mapping says otherwise.
pub const DEFAULT_MAX_BYTES: usize = 128;

/// Largest `max_bytes` that a mapping may ask for.
pub const MAX_BYTES: usize = 1024;

/// Most mappings of one integration. With the caps above and below, all values at their longest still
/// fit into a URL, percent-encoded, in the 64 KB that HTTP libraries take.
pub const MAX_MAPPINGS: usize = 16;

/// Longest name of a value, in bytes.
pub const MAX_TARGET_BYTES: usize = 128;

/// Where a vendor's attributes are in an enriched event.
const PARTNER_ATTRS: &str = "partner_attrs";

/// Last names of paths whose values differ with nearly every event or person, in lower case without
/// underscores. `path` is not among them: the seed itself maps `context.page.path`.
const HIGH_ENTROPY: [&str; 15] = [
    "anonymousid",
    "email",
    "id",
    "ip",
    "messageid",
    "orderid",
    "phone",
    "query",
    "referrer",
    "search",
    "sessionid",
    "timestamp",
    "url",
    "useragent",
    "userid",
];

/// The declared type of a context value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContextType {
    /// Whichever of the three the event has: the seed's own mappings declare no type, and map a
    /// category and a cart's value alike.
    #[default]
    Any,
    /// Text up to the mapping's `max_bytes`, without control characters.
    String,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One entry of an integration's context mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextMapping {
    /// Where in the event the value is.
    pub source: Path,
    /// The vendor's name of the value.
    pub target: String,
    /// The declared type.
    #[serde(default, rename = "type")]
    pub kind: ContextType,
    /// Longest text, in bytes.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: usize,
}

fn default_max_bytes() -> usize {
    DEFAULT_MAX_BYTES
}

impl ContextMapping {
    /// Whether the value comes from a vendor's attributes, not from the event.
    pub fn reads_partner_attrs(&self) -> bool {
        self.source.to_string().split(['.', '[']).next() == Some(PARTNER_ATTRS)
    }

    /// The attribute that the value is in, where it comes from this provider's attributes.
    pub fn attribute_of(&self, provider: &str) -> Option<String> {
        let source = self.source.to_string();
        let below = source.strip_prefix(PARTNER_ATTRS)?.strip_prefix('.')?;
        let name = below.strip_prefix(provider)?.strip_prefix('.')?.split(['.', '[']).next()?;
        Some(name.to_owned())
    }

    /// Whether the source's name says that its values differ with nearly every event or person, so that
    /// answers for them can hardly be shared.
    pub fn looks_high_entropy(&self) -> bool {
        let source = self.source.to_string();
        let last = source.rsplit('.').next().unwrap_or(&source);
        let name = last.split('[').next().unwrap_or(last).replace('_', "").to_lowercase();
        HIGH_ENTROPY.contains(&name.as_str())
    }

    /// The value in the event, if there is one that may be told.
    fn value_in(&self, event: &Value) -> Option<ContextValue> {
        ContextValue::of(self.source.resolve(event)?).filter(|value| self.admits(value))
    }

    fn admits(&self, value: &ContextValue) -> bool {
        match (value, self.kind) {
            (ContextValue::String(text), ContextType::String | ContextType::Any) => {
                text.len() <= self.max_bytes && !text.chars().any(char::is_control)
            }
            (ContextValue::Number(number), ContextType::Number | ContextType::Any) => {
                number.is_finite()
            }
            (ContextValue::Boolean(_), kind) => {
                matches!(kind, ContextType::Boolean | ContextType::Any)
            }
            _ => false,
        }
    }
}

/// Why a list is not an integration's context mappings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MappingError {
    /// Over [`MAX_MAPPINGS`].
    #[error(
        "there are {0} entries: write at most {MAX_MAPPINGS}, because every combination of their \
         values is a request of its own"
    )]
    TooMany(usize),
    /// No name.
    #[error(
        "entry {0} has an empty `target`: write the name that the vendor is configured to read"
    )]
    EmptyTarget(usize),
    /// A name that no URL or log should carry.
    #[error(
        "entry {0} has a `target` with control characters or over {MAX_TARGET_BYTES} bytes: write a \
         short name such as `pageCategory`"
    )]
    BadTarget(usize),
    /// Two values under one name.
    #[error("two entries have the target `{0}`: keep one of them, or rename the other")]
    SameTarget(String),
    /// Zero, or over [`MAX_BYTES`].
    #[error("`max_bytes` of the target `{target}` is {max_bytes}: write 1 to {MAX_BYTES}")]
    MaxBytes {
        /// The mapping's name.
        target: String,
        /// What was written.
        max_bytes: usize,
    },
}

/// An integration's context mappings. Each has a target of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextMappings(Vec<ContextMapping>);

impl ContextMappings {
    /// The mappings in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = &ContextMapping> {
        self.0.iter()
    }

    /// Whether a vendor is told nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an event says of its visitor's context. Mappings of a vendor's attributes are left for
    /// [`Self::complete`]: on an incoming event `partner_attrs` would be the page's invention.
    pub fn of_event(&self, event: &Value) -> ContextValues {
        values(self.sources_in_event(), event)
    }

    /// The values to tell a provider: those kept from the newest event, and those read from the
    /// provider's own plain attributes.
    ///
    /// The configuration may have changed since the event: a kept value counts only if its target is
    /// still mapped from the event and the value still fits.
    pub fn complete(
        &self,
        from_event: &ContextValues,
        provider: &str,
        attributes: &Attributes,
    ) -> ContextValues {
        let kept = self.sources_in_event().filter_map(|mapping| {
            let value = from_event.0.get(&mapping.target).filter(|value| mapping.admits(value))?;
            Some((mapping.target.clone(), value.clone()))
        });
        // Profiles can be long, so only what a mapping names is copied into the event that the paths
        // speak of.
        let named: Attributes = self
            .iter()
            .filter_map(|mapping| mapping.attribute_of(provider))
            .filter_map(|name| attributes.get(&name).cloned().map(|value| (name, value)))
            .collect();
        let enriched = json!({ PARTNER_ATTRS: { provider: named } });
        let partner = self.iter().filter(|mapping| mapping.reads_partner_attrs());
        ContextValues(kept.chain(values(partner, &enriched).0).collect())
    }

    fn sources_in_event(&self) -> impl Iterator<Item = &ContextMapping> {
        self.iter().filter(|mapping| !mapping.reads_partner_attrs())
    }
}

fn values<'m>(mappings: impl Iterator<Item = &'m ContextMapping>, event: &Value) -> ContextValues {
    let found =
        mappings.filter_map(|mapping| Some((mapping.target.clone(), mapping.value_in(event)?)));
    ContextValues(found.collect())
}

impl TryFrom<Vec<ContextMapping>> for ContextMappings {
    type Error = MappingError;

    fn try_from(mappings: Vec<ContextMapping>) -> Result<Self, MappingError> {
        if mappings.len() > MAX_MAPPINGS {
            return Err(MappingError::TooMany(mappings.len()));
        }
        let mut targets = BTreeSet::new();
        for (entry, ContextMapping { target, max_bytes, .. }) in mappings.iter().enumerate() {
            if target.trim().is_empty() {
                return Err(MappingError::EmptyTarget(entry));
            }
            if target.len() > MAX_TARGET_BYTES || target.chars().any(char::is_control) {
                return Err(MappingError::BadTarget(entry));
            }
            if !targets.insert(target) {
                return Err(MappingError::SameTarget(target.clone()));
            }
            if !(1..=MAX_BYTES).contains(max_bytes) {
                let (target, max_bytes) = (target.clone(), *max_bytes);
                return Err(MappingError::MaxBytes { target, max_bytes });
            }
        }
        Ok(Self(mappings))
    }
}

impl<'de> Deserialize<'de> for ContextMappings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTables;

        impl<'de> DeVisitor<'de> for TextOrTables {
            type Value = Vec<ContextMapping>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of {source, target, type, max_bytes}, or that list as JSON text",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                serde_json::from_str(text)
                    .map_err(|error| E::custom(format_args!("the JSON text does not fit: {error}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut mappings = Vec::new();
                while let Some(mapping) = list.next_element()? {
                    mappings.push(mapping);
                }
                Ok(mappings)
            }
        }

        let mappings = deserializer.deserialize_any(TextOrTables)?;
        Self::try_from(mappings).map_err(de::Error::custom)
    }
}
