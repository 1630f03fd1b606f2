//! What was found, for people and for programs.

use std::fmt::{self, Write as _};

use datafly_provider::{Check, Finding, Level, Outcome};
use serde_json::{Value, json};

/// One check, and where it belongs.
#[derive(Debug)]
pub struct Examined {
    /// The family of the check.
    pub family: &'static str,
    /// The section of the configuration that it is about; empty where keys are whole as they are.
    pub section: String,
    /// The check.
    pub check: Check,
}

impl Examined {
    /// The whole name of a finding's key.
    fn key(&self, finding: &Finding) -> String {
        if self.section.is_empty() {
            finding.key.clone()
        } else {
            format!("{}.{}", self.section, finding.key)
        }
    }

    fn finding(&self) -> Option<&Finding> {
        match &self.check.outcome {
            Outcome::Found(finding) => Some(finding),
            Outcome::Good | Outcome::Skipped(_) => None,
        }
    }
}

/// Everything that was looked at, in its order.
#[derive(Debug, Default)]
pub struct Report(Vec<Examined>);

impl Report {
    /// Notes checks of a family.
    pub(super) fn add(
        &mut self,
        family: &'static str,
        section: &str,
        checks: impl IntoIterator<Item = Check>,
    ) {
        let section = || section.to_owned();
        self.0.extend(checks.into_iter().map(|check| Examined {
            family,
            section: section(),
            check,
        }));
    }

    /// Everything that was looked at.
    pub fn checks(&self) -> &[Examined] {
        &self.0
    }

    /// What is amiss: the whole key, and the finding.
    pub fn findings(&self) -> impl Iterator<Item = (String, &Finding)> {
        self.0.iter().filter_map(|it| it.finding().map(|finding| (it.key(finding), finding)))
    }

    /// For programs: `{"findings":[…],"checks":[…]}`.
    pub fn to_json(&self) -> Value {
        let findings = self.findings().map(|(key, finding)| {
            let ailment = finding.ailment;
            json!({
                "code": ailment.code, "level": ailment.level.as_str(), "key": key, "seen": finding.seen,
                "cause": ailment.cause, "fix": ailment.fix,
            })
        });
        let checks = self.0.iter().map(|it| {
            let (outcome, why) = match &it.check.outcome {
                Outcome::Good => ("ok", None),
                Outcome::Skipped(why) => ("skipped", Some(why.as_str())),
                Outcome::Found(finding) => {
                    (finding.ailment.level.as_str(), Some(finding.ailment.code))
                }
            };
            json!({
                "family": it.family, "section": it.section, "claim": it.check.claim, "outcome": outcome,
                "why": why,
            })
        });
        json!({ "findings": findings.collect::<Vec<_>>(), "checks": checks.collect::<Vec<_>>() })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heading = String::new();
        for it in &self.0 {
            let mut place = it.family.to_owned();
            if !it.section.is_empty() {
                // Writing to a `String` cannot fail.
                let _ = write!(place, " of {}", it.section);
            }
            if place != heading {
                writeln!(f, "{place}")?;
                heading = place;
            }
            match &it.check.outcome {
                Outcome::Good => writeln!(f, "  ok       {}", it.check.claim)?,
                Outcome::Skipped(why) => writeln!(f, "  skipped  {}: {why}", it.check.claim)?,
                Outcome::Found(finding) => {
                    let ailment = finding.ailment;
                    let level = ailment.level.as_str();
                    writeln!(
                        f,
                        "  {level}  {}: `{}`: {}",
                        ailment.code,
                        it.key(finding),
                        finding.seen
                    )?;
                    writeln!(f, "           cause: {}", ailment.cause)?;
                    writeln!(f, "           fix: {}", ailment.fix)?;
                }
            }
        }
        let count = |level| self.findings().filter(|(_, it)| it.ailment.level == level).count();
        let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
        write!(f, "{} checks, {problems} problems, {warnings} warnings", self.0.len())
    }
}
