//! Power loss: the engine's own system calls are recorded while it works, and replayed up to a random one
//! of them. Of what was not yet synced each write is kept, dropped or torn, and of each folder's unsynced
//! changes only the first few are kept. The files must open, and hold what was promised by then.
//!
//! A sync may also fail: what it was to sync still reads back, and never reaches the disk.
//!
//! Harsher than most file systems are: syncing a file says nothing of its name, and a name may survive
//! without the bytes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::writer::{Promises, program};
use super::*;

/// Bytes that a disk writes as one.
const SECTOR: usize = 4096;

const CALLS: &str = "trace=openat,open,creat,close,dup,dup2,dup3,fcntl,lseek,write,pwrite64,writev,pwritev,\
    pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,\
    unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,copy_file_range,sendfile";

/// A file's bytes. The zeros at its end are only counted.
#[derive(Debug, Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    length: usize,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize { length: usize },
}

impl Content {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if self.bytes.len() < end {
                    self.bytes.resize(end, 0);
                }
                self.bytes[*offset..end].copy_from_slice(bytes);
                self.length = self.length.max(end);
            }
            Change::Resize { length } => {
                self.bytes.truncate(*length);
                self.length = *length;
            }
        }
    }

    /// What a disk may have made of a change that was not synced.
    fn survive(&mut self, change: &Change, rng: &mut TestRng) {
        match (rng.random_range(0..4), change) {
            (0, _) => {}
            (1, Change::Write { offset, bytes }) => {
                let kept = rng.random_range(0..=bytes.len());
                self.apply(&Change::Write { offset: *offset, bytes: bytes[..kept].to_vec() });
            }
            // Sectors in any order: the end may be there and the middle not.
            (2, Change::Write { offset, bytes }) => {
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if rng.random() {
                        let offset = offset + n * SECTOR;
                        self.apply(&Change::Write { offset, bytes: sector.to_vec() });
                    }
                }
            }
            _ => self.apply(change),
        }
    }
}

/// What an entry of a folder becomes: some names go, one may come.
#[derive(Debug, Clone)]
struct Entry {
    gone: Vec<String>,
    come: Option<(String, usize)>,
}

type Names = BTreeMap<String, usize>;

fn apply(names: &mut Names, entry: &Entry) {
    for name in &entry.gone {
        names.remove(name);
    }
    names.extend(entry.come.clone());
}

#[derive(Debug)]
enum Node {
    File { synced: Content, unsynced: Vec<Change>, length: usize },
    Folder { synced: Names, unsynced: Vec<Entry>, visible: Names },
}

#[derive(Debug, Clone)]
struct Handle {
    node: usize,
    offset: usize,
    append: bool,
}

/// A file system with a write-back cache, as one process uses it.
struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    handles: HashMap<usize, Handle>,
    promises: Promises,
    /// How many syncs have failed.
    failed: usize,
}

impl Disk {
    fn new(root: &Path) -> Self {
        let root = root.to_owned();
        let nodes = vec![folder()];
        Self { root, nodes, handles: HashMap::new(), promises: Promises::default(), failed: 0 }
    }

    /// The folder that holds a path, and its name there; `None` outside of the watched folder.
    fn place(&self, path: &Path) -> Option<(usize, String)> {
        let path = path.strip_prefix(&self.root).ok()?;
        let mut node = 0;
        for part in path.parent()? {
            let Node::Folder { visible, .. } = &self.nodes[node] else { return None };
            node = *visible.get(part.to_str()?)?;
        }
        Some((node, path.file_name()?.to_str()?.to_owned()))
    }

    fn find(&self, path: &Path) -> Option<usize> {
        if path == self.root {
            return Some(0);
        }
        let (folder, name) = self.place(path)?;
        let Node::Folder { visible, .. } = &self.nodes[folder] else { return None };
        visible.get(&name).copied()
    }

    fn enter(&mut self, folder: usize, entry: Entry) {
        let Node::Folder { unsynced, visible, .. } = &mut self.nodes[folder] else {
            panic!("an entry in what is no folder")
        };
        apply(visible, &entry);
        unsynced.push(entry);
    }

