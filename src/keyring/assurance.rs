//! What destroying the root on this disk is worth, as each receipt prints it.
//!
//! - **A**: old copies of the data are dead.
//! - **B**: old copies of the vault are dead too, because the old root was overwritten where it lay.
//! - **C**: snapshots of the whole disk too, because the root never lay on it.
//!
//! A root on files reaches B where the file system writes over what it is told to write over, and
//! keeps no snapshots. [`probe`] asks the machine, [`judge`] decides, and can be held to a table.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{FileRoot, Keyring, mirror};
use crate::vocabulary::Lang;

/// How far an erasure reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Level {
    /// Old copies of the data are dead.
    A,
    /// Old copies of the vault too.
    B,
    /// Snapshots of the whole disk too.
    C,
}

/// The file systems that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// ext2, ext3, ext4: written in place.
    Ext,
    /// XFS: written in place.
    Xfs,
    /// F2FS: a log on flash without snapshots.
    F2fs,
    /// tmpfs and ramfs: in memory.
    Memory,
    /// btrfs: copy on write, snapshots.
    Btrfs,
    /// ZFS: copy on write, snapshots.
    Zfs,
    /// bcachefs: copy on write, snapshots.
    Bcachefs,
    /// NILFS2: keeps continuous snapshots by itself.
    Nilfs,
    /// overlayfs: what lies below is kept.
    Overlay,
    /// NFS, SMB, 9P, FUSE and the like: the real disk is elsewhere.
    Remote,
    /// Any other, by its magic number.
    Other(u64),
}

/// A device-mapper device below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Its name, such as `vg0-root`.
    pub name: String,
    /// Its kind and id, such as `LVM-…-real`.
    pub uuid: String,
}

/// What was found out about the place of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The file system.
    pub file_system: FileSystem,
    /// Whether its journal holds file contents too (`data=journal`).
    pub contents_in_journal: bool,
    /// The device-mapper devices below it, as far as they can be seen.
    pub mapped: Vec<Mapped>,
    /// Whether the disk is a file on another file system (a loop device).
    pub on_a_file: bool,
    /// How many set-aside root directories still hold a key (`mirror::remains`).
    pub remains: usize,
    /// Whether others than its owner have rights on its directory or files.
    pub open_to_others: bool,
}

/// Why a level was given, or what it does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The key is overwritten in place; the medium is not sanitised.
    OverwrittenInPlace,
    /// Snapshots of a whole virtual machine or disk array cannot be seen from inside.
    SnapshotsBelowUnseen,
    /// The file system keeps old contents.
    CopyOnWrite(FileSystem),
    /// The disk is elsewhere.
    DiskElsewhere,
    /// Nothing is known of the file system.
    UnknownFileSystem,
    /// A snapshot of the volume exists.
    VolumeHasSnapshot,
    /// The volume is thin, so snapshots cost nothing and are not seen.
    ThinVolume,
    /// The volume manager can make snapshots; there is none now.
    VolumeCanSnapshot,
    /// The journal keeps old contents for a while.
    JournalKeepsContents,
    /// The disk is a file on another file system.
    DiskIsAFile,
    /// A flash log keeps old contents until it cleans up.
    FlashLog,
    /// The root is in memory.
    InMemory,
    /// A root that was set aside still holds a key.
    RemainsOfARoot,
    /// Others may have copied the root.
    OpenToOthers,
}

/// The level and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// How far an erasure reaches.
    pub level: Level,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Assurance {
    /// The reasons as sentences.
    pub fn words(&self, language: Lang) -> Vec<&'static str> {
        self.reasons
            .iter()
            .map(|reason| reason.words(language))
            .collect()
    }
}

/// Asks the machine about the directory of a root. What cannot be found out is told as such.
pub fn probe(root: &Path) -> io::Result<Facts> {
    let file_system = rustix::fs::statfs(root)?;
    let device = fs::metadata(root)?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let block = PathBuf::from(format!("/sys/dev/block/{major}:{minor}"));
    let mut mapped = Vec::new();
    look_below(&block, &mut mapped);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    Ok(Facts {
        file_system: FileSystem::of_magic(u64::from(file_system.f_type as u32)),
        contents_in_journal: journals_contents(&mounts, major, minor),
        mapped,
        on_a_file: block.join("loop").exists(),
        remains: 0,
        open_to_others: false,
    })
}

