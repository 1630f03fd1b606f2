//! Everything an adapter must do. One joins by a module that opens it and calls [`suite`].

use datafly_store::queue::{
    Backlog, DeadLetterFilter, DestinationName, RetrySettlement, Settlement,
};

use super::*;

/// Runs on one empty queue.
pub(crate) async fn suite(queue: Arc<dyn Queue>) {
    events_keep_their_order_and_their_parts(&*queue).await;
    a_message_id_counts_once_for_seven_days(&*queue).await;
    of_equal_ids_at_once_one_is_fresh(&queue).await;
    an_event_is_enriched_once_and_in_any_order(&*queue).await;
    limits_hold_but_never_stop_everything(&*queue).await;
    a_new_consumer_starts_now(&*queue).await;
    each_consumer_has_its_own_cursor(&*queue).await;
    what_is_retried_leaves_the_log(&*queue).await;
    a_retry_is_due_when_it_says_so(&*queue).await;
    the_dead_are_listed_shown_removed_and_replayed(&*queue).await;
    a_drained_consumer_finishes_and_is_gone(&*queue).await;
    a_purged_consumer_is_gone_at_once(&*queue).await;
    who_is_forgotten_is_shown_nowhere(&*queue).await;
    what_is_forgotten_before_it_is_enriched_holds_nothing_up(&*queue).await;
    what_is_unknown_is_empty(&*queue).await;
    usage_tells_what_waits(&*queue).await;
}

async fn events_keep_their_order_and_their_parts(queue: &dyn Queue) {
    let (p, other) = (pipeline("order"), pipeline("order_other"));
    let events = vec![event_of(&p, "a", 1), event(&other, "x"), event(&p, "b"), event(&p, "c")];
    queue.append(events.clone(), after(5)).await.unwrap();
    append(queue, &p, &["d"]).await;
    let found = queue.accepted(&p, Position::START, ALL).await.unwrap();
    assert_eq!(ids(&found), ["a", "b", "c", "d"]);
    assert!(found.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(found[0].visitor, Some(visitor(1)));
    assert_eq!(found[1].visitor, None);
    assert_eq!(found[0].received_at, after(5));
    assert_eq!(found[0].body, events[0].body);
    let ahead = queue.accepted(&p, found[1].position, ALL).await.unwrap();
    assert_eq!(ids(&ahead), ["c", "d"]);
    assert_eq!(ids(&queue.accepted(&other, Position::START, ALL).await.unwrap()), ["x"]);
}

async fn a_message_id_counts_once_for_seven_days(queue: &dyn Queue) {
    use Admission::{Duplicate, Fresh};
    let (p, other) = (pipeline("dedup"), pipeline("dedup_other"));
    assert_eq!(append(queue, &p, &["a", "b", "a"]).await, [Fresh, Fresh, Duplicate]);
    assert_eq!(append(queue, &other, &["a"]).await, [Fresh]);
    let later = |now| queue.append(vec![event(&p, "a")], now);
    assert_eq!(later(START).await.unwrap(), [Duplicate]);
    assert_eq!(later(days(7) - SignedDuration::from_secs(1)).await.unwrap(), [Duplicate]);
    // A clock that went back still knows it.
    assert_eq!(later(after(-60)).await.unwrap(), [Duplicate]);
    assert_eq!(later(days(-3)).await.unwrap(), [Duplicate]);
    while queue.upkeep(days(15)).await.unwrap() {}
    assert_eq!(later(days(15)).await.unwrap(), [Fresh]);
    let found = queue.accepted(&p, Position::START, ALL).await.unwrap();
    assert_eq!(ids(&found), ["a", "b", "a"]);
}

async fn of_equal_ids_at_once_one_is_fresh(queue: &Arc<dyn Queue>) {
    let p = pipeline("race");
    for round in 0..5 {
        let calls = (0..40).map(|_| {
            let (queue, event) = (Arc::clone(queue), event(&p, &format!("m{round}")));
            tokio::spawn(async move { queue.append(vec![event], START).await.unwrap() })
        });
        let mut fresh = 0;
        for call in calls.collect::<Vec<_>>() {
            fresh += usize::from(call.await.unwrap() == [Admission::Fresh]);
        }
        assert_eq!(fresh, 1, "round {round}");
    }
    assert_eq!(queue.accepted(&p, Position::START, ALL).await.unwrap().len(), 5);
}

async fn an_event_is_enriched_once_and_in_any_order(queue: &dyn Queue) {
    let p = pipeline("enrich");
    let reader = consumer(&p, "reader");
    open(queue, &[&reader]).await;
    append(queue, &p, &["a", "b", "c"]).await;
    let events = queue.accepted(&p, Position::START, ALL).await.unwrap();
    let with_body = |n: usize, body: &'static str| QueuedEvent {
        body: Bytes::from_static(body.as_bytes()),
        ..events[n].clone()
    };
    let enriched = |events| queue.enriched(&p, events);
    assert_eq!(enriched(vec![with_body(1, "B"), with_body(2, "C")]).await.unwrap(), 2);
    // Nobody reads past one that is not enriched.
    assert!(deliverable(queue, &reader).await.is_empty());
    assert_eq!(ids(&queue.accepted(&p, Position::START, ALL).await.unwrap()), ["a"]);
    assert_eq!(enriched(vec![with_body(0, "A"), with_body(1, "again")]).await.unwrap(), 1);
    let delivered = deliverable(queue, &reader).await;
    assert_eq!(ids(&delivered), ["a", "b", "c"]);
    assert_eq!(delivered.iter().map(|e| &e.body[..]).collect::<Vec<_>>(), [b"A", b"B", b"C"]);
    assert_eq!(delivered[0].received_at, events[0].received_at);
    assert_eq!(enriched(vec![with_body(0, "again"), with_body(2, "again")]).await.unwrap(), 0);
    assert_eq!(deliverable(queue, &reader).await, delivered);
}

