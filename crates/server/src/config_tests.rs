use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::wiring::Integration;

const GOOD: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://id.example.com/"
data_dir = "data"
bundle_dir = "BUNDLE"

[[server.cookie_keys]]
id = "a"
secret = { env = "COOKIE_KEY" }

[[pipelines]]
key = "dk_live_shop"
origins = ["https://www.example.com"]
cookie_domain = "example.com"

[pipelines.identity]
verification = "required"
binding_hours = 12

[[pipelines.identity.keys]]
id = "2026-11"
algorithm = "HS256"
secret = { env = "IDENTITY" }

[[pipelines.integrations]]
vendor = "amperity"
tenant_subdomain = "acme"
tenant_id = "acme"
api_key = { env = "COOKIE_KEY" }
event_stream_id = "esm-1"
source_value = "DATAFLY"
"#;

fn secrets(identity: &str) -> Secrets {
    let variables = [("COOKIE_KEY", "c".repeat(40)), ("IDENTITY", identity.to_owned())];
    Secrets::new(variables.map(|(name, value)| (name.to_owned(), value)))
}

/// The least that is taken for the browser's files.
static BUNDLE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("manifest.json", r#"{"loader":"l","module":"m","engine":"m","wasm":"w"}"#),
        ("l", "boot(__DATAFLY_CONFIG__)"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    for name in ["m", "m.br", "m.gz", "w", "w.br", "w.gz"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    folder
});

fn parse_with(text: &str, secrets: &Secrets) -> Result<Config, ConfigError> {
    Config::parse(&text.replace("BUNDLE", &BUNDLE.path().display().to_string()), secrets)
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    parse_with(text, &secrets(&"i".repeat(32)))
}

/// Each mistake as it is shown.
fn mistakes(text: &str) -> Vec<String> {
    match parse(text).err() {
        Some(ConfigError::Mistakes(all)) => all.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_file_is_read() {
    let config = parse(GOOD).ok().unwrap();
    assert_eq!(config.server.public_url, "https://id.example.com");
    assert_eq!(config.server.asset_url, "https://id.example.com");
    assert!(config.server.secure);
    let pipeline = &config.pipelines[0];
    assert_eq!(pipeline.identity.binding_life, jiff::SignedDuration::from_hours(12));
    assert_eq!(pipeline.integrations.len(), 1);
}

#[test]
fn every_mistake_names_its_key_and_says_what_to_write() {
    for (good, bad, key, hint) in [
        ("binding_hours", "hours", "`pipelines[0].identity.hours`: unknown key", "`binding_hours`"),
        ("dk_live_shop", "shop", "key", "dk_live_"),
        ("https://id.example.com/", "http://id.example.com", "`server.public_url` is", "https"),
        (
            "https://id.example.com/",
            "https://:canary@id.example.com",
            "`server.public_url`: it holds a user name",
            "https",
        ),
        (
            "https://www.example.com\"",
            "https://www.example.com/\"",
            "`pipelines[0].origins[0]` is",
            "`https://www.example.com`",
        ),
        ("https://www.example.com", "*", "`pipelines[0].origins[0]` is `*`", "scheme and host"),
        (
            "[\"https://www.example.com\"]",
            "[]",
            "`pipelines[0].origins`",
            "write the pages' origins",
        ),
        (
            "\"example.com\"",
            "\"com\"",
            "`pipelines[0].cookie_domain` is `com`",
            "write the site's own domain, such as `example.com`",
        ),
        (
            "\"example.com\"",
            "\"ample.com\"",
            "`pipelines[0].cookie_domain` is `ample.com`",
            "must be in",
        ),
        ("\"required\"", "\"strict\"", "unknown variant `strict`", "`required`"),
        (
            "binding_hours = 12",
            "binding_hours = 0",
            "`pipelines[0].identity.binding_hours` is `0`",
            "1 to 720",
        ),
        ("HS256", "none", "unknown variant `none`", "HS256"),
        (
            "\"IDENTITY\"",
            "\"NOT_SET\"",
            "`pipelines[0].identity.keys[0].secret`",
            "`NOT_SET` is not set",
        ),
        (
            "{ env = \"COOKIE_KEY\" }",
            "{ file = \"/nonexistent\" }",
            "`server.cookie_keys[0].secret`",
            "`/nonexistent`",
        ),
        (
            "{ env = \"COOKIE_KEY\" }",
            "\"canary\"",
            "line 10: `server.cookie_keys[0].secret`",
            "{ env = \"NAME\" }",
        ),
        (
            "{ env = \"COOKIE_KEY\" }",
            "12345678",
            "line 10: `server.cookie_keys[0].secret`",
            "{ file = \"/path\" }",
        ),
        (
            "{ env = \"COOKIE_KEY\" }",
            "{ evn = \"canary\" }",
            "line 10: `server.cookie_keys[0].secret`",
            "{ env = \"NAME\" }",
        ),
        (
            "{ env = \"COOKIE_KEY\" }",
            "{ env = \"A\", file = \"B\" }",
            "line 10: `server.cookie_keys[0].secret`",
            "never stands",
        ),
    ] {
        assert_one_mistake(good, bad, key, hint);
    }
}

#[test]
fn what_is_asked_of_visitors_is_asked_in_full() {
    for (written, key, hint) in [
        (
            "cookie = \"after_consent\"",
            "`pipelines[0].cookie`: which consent?",
            "`[pipelines.consent] cookie = \"functional\"`",
        ),
        (
            "consent.cookie = \"functional\"",
            "`pipelines[0].consent.cookie`: cookies are set without asking",
            "`cookie = \"after_consent\"`",
        ),
        ("cookie = \"never\"", "unknown variant `never`", "`after_consent`"),
        ("consent.enrich = \" \"", "`pipelines[0].consent.enrich` is", "such as `personalization`"),
    ] {
        assert_one_mistake("cookie_domain = \"example.com\"", written, key, hint);
    }
}

#[test]
fn what_the_browser_does_is_checked_word_by_word() {
    for (written, key, hint) in [
        ("browser.storage = \"\"", "`pipelines[0].browser.storage` is", "`necessary`, `never`"),
        ("browser.collect = \" \"", "`pipelines[0].browser.collect` is", "such as `analytics`"),
        (
            "browser = { collect = \"analytics\", sources = [\"onetrust\", \"trust\"] }",
            "`pipelines[0].browser.sources[1]`",
            "`trustarc`",
        ),
        (
            "browser.mapping = { C0003 = \"ads\" }",
            "`pipelines[0].browser.mapping.C0003`",
            "`marketing`",
        ),
        ("browser.omit = [\"cookies\"]", "`pipelines[0].browser.omit[0]`", "`vendor_ids`"),
        ("browser.page = \"no\"", "`pipelines[0].browser.page`", "boolean"),
        ("browser.pages = false", "`pipelines[0].browser.pages`", "unknown"),
    ] {
        assert_one_mistake("cookie_domain = \"example.com\"", written, key, hint);
    }
}

#[test]
fn the_browser_does_everything_by_itself_unless_the_owner_says_otherwise() {
    let browser = |written: &str| {
        let text = GOOD.replacen("cookie_domain = \"example.com\"", written, 1);
        parse(&text).map(|config| config.pipelines[0].browser.clone()).unwrap()
    };
    let default = browser("");
    assert!(default.page && default.session && default.omit.is_empty() && !default.declare);
    assert_eq!((default.storage, default.collect), (None, None));
    let all = browser(
        r#"browser = { storage = "functional", collect = "analytics", sources = ["tcf"], mapping = { C0003 = "functional" }, page = false, session = false, declare = true, omit = ["vendor_ids"] }"#,
    );
    assert_eq!(
        serde_json::to_string(&all).unwrap(),
        r#"{"storage":"functional","collect":"analytics","sources":["tcf"],"mapping":{"C0003":"functional"},"page":false,"session":false,"declare":true,"omit":["vendor_ids"]}"#
    );
}

#[test]
fn where_consent_is_asked_for_nothing_is_stored_without_it_unless_the_owner_says_so() {
    let storage = |written: &str| {
        let text = GOOD.replacen("cookie_domain = \"example.com\"", written, 1);
        parse(&text).map(|config| config.pipelines[0].browser.storage.clone()).unwrap()
    };
    for (written, expected) in [
        ("", None),
        ("browser.collect = \"analytics\"", Some("analytics")),
        ("consent.enrich = \"personalization\"", Some("personalization")),
        (
            "consent = { enrich = \"personalization\", cookie = \"C0003\" }\ncookie = \"after_consent\"",
            Some("C0003"),
        ),
        (
            "consent.enrich = \"personalization\"\nbrowser = { collect = \"analytics\", storage = \"necessary\" }",
            Some("necessary"),
        ),
        ("consent.enrich = \"marketing\"\nbrowser.sources = [\"gpc\"]", Some("marketing")),
    ] {
        assert_eq!(storage(written).as_deref(), expected, "{written}");
    }
    assert_one_mistake(
        "cookie_domain = \"example.com\"",
        "browser.sources = [\"gpc\"]",
        "`pipelines[0].browser.sources`",
        "Write `storage`",
    );
}

/// The good file with `bad` in place of `good` has one mistake, whose text holds `key` and `hint`.
fn assert_one_mistake(good: &str, bad: &str, key: &str, hint: &str) {
    assert!(GOOD.contains(good), "{good}");
    let found = mistakes(&GOOD.replacen(good, bad, 1));
    assert_eq!(found.len(), 1, "{bad}: {found:#?}");
    let error = &found[0];
    assert!(error.contains(key) && error.contains(hint), "{bad}: {error}");
    // A secret that was pasted into the file is not shown.
    assert!(!error.contains("canary") && !error.contains("12345678"), "{error}");
}

/// Wrong types, unknown keys, missing ones, bad values, unreadable secrets, in every section, the vendors' too.
#[test]
fn all_mistakes_are_reported_at_once_in_the_file_s_order() {
    let mut bad = GOOD.to_owned();
    for (good, wrong) in [
        ("listen = \"127.0.0.1:0\"", "listen = 7"),
        ("https://id.example.com/", "ftp://id.example.com"),
        ("data_dir", "date_dir"),
        ("BUNDLE", "/nonexistent"),
        ("COOKIE_KEY", "UNSET"),
        ("dk_live_shop", "shop"),
        ("https://www.example.com\"", "https://www.example.com/\""),
        ("binding_hours = 12", "binding_hours = 'twelve'"),
        ("HS256", "none"),
        ("esm-1", "is-1"),
        (
            "source_value = \"DATAFLY\"\n",
            "[[pipelines.integrations]]\nvendor = \"acme\"\n[extra]\n",
        ),
    ] {
        assert!(bad.contains(good), "{good}");
        bad = bad.replace(good, wrong);
    }
    let found = mistakes(&bad);
    let keys: Vec<_> = found.iter().map(|said| said.split('`').nth(1).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "server.data_dir",
            "server.listen",
            "server.public_url",
            "server.date_dir",
            "server.bundle_dir",
            "server.cookie_keys[0].secret",
            "pipelines[0].key",
            "pipelines[0].origins[0]",
            "pipelines[0].identity.binding_hours",
            "pipelines[0].identity.keys[0].algorithm",
            "pipelines[0].integrations[0].source_value",
            "pipelines[0].integrations[0].api_key",
            "pipelines[0].integrations[0].event_stream_id",
            "pipelines[0].integrations[1].vendor",
            "extra",
        ],
        "{found:#?}"
    );
}

#[test]
fn a_certificate_and_its_key_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("text"), "canary").unwrap();
    let tls = |certificate: &str, key: &str| {
        let (certificate, key) = (path(certificate), path(key));
        let tls =
            format!("[server.tls]\ncertificate = '{certificate}'\nkey = '{key}'\n[[pipelines]]");
        mistakes(&GOOD.replacen("[[pipelines]]", &tls, 1))
    };
    let found = tls("text", "nothing");
    assert!(found[0].contains("`server.tls.certificate`: it is no PEM file"), "{found:?}");
    assert!(found[1].contains("`server.tls.key`: the file"), "{found:?}");
    let found = tls("text", "text");
    assert!(found.len() == 2 && !found.concat().contains("canary"), "{found:?}");
}

