//! The floor and the peer, started as `perf/server/bench.py` starts them: a POST is answered once the body is in a file
//! and the file is synced, one sync for all that wait.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::super::contestant::{Contestant, Keeps, Kind};
use super::super::cores;
use super::super::http::{Connection, Request};
use super::super::process::{Process, free_port};
use super::{Turn, emptied, names};

/// What they need.
pub(super) struct Floors {
    pub(super) axum: PathBuf,
    pub(super) fastify: PathBuf,
    pub(super) npm: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) requests: Vec<Request>,
}

impl Floors {
    pub(super) fn axum(&self) -> Result<Turn> {
        let mut command = cores::SERVER.command(&self.axum);
        command.env("THREADS", "1");
        self.start(names::FLOOR, Kind::Floor, command)
    }

    pub(super) fn fastify(&self) -> Result<Turn> {
        let mut command = cores::SERVER.command("node");
        command.arg(&self.fastify).env("PEERS", &self.npm);
        self.start(names::FASTIFY, Kind::Peer, command)
    }

    fn start(&self, name: &'static str, kind: Kind, mut command: Command) -> Result<Turn> {
        let folder = emptied(&self.folder.join("events"))?;
        let port = free_port()?;
        command.env("PORT", port.to_string()).env("LOG", folder.join("log")).current_dir(&folder);
        let mut process = Process::start(command, &self.folder, "floor-events")?;
        process.wait_for(|| Connection::open(port))?;
        // Fastify takes no other body as it is.
        let there =
            |request: &Request| request.at("/v1/events").with("Content-Type", "application/json");
        let contestant = Contestant {
            name,
            kind,
            port,
            pid: process.id(),
            requests: self.requests.iter().map(there).collect(),
            expected: Vec::new(),
            keeps: Some(Keeps { folder, events: 1 }),
        };
        Ok(Turn { contestant, _process: process })
    }
}
