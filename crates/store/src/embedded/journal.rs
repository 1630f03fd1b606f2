//! The journal's torn end.
//!
//! After a power loss the last batches, which were not synced, may have holes: their end is on disk, what
//! comes before it is not. The library then refuses to open at all, for it cannot tell that from damage.
//! Whatever comes after the first batch that does not read back was not synced either, and was promised to
//! nobody, so it is cut off here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use fjall::Database;
use xxhash_rust::xxh3::Xxh3;

/// What ends a batch, as the library writes it.
const TRAILER: &[u8; 4] = b"FJL\x03";

/// Longest run of bytes read at once: a torn length says anything.
const MAX_CHUNK: usize = 64 * 1024;

/// Opens the database; cuts off the journal's torn end if that is what keeps it from opening.
pub(super) fn open(
    folder: &Path,
    start: impl Fn() -> Result<Database, fjall::Error>,
) -> Result<Database, fjall::Error> {
    match start() {
        Err(fjall::Error::JournalRecovery(reason)) => {
            // All but the newest were synced before the next was begun.
            if let Some(newest) = newest(folder)? {
                let cut = cut(&newest)?;
                tracing::warn!(%reason, bytes = cut, "cut off the torn end of the store's journal");
            }
            start()
        }
        other => other,
    }
}

/// Writes the newest journal once more, as it reads back, and syncs it.
///
/// A sync that fails leaves pages that read back and count as written, and may never reach the disk. Whoever
/// heard of the failure and sends an event again would be told that it is there already. Over the same blocks,
/// so that it needs no room, and a crash meanwhile leaves of each what it was or what it is to be.
pub(super) fn write_again(folder: &Path) -> io::Result<()> {
    let Some(newest) = newest(folder)? else { return Ok(()) };
    let mut file = OpenOptions::new().read(true).write(true).open(newest)?;
    let mut chunk = vec![0; MAX_CHUNK];
    let mut position = 0;
    loop {
        file.seek(SeekFrom::Start(position))?;
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return file.sync_data();
        }
        file.seek(SeekFrom::Start(position))?;
        file.write_all(&chunk[..read])?;
        position += read as u64;
    }
}

fn newest(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let journal = path.extension().is_some_and(|extension| extension == "jnl");
        let number = path.file_stem().and_then(|name| name.to_str()?.parse::<u64>().ok());
        if let (true, Some(number)) = (journal, number) {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// Cuts a journal off behind its last batch that reads back; answers how many bytes went.
fn cut(journal: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(journal)?;
    let mut batches = Batches { reader: BufReader::new(&file), position: 0 };
    let mut whole = 0;
    while batches.next()? {
        whole = batches.position;
    }
    let length = file.metadata()?.len();
    file.set_len(whole)?;
    file.sync_all()?;
    Ok(length.saturating_sub(whole))
}

/// Reads over the batches of a journal.
struct Batches<'f> {
    reader: BufReader<&'f File>,
    position: u64,
}

impl Batches<'_> {
    /// Whether one more batch reads back whole.
    fn next(&mut self) -> io::Result<bool> {
        match self.batch() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            other => other,
        }
    }

    fn batch(&mut self) -> io::Result<bool> {
        if self.array()? != [1] {
            return Ok(false);
        }
        let entries = u32::from_le_bytes(self.array()?);
        let _sequence_number = self.array::<8>()?;
        let mut hash = Xxh3::new();
        for _ in 0..entries {
            if !self.entry(&mut hash)? {
                return Ok(false);
            }
        }
        Ok(self.array()? == [3]
            && u64::from_le_bytes(self.array()?) == hash.digest()
            && self.array()? == *TRAILER)
    }

    fn entry(&mut self, hash: &mut Xxh3) -> io::Result<bool> {
        let tag: [u8; 1] = self.hashed(hash)?;
        let (key, value) = match tag {
            [2] => {
                let _kind_compression_store = self.hashed::<10>(hash)?;
                let key = u16::from_le_bytes(self.hashed(hash)?);
                let _length = self.hashed::<4>(hash)?;
                (key, u32::from_le_bytes(self.hashed(hash)?))
            }
            [4] => {
                let _store = self.hashed::<8>(hash)?;
                (0, 0)
            }
            _ => return Ok(false),
        };
        let mut left = usize::from(key) + usize::try_from(value).unwrap_or(usize::MAX);
        let mut chunk = vec![0; left.min(MAX_CHUNK)];
        while left > 0 {
            let length = left.min(MAX_CHUNK);
            self.fill(&mut chunk[..length])?;
            hash.update(&chunk[..length]);
            left -= length;
        }
        Ok(true)
    }

    fn hashed<const N: usize>(&mut self, hash: &mut Xxh3) -> io::Result<[u8; N]> {
        let bytes = self.array()?;
        hash.update(&bytes);
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
