//! What of a configuration the owner's commands need to find its server. Nothing else is read, so that they work
//! without the vendors' secrets, and beside a file that the server has refused.

use std::path::{Path, PathBuf};

use datafly_core::secret::SecretRef;
use datafly_settings::{Reader, Section};

use super::{AdminConfig, ConfigError, Secrets, text_of};

/// Where the server of a configuration is, and what it keeps.
pub struct Contact {
    /// Where state is kept.
    pub data_dir: PathBuf,
    /// The admin listener, where there is to be one.
    pub admin: Option<AdminConfig>,
}

impl Contact {
    /// Reads it from the file.
    pub fn load(file: &Path, secrets: &Secrets) -> Result<Self, ConfigError> {
        let text = text_of(file)?;
        let source = |reference: &SecretRef| secrets.get(reference);
        let reader = Reader::new(&text, &source);
        Ok(reader.finish(reader.root().and_then(Self::read))?)
    }

    fn read(mut root: Section<'_>) -> Option<Self> {
        if !root.has("server") {
            root.refuse("server", "it is missing: add a [server] section");
        }
        let mut server = root.section("server")?;
        let data_dir = server.required("data_dir", "data_dir = \"/var/lib/datafly\"");
        let admin = server.section("admin").map(AdminConfig::read);
        Some(Self { data_dir: data_dir?, admin: admin.flatten() })
    }
}
