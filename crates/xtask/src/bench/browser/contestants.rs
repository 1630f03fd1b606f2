//! Who is measured: pages that install one SDK each.

use super::super::contestant::Kind;

/// A page, and who visits it.
#[derive(Debug)]
pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// As the driver calls it.
    pub(super) page: &'static str,
    /// Whether the visitor has been there before and has a profile.
    pub(super) known: bool,
    /// Whether it is the second page that is looked at in this tab.
    pub(super) again: bool,
    /// One of these it has to say when it is ready; a peer may say what it likes.
    pub(super) says: &'static [&'static str],
    /// Whether being ready takes an answer of its server.
    pub(super) waits: bool,
}

pub(super) const LOADER: &str = "datafly, loader";
pub(super) const MODULE: &str = "datafly, ES module";
pub(super) const NPM: &str = "datafly, npm form in the page's bundle";
pub(super) const FLOOR: &str = "hand-written floor";
pub(super) const FLOOR_FIRST: &str = "hand-written floor, first visit";
pub(super) const FIRST: &str = "datafly, loader, first visit";
pub(super) const NEXT: &str = "datafly, loader, next page";
pub(super) const FLOOR_NEXT: &str = "hand-written floor, next page";
pub(super) const BLANK: &str = "blank page";
pub(super) const SEGMENT: &str = "Segment 1.84";
pub(super) const LAUNCH_DARKLY: &str = "LaunchDarkly 4.10";
pub(super) const JITSU: &str = "Jitsu 1.11";
pub(super) const RUDDER_STACK: &str = "RudderStack 3.34";

/// Everybody, in the order of the first round.
pub(super) const ALL: [Contestant; 23] = [
    visited(LOADER, Kind::Ours, "loader", &["inline"]),
    visited(FLOOR, Kind::Floor, "floor", &["profile"]),
    visited(MODULE, Kind::Ours, "module", &["network"]),
    visited(NPM, Kind::Ours, "datafly", &["network"]),
    Contestant { again: true, ..visited(NEXT, Kind::Ours, "loader", &["inline", "session"]) },
    Contestant { again: true, ..visited(FLOOR_NEXT, Kind::Floor, "floor", &["profile"]) },
    Contestant { known: false, ..visited(FIRST, Kind::Ours, "loader", &["empty"]) },
    Contestant { known: false, ..visited(FLOOR_FIRST, Kind::Floor, "floor", &["empty"]) },
    Contestant { waits: false, ..visited(BLANK, Kind::Floor, "blank", &["blank"]) },
    peer("Unleash 3.8", "unleash"),
    peer("GrowthBook 1.8", "growthbook"),
    peer("LaunchDarkly 3.9", "launchdarkly3"),
    peer(LAUNCH_DARKLY, "launchdarkly4"),
    peer("Split 1.7", "split"),
    peer(JITSU, "jitsu"),
    Contestant { waits: false, ..peer(SEGMENT, "segment") },
    Contestant { waits: false, ..peer("Customer.io 0.5", "customerio-cdp") },
    peer(RUDDER_STACK, "rudderstack"),
    peer("Ninetailed 7.26", "ninetailed"),
    peer("Adobe Alloy 2.33", "alloy"),
    peer("mParticle 2.68", "mparticle"),
    peer("PostHog 1.449", "posthog"),
    Contestant { waits: false, ..peer("Snowplow 4.10", "snowplow") },
];

impl Contestant {
    pub(super) fn is_peer(&self) -> bool {
        self.kind == Kind::Peer
    }
}

const fn visited(
    name: &'static str,
    kind: Kind,
    page: &'static str,
    says: &'static [&'static str],
) -> Contestant {
    Contestant { name, kind, page, known: true, again: false, says, waits: true }
}

const fn peer(name: &'static str, page: &'static str) -> Contestant {
    Contestant { name, kind: Kind::Peer, page, known: false, again: false, says: &[], waits: true }
}
