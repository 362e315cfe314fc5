use super::*;

fn plain(file_system: FileSystem) -> Facts {
    Facts {
        file_system,
        contents_in_journal: false,
        mapped: Vec::new(),
        on_a_file: false,
        remains: 0,
        open_to_others: false,
    }
}

fn mapped(uuid: &str) -> Facts {
    Facts {
        mapped: vec![Mapped {
            name: "vg0-root".to_owned(),
            uuid: uuid.to_owned(),
        }],
        ..plain(FileSystem::Ext)
    }
}

#[test]
fn file_systems_by_their_magic_numbers() {
    let table = [
        (0xEF53, Level::B),
        (0x5846_5342, Level::B),
        (0x0102_1994, Level::B),
        (0xF2F5_2010, Level::B),
        (0x9123_683E, Level::A),
        (0x2FC1_2FC1, Level::A),
        (0xCA45_1A4E, Level::A),
        (0x3434, Level::A),
        (0x794C_7630, Level::A),
        (0x6969, Level::A),
        (0x6573_5546, Level::A),
        (0x1234_5678, Level::A),
    ];
    for (magic, level) in table {
        let judged = judge(&plain(FileSystem::of_magic(magic)));
        assert_eq!(judged.level, level, "{magic:x}: {judged:?}");
        assert!(!judged.reasons.is_empty());
    }
}

#[test]
fn volumes_with_snapshots_and_thin_volumes_reach_a_only() {
    let table = [
        ("LVM-abcdef", Level::B, Reason::VolumeCanSnapshot),
        ("LVM-abcdef-real", Level::A, Reason::VolumeHasSnapshot),
        ("LVM-abcdef-cow", Level::A, Reason::VolumeHasSnapshot),
        ("LVM-abcdef-tpool", Level::A, Reason::ThinVolume),
        ("CRYPT-LUKS2-abcdef", Level::B, Reason::OverwrittenInPlace),
    ];
    for (uuid, level, reason) in table {
        let judged = judge(&mapped(uuid));
        assert_eq!(judged.level, level, "{uuid}: {judged:?}");
        assert!(judged.reasons.contains(&reason), "{uuid}: {judged:?}");
    }
}

#[test]
fn a_journal_of_contents_a_disk_in_a_file_remains_and_rights_of_others_reach_a_only() {
    let weaken: [fn(&mut Facts); 4] = [
        |facts| facts.open_to_others = true,
        |facts| facts.contents_in_journal = true,
        |facts| facts.on_a_file = true,
        |facts| facts.remains = 1,
    ];
    for change in weaken {
        let mut facts = plain(FileSystem::Ext);
        change(&mut facts);
        assert_eq!(judge(&facts).level, Level::A, "{facts:?}");
    }
}

#[test]
fn mount_options_are_read_for_the_right_device() {
    let mounts = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro\n\
                  23 1 8:2 / /srv rw - ext4 /dev/sda2 rw,data=journal\n";
    assert!(!journals_contents(mounts, 8, 1));
    assert!(journals_contents(mounts, 8, 2));
    assert!(!journals_contents(mounts, 8, 22));
}

#[test]
fn this_machine_gives_an_answer_in_both_languages() {
    let directory = tempfile::tempdir().unwrap();
    let judged = judge(&probe(directory.path()).unwrap());
    let (swedish, english) = (judged.words(Lang::Sv), judged.words(Lang::En));
    assert_eq!(swedish.len(), judged.reasons.len());
    assert_ne!(swedish, english);
    assert!(probe(&directory.path().join("none")).is_err());
}
