//! What is wrong with a blueprint.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Most mistakes that are told of one file: whoever made more begins with these.
const MOST: usize = 100;

/// A position in a file, both counted from 1; columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The beginning of a file.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One mistake: where it is, what is wrong, and what to write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where in the file.
    pub place: Place,
    /// The key, as a path from the file's root, for example `events.purchase.mappings[2].source`; empty where
    /// the file cannot be read as far as a key.
    pub key: String,
    /// What is wrong and what to write.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.place, self.text),
            key => write!(f, "{}: `{key}`: {}", self.place, self.text),
        }
    }
}

/// All mistakes of a blueprint, in its order; shown one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    name: Arc<str>,
    all: Vec<Mistake>,
    untold: usize,
}

impl Mistakes {
    /// In the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.all.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.all.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {mistake}", self.name)?;
        }
        if self.untold > 0 {
            write!(f, "\n{}: and {} more", self.name, self.untold)?;
        }
        Ok(())
    }
}

impl Error for Mistakes {}

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Notes(Vec<Mistake>);

impl Notes {
    pub(crate) fn note(&mut self, place: Place, key: &str, text: impl fmt::Display) {
        self.0.push(Mistake { place, key: key.to_owned(), text: text.to_string() });
    }

    /// What was read, if nothing was wrong, or else everything that was.
    pub(crate) fn finish<T>(mut self, name: &Arc<str>, read: Option<T>) -> Result<T, Mistakes> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            read => {
                if read.is_none() && self.0.is_empty() {
                    self.note(Place::START, "", "it cannot be read, and nobody noted why");
                }
                self.0.sort();
                let untold = self.0.len().saturating_sub(MOST);
                self.0.truncate(MOST);
                Err(Mistakes { name: Arc::clone(name), all: self.0, untold })
            }
        }
    }
}

/// "did you mean …", where one of the names is close to what was written, or else all of them.
pub(crate) fn hint<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    // Comparing costs the product of the lengths, and nobody means a name of hundreds of letters.
    let near = (written.len() <= 64)
        .then(|| {
            let near = names.iter().map(|name| (strsim::damerau_levenshtein(written, name), *name));
            near.min().filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        })
        .flatten();
    if let Some((_, name)) = near {
        return format!("did you mean `{name}`?");
    }
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("write one of {}", all.join(", "))
}
