use std::sync::Arc;

use datafly_sandbox as sandbox;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::token::SigningKey;
use crate::destination::tests::{NOW, WEBHOOK, deliver, mistakes_in, secret, start, start_with};
use crate::destination::{Delivery, Fate};
use crate::http::Network;

const OTHER: &str = "whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=";

/// Computed by another implementation: Python's hmac and base64 over the same three parts.
#[test]
fn the_signature_is_the_scheme_s() {
    let key = SigningKey::decode(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
    let body = br#"{"test": 2432232314}"#;
    let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body).unwrap();
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert!(!format!("{key:?}").contains("MfKQ"));
}

#[tokio::test]
async fn a_signature_holds_for_its_moment_only() {
    let sandbox = start();
    let destination = WEBHOOK.destination(&sandbox);
    let at = async |now: Timestamp| {
        let attempts = destination.deliver(&[WEBHOOK.delivery(0)], now).await;
        attempts[0].fate.as_str()
    };
    assert_eq!(at(NOW).await, "accepted");
    assert_eq!(at(NOW - SignedDuration::from_mins(6)).await, "paused");
    assert_eq!(at(NOW + SignedDuration::from_mins(6)).await, "paused");
}

#[tokio::test]
async fn while_the_secret_changes_both_receivers_verify() {
    let changing =
        [("secret", &*secret(OTHER)), ("previous_secret", &*secret(sandbox::WEBHOOK_SECRET))];
    for receiver_s in [OTHER, sandbox::WEBHOOK_SECRET] {
        let sandbox = start_with(|config| config.destinations.webhook_secret = receiver_s.into());
        let destination = WEBHOOK.set_up(&sandbox, &changing).unwrap();
        let attempt = deliver(&*destination, WEBHOOK.delivery(0)).await;
        assert_eq!(attempt.fate.as_str(), "accepted", "{receiver_s}");
    }
}

#[tokio::test]
async fn any_message_id_can_be_carried_and_verified() {
    for id in ["a.b", "näme\r\nx: y", "%2E", " "] {
        let sandbox = start();
        let delivery = Delivery { message_id: id.into(), ..WEBHOOK.delivery(0) };
        let attempt = deliver(&*WEBHOOK.destination(&sandbox), delivery).await;
        assert_eq!(attempt.fate.as_str(), "accepted", "{id:?}");
    }
}

#[tokio::test]
async fn of_the_url_only_its_origin_is_shown() {
    let sandbox = start();
    let url = "'https://vendor.test/webhook?token=canary'";
    let destination = WEBHOOK.set_up(&sandbox, &[("url", url)]).unwrap();
    let attempt = deliver(&*destination, WEBHOOK.delivery(0)).await;
    assert_eq!(attempt.fate.as_str(), "accepted");
    assert_eq!(attempt.exchange.unwrap().url, "https://vendor.test");
    assert_eq!(sandbox.requests()[0].query, ["token"]);
}

/// Over real sockets: the sandbox listens on this machine, which is just what must not be reached.
#[tokio::test]
async fn a_host_inside_is_reached_only_where_it_is_named() {
    let sandbox = start();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
    let network = Arc::new(Network::new().unwrap());
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let https = format!("'https://{host}:{port}/webhook'");
        let destination = WEBHOOK.over(network.clone(), &[("url", &https)]).unwrap();
        let attempt = deliver(&*destination, WEBHOOK.delivery(0)).await;
        let Fate::Paused(fault) = attempt.fate else { panic!("{host}: {attempt:?}") };
        assert!(fault.key == "url" && fault.reason.contains("`private_host`"), "{fault}");
    }
    assert_eq!(sandbox.hits("webhook.events"), 0);

    let named =
        [("url", &*format!("'http://localhost:{port}/webhook'")), ("private_host", "'localhost'")];
    let destination = WEBHOOK.over(network, &named).unwrap();
    let attempt = deliver(&*destination, WEBHOOK.delivery(0)).await;
    assert_eq!(attempt.fate.as_str(), "accepted");
}

#[test]
fn the_owner_lists_what_names_a_person() {
    let fields = "['customer.id', 'customer.mail', 'customer.id']";
    let destination = WEBHOOK.set_up(&start(), &[("identity_fields", fields)]).unwrap();
    assert_eq!(destination.terms().identity_fields, ["customer.id", "customer.mail"]);
}

#[test]
fn every_value_is_checked() {
    for (key, value, says) in [
        ("url", "'http://hooks.test/'", "write an https URL"),
        ("url", "'https://u:hush@hooks.test/'", "a user name, a password or a fragment"),
        ("url", "'ftp://hooks.test/hush'", "write an https URL"),
        ("url", "'hush'", "relative URL"),
        ("private_host", "'other.internal'", "another host than the one of `url`, `vendor.test`"),
        ("private_host", "''", "it is empty"),
        ("secret", &*secret("hush"), "it is no signing secret: make one with"),
        ("secret", &*secret("whsec_aHVzaA=="), "it is no signing secret"),
        ("previous_secret", &*secret("hush"), "`previous_secret`: it is no signing secret"),
        ("consent_category", "", "`consent_category`: it is missing"),
        ("identity_fields", "'email'", "invalid type"),
    ] {
        let said = mistakes_in(&WEBHOOK, &[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
        assert!(!said[0].contains("hush") || value == "'hush'", "{said:?}");
    }
    assert!(SigningKey::decode(&SecretString::from("")).is_none());
    let plain = secret("b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=");
    assert!(mistakes_in(&WEBHOOK, &[("secret", &plain)]).is_empty(), "the mark is optional");
}
