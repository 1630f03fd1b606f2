//! The browser's files as `cargo xtask bundle` wrote them, read once at start-up and served from memory.
//!
//! `manifest.json` names them. A file's name holds the hash of its content, so what is served under a
//! name never changes; `name.br` and `name.gz` are the same bytes compressed beforehand.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;

/// Where the loader takes its configuration; the bundler leaves exactly one.
const CONFIG_PLACE: &str = "__DATAFLY_CONFIG__";

/// Why the files cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A file is missing or unreadable.
    #[error("the browser bundle's `{path}` cannot be read ({reason}): run `cargo xtask bundle`")]
    File {
        /// Which.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// The manifest is not one.
    #[error(
        "the browser bundle's manifest.json does not fit this server ({0}): run `cargo xtask bundle`"
    )]
    Manifest(String),
    /// The loader has no place, or several, for its configuration.
    #[error(
        "the browser bundle's loader has no single place for its configuration: run `cargo xtask bundle`"
    )]
    Loader,
}

#[derive(Deserialize)]
struct Manifest {
    loader: String,
    module: String,
    engine: String,
    wasm: String,
    /// By name.
    #[serde(default)]
    chunks: BTreeMap<String, String>,
}

/// One immutable file.
pub struct Asset {
    /// As it is.
    pub plain: Bytes,
    /// Brotli.
    pub brotli: Bytes,
    /// Gzip.
    pub gzip: Bytes,
    /// `Content-Type`.
    pub content_type: &'static str,
}

/// The loader, cut where its configuration goes.
pub struct LoaderTemplate {
    /// Script before the configuration.
    pub before: String,
    /// Script after it.
    pub after: String,
}

/// The files in memory.
pub struct Bundle {
    /// The loader.
    pub loader: LoaderTemplate,
    /// File name of the module that the loader imports.
    pub engine: String,
    /// File name of the wasm.
    pub wasm: String,
    /// File names of the parts that are loaded when they are needed, by name.
    pub chunks: BTreeMap<String, String>,
    assets: HashMap<String, Asset>,
}

impl Bundle {
    /// Reads the bundle's folder.
    pub fn load(folder: &Path) -> Result<Self, BundleError> {
        let manifest = read(folder, "manifest.json")?;
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|error| BundleError::Manifest(error.to_string()))?;
        let loader =
            String::from_utf8(read(folder, &manifest.loader)?).map_err(|_| BundleError::Loader)?;
        let mut assets = HashMap::new();
        let scripts =
            [&manifest.module, &manifest.engine].into_iter().chain(manifest.chunks.values());
        let scripts = scripts.map(|name| (name, "text/javascript; charset=utf-8"));
        for (name, content_type) in scripts.chain([(&manifest.wasm, "application/wasm")]) {
            let asset = Asset {
                plain: read(folder, name)?.into(),
                brotli: read(folder, &format!("{name}.br"))?.into(),
                gzip: read(folder, &format!("{name}.gz"))?.into(),
                content_type,
            };
            assets.insert(name.clone(), asset);
        }
        Ok(Self {
            loader: LoaderTemplate::cut(&loader)?,
            engine: manifest.engine,
            wasm: manifest.wasm,
            chunks: manifest.chunks,
            assets,
        })
    }

    /// The file of that name.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }
}

impl LoaderTemplate {
    fn cut(script: &str) -> Result<Self, BundleError> {
        match script.split(CONFIG_PLACE).collect::<Vec<_>>().as_slice() {
            [before, after] => {
                Ok(Self { before: (*before).to_owned(), after: (*after).to_owned() })
            }
            _ => Err(BundleError::Loader),
        }
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, BundleError> {
    let path = folder.join(name);
    fs::read(&path).map_err(|error| BundleError::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        Bundle::load(folder.path()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_missing_or_foreign_bundle_says_what_to_run() {
        let manifest =
            r#"{"loader": "l.js", "module": "m.js", "engine": "e.js", "wasm": "w.wasm"}"#;
        for files in [
            &[][..],
            &[("manifest.json", "{}")],
            &[("manifest.json", manifest)],
            &[("manifest.json", manifest), ("l.js", "no place")],
        ] {
            assert!(error(files).contains("run `cargo xtask bundle`"), "{files:?}");
        }
    }

    #[test]
    fn the_loader_has_one_place_for_its_configuration() {
        let cut = LoaderTemplate::cut("a(__DATAFLY_CONFIG__)b").unwrap();
        assert_eq!((cut.before.as_str(), cut.after.as_str()), ("a(", ")b"));
        assert!(LoaderTemplate::cut("__DATAFLY_CONFIG__,__DATAFLY_CONFIG__").is_err());
        assert!(LoaderTemplate::cut("").is_err());
    }
}
