//! A report: the contestants, the figures, and under which conditions they were taken.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::Value;

use super::contestant::Kind;
use super::figure::{Figure, Target, Verdict};
use super::metric::{Metric, Sample};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) title: &'static str,
    /// How it was measured, and on what: one sentence each.
    pub(super) conditions: Vec<String>,
    /// What the table shows of each contestant.
    pub(super) columns: &'static [Metric],
    /// What the chart shows.
    pub(super) bars: &'static [Metric],
    pub(super) rows: Vec<Row>,
    /// What else there is to see, beside contestants and figures.
    pub(super) more: Vec<Table>,
    pub(super) figures: Vec<Figure>,
}

/// What is typical of one contestant.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) medians: Sample,
}

/// A table: its head, and as many cells in each row.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Report {
    /// For a terminal.
    pub(super) fn text(&self) -> String {
        let conditions = self.conditions.join("\n");
        let tables: Vec<_> = self.tables().iter().map(Table::text).collect();
        format!("{}\n{conditions}\n\n{}", self.title, tables.join("\n"))
    }

    /// For the documentation; the chart lies beside it.
    pub(super) fn markdown(&self, chart: &str) -> String {
        let conditions = self.conditions.join(" ");
        let tables: Vec<_> = self.tables().iter().map(Table::markdown).collect();
        let (title, tables) = (self.title, tables.join("\n"));
        format!("# {title}\n\n{conditions}\n\n![{title}]({chart})\n\n{tables}")
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        self.figures.iter().map(Figure::json).collect()
    }

    /// Ours first, then the others, as `better` orders their medians.
    pub(super) fn sort(&mut self, better: impl Fn(&Sample, &Sample) -> Ordering) {
        self.rows.sort_by(|a, b| {
            let key = |row: &Row| row.kind != Kind::Ours;
            key(a).cmp(&key(b)).then_with(|| better(&a.medians, &b.medians))
        });
    }

    fn tables(&self) -> Vec<Table> {
        let more = self.more.iter().cloned();
        let contestants = (!self.rows.is_empty()).then(|| self.contestants());
        contestants.into_iter().chain(more).chain([self.figures()]).collect()
    }

    fn contestants(&self) -> Table {
        let row = |row: &Row| {
            let cells = self.columns.iter().map(|metric| cell(metric.of(&row.medians), *metric));
            std::iter::once(row.name.to_owned()).chain(cells).collect()
        };
        let headings = self.columns.iter().map(|metric| metric.heading());
        Table {
            head: std::iter::once("contestant").chain(headings).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    fn figures(&self) -> Table {
        let row = |figure: &Figure| {
            let comparison = figure.comparison.as_ref();
            let digits = usize::from(figure.value < 1_000.0);
            let value = match digits {
                0 => thousands(figure.value),
                _ => format!("{:.1}", figure.value),
            };
            vec![
                figure.name.to_owned(),
                format!("{value} {}", figure.unit),
                comparison.map_or("", |it| it.baseline).to_owned(),
                comparison.map_or_else(String::new, |it| {
                    let ratio = it.ratio;
                    format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.low, ratio.high)
                }),
                comparison.map_or_else(String::new, |it| it.pairs.to_string()),
                figure.target.map_or_else(String::new, |target| {
                    let verdict = figure.verdict.map_or("", word);
                    format!("{} {verdict}", target_text(target))
                }),
                figure.stretch.map_or_else(String::new, |(target, verdict)| {
                    format!("{} {}", target_text(target), word(verdict))
                }),
            ]
        };
        let head =
            ["figure", "value", "baseline", "ratio (95 %)", "pairs", "target", "stretch"].into();
        Table { head, rows: self.figures.iter().map(row).collect() }
    }
}

/// A number as a table shows it.
pub(super) fn cell(value: f64, metric: Metric) -> String {
    match metric.digits() {
        _ if value.is_nan() => String::new(),
        0 => thousands(value),
        digits => format!("{value:.digits$}"),
    }
}

fn target_text(target: Target) -> String {
    match target {
        Target::AtLeast(number) => format!("≥ {number}"),
        Target::AtMost(number) => format!("≤ {number}"),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "MISSED",
        Verdict::Undecided => "undecided",
    }
}

/// Without a fraction, in groups of three digits.
pub(super) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl Table {
    fn text(&self) -> String {
        let mut widths: Vec<_> = self.head.iter().map(|cell| cell.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        let head: Vec<_> = self.head.iter().copied().map(str::to_owned).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                // Writing to a `String` cannot fail.
                let _ = write!(line, "{cell:width$}  ");
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head = format!("| {} |\n", self.head.join(" | "));
        let rule = format!("| {} |\n", vec!["---"; self.head.len()].join(" | "));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{head}{rule}{rows}")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::figure::Comparison;
    use super::super::stats::Interval;
    use super::*;

    /// Ours beside one floor; the target is missed.
    pub(in super::super) fn report() -> Report {
        let row = |name, kind, per_second| Row {
            name,
            kind,
            medians: [(Metric::Throughput, per_second), (Metric::Cpu, 12.34)].into(),
        };
        Report {
            title: "A title",
            conditions: vec!["On a machine.".to_owned()],
            columns: &[Metric::Throughput, Metric::Cpu, Metric::P50],
            bars: &[Metric::Throughput, Metric::Cpu],
            rows: vec![
                row("ours & all", Kind::Ours, 45_678.9),
                row("floor", Kind::Floor, 100_000.0),
                row("peer", Kind::Peer, 20_000.0),
            ],
            more: vec![Table {
                head: vec!["else", "seen"],
                rows: vec![["a", "b"].map(str::to_owned).into()],
            }],
            figures: vec![Figure {
                name: "throughput",
                value: 45_678.9,
                unit: "req/s",
                comparison: Some(Comparison {
                    baseline: "floor",
                    ratio: Interval { low: 0.44, median: 0.457, high: 0.47 },
                    pairs: 9,
                }),
                target: Some(Target::AtLeast(0.7)),
                verdict: Some(Verdict::Missed),
                stretch: None,
            }],
        }
    }

    #[test]
    fn columns_stand_under_each_other() {
        let text = report().text();
        let lines: Vec<_> = text.lines().collect();
        let column = |line: &str, cell: &str| line.find(cell).map(|at| line[..at].chars().count());
        let head = lines.iter().position(|line| line.starts_with("contestant")).unwrap();
        assert_eq!(column(lines[head], "req/s"), column(lines[head + 1], "45,679"));
        assert_eq!(column(lines[head], "CPU"), column(lines[head + 2], "12.3"));
        assert!(text.contains("0.46 (0.44 to 0.47)") && text.contains("≥ 0.7 MISSED"), "{text}");
    }

    #[test]
    fn a_markdown_row_has_as_many_cells_as_its_head() {
        let markdown = report().markdown("chart.svg");
        let tables = markdown.lines().filter(|line| line.starts_with('|'));
        let cells: Vec<_> = tables.map(|line| line.matches('|').count() - 1).collect();
        assert_eq!(cells, [4, 4, 4, 4, 4, 2, 2, 2, 7, 7, 7]);
        assert!(markdown.starts_with("# A title\n\nOn a machine.\n\n![A title](chart.svg)\n\n|"));
    }

    #[test]
    fn digits_come_in_threes() {
        let numbers = [0.4, 12.0, 999.0, 1_000.0, 123_456.0, 1_234_567.0].map(thousands);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "123,456", "1,234,567"]);
    }
}
