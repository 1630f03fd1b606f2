//! The enrichment engine: from a visitor's usable identifiers to the attributes a browser may see.
//!
//! Linking keys are tried in the owner's order, one key per call, empty sources skipped; the first match
//! wins. The answer comes within [`DEADLINE`] whatever the vendor does. A vendor's failure is an empty
//! answer and a warning, never an error to the page.

use std::sync::Arc;
use std::time::Duration;

use datafly_core::allowlist::Allowlist;
use datafly_core::attributes::Attributes;
use datafly_core::linking_key::{Identifiers, LinkingKeys};
use datafly_provider::{Profile, ProfileProvider, ProviderError};

/// How long a page may wait for this server, all of a visitor's keys together.
const DEADLINE: Duration = Duration::from_millis(1500);

/// The provider side of one integration.
pub struct Enrichment {
    /// Its name on the wire and in the page.
    pub name: String,
    /// How visitors are looked up.
    pub linking_keys: LinkingKeys,
    /// What a browser may see.
    pub allowlist: Allowlist,
    /// The vendor; `None` where the owner configured no profile look-ups.
    pub profiles: Option<Arc<dyn ProfileProvider>>,
}

impl Enrichment {
    /// The attributes a browser may see of whoever these identifiers name.
    pub async fn attributes(&self, who: &Identifiers) -> Attributes {
        match tokio::time::timeout(DEADLINE, self.resolve(who)).await {
            Ok(Some(profile)) => self.allowlist.filter(&profile.attributes),
            Ok(None) => Attributes::new(),
            Err(_) => {
                tracing::warn!(provider.name = %self.name, "enrichment gave up at its deadline");
                Attributes::new()
            }
        }
    }

    async fn resolve(&self, who: &Identifiers) -> Option<Profile> {
        // Nothing could be shown of what a look-up finds, so none is made.
        if self.allowlist.is_empty() {
            return None;
        }
        let profiles = self.profiles.as_ref()?;
        for key in self.linking_keys.values_of(who) {
            match profiles.look_up(&key).await {
                Ok(Some(profile)) => return Some(profile),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(provider.name = %self.name, linking_key = key.key, %error,
                        "failed to look a visitor up");
                    // A refused key says nothing of the next one; any other failure would repeat, and a
                    // later key's profile would be the wrong person's if this one is the better.
                    if !matches!(error, ProviderError::KeyRefused { .. }) {
                        return None;
                    }
                }
            }
        }
        None
    }
}
