//! The vendors: each by its own examination, the others by a look-up of nobody.

use datafly_provider::{Ailment, Check, Exam, Level, Lookups, ProfileProvider, ProviderError};

use super::Patient;

pub(super) static LOOK_UP_FAILED: Ailment = Ailment {
    code: "LOOK_UP_FAILED",
    level: Level::Problem,
    cause: "The vendor does not answer look-ups as it should: a credential, an address or a linking key is wrong, or \
            the vendor is in trouble.",
    fix: "Mend what the message names; if it names nothing of the configuration, ask the vendor.",
};

pub(super) async fn check(patient: &Patient, exam: &Exam) -> Vec<Check> {
    if let Some(diagnosis) = &patient.diagnosis {
        return diagnosis.examine(exam).await;
    }
    if let Some((lookups, provider)) = &patient.profiles {
        return nobody(lookups, &**provider, exam).await;
    }
    let why = "this vendor has no examination, and a destination alone is never asked anything";
    vec![Check::skipped("the vendor takes what it is sent", why)]
}

/// Looks somebody up whom the vendor cannot know, by every linking key.
async fn nobody(lookups: &Lookups, provider: &dyn ProfileProvider, exam: &Exam) -> Vec<Check> {
    let Ok(nobody) = exam.nobody() else { return Vec::new() };
    let mut checks = Vec::new();
    for (index, linking) in lookups.linking_keys.iter().enumerate() {
        let Some(key) = linking.value_of(&nobody) else { continue };
        let claim = format!("look-ups by `{}` are answered", linking.key);
        checks.push(match provider.look_up(&key).await {
            Ok(_) => Check::good(claim),
            Err(error @ ProviderError::KeyRefused { .. }) => {
                let at = format!("linking_keys[{index}].key");
                Check::found(claim, &LOOK_UP_FAILED, at, error.to_string())
            }
            Err(ProviderError::Token(error)) => {
                // What is told of the credentials.
                checks.push(Check::skipped(claim, error.to_string()));
                break;
            }
            Err(error) => {
                // Every other key would be answered the same.
                checks.push(Check::found(
                    claim,
                    &LOOK_UP_FAILED,
                    key_of(&error),
                    error.to_string(),
                ));
                break;
            }
        });
    }
    checks
}

fn key_of(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::CredentialRejected { key } | ProviderError::ScopeRefused { key, .. } => key,
        _ => "vendor",
    }
}
