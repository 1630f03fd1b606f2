//! Which credential serves which call, and where it comes from.
//!
//! Amperity's keys are scoped: the Profile API key reads profiles and nothing else, the Streaming Ingest key writes
//! events and nothing else; crossed, they answer 403. The control API takes a third, which is pasted. Each of the two
//! sides has tokens that the owner pasted, or has them issued: by an issuer's token ([`issuer`]) or for a client's
//! secret ([`client`]). A key is never rotated from here: rotating deposes the secret that tokens in use carry, and only one can be deposed (seed `amperity-apis.txt`).

mod client;
mod issuer;
mod office;
mod replaceable;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use self::client::Client;
use self::issuer::KeyIssuer;
use self::office::Office;
use self::replaceable::Replaceable;
use super::config::{Config, Credential, Referenced};
use crate::surroundings::Surroundings;
use crate::token::{Configured, Issued, Margin, TokenSource, digest};

/// How long before its end a token is renewed: a fifth of its life, since a renewal may fail for a while and the old
/// one serves meanwhile; an hour is enough for any life.
const MARGIN: Margin =
    Margin { part: 5, least: Duration::from_secs(30), most: Duration::from_hours(1) };

/// Configuration keys of what a side authenticates with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// Tokens that the owner pasted.
    pub(super) key: &'static str,
    /// The section in their place.
    pub(super) section: &'static str,
    /// In it, with the section's name, as messages name them.
    issuer_token: &'static str,
    api_key_id: &'static str,
    client_secret: &'static str,
}

/// What reads profiles.
pub(super) const PROFILES: Side = Side {
    key: "profile_api_key",
    section: "profile_api_token",
    issuer_token: "profile_api_token.issuer_token",
    api_key_id: "profile_api_token.api_key_id",
    client_secret: "profile_api_token.client_secret",
};

/// The scope it needs, as Amperity's key dialog calls it.
pub(super) const PROFILE_SCOPE: &str = "Profile Read Access";

/// What writes events.
pub(super) const EVENTS: Side = Side {
    key: "api_key",
    section: "api_token",
    issuer_token: "api_token.issuer_token",
    api_key_id: "api_token.api_key_id",
    client_secret: "api_token.client_secret",
};

/// The scope it needs, as Amperity's key dialog calls it.
pub(super) const INGEST_SCOPE: &str = "Streaming Ingest Write Access";

/// Configuration key of the credential that asks the control API.
pub(super) const CONTROL_KEY: &str = "control.api_key";

/// The option it is generated with, as Amperity's key dialog calls it.
pub(super) const CONTROL_SCOPE: &str = "DataGrid Operator";

/// The source of one side's tokens. It is the one that is in use already where the configuration says the same: what
/// was issued is good after a reload, too.
pub(super) fn source(
    side: &Side,
    credential: &Credential,
    config: &Config,
    around: &Surroundings,
) -> Arc<dyn TokenSource> {
    let (side, clock) = (*side, Arc::clone(&around.clock));
    around.tokens.of(identity(&side, credential, config), || match credential {
        Credential::Pasted(tokens) => Arc::new(Configured::new(side.key, tokens, clock)),
        Credential::Issuer { token, api_key_id, life } => {
            let office = Office::new(config, around);
            let token = Replaceable::new(token, around);
            let issuer = KeyIssuer::new(side, office, token, api_key_id.clone(), *life);
            Arc::new(Issued::new(side.section, issuer, MARGIN, clock))
        }
        Credential::Client { id, secret } => {
            let office = Office::new(config, around);
            let client = Client::new(side, office, id.clone(), Replaceable::new(secret, around));
            Arc::new(Issued::new(side.section, client, MARGIN, clock))
        }
    })
}

/// All that decides over a side's tokens, of secrets a digest.
fn identity(side: &Side, credential: &Credential, config: &Config) -> String {
    let of = |it: &Referenced| format!("{:?} {}", it.reference, digest(&it.secret));
    let credential = match credential {
        Credential::Pasted(tokens) => tokens.iter().map(digest).collect::<Vec<_>>().join(" "),
        Credential::Issuer { token, api_key_id, life } => {
            format!("issuer {api_key_id} {life:?} {}", of(token))
        }
        Credential::Client { id, secret } => format!("client {id:?} {}", of(secret)),
    };
    format!("amperity {} {:?} {} {credential}", config.base_url, config.tenant_id, side.key)
}

/// The credential for the control API.
pub(super) fn for_control(keys: &[SecretString], around: &Surroundings) -> Arc<dyn TokenSource> {
    Arc::new(Configured::new(CONTROL_KEY, keys, Arc::clone(&around.clock)))
}
