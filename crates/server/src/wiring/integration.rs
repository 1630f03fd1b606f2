//! Which vendors there are: what each one's section says, and what is built of it.

use std::sync::Arc;

use datafly_core::allowlist::Allowlist;
use datafly_core::visitor::Verification;
use datafly_provider::{
    Ailment, Destination, Diagnosis, Lookups, ProfileProvider, ProviderConfig, Surroundings,
    algonomy, amperity, amperity_index, ansira, ga4, meta_capi, rest, tiktok, webhook,
};
use datafly_settings::Section;
use datafly_store::queue::DestinationName;

use super::Ground;
use super::mapping::{Mapping, contract_of};
use crate::doctor::Patient;
use crate::enrichment::{Enrichment, Parts, Vendor};
use crate::erasure::VendorErasure;
use crate::outbox::{self, Recipient};

/// One `[[pipelines.integrations]]`, checked.
pub struct Integration(Kind);

#[expect(clippy::large_enum_variant, reason = "a handful of them, each made and taken apart once")]
enum Kind {
    /// Takes events; one of them answers look-ups as well.
    Destination { vendor: Config, name: DestinationName, mapping: Mapping },
    /// Answers look-ups only.
    Provider(Box<dyn ProviderConfig>, EnrichesEvents),
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

impl EnrichesEvents {
    fn read(section: &mut Section<'_>) -> Self {
        Self(section.optional("enrich_events").unwrap_or(true))
    }
}

/// What an integration is to a pipeline.
pub(super) struct Built {
    /// Its provider side, where it has one.
    pub(super) enrichment: Option<Enrichment>,
    /// Its destination side, where it has one.
    pub(super) recipient: Option<Recipient>,
    /// Where people's requests to it are registered, where the owner configured that.
    pub(super) erasure: Option<VendorErasure>,
}

impl Integration {
    /// What names a vendor.
    pub const EXAMPLE: &str = "vendor = \"amperity\"";

    const DESTINATIONS: [&str; 5] =
        [amperity::NAME, ga4::NAME, meta_capi::NAME, tiktok::NAME, webhook::NAME];

    /// The key whose value tells an integration of this vendor from every other of the pipeline.
    pub fn key_of_name(vendor: &str) -> &'static str {
        if vendor == rest::NAME { "name" } else { "vendor" }
    }

    /// The name under which the pipeline has it.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Destination { name, .. } => name.as_str(),
            Kind::Provider(config, _) => config.name(),
        }
    }

    /// What of its profiles a browser may see, where it answers look-ups.
    pub fn allowlist(&self) -> Option<&Allowlist> {
        match &self.0 {
            Kind::Destination { vendor: Config::Amperity(config, _), .. } => {
                Some(&config.lookups.allowlist)
            }
            Kind::Destination { .. } => None,
            Kind::Provider(config, _) => Some(&config.lookups().allowlist),
        }
    }

    /// The keys by which a vendor's own addresses are written otherwise, and the sandbox's paths for them. A vendor
    /// that has no address but what its owner writes asks for none of them.
    pub fn emulated(vendor: &str) -> Vec<(&'static str, String)> {
        let emulated = |key, path: &str| (key, format!("{vendor}/{path}"));
        match vendor {
            algonomy::NAME => vec![emulated("profile_url", "")],
            ansira::NAME => {
                vec![emulated("base_url", ""), emulated("token_url", "oauth/v2/oauth-token")]
            }
            _ => vec![emulated("base_url", "")],
        }
    }

    /// Reads the section of a vendor.
    pub fn read(vendor: &str, section: Section<'_>) -> Option<Self> {
        if Self::DESTINATIONS.contains(&vendor) {
            return Self::destination(vendor, section);
        }
        Self::provider(vendor, section)
    }

    fn destination(vendor: &str, mut section: Section<'_>) -> Option<Self> {
        let mapping = Mapping::read(vendor, &mut section);
        let config = match vendor {
            ga4::NAME => ga4::Config::read(section).map(Config::Ga4),
            meta_capi::NAME => meta_capi::Config::read(section).map(Config::MetaCapi),
            tiktok::NAME => tiktok::Config::read(section).map(Config::Tiktok),
            webhook::NAME => webhook::Config::read(section).map(Config::Webhook),
            _ => {
                let events = EnrichesEvents::read(&mut section);
                amperity::Config::read(section)
                    .map(|config| Config::Amperity(config.into(), events))
            }
        };
        let name = vendor.parse().ok()?;
        Some(Self(Kind::Destination { vendor: config?, name, mapping: mapping? }))
    }

    fn provider(vendor: &str, section: Section<'_>) -> Option<Self> {
        let known = PROVIDERS.iter().find(|(name, _)| *name == vendor);
        let Some((_, read)) = known else {
            let providers = PROVIDERS.iter().map(|(name, _)| *name);
            let vendors: Vec<_> = Self::DESTINATIONS
                .into_iter()
                .chain(providers)
                .map(|name| format!("`{name}`"))
                .collect();
            section.refuse_value(
                "vendor",
                vendor,
                format_args!("write one of {}", vendors.join(", ")),
            );
            return None;
        };
        let mut section = section;
        let events = EnrichesEvents::read(&mut section);
        Some(Self(Kind::Provider(read(section)?, events)))
    }

    pub(super) fn build(self, verification: Verification, ground: &Ground<'_>) -> Built {
        let around = ground.surroundings();
        let (vendor, name, mapping) = match self.0 {
            Kind::Destination { vendor, name, mapping } => (vendor, name, mapping),
            Kind::Provider(config, events) => {
                let provider = config.build(&around);
                let name = config.name().to_owned();
                let enrichment =
                    enrichment(name, config.lookups().clone(), Some(provider), events, ground);
                let erasure = config.erasure(&around).map(|vendor| VendorErasure {
                    name: Arc::clone(&enrichment.name),
                    on_request: config.forgets_on_request(),
                    vendor,
                });
                return Built { enrichment: Some(enrichment), recipient: None, erasure };
            }
        };
        let transport = || Arc::clone(&around.transport);
        let (destination, enrichment) = match vendor {
            Config::Amperity(config, events) => {
                let stream = amperity::AmperityEvents::new(&around, &config);
                let profiles = amperity::AmperityProfiles::new(&around, &config);
                let profiles = profiles.map(|it| Arc::new(it) as Arc<dyn ProfileProvider>);
                let name = amperity::NAME.to_owned();
                let enrichment = enrichment(name, config.lookups, profiles, events, ground);
                (boxed(stream), Some(enrichment))
            }
            Config::Ga4(config) => (boxed(ga4::Ga4::new(transport(), &config)), None),
            Config::MetaCapi(config) => {
                (boxed(meta_capi::MetaCapi::new(transport(), &config)), None)
            }
            Config::Tiktok(config) => (boxed(tiktok::Tiktok::new(transport(), &config)), None),
            Config::Webhook(config) => (boxed(webhook::Webhook::new(transport(), &config)), None),
        };
        let contract = contract_of(name.as_str(), verification);
        let quota = destination.terms().quota.clone();
        let parts = outbox::Parts {
            name,
            guard: ground.guards.of(quota, &ground.outside.runtime.clock),
            destination,
            blueprint: mapping.blueprint,
            contract,
        };
        Built { enrichment, recipient: Some(Recipient::new(parts)), erasure: None }
    }
}

