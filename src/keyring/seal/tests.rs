//! What a sealed field promises: it opens where it was written and nowhere else, whole or not at all.

use proptest::prelude::*;

use super::*;
use crate::keyring::{KeyRef, columns};
use crate::vocabulary::{SeededRandom, TenantId, UnitId};

const KEY: [u8; 32] = [7; 32];
const ROW: [u8; 16] = [3; 16];

fn place() -> Place {
    Place {
        tenant: TenantId([1; 16]),
        unit: UnitId([2; 16]),
        key: KeyRef { block: 5, leaf: 6 },
    }
}

fn sealer_at(place: Place) -> Sealer {
    Sealer::new(place, &DataKey::from_slice(&KEY).unwrap())
}

fn name() -> Field {
    columns::CONTACT_NAME.of(&ROW, 1)
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    sealer_at(place()).seal(name(), plain, Padding::Short, &SeededRandom::new(1))
}

fn any_padding() -> impl Strategy<Value = Padding> {
    prop_oneof![Just(Padding::Short), Just(Padding::Padme)]
}

proptest! {
    #[test]
    fn any_bytes_come_back(plain: Vec<u8>, padding in any_padding(), seed: u64) {
        let sealer = sealer_at(place());
        let sealed = sealer.seal(name(), &plain, padding, &SeededRandom::new(seed));
        prop_assert_eq!(sealed.len(), 30 + padding.padded_length(plain.len()));
        prop_assert_eq!(sealer.open(name(), &sealed).unwrap().to_vec(), plain);
    }

    #[test]
    fn padding_hides_the_length(length in 0_usize..2_000_000) {
        let short = Padding::Short.padded_length(length);
        prop_assert!(short > length && short <= length + 16 && short.is_multiple_of(16));
        let padme = Padding::Padme.padded_length(length);
        prop_assert!(padme >= short && padme.is_multiple_of(16));
        // PADMÉ's own bound of 12 %, plus the last whole block.
        prop_assert!(padme <= length + length * 12 / 100 + 17);
        // Only the leading ⌊log₂ e⌋ + 2 bits of the length show.
        let exponent = padme.ilog2();
        let shown = exponent.ilog2() + 2;
        prop_assert!(padme < 256 || padme.trailing_zeros() + shown > exponent);
        prop_assert!(Padding::Padme.padded_length(length + 1) >= padme);
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise: Vec<u8>) {
        prop_assert!(sealer_at(place()).open(name(), &noise).is_err());
    }
}

#[test]
fn a_ciphertext_in_another_place_is_refused() {
    let sealed = sealed(b"Anna Andersson");
    let elsewhere = |place: Place, field: Field| sealer_at(place).open(field, &sealed);
    assert!(elsewhere(place(), name()).is_ok());

    let other_key = |block, leaf| Place {
        key: KeyRef { block, leaf },
        ..place()
    };
    for other in [
        Place {
            tenant: TenantId([9; 16]),
            ..place()
        },
        Place {
            unit: UnitId([9; 16]),
            ..place()
        },
        other_key(9, 6),
        other_key(5, 9),
    ] {
        assert_eq!(elsewhere(other, name()), Err(SealError::Tampered(name())));
    }

    for other in [
        columns::CONTACT_NAME.of(&[9; 16], 1),
        columns::CONTACT_NAME.of(&ROW, 2),
        columns::CONTACT_PHONE.of(&ROW, 1),
        Field { table: 9, ..name() },
    ] {
        assert_eq!(elsewhere(place(), other), Err(SealError::Tampered(other)));
    }
}

#[test]
fn two_fields_of_a_unit_do_not_change_places() {
    let (sealer, random) = (sealer_at(place()), SeededRandom::new(1));
    let (name, phone) = (name(), columns::CONTACT_PHONE.of(&ROW, 1));
    let sealed_name = sealer.seal(name, b"Anna", Padding::Short, &random);
    let sealed_phone = sealer.seal(phone, b"0701740605", Padding::Short, &random);
    let refused = |field| Err(SealError::Tampered(field));
    assert_eq!(sealer.open(name, &sealed_phone), refused(name));
    assert_eq!(sealer.open(phone, &sealed_name), refused(phone));
    let words = SealError::Tampered(name).to_string();
    let row = hex::encode(ROW);
    assert!(words.starts_with(&format!("contact.name of row {row} was changed")));
}