async fn limits_hold_but_never_stop_everything(queue: &dyn Queue) {
    let p = pipeline("limits");
    append(queue, &p, &["a", "b", "c", "d"]).await;
    let length = event(&p, "a").body.len();
    let read = |events, bytes| queue.accepted(&p, Position::START, Limit { events, bytes });
    assert_eq!(read(2, usize::MAX).await.unwrap().len(), 2);
    assert_eq!(read(9, 3 * length).await.unwrap().len(), 3);
    assert_eq!(read(9, 3 * length - 1).await.unwrap().len(), 2);
    assert_eq!(read(9, 0).await.unwrap().len(), 1);
    assert_eq!(read(0, usize::MAX).await.unwrap().len(), 0);
}

async fn a_new_consumer_starts_now(queue: &dyn Queue) {
    let p = pipeline("start");
    let (first, second) = (consumer(&p, "first"), consumer(&p, "second"));
    append(queue, &p, &["nobody"]).await;
    enrich(queue, &p).await;
    let names = |consumers: &[&Consumer]| -> Vec<DestinationName> {
        consumers.iter().map(|consumer| consumer.destination.clone()).collect()
    };
    let unnamed = queue.open_consumers(&p, &names(&[&first])).await.unwrap();
    assert_eq!(unnamed, []);
    append(queue, &p, &["one"]).await;
    enrich(queue, &p).await;
    assert_eq!(queue.open_consumers(&p, &names(&[&second])).await.unwrap(), names(&[&first]));
    append(queue, &p, &["two"]).await;
    enrich(queue, &p).await;
    // Opened again it stays where it is.
    assert_eq!(queue.open_consumers(&p, &names(&[&first, &second])).await.unwrap(), []);
    assert_eq!(ids(&deliverable(queue, &first).await), ["one", "two"]);
    assert_eq!(ids(&deliverable(queue, &second).await), ["two"]);
}

