//! What every destination does, whichever vendor it is.

use std::time::Duration;

use super::*;
use crate::destination::{Receipt, Trouble};

/// What a status means for one event.
fn expected(subject: &Subject, status: u16) -> &'static str {
    match status {
        409 if subject.name == amperity::NAME => "paused",
        302 | 307 | 401 | 402 | 403 | 404 | 405 | 410 => "paused",
        400 | 406 | 409 | 411 | 413 | 415 | 422 => "refused",
        _ => "retry",
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_arrives_whole_under_its_message_id() {
    for subject in ALL {
        let sandbox = start();
        let attempt = deliver(&*subject.destination(&sandbox), subject.delivery(7)).await;
        assert_eq!(attempt.fate, Fate::Done(Receipt::Accepted), "{}", subject.name);
        let taken = subject.taken(&sandbox);
        assert_eq!(taken.len(), 1, "{}", subject.name);
        let id = taken[0].0.as_deref();
        match subject.name {
            // Google documents no idempotency key.
            ga4::NAME => assert_eq!(id, None),
            _ => assert!(id.unwrap().starts_with("message-7"), "{id:?}"),
        }
        let mapped = subject.delivery(7).body;
        let event = if subject.name == ga4::NAME { &taken[0].1["event"] } else { &taken[0].1 };
        for (field, value) in event.as_object().unwrap() {
            let added = ["source", "message_id", "event_id", "event_time", "timestamp_micros"];
            assert!(mapped.get(field) == Some(value) || added.contains(&&**field), "{field}");
        }

        let sent = &sandbox.requests()[0];
        for header in ["content-length", "content-type", "accept"] {
            assert!(sent.headers.iter().any(|sent| sent == header), "{}: {header}", subject.name);
        }
        let exchange = attempt.exchange.unwrap();
        assert_eq!(exchange.body_bytes, sent.body_bytes);
        assert_eq!(serde_json::from_slice::<Value>(&exchange.body).unwrap(), sent.body);
        assert_eq!(exchange.status, sent.status);
    }
}

#[tokio::test(start_paused = true)]
async fn every_status_has_its_fate() {
    for subject in ALL {
        for status in [
            302, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 415, 422, 425,
            429, 500, 501, 502, 503, 504, 599,
        ] {
            let sandbox = start();
            sandbox.fault(subject.route, None, Fault::status(status)).unwrap();
            let attempt = deliver(&*subject.destination(&sandbox), subject.delivery(0)).await;
            let fate = attempt.fate.as_str();
            assert_eq!(fate, expected(&subject, status), "{} {status}", subject.name);
            // By the vendor's own log: asked once, answered that, and has nothing.
            let log = sandbox.requests();
            assert_eq!(log.iter().map(|sent| sent.status).collect::<Vec<_>>(), [Some(status)]);
            assert!(subject.taken(&sandbox).is_empty());
            assert_eq!(attempt.exchange.unwrap().status, Some(status));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_to_wait_is_passed_on() {
    for subject in ALL {
        for status in [429, 503] {
            let fate = fate_under(&subject, Fault::status(status).retry_after("7")).await;
            let Fate::Retry { retry_after, .. } = fate else {
                panic!("{}: {fate:?}", subject.name)
            };
            assert_eq!(retry_after, Some(Duration::from_secs(7)), "{} {status}", subject.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_is_sent_again_as_the_same_event() {
    for subject in ALL {
        let sandbox = start();
        let destination = subject.destination(&sandbox);
        let fault = |fault| sandbox.fault(subject.route, Some(1), fault).unwrap();
        let why = async || match deliver(&*destination, subject.delivery(0)).await.fate {
            Fate::Retry { why, .. } => why,
            fate => panic!("{}: {fate:?}", subject.name),
        };
        fault(Fault::delay(Duration::from_mins(1)));
        assert_eq!(why().await, Trouble::Deadline, "{}", subject.name);
        assert!(subject.taken(&sandbox).is_empty());
        // The vendor did the work, and its answer was lost.
        fault(Fault::cut_body());
        assert!(matches!(why().await, Trouble::Unreachable { .. }), "{}", subject.name);
        let again = deliver(&*destination, subject.delivery(0)).await;
        assert_eq!(again.fate, Fate::Done(Receipt::Accepted), "{}", subject.name);
        let taken = subject.taken(&sandbox);
        assert_eq!((taken.len(), &taken[0]), (2, &taken[1]), "{}", subject.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_cannot_be_read_is_one_only_where_the_status_says_all() {
    for subject in ALL {
        let by_status = [amperity::NAME, ga4::NAME, webhook::NAME].contains(&subject.name);
        let expected = if by_status { "accepted" } else { "retry" };
        for fault in [Fault::garbage(), Fault::body("[]"), Fault::body("{}")] {
            assert_eq!(fate_under(&subject, fault).await.as_str(), expected, "{}", subject.name);
        }
        let endless = fate_under(&subject, Fault::huge_body(1 << 30)).await;
        assert_eq!(endless.as_str(), expected, "{}", subject.name);
    }
}

#[tokio::test]
async fn a_compressed_success_is_one_only_where_the_status_says_all() {
    for subject in ALL {
        let answer = || async { ([("content-encoding", "gzip")], "unasked") };
        let vendor = Arc::new(InProcess(Router::new().fallback(answer)));
        let destination = subject.over(vendor, &[]).unwrap();
        let attempt = deliver(&*destination, subject.delivery(0)).await;
        let by_status = [amperity::NAME, ga4::NAME, webhook::NAME].contains(&subject.name);
        let expected = if by_status { "accepted" } else { "retry" };
        assert_eq!(attempt.fate.as_str(), expected, "{}", subject.name);
        let exchange = attempt.exchange.unwrap();
        assert_eq!((exchange.status, &*exchange.answer), (Some(200), ""), "{}", subject.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_any_size_has_an_attempt_for_each_event_in_order() {
    for subject in ALL {
        let sandbox = start();
        let destination = subject.destination(&sandbox);
        let limit = destination.terms().batch_limit;
        for (count, requests) in [(0, 0), (1, 1), (limit, 1), (limit + 1, 2)] {
            let before = (sandbox.hits(subject.route), subject.taken(&sandbox).len());
            let attempts = destination.deliver(&subject.deliveries(count), NOW).await;
            assert_eq!(attempts.len(), count, "{}", subject.name);
            assert!(attempts.iter().all(|attempt| attempt.fate.as_str() == "accepted"));
            assert_eq!(sandbox.hits(subject.route) - before.0, requests, "{}", subject.name);
            let ids = subject.taken(&sandbox).split_off(before.1).into_iter().map(|(id, _)| id);
            let ids: Vec<_> = ids.flatten().collect();
            for (n, id) in ids.iter().enumerate() {
                assert!(id == &format!("message-{n}") || id.starts_with(&format!("message-{n} ")));
            }
        }
    }
}

/// A mapped body that the vendor refuses, while it would take the others.
fn bad(subject: &Subject) -> Delivery {
    match subject.name {
        amperity::NAME => subject.delivery_with("blob", json!("x".repeat(70_000))),
        ga4::NAME => subject.delivery_with("name", json!("no name")),
        meta_capi::NAME => subject.delivery_with("user_data.em", json!("vera@example.com")),
        tiktok::NAME => subject.delivery_with("user.email", json!("vera@example.com")),
        _ => subject.delivery(0),
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_event_is_refused_alone_and_the_others_arrive() {
    for subject in ALL {
        let sandbox = start();
        let mut batch = subject.deliveries(9);
        batch[4] = bad(&subject);
        if subject.name == webhook::NAME {
            // Its receiver refuses what it likes.
            sandbox.fault(subject.route, Some(4), Fault::delay(Duration::ZERO)).unwrap();
            sandbox.fault(subject.route, Some(1), Fault::status(422)).unwrap();
        }
        let attempts = subject.destination(&sandbox).deliver(&batch, NOW).await;
        for (n, attempt) in attempts.iter().enumerate() {
            let expected = if n == 4 { "refused" } else { "accepted" };
            assert_eq!(attempt.fate.as_str(), expected, "{} {n}: {attempt:?}", subject.name);
        }
        let mut ids: Vec<_> = subject.taken(&sandbox).into_iter().map(|(id, _)| id).collect();
        if subject.name != ga4::NAME {
            ids.sort();
            ids.dedup();
        }
        assert_eq!(ids.len(), 8, "{}", subject.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_credential_pauses_and_names_its_key() {
    for subject in ALL {
        let sandbox = start();
        let (key, _) = subject.credential;
        let other = secret("whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=");
        let destination = subject.set_up(&sandbox, &[(key, &other)]).unwrap();
        let batch = subject.deliveries(3);
        for attempt in destination.deliver(&batch, NOW).await {
            match attempt.fate {
                Fate::Paused(fault) => assert_eq!(fault.key, key, "{}", subject.name),
                // Google answers the same whatever the secret; that is documented.
                Fate::Done(_) if subject.name == ga4::NAME => {}
                fate => panic!("{}: {fate:?}", subject.name),
            }
        }
        assert!(subject.taken(&sandbox).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_shown_holds_a_secret_or_a_person() {
    for subject in ALL {
        let (_, token) = subject.credential;
        let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let quoted =
            format!("`{token}` {encoded} may not write {{\"email\":\"vera@example.com\"}}");
        let faults = [
            answering(400, &quoted),
            answering(401, &quoted),
            answering(500, &quoted),
            answering(200, &quoted),
            Fault::cut_body(),
        ];
        for fault in faults {
            let sandbox = start();
            sandbox.fault(subject.route, Some(1), fault).unwrap();
            let destination = subject.destination(&sandbox);
            let delivery = subject.delivery(0);
            let attempt = deliver(&*destination, delivery.clone()).await;
            let said = match &attempt.fate {
                Fate::Retry { why, .. } => why.to_string(),
                Fate::Refused(refusal) => refusal.to_string(),
                Fate::Paused(fault) => fault.to_string(),
                Fate::Done(_) => String::new(),
            };
            let (identity, account) =
                (&destination.terms().identity, &destination.terms().quota.account);
            let shown = format!("{delivery:?} {attempt:?} {said} {identity} {account}");
            let kept = attempt.exchange.unwrap();
            for canary in [token, "vera@example.com"] {
                assert!(!shown.contains(canary), "{}: {shown}", subject.name);
            }
            // What is kept for the owner may name the person, and never the secret.
            let kept = format!("{} {} {:?}", kept.url, kept.answer, kept.body);
            // A webhook's secret stays here, so that no receiver could say it as these vendors do.
            let said = subject.name != webhook::NAME
                && [token, &encoded].iter().any(|secret| kept.contains(secret));
            assert!(!said, "{}: {kept}", subject.name);
        }
    }
}

#[test]
fn a_configuration_shows_no_secret() {
    for subject in ALL {
        let mut keys = (subject.section)();
        if subject.name == webhook::NAME {
            keys[0].1 = text("https://vendor.test/canary?token=canary");
        }
        let shown = read(&keys, subject.shown).unwrap();
        let (_, token) = subject.credential;
        assert!(shown.contains("vendor.test"), "{shown}");
        assert!(!shown.contains(token) && !shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn the_identity_is_the_place_and_not_the_credential() {
    for subject in ALL {
        let sandbox = start();
        let identity = |changes: &[(&'static str, &str)]| {
            subject.set_up(&sandbox, changes).unwrap().terms().identity.clone()
        };
        let (key, token) = subject.credential;
        let other = secret("whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=");
        assert_eq!(identity(&[]), identity(&[(key, &other)]), "{}", subject.name);
        assert!(identity(&[]).starts_with(subject.name) && !identity(&[]).contains(token));
        let elsewhere = match subject.name {
            amperity::NAME => ("event_stream_id", "'esm-other'"),
            ga4::NAME => ("measurement_id", "'G-OTHER'"),
            meta_capi::NAME => ("pixel_id", "'99'"),
            tiktok::NAME => ("pixel_code", "'OTHER'"),
            _ => ("url", "'https://vendor.test/other?token=canary'"),
        };
        assert_ne!(identity(&[]), identity(&[elsewhere]), "{}", subject.name);
        assert!(!identity(&[elsewhere]).contains("canary"));
    }
}

#[test]
fn every_destination_says_what_it_needs() {
    let hours = |hours| Some(Duration::from_hours(hours));
    for (subject, consent, max_age, rate, person) in [
        (AMPERITY, None, None, 500, "amperity_id"),
        (GA4, Some("analytics"), hours(72), 500, "client_id"),
        (META_CAPI, Some("marketing"), hours(168), 500, "user_data.external_id"),
        (TIKTOK, Some("marketing"), None, 500, "user.external_id"),
        (WEBHOOK, Some("analytics"), None, 100, "traits.email"),
    ] {
        let destination = subject.destination(&start());
        let terms = destination.terms();
        assert_eq!(terms.consent_category.as_deref(), consent, "{}", subject.name);
        assert_eq!(terms.max_age, max_age, "{}", subject.name);
        assert_eq!(terms.quota.requests_per_second, rate, "{}", subject.name);
        assert!(terms.identity_fields.iter().any(|field| field == person));
        if subject.name != amperity::NAME {
            let slower = subject.set_up(&start(), &[("requests_per_second", "9")]).unwrap();
            assert_eq!(slower.terms().quota.requests_per_second, 9, "{}", subject.name);
        }
        let owner_s = subject.set_up(&start(), &[("consent_category", "'C0004'")]).unwrap();
        let category = owner_s.terms().consent_category.as_deref();
        assert_eq!(category, Some("C0004"), "{}", subject.name);
    }
}

#[test]
fn every_section_is_checked_as_a_whole() {
    for subject in ALL {
        let (key, _) = subject.credential;
        for (key, value, says) in [
            (key, "", "it is missing"),
            (key, "'pasted'", "{ env = \"NAME\" }"),
            ("surprise", "1", "unknown key: write one of"),
            ("consent_category", "' '", "`consent_category`: it is empty"),
        ] {
            let said = mistakes_in(&subject, &[(key, value)]);
            assert!(said.len() == 1 && said[0].contains(says), "{} {key}: {said:?}", subject.name);
            assert!(!said[0].contains("pasted"));
        }
        let all =
            mistakes_in(&subject, &[(key, "1"), ("surprise", "1"), ("consent_category", "''")]);
        assert_eq!(all.len(), 3, "{}: {all:#?}", subject.name);
    }
    for subject in [GA4, META_CAPI, TIKTOK, WEBHOOK] {
        for (value, says) in [("0", "write 1 to 10000 requests a second"), ("'x'", "invalid type")]
        {
            let said = mistakes_in(&subject, &[("requests_per_second", value)]);
            assert!(said.len() == 1 && said[0].contains(says), "{}: {said:?}", subject.name);
        }
    }
    for subject in [GA4, META_CAPI, TIKTOK] {
        for url in ["http://example.com", "https://u:hush@a.test/", "https://a.test/?t=hush"] {
            let said = mistakes_in(&subject, &[("base_url", &text(url))]);
            assert!(said.len() == 1 && !said[0].contains("hush"), "{}: {said:?}", subject.name);
        }
    }
}
