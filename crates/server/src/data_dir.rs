//! The folder of what the server keeps: for its own user only, and durable.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Makes the folder. It holds personal data and a key, so nobody else may look into it.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a file that is there whole, or not at all, also after a power loss.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    none(fs::remove_file(&unfinished))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    rename(&unfinished, path)
}

/// Copies a file to where there is none, for its own user only.
pub(crate) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// Copies a folder with all that is in it to where there is none.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    make(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            copy_file(&entry.path(), &to)?;
        }
    }
    File::open(to)?.sync_all()
}

/// Removes a folder with all that is in it, where there is one.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    none(fs::remove_dir_all(folder))
}

/// Gives a file, or a folder of files that are on disk, another name, for good: a power loss undoes it whole or
/// not at all.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// That there is nothing is no failure.
pub(crate) fn none(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_for_its_own_user_only() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a/data");
        make(&folder).unwrap();
        make(&folder).unwrap();
        let path = folder.join("cookie.key");
        // What a crash left half written is no obstacle.
        fs::write(folder.join("cookie.new"), "half").unwrap();
        write(&path, b"whole").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert!(!folder.join("cookie.new").exists());
    }
}
