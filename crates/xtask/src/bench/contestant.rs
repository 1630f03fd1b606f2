//! A server under one kind of load, and one measurement of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::accounting;
use super::http::{Connection, Request};
use super::open_loop::{self, Load};
use super::rounds::Sample;
use super::wrk::{self, Wrk};

/// Load at which latency is taken: the queue of a busy server would hide the server.
const LATENCY_LOAD: f64 = 0.2;

/// How a reader has to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ours,
    Floor,
    Peer,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) port: u16,
    /// Of the server's process.
    pub(super) pid: u32,
    /// Asked in turn.
    pub(super) requests: Vec<Request>,
    /// What the answer to the first request holds.
    pub(super) expected: Vec<String>,
}

/// How long the parts of a measurement take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths {
    pub(super) warm_up: Duration,
    pub(super) window: Duration,
    pub(super) open_loop: Duration,
}

impl Contestant {
    /// What is wrong with the answer to the first request, if anything.
    pub(super) fn check(&self) -> Result<()> {
        let request = self.requests.first().context("there is nothing to ask")?;
        let body = Connection::open(self.port)?.ask(&request.get(self.port))?.accepted();
        let body = body.with_context(|| format!("{} refuses its request", self.name))?;
        let missing = self.expected.iter().find(|text| !body.contains(text.as_str()));
        if let Some(missing) = missing {
            let start: String = body.chars().take(200).collect();
            bail!("the answer of {} lacks {missing}: it begins {start}", self.name);
        }
        Ok(())
    }

    /// Throughput and CPU time under all the load there is, then latency under a fifth of it.
    pub(super) fn measure(&self, lengths: Lengths, folder: &Path) -> Result<Sample> {
        let wrk = Wrk::new(self.port, &self.requests, &folder.join("wrk"))?;
        wrk.run(lengths.warm_up)?;
        let before = accounting::cpu_time(self.pid)?;
        let done = wrk.run(lengths.window)?;
        let spent = accounting::cpu_time(self.pid)?.saturating_sub(before);
        let load = Load {
            rate: done.per_second * LATENCY_LOAD,
            length: lengths.open_loop,
            connections: wrk::CONNECTIONS,
        };
        let latency = open_loop::run(self.port, &self.requests, load)?;
        Ok(Sample {
            per_second: done.per_second,
            cpu_us: spent.as_secs_f64() * 1e6 / done.requests,
            p50_us: latency.p50.as_secs_f64() * 1e6,
            p99_us: latency.p99.as_secs_f64() * 1e6,
        })
    }
}
