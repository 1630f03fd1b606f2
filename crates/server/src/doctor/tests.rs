//! What is the same for every vendor, over one that is made up.

use std::sync::Mutex;

use async_trait::async_trait;
use datafly_core::attributes::Attributes;
use datafly_core::context::{ContextMappings, ContextValues};
use datafly_core::linking_key::{KeyValue, LinkingKey, Source};
use datafly_provider::{Outcome, Profile, ProfileId, ProviderError, Quota, TokenError, TokenKind};
use jiff::{SignedDuration, Timestamp};

use super::*;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

type Answered = Result<Option<Profile>, ProviderError>;

/// Answers every look-up the same, and remembers the keys.
struct Vendor {
    answer: Answered,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl ProfileProvider for Vendor {
    async fn look_up(&self, key: &KeyValue) -> Answered {
        self.asked.lock().unwrap().push(key.key.to_string());
        self.answer.clone()
    }

    async fn profile(&self, _: &ProfileId) -> Answered {
        self.answer.clone()
    }

    async fn personalised(
        &self,
        _: &ProfileId,
        _: &ContextValues,
    ) -> Result<Option<Attributes>, ProviderError> {
        Ok(None)
    }

    fn identity(&self) -> String {
        "vendor".to_owned()
    }

    fn quota(&self) -> Quota {
        Quota { account: "vendor".to_owned(), requests_per_second: 1 }
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        Vec::new()
    }
}

fn patient(answer: Answered, tokens: Vec<TokenStatus>) -> (Patient, Arc<Vendor>) {
    let vendor = Arc::new(Vendor { answer, asked: Mutex::default() });
    let keys = [(Source::Email, "mail"), (Source::UserId, "customer")];
    let keys = keys.map(|(source, key)| LinkingKey { source, key: key.into(), hash: None });
    let lookups = Lookups {
        linking_keys: keys.into_iter().collect(),
        allowlist: datafly_core::allowlist::Allowlist::from_csv("Persona").unwrap(),
        context: ContextMappings::default(),
    };
    let profiles = Some((lookups, vendor.clone() as Arc<dyn ProfileProvider>));
    let tokens = Box::new(move || tokens.clone());
    (Patient { name: "vendor".to_owned(), profiles, diagnosis: None, tokens }, vendor)
}

fn findings(checks: &[Check]) -> Vec<(&'static str, &str)> {
    let findings = checks.iter().filter_map(|check| match &check.outcome {
        Outcome::Found(finding) => Some((finding.ailment.code, finding.key.as_str())),
        Outcome::Good | Outcome::Skipped(_) => None,
    });
    findings.collect()
}

/// A vendor without an examination of its own is asked for nobody: an answer is all it takes.
#[tokio::test]
async fn every_vendor_that_answers_look_ups_is_asked_one() {
    let refused = |key: &str| ProviderError::KeyRefused { key: key.to_owned() };
    let expired = TokenError::Expired { key: "assertion_file", at: NOW };
    for (answer, found, asked) in [
        (Ok(None), vec![], 2),
        (
            Err(refused("mail")),
            vec![
                ("LOOK_UP_FAILED", "linking_keys[0].key"),
                ("LOOK_UP_FAILED", "linking_keys[1].key"),
            ],
            2,
        ),
        (
            Err(ProviderError::CredentialRejected { key: "client_secret" }),
            vec![("LOOK_UP_FAILED", "client_secret")],
            1,
        ),
        // The credentials' checks tell.
        (Err(ProviderError::Token(expired)), vec![], 1),
        (Err(ProviderError::Deadline), vec![("LOOK_UP_FAILED", "vendor")], 1),
    ] {
        let (patient, vendor) = patient(answer, Vec::new());
        let marker = CanonicalId::from_random_bytes([7; 16]);
        let exam = Exam { marker, canary: true, now: NOW };
        let checks = vendors::check(&patient, &exam).await;
        assert_eq!(findings(&checks), found);
        assert_eq!(vendor.asked.lock().unwrap().len(), asked);
    }
}

#[test]
fn credentials_are_told_of_in_time_and_once() {
    let token = |key: &str, kind, days: Option<i64>, issued, failed| TokenStatus {
        key: key.to_owned(),
        kind,
        expires_at: days.map(|days| NOW + SignedDuration::from_hours(24 * days)),
        issued,
        failed,
        refused: 0,
    };
    let pasted = |key: &str, days| token(key, TokenKind::Configured, days, 0, 0);
    for (tokens, found) in [
        (vec![pasted("key", Some(15))], vec![]),
        (vec![pasted("key", None)], vec![]),
        (vec![pasted("key", Some(13))], vec![("TOKEN_EXPIRES_SOON", "key")]),
        (vec![pasted("key", Some(0))], vec![("TOKEN_EXPIRED", "key")]),
        // One takes over from the other.
        (vec![pasted("key[0]", Some(-1)), pasted("key[1]", Some(90))], vec![]),
        (vec![pasted("key[0]", Some(-1)), pasted("key[1]", None)], vec![]),
        (
            vec![pasted("key[0]", Some(-1)), pasted("key[1]", Some(3))],
            vec![("TOKEN_EXPIRES_SOON", "key")],
        ),
        // Of what is issued only whether it is; what it is issued for is replaced by people.
        (vec![token("secret", TokenKind::Issued, Some(0), 1, 0)], vec![]),
        (
            vec![token("secret", TokenKind::Issued, None, 0, 2)],
            vec![("TOKEN_NOT_ISSUED", "secret")],
        ),
        (
            vec![
                token("secret", TokenKind::Issued, Some(0), 3, 1),
                token("file", TokenKind::Issuing, Some(2), 0, 0),
            ],
            vec![("TOKEN_EXPIRES_SOON", "file")],
        ),
    ] {
        let (patient, _) = patient(Ok(None), tokens);
        assert_eq!(findings(&credentials::check(&patient, NOW)), found);
    }
}

/// A person who cannot be looked up now is not one whom the vendor does not know.
#[tokio::test]
async fn a_vendor_that_fails_says_nothing_of_its_people() {
    let marker = CanonicalId::from_random_bytes([7; 16]);
    let people = [Exam { marker, canary: false, now: NOW }.nobody().unwrap()];
    let (failing, _) = patient(Err(ProviderError::Deadline), Vec::new());
    assert_eq!(findings(&profiles::check(&failing, &people).await), []);
    let (knows_nobody, _) = patient(Ok(None), Vec::new());
    let found = profiles::check(&knows_nobody, &people).await;
    assert_eq!(findings(&found), [("VISITOR_NOT_RESOLVED", "linking_keys")]);
}
