//! The npm package, as `npm pack` takes it: `crates/browser/npm` with what is built beside it.
//!
//! File names carry no hash, because a package has a version, and chunks are imported so that a bundler finds them.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result, ensure};

use super::steps::{Names, Steps};

/// What the description says in place of the version.
const VERSION: &str = "\"version\": \"0.0.0\"";

/// Builds one entry of `js/` in a format.
type Script<'a> = dyn Fn(&str, &'static str, &Names) -> Result<Vec<u8>> + 'a;

/// The files of the package. Chunks are given by their names.
pub(crate) fn files(
    steps: &Steps,
    script: &Script<'_>,
    wasm_name: &str,
    wasm: Vec<u8>,
    chunks: Vec<(String, Vec<u8>)>,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let file_of = |name: &String| format!("chunks/{name}.js");
    let names = |prefix: &str, written_out| Names {
        wasm: wasm_name.to_owned(),
        near: format!("{prefix}datafly.wasm"),
        chunks: chunks
            .iter()
            .map(|(name, _)| (name.clone(), format!("{prefix}{}", file_of(name))))
            .collect(),
        written_out,
    };
    let module = script("module.js", "esm", &names("./", true))?;
    let classic = script("script.js", "iife", &names("", false))?;

    let mut files = BTreeMap::new();
    for path in steps.npm_files()? {
        let name = path.file_name().context("a file of npm/ has no name")?.to_string_lossy();
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files.insert(name.into_owned(), content);
    }
    let description = files.get_mut("package.json").context("npm/ has no package.json")?;
    let text = std::str::from_utf8(description).context("npm/package.json is not UTF-8")?;
    ensure!(
        text.contains(VERSION),
        "npm/package.json must hold {VERSION}, for this workspace's version"
    );
    *description =
        text.replace(VERSION, concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")).into();
    files.extend(chunks.into_iter().map(|(name, content)| (file_of(&name), content)));
    files.insert("datafly.js".to_owned(), module);
    files.insert("datafly.min.js".to_owned(), classic);
    files.insert("datafly.wasm".to_owned(), wasm);
    files.insert("datafly.d.ts".to_owned(), steps.source("datafly.d.ts")?);
    Ok(files)
}
