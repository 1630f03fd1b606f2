//! What a section may say.

use super::*;

async fn refused(changes: &[(&'static str, &str)]) -> Vec<String> {
    let mistakes = Vendor::start().await.config(changes).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_value_is_checked() {
    for (key, value, says) in [
        ("profile_url", "", "`profile_url`: it is missing: write for example"),
        (
            "profile_url",
            "'http://example.com'",
            "`profile_url` is `http://example.com/`: write an https URL",
        ),
        ("gdpr_url", "'https://u:hush@a.test/'", "`gdpr_url`: it has a user name"),
        ("tenant_hash", "", "`tenant_hash`: it is missing: write `tenant_hash = { env"),
        ("tenant_hash", "'canary'", "{ env = \"NAME\" }"),
        ("tenant_hash", "{ env = \"a\\u0007b\" }", "no HTTP header can carry"),
        ("oauth_key_secret", "{ env = \"a\\u0007b\" }", "`oauth_key_secret`: it has characters"),
        (
            "resources",
            "['segments']",
            "`resources`: write `basic`, which tells whether there is a profile",
        ),
        (
            "resources",
            "['basic', 'isCustomerInSegment']",
            "`resources[1]` is `isCustomerInSegment`: it answers",
        ),
        (
            "resources",
            "['basic', '../gdpr']",
            "`resources[1]` is `../gdpr`: write a resource's name",
        ),
        ("resources", "'basic'", "`resources`"),
        ("token_validity_minutes", "0", "`token_validity_minutes` is `0`: write 1 to 1440 minutes"),
        ("requests_per_second", "0", "write 1 to 10000 requests a second"),
        (
            "linking_keys",
            "[{ source = 'email', key = 'email_sha256' }]",
            "`linking_keys[0].key` is `email_sha256`: identifiers travel in headers of these names: `gcrId`,",
        ),
        ("forget", "true", "`forget`: unknown key: write one of `browser_attribute_allowlist`,"),
    ] {
        let said = refused(&[(key, value)]).await;
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
        assert!(!said[0].contains("canary") && !said[0].contains("hush"), "{said:?}");
    }
}

#[tokio::test]
async fn forgetting_by_request_needs_an_address_and_somebody_to_ask_about() {
    let on = ("forget_requests", "true");
    let no_address = refused(&[on, ("gdpr_url", "")]).await;
    assert!(no_address[0].contains("it is set without `gdpr_url`"), "{no_address:?}");
    let keys = "[{ source = 'user_id', key = 'customer_code_external' }]";
    let nobody = refused(&[on, ("linking_keys", keys)]).await;
    assert!(nobody[0].contains("`forget_requests`: none of `linking_keys`"), "{nobody:?}");
    let vendor = Vendor::start().await;
    let config = vendor.config(&[on]).unwrap();
    assert!(config.forgets_on_request() && config.erasure(&vendor.around).is_some());
    let off = vendor.config(&[("gdpr_url", "")]).unwrap();
    assert!(!off.forgets_on_request() && off.erasure(&vendor.around).is_none());
}

#[tokio::test]
async fn secrets_stay_hidden_and_a_budget_counts_look_ups() {
    let vendor = Vendor::start().await;
    let config =
        vendor.config(&[("resources", "['basic', 'segments']"), ("requests_per_second", "9")]);
    let config = config.unwrap();
    let (client, quota) = (AlgonomyProfiles::new(&vendor.around, &config), config.quota());
    assert_eq!(quota.requests_per_second, 4);
    assert_eq!(client.quota(), quota);
    let shown = format!("{config:?} {quota:?} {}", client.identity());
    for hidden in [sandbox::ALGONOMY_TENANT_HASH, sandbox::ALGONOMY_OAUTH_KEY_SECRET] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let other = vendor.client_with(&[("tenant_hash", &secret("another"))]);
    assert_ne!(other.identity(), vendor.client().identity(), "another tenant's customers");
    assert_ne!(other.quota(), vendor.client().quota());
}
