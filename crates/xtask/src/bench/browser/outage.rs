//! What becomes of events while the server is away: the outages of `facts/peers.md` §2.3, played by the driver.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use super::super::figure::{Figure, Target};
use super::super::report::{Report, Table};
use super::driver::Driver;

/// How often each is played.
const RUNS: u32 = 5;

/// Ours in both forms, then the peers: as a reader knows them, and as the driver does.
const CLIENTS: [(&str, &str); 9] = [
    ("datafly, npm form", "datafly"),
    ("datafly, script tag", "datafly-tag"),
    ("Segment", "segment"),
    ("Segment, settings inlined", "segment-inlined"),
    ("RudderStack", "rudderstack"),
    ("RudderStack, by beacon", "rudderstack-beacon"),
    ("Snowplow", "snowplow"),
    ("Jitsu", "jitsu"),
    ("PostHog", "posthog"),
];

/// How often an event was taken that had been taken already.
const TWICE: [&str; 2] =
    ["outages, npm form: events taken twice", "outages, script tag: events taken twice"];

const COLUMNS: [Column; 9] = [
    Column::new("asked", "requests before the first event"),
    Column::new("alone", "first event, nothing else answered")
        .least(1.0, [Some("outage, npm form: first event, nothing else answered"), None]),
    Column::new("S1 left", "S1 before leaving")
        .least(1.0, [Some("outage, npm form: S1 before leaving"), None]),
    Column::new("S1", "S1 of 2")
        .least(2.0, [Some("outage, npm form: S1"), Some("outage, script tag: S1")]),
    Column::new("S1b", "S1b of 1").least(1.0, [Some("outage, npm form: S1b"), None]),
    Column::new("S2", "S2 of 2")
        .least(2.0, [Some("outage, npm form: S2"), Some("outage, script tag: S2")]),
    Column::new("S3", "S3 of 1, waits").least(1.0, [Some("outage, npm form: S3"), None]),
    Column::new("S4", "S4 tries").most(1.0, [Some("outage, npm form: S4"), None]),
    Column::new("S5", "S5 tries").most(5.0, [Some("outage, npm form: S5"), None]),
];

struct Column {
    /// As the driver calls it.
    key: &'static str,
    head: &'static str,
    target: Option<Target>,
    /// The figures that are held to it: of the npm form, and of the script tag.
    figures: [Option<&'static str>; 2],
}

impl Column {
    const fn new(key: &'static str, head: &'static str) -> Self {
        Self { key, head, target: None, figures: [None; 2] }
    }