#[test]
fn a_short_secret_is_refused_without_being_shown() {
    let error = parse_with(GOOD, &secrets("canary-short")).err().unwrap().to_string();
    assert!(error.contains("shorter than 32 bytes") && !error.contains("canary"), "{error}");
}

#[test]
fn two_pipelines_cannot_share_a_key_and_none_is_refused() {
    let pipelines = &GOOD[GOOD.find("[[pipelines]]").unwrap()..];
    let error = parse(&format!("{GOOD}{pipelines}")).err().unwrap().to_string();
    assert!(error.contains("`pipelines[1].key`"), "{error}");
    let error = parse(&GOOD[..GOOD.find("[[pipelines]]").unwrap()]).err().unwrap().to_string();
    assert!(error.contains("`pipelines`: there is none"), "{error}");
}

/// A declared provider, and how its owner named it.
fn rest(name: &str) -> String {
    format!(
        "[[pipelines.integrations]]\nvendor = 'rest'\nname = '{name}'\n\
         url = 'https://api.example.com/{{value}}'\n"
    )
}

#[test]
fn an_integration_is_told_by_its_name() {
    let two = parse(&format!("{GOOD}{}{}", rest("loyalty"), rest("crm"))).ok().unwrap();
    let names: Vec<_> = two.pipelines[0].integrations.iter().map(Integration::name).collect();
    assert_eq!(names, ["amperity", "loyalty", "crm"]);
    let found = mistakes(&format!("{GOOD}{}{}", rest("loyalty"), rest("loyalty")));
    assert!(
        found.len() == 1
            && found[0].contains("`pipelines[0].integrations[2].name` is `loyalty`")
            && found[0].contains("keep one of the two"),
        "{found:?}"
    );
    let vendor = &GOOD[GOOD.find("[[pipelines.integrations]]").unwrap()..];
    let found = mistakes(&format!("{GOOD}{vendor}"));
    assert!(
        found.len() == 1
            && found[0].contains("`pipelines[0].integrations[1].vendor` is `amperity`"),
        "{found:?}"
    );
    let found = mistakes(&format!("{GOOD}{}", rest("amperity")));
    assert!(found.len() == 2 && found.concat().contains("choose another"), "{found:?}");
}

