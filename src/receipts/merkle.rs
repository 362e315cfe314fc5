//! The tree of RFC 6962: hashes, proofs and their verification, without any I/O.
//!
//! What is stored are the tiles of c2sp.org/tlog-tiles: entry `n` of level `l` is the hash of leaves
//! `n · 256^l` up to `(n + 1) · 256^l`. [`Edge`] is the part of the tree that still grows: the last,
//! unfinished tile of each level. It is all that an append reads and writes, so the cost of an append
//! grows with the logarithm of the log.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 256;

/// The hash of a leaf: the prefix keeps leaves and nodes apart.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(data)
        .finalize()
        .into()
}

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The root of a tree over these hashes, taken as leaves or as equal, complete subtrees of which the
/// last may be smaller. A tree of nothing has the hash of nothing.
pub fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(split(more.len() as u64) as usize);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// One tile: its level, its number in that level, and 1 to 256 hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// 0 holds leaf hashes.
    pub level: u8,
    /// Counted from 0 within the level.
    pub number: u64,
    /// The hashes it has so far.
    pub hashes: Vec<Hash>,
}

/// The growing edge of a tree: per level the hashes of the last, unfinished tile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// Which unfinished tiles a tree of this size has: level, number, width.
    pub fn tiles(size: u64) -> impl Iterator<Item = (u8, u64, usize)> {
        (0u8..8)
            .map(move |level| (level, size >> (8 * level)))
            .take_while(|(_, width)| *width > 0)
            .map(|(level, width)| (level, width / TILE_WIDTH, (width % TILE_WIDTH) as usize))
            .filter(|(_, _, width)| *width > 0)
    }

    /// Puts the edge together from stored tiles; `None` when one is missing or has another width.
    pub fn load(size: u64, tiles: &Tiles) -> Option<Edge> {
        let mut edge = Edge {
            size,
            levels: Vec::new(),
        };
        for (level, number, width) in Edge::tiles(size) {
            let hashes = tiles.0.get(&(level, number))?.get(..width)?;
            edge.levels.resize(usize::from(level), Vec::new());
            edge.levels.push(hashes.to_vec());
        }
        Some(edge)
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut rest: Option<Hash> = None;
        for level in &self.levels {
            let mut hashes = level.clone();
            hashes.extend(rest);
            rest = if hashes.is_empty() {
                None
            } else {
                Some(root_of(&hashes))
            };
        }
        rest.unwrap_or_else(|| root_of(&[]))
    }

    /// The last tile of each level, as far as it has come.
    pub fn unfinished(&self) -> Vec<Tile> {
        Edge::tiles(self.size)
            .map(|(level, number, _)| {
                let hashes = self.levels[usize::from(level)].clone();
                Tile {
                    level,
                    number,
                    hashes,
                }
            })
            .collect()
    }

    /// Adds a leaf; the tiles that changed, lowest level first.
    pub fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        let mut changed = Vec::new();
        let mut hash = leaf;
        for level in 0u8.. {
            let index = usize::from(level);
            if self.levels.len() == index {
                self.levels.push(Vec::new());
            }
            self.levels[index].push(hash);
            let number = (self.size >> (8 * level)) / TILE_WIDTH;
            let hashes = self.levels[index].clone();
            let full = hashes.len() as u64 == TILE_WIDTH;
            hash = if full { root_of(&hashes) } else { hash };
            changed.push(Tile {
                level,
                number,
                hashes,
            });
            if !full {
                break;
            }
            self.levels[index].clear();
        }
        self.size += 1;
        changed
    }
}

/// Tiles that were read, by level and number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiles(pub BTreeMap<(u8, u64), Vec<Hash>>);

impl Tiles {
    /// Which tiles a proof about leaf `index` needs in a tree of `size`: on every level the one above
    /// the leaf, and the last one.
    pub fn needed(index: u64, size: u64) -> Vec<(u8, u64)> {
        let mut needed: Vec<_> = Edge::tiles(size)
            .map(|(level, number, _)| (level, number))
            .collect();
        for level in (0u8..8).take_while(|level| size >> (8 * level) > 0) {
            let position = index >> (8 * level);
            if position < size >> (8 * level) {
                needed.push((level, position / TILE_WIDTH));
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// The root of the leaves `from` up to `to`, a range as the algorithms of RFC 6962 make them;
    /// `None` when a tile is missing.
    fn range(&self, from: u64, to: u64) -> Option<Hash> {
        let size = to - from;
        if size.is_power_of_two() && size.trailing_zeros().is_multiple_of(8) {
            let level = (size.trailing_zeros() / 8) as u8;
            let position = from >> (8 * level);
            let tile = self.0.get(&(level, position / TILE_WIDTH))?;
            return tile.get((position % TILE_WIDTH) as usize).copied();
        }
        let middle = from + split(size);
        Some(node_hash(
            &self.range(from, middle)?,
            &self.range(middle, to)?,
        ))
    }

    /// The root of the first `size` leaves.
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            Some(root_of(&[]))
        } else {
            self.range(0, size)
        }
    }

    /// RFC 6962 section 2.1.1: that leaf `index` is in the tree of `size`. Sibling first, the
    /// root's child last. `None` for a leaf outside the tree, or when a tile is missing.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        let mut path = Vec::new();
        let (mut from, mut to) = (0, size);
        if index >= size {
            return None;
        }
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                path.push(self.range(middle, to)?);
                to = middle;
            } else {
                path.push(self.range(from, middle)?);
                from = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// RFC 6962 section 2.1.2: that the tree of `size` begins with the tree of `old`. `None` for
    /// sizes that have no proof, or when a tile is missing.
    pub fn consistency(&self, old: u64, size: u64) -> Option<Vec<Hash>> {
        if old == 0 || old > size {
            return None;
        }
        let mut path = Vec::new();
        let (mut from, mut to) = (0, size);
        while old < to {
            let middle = from + split(to - from);
            if old <= middle {
                path.push(self.range(middle, to)?);
                to = middle;
            } else {
                path.push(self.range(from, middle)?);
                from = middle;
            }
        }
        if from > 0 {
            path.push(self.range(from, to)?); // Otherwise it is the old root, known already.
        }
        path.reverse();
        Some(path)
    }
}

/// The root that follows from a leaf and its inclusion proof; `None` when the proof cannot belong to
/// this place (RFC 9162 section 2.1.3.2).
pub fn root_from_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut root = *leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = node_hash(sibling, &root);
            let skip = if node & 1 == 0 {
                node.trailing_zeros()
            } else {
                0
            };
            node >>= skip;
            last >>= skip;
        } else {
            root = node_hash(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether a consistency proof connects two roots (RFC 9162 section 2.1.4.2).
pub fn is_consistent(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old > size {
        return false;
    }
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    // A complete old tree is itself the first element and is not sent.
    let mut path = proof.iter();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        path.next()
    };
    let Some(first) = first else { return false };
    let skip = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> skip, (size - 1) >> skip);
    let (mut old_path, mut new_path) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_path = node_hash(sibling, &old_path);
            new_path = node_hash(sibling, &new_path);
            // A node without a right neighbour stands for itself on the levels above.
            let skip = if node & 1 == 0 {
                node.trailing_zeros().min(63)
            } else {
                0
            };
            node >>= skip;
            last >>= skip;
        } else {
            new_path = node_hash(&new_path, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_path == *old_root && new_path == *root
}

#[cfg(test)]
mod tests;
