//! `datafly gdpr`: what the law lets a person ask a vendor for.
//!
//! Whom a request is about is read from standard input, or from a file, and never taken as an argument: those stay in
//! the shell's history, and whoever is on the machine sees them.
//!
//! Exit code 0: done. 1: it cannot be done, or the vendor knows no such person or request. 2: nothing says which
//! pipeline, provider or person is meant.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::ValueEnum;
use clap::error::ErrorKind;
use datafly_core::id::{Identifier, PipelineKey};
use datafly_provider::{
    Erasure, Progress, ProviderError, Registration, Subject, SubjectKey, TrackingId, Wish,
};
use datafly_server::app::Configured;
use datafly_server::config::Secrets;
use datafly_server::erasure::VendorErasure;
use datafly_server::wiring::{self, Outside};
use serde_json::{Value, json};

use super::Failure;

/// Arguments of `datafly gdpr`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
    /// The configuration file.
    #[arg(long, global = true, default_value = "datafly.toml")]
    config: PathBuf,
    /// The pipeline, by its key; may be left out where only one has a vendor that takes such requests.
    #[arg(long, global = true)]
    pipeline: Option<PipelineKey>,
    /// The provider; may be left out where the pipeline has one that takes such requests.
    #[arg(long, global = true)]
    provider: Option<String>,
    /// Write the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Register a request. The vendor carries it out within days.
    Register(About),
    /// Tell how far a request is.
    Status {
        /// Its tracking id, as `register` has said it.
        tracking_id: String,
    },
    /// Take a request back that is not carried out yet.
    Revoke(About),
}

/// What is asked for, and by what the person is known. The identifier itself is read from standard input.
#[derive(clap::Args)]
struct About {
    /// What is asked for.
    wish: WishName,
    /// What kind of identifier names the person.
    #[arg(long)]
    by: KeyName,
    /// Read the identifier from this file instead of standard input.
    #[arg(long)]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WishName {
    /// A copy of everything that the vendor knows of the person.
    Access,
    /// That the vendor erases all of it.
    Forget,
}

#[derive(Clone, Copy, ValueEnum)]
enum KeyName {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// The vendor's own id of the person.
    ProfileId,
}

/// What came of a task: whether it was done, and how that is said.
struct Outcome {
    done: bool,
    json: Value,
    text: String,
}

/// Whether it was done.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let configured =
        wiring::check(&args.config, &Secrets::new(std::env::vars()), &Outside::system()?)?;
    let VendorErasure { vendor, .. } = args.select(&configured);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Outcome { done, json, text } = runtime.block_on(args.task.run(&**vendor))?;
    super::say(&if args.json { json.to_string() } else { text });
    Ok(done)
}

impl Args {
    /// The one vendor that is meant, of those that take such requests.
    fn select<'c>(&self, configured: &'c Configured) -> &'c VendorErasure {
        let of_pipelines = configured.pipelines.iter().flat_map(|pipeline| {
            pipeline.erasures.iter().map(move |erasure| (&pipeline.key, erasure))
        });
        let meant: Vec<_> = of_pipelines
            .filter(|(key, _)| self.pipeline.as_ref().is_none_or(|wanted| wanted == *key))
            .filter(|(_, it)| self.provider.as_ref().is_none_or(|wanted| **wanted == *it.name))
            .collect();
        match meant[..] {
            [(_, erasure)] => erasure,
            [] => misused(
                "no such integration takes people's requests: compare --pipeline and --provider with the \
                 configuration, and give the integration its `gdpr_url`",
            ),
            _ => misused(
                "several integrations take people's requests: name one by --pipeline and --provider",
            ),
        }
    }
}

impl Task {
    async fn run(&self, vendor: &dyn Erasure) -> Result<Outcome, Failure> {
        match self {
            Self::Register(about) => {
                let registered = vendor.register(about.wish.into(), &about.subject()?).await?;
                Ok(of_registration(&registered))
            }
            Self::Status { tracking_id } => {
                let id = TrackingId::new(tracking_id.as_str());
                let id = id
                    .unwrap_or_else(|| misused("that is no tracking id: copy it from `register`"));
                Ok(of_progress(vendor.progress(&id).await?))
            }
            Self::Revoke(about) => {
                let revoked = vendor.revoke(about.wish.into(), &about.subject()?).await;
                let revoked = revoked.map_err(|error| match error {
                    ProviderError::Failed => {
                        format!("{error}: only a request that is still pending can be taken back")
                            .into()
                    }
                    error => Failure::from(error),
                })?;
                Ok(of_revocation(revoked))
            }
        }
    }
}

