//! What the key tree keeps at rest, against `tests/vectors/tree.json`: a house in the field has its pages,
//! its root and its redo record in these very bytes, and must open under every later version.

use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;

use serde::Deserialize;

use crate::keyring::change::{Change, Entry};
use crate::keyring::draft::SealedPage;
use crate::keyring::page::{self, Page, PageId, PageKey, PageKind};
use crate::keyring::root::slot_again;
use crate::keyring::{FileRoot, KeyRef};
use crate::vocabulary::{ErasureId, Random, RootId, Secret, TenantId, Timestamp, VaultId};

/// Where slots lie on a copy, and how long one is.
const PLACES: [usize; 2] = [0, 4096];
const SLOT: usize = 120;
/// The leaf of the block in the file that the whole path leads to.
const LEAF: u64 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    roots: Vec<Root>,
    pages: Vec<Sealed>,
    redo: Vec<Redo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    factor: Option<String>,
    vault: String,
    id: String,
    epoch: String,
    key: String,
    effective_key: String,
    /// Without the zeros at its end.
    copy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    kind: i64,
    tenant: String,
    number: String,
    key: String,
    associated: String,
    nonce: String,
    plain: String,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redo {
    key: String,
    nonce: String,
    old_root: String,
    new_root: String,
    epoch: String,
    ledger_seq: String,
    pages: Vec<RedoPage>,
    entries: Vec<RedoEntry>,
    associated: String,
    plain: String,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedoPage {
    kind: i64,
    tenant: String,
    number: String,
    replaces: String,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedoEntry {
    seq: String,
    erasure: String,
    kind: String,
    tenant: String,
    subject: Option<String>,
    facts: String,
    destroyed_at: String,
    units: Option<Vec<(String, u16)>>,
}

/// Gives what the vector has, one after the other.
struct Given(Mutex<VecDeque<Vec<u8>>>);

impl Given {
    fn these(hexadecimal: &[&str]) -> Self {
        Self(Mutex::new(hexadecimal.iter().map(|it| bytes(it)).collect()))
    }
}

impl Random for Given {
    fn fill(&self, buffer: &mut [u8]) {
        let next = self.0.lock().unwrap().pop_front();
        buffer.copy_from_slice(&next.expect("the vector says what is drawn"));
    }
}

fn file() -> File {
    let text = include_str!("../../../tests/vectors/tree.json");
    serde_json::from_str(text).expect("a vector file of the expected shape")
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal).expect("hexadecimal digits")
}

fn array<const N: usize>(hexadecimal: &str) -> [u8; N] {
    bytes(hexadecimal).try_into().expect("the right length")
}

fn key(hexadecimal: &str) -> PageKey {
    Secret::from_slice(&bytes(hexadecimal)).expect("32 bytes")
}

fn number<N: std::str::FromStr>(digits: &str) -> N {
    digits.parse().ok().expect("a number")
}

fn id(kind: i64, tenant: &str, page: &str) -> PageId {
    PageId {
        kind: PageKind::from_code(kind).expect("a kind of page"),
        tenant: TenantId(array(tenant)),
        number: number(page),
    }
}

impl Sealed {
    fn id(&self) -> PageId {
        id(self.kind, &self.tenant, &self.number)
    }
}

impl Root {
    fn copy(&self) -> Vec<u8> {
        let mut copy = bytes(&self.copy);
        copy.resize(2 * PLACES[1], 0);
        copy
    }

    fn at(&self, directory: &std::path::Path) -> FileRoot {
        let factor = self.factor.as_deref().map(bytes);
        FileRoot::new(directory, factor.as_deref())
    }
}

#[test]
fn pages_open_and_are_sealed_to_the_same_bytes() {
    let file = file();
    let kinds: Vec<i64> = file.pages.iter().map(|case| case.kind).collect();
    assert_eq!(kinds, [1, 2, 3, 4, 5], "one of each kind");
    for case in &file.pages {
        let (id, key) = (case.id(), key(&case.key));
        let opened = Page::open(&id, &key, &bytes(&case.sealed)).expect("the vector opens");
        assert_eq!(hex::encode(opened.encode().as_slice()), case.plain);
        let sealed = opened.seal(&id, &key, &Given::these(&[&case.nonce]));
        assert_eq!(hex::encode(sealed), case.sealed, "{id:?}");
        let plain = page::open(&key, &bytes(&case.associated), &bytes(&case.sealed));
        let plain = plain.expect("what it is bound to");
        assert_eq!(hex::encode(plain.as_slice()), case.plain);
    }
}

#[test]
fn the_root_leads_to_a_data_key() {
    let file = file();
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("copy-1"), file.roots[0].copy()).unwrap();
    let root = file.roots[0].at(root.path());
    let mut next = root.effective_key(&root.slots().unwrap()[0]).unwrap();
    for (at, case) in file.pages.iter().enumerate() {
        let page = Page::open(&case.id(), &next, &bytes(&case.sealed)).expect("it opens");
        let below = file.pages.get(at + 1);
        let Some(below) = below else {
            let leaf = super::leaf(&page, LEAF as u16).expect("a data key");
            let at = LEAF as usize * 64;
            assert_eq!(hex::encode(leaf.expose()), case.plain[at..at + 64]);
            return;
        };
        assert_eq!(below.id().parent(), Some(case.id()));
        next = page
            .key_of(&below.id())
            .expect("the key of the next")
            .clone();
    }
}

