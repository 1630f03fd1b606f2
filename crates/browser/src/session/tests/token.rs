//! An identify that waits for a token: nothing overtakes it, and a log-out makes it void.

use super::*;

const PROVE: Kind = Kind::Identify { asks: true };

#[test]
fn a_log_out_withdraws_the_identify_that_waits_for_a_token() {
    let mut page = hydrated();
    page.event(PROVE, "who");
    page.event(Kind::Track, "");
    let [(identify, PROVE)] = posts(&page.effects())[..] else { panic!() };
    page.event(Kind::Reset, "");
    let effects = page.effects();
    assert!(effects.contains(&Effect::Withdraw(identify)));
    assert_eq!(posts(&effects), [], "it may be on its way already");
    page.posted(identify, Receipt::Withdrawn, 0.0);
    let effects = page.effects();
    assert_eq!((posts(&effects)[0].1, codes(&effects)), (Kind::Track, vec![]));
}

#[test]
fn a_log_out_drops_those_that_would_ask_for_a_token_later() {
    let mut page = hydrated();
    page.event(Kind::Track, "");
    page.event(PROVE, "who");
    page.event(IDENTIFY, "somebody");
    page.event(Kind::Reset, "");
    assert_eq!(gone(&page.effects()), ["who"]);
}

#[test]
fn an_attempt_that_fails_after_the_log_out_is_the_last() {
    let mut page = hydrated();
    page.event(PROVE, "who");
    let (identify, _) = posts(&page.effects())[0];
    page.event(Kind::Reset, "");
    page.effects();
    page.posted(identify, lost(), 0.0);
    let effects = page.effects();
    assert_eq!((posts(&effects)[0].1, codes(&effects)), (Kind::Reset, vec![]));
}

#[test]
fn a_log_out_in_another_tab_withdraws_it_too() {
    let mut page = hydrated();
    page.event(PROVE, "who");
    let (identify, _) = posts(&page.effects())[0];
    page.stored(Shared { epoch: 2, left: 1, heard: 1, ..Shared::default() });
    assert!(page.effects().contains(&Effect::Withdraw(identify)));
    page.posted(identify, Receipt::Withdrawn, 0.0);
    assert_eq!(posts(&page.effects()), []);
}

#[test]
fn an_identify_with_nothing_to_wait_for_goes_before_the_log_out() {
    let mut page = hydrated();
    page.event(IDENTIFY, "who");
    let (identify, _) = posts(&page.effects())[0];
    page.event(Kind::Reset, "");
    assert!(!page.effects().contains(&Effect::Withdraw(identify)));
    page.posted(identify, Receipt::Accepted, 0.0);
    assert_eq!(posts(&page.effects())[0].1, Kind::Reset);
}

#[test]
fn what_was_withdrawn_is_no_answer_of_the_server() {
    let mut page = Page::new(setup(0, false, 0));
    page.event(PROVE, "who");
    let (identify, _) = posts(&page.effects())[0];
    page.event(Kind::Reset, "");
    page.event(Kind::Track, "");
    page.effects();
    page.posted(identify, Receipt::Withdrawn, 0.0);
    let effects = page.effects();
    let [(_, Kind::Reset)] = posts(&effects)[..] else { panic!("{effects:?}") };
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Post { deadline_ms: 3_000, .. })),
        "the visitor's cookie is not known to exist yet"
    );
}
