use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{Answer, look_up, read_profile, sandbox, send, send_event, vendor};
use crate::{COLLECTION_ID, INGEST_TOKEN, NamedCustomer, PROFILE_TOKEN, STREAM_ID, TENANT_ID};

mod control;
mod events;
mod faults;
mod keys;
mod wire;

fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status);
    let body = answer.json();
    assert_eq!(body["status"], status);
    assert!(body["message"].is_string());
    assert!(body["request_id"].as_str().unwrap().starts_with("req-"));
}

#[tokio::test]
async fn a_lookup_answers_the_whole_profile_and_its_url() {
    let (sandbox, _) = sandbox();
    let answer = look_up(&sandbox, json!({"email": "vera@example.com"})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let id = NamedCustomer::Vera.profile_id();
    let url = format!("/amperity/prof/profiles/{COLLECTION_ID}/{id}");
    assert_eq!(answer.header("location"), url);

    let profile = answer.json();
    let mut members: Vec<_> = profile.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "attributes",
            "collection_id",
            "created_at",
            "links",
            "profile_id",
            "ticked_at",
            "updated_at"
        ]
    );
    assert_eq!(profile["attributes"]["Persona"], "Value Hunter");
    assert_eq!(profile["links"]["email"], json!(["vera@example.com"]));
    assert_eq!(read_profile(&sandbox, id).await.json(), profile);
}

#[tokio::test]
async fn each_key_of_a_customer_leads_to_it() {
    let (sandbox, _) = sandbox();
    let hash = crate::identifiers::normalised_sha256("+447700900105");
    for keys in [
        json!({"phone": "+447700900105"}),
        json!({"phone_sha256": hash}),
        json!({"customer_id": "user-pia"}),
    ] {
        let answer = look_up(&sandbox, keys).await;
        assert_eq!(answer.json()["profile_id"], NamedCustomer::Pia.profile_id());
    }
    assert_refused(&look_up(&sandbox, json!({"email": "Vera@example.com"})).await, 404);
}

#[tokio::test]
async fn a_lookup_by_query_needs_its_values_encoded() {
    let (sandbox, _) = sandbox();
    let ask = async |query: &str| {
        let path = format!("/lookup/{COLLECTION_ID}/keychain{query}");
        let request = vendor("GET", &path, PROFILE_TOKEN).body(Body::empty()).unwrap();
        send(sandbox.router(), request).await
    };
    let found = ask("?phone=%2B447700900105&_enrich=true").await;
    assert_eq!(found.status, StatusCode::OK);
    assert!(found.json()["attributes"]["EnrichedSegments"].is_array());
    assert!(found.headers.contains_key("location"));
    assert_refused(&ask("?phone=+447700900105").await, 404);
    assert_refused(&ask("").await, 400);
    assert_refused(&ask("?_enrich=true").await, 400);
    assert_refused(&ask("?enrich=true").await, 400);
    assert_eq!(sandbox.hits("amperity.lookup.get"), 5);
    assert_eq!(sandbox.hits("amperity.lookup.post"), 0);
}

#[tokio::test]
async fn a_lookup_takes_exactly_one_key_that_the_collection_links_by() {
    let (sandbox, _) = sandbox();
    assert_refused(&look_up(&sandbox, json!({})).await, 400);
    assert_refused(&look_up(&sandbox, json!({"email": 5})).await, 400);
    assert_refused(&look_up(&sandbox, json!(["email"])).await, 400);
    assert_refused(&look_up(&sandbox, json!({"email": "a", "phone": "b"})).await, 400);
    assert_refused(&look_up(&sandbox, json!({"email": "nobody@example.com"})).await, 404);

    sandbox.set_linking_keys(["customer_id"]);
    let refused = look_up(&sandbox, json!({"email": "vera@example.com"})).await;
    assert_refused(&refused, 400);
    assert!(refused.json()["message"].as_str().unwrap().contains("email"));

    sandbox.set_linking_keys(Vec::<String>::new());
    assert_refused(&look_up(&sandbox, json!({"customer_id": "user-vera"})).await, 404);
}

#[tokio::test]
async fn an_unknown_collection_profile_or_path_is_404() {
    let (sandbox, _) = sandbox();
    assert_refused(&read_profile(&sandbox, "no-such-profile").await, 404);
    for path in [
        "/profiles/apc-other/5a0e0001-0000-4000-8000-000000000001",
        "/lookup/apc-other/keychain?customer_id=user-vera",
        "/collections/x/stats",
        "/collections/x/history",
    ] {
        let request = vendor("GET", path, PROFILE_TOKEN).body(Body::empty()).unwrap();
        assert_refused(&send(sandbox.router(), request).await, 404);
    }
    assert_eq!(sandbox.hits("amperity.other"), 1);
    let stats = format!("/collections/{}/stats", crate::COLLECTION_ID);
    let stats = vendor("GET", &stats, PROFILE_TOKEN).body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), stats).await.json()["profiles"], sandbox.customer_count());
    let path = format!("/events/{STREAM_ID}");
    let wrong_method = vendor("GET", &path, INGEST_TOKEN).body(Body::empty()).unwrap();
    assert_refused(&send(sandbox.router(), wrong_method).await, 405);
}

