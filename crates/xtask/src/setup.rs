//! What a command needs on the machine, installed where that is possible and permitted. What is missing
//! otherwise ends the command with one line that says what to install; nothing is skipped in silence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs a command to its end and takes no failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("`{name}` cannot be started: is it installed and on the PATH?"))?;
    if status.success() { Ok(()) } else { bail!("`{name}` ended with {status}") }
}

/// `npm ci` in a folder, unless what is there is as new as its lockfile.
pub(crate) fn npm_ci(folder: &Path) -> Result<()> {
    let modified = |path: &str| fs::metadata(folder.join(path)).and_then(|file| file.modified());
    let lock = modified("package-lock.json")
        .with_context(|| format!("no package-lock.json in {}", folder.display()))?;
    // npm writes this file at the end of an installation.
    if modified("node_modules/.package-lock.json").is_ok_and(|installed| installed >= lock) {
        return Ok(());
    }
    run(Command::new("npm").current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))
        .context("the npm packages could not be installed; Node.js 20 or newer is needed")
}

/// The system's Chromium, installed by the system's package manager when it is missing.
pub(crate) fn chromium() -> Result<PathBuf> {
    let found = || {
        let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        places.iter().map(PathBuf::from).find(|path| path.exists())
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    println!("setup: installing chromium");
    match (apt_install(&["chromium"]), found()) {
        (Ok(()), Some(path)) => Ok(path),
        _ => bail!("the browser tests need Chromium: install the package `chromium`"),
    }
}

/// Installs the system's packages. Says nothing on standard output.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    let apt =
        |arguments: &[&str]| run(Command::new("apt-get").args(arguments).stdout(Stdio::null()));
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}