    const fn least(self, events: f64, figures: [Option<&'static str>; 2]) -> Self {
        Self { target: Some(Target::AtLeast(events)), figures, ..self }
    }

    const fn most(self, tries: f64, figures: [Option<&'static str>; 2]) -> Self {
        Self { target: Some(Target::AtMost(tries)), figures, ..self }
    }
}

/// What came of one run in one column.
#[derive(Debug, Clone, serde::Deserialize)]
struct Outcome {
    count: u32,
    /// Arrivals of what had been taken already.
    twice: u32,
    /// Seconds between tries.
    #[serde(default)]
    waits: Vec<f64>,
}

/// Of one client: the columns of each scenario that was played.
type Runs = Vec<BTreeMap<String, Outcome>>;

/// Whether the driver knows a peer by that name.
pub(super) fn is_peer(name: &str) -> bool {
    CLIENTS.iter().any(|(_, client)| *client == name)
}

/// Plays all and adds what came out.
pub(super) fn measure(
    driver: &mut Driver,
    peers: Option<&[String]>,
    quick: bool,
    report: &mut Report,
) -> Result<()> {
    let runs = if quick { 1 } else { RUNS };
    let results: BTreeMap<String, Runs> =
        driver.order("outages", &json!({ "peers": peers, "runs": runs }))?;
    let played = CLIENTS.iter().filter_map(|(name, client)| Some((*name, results.get(*client)?)));
    let rows = played.map(|(name, runs)| {
        let cells = COLUMNS.iter().map(|column| cell(&outcomes(runs, column.key)));
        std::iter::once(name.to_owned()).chain(cells).collect()
    });
    report.more.push(Table {
        head: std::iter::once("outage").chain(COLUMNS.map(|column| column.head)).collect(),
        rows: rows.collect(),
    });
    for (form, client) in ["datafly", "datafly-tag"].into_iter().enumerate() {
        if let Some(runs) = results.get(client) {
            report.figures.extend(figures(runs, form));
        }
    }
    report.conditions.push(format!(
        "Outages: {runs} runs each, every run a new visitor, whose page tracks an event in the tick in which it is loaded. S1 \
         also calls page and identify, and leaves in that tick for a page that takes 100 ms; a second visit sends one more. \
         S1b leaves a page that has been there for 3.5 s. In S2 the server answers 503 until after a reload; in S3 429 with \
         Retry-After: 2 to each event's first two tries; in S4 always 400; in S5 503 for 15 s. Events are counted on the \
         wire by the ids that the SDKs gave them, and visits are watched for 12 s. Files of an SDK itself, and settings of a \
         peer, are always served, but for the second column."
    ));
    Ok(())
}

fn outcomes(runs: &Runs, key: &str) -> Vec<Outcome> {
    runs.iter().filter_map(|columns| columns.get(key).cloned()).collect()
}

/// The worst run of a form of ours in each column, held to what is asked of it.
fn figures(runs: &Runs, form: usize) -> Vec<Figure> {
    let of_column = |column: &Column| {
        let (name, target) = (column.figures[form]?, column.target?);
        let outcomes = outcomes(runs, column.key);
        let counts = outcomes.iter().map(|outcome| f64::from(outcome.count));
        let worst = match target {
            Target::AtLeast(_) => (counts.fold(f64::INFINITY, f64::min), "events"),
            Target::AtMost(_) => (counts.fold(f64::NEG_INFINITY, f64::max), "tries"),
        };
        Some(Figure::plain(name, worst, target, None))
    };
    let twice = runs.iter().flat_map(BTreeMap::values).map(|outcome| outcome.twice).max();
    let twice = f64::from(twice.unwrap_or_default());
    let twice = Figure::plain(TWICE[form], (twice, "events"), Target::AtMost(0.0), None);
    COLUMNS.iter().filter_map(of_column).chain([twice]).collect()
}

/// What most runs came to, or all that any came to, with how many did.
fn cell(outcomes: &[Outcome]) -> String {
    let mut texts = BTreeMap::<String, usize>::new();
    for outcome in outcomes {
        *texts.entry(text(outcome)).or_default() += 1;
    }
    let waits: Vec<_> = outcomes.iter().flat_map(|outcome| outcome.waits.iter().copied()).collect();
    let all = outcomes.len();
    let counts = texts.iter().map(|(text, runs)| match *runs {
        runs if runs == all => text.clone(),
        runs => format!("{text} in {runs}/{all}"),
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    match (waits.iter().copied().reduce(f64::min), waits.iter().copied().reduce(f64::max)) {
        (Some(least), Some(most)) => format!("{counts} ({least:.1} to {most:.1} s)"),
        _ => counts,
    }
}

fn text(outcome: &Outcome) -> String {
    match outcome.twice {
        0 => outcome.count.to_string(),
        twice => format!("{} and {twice} twice", outcome.count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(count: u32, twice: u32, waits: &[f64]) -> Outcome {
        Outcome { count, twice, waits: waits.to_vec() }
    }

    #[test]
    fn runs_that_agree_are_told_once_and_others_are_counted() {
        assert_eq!(cell(&[outcome(2, 0, &[]), outcome(2, 0, &[])]), "2");
        let differ = [outcome(2, 1, &[]), outcome(1, 0, &[]), outcome(2, 1, &[])];
        assert_eq!(cell(&differ), "1 in 1/3, 2 and 1 twice in 2/3");
        assert_eq!(cell(&[outcome(1, 0, &[2.04, 4.1])]), "1 (2.0 to 4.1 s)");
        assert_eq!(cell(&[]), "");
    }

    #[test]
    fn one_bad_run_misses_a_target() {
        let run = |s1, s5, twice| {
            let pairs = [("S1", outcome(s1, twice, &[])), ("S5", outcome(s5, 0, &[]))];
            BTreeMap::from(pairs.map(|(key, outcome)| (key.to_owned(), outcome)))
        };
        let missed = |runs: Runs| {
            let figures = figures(&runs, 0).into_iter();
            figures.filter(Figure::is_missed).map(|it| it.name).collect::<Vec<_>>()
        };
        let asked =
            |name: &&str| name.contains("S1") && !name.contains("S1b") && !name.contains("before");
        let s1 = |runs| missed(runs).into_iter().filter(asked).count();
        assert_eq!(s1(vec![run(2, 5, 0), run(2, 4, 0)]), 0);
        assert_eq!(s1(vec![run(2, 5, 0), run(1, 4, 0)]), 1);
        assert!(missed(vec![run(2, 5, 0), run(2, 6, 0)]).contains(&"outage, npm form: S5"));
        assert!(missed(vec![run(2, 5, 1)]).contains(&TWICE[0]));
    }
}
