use axum::http::{Request, StatusCode};

use crate::Sandbox;
use crate::testing::{START_SECOND, sandbox, send};

const BODY: &str = r#"{"event":"x"}"#;
/// Of `m-1.{START_SECOND}.{BODY}` under the default secret, by Python's hmac.
const SIGNATURE: &str = "v1,XubLIsVjNzdBL72k+WGhi1h4dzvSbdR0BP4Fm0SGE+o=";

async fn post(sandbox: &Sandbox, headers: &[(&str, &str)], body: &str) -> StatusCode {
    let mut request = Request::post("/webhook");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(sandbox.router(), request.body(body.to_owned().into()).unwrap()).await.status
}

#[tokio::test]
async fn only_what_is_signed_and_timely_is_taken() {
    let (sandbox, _) = sandbox();
    let now = START_SECOND.to_string();
    let late = (START_SECOND - 301).to_string();
    let two = format!("v1,AAAA {SIGNATURE}");
    let json = ("content-type", "application/json");
    let id = ("webhook-id", "m-1");
    let at = ("webhook-timestamp", &*now);
    let signed = ("webhook-signature", SIGNATURE);
    for (headers, body, status) in [
        (vec![json, id, at, signed], BODY, 204),
        (vec![json, id, at, ("webhook-signature", &*two)], BODY, 204),
        (vec![json, id, at, signed], "{}", 401),
        (vec![json, ("webhook-id", "m-2"), at, signed], BODY, 401),
        (vec![json, id, ("webhook-timestamp", &*late), signed], BODY, 401),
        (vec![json, id, at, ("webhook-signature", "v1,AAAA v2,x")], BODY, 401),
        (vec![json, id, at], BODY, 400),
        (vec![id, at, signed], BODY, 415),
    ] {
        let answer = post(&sandbox, &headers, body).await;
        assert_eq!(answer.as_u16(), status, "{headers:?} {body}");
    }
    let taken = sandbox.delivered("webhook");
    assert_eq!(taken.iter().map(|one| one.duplicate).collect::<Vec<_>>(), [false, true]);
}
