//! What tokens promise: equal for equal values, silent about the rest, and a person who was erased
//! stays suppressed under new keys while the old file confirms nothing.

use proptest::prelude::*;

use super::*;
use crate::vocabulary::SeededRandom;

fn keys(seed: u64) -> IndexKeys {
    IndexKeys::generate(1, &SeededRandom::new(seed))
}

fn any_domain() -> impl Strategy<Value = Domain> {
    proptest::sample::select(Domain::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_carried_token_is_the_new_keys_own(old: u64, new: u64, domain in any_domain(), value: String) {
        let (old, new) = (keys(old), keys(new));
        let carried = carry_over(&old, &new, &old.suppression(domain, &value));
        prop_assert_eq!(carried, Ok(new.suppression(domain, &value)));
    }

    #[test]
    fn carrying_twice_is_carrying_once(seeds: [u64; 3], value: String) {
        let [a, b, c] = seeds.map(keys);
        let start = a.suppression(Domain::Email, &value);
        let stepwise = carry_over(&b, &c, &carry_over(&a, &b, &start).unwrap());
        prop_assert_eq!(stepwise, carry_over(&a, &c, &start));
    }

    #[test]
    fn keys_survive_their_page(seed: u64, generation: u32) {
        let keys = IndexKeys::generate(generation, &SeededRandom::new(seed));
        prop_assert_eq!(IndexKeys::decode(keys.encode().as_slice()), Ok(keys));
    }
}

#[test]
fn an_old_suppression_file_confirms_nothing_under_the_current_keys() {
    // Before the change: the file holds a token for anna. The keys change, the file is carried over.
    let (old, current) = (keys(1), keys(2));
    let old_file = [old.suppression(Domain::Email, "anna@example.se")];
    let current_file = old_file.map(|token| carry_over(&old, &current, &token).unwrap());

    // Somebody keeps the old file and gets hold of the current keys: whatever they guess, no line of
    // the old file answers, while the current file still keeps anna out.
    for guess in ["anna@example.se", "bertil@example.se"] {
        assert!(!old_file.contains(&current.suppression(Domain::Email, guess)));
    }
    assert!(current_file.contains(&current.suppression(Domain::Email, "anna@example.se")));
    assert!(!current_file.contains(&current.suppression(Domain::Email, "bertil@example.se")));
}

#[test]
fn another_domain_value_or_key_gives_another_token() {
    let mut tokens = std::collections::HashSet::new();
    let mut suppressions = std::collections::HashSet::new();
    for keys in [keys(1), keys(2)] {
        for domain in Domain::ALL {
            for value in ["", "a", "anna@example.se", "anna@example.se\0"] {
                assert!(tokens.insert(keys.token(domain, value)));
                assert!(suppressions.insert(keys.suppression(domain, value)));
                assert_eq!(keys.token(domain, value), keys.clone().token(domain, value));
            }
        }
    }
}

#[test]
fn domain_codes_stand_for_ever() {
    assert_eq!(Domain::ALL.map(Domain::code), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn bytes_that_are_no_token_are_not_carried_over() {
    let (old, new) = (keys(1), keys(2));
    // The neutral element, a negative field element, and one that is not reduced.
    let negative = [&[1_u8][..], &[0; 31]].concat();
    let unreduced = [0xff; 32];
    for bytes in [[0; 32], negative.try_into().unwrap(), unreduced] {
        assert_eq!(
            carry_over(&old, &new, &bytes),
            Err(TokenError::NotASuppressionToken)
        );
    }
}

#[test]
fn a_damaged_page_gives_no_keys() {
    let page = keys(1).encode().to_vec();
    let with_scalar = |scalar: [u8; 32]| [&page[..36], &scalar].concat();
    // The group's order ℓ, little-endian: the least scalar that is not canonical.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    for damaged in [
        page[..67].to_vec(),
        [&page[..], &[0]].concat(),
        with_scalar([0; 32]),
        with_scalar(order.unwrap().try_into().unwrap()),
        with_scalar([0xff; 32]),
    ] {
        assert_eq!(IndexKeys::decode(&damaged), Err(TokenError::NotIndexKeys));
    }
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", keys(1)), "IndexKeys(generation 1, ..)");
}
