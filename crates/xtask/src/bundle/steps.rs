//! The steps of the build, one method each. Tools come from the toolchain and from `npm ci`; a missing
//! one ends the build with a line that says what to install.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use super::{names, plan::Plan};
use crate::setup::{self, run};

const TARGET: &str = "wasm32-unknown-unknown";

/// What the facade needs of the bindings: their own way of loading takes whatever it is given, in eight
/// times the bytes.
const PARTS: &str = "\nexport { __wbg_get_imports as imports, __wbg_finalize_init as finish };\n";

/// The tools, ready to be used.
pub(crate) struct Steps<'a> {
    root: &'a Path,
    plan: &'a Plan,
    /// The wasm crate's directory.
    dir: PathBuf,
}

/// One script to bundle.
pub(crate) struct Entry<'a> {
    pub(crate) file: &'a str,
    /// `iife` for a classic script, `esm` for a module.
    pub(crate) format: &'a str,
    /// The wasm whose bindings it may import as `#glue`.
    pub(crate) compiled: &'a Path,
}

/// What `cargo` says about a finished crate; other messages have other shapes.
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl<'a> Steps<'a> {
    /// Sees to the wasm32 target and the npm tools.
    pub(crate) fn new(root: &'a Path, plan: &'a Plan) -> Result<Self> {
        let steps = Self { root, plan, dir: root.join(&plan.build.dir) };
        steps.ensure_target()?;
        setup::npm_ci(&steps.dir)?;
        Ok(steps)
    }

    fn ensure_target(&self) -> Result<()> {
        let sysroot =
            output(Command::new("rustc").current_dir(self.root).args(["--print", "sysroot"]))?;
        let sysroot = String::from_utf8(sysroot).context("the sysroot's path is not UTF-8")?;
        if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
            return Ok(());
        }
        run(Command::new("rustup").current_dir(self.root).args(["target", "add", TARGET]))
            .with_context(|| format!("install the target by hand: rustup target add {TARGET}"))
    }

    /// Compiles the crate; returns the wasm as the compiler wrote it.
    pub(crate) fn compile(&self) -> Result<PathBuf> {
        let build = &self.plan.build;
        let mut cargo = Command::new("cargo");
        cargo.current_dir(self.root).stderr(Stdio::inherit()).args([
            "build",
            "--message-format=json-render-diagnostics",
            "--target",
            TARGET,
            "--profile",
            &build.profile,
            "--package",
            &build.package,
        ]);
        let messages = output(&mut cargo)?;
        let messages = String::from_utf8(messages).context("cargo's messages are not UTF-8")?;
        messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
            .filter(|message| message.reason == "compiler-artifact")
            .flat_map(|message| message.filenames)
            .rfind(|file| file.extension().is_some_and(|extension| extension == "wasm"))
            .context("cargo built no wasm; is the crate a cdylib?")
    }

    /// Hash of everything the bundle depends on; this program is one of those things.
    pub(crate) fn inputs_hash(&self, compiled: &Path) -> Result<String> {
        let this = std::env::current_exe().context("cannot find this program's file")?;
        let mut inputs = vec![
            this,
            compiled.to_owned(),
            self.root.join("wasm-pack.toml"),
            self.dir.join("package-lock.json"),
        ];
        for folder in [vec![String::new()], self.chunks()?].concat() {
            for source in fs::read_dir(self.js_dir().join(folder)).context("a folder of js")? {
                inputs.push(source?.path());
            }
        }
        inputs.sort();
        let mut hash = Sha256::new();
        for input in inputs.iter().filter(|path| path.is_file()) {
            let content =
                fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
            hash.update(content.len().to_le_bytes());
            hash.update(content);
        }
        Ok(data_encoding::HEXLOWER.encode(&hash.finalize()))
    }

    /// Writes the bindings (for [`Self::esbuild`] to find) and returns the optimised wasm.
    pub(crate) fn bind_and_optimise(&self, compiled: &Path) -> Result<Vec<u8>> {
        let work = work_dir(compiled);
        let mut bindings = Bindgen::new()
            .input_path(compiled)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .out_name("glue")
            .generate_output()
            .context("wasm-bindgen")?;
        let mut glue = names::shorten(&mut bindings)?;
        glue.push_str(PARTS);
        fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
        fs::write(work.join("glue.js"), glue).context("cannot write the bindings")?;
        fs::write(work.join("glue_bg.wasm"), bindings.wasm_mut().emit_wasm())
            .context("cannot write the bound wasm")?;
        let optimised = work.join("optimised.wasm");
        let mut wasm_opt = self.npm_tool("wasm-opt");
        wasm_opt.arg(work.join("glue_bg.wasm")).arg("-o").arg(&optimised);
        run(wasm_opt.args(&self.plan.wasm_opt.flags))?;
        fs::read(&optimised).context("wasm-opt wrote nothing")
    }

    /// The parts that are loaded when they are needed: each folder of `js/` with an `index.js`.
    pub(crate) fn chunks(&self) -> Result<Vec<String>> {
        let mut chunks = Vec::new();
        for entry in fs::read_dir(self.js_dir()).context("no js directory in the wasm crate")? {
            let entry = entry?;
            if entry.path().join("index.js").is_file() {
                chunks.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        chunks.sort();
        Ok(chunks)
    }

    /// Bundles and minifies one entry of `js/`, which may name the wasm and the chunks; returns it without
    /// the final line break.
    pub(crate) fn esbuild(
        &self,
        entry: &Entry,
        wasm_name: &str,
        chunks: &BTreeMap<&str, &str>,
    ) -> Result<Vec<u8>> {
        let Entry { file, format, compiled } = entry;
        // The engine's is the loader's, lent to it.
        let kit = if *file == "engine.js" { "lent.js" } else { "kit.js" };
        let glue = work_dir(compiled).join("glue.js");
        let mut esbuild = self.npm_tool("esbuild");
        esbuild
            .arg(self.js_dir().join(file))
            .args([
                "--bundle",
                "--minify",
                "--target=es2020",
                "--charset=utf8",
                "--legal-comments=none",
                // What the type checker is told is none of this; it would add `"use strict"`.
                "--tsconfig-raw={}",
            ])
            .arg("--log-level=warning")
            .arg(format!("--format={format}"))
            .arg(format!("--alias:#glue={}", glue.display()))
            .arg(format!("--alias:#kit={}", self.js_dir().join(kit).display()))
            .arg(format!("--define:__DATAFLY_WASM__=\"{wasm_name}\""))
            .arg(format!("--define:__DATAFLY_CHUNKS__={}", serde_json::to_string(chunks)?))
            .arg(format!("--define:__DATAFLY_VERSION__=\"{}\"", env!("CARGO_PKG_VERSION")))
            .stderr(Stdio::inherit());
        let mut script = output(&mut esbuild)?;
        script.truncate(script.trim_ascii_end().len());
        ensure!(!script.is_empty(), "esbuild wrote nothing for {file}");
        Ok(script)
    }

    /// A file of `js/` as it is.
    pub(crate) fn source(&self, name: &str) -> Result<Vec<u8>> {
        fs::read(self.js_dir().join(name)).with_context(|| format!("cannot read js/{name}"))
    }

    fn js_dir(&self) -> PathBuf {
        self.dir.join("js")
    }

    fn npm_tool(&self, name: &str) -> Command {
        let mut tool = Command::new(self.dir.join("node_modules/.bin").join(name));
        tool.current_dir(&self.dir);
        tool
    }
}

/// Where the bindings of a compiled wasm are written: beside it, in the target directory.
fn work_dir(compiled: &Path) -> PathBuf {
    compiled.with_extension("bundle")
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let program = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        bail!("{} failed: {}", program.display(), output.status);
    }
    Ok(output.stdout)
}
