//! How events leave: together, in order, once, and also when the page goes away.

use super::*;
use crate::queue::{BATCH, BATCH_BYTES};

const PROVE: Kind = Kind::Identify { asks: true };
const DENY: Kind = Kind::Consent { denies: true };
const GRANT: Kind = Kind::Consent { denies: false };

fn quiet() -> Page {
    let mut page = Page::new(setup(0, true, 0));
    page.effects();
    page
}

fn request(effects: &Effects) -> RequestId {
    posts(effects)[0].0
}

fn nothing() -> Vec<&'static str> {
    Vec::new()
}

#[test]
fn what_is_called_in_one_go_leaves_as_one_batch_and_what_gathers_meanwhile_as_the_next() {
    let mut page = quiet();
    for (kind, name) in [(Kind::Page, "a"), (IDENTIFY, "b"), (Kind::Track, "c")] {
        page.event(kind, name);
    }
    let effects = page.effects();
    assert_eq!(sent(&effects), ["a b c"]);
    page.event(Kind::Track, "d");
    page.event(Kind::Track, "e");
    assert_eq!(page.effects(), []);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!((gone(&effects), sent(&effects)), (vec!["a", "b", "c"], vec!["d e".to_owned()]));
}

#[test]
fn decisions_and_what_asks_for_a_token_go_alone_and_in_their_place() {
    let mut page = quiet();
    let calls =
        [(Kind::Track, "a"), (PROVE, "b"), (Kind::Track, "c"), (GRANT, "d"), (Kind::Page, "e")];
    for (kind, name) in calls {
        page.event(kind, name);
    }
    for name in ["a", "b", "c", "d", "e"] {
        let effects = page.effects();
        assert_eq!(sent(&effects), [name]);
        page.posted(request(&effects), Receipt::Accepted, 0.0);
    }
}

#[test]
fn a_batch_has_a_bound_in_events_and_in_bytes() {
    let mut page = quiet();
    for _ in 0..=BATCH {
        page.event(Kind::Track, "");
    }
    let effects = page.effects();
    let counts = |effects: &Effects| -> Vec<usize> {
        let count = |e: &_| match e {
            Effect::Post { events, .. } => Some(events.len()),
            _ => None,
        };
        effects.iter().filter_map(count).collect()
    };
    assert_eq!(counts(&effects), [BATCH]);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    let effects = page.effects();
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    for bytes in [BATCH_BYTES - 1, 1, 1, BATCH_BYTES + 1, 1] {
        page.0.event(Kind::Track, "", bytes);
    }
    for expected in [2, 1, 1, 1] {
        let effects = page.effects();
        assert_eq!(counts(&effects), [expected]);
        page.posted(request(&effects), Receipt::Accepted, 0.0);
    }
}

#[test]
fn what_a_full_queue_gives_up_is_kept_no_longer() {
    let mut page = quiet();
    page.event(Kind::Track, "sent");
    page.effects();
    page.event(GRANT, "decision");
    page.event(Kind::Track, "oldest");
    page.0.event(Kind::Track, "large", crate::queue::MOST_BYTES - 2);
    let effects = page.effects();
    assert_eq!((gone(&effects), codes(&effects)), (vec!["oldest"], vec!["QUEUE_FULL"]));
}

#[test]
fn a_refused_batch_is_not_sent_again() {
    let mut page = quiet();
    page.event(Kind::Track, "a");
    page.event(Kind::Track, "b");
    let batch = request(&page.effects());
    page.posted(batch, Receipt::Refused("NO"), 0.0);
    let effects = page.effects();
    assert_eq!((gone(&effects), codes(&effects)), (vec!["a", "b"], vec!["NO"]));
    assert_eq!(sent(&effects), nothing());
}

#[test]
fn a_turn_that_comes_too_late_sends_nothing() {
    let mut page = quiet();
    page.event(Kind::Track, "a");
    let [Effect::Turn { request, shared: true }] = page.0.effects()[..] else { panic!() };
    assert_eq!(page.0.effects(), [], "one turn at a time");
    assert_eq!(page.unload(true), [["a"]]);
    assert!(!page.turn(request));
    page.event(DENY, "b");
    let effects = page.0.effects();
    let turn = effects.iter().find_map(|e| match e {
        Effect::Turn { request, shared } => Some((*request, *shared)),
        _ => None,
    });
    assert!(turn.is_some(), "what was left is asked for");
    assert!(!page.turn(request));
}