#[test]
fn a_secret_file_s_line_break_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "s3cret\n").unwrap();
    let reference = datafly_core::secret::SecretRef::File(path.display().to_string());
    let secret = Secrets::new([]).get(&reference).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "s3cret");
    assert!(!format!("{secret:?}").contains("s3cret"));
}

proptest! {
    /// Whatever is torn out of a file, put into it, or put in a value's place.
    #[test]
    fn any_damage_is_an_error_or_none_and_never_a_panic(
        from in any::<prop::sample::Index>(),
        length in 0_usize..40,
        with in prop_oneof![
            any::<String>(),
            "[a-z\\[\\]{}=.'\"0-9\n -]{0,12}",
            Just("[[pipelines]]".to_owned()),
            Just("[server]\n".to_owned()),
            Just("= [[{}], 1e999, 9223372036854775808]".to_owned()),
        ],
    ) {
        let characters: Vec<char> = GOOD.chars().collect();
        let from = from.index(characters.len());
        let to = characters.len().min(from + length);
        let damaged: String =
            characters[..from].iter().copied().chain(with.chars()).chain(characters[to..].iter().copied()).collect();
        if let Err(error) = parse(&damaged) {
            prop_assert!(!error.to_string().contains("nobody noted why"), "{}", damaged);
        }
    }
}

