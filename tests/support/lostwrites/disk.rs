//! The disk under the traced processes: what is certainly on it, and what only may be.
//!
//! ```text
//!   write, truncate ──► pending ──── fsync of the file ───────► durable contents
//!   create, rename, ──► pending ──── fsync of the directory ──► durable names
//!   unlink, mkdir                    (with Names::WithTheFile also fsync of the file)
//! ```
//!
//! At a power cut everything durable is there. Of the pending changes to a file any subset survives,
//! each whole or torn into 512-byte sectors; of the pending changes to a directory any beginning
//! does. That is weaker than what ext4 or XFS keep, so a program that passes relies on what POSIX
//! promises and on nothing else. Two mercies remain: a sector is never half old and half new, and a
//! name is moved or not moved, never lost on the way.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::fate::{Fate, Survival, change_content};
use super::trace::{Event, Kind};

/// What makes the name of a new file durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Only an fsync of the directory: what POSIX promises. SQLite keeps to it.
    WithTheDirectory,
    /// An fsync of the file as well, as on ext4: its name and those of the directories above.
    WithTheFile,
}

type Node = usize;
const ROOT: Node = 0;

struct Inode {
    mode: u32,
    body: Body,
}

enum Body {
    File {
        durable: Vec<u8>,
        pending: Vec<usize>,
    },
    Directory,
}

/// The entries of every directory.
type Tree = BTreeMap<Node, BTreeMap<String, Node>>;

/// A change of names: `node` leaves one place, appears at another, or both.
#[derive(Clone)]
struct NameChange {
    at: usize,
    node: Node,
    from: Option<(Node, String)>,
    to: Option<(Node, String)>,
}

impl NameChange {
    fn directories(&self) -> impl Iterator<Item = Node> {
        let of = |place: &Option<(Node, String)>| place.as_ref().map(|(directory, _)| *directory);
        of(&self.from).into_iter().chain(of(&self.to))
    }
}

/// The disk after a prefix of the trace.
pub struct Disk<'t> {
    events: &'t [Event],
    names: Names,
    next: usize,
    inodes: Vec<Inode>,
    live: Tree,
    durable: Tree,
    by_number: HashMap<u64, Node>,
    changes: Vec<NameChange>,
    syncs: HashMap<u64, usize>,
}

impl<'t> Disk<'t> {
    /// A disk that holds a copy of `start`, all of it durable, before the first event.
    pub fn new(start: &Path, events: &'t [Event], names: Names) -> Self {
        let mut disk = Self {
            events,
            names,
            next: 0,
            inodes: Vec::new(),
            live: Tree::new(),
            durable: Tree::new(),
            by_number: HashMap::new(),
            changes: Vec::new(),
            syncs: HashMap::new(),
        };
        disk.load(start);
        disk.durable = disk.live.clone();
        disk
    }

