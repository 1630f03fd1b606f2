//! Customers that tests and the demo refer to by name. Their ids and values never depend on the seed.

use std::fmt;

use serde_json::{Map, Value, json};

use super::Identity;

/// A customer with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedCustomer {
    /// Looks for a bargain: `user-vera`, vera@example.com.
    Vera,
    /// The rich profile: `user-123`, alice@example.com.
    Alice,
    /// A regular: `user-bob`, bob@example.com.
    Bob,
    /// Attributes that try to leave the script they are embedded in: `user-hostile`.
    Hostile,
    /// Known by phone alone, without an email: `user-pia`.
    Pia,
}

impl NamedCustomer {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Vera, Self::Alice, Self::Bob, Self::Hostile, Self::Pia];

    /// By name (`vera`) or by customer id (`user-vera`).
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| who.name() == text || who.customer_id() == text)
    }

    /// The name, as the control routes and the shop's log-in take it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vera => "vera",
            Self::Alice => "alice",
            Self::Bob => "bob",
            Self::Hostile => "hostile",
            Self::Pia => "pia",
        }
    }

    /// The id in the shop, and the value of the linking key `customer_id`.
    pub fn customer_id(self) -> &'static str {
        match self {
            Self::Vera => "user-vera",
            Self::Alice => "user-123",
            Self::Bob => "user-bob",
            Self::Hostile => "user-hostile",
            Self::Pia => "user-pia",
        }
    }

    /// The id of the profile.
    pub fn profile_id(self) -> &'static str {
        match self {
            Self::Vera => "5a0e0001-0000-4000-8000-000000000001",
            Self::Alice => "5a0e0002-0000-4000-8000-000000000002",
            Self::Bob => "5a0e0003-0000-4000-8000-000000000003",
            Self::Hostile => "5a0e0004-0000-4000-8000-000000000004",
            Self::Pia => "5a0e0005-0000-4000-8000-000000000005",
        }
    }

    /// The email address, where there is one.
    pub fn email(self) -> Option<&'static str> {
        match self {
            Self::Vera => Some("vera@example.com"),
            Self::Alice => Some("alice@example.com"),
            Self::Bob => Some("bob@example.com"),
            Self::Hostile => Some("hostile@example.com"),
            Self::Pia => None,
        }
    }

    /// The phone number in E.164, where there is one.
    pub fn phone(self) -> Option<&'static str> {
        match self {
            Self::Vera => Some("+447700900101"),
            Self::Alice => Some("+447700900102"),
            Self::Bob | Self::Hostile => None,
            Self::Pia => Some("+447700900105"),
        }
    }

    pub(super) fn identity(self) -> Identity {
        Identity {
            profile_id: self.profile_id().into(),
            customer_id: self.customer_id().into(),
            email: self.email().map(Into::into),
            phone: self.phone().map(Into::into),
            device_cookie: None,
        }
    }

    pub(super) fn attributes(self) -> Map<String, Value> {
        let object = match self {
            Self::Vera => vera(),
            Self::Alice => alice(),
            Self::Bob => bob(),
            Self::Hostile => hostile(),
            Self::Pia => pia(),
        };
        let mut map = match object {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        map.insert("Email".into(), self.email().into());
        map.insert("Phone".into(), self.phone().into());
        map
    }
}

impl fmt::Display for NamedCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn vera() -> Value {
    json!({
        "FirstName": "Vera",
        "LastName": "Hunter",
        "Persona": "Value Hunter",
        "FavoriteBrand": "Halden",
        "FavoriteCategory": "shoes",
        "RecentCategories": ["shoes", "outerwear"],
        "LifetimeTier": "Gold",
        "LifetimeValue": 2_310.5,
        "LastPurchaseDate": "2026-02-11",
        "ChurnRisk": "low",
        "EmailOptIn": true,
        "HomeAddress": "12 Harbour Road, Bristol",
        "InternalMargin": 0.31,
        "Household": {"Size": 2, "HasChildren": false},
    })
}

fn alice() -> Value {
    json!({
        "FirstName": "Alice",
        "LastName": "Østergaard",
        "Persona": "Style Seeker",
        "FavoriteBrand": "Maison Lune",
        "FavoriteCategory": "dresses",
        "RecentCategories": ["dresses", "accessories", "home"],
        "LifetimeTier": "Platinum",
        "LifetimeValue": 8_904.75,
        "LastPurchaseDate": "2026-02-27",
        "ChurnRisk": "low",
        "EmailOptIn": true,
        "LoyaltyPoints": 12_450,
        "NextBestOffer": "early-access-spring",
        "HomeAddress": "3 Mill Lane, Portland",
        "InternalMargin": 0.42,
        "Household": {"Size": 4, "HasChildren": true, "Members": ["Alice", "Carol"]},
    })
}

fn bob() -> Value {
    json!({
        "FirstName": "Bob",
        "LastName": "Nowak",
        "Persona": "Loyal Regular",
        "FavoriteBrand": "Brightwater",
        "FavoriteCategory": "denim",
        "RecentCategories": ["denim"],
        "LifetimeTier": "Silver",
        "LifetimeValue": 740,
        "LastPurchaseDate": "2025-11-30",
        "ChurnRisk": "medium",
        "EmailOptIn": false,
        "HomeAddress": "7 Elm Avenue, Galway",
        "InternalMargin": 0.18,
        "Household": {"Size": 1, "HasChildren": false},
    })
}

fn hostile() -> Value {
    json!({
        "FirstName": "</script><script>alert(1)</script>",
        "LastName": "line\u{2028}and\u{2029}paragraph",
        "Persona": "x\");alert(1);(\"",
        "FavoriteBrand": "<!--<script>",
        "FavoriteCategory": "'\\\"`${alert(1)}",
        "RecentCategories": ["]]>", "\u{0}\u{7f}\u{feff}", "&lt;/script&gt;"],
        "LifetimeTier": "__proto__",
        "LifetimeValue": 1e308,
        "LastPurchaseDate": "not a date",
        "ChurnRisk": "\u{202e}wol",
        "__proto__": {"polluted": true},
        "constructor": "</SCRIPT >",
        "HomeAddress": "1 Hostile Way",
        "InternalMargin": -1,
        "Household": {"</script>": "</script>"},
    })
}

fn pia() -> Value {
    json!({
        "FirstName": "Pia",
        "LastName": "Andersson",
        "Persona": "New Parent",
        "FavoriteBrand": "Tiny Acorn",
        "FavoriteCategory": "kids",
        "RecentCategories": ["kids", "home"],
        "LifetimeTier": "Bronze",
        "LifetimeValue": 129.9,
        "LastPurchaseDate": "2026-01-19",
        "ChurnRisk": "high",
        "EmailOptIn": false,
        "HomeAddress": "41 Station Street, Malmö",
        "InternalMargin": 0.25,
        "Household": {"Size": 3, "HasChildren": true},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_found_by_name_and_by_id() {
        assert_eq!(NamedCustomer::find("vera"), Some(NamedCustomer::Vera));
        assert_eq!(NamedCustomer::find("user-123"), Some(NamedCustomer::Alice));
        assert_eq!(NamedCustomer::find("Vera"), None);
    }

    #[test]
    fn the_hostile_customer_carries_what_breaks_careless_embedding() {
        let text = Value::Object(NamedCustomer::Hostile.attributes()).to_string();
        for needle in ["</script>", "\u{2028}", "x\\\");alert(1);(\\\"", "__proto__"] {
            assert!(text.contains(needle), "{needle}");
        }
    }
}
