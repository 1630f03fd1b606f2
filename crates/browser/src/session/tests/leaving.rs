//! Other tabs, unconfirmed log-outs, and a first visit that is not over.

use super::*;

fn shared(epoch: u32, left: u32, heard: u32) -> Shared {
    Shared { epoch, left, heard, ..Shared::default() }
}

#[test]
fn a_log_out_in_another_tab_empties_this_one_and_holds_it_until_the_server_has_heard() {
    let mut page = hydrated();
    page.stored(shared(5, 1, 0));
    assert_eq!(profiles(&page.effects()), [[None]]);
    assert_eq!(page.epoch(), 5);
    page.ready(1);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    assert_eq!(settled(&effects), []);
    assert_eq!(wakes(&effects).iter().map(|wake| wake.1).collect::<Vec<_>>(), [5_000]);
    page.stored(shared(5, 1, 1));
    let (asked, _) = enriches(&page.effects())[0];
    page.enriched(asked, some("new"));
    assert_eq!(settled(&page.effects()), [(1, Reason::Network, 5)]);
}

#[test]
fn what_another_tabs_log_out_finds_under_way_is_forgotten() {
    let mut page = hydrated();
    page.refresh(1);
    let (asked_with_old_cookie, _) = enriches(&page.effects())[0];
    page.stored(shared(1, 1, 0));
    assert!(page.effects().contains(&Effect::Abort(asked_with_old_cookie)));
    page.enriched(asked_with_old_cookie, some("old"));
    assert_eq!(page.effects(), []);
}

