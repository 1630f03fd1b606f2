//! What a benchmark needs on the machine, built and installed where that is possible.
//!
//! All of it writes to standard error: standard output is the report's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::setup::{apt_install, run};

/// Packages of npm with the versions that the peers were written for.
const NPM: [(&str, &str); 2] = [("fastify", "5"), ("lru-cache", "11")];

/// A program, and the system's package that brings it.
pub(super) type Program = (&'static str, &'static str);

pub(super) const NGINX: Program = ("nginx", "nginx-light");
pub(super) const WRK: Program = ("wrk", "wrk");

/// The folder of floors and peers.
pub(super) fn perf(folder: PathBuf) -> Result<PathBuf> {
    ensure!(
        folder.join("server/rust/Cargo.toml").exists(),
        "no floors and peers in {}: name their folder with --perf",
        folder.display()
    );
    fs::canonicalize(folder).context("cannot read the folder of floors and peers")
}

/// The release build of the server; the whole bundle is there too, as it serves nothing without.
pub(super) fn server(root: &Path) -> Result<PathBuf> {
    if !root.join("www/pkg/manifest.json").exists() {
        // As a process of its own, since it prints.
        let this = std::env::current_exe().context("cannot find this program")?;
        run(quiet(&mut Command::new(this)).arg("bundle"))?;
    }
    let mut cargo = Command::new("cargo");
    let cargo = quiet(&mut cargo).args(["build", "--release", "--package", "datafly-server"]);
    // Whatever the environment says: the binary is looked for there.
    let cargo = cargo.current_dir(root).env("CARGO_TARGET_DIR", root.join("target"));
    run(cargo).context("the server does not build")?;
    Ok(root.join("target/release/datafly"))
}

/// The release build of an example.
pub(super) fn example(root: &Path, package: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    let cargo = quiet(&mut cargo).args(["build", "--release", "--package", package]);
    let cargo = cargo.args(["--example", name]);
    run(cargo.current_dir(root).env("CARGO_TARGET_DIR", root.join("target")))
        .with_context(|| format!("the example {name} does not build"))?;
    Ok(root.join("target/release/examples").join(name))
}

/// The floors: axum with nothing around it. Built from a copy in the folder, because cargo writes a lockfile
/// beside the manifest and the original is not ours to write to.
pub(super) fn floor(perf: &Path, folder: &Path) -> Result<PathBuf> {
    let (original, program) = (perf.join("server/rust"), "src/bin/axum-floor.rs");
    let manifest = fs::read_to_string(original.join("Cargo.toml"));
    let manifest = manifest.context("the floor's Cargo.toml cannot be read")?;
    let source = fs::read(original.join(program)).context("the floor's source cannot be read")?;
    fs::create_dir_all(folder.join("src/bin")).context("cannot make the folder for the floor")?;
    // A workspace of its own: cargo would take it for a forgotten member of the one around it.
    write_if_new(&folder.join("Cargo.toml"), format!("{manifest}\n[workspace]\n").as_bytes())?;
    write_if_new(&folder.join(program), &source)?;
    let mut cargo = Command::new("cargo");
    let cargo = quiet(&mut cargo).args(["build", "--release", "--bin", "axum-floor"]);
    let cargo = cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder);
    run(cargo).context("the floor does not build")?;
    Ok(folder.join("release/axum-floor"))
}

/// Leaves a file that holds the same alone, as cargo builds anew what is newer than its build.
fn write_if_new(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

/// Fastify and its cache, installed in the folder.
pub(super) fn npm(folder: &Path) -> Result<()> {
    if NPM.iter().all(|(name, _)| folder.join("node_modules").join(name).exists()) {
        return Ok(());
    }
    fs::create_dir_all(folder).context("cannot make the folder for npm")?;
    // Without it npm installs into the next folder upwards that has one.
    fs::write(folder.join("package.json"), r#"{"private":true}"#)?;
    let packages = NPM.map(|(name, version)| format!("{name}@{version}"));
    let mut npm = Command::new("npm");
    let npm = quiet(&mut npm).current_dir(folder);
    run(npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]).args(packages))
        .context("fastify could not be installed; Node.js 20 or newer is needed")
}

/// Programs, installed by the system's package manager when they are missing.
pub(super) fn programs(programs: &[Program]) -> Result<()> {
    let missing = || programs.iter().filter(|(program, _)| !is_there(program)).map(|it| it.1);
    let packages: Vec<_> = missing().collect();
    if packages.is_empty() {
        return Ok(());
    }
    eprintln!("setup: installing {}", packages.join(" "));
    let installed = apt_install(&packages);
    ensure!(
        installed.is_ok() && missing().next().is_none(),
        "the benchmark needs programs that are missing: install {}",
        packages.join(" and ")
    );
    Ok(())
}

/// Whether a program can be started by its name.
pub(super) fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(io::stderr())
}
