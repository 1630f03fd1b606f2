//! People's requests, through their whole life.

use datafly_core::linking_key::Identifiers;
use jiff::civil::date;

use super::*;
use crate::erasure::{Erasure, Registration, Subject, SubjectKey, TrackingId, Wish};

fn erasure(vendor: &Vendor) -> AlgonomyErasure {
    AlgonomyErasure::new(&vendor.around, &vendor.config(&[]).unwrap()).unwrap()
}

fn subject(key: SubjectKey, value: &str) -> Subject {
    Subject { key, value: Identifier::new(value).unwrap() }
}

fn vera() -> Subject {
    subject(SubjectKey::Email, "vera@example.com")
}

async fn register(erasure: &AlgonomyErasure, wish: Wish) -> TrackingId {
    match erasure.register(wish, &vera()).await.unwrap() {
        Registration::Registered(Some(id)) => id,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_registered_carried_out_and_told_of() {
    let vendor = Vendor::in_virtual_time();
    let erasure = erasure(&vendor);
    let id = register(&erasure, Wish::Access).await;
    let pending = erasure.progress(&id).await.unwrap().unwrap();
    assert_eq!((&*pending.state, pending.wish), ("registered", Some(Wish::Access)));
    assert_eq!(pending.registered, Some(date(2027, 1, 15).at(8, 0, 0, 0)));
    assert_eq!((pending.completed, pending.report), (None, None));
    tokio::time::sleep(Duration::from_hours(48)).await;
    let done = erasure.progress(&id).await.unwrap().unwrap();
    assert_eq!((&*done.state, done.completed), ("done", Some(date(2027, 1, 17).at(0, 0, 0, 0))));
    assert!(done.report.unwrap().ends_with("user_details.zip"));
    assert_eq!(erasure.progress(&TrackingId::new("1").unwrap()).await, Ok(None));

    // The identifier is in a header, and no header is in any record; the tokens are the API's own.
    let requests = vendor.sandbox.requests();
    assert!(requests[0].path.ends_with("/token/gdpr/create"), "{}", requests[0].path);
    assert_eq!(
        requests[1].body,
        json!({"reqType": "access", "reqParam": "email", "reqSource": "datafly"})
    );
    assert!(requests[1].headers.contains(&"reqparamvalue".to_owned()));
    assert_eq!(requests[3].query, ["trackingId"]);
    assert!(!format!("{requests:?} {:?}", vera()).contains("vera@"), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_forgotten_has_no_profile_any_more_unless_it_is_taken_back_in_time() {
    let vendor = Vendor::in_virtual_time();
    let (erasure, client) = (erasure(&vendor), vendor.client());
    register(&erasure, Wish::Forget).await;
    assert_eq!(erasure.revoke(Wish::Forget, &vera()).await, Ok(true));
    tokio::time::sleep(Duration::from_hours(48)).await;
    assert!(client.look_up(&email("vera@example.com")).await.unwrap().is_some());

    register(&erasure, Wish::Forget).await;
    tokio::time::sleep(Duration::from_hours(48)).await;
    assert_eq!(erasure.revoke(Wish::Access, &vera()).await, Ok(false), "nobody is there");
    assert_eq!(client.look_up(&email("vera@example.com")).await, Ok(None));
    assert_eq!(erasure.register(Wish::Forget, &vera()).await, Ok(Registration::Nobody));
    let alice = subject(SubjectKey::Phone, "+447700900102");
    assert_eq!(erasure.revoke(Wish::Forget, &alice).await, Err(ProviderError::Failed));
}

#[tokio::test]
async fn who_proves_several_identifiers_is_forgotten_by_each_that_the_vendor_is_asked_by() {
    let vendor = Vendor::start().await;
    let erasure = erasure(&vendor);
    let identifier = |text: &str| Some(Identifier::new(text).unwrap());
    let who = Identifiers {
        user_id: identifier(NamedCustomer::Vera.profile_id()),
        email: identifier("vera@example.com"),
        // No linking key names it.
        phone: identifier("+447700900101"),
        ..Identifiers::default()
    };
    assert_eq!(erasure.forget(&who).await, Ok(2));
    let asked: Vec<_> =
        vendor.sandbox.gdpr_requests().into_iter().map(|it| (it.req_param, it.value)).collect();
    let expected = [("email", "vera@example.com"), ("gcrid", NamedCustomer::Vera.profile_id())];
    assert_eq!(asked, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // Somebody whom the vendor does not know, and one it cannot be told of.
    for stranger in ["stranger@example.com", "jos\u{e9}@example.com"] {
        let who = Identifiers { email: identifier(stranger), ..Identifiers::default() };
        assert_eq!(erasure.forget(&who).await, Ok(0));
    }
    vendor.sandbox.fault("algonomy.gdpr.register", None, Fault::status(503)).unwrap();
    assert_eq!(erasure.forget(&who).await, Err(ProviderError::Unavailable { status: 503 }));
}

#[test]
fn a_tracking_id_cannot_leave_its_place_in_an_address() {
    for bad in ["", "1&x=2", "1/..", "1\r\n", &"1".repeat(65)] {
        assert!(TrackingId::new(bad).is_none(), "{bad:?}");
    }
    assert_eq!(TrackingId::new("496").unwrap().as_str(), "496");
}
