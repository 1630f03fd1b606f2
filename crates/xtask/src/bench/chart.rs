//! The chart of a report: bars as SVG, for a page with a light or a dark background.

use std::fmt::Write as _;

use super::contestant::Kind;
use super::report::{Report, cell};

const WIDTH: f64 = 950.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
/// Above the first row: title, legend, and what the bars show.
const HEAD: f64 = 96.0;
/// Left edges: of the names, and of both groups of bars.
const NAMES: f64 = 16.0;
const GROUPS: [f64; 2] = [320.0, 645.0];
/// The longest bar; a number stands behind it.
const LONGEST: f64 = 220.0;

/// Told apart by everybody (Okabe and Ito), and by brightness alone.
const KINDS: [(Kind, &str, &str); 3] = [
    (Kind::Ours, "#0072b2", "datafly"),
    (Kind::Floor, "#b0b0b0", "floor: as little as does the same"),
    (Kind::Peer, "#e69f00", "peer"),
];

/// Draws up to two groups of bars.
pub(super) fn svg(report: &Report) -> String {
    let height = ROW.mul_add(f64::from(count(report)), HEAD + 16.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#222\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        title = escape(report.title),
    );
    text(&mut svg, NAMES, 28.0, "font-size=\"16\" font-weight=\"600\"", report.title);
    let mut x = NAMES;
    for (_, colour, name) in KINDS {
        rect(&mut svg, x, 40.0, BAR, colour);
        text(&mut svg, x + 22.0, 53.0, "", name);
        x += f64::from(u32::try_from(name.len()).unwrap_or_default()).mul_add(7.0, 50.0);
    }
    for (metric, left) in report.bars.iter().copied().zip(GROUPS) {
        text(&mut svg, left, HEAD - 12.0, "font-weight=\"600\"", &metric.bars());
        let values = report.rows.iter().map(|row| metric.of(&row.medians));
        let most = values.fold(f64::MIN_POSITIVE, f64::max);
        let mut top = HEAD;
        for row in &report.rows {
            let value = metric.of(&row.medians);
            // What was not measured has no bar.
            let length = LONGEST * value.max(0.0) / most;
            rect(&mut svg, left, top, length, colour(row.kind));
            text(&mut svg, left + length + 6.0, top + 13.0, "", &cell(value, metric));
            top += ROW;
        }
    }
    let mut top = HEAD;
    for row in &report.rows {
        let weight = if row.kind == Kind::Ours { "font-weight=\"600\"" } else { "" };
        text(&mut svg, NAMES, top + 13.0, weight, row.name);
        top += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn count(report: &Report) -> u32 {
    u32::try_from(report.rows.len()).unwrap_or_default()
}

fn colour(kind: Kind) -> &'static str {
    KINDS.iter().find(|(found, ..)| *found == kind).map_or("#000", |(_, colour, _)| colour)
}

fn rect(svg: &mut String, x: f64, y: f64, width: f64, colour: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, style: &str, text: &str) {
    let gap = if style.is_empty() { "" } else { " " };
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\"{gap}{style}>{}</text>", escape(text));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn every_contestant_has_a_name_and_two_bars() {
        let svg = svg(&report());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        // The background, the legend, and the bars.
        assert_eq!(svg.matches("<rect ").count(), 1 + 3 + 3 * 2);
        for colour in ["#0072b2", "#b0b0b0", "#e69f00"] {
            assert_eq!(svg.matches(colour).count(), 3, "{colour}");
        }
        assert!(svg.contains(">ours &amp; all</text>") && svg.contains(">45,679</text>"), "{svg}");
    }

    #[test]
    fn the_longest_bar_is_the_greatest_value() {
        let svg = svg(&report());
        let floor = format!("width=\"{LONGEST:.1}\" height=\"16\" fill=\"#b0b0b0\"");
        assert!(svg.contains(&floor), "{svg}");
        let peer = format!("width=\"{:.1}\" height=\"16\" fill=\"#e69f00\"", LONGEST / 5.0);
        assert!(svg.contains(&peer), "{svg}");
    }
}
