//! `datafly health`: is the server at this address doing its work? For container health checks.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use datafly_server::probe::{self, Health};
use serde_json::Value;

use super::Failure;

/// How long the server may take.
const DEADLINE: Duration = Duration::from_secs(2);

/// Arguments of `datafly health`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the admin listener is.
    #[arg(long, default_value = "http://127.0.0.1:9090")]
    url: String,
    /// Write what `/readyz` answers as JSON.
    #[arg(long)]
    json: bool,
}

/// Whether it is.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let network = Arc::new(probe::network()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Health { ready, answer } =
        runtime.block_on(probe::health(&*network, &args.url, DEADLINE))?;
    let text = if args.json { answer.to_string() } else { told(&args.url, ready, &answer) };
    super::say(&text);
    Ok(ready)
}

/// For a person: whether it is ready, and what is late nevertheless.
fn told(url: &str, ready: bool, answer: &Value) -> String {
    let mut text = format!("{url}: {}", if ready { "ready" } else { "not ready" });
    for late in answer["late_destinations"].as_array().into_iter().flatten() {
        let word = |name: &str| late[name].as_str().unwrap_or_default();
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "\nlate: {} of {}, by {} s: {}",
            word("destination"),
            word("pipeline"),
            late["oldest_seconds"],
            word("advice")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_reads_which_destination_is_late_and_what_to_do() {
        let late = json!({
            "pipeline": "dk_live_shop", "destination": "webhook", "oldest_seconds": 75,
            "advice": "send it fewer",
        });
        let on_time = told("http://here", true, &json!({"late_destinations": []}));
        assert_eq!(on_time, "http://here: ready");
        let answer = json!({"late_destinations": [late]});
        assert_eq!(
            told("http://here", true, &answer),
            "http://here: ready\nlate: webhook of dk_live_shop, by 75 s: send it fewer"
        );
    }
}
