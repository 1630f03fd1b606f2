//! Closed-loop load: `wrk`, one thread, 64 connections.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::cores;
use super::http::Request;
use super::message_id::Template;

pub(super) const CONNECTIONS: usize = 64;

const IN_TURN: &str = include_str!("wrk.lua");

/// Load for one server.
pub(super) struct Wrk {
    url: String,
    headers: Vec<String>,
    /// Script and requests, where it is more than one GET.
    script: Option<(PathBuf, PathBuf)>,
}

/// What `wrk` says of a run without a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Done {
    pub(super) requests: f64,
    pub(super) per_second: f64,
}

impl Wrk {
    /// The requests in turn; `files` is where their files go, without the extension.
    pub(super) fn new(port: u16, requests: &[Request], files: &std::path::Path) -> Result<Self> {
        let server = format!("http://127.0.0.1:{port}");
        if let [request] = requests
            && request.is_get()
        {
            let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}"));
            let url = format!("{server}{}", request.path);
            return Ok(Self { url, headers: headers.collect(), script: None });
        }
        let (script, list) = (files.with_extension("lua"), files.with_extension("requests"));
        fs::write(&script, IN_TURN).context("cannot write the script for wrk")?;
        let templates = requests.iter().map(|request| Template::new(request.bytes(port)));
        let bytes: Vec<_> = templates.map(|template| template.with_ids_as(2)).collect();
        fs::write(&list, bytes.join(&1)).context("cannot write the requests for wrk")?;
        Ok(Self { url: server, headers: Vec::new(), script: Some((script, list)) })
    }

    /// Puts load on the server; an answer that is no 2xx or none at all is a failure. The ids of events come of the
    /// seed.
    pub(super) fn run(&self, length: Duration, seed: u64) -> Result<Done> {
        let mut wrk = cores::LOAD.command("wrk");
        wrk.arg("-t1").arg(format!("-c{CONNECTIONS}")).arg(format!("-d{}s", length.as_secs()));
        for header in &self.headers {
            wrk.args(["-H", header]);
        }
        match &self.script {
            None => wrk.arg(&self.url),
            Some((script, list)) => {
                wrk.arg("-s").arg(script).args([&self.url, "--"]).arg(list).arg(seed.to_string())
            }
        };
        let output = wrk.output().context("`wrk` cannot be started")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`wrk` ended with {}: {said}{complaint}", output.status);
        parse(&said)
    }
}

fn parse(said: &str) -> Result<Done> {
    for failure in ["Non-2xx or 3xx responses:", "Socket errors:"] {
        let line = said.lines().find(|line| line.trim_start().starts_with(failure));
        ensure!(line.is_none(), "requests failed under load: {}", line.unwrap_or_default().trim());
    }
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<f64>().ok());
    let requests = number(said.lines().find_map(|line| Some(line.split_once(" requests in ")?.0)));
    let per_second = number(said.lines().find_map(|line| line.strip_prefix("Requests/sec:")));
    let (requests, per_second) =
        requests.zip(per_second).with_context(|| format!("wrk says what nobody knows: {said}"))?;
    ensure!(requests > 0.0, "no request was answered under load");
    Ok(Done { requests, per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 3s test @ http://127.0.0.1:1
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.55ms  294.42us   5.17ms   82.33%
    Req/Sec    41.33k     1.51k   43.36k    80.00%
  123456 requests in 3.00s, 50.12MB read
Requests/sec:  41150.25
Transfer/sec:     16.70MB
";

    #[test]
    fn requests_and_their_rate_are_read() {
        let done = parse(SAID).unwrap();
        assert_eq!(done, Done { requests: 123_456.0, per_second: 41_150.25 });
    }

    #[test]
    fn any_failure_fails_the_run() {
        for line in [
            "  Non-2xx or 3xx responses: 3\n",
            "  Socket errors: connect 0, read 1, write 0, timeout 0\n",
        ] {
            let said = SAID.replace("Requests/sec", &format!("{line}Requests/sec"));
            let error = parse(&said).unwrap_err().to_string();
            assert!(error.contains(line.trim()), "{error}");
        }
        assert!(parse("").is_err());
        assert!(parse(&SAID.replace("123456", "0")).is_err());
    }
}
