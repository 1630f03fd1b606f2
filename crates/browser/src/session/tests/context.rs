//! Profiles that depend on the page: the answer to a page event brings them.

use super::*;

fn contextual(early: usize) -> Page {
    Page::new(Setup { context: true, ..setup(1, true, early) })
}

/// A page event of which this is known: the request, and whether it asks for the profile.
fn page_events(effects: &Effects) -> Vec<(RequestId, bool)> {
    let post = |e: &_| match e {
        Effect::Post { request, kind: Kind::Page, enrich, .. } => Some((*request, *enrich)),
        _ => None,
    };
    effects.iter().filter_map(post).collect()
}

#[test]
fn one_request_is_both_the_event_and_the_profile() {
    let mut page = contextual(0);
    page.event(Kind::Page, "");
    page.ready(1);
    let effects = page.effects();
    let [(request, true)] = page_events(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(enriches(&effects), []);
    page.enriched(request, some("promo"));
    page.posted(request, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("promo")]]);
    assert_eq!(settled(&effects), [(1, Reason::Network, 0)]);
    assert_eq!(enriches(&effects), []);
    page.ready(2);
    assert_eq!(settled(&page.effects()), [(2, Reason::Network, 0)]);
}

#[test]
fn without_context_an_event_brings_nothing() {
    let mut page = Page::new(setup(1, true, 0));
    page.event(Kind::Page, "");
    let effects = page.effects();
    assert!(matches!(page_events(&effects)[..], [(_, false)]));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn plain_attributes_are_shown_at_once_and_settle_nobody_while_the_page_event_is_on_its_way() {
    let mut page = contextual(1);
    page.event(Kind::Page, "");
    page.ready(1);
    page.enriched(RequestId(0), inline("plain"));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("plain")]]);
    assert_eq!(settled(&effects), []);
    let (request, _) = page_events(&effects)[0];
    page.ready(2);
    assert_eq!(page.effects(), []);
    page.enriched(request, some("promo"));
    page.posted(request, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("promo")]]);
    assert_eq!(settled(&effects), [(1, Reason::Network, 0), (2, Reason::Network, 0)]);
}

#[test]
fn an_answer_without_a_profile_leaves_the_plain_one() {
    let mut page = contextual(1);
    page.event(Kind::Page, "");
    page.ready(1);
    page.enriched(RequestId(0), inline("plain"));
    let (request, _) = page_events(&page.effects())[0];
    page.posted(request, Receipt::Accepted, 0.0);
    assert_eq!(settled(&page.effects()), [(1, Reason::Inline, 0)]);
}

#[test]
fn an_answer_without_a_profile_where_none_is_known_leaves_it_to_an_enrich() {
    let mut page = contextual(0);
    page.event(Kind::Page, "");
    page.ready(1);
    let (request, _) = page_events(&page.effects())[0];
    page.posted(request, Receipt::Accepted, 0.0);
    let effects = page.effects();
    let [(request, false)] = enriches(&effects)[..] else { panic!("{effects:?}") };
    page.enriched(request, some("plain"));
    assert_eq!(settled(&page.effects()), [(1, Reason::Network, 0)]);
}

#[test]
fn an_event_the_server_does_not_take_is_not_waited_for() {
    let mut page = contextual(1);
    page.event(Kind::Page, "");
    page.ready(1);
    page.enriched(RequestId(0), inline("plain"));
    let (request, _) = page_events(&page.effects())[0];
    page.posted(request, lost(), 0.0);
    let effects = page.effects();
    assert_eq!(settled(&effects), [(1, Reason::Inline, 0)]);
    page.woken(wakes(&effects)[0].0);
    let [(request, true)] = page_events(&page.effects())[..] else { panic!() };
    page.enriched(request, some("promo"));
    assert_eq!(profiles(&page.effects()), [[Some("promo")]]);
}

#[test]
fn an_event_of_which_nothing_is_known_leaves_it_to_an_enrich_when_it_is_not_taken() {
    let mut page = contextual(0);
    page.event(Kind::Page, "");
    page.ready(1);
    let (request, _) = page_events(&page.effects())[0];
    page.posted(request, lost(), 0.0);
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn a_failed_enrich_leaves_the_answer_to_the_event_that_is_on_its_way() {
    let mut page = contextual(1);
    page.event(Kind::Page, "");
    page.ready(1);
    let (request, _) = page_events(&page.effects())[0];
    page.enriched(RequestId(0), none(Reason::Error));
    assert_eq!(settled(&page.effects()), []);
    page.enriched(request, some("promo"));
    page.posted(request, Receipt::Accepted, 0.0);
    assert_eq!(settled(&page.effects()), [(1, Reason::Network, 0)]);
}

#[test]
fn what_was_asked_before_the_event_is_given_up_for_its_answer() {
    let mut page = contextual(1);
    page.event(Kind::Page, "");
    let (request, _) = page_events(&page.effects())[0];
    page.enriched(request, some("promo"));
    let effects = page.effects();
    assert!(effects.contains(&Effect::Abort(RequestId(0))));
    page.enriched(RequestId(0), some("plain"));
    assert_eq!(page.effects(), []);
}

#[test]
fn the_answer_counts_for_its_epoch_only_and_the_event_is_not_cut() {
    let mut page = contextual(0);
    page.event(Kind::Page, "");
    page.ready(1);
    let (request, _) = page_events(&page.effects())[0];
    page.event(IDENTIFY, "");
    let effects = page.effects();
    assert!(!effects.contains(&Effect::Abort(request)));
    page.enriched(request, some("stale"));
    page.posted(request, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!((profiles(&effects), settled(&effects)), (vec![], vec![]));
    let [(identify, _)] = posts(&effects)[..] else { panic!("{effects:?}") };
    page.posted(identify, Receipt::Accepted, 0.0);
    let (request, _) = enriches(&page.effects())[0];
    page.enriched(request, some("fresh"));
    assert_eq!(settled(&page.effects()), [(1, Reason::Network, 1)]);
}

#[test]
fn an_event_before_an_identify_or_a_log_out_brings_nothing_and_one_after_it_does() {
    for kind in [IDENTIFY, Kind::Reset] {
        let mut page = contextual(0);
        page.event(Kind::Page, "");
        page.event(kind, "");
        page.event(Kind::Page, "");
        let [(before, false)] = page_events(&page.effects())[..] else { panic!() };
        page.posted(before, Receipt::Accepted, 0.0);
        let mut effects = page.effects();
        if kind == Kind::Reset {
            // An identify has left with the event before it.
            let (between, _) = posts(&effects)[0];
            page.posted(between, Receipt::Accepted, 0.0);
            effects = page.effects();
        }
        assert!(matches!(page_events(&effects)[..], [(_, true)]), "{effects:?}");
        assert_eq!(enriches(&effects), []);
    }
}

#[test]
fn a_refresh_has_a_request_of_its_own() {
    let mut page = contextual(1);
    page.enriched(RequestId(0), inline("plain"));
    page.event(Kind::Page, "");
    page.refresh(1);
    let (request, _) = page_events(&page.effects())[0];
    page.enriched(request, some("promo"));
    page.posted(request, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(settled(&effects), []);
    let [(request, true)] = enriches(&effects)[..] else { panic!("{effects:?}") };
    page.enriched(request, some("newest"));
    assert_eq!(settled(&page.effects()), [(1, Reason::Network, 0)]);
}
