use super::*;
use crate::NamedCustomer;
use crate::identifiers::{CUSTOMER_ID, DEVICE_COOKIE, EMAIL, EMAIL_SHA256, normalised_sha256};

fn profiles() -> Profiles {
    Profiles::new(Arc::new(Customers::new(1, 20)), 1)
}

fn apply(profiles: &mut Profiles, event: Value) {
    let Value::Object(event) = event else { panic!("not an object") };
    profiles.apply(&event, Timestamp::UNIX_EPOCH);
}

fn at(profiles: &Profiles, key: &str, value: &str) -> Option<String> {
    profiles.resolve(&Identifier::new(key, value)).map(str::to_owned)
}

#[test]
fn a_known_email_links_the_cookie_of_the_same_event() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"cookieid": "c1", "email": " VERA@example.com"}));
    assert_eq!(
        at(&profiles, DEVICE_COOKIE, "c1").as_deref(),
        Some(NamedCustomer::Vera.profile_id())
    );
    let vera = profiles.read(NamedCustomer::Vera.profile_id(), false).unwrap();
    assert_eq!(vera.attributes["EventCount"], 1);
    assert_eq!(vera.links["device_cookie"], ["c1"]);
    assert!(vera.links["email"].contains(&"vera@example.com".to_owned()));
}

#[test]
fn an_unknown_visitor_gets_a_profile_which_a_log_in_replaces() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"cookieid": "c1", "type": "pageview", "page_category": "shoes"}));
    let anonymous = at(&profiles, DEVICE_COOKIE, "c1").unwrap();
    let seen = profiles.read(&anonymous, false).unwrap().attributes;
    assert_eq!(seen["LastSeenCategory"], "shoes");
    assert_eq!(seen["LastEventType"], "pageview");

    apply(&mut profiles, json!({"cookieid": "c1", "user_id": "user-vera"}));
    let vera = NamedCustomer::Vera.profile_id();
    assert_eq!(at(&profiles, DEVICE_COOKIE, "c1").as_deref(), Some(vera));
    assert!(profiles.read(&anonymous, false).is_none(), "it lost its last identifier");
    let attributes = profiles.read(vera, false).unwrap().attributes;
    assert_eq!(attributes["EventCount"], 2);
    assert_eq!(attributes["LastSeenCategory"], "shoes");
}

#[test]
fn a_new_email_makes_a_known_profile_under_both_keys() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"cookieid": "c1", "email": "new@example.com"}));
    let new = at(&profiles, EMAIL, "new@example.com");
    assert!(new.is_some());
    assert_eq!(at(&profiles, EMAIL_SHA256, &normalised_sha256("new@example.com")), new);
    assert_eq!(at(&profiles, DEVICE_COOKIE, "c1"), new);
}

#[test]
fn another_persons_email_stays_theirs() {
    let mut profiles = profiles();
    let event = json!({"user_id": "user-vera", "email": "bob@example.com", "cookieid": "c1"});
    apply(&mut profiles, event);
    assert_eq!(
        at(&profiles, EMAIL, "bob@example.com").as_deref(),
        Some(NamedCustomer::Bob.profile_id())
    );
    assert_eq!(
        at(&profiles, DEVICE_COOKIE, "c1").as_deref(),
        Some(NamedCustomer::Vera.profile_id())
    );
}

#[test]
fn a_shared_browser_follows_the_last_person() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"cookieid": "c1", "user_id": "user-vera"}));
    apply(&mut profiles, json!({"cookieid": "c1", "user_id": "user-bob"}));
    assert_eq!(
        at(&profiles, DEVICE_COOKIE, "c1").as_deref(),
        Some(NamedCustomer::Bob.profile_id())
    );
    let vera = profiles.read(NamedCustomer::Vera.profile_id(), false).unwrap();
    assert!(!vera.links.contains_key("device_cookie"));
}

#[test]
fn amperity_id_names_the_profile_itself() {
    let mut profiles = profiles();
    let alice = NamedCustomer::Alice.profile_id();
    apply(&mut profiles, json!({"cookieid": "c1", "amperity_id": alice}));
    assert_eq!(at(&profiles, DEVICE_COOKIE, "c1").as_deref(), Some(alice));
}

#[test]
fn an_event_that_names_nobody_changes_nothing() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"type": "pageview", "amperity_id": "no-such-profile"}));
    assert!(profiles.created.is_empty() && profiles.activity.is_empty());
}

#[test]
fn unverified_fields_link_nothing() {
    let mut profiles = profiles();
    apply(&mut profiles, json!({"cookieid": "c1", "unverified_email": "vera@example.com"}));
    assert_ne!(
        at(&profiles, DEVICE_COOKIE, "c1").as_deref(),
        Some(NamedCustomer::Vera.profile_id())
    );
    assert_eq!(at(&profiles, CUSTOMER_ID, "user-vera").unwrap(), NamedCustomer::Vera.profile_id());
}