#[test]
fn a_changed_byte_is_refused_wherever_it_stands() {
    let whole = sealed(b"Anna Andersson");
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[position] ^= 1 << bit;
            let expected = match position {
                0 => SealError::UnknownVersion(changed[0]),
                1 => SealError::UnknownSuite(changed[1]),
                _ => SealError::Tampered(name()),
            };
            assert_eq!(
                sealer_at(place()).open(name(), &changed),
                Err(expected),
                "byte {position}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_cut_or_lengthened_field_is_refused() {
    let whole = sealed(b"Anna Andersson");
    for length in 0..whole.len() {
        let expected = match length {
            0..30 => SealError::Truncated(length),
            _ => SealError::Tampered(name()),
        };
        assert_eq!(
            sealer_at(place()).open(name(), &whole[..length]),
            Err(expected)
        );
    }
    let longer = [whole.as_slice(), &[0]].concat();
    assert_eq!(
        sealer_at(place()).open(name(), &longer),
        Err(SealError::Tampered(name()))
    );
}

#[test]
fn another_key_fails_the_commitment_and_every_field() {
    let whole = sealed(b"Anna");
    let stored = *sealer_at(place()).commitment();
    let other = Sealer::new(place(), &DataKey::from_slice(&[8; 32]).unwrap());
    assert_eq!(other.check(&stored), Err(SealError::WrongCommitment));
    assert_eq!(other.open(name(), &whole), Err(SealError::Tampered(name())));

    let right = sealer_at(place());
    assert_eq!(right.check(&stored), Ok(()));
    assert_eq!(right.check(&stored[..31]), Err(SealError::WrongCommitment));
    assert_eq!(right.check(&[]), Err(SealError::WrongCommitment));
}

#[test]
fn padding_that_was_never_ours_is_refused() {
    for padded in [
        &[][..],
        &[0; 16],
        b"no mark at all..",
        b"mark 0x81 \x81\0\0\0\0\0",
    ] {
        assert_eq!(padding::unpadded_length(padded), None);
    }
    assert_eq!(padding::unpadded_length(b"\x80\x80\0"), Some(1));
}

#[test]
fn every_value_gets_its_own_nonce() {
    let (sealer, random) = (sealer_at(place()), SeededRandom::new(1));
    let mut seen = std::collections::HashSet::new();
    for _ in 0..1_000 {
        let sealed = sealer.seal(name(), b"Anna", Padding::Short, &random);
        assert!(seen.insert(sealed[2..14].to_vec()));
    }
}

#[test]
fn text_that_is_none_is_an_error_without_the_bytes() {
    let sealer = sealer_at(place());
    assert_eq!(
        sealer
            .open_text(name(), &sealed("Åsa".as_bytes()))
            .unwrap()
            .expose(),
        "Åsa"
    );
    assert_eq!(
        sealer.open_text(name(), &sealed(b"\xff\xfe")),
        Err(SealError::NotText)
    );
}

#[test]
fn debug_shows_neither_key_nor_commitment() {
    let key = DataKey::from_slice(&KEY).unwrap();
    assert_eq!(format!("{key:?}"), "DataKey(..)");
    let sealer = sealer_at(place());
    assert_eq!(
        format!("{sealer:?}"),
        format!("Sealer({:?})", place()),
        "a place is no secret"
    );
}

#[test]
fn no_two_columns_share_a_number() {
    use columns::*;
    let all = [
        TENANT_EMAIL,
        CONTACT_EXTERNAL_ID,
        CONTACT_NAME,
        CONTACT_PHONE,
        CONTACT_EMAIL,
        CASE_EXTERNAL_ID,
        CASE_SUBJECT,
        MESSAGE_EXTERNAL_ID,
        MESSAGE_AUTHOR,
        MESSAGE_BODY,
        FORWARDING_REASON,
        QUARANTINE_RECORD,
    ];
    for (position, column) in all.iter().enumerate() {
        assert!(!all[..position].contains(column), "{column:?}");
    }
}