async fn each_consumer_has_its_own_cursor(queue: &dyn Queue) {
    let p = pipeline("cursors");
    let (fast, slow) = (consumer(&p, "fast"), consumer(&p, "slow"));
    open(queue, &[&fast, &slow]).await;
    append(queue, &p, &["a", "b", "c"]).await;
    enrich(queue, &p).await;
    let events = deliverable(queue, &fast).await;
    let settle = |up_to| queue.settle(&fast, Settlement { up_to, ..Settlement::default() });
    settle(events[1].position).await.unwrap();
    assert_eq!(ids(&deliverable(queue, &fast).await), ["c"]);
    // Back it never goes, and not past what there is.
    settle(events[0].position).await.unwrap();
    assert_eq!(ids(&deliverable(queue, &fast).await), ["c"]);
    settle(Position(u64::MAX)).await.unwrap();
    append(queue, &p, &["d"]).await;
    enrich(queue, &p).await;
    assert_eq!(ids(&deliverable(queue, &fast).await), ["d"]);
    assert_eq!(ids(&deliverable(queue, &slow).await), ["a", "b", "c", "d"]);
    let ahead = queue.deliverable(&slow, events[1].position, ALL).await.unwrap();
    assert_eq!(ids(&ahead), ["c", "d"]);
}

async fn what_is_retried_leaves_the_log(queue: &dyn Queue) {
    let p = pipeline("fates");
    let (c, other) = (consumer(&p, "c"), consumer(&p, "other"));
    open(queue, &[&c, &other]).await;
    append(queue, &p, &["done", "later", "never", "next"]).await;
    enrich(queue, &p).await;
    let events = deliverable(queue, &c).await;
    let settlement = Settlement {
        up_to: events[2].position,
        retry: vec![(events[1].position, retry(after(30), 1))],
        dead: vec![(events[2].position, death("http_400", after(1)))],
    };
    queue.settle(&c, settlement.clone()).await.unwrap();
    // Told twice, done once.
    queue.settle(&c, settlement).await.unwrap();
    assert_eq!(ids(&deliverable(queue, &c).await), ["next"]);
    let due = queue.due(&c, after(30), ALL).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((&due[0].event, &due[0].retry), (&events[1], &retry(after(30), 1)));
    let dead = queue.dead_letter(&c, events[2].position).await.unwrap().unwrap();
    assert_eq!((dead.event, dead.death), (events[2].clone(), death("http_400", after(1))));
    assert_eq!(deliverable(queue, &other).await.len(), 4);
    assert!(queue.due(&other, days(9), ALL).await.unwrap().is_empty());
}