    fn make(&mut self, path: &Path, node: Node) -> Option<usize> {
        let (folder, name) = self.place(path)?;
        self.nodes.push(node);
        let made = self.nodes.len() - 1;
        self.enter(folder, Entry { gone: Vec::new(), come: Some((name, made)) });
        Some(made)
    }

    fn change(&mut self, node: usize, change: Change) {
        let Node::File { unsynced, length, .. } = &mut self.nodes[node] else {
            panic!("bytes in what is no file")
        };
        *length = match &change {
            Change::Write { offset, bytes } => (offset + bytes.len()).max(*length),
            Change::Resize { length } => *length,
        };
        unsynced.push(change);
    }

    fn length(&self, node: usize) -> usize {
        match &self.nodes[node] {
            Node::File { length, .. } => *length,
            Node::Folder { .. } => 0,
        }
    }

    /// How much of a file was written when its sync began.
    fn unsynced(&self, handle: usize) -> usize {
        match self.handles.get(&handle).map(|handle| &self.nodes[handle.node]) {
            Some(Node::File { unsynced, .. }) => unsynced.len(),
            Some(Node::Folder { unsynced, .. }) => unsynced.len(),
            None => 0,
        }
    }

    fn sync(&mut self, handle: usize, first: usize) {
        let Some(handle) = self.handles.get(&handle) else { return };
        match &mut self.nodes[handle.node] {
            Node::File { synced, unsynced, .. } => {
                unsynced.drain(..first).for_each(|change| synced.apply(&change));
            }
            Node::Folder { synced, unsynced, .. } => {
                unsynced.drain(..first).for_each(|entry| apply(synced, &entry));
            }
        }
    }

    /// A sync has failed. The pages are clean now, and gone with the power.
    fn fail(&mut self, handle: usize, first: usize) {
        let Some(handle) = self.handles.get(&handle) else { return };
        if let Node::File { unsynced, .. } = &mut self.nodes[handle.node] {
            unsynced.drain(..first);
        }
        self.failed += 1;
    }

