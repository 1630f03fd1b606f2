//! What the providers' tests share: each provider set up against a sandbox in this process.

mod conformance;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_sandbox::{self as sandbox, Fault, NamedCustomer, Sandbox};
use datafly_settings::{Mistakes, Section};
use http::Request;

use super::{ProfileId, ProfileProvider, ProviderConfig, ProviderError, Quota};
use crate::destination::tests::{InProcess, read, secret, start, text};
use crate::http::{Answer, HttpError, Transport};
use crate::surroundings::Surroundings;
use crate::surroundings::testing::around;
use crate::{algonomy, amperity, amperity_index, ansira, rest};

/// Where the assertion is; what is read there is always the newest one.
const ASSERTION_FILE: &str = "/run/secrets/ansira";

/// A value as it is written in a configuration.
type Written = fn() -> String;

type Build = fn(Section<'_>, &Surroundings) -> Option<(Arc<dyn ProfileProvider>, String)>;

/// A provider under test.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// The sandbox's route that a look-up asks.
    pub(crate) route: &'static str,
    /// The one that a profile is read again at.
    pub(crate) read_route: &'static str,
    /// Id of a profile that is gone, as the provider would have named it.
    dead_id: &'static str,
    /// Its name of the linking key that is an email address.
    linking_key: &'static str,
    /// What Vera's profile says of her, and in which attribute.
    attribute: (&'static str, &'static str),
    /// Key of the vendor's address.
    url_key: &'static str,
    /// Keys of texts that must not be blank.
    texts: &'static [&'static str],
    /// Key of its credential, and everything secret.
    credential: &'static str,
    secrets: &'static [&'static str],
    /// The section that fits the sandbox.
    section: fn() -> Vec<(&'static str, String)>,
    /// What of it gives the provider another credential to go on with, where that is the owner's to write.
    replacement: &'static [(&'static str, Written)],
    /// Ends the credential that is in use.
    end_credential: fn(&Sandbox),
    build: Build,
    /// What a status means, where it differs from [`conformance::expected`].
    status: fn(u16) -> Option<Result<(), ProviderError>>,
}

/// A provider that is set up, and the quotas by which it waited for a turn.
pub(crate) struct SetUp {
    pub(crate) provider: Arc<dyn ProfileProvider>,
    /// Its configuration, as `Debug` shows it.
    pub(crate) shown: String,
    pub(crate) turns: Arc<Mutex<Vec<Quota>>>,
}

impl Subject {
    /// The section with some keys written otherwise, or not at all.
    pub(crate) fn keys(&self, changes: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let mut keys = (self.section)();
        for (key, value) in changes {
            keys.retain(|(written, _)| written != key);
            if !value.is_empty() {
                keys.push((key, (*value).to_owned()));
            }
        }
        keys
    }

