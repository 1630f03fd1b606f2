//! A server under one kind of load, and one measurement of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::accounting;
use super::http::{Connection, Request};
use super::message_id::Template;
use super::metric::{Metric, Sample};
use super::open_loop::{self, Load};
use super::random::SplitMix64;
use super::wrk::{self, Wrk};

/// Load at which latency is taken: the queue of a busy server would hide the server.
const LATENCY_LOAD: f64 = 0.2;

/// What the ids of events come of: others in each part, as a server may know an event again.
const CHECK: u64 = 1;
const WARM_UP: u64 = 2;
const WINDOW: u64 = 3;
const OPEN_LOOP: u64 = 4;

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
    /// Where it takes events and keeps them.
    pub(super) keeps: Option<Keeps>,
}

/// A contestant that keeps events.
#[derive(Debug)]
pub(super) struct Keeps {
    /// Where, and nothing else is there.
    pub(super) folder: PathBuf,
    /// How many there are in a request.
    pub(super) events: u32,
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
        let mut template = Template::new(request.bytes(self.port));
        let body = Connection::open(self.port)?
            .ask(template.next(&mut SplitMix64::new(CHECK)))?
            .accepted();
        let body = body.with_context(|| format!("{} refuses its request", self.name))?;
        let missing = self.expected.iter().find(|text| !body.contains(text.as_str()));
        if let Some(missing) = missing {
            let start: String = body.chars().take(200).collect();
            bail!("the answer of {} lacks {missing}: it begins {start}", self.name);
        }
        Ok(())
    }

    /// Throughput and CPU time under all the load there is, and what it takes on the disk by then; then latency under
    /// a fifth of it.
    pub(super) fn measure(&self, lengths: Lengths, folder: &Path) -> Result<Sample> {
        let wrk = Wrk::new(self.port, &self.requests, &folder.join("wrk"))?;
        let before = wrk.run(lengths.warm_up, WARM_UP)?;
        let cpu = accounting::cpu_time(self.pid)?;
        let done = wrk.run(lengths.window, WINDOW)?;
        let cpu = accounting::cpu_time(self.pid)?.saturating_sub(cpu);
        let cpu_us = cpu.as_secs_f64() * 1e6 / done.requests;
        let mut sample =
            Sample::from([(Metric::Throughput, done.per_second), (Metric::Cpu, cpu_us)]);
        sample.insert(Metric::Memory, accounting::resident_mb(self.pid)?);
        if let Some(Keeps { folder, events }) = &self.keeps {
            let events = f64::from(*events);
            let kept = events * (before.requests + done.requests);
            sample.insert(Metric::Events, done.per_second * events);
            sample.insert(Metric::EventCpu, cpu_us / events);
            sample.insert(Metric::Disk, accounting::disk_bytes(folder)? / kept);
        }
        let load = Load {
            rate: done.per_second * LATENCY_LOAD,
            length: lengths.open_loop,
            connections: wrk::CONNECTIONS,
            seed: OPEN_LOOP,
        };
        let latency = open_loop::run(self.port, &self.requests, load)?;
        sample.insert(Metric::P50, latency.p50.as_secs_f64() * 1e6);
        sample.insert(Metric::P99, latency.p99.as_secs_f64() * 1e6);
        Ok(sample)
    }
}
