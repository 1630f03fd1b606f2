//! The `Backup` port: a copy of what is kept on this machine.

use std::path::Path;

use async_trait::async_trait;

use crate::StoreError;

/// Copies what a machine keeps, visitors and events together.
#[async_trait]
pub trait Backup: Send + Sync {
    /// Writes a copy into `to`, a folder that does not exist yet, while everything goes on. It is of one
    /// moment, and holds everything that was answered before the call. Opened, it goes on by itself.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;
}
