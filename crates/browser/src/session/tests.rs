//! The rules of the contract, one by one.

use std::ops::{Deref, DerefMut};

use super::{Session, Setup};
use crate::{
    effect::{Effect, Kind, Outcome, Parcel, Reason, RequestId, TimerId},
    enrich::Answer,
    epoch::Shared,
    queue::Receipt,
};

mod consent;
mod context;
mod delivery;
mod inline;
mod leaving;
mod token;

/// A session whose turn comes at once, with events of a byte each. Of those without a name nobody asks what is kept.
struct Page(Session<&'static str, u32>);

impl Deref for Page {
    type Target = Session<&'static str, u32>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Page {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Page {
    fn new(setup: Setup) -> Self {
        Self(Session::new(setup))
    }

    fn event(&mut self, kind: Kind, body: &'static str) {
        self.0.event(kind, body, 1);
    }

    fn effects(&mut self) -> Effects {
        let (turns, mut effects): (Vec<_>, Vec<_>) =
            self.0.effects().into_iter().partition(|e| matches!(e, Effect::Turn { .. }));
        effects.retain(|effect| *effect != Effect::Gone(""));
        for turn in turns {
            let Effect::Turn { request, .. } = turn else { continue };
            assert!(self.0.turn(request));
            effects.extend(self.effects());
        }
        effects
    }

    /// What leaves with the page, which keeps the rest, beacon by beacon: the browser takes all of them.
    fn unload(&mut self, keeps: bool) -> Vec<Vec<&'static str>> {
        self.leave(true, true, keeps);
        let mut beacons = Vec::new();
        while let Some((kind, parcels)) = self.parting() {
            self.parted();
            let name = |body: Option<&'static str>| body.filter(|it| !it.is_empty());
            let other = if kind == Kind::Reset { "reset" } else { "denial" };
            beacons.push(parcels.iter().map(|it| name(it.body).unwrap_or(other)).collect());
        }
        beacons
    }
}

type Effects = Vec<Effect<&'static str, u32>>;

const IDENTIFY: Kind = Kind::Identify { asks: false };

fn setup(providers: usize, credentialed: bool, early: usize) -> Setup {
    Setup { providers, timeout_ms: 3_000, credentialed, early, ..Setup::default() }
}

/// A page whose first profile has arrived.
fn hydrated() -> Page {
    let mut page = Page::new(setup(1, false, 1));
    page.enriched(RequestId(0), some("first"));
    page.effects();
    page
}

fn some(value: &'static str) -> Answer<&'static str> {
    Answer { reason: Reason::Network, attributes: Some(value) }
}

fn inline(value: &'static str) -> Answer<&'static str> {
    Answer { reason: Reason::Inline, attributes: Some(value) }
}

fn none(reason: Reason) -> Answer<&'static str> {
    Answer { reason, attributes: None }
}

fn lost() -> Receipt<&'static str> {
    Receipt::Unreachable { retry_after_ms: None }
}

/// The events of each post; of those that are only asked about, in brackets.
fn sent(effects: &Effects) -> Vec<String> {
    let name = |parcel: &Parcel<&'static str>| {
        let name = parcel.body.unwrap_or("-");
        if parcel.left { format!("({name})") } else { name.to_owned() }
    };
    let post = |e: &_| match e {
        Effect::Post { events, .. } => Some(events.iter().map(name).collect::<Vec<_>>().join(" ")),
        _ => None,
    };
    effects.iter().filter_map(post).collect()
}

/// Of which events nothing need be kept any more.
fn gone(effects: &Effects) -> Vec<&'static str> {
    let gone = |e: &_| match e {
        Effect::Gone(body) => Some(*body),
        _ => None,
    };
    effects.iter().filter_map(gone).collect()
}

fn posts(effects: &Effects) -> Vec<(RequestId, Kind)> {
    let post = |e: &_| match e {
        Effect::Post { request, kind, .. } => Some((*request, *kind)),
        _ => None,
    };
    effects.iter().filter_map(post).collect()
}

fn enriches(effects: &Effects) -> Vec<(RequestId, bool)> {
    let enrich = |e: &_| match e {
        Effect::Enrich { request, refresh, .. } => Some((*request, *refresh)),
        _ => None,
    };
    effects.iter().filter_map(enrich).collect()
}

fn settled(effects: &Effects) -> Vec<(u32, Reason, u32)> {
    let settle = |e: &_| match e {
        Effect::Settle { waiter, outcome } => Some((*waiter, outcome.reason, outcome.epoch)),
        _ => None,
    };
    effects.iter().filter_map(settle).collect()
}

fn profiles(effects: &Effects) -> Vec<Vec<Option<&'static str>>> {
    let profile = |e: &_| match e {
        Effect::Profile { attributes, .. } => Some(attributes.clone()),
        _ => None,
    };
    effects.iter().filter_map(profile).collect()
}

/// The timers that are set, and for how long.
fn wakes(effects: &Effects) -> Vec<(TimerId, u32)> {
    let wake = |e: &_| match e {
        Effect::Wake { timer, after_ms } => Some((*timer, *after_ms)),
        _ => None,
    };
    effects.iter().filter_map(wake).collect()
}

