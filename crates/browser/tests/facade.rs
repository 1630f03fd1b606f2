//! The facade in `js/` writes down the wire by hand, because it must work where the wasm does not run.
//! These tests hold it to the shared definitions.

use datafly_browser::effect::Reason;
use datafly_core::v1::{LoaderConfig, path};

const CONSENT: &str = include_str!("../js/consent.js");
const EARLY: &str = include_str!("../js/early.js");
const ENVELOPE: &str = include_str!("../js/envelope.js");
const FACADE: &str = include_str!("../js/facade.js");
const HOST: &str = include_str!("../js/host.js");
const LOADER: &str = include_str!("../js/loader.js");

#[test]
fn paths_are_those_of_the_server() {
    for path in [path::ENRICH, path::RESET, path::CONSENT] {
        assert!(EARLY.contains(&format!("'{path}'")));
    }
    // Where the kind, the first letter of the call, is not the path itself.
    assert!(ENVELOPE.contains("'/v1/' + ({ r: 'reset', c: 'consent' }[kind] ?? kind)"));
    assert_eq!([path::RESET, path::CONSENT], ["/v1/reset", "/v1/consent"]);
    for (call, path) in [("identify", path::IDENTIFY), ("page", path::PAGE), ("track", path::TRACK)]
    {
        assert_eq!(path, format!("/v1/{}", &call[..1]));
    }
}

#[test]
fn every_member_of_the_loader_config_is_read_under_its_name() {
    let config = LoaderConfig {
        pipeline_key: String::new(),
        endpoint: String::new(),
        assets: String::new(),
        module: String::new(),
        wasm: String::new(),
        providers: Vec::new(),
        timeout_ms: 0,
        credentialed: false,
        profiles: Some([].into()),
        handle: Some(String::new()),
        context: false,
        consent: vec![String::new()],
    };
    let names = serde_json::to_value(config).unwrap();
    for name in names.as_object().unwrap().keys() {
        let read =
            [CONSENT, EARLY, FACADE, HOST, LOADER].iter().any(|source| source.contains(name));
        assert!(read, "{name} is not read by the facade");
    }
}

/// Reasons cross the border as positions.
#[test]
fn reasons_have_one_order() {
    let names = Reason::ALL.map(|reason| format!("'{}'", format!("{reason:?}").to_lowercase()));
    assert!(EARLY.contains(&format!("REASONS = [{}]", names.join(", "))));
    assert!(Reason::ALL.iter().enumerate().all(|(position, reason)| *reason as usize == position));
}
