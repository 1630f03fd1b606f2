//! What the visitor allows.

use super::*;

const GRANT: Kind = Kind::Consent { denies: false };
const DENY: Kind = Kind::Consent { denies: true };

fn shared(epoch: u32, denied: u32, obeyed: u32) -> Shared {
    Shared { epoch, denied, obeyed, ..Shared::default() }
}

fn timer(effects: &Effects) -> TimerId {
    wakes(effects)[0].0
}

#[test]
fn a_consent_starts_an_epoch_and_the_profile_is_asked_for_anew_once_the_server_knows() {
    let mut page = hydrated();
    page.event(GRANT, "state");
    let effects = page.effects();
    assert_eq!(profiles(&effects), Vec::<Vec<_>>::new(), "what is shown stays");
    assert_eq!(enriches(&effects), []);
    assert!(effects.contains(&Effect::Remember(shared(1, 0, 0))));
    let (consent, _) = posts(&effects)[0];
    page.posted(consent, Receipt::Accepted, 0.0);
    let (request, _) = enriches(&page.effects())[0];
    page.enriched(request, some("allowed"));
    let effects = page.effects();
    assert_eq!(effects, [Effect::Profile { attributes: vec![Some("allowed")], epoch: 1 }]);
}

#[test]
fn one_that_allows_no_profile_empties_it_at_once_and_none_is_asked_for_before_the_server_knows() {
    let mut page = hydrated();
    page.event(DENY, "state");
    page.ready(1);
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[None]]);
    assert!(effects.contains(&Effect::Remember(shared(1, 1, 0))));
    let (consent, _) = posts(&effects)[0];
    page.posted(consent, lost(), 0.0);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    assert_eq!(settled(&effects), [(1, Reason::Error, 1)]);
    page.woken(timer(&effects));
    let (consent, _) = posts(&page.effects())[0];
    page.posted(consent, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(1, 1, 1))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn what_is_under_way_when_it_is_denied_is_forgotten() {
    let mut page = Page::new(setup(1, true, 1));
    page.event(DENY, "state");
    assert!(page.effects().contains(&Effect::Abort(RequestId(0))));
    page.enriched(RequestId(0), some("not allowed"));
    assert_eq!(page.effects(), []);
}

#[test]
fn a_denial_in_another_tab_empties_this_one_and_holds_it_until_the_server_knows() {
    let mut page = hydrated();
    page.stored(shared(1, 1, 0));
    page.ready(1);
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[None]]);
    assert_eq!((enriches(&effects), posts(&effects)), (vec![], vec![]));
    page.stored(shared(1, 1, 1));
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn a_denial_of_another_tab_does_not_drop_who_was_named_here() {
    let mut page = hydrated();
    page.event(Kind::Track, "");
    page.event(IDENTIFY, "");
    page.effects();
    page.stored(shared(2, 1, 1));
    assert_eq!(gone(&page.effects()), Vec::<&str>::new());
}

#[test]
fn a_denial_that_its_own_tab_does_not_get_through_is_sent_by_this_one() {
    let mut page = hydrated();
    page.stored(shared(1, 1, 0));
    page.ready(1);
    let effects = page.effects();
    assert_eq!((enriches(&effects), posts(&effects)), (vec![], vec![]));
    page.woken(timer(&effects));
    let effects = page.effects();
    let [(consent, DENY)] = posts(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(enriches(&effects), []);
    page.posted(consent, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(1, 1, 1))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn a_page_that_starts_after_an_unconfirmed_denial_sends_what_was_stored_of_it_first() {
    let mut page = Page::new(Setup { shared: shared(3, 2, 1), ..setup(1, true, 0) });
    page.ready(1);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    let [Effect::Post { request, kind: DENY, ref events, .. }] = effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(events[..], [Parcel { body: None, left: false }]);
    page.posted(request, lost(), 0.0);
    let effects = page.effects();
    assert_eq!((settled(&effects), enriches(&effects)), (vec![(1, Reason::Error, 3)], vec![]));
    page.woken(timer(&effects));
    let (again, _) = posts(&page.effects())[0];
    page.posted(again, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(3, 2, 2))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn one_that_left_by_beacon_is_told_again_if_the_page_comes_back() {
    let mut page = hydrated();
    page.event(DENY, "state");
    page.leave(true, false, true);
    assert!(matches!(page.parting(), Some((DENY, _))));
    page.parted();
    assert!(page.parting().is_none());
    page.shown();
    let effects = page.effects();
    assert_eq!((posts(&effects)[0].1, enriches(&effects)), (DENY, vec![]));
}

#[test]
fn a_log_out_makes_a_denial_void_and_goes_before_one_that_follows_it() {
    let mut page = hydrated();
    page.event(DENY, "state");
    page.event(Kind::Reset, "");
    let gone = Shared { epoch: 2, left: 1, heard: 0, denied: 1, obeyed: 1 };
    assert!(page.effects().contains(&Effect::Remember(gone)));

    let both = Shared { epoch: 3, denied: 2, ..gone };
    let mut page = Page::new(Setup { shared: both, ..setup(1, true, 0) });
    let [(reset, Kind::Reset)] = posts(&page.effects())[..] else { panic!() };
    page.posted(reset, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!((posts(&effects)[0].1, enriches(&effects)), (DENY, vec![]));
}

#[test]
fn a_denial_the_server_refuses_does_not_hold_the_page_for_ever() {
    let mut page = hydrated();
    page.event(DENY, "state");
    page.ready(1);
    let (consent, _) = posts(&page.effects())[0];
    page.posted(consent, Receipt::Refused("NO"), 0.0);
    let effects = page.effects();
    assert_eq!(codes(&effects), ["NO"]);
    assert!(effects.contains(&Effect::Remember(shared(1, 1, 1))), "nor is it sent again");
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn two_denials_are_confirmed_by_the_second() {
    let mut page = hydrated();
    page.event(DENY, "first");
    page.event(DENY, "second");
    let (first, _) = posts(&page.effects())[0];
    page.posted(first, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Remember(_))), "the second may be lost");
    page.posted(posts(&effects)[0].0, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(2, 2, 2))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn a_grant_after_a_denial_is_the_last_word() {
    let mut page = hydrated();
    page.event(DENY, "first");
    page.event(GRANT, "second");
    let (first, _) = posts(&page.effects())[0];
    page.posted(first, Receipt::Accepted, 0.0);
    let (second, _) = posts(&page.effects())[0];
    page.posted(second, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(2, 1, 1))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn one_that_is_on_its_way_when_the_page_goes_is_tried_again_if_it_comes_back() {
    let mut page = hydrated();
    page.event(GRANT, "state");
    let (consent, _) = posts(&page.effects())[0];
    page.leave(true, true, true);
    page.shown();
    page.posted(consent, lost(), 0.0);
    let effects = page.effects();
    page.woken(timer(&effects));
    let effects = page.effects();
    assert_eq!(sent(&effects), ["state"], "not only asked about");
}

#[test]
fn one_that_was_on_its_way_when_another_tabs_log_out_was_confirmed_is_not_tried_again() {
    let mut page = hydrated();
    page.event(GRANT, "state");
    let (consent, _) = posts(&page.effects())[0];
    page.stored(Shared { epoch: 2, left: 1, heard: 1, ..Shared::default() });
    page.event(Kind::Track, "next");
    page.posted(consent, lost(), 0.0);
    let effects = page.effects();
    assert_eq!((gone(&effects), sent(&effects)), (vec!["state"], vec!["next".to_owned()]));
}