    fn load(&mut self, path: &Path) -> Node {
        let metadata = fs::symlink_metadata(path).unwrap();
        let mode = metadata.mode() & 0o7777;
        let node;
        if metadata.is_dir() {
            node = self.add_directory(mode);
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                if !name.ends_with("-shm") {
                    let child = self.load(&entry.path());
                    self.live.entry(node).or_default().insert(name, child);
                }
            }
        } else {
            assert!(metadata.is_file(), "{} is no plain file", path.display());
            node = self.add_file(mode, fs::read(path).unwrap());
        }
        node
    }

    /// Lets the events up to, not including, `end` happen.
    pub fn advance(&mut self, end: usize) {
        while self.next < end {
            self.happen(self.next, &self.events[self.next]);
            self.next += 1;
        }
    }

    fn happen(&mut self, at: usize, event: &Event) {
        let path = event.path.as_str();
        match event.kind {
            Kind::Create | Kind::MakeDirectory => {
                let node = match event.kind {
                    Kind::Create => self.add_file(event.number as u32, Vec::new()),
                    _ => self.add_directory(event.number as u32),
                };
                self.by_number.insert(event.inode, node);
                self.change_names(at, node, None, Some(path));
            }
            Kind::Write | Kind::Truncate => {
                let node = self.node_of(event);
                match &mut self.inodes[node].body {
                    Body::File { pending, .. } => pending.push(at),
                    Body::Directory => panic!("event {at}: {path} is a directory"),
                }
            }
            Kind::SyncBegin => {
                self.syncs.insert(event.number, at);
            }
            Kind::SyncEnd => {
                let began = self.syncs.remove(&event.number);
                let began = began.unwrap_or_else(|| panic!("event {at}: a sync without beginning"));
                let node = self.node_of(event);
                self.make_durable(node, began);
            }
            Kind::Rename => {
                let node = self.known(at, path);
                self.change_names(at, node, Some(path), Some(&event.text()));
            }
            Kind::Unlink | Kind::RemoveDirectory => {
                let node = self.known(at, path);
                self.change_names(at, node, Some(path), None);
            }
            Kind::Link => {
                let node = self.known(at, path);
                self.change_names(at, node, None, Some(&event.text()));
            }
            Kind::Mode => {
                let node = self.node_of(event);
                self.inodes[node].mode = event.number as u32;
            }
            Kind::Output | Kind::Mark => {}
            Kind::Unsupported => panic!("event {at}: the model does not know {event:?}"),
        }
    }

    fn add_file(&mut self, mode: u32, durable: Vec<u8>) -> Node {
        let pending = Vec::new();
        let body = Body::File { durable, pending };
        self.inodes.push(Inode { mode, body });
        self.inodes.len() - 1
    }

    fn add_directory(&mut self, mode: u32) -> Node {
        let body = Body::Directory;
        self.inodes.push(Inode { mode, body });
        let node = self.inodes.len() - 1;
        self.live.insert(node, BTreeMap::new());
        self.durable.insert(node, BTreeMap::new());
        node
    }

    /// The file of an event on a descriptor. A file of the starting copy is met by its path first and
    /// known by its number from then on; one that was deleted before is nobody's loss.
    fn node_of(&mut self, event: &Event) -> Node {
        if let Some(node) = self.by_number.get(&event.inode) {
            return *node;
        }
        let found = self.find(&event.path);
        let node = found.unwrap_or_else(|| self.add_file(0o600, Vec::new()));
        self.by_number.insert(event.inode, node);
        node
    }

    fn find(&self, path: &str) -> Option<Node> {
        let steps = path.split('/').filter(|step| *step != ".");
        { steps }.try_fold(ROOT, |node, step| self.live.get(&node)?.get(step).copied())
    }

    fn known(&self, at: usize, path: &str) -> Node {
        self.find(path).unwrap_or_else(|| {
            panic!("event {at} names {path}, which the trace never made: something went unseen")
        })
    }

    fn change_names(&mut self, at: usize, node: Node, from: Option<&str>, to: Option<&str>) {
        let place = |path: &str| {
            let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
            (self.known(at, parent), name.to_owned())
        };
        let change = NameChange {
            at,
            node,
            from: from.map(place),
            to: to.map(place),
        };
        apply(&change, &mut self.live);
        self.changes.push(change);
    }

    fn make_durable(&mut self, node: Node, began: usize) {
        let events = self.events;
        match &mut self.inodes[node].body {
            Body::File { durable, pending } => {
                for at in pending.extract_if(.., |at| *at < began) {
                    change_content(durable, &events[at], |_| true);
                }
                if self.names == Names::WithTheFile {
                    self.keep_names_of(node, began);
                }
            }
            Body::Directory => self.keep_names(HashMap::from([(node, began)])),
        }
    }

    /// The names of a file and of every directory above it.
    fn keep_names_of(&mut self, mut node: Node, began: usize) {
        let mut bounds = HashMap::new();
        let mut above: Vec<Node> = Vec::new();
        loop {
            let mine = |change: &&NameChange| change.node == node && change.at < began;
            let Some(last) = self.changes.iter().rfind(mine) else {
                break;
            };
            for directory in last.directories() {
                let bound = bounds.entry(directory).or_insert(0);
                *bound = (*bound).max(last.at + 1);
            }
            let Some((directory, _)) = &last.to else {
                break;
            };
            above.push(node);
            node = *directory;
            assert!(!above.contains(&node), "a directory inside itself");
        }
        self.keep_names(bounds);
    }

    /// Makes durable every change of a directory before its bound. A move between directories is one
    /// thing, so keeping it keeps what came before it in both.
    fn keep_names(&mut self, mut bounds: HashMap<Node, usize>) {
        for change in self.changes.iter().rev() {
            let bound = |directory| bounds.get(&directory).copied().unwrap_or(0);
            if change.directories().any(|d| change.at < bound(d)) {
                for directory in change.directories().collect::<Vec<_>>() {
                    let bound = bounds.entry(directory).or_insert(0);
                    *bound = (*bound).max(change.at + 1);
                }
            }
        }
        let bound = |directory| bounds.get(&directory).copied().unwrap_or(0);
        let kept = self
            .changes
            .extract_if(.., |c| c.directories().any(|d| c.at < bound(d)));
        for change in kept {
            apply(&change, &mut self.durable);
        }
    }

    /// Builds the directory as the power cut leaves it. `to` must not exist.
    pub fn write_out(&self, survival: Survival, to: &Path) {
        let mut fate = Fate::new(survival);
        let mut names = self.durable.clone();
        let mut budgets: HashMap<Node, usize> = HashMap::new();
        for change in &self.changes {
            for directory in change.directories() {
                *budgets.entry(directory).or_insert(0) += 1;
            }
        }
        let mut touched: Vec<_> = budgets.iter_mut().collect();
        touched.sort();
        for (_, budget) in touched {
            *budget = fate.beginning(*budget);
        }
        for change in &self.changes {
            let survives = change.directories().all(|d| budgets[&d] > 0);
            for directory in change.directories() {
                let left = budgets.get_mut(&directory).unwrap();
                *left = if survives { left.saturating_sub(1) } else { 0 };
            }
            if survives {
                apply(change, &mut names);
            }
        }
        self.write_directory(ROOT, &names, &mut fate, to);
    }

    fn write_directory(&self, node: Node, names: &Tree, fate: &mut Fate, to: &Path) {
        fs::create_dir(to).unwrap();
        for (name, child) in &names[&node] {
            let path = to.join(name);
            match &self.inodes[*child].body {
                Body::Directory => self.write_directory(*child, names, fate, &path),
                Body::File { durable, pending } => {
                    let mut content = durable.clone();
                    for at in pending {
                        fate.decide(&mut content, &self.events[*at]);
                    }
                    fs::write(&path, content).unwrap();
                    let mode = fs::Permissions::from_mode(self.inodes[*child].mode);
                    fs::set_permissions(&path, mode).unwrap();
                }
            }
        }
        let mode = fs::Permissions::from_mode(self.inodes[node].mode);
        fs::set_permissions(to, mode).unwrap();
    }
}

fn apply(change: &NameChange, names: &mut Tree) {
    if let Some((directory, name)) = &change.from {
        names.entry(*directory).or_default().remove(name);
    }
    if let Some((directory, name)) = &change.to {
        let entries = names.entry(*directory).or_default();
        entries.insert(name.clone(), change.node);
    }
}
