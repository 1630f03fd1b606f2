//! Who runs where: the server alone on one core, everything that puts load on it on the other.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::setup::run;

/// A core of the machine, as `taskset` counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Core(&'static str);

/// The server that is measured.
pub(super) const SERVER: Core = Core("0");
/// The load, and the sandbox.
pub(super) const LOAD: Core = Core("1");

/// Says what is missing for pinning.
pub(super) fn check() -> Result<()> {
    let cores = thread::available_parallelism().context("cannot count the cores")?.get();
    ensure!(cores >= 2, "the benchmark needs two cores, one for the server and one for the load");
    Ok(())
}

impl Core {
    /// A command that will run on this core, and end with this program however that ends: a server left
    /// behind would spoil the next measurement.
    pub(super) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "taskset", "-c", self.0]).arg(program);
        command
    }

    /// Keeps the calling thread, and what it starts from now on, on this core.
    pub(super) fn take_this_thread(self) -> Result<()> {
        let thread = fs::read_link("/proc/thread-self").context("no /proc: Linux is needed")?;
        let id = thread.file_name().context("/proc/thread-self names no thread")?;
        run(Command::new("taskset").args(["-cp", self.0]).arg(id).stdout(Stdio::null()))
    }
}
