//! Pages loaded in turn: when they are ready, and what that takes of the browser.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::super::figure::Figure;
use super::super::metric::{Metric, Sample};
use super::super::report::{Report, Row};
use super::super::rounds::{Count, Rounds};
use super::contestants::{BLANK, Contestant, LOADER, MODULE};
use super::driver::Driver;
use super::questions::{HEAP, questions};

/// Milliseconds there and back of the longer line.
const FAR_MS: u32 = 50;

pub(super) const COLUMNS: [Metric; 5] =
    [Metric::ReadyFar, Metric::Ready, Metric::Script, Metric::Heap, Metric::Wasm];
pub(super) const BARS: [Metric; 2] = [Metric::ReadyFar, Metric::Script];

/// What the driver says of one load.
#[derive(Debug, serde::Deserialize)]
struct Load {
    ready: f64,
    what: String,
    script: f64,
    heap: f64,
    wasm: f64,
}

/// Loads all pages in turn, again and again, and adds what came out.
pub(super) fn measure(
    driver: &mut Driver,
    contestants: &[&'static Contestant],
    count: Count,
    report: &mut Report,
) -> Result<()> {
    let questions = questions(contestants);
    let names: Vec<_> = contestants.iter().map(|it| it.name).collect();
    let rounds = Rounds::run(&names, &questions, count, |round, name| {
        let contestant = contestants.iter().find(|it| it.name == name);
        let sample = one(driver, contestant.context("nobody is called that")?)?;
        let [far, near, script] =
            [Metric::ReadyFar, Metric::Ready, Metric::Script].map(|metric| metric.of(&sample));
        eprintln!(
            "bench: round {round}: {name}: ready at {near:.0} ms, over {FAR_MS} ms at {far:.0}, \
             script {script:.1} ms"
        );
        Ok(sample)
    })?;
    // Every page has the heap of a blank one.
    let blank = rounds.median(BLANK, Metric::Heap);
    report.rows.extend(contestants.iter().map(|it| {
        let mut medians = rounds.medians(it.name);
        medians.entry(Metric::Heap).and_modify(|heap| *heap -= blank);
        Row { name: it.name, kind: it.kind, medians }
    }));
    report.sort(|a, b| Metric::ReadyFar.of(a).total_cmp(&Metric::ReadyFar.of(b)));
    report.figures.extend(questions.iter().filter_map(|question| rounds.figure(question)));
    let heap = |name| report.rows.iter().find(|row| row.name == name);
    let heap = |name| heap(name).map_or(f64::NAN, |row| Metric::Heap.of(&row.medians));
    let heaps =
        [(LOADER, "heap over a blank page, loader"), (MODULE, "heap over a blank page, ES module")]
            .map(|(name, figure)| Figure::plain(figure, (heap(name), "KB"), HEAP, None));
    report.figures.extend(heaps);
    report.conditions.extend(conditions(rounds.len()));
    Ok(())
}

/// Over the short line, then over the long one.
fn one(driver: &mut Driver, contestant: &Contestant) -> Result<Sample> {
    let mut load = |rtt: u32| -> Result<Load> {
        let Contestant { page, known, again, says, .. } = contestant;
        let load: Load = driver
            .order("load", &json!({ "page": page, "rtt": rtt, "known": known, "again": again }))?;
        let said = says.is_empty() || says.contains(&load.what.as_str());
        ensure!(said, "{} is ready with {:?}", contestant.name, load.what);
        Ok(load)
    };
    let (near, far) = (load(0)?, load(FAR_MS)?);
    let mut sample = Sample::from([
        (Metric::Ready, near.ready),
        (Metric::ReadyFar, far.ready),
        (Metric::Script, near.script),
        (Metric::Heap, near.heap / 1024.0),
    ]);
    if near.wasm > 0.0 {
        sample.insert(Metric::Wasm, near.wasm / 1024.0);
    }
    if contestant.again {
        // Chromium counts it by process, and the next page may have another one.
        sample.remove(&Metric::Script);
    }
    Ok(sample)
}

fn conditions(rounds: usize) -> Vec<String> {
    let far = f64::from(FAR_MS) / 2.0;
    vec![
        format!(
            "Up to {rounds} rounds, every page in turn, each in a browser context of its own: nothing is connected or \
             cached before, and only a known visitor has cookies. The next page is the second in its tab."
        ),
        format!(
            "Pages come from one https host and all else from another, both over TCP lines that add nothing, or {far} ms \
             each way, to the handshakes too; script time, heap and wasm memory are those over the short lines."
        ),
        "Ours and the floors ask our own release server, whose cache holds the profile of a known visitor; a peer asks a \
         stub that answers at once, and fetches its bundle from the page's own host."
            .to_owned(),
        "Ours and the floor track one event and wait for the profile; peers initialise, identify, track and wait for what \
         they call ready. Our browser cache is empty for the known visitor too."
            .to_owned(),
        "The ready of Segment, Customer.io and Snowplow waits for no answer: they have no profile."
            .to_owned(),
        "Script time counts until 800 ms after the page is ready, wasm included; the heap is what a blank page's does not \
         have after a collection, without the memory of wasm, which stands beside it."
            .to_owned(),
    ]
}
