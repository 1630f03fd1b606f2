//! What every provider's owner decides about look-ups, read alike.

use std::collections::BTreeMap;

use datafly_core::allowlist::Allowlist;
use datafly_core::context::ContextMappings;
use datafly_core::linking_key::LinkingKeys;
use datafly_settings::Section;

/// How visitors are looked up, and what of the answer a browser may see.
#[derive(Debug, Clone)]
pub struct Lookups {
    /// How visitors are looked up, in order.
    pub linking_keys: LinkingKeys,
    /// The only attributes a browser may see.
    pub allowlist: Allowlist,
    /// What of the visitor's newest event the vendor is told; empty where that is switched off.
    pub context: ContextMappings,
}

impl Lookups {
    /// Reads `linking_keys`, `browser_attribute_allowlist` and `browser_attribute_caps`.
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let linking_keys = section.optional("linking_keys").unwrap_or_default();
        let allowlist = allowlist(section)?;
        Some(Self { linking_keys, allowlist, context: ContextMappings::default() })
    }
}

fn allowlist(section: &mut Section<'_>) -> Option<Allowlist> {
    const CAPS: &str = "browser_attribute_caps";

    let list: Allowlist = section.optional("browser_attribute_allowlist").unwrap_or_default();
    let caps: BTreeMap<String, usize> = section.optional(CAPS).unwrap_or_default();
    list.with_caps(caps).map_err(|error| section.refuse(CAPS, error)).ok()
}
