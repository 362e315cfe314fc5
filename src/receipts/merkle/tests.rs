//! The tree against the published values of RFC 6962's first implementation, against the definition
//! itself, and against two other implementations.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use tlog_tiles::tlog;

use super::*;

/// The eight leaves and roots that certificate-transparency's own tests use.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// A tree with its stored tiles, as the log keeps them.
#[derive(Default)]
struct Tree {
    edge: Edge,
    tiles: Tiles,
}

impl Tree {
    fn of_size(size: u64) -> Tree {
        let mut tree = Tree::default();
        (0..size).for_each(|leaf| tree.push(&leaf.to_be_bytes()));
        tree
    }

    fn push(&mut self, leaf: &[u8]) {
        for tile in self.edge.push(leaf_hash(leaf)) {
            self.tiles.0.insert((tile.level, tile.number), tile.hashes);
        }
    }

    /// The tiles that `Tiles::needed` asks for and no others.
    fn read(&self, index: u64, size: u64) -> Tiles {
        let needed = Tiles::needed(index, size);
        Tiles(
            needed
                .into_iter()
                .map(|place| (place, self.tiles.0[&place].clone()))
                .collect(),
        )
    }
}

#[test]
fn the_published_roots() {
    let mut tree = Tree::default();
    assert_eq!(
        hex::encode(tree.edge.root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.push(&hex::decode(leaf).unwrap());
        assert_eq!(hex::encode(tree.edge.root()), root);
        assert_eq!(
            hex::encode(tree.tiles.root(tree.edge.size()).unwrap()),
            root
        );
    }
}

/// A published consistency proof, from 6 to 8 leaves.
#[test]
fn the_published_consistency_proof() {
    let mut tree = Tree::default();
    LEAVES
        .iter()
        .for_each(|leaf| tree.push(&hex::decode(leaf).unwrap()));
    let proof: Vec<_> = tree
        .tiles
        .consistency(6, 8)
        .unwrap()
        .iter()
        .map(hex::encode)
        .collect();
    assert_eq!(
        proof,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_inclusion_proof_of_a_small_tree_and_no_other() {
    for size in 1..=40 {
        let tree = Tree::of_size(size);
        for index in 0..size {
            let leaf = leaf_hash(&index.to_be_bytes());
            let proof = tree.read(index, size).inclusion(index, size).unwrap();
            let root = root_from_inclusion(index, size, &leaf, &proof);
            assert_eq!(root, Some(tree.edge.root()));
            for other in (0..=size).filter(|other| *other != index) {
                let root = root_from_inclusion(other, size, &leaf, &proof);
                assert_ne!(root, Some(tree.edge.root()), "{index} of {size} as {other}");
            }
        }
        assert_eq!(tree.tiles.inclusion(size, size), None);
    }
}

#[test]
fn every_consistency_proof_of_a_small_tree() {
    for size in 1..=40u64 {
        let tree = Tree::of_size(size);
        for old in 1..=size {
            let old_root = Tree::of_size(old).edge.root();
            let proof = tree.read(old - 1, size).consistency(old, size).unwrap();
            assert!(is_consistent(
                old,
                &old_root,
                size,
                &tree.edge.root(),
                &proof
            ));
            assert!(!is_consistent(
                old,
                &[0; 32],
                size,
                &tree.edge.root(),
                &proof
            ));
            let mut longer = proof.clone();
            longer.push([0; 32]);
            assert!(!is_consistent(
                old,
                &old_root,
                size,
                &tree.edge.root(),
                &longer
            ));
            if !proof.is_empty() {
                let shorter = &proof[1..];
                assert!(!is_consistent(
                    old,
                    &old_root,
                    size,
                    &tree.edge.root(),
                    shorter
                ));
            }
        }
        assert_eq!(tree.tiles.consistency(0, size), None);
        assert_eq!(tree.tiles.consistency(size + 1, size), None);
    }
}

#[test]
fn an_edge_is_loaded_from_its_tiles_and_from_no_damaged_ones() {
    for size in [1, 255, 256, 257, 512, 65_535, 65_536, 65_537] {
        let tree = Tree::of_size(size);
        let loaded = Edge::load(size, &tree.tiles).unwrap();
        assert_eq!(loaded.root(), tree.edge.root());
        assert_eq!(loaded.unfinished(), tree.edge.unfinished());
        for (level, number, width) in Edge::tiles(size) {
            let mut damaged = tree.tiles.clone();
            damaged
                .0
                .get_mut(&(level, number))
                .unwrap()
                .truncate(width - 1);
            assert_eq!(Edge::load(size, &damaged), None);
            damaged.0.remove(&(level, number));
            assert_eq!(Edge::load(size, &damaged), None);
        }
    }
}

/// Reads hashes for the other implementation, by its own numbering.
struct Reader<'a>(&'a Tree);

impl tlog::HashReader for Reader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let hash = |index: &u64| {
            let (level, number) = tlog::split_stored_hash_index(*index);
            let (from, to) = (number << level, (number + 1) << level);
            tlog::Hash(self.0.tiles.range(from, to).unwrap())
        };
        Ok(indexes.iter().map(hash).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn three_implementations_agree(size in 1u64..1500, a in any::<u64>(), b in any::<u64>()) {
        let (index, old) = (a % size, 1 + b % size);
        let tree = Tree::of_size(size);
        let root = tree.edge.root();

        let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        (0..size).for_each(|leaf| other.push(leaf.to_be_bytes().to_vec()));
        let theirs = other.root();
        prop_assert_eq!(theirs.as_bytes().as_slice(), &root);
        let inclusion = tree.read(index, size).inclusion(index, size).unwrap();
        let theirs = other.prove_inclusion(index as usize);
        prop_assert_eq!(inclusion.concat(), theirs.as_bytes());
        let consistency = tree.read(old - 1, size).consistency(old, size).unwrap();
        if old < size {
            let theirs = other.prove_consistency((size - old) as usize);
            prop_assert_eq!(consistency.concat(), theirs.as_bytes());
        }

        let reader = Reader(&tree);
        prop_assert_eq!(tlog::tree_hash(size, &reader).unwrap().0, root);
        let theirs = tlog::prove_record(size, index, &reader).unwrap();
        prop_assert_eq!(&inclusion, &theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());
        let theirs = tlog::prove_tree(size, old, &reader).unwrap();
        prop_assert_eq!(&consistency, &theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());

        let leaf = leaf_hash(&index.to_be_bytes());
        prop_assert_eq!(root_from_inclusion(index, size, &leaf, &inclusion), Some(root));
        let old_root = tree.tiles.root(old).unwrap();
        prop_assert!(is_consistent(old, &old_root, size, &root, &consistency));
    }

    /// Any one bit of a proof: the root is another.
    #[test]
    fn a_changed_proof_leads_elsewhere(size in 2u64..400, a in any::<u64>(), bit in any::<usize>()) {
        let index = a % size;
        let tree = Tree::of_size(size);
        let mut proof = tree.tiles.inclusion(index, size).unwrap();
        let leaf = leaf_hash(&index.to_be_bytes());
        let bit = bit % (proof.len() * 256);
        proof[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(root_from_inclusion(index, size, &leaf, &proof), Some(tree.edge.root()));
    }
}
