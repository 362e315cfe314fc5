//! The search for canaries finds each of them in each dress, and nothing where there is nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use gallra::store::{Role, args};
use gallra::vocabulary::{Clock, SystemClock};

use crate::both_engines;
use crate::support::Bench;
use crate::tools::canary::Canaries;
use crate::tools::chance::Chance;

const NAME: &str = "Wilhelmina Kanariefågel";
const KEY: [u8; 16] = [
    0xfb, 0xff, 0xbf, 0x3e, 0x3f, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
];

fn canaries() -> Canaries {
    Canaries::new([NAME], [&KEY[..]])
}

/// Noise that holds none of the needles.
fn noise(length: usize) -> Vec<u8> {
    let mut chance = Chance::new(7);
    let words = length.div_ceil(8);
    let mut bytes: Vec<u8> = (0..words)
        .flat_map(|_| chance.next().to_le_bytes())
        .collect();
    bytes.truncate(length);
    bytes
}

/// Every dress a text may wear, made without the code under test.
fn dresses() -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let mut all: Vec<(&str, Vec<u8>)> = vec![
        ("plain", NAME.into()),
        ("lower case plain", "wilhelmina kanariefågel".into()),
        ("upper case plain", "WILHELMINA KANARIEFÅGEL".into()),
        ("UTF-16 plain", utf16(NAME)),
        ("upper case UTF-16 plain", utf16("WILHELMINA KANARIEFÅGEL")),
        (
            "hex",
            b"57696c68656c6d696e61204b616e6172696566c3a567656c".into(),
        ),
        (
            "HEX",
            b"57696C68656C6D696E61204B616E6172696566C3A567656C".into(),
        ),
        (
            "lower case hex",
            hex::encode("wilhelmina kanariefågel").into(),
        ),
        ("percent-encoding", b"Wilhelmina%20Kanarief%C3%A5gel".into()),
        ("percent-encoding", b"Wilhelmina%20Kanarief%c3%a5gel".into()),
        (
            "JSON escapes, lower",
            br"Wilhelmina Kanarief\u00e5gel".into(),
        ),
        (
            "JSON escapes, upper",
            br"Wilhelmina Kanarief\u00E5gel".into(),
        ),
    ];
    let everything = NAME.bytes().map(|byte| format!("%{byte:02X}"));
    all.push(("percent-encoding", everything.collect::<String>().into()));
    for (alignment, dress) in [
        "base64 (std), alignment 0",
        "base64 (std), alignment 1",
        "base64 (std), alignment 2",
    ]
    .into_iter()
    .enumerate()
    {
        let sentence = format!("{}{NAME}, and more", "<".repeat(3 + alignment));
        all.push((dress, STANDARD.encode(sentence).into()));
    }
    all
}

#[test]
fn every_dress_is_seen_through() {
    let canaries = canaries();
    for (dress, worn) in dresses() {
        let mut bytes = noise(1000);
        bytes.splice(500..500, worn);
        let finds = canaries.in_bytes("here", &bytes);
        assert!(
            finds.iter().any(|f| f.encoding == dress),
            "{dress}: {finds:?}"
        );
        assert!(finds.iter().all(|f| f.canary == NAME && f.place == "here"));
        assert!(finds.iter().all(|f| (500..520).contains(&f.offset)));
    }
}

#[test]
fn key_bytes_are_found_in_both_alphabets() {
    for alignment in 0..3 {
        let mut bytes = vec![0x55; alignment];
        bytes.extend(KEY);
        bytes.push(0x55);
        for (alphabet, worn) in [
            ("std", STANDARD.encode(&bytes)),
            ("url", URL_SAFE.encode(&bytes)),
        ] {
            let finds = canaries().in_bytes("", worn.as_bytes());
            let dress = format!("base64 ({alphabet}), alignment {alignment}");
            assert!(
                finds.iter().any(|f| f.encoding == dress),
                "{dress}: {finds:?}"
            );
            assert_eq!(finds[0].canary, hex::encode(KEY));
        }
    }
    assert_eq!(canaries().in_bytes("", &KEY).len(), 1);
}

#[test]
fn where_nothing_is_nothing_is_found() {
    assert_eq!(canaries().in_bytes("", &noise(1 << 20)), []);
    let near = "Wilhelmina  Kanariefågel, Wilhelmina Kanariefagel";
    assert_eq!(canaries().in_bytes("", near.as_bytes()), []);
}

#[test]
#[should_panic(expected = "too short")]
fn a_canary_that_chance_could_hatch_is_refused() {
    Canaries::new(["Åsa"], []);
}

#[test]
fn files_are_searched_everywhere_and_across_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    // Twenty-four bytes, of which some lie in the first four megabytes and some in the next.
    let at = (4 << 20) - 10;
    let mut bytes = noise(9 << 20);
    bytes.splice(at..at, NAME.bytes());
    std::fs::write(deep.join("big"), &bytes).unwrap();
    std::fs::write(directory.path().join("empty"), "").unwrap();
    std::fs::write(directory.path().join(format!("{NAME}.txt")), "").unwrap();

    let finds = canaries().in_directory(directory.path());
    let [named, inside] = finds.as_slice() else {
        panic!("two were planted: {finds:?}");
    };
    assert!(named.place.starts_with("name of "), "{named:?}");
    assert!(inside.place.ends_with("a/b/big"), "{inside:?}");
    assert_eq!((inside.offset, inside.encoding.as_str()), (at, "plain"));
}

#[test]
fn a_hundred_megabytes_take_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(directory.path().join("big")).unwrap();
    let block = noise(1 << 20);
    for _ in 0..100 {
        std::io::Write::write_all(&mut file, &block).unwrap();
    }
    let canaries = canaries();
    let begun = SystemClock.uptime();
    assert_eq!(canaries.in_directory(directory.path()), []);
    let took = SystemClock.uptime() - begun;
    assert!(took.as_secs() < 20, "100 MB took {took:?}");
}

both_engines! {
    async fn a_database_is_searched(bench) {
        let db = bench.open(Role::Data).await;
        let plant = "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, body blob)";
        db.execute(plant, args![]).await.unwrap();
        assert_eq!(search(bench).await, []);

        let insert = "INSERT INTO thing (id, name, body) VALUES ($1, $2, $3)";
        let body = [b"before ", NAME.as_bytes(), &KEY].concat();
        let worn = STANDARD.encode(&body);
        db.execute(insert, args![1, NAME, KEY]).await.unwrap();
        db.execute(insert, args![2, "", worn.as_bytes()]).await.unwrap();
        let finds = search(bench).await;
        assert!(finds.contains(&(NAME.into(), "plain".into())), "{finds:?}");
        assert!(finds.contains(&(hex::encode(KEY), "plain".into())), "{finds:?}");
        let dress = "base64 (std), alignment 1";
        assert!(finds.contains(&(NAME.into(), dress.into())), "{finds:?}");
    }
}

async fn search(bench: &Bench) -> Vec<(String, String)> {
    let canaries = canaries();
    let mut finds = canaries.in_directory(bench.directory());
    if bench.engine() == gallra::store::Engine::Postgres {
        finds.extend(canaries.in_postgres(&bench.url(Role::Data)).await);
    }
    finds.into_iter().map(|f| (f.canary, f.encoding)).collect()
}
