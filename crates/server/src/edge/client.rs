//! The client as the network shows it: its address, and whether it is a crawler.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;
use memchr::memmem;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Words that the user agents of crawlers, link previews and monitors have, and those of people's browsers
/// do not. One that hides costs a look-up, no more.
const CRAWLERS: [&str; 8] =
    ["bot", "crawl", "spider", "slurp", "facebookexternalhit", "preview", "lighthouse", "monitor"];

/// The address of whoever sends these headers over a connection from `peer`: the peer's, unless the peer is a
/// trusted proxy. Then it is the last address in `X-Forwarded-For` that is not one: what stands before that,
/// anybody can write.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let trusted = |address: IpAddr| proxies.iter().any(|net| net.contains(&address));
    if !trusted(peer) {
        return peer;
    }
    let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    let hops = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = peer;
    for hop in hops {
        let hop = std::str::from_utf8(hop).ok().and_then(|hop| hop.trim().parse::<IpAddr>().ok());
        // What is no address was not written by a proxy of ours.
        let Some(hop) = hop else { break };
        nearest = hop.to_canonical();
        if !trusted(nearest) {
            break;
        }
    }
    nearest
}

/// Whether the sender of these headers says that it is a crawler.
pub(super) fn is_crawler(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    agent.is_some_and(|agent| {
        let agent = agent.to_ascii_lowercase();
        CRAWLERS.iter().any(|word| memmem::find(&agent, word.as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::is_crawler;

    fn sent_by(agent: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))])
    }

    #[test]
    fn crawlers_are_told_from_browsers() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 (compatible; Yahoo! Slurp)",
        ] {
            assert!(is_crawler(&sent_by(agent)), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari",
            "",
        ] {
            assert!(!is_crawler(&sent_by(agent)), "{agent}");
        }
    }
}
