//! What a section may say.

use super::*;

const MAPPINGS: &str = "personalisation_context_mappings";
const SWITCH: (&str, &str) = ("context_sensitive_personalisation", "true");

async fn refused(changes: &[(&'static str, &str)]) -> Vec<String> {
    let mistakes = Vendor::start().await.config(changes).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_value_is_checked() {
    for (key, value, says) in [
        ("event_stream_id", "'is-1'", "batch ingest"),
        (
            "event_stream_id",
            "'esm-'",
            "`event_stream_id` is `esm-`: write the real-time stream's id",
        ),
        ("profile_collection_id", "'apc-a/b'", "starts with `apc-`"),
        (
            "profile_collection_id",
            "",
            "`profile_api_key`: it is set without `profile_collection_id`",
        ),
        ("profile_api_key", "", "it is set without `profile_api_key`"),
        ("profile_api_key", &secret(sandbox::INGEST_TOKEN), "it is the same as `api_key`"),
        ("tenant_id", "' '", "`tenant_id`: it is empty"),
        ("tenant_id", "\"a\\r\\nb\"", "no HTTP header can carry"),
        ("source_value", "''", "`source_value`: it is empty"),
        ("base_url", "'http://example.com'", "https URL"),
        ("browser_attribute_caps", "{ Persona = 1 }", "a cap is set for `Persona`"),
        ("api_key", "'canary'", "{ env = \"NAME\" }"),
        ("linking_keys", "[{ source = 'emial', key = 'e' }]", "`linking_keys`: unknown variant"),
        ("linking_key", "[]", "`linking_key`: unknown key: write one of `api_key`,"),
    ] {
        let said = refused(&[(key, value)]).await;
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
        assert!(!said[0].contains("canary"), "{said:?}");
    }
    let subdomain =
        refused(&[("base_url", ""), ("tenant_subdomain", "'acme.amperity.com/'")]).await;
    assert!(subdomain[0].contains("`tenant_subdomain` is `acme.amperity.com/`"), "{subdomain:?}");
}

#[tokio::test]
async fn all_mistakes_of_a_section_are_found_at_once() {
    let said = refused(&[
        ("tenant_subdomain", ""),
        ("tenant_id", "7"),
        ("event_stream_id", "'is-1'"),
        ("api_key", "'pasted'"),
        ("browser_attribute_allowlist", "['__proto__']"),
        ("profile_collection_id", "'x'"),
        ("surprise", "1"),
    ])
    .await;
    assert_eq!(said.len(), 7, "{said:#?}");
}

#[tokio::test]
async fn the_host_follows_from_the_subdomain_and_secrets_stay_hidden() {
    let config = Vendor::start().await.config(&[("base_url", "")]).unwrap();
    assert_eq!(config.base_url.as_str(), "https://acme.amperity.com/");
    assert!(!format!("{config:?}").contains(sandbox::PROFILE_TOKEN));
}

#[tokio::test]
async fn half_a_context_is_refused_with_the_missing_key() {
    let mapping = "[{ source = 'name', target = 'a' }]";
    let switch = refused(&[SWITCH]).await;
    assert!(switch[0].contains("without `personalisation_context_mappings`"), "{switch:?}");
    let unused = refused(&[(MAPPINGS, mapping)]).await;
    assert!(unused[0].contains("without `context_sensitive_personalisation`"), "{unused:?}");
    let reserved = refused(&[SWITCH, (MAPPINGS, "[{ source = 'name', target = 'enrich' }]")]).await;
    assert!(reserved[0].contains("`enrich`"), "{reserved:?}");
}

/// A source that can have no value when this provider is asked.
#[tokio::test]
async fn a_context_from_another_provider_s_attributes_is_refused() {
    for source in ["partner_attrs.ansira.Tier", "partner_attrs.amperity", "partner_attrs"] {
        let mapping = format!("[{{ source = '{source}', target = 'tier' }}]");
        let said = refused(&[SWITCH, (MAPPINGS, &mapping)]).await;
        let key = format!("`personalisation_context_mappings[0].source` is `{source}`");
        assert!(said.len() == 1 && said[0].contains(&key), "{said:?}");
        assert!(said[0].contains("write `partner_attrs.amperity.`"), "{said:?}");
    }
    let own = "[{ source = 'partner_attrs.amperity.LifetimeTier', target = 'tier' }]";
    assert!(Vendor::start().await.config(&[SWITCH, (MAPPINGS, own)]).is_ok());
}

#[tokio::test]
async fn a_base_url_that_holds_more_than_the_place_is_refused_and_not_shown() {
    for url in ["https://u:hush@a.test/", "https://a.test/?token=hush", "https://a.test/#hush"] {
        let said = refused(&[("base_url", &format!("'{url}'"))]).await;
        assert!(said[0].contains("`base_url`") && !said[0].contains("hush"), "{said:?}");
    }
}

#[tokio::test]
async fn a_credential_is_pasted_or_issued_and_never_both() {
    let issuer = "{ issuer_token = { env = 'i' }, api_key_id = 'ak-1' }";
    for (changes, says) in [
        (
            &[("api_token", issuer)][..],
            "`api_token`: it is set beside `api_key`: write the one or the other",
        ),
        (
            &[("api_key", ""), ("api_token", "{ client_id = 'c', issuer_token = { env = 'i' } }")],
            "`api_token.client_id`: write either `issuer_token` and `api_key_id`, or `client_id` and `client_secret`",
        ),
        (&[("api_key", ""), ("api_token", "{}")], "`api_token.issuer_token`: write either"),
        (&[("api_key", ""), ("api_token", "'pasted'")], "`api_token`: write it as a section"),
        (
            &[("api_key", ""), ("api_token", "{ issuer_token = { env = 'i' } }")],
            "`api_token.api_key_id`: it is missing",
        ),
        (
            &[("api_key", ""), ("api_token", "{ issuer_token = 'canary', api_key_id = 'k' }")],
            "`api_token.issuer_token`: expected a reference to a secret",
        ),
        (
            &[
                ("api_key", ""),
                ("api_token", "{ issuer_token = { env = 'i' }, api_key_id = 'a/../b' }"),
            ],
            "`api_token.api_key_id` is `a/../b`: write the id of the API key",
        ),
        (
            &[
                ("api_key", ""),
                (
                    "api_token",
                    "{ issuer_token = { env = 'i' }, api_key_id = 'k', lifetime_hours = 0 }",
                ),
            ],
            "`api_token.lifetime_hours` is `0`: write 1 to 8760 hours",
        ),
        (
            &[
                ("api_key", ""),
                ("api_token", "{ client_id = 'c', client_secret = { env = 's' }, x = 1 }"),
            ],
            "`api_token.x`: unknown key",
        ),
        (&[("api_key", "")], "`api_key`: it is missing"),
        (
            &[
                ("profile_collection_id", ""),
                ("profile_api_key", ""),
                ("profile_api_token", issuer),
            ],
            "`profile_api_token`: it is set without `profile_collection_id`",
        ),
        (
            &[
                ("profile_api_key", ""),
                ("profile_api_token", issuer),
                ("api_key", ""),
                ("api_token", issuer),
            ],
            "`profile_api_token`: it is the same as `api_token`",
        ),
    ] {
        let said = refused(changes).await;
        assert!(said.len() == 1 && said[0].contains(says), "{changes:?}: {said:#?}");
        assert!(!said[0].contains("canary"), "{said:?}");
    }
}

#[tokio::test]
async fn issued_credentials_are_read_and_stay_hidden() {
    let config = Vendor::start().await.config(&[
        ("api_key", ""),
        ("api_token", "{ issuer_token = { env = 'hush-1' }, api_key_id = 'ak-1' }"),
        ("profile_api_key", ""),
        ("profile_api_token", "{ client_id = 'ak-2', client_secret = { env = 'hush-2' } }"),
        SWITCH,
        (MAPPINGS, "[{ source = 'name', target = 'a' }]"),
    ]);
    let shown = format!("{:?}", config.unwrap());
    // The reference is no secret; what it stands for is, and here it is its name.
    assert_eq!(shown.matches("hush").count(), shown.matches("Env(\"hush").count(), "{shown}");
}
