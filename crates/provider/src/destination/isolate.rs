//! Batches of which one bad event has the whole refused.

use std::future::Future;

use super::fate::{Attempt, Fate};

/// Sends events in batches of at most `limit`. A batch that is refused is sent again in halves until what is
/// wrong stands alone, so that every good event arrives: at most twice as many calls as events, and about
/// 2 log2 n for one bad event among n. Those that a half-refused batch did reach arrive again, under the same
/// idempotency key.
///
/// A fate that says nothing of the events (the vendor is in trouble, the configuration is at fault) ends it:
/// whatever was not sent yet would meet the same, and has it without being sent.
pub(crate) async fn isolating<'b, T, F, Answer>(
    events: &'b [T],
    limit: usize,
    send: F,
) -> Vec<Attempt>
where
    F: Fn(&'b [T]) -> Answer,
    Answer: Future<Output = Attempt>,
{
    let mut attempts = Vec::with_capacity(events.len());
    // The next one is the last, so that attempts come in the order of the events.
    let mut parts: Vec<&[T]> = events.chunks(limit.max(1)).rev().collect();
    while let Some(part) = parts.pop() {
        let attempt = send(part).await;
        match attempt.fate {
            Fate::Refused(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Fate::Retry { .. } | Fate::Paused(_) => {
                let unsent = Attempt::unsent(attempt.fate.clone());
                attempts.resize(attempts.len() + part.len(), attempt);
                attempts.resize(events.len(), unsent);
                break;
            }
            Fate::Done(_) | Fate::Refused(_) => {
                attempts.resize(attempts.len() + part.len(), attempt);
            }
        }
    }
    attempts
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::super::exchange::Exchange;
    use super::super::fate::{ConfigFault, Receipt, Refusal};
    use super::*;

    /// Refuses what holds a negative number, and is at fault from the given call on.
    async fn sent(events: &[i32], limit: usize, fault_at: u32) -> (String, u32) {
        let calls = Cell::new(0);
        let attempts = isolating(events, limit, |part: &[i32]| {
            calls.set(calls.get() + 1);
            let fate = if calls.get() >= fault_at {
                Fate::Paused(ConfigFault::new("key", "mend it"))
            } else if part.iter().any(|event| *event < 0) {
                Fate::Refused(Refusal::Unfit("negative".into()))
            } else {
                Fate::Done(Receipt::Accepted)
            };
            std::future::ready(Attempt::unsent(fate))
        });
        let fates: Vec<_> = attempts.await.iter().map(|attempt| attempt.fate.as_str()).collect();
        (fates.join(" "), calls.get())
    }

    #[tokio::test]
    async fn only_the_bad_ones_are_refused_and_the_order_stays() {
        let (fates, calls) = sent(&[1, 2, -3, 4, 5], 10, u32::MAX).await;
        assert_eq!(fates, "accepted accepted refused accepted accepted");
        assert!(calls <= 7, "{calls}");
        assert_eq!(sent(&[-1, -2], 10, u32::MAX).await, ("refused refused".into(), 3));
        assert_eq!(sent(&[1, 2, 3], 2, u32::MAX).await, ("accepted accepted accepted".into(), 2));
        assert_eq!(sent(&[], 2, u32::MAX).await, (String::new(), 0));
    }

    #[tokio::test]
    async fn a_fault_that_is_not_the_events_ends_it() {
        let (fates, calls) = sent(&[1, 2, -3, 4], 10, 3).await;
        // The whole, the first half, and then the fault.
        assert_eq!((fates.as_str(), calls), ("accepted accepted paused paused", 3));
        // A part that never was sent has no exchange to show.
        let exchange = Arc::new(Exchange {
            url: String::new(),
            body: Bytes::new(),
            body_bytes: 0,
            status: Some(401),
            answer: String::new(),
        });
        let attempts = isolating(&[1, 2, 3], 2, |_: &[i32]| {
            let fate = Fate::Paused(ConfigFault::new("key", "mend it"));
            std::future::ready(Attempt { fate, exchange: Some(Arc::clone(&exchange)) })
        });
        let sent: Vec<_> =
            attempts.await.iter().map(|attempt| attempt.exchange.is_some()).collect();
        assert_eq!(sent, [true, true, false]);
    }
}
