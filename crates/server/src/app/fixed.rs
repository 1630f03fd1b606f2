//! What of the configuration only a restart can change.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::enrichment::Lifetimes;

/// What of the configuration only a restart can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// `server.listen`.
    pub listen: SocketAddr,
    /// Whether there is `server.tls`.
    pub tls: bool,
    /// `server.data_dir`.
    pub data_dir: PathBuf,
    /// `server.base_path`.
    pub base_path: String,
    /// `server.cache.memory_mb`.
    pub cache_bytes: u64,
    /// The lives in `server.cache`.
    pub lives: Lifetimes,
    /// `server.admin.listen`.
    pub admin: Option<SocketAddr>,
}

impl Fixed {
    /// The keys in which another configuration differs.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let (old, new) = (&self.lives, &other.lives);
        let keys = [
            ("server.listen", self.listen == other.listen),
            ("server.tls", self.tls == other.tls),
            ("server.data_dir", self.data_dir == other.data_dir),
            ("server.base_path", self.base_path == other.base_path),
            ("server.cache.memory_mb", self.cache_bytes == other.cache_bytes),
            ("server.cache.resolution_seconds", old.resolution == new.resolution),
            ("server.cache.first_miss_seconds", old.first_miss == new.first_miss),
            ("server.cache.longest_miss_seconds", old.longest_miss == new.longest_miss),
            ("server.cache.fresh_seconds", old.fresh == new.fresh),
            ("server.cache.stale_seconds", old.stale == new.stale),
            ("server.cache.personalised_seconds", old.personalised == new.personalised),
            ("server.admin.listen", self.admin == other.admin),
        ];
        keys.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }
}
