//! What is wrong with a file.

use std::error::Error;
use std::fmt;

/// One mistake: where it is, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The key, as a path from the file's root; empty where the file cannot be read as far as a key.
    pub key: String,
    /// The value as written, where it is no secret and helps.
    pub value: Option<String>,
    /// What is wrong and what to write.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match (self.key.as_str(), &self.value) {
            ("", _) => f.write_str(&self.text),
            (key, None) => write!(f, "`{key}`: {}", self.text),
            (key, Some(value)) => write!(f, "`{key}` is `{value}`: {}", self.text),
        }
    }
}

/// All mistakes of a file, in its order; shown one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// `None` where there are none.
    pub(crate) fn of(mut all: Vec<Mistake>) -> Option<Self> {
        all.sort();
        (!all.is_empty()).then_some(Self(all))
    }

    /// Of a reading that came to nothing and noted nothing, which would be a mistake of ours.
    pub(crate) fn unsaid() -> Self {
        let text = "it cannot be read, and nobody noted why".to_owned();
        Self(vec![Mistake { line: 1, key: String::new(), value: None, text }])
    }

    /// In the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl Error for Mistakes {}