impl About {
    fn subject(&self) -> Result<Subject, Failure> {
        let mut text = String::new();
        if let Some(file) = &self.file {
            let failed = |error| format!("`{}` cannot be read: {error}", file.display());
            text = fs::read_to_string(file).map_err(failed)?;
        } else {
            if io::stdin().is_terminal() {
                eprintln!("whom is it about? (one line)");
            }
            io::stdin().read_line(&mut text)?;
        }
        let key = match self.by {
            KeyName::Email => SubjectKey::Email,
            KeyName::Phone => SubjectKey::Phone,
            KeyName::ProfileId => SubjectKey::ProfileId,
        };
        let value = Identifier::new(text.trim()).unwrap_or_else(|error| {
            misused(&format!("the identifier on standard input, or in the file, {error}"))
        });
        Ok(Subject { key, value })
    }
}

impl From<WishName> for Wish {
    fn from(name: WishName) -> Self {
        match name {
            WishName::Access => Self::Access,
            WishName::Forget => Self::Forget,
        }
    }
}

fn of_registration(registered: &Registration) -> Outcome {
    match registered {
        Registration::Registered(Some(id)) => Outcome {
            done: true,
            json: json!({"outcome": "registered", "tracking_id": id.as_str()}),
            text: format!("registered: `datafly gdpr status {id}` tells how far it is"),
        },
        Registration::Registered(None) => Outcome {
            done: true,
            json: json!({"outcome": "registered", "tracking_id": null}),
            text: "registered; the vendor said no tracking id".to_owned(),
        },
        Registration::Nobody => Outcome {
            done: false,
            json: json!({"outcome": "nobody"}),
            text: "the vendor knows nobody of that identifier".to_owned(),
        },
    }
}

fn of_progress(progress: Option<Progress>) -> Outcome {
    let Some(Progress { tracking_id, wish, state, registered, completed, report }) = progress
    else {
        return Outcome {
            done: false,
            json: json!({"outcome": "unknown"}),
            text: "the vendor knows no request of that tracking id".to_owned(),
        };
    };
    let wish = wish.map(|wish| match wish {
        Wish::Access => "access",
        Wish::Forget => "forget",
    });
    let lines = [
        ("request", Some(tracking_id.to_string())),
        ("wish", wish.map(str::to_owned)),
        ("state", Some(state.clone())),
        ("registered", registered.map(|at| at.to_string())),
        ("completed", completed.map(|at| at.to_string())),
        ("report", report.clone()),
    ];
    let lines = lines.into_iter().filter_map(|(name, value)| Some(format!("{name:<11}{}", value?)));
    Outcome {
        done: true,
        json: json!({
            "tracking_id": tracking_id.as_str(),
            "wish": wish,
            "state": state,
            "registered": registered.map(|at| at.to_string()),
            "completed": completed.map(|at| at.to_string()),
            "report": report,
        }),
        text: plain(&lines.collect::<Vec<_>>().join("\n")),
    }
}

fn of_revocation(revoked: bool) -> Outcome {
    if revoked {
        let text = "taken back".to_owned();
        return Outcome { done: true, json: json!({"outcome": "revoked"}), text };
    }
    let text = "the vendor knows nobody of that identifier, or no request of theirs".to_owned();
    Outcome { done: false, json: json!({"outcome": "nobody"}), text }
}

/// A vendor has written some of it: nothing of that may steer the terminal.
fn plain(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(plain).collect()
}

/// Ends as clap ends what it cannot read.
fn misused(message: &str) -> ! {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n")).exit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_vendor_s_word_on_a_request_steers_the_terminal() {
        let progress = Progress {
            tracking_id: TrackingId::new("496").unwrap(),
            wish: Some(Wish::Access),
            state: "done\u{1b}[2J".to_owned(),
            registered: None,
            completed: None,
            report: Some("a\u{9b}31m".to_owned()),
        };
        let Outcome { text, .. } = of_progress(Some(progress));
        assert_eq!(
            text,
            "request    496\nwish       access\nstate      done\u{fffd}[2J\nreport     a\u{fffd}31m"
        );
    }
}
