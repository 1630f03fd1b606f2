//! What the destinations' tests share: a sandbox in this process, and each destination set up against it.

mod conformance;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use datafly_core::secret::{SecretError, SecretRef};
use datafly_sandbox::{self as sandbox, Fault, Sandbox, SandboxConfig};
use datafly_settings::{Mistakes, Reader, Section};
use http::Request;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Attempt, Delivery, Destination, Fate};
use crate::http::{Answer, HttpError, Transport};
use crate::surroundings::testing::around;
use crate::{amperity, ga4, meta_capi, tiktok, webhook};

/// When everything in these tests happens.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_800_000_000, 123_000_000);

/// A vendor without a socket, so that time is virtual.
pub(crate) struct InProcess(pub(crate) Router);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let Ok(response) = self.0.clone().oneshot(request.map(Body::from)).await;
        Answer::read(response, max_bytes).await
    }
}

pub(crate) fn start() -> Sandbox {
    start_with(|_| {})
}

pub(crate) fn start_with(change: impl FnOnce(&mut SandboxConfig)) -> Sandbox {
    let mut config = SandboxConfig { customers: 1, ..SandboxConfig::default() };
    change(&mut config);
    Sandbox::new(config, Arc::new(|| NOW))
}

/// In these tests a secret's reference holds the secret, which the product never does.
pub(crate) fn secret(secret: &str) -> String {
    format!("{{ env = '{secret}' }}")
}