/// What the page is told went wrong; of a refusal, the server's words.
fn codes(effects: &Effects) -> Vec<&'static str> {
    let code = |e: &_| match e {
        Effect::Report { code, .. } => Some(*code),
        Effect::Refused(words) => Some(*words),
        _ => None,
    };
    effects.iter().filter_map(code).collect()
}

#[test]
fn the_early_answer_becomes_the_profile_before_it_settles_anyone() {
    let mut page = Page::new(setup(1, false, 1));
    page.ready(7);
    assert_eq!(page.effects(), []);
    page.enriched(RequestId(0), some("vip"));
    let effects = page.effects();
    assert_eq!(
        effects,
        [
            Effect::Profile { attributes: vec![Some("vip")], epoch: 0 },
            Effect::Settle { waiter: 7, outcome: Outcome { reason: Reason::Network, epoch: 0 } },
        ]
    );
    page.ready(8);
    assert_eq!(settled(&page.effects()), [(8, Reason::Network, 0)]);
}

#[test]
fn without_an_early_request_it_asks_by_itself() {
    let mut page = Page::new(setup(2, true, 0));
    assert_eq!(enriches(&page.effects()).len(), 2);
}

#[test]
fn without_providers_it_is_empty_at_once() {
    let mut page = Page::new(setup(0, false, 0));
    page.ready(1);
    assert_eq!(settled(&page.effects()), [(1, Reason::Empty, 0)]);
    page.refresh(2);
    assert_eq!(settled(&page.effects()), [(2, Reason::Empty, 0)]);
}

#[test]
fn a_first_visit_has_one_request_in_flight_until_an_answer_arrives() {
    let mut page = Page::new(setup(2, false, 1));
    page.event(Kind::Page, "");
    assert_eq!(page.effects(), []);
    page.enriched(RequestId(0), none(Reason::Timeout));
    let effects = page.effects();
    let [(second, false)] = enriches(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(posts(&effects), []);
    assert!(matches!(effects[0], Effect::Enrich { deadline_ms: 3_000, provider: 1, .. }));
    page.enriched(second, some("b"));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[None, Some("b")]]);
    assert_eq!(posts(&effects).len(), 1);
}

#[test]
fn an_accepted_event_opens_the_gate_too() {
    let mut page = Page::new(setup(1, false, 1));
    page.event(Kind::Page, "");
    page.event(Kind::Track, "");
    page.enriched(RequestId(0), none(Reason::Denied));
    let (first, _) = posts(&page.effects())[0];
    page.event(Kind::Track, "");
    page.refresh(1);
    assert_eq!(page.effects(), []);
    page.posted(first, Receipt::Accepted, 0.0);
    let effects = page.effects();
    let (second, _) = posts(&effects)[0];
    page.posted(second, Receipt::Accepted, 0.0);
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn events_go_one_at_a_time_and_beside_enrich_once_a_visitor_id_exists() {
    let mut page = Page::new(setup(1, true, 1));
    page.event(Kind::Page, "");
    let [(first, Kind::Page)] = posts(&page.effects())[..] else { panic!() };
    page.event(Kind::Track, "");
    assert_eq!(page.effects(), []);
    page.posted(first, Receipt::Accepted, 0.0);
    assert_eq!(posts(&page.effects())[0].1, Kind::Track);
}

#[test]
fn identify_forgets_what_was_under_way_and_asks_again_after_its_event() {
    let mut page = Page::new(setup(1, true, 1));
    page.ready(1);
    page.event(IDENTIFY, "");
    let effects = page.effects();
    assert!(effects.contains(&Effect::Abort(RequestId(0))));
    assert!(effects.contains(&Effect::Remember(Shared {
        epoch: 1,
        left: 0,
        heard: 0,
        ..Shared::default()
    })));
    assert_eq!(enriches(&effects), []);
    let (identify, _) = posts(&effects)[0];
    page.enriched(RequestId(0), some("stale"));
    assert_eq!(page.effects(), []);
    page.posted(identify, Receipt::Accepted, 0.0);
    let (fresh, _) = enriches(&page.effects())[0];
    page.enriched(fresh, some("fresh"));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[Some("fresh")]]);
    assert_eq!(settled(&effects), [(1, Reason::Network, 1)]);
}