/// Where a test pipeline goes: the sandbox, or where its owner says, and never to the vendor by default.
mod test_pipelines {
    use super::*;

    /// The configuration with another key, more in `[server]` and more in the integration.
    fn with(key: &str, server: &str, integration: &str) -> String {
        let text = GOOD.replace("dk_live_shop", key);
        let text = text.replacen(
            "[[server.cookie_keys]]",
            &format!("{server}\n[[server.cookie_keys]]"),
            1,
        );
        format!("{text}{integration}\n")
    }

    const SANDBOX: &str = "sandbox_url = 'http://127.0.0.1:8082'";

    #[test]
    fn without_a_sandbox_a_test_pipeline_has_to_say_where_it_goes() {
        let found = mistakes(&with("dk_test_shop", "", ""));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("`pipelines[0].integrations[0].base_url`: it is missing"),
            "{found:?}"
        );
        assert!(found[0].contains("sandbox_url = \"http://127.0.0.1:8082\""), "{found:?}");
        for good in [
            with("dk_test_shop", SANDBOX, ""),
            with("dk_test_shop", "", "base_url = 'http://127.0.0.1:9/own'"),
            with("dk_live_shop", "", ""),
        ] {
            assert!(parse(&good).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_has_no_address_but_its_owner_s_needs_no_sandbox() {
        let webhook = "[[pipelines.integrations]]\nvendor = 'webhook'\nurl = 'https://hooks.example.com/'\n\
                       consent_category = 'essential'\nsecret = { env = 'WEBHOOK' }";
        let own = "base_url = 'http://127.0.0.1:9/own'\n";
        let text = with("dk_test_shop", "", &format!("{own}{webhook}"));
        let variables = [
            ("COOKIE_KEY", "c".repeat(40)),
            ("IDENTITY", "i".repeat(40)),
            ("WEBHOOK", format!("whsec_{}", "c2VjcmV0".repeat(6))),
        ];
        let secrets = Secrets::new(variables.map(|(name, value)| (name.to_owned(), value)));
        assert!(parse_with(&text, &secrets).is_ok());
    }

    #[test]
    fn the_sandbox_s_address_is_checked() {
        for wrong in
            ["http://example.com", "http://127.0.0.1:8082/amperity", "https://a:b@example.com"]
        {
            let found = mistakes(&with("dk_test_shop", &format!("sandbox_url = '{wrong}'"), ""));
            assert!(found[0].contains("`server.sandbox_url`"), "{wrong}: {found:?}");
            assert!(!found[0].contains("a:b"), "{found:?}");
        }
    }
}
