//! A vendor that is nothing but a socket: it sees every byte that is sent to it, and writes what it likes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use datafly_provider::http::Network;
use datafly_tests::{Surroundings, TestApp, TestConfig, start_sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it answers: these bytes, and then as many more, 64 KB at a time.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) start: Vec<u8>,
    pub(crate) chunk: Vec<u8>,
    pub(crate) chunks: usize,
}

impl Reply {
    /// An answer that ends.
    pub(crate) fn of(start: impl Into<Vec<u8>>) -> Self {
        Self { start: start.into(), chunk: Vec::new(), chunks: 0 }
    }

    /// JSON of its true length.
    pub(crate) fn json(body: &str) -> Self {
        let length = body.len();
        let kind = "application/json";
        Self::of(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: AtomicU64,
    written: AtomicU64,
    cut_off: AtomicU64,
}

pub(crate) struct RawVendor {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

impl RawVendor {
    /// Answers every request with what `reply` says to its text.
    pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Seen>::default();
        let vendor = Self { address, seen: Arc::clone(&seen) };
        let reply = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, reply) = (Arc::clone(&seen), Arc::clone(&reply));
                tokio::spawn(async move { serve(stream, &seen, &*reply).await });
            }
        });
        vendor
    }

    /// The whole server before this vendor.
    pub(crate) fn app(&self, wanted: &TestConfig) -> TestApp {
        let surroundings = Arc::new(Surroundings::default());
        let sandbox = start_sandbox(1, &surroundings);
        let network = Arc::new(Network::new().unwrap());
        TestApp::over(wanted, &self.address.to_string(), network, sandbox, surroundings)
    }

    /// Every request, head and body, as it came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// How many bytes its sockets took.
    pub(crate) fn written(&self) -> u64 {
        self.seen.written.load(Ordering::SeqCst)
    }

    /// How often it was still writing when the other side hung up.
    pub(crate) fn cut_off(&self) -> u64 {
        self.seen.cut_off.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, seen: &Seen, reply: &(dyn Fn(&str) -> Reply + Send + Sync)) {
    while let Some(request) = read(&mut stream).await {
        let Reply { start, chunk, chunks } = reply(&request);
        seen.requests.lock().unwrap().push(request);
        for bytes in std::iter::once(&start).chain(std::iter::repeat_n(&chunk, chunks)) {
            if stream.write_all(bytes).await.is_err() {
                seen.cut_off.fetch_add(1, Ordering::SeqCst);
                return;
            }
            seen.written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        }
    }
}

/// One request, by its `content-length`; nothing where the connection has ended.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}
