//! The database, opened anew when it has to be.
//!
//! After one failed write, of a full disk for example, redb refuses every further one until it is opened
//! again. A disk that was full for a moment must not stop a server for good, so the writing thread asks
//! for that after each failure.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use redb::Database;

use crate::state::StateError;

type Open = Box<dyn Fn() -> Result<Database, StateError> + Send + Sync>;

/// A database that can be closed and opened while it is shared.
pub(super) struct Reopening {
    open: Open,
    /// `None` only between a failed opening and the next try.
    database: RwLock<Option<Database>>,
}

impl fmt::Debug for Reopening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reopening")
    }
}

impl Reopening {
    pub(super) fn new(open: Open) -> Result<Self, StateError> {
        let database = RwLock::new(Some(open()?));
        Ok(Self { open, database })
    }

    /// Does something with the database. Others may do so at the same time.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        // What a panic could leave behind under this lock is a database, which guards itself.
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        match &*database {
            Some(database) => work(database),
            None => Err(redb::Error::DatabaseClosed),
        }
    }

    /// Closes it and opens it again; the next call tries again if that fails.
    pub(super) fn reopen(&self) -> Result<(), StateError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The file is locked as long as the old one lives.
        drop(database.take());
        *database = Some((self.open)()?);
        Ok(())
    }
}
