//! Columns that stay where they are while the rows are still coming.

use std::fmt::Write as _;

/// Wider than that no column is made: a longer text moves what is behind it, on its line alone.
const WIDEST: usize = 40;

/// What stands for nothing.
const NOTHING: &str = "-";

/// The widths so far; they only grow.
pub(super) struct Table {
    widths: Vec<usize>,
}

impl Table {
    /// With the titles of its columns, which are the first row.
    pub(super) fn new(titles: &[&str]) -> Self {
        Self { widths: titles.iter().map(|title| title.chars().count()).collect() }
    }

    /// The lines of a page's rows.
    pub(super) fn lines(&mut self, rows: &[Vec<String>]) -> String {
        let rows: Vec<Vec<_>> =
            rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = cell.chars().count().clamp(*width, WIDEST.max(*width));
            }
        }
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(self.widths.iter().copied()) {
                // Writing into a text cannot fail.
                let _ = write!(line, "{cell:width$}  ");
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

/// A vendor's text on one line, of which nothing steers the terminal or turns the reading direction.
pub(super) fn plain(text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm, and separators of lines.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn columns_are_aligned_over_pages_and_grow() {
        let mut table = Table::new(&["ID", "NAME", "X"]);
        let head = table.lines(&[row(&["ID", "NAME", "X"]), row(&["a", "é", ""])]);
        assert_eq!(head, "ID  NAME  X\na   é     -\n");
        let next = table.lines(&[row(&["abcd", "b", "c"]), row(&["", &"x".repeat(50), "c"])]);
        let long = "x".repeat(50);
        assert_eq!(next, format!("abcd  b{}  c\n-     {long}  c\n", " ".repeat(39)));
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let text = "a\u{1b}[31m\r\n\tb\u{9b}2J\u{7f}\u{202e}c";
        let plain = plain(text);
        assert_eq!(plain, "a\\u{1b}[31m\\u{d}\\u{a}\\u{9}b\\u{9b}2J\\u{7f}\\u{202e}c");
    }
}
