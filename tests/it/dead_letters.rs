//! What the owner can do about dead letters, and who may not.

use std::time::Duration;

use datafly_sandbox::{self as sandbox, Fault};
use datafly_tests::{ADMIN, Answer, BEARER, PIPELINE, TestApp, TestConfig, while_the_disk_works};
use serde_json::{Value, json};

const EVENTS: &str = "amperity.events";
const LIST: &str = "/api/dead-letters";

const WEBHOOK: &str = r#"
[[pipelines.integrations]]
vendor = "webhook"
url = "http://VENDOR/webhook"
private_host = "127.0.0.1"
secret = { env = "WEBHOOK" }
consent_category = "marketing"
"#;

const CONFIG: fn() -> TestConfig = || TestConfig { server: ADMIN, ..TestConfig::default() };

/// The list, once there are so many.
async fn listed(app: &TestApp, count: usize) -> Vec<Value> {
    let mut letters = Vec::new();
    for _ in 0..1_000 {
        let list = app.admin(&format!("{LIST}?limit=500")).await.json();
        letters = list["dead_letters"].as_array().unwrap().clone();
        if letters.len() == count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        while_the_disk_works().await;
    }
    assert_eq!(letters.len(), count, "{letters:#?}");
    letters
}

/// A server of whose events so many are refused.
async fn with_letters(config: &TestConfig, count: u32) -> TestApp {
    let app = TestApp::start_in_virtual_time(config);
    app.sandbox.fault(EVENTS, Some(count), Fault::status(400)).unwrap();
    let mut browser = app.browser();
    for n in 0..count {
        let event = json!({
            "event": "view_cart", "messageId": format!("m-{n}"),
            "properties": {"note": "canary-property"},
        });
        let answer =
            browser.fetch("POST", &format!("/v1/t?key={PIPELINE}"), &event.to_string()).await;
        assert_eq!(answer.status, 200);
    }
    let delivering = app.deliver();
    listed(&app, count as usize).await;
    drop(delivering);
    app
}

