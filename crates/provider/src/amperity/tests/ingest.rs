//! Deliveries: the seed's request to the letter, and every documented status.

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::destination::tests::{self as shared, AMPERITY, NOW, deliver};
use crate::destination::{Attempt, ConfigFault, Delivery, Destination, Fate, Receipt, Refusal};

async fn fate_with(changes: &[(&'static str, &str)]) -> Fate {
    let sandbox = shared::start();
    let destination = AMPERITY.set_up(&sandbox, changes).unwrap();
    deliver(&*destination, AMPERITY.delivery(0)).await.fate
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_the_seed_s() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let vendor = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"}") {
            let read = socket.read(&mut chunk).await.unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        socket.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let base_url = format!("'http://{address}/'");
    let network = Arc::new(Network::new().unwrap());
    let destination = AMPERITY.over(network, &[("base_url", &base_url)]).unwrap();
    let attempt = deliver(&*destination, AMPERITY.delivery(3)).await;
    assert_eq!(attempt.fate, Fate::Done(Receipt::Accepted));

    let request = vendor.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let line = format!("POST /prof/events/{} HTTP/1.1", sandbox::STREAM_ID);
    assert_eq!(lines.next(), Some(&*line));
    let headers: Vec<_> = lines.map(str::to_lowercase).collect();
    for header in [
        format!("amperity-tenant: {}", sandbox::TENANT_ID),
        format!("authorization: bearer {}", sandbox::INGEST_TOKEN),
        "content-type: application/json".to_owned(),
        format!("content-length: {}", body.len()),
    ] {
        assert_eq!(headers.iter().filter(|line| **line == header).count(), 1, "{headers:?}");
    }
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = json!({
        "source": "DATAFLY", "message_id": "message-3",
        "type": "view_item", "cookieid": "c-1", "email": "vera@example.com",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_body_never_says_where_it_goes_or_which_event_it_is() {
    let sandbox = shared::start();
    let mut delivery = AMPERITY.delivery_with("source", json!("another"));
    delivery.body.insert("message_id".into(), json!("another"));
    deliver(&*AMPERITY.destination(&sandbox), delivery).await;
    let event = &sandbox.events()[0].body;
    assert_eq!((&event["source"], &event["message_id"]), (&json!("DATAFLY"), &json!("message-0")));
}

#[tokio::test]
async fn a_stream_s_mode_decides() {
    use datafly_sandbox::StreamMode::{Active, Drop, Reject};
    for (mode, fate) in [(Active, "accepted"), (Drop, "dropped"), (Reject, "paused")] {
        let sandbox = shared::start();
        sandbox.set_stream_mode(mode);
        let attempt = deliver(&*AMPERITY.destination(&sandbox), AMPERITY.delivery(0)).await;
        assert_eq!(attempt.fate.as_str(), fate);
        if let Fate::Paused(ConfigFault { key, reason }) = attempt.fate {
            assert!(key == "event_stream_id" && reason.contains("mode is Reject"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_fault_of_the_configuration_names_the_key_to_mend() {
    let crossed = [("api_key", &*secret(sandbox::PROFILE_TOKEN))];
    for (changes, key, says) in [
        (&crossed[..], "api_key", "Streaming Ingest Write Access"),
        (&[("tenant_id", "'other'")], "api_key", "401"),
        (&[("event_stream_id", "'esm-other'")], "event_stream_id", "no such stream"),
    ] {
        let Fate::Paused(fault) = fate_with(changes).await else { panic!("{changes:?}") };
        assert!(fault.key == key && fault.reason.contains(says), "{fault}");
    }
}

#[tokio::test]
async fn mistakes_of_both_sides_are_found_at_once() {
    let token = secret("same");
    let changes =
        [("api_key", &*token), ("profile_api_key", &token), ("event_stream_id", "'is-1'")];
    let said = shared::mistakes_in(&AMPERITY, &changes);
    assert!(said.concat().contains("same as `api_key`") && said.len() == 3, "{said:#?}");
    let unsendable = shared::mistakes_in(&AMPERITY, &[("api_key", "{ env = \"a\\u0007b\" }")]);
    assert!(unsendable[0].contains("no HTTP header can carry"), "{unsendable:?}");
}

#[tokio::test]
async fn an_event_over_64_kb_is_not_sent() {
    let sandbox = shared::start();
    let destination = AMPERITY.destination(&sandbox);
    let sized = |bytes: usize| {
        let without = serde_json::to_vec(&json!({
            "source": "DATAFLY", "message_id": "message-0", "blob": "",
        }));
        let blob = "x".repeat(bytes - without.unwrap().len());
        let serde_json::Value::Object(body) = json!({"blob": blob}) else { unreachable!() };
        Delivery { body, ..AMPERITY.delivery(0) }
    };
    let whole = deliver(&*destination, sized(65_536)).await;
    assert_eq!(whole.fate, Fate::Done(Receipt::Accepted));
    let Attempt { fate, exchange } = deliver(&*destination, sized(65_537)).await;
    let Fate::Refused(Refusal::Unfit(rule)) = fate else { panic!("{fate:?}") };
    assert_eq!((&*rule, exchange), ("it is 65537 bytes long, and Amperity takes 65536", None));
    assert_eq!(sandbox.hits("amperity.events"), 1);
}

#[tokio::test]
async fn whoever_a_collection_links_by_is_an_identity_field() {
    let keys = "[{ source = 'user_id', key = 'loyalty_id' }, { source = 'email', key = 'email' }]";
    let destination = AMPERITY.set_up(&shared::start(), &[("linking_keys", keys)]).unwrap();
    let fields = &destination.terms().identity_fields;
    for field in ["user_id", "email", "phone", "amperity_id", "cookieid", "loyalty_id"] {
        assert_eq!(fields.iter().filter(|listed| *listed == field).count(), 1, "{fields:?}");
    }
}

#[tokio::test]
async fn look_ups_and_deliveries_share_the_tenant_s_budget() {
    let vendor = Vendor::start().await;
    let config = vendor.config(&[]).unwrap();
    let events = AmperityEvents::new(&around(Arc::new(Network::new().unwrap())), &config);
    assert_eq!(events.terms().quota, vendor.client().quota());
    assert!(events.deliver(&[], NOW).await.is_empty());
}
