//! Random interleavings of everything that happens to a browser with several tabs, against what its pages may
//! observe and what its server may be told.

mod browser;
mod network;
mod server;
mod tab;

use proptest::{collection::vec, prelude::*};

use self::browser::Browser;
use crate::effect::Kind;

#[derive(Debug, Clone)]
enum Step {
    Open,
    /// The tab goes away; what the browser still sends for it arrives, or does not.
    Close {
        arrives: bool,
    },
    /// Without a word; what it has in flight arrives, or does not.
    Kill {
        arrives: bool,
    },
    Hide,
    Show,
    /// The back/forward cache: it goes away and comes back.
    Return {
        arrives: bool,
    },
    Call(Kind),
    Ready,
    Refresh,
    /// It hears of what other tabs have stored.
    Notice,
    /// It looks for what pages that are gone have left on the shelf.
    Look,
    StorageIsCleared,
    OptOut,
    /// The n-th request in flight arrives at the server.
    Arrive {
        nth: usize,
    },
    /// It ends: with its answer if it has arrived and is not lost.
    Answer {
        nth: usize,
        how: How,
    },
    Wake,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Well,
    /// The server does not take it, now or at all.
    Busy,
    Refused,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        6 => Just(How::Well),
        1 => Just(How::Busy),
        1 => Just(How::Refused),
        1 => Just(How::Lost),
    ];
    let kind = prop_oneof![
        2 => Just(Kind::Identify { asks: false }),
        1 => Just(Kind::Identify { asks: true }),
        2 => Just(Kind::Page),
        4 => Just(Kind::Track),
        1 => any::<bool>().prop_map(|denies| Kind::Consent { denies }),
        2 => Just(Kind::Reset),
    ];
    prop_oneof![
        2 => Just(Step::Open),
        1 => any::<bool>().prop_map(|arrives| Step::Close { arrives }),
        1 => any::<bool>().prop_map(|arrives| Step::Kill { arrives }),
        1 => Just(Step::Hide),
        1 => Just(Step::Show),
        1 => any::<bool>().prop_map(|arrives| Step::Return { arrives }),
        8 => kind.prop_map(Step::Call),
        2 => Just(Step::Ready),
        2 => Just(Step::Refresh),
        2 => Just(Step::Notice),
        2 => Just(Step::Look),
        5 => (0..4usize).prop_map(|nth| Step::Arrive { nth }),
        8 => (0..4usize, how).prop_map(|(nth, how)| Step::Answer { nth, how }),
        2 => Just(Step::Wake),
    ]
}

/// A step, and the tab it is of.
fn steps(rare: Option<Step>) -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = match rare {
        Some(rare) => prop_oneof![20 => step(), 1 => Just(rare)].boxed(),
        None => step().boxed(),
    };
    vec((0..3usize, step), 0..80)
}

fn play(steps: &[(usize, Step)], credentialed: bool, context: bool) -> Browser {
    let mut browser = Browser::new(credentialed, context);
    browser.open();
    for (tab, step) in steps {
        browser.take(*tab, step);
    }
    browser
}

/// Half as many as usual, as each plays a browser's whole day.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 2, ..usual }
}

proptest! {
    #![proptest_config(config())]

    /// Each waiter is answered once, and never by an older epoch; every event arrives once, and none is another
    /// person's.
    #[test]
    fn every_event_arrives_once_as_whose_it_is(
        steps in steps(None),
        credentialed: bool,
        context: bool,
    ) {
        let mut browser = play(&steps, credentialed, context);
        browser.calm();
        browser.assert_all_arrived();
    }

    #[test]
    fn what_pages_see_is_right_also_where_storage_is_cleared(
        steps in steps(Some(Step::StorageIsCleared)),
        credentialed: bool,
        context: bool,
    ) {
        play(&steps, credentialed, context).calm();
    }

    #[test]
    fn nothing_is_sent_that_was_called_before_an_opting_out(steps in steps(Some(Step::OptOut))) {
        play(&steps, true, false).calm();
    }
}
