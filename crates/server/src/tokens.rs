//! The credentials of all pipelines, as an operator may see them: whose they are, of which kind, and when they
//! expire. Never a value.

mod reminders;

use datafly_core::id::PipelineKey;
use datafly_provider::TokenStatus;
use jiff::{SignedDuration, Timestamp};

pub use self::reminders::Reminders;
use crate::app::Pipelines;

/// A credential of an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The site.
    pub pipeline: PipelineKey,
    /// The integration's name.
    pub integration: String,
    /// What there is to know of it.
    pub status: TokenStatus,
}

impl Credential {
    /// How long it counts; negative once it has expired, `None` where nobody says when it does.
    pub fn left(&self, now: Timestamp) -> Option<SignedDuration> {
        self.status.expires_at.map(|end| end.duration_since(now))
    }

    /// Whole days of that; -1 from the moment on in which it expires.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        const DAY: i64 = 24 * 60 * 60;
        self.left(now).map(|left| {
            if left.is_positive() { left.as_secs() / DAY } else { (left.as_secs() / DAY) - 1 }
        })
    }
}

/// All of them, in the order of the sites' keys; of an integration first what look-ups use.
pub fn all(pipelines: &Pipelines) -> Vec<Credential> {
    let mut all = Vec::new();
    for pipeline in pipelines.iter() {
        let enrichments = pipeline.enrichments.iter().map(|it| (&*it.name, it.tokens()));
        let recipients = pipeline.recipients.iter().map(|it| (it.name.as_str(), it.tokens()));
        for (integration, tokens) in enrichments.chain(recipients) {
            all.extend(tokens.into_iter().map(|status| Credential {
                pipeline: pipeline.key.clone(),
                integration: integration.to_owned(),
                status,
            }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use datafly_provider::TokenKind;

    use super::*;

    pub(super) const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    /// One that expires so many seconds from now.
    pub(super) fn credential(key: &str, kind: TokenKind, seconds: Option<i64>) -> Credential {
        let expires_at = seconds.map(|seconds| NOW + SignedDuration::from_secs(seconds));
        let (issued, failed, refused) = (0, 0, 0);
        let status = TokenStatus { key: key.to_owned(), kind, expires_at, issued, failed, refused };
        let pipeline = "dk_live_shop".parse().unwrap();
        Credential { pipeline, integration: "crm".to_owned(), status }
    }

    #[test]
    fn whole_days_are_counted_down() {
        const DAY: i64 = 86_400;
        for (seconds, days) in
            [(2 * DAY, 2), (2 * DAY - 1, 1), (DAY, 1), (1, 0), (0, -1), (-1, -1), (-DAY, -2)]
        {
            let credential = credential("k", TokenKind::Configured, Some(seconds));
            assert_eq!(credential.days_left(NOW), Some(days), "{seconds}");
        }
        assert_eq!(credential("k", TokenKind::Configured, None).days_left(NOW), None);
    }
}
