//! The paths and bytes of c2sp.org/tlog-tiles: what `/log/tile/…` serves and `backup` writes out.

use std::fmt;
use std::str::FromStr;

use super::ReceiptError;
use super::checkpoint::decimal;
use super::merkle::{Hash, TILE_WIDTH};

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of this level.
    Hashes(u8),
    /// The log's entries themselves.
    Entries,
}

/// `tile/<level>/<number>[.p/<width>]` or `tile/entries/<number>[.p/<width>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    /// What it holds.
    pub kind: TileKind,
    /// Counted from 0 within its level.
    pub number: u64,
    /// 1 to 256; 256 is a full tile.
    pub width: u16,
}

impl TilePath {
    /// Every tile a log of this size serves with that checkpoint: all full ones, and the last one of
    /// each level.
    pub fn all(size: u64) -> impl Iterator<Item = TilePath> {
        let hashes = (0u8..8).map(move |level| (TileKind::Hashes(level), size >> (8 * level)));
        let both = std::iter::once((TileKind::Entries, size)).chain(hashes);
        both.flat_map(|(kind, count)| {
            (0..count.div_ceil(TILE_WIDTH)).map(move |number| TilePath {
                kind,
                number,
                width: (count - number * TILE_WIDTH).min(TILE_WIDTH) as u16,
            })
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        // Groups of three digits, so that no directory grows beyond a thousand names.
        let mut groups = vec![self.number % 1000];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            match place {
                0 => write!(f, "{group:03}")?,
                _ => write!(f, "x{group:03}/")?,
            }
        }
        match u64::from(self.width) {
            TILE_WIDTH => Ok(()),
            width => write!(f, ".p/{width}"),
        }
    }
}

impl FromStr for TilePath {
    type Err = ReceiptError;

    fn from_str(path: &str) -> Result<Self, ReceiptError> {
        let parsed = parse(path).ok_or(ReceiptError::NoSuchTile)?;
        // One spelling only: what was understood must be written the same way.
        if parsed.to_string() == path {
            Ok(parsed)
        } else {
            Err(ReceiptError::NoSuchTile)
        }
    }
}

fn parse(path: &str) -> Option<TilePath> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(
            u8::try_from(decimal(level)?)
                .ok()
                .filter(|level| *level < 64)?,
        ),
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, u16::try_from(decimal(width)?).ok()?),
        None => (rest, TILE_WIDTH as u16),
    };
    let number = number.split('/').try_fold(0u64, |sum, group| {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        sum.checked_mul(1000)?.checked_add(digits)
    })?;
    (1..=256).contains(&width).then_some(TilePath {
        kind,
        number,
        width,
    })
}

/// The bytes of a tile of hashes.
pub fn hash_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// The hashes of a tile; `None` when the length fits no tile.
pub fn hashes_of(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && (1..=TILE_WIDTH as usize).contains(&hashes.len())).then(|| hashes.to_vec())
}

/// Appends one entry to a bundle: its length in two bytes, then the entry.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), ReceiptError> {
    let length = u16::try_from(entry.len()).map_err(|_| ReceiptError::TooLarge(entry.len()))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle; `None` when its end is cut.
pub fn entries_of(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_the_specification() {
        let path = TilePath {
            kind: TileKind::Hashes(0),
            number: 1_234_067,
            width: 256,
        };
        assert_eq!(path.to_string(), "tile/0/x001/x234/067");
        for path in [
            "tile/0/x001/x234/067",
            "tile/entries/000.p/1",
            "tile/2/x999/000.p/255",
        ] {
            assert_eq!(path.parse::<TilePath>().unwrap().to_string(), path);
        }
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/64/000",
            "tile/0/1",
            "tile/0/0001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/001/000",
            "tile/0/x000/000",
            "tile/0/../000",
            "tile/0/x001/x234/x067",
            "/tile/0/000",
            "tile/0/+01",
            "tile/0/x99999999999999999999/000",
            "tile/data/000",
        ] {
            assert!(path.parse::<TilePath>().is_err(), "{path:?}");
        }
    }

    /// The example of c2sp.org/tlog-tiles: a tree of 70,000 has 273 full tiles and one of 112, then
    /// one full and one of 17, then one of 1.
    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_example() {
        let tiles: Vec<_> = TilePath::all(70_000).collect();
        let level = |wanted: u8| {
            let of_level = tiles
                .iter()
                .filter(move |t| t.kind == TileKind::Hashes(wanted));
            let full = of_level.clone().filter(|tile| tile.width == 256).count();
            let partial: Vec<_> = of_level
                .map(|t| t.width)
                .filter(|width| *width < 256)
                .collect();
            (full, partial)
        };
        assert_eq!(level(0), (273, vec![112]));
        assert_eq!(level(1), (1, vec![17]));
        assert_eq!(level(2), (0, vec![1]));
        assert_eq!(level(3), (0, vec![]));
        assert_eq!(TilePath::all(0).count(), 0);
    }

    #[test]
    fn a_bundle_survives_and_a_cut_one_is_refused() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"one").unwrap();
        push_entry(&mut bundle, b"").unwrap();
        assert_eq!(bundle, b"\0\x03one\0\0");
        assert_eq!(entries_of(&bundle), Some(vec![&b"one"[..], b""]));
        assert_eq!(entries_of(&bundle[..4]), None);
        assert_eq!(entries_of(&bundle[..6]), None);
        assert!(push_entry(&mut bundle, &[0; 65_536]).is_err());
    }
}
