//! Bytes that a page fetches of each SDK.

use anyhow::Result;
use serde_json::json;

use super::super::figure::{Figure, Target};
use super::super::report::{Report, Table, thousands};
use super::contestants::{Contestant, JITSU, LOADER, MODULE, RUDDER_STACK, SEGMENT};
use super::driver::Driver;

/// Bytes, as brotli leaves them, of everything that a default page fetches.
const TARGET: Target = Target::AtMost(24_576.0);
const STRETCH: Target = Target::AtMost(16_384.0);

/// What the driver says of one SDK.
#[derive(Debug, serde::Deserialize)]
struct Size {
    name: String,
    raw: u32,
    gzip: u32,
    brotli: u32,
    /// What a page fetches later, if it needs it.
    lazy: u32,
}

/// Bundles everything and adds what came out.
pub(super) fn measure(
    driver: &mut Driver,
    contestants: &[&'static Contestant],
    report: &mut Report,
) -> Result<()> {
    let mut sizes: Vec<Size> = driver.order("sizes", &json!({}))?;
    sizes.sort_by_key(|size| (!size.name.starts_with("datafly"), size.brotli));
    let of = |name: &str| {
        let contestant = contestants.iter().find(|it| it.name == name);
        let is =
            |size: &&Size| size.name == name || contestant.is_some_and(|it| it.page == size.name);
        sizes.iter().find(is).map(|size| f64::from(size.brotli))
    };
    let ours = of(LOADER).unwrap_or(f64::NAN);
    report.figures.push(Figure::plain(
        "size of a default page",
        (ours, "B brotli"),
        TARGET,
        Some(STRETCH),
    ));
    let module = of(MODULE).unwrap_or(f64::NAN);
    report.figures.push(Figure::untargeted("size of the ES module", (module, "B brotli")));
    let smaller = [
        ("size beyond Segment's", SEGMENT),
        ("size beyond Jitsu's", JITSU),
        ("size beyond RudderStack's", RUDDER_STACK),
    ];
    report.figures.extend(smaller.into_iter().filter_map(|(figure, peer)| {
        let more = ours - of(peer)?;
        Some(Figure::plain(figure, (more, "B brotli"), Target::AtMost(-1.0), None))
    }));
    report.more.push(table(&sizes, contestants));
    Ok(())
}

fn table(sizes: &[Size], contestants: &[&'static Contestant]) -> Table {
    let row = |size: &Size| {
        let page = |it: &&&Contestant| it.page == size.name;
        let name = contestants.iter().find(page).map_or(size.name.as_str(), |it| it.name);
        let bytes = [size.raw, size.gzip, size.brotli, size.lazy].map(|it| thousands(it.into()));
        std::iter::once(name.to_owned()).chain(bytes).collect()
    };
    Table {
        head: vec!["bytes a page fetches", "raw", "gzip -9", "brotli -11", "when needed, brotli"],
        rows: sizes.iter().map(row).collect(),
    }
}
