//! `cargo xtask bundle`: the browser files, from the Rust crate and the JavaScript around it.
//!
//! ```text
//! cargo build (wasm32) → bindings (in process) → wasm-opt → esbuild → names by content → br, gz
//! ```
//!
//! The result is a pure function of the sources, the lockfiles and this program: no time, no path and no
//! random name gets into it. `manifest.json` tells the server what there is.

mod crates;
mod hints;
mod names;
mod npm;
mod plan;
mod sizes;
mod steps;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::{
    hints::Hints,
    plan::Plan,
    sizes::{Size, Sizes},
    steps::{Entry, Names, Steps},
};

/// Free in the loader's source; the server puts the configuration in its place.
const CONFIG_PLACEHOLDER: &str = "__DATAFLY_CONFIG__";

/// Length of the content hash in a file name: 48 bits, in hexadecimal.
const HASH_LEN: usize = 12;

/// `manifest.json`.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    /// Source of the inline script, without the tags.
    stub: &'a str,
    /// Its hash for a `script-src` of the page.
    stub_csp: String,
    /// The same of the anti-flicker helper.
    antiflicker: &'a str,
    antiflicker_csp: String,
    /// What a page may say beforehand.
    hints: Hints,
    loader: &'a str,
    /// The SDK in one module, for pages without the loader.
    module: &'a str,
    /// What the loader imports: the SDK without what the loader lends it.
    engine: &'a str,
    wasm: &'a str,
    /// What is loaded when it is needed: file names by name.
    chunks: &'a BTreeMap<String, String>,
    files: Vec<Size>,
}

/// Builds the bundle into the directory that `wasm-pack.toml` names, unless it is there already, built
/// from the same inputs.
pub(crate) fn run(root: &Path) -> Result<()> {
    let plan = Plan::read(root)?;
    let steps = Steps::new(root, &plan)?;
    let compiled = steps.compile()?;
    let stamp = steps.inputs_hash(&compiled)?;
    let out = root.join(&plan.build.out_dir);
    let package = root.join("target/npm");
    if is_current(&out, &stamp) && is_current(&package, &stamp) {
        println!("bundle: {} is up to date", out.display());
        return Ok(());
    }

    let wasm = steps.bind_and_optimise(&compiled)?;
    let wasm_name = format!("datafly-{}.wasm", content_hash(&wasm));
    let script = |file: &str, format, names: &Names| {
        steps.esbuild(&Entry { file, format, compiled: &compiled, names })
    };
    let alone = Names::default();
    let stub = script("stub.js", "iife", &alone)?;
    let antiflicker = script("antiflicker.js", "iife", &alone)?;
    let loader = script("loader.js", "iife", &alone)?;
    let engine = script("engine.js", "esm", &alone)?;
    let engine_name = format!("engine-{}.js", content_hash(&engine));
    let mut chunks = BTreeMap::new();
    for name in steps.chunks()? {
        let content = script(&format!("{name}/index.js"), "esm", &alone)?;
        chunks.insert(format!("{name}-{}.js", content_hash(&content)), (name, content));
    }
    let names = Names {
        wasm: wasm_name.clone(),
        near: wasm_name.clone(),
        chunks: chunks.iter().map(|(file, (name, _))| (name.clone(), file.clone())).collect(),
        written_out: false,
    };
    let module = script("module.js", "esm", &names)?;
    let module_name = format!("datafly-{}.js", content_hash(&module));
    ensure!(
        count(&loader, CONFIG_PLACEHOLDER.as_bytes()) == 1,
        "the loader must hold {CONFIG_PLACEHOLDER} exactly once after minification"
    );
    let stub = inline(stub)?;
    let antiflicker = inline(antiflicker)?;

    let sizes = Sizes {
        stub: Size::of("stub (inline)", stub.as_bytes())?,
        antiflicker: Size::of("anti-flicker (inline)", antiflicker.as_bytes())?,
        loader: Size::of("loader.js", &loader)?,
        engine: Size::of(&engine_name, &engine)?,
        wasm: Size::of(&wasm_name, &wasm)?,
        module: Size::of(&module_name, &module)?,
        chunks: chunks
            .iter()
            .map(|(file, (_, content))| Size::of(file, content))
            .collect::<Result<_>>()?,
    };
    let manifest = Manifest {
        stub_csp: csp(&stub),
        stub: &stub,
        antiflicker_csp: csp(&antiflicker),
        antiflicker: &antiflicker,
        hints: Hints::of(&module_name, &module, &wasm_name),
        loader: "loader.js",
        module: &module_name,
        engine: &engine_name,
        wasm: &wasm_name,
        chunks: &names.chunks,
        files: sizes.files().into_iter().cloned().collect(),
    };

    let mut files = BTreeMap::new();
    let parts = [(&module_name, &module), (&engine_name, &engine), (&wasm_name, &wasm)];
    for (name, content) in
        parts.into_iter().chain(chunks.iter().map(|(file, (_, content))| (file, content)))
    {
        files.insert(format!("{name}.br"), sizes::brotli(content)?);
        files.insert(format!("{name}.gz"), sizes::gzip(content)?);
        files.insert(name.clone(), content.clone());
    }
    files.insert("loader.js".to_owned(), loader);
    files.insert("datafly.d.ts".to_owned(), steps.source("datafly.d.ts")?);
    files.insert("manifest.json".to_owned(), serde_json::to_vec_pretty(&manifest)?);
    write(&out, &files, &stamp)?;
    let chunks = chunks.into_values().collect();
    write(&package, &npm::files(&steps, &script, &wasm_name, wasm, chunks)?, &stamp)?;

    println!("{}", sizes.table(&plan.budget));
    println!("{}", crates::table(&steps.named(&compiled)?)?);
    println!("{}", manifest.hints);
    sizes.check(&plan.budget).inspect_err(|_| {
        // The next run must not call this bundle current.
        let _ = fs::remove_file(out.join(STAMP));
    })
}

/// Holds the hash of the inputs of what lies beside it.
const STAMP: &str = ".inputs";

fn is_current(out: &Path, stamp: &str) -> bool {
    fs::read_to_string(out.join(STAMP)).is_ok_and(|built_from| built_from == stamp)
}

/// Replaces the directory, so that nothing of an older bundle stays.
fn write(out: &Path, files: &BTreeMap<String, Vec<u8>>, stamp: &str) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot clean {}", out.display()))?;
    }
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    for (name, content) in files {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    // Last: a half-written bundle is never current.
    fs::write(out.join(STAMP), stamp).context("cannot write the stamp")
}

/// Of a script that stands in the page itself.
fn inline(script: Vec<u8>) -> Result<String> {
    let script = String::from_utf8(script).context("an inline script is not UTF-8")?;
    ensure!(!script.contains("</"), "an inline script could end its own element");
    Ok(script)
}

/// What a page's `script-src` calls it.
fn csp(script: &str) -> String {
    format!("sha256-{}", data_encoding::BASE64.encode(&Sha256::digest(script)))
}

fn content_hash(content: &[u8]) -> String {
    let mut hash = data_encoding::HEXLOWER.encode(&Sha256::digest(content));
    hash.truncate(HASH_LEN);
    hash
}

fn count(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).filter(|window| *window == needle).count()
}
