//! What every provider does, whichever vendor it is.

use std::time::Duration;

use datafly_core::linking_key::Identifiers;
use datafly_core::linking_key::LinkingKeys;
use serde_json::json;

use super::*;

/// What a status means; `Ok` is nobody.
fn expected(subject: &Subject, status: u16) -> Result<(), ProviderError> {
    if let Some(own) = (subject.status)(status) {
        return own;
    }
    // Which key is named is the vendor's to say, and checked by itself.
    Err(match status {
        400 => ProviderError::KeyRefused { key: "email".to_owned() },
        429 => ProviderError::RateLimited { retry_after: None },
        500.. => ProviderError::Unavailable { status },
        _ => ProviderError::Unexpected { status },
    })
}

#[tokio::test(start_paused = true)]
async fn a_key_finds_its_profile_with_one_request() {
    for subject in ALL {
        let sandbox = vendor();
        let found = subject.provider(&sandbox).look_up(&subject.vera()).await.unwrap().unwrap();
        let (attribute, value) = subject.attribute;
        assert_eq!(found.attributes[attribute], value, "{}", subject.route);
        assert_eq!(sandbox.hits(subject.route), 1, "{}", subject.route);
        let asked = sandbox.requests().pop().unwrap();
        assert_eq!((asked.route, asked.status), (subject.route, Some(200)));
        assert!(asked.authorization.unwrap().scope.is_some(), "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_no_error() {
    for subject in ALL {
        let sandbox = vendor();
        let provider = subject.provider(&sandbox);
        for nobody in ["stranger@example.com", "Vera@example.com", "o'brien", "a/../b?c#d", "+ é&="]
        {
            assert_eq!(
                provider.look_up(&subject.email(nobody)).await,
                Ok(None),
                "{} {nobody}",
                subject.route
            );
        }
    }
}

#[test]
fn a_visitor_without_an_identifier_is_not_looked_up() {
    let keys: LinkingKeys =
        serde_json::from_value(json!([{"source": "email", "key": "email"}])).unwrap();
    assert_eq!(keys.values_of(&Identifiers::default()).count(), 0);
    for blank in ["", " ", "\n"] {
        assert!(Identifier::new(blank).is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_read_again_by_the_id_it_came_with() {
    for subject in ALL {
        let sandbox = vendor();
        let provider = subject.provider(&sandbox);
        let found = provider.look_up(&subject.vera()).await.unwrap().unwrap();
        let before = sandbox.hits(subject.read_route);
        assert_eq!(provider.profile(&found.id).await, Ok(Some(found)), "{}", subject.route);
        assert_eq!(sandbox.hits(subject.read_route) - before, 1, "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_gone_is_none() {
    for subject in ALL {
        let sandbox = vendor();
        let provider = subject.provider(&sandbox);
        for id in [subject.dead_id, "gone/../x?y", "'", "%", "email=", "é"] {
            assert_eq!(
                provider.profile(&ProfileId::new(id)).await,
                Ok(None),
                "{} {id}",
                subject.route
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_personalised_by_a_context_that_nobody_switched_on() {
    for subject in ALL {
        let sandbox = vendor();
        let context = serde_json::from_value(json!({"pageCategory": "shoes"})).unwrap();
        let provider = subject.provider(&sandbox);
        let second = provider.personalised(&veras_id(), &context).await.unwrap().unwrap();
        assert!(second.is_empty() && sandbox.requests().is_empty(), "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn every_status_has_its_error_and_is_asked_for_once() {
    for subject in ALL {
        for status in [201, 302, 307, 400, 404, 405, 409, 429, 500, 501, 502, 503, 504, 599] {
            let sandbox = vendor();
            sandbox.fault(subject.route, None, Fault::status(status)).unwrap();
            let answer = subject.provider(&sandbox).look_up(&subject.vera()).await;
            let answer = answer.map(|found| assert_eq!(found, None));
            assert_eq!(answer, expected(&subject, status), "{} {status}", subject.route);
            assert_eq!(sandbox.hits(subject.route), 1, "{} {status}", subject.route);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_to_mend_is_named() {
    for subject in ALL {
        let key = match subject.name {
            ansira::NAME => "assertion_file",
            _ => subject.credential,
        };
        let rejected = subject.error_under(Fault::status(401)).await;
        assert_eq!(rejected, ProviderError::CredentialRejected { key }, "{}", subject.route);
        let key = match subject.name {
            algonomy::NAME => "resources",
            ansira::NAME => "scopes",
            _ => subject.credential,
        };
        match subject.error_under(Fault::status(403)).await {
            ProviderError::ScopeRefused { key: named, .. } => assert_eq!(named, key),
            other => panic!("{}: {other:?}", subject.route),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_to_wait_is_passed_on() {
    for subject in ALL {
        let limited = subject.error_under(Fault::status(429).retry_after("7")).await;
        let retry_after = Some(Duration::from_secs(7));
        assert_eq!(limited, ProviderError::RateLimited { retry_after }, "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_a_bad_answer() {
    for subject in ALL {
        let texts = ["[]", "{}", "null", "7", r#"{"data":{},"customer":[],"attributes":7}"#];
        let texts = texts.map(Fault::body);
        for fault in [Fault::garbage(), Fault::huge_body(1 << 30)].into_iter().chain(texts) {
            let error = subject.error_under(fault.clone()).await;
            let is_bad = matches!(error, ProviderError::BadAnswer { .. });
            assert!(is_bad, "{} {fault:?}: {error:?}", subject.route);
        }
        let cut = subject.error_under(Fault::cut_body()).await;
        assert!(matches!(cut, ProviderError::Unreachable { .. }), "{}: {cut:?}", subject.route);
        let sandbox = vendor();
        let packed = Arc::new(Packed(InProcess(sandbox.router())));
        let packed = subject.over(packed, &sandbox, &[]).unwrap();
        let error = packed.provider.look_up(&subject.vera()).await.unwrap_err();
        assert!(error.to_string().contains("compressed"), "{}: {error}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_hangs_is_left_within_seconds() {
    for subject in ALL {
        let left = subject.error_under(Fault::delay(Duration::from_mins(1)));
        let left = tokio::time::timeout(Duration::from_secs(6), left).await;
        assert_eq!(left, Ok(ProviderError::Deadline), "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_ends_is_replaced_at_the_price_of_one_request() {
    for subject in ALL {
        let sandbox = vendor();
        let changes: Vec<_> =
            subject.replacement.iter().map(|(key, value)| (*key, value())).collect();
        let changes: Vec<_> = changes.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let SetUp { provider, turns, .. } = subject.set_up(&sandbox, &changes).unwrap();
        for round in 0..3 {
            assert!(
                provider.look_up(&subject.vera()).await.unwrap().is_some(),
                "{}",
                subject.route
            );
            if round == 0 {
                (subject.end_credential)(&sandbox);
            }
        }
        assert_eq!(sandbox.hits(subject.route), 4, "{}", subject.route);
        let further = if subject.waits_for_its_first_token() { 2 } else { 1 };
        assert_eq!(*turns.lock().unwrap(), vec![provider.quota(); further], "{}", subject.route);
        let refused: u64 = provider.tokens().iter().map(|token| token.refused).sum();
        assert_eq!(refused, 1, "{}", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_refused_for_good_is_tried_twice_at_most() {
    for subject in ALL {
        let sandbox = vendor();
        let status = if subject.name == ansira::NAME { 403 } else { 401 };
        sandbox.fault(subject.route, None, Fault::status(status)).unwrap();
        let changes: Vec<_> =
            subject.replacement.iter().map(|(key, value)| (*key, value())).collect();
        let changes: Vec<_> = changes.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let provider = subject.set_up(&sandbox, &changes).unwrap().provider;
        assert!(provider.look_up(&subject.vera()).await.is_err());
        assert_eq!(sandbox.hits(subject.route), 2, "{}", subject.route);
        assert!(provider.look_up(&subject.vera()).await.is_err());
        assert_eq!(sandbox.hits(subject.route), 3, "{}: and then once", subject.route);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_shown_holds_a_secret_or_a_person() {
    for subject in ALL {
        let quoted = format!("{} vera@example.com", subject.secrets.concat());
        let quoted = json!({"status": "ERROR", "message": quoted, "says": quoted}).to_string();
        let quoting = |status: u16| -> Fault {
            serde_json::from_value(json!({"status": status, "body": quoted})).unwrap()
        };
        for fault in [
            quoting(200),
            quoting(400),
            quoting(401),
            quoting(403),
            quoting(404),
            quoting(500),
            Fault::cut_body(),
            Fault::delay(Duration::from_mins(1)),
        ] {
            let sandbox = vendor();
            sandbox.fault(subject.route, Some(2), fault).unwrap();
            let SetUp { provider, shown, .. } = subject.set_up(&sandbox, &[]).unwrap();
            let failed = provider.look_up(&subject.vera()).await;
            let said = failed.as_ref().err().map(ToString::to_string);
            let found = provider.look_up(&subject.vera()).await;
            let (identity, quota) = (provider.identity(), provider.quota());
            let status = provider.tokens();
            let shown =
                format!("{failed:?} {said:?} {found:?} {identity} {quota:?} {status:?} {shown}");
            let assertion = sandbox.ansira_assertion();
            let secrets = subject.secrets.iter().copied();
            for canary in secrets.chain(["vera@", "vera%40", subject.attribute.1, &assertion]) {
                assert!(!shown.contains(canary), "{} {canary}: {shown}", subject.route);
            }
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_no_address_is_said() {
    struct Nobody;

    #[async_trait]
    impl Transport for Nobody {
        async fn send(&self, _: Request<Bytes>, _: usize) -> Result<Answer, HttpError> {
            Err(HttpError::NotPublic)
        }
    }

    for subject in ALL {
        let provider = subject.over(Arc::new(Nobody), &vendor(), &[]).unwrap().provider;
        let error = provider.look_up(&subject.vera()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("vendor.test"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_identity_is_the_place_and_the_quota_the_account() {
    for subject in ALL {
        let sandbox = vendor();
        let of = |changes: &[(&'static str, &str)]| {
            let provider = subject.set_up(&sandbox, changes).unwrap().provider;
            (provider.identity(), provider.quota().account)
        };
        assert_eq!(of(&[]), of(&[]), "{}", subject.route);
        assert_eq!(of(&[]), of(&[("browser_attribute_allowlist", "'Other'")]));
        let elsewhere = match subject.name {
            rest::NAME => "'https://other.test/{value}'",
            _ => "'https://other.test/x'",
        };
        let (identity, account) = of(&[(subject.url_key, elsewhere)]);
        assert_ne!(of(&[]).0, identity, "{}", subject.route);
        assert_ne!(of(&[]).1, account, "{}", subject.route);
    }
}

#[test]
fn every_section_is_checked_as_a_whole() {
    for subject in ALL {
        let credential = subject.credential;
        for (key, value, says) in [
            (credential, "'pasted'", "{ env = \"NAME\" }"),
            ("surprise", "1", "unknown key: write one of"),
            (
                "linking_keys",
                "[{ source = 'emial', key = 'e' }]",
                "`linking_keys`: unknown variant",
            ),
            ("browser_attribute_allowlist", "['__proto__']", "cannot be an attribute name"),
            ("browser_attribute_caps", "{ Other = 1 }", "a cap is set for `Other`"),
        ] {
            let said = subject.mistakes(&[(key, value)]);
            assert!(said.len() == 1 && said[0].contains(says), "{} {key}: {said:?}", subject.route);
            assert!(!said[0].contains("pasted"));
        }
        for key in subject.texts {
            let said = subject.mistakes(&[(key, "' '")]);
            let empty = format!("`{key}`: it is empty");
            assert!(
                said.len() == 1 && said[0].contains(&empty),
                "{} {key}: {said:?}",
                subject.route
            );
        }
        let section = (subject.section)();
        let has = |key: &str| section.iter().any(|(written, _)| *written == key);
        for key in
            ["tenant_id", "index_id", "client_id", "client_secret", "assertion_file", "scopes"]
                .into_iter()
                .chain(["records_path", "filter", "name", "url", "auth_secret"])
                .chain(["profile_url", "tenant_hash"])
                .filter(|key| has(key))
        {
            let said = subject.mistakes(&[(key, "")]);
            assert!(said.len() == 1 && said[0].contains("it is missing"), "{key}: {said:?}");
        }
        for url in ["http://example.com", "https://u:hush@a.test/", "https://a.test/?t=hush"] {
            // A `rest` provider's query is its owner's to write.
            if subject.name != rest::NAME {
                let said = subject.mistakes(&[(subject.url_key, &text(url))]);
                assert!(!said.is_empty() && !said.concat().contains("hush"), "{said:?}");
            }
        }
        if subject.name != amperity::NAME {
            let said = subject.mistakes(&[("requests_per_second", "0")]);
            assert!(said.len() == 1 && said[0].contains("write 1 to 10000 requests a second"));
            let slower = subject.set_up(&vendor(), &[("requests_per_second", "9")]).unwrap();
            assert_eq!(slower.provider.quota().requests_per_second, 9);
        }
    }
}
