//! The operating system's accounting: of a process and its children, from `/proc`, and of a folder.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// `/proc` counts CPU time in hundredths of a second on every Linux, whatever the kernel's own tick.
const TICK: Duration = Duration::from_millis(10);

/// CPU time that the process tree has taken, in user and kernel mode.
pub(super) fn cpu_time(pid: u32) -> Result<Duration> {
    let mut ticks = 0;
    for pid in tree(pid)? {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        let stat = stat.with_context(|| format!("process {pid} is gone"))?;
        ticks += ticks_of(&stat).with_context(|| format!("/proc/{pid}/stat reads {stat:?}"))?;
    }
    Ok(TICK * ticks)
}

/// Resident memory of the process tree, in MB of 1024 KB.
pub(super) fn resident_mb(pid: u32) -> Result<f64> {
    let mut kilobytes = 0;
    for pid in tree(pid)? {
        let status = fs::read_to_string(format!("/proc/{pid}/status"));
        let status = status.with_context(|| format!("process {pid} is gone"))?;
        kilobytes += resident_kb(&status).with_context(|| format!("no VmRSS of process {pid}"))?;
    }
    Ok(f64::from(kilobytes) / 1024.0)
}

/// What a folder and all below it takes on its disk: blocks, not lengths of files.
pub(super) fn disk_bytes(folder: &Path) -> Result<f64> {
    /// Of `st_blocks`, whatever the file system's own are.
    const BLOCK: f64 = 512.0;

    let mut bytes = 0.0;
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let entry = entry?;
        // A server may remove a file while this looks.
        let Ok(file) = entry.metadata() else { continue };
        if file.is_dir() {
            bytes += disk_bytes(&entry.path())?;
        } else {
            #[expect(clippy::cast_precision_loss, reason = "exact to 2^53 blocks")]
            let blocks = file.blocks() as f64;
            bytes += blocks * BLOCK;
        }
    }
    Ok(bytes)
}

/// The processor's name, for the reader of a report.
pub(super) fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}

/// The process and all below it. Children belong to the thread that made them.
fn tree(pid: u32) -> Result<Vec<u32>> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        next += 1;
        let threads = fs::read_dir(format!("/proc/{pid}/task"));
        for thread in threads.with_context(|| format!("process {pid} is gone"))? {
            // A thread may end while this looks.
            let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    Ok(all)
}

/// `utime` + `stime`: fields 14 and 15. The second field, the name in parentheses, may hold anything.
fn ticks_of(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(user.parse::<u32>().ok()? + system.parse::<u32>().ok()?)
}

fn resident_kb(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194304 900 0 1 0 250 75 8 9 20 0 4 0 100 1 2";
        assert_eq!(ticks_of(stat), Some(325));
        assert_eq!(ticks_of("42 (datafly) S 1 2"), None);
    }

    #[test]
    fn resident_memory_is_the_line_of_that_name() {
        let status = "Name:\tdatafly\nVmHWM:\t  99 kB\nVmRSS:\t   31240 kB\nRssAnon:\t 7 kB\n";
        assert_eq!(resident_kb(status), Some(31_240));
        assert_eq!(resident_kb("Name:\tdatafly\n"), None);
    }

    #[test]
    fn this_process_is_accounted_for() {
        let pid = std::process::id();
        assert!(cpu_time(pid).is_ok());
        assert!(resident_mb(pid).unwrap() > 1.0);
    }
}
