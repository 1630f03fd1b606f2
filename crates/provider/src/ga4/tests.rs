use std::sync::Arc;

use axum::body::Body;
use datafly_sandbox::{Fault, Sandbox};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::destination::tests::{GA4, InProcess, NOW, deliver, mistakes_in, start};
use crate::destination::{Fate, Refusal};

/// What Google's validator says of a body.
async fn validated(sandbox: &Sandbox, body: &Value) -> Value {
    let request = Request::post("/ga4/debug/mp/collect").body(Body::from(body.to_string()));
    let answer = sandbox.router().oneshot(request.unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// Why an event with a field written like this is not sent, or how the field was sent.
async fn sent(path: &str, value: Value) -> Result<Value, String> {
    let sandbox = start();
    let attempt = deliver(&*GA4.destination(&sandbox), GA4.delivery_with(path, value)).await;
    if let Fate::Refused(Refusal::Unfit(rule)) = attempt.fate {
        assert_eq!(sandbox.hits("ga4.collect"), 0);
        return Err(rule);
    }
    let body = sandbox.requests()[0].body.clone();
    let messages = validated(&sandbox, &body).await;
    assert_eq!(messages, json!({"validationMessages": []}), "{body}");
    assert_eq!(sandbox.delivered("ga4").len(), 1, "Google kept it");
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let top = if ["name", "params"].contains(&root) { &body["events"][0] } else { &body };
    let inner = rest.split('.').filter(|step| !step.is_empty());
    Ok(inner.fold(&top[root], |value, step| &value[step]).clone())
}

#[tokio::test]
async fn texts_are_cut_where_google_would_cut_them() {
    let long = "ä".repeat(2_000);
    for (path, longest) in [
        ("params.label", 100),
        ("params.page_location", 1_000),
        ("params.page_referrer", 420),
        ("params.page_title", 300),
        ("user_properties.tier.value", 36),
    ] {
        let cut = sent(path, json!(long)).await.unwrap();
        assert_eq!(cut.as_str().unwrap().chars().count(), longest, "{path}");
    }
    let item = sent("params.items", json!([{"item_id": "s", "item_name": long, "x": null}])).await;
    assert_eq!(item.unwrap()[0]["item_name"].as_str().unwrap().chars().count(), 100);
}

#[tokio::test]
async fn what_is_null_is_left_out() {
    assert_eq!(sent("params", json!({"a": 1, "b": null})).await, Ok(json!({"a": 1})));
    let properties = json!({"a": {"value": 1}, "b": {"value": null}, "c": null});
    assert_eq!(sent("user_properties", properties).await, Ok(json!({"a": {"value": 1}})));
}

#[tokio::test]
async fn consent_is_in_the_protocol_s_upper_case() {
    let consent = json!({"ad_user_data": "granted", "ad_personalization": "Denied"});
    assert_eq!(
        sent("consent", consent).await.unwrap(),
        json!({"ad_user_data": "GRANTED", "ad_personalization": "DENIED"})
    );
}

#[tokio::test]
async fn what_cannot_be_put_right_is_refused_with_its_rule() {
    let many = |count: usize| {
        let pairs = (0..count).map(|n| (format!("p{n}"), json!(n)));
        Value::Object(pairs.collect())
    };
    let properties = (0..26).map(|n| (format!("p{n}"), json!({"value": n})));
    let custom_item = Value::Array(vec![many(11)]);
    for (path, value, says) in [
        ("name", json!("no name"), "letters, digits and underscores"),
        ("name", json!("1st"), "must be a letter"),
        ("name", json!("n".repeat(41)), "40 at most"),
        ("name", json!("session_start"), "reserves the event name `session_start`"),
        ("name", json!("ga_x"), "reserves"),
        ("name", json!(7), "no `name`"),
        ("name", Value::Null, "no `name`"),
        ("params", many(26), "26 `params`, and GA4 takes 25"),
        ("params", json!([]), "`params` must be an object"),
        ("params.a b", json!(1), "`params` may not have the name `a b`"),
        ("params.list", json!([1]), "`params.list` is a list"),
        ("params.items", json!([1]), "a list of objects"),
        ("params.items", custom_item, "11 parameters of its own"),
        ("params.items", json!([{"item_id": {}}]), "a parameter of `params.items` is a list"),
        ("user_properties", Value::Object(properties.collect()), "26 `user_properties`"),
        ("user_properties", json!("x"), "`user_properties` must be an object"),
        ("user_properties.tier", json!("gold"), "`user_properties.tier` has no `value`"),
        ("user_properties.a-b", json!({"value": 1}), "may not have the name `a-b`"),
        ("consent.ad_user_data", json!("yes"), "neither GRANTED nor DENIED"),
        ("client_id", Value::Null, "no `client_id`"),
        ("client_id", json!(""), "no `client_id`"),
        ("events", json!([]), "it has `events`"),
        ("user_data", json!({"x": "y".repeat(130_000)}), "longer than the 129999 bytes"),
    ] {
        let rule = sent(path, value).await.expect_err(path);
        assert!(rule.contains(says), "{path}: {rule}");
    }
    let fine = many(25);
    assert_eq!(sent("params", fine.clone()).await, Ok(fine));
}

#[tokio::test]
async fn only_events_of_one_client_travel_together() {
    let sandbox = start();
    let mut batch = GA4.deliveries(20);
    for (n, delivery) in batch.iter_mut().enumerate() {
        delivery.body.insert("client_id".into(), json!(format!("c-{}", n % 2)));
        delivery.at = NOW - std::time::Duration::from_secs(20 - n as u64);
    }
    // The same client with another consent is another request.
    batch[19].body.insert("consent".into(), json!({"ad_user_data": "DENIED"}));
    let attempts = GA4.destination(&sandbox).deliver(&batch, NOW).await;
    assert!(attempts.iter().all(|attempt| attempt.fate.as_str() == "accepted"));
    assert_eq!(sandbox.hits("ga4.collect"), 3);
    for request in sandbox.requests() {
        let times: Vec<_> = request.body["events"].as_array().unwrap().iter().collect();
        let times: Vec<_> =
            times.iter().map(|event| event["timestamp_micros"].as_i64().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(request.body.get("name"), None);
    }
    let taken = sandbox.delivered("ga4");
    let of = |client: &str| taken.iter().filter(|one| one.body["client_id"] == client).count();
    assert_eq!((of("c-0"), of("c-1")), (10, 10));
    assert_eq!(attempts[0].exchange, attempts[2].exchange);
    assert_ne!(attempts[0].exchange, attempts[1].exchange);
}

#[tokio::test]
async fn trouble_with_one_client_s_request_is_not_the_others() {
    let sandbox = start();
    let mut batch = GA4.deliveries(4);
    for (n, delivery) in batch.iter_mut().enumerate() {
        delivery.body.insert("client_id".into(), json!(format!("c-{}", n % 2)));
    }
    batch[3].body.remove("name");
    sandbox.fault("ga4.collect", Some(1), Fault::status(503)).unwrap();
    let attempts = GA4.destination(&sandbox).deliver(&batch, NOW).await;
    let fates: Vec<_> = attempts.iter().map(|attempt| attempt.fate.as_str()).collect();
    assert_eq!(fates, ["retry", "accepted", "retry", "refused"]);
}

#[tokio::test]
async fn a_request_stays_under_the_protocol_s_length() {
    let sandbox = start();
    let mut batch = GA4.deliveries(25);
    for delivery in &mut batch {
        let items: Vec<_> = (0..100).map(|_| json!({"item_name": "i".repeat(100)})).collect();
        delivery.body.insert("params".into(), json!({"items": items}));
    }
    let attempts = GA4.destination(&sandbox).deliver(&batch, NOW).await;
    assert!(attempts.iter().all(|attempt| attempt.fate.as_str() == "accepted"));
    assert_eq!(sandbox.delivered("ga4").len(), 25);
    assert!(sandbox.requests().iter().all(|request| request.body_bytes < 130_000));
    assert_eq!(sandbox.hits("ga4.collect"), 3);
}

#[tokio::test]
async fn the_secret_is_in_the_query_and_nowhere_else() {
    let sandbox = start();
    let attempt = deliver(&*GA4.destination(&sandbox), GA4.delivery(0)).await;
    let sent = &sandbox.requests()[0];
    assert_eq!(sent.query, ["measurement_id", "api_secret"]);
    assert_eq!(sent.authorization.as_ref().unwrap().label, "ga4");
    let url = &attempt.exchange.unwrap().url;
    assert!(url.ends_with("/mp/collect?measurement_id=G-SANDBOX001"), "{url}");
}

#[tokio::test]
async fn a_mapped_time_stays() {
    let at = NOW.as_microsecond() - 1_000_000;
    let sandbox = start();
    let delivery = GA4.delivery_with("timestamp_micros", json!(at));
    deliver(&*GA4.destination(&sandbox), delivery).await;
    assert_eq!(sandbox.requests()[0].body["events"][0]["timestamp_micros"], at);
    assert_eq!(sandbox.requests()[0].body.get("timestamp_micros"), None);
}

#[test]
fn the_region_chooses_the_host() {
    let transport = || Arc::new(InProcess(axum::Router::new()));
    let identity = |changes: &[_]| GA4.over(transport(), changes).unwrap().terms().identity.clone();
    let world = identity(&[("base_url", "")]);
    assert_eq!(world, "ga4 www.google-analytics.com G-SANDBOX001");
    let eu = identity(&[("base_url", ""), ("region", "'eu'")]);
    assert_eq!(eu, "ga4 region1.google-analytics.com G-SANDBOX001");
}

#[test]
fn every_value_is_checked() {
    for (key, value, says) in [
        ("region", "'us'", "write `eu`"),
        ("region", "1", "invalid type"),
        ("measurement_id", "'UA-1'", "starts with `G-`"),
        ("measurement_id", "'G-a&b'", "starts with `G-`"),
    ] {
        let said = mistakes_in(&GA4, &[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
    }
}
