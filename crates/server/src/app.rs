//! What every request handler has at hand.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_core::visitor::Verification;

use crate::bundle::Bundle;
use crate::credential::Credentials;
use crate::enrichment::Enrichment;
use crate::identity::Verifier;
use crate::runtime::Clock;
use crate::visitors::Visitors;

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
    /// The providers, in the owner's order.
    pub enrichments: Vec<Enrichment>,
}

/// All sites of this server.
pub struct Pipelines {
    by_key: HashMap<String, Arc<Pipeline>>,
    origins: HashSet<String>,
}

impl Pipelines {
    /// Indexes the sites.
    pub fn new(pipelines: impl IntoIterator<Item = Pipeline>) -> Self {
        let mut by_key = HashMap::new();
        let mut origins = HashSet::new();
        for pipeline in pipelines {
            origins.extend(pipeline.origins.iter().cloned());
            by_key.insert(pipeline.key.as_str().to_owned(), Arc::new(pipeline));
        }
        Self { by_key, origins }
    }

    /// The site of a public key.
    pub fn get(&self, key: &str) -> Option<&Arc<Pipeline>> {
        self.by_key.get(key)
    }

    /// Whether any site has this origin. Enough to let a page read an answer without data, such as an
    /// error; data needs the origin to be the pipeline's own.
    pub fn any_has_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

/// Where and how cookies are set, which follows from the server's public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookiePolicy {
    /// Https: `Secure` and the `__Host-` prefix. Without: http on localhost, where browsers refuse both.
    pub secure: bool,
}

/// The state shared by all handlers.
pub struct App {
    /// The sites.
    pub pipelines: Pipelines,
    /// The visitors.
    pub visitors: Visitors,
    /// Issues and reads the credential cookie.
    pub credentials: Credentials,
    /// How cookies are set.
    pub cookies: CookiePolicy,
    /// The browser's files.
    pub bundle: Bundle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The URL browsers reach this server by, without a trailing slash.
    pub public_url: String,
    /// The URL browsers fetch the bundle from, without a trailing slash.
    pub asset_url: String,
}
