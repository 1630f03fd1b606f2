//! What each destination demands of a body, as its vendor documents it: the contract's data, beside the presets.

use datafly_core::visitor::Verification;

use crate::contract::Contract;

struct Destination {
    name: &'static str,
    identity: &'static [&'static str],
    owned: &'static [&'static str],
    takes_consent: bool,
}

const DESTINATIONS: &[Destination] = &[
    Destination {
        name: "amperity",
        // A linking key of the integration is one more.
        identity: &["user_id", "email", "phone", "amperity_id", "cookieid"],
        owned: &["source", "type"],
        takes_consent: true,
    },
    Destination {
        name: "ga4",
        identity: &["user_id", "user_data"],
        owned: &["name"],
        takes_consent: false,
    },
    Destination {
        name: "meta_capi",
        identity: &["user_data.em", "user_data.ph", "user_data.external_id"],
        owned: &["event_name", "action_source"],
        takes_consent: false,
    },
    Destination {
        name: "tiktok",
        identity: &["user.email", "user.phone", "user.external_id"],
        owned: &["event"],
        takes_consent: false,
    },
];

/// Those with a contract of their own.
pub fn names() -> impl Iterator<Item = &'static str> {
    DESTINATIONS.iter().map(|destination| destination.name)
}

/// What a destination demands; the integration's own identity fields, such as its linking keys, are to be added by
/// [`Contract::identity`].
pub fn contract(name: &str, verification: Verification) -> Option<Contract> {
    let destination = DESTINATIONS.iter().find(|destination| destination.name == name)?;
    let contract = Contract::new(verification)
        .identity(destination.identity.iter().copied())
        .owned(destination.owned.iter().copied());
    Some(if destination.takes_consent { contract.forwarding_consent() } else { contract })
}
