//! One reading of one file: its text, where its secrets are, and what was wrong so far.

use std::cell::RefCell;

use datafly_core::secret::{SecretError, SecretRef};
use secrecy::SecretString;
use toml::de::DeTable;

use crate::mistake::{Mistake, Mistakes};
use crate::section::Section;

/// Fetches what a reference names.
pub type SecretSource<'r> = dyn Fn(&SecretRef) -> Result<SecretString, SecretError> + 'r;

/// Reads a file once.
pub struct Reader<'r> {
    text: &'r str,
    secrets: &'r SecretSource<'r>,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'r> Reader<'r> {
    /// Over the file's text.
    pub fn new(text: &'r str, secrets: &'r SecretSource<'r>) -> Self {
        Self { text, secrets, mistakes: RefCell::default() }
    }

    /// The whole file, or `None` where it is not TOML: then its keys cannot be told apart, and only that is
    /// noted.
    pub fn root(&'r self) -> Option<Section<'r>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            let text = format!("column {}: {}", self.column(at), error.message());
            self.note(Mistake { line: self.line(at), key: String::new(), value: None, text });
        }
        errors.is_empty().then(|| Section::new(self, String::new(), table))
    }

    /// What was read, if nothing was wrong, or else everything that was.
    pub fn finish<T>(&self, read: Option<T>) -> Result<T, Mistakes> {
        let mistakes = Mistakes::of(self.mistakes.borrow().clone());
        match (read, mistakes) {
            (Some(read), None) => Ok(read),
            (_, Some(mistakes)) => Err(mistakes),
            (None, None) => Err(Mistakes::unsaid()),
        }
    }

    pub(crate) fn note(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    pub(crate) fn secret(&self, reference: &SecretRef) -> Result<SecretString, SecretError> {
        (self.secrets)(reference)
    }

    /// The line of a byte of the text, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.before(at).matches('\n').count() + 1
    }

    fn column(&self, at: usize) -> usize {
        let before = self.before(at);
        before[before.rfind('\n').map_or(0, |end| end + 1)..].chars().count() + 1
    }

    fn before(&self, at: usize) -> &str {
        self.text.get(..at).unwrap_or_default()
    }
}
