//! Where tokens come from, in virtual time: the clock goes with tokio's, the sandbox is in this process.

mod days;
mod issued;
mod recovery;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use datafly_core::secret::{SecretError, SecretRef};
use datafly_sandbox::{self as sandbox, Fault, Sandbox, SandboxConfig, client_secret, key_id};
use datafly_settings::Reader;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::super::*;
use crate::destination::tests::{AMPERITY, InProcess, NOW};
use crate::destination::{Attempt, Destination};
use crate::profile::{Profile, ProfileId, ProfileProvider, ProviderError};
use crate::surroundings::Surroundings;
use crate::surroundings::testing::around;
use crate::token::tests::{clock, days, pass};
use crate::token::{TokenKind, TokenStatus};

/// An issuer's token, in the file `issuer`.
const BY_ISSUER: [&str; 2] = [
    "profile_api_token = { issuer_token = { file = 'issuer' }, api_key_id = 'ak-profile' }",
    "api_token = { issuer_token = { file = 'issuer' }, api_key_id = 'ak-ingest' }",
];

/// A client's secret, in the files `profile-client` and `ingest-client`.
const BY_CLIENT: [&str; 2] = [
    "profile_api_token = { client_id = 'ak-profile', client_secret = { file = 'profile-client' } }",
    "api_token = { client_id = 'ak-ingest', client_secret = { file = 'ingest-client' } }",
];

/// Two pasted tokens a side, in four files.
const PASTED: [&str; 2] = [
    "profile_api_key = [{ file = 'profile-1' }, { file = 'profile-2' }]",
    "api_key = [{ file = 'ingest-1' }, { file = 'ingest-2' }]",
];

/// The vendor, files with secrets, and what adapters stand on.
struct World {
    sandbox: Sandbox,
    files: Arc<Mutex<BTreeMap<String, String>>>,
    around: Surroundings,
}

/// Both sides of one integration.
struct Sides {
    profiles: AmperityProfiles,
    events: AmperityEvents,
}

impl World {
    fn start() -> Self {
        let clock = clock();
        let config = SandboxConfig { customers: 1, ..SandboxConfig::default() };
        let sandbox = Sandbox::new(config, Arc::clone(&clock));
        let files = Arc::new(Mutex::new(BTreeMap::new()));
        let read = Arc::clone(&files);
        let around = Surroundings {
            clock,
            secrets: Arc::new(move |reference| secret_of(&read, reference)),
            ..around(Arc::new(InProcess(sandbox.router())))
        };
        let world = Self { sandbox, files, around };
        world.write("issuer", sandbox::ISSUER_TOKEN);
        world.write("profile-client", &client_secret("profile"));
        world.write("ingest-client", &client_secret("ingest"));
        world
    }

    fn write(&self, file: &str, secret: &str) {
        self.files.lock().unwrap().insert(file.to_owned(), secret.to_owned());
    }

    fn now(&self) -> Timestamp {
        (self.around.clock)()
    }

    /// As generated on the settings page.
    fn token(&self, label: &str, days: u32) -> String {
        let life = SignedDuration::from_hours(24 * i64::from(days));
        self.sandbox.issue_token(&key_id(label), Some(self.now() + life)).unwrap()
    }

    /// The integration with these credentials, as after a start or a reload.
    fn sides(&self, credentials: [&str; 2]) -> Sides {
        let section = format!(
            "tenant_subdomain = 'acme'\ntenant_id = '{}'\nevent_stream_id = '{}'\nsource_value = '{}'\n\
             profile_collection_id = '{}'\nbase_url = 'https://vendor.test/amperity'\n{}\n{}\n",
            sandbox::TENANT_ID,
            sandbox::STREAM_ID,
            sandbox::SOURCE,
            sandbox::COLLECTION_ID,
            credentials[0],
            credentials[1],
        );
        let source = |reference: &SecretRef| secret_of(&self.files, reference);
        let reader = Reader::new(&section, &source);
        let config = reader.finish(reader.root().and_then(Config::read)).unwrap();
        Sides {
            profiles: AmperityProfiles::new(&self.around, &config).unwrap(),
            events: AmperityEvents::new(&self.around, &config),
        }
    }

    /// How often a token was issued, by whichever of the two ways.
    fn issued(&self) -> u64 {
        self.sandbox.hits("amperity.tokens") + self.sandbox.hits("amperity.oauth2")
    }
}

fn secret_of(
    files: &Mutex<BTreeMap<String, String>>,
    reference: &SecretRef,
) -> Result<SecretString, SecretError> {
    let SecretRef::File(path) = reference else { unreachable!() };
    let files = files.lock().unwrap();
    let missing = || SecretError::File { path: path.clone(), reason: "it is missing".into() };
    files.get(path).map(|secret| secret.as_str().into()).ok_or_else(missing)
}

impl Sides {
    async fn read(&self) -> Result<Option<Profile>, ProviderError> {
        let vera = ProfileId::new(sandbox::NamedCustomer::Vera.profile_id());
        self.profiles.profile(&vera).await
    }

    async fn deliver(&self, n: usize) -> Attempt {
        self.events.deliver(&[AMPERITY.delivery(n)], NOW).await.pop().unwrap()
    }

    fn status(&self) -> [Vec<TokenStatus>; 2] {
        [self.profiles.tokens(), self.events.tokens()]
    }
}