async fn a_retry_is_due_when_it_says_so(queue: &dyn Queue) {
    let p = pipeline("due_times");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    append(queue, &p, &["a", "b", "c"]).await;
    enrich(queue, &p).await;
    let at: Vec<Position> = deliverable(queue, &c).await.iter().map(|e| e.position).collect();
    let put = |due: [i64; 3]| {
        at.iter().zip(due).map(|(p, due)| (*p, retry(after(due), 1))).collect::<Vec<_>>()
    };
    let settlement = Settlement { up_to: at[2], retry: put([50, 20, 90]), ..Settlement::default() };
    queue.settle(&c, settlement).await.unwrap();
    let c = &c;
    let due = |now| async move {
        let due = queue.due(c, after(now), ALL).await.unwrap();
        due.iter().map(|due| due.event.message_id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due(19).await, [""; 0]);
    assert_eq!(due(20).await, ["b"]);
    assert_eq!(due(60).await, ["b", "a"]);
    assert_eq!(due(90).await, ["b", "a", "c"]);
    let limited = queue.due(c, after(90), Limit { events: 1, bytes: 0 }).await.unwrap();
    assert_eq!(limited.len(), 1);
    let again = RetrySettlement {
        done: vec![at[1], at[1]],
        retry: vec![(at[0], retry(after(10), 2)), (Position(u64::MAX), retry(after(1), 1))],
        dead: vec![(at[2], death("expired", after(90)))],
    };
    queue.settle_retries(c, again.clone()).await.unwrap();
    // Earlier than everything that was due before.
    assert_eq!(due(10).await, ["a"]);
    assert_eq!(due(500).await, ["a"]);
    assert_eq!(queue.due(c, after(10), ALL).await.unwrap()[0].retry, retry(after(10), 2));
    queue.settle_retries(c, again).await.unwrap();
    assert_eq!(due(500).await, ["a"]);
    assert!(queue.dead_letter(c, at[2]).await.unwrap().is_some());
}

async fn the_dead_are_listed_shown_removed_and_replayed(queue: &dyn Queue) {
    let p = pipeline("dead");
    let (one, two) = (consumer(&p, "one"), consumer(&p, "two"));
    open(queue, &[&one, &two]).await;
    append(queue, &p, &["a", "b", "c", "d"]).await;
    enrich(queue, &p).await;
    let at: Vec<Position> = deliverable(queue, &one).await.iter().map(|e| e.position).collect();
    let deaths = |reasons: [&str; 4]| {
        let dead = at.iter().zip(reasons).zip(0..);
        let dead = dead.map(|((p, reason), n)| (*p, death(reason, after(n)))).collect();
        Settlement { up_to: at[3], dead, ..Settlement::default() }
    };
    queue.settle(&one, deaths(["x", "y", "x", "y"])).await.unwrap();
    queue.settle(&two, deaths(["y", "y", "y", "y"])).await.unwrap();

    let list = |filter: DeadLetterFilter| async move {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = queue.dead_letters(&filter, next.as_ref(), 3).await.unwrap();
            assert!(page.letters.len() <= 3);
            found.extend(page.letters.into_iter().map(|letter| {
                assert!(letter.death.details.is_empty());
                format!("{}:{}", letter.consumer.destination, letter.event.message_id.as_str())
            }));
            next = page.next;
            if next.is_none() {
                return found;
            }
        }
    };
    let ours = DeadLetterFilter { pipeline: Some(p.clone()), ..DeadLetterFilter::default() };
    let all = list(ours.clone()).await;
    assert_eq!(all, ["one:a", "one:b", "one:c", "one:d", "two:a", "two:b", "two:c", "two:d"]);
    let destination = Some(one.destination.clone());
    let of_one = DeadLetterFilter { destination, ..ours.clone() };
    let x = DeadLetterFilter { reason: Some("x".into()), ..of_one.clone() };
    assert_eq!(list(x).await, ["one:a", "one:c"]);
    let timed = DeadLetterFilter { since: Some(after(1)), until: Some(after(3)), ..of_one.clone() };
    assert_eq!(list(timed).await, ["one:b", "one:c"]);

    assert_eq!(queue.remove_dead_letters(&one, &[at[0], at[0]]).await.unwrap(), 1);
    assert_eq!(queue.dead_letter(&one, at[0]).await.unwrap(), None);
    assert_eq!(queue.replay(&one, &[at[0], at[1]], after(100)).await.unwrap(), 1);
    assert_eq!(list(of_one).await, ["one:c", "one:d"]);
    assert!(queue.due(&one, after(99), ALL).await.unwrap().is_empty());
    let due = queue.due(&one, after(100), ALL).await.unwrap();
    assert_eq!((due[0].event.message_id.as_str(), due[0].retry.attempts), ("b", 0));
    assert_eq!(due[0].retry.first_failed_at, after(100));
}

async fn a_drained_consumer_finishes_and_is_gone(queue: &dyn Queue) {
    let p = pipeline("drain");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    append(queue, &p, &["a", "b"]).await;
    enrich(queue, &p).await;
    queue.drain(&c).await.unwrap();
    append(queue, &p, &["after"]).await;
    enrich(queue, &p).await;
    let events = deliverable(queue, &c).await;
    assert_eq!(ids(&events), ["a", "b"]);
    let settlement = Settlement {
        up_to: events[1].position,
        retry: vec![(events[0].position, retry(after(1), 1))],
        ..Settlement::default()
    };
    queue.settle(&c, settlement).await.unwrap();
    assert_eq!(queue.open_consumers(&p, &[]).await.unwrap(), std::slice::from_ref(&c.destination));
    let done = RetrySettlement { done: vec![events[0].position], ..Default::default() };
    queue.settle_retries(&c, done).await.unwrap();
    assert_eq!(queue.open_consumers(&p, &[]).await.unwrap(), []);

    // Named again before it has finished, it goes on.
    open(queue, &[&c]).await;
    append(queue, &p, &["x"]).await;
    enrich(queue, &p).await;
    queue.drain(&c).await.unwrap();
    open(queue, &[&c]).await;
    append(queue, &p, &["y"]).await;
    enrich(queue, &p).await;
    assert_eq!(ids(&deliverable(queue, &c).await), ["x", "y"]);
}