#[test]
fn a_copy_of_the_root_is_read_and_written_as_the_same_bytes() {
    for case in file().roots {
        let place = tempfile::tempdir().unwrap();
        let root = case.at(place.path());
        fs::write(place.path().join("copy-1"), case.copy()).unwrap();
        let slots = root.slots().unwrap();
        let [slot] = slots.as_slice() else {
            panic!("one live slot, one empty")
        };
        assert_eq!(
            (slot.id, slot.vault),
            (RootId(array(&case.id)), VaultId(array(&case.vault)))
        );
        assert_eq!(slot.epoch, number::<u64>(&case.epoch));
        let opens = root.effective_key(slot).expect("its factor");
        assert_eq!(hex::encode(opens.expose()), case.effective_key);
        assert_eq!(
            slot_again(&case.copy()[..SLOT]).as_deref(),
            Some(&case.copy()[..SLOT])
        );

        let place = tempfile::tempdir().unwrap();
        let root = case.at(place.path());
        root.create().unwrap();
        let given = Given::these(&[&case.id, &case.key]);
        let drawn = root.draw(VaultId(array(&case.vault)), number(&case.epoch), &given);
        root.write_candidate(&drawn, &RootId([0; 16])).unwrap();
        for copy in ["copy-1", "copy-2"] {
            let written = fs::read(place.path().join(copy)).unwrap();
            assert!(written == case.copy(), "{copy} of epoch {}", case.epoch);
        }
    }
}

#[test]
fn a_redo_record_opens_and_is_sealed_to_the_same_bytes() {
    let cases = file().redo;
    assert!(!cases.is_empty());
    for case in cases {
        let (root, key) = (RootId(array(&case.new_root)), key(&case.key));
        let opened = Change::open(&root, &key, &bytes(&case.sealed)).expect("the vector opens");
        assert_eq!(opened, case.change());
        let sealed = opened.seal(&key, &Given::these(&[&case.nonce]));
        assert_eq!(hex::encode(sealed), case.sealed);
        let plain = page::open(&key, &bytes(&case.associated), &bytes(&case.sealed));
        let plain = plain.expect("what it is bound to");
        assert_eq!(hex::encode(plain.as_slice()), case.plain);
        assert_eq!(Change::again(&plain).expect("a change"), bytes(&case.plain));
    }
}

impl Redo {
    fn change(&self) -> Change {
        let pages = self.pages.iter().map(|it| SealedPage {
            id: id(it.kind, &it.tenant, &it.number),
            replaces: number(&it.replaces),
            body: bytes(&it.body),
        });
        Change {
            old_root: RootId(array(&self.old_root)),
            new_root: RootId(array(&self.new_root)),
            epoch: number(&self.epoch),
            ledger_seq: number(&self.ledger_seq),
            pages: pages.collect(),
            entries: self.entries.iter().map(RedoEntry::entry).collect(),
        }
    }
}

impl RedoEntry {
    fn entry(&self) -> Entry {
        let key = |(block, leaf): &(String, u16)| KeyRef {
            block: number(block),
            leaf: *leaf,
        };
        Entry {
            seq: number(&self.seq),
            erasure: ErasureId(array(&self.erasure)),
            kind: self.kind.clone(),
            tenant: TenantId(array(&self.tenant)),
            subject: self.subject.as_deref().map(array),
            facts: self.facts.clone(),
            destroyed_at: Timestamp(number(&self.destroyed_at)),
            units: self
                .units
                .as_ref()
                .map(|them| them.iter().map(key).collect()),
        }
    }
}