#[tokio::test]
async fn tokens_work_only_in_their_scope_and_tenant() {
    let (sandbox, _) = sandbox();
    let lookup = format!("/amperity/prof/lookup/{COLLECTION_ID}/keychain?customer_id=user-vera");
    let profile = format!("/amperity/prof/profiles/{COLLECTION_ID}/x");
    let events = format!("/amperity/prof/events/{STREAM_ID}");
    let (lookup, profile, events) = (lookup.as_str(), profile.as_str(), events.as_str());
    let bearer = |token: &str| format!("Bearer {token}");
    let (ingest, read) = (bearer(INGEST_TOKEN), bearer(PROFILE_TOKEN));
    for (method, uri, authorization, tenant, status) in [
        ("GET", lookup, None, Some(TENANT_ID), 401),
        ("GET", lookup, Some("Bearer nonsense"), Some(TENANT_ID), 401),
        ("GET", lookup, Some("Basic nonsense"), Some(TENANT_ID), 401),
        ("GET", lookup, Some(read.as_str()), None, 401),
        ("GET", lookup, Some(read.as_str()), Some("other"), 401),
        ("GET", lookup, Some(ingest.as_str()), Some(TENANT_ID), 403),
        ("POST", lookup, Some(ingest.as_str()), Some(TENANT_ID), 403),
        ("GET", profile, Some(ingest.as_str()), Some(TENANT_ID), 403),
        ("POST", events, Some(read.as_str()), Some(TENANT_ID), 403),
        ("POST", events, None, Some(TENANT_ID), 401),
        ("GET", lookup, Some(read.as_str()), Some(TENANT_ID), 200),
    ] {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in [("authorization", authorization), ("amperity-tenant", tenant)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = send(sandbox.router(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {uri} {tenant:?}");
    }
}

#[tokio::test]
async fn context_changes_some_attributes_of_a_profile_read() {
    let (sandbox, _) = sandbox();
    let id = NamedCustomer::Vera.profile_id();
    let ask = async |query: &str| {
        read_profile(&sandbox, &format!("{id}{query}")).await.json()["attributes"].take()
    };
    let plain = ask("").await;
    assert_eq!(ask("?utm_source=x").await, plain);
    let shopping = ask("?pageCategory=denim&cartValue=120&tierHint=Gold").await;
    assert_eq!(shopping["RecommendedCategory"], "denim");
    assert_eq!(shopping["FavoriteBrand"], "Brightwater");
    assert_eq!(shopping["Offer"], "free-delivery");
    assert_eq!(shopping["OfferTier"], "Gold");
    assert_eq!(ask("?cartValue=5").await["Offer"], "ten-off-over-100");
    assert_eq!(shopping["Persona"], plain["Persona"]);
}

#[tokio::test]
async fn the_request_log_names_tokens_by_label_and_shows_no_query_value() {
    let (sandbox, _) = sandbox();
    look_up(&sandbox, json!({"email": "vera@example.com"})).await;
    let id = NamedCustomer::Vera.profile_id();
    read_profile(&sandbox, &format!("{id}?pageCategory=secret-value")).await;
    let request = vendor("GET", "/x", "stolen").body(Body::empty()).unwrap();
    send(sandbox.router(), request).await;

    let log = sandbox.requests();
    assert_eq!(log[0].route, "amperity.lookup.post");
    assert_eq!(log[0].status, Some(200));
    assert_eq!(log[0].body["keys"]["email"], "vera@example.com");
    assert_eq!(log[1].query, ["pageCategory"]);
    assert!(log[1].headers.contains(&"amperity-tenant".to_owned()));
    assert_eq!(log[1].body, Value::Null);
    let seen: Vec<_> =
        log.iter().map(|entry| entry.authorization.as_ref().unwrap().label.as_str()).collect();
    assert_eq!(seen, ["profile", "profile", "unknown"]);
    let text = serde_json::to_string(&log).unwrap();
    for secret in [PROFILE_TOKEN, "stolen", "secret-value"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_request_log_is_capped() {
    let (sandbox, _) = crate::testing::sandbox_with(|config| {
        config.request_log_len = 2;
        config.event_log_len = 1;
    });
    for n in 0..3 {
        send_event(&sandbox, json!({"source": "DATAFLY", "n": n})).await;
    }
    assert_eq!(sandbox.requests().iter().map(|entry| entry.n).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(sandbox.events().iter().map(|event| event.n).collect::<Vec<_>>(), [3]);
    assert_eq!((sandbox.accepted_events(), sandbox.hits("amperity.events")), (3, 3));
}