/// What destroying this root is worth now, with roots that were set aside and rights of others counted in. What cannot be
/// found out is not claimed.
pub fn of_root(root: &FileRoot) -> Assurance {
    let remains = mirror::remains(root).map(|found| found.len());
    let open = root.open_to_others().map(|found| !found.is_empty());
    match (probe(root.directory()), remains, open) {
        (Ok(facts), Ok(remains), Ok(open_to_others)) => judge(&Facts {
            remains,
            open_to_others,
            ..facts
        }),
        _ => Assurance {
            level: Level::A,
            reasons: vec![Reason::UnknownFileSystem],
        },
    }
}

impl Keyring {
    /// What destroying this key tree's root is worth now.
    pub fn assurance(&self) -> Assurance {
        of_root(&self.0.means.root)
    }
}

/// Collects a block device and everything it stands on, where that is device-mapper's.
fn look_below(block: &Path, found: &mut Vec<Mapped>) {
    let read = |name: &str| fs::read_to_string(block.join("dm").join(name));
    if let (Ok(name), Ok(uuid)) = (read("name"), read("uuid")) {
        found.push(Mapped {
            name: name.trim().to_owned(),
            uuid: uuid.trim().to_owned(),
        });
    }
    let Ok(below) = fs::read_dir(block.join("slaves")) else {
        return;
    };
    below
        .flatten()
        .for_each(|device| look_below(&device.path(), found));
}

/// Whether the mount of this device has `data=journal` among its options.
fn journals_contents(mounts: &str, major: u32, minor: u32) -> bool {
    let device = format!("{major}:{minor}");
    let mine = |line: &&str| line.split(' ').nth(2) == Some(device.as_str());
    let journals = |line: &str| line.split([' ', ',']).any(|word| word == "data=journal");
    mounts.lines().filter(mine).any(journals)
}

impl FileSystem {
    /// By the magic number that statfs(2) tells.
    pub fn of_magic(magic: u64) -> Self {
        match magic {
            0xEF53 => Self::Ext,
            0x5846_5342 => Self::Xfs,
            0xF2F5_2010 => Self::F2fs,
            0x0102_1994 | 0x8584_58F6 => Self::Memory,
            0x9123_683E => Self::Btrfs,
            0x2FC1_2FC1 => Self::Zfs,
            0xCA45_1A4E => Self::Bcachefs,
            0x3434 => Self::Nilfs,
            0x794C_7630 => Self::Overlay,
            // NFS, SMB1, SMB2, CIFS, 9P, FUSE (virtiofs too), Ceph, GFS2.
            0x6969 | 0x517B | 0xFE53_4D42 | 0xFF53_4D42 | 0x0102_1997 | 0x6573_5546
            | 0x00C3_6400 | 0x0116_1970 => Self::Remote,
            other => Self::Other(other),
        }
    }
}

/// Decides from the facts alone.
pub fn judge(facts: &Facts) -> Assurance {
    let against = reasons_against(facts);
    if !against.is_empty() {
        return Assurance {
            level: Level::A,
            reasons: against,
        };
    }
    let mut reasons = vec![Reason::OverwrittenInPlace, Reason::SnapshotsBelowUnseen];
    match facts.file_system {
        FileSystem::F2fs => reasons.push(Reason::FlashLog),
        FileSystem::Memory => reasons.push(Reason::InMemory),
        _ => {}
    }
    if facts.mapped.iter().any(|it| it.uuid.starts_with("LVM-")) {
        reasons.push(Reason::VolumeCanSnapshot);
    }
    Assurance {
        level: Level::B,
        reasons,
    }
}