fn path(letter: &Value) -> String {
    format!("{LIST}/{}", letter["name"].as_str().unwrap())
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_but_the_owner_may_ask_and_no_page_may_write() {
    let app = with_letters(&CONFIG(), 1).await;
    let letter = path(&listed(&app, 1).await[0]);
    let purge_all = format!("{LIST}/purge?all=true");
    let (host, token, writes) =
        (("host", "localhost:9090"), ("authorization", BEARER), ("x-datafly-admin", "1"));
    let reads = [LIST.to_owned(), letter.clone()];
    let actions = ["purge", "replay", "dry-run"].map(|action| format!("{letter}/{action}"));
    let changes = actions
        .into_iter()
        .chain([purge_all.clone(), "/api/backup".to_owned()])
        .collect::<Vec<_>>();
    for (method, paths) in [("GET", &reads[..]), ("POST", &changes)] {
        for path in paths {
            for (headers, status, code) in [
                (vec![host, writes], 401, "TOKEN_REJECTED"),
                (vec![host, writes, ("authorization", "Bearer wrong")], 401, "TOKEN_REJECTED"),
                (vec![host, writes, ("cookie", "datafly_admin=x")], 401, "TOKEN_REJECTED"),
                (vec![("host", "evil.test"), token, writes], 421, "HOST_NOT_ALLOWED"),
                (
                    vec![host, token, writes, ("origin", "https://evil.test")],
                    403,
                    "ORIGIN_NOT_ALLOWED",
                ),
                // Another port of this machine, a name that only begins like ours, and a sandboxed frame.
                (
                    vec![host, token, writes, ("origin", "http://localhost:8080")],
                    403,
                    "ORIGIN_NOT_ALLOWED",
                ),
                (
                    vec![host, token, writes, ("origin", "http://localhost:90901")],
                    403,
                    "ORIGIN_NOT_ALLOWED",
                ),
                (vec![host, token, writes, ("origin", "null")], 403, "ORIGIN_NOT_ALLOWED"),
            ] {
                refused(&app.ask_admin(method, path, &headers).await, status, code);
            }
        }
    }
    for path in &changes {
        for headers in [vec![host, token], vec![host, token, ("x-datafly-admin", "0")]] {
            refused(&app.ask_admin("POST", path, &headers).await, 403, "HEADER_MISSING");
        }
        let answer = app.ask_admin("GET", path, &[host, token, writes]).await;
        assert!(matches!(answer.code().as_str(), "METHOD_NOT_ALLOWED" | "NOT_FOUND"), "{path}");
    }
    assert_eq!(listed(&app, 1).await.len(), 1);

    // A page of the listener itself.
    let own = [host, token, writes, ("origin", "http://localhost:9090")];
    assert_eq!(app.ask_admin("POST", &purge_all, &own).await.json()["purged"], 1);
    listed(&app, 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_list_tells_nothing_of_anybody_and_the_letter_tells_all_but_secrets() {
    let app = with_letters(&CONFIG(), 1).await;
    let list = app.admin(LIST).await;
    let letter = list.json()["dead_letters"][0].clone();
    assert_eq!(letter["name"], format!("{PIPELINE}/amperity/{}", letter["position"]));
    assert_eq!(letter["reason"], "refused");
    let keys: Vec<_> = letter.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["destination", "name", "pipeline", "position", "reason", "received_at", "refused_at"];
    assert_eq!(keys, expected);

    let shown = app.admin(&path(&letter)).await;
    assert_eq!(shown.header("cache-control"), "no-store");
    let whole = shown.json();
    assert_eq!(whole["message_id"], "m-0");
    assert_eq!(whole["event"]["event"]["properties"]["note"], "canary-property");
    assert_eq!(whole["answer"]["status"], 400);
    assert!(whole["request"]["body"].as_str().unwrap().contains("m-0"), "{whole:#}");
    assert!(whole["request"]["url"].as_str().unwrap().starts_with("http"), "{whole:#}");
    assert!(!whole["trace"].as_array().unwrap().is_empty());
    assert!(whole["visitor"].is_string());
    for secret in [sandbox::INGEST_TOKEN, sandbox::PROFILE_TOKEN] {
        assert!(!shown.all_bytes().contains(secret));
    }
}

#[tokio::test(start_paused = true)]
async fn letters_are_found_by_what_is_asked_and_what_is_misspelt_is_refused() {
    let app = with_letters(&CONFIG(), 7).await;
    let letters = listed(&app, 7).await;
    let refused_at = letters[0]["refused_at"].as_str().unwrap();
    let count = async |query: &str| {
        let answer = app.admin(&format!("{LIST}?{query}")).await;
        answer.json()["dead_letters"].as_array().unwrap().len()
    };
    for (query, found) in [
        (format!("pipeline={PIPELINE}"), 7),
        ("pipeline=dk_test_other".to_owned(), 0),
        ("destination=amperity&reason=refused".to_owned(), 7),
        ("destination=ga4".to_owned(), 0),
        ("reason=too_old".to_owned(), 0),
        (format!("since={refused_at}"), 7),
        (format!("until={refused_at}"), 0),
    ] {
        assert_eq!(count(&query).await, found, "{query}");
    }

    let mut names = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = app.admin(&format!("{LIST}?{query}")).await.json();
        names.extend(page["dead_letters"].as_array().unwrap().iter().map(|it| it["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=3&after={next}");
    }
    assert_eq!(names, letters.iter().map(|it| it["name"].clone()).collect::<Vec<_>>());

    for query in [
        "desination=amperity",
        "pipeline=shop",
        "since=yesterday",
        "after=7",
        "limit=0",
        "limit=501",
        "limit=-1",
        "reason=a&reason=b",
    ] {
        refused(&app.admin(&format!("{LIST}?{query}")).await, 400, "INVALID_SELECTION");
        let purge = app.admin_does(&format!("{LIST}/purge?{query}")).await;
        refused(&purge, 400, "INVALID_SELECTION");
    }
    for query in ["", "?limit=5", "?all=false", "?all=true&destination=ga4"] {
        for action in ["purge", "replay"] {
            let answer = app.admin_does(&format!("{LIST}/{action}{query}")).await;
            refused(&answer, 400, "NOTHING_SELECTED");
        }
    }
    for name in ["shop/amperity/1", "dk_test_shop/amperity/x", "dk_test_shop//1"] {
        refused(&app.admin(&format!("{LIST}/{name}")).await, 400, "INVALID_SELECTION");
    }
    refused(&app.admin(&format!("{LIST}/{PIPELINE}/amperity/999999")).await, 404, "NOT_FOUND");
    assert_eq!(listed(&app, 7).await.len(), 7, "nothing was removed");
    let purged = app.admin_does(&format!("{LIST}/purge?reason=refused&limit=3")).await.json();
    assert_eq!(purged["purged"], 3);
    listed(&app, 4).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_replayed_after_its_fault_is_gone_arrives_once() {
    let app = with_letters(&CONFIG(), 5).await;
    let letters = listed(&app, 5).await;
    let one = path(&letters[2]);
    assert_eq!(app.admin_does(&format!("{one}/replay")).await.json()["replayed"], 1);
    refused(&app.admin_does(&format!("{one}/replay")).await, 404, "NOT_FOUND");
    refused(&app.admin_does(&format!("{one}/purge")).await, 404, "NOT_FOUND");
    let rest = app.admin_does(&format!("{LIST}/replay?destination=amperity")).await.json();
    assert_eq!((&rest["replayed"], &rest["not_configured"]), (&4.into(), &0.into()));
    let _delivering = app.deliver();
    app.taken(5).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    let mut ids: Vec<_> =
        app.taken(5).await.iter().map(|event| event["message_id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, ["m-0", "m-1", "m-2", "m-3", "m-4"]);
    listed(&app, 0).await;
}

/// The letter was mapped by the blueprint of its time; the owner has written a better one since.
#[tokio::test(start_paused = true)]
async fn a_dry_run_maps_by_what_is_served_now_and_sends_nothing() {
    let own = |blueprint| TestConfig {
        integration: "blueprint_file = \"FOLDER/own.yaml\"",
        blueprint,
        ..CONFIG()
    };
    let app = with_letters(&own("version: 2\nextends: retail\n"), 1).await;
    let dry_run = format!("{}/dry-run", path(&listed(&app, 1).await[0]));
    let before = app.admin_does(&dry_run).await.json();
    assert_eq!(before["outcome"], "sent");
    assert!(before["body"].get("remark").is_none());

    app.reconfigure(&own(
        "version: 2\nextends: retail\nglobal:\n  mappings:\n    - { source: properties.note, target: remark }\n",
    ));
    let after = app.admin_does(&dry_run).await.json();
    assert_eq!(after["body"]["remark"], "canary-property");
    let trace = after["trace"].to_string();
    assert!(trace.contains("properties.note -> remark: written"), "{trace}");

    app.reconfigure(&own("version: 2\ndefaults: { action: drop }\n"));
    let dropped = app.admin_does(&dry_run).await.json();
    assert_eq!((&dropped["outcome"], dropped.get("body")), (&"not_mapped".into(), None));
    assert_eq!(app.sandbox.hits(EVENTS), 1);
    listed(&app, 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_would_deliver_stays() {
    let config = || TestConfig { integrations: WEBHOOK, ..CONFIG() };
    let app = TestApp::start_in_virtual_time(&config());
    app.sandbox.fault("webhook.events", None, Fault::status(400)).unwrap();
    let event = json!({"messageId": "m", "context": {"consent": {"marketing": true}}});
    app.browser().fetch("POST", &format!("/v1/p?key={PIPELINE}"), &event.to_string()).await;
    let delivering = app.deliver();
    let letter = path(&listed(&app, 1).await[0]);
    app.reconfigure(&CONFIG());
    for action in ["replay", "dry-run"] {
        let answer = app.admin_does(&format!("{letter}/{action}")).await;
        refused(&answer, 409, "NOT_CONFIGURED");
    }
    let many = app.admin_does(&format!("{LIST}/replay?all=true")).await.json();
    assert_eq!((&many["replayed"], &many["not_configured"]), (&0.into(), &1.into()));
    assert_eq!(app.admin(&letter).await.status, 200);
    assert_eq!(app.admin_does(&format!("{letter}/purge")).await.json()["purged"], 1);
    listed(&app, 0).await;
    drop(delivering);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_visitor_s_letters_are_nobody_s() {
    let app = with_letters(&CONFIG(), 0).await;
    app.sandbox.fault(EVENTS, Some(1), Fault::status(400)).unwrap();
    let mut browser = app.browser();
    browser.page().await;
    let delivering = app.deliver();
    let letter = path(&listed(&app, 1).await[0]);
    browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), "").await;
    listed(&app, 0).await;
    refused(&app.admin(&letter).await, 404, "NOT_FOUND");
    for action in ["replay", "dry-run", "purge"] {
        refused(&app.admin_does(&format!("{letter}/{action}")).await, 404, "NOT_FOUND");
    }
    drop(delivering);
}

/// Where it is made, no request can say; and one at a time is enough for any disk.
#[tokio::test]
async fn a_copy_is_made_in_the_data_directory_one_at_a_time() {
    let app = TestApp::start_with(CONFIG()).await;
    app.browser().page().await;
    let path = "/api/backup?to=/tmp&folder=/tmp";
    let (one, other) = tokio::join!(app.admin_does(path), app.admin_does(path));
    let (made, refusal) = if one.status == 200 { (one, other) } else { (other, one) };
    refused(&refusal, 409, "UNDER_WAY");
    let folder = made.json()["folder"].as_str().unwrap().to_owned();
    let backups = app.app.fixed.data_dir.join("backups");
    assert!(std::path::Path::new(&folder).starts_with(&backups), "{folder}");
    let copies: Vec<_> = std::fs::read_dir(&backups).unwrap().collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    // The clock stands still, and with it the name.
    refused(&app.admin_does("/api/backup").await, 409, "UNDER_WAY");
}

#[tokio::test(start_paused = true)]
async fn every_route_of_the_document_is_there() {
    let app = TestApp::start_in_virtual_time(&CONFIG());
    let document = app.admin("/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 10);
    // That one is the guard's.
    for (path, methods) in paths.iter().filter(|(path, _)| *path != "/enter") {
        let other = if methods.get("get").is_some() { "DELETE" } else { "GET" };
        let headers = [("host", "localhost"), ("authorization", BEARER), ("x-datafly-admin", "1")];
        let answer = app.ask_admin(other, &path.replace(['{', '}'], "x"), &headers).await;
        refused(&answer, 405, "METHOD_NOT_ALLOWED");
    }
}
