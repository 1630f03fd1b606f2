use super::*;

const GOOD: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://id.example.com/"
data_dir = "data"
bundle_dir = "www/pkg"

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
anything = "is the vendor's business"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    let variables = [("COOKIE_KEY", "c".repeat(40)), ("IDENTITY", "i".repeat(32))];
    let secrets = Secrets::new(variables.map(|(name, value)| (name.to_owned(), value)));
    Config::parse(text, &secrets)
}

#[test]
fn a_good_file_is_read() {
    let config = parse(GOOD).ok().unwrap();
    assert_eq!(config.server.public_url, "https://id.example.com");
    assert_eq!(config.server.asset_url, "https://id.example.com");
    assert!(config.server.secure);
    let pipeline = &config.pipelines[0];
    assert_eq!(pipeline.identity.binding_life, jiff::SignedDuration::from_hours(12));
    assert_eq!(pipeline.integrations[0]["vendor"].as_str(), Some("amperity"));
}

#[test]
fn every_mistake_names_its_key_and_says_what_to_write() {
    for (good, bad, key, hint) in [
        (
            "listen =",
            "lisen =",
            "`lisen`, line 3, column 1: unknown field `lisen`",
            "expected one of",
        ),
        ("dk_live_shop", "shop", "key", "dk_live_"),
        ("https://id.example.com/", "http://id.example.com", "`server.public_url` is", "https"),
        (
            "https://id.example.com/",
            "https://u:p@id.example.com",
            "`server.public_url` is",
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
            "`id.example.com` must be in",
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
        ("{ env = \"COOKIE_KEY\" }", "\"canary\"", "line 10, column 10", "{ env = \"NAME\" }"),
        ("{ env = \"COOKIE_KEY\" }", "12345678", "line 10, column 10", "{ file = \"/path\" }"),
        ("{ env = \"COOKIE_KEY\" }", "{ evn = \"canary\" }", "line 10", "{ env = \"NAME\" }"),
        ("{ env = \"COOKIE_KEY\" }", "{ env = \"A\", file = \"B\" }", "line 10", "never stands"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let error = parse(&GOOD.replace(good, bad)).err().map(|error| error.to_string());
        let error = error.unwrap_or_else(|| panic!("{bad} was taken"));
        assert!(error.contains(key) && error.contains(hint), "{bad}: {error}");
        // A secret that was pasted into the file is not shown.
        assert!(!error.contains("canary") && !error.contains("12345678"), "{error}");
    }
}

#[test]
fn a_short_secret_is_refused_without_being_shown() {
    let secrets = Secrets::new([
        ("COOKIE_KEY".to_owned(), "c".repeat(40)),
        ("IDENTITY".to_owned(), "canary-short".to_owned()),
    ]);
    let error = Config::parse(GOOD, &secrets).err().unwrap().to_string();
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
