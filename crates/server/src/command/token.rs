//! `datafly token list`: the credentials that a configuration names, and when they expire. Never a value.
//!
//! Exit code 0: none has expired, and none does within a week. 1: one has or does, or the configuration cannot be
//! read. Nothing is asked: what a vendor issues is there once a server runs, and then its metrics tell of it.

use std::path::PathBuf;

use clap::Subcommand;
use datafly_server::config::Secrets;
use datafly_server::tokens::{self, Credential};
use datafly_server::wiring::{self, Outside};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Failure;

/// What expires within this time is a finding.
const A_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Arguments of `datafly token`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Names, kinds and expiry of all of them; exit code 1 where one has expired or does within a week.
    List {
        /// The configuration file.
        #[arg(long, default_value = "datafly.toml")]
        config: PathBuf,
        /// Write `{"tokens"}` as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Whether none has to be replaced now.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let Action::List { config, json } = &args.action;
    let outside = Outside::system()?;
    let configured = wiring::check(config, &Secrets::new(std::env::vars()), &outside)?;
    let (credentials, now) = (tokens::all(&configured.pipelines), outside.runtime.clock.now());
    let text =
        if *json { as_json(&credentials, now).to_string() } else { table(&credentials, now) };
    super::say(&text);
    Ok(!credentials.iter().any(|it| it.left(now).is_some_and(|left| left < A_WEEK)))
}

fn as_json(credentials: &[Credential], now: Timestamp) -> Value {
    let tokens = credentials.iter().map(|it| {
        json!({
            "pipeline": it.pipeline,
            "integration": it.integration,
            "key": it.status.key,
            "kind": it.status.kind.as_str(),
            "expires_at": it.status.expires_at,
            "days_left": it.days_left(now),
        })
    });
    json!({ "tokens": tokens.collect::<Vec<_>>() })
}

/// For a person: a line for each, under a line of titles.
fn table(credentials: &[Credential], now: Timestamp) -> String {
    if credentials.is_empty() {
        return "the configuration names no credential that could expire".to_owned();
    }
    let titles = ["pipeline", "integration", "key", "kind", "expires", ""].map(str::to_owned);
    let rows = credentials.iter().map(|it| {
        let expires = it.status.expires_at.map_or("unknown".to_owned(), |end| end.to_string());
        [
            it.pipeline.as_str().to_owned(),
            it.integration.clone(),
            it.status.key.clone(),
            it.status.kind.as_str().to_owned(),
            expires,
            it.days_left(now).map(told).unwrap_or_default(),
        ]
    });
    let rows: Vec<_> = std::iter::once(titles).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn told(days: i64) -> String {
    match days {
        ..0 => "has expired".to_owned(),
        0 => "less than a day left".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

#[cfg(test)]
mod tests {
    use datafly_provider::{TokenKind, TokenStatus};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn credential(key: &str, kind: TokenKind, hours: Option<i64>) -> Credential {
        let expires_at = hours.map(|hours| NOW + SignedDuration::from_hours(hours));
        let (issued, failed, refused) = (0, 0, 0);
        let status = TokenStatus { key: key.to_owned(), kind, expires_at, issued, failed, refused };
        let pipeline = "dk_live_shop".parse().unwrap();
        Credential { pipeline, integration: "crm".to_owned(), status }
    }

    #[test]
    fn a_person_reads_what_expires_when() {
        let table = table(
            &[
                credential("api_key[0]", TokenKind::Configured, Some(-1)),
                credential("api_key[1]", TokenKind::Configured, Some(24 * 30)),
                credential("profile_api_token", TokenKind::Issued, None),
            ],
            NOW,
        );
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(
            lines,
            [
                "pipeline      integration  key                kind        expires",
                "dk_live_shop  crm          api_key[0]         configured  2027-01-15T07:00:00Z  has expired",
                "dk_live_shop  crm          api_key[1]         configured  2027-02-14T08:00:00Z  30 days left",
                "dk_live_shop  crm          profile_api_token  issued      unknown",
            ]
        );
        assert!(super::table(&[], NOW).contains("no credential"));
    }
}
