//! The facade in `js/` writes down some of the wire by hand, because it must work where the wasm does not
//! run. These tests hold it to the shared definitions.

use datafly_core::v1::{LoaderConfig, path};

const EARLY: &str = include_str!("../js/early.js");
const ENVELOPE: &str = include_str!("../js/envelope.js");
const FACADE: &str = include_str!("../js/facade.js");
const LOADER: &str = include_str!("../js/loader.js");
const CONFIG: &str = include_str!("../src/page/config.rs");

#[test]
fn paths_are_those_of_the_server() {
    for path in [path::ENRICH, path::RESET] {
        assert!(EARLY.contains(&format!("urlOf(config, '{path}')")));
    }
    assert!(ENVELOPE.contains(&format!("'{}'", path::RESET)));
    // `'/v1/' + kind`, where the kind is the first letter of the call.
    assert!(ENVELOPE.contains("'/v1/' + kind"));
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
    };
    let names = serde_json::to_value(config).unwrap();
    for name in names.as_object().unwrap().keys() {
        let read = [EARLY, FACADE, LOADER].iter().any(|source| source.contains(name));
        assert!(read, "{name} is not read by the facade");
    }
    // What the engine reads again, by the same names.
    for name in ["pipelineKey", "endpoint", "providers", "timeoutMs", "credentialed"] {
        assert!(names.get(name).is_some(), "{name} is not a member of LoaderConfig");
        assert!(CONFIG.contains(&format!("\"{name}\"")), "{name} is not read by the engine");
    }
}
