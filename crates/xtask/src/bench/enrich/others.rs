//! Floors and peers, started as `perf/server/bench.py` starts them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::super::contestant::{Contestant, Kind};
use super::super::cores;
use super::super::http::{Connection, Request};
use super::super::process::{Process, free_port};
use super::names;

/// What they need, built and installed.
pub(super) struct Parts {
    /// Of `perf/server/peers`.
    pub(super) peers: PathBuf,
    pub(super) floor: PathBuf,
    pub(super) npm: PathBuf,
    pub(super) edge: Option<PathBuf>,
}

/// Their processes; they end with this value.
pub(super) struct Others {
    processes: Vec<Process>,
    pub(super) contestants: Vec<Contestant>,
}

impl Others {
    /// Starts them all. `like_ours` gives a request the headers that ours get.
    pub(super) fn start(
        parts: &Parts,
        folder: &Path,
        like_ours: impl Fn(Request) -> Request,
    ) -> Result<Self> {
        let mut others = Self { processes: Vec::new(), contestants: Vec::new() };
        let body = fs::read_to_string(parts.peers.join("body.json"));
        let body = body.context("the peers' body.json cannot be read")?.trim().to_owned();
        // Of the two that look a profile up: it is the one asked for, without what no browser may see.
        let profile = || vec![r#""id":"p42""#.to_owned(), r#""plan":"gold""#.to_owned()];
        let (fixed, enrich) = (Request::get("/static"), Request::get("/v1/enrich?id=p42"));

        let port = free_port()?;
        let mut fastify = cores::SERVER.command("node");
        fastify.arg(parts.peers.join("fastify-enrich.cjs"));
        fastify.env("PEERS", &parts.npm).env("LOG", folder.join("fastify.events"));
        let pid = others.spawn(fastify, port, folder, "fastify")?;
        others.add(names::FASTIFY, Kind::Peer, (port, pid), enrich.clone(), profile())?;

        let port = free_port()?;
        let mut floor = cores::SERVER.command(&parts.floor);
        floor.env("THREADS", "1").env("LOG", folder.join("floor.events"));
        let pid = others.spawn(floor, port, folder, "axum-floor")?;
        let axum = (port, pid);
        others.add(names::STATIC, Kind::Floor, axum, fixed.clone(), vec![body.clone()])?;
        others.add(names::FLOOR, Kind::Floor, axum, enrich.clone(), profile())?;
        let (fixed, enrich) = (like_ours(fixed), like_ours(enrich));
        others.add(names::STATIC_HEADERS, Kind::Floor, axum, fixed, vec![body.clone()])?;
        others.add(names::FLOOR_HEADERS, Kind::Floor, axum, enrich, profile())?;

        let port = free_port()?;
        let nginx = nginx(parts, folder, port, &body)?;
        let pid = others.spawn(nginx, port, folder, "nginx")?;
        others.add(names::NGINX, Kind::Floor, (port, pid), Request::get("/x"), vec![body])?;

        if let Some(binary) = &parts.edge {
            others.start_edge(binary, parts, folder)?;
        }
        Ok(others)
    }

    fn start_edge(&mut self, binary: &Path, parts: &Parts, folder: &Path) -> Result<()> {
        const TOKEN: &str = "*:development.secret";
        let port = free_port()?;
        let mut edge = cores::SERVER.command(binary);
        edge.args(["--port", &port.to_string(), "--interface", "127.0.0.1", "offline"]);
        edge.args(["--tokens", TOKEN, "--bootstrap-file"]).arg(parts.peers.join("features.json"));
        edge.env("RUST_LOG", "error").env("WORKERS", "1");
        let pid = self.spawn(edge, port, folder, "unleash-edge")?;
        let request = Request::get("/api/frontend?userId=u1").header("Authorization", TOKEN);
        self.add(names::EDGE, Kind::Peer, (port, pid), request, vec![r#""f0""#.to_owned()])
    }

    fn spawn(&mut self, mut command: Command, port: u16, folder: &Path, name: &str) -> Result<u32> {
        command.env("PORT", port.to_string()).current_dir(folder);
        let mut process = Process::start(command, folder, name)?;
        process.wait_for(|| Connection::open(port))?;
        let pid = process.id();
        self.processes.push(process);
        Ok(pid)
    }

    fn add(
        &mut self,
        name: &'static str,
        kind: Kind,
        (port, pid): (u16, u32),
        request: Request,
        expected: Vec<String>,
    ) -> Result<()> {
        let contestant =
            Contestant { name, kind, port, pid, requests: vec![request], expected, keeps: None };
        contestant.check()?;
        self.contestants.push(contestant);
        Ok(())
    }
}

fn nginx(parts: &Parts, folder: &Path, port: u16, body: &str) -> Result<Command> {
    let template = fs::read_to_string(parts.peers.join("nginx.conf"));
    let config = template
        .context("the peers' nginx.conf cannot be read")?
        .replace("@PORT@", &port.to_string())
        .replace("@DIR@", &folder.display().to_string())
        .replace("@BODY@", body);
    let file = folder.join("nginx.conf");
    fs::write(&file, config).context("cannot write nginx.conf")?;
    let mut nginx = cores::SERVER.command("nginx");
    nginx.arg("-c").arg(&file).arg("-p").arg(folder);
    Ok(nginx)
}
