//! Generated retail customers.

use jiff::civil::Date;
use jiff::{Span, civil::date};
use serde_json::{Map, Value, json};

use super::Identity;
use super::vocabulary::{
    CATEGORIES, CHURN_RISKS, CITIES, FIRST_NAMES, LAST_NAMES, PERSONAS, STREETS,
};
use crate::rng::SplitMix64;

/// Day from which purchase dates count back: fixed, so that a seed always means the same data.
const TODAY: Date = date(2026, 3, 1);

/// Numbers 555-0100 to 555-0199 of every area code are reserved for fiction.
const FICTIONAL_LINES: u32 = 100;
/// Area codes 201 to 999.
const AREA_CODES: u32 = 799;

struct Name {
    first: (&'static str, &'static str),
    last: (&'static str, &'static str),
}

/// Two streams a customer, so that reading the identity does not pay for the attributes.
fn streams(seed: u64, number: u32) -> (SplitMix64, SplitMix64) {
    let stream = u64::from(number) * 2;
    (SplitMix64::new(seed, stream), SplitMix64::new(seed, stream + 1))
}

fn draw(rng: &mut SplitMix64, number: u32) -> (Name, Identity) {
    let name = Name { first: rng.pick(&FIRST_NAMES), last: rng.pick(&LAST_NAMES) };
    let profile_id = rng.uuid();
    let phone = (!rng.one_in(8)).then(|| phone(number)).flatten();
    // Nobody is left without both.
    let phone_only = phone.is_some() && rng.one_in(20);
    let email = (!phone_only).then(|| {
        let domain = rng.pick(&["example.com", "example.net", "example.org"]);
        format!("{}.{}{number}@{domain}", name.first.1, name.last.1)
    });
    let device_cookie = (!rng.one_in(3)).then(|| format!("dev-{:016x}", rng.next_u64()));
    let identity = Identity {
        profile_id,
        customer_id: format!("C-{:06}", 100_000 + number),
        email,
        phone,
        device_cookie,
    };
    (name, identity)
}

fn phone(number: u32) -> Option<String> {
    let area = number / FICTIONAL_LINES;
    (area < AREA_CODES).then(|| format!("+1{}55501{:02}", 201 + area, number % FICTIONAL_LINES))
}

/// Who customer `number` is.
pub(super) fn identity(seed: u64, number: u32) -> Identity {
    draw(&mut streams(seed, number).0, number).1
}

/// What is known about customer `number`, including what no browser should ever see.
pub(super) fn attributes(seed: u64, number: u32) -> Map<String, Value> {
    let (mut who, mut rng) = streams(seed, number);
    let (name, identity) = draw(&mut who, number);
    let (category, brand) = rng.pick(&CATEGORIES);
    let cents = rng.below(2_000) * rng.below(400) + 1_900;
    let value = f64::from(cents) / 100.0;
    let tier = match cents {
        0..50_000 => "Bronze",
        50_000..200_000 => "Silver",
        200_000..500_000 => "Gold",
        _ => "Platinum",
    };
    let last_purchase =
        TODAY.saturating_sub(Span::new().days(i64::from(rng.below(720)))).to_string();
    let object = json!({
        "FirstName": name.first.0,
        "LastName": name.last.0,
        "Persona": rng.pick(&PERSONAS),
        "FavoriteBrand": brand,
        "FavoriteCategory": category,
        "RecentCategories": [category, rng.pick(&CATEGORIES).0],
        "LifetimeTier": tier,
        "LifetimeValue": value,
        "LastPurchaseDate": last_purchase,
        "ChurnRisk": rng.pick(&CHURN_RISKS),
        "EmailOptIn": !rng.one_in(4),
        "Email": identity.email,
        "Phone": identity.phone,
        "HomeAddress": format!(
            "{} {}, {}",
            1 + rng.below(240),
            rng.pick(&STREETS),
            rng.pick(&CITIES)
        ),
        "InternalMargin": f64::from(rng.below(6_000)) / 10_000.0,
        "Household": {"Size": 1 + rng.below(6), "HasChildren": rng.one_in(2)},
    });
    match object {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_what_a_shop_shows_and_what_it_must_not() {
        let attributes = attributes(42, 17);
        for name in ["Persona", "FavoriteBrand", "LifetimeTier", "LastPurchaseDate", "ChurnRisk"] {
            assert!(attributes[name].is_string(), "{name}");
        }
        assert!(attributes["LifetimeValue"].is_number());
        for name in ["Email", "Phone", "HomeAddress", "InternalMargin", "Household"] {
            assert!(attributes.contains_key(name), "{name}");
        }
    }

    #[test]
    fn everybody_can_be_reached_and_some_only_by_phone() {
        let all: Vec<_> = (0..2_000).map(|n| identity(1, n)).collect();
        assert!(all.iter().all(|who| who.email.is_some() || who.phone.is_some()));
        assert!(all.iter().any(|who| who.email.is_none()));
        assert!(all.iter().any(|who| who.device_cookie.is_none()));
        assert!(all.iter().flat_map(|who| &who.phone).all(|phone| phone.len() == 12));
    }

    #[test]
    fn unicode_names_occur() {
        let names: Vec<_> = (0..200).map(|n| attributes(1, n)["FirstName"].clone()).collect();
        assert!(names.iter().any(|name| !name.as_str().unwrap().is_ascii()));
    }
}