#[test]
fn a_log_out_of_another_tab_that_is_not_confirmed_in_time_is_sent_by_this_one() {
    let mut page = hydrated();
    page.stored(shared(1, 1, 0));
    page.ready(1);
    let [(timer, _)] = wakes(&page.effects())[..] else { panic!() };
    page.woken(timer);
    let effects = page.effects();
    let [(reset, Kind::Reset)] = posts(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(page.epoch(), 1);
    page.posted(reset, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(1, 1, 1))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn nothing_is_sent_for_a_log_out_that_was_confirmed_in_time() {
    let mut page = hydrated();
    page.stored(shared(1, 1, 0));
    page.ready(1);
    let [(timer, _)] = wakes(&page.effects())[..] else { panic!() };
    page.stored(shared(1, 1, 1));
    page.woken(timer);
    assert_eq!(posts(&page.effects()), []);
}

#[test]
fn a_page_that_starts_after_an_unconfirmed_log_out_sends_it_first() {
    let mut page = Page::new(Setup { shared: shared(3, 2, 1), ..setup(1, true, 0) });
    page.ready(1);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    let [(reset, Kind::Reset)] = posts(&effects)[..] else { panic!("{effects:?}") };
    page.posted(reset, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(shared(3, 2, 2))));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn only_the_last_of_two_log_outs_is_the_confirmation() {
    let mut page = hydrated();
    page.event(Kind::Reset, "");
    page.event(Kind::Reset, "");
    page.ready(1);
    let (first, _) = posts(&page.effects())[0];
    page.posted(first, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    page.posted(posts(&effects)[0].0, Receipt::Accepted, 0.0);
    assert!(page.effects().contains(&Effect::Remember(shared(2, 2, 2))));
}

#[test]
fn a_log_out_that_another_tab_confirmed_is_not_sent_again() {
    let mut page = hydrated();
    page.event(IDENTIFY, "");
    page.event(Kind::Track, "");
    page.event(Kind::Reset, "");
    let effects = page.effects();
    page.posted(posts(&effects)[0].0, lost(), 0.0);
    let [(timer, _)] = wakes(&page.effects())[..] else { panic!() };
    page.stored(shared(2, 1, 1));
    page.woken(timer);
    let [(track, Kind::Track)] = posts(&page.effects())[..] else { panic!() };
    page.posted(track, Receipt::Accepted, 0.0);
    assert_eq!(posts(&page.effects()), []);
}

#[test]
fn a_refused_log_out_is_tried_again() {
    let mut page = hydrated();
    page.event(Kind::Reset, "");
    page.ready(1);
    let (reset, _) = posts(&page.effects())[0];
    page.posted(reset, Receipt::Refused("NO"), 0.0);
    let effects = page.effects();
    assert_eq!(settled(&effects), [(1, Reason::Error, 1)]);
    page.ready(2);
    assert_eq!(settled(&page.effects()), [(2, Reason::Error, 1)]);
    let [(timer, _)] = wakes(&effects)[..] else { panic!("{effects:?}") };
    page.woken(timer);
    let [(reset, Kind::Reset)] = posts(&page.effects())[..] else { panic!() };
    page.posted(reset, Receipt::Accepted, 0.0);
    assert!(page.effects().contains(&Effect::Remember(shared(1, 1, 1))));
}

#[test]
fn an_identify_in_another_tab_starts_an_epoch_here() {
    let mut page = hydrated();
    page.refresh(1);
    let (old, _) = enriches(&page.effects())[0];
    page.stored(shared(1, 0, 0));
    let effects = page.effects();
    assert!(effects.contains(&Effect::Abort(old)));
    assert_eq!(profiles(&effects), Vec::<Vec<_>>::new());
    let [(new, true)] = enriches(&effects)[..] else { panic!("{effects:?}") };
    page.enriched(old, some("old"));
    assert_eq!(page.effects(), []);
    page.enriched(new, some("new"));
    let effects = page.effects();
    assert_eq!(effects[0], Effect::Profile { attributes: vec![Some("new")], epoch: 1 });
    assert_eq!(settled(&effects), [(1, Reason::Network, 1)]);
}

#[test]
fn on_a_first_visit_an_identify_waits_for_the_request_that_mints_the_id() {
    let mut page = Page::new(setup(1, false, 1));
    page.ready(1);
    page.event(IDENTIFY, "");
    let effects = page.effects();
    let hasten = Effect::Hasten { request: RequestId(0), after_ms: 1_500 };
    assert_eq!(effects, [Effect::Remember(shared(1, 0, 0)), hasten]);
    page.enriched(RequestId(0), some("old"));
    let effects = page.effects();
    assert_eq!((profiles(&effects), settled(&effects)), (vec![], vec![]));
    let [(identify, IDENTIFY)] = posts(&effects)[..] else { panic!("{effects:?}") };
    page.posted(identify, Receipt::Accepted, 0.0);
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn a_failed_first_request_of_an_older_epoch_only_frees_the_line() {
    let mut page = Page::new(setup(2, false, 1));
    page.event(IDENTIFY, "");
    page.effects();
    page.enriched(RequestId(0), none(Reason::Timeout));
    let effects = page.effects();
    assert_eq!(codes(&effects), Vec::<&str>::new());
    assert_eq!(posts(&effects).len(), 1);
    page.ready(1);
    assert_eq!(enriches(&page.effects()), []);
}

#[test]
fn a_storage_that_was_cleared_is_told_again() {
    let mut page = hydrated();
    page.stored(shared(4, 1, 1));
    page.effects();
    page.stored(Shared::default());
    assert_eq!(page.effects(), [Effect::Remember(shared(4, 1, 1))]);
    page.stored(shared(1, 0, 0));
    assert_eq!(page.effects(), [Effect::Remember(shared(4, 1, 1))]);
    assert_eq!(page.epoch(), 4);
}

#[test]
fn who_is_here_is_certain_once_nobody_waits_to_be_named_or_let_go() {
    let mut page = hydrated();
    assert!(page.is_certain());
    for kind in [IDENTIFY, Kind::Reset] {
        page.event(Kind::Track, "");
        let (track, _) = posts(&page.effects())[0];
        page.event(kind, "");
        page.posted(track, Receipt::Accepted, 0.0);
        assert!(!page.is_certain());
        let (named, _) = posts(&page.effects())[0];
        page.posted(named, lost(), 0.0);
        assert!(!page.is_certain());
        let [(timer, _)] = wakes(&page.effects())[..] else { panic!() };
        page.woken(timer);
        let (named, _) = posts(&page.effects())[0];
        page.posted(named, Receipt::Accepted, 0.0);
        page.event(Kind::Consent { denies: false }, "");
        assert!(page.is_certain());
        let (consent, _) = posts(&page.effects())[0];
        page.posted(consent, Receipt::Accepted, 0.0);
    }
    page.stored(shared(9, 2, 1));
    assert!(!page.is_certain(), "another tab's log-out");
}
