//! The queue by itself; what it makes of a page is in the session's tests.

use super::{CAPACITY, MOST_BYTES, Queue, is_final};
use crate::effect::{Kind, RequestId, TimerId};

const IDENTIFY: Kind = Kind::Identify { asks: false };

fn filled(kinds: &[Kind]) -> Queue<Kind> {
    let mut queue = Queue::new();
    for kind in kinds {
        assert!(!queue.push(*kind, Some(*kind), 1));
    }
    queue
}

fn pushed_out(queue: &mut Queue<Kind>, bytes: u32) -> Vec<Kind> {
    assert_eq!(queue.push(Kind::Track, Some(Kind::Track), bytes), !queue.gone.is_empty());
    queue.gone.drain(..).collect()
}

#[test]
fn what_may_pass_is_no_final_answer() {
    for status in [-1, 0, 408, 425, 429, 500, 503] {
        assert!(!is_final(status), "{status}");
    }
    for status in [200, 202, 302, 400, 401, 403, 404, 413, 422] {
        assert!(is_final(status), "{status}");
    }
}

#[test]
fn one_request_at_a_time() {
    let mut queue = filled(&[Kind::Page, Kind::Reset]);
    queue.wait(RequestId(1));
    assert!(!queue.ready() && !queue.turn(RequestId(2)) && queue.turn(RequestId(1)));
    assert_eq!(queue.send(RequestId(1), 0).len(), 1);
    assert!(!queue.ready());
    assert_eq!(queue.answered(RequestId(2)), None);
    assert_eq!(queue.answered(RequestId(1)), Some(1));
    assert!(!queue.done_up_to(1));
    queue.finish(1);
    assert_eq!(queue.gone, [Kind::Page]);
    assert!(queue.done_up_to(1) && !queue.done_up_to(2));
    assert!(queue.ready());
}

#[test]
fn a_full_queue_gives_up_its_oldest_but_neither_a_decision_nor_what_is_being_sent() {
    let mut queue = filled(&[Kind::Page, Kind::Reset, Kind::Consent { denies: false }, IDENTIFY]);
    queue.send(RequestId(1), 0);
    for _ in 4..CAPACITY {
        assert!(pushed_out(&mut queue, 1).is_empty());
    }
    assert_eq!(pushed_out(&mut queue, 1), [IDENTIFY]);
    assert_eq!(pushed_out(&mut queue, 1), [Kind::Track]);
    assert_eq!(pushed_out(&mut queue, MOST_BYTES).len(), CAPACITY - 2, "but those three");
    assert!(queue.has(|kind| kind == Kind::Reset) && queue.has(|kind| kind == Kind::Page));
}

#[test]
fn a_pause_ends_by_its_own_timer_or_in_a_hurry_unless_the_server_asked_for_it() {
    let mut queue = filled(&[Kind::Page]);
    queue.pause(TimerId(1), true);
    queue.woken(TimerId(7));
    assert!(!queue.hurry());
    assert!(!queue.ready());
    queue.woken(TimerId(1));
    assert!(queue.ready());
    queue.pause(TimerId(2), false);
    assert!(queue.hurry());
    assert!(queue.ready());
}
