use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
const LATER: Timestamp = Timestamp::constant(1_800_086_400, 0);

fn name(text: &str) -> Option<Identifier> {
    Identifier::new(text).ok()
}

fn id() -> CanonicalId {
    CanonicalId::from_random_bytes([3; 16])
}

fn binding(user: &str, email: Option<&str>) -> Binding {
    Binding {
        user_id: Identifier::new(user).unwrap(),
        email: email.and_then(name),
        phone: None,
        issued_at: NOW,
        expires_at: LATER,
    }
}

fn claims(user: &str, email: &str) -> Claims {
    Claims { user_id: name(user), email: name(email), ..Claims::default() }
}

#[test]
fn required_believes_proof_only() {
    let mut visitor = Visitor::default();
    visitor.identify(claims("u1", "claimed@example.com"), None, Verification::Required, NOW);
    let may = visitor.identifiers(id(), Verification::Required, NOW);
    assert_eq!((may.user_id, may.email, may.anonymous_id), (None, None, None));

    visitor.identify(
        Claims::default(),
        Some(binding("u1", Some("proven@example.com"))),
        Verification::Required,
        NOW,
    );
    let may = visitor.identifiers(id(), Verification::Required, NOW);
    assert_eq!((may.user_id, may.email), (name("u1"), name("proven@example.com")));
}

#[test]
fn a_binding_stops_counting_when_it_expires() {
    let mut visitor = Visitor::default();
    visitor.identify(Claims::default(), Some(binding("u1", None)), Verification::Required, NOW);
    assert_eq!(visitor.identifiers(id(), Verification::Required, LATER).user_id, None);
}

#[test]
fn a_token_that_comes_late_takes_back_nothing() {
    let mut visitor = Visitor::default();
    let newer = Binding { issued_at: LATER, ..binding("u1", Some("new@example.com")) };
    let old = Binding { expires_at: NOW, ..binding("u1", Some("old@example.com")) };
    for proof in [newer, old] {
        visitor.identify(Claims::default(), Some(proof), Verification::Required, NOW);
    }
    let may = visitor.identifiers(id(), Verification::Required, NOW);
    assert_eq!(may.email, name("new@example.com"));
}

#[test]
fn off_and_optional_believe_claims_after_proof() {
    for mode in [Verification::Off, Verification::Optional] {
        let mut visitor = Visitor::default();
        visitor.identify(claims("u1", "claimed@example.com"), None, mode, NOW);
        assert_eq!(visitor.identifiers(id(), mode, NOW).email, name("claimed@example.com"));
        visitor.identify(
            Claims::default(),
            Some(binding("u1", Some("proven@example.com"))),
            mode,
            NOW,
        );
        assert_eq!(visitor.identifiers(id(), mode, NOW).email, name("proven@example.com"));
    }
}

#[test]
fn what_was_said_of_one_person_does_not_stick_to_the_next() {
    let mut visitor = Visitor::default();
    visitor.identify(claims("u1", "one@example.com"), None, Verification::Required, NOW);
    visitor.identify(
        Claims { user_id: name("u2"), ..Claims::default() },
        None,
        Verification::Required,
        NOW,
    );
    let may = visitor.identifiers(id(), Verification::Off, NOW);
    assert_eq!((may.user_id, may.email), (name("u2"), None));
}

#[test]
fn another_subject_is_another_visitor_even_after_expiry() {
    let mut visitor = Visitor::default();
    visitor.identify(Claims::default(), Some(binding("u1", None)), Verification::Required, NOW);
    let before = visitor.clone();
    assert_eq!(
        visitor.identify(Claims::default(), Some(binding("u2", None)), Verification::Required, NOW),
        Identified::AnotherPerson
    );
    assert_eq!(
        visitor.identify(claims("u2", "x@example.com"), None, Verification::Required, NOW),
        Identified::AnotherPerson
    );
    assert_eq!(visitor, before);
}

#[test]
fn all_identifiers_are_those_that_may_ever_have_been_used() {
    let proven = binding("u1", Some("proven@example.com"));
    let mut visitor = Visitor::default();
    visitor.identify(claims("u1", "claimed@example.com"), Some(proven), Verification::Off, NOW);
    let emails = |mode| visitor.all_identifiers(id(), mode).map(|who| who.email);
    let [claimed, proven] = ["claimed@example.com", "proven@example.com"].map(name);
    // However old the proof is: what it led to may still be kept.
    assert_eq!(emails(Verification::Off), [claimed, proven.clone()]);
    assert_eq!(emails(Verification::Required), [None, proven]);
}

#[test]
fn a_record_reads_back_and_hides_its_people() {
    let mut visitor = Visitor::default();
    visitor.identify(
        claims("u1", "one@example.com"),
        Some(binding("u1", None)),
        Verification::Required,
        NOW,
    );
    let json = serde_json::to_string(&visitor).unwrap();
    assert_eq!(serde_json::from_str::<Visitor>(&json).unwrap(), visitor);
    assert!(!format!("{visitor:?}").contains("example.com"));
    assert_eq!(serde_json::to_string(&Visitor::default()).unwrap(), "{}");
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let one =
        || prop::option::of(prop::sample::select(vec!["c1", "c2"]).prop_map(|t| name(t).unwrap()));
    (one(), one(), one(), one()).prop_map(|(anonymous_id, user_id, email, phone)| Claims {
        anonymous_id,
        user_id,
        email,
        phone,
    })
}

fn any_proof() -> impl Strategy<Value = Option<Binding>> {
    prop::option::of(prop::sample::select(vec!["p1", "p2"]).prop_map(|p| binding(p, Some(p))))
}

proptest! {
    #[test]
    fn under_required_no_claim_is_ever_given_out(
        steps in prop::collection::vec((any_claims(), any_proof()), 0..8),
    ) {
        let mut visitor = Visitor::default();
        for (claims, proof) in steps {
            visitor.identify(claims, proof, Verification::Required, NOW);
        }
        let may = visitor.identifiers(id(), Verification::Required, NOW);
        for given in [may.anonymous_id, may.user_id, may.email, may.phone].into_iter().flatten() {
            prop_assert!(given.expose().starts_with('p'));
        }
    }

    #[test]
    fn the_same_identify_twice_is_as_once(
        earlier in prop::collection::vec((any_claims(), any_proof()), 0..4),
        claims in any_claims(), proof in any_proof(),
    ) {
        let mut visitor = Visitor::default();
        for (claims, proof) in earlier {
            visitor.identify(claims, proof, Verification::Required, NOW);
        }
        visitor.identify(claims.clone(), proof.clone(), Verification::Required, NOW);
        let once = visitor.clone();
        visitor.identify(claims, proof, Verification::Required, NOW);
        prop_assert_eq!(visitor, once);
    }
}