impl Integration {
    /// The same parts as [`Self::build`]'s, with nothing in front of them.
    pub(super) fn patient(&self, around: &Surroundings) -> Patient {
        match &self.0 {
            Kind::Provider(config, _) => {
                let profiles = (config.lookups().clone(), config.build(around));
                patient(config.name(), Some(profiles), None, config.diagnosis(around))
            }
            Kind::Destination { vendor, name, .. } => {
                let (transport, name) = (|| Arc::clone(&around.transport), name.as_str());
                let destination = match vendor {
                    Config::Amperity(config, _) => return amperity(config, around),
                    Config::Ga4(config) => boxed(ga4::Ga4::new(transport(), config)),
                    Config::MetaCapi(config) => {
                        boxed(meta_capi::MetaCapi::new(transport(), config))
                    }
                    Config::Tiktok(config) => boxed(tiktok::Tiktok::new(transport(), config)),
                    Config::Webhook(config) => boxed(webhook::Webhook::new(transport(), config)),
                };
                patient(name, None, Some(destination), None)
            }
        }
    }

    /// What vendors' own examinations may find.
    pub(super) fn ailments() -> impl Iterator<Item = &'static Ailment> {
        amperity::AILMENTS.into_iter()
    }
}

fn amperity(config: &amperity::Config, around: &Surroundings) -> Patient {
    let profiles = amperity::AmperityProfiles::new(around, config);
    let profiles = profiles.map(|it| Arc::new(it) as Arc<dyn ProfileProvider>);
    let profiles = profiles.map(|provider| (config.lookups.clone(), provider));
    let stream = boxed(amperity::AmperityEvents::new(around, config));
    let diagnosis = Arc::new(amperity::AmperityDiagnosis::new(around, config));
    patient(amperity::NAME, profiles, Some(stream), Some(diagnosis))
}

fn patient(
    name: &str,
    profiles: Option<(Lookups, Arc<dyn ProfileProvider>)>,
    destination: Option<Arc<dyn Destination>>,
    diagnosis: Option<Arc<dyn Diagnosis>>,
) -> Patient {
    let provider = profiles.as_ref().map(|(_, provider)| Arc::clone(provider));
    let tokens = move || {
        let of_provider = provider.iter().flat_map(|it| it.tokens());
        of_provider.chain(destination.iter().flat_map(|it| it.tokens())).collect()
    };
    Patient { name: name.to_owned(), profiles, diagnosis, tokens: Box::new(tokens) }
}

/// Reads the section of a vendor that takes no events.
type ReadProvider = fn(Section<'_>) -> Option<Box<dyn ProviderConfig>>;

/// The vendors that answer look-ups only.
const PROVIDERS: &[(&str, ReadProvider)] = &[
    (algonomy::NAME, |section| Some(Box::new(algonomy::Config::read(section)?))),
    (amperity_index::NAME, |section| Some(Box::new(amperity_index::Config::read(section)?))),
    (ansira::NAME, |section| Some(Box::new(ansira::Config::read(section)?))),
    (rest::NAME, |section| Some(Box::new(rest::Config::read(section)?))),
];

fn boxed(destination: impl Destination + 'static) -> Arc<dyn Destination> {
    Arc::new(destination)
}

fn enrichment(
    name: String,
    lookups: Lookups,
    provider: Option<Arc<dyn ProfileProvider>>,
    EnrichesEvents(enriches_events): EnrichesEvents,
    ground: &Ground<'_>,
) -> Enrichment {
    let vendor = provider.map(|provider| {
        let guard = ground.guards.of(provider.quota(), &ground.outside.runtime.clock);
        Vendor::new(provider, guard, ground.cache.lives)
    });
    let parts = Parts {
        name,
        linking_keys: lookups.linking_keys,
        allowlist: lookups.allowlist,
        context: lookups.context,
        contexts_per_minute: ground.cache.contexts_per_minute,
        enriches_events,
        vendor,
    };
    Enrichment::new(parts, Arc::clone(&ground.engine))
}