#[test]
fn identify_alone_asks_for_nothing_until_somebody_waits() {
    let mut page = hydrated();
    page.event(IDENTIFY, "");
    let (identify, _) = posts(&page.effects())[0];
    page.posted(identify, Receipt::Accepted, 0.0);
    assert_eq!(page.effects(), []);
    page.ready(1);
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn a_waiter_after_identify_waits_for_its_event() {
    let mut page = hydrated();
    page.event(IDENTIFY, "");
    page.ready(1);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    page.posted(posts(&effects)[0].0, lost(), 0.0);
    assert_eq!(enriches(&page.effects()).len(), 1);
}

#[test]
fn reset_empties_at_once_and_nothing_is_asked_with_the_old_cookie() {
    let mut page = hydrated();
    page.event(Kind::Track, "");
    page.event(Kind::Reset, "");
    page.ready(1);
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[None]]);
    let [(track, Kind::Track)] = posts(&effects)[..] else { panic!() };
    page.posted(track, lost(), 0.5);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    assert_eq!(settled(&effects), [(1, Reason::Error, 1)]);
    let Some(Effect::Wake { timer, after_ms: 1_575 }) =
        effects.iter().find(|e| matches!(e, Effect::Wake { .. }))
    else {
        panic!("{effects:?}")
    };
    page.woken(*timer);
    let (request, _) = posts(&page.effects())[0];
    page.posted(request, Receipt::Accepted, 0.0);
    let [(reset, Kind::Reset)] = posts(&page.effects())[..] else { panic!() };
    page.posted(reset, Receipt::Accepted, 0.0);
    let effects = page.effects();
    assert!(effects.contains(&Effect::Remember(Shared {
        epoch: 1,
        left: 1,
        heard: 1,
        ..Shared::default()
    })));
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn a_failed_answer_lets_a_later_caller_try_once_more() {
    let mut page = Page::new(setup(1, true, 1));
    page.ready(1);
    page.enriched(RequestId(0), none(Reason::Error));
    let effects = page.effects();
    assert_eq!(settled(&effects), [(1, Reason::Error, 0)]);
    assert_eq!(codes(&effects), ["ENRICH_FAILED"]);
    page.ready(2);
    let (again, _) = enriches(&page.effects())[0];
    page.enriched(again, none(Reason::Timeout));
    assert_eq!(settled(&page.effects()), [(2, Reason::Timeout, 0)]);
    page.ready(3);
    assert_eq!(settled(&page.effects()), [(3, Reason::Timeout, 0)]);
}

#[test]
fn refresh_sends_events_first_and_is_shared() {
    let mut page = hydrated();
    page.event(IDENTIFY, "");
    page.refresh(1);
    page.refresh(2);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    page.posted(posts(&effects)[0].0, Receipt::Accepted, 0.0);
    let [(asked, true)] = enriches(&page.effects())[..] else { panic!() };
    page.refresh(3);
    assert_eq!(page.effects(), []);
    page.event(Kind::Track, "");
    page.refresh(4);
    let (request, _) = posts(&page.effects())[0];
    page.posted(request, Receipt::Accepted, 0.0);
    assert_eq!(page.effects(), []);
    page.enriched(asked, some("richer"));
    let effects = page.effects();
    assert_eq!(settled(&effects).iter().map(|s| s.0).collect::<Vec<_>>(), [1, 2, 3]);
    let [(request, true)] = enriches(&effects)[..] else { panic!() };
    page.enriched(request, some("richest"));
    assert_eq!(settled(&page.effects()), [(4, Reason::Network, 1)]);
}

#[test]
fn a_failed_refresh_leaves_the_profile_and_what_is_known_of_it() {
    let mut page = hydrated();
    page.refresh(1);
    let (request, _) = enriches(&page.effects())[0];
    page.enriched(request, none(Reason::Error));
    let effects = page.effects();
    assert_eq!(profiles(&effects), Vec::<Vec<_>>::new());
    assert_eq!(settled(&effects), [(1, Reason::Error, 0)]);
    page.ready(2);
    assert_eq!(settled(&page.effects()), [(2, Reason::Network, 0)]);
}

#[test]
fn a_denied_refresh_takes_the_attributes_away() {
    let mut page = hydrated();
    page.refresh(1);
    let (request, _) = enriches(&page.effects())[0];
    page.enriched(request, none(Reason::Denied));
    let effects = page.effects();
    assert_eq!(profiles(&effects), [[None]]);
    assert_eq!(settled(&effects), [(1, Reason::Denied, 0)]);
}

#[test]
fn a_refresh_ends_our_own_pause_but_not_the_servers() {
    let mut page = hydrated();
    page.event(Kind::Track, "");
    let (request, _) = posts(&page.effects())[0];
    page.posted(request, lost(), 1.0);
    page.effects();
    page.refresh(1);
    let effects = page.effects();
    assert_eq!(enriches(&effects), []);
    let busy = Receipt::Unreachable { retry_after_ms: Some(60_000) };
    page.posted(posts(&effects)[0].0, busy, 0.0);
    let effects = page.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Wake { after_ms: 60_000, .. })));
    page.enriched(enriches(&effects)[0].0, some("x"));
    page.effects();
    page.refresh(2);
    let effects = page.effects();
    assert_eq!(posts(&effects), []);
    assert_eq!(enriches(&effects).len(), 1);
}

#[test]
fn a_refused_event_is_dropped_and_reported_with_the_servers_code() {
    let mut page = hydrated();
    page.event(Kind::Track, "");
    let (request, _) = posts(&page.effects())[0];
    page.event(Kind::Page, "");
    page.posted(request, Receipt::Refused("EVENT_INVALID"), 0.0);
    let effects = page.effects();
    assert_eq!(codes(&effects), ["EVENT_INVALID"]);
    assert_eq!(posts(&effects)[0].1, Kind::Page);
}
