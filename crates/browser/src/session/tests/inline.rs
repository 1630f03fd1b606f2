//! Profiles that came with the loader.

use super::*;

#[test]
fn what_came_with_the_loader_is_the_answer_and_nothing_is_asked() {
    let mut page = Page::new(setup(2, true, 2));
    page.ready(1);
    page.enriched(RequestId(0), inline("a"));
    page.enriched(RequestId(1), none(Reason::Empty));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("a"), None]]);
    assert_eq!(settled(&effects), [(1, Reason::Inline, 0)]);
    assert_eq!((enriches(&effects), codes(&effects)), (vec![], vec![]));
    page.ready(2);
    assert_eq!(settled(&page.effects()), [(2, Reason::Inline, 0)]);
}

#[test]
fn what_is_missing_is_waited_for_and_the_profile_shown_as_a_whole() {
    let mut page = Page::new(setup(2, true, 2));
    page.ready(1);
    page.enriched(RequestId(0), inline("a"));
    assert_eq!(page.effects(), []);
    page.enriched(RequestId(1), some("b"));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("a"), Some("b")]]);
    assert_eq!(settled(&effects), [(1, Reason::Network, 0)]);
}

#[test]
fn what_came_with_the_loader_is_shown_also_if_the_rest_fails() {
    let mut page = Page::new(setup(2, true, 2));
    page.ready(1);
    page.enriched(RequestId(0), inline("a"));
    page.enriched(RequestId(1), none(Reason::Error));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("a"), None]]);
    assert_eq!(settled(&effects), [(1, Reason::Inline, 0)]);
    assert_eq!(codes(&effects), ["ENRICH_FAILED"]);
}

#[test]
fn a_refresh_asks_past_what_came_with_the_loader() {
    let mut page = Page::new(setup(1, true, 1));
    page.enriched(RequestId(0), inline("a"));
    page.effects();
    page.refresh(1);
    let [(request, true)] = enriches(&page.effects())[..] else { panic!() };
    page.enriched(request, some("b"));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("b")]]);
    assert_eq!(settled(&effects), [(1, Reason::Network, 0)]);
}

#[test]
fn an_identify_makes_it_void() {
    let mut page = Page::new(setup(1, true, 1));
    page.event(IDENTIFY, "");
    page.effects();
    page.enriched(RequestId(0), inline("a"));
    assert_eq!(page.effects(), []);
}