pub(crate) fn text(text: &str) -> String {
    format!("'{text}'")
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that `resolve` takes")]
fn named_by_itself(reference: &SecretRef) -> Result<SecretString, SecretError> {
    match reference {
        SecretRef::Env(secret) | SecretRef::File(secret) => Ok(SecretString::from(secret.as_str())),
    }
}

/// Reads a section that is written like this.
pub(crate) fn read<T>(
    keys: &[(&'static str, String)],
    read: impl FnOnce(Section<'_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let lines: Vec<_> = keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let lines = lines.join("\n");
    let reader = Reader::new(&lines, &named_by_itself);
    reader.finish(reader.root().and_then(read))
}

/// What is said of a section with some keys written otherwise, or not at all.
pub(crate) fn mistakes_in(subject: &Subject, changes: &[(&'static str, &str)]) -> Vec<String> {
    match subject.set_up(&start(), changes) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

type Build = fn(Section<'_>, Arc<dyn Transport>) -> Option<Arc<dyn Destination>>;

/// A destination under test.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// The sandbox's route that takes its events.
    pub(crate) route: &'static str,
    /// Key of its credential, and the credential.
    pub(crate) credential: (&'static str, &'static str),
    /// The section that fits the sandbox.
    section: fn() -> Vec<(&'static str, String)>,
    build: Build,
    /// The configuration as `Debug` shows it.
    shown: fn(Section<'_>) -> Option<String>,
    /// A mapped body that the vendor takes.
    event: fn() -> Value,
}

impl Subject {
    pub(crate) fn set_up(
        &self,
        sandbox: &Sandbox,
        changes: &[(&'static str, &str)],
    ) -> Result<Arc<dyn Destination>, Mistakes> {
        self.over(Arc::new(InProcess(sandbox.router())), changes)
    }

    pub(crate) fn over(
        &self,
        transport: Arc<dyn Transport>,
        changes: &[(&'static str, &str)],
    ) -> Result<Arc<dyn Destination>, Mistakes> {
        let mut keys = (self.section)();
        for (key, value) in changes {
            keys.retain(|(written, _)| written != key);
            if !value.is_empty() {
                keys.push((key, (*value).to_owned()));
            }
        }
        read(&keys, |section| (self.build)(section, transport))
    }

    pub(crate) fn destination(&self, sandbox: &Sandbox) -> Arc<dyn Destination> {
        self.set_up(sandbox, &[]).unwrap()
    }

    /// The nth event, as its blueprint would map it.
    pub(crate) fn delivery(&self, n: usize) -> Delivery {
        let Value::Object(body) = (self.event)() else { unreachable!() };
        Delivery { message_id: format!("message-{n}").into(), at: NOW, body }
    }

    pub(crate) fn deliveries(&self, count: usize) -> Vec<Delivery> {
        (0..count).map(|n| self.delivery(n)).collect()
    }

    /// An event with one field written otherwise, or taken out, by its path.
    pub(crate) fn delivery_with(&self, path: &str, value: Value) -> Delivery {
        let mut delivery = self.delivery(0);
        let mut body = Value::Object(delivery.body);
        let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = &mut body;
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            at = &mut at[parent];
        }
        match value {
            Value::Null => drop(at.as_object_mut().unwrap().remove(name)),
            value => at[name] = value,
        }
        let Value::Object(body) = body else { unreachable!() };
        delivery.body = body;
        delivery
    }

    /// What the vendor has, oldest first: what it tells a copy by, and the event.
    pub(crate) fn taken(&self, sandbox: &Sandbox) -> Vec<(Option<String>, Value)> {
        if self.name == amperity::NAME {
            let events = sandbox.events().into_iter();
            return events
                .map(|event| {
                    let id = event.body["message_id"].as_str().map(str::to_owned);
                    (id, Value::Object(event.body))
                })
                .collect();
        }
        let taken = sandbox.delivered(self.name).into_iter();
        taken.map(|record| (record.id, record.body)).collect()
    }
}

/// Delivers one event.
pub(crate) async fn deliver(destination: &dyn Destination, delivery: Delivery) -> Attempt {
    destination.deliver(&[delivery], NOW).await.pop().unwrap()
}

/// The fate of one event while the vendor answers like this.
pub(crate) async fn fate_under(subject: &Subject, fault: Fault) -> Fate {
    let sandbox = start();
    sandbox.fault(subject.route, Some(1), fault).unwrap();
    deliver(&*subject.destination(&sandbox), subject.delivery(0)).await.fate
}

/// An answer with a status and a body.
pub(crate) fn answering(status: u16, body: &str) -> Fault {
    serde_json::from_value(json!({"status": status, "body": body})).unwrap()
}

pub(crate) const SHA256: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";

pub(crate) const AMPERITY: Subject = Subject {
    name: amperity::NAME,
    route: "amperity.events",
    credential: ("api_key", sandbox::INGEST_TOKEN),
    section: || {
        vec![
            ("tenant_subdomain", text("acme")),
            ("tenant_id", text(sandbox::TENANT_ID)),
            ("api_key", secret(sandbox::INGEST_TOKEN)),
            ("event_stream_id", text(sandbox::STREAM_ID)),
            ("source_value", text(sandbox::SOURCE)),
            ("base_url", text("https://vendor.test/amperity")),
        ]
    },
    build: |section, transport| {
        let config = amperity::Config::read(section)?;
        Some(Arc::new(amperity::AmperityEvents::new(&around(transport), &config)))
    },
    shown: |section| amperity::Config::read(section).map(|config| format!("{config:?}")),
    event: || json!({"type": "view_item", "cookieid": "c-1", "email": "vera@example.com"}),
};

pub(crate) const GA4: Subject = Subject {
    name: ga4::NAME,
    route: "ga4.collect",
    credential: ("api_secret", sandbox::GA4_API_SECRET),
    section: || {
        vec![
            ("measurement_id", text(sandbox::GA4_MEASUREMENT_ID)),
            ("api_secret", secret(sandbox::GA4_API_SECRET)),
            ("base_url", text("https://vendor.test/ga4")),
        ]
    },
    build: |section, transport| {
        let config = ga4::Config::read(section)?;
        Some(Arc::new(ga4::Ga4::new(transport, &config)))
    },
    shown: |section| ga4::Config::read(section).map(|config| format!("{config:?}")),
    event: || {
        json!({
            "client_id": "c-1",
            "user_id": "vera@example.com",
            "user_properties": {"tier": {"value": "gold"}},
            "consent": {"ad_user_data": "GRANTED"},
            "name": "view_item",
            "params": {"session_id": 1, "engagement_time_msec": 1, "items": [{"item_id": "s-1"}]},
        })
    },
};

pub(crate) const META_CAPI: Subject = Subject {
    name: meta_capi::NAME,
    route: "meta_capi.events",
    credential: ("access_token", sandbox::META_ACCESS_TOKEN),
    section: || {
        vec![
            ("pixel_id", text(sandbox::META_PIXEL_ID)),
            ("access_token", secret(sandbox::META_ACCESS_TOKEN)),
            ("base_url", text("https://vendor.test/meta_capi")),
        ]
    },
    build: |section, transport| {
        let config = meta_capi::Config::read(section)?;
        Some(Arc::new(meta_capi::MetaCapi::new(transport, &config)))
    },
    shown: |section| meta_capi::Config::read(section).map(|config| format!("{config:?}")),
    event: || {
        json!({
            "event_name": "ViewContent",
            "action_source": "website",
            "event_source_url": "https://shop.test/s-1?who=vera@example.com",
            "user_data": {"em": SHA256, "client_user_agent": "Mozilla/5.0"},
            "custom_data": {"content_ids": ["s-1"]},
        })
    },
};

pub(crate) const TIKTOK: Subject = Subject {
    name: tiktok::NAME,
    route: "tiktok.events",
    credential: ("access_token", sandbox::TIKTOK_ACCESS_TOKEN),
    section: || {
        vec![
            ("pixel_code", text(sandbox::TIKTOK_PIXEL_CODE)),
            ("access_token", secret(sandbox::TIKTOK_ACCESS_TOKEN)),
            ("base_url", text("https://vendor.test/tiktok")),
        ]
    },
    build: |section, transport| {
        let config = tiktok::Config::read(section)?;
        Some(Arc::new(tiktok::Tiktok::new(transport, &config)))
    },
    shown: |section| tiktok::Config::read(section).map(|config| format!("{config:?}")),
    event: || {
        json!({
            "event": "ViewContent",
            "user": {"email": SHA256},
            "page": {"url": "https://shop.test/s-1?who=vera@example.com"},
            "properties": {"content_type": "product"},
        })
    },
};

pub(crate) const WEBHOOK: Subject = Subject {
    name: webhook::NAME,
    route: "webhook.events",
    credential: ("secret", sandbox::WEBHOOK_SECRET),
    section: || {
        vec![
            ("url", text("https://vendor.test/webhook")),
            ("secret", secret(sandbox::WEBHOOK_SECRET)),
            ("consent_category", text("analytics")),
        ]
    },
    build: |section, transport| {
        let config = webhook::Config::read(section)?;
        Some(Arc::new(webhook::Webhook::new(transport, &config)))
    },
    shown: |section| webhook::Config::read(section).map(|config| format!("{config:?}")),
    event: || json!({"event": "Product Viewed", "email": "vera@example.com"}),
};

pub(crate) const ALL: [Subject; 5] = [AMPERITY, GA4, META_CAPI, TIKTOK, WEBHOOK];
