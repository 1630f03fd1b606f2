//! Hot reload: the configuration file, and every file it names a secret in, are looked at again and again.
//!
//! Looking and comparing is cheap and works everywhere (containers' mounted files, editors that rename), so
//! there is no file-system watcher. A valid change is served from the next request on; requests under way end
//! with the configuration they began with. An invalid one changes nothing, is logged, counted, and shown by
//! `/readyz` until a valid one comes. What only a restart can change is named.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::App;
use crate::config::{Config, ConfigError, Secrets};
use crate::wiring::{self, Outside, StartError};

/// Between two looks: a change is live within a second.
pub const EVERY: Duration = Duration::from_millis(250);

/// Looks at one configuration file.
pub struct Watch {
    file: PathBuf,
    secrets: Secrets,
    outside: Outside,
    seen: Option<u64>,
}

/// What came of a look that found a change.
#[derive(Debug)]
pub enum Reload {
    /// It is served; these keys keep their old value until a restart.
    Done {
        /// Keys that differ and need a restart.
        restart: Vec<&'static str>,
    },
    /// It is not, and nothing changed.
    Refused(StartError),
}

impl Watch {
    /// Reads the file for the first time.
    pub fn start(
        file: PathBuf,
        secrets: Secrets,
        outside: Outside,
    ) -> Result<(Self, Config), StartError> {
        let config = read(&file, &secrets)?;
        let mut watch = Self { file, secrets, outside, seen: None };
        watch.seen = watch.fingerprint();
        Ok((watch, config))
    }

    /// What the configuration was read with.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Looks once; answers what came of a change, if there was one.
    pub fn look(&mut self, app: &App) -> Option<Reload> {
        let now = self.fingerprint();
        if now == self.seen {
            return None;
        }
        self.seen = now;
        let reload = read(&self.file, &self.secrets)
            .and_then(|config| wiring::reconfigure(app, config, &self.secrets, &self.outside));
        // A new configuration may name other files.
        self.seen = self.fingerprint();
        Some(match reload {
            Ok(restart) => {
                app.note_reload(Ok(()));
                tracing::info!("the changed configuration is served");
                for key in &restart {
                    tracing::warn!(key, "this key changes with a restart only");
                }
                Reload::Done { restart }
            }
            Err(error) => {
                app.note_reload(Err(&error));
                tracing::error!(%error, "the changed configuration is refused, the old one stays");
                Reload::Refused(error)
            }
        })
    }

    /// Of everything that was read; `None` while the file cannot be read.
    fn fingerprint(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        fs::read(&self.file).ok()?.hash(&mut hasher);
        for file in self.secrets.files() {
            fs::read(&file).ok().hash(&mut hasher);
        }
        Some(hasher.finish())
    }
}

fn read(file: &Path, secrets: &Secrets) -> Result<Config, StartError> {
    let text = fs::read_to_string(file).map_err(|error| ConfigError::File {
        path: file.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(Config::parse(&text, secrets)?)
}
