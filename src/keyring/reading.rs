//! What the key tree keeps at rest, read after it was opened: pages, a slot of the root, the redo record,
//! index keys, sealed fields. `fuzz/` gives it any bytes, as a damaged or exchanged store might.

use super::change::Change;
use super::page::{Page, PageKind};
use super::root;
use super::tokens::IndexKeys;

const KINDS: [PageKind; 5] = [
    PageKind::Root,
    PageKind::Slot,
    PageKind::Tenant,
    PageKind::Group,
    PageKind::Block,
];

/// Reads bytes as everything they may be, and writes again what was understood.
pub fn written_again(bytes: &[u8]) -> Vec<Vec<u8>> {
    let pages = KINDS.iter().filter_map(|kind| {
        let page = Page::decode(*kind, bytes).ok()?;
        Some(page.encode().to_vec())
    });
    let index_keys = IndexKeys::decode(bytes).ok();
    let others = [
        root::slot_again(bytes),
        Change::again(bytes),
        index_keys.map(|keys| keys.encode().to_vec()),
    ];
    pages.chain(others.into_iter().flatten()).collect()
}
