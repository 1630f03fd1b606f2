//! One round of profile requests: every configured provider asked once, answered as a whole.

use crate::effect::{Reason, RequestId};

/// What came back for one provider.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// 200 with an attribute map.
    Attributes {
        /// The map, opaque to the session.
        value: T,
        /// Whether it holds nothing.
        empty: bool,
    },
    /// 401 or 403.
    Denied,
    /// Given up by a deadline.
    TimedOut,
    /// Any other status, no connection, or a body that is not an answer.
    Failed,
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

    /// The answers by provider, and the reason they add up to: attributes win, then what failed,
    /// then what was denied, so that `empty` means that every provider said so.
    pub(crate) fn finish(self) -> (Vec<Answer<T>>, Reason) {
        let answers: Vec<_> = self
            .slots
            .into_iter()
            .map(|slot| match slot {
                Slot::Done(answer) => answer,
                Slot::Unsent | Slot::Flying(_) => Answer::Failed,
            })
            .collect();
        let any = |test: fn(&Answer<T>) -> bool| answers.iter().any(test);
        let reason = if any(|a| matches!(a, Answer::Attributes { empty: false, .. })) {
            Reason::Network
        } else if any(|a| matches!(a, Answer::Failed)) {
            Reason::Error
        } else if any(|a| matches!(a, Answer::TimedOut)) {
            Reason::Timeout
        } else if any(|a| matches!(a, Answer::Denied)) {
            Reason::Denied
        } else {
            Reason::Empty
        };
        (answers, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Round};
    use crate::effect::{Reason, RequestId};

    fn reason_of(answers: Vec<Answer<u8>>) -> Reason {
        let mut round = Round::new(answers.len(), false, 0);
        for (provider, answer) in answers.into_iter().enumerate() {
            let request = RequestId(u32::try_from(provider).unwrap());
            round.sent(provider, request);
            assert!(!round.complete());
            assert!(round.answered(request, answer));
        }
        assert!(round.complete());
        round.finish().1
    }

    #[test]
    fn reasons_add_up() {
        let some = || Answer::Attributes { value: 1, empty: false };
        let none = || Answer::Attributes { value: 0, empty: true };
        assert_eq!(reason_of(vec![]), Reason::Empty);
        assert_eq!(reason_of(vec![none(), none()]), Reason::Empty);
        assert_eq!(reason_of(vec![none(), some()]), Reason::Network);
        assert_eq!(reason_of(vec![Answer::Failed, some()]), Reason::Network);
        assert_eq!(reason_of(vec![none(), Answer::Failed]), Reason::Error);
        assert_eq!(reason_of(vec![none(), Answer::Denied]), Reason::Denied);
        assert_eq!(reason_of(vec![Answer::Denied, Answer::TimedOut]), Reason::Timeout);
    }

    #[test]
    fn an_answer_counts_once_and_only_for_its_round() {
        let mut round = Round::<u8>::new(1, false, 0);
        assert!(!round.answered(RequestId(1), Answer::Denied));
        round.sent(0, RequestId(1));
        assert!(!round.answered(RequestId(2), Answer::Denied));
        assert!(round.answered(RequestId(1), Answer::Denied));
        assert!(!round.answered(RequestId(1), Answer::Failed));
    }
}
