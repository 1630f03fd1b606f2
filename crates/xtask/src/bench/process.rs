//! A server's process: started with a log file, ended with this value.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// How long a server may take to open its listener, or to end.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command that writes what it says to `<name>.log` in the folder.
    pub(super) fn start(mut command: Command, folder: &Path, name: &str) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { child, log })
    }

    /// The process; its children are found from there.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks again and again until there is an answer.
    pub(super) fn wait_for<T>(&mut self, mut ask: impl FnMut() -> Result<T>) -> Result<T> {
        let mut last = None;
        for _ in 0..TRIES {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: see {}", self.log.display());
            }
            match ask() {
                Ok(answer) => return Ok(answer),
                Err(error) => last = Some(error),
            }
            sleep(PAUSE);
        }
        let error = last.unwrap_or_else(|| anyhow::anyhow!("it was never asked"));
        Err(error.context(format!("the server did not come up: see {}", self.log.display())))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Not killed at once: nginx's workers would outlive their master.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..TRIES {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
