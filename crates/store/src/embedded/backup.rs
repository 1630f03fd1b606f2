//! A copy of the files while they are in use: what one snapshot over all stores sees, written into new
//! ones.

use std::path::Path;

use fjall::Readable;

use super::engine::{Engine, failed, fresh, sync_all};
use super::store::Store;
use super::{finish, unfinished};
use crate::StoreError;

const ACTION: &str = "back up the store";

impl Engine {
    pub(super) fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(failed(ACTION, "there is something of that name already"));
        }
        let unfinished = unfinished(to);
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(|error| failed(ACTION, error))?;
        }
        let copy = fresh(&unfinished)?;
        self.fill(&copy).map_err(|error| failed(ACTION, error))?;
        drop(copy);
        sync_all(&unfinished).map_err(|error| failed(ACTION, error))?;
        finish(&unfinished, to).map_err(|error| failed(ACTION, error))
    }

    fn fill(&self, copy: &Self) -> Result<(), fjall::Error> {
        let seen = self.database.snapshot();
        for store in Store::ALL {
            // Straight into tables: nothing of it passes through the copy's journal and memory.
            let mut written = copy.store(store).start_ingestion()?;
            for entry in seen.iter(self.store(store)) {
                let (key, value) = entry.into_inner()?;
                written.write(key, value)?;
            }
            written.finish()?;
        }
        Ok(())
    }
}