    fn call(&mut self, call: &Call) {
        let number = |n: usize| call.arguments[n].parse::<usize>().unwrap();
        match call.name.as_str() {
            "openat" => {
                let (path, flags) = (path(&call.arguments[1]), &call.arguments[2]);
                let node = self.find(&path).or_else(|| {
                    let length = 0;
                    flags.contains("O_CREAT").then_some(())?;
                    let (synced, unsynced) = (Content::default(), Vec::new());
                    self.make(&path, Node::File { synced, unsynced, length })
                });
                let Some(node) = node else { return };
                if flags.contains("O_TRUNC") && self.length(node) > 0 {
                    self.change(node, Change::Resize { length: 0 });
                }
                let append = flags.contains("O_APPEND");
                self.handles.insert(call.result, Handle { node, offset: 0, append });
            }
            "close" => drop(self.handles.remove(&number(0))),
            "fcntl" if call.arguments[1].contains("F_DUPFD") => {
                if let Some(handle) = self.handles.get(&number(0)).cloned() {
                    self.handles.insert(call.result, handle);
                }
            }
            "fcntl" => {}
            "lseek" => {
                if let Some(handle) = self.handles.get_mut(&number(0)) {
                    handle.offset = call.result;
                }
            }
            "write" if number(0) == 1 => {
                let said = String::from_utf8(bytes(&call.arguments[1])).unwrap();
                said.lines().for_each(|line| self.promises.hear(line));
            }
            "write" => {
                let Some(mut handle) = self.handles.get(&number(0)).cloned() else { return };
                if handle.append {
                    handle.offset = self.length(handle.node);
                }
                let mut bytes = bytes(&call.arguments[1]);
                bytes.truncate(call.result);
                let offset = handle.offset;
                handle.offset += bytes.len();
                self.change(handle.node, Change::Write { offset, bytes });
                self.handles.insert(number(0), handle);
            }
            "pwrite64" => {
                let Some(handle) = self.handles.get(&number(0)).cloned() else { return };
                let mut bytes = bytes(&call.arguments[1]);
                bytes.truncate(call.result);
                self.change(handle.node, Change::Write { offset: number(3), bytes });
            }
            "ftruncate" => {
                let Some(handle) = self.handles.get(&number(0)).cloned() else { return };
                self.change(handle.node, Change::Resize { length: number(1) });
            }
            "fsync" | "fdatasync" if call.failed => self.fail(number(0), call.unsynced),
            "fsync" | "fdatasync" => self.sync(number(0), call.unsynced),
            "mkdir" => drop(self.make(&path(&call.arguments[0]), folder())),
            "unlink" | "rmdir" => {
                if let Some((folder, name)) = self.place(&path(&call.arguments[0])) {
                    self.enter(folder, Entry { gone: vec![name], come: None });
                }
            }
            "unlinkat" => {
                let path = path(&call.arguments[1]);
                let place = if call.arguments[0] == "AT_FDCWD" {
                    self.place(&path)
                } else {
                    let folder = self.handles.get(&number(0)).map(|handle| handle.node);
                    folder.map(|folder| (folder, path.to_str().unwrap().to_owned()))
                };
                if let Some((folder, name)) = place {
                    self.enter(folder, Entry { gone: vec![name], come: None });
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let mut paths = call.arguments.iter().filter(|text| text.starts_with('"'));
                let mut next = || path(paths.next().unwrap());
                let (from, to) = (next(), next());
                let Some(moved) = self.find(&from) else { return };
                let ((folder, from), (same, to)) =
                    (self.place(&from).unwrap(), self.place(&to).unwrap());
                assert_eq!(folder, same, "renamed into another folder");
                self.enter(folder, Entry { gone: vec![from], come: Some((to, moved)) });
            }
            other => panic!("{other} is not understood: teach this test"),
        }
    }

    /// Writes out what the next boot may find.
    fn after_power_loss(&self, node: usize, to: &Path, rng: &mut TestRng) {
        match &self.nodes[node] {
            Node::File { synced, unsynced, .. } => {
                let mut content = synced.clone();
                for change in unsynced {
                    content.survive(change, rng);
                }
                fs::write(to, &content.bytes).unwrap();
                let file = fs::OpenOptions::new().write(true).open(to).unwrap();
                file.set_len(content.length as u64).unwrap();
            }
            Node::Folder { synced, unsynced, .. } => {
                let mut names = synced.clone();
                let kept = rng.random_range(0..=unsynced.len());
                for entry in &unsynced[..kept] {
                    apply(&mut names, entry);
                }
                fs::create_dir(to).unwrap();
                for (name, node) in names {
                    self.after_power_loss(node, &to.join(name), rng);
                }
            }
        }
    }
}

fn folder() -> Node {
    Node::Folder { synced: Names::new(), unsynced: Vec::new(), visible: Names::new() }
}

/// A system call that has come to its end.
#[derive(Debug)]
struct Call {
    name: String,
    arguments: Vec<String>,
    result: usize,
    /// For a sync: whether it has failed. Other calls that have are none.
    failed: bool,
    /// For a sync: how much was written when it began.
    unsynced: usize,
}

/// The bytes of a text as strace writes it: all in hexadecimal.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.trim_matches('"').split("\\x").skip(1);
    digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

fn path(text: &str) -> PathBuf {
    String::from_utf8(bytes(text)).unwrap().into()
}

/// Reads a record line by line, and joins what a thread began with what it ended.
struct Record<'r> {
    lines: std::str::Lines<'r>,
    begun: HashMap<&'r str, (&'r str, usize)>,
}

