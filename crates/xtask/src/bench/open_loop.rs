//! Open-loop load: requests leave by a fixed schedule, whatever the answers do, and an answer's latency
//! counts from the moment its request was due. A closed loop would wait for a slow answer and so measure
//! its delay once instead of for everybody who would have come meanwhile.
//!
//! One thread that looks at the few connections with an open request again and again: timers are a
//! hundred times coarser than what is measured, and the core is there for nothing else.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;

use super::http::{Head, Request};
use super::message_id::Template;
use super::random::SplitMix64;
use super::stats::quantile;
use super::stopwatch::{Stopwatch, wall_clock};

/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Requests a second.
    pub(super) rate: f64,
    pub(super) length: Duration,
    /// Most requests under way.
    pub(super) connections: usize,
    /// Of the ids of events: another one for every load.
    pub(super) seed: u64,
}

impl Load {
    /// Between two requests.
    pub(super) fn gap(self) -> Duration {
        Duration::from_secs_f64(self.rate.recip())
    }
}

/// Latency of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency {
    /// When the first request was due.
    pub(super) began: Timestamp,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

/// One connection; at most one request is under way on it.
struct Lane {
    stream: TcpStream,
    answer: Vec<u8>,
    filled: usize,
    due: Duration,
}

/// Asks for the requests in turn.
pub(super) fn run(port: u16, requests: &[Request], load: Load) -> Result<Latency> {
    let Load { length, connections, seed, .. } = load;
    let templates = requests.iter().map(|request| Template::new(request.bytes(port)));
    let mut templates: Vec<_> = templates.collect();
    let mut random = SplitMix64::new(seed);
    let gap = load.gap();
    let mut idle = (0..connections).map(|_| Lane::open(port)).collect::<Result<VecDeque<_>>>()?;
    let mut busy: Vec<Lane> = Vec::with_capacity(connections);
    let mut latencies = Vec::new();
    let mut turn = (0..templates.len()).cycle();
    let mut due = Duration::ZERO;
    let (began, clock) = (wall_clock(), Stopwatch::start());
    while due < length || !busy.is_empty() {
        let now = clock.elapsed();
        ensure!(now < length + PATIENCE, "{} requests were never answered", busy.len());
        while due < length
            && due <= now
            && let Some(mut lane) = idle.pop_front()
        {
            let next = turn.next().context("there is no request")?;
            lane.send(templates[next].next(&mut random), due)?;
            busy.push(lane);
            due += gap;
        }
        let mut at = 0;
        while at < busy.len() {
            if let Some(latency) = busy[at].latency(clock)? {
                latencies.push(latency);
                idle.push_back(busy.swap_remove(at));
            } else {
                at += 1;
            }
        }
    }
    latencies.sort_unstable();
    let at = |per_mille| quantile(&latencies, per_mille).context("nothing was asked");
    Ok(Latency { began, p50: at(500)?, p99: at(990)? })
}

impl Lane {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .with_context(|| format!("nobody listens on port {port}"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, answer: vec![0; 64 * 1024], filled: 0, due: Duration::ZERO })
    }

    fn send(&mut self, request: &[u8], due: Duration) -> Result<()> {
        (self.due, self.filled) = (due, 0);
        // The socket's buffer is empty, since the last request was answered.
        self.stream.write_all(request).context("the server does not take a request")
    }

    /// Since the request was due, if the answer is whole.
    fn latency(&mut self, clock: Stopwatch) -> Result<Option<Duration>> {
        match self.stream.read(&mut self.answer[self.filled..]) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(read) => self.filled += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error).context("the server gives no answer"),
        }
        let now = clock.elapsed();
        let Some(head) = Head::read(&self.answer[..self.filled])? else { return Ok(None) };
        ensure!(
            (200..300).contains(&head.status),
            "an answer under load has status {}",
            head.status
        );
        ensure!(head.body.end <= self.answer.len(), "an answer is too long to be timed");
        Ok((self.filled >= head.body.end).then(|| now.saturating_sub(self.due)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers every request after a pause; ends with its connections.
    fn server(pause: Duration) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut stream = stream;
                    let mut request = [0; 1024];
                    while stream.read(&mut request).is_ok_and(|read| read > 0) {
                        thread::sleep(pause);
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                    }
                });
            }
        });
        port
    }

    #[test]
    fn latency_counts_from_when_a_request_was_due() {
        let requests = [Request::get("/")];
        let pause = Duration::from_millis(20);
        let load =
            Load { rate: 50.0, length: Duration::from_millis(300), connections: 64, seed: 1 };
        let quick = run(server(pause), &requests, load).unwrap();
        assert!(quick.p50 >= pause, "{quick:?}");
        // 64 connections that take 20 ms each carry 3,200 a second: at twice that the queue grows.
        let late = run(server(pause), &requests, Load { rate: 6_400.0, ..load }).unwrap();
        assert!(late.p99 > pause * 4, "{late:?}");
    }
}
