//! Credentials that people have to replace, and have not: told in the log, each once a day from two weeks before it
//! expires, and once a day after.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Credential;

/// From how long before the end on it is told.
const TOLD_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How soon the same is told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What there is to tell of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    ExpiresSoon,
    HasExpired,
}

/// Remembers what was told.
#[derive(Debug, Default)]
pub struct Reminders(HashMap<(String, String, String), Told>);

#[derive(Debug, Clone, Copy)]
struct Told {
    news: News,
    /// Of which token: the one that replaces it is another.
    expires_at: Timestamp,
    at: Timestamp,
}

impl Reminders {
    /// Warns of those that are due.
    pub fn tell(&mut self, credentials: &[Credential], now: Timestamp) {
        for (credential, news) in self.due(credentials, now) {
            let Credential { pipeline, integration, status } = credential;
            let what = match news {
                News::ExpiresSoon => "a credential expires soon: put a new one in its place",
                News::HasExpired => "a credential has expired: put a new one in its place",
            };
            tracing::warn!(
                pipeline.key = %pipeline,
                integration.name = %integration,
                key = %status.key,
                expires_at = status.expires_at.map(tracing::field::display),
                days_left = credential.days_left(now),
                "{what}"
            );
        }
    }

    /// What is to be told now, and counts as told.
    fn due<'a>(
        &mut self,
        credentials: &'a [Credential],
        now: Timestamp,
    ) -> Vec<(&'a Credential, News)> {
        let mut told = HashMap::new();
        let mut due = Vec::new();
        for credential in credentials {
            let Some((news, expires_at)) = news_of(credential, now) else { continue };
            let name = (
                credential.pipeline.as_str().to_owned(),
                credential.integration.clone(),
                credential.status.key.clone(),
            );
            let before = self.0.get(&name).copied().filter(|told| {
                let is_same = told.news == news && told.expires_at == expires_at;
                is_same && now.duration_since(told.at) < AGAIN_AFTER
            });
            if before.is_none() {
                due.push((credential, news));
            }
            told.insert(name, before.unwrap_or(Told { news, expires_at, at: now }));
        }
        self.0 = told;
        due
    }
}

fn news_of(credential: &Credential, now: Timestamp) -> Option<(News, Timestamp)> {
    let expires_at = credential.status.expires_at?;
    let left = credential.left(now)?;
    let is_told = credential.status.kind.is_replaced_by_people() && left < TOLD_BEFORE;
    let news = if left.is_positive() { News::ExpiresSoon } else { News::HasExpired };
    is_told.then_some((news, expires_at))
}

#[cfg(test)]
mod tests {
    use datafly_provider::TokenKind::{self, Configured, Issued, Issuing};

    use super::super::tests::{NOW, credential};
    use super::*;

    const DAY: i64 = 86_400;

    fn named(due: &[(&Credential, News)]) -> Vec<(String, News)> {
        due.iter().map(|(credential, news)| (credential.status.key.clone(), *news)).collect()
    }

    fn at(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn two_weeks_before_its_end_it_is_told_once_a_day() {
        let credentials = [credential("api_key", Configured, Some(20 * DAY))];
        let mut reminders = Reminders::default();
        let mut told = Vec::new();
        for minute in 0..30 * 24 * 60 {
            let now = at(minute * 60);
            told.extend(
                named(&reminders.due(&credentials, now))
                    .into_iter()
                    .map(|(_, news)| (news, minute)),
            );
        }
        let soon = told.iter().filter(|(news, _)| *news == News::ExpiresSoon).count();
        let expired = told.iter().filter(|(news, _)| *news == News::HasExpired).count();
        assert_eq!((soon, expired), (14, 10));
        // From the first minute on that is within them, and at once when it has expired.
        assert_eq!(told[0], (News::ExpiresSoon, 6 * 24 * 60 + 1));
        assert!(told.contains(&(News::HasExpired, 20 * 24 * 60)));
    }

    #[test]
    fn only_what_people_replace_is_told() {
        let of = |kind: TokenKind| credential(kind.as_str(), kind, Some(DAY));
        let credentials =
            [of(Configured), of(Issued), of(Issuing), credential("x", Configured, None)];
        let due = named(&Reminders::default().due(&credentials, NOW));
        let keys: Vec<_> = due.into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["configured", "issuing"]);
    }

    #[test]
    fn one_that_replaces_another_is_told_of_by_itself() {
        let mut reminders = Reminders::default();
        let first = [credential("api_key", Configured, Some(DAY))];
        assert_eq!(reminders.due(&first, NOW).len(), 1);
        assert!(reminders.due(&first, at(60)).is_empty());
        let second = [credential("api_key", Configured, Some(30 * DAY))];
        assert!(reminders.due(&second, at(120)).is_empty());
        let third = [credential("api_key", Configured, Some(2 * DAY))];
        assert_eq!(reminders.due(&third, at(180)).len(), 1);
    }
}