#[test]
fn what_is_in_flight_when_the_page_goes_is_left_and_not_sent_by_beacon_too() {
    let mut page = quiet();
    page.event(Kind::Page, "a");
    let first = request(&page.effects());
    page.event(Kind::Track, "b");
    page.event(Kind::Track, "c");
    assert_eq!(page.unload(true), [["b", "c"]]);
    assert_eq!(page.effects(), [], "nothing is started for a page that leaves");
    page.shown();
    assert_eq!(page.effects(), [], "the first one is still on its way");
    page.posted(first, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!((gone(&effects), sent(&effects)), (vec!["a"], vec!["(b) (c)".to_owned()]));
}

#[test]
fn what_waits_for_a_token_goes_without_one() {
    let mut page = quiet();
    page.event(PROVE, "a");
    page.event(Kind::Track, "b");
    let asked = request(&page.effects());
    page.leave(true, false, true);
    let (_, parcels) = page.parting().unwrap();
    assert_eq!(parcels.len(), 2);
    page.posted(asked, Receipt::Withdrawn, 0.0);
    assert_eq!(page.effects(), []);
}

#[test]
fn what_the_browser_does_not_take_stays() {
    let mut page = quiet();
    page.event(Kind::Track, "a");
    page.0.event(Kind::Track, "b", BATCH_BYTES);
    page.leave(true, false, true);
    assert_eq!(page.parting().unwrap().1.len(), 1);
    page.parted();
    assert_eq!(page.parting().unwrap().1.len(), 1);
    page.shown();
    let effects = page.effects();
    assert_eq!(sent(&effects), ["(a)"], "a question takes little of a batch, this event all of it");
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    assert_eq!(sent(&page.effects()), ["b"]);
}

#[test]
fn nothing_passes_a_decision_where_the_rest_is_quiet() {
    for (keeps, beacons) in [(true, 2), (false, 3)] {
        let mut page = quiet();
        page.event(Kind::Track, "before");
        page.event(Kind::Reset, "out");
        page.event(Kind::Track, "after");
        let left = page.unload(keeps);
        assert_eq!(left.len(), beacons);
        assert_eq!(left[..2], [["before"], ["out"]]);
    }
}

#[test]
fn who_logged_out_is_not_named_by_a_beacon_and_the_log_out_is_told_again_if_the_page_comes_back() {
    let mut page = hydrated();
    page.event(IDENTIFY, "who");
    page.event(Kind::Track, "a");
    page.event(Kind::Reset, "out");
    page.event(IDENTIFY, "next");
    assert_eq!(page.unload(false), [["a"], ["out"], ["next"]]);
    assert_eq!(gone(&page.effects()), ["who"]);
    page.shown();
    let effects = page.effects();
    assert_eq!(sent(&effects), ["(a)"]);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    assert_eq!(posts(&page.effects())[0].1, Kind::Reset);
}

#[test]
fn of_several_consents_the_last_one_leaves_with_the_page_and_is_not_the_last_word_for_ever() {
    let mut page = quiet();
    page.event(DENY, "first");
    page.event(GRANT, "second");
    assert_eq!(page.unload(true), [["second"]]);
    page.shown();
    let effects = page.effects();
    assert_eq!(gone(&effects), ["first", "second"]);
    assert!(matches!(posts(&effects)[..], [(_, DENY)]), "of which nobody knows: {effects:?}");
}

#[test]
fn a_server_that_fails_gets_no_beacon_but_from_a_page_that_keeps_nothing() {
    for (keeps, beacons) in [(true, 0), (false, 1)] {
        let mut page = quiet();
        page.event(Kind::Track, "a");
        let request = request(&page.effects());
        page.posted(request, lost(), 0.0);
        page.effects();
        assert_eq!(page.unload(keeps).len(), beacons);
    }
}

#[test]
fn a_page_that_is_hidden_lets_go_of_its_events_and_rests_until_something_happens() {
    let mut page = Page::new(setup(1, true, 0));
    page.effects();
    page.event(Kind::Track, "a");
    page.leave(false, true, true);
    assert!(page.parting().is_some());
    page.parted();
    page.ready(1);
    assert_eq!(sent(&page.effects()), nothing());
    page.event(Kind::Track, "b");
    assert_eq!(sent(&page.effects()), ["(a) b"]);
}

#[test]
fn what_other_pages_left_is_asked_for_before_the_rest_is_taken() {
    let mut page = quiet();
    page.adopt(Kind::Track, "left", 1, true);
    page.adopt(Kind::Track, "unsent", 1, false);
    page.event(Kind::Page, "own");
    page.adopt(Kind::Track, "late", 1, true);
    let effects = page.effects();
    assert_eq!(sent(&effects), ["(left) unsent (late) own"]);
    page.missing(request(&effects), 2);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(
        (gone(&effects), sent(&effects)),
        (vec!["left"], vec!["unsent late own".to_owned()])
    );
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    assert_eq!(gone(&page.effects()), ["unsent", "late", "own"]);
}

#[test]
fn what_went_along_with_a_question_is_missing_too_also_if_the_page_was_hidden_meanwhile() {
    let mut page = quiet();
    page.adopt(Kind::Track, "left", 1, true);
    page.event(Kind::Track, "own");
    let first = request(&page.effects());
    page.leave(false, true, true);
    page.missing(first, 0);
    page.posted(first, Receipt::Accepted, 0.0);
    page.shown();
    let effects = page.effects();
    assert_eq!((gone(&effects), sent(&effects)), (nothing(), vec!["left (own)".to_owned()]));
}

#[test]
fn what_is_missing_counts_for_its_request_only() {
    let mut page = quiet();
    page.adopt(Kind::Track, "left", 1, true);
    let first = request(&page.effects());
    page.missing(RequestId(first.0 + 7), 0);
    page.missing(first, 7);
    page.posted(first, Receipt::Accepted, 0.0);
    assert_eq!(gone(&page.effects()), ["left"]);
}

#[test]
fn adopted_events_hold_up_no_profile_and_start_no_epoch() {
    let mut page = Page::new(Setup { context: true, ..setup(1, true, 0) });
    page.adopt(IDENTIFY, "other", 1, false);
    page.adopt(Kind::Page, "page", 1, false);
    page.ready(1);
    assert!(!page.is_certain());
    let effects = page.effects();
    assert_eq!(page.epoch(), 0);
    assert_eq!((enriches(&effects).len(), sent(&effects)), (1, vec!["other page".to_owned()]));
}

#[test]
fn adopted_events_wait_behind_a_log_out() {
    let shared = Shared { epoch: 1, left: 1, ..Shared::default() };
    let mut page = Page::new(Setup { shared, ..setup(0, true, 0) });
    page.event(Kind::Track, "own");
    page.adopt(Kind::Track, "other", 1, false);
    let effects = page.effects();
    assert_eq!(posts(&effects)[0].1, Kind::Reset);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    assert_eq!(sent(&page.effects()), ["other own"]);
}

#[test]
fn what_is_called_after_another_tabs_log_out_waits_for_it() {
    let mut page = quiet();
    page.event(Kind::Track, "in flight");
    let first = request(&page.effects());
    page.event(Kind::Track, "before");
    page.stored(Shared { epoch: 1, left: 1, ..Shared::default() });
    page.event(Kind::Track, "after");
    page.posted(first, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(sent(&effects), ["before"]);
    page.posted(request(&effects), Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert_eq!(sent(&effects), nothing());
    assert_eq!(wakes(&effects)[0].1, 5_000, "not for ever");
    page.stored(Shared { epoch: 1, left: 1, heard: 1, ..Shared::default() });
    assert_eq!(sent(&page.effects()), ["after"]);
}

#[test]
fn its_own_log_out_does_not_wait_for_another_tabs() {
    let mut page = quiet();
    page.stored(Shared { epoch: 1, left: 1, ..Shared::default() });
    page.event(Kind::Track, "between");
    page.event(Kind::Reset, "out");
    for expected in ["-", "between", "out"] {
        let effects = page.effects();
        assert_eq!(sent(&effects), [expected]);
        page.posted(request(&effects), Receipt::Accepted, 0.0);
    }
    assert_eq!(page.effects().len(), 2, "it is gone, and confirmed");
}

#[test]
fn opting_out_forgets_what_waits_in_flight_or_for_another_attempt() {
    for fails in [false, true] {
        let mut page = quiet();
        page.event(Kind::Track, "a");
        let request = request(&page.effects());
        page.event(IDENTIFY, "b");
        page.event(DENY, "c");
        page.effects();
        if fails {
            page.posted(request, lost(), 0.0);
        }
        page.opt_out();
        let effects = page.effects();
        assert_eq!(effects.contains(&Effect::Abort(request)), !fails);
        let mut forgotten = gone(&effects);
        forgotten.sort_unstable();
        assert_eq!(forgotten, ["a", "b"]);
        page.posted(request, Receipt::Accepted, 0.0);
        if let [(timer, _)] = wakes(&effects)[..] {
            page.woken(timer);
        }
        let mut effects = effects;
        effects.extend(page.effects());
        assert_eq!(sent(&effects), ["c"], "the decision itself is told");
    }
}
