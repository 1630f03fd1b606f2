//! Which vendors there are: what each one's section says, and what is built of it.

use std::sync::Arc;

use datafly_provider::{ProfileProvider, amperity};
use datafly_settings::Section;

use super::Ground;
use crate::enrichment::{Enrichment, Parts, Vendor};

/// One `[[pipelines.integrations]]`, checked.
pub enum Integration {
    /// See [`amperity`].
    Amperity(amperity::Config),
}

impl Integration {
    /// What names a vendor.
    pub const EXAMPLE: &str = "vendor = \"amperity\"";

    /// Reads the section of a vendor.
    pub fn read(vendor: &str, section: Section<'_>) -> Option<Self> {
        if vendor == amperity::NAME {
            return amperity::Config::read(section).map(Self::Amperity);
        }
        section.refuse_value("vendor", vendor, format_args!("write `{}`", amperity::NAME));
        None
    }

    pub(super) fn build(self, ground: &Ground<'_>) -> Enrichment {
        let Self::Amperity(config) = self;
        let transport = Arc::clone(&ground.outside.transport);
        let vendor = amperity::AmperityProfiles::new(transport, &config).map(|profiles| {
            let guard = ground.guards.of(profiles.quota(), &ground.outside.runtime.clock);
            Vendor::new(Arc::new(profiles), guard, ground.cache.lives)
        });
        let parts = Parts {
            name: amperity::NAME.to_owned(),
            linking_keys: config.linking_keys,
            allowlist: config.allowlist,
            context: config.context,
            contexts_per_minute: ground.cache.contexts_per_minute,
            vendor,
        };
        Enrichment::new(parts, Arc::clone(&ground.engine))
    }
}
