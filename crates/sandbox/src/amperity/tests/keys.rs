//! API keys and their tokens, over the wire and as on the settings page.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::testing::{ManualClock, get, post};
use crate::{ISSUER_TOKEN, Sandbox, TokenRefusals, client_secret, key_id};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

/// The status of a profile read with that token.
async fn read_with(sandbox: &Sandbox, token: &str) -> u16 {
    let path = format!("/profiles/{COLLECTION_ID}/{}", NamedCustomer::Vera.profile_id());
    let request = vendor("GET", &path, token).body(Body::empty()).unwrap();
    send(sandbox.router(), request).await.status.as_u16()
}

fn issuing(key: &str, token: &str, body: &str) -> Request<Body> {
    Request::post(format!("/amperity/api/v0/admin/api-keys/{key}/tokens"))
        .header("authorization", format!("Bearer {token}"))
        .header("x-amperity-tenant", TENANT_ID)
        .header("content-type", "application/json")
        .body(body.to_owned().into())
        .unwrap()
}

async fn issue(sandbox: &Sandbox, key: &str, token: &str, body: &str) -> Answer {
    send(sandbox.router(), issuing(key, token, body)).await
}

fn after(sandbox: &Sandbox, time: Duration) -> Timestamp {
    sandbox.now() + SignedDuration::try_from(time).unwrap()
}

/// A key with a token that lives for a hundred days.
fn profile_key() -> (Sandbox, ManualClock, String, String) {
    let (sandbox, clock) = sandbox();
    let key = key_id("profile");
    let token = sandbox.issue_token(&key, Some(after(&sandbox, 100 * DAY))).unwrap();
    (sandbox, clock, key, token)
}

#[tokio::test]
async fn an_issued_token_counts_until_it_expires_and_in_its_key_s_scope() {
    let (sandbox, clock) = sandbox();
    let end = after(&sandbox, DAY);
    let body = json!({"expires-at": end}).to_string();
    let answer = issue(&sandbox, &key_id("profile"), ISSUER_TOKEN, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(read_with(&sandbox, &token).await, 200);
    let path = format!("/events/{STREAM_ID}");
    let crossed = vendor("POST", &path, &token).body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), crossed).await.status, StatusCode::FORBIDDEN);
    clock.advance(DAY.saturating_sub(SECOND));
    assert_eq!(read_with(&sandbox, &token).await, 200);
    clock.advance(SECOND);
    assert_eq!(read_with(&sandbox, &token).await, 401);
    assert_eq!(read_with(&sandbox, &format!("{token}x")).await, 401);
    assert_eq!(sandbox.token_refusals(), TokenRefusals { expired: 1, revoked: 0, unknown: 1 });
}

#[tokio::test]
async fn only_an_issuer_of_the_tenant_issues_and_only_what_can_be() {
    let (sandbox, _) = sandbox();
    let key = key_id("profile");
    let tomorrow = json!({"expires-at": after(&sandbox, DAY)}).to_string();
    for (key, token, body, status) in [
        (&*key, PROFILE_TOKEN, &*tomorrow, 403),
        (&key, "stolen", &tomorrow, 401),
        ("ak-nobody", ISSUER_TOKEN, &tomorrow, 404),
        (&key, ISSUER_TOKEN, r#"{"expires-at":"2020-06-16T00:24:16Z"}"#, 400),
        (&key, ISSUER_TOKEN, r#"{"expires_at":"2030-06-16T00:24:16Z"}"#, 400),
        (&key, ISSUER_TOKEN, "", 400),
    ] {
        assert_refused(&issue(&sandbox, key, token, body).await, status);
    }
    let mut request = issuing(&key, ISSUER_TOKEN, &tomorrow);
    let tenant = request.headers_mut().remove("x-amperity-tenant").unwrap();
    request.headers_mut().insert("amperity-tenant", tenant);
    assert_refused(&send(sandbox.router(), request).await, 401);
    assert_eq!(sandbox.hits("amperity.tokens"), 7);
    // The issuer's own token is good for nothing else.
    assert_eq!(read_with(&sandbox, ISSUER_TOKEN).await, 403);
}

#[tokio::test]
async fn a_client_with_its_secret_gets_a_token_for_an_hour() {
    let (sandbox, clock) = sandbox();
    let (id, secret) = (key_id("profile"), client_secret("profile"));
    let ask = async |form: String| {
        let request = Request::post("/amperity/api/v0/oauth2/token")
            .header("x-amperity-tenant", TENANT_ID)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into())
            .unwrap();
        send(sandbox.router(), request).await
    };
    let form = |secret: &str, grant: &str| {
        format!("grant_type={grant}&client_id={id}&client_secret={secret}")
    };
    let answer = ask(form(&secret, "client_credentials")).await.json();
    assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(3600), &json!("Bearer")));
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(read_with(&sandbox, token).await, 200);
    clock.advance(Duration::from_hours(1));
    assert_eq!(read_with(&sandbox, token).await, 401);
    assert_refused(&ask(form("wrong", "client_credentials")).await, 401);
    assert_refused(&ask(form(&secret, "password")).await, 400);
    assert_refused(&ask(String::new()).await, 400);
    let log = serde_json::to_string(&sandbox.requests()).unwrap();
    assert!(!log.contains(&secret) && !log.contains(token), "{log}");
}

