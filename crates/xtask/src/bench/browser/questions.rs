//! What is to be found out of loads, and what has to come out.

use super::super::figure::Target;
use super::super::metric::Metric;
use super::super::rounds::Question;
use super::contestants::{
    Contestant, FIRST, FLOOR, FLOOR_FIRST, FLOOR_NEXT, LAUNCH_DARKLY, LOADER, MODULE, NEXT, NPM,
    SEGMENT,
};

/// Of the heap, in KB more than of a blank page.
pub(super) const HEAP: Target = Target::AtMost(150.0);

const READY: &str = "navigation to ready profile";
const READY_FAR: &str = "navigation to ready profile, 50 ms";
const SCRIPT: &str = "script time to first idle";

/// Those of ours and the floors.
const OWN: [Question; 16] = [
    Question {
        target: Some(Target::AtMost(0.8)),
        ..Question::new(READY_FAR, Metric::ReadyFar, LOADER, FLOOR)
    },
    Question {
        target: Some(Target::AtMost(0.9)),
        ..Question::new(READY, Metric::Ready, LOADER, FLOOR)
    },
    Question {
        target: Some(Target::AtMost(1.5)),
        stretch: Some(Target::AtMost(1.2)),
        ..Question::new(READY_FAR, Metric::ReadyFar, MODULE, FLOOR)
    },
    Question {
        target: Some(Target::AtMost(1.5)),
        stretch: Some(Target::AtMost(1.2)),
        ..Question::new(READY, Metric::Ready, MODULE, FLOOR)
    },
    Question::new(READY_FAR, Metric::ReadyFar, NPM, FLOOR),
    Question::new(READY, Metric::Ready, NPM, FLOOR),
    Question::new(READY_FAR, Metric::ReadyFar, FIRST, FLOOR_FIRST),
    Question::new(READY, Metric::Ready, FIRST, FLOOR_FIRST),
    Question::new(READY_FAR, Metric::ReadyFar, NEXT, FLOOR_NEXT),
    Question::new(READY, Metric::Ready, NEXT, FLOOR_NEXT),
    script(LOADER, SEGMENT, 0.5),
    script(MODULE, SEGMENT, 0.5),
    script(LOADER, LAUNCH_DARKLY, 1.0),
    script(MODULE, LAUNCH_DARKLY, 1.0),
    Question {
        stretch: Some(Target::AtMost(2.0)),
        ..Question::new(SCRIPT, Metric::Script, LOADER, FLOOR)
    },
    Question {
        stretch: Some(Target::AtMost(2.0)),
        ..Question::new(SCRIPT, Metric::Script, MODULE, FLOOR)
    },
];

/// All; each peer that waits for its server has to be slower. The others are for the reader.
pub(super) fn questions(contestants: &[&'static Contestant]) -> Vec<Question> {
    let peers = contestants.iter().filter(|it| it.is_peer());
    let slower = peers.flat_map(|peer| {
        [(READY_FAR, Metric::ReadyFar), (READY, Metric::Ready)].map(|(figure, metric)| Question {
            target: peer.waits.then_some(Target::AtMost(1.0)),
            ..Question::new(figure, metric, LOADER, peer.name)
        })
    });
    OWN.into_iter().chain(slower).collect()
}

const fn script(of: &'static str, baseline: &'static str, target: f64) -> Question {
    Question {
        target: Some(Target::AtMost(target)),
        ..Question::new(SCRIPT, Metric::Script, of, baseline)
    }
}
