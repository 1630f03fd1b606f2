//! The walls between the crates (design §3), stated as absences.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

/// Direct dependencies of a workspace crate, without those of its tests.
fn dependencies(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let package = metadata.packages.iter().find(|package| package.name.as_str() == name).unwrap();
    let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.clone()).collect()
}

fn crates_with(metadata: &Metadata, library: &str) -> Vec<String> {
    let packages = metadata.packages.iter().map(|package| package.name.to_string());
    let mut users: Vec<_> =
        packages.filter(|name| dependencies(metadata, name).contains(library)).collect();
    users.sort();
    users
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn root() -> PathBuf {
    metadata().workspace_root.into_std_path_buf()
}

#[test]
fn each_library_of_the_outside_world_has_one_home() {
    let metadata = metadata();
    for (library, homes) in [
        ("reqwest", &["datafly-provider"][..]),
        ("fjall", &["datafly-store"]),
        ("wasm-bindgen", &["datafly-browser"]),
        ("web-sys", &["datafly-browser"]),
        ("js-sys", &["datafly-browser"]),
        ("getrandom", &["datafly-server"]),
        ("wasm-bindgen-cli-support", &["xtask"]),
        ("axum", &["datafly-sandbox", "datafly-server", "datafly-tests"]),
    ] {
        for user in crates_with(&metadata, library) {
            assert!(homes.contains(&user.as_str()), "{library} in {user}");
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let ours = |name: &str| -> BTreeSet<String> {
        let all = dependencies(&metadata, name);
        all.into_iter().filter(|dependency| dependency.starts_with("datafly-")).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ours("datafly-core"), set(&[]));
    assert_eq!(ours("datafly-sandbox"), set(&[]), "the emulator shares no type with the product");
    assert!(ours("datafly-browser").is_subset(&set(&["datafly-core"])));
    assert_eq!(ours("datafly-blueprint"), set(&["datafly-core"]));
    assert_eq!(ours("datafly-store"), set(&["datafly-core"]));
    assert_eq!(ours("datafly-settings"), set(&["datafly-core"]));
    assert_eq!(ours("datafly-provider"), set(&["datafly-core", "datafly-settings"]));
    let all = ["blueprint", "core", "provider", "sandbox", "settings", "store"];
    assert_eq!(ours("datafly-server"), all.map(|name| format!("datafly-{name}")).into());
    assert_eq!(ours("xtask"), set(&[]));
}

#[test]
fn the_core_and_the_blueprint_are_pure() {
    let metadata = metadata();
    for name in ["core", "blueprint"] {
        let used = dependencies(&metadata, &format!("datafly-{name}"));
        for impure in ["tokio", "axum", "reqwest", "web-sys", "tracing", "getrandom", "rand"] {
            assert!(!used.contains(impure), "{impure} in {name}");
        }
        for (path, source) in sources(&root().join("crates").join(name).join("src")) {
            for call in ["std::fs", "std::net", "std::env", "std::time::", "::now()"] {
                assert!(!source.contains(call), "{} in {}", call, path.display());
            }
        }
    }
}

const VENDORS_AND_ENGINES: [&str; 8] =
    ["amperity", "algonomy", "ansira", "ga4", "meta_capi", "tiktok", "fjall", "embedded"];

/// Vendors and engines are named where they live and where they are plugged in, and nowhere else.
#[test]
fn the_edge_and_the_engine_name_no_vendor_and_no_storage() {
    let server = root().join("crates/server/src");
    let named: Vec<PathBuf> = sources(&server)
        .into_iter()
        .filter(|(path, _)| !path.to_string_lossy().ends_with("_tests.rs"))
        .filter(|(_, source)| {
            // Examples in documentation may name a vendor, code may not.
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n").to_lowercase();
            VENDORS_AND_ENGINES.iter().any(|name| code.contains(name))
        })
        .map(|(path, _)| path.strip_prefix(&server).unwrap().to_owned())
        .collect();
    let may = [
        "command.rs",
        "command/amperity.rs",
        "command/amperity/question.rs",
        "command/amperity/rows.rs",
        "command/amperity/show.rs",
        "command/sandbox.rs",
        "main.rs",
        "wiring.rs",
        "wiring/integration.rs",
    ]
    .map(Path::new);
    assert_eq!(named.iter().map(PathBuf::as_path).collect::<BTreeSet<_>>(), may.into());
}

/// A reader of one vendor can read the next.
#[test]
fn every_vendor_s_folder_has_the_same_files() {
    let provider = root().join("crates/provider/src");
    for vendor in [
        "algonomy",
        "amperity",
        "amperity_index",
        "ansira",
        "ga4",
        "meta_capi",
        "rest",
        "tiktok",
        "webhook",
    ] {
        for file in ["config", "token", "client", "wire", "error", "tests"] {
            let path = provider.join(vendor).join(file).with_extension("rs");
            assert!(path.exists(), "{}", path.display());
        }
    }
}

#[test]
fn vendor_wire_types_never_leave_their_folder() {
    for (path, source) in sources(&root().join("crates/provider/src")) {
        if path.ends_with("wire.rs") {
            for line in source.lines() {
                let item = line.trim_start();
                assert!(!item.starts_with("pub "), "{}: {item}", path.display());
            }
        }
        assert!(!source.contains("pub mod wire"), "{}", path.display());
    }
}

/// Environment, time and randomness enter at the composition roots and travel as arguments.
#[test]
fn surroundings_enter_at_the_composition_roots() {
    let allowed = [
        "server/src/runtime.rs",
        "server/src/command/check.rs",
        "server/src/command/gdpr.rs",
        "server/src/command/doctor.rs",
        "server/src/command/owner.rs",
        "server/src/command/serve.rs",
        "server/src/command/token.rs",
        "sandbox/src/clock.rs",
    ];
    for folder in
        ["core", "blueprint", "settings", "store", "provider", "server", "sandbox", "browser"]
    {
        for (path, source) in sources(&root().join("crates").join(folder).join("src")) {
            let test = path.to_string_lossy().ends_with("_tests.rs")
                || path.ends_with("tests.rs")
                || path.components().any(|part| part.as_os_str() == "tests");
            if test || allowed.iter().any(|allowed| path.ends_with(allowed)) {
                continue;
            }
            for call in
                ["SystemTime::now", "Instant::now", "Timestamp::now", "env::var", "getrandom::"]
            {
                assert!(!source.contains(call), "{call} in {}", path.display());
            }
        }
    }
}

#[test]
fn modules_are_files_beside_their_folder() {
    for (path, _) in sources(&root().join("crates")) {
        assert!(!path.ends_with("mod.rs"), "{}", path.display());
    }
}
