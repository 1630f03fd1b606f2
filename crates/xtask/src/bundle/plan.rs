//! `wasm-pack.toml`: what to build, how, and how large it may be.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Plan {
    pub(crate) build: Build,
    pub(crate) wasm_opt: WasmOpt,
    pub(crate) budget: Budget,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Build {
    /// Package name.
    #[serde(rename = "crate")]
    pub(crate) package: String,
    /// Its directory, with `package.json` and `js/`.
    pub(crate) dir: String,
    pub(crate) target: String,
    /// Cargo profile.
    pub(crate) profile: String,
    pub(crate) out_dir: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WasmOpt {
    pub(crate) flags: Vec<String>,
}

/// Brotli bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) stub: usize,
    pub(crate) loader: usize,
    pub(crate) page: usize,
}

impl Plan {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join("wasm-pack.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let plan: Self = toml::from_str(&text).context("wasm-pack.toml")?;
        ensure!(
            plan.build.target == "web",
            "wasm-pack.toml: build.target is {:?}, but the facade loads \"web\" bindings only",
            plan.build.target
        );
        plan.check_metadata(root)?;
        Ok(plan)
    }

    /// Holds the metadata that plain `wasm-pack` reads to the same optimiser flags.
    fn check_metadata(&self, root: &Path) -> Result<()> {
        let path = root.join(&self.build.dir).join("Cargo.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest: CrateManifest =
            toml::from_str(&text).context("the wasm crate's Cargo.toml")?;
        let profiles = manifest.package.metadata.wasm_pack.profile;
        let flags = profiles.get("release").map(|release| &release.wasm_opt);
        ensure!(
            flags == Some(&self.wasm_opt.flags),
            "{}: [package.metadata.wasm-pack.profile.release] wasm-opt must list the same flags as \
             wasm-pack.toml",
            path.display()
        );
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
struct CrateManifest {
    package: Package,
}

#[derive(Debug, Deserialize)]
struct Package {
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    wasm_pack: WasmPack,
}

#[derive(Debug, Deserialize)]
struct WasmPack {
    profile: BTreeMap<String, WasmPackProfile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WasmPackProfile {
    wasm_opt: Vec<String>,
}
