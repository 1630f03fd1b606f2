//! What the visitor allows.

use super::*;

const GRANT: Kind = Kind::Consent { denies: false };
const DENY: Kind = Kind::Consent { denies: true };

fn shared(epoch: u32, denied: u32, obeyed: u32) -> Shared {
    Shared { epoch, denied, obeyed, ..Shared::default() }
}

fn timer(effects: &Effects) -> TimerId {
    let wake = |e: &_| match e {
        Effect::Wake { timer, .. } => Some(*timer),
        _ => None,
    };
    effects.iter().find_map(wake).unwrap()
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
    let (left, _) = page.leave();
    assert_eq!(left.len(), 2);
}

#[test]
fn after_a_while_only_the_server_can_say_whether_another_tabs_denial_has_arrived() {
    for setup in [setup(1, true, 0), Setup { shared: shared(1, 1, 0), ..setup(1, true, 0) }] {
        let mut page = Page::new(setup);
        page.stored(shared(1, 1, 0));
        page.ready(1);
        let effects = page.effects();
        assert_eq!((enriches(&effects), posts(&effects)), (vec![], vec![]));
        page.woken(timer(&effects));
        let effects = page.effects();
        assert!(effects.contains(&Effect::Remember(shared(1, 1, 1))));
        assert_eq!(enriches(&effects).len(), 1);
    }
}

#[test]
fn a_denial_the_server_refuses_does_not_hold_the_page_for_ever() {
    let mut page = hydrated();
    page.event(DENY, "state");
    let (consent, _) = posts(&page.effects())[0];
    page.posted(consent, Receipt::Refused("NO"), 0.0);
    let effects = page.effects();
    assert_eq!((codes(&effects), enriches(&effects)), (vec!["NO"], vec![]));
    page.woken(timer(&effects));
    assert_eq!(enriches(&page.effects()).len(), 1);
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
    page.posted(posts(&effects)[0].0, Receipt::Accepted, 0.0);
    assert_eq!(enriches(&page.effects()).len(), 1);
}