async fn a_purged_consumer_is_gone_at_once(queue: &dyn Queue) {
    let p = pipeline("purge");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    append(queue, &p, &["retry", "dead", "open"]).await;
    enrich(queue, &p).await;
    let events = deliverable(queue, &c).await;
    let settlement = Settlement {
        up_to: events[1].position,
        retry: vec![(events[0].position, retry(after(1), 1))],
        dead: vec![(events[1].position, death("x", after(1)))],
    };
    queue.settle(&c, settlement).await.unwrap();
    queue.purge(&c).await.unwrap();
    assert!(deliverable(queue, &c).await.is_empty());
    // One of the same name is a new one.
    open(queue, &[&c]).await;
    assert!(deliverable(queue, &c).await.is_empty());
    assert!(queue.due(&c, days(9), ALL).await.unwrap().is_empty());
    assert_eq!(queue.dead_letter(&c, events[1].position).await.unwrap(), None);
}

async fn who_is_forgotten_is_shown_nowhere(queue: &dyn Queue) {
    let p = pipeline("forget");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    let first = ["dead", "retry", "open"].map(|id| event_of(&p, id, 1));
    let theirs = ["dead-2", "retry-2", "open-2"].map(|id| event_of(&p, id, 2));
    queue.append(first.into_iter().chain(theirs).collect(), START).await.unwrap();
    enrich(queue, &p).await;
    let at: Vec<Position> = deliverable(queue, &c).await.iter().map(|e| e.position).collect();
    let settlement = Settlement { up_to: at[0], ..Settlement::default() };
    let dead = vec![(at[0], death("x", after(1)))];
    queue.settle(&c, Settlement { dead, ..settlement }).await.unwrap();
    let retries = vec![(at[1], retry(after(1), 1))];
    let settlement = Settlement { up_to: at[1], retry: retries, ..Settlement::default() };
    queue.settle(&c, settlement).await.unwrap();
    queue.append(vec![event_of(&p, "accepted", 1)], START).await.unwrap();
    let read_before = queue.accepted(&p, Position::START, ALL).await.unwrap();
    let due_before = queue.due(&c, after(1), ALL).await.unwrap();
    assert_eq!(due_before.len(), 1);

    queue.forget(&p, visitor(1), after(2)).await.unwrap();
    let filter = DeadLetterFilter { pipeline: Some(p.clone()), ..DeadLetterFilter::default() };
    let shown = || async {
        let mut shown = Vec::new();
        shown.extend(queue.accepted(&p, Position::START, ALL).await.unwrap());
        shown.extend(deliverable(queue, &c).await);
        let due = queue.due(&c, days(9), ALL).await.unwrap();
        shown.extend(due.into_iter().map(|due| due.event));
        let dead = queue.dead_letters(&filter, None, 100).await.unwrap().letters;
        shown.extend(dead.into_iter().map(|letter| letter.event));
        shown.iter().map(|event| event.message_id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["dead-2", "retry-2", "open-2"]);
    assert_eq!(queue.dead_letter(&c, at[0]).await.unwrap(), None);

    // What somebody still holds of it brings nothing back.
    queue.enriched(&p, read_before).await.unwrap();
    let again = vec![(at[1], retry(after(3), 2))];
    let again = RetrySettlement { retry: again, ..RetrySettlement::default() };
    queue.settle_retries(&c, again).await.unwrap();
    let dead = vec![(at[2], death("x", after(3)))];
    let settlement = Settlement { up_to: at[2], dead, ..Settlement::default() };
    queue.settle(&c, settlement).await.unwrap();
    assert_eq!(shown().await, ["dead-2", "retry-2", "open-2"]);

    // Later events of theirs are shown, and others' all the time.
    queue.append(vec![event_of(&p, "again", 1)], after(4)).await.unwrap();
    assert_eq!(shown().await, ["again", "dead-2", "retry-2", "open-2"]);
    while queue.upkeep(days(1)).await.unwrap() {}
    assert_eq!(shown().await, ["again", "dead-2", "retry-2", "open-2"]);
}

async fn what_is_forgotten_before_it_is_enriched_holds_nothing_up(queue: &dyn Queue) {
    let p = pipeline("forget_early");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    for (id, erased) in [("hidden", false), ("erased", true)] {
        queue
            .append(vec![event_of(&p, id, 1), event(&p, &format!("after-{id}"))], START)
            .await
            .unwrap();
        queue.append(vec![event_of(&p, &format!("last-{id}"), 1)], START).await.unwrap();
        queue.forget(&p, visitor(1), START).await.unwrap();
        // Nobody reads before they are gone.
        while erased && queue.upkeep(days(1)).await.unwrap() {}
    }
    assert_eq!(enrich(queue, &p).await, 2);
    append(queue, &p, &["next"]).await;
    assert_eq!(enrich(queue, &p).await, 1);
    assert_eq!(ids(&deliverable(queue, &c).await), ["after-hidden", "after-erased", "next"]);
}

async fn what_is_unknown_is_empty(queue: &dyn Queue) {
    let c = consumer(&pipeline("unknown"), "c");
    assert!(queue.accepted(&c.pipeline, Position::START, ALL).await.unwrap().is_empty());
    assert!(deliverable(queue, &c).await.is_empty());
    assert!(queue.due(&c, days(9), ALL).await.unwrap().is_empty());
    assert_eq!(queue.dead_letter(&c, Position(1)).await.unwrap(), None);
    assert_eq!(queue.remove_dead_letters(&c, &[Position(1)]).await.unwrap(), 0);
    assert_eq!(queue.replay(&c, &[Position(1)], START).await.unwrap(), 0);
    queue.settle(&c, Settlement { up_to: Position(9), ..Default::default() }).await.unwrap();
    queue.settle_retries(&c, RetrySettlement::default()).await.unwrap();
    queue.forget(&c.pipeline, visitor(1), START).await.unwrap();
    queue.drain(&c).await.unwrap();
    queue.purge(&c).await.unwrap();
    assert_eq!(queue.append(Vec::new(), START).await.unwrap(), []);
}

async fn usage_tells_what_waits(queue: &dyn Queue) {
    let p = pipeline("usage");
    let c = consumer(&p, "c");
    open(queue, &[&c]).await;
    for (n, id) in ["done", "retry", "dead", "lag", "accepted", "accepted-2"].iter().enumerate() {
        let now = after(i64::try_from(n).unwrap());
        queue.append(vec![event(&p, id)], now).await.unwrap();
    }
    let four = Limit { events: 4, bytes: usize::MAX };
    let events = queue.accepted(&p, Position::START, four).await.unwrap();
    queue.enriched(&p, events.clone()).await.unwrap();
    let settlement = Settlement {
        up_to: events[2].position,
        retry: vec![(events[1].position, retry(after(30), 1))],
        dead: vec![(events[2].position, death("x", after(9)))],
    };
    queue.settle(&c, settlement).await.unwrap();
    let usage = queue.usage().await.unwrap();
    assert!(usage.bytes > 0);
    assert!(usage.pipelines.is_sorted_by(|a, b| a.pipeline < b.pipeline));
    let ours = usage.pipelines.iter().find(|usage| usage.pipeline == p).unwrap();
    let backlog = |events, oldest| Backlog { events, oldest: Some(after(oldest)) };
    assert_eq!(ours.accepted, backlog(2, 4));
    let [consumer] = &ours.consumers[..] else { panic!("{ours:?}") };
    assert_eq!((&consumer.destination, consumer.draining), (&c.destination, false));
    assert_eq!(consumer.lag, backlog(1, 3));
    assert_eq!(consumer.retries, backlog(1, 1));
    assert_eq!(consumer.dead_letters, backlog(1, 2));
}
