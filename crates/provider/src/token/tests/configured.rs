use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;

use super::*;

const KEY: &str = "api_key";

/// Seconds after the start.
fn expiring(seconds: i64) -> SecretString {
    let claims = format!(r#"{{"exp":{}}}"#, 1_800_000_000 + seconds);
    format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(claims.as_bytes())).into()
}

fn source(tokens: &[SecretString]) -> Configured {
    Configured::new(KEY, tokens, clock())
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_never_given_out_and_its_key_is_named() {
    let source = source(&[expiring(60)]);
    pass(59).await;
    assert!(source.token("").await.is_ok());
    pass(1).await;
    let error = source.token("").await.unwrap_err();
    assert_eq!(error.to_mend(), Some(KEY));
    assert!(error.to_string().contains("`api_key` expired at 2027-01-15T08:01:00Z"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_second_one_serves_when_the_first_expires_or_is_refused() {
    let (first, second) = (expiring(60), SecretString::from("second"));
    let source = source(&[first.clone(), second]);
    assert_eq!(text(&source.token("").await.unwrap()), first.expose_secret());
    assert_eq!(call(&source, "", |token| token == "second").await, Ok(true));
    assert_eq!(
        text(&source.token("").await.unwrap()),
        "second",
        "from now on without a failed try"
    );
    pass(60).await;
    assert_eq!(text(&source.token("").await.unwrap()), "second");
    let refused: Vec<_> = source.status().into_iter().map(|it| (it.key, it.refused)).collect();
    assert_eq!(refused, [("api_key[0]".to_owned(), 1), ("api_key[1]".to_owned(), 0)]);
}

#[tokio::test(start_paused = true)]
async fn where_all_are_refused_they_are_tried_in_turn() {
    let source = source(&["a".into(), "b".into()]);
    assert_eq!(call(&source, "", |_| false).await, Ok(false));
    for expected in ["a", "b", "a"] {
        pass(60).await;
        assert_eq!(text(&source.token("").await.unwrap()), expected);
        assert_eq!(call(&source, "", |_| false).await, Ok(false));
    }
    pass(60).await;
    assert_eq!(call(&source, "", |token| token == "b").await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_jwt_does_not_expire() {
    let no_dates = ["opaque", "a.b.c", "e30.e30.e30", "e30.eyJleHAiOiJ4In0.s"];
    for token in no_dates {
        assert_eq!(source(&[token.into()]).status()[0].expires_at, None, "{token}");
    }
    let fraction = format!("e30.{}.s", BASE64URL_NOPAD.encode(br#"{"exp":1800000000.9}"#));
    let ends = source(&[fraction.into()]).status()[0].expires_at;
    assert_eq!(ends, Some(Timestamp::constant(1_800_000_000, 0)));
}