    pub(crate) fn set_up(
        &self,
        sandbox: &Sandbox,
        changes: &[(&'static str, &str)],
    ) -> Result<SetUp, Mistakes> {
        self.over(Arc::new(InProcess(sandbox.router())), sandbox, changes)
    }

    pub(crate) fn over(
        &self,
        transport: Arc<dyn Transport>,
        sandbox: &Sandbox,
        changes: &[(&'static str, &str)],
    ) -> Result<SetUp, Mistakes> {
        let keys = self.keys(changes);
        let (turns, portal) = (Arc::<Mutex<Vec<Quota>>>::default(), sandbox.clone());
        let waited = Arc::clone(&turns);
        let surroundings = Surroundings {
            secrets: Arc::new(move |_| Ok(portal.ansira_assertion().into())),
            turns: Arc::new(move |quota| {
                waited.lock().unwrap().push(quota);
                Box::pin(async {})
            }),
            ..around(transport)
        };
        let (provider, shown) = read(&keys, |section| (self.build)(section, &surroundings))?;
        Ok(SetUp { provider, shown, turns })
    }

    pub(crate) fn provider(&self, sandbox: &Sandbox) -> Arc<dyn ProfileProvider> {
        self.set_up(sandbox, &[]).unwrap().provider
    }

    /// What is said of a section with some keys written otherwise, or not at all.
    pub(crate) fn mistakes(&self, changes: &[(&'static str, &str)]) -> Vec<String> {
        match self.set_up(&vendor(), changes) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
        }
    }

    /// The error of a look-up while the vendor answers like this.
    pub(crate) async fn error_under(&self, fault: Fault) -> ProviderError {
        let sandbox = vendor();
        sandbox.fault(self.route, None, fault).unwrap();
        self.provider(&sandbox).look_up(&self.vera()).await.unwrap_err()
    }

    /// Asks for whoever has this email address.
    fn email(&self, address: &str) -> KeyValue {
        KeyValue { key: self.linking_key.into(), ..email(address) }
    }

    fn vera(&self) -> KeyValue {
        self.email("vera@example.com")
    }

    /// Whether its tokens are issued to us, so that the first one has to be waited for, too.
    fn waits_for_its_first_token(&self) -> bool {
        matches!(self.name, algonomy::NAME | ansira::NAME)
    }
}

/// The sandbox, whose limits are not what is tested.
pub(crate) fn vendor() -> Sandbox {
    let sandbox = start();
    sandbox.update_ansira(|client| client.requests_per_second = 1_000);
    sandbox
}

pub(crate) fn email(address: &str) -> KeyValue {
    KeyValue { key: "email".into(), value: Identifier::new(address).unwrap() }
}

pub(crate) fn vera() -> KeyValue {
    email("vera@example.com")
}

fn both(
    config: Option<impl ProviderConfig + std::fmt::Debug>,
    around: &Surroundings,
) -> Option<(Arc<dyn ProfileProvider>, String)> {
    let config = config?;
    Some((config.build(around), format!("{config:?}")))
}

const PERSONA: (&str, &str) = ("Persona", "Value Hunter");

const LINKING_KEYS: &str = "[{ source = 'email', key = 'email' }]";

fn common() -> Vec<(&'static str, String)> {
    vec![
        ("linking_keys", LINKING_KEYS.to_owned()),
        ("browser_attribute_allowlist", text("Persona")),
    ]
}

fn with_common(keys: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    keys.into_iter().chain(common()).collect()
}

fn two(first: &str, second: &str) -> String {
    format!("[{}, {}]", secret(first), secret(second))
}

pub(crate) const AMPERITY: Subject = Subject {
    name: amperity::NAME,
    route: "amperity.lookup.post",
    read_route: "amperity.profile",
    dead_id: "5a0e0001-0000-4000-8000-00000000dead",
    linking_key: "email",
    attribute: PERSONA,
    url_key: "base_url",
    texts: &["tenant_id", "source_value"],
    credential: "profile_api_key",
    secrets: &[sandbox::PROFILE_TOKEN, sandbox::INGEST_TOKEN],
    section: || {
        with_common(vec![
            ("tenant_subdomain", text("acme")),
            ("tenant_id", text(sandbox::TENANT_ID)),
            ("api_key", secret(sandbox::INGEST_TOKEN)),
            ("event_stream_id", text(sandbox::STREAM_ID)),
            ("source_value", text(sandbox::SOURCE)),
            ("profile_api_key", secret(sandbox::PROFILE_TOKEN)),
            ("profile_collection_id", text(sandbox::COLLECTION_ID)),
            ("base_url", text("https://vendor.test/amperity")),
        ])
    },
    replacement: &[("profile_api_key", || two("ended", sandbox::PROFILE_TOKEN))],
    end_credential: |_| {},
    build: |section, around| {
        let config = amperity::Config::read(section)?;
        let provider = amperity::AmperityProfiles::new(around, &config)?;
        Some((Arc::new(provider), format!("{config:?}")))
    },
    status: |status| (status == 404).then_some(Ok(())),
};

const INDEX: Subject = Subject {
    name: amperity_index::NAME,
    route: "amperity_index.value.get",
    read_route: "amperity_index.value.get",
    dead_id: "email=gone%40example.com",
    linking_key: "email",
    attribute: PERSONA,
    url_key: "base_url",
    texts: &["tenant_id", "index_id", "api_version", "method"],
    credential: "profile_api_key",
    secrets: &sandbox::INDEX_TOKENS,
    section: || {
        with_common(vec![
            ("tenant_subdomain", text("acme")),
            ("tenant_id", text(sandbox::TENANT_ID)),
            ("profile_api_key", secret(sandbox::INDEX_TOKENS[0])),
            ("index_id", text(sandbox::INDEX_ID)),
            ("base_url", text("https://vendor.test/amperity_index")),
        ])
    },
    replacement: &[("profile_api_key", || two(sandbox::INDEX_TOKENS[0], sandbox::INDEX_TOKENS[1]))],
    end_credential: |sandbox| sandbox.revoke_index_token(sandbox::INDEX_TOKENS[0]),
    build: |section, around| both(amperity_index::Config::read(section), around),
    status: |_| None,
};

pub(crate) const INDEX_V0: Subject = INDEX;

pub(crate) const INDEX_V0_POST: Subject = Subject {
    route: "amperity_index.value.post",
    read_route: "amperity_index.value.post",
    section: || [(INDEX.section)(), vec![("method", text("POST"))]].concat(),
    ..INDEX
};

pub(crate) const INDEX_V2: Subject = Subject {
    route: "amperity_index.profiles",
    read_route: "amperity_index.profile",
    dead_id: "5a0e0001-0000-4000-8000-00000000dead",
    section: || [(INDEX.section)(), vec![("api_version", text("v2"))]].concat(),
    ..INDEX
};

pub(crate) const ANSIRA: Subject = Subject {
    name: ansira::NAME,
    route: "ansira.records",
    read_route: "ansira.records",
    dead_id: "5a0e0001-0000-4000-8000-00000000dead",
    linking_key: "email",
    attribute: PERSONA,
    url_key: "base_url",
    texts: &[
        "environment",
        "client_id",
        "records_path",
        "filter",
        "filter_quote",
        "filter_escape",
        "order_by",
        "id_field",
    ],
    credential: "client_secret",
    secrets: &[sandbox::ANSIRA_CLIENT_SECRET, "sandbox-ansira-token"],
    section: || {
        with_common(vec![
            ("client_id", text(sandbox::ANSIRA_CLIENT_ID)),
            ("client_secret", secret(sandbox::ANSIRA_CLIENT_SECRET)),
            ("assertion_file", text(ASSERTION_FILE)),
            ("scopes", "['contacts.read']".to_owned()),
            ("records_path", text("v1/contacts")),
            ("filter", text("{key} eq {value}")),
            ("order_by", text("FirstName desc")),
            ("base_url", text("https://vendor.test/ansira")),
            ("token_url", text("https://vendor.test/ansira/oauth/v2/oauth-token")),
        ])
    },
    replacement: &[],
    end_credential: |sandbox| drop(sandbox.new_ansira_assertion()),
    build: |section, around| both(ansira::Config::read(section), around),
    status: |status| (status == 504).then_some(Err(ProviderError::Deadline)),
};

const DECLARED: Subject = Subject {
    name: rest::NAME,
    route: "rest.get",
    read_route: "rest.get",
    dead_id: "email=gone%40example.com",
    linking_key: "email",
    attribute: PERSONA,
    url_key: "url",
    texts: &["name", "method", "auth"],
    credential: "auth_secret",
    secrets: &sandbox::REST_TOKENS,
    section: || {
        with_common(vec![
            ("name", text("loyalty")),
            ("url", text("https://vendor.test/rest/customers/{value}?by={key}")),
            ("auth", text("bearer")),
            ("auth_secret", secret(sandbox::REST_TOKENS[0])),
            ("attributes", text("/customer")),
        ])
    },
    replacement: &[("auth_secret", || two(sandbox::REST_TOKENS[0], sandbox::REST_TOKENS[1]))],
    end_credential: |sandbox| sandbox.revoke_rest_token(sandbox::REST_TOKENS[0]),
    build: |section, around| both(rest::Config::read(section), around),
    status: |status| (status == 404).then_some(Ok(())),
};

pub(crate) const REST: Subject = DECLARED;

pub(crate) const REST_POST: Subject = Subject {
    route: "rest.post",
    read_route: "rest.post",
    section: || {
        let mut keys = (DECLARED.section)();
        keys.retain(|(key, _)| *key != "url");
        keys.extend([
            ("url", text("https://vendor.test/rest/search")),
            ("method", text("POST")),
            ("body", text(r#"{"by": "{key}", "value": "{value}"}"#)),
        ]);
        keys
    },
    ..DECLARED
};

const ALGONOMY: Subject = Subject {
    name: algonomy::NAME,
    route: "algonomy.profile",
    read_route: "algonomy.profile",
    dead_id: "email_address:gone@example.com",
    linking_key: "email_address",
    attribute: ("fullName", "Vera Hunter"),
    url_key: "profile_url",
    texts: &[],
    credential: "tenant_hash",
    secrets: &[
        sandbox::ALGONOMY_TENANT_HASH,
        sandbox::ALGONOMY_OAUTH_KEY_SECRET,
        "sandbox-algonomy-profile",
    ],
    section: || {
        vec![
            ("profile_url", text("https://vendor.test/algonomy")),
            ("tenant_hash", secret(sandbox::ALGONOMY_TENANT_HASH)),
            ("oauth_key_secret", secret(sandbox::ALGONOMY_OAUTH_KEY_SECRET)),
            ("linking_keys", "[{ source = 'email', key = 'email_address' }]".to_owned()),
            ("browser_attribute_allowlist", text("fullName")),
        ]
    },
    replacement: &[],
    end_credential: |sandbox| assert_eq!(sandbox.drop_algonomy_tokens(), 1),
    build: |section, around| both(algonomy::Config::read(section), around),
    // None of its documents lists statuses, so that no 400 can be taken for a word on the key.
    status: |status| match status {
        400 => Some(Err(ProviderError::Unexpected { status })),
        404 => Some(Ok(())),
        _ => None,
    },
};

pub(crate) const ALL: [Subject; 8] =
    [AMPERITY, INDEX_V0, INDEX_V0_POST, INDEX_V2, ANSIRA, REST, REST_POST, ALGONOMY];

/// Vera's profile id, where the vendor names profiles.
pub(crate) fn veras_id() -> ProfileId {
    ProfileId::new(NamedCustomer::Vera.profile_id())
}

/// Sends, and packs what comes back from the route of look-ups.
struct Packed(InProcess);

#[async_trait]
impl Transport for Packed {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        if request.uri().path().contains("token") {
            return self.0.send(request, max_bytes).await;
        }
        Err(HttpError::Encoded(http::StatusCode::OK))
    }
}
