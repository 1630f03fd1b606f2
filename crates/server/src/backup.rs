//! A copy of everything the server keeps, made while it runs. Put in place of `data_dir`, it is one.
//!
//! It is made in `data_dir/backups/<time>`, under another name until it is whole and on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafly_store::{Backup, StoreError};
use tokio::sync::Mutex;

use crate::app::App;
use crate::data_dir;
use crate::wiring::{KEPT_FILES, STORE_FOLDER};

/// Folder of the copies in `data_dir`.
const FOLDER: &str = "backups";

/// A copy until it is whole.
const UNFINISHED: &str = "unfinished";

/// Makes copies, one at a time.
pub struct Backups {
    store: Arc<dyn Backup>,
    under_way: Mutex<()>,
}

impl Backups {
    /// Of a store.
    pub fn of(store: Arc<dyn Backup>) -> Self {
        Self { store, under_way: Mutex::default() }
    }
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another one is being made, or has the same second for its name.
    #[error("another copy is being made, or was this very second: wait until it is there")]
    UnderWay,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file failed.
    #[error("`{path}` cannot be written: {error}")]
    File {
        /// Which.
        path: String,
        /// What the operating system says.
        error: io::Error,
    },
}

/// Makes a copy; answers its folder.
pub async fn make(app: &App) -> Result<PathBuf, BackupError> {
    let Backups { store, under_way } = &app.backups;
    let _one_at_a_time = under_way.try_lock().map_err(|_| BackupError::UnderWay)?;
    let data_dir = &app.fixed.data_dir;
    let folder = data_dir.join(FOLDER).join(app.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string());
    if folder.exists() {
        return Err(BackupError::UnderWay);
    }
    let unfinished = folder.with_file_name(UNFINISHED);
    let failed = |path: &Path, error| BackupError::File { path: path.display().to_string(), error };
    data_dir::remove(&unfinished).map_err(|error| failed(&unfinished, error))?;
    data_dir::make(&unfinished).map_err(|error| failed(&unfinished, error))?;
    store.backup(&unfinished.join(STORE_FOLDER)).await?;
    for file in KEPT_FILES {
        let (from, to) = (data_dir.join(file), unfinished.join(file));
        let copied = data_dir::none(data_dir::copy_file(&from, &to));
        copied.map_err(|error| failed(&to, error))?;
    }
    data_dir::rename(&unfinished, &folder).map_err(|error| failed(&folder, error))?;
    tracing::info!(folder = %folder.display(), "a copy of what is kept was made");
    Ok(std::path::absolute(&folder).unwrap_or(folder))
}

/// Moves a copy to where there is nothing yet, on whatever disk.
pub fn move_to(folder: &Path, to: &Path) -> io::Result<()> {
    match data_dir::rename(folder, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        moved => return moved,
    }
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    data_dir::copy(folder, unfinished)?;
    data_dir::rename(unfinished, to)?;
    data_dir::remove(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_copy_is_moved_to_any_disk_whole_and_for_its_own_user_only() {
        let disk = tempfile::tempdir().unwrap();
        let memory = Path::new("/dev/shm");
        let other = if memory.is_dir() { memory } else { disk.path() };
        let other = tempfile::tempdir_in(other).unwrap();
        let (from, to) = (disk.path().join("from"), other.path().join("to"));
        data_dir::make(&from.join("store/tables")).unwrap();
        data_dir::write(&from.join("store/tables/1"), b"events").unwrap();
        data_dir::write(&from.join("cookie.key"), b"secret").unwrap();
        move_to(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("store/tables/1")).unwrap(), b"events");
        assert_eq!(fs::read(to.join("cookie.key")).unwrap(), b"secret");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&to), mode(&to.join("cookie.key"))), (0o700, 0o600));
        assert!(!from.exists());
        let left = fs::read_dir(other.path()).unwrap().count();
        assert_eq!(left, 1, "nothing unfinished");
    }
}
