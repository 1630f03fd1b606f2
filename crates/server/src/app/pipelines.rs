//! The sites that are served.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::HeaderValue;
use datafly_core::id::PipelineKey;
use datafly_core::v1::BrowserConfig;
use datafly_core::visitor::Verification;
use datafly_store::queue::{Consumer, DestinationName};

use crate::boot_script::BootScript;
use crate::config::ConsentConfig;
use crate::enrichment::Enrichment;
use crate::erasure::VendorErasure;
use crate::identity::Verifier;
use crate::outbox::Recipient;
use crate::signature::SignatureKeys;

/// One site, ready to serve.
pub struct Pipeline {
    /// The public key.
    pub key: PipelineKey,
    /// The origins whose pages may use it.
    pub origins: HashSet<String>,
    /// Domain of the `_dfid` copy; host-only where absent.
    pub cookie_domain: Option<String>,
    /// How long `onProfileReady` waits.
    pub ready_timeout: Duration,
    /// How far claims are believed.
    pub verification: Verification,
    /// Verifies signed identities.
    pub verifier: Verifier,
    /// Verifies what the site's own servers send.
    pub server_keys: SignatureKeys,
    /// What a visitor has to allow.
    pub consent: ConsentConfig,
    /// What the SDK does by itself on its pages.
    pub browser: BrowserConfig,
    /// The providers, in the owner's order.
    pub enrichments: Vec<Enrichment>,
    /// Where people's requests to vendors are registered, in the owner's order.
    pub erasures: Vec<VendorErasure>,
    /// The destinations, in the owner's order.
    pub recipients: Vec<Arc<Recipient>>,
    /// The boot script, from its first use on. A pipeline is one configuration's, and so is its script.
    pub boot_script: OnceLock<BootScript>,
}

impl Pipeline {
    /// The provider of a name.
    pub fn enrichment(&self, name: &str) -> Option<&Enrichment> {
        self.enrichments.iter().find(|enrichment| &*enrichment.name == name)
    }

    /// The destination of a name.
    pub fn recipient(&self, name: &DestinationName) -> Option<&Arc<Recipient>> {
        self.recipients.iter().find(|recipient| recipient.name == *name)
    }

    /// Whether any provider's attributes depend on what the visitor is doing.
    pub fn uses_context(&self) -> bool {
        self.enrichments.iter().any(|enrichment| !enrichment.context.is_empty())
    }
}

/// All sites of this server.
pub struct Pipelines {
    by_key: HashMap<String, Pipeline>,
    origins: HashMap<String, HeaderValue>,
}

impl Pipelines {
    /// Indexes the sites.
    pub fn new(pipelines: impl IntoIterator<Item = Pipeline>) -> Self {
        let mut by_key = HashMap::new();
        let mut origins = HashMap::new();
        for pipeline in pipelines {
            // An origin of the configuration is plain letters: none is left out.
            origins.extend(pipeline.origins.iter().filter_map(|origin| {
                HeaderValue::from_str(origin).ok().map(|value| (origin.clone(), value))
            }));
            by_key.insert(pipeline.key.as_str().to_owned(), pipeline);
        }
        Self { by_key, origins }
    }

    /// The site of a public key.
    pub fn get(&self, key: &str) -> Option<&Pipeline> {
        self.by_key.get(key)
    }

    /// The destination that a consumer reads for, where it is still configured.
    pub fn recipient(&self, consumer: &Consumer) -> Option<&Arc<Recipient>> {
        self.get(consumer.pipeline.as_str())?.recipient(&consumer.destination)
    }

    /// All sites, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Pipeline> {
        let mut all: Vec<_> = self.by_key.values().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.into_iter()
    }

    /// The origin as a header, if any site has it. Enough to let a page read an answer without data, such
    /// as an error; data needs the origin to be the pipeline's own.
    pub fn origin(&self, origin: &str) -> Option<&HeaderValue> {
        self.origins.get(origin)
    }
}
