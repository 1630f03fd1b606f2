//! One round of profile requests: every configured provider asked once, answered as a whole.

use crate::effect::{Reason, RequestId};

/// What came back for one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What it amounts to.
    pub reason: Reason,
    /// There if and only if the provider answered.
    pub attributes: Option<T>,
}

#[derive(Debug)]
enum Slot<T> {
    Unsent,
    Flying(RequestId),
    Done(Answer<T>),
}

/// A round on its way. It belongs to the epoch it was started in: the session drops it with that epoch.
#[derive(Debug)]
pub(crate) struct Round<T> {
    /// Whether it asks past the server's caches.
    pub(crate) refresh: bool,
    /// It answers whoever asked before the event after this one; later events it need not reflect.
    pub(crate) covers: u32,
    slots: Vec<Slot<T>>,
}

impl<T> Round<T> {
    pub(crate) fn new(providers: usize, refresh: bool, covers: u32) -> Self {
        Self { refresh, covers, slots: (0..providers).map(|_| Slot::Unsent).collect() }
    }

    /// One request brings all of it: that of an event.
    pub(crate) fn carried(providers: usize, request: RequestId) -> Self {
        let slots = (0..providers).map(|_| Slot::Flying(request)).collect();
        Self { refresh: false, covers: 0, slots }
    }

    /// The next provider to ask, if any is left.
    pub(crate) fn next_unsent(&self) -> Option<usize> {
        self.slots.iter().position(|slot| matches!(slot, Slot::Unsent))
    }

    pub(crate) fn sent(&mut self, provider: usize, request: RequestId) {
        if let Some(slot) = self.slots.get_mut(provider) {
            *slot = Slot::Flying(request);
        }
    }

    /// The requests without an answer.
    pub(crate) fn flying(&self) -> impl Iterator<Item = RequestId> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Flying(request) => Some(*request),
            Slot::Unsent | Slot::Done(_) => None,
        })
    }

    /// Takes an answer; false if the request is none of this round's.
    pub(crate) fn answered(&mut self, request: RequestId, answer: Answer<T>) -> bool {
        for slot in &mut self.slots {
            if matches!(slot, Slot::Flying(flying) if *flying == request) {
                *slot = Slot::Done(answer);
                return true;
            }
        }
        false
    }

    pub(crate) fn complete(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot, Slot::Done(_)))
    }

    /// The answers by provider, and the reason they add up to.
    pub(crate) fn finish(self) -> (Vec<Answer<T>>, Reason) {
        let answers: Vec<_> = self
            .slots
            .into_iter()
            .map(|slot| match slot {
                Slot::Done(answer) => answer,
                Slot::Unsent | Slot::Flying(_) => {
                    Answer { reason: Reason::Error, attributes: None }
                }
            })
            .collect();
        let reason = answers.iter().map(|answer| answer.reason).min().unwrap_or(Reason::Empty);
        (answers, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Round};
    use crate::effect::{Reason, RequestId};

    fn answer(reason: Reason) -> Answer<u8> {
        Answer { reason, attributes: None }
    }

    fn reason_of(reasons: &[Reason]) -> Reason {
        let mut round = Round::new(reasons.len(), false, 0);
        for (provider, reason) in reasons.iter().enumerate() {
            let request = RequestId(u32::try_from(provider).unwrap());
            round.sent(provider, request);
            assert!(!round.complete());
            assert!(round.answered(request, answer(*reason)));
        }
        assert!(round.complete());
        round.finish().1
    }

    #[test]
    fn reasons_add_up() {
        use Reason::{Denied, Empty, Error, Inline, Network, Session, Timeout};
        assert_eq!(reason_of(&[]), Empty);
        assert_eq!(reason_of(&[Empty, Empty]), Empty);
        assert_eq!(reason_of(&[Empty, Network]), Network);
        assert_eq!(reason_of(&[Inline, Network]), Network);
        assert_eq!(reason_of(&[Error, Network]), Network);
        assert_eq!(reason_of(&[Error, Inline]), Inline);
        assert_eq!(reason_of(&[Session, Network]), Network);
        assert_eq!(reason_of(&[Session, Inline]), Inline);
        assert_eq!(reason_of(&[Error, Session]), Session);
        assert_eq!(reason_of(&[Empty, Session]), Session);
        assert_eq!(reason_of(&[Empty, Error]), Error);
        assert_eq!(reason_of(&[Empty, Denied]), Denied);
        assert_eq!(reason_of(&[Denied, Timeout]), Timeout);
    }

    #[test]
    fn an_answer_counts_once_and_only_for_its_round() {
        let mut round = Round::<u8>::new(1, false, 0);
        assert!(!round.answered(RequestId(1), answer(Reason::Denied)));
        round.sent(0, RequestId(1));
        assert!(!round.answered(RequestId(2), answer(Reason::Denied)));
        assert!(round.answered(RequestId(1), answer(Reason::Denied)));
        assert!(!round.answered(RequestId(1), answer(Reason::Error)));
    }

    #[test]
    fn a_carried_round_is_complete_when_its_request_has_answered_for_everybody() {
        let mut round = Round::<u8>::carried(2, RequestId(1));
        assert_eq!(round.next_unsent(), None);
        assert!(round.answered(RequestId(1), answer(Reason::Empty)));
        assert!(!round.complete());
        assert!(round.answered(RequestId(1), answer(Reason::Network)));
        assert!(round.complete());
        assert!(!round.answered(RequestId(1), answer(Reason::Network)));
    }
}