impl Record<'_> {
    /// Takes the next call to its end; `None` at the end of the record.
    fn next(&mut self, disk: &Disk) -> Option<Call> {
        loop {
            let line = self.lines.next()?;
            let (thread, line) = line.split_once(' ').unwrap();
            let line = line.trim_start();
            if let Some(begun) = line.strip_suffix(" <unfinished ...>") {
                let unsynced = if begun.contains("sync(") {
                    disk.unsynced(begun.split_once('(').unwrap().1.parse().unwrap())
                } else {
                    0
                };
                self.begun.insert(thread, (begun, unsynced));
                continue;
            }
            if line.starts_with("+++") || line.starts_with("---") {
                continue;
            }
            let resumed =
                line.strip_prefix("<... ").map(|rest| rest.split_once(" resumed>").unwrap());
            let (whole, unsynced) = match resumed {
                Some((_, end)) => {
                    let (begun, unsynced) = self.begun.remove(thread).unwrap();
                    (format!("{begun}{end}"), Some(unsynced))
                }
                None => (line.to_owned(), None),
            };
            let (call, result) = whole.rsplit_once(" = ").unwrap();
            let (name, arguments) =
                call.trim_end().strip_suffix(')').unwrap().split_once('(').unwrap();
            let failed = name.ends_with("sync") && result.starts_with("-1");
            let result = if failed { "0" } else { result.split(' ').next().unwrap() };
            let Ok(result) = result.parse() else { continue };
            let arguments: Vec<String> = arguments.split(", ").map(str::to_owned).collect();
            let handle = || disk.unsynced(arguments[0].parse().unwrap());
            let unsynced =
                unsynced.unwrap_or_else(|| if name.ends_with("sync") { handle() } else { 0 });
            return Some(Call { name: name.to_owned(), arguments, result, failed, unsynced });
        }
    }
}

/// Runs the writer and records its system calls, of which every so many-th sync of a journal may be made to fail.
fn record(files: &Path, events: usize, bytes: usize, failing: Option<usize>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-xx", "-s", "100000000", "-e", CALLS, "-e", "signal=none", "-o"]);
    strace.arg(&record);
    if let Some(every) = failing {
        strace.arg("-e").arg(format!("inject=fdatasync:error=EIO:when={every}+{every}"));
    }
    strace.arg(program()).arg(files);
    strace.args([0, events, bytes].map(|n| n.to_string()));
    let ended = strace.stdout(Stdio::null()).status().unwrap_or_else(|error| {
        panic!("the power-loss test needs strace ({error}): install the package `strace`")
    });
    assert!(ended.success(), "strace ended with {ended}: may it trace here?");
    fs::read_to_string(&record).unwrap()
}

fn survives(seed: u8, events: usize, bytes: usize, failing: Option<usize>, losses: usize) {
    let folder = tempfile::tempdir().unwrap();
    let record = record(&folder.path().join("queue"), events, bytes, failing);
    let calls = record.lines().count();
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut points: Vec<usize> = (0..losses).map(|_| rng.random_range(0..calls)).collect();
    points.sort_unstable();
    let mut disk = Disk::new(folder.path());
    let mut record = Record { lines: record.lines(), begun: HashMap::new() };
    let mut next = record.next(&disk);
    let mut done = 0;
    let runtime = runtime();
    for point in points {
        // Every other time right before something is synced, when most is to be lost.
        let before_sync = rng.random();
        while let Some(call) = &next
            && (done < point || (before_sync && !call.name.ends_with("sync")))
        {
            disk.call(call);
            next = record.next(&disk);
            done += 1;
        }
        let boot = tempfile::tempdir().unwrap();
        let after = boot.path().join("disk");
        disk.after_power_loss(0, &after, &mut rng);
        let promises = disk.promises.clone();
        runtime.block_on(promises.are_kept(&after.join("queue"), true));
    }
    assert!(disk.promises.appended.len() * 2 > events, "the record ends early");
    assert!(disk.promises.synced_records.len() == 6, "visitors were not written");
    assert!(failing.is_none() || disk.failed > 5, "only {} syncs have failed", disk.failed);
}

#[test]
fn every_promise_survives_power_loss() {
    survives(1, 200, 3_000, None, count("DATAFLY_QUEUE_POWER_LOSSES", 60));
}

/// Large events, so that tables are written, merged and dropped.
#[test]
fn every_promise_survives_power_loss_while_tables_change() {
    survives(2, 400, 60_000, None, count("DATAFLY_QUEUE_POWER_LOSSES", 60) / 3);
}

#[test]
fn every_promise_survives_power_loss_after_syncs_that_failed() {
    survives(3, 200, 3_000, Some(7), count("DATAFLY_QUEUE_POWER_LOSSES", 60));
}
