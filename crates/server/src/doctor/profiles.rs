//! Profiles: whether anything of them can reach a page.

use std::collections::BTreeSet;

use datafly_core::linking_key::Identifiers;
use datafly_provider::{Ailment, Check, Level, Lookups, ProfileProvider, ProviderError};

use super::Patient;

pub(super) static LINKING_KEYS_EMPTY: Ailment = Ailment {
    code: "LINKING_KEYS_EMPTY",
    level: Level::Problem,
    cause: "No linking key is configured: nobody is ever looked up, and no event gets an attribute.",
    fix: "Write `linking_keys`, for example `[{ source = \"email\", key = \"email_sha256\", hash = \"sha256\" }, \
          { source = \"canonical_id\", key = \"device_cookie\" }]`, with the vendor's names of the keys.",
};

pub(super) static ALLOWLIST_EMPTY: Ailment = Ailment {
    code: "ALLOWLIST_EMPTY",
    level: Level::Warning,
    cause: "No `browser_attribute_allowlist` is configured: pages get an empty profile (empty = nothing exposed).",
    fix: "Write the names of the attributes that pages may see, separated by commas. Anything else is never sent to \
          a browser.",
};

pub(super) static VISITOR_NOT_RESOLVED: Ailment = Ailment {
    code: "VISITOR_NOT_RESOLVED",
    level: Level::Problem,
    cause: "No linking key leads from the identifiers of a `--visitor` to a profile: they are hashed or written \
            otherwise than at the vendor, or the vendor does not know them.",
    fix: "Compare `source`, `key` and `hash` of `linking_keys` with what the vendor links by; it must be exactly the \
          same text, or the hash of it trimmed and lower-cased.",
};

pub(super) static ALLOWLIST_NAME_NOT_SENT: Ailment = Ailment {
    code: "ALLOWLIST_NAME_NOT_SENT",
    level: Level::Warning,
    cause: "An allowed attribute is in no profile that was read: it is spelled otherwise, or these people have none.",
    fix: "Write the name exactly as the vendor has it (case counts), or remove it.",
};

const ALLOWLIST: &str = "browser_attribute_allowlist";
const LINKING_KEYS: &str = "linking_keys";

pub(super) async fn check(patient: &Patient, people: &[Identifiers]) -> Vec<Check> {
    let Some((lookups, provider)) = &patient.profiles else { return Vec::new() };
    let mut checks = vec![linking_keys(lookups), allowlist(lookups)];
    if lookups.linking_keys.iter().next().is_some() {
        checks.extend(known(lookups, &**provider, people).await);
    }
    checks
}

fn linking_keys(lookups: &Lookups) -> Check {
    let claim = "there is something to look visitors up by";
    if lookups.linking_keys.iter().next().is_some() {
        return Check::good(claim);
    }
    Check::found(claim, &LINKING_KEYS_EMPTY, LINKING_KEYS, "it is empty")
}

fn allowlist(lookups: &Lookups) -> Check {
    let claim = "pages may see an attribute";
    if !lookups.allowlist.is_empty() {
        return Check::good(claim);
    }
    Check::found(claim, &ALLOWLIST_EMPTY, ALLOWLIST, "it is empty")
}

/// What the profiles of people tell whom the vendor should know.
async fn known(
    lookups: &Lookups,
    provider: &dyn ProfileProvider,
    people: &[Identifiers],
) -> Vec<Check> {
    let claim = "allowed attributes are what the vendor sends";
    if people.is_empty() {
        let why = "it takes somebody the vendor knows: name them with `--visitor email=…`";
        return vec![Check::skipped(claim, why)];
    }
    let (mut checks, mut names) = (Vec::new(), BTreeSet::new());
    for (index, person) in people.iter().enumerate() {
        let claim = format!("the vendor knows visitor {}", index + 1);
        checks.push(match names_of(lookups, provider, person).await {
            Ok(Some(of_person)) => {
                names.extend(of_person);
                Check::good(claim)
            }
            Ok(None) => {
                let seen = "no profile by any of the linking keys that the visitor has a value for";
                Check::found(claim, &VISITOR_NOT_RESOLVED, LINKING_KEYS, seen)
            }
            Err(error) => Check::skipped(claim, error.to_string()),
        });
    }
    if names.is_empty() {
        checks.push(Check::skipped(claim, "no profile was read"));
        return checks;
    }
    let missing: Vec<_> = lookups.allowlist.names().filter(|name| !names.contains(*name)).collect();
    if missing.is_empty() {
        checks.push(Check::good(claim));
    }
    checks.extend(missing.into_iter().map(|name| {
        let alike = names.iter().find(|sent| sent.eq_ignore_ascii_case(name));
        let seen = match alike {
            Some(sent) => format!("`{name}` is in no profile, and `{sent}` is"),
            None => format!("`{name}` is in no profile"),
        };
        Check::found(claim, &ALLOWLIST_NAME_NOT_SENT, ALLOWLIST, seen)
    }));
    checks
}

/// The names of the attributes of whom the first linking key that matches leads to.
async fn names_of(
    lookups: &Lookups,
    provider: &dyn ProfileProvider,
    person: &Identifiers,
) -> Result<Option<Vec<String>>, ProviderError> {
    for key in lookups.linking_keys.values_of(person) {
        match provider.look_up(&key).await {
            Ok(Some(profile)) => return Ok(Some(profile.attributes.keys().cloned().collect())),
            // The vendor's own examination tells of the key.
            Ok(None) | Err(ProviderError::KeyRefused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
