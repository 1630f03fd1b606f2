use std::path::Path;

use axum::http::{Request, StatusCode};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::testing::{START_SECOND, get, look_up, post, sandbox, sandbox_with, send};
use crate::{IDENTITY_KID, IDENTITY_SECRET, NamedCustomer, PIPELINE_KEY, PROFILE_TOKEN, Sandbox};

fn decode(part: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_log_in_answers_id_traits_and_a_signed_token() {
    let (sandbox, _) = sandbox();
    let answer = post(sandbox.shop_router(), "/api/login", json!({"user": "vera"})).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["userId"], "user-vera");
    assert_eq!(body["traits"], json!({"email": "vera@example.com", "phone": "+447700900101"}));

    let token = body["token"].as_str().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(decode(header), json!({"alg": "HS256", "typ": "JWT", "kid": IDENTITY_KID}));
    assert_eq!(
        decode(claims),
        json!({
            "sub": "user-vera",
            "aud": PIPELINE_KEY,
            "iat": START_SECOND,
            "exp": START_SECOND + 600,
            "email": "vera@example.com",
            "email_verified": true,
            "phone": "+447700900101",
            "phone_verified": true,
        })
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(IDENTITY_SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.verify_slice(&BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap()).unwrap();
}

#[tokio::test]
async fn a_customer_without_an_email_has_no_email_claim() {
    let (sandbox, _) = sandbox();
    let body = post(sandbox.shop_router(), "/api/login", json!({"user": "pia"})).await.json();
    let claims = decode(body["token"].as_str().unwrap().split('.').nth(1).unwrap());
    assert!(claims.get("email").is_none() && claims.get("email_verified").is_none());
    assert_eq!(body["traits"], json!({"phone": "+447700900105"}));
}

#[tokio::test]
async fn strangers_do_not_log_in() {
    let (sandbox, _) = sandbox();
    let answer = post(sandbox.shop_router(), "/api/login", json!({"user": "mallory"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["code"], "UNKNOWN_USER");
    let answer = post(sandbox.shop_router(), "/api/login", json!("vera")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_returning_browser_is_linked_by_its_cookie() {
    let (sandbox, _) = sandbox();
    let ask = async |cookie: &str| {
        let request = Request::post("/api/returning").header("cookie", cookie);
        let request = request.body(json!({"customer": "vera"}).to_string().into()).unwrap();
        send(sandbox.shop_router(), request).await
    };
    assert_eq!(ask("other=1; _dfid=").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask("other=1; _dfid=visitor-1; x=y").await.json()["linked"], "vera");
    let found = look_up(&sandbox, json!({"device_cookie": "visitor-1"})).await.json();
    assert_eq!(found["profile_id"], NamedCustomer::Vera.profile_id());
}

#[tokio::test]
async fn the_vendor_log_is_newest_first_and_without_tokens() {
    let (sandbox, _) = sandbox();
    for _ in 0..60 {
        look_up(&sandbox, json!({"customer_id": "user-vera"})).await;
    }
    let answer = get(sandbox.shop_router(), "/api/vendor-log").await;
    let log = answer.json();
    assert_eq!(log["requests"].as_array().unwrap().len(), 50);
    assert_eq!(log["requests"][0]["n"], 60);
    assert!(!String::from_utf8_lossy(&answer.body).contains(PROFILE_TOKEN));
}

#[tokio::test]
async fn addresses_can_be_told_later() {
    let (sandbox, _) = sandbox();
    sandbox.update_shop(|shop| shop.id_url = "http://id.test".into());
    let config = get(sandbox.shop_router(), "/config.json").await.json();
    assert_eq!(config["idUrl"], "http://id.test");
    assert_eq!(config["pipelineKey"], PIPELINE_KEY);
}

/// A site beside a file that must stay private. The folder goes when the value does.
struct Site {
    root: std::path::PathBuf,
    sandbox: Sandbox,
}

impl Site {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("datafly-{name}-{}", std::process::id()));
        let site = root.join("site");
        std::fs::create_dir_all(site.join("sub")).unwrap();
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        write(&root.join("secret.txt"), "secret");
        write(&site.join("index.html"), "<script>{{STUB}}</script>{{ID_URL}}");
        write(&site.join("sub/index.html"), "sub");
        write(&site.join("app.js"), "// {{STUB}}");
        write(&site.join("m.wasm"), "\0asm");
        std::os::unix::fs::symlink(root.join("secret.txt"), site.join("link.txt")).unwrap();
        let (sandbox, _) = sandbox_with(|config| {
            config.shop.static_dir = Some(site);
            config.shop.id_url = "http://id".into();
            config.shop.placeholders.insert("STUB".into(), "stub()".into());
        });
        Self { root, sandbox }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.root));
    }
}

#[tokio::test]
async fn files_have_their_type_and_only_pages_are_filled() {
    let site = Site::new("files");
    for (uri, content_type, body) in [
        ("/", "text/html; charset=utf-8", "<script>stub()</script>http://id"),
        ("/index.html", "text/html; charset=utf-8", "<script>stub()</script>http://id"),
        ("/sub/", "text/html; charset=utf-8", "sub"),
        ("/app.js", "text/javascript; charset=utf-8", "// {{STUB}}"),
        ("/m.wasm", "application/wasm", "\0asm"),
    ] {
        let answer = get(site.sandbox.shop_router(), uri).await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}");
        assert_eq!(answer.header("content-type"), content_type, "{uri}");
        assert_eq!(answer.header("cache-control"), "no-store", "{uri}");
        assert_eq!(answer.body, body, "{uri}");
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let site = Site::new("traversal");
    for uri in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/../../secret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/link.txt",
        "/app.js%00.html",
        "/missing.js",
    ] {
        let answer = get(site.sandbox.shop_router(), uri).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{uri}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{uri}");
    }
}
