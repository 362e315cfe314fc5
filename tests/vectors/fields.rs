//! Sealed fields, their commitments and their padding.

use gallra::keyring::{DataKey, Field, KeyRef, Padding, Place, Sealer};
use gallra::vocabulary::{Random, TenantId, UnitId};
use serde::Deserialize;

use crate::{array, bytes, vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    commitments: Vec<Commitment>,
    padding: Vec<Lengths>,
    fields: Vec<Sealed>,
}

#[derive(Deserialize)]
struct Commitment {
    key: String,
    commitment: String,
}

#[derive(Deserialize)]
struct Lengths {
    plain: usize,
    short: usize,
    padme: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    key: String,
    tenant: String,
    unit: String,
    block: String,
    leaf: u16,
    table: u8,
    row: String,
    column: u16,
    sealed_version: u32,
    padding: String,
    nonce: String,
    plain: String,
    sealed: String,
}

impl Sealed {
    fn sealer(&self) -> Sealer {
        self.sealer_with(&self.key)
    }

    fn sealer_with(&self, key: &str) -> Sealer {
        let place = Place {
            tenant: TenantId(array(&self.tenant)),
            unit: UnitId(array(&self.unit)),
            key: KeyRef {
                block: self.block.parse().expect("a number"),
                leaf: self.leaf,
            },
        };
        Sealer::new(place, &DataKey::from_slice(&bytes(key)).expect("32 bytes"))
    }

    fn field(&self) -> Field {
        Field {
            table: self.table,
            row: array(&self.row),
            column: self.column,
            sealed_version: self.sealed_version,
        }
    }

    fn padding(&self) -> Padding {
        match self.padding.as_str() {
            "short" => Padding::Short,
            "padme" => Padding::Padme,
            other => panic!("no padding {other}"),
        }
    }
}

/// Gives the nonce of the vector, once.
struct Nonce([u8; 12]);

impl Random for Nonce {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

fn file() -> File {
    vectors(include_str!("fields.json"))
}

#[test]
fn fields_are_sealed_to_the_same_bytes_and_open() {
    let file = file();
    assert!(!file.fields.is_empty());
    for case in file.fields {
        let plain = bytes(&case.plain);
        let nonce = Nonce(array(&case.nonce));
        let made = case
            .sealer()
            .seal(case.field(), &plain, case.padding(), &nonce);
        assert_eq!(hex::encode(made), case.sealed);
        let opened = case.sealer().open(case.field(), &bytes(&case.sealed));
        assert_eq!(opened.expect("the vector opens").to_vec(), plain);
    }
}

#[test]
fn commitments_stay_the_same() {
    let file = file();
    assert!(!file.commitments.is_empty());
    for case in file.commitments {
        let sealer = file.fields[0].sealer_with(&case.key);
        assert_eq!(hex::encode(sealer.commitment()), case.commitment);
        assert_eq!(sealer.check(&bytes(&case.commitment)), Ok(()));
    }
}

#[test]
fn padded_lengths_stay_the_same() {
    let file = file();
    assert!(!file.padding.is_empty());
    for case in file.padding {
        assert_eq!(Padding::Short.padded_length(case.plain), case.short);
        assert_eq!(Padding::Padme.padded_length(case.plain), case.padme);
    }
}
