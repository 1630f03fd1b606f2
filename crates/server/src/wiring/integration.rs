//! Which vendors there are: what each one's section says, and what is built of it.

use std::sync::Arc;

use datafly_core::visitor::Verification;
use datafly_provider::http::Transport;
use datafly_provider::{Destination, ProfileProvider, amperity, ga4, meta_capi, tiktok, webhook};
use datafly_settings::Section;
use datafly_store::queue::DestinationName;

use super::Ground;
use super::mapping::{Mapping, contract_of};
use crate::enrichment::{Enrichment, Parts, Vendor};
use crate::outbox::{self, Recipient};

/// One `[[pipelines.integrations]]`, checked.
pub struct Integration {
    vendor: Config,
    name: DestinationName,
    mapping: Mapping,
}

enum Config {
    Amperity(Box<amperity::Config>, EnrichesEvents),
    Ga4(ga4::Config),
    MetaCapi(meta_capi::Config),
    Tiktok(tiktok::Config),
    Webhook(webhook::Config),
}

/// Whether events carry the visitor's attributes to the destinations. A look-up for each visitor who does
/// something, which an owner who only personalises pages may do without.
#[derive(Clone, Copy)]
struct EnrichesEvents(bool);

/// What an integration is to a pipeline.
pub(super) struct Built {
    /// Its provider side, where it has one.
    pub(super) enrichment: Option<Enrichment>,
    /// Its destination side.
    pub(super) recipient: Recipient,
}

impl Integration {
    /// What names a vendor.
    pub const EXAMPLE: &str = "vendor = \"amperity\"";

    const VENDORS: [&str; 5] =
        [amperity::NAME, ga4::NAME, meta_capi::NAME, tiktok::NAME, webhook::NAME];

    /// Reads the section of a vendor.
    pub fn read(vendor: &str, mut section: Section<'_>) -> Option<Self> {
        if !Self::VENDORS.contains(&vendor) {
            let vendors = Self::VENDORS.map(|name| format!("`{name}`")).join(", ");
            section.refuse_value("vendor", vendor, format_args!("write one of {vendors}"));
            return None;
        }
        let mapping = Mapping::read(vendor, &mut section);
        let config = match vendor {
            ga4::NAME => ga4::Config::read(section).map(Config::Ga4),
            meta_capi::NAME => meta_capi::Config::read(section).map(Config::MetaCapi),
            tiktok::NAME => tiktok::Config::read(section).map(Config::Tiktok),
            webhook::NAME => webhook::Config::read(section).map(Config::Webhook),
            _ => {
                let events = EnrichesEvents(section.optional("enrich_events").unwrap_or(true));
                amperity::Config::read(section)
                    .map(|config| Config::Amperity(config.into(), events))
            }
        };
        Some(Self { vendor: config?, name: vendor.parse().ok()?, mapping: mapping? })
    }

    pub(super) fn build(self, verification: Verification, ground: &Ground<'_>) -> Built {
        let transport = || Arc::clone(&ground.outside.transport);
        let (destination, enrichment) = match self.vendor {
            Config::Amperity(config, events) => {
                let stream = amperity::AmperityEvents::new(transport(), &config);
                (boxed(stream), Some(profiles(*config, events, transport(), ground)))
            }
            Config::Ga4(config) => (boxed(ga4::Ga4::new(transport(), &config)), None),
            Config::MetaCapi(config) => {
                (boxed(meta_capi::MetaCapi::new(transport(), &config)), None)
            }
            Config::Tiktok(config) => (boxed(tiktok::Tiktok::new(transport(), &config)), None),
            Config::Webhook(config) => (boxed(webhook::Webhook::new(transport(), &config)), None),
        };
        let contract = contract_of(self.name.as_str(), verification);
        let quota = destination.terms().quota.clone();
        let parts = outbox::Parts {
            name: self.name,
            guard: ground.guards.of(quota, &ground.outside.runtime.clock),
            destination,
            blueprint: self.mapping.blueprint,
            contract,
        };
        Built { enrichment, recipient: Recipient::new(parts) }
    }
}

fn boxed(destination: impl Destination + 'static) -> Arc<dyn Destination> {
    Arc::new(destination)
}

fn profiles(
    config: amperity::Config,
    EnrichesEvents(enriches_events): EnrichesEvents,
    transport: Arc<dyn Transport>,
    ground: &Ground<'_>,
) -> Enrichment {
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
        enriches_events,
        vendor,
    };
    Enrichment::new(parts, Arc::clone(&ground.engine))
}
