//! Hot reload: the configuration file, and every file that it names a secret or a certificate in, are looked at
//! again and again.
//!
//! Looking and comparing is cheap and works everywhere (containers' mounted files, editors that rename), so
//! there is no file-system watcher. A valid change is served from the next request on; requests under way end
//! with the configuration they began with. An invalid one changes nothing, is logged, counted, and shown by
//! `/readyz` until a valid one comes. What only a restart can change is named.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::App;
use crate::config::{Config, Secrets, fingerprint};
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
        let seen = fingerprint(fs::read(&file).ok().as_deref());
        let config = Config::load(&file, &secrets)?;
        Ok((Self { file, secrets, outside, seen }, config))
    }

    /// Looks once; answers what came of a change, if there was one.
    pub fn look(&mut self, app: &App) -> Option<Reload> {
        let now = fingerprint(fs::read(&self.file).ok().as_deref());
        app.note_look();
        if now == self.seen && !self.secrets.have_changed() {
            return None;
        }
        // What changes from here on is another change: it is seen by the next look.
        self.seen = now;
        self.secrets.forget_files();
        let reload = Config::load(&self.file, &self.secrets)
            .map_err(StartError::from)
            .and_then(|config| wiring::reconfigure(app, config, &self.outside));
        Some(match reload {
            Ok(restart) => {
                app.note_reload(Ok(&restart));
                tracing::info!("the changed configuration is served");
                for key in &restart {
                    tracing::warn!(key, "this key changes with a restart only");
                }
                Reload::Done { restart }
            }
            Err(error) => {
                app.note_reload(Err(&error));
                for reason in error.to_string().lines() {
                    tracing::error!(
                        reason,
                        "the changed configuration is refused, the old one stays"
                    );
                }
                Reload::Refused(error)
            }
        })
    }
}
