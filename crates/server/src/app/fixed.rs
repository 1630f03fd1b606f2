//! What of the configuration only a restart can change.

use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// `server.outbox.max_mb`, in bytes.
    pub outbox_bytes: u64,
    /// `server.admin.listen`.
    pub admin: Option<SocketAddr>,
}

impl Fixed {
    /// The keys in which another configuration differs.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("server.listen", self.listen == other.listen),
            ("server.tls", self.tls == other.tls),
            ("server.data_dir", self.data_dir == other.data_dir),
            ("server.base_path", self.base_path == other.base_path),
            ("server.outbox.max_mb", self.outbox_bytes == other.outbox_bytes),
            ("server.admin.listen", self.admin == other.admin),
        ];
        keys.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }
}
