//! What the doctor takes from the machine it runs on, as arguments.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::data_dir;

/// The file that is written to see whether one can be.
const PROBE: &str = "doctor.probe";

/// A host's addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The name that the host is another name for (its CNAME's end), where it is one.
    pub canonical_name: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Asks the name service.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// What it says of a host.
    async fn resolve(&self, host: &str) -> io::Result<Resolved>;
}

/// Asks the disk.
pub trait Disk: Send + Sync {
    /// Writes a file into the folder, waits until it is on the disk, and removes it.
    fn try_out(&self, folder: &Path) -> io::Result<()>;

    /// Bytes that are free where the folder is.
    fn free(&self, folder: &Path) -> io::Result<u64>;
}

/// The machine.
pub struct Host {
    /// Its name service.
    pub resolver: Arc<dyn Resolver>,
    /// Its disk.
    pub disk: Arc<dyn Disk>,
}

impl Host {
    /// The machine that this runs on.
    pub fn system() -> Self {
        Self { resolver: Arc::new(System), disk: Arc::new(System) }
    }
}

struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, host: &str) -> io::Result<Resolved> {
        let host = host.to_owned();
        tokio::task::spawn_blocking(move || look_up(&host)).await.map_err(io::Error::other)?
    }
}

fn look_up(host: &str) -> io::Result<Resolved> {
    let hints = dns_lookup::AddrInfoHints { flags: CANONICAL_NAME, ..Default::default() };
    let mut resolved = Resolved::default();
    for entry in dns_lookup::getaddrinfo(Some(host), None, Some(hints))? {
        let entry = entry?;
        let address = entry.sockaddr.ip();
        if !resolved.addresses.contains(&address) {
            resolved.addresses.push(address);
        }
        let other = entry.canonname.filter(|name| !name.eq_ignore_ascii_case(host));
        resolved.canonical_name = resolved.canonical_name.or(other);
    }
    Ok(resolved)
}

/// `AI_CANONNAME`, the same on Linux and macOS.
const CANONICAL_NAME: i32 = 2;

impl Disk for System {
    fn try_out(&self, folder: &Path) -> io::Result<()> {
        let probe = folder.join(PROBE);
        data_dir::write(&probe, b"datafly doctor")?;
        fs::remove_file(&probe)
    }

    fn free(&self, folder: &Path) -> io::Result<u64> {
        let about = rustix::fs::statvfs(folder)?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}
