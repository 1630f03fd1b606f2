//! How long Safari keeps the visitor's cookie.
//!
//! Its tracking prevention cuts cookies that a server sets to seven days where the server's host is another name of
//! another site's (CNAME), unless the page's host is one of the same, or where its address is of another network
//! than the page's: the first 16 bits of an IPv4 address, the first 64 of an IPv6 one (WebKit, "Tracking Prevention
//! in WebKit"). Whether an origin is of the host's site at all is `datafly check`'s.

use std::net::IpAddr;

use datafly_provider::{Ailment, Check, Level};
use url::{Host, Url};

use super::{Resolved, Resolver};
use crate::config::{PipelineConfig, ServerConfig};

pub(super) static COOKIES_CUT_BY_CNAME: Ailment = Ailment {
    code: "COOKIES_CUT_BY_CNAME",
    level: Level::Warning,
    cause: "The server's host is a CNAME of another site's name: Safari keeps its cookies for 7 days, and who comes \
            back later is somebody new.",
    fix: "Give the host address records (A, AAAA) of its own in the network of the site, or put it behind the site's \
          own proxy (`server.base_path`).",
};

pub(super) static COOKIES_CUT_BY_ADDRESS: Ailment = Ailment {
    code: "COOKIES_CUT_BY_ADDRESS",
    level: Level::Warning,
    cause: "The server's address is of another network than the site's: Safari keeps its cookies for 7 days, and who \
            comes back later is somebody new.",
    fix: "Serve it from an address of the site's network (the same /16, or /64 for IPv6), or behind the site's own \
          proxy or CDN (`server.base_path`).",
};

const KEY: &str = "origins";

pub(super) async fn check(
    server: &ServerConfig,
    pipeline: &PipelineConfig,
    resolver: &dyn Resolver,
) -> Vec<Check> {
    let Some(host) = name_of(&server.public_url) else { return Vec::new() };
    let mut checks = Vec::new();
    let mut of_host = None;
    for origin in &pipeline.origins {
        let Some(page) = name_of(origin) else { continue };
        if page == host {
            continue;
        }
        let claim = format!("Safari keeps the cookies of `{host}` on `{page}`");
        let unknown = |host: &str| format!("the name service has no address of `{host}` from here");
        let ours = match &of_host {
            Some(known) => Some(known),
            None => resolver.resolve(&host).await.ok().map(|known| &*of_host.insert(known)),
        };
        checks.push(match (ours, resolver.resolve(&page).await.ok()) {
            (None, _) => Check::skipped(claim, unknown(&host)),
            (_, None) => Check::skipped(claim, unknown(&page)),
            (Some(ours), Some(theirs)) => compare(claim, &host, ours, &theirs),
        });
    }
    checks
}

/// The host of a URL, where it is a name that others can look up.
fn name_of(url: &str) -> Option<String> {
    match Url::parse(url).ok()?.host()? {
        Host::Domain(name) if name != "localhost" => Some(name.to_owned()),
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn compare(claim: String, host: &str, ours: &Resolved, theirs: &Resolved) -> Check {
    let site = |name: &str| psl::domain_str(name).unwrap_or(name).to_lowercase();
    let canonical = |of: &Resolved| of.canonical_name.as_deref().map(site);
    if let (Some(name), Some(other)) = (&ours.canonical_name, canonical(ours))
        && other != site(host)
        && canonical(theirs) != Some(other)
    {
        let seen = format!("`{host}` is a CNAME of `{name}`");
        return Check::found(claim, &COOKIES_CUT_BY_CNAME, KEY, seen);
    }
    if share_network(&ours.addresses, &theirs.addresses) {
        return Check::good(claim);
    }
    let shown = |of: &Resolved| {
        let shown: Vec<_> = of.addresses.iter().map(ToString::to_string).collect();
        shown.join(", ")
    };
    let seen = format!("`{host}` is at {}, the page at {}", shown(ours), shown(theirs));
    Check::found(claim, &COOKIES_CUT_BY_ADDRESS, KEY, seen)
}

/// Whether a browser sees both in one network, whichever version of the protocol it chooses: of each that both
/// have, and they have one in common.
fn share_network(ours: &[IpAddr], theirs: &[IpAddr]) -> bool {
    let of = |all: &[IpAddr], v6: bool| -> Vec<u64> {
        all.iter().filter(|address| address.is_ipv6() == v6).map(network).collect()
    };
    let mut common = false;
    for v6 in [false, true] {
        let (ours, theirs) = (of(ours, v6), of(theirs, v6));
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        if !ours.iter().any(|network| theirs.contains(network)) {
            return false;
        }
        common = true;
    }
    common
}

/// The first half of an address.
fn network(address: &IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(address.to_bits() >> 16),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}
