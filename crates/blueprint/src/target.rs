//! Where a value goes: names separated by dots, each an object around the next.

use std::fmt;

use crate::body::is_hostile;

/// Longest target, in bytes.
const MAX_BYTES: usize = 256;

/// Deepest target; no vendor's payload needs more than 4.
const MAX_NAMES: usize = 8;

/// A parsed target; `Display` gives the text back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target(Vec<Box<str>>);

impl Target {
    /// Reads a target; the error says what to write.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<Box<str>> = text.split('.').map(Into::into).collect();
        if text.is_empty() || names.iter().any(|name| name.is_empty()) {
            return Err("a name is missing: write for example `user_data.em`".to_owned());
        }
        if text.len() > MAX_BYTES || names.len() > MAX_NAMES {
            return Err(format!("a target may have {MAX_NAMES} names and {MAX_BYTES} bytes"));
        }
        if text.contains(['[', ']']) {
            return Err("a target has no index: make lists with `each`".to_owned());
        }
        if let Some(name) = names.iter().find(|name| is_hostile(name)) {
            return Err(format!("`{name}` means something to JavaScript: take another name"));
        }
        if text.chars().any(char::is_control) {
            return Err("a target has no control characters".to_owned());
        }
        Ok(Self(names))
    }

    /// From the outermost in.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_target_says_what_to_write() {
        for (text, said) in [
            ("", "a name is missing"),
            ("a..b", "a name is missing"),
            ("items[0]", "`each`"),
            ("a.__proto__", "JavaScript"),
            ("a\nb", "control"),
            ("a.a.a.a.a.a.a.a.a", "8 names"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!(Target::parse("user_data.em").unwrap().to_string(), "user_data.em");
    }
}