/// Why old copies of the root may still be there.
fn reasons_against(facts: &Facts) -> Vec<Reason> {
    use FileSystem as Fs;
    let mut reasons = Vec::new();
    if facts.remains > 0 {
        reasons.push(Reason::RemainsOfARoot);
    }
    if facts.open_to_others {
        reasons.push(Reason::OpenToOthers);
    }
    match facts.file_system {
        Fs::Ext | Fs::Xfs | Fs::F2fs | Fs::Memory => {}
        Fs::Btrfs | Fs::Zfs | Fs::Bcachefs | Fs::Nilfs | Fs::Overlay => {
            reasons.push(Reason::CopyOnWrite(facts.file_system));
        }
        Fs::Remote => reasons.push(Reason::DiskElsewhere),
        Fs::Other(_) => reasons.push(Reason::UnknownFileSystem),
    }
    // LVM names the volume below one that has snapshots `…-real`, and what a snapshot keeps `…-cow`.
    let ends = |end: &str| facts.mapped.iter().any(|it| it.uuid.ends_with(end));
    if ends("-real") || ends("-cow") {
        reasons.push(Reason::VolumeHasSnapshot);
    }
    if ends("-tpool") || ends("_tdata") {
        reasons.push(Reason::ThinVolume);
    }
    if facts.contents_in_journal {
        reasons.push(Reason::JournalKeepsContents);
    }
    if facts.on_a_file {
        reasons.push(Reason::DiskIsAFile);
    }
    reasons
}

impl Reason {
    /// The reason as a sentence.
    pub fn words(self, language: Lang) -> &'static str {
        let (swedish, english) = self.both();
        match language {
            Lang::Sv => swedish,
            Lang::En => english,
        }
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::OverwrittenInPlace => (
                "Kryptografisk radering: nyckeln är överskriven, mediet är inte sanerat.",
                "Cryptographic erase: the key is overwritten, the medium is not sanitised.",
            ),
            Self::SnapshotsBelowUnseen => (
                "Ögonblicksbilder av hela maskinen eller disken syns inte inifrån och omfattas inte.",
                "Snapshots of the whole machine or disk cannot be seen from inside and are not covered.",
            ),
            Self::CopyOnWrite(_) => (
                "Filsystemet skriver inte över på plats och kan behålla rotens gamla innehåll.",
                "The file system does not overwrite in place and may keep the root's old contents.",
            ),
            Self::DiskElsewhere => (
                "Roten ligger på en annan maskins disk; vad den behåller går inte att se.",
                "The root lies on another machine's disk; what that keeps cannot be seen.",
            ),
            Self::UnknownFileSystem => (
                "Filsystemet är okänt; om det behåller gammalt innehåll går inte att avgöra.",
                "The file system is unknown; whether it keeps old contents cannot be told.",
            ),
            Self::VolumeHasSnapshot => (
                "Volymen har en ögonblicksbild som kan innehålla en gammal rot.",
                "The volume has a snapshot that may hold an old root.",
            ),
            Self::ThinVolume => (
                "Volymen är tunn: ögonblicksbilder av den syns inte här.",
                "The volume is thin: snapshots of it are not seen here.",
            ),
            Self::VolumeCanSnapshot => (
                "Volymhanteraren kan göra ögonblicksbilder; nu finns ingen.",
                "The volume manager can make snapshots; there is none now.",
            ),
            Self::JournalKeepsContents => (
                "Filsystemets journal innehåller även filinnehåll (data=journal).",
                "The file system's journal holds file contents too (data=journal).",
            ),
            Self::DiskIsAFile => (
                "Disken är en fil på ett annat filsystem; vad det behåller går inte att se.",
                "The disk is a file on another file system; what that keeps cannot be seen.",
            ),
            Self::FlashLog => (
                "Filsystemet skriver som en logg; gammalt innehåll ligger kvar tills det städas.",
                "The file system writes as a log; old contents stay until it cleans up.",
            ),
            Self::InMemory => (
                "Roten ligger i minnet: vid omstart går all data förlorad om ingen spegel finns.",
                "The root is in memory: a restart loses all data unless there is a mirror.",
            ),
            Self::RemainsOfARoot => (
                "En undanlagd rot har kvar en nyckel som kan öppna en gammal kopia av valvet.",
                "A root that was set aside still holds a key that may open an old copy of the vault.",
            ),
            Self::OpenToOthers => (
                "Fler än ägaren kommer åt rotens katalog eller filer; gamla nycklar kan ha kopierats.",
                "Others than its owner have rights on the root's directory or files; old keys may have been copied.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
