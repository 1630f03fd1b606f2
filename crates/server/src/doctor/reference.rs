//! Everything that the doctor may say, as a page.

use std::fmt::Write as _;

use datafly_provider::Ailment;

use super::{clock, cookies, credentials, profiles, storage, tls, vendors};
use crate::wiring;

const HEAD: &str = "\
# What `datafly doctor` finds

`datafly doctor --config datafly.toml` tries a configuration out: the vendors with its own credentials, the disk, the
certificate, the name service and the clocks. Each code is stable; `--json` has the same with the key and what was seen.
Written by `cargo run --example doctor_reference`; do not edit.
";

/// All ailments, in the order of the page.
pub fn ailments() -> Vec<&'static Ailment> {
    let own: [&'static Ailment; 17] = [
        &super::CONFIGURATION_REFUSED,
        &storage::DATA_DIR_UNUSABLE,
        &storage::DISK_BELOW_OUTBOX,
        &tls::CERTIFICATE_EXPIRED,
        &tls::CERTIFICATE_EXPIRES_SOON,
        &tls::CERTIFICATE_FOR_ANOTHER_HOST,
        &cookies::COOKIES_CUT_BY_CNAME,
        &cookies::COOKIES_CUT_BY_ADDRESS,
        &credentials::TOKEN_EXPIRED,
        &credentials::TOKEN_EXPIRES_SOON,
        &credentials::TOKEN_NOT_ISSUED,
        &clock::CLOCK_SKEWED,
        &profiles::LINKING_KEYS_EMPTY,
        &profiles::ALLOWLIST_EMPTY,
        &profiles::VISITOR_NOT_RESOLVED,
        &profiles::ALLOWLIST_NAME_NOT_SENT,
        &vendors::LOOK_UP_FAILED,
    ];
    own.into_iter().chain(wiring::vendors_ailments()).collect()
}

/// The page, as Markdown.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for Ailment { code, level, cause, fix } in ailments() {
        let level = level.as_str();
        // Writing to a `String` cannot fail.
        let _ = write!(page, "\n## {code}\n\n{level}. {cause}\n\n**Fix:** {fix}\n");
    }
    page
}
