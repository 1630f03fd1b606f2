//! The credentials: what people have to replace, in time.

use std::collections::BTreeMap;

use datafly_provider::{Ailment, Check, Level, TokenStatus};
use jiff::{SignedDuration, Timestamp};

use super::Patient;

pub(super) static TOKEN_EXPIRED: Ailment = Ailment {
    code: "TOKEN_EXPIRED",
    level: Level::Problem,
    cause: "Every token of this key has expired, by the expiry that it states itself.",
    fix: "Generate a new one at the vendor and put it in its place; a changed file is read within a second.",
};

pub(super) static TOKEN_EXPIRES_SOON: Ailment = Ailment {
    code: "TOKEN_EXPIRES_SOON",
    level: Level::Warning,
    cause: "The last token of this key expires within 14 days.",
    fix: "Generate a new one at the vendor, and write it beside the old one (`[{ env = … }, { env = … }]`) until \
          the old one has expired.",
};

pub(super) static TOKEN_NOT_ISSUED: Ailment = Ailment {
    code: "TOKEN_NOT_ISSUED",
    level: Level::Problem,
    cause: "The vendor issues no token for what this key holds: it was revoked, replaced or is incomplete, or the \
            issuer does not answer.",
    fix: "Take a new one from the vendor and put it in its place; if it is good, look whether this machine reaches \
          the issuer.",
};

/// How long before its end a token is told of: people have holidays.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What the tokens of one key are, all told.
#[derive(Default)]
struct Credential {
    of_people: bool,
    /// One of them has no end.
    endless: bool,
    end: Option<Timestamp>,
    issued: u64,
    failed: u64,
}

impl Credential {
    fn add(&mut self, token: &TokenStatus) {
        self.of_people |= token.kind.is_replaced_by_people();
        self.endless |= token.expires_at.is_none();
        self.end = self.end.max(token.expires_at);
        self.issued += token.issued;
        self.failed += token.failed;
    }
}

/// Once the vendor was asked, so that what is issued has been.
pub(super) fn check(patient: &Patient, now: Timestamp) -> Vec<Check> {
    let mut credentials = BTreeMap::<String, Credential>::new();
    for token in (patient.tokens)() {
        // A list's entries are one credential: each takes over from the other.
        let key = token.key.split('[').next().unwrap_or_default().to_owned();
        credentials.entry(key).or_default().add(&token);
    }
    credentials.into_iter().map(|(key, credential)| of(&key, &credential, now)).collect()
}

fn of(key: &str, credential: &Credential, now: Timestamp) -> Check {
    let claim = format!("`{key}` is good for 14 days");
    if !credential.of_people {
        let claim = format!("tokens are issued for `{key}`");
        return match credential {
            Credential { issued: 0, failed: 1.., .. } => {
                let seen = format!("{} attempts, and no token", credential.failed);
                Check::found(claim, &TOKEN_NOT_ISSUED, key, seen)
            }
            Credential { issued: 0, .. } => Check::skipped(claim, "nothing has asked for one"),
            _ => Check::good(claim),
        };
    }
    let Some(end) = credential.end.filter(|_| !credential.endless) else {
        return Check::skipped(claim, "the token does not say when it expires");
    };
    if end <= now {
        Check::found(claim, &TOKEN_EXPIRED, key, format!("it expired at {end}"))
    } else if end.duration_since(now) < SOON {
        Check::found(claim, &TOKEN_EXPIRES_SOON, key, format!("it expires at {end}"))
    } else {
        Check::good(claim)
    }
}