#[tokio::test]
async fn a_deposed_secret_counts_for_thirty_days() {
    let (sandbox, clock, key, token) = profile_key();
    sandbox.rotate_key(&key).unwrap();
    let newer = sandbox.issue_token(&key, None).unwrap();
    clock.advance((30 * DAY).saturating_sub(SECOND));
    assert_eq!(read_with(&sandbox, &token).await, 200);
    assert_eq!(
        read_with(&sandbox, PROFILE_TOKEN).await,
        200,
        "the long-lived one is the key's too"
    );
    clock.advance(SECOND);
    assert_eq!(read_with(&sandbox, &token).await, 401);
    assert_eq!(read_with(&sandbox, PROFILE_TOKEN).await, 401);
    assert_eq!(read_with(&sandbox, &newer).await, 200);
    assert_eq!(sandbox.token_refusals().revoked, 2);
}

#[tokio::test]
async fn a_second_rotation_drops_what_was_deposed_by_the_first() {
    let (sandbox, _, key, token) = profile_key();
    sandbox.rotate_key(&key).unwrap();
    let newer = sandbox.issue_token(&key, None).unwrap();
    sandbox.rotate_key(&key).unwrap();
    assert_eq!(read_with(&sandbox, &token).await, 401);
    assert_eq!(read_with(&sandbox, &newer).await, 200);
}

#[tokio::test]
async fn old_tokens_all_tokens_and_keys_are_taken_back_at_once() {
    let (sandbox, _, key, token) = profile_key();
    sandbox.rotate_key(&key).unwrap();
    let newer = sandbox.issue_token(&key, None).unwrap();
    sandbox.revoke_deposed(&key).unwrap();
    assert_eq!((read_with(&sandbox, &token).await, read_with(&sandbox, &newer).await), (401, 200));
    sandbox.revoke_all(&key).unwrap();
    assert_eq!(read_with(&sandbox, &newer).await, 401);
    let last = sandbox.issue_token(&key, None).unwrap();
    assert_eq!(read_with(&sandbox, &last).await, 200);
    sandbox.delete_key(&key).unwrap();
    assert_eq!(read_with(&sandbox, &last).await, 401);
    assert!(sandbox.issue_token(&key, None).is_err() && sandbox.rotate_key(&key).is_err());
    assert_eq!(read_with(&sandbox, PROFILE_TOKEN).await, 401);
    sandbox.reset();
    assert_eq!(read_with(&sandbox, PROFILE_TOKEN).await, 200);
}

#[tokio::test]
async fn the_settings_page_is_under_control_too() {
    let (sandbox, _) = sandbox();
    let key = key_id("profile");
    let act = async |what: &str, body: Value| {
        post(sandbox.router(), &format!("/_control/keys/{key}/{what}"), body).await
    };
    let generated = act("tokens", json!({"expires_at": null})).await.json();
    let token = generated["token"].as_str().unwrap();
    for (what, status) in [("rotate", 200), ("revoke-deposed", 401), ("revoke-all", 401)] {
        assert_eq!(act(what, json!(null)).await.json(), json!({"ok": true}));
        assert_eq!(read_with(&sandbox, token).await, status, "{what}");
    }
    let listed = get(sandbox.router(), "/_control/keys").await.json();
    let expected = json!({
        "id": key, "label": "profile", "scope": "profile_read", "secret": 3, "deposed_until": null,
    });
    assert!(listed["keys"].as_array().unwrap().contains(&expected), "{listed}");
    assert_eq!(listed["refusals"]["revoked"], 2);
    let delete = |key: &str| {
        let request = Request::delete(format!("/_control/keys/{key}")).body(Body::empty()).unwrap();
        send(sandbox.router(), request)
    };
    assert_eq!(delete(&key).await.status, StatusCode::OK);
    let again = delete(&key).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(again.json()["error"]["code"], "UNKNOWN_KEY");
}
