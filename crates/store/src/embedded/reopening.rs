//! A database that is opened anew when it has to be.
//!
//! After one failed write, of a full disk for example, an engine refuses every further one until it is
//! opened again. A disk that was full for a moment must not stop a server for good, so the writing thread
//! asks for that after each failure.

use std::fmt;
use std::sync::{PoisonError, RwLock};

type Open<D, E> = Box<dyn Fn(Opening) -> Result<D, E> + Send + Sync>;

/// Why a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The process begins.
    First,
    /// Something could not be written.
    AfterFailure,
}

/// A database that can be closed and opened while it is shared.
pub(super) struct Reopening<D, E> {
    open: Open<D, E>,
    /// `None` only between a failed opening and the next try.
    database: RwLock<Option<D>>,
}

impl<D, E> fmt::Debug for Reopening<D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reopening")
    }
}

impl<D, E> Reopening<D, E> {
    pub(super) fn new(open: Open<D, E>) -> Result<Self, E> {
        let database = RwLock::new(Some(open(Opening::First)?));
        Ok(Self { open, database })
    }

    /// Does something with the database, where it is open. Others may do so at the same time.
    pub(super) fn with<T>(&self, work: impl FnOnce(&D) -> T) -> Option<T> {
        // What a panic could leave behind under this lock is a database, which guards itself.
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_ref().map(work)
    }

    /// Closes it and opens it again; the next call tries again if that fails.
    pub(super) fn reopen(&self) -> Result<(), E> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The files are locked as long as the old one lives.
        drop(database.take());
        *database = Some((self.open)(Opening::AfterFailure)?);
        Ok(())
    }
}
