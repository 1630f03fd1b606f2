//! `datafly doctor`: what keeps this configuration from doing its work, found by trying it.
//!
//! `check` reads a configuration; this asks: the vendors with the configuration's own credentials, the disk, the
//! certificate, the name service, the clocks. Each family of checks is a file here; what only one vendor can be
//! asked is behind the port [`Diagnosis`](datafly_provider::Diagnosis), so that no vendor is named. Every trouble
//! that can be found is an [`Ailment`], told with its cause and fix ([`reference`] is the list of all).
//!
//! Nothing is written but one file in `server.data_dir`, which is removed again, and the canaries where they are
//! asked for. The store is not opened: a running server may hold it. Nothing said shows a token or a person.

mod clock;
mod cookies;
mod credentials;
mod host;
mod profiles;
mod reference;
mod report;
mod storage;
mod tls;
mod vendors;

use std::sync::Arc;

use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_core::linking_key::Identifiers;
use datafly_provider::{
    Ailment, Check, Diagnosis, Exam, Level, Lookups, ProfileProvider, TokenStatus,
};
use datafly_settings::Mistakes;

pub use self::host::{Disk, Host, Resolved, Resolver};
pub use self::reference::{ailments, reference};
pub use self::report::{Examined, Report};
use crate::config::Config;
use crate::runtime::{EntropyError, Runtime};
use crate::wiring::{self, Outside};
use clock::Watched;

/// What is asked of the doctor.
#[derive(Debug, Default)]
pub struct Wishes {
    /// The one pipeline whose integrations are examined; all of them where absent.
    pub pipeline: Option<PipelineKey>,
    /// Whether the vendors may be written to.
    pub canary: bool,
    /// People whom the vendors should know.
    pub people: Vec<Identifiers>,
}

/// An integration as it is examined.
pub struct Patient {
    /// Its name in the pipeline.
    pub name: String,
    /// How visitors are looked up there, where it answers look-ups.
    pub profiles: Option<(Lookups, Arc<dyn ProfileProvider>)>,
    /// The vendor's own examination.
    pub diagnosis: Option<Arc<dyn Diagnosis>>,
    /// The credentials it uses, as they are when this is called.
    pub tokens: Box<dyn Fn() -> Vec<TokenStatus> + Send + Sync>,
}

/// Where a configuration's mistakes are told with the other findings.
pub(crate) static CONFIGURATION_REFUSED: Ailment = Ailment {
    code: "CONFIGURATION_REFUSED",
    level: Level::Problem,
    cause: "The configuration cannot be served as it is written.",
    fix: "Correct the key as its message says; `datafly check` names all of them. The rest is examined once the \
          configuration can be read.",
};

/// The report on a configuration that cannot be read, so that nothing else could be examined.
pub fn refused(mistakes: &Mistakes) -> Report {
    let checks = mistakes.iter().map(|mistake| {
        let seen = match &mistake.value {
            Some(value) => format!("line {}: it is `{value}`: {}", mistake.line, mistake.text),
            None => format!("line {}: {}", mistake.line, mistake.text),
        };
        Check::found("the configuration can be read", &CONFIGURATION_REFUSED, &mistake.key, seen)
    });
    let mut report = Report::default();
    report.add("configuration", "", checks);
    report
}

/// Examines everything. It ends within the deadlines of its calls; the canaries of all vendors are waited for one
/// after the other.
pub async fn examine(
    config: &Config,
    outside: &Outside,
    host: &Host,
    wishes: &Wishes,
) -> Result<Report, EntropyError> {
    let Runtime { clock, entropy } = outside.runtime.clone();
    let watched = Arc::new(Watched::new(Arc::clone(&outside.transport), Arc::clone(&clock)));
    let outside = Outside { transport: watched.clone(), ..outside.clone() };
    let mut report = Report::default();
    let server = &config.server;
    report.add("storage", "", storage::check(server, &*host.disk));
    report.add("tls", "", tls::check(server, clock.now()));
    let asked = |key: &PipelineKey| wishes.pipeline.as_ref().is_none_or(|wanted| wanted == key);
    for pipeline in config.pipelines.iter().filter(|pipeline| asked(&pipeline.key)) {
        let section = format!("pipelines[{}]", pipeline.key);
        report.add("cookies", &section, cookies::check(server, pipeline, &*host.resolver).await);
        for patient in wiring::patients(pipeline, &outside) {
            let section = format!("{section}.{}", patient.name);
            let marker = CanonicalId::from_random_bytes(entropy.bytes()?);
            let exam = Exam { marker, canary: wishes.canary, now: clock.now() };
            report.add("vendor", &section, vendors::check(&patient, &exam).await);
            report.add("profiles", &section, profiles::check(&patient, &wishes.people).await);
            report.add("credentials", &section, credentials::check(&patient, clock.now()));
        }
    }
    report.add("clock", "", watched.check());
    Ok(report)
}

#[cfg(test)]
mod tests;
