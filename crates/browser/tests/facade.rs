//! The facade in `js/` writes down the wire by hand, because it must work where the wasm does not run.
//! These tests hold it to the shared definitions.

use datafly_browser::effect::Reason;
use datafly_core::v1::{BrowserConfig, LoaderConfig, path};

const ALLOW: &str = include_str!("../js/allow.js");
const CHUNK: &str = include_str!("../js/chunk.js");
const CONSENT: &str = include_str!("../js/consent.js");
const EARLY: &str = include_str!("../js/early.js");
const ENVELOPE: &str = include_str!("../js/envelope.js");
const FACADE: &str = include_str!("../js/facade.js");
const HOST: &str = include_str!("../js/host.js");
const INSTALL: &str = include_str!("../js/install.js");
const KIT: &str = include_str!("../js/kit.js");
const LENT: &str = include_str!("../js/lent.js");
const LOADER: &str = include_str!("../js/loader.js");

#[test]
fn paths_are_those_of_the_server() {
    for path in [path::ENRICH, path::RESET, path::CONSENT] {
        assert!(EARLY.contains(&format!("'{path}'")));
    }
    // Where the kind, the first letter of the call, is not the path itself.
    assert!(ENVELOPE.contains("'/v1/' + ({ r: 'reset', c: 'consent' }[kind] ?? kind)"));
    assert_eq!([path::RESET, path::CONSENT], ["/v1/reset", "/v1/consent"]);
    for (call, path) in [
        ("identify", path::IDENTIFY),
        ("page", path::PAGE),
        ("track", path::TRACK),
        ("group", path::GROUP),
    ] {
        assert_eq!(path, format!("/v1/{}", &call[..1]));
    }
}

#[test]
fn every_member_of_the_loader_config_is_read_under_its_name() {
    let config = LoaderConfig {
        pipeline_key: String::new(),
        endpoint: String::new(),
        assets: String::new(),
        engine: String::new(),
        wasm: String::new(),
        providers: Vec::new(),
        timeout_ms: 0,
        credentialed: false,
        profiles: Some([].into()),
        handle: Some(String::new()),
        context: false,
        consent: vec![String::new()],
        browser: BrowserConfig::default(),
        chunks: [(String::new(), String::new())].into(),
    };
    let names = serde_json::to_value(config).unwrap();
    for name in names.as_object().unwrap().keys() {
        let read = [ALLOW, CHUNK, CONSENT, EARLY, FACADE, HOST, LOADER]
            .iter()
            .any(|source| source.contains(name));
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

/// What the loader lends goes by position.
#[test]
fn what_is_lent_is_taken_in_the_same_order() {
    let names = |source: &str, from: &str, to: char| {
        let list = source.split(from).nth(1).unwrap().split(to).next().unwrap();
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let lent: Vec<String> = names(KIT, "export const kit = [", ']');
    assert!(lent.len() > 20);
    assert_eq!(lent, names(KIT, "export {", '}'));
    assert_eq!(lent, names(LENT, "export let", ';'));
    assert_eq!(lent, names(LENT, "\n  [", ']'));
}

/// What `install` does with a call goes by position: the first four are events, the sixth is `reset`, and
/// three wait.
#[test]
fn calls_have_one_order() {
    let calls = INSTALL.split("const CALLS = '").nth(1).unwrap().split('\'').next().unwrap();
    let calls: Vec<_> = calls.split(' ').collect();
    assert_eq!(calls[..4], ["page", "track", "group", "identify"]);
    assert_eq!(calls[5], "reset");
    assert_eq!(calls[9..], ["flush", "onProfileReady", "refreshProfile"]);
}
