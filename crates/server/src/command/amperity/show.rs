//! Writes what comes, as it comes.
//!
//! As JSON: one object a line, as the vendor wrote it but for white space between its parts, and for control
//! characters, which are escaped. A list that breaks off has printed what came, and the exit code says that it
//! broke off.

use std::fmt::Write as _;
use std::io::{self, Stdout, Write};
use std::pin::pin;

use datafly_provider::amperity::control::{ControlError, Item, Page};
use futures_util::{Stream, TryStreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::rows::Row;
use super::table::{Table, plain};
use crate::command::Failure;

/// How and where.
pub(super) struct Show<W> {
    json: bool,
    out: W,
}

impl Show<Stdout> {
    pub(super) fn to_stdout(json: bool) -> Self {
        Self { json, out: io::stdout() }
    }
}

impl<W: Write> Show<W> {
    /// The pages of a list, and of their items at most so many.
    pub(super) async fn list<T: Row>(
        &mut self,
        pages: impl Stream<Item = Result<Page<T>, ControlError>>,
        limit: Option<u32>,
    ) -> Result<(), Failure> {
        let mut pages = pin!(pages);
        let mut table = None;
        let (mut count, mut total) = (0, None);
        let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        while count < most
            && let Some(mut page) = pages.try_next().await?
        {
            page.items.truncate(most - count);
            count += page.items.len();
            total = page.total.or(total);
            let text = if self.json { lines(&page) } else { rows(&page, &mut table) };
            if self.write(&text)? {
                return Ok(());
            }
        }
        if !self.json {
            let is_cut = count == most;
            self.write(&end::<T>(count, total, is_cut))?;
        }
        Ok(())
    }

    /// One item, whole.
    pub(super) fn one<T: DeserializeOwned>(&mut self, item: &Item<T>) -> Result<(), Failure> {
        let text = if self.json { line(item.json()) } else { whole(item.json()) };
        self.write(&text)?;
        Ok(())
    }

    /// Whether nobody reads any more: that ends a list, and is no failure.
    fn write(&mut self, text: &str) -> io::Result<bool> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(true),
            written => written.map(|()| false),
        }
    }
}

/// The rows of a page; the titles above the first one.
fn rows<T: Row>(page: &Page<T>, table: &mut Option<Table>) -> String {
    let titles = || T::TITLES.iter().map(|&title| title.to_owned()).collect();
    let mut rows: Vec<Vec<_>> = Vec::new();
    if table.is_none() && !page.items.is_empty() {
        rows.push(titles());
    }
    rows.extend(page.items.iter().map(|item| item.known.cells()));
    if rows.is_empty() {
        return String::new();
    }
    table.get_or_insert_with(|| Table::new(T::TITLES)).lines(&rows)
}

/// How many there are.
fn end<T: Row>(count: usize, total: Option<u64>, is_cut: bool) -> String {
    let [one, several] = T::NAMES;
    let name = if count == 1 { one } else { several };
    match (count, total) {
        (0, _) => format!("there is no {one}\n"),
        (_, Some(total)) => format!("{count} of {total} {several}\n"),
        _ if is_cut => format!("{count} {name}; there may be more\n"),
        _ => format!("{count} {name}\n"),
    }
}

fn lines<T: DeserializeOwned>(page: &Page<T>) -> String {
    page.items.iter().map(|item| line(item.json())).collect()
}

/// A JSON object on one line. A control character in valid JSON is white space between its parts, or, from DEL on,
/// in a text, where it may as well be escaped.
fn line(json: &str) -> String {
    let mut line = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if matches!(c, '\n' | '\r' | '\t') {
            line.push(' ');
        } else if c.is_control() {
            // Writing into a text cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    line
}

/// For people: a line for each member, with what is nested below it as JSON.
fn whole(json: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(json) else { return line(json) };
    let mut text = String::new();
    for (name, value) in &members {
        let name = plain(name);
        let _ = match value {
            Value::Array(list) if list.is_empty() => continue,
            Value::Array(_) | Value::Object(_) => {
                let nested = format!("{value:#}");
                let nested: Vec<_> = nested.lines().map(plain).collect();
                writeln!(text, "{name}:\n{}", nested.join("\n"))
            }
            Value::String(value) => writeln!(text, "{name}: {}", plain(value)),
            value => writeln!(text, "{name}: {value}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_object_stays_what_it_is_on_one_line() {
        let json = "{\n\t\"a\": \"x\\n\u{9b}2J\u{7f}\",\r\n \"n\": 1.10\n}";
        let line = line(json);
        assert_eq!(line, "{  \"a\": \"x\\n\\u009b2J\\u007f\",   \"n\": 1.10 }\n");
        let [before, after] =
            [json, &line].map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(before, after);
    }

    #[test]
    fn a_person_reads_every_member() {
        let json =
            r#"{"name":"a\u001b[1m","ended_at":null,"tables":[{"n":"\u009b"}],"files":[],"v":3}"#;
        assert_eq!(
            whole(json),
            "ended_at: null\nname: a\\u{1b}[1m\ntables:\n[\n  {\n    \"n\": \"\\u{9b}\"\n  }\n]\nv: 3\n"
        );
    }
}
