//! The condition that a listing is narrowed by, with somebody's identifier in it.
//!
//! `{key}` is the linking key's name, as the owner wrote it. `{value}` becomes the identifier as a quoted text, so that
//! it can be nothing but a text to whatever reads the condition. How that language escapes a quote is not public:
//! until the owner says so with `filter_escape`, a value with a quote or a backslash in it is not asked for at all.

use datafly_settings::Section;

use crate::keys;

/// Stands for the linking key's name.
const KEY: &str = "{key}";

/// Stands for the quoted identifier.
const VALUE: &str = "{value}";

/// How a quote inside of a quoted text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// Nobody knows.
    Unknown,
    /// Twice, as in SQL and OData; a backslash is nothing special.
    Doubled,
    /// With a backslash before it, and before a backslash.
    Backslash,
}

/// A condition for one record.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    template: String,
    quote: char,
    escape: Escape,
}

impl Filter {
    /// Reads `filter`, `filter_quote` and `filter_escape`.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let template = template(section);
        let quote = quote(section);
        let escape = escape(section);
        Some(Self { template: template?, quote: quote?, escape: escape? })
    }

    /// The condition for this key and value; `None` for a value that cannot be quoted beyond doubt.
    pub(super) fn of(&self, key: &str, value: &str) -> Option<String> {
        // What a quoted text has in it goes in last, so that nothing is looked for in it.
        Some(self.template.replace(KEY, key).replace(VALUE, &self.quoted(value)?))
    }

    /// The condition as it is written, for an identity.
    pub(super) fn text(&self) -> &str {
        &self.template
    }

    fn quoted(&self, value: &str) -> Option<String> {
        let Self { quote, escape, .. } = *self;
        if value.contains(char::is_control) {
            return None;
        }
        let inside = match escape {
            Escape::Unknown if value.contains(['\'', '"', '\\', '`']) => return None,
            Escape::Unknown => value.to_owned(),
            Escape::Doubled => value.replace(quote, &format!("{quote}{quote}")),
            Escape::Backslash => value.replace('\\', r"\\").replace(quote, &format!(r"\{quote}")),
        };
        Some(format!("{quote}{inside}{quote}"))
    }
}

fn template(section: &mut Section<'_>) -> Option<String> {
    const FILTER: &str = "filter";
    const EXAMPLE: &str = "{key} eq {value}";

    let template = keys::text(section, FILTER, EXAMPLE)?;
    let is_quote = |character: char| matches!(character, '\'' | '"' | '`');
    let quoted = template.match_indices(VALUE).any(|(at, _)| {
        template[..at].ends_with(is_quote) || template[at + VALUE.len()..].starts_with(is_quote)
    });
    let hint = if !template.contains(VALUE) {
        format!("it has no `{VALUE}`, where the identifier goes: write for example `{EXAMPLE}`")
    } else if quoted {
        format!("`{VALUE}` gets its quotes by itself: write it without")
    } else {
        return Some(template);
    };
    section.refuse_value(FILTER, template, hint);
    None
}

fn quote(section: &mut Section<'_>) -> Option<char> {
    const QUOTE: &str = "filter_quote";

    let quote = keys::optional_text(section, QUOTE, "filter_quote = \"single\"")?;
    match quote.as_deref() {
        None | Some("single") => Some('\''),
        Some("double") => Some('"'),
        Some(other) => {
            section.refuse_value(QUOTE, other, "write `single` or `double`");
            None
        }
    }
}

fn escape(section: &mut Section<'_>) -> Option<Escape> {
    const ESCAPE: &str = "filter_escape";

    let escape = keys::optional_text(section, ESCAPE, "filter_escape = \"doubled\"")?;
    match escape.as_deref() {
        None => Some(Escape::Unknown),
        Some("doubled") => Some(Escape::Doubled),
        Some("backslash") => Some(Escape::Backslash),
        Some(other) => {
            let hint = "write `doubled` (a quote is written twice) or `backslash`, as the API's specification says";
            section.refuse_value(ESCAPE, other, hint);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(quote: char, escape: Escape) -> Filter {
        Filter { template: "{key} eq {value} and active eq 1".to_owned(), quote, escape }
    }

    #[test]
    fn a_value_is_nothing_but_a_quoted_text() {
        let plain = filter('\'', Escape::Unknown);
        assert_eq!(plain.of("email", "a@b.c").unwrap(), "email eq 'a@b.c' and active eq 1");
        assert_eq!(plain.of("k", "{key} {value}").unwrap(), "k eq '{key} {value}' and active eq 1");
        for doubtful in ["o'brien", "a\"b", "a\\", "a`b", "a\nb", "x' or '1' eq '1"] {
            assert_eq!(plain.of("email", doubtful), None, "{doubtful}");
        }
    }

    #[test]
    fn a_quote_is_escaped_as_the_owner_says() {
        let quoted = |quote, escape, value| {
            filter(quote, escape).quoted(value).unwrap_or_else(|| "nobody".to_owned())
        };
        for (quote, escape, value, expected) in [
            ('\'', Escape::Doubled, "o'brien", "'o''brien'"),
            ('\'', Escape::Doubled, r"a\", r"'a\'"),
            ('"', Escape::Doubled, r#"a"b'c"#, r#""a""b'c""#),
            ('\'', Escape::Backslash, "o'brien", r"'o\'brien'"),
            ('\'', Escape::Backslash, r"\' or 1 eq 1", r"'\\\' or 1 eq 1'"),
            ('"', Escape::Backslash, r#"a"b"#, r#""a\"b""#),
            ('"', Escape::Backslash, "a\u{0}b", "nobody"),
        ] {
            assert_eq!(quoted(quote, escape, value), expected);
        }
    }
}
