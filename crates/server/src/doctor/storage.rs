//! The disk: whether what is accepted can be kept.

use std::fs;
use std::path::{Path, PathBuf};

use datafly_provider::{Ailment, Check, Level};

use super::Disk;
use crate::config::ServerConfig;

pub(super) static DATA_DIR_UNUSABLE: Ailment = Ailment {
    code: "DATA_DIR_UNUSABLE",
    level: Level::Problem,
    cause: "The folder cannot be written to and synced by this user: it belongs to another, is mounted read-only, or \
            its disk is full.",
    fix: "Give `server.data_dir` a folder on a local disk that the server's user owns.",
};

pub(super) static DISK_BELOW_OUTBOX: Ailment = Ailment {
    code: "DISK_BELOW_OUTBOX",
    level: Level::Warning,
    cause: "The disk is full before the outbox is: from then on events are answered 503, with no word of the limit.",
    fix: "Lower `server.outbox.max_mb`, or make room.",
};

const MB: u64 = 1024 * 1024;

pub(super) fn check(server: &ServerConfig, disk: &dyn Disk) -> Vec<Check> {
    let shown = server.data_dir.display();
    let claim = format!("`{shown}` takes a file and syncs it");
    let folder = existing(&server.data_dir);
    if let Err(error) = disk.try_out(&folder) {
        let seen = format!("`{shown}`: {error}");
        return vec![Check::found(claim, &DATA_DIR_UNUSABLE, "server.data_dir", seen)];
    }
    vec![Check::good(claim), room(server, &folder, disk)]
}

fn room(server: &ServerConfig, folder: &Path, disk: &dyn Disk) -> Check {
    let limit = server.outbox.bytes;
    let claim = format!("there is room for an outbox of {} MB", limit / MB);
    match disk.free(folder) {
        Ok(free) => {
            // What is kept already needs no more room.
            let needed = limit.saturating_sub(size(&server.data_dir));
            if free >= needed {
                return Check::good(claim);
            }
            let seen =
                format!("{} MB are free, and it may need {} MB more", free / MB, needed / MB);
            Check::found(claim, &DISK_BELOW_OUTBOX, "server.outbox.max_mb", seen)
        }
        Err(error) => Check::skipped(claim, format!("the disk does not say: {error}")),
    }
}

/// The folder, or the one that it will be made in.
fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let found = absolute.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    found.map_or_else(|| absolute.clone(), Path::to_owned)
}

/// Bytes of all files in a folder; what cannot be read, or goes away meanwhile, counts nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => size(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
