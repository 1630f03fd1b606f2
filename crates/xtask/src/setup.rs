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

/// The Python packages of a requirements file, in a folder of their own, unless what is there came of the same file.
pub(crate) fn pip_install(requirements: &Path, folder: &Path) -> Result<()> {
    let wanted = fs::read(requirements)
        .with_context(|| format!("{} cannot be read", requirements.display()))?;
    let stamp = folder.join(".requirements");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    ensure_pip()?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clean {}", folder.display()))?;
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--root-user-action=ignore", "--no-deps", "--require-hashes", "--only-binary=:all:"])
        .arg("--target")
        .arg(folder)
        .arg("--requirement")
        .arg(requirements);
    run(&mut pip).context("the Python packages could not be installed")?;
    // Last: a half of them is never taken for all.
    fs::write(stamp, wanted).context("cannot write the stamp")
}

/// Python 3 with pip, installed by the system's package manager when it is missing.
fn ensure_pip() -> Result<()> {
    let is_there = || {
        let mut pip = Command::new("python3");
        let pip = pip.args(["-m", "pip", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        pip.status().is_ok_and(|status| status.success())
    };
    if is_there() {
        return Ok(());
    }
    println!("setup: installing python3 and python3-pip");
    match (apt_install(&["python3", "python3-pip"]), is_there()) {
        (Ok(()), true) => Ok(()),
        _ => bail!(
            "the tests of other people's clients need Python 3 with pip: install the packages \
             `python3` and `python3-pip`"
        ),
    }
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

/// The system's Firefox, installed by the system's package manager when it is missing.
pub(crate) fn firefox() -> Result<PathBuf> {
    let found = || {
        let places = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
        places.iter().map(PathBuf::from).find(|path| path.exists())
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    println!("setup: installing firefox-esr");
    match (apt_install(&["firefox-esr"]), found()) {
        (Ok(()), Some(path)) => Ok(path),
        _ => bail!("some browser tests need Firefox: install the package `firefox-esr`"),
    }
}

/// strace, which the power-loss test of the queue records system calls with.
pub(crate) fn strace() -> Result<()> {
    let found = || Path::new("/usr/bin/strace").exists();
    if found() {
        return Ok(());
    }
    println!("setup: installing strace");
    match (apt_install(&["strace"]), found()) {
        (Ok(()), true) => Ok(()),
        _ => bail!("the power-loss test needs strace: install the package `strace`"),
    }
}

/// Installs the system's packages. Says nothing on standard output.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    let apt =
        |arguments: &[&str]| run(Command::new("apt-get").args(arguments).stdout(Stdio::null()));
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}
