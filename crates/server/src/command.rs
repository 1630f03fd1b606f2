//! The subcommands: the composition roots, where environment, clock, randomness and sockets come in.

pub(crate) mod amperity;
pub(crate) mod backup;
pub(crate) mod blueprint;
pub(crate) mod check;
pub(crate) mod dead_letters;
pub(crate) mod doctor;
pub(crate) mod gdpr;
pub(crate) mod health;
mod owner;
pub(crate) mod sandbox;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod types;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;

use datafly_server::data_dir;

/// What a command ends with when it fails; shown to the operator as it is.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What was asked cannot be: exit code 2, as for arguments that cannot be read.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// Done on the first SIGINT or SIGTERM.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Tells whoever waits for the file that the listeners are open, and where. Nobody reads half of it, and nobody but
/// its owner any of it: it may hold what opens a door.
pub(crate) fn write_ready_file(path: &Path, facts: &serde_json::Value) -> io::Result<()> {
    data_dir::write(path, facts.to_string().as_bytes())
}

/// One line of the command's own output.
#[expect(clippy::print_stdout, reason = "this is what the command is run for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
