//! The process that drives Chromium: an order a line, an answer a line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// See the module's documentation. It ends with this value.
pub(super) struct Driver {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T> {
    Done(T),
    Failed(String),
}

impl Driver {
    /// Starts it; `options` say where everything is.
    pub(super) fn start(folder: &Path, options: &Value) -> Result<Self> {
        let mut command = Command::new("setpriv");
        // However this program ends, no browser is left behind.
        command.args(["--pdeathsig", "TERM", "node", "main.js"]).arg(options.to_string());
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("Node.js 20 or newer is needed")?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().context("the driver has no standard output")?;
        Ok(Self { child, orders, answers: BufReader::new(answers) })
    }

    /// Has something done, and waits until it is.
    pub(super) fn order<T: DeserializeOwned>(&mut self, what: &str, how: &Value) -> Result<T> {
        let orders = self.orders.as_mut().context("the driver has no standard input")?;
        writeln!(orders, "{}", json!({ what: how })).context("the driver is gone")?;
        let mut line = String::new();
        self.answers.read_line(&mut line).context("the driver cannot be heard")?;
        match serde_json::from_str(&line) {
            Ok(Answer::Done(done)) => Ok(done),
            Ok(Answer::Failed(why)) => bail!("{what} {how}: {why}"),
            Err(error) => bail!("the driver ended or babbles: {error}: {line}"),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The end of its orders is the last one.
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}
