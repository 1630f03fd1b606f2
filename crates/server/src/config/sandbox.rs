//! `server.sandbox_url`: where the vendors of `dk_test_…` pipelines are.
//!
//! A test key never reaches a vendor by a default address (design §2): of an integration whose vendor has one, the
//! sandbox's takes its place, and where there is no sandbox an address has to be written. An address that the
//! owner writes (`base_url`, a webhook's `url`) is the owner's word, and is left as it is.

use datafly_core::id::PipelineKey;
use datafly_settings::Section;
use url::{Host, Url};

const KEY: &str = "sandbox_url";

/// What the keys of test pipelines begin with.
const TEST: &str = "dk_test_";

/// The sandbox's vendor listener, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SandboxUrl(String);

impl SandboxUrl {
    /// Reads it; it may be left out.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let url: Url = section.optional(KEY)?;
        let hint = "write the address that `datafly sandbox` listens on, `http://127.0.0.1:8082`";
        if !url.username().is_empty() || url.password().is_some() {
            // Not shown, since it may be a password.
            section.refuse(KEY, format_args!("it holds a user name or a password: {hint}"));
            return None;
        }
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let scheme = url.scheme() == "https" || url.scheme() == "http" && is_loopback;
        if !scheme || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            let hint = format!("{hint} (https where it is not on this machine)");
            section.refuse_value(KEY, url, hint);
            return None;
        }
        Some(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

/// Whether the pipeline is one for tests.
pub(super) fn is_test(pipeline: &PipelineKey) -> bool {
    pipeline.as_str().starts_with(TEST)
}

/// Puts the sandbox in the place of a vendor's own addresses: keys, and its paths for them. Where there is no sandbox
/// it is a mistake not to write them.
pub(super) fn stand_in(
    sandbox: Option<&SandboxUrl>,
    addresses: Vec<(&'static str, String)>,
    integration: &mut Section<'_>,
) {
    for (key, path) in addresses {
        let address = sandbox.map(|SandboxUrl(url)| format!("{url}/{path}"));
        integration.stand_in(key, address.ok_or_else(missing));
    }
}

fn missing() -> String {
    format!(
        "it is missing: a `{TEST}…` pipeline does not go to the vendor itself; write \
         `{KEY} = \"http://127.0.0.1:8082\"` in [server] for all of them, or the address to use here"
    )
}
