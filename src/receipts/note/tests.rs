use super::*;

/// Key and note of the example in Go's sumdb/note, the format's first implementation.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// A checkpoint that a public log signed and real witnesses cosigned, among them signatures of kinds
/// unknown here; and the keys of the log and of one witness.
const COSIGNED: &str = "arche2025h1.staging.ct.transparency.dev\n1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";
const LOG: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const WITNESS: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

/// The example of c2sp.org/tlog-cosignature. Its keys are not published: only its form can be read.
const COSIGNATURE: &str = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

#[test]
fn the_first_implementations_note_verifies() {
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.verify(&key(KEY)).unwrap(), Signed::Text);
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(key(KEY).to_string(), KEY);
}

#[test]
fn a_real_cosignature_verifies_and_its_time_is_read() {
    let note = Note::parse(COSIGNED).unwrap();
    assert_eq!(note.verify(&key(LOG)).unwrap(), Signed::Text);
    assert_eq!(note.verify(&key(WITNESS)).unwrap(), Signed::At(0x6a12_2120));
    assert_eq!(note.to_string(), COSIGNED);
    let other = Note::parse(&COSIGNED.replace("1432088532", "1432088533")).unwrap();
    assert!(other.verify(&key(LOG)).is_err() && other.verify(&key(WITNESS)).is_err());
}

#[test]
fn the_time_of_a_cosignature_is_signed() {
    let mut note = Note::parse(COSIGNED).unwrap();
    note.signatures[2].bytes[7] ^= 1;
    assert!(note.verify(&key(WITNESS)).is_err());
    note.signatures[2].bytes[0] = 0x80; // Beyond 2^63 - 1.
    assert!(note.verify(&key(WITNESS)).is_err());
}

#[test]
fn the_examples_of_the_specifications_are_read() {
    let quasimodo = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
        ed è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(quasimodo).unwrap();
    assert!(note.text.ends_with("sole:\n\ned è subito sera.\n"));
    assert_eq!(note.signatures[0].id, [0x36, 0x7b, 0xa0, 0x4b]);

    let signature = Signature::parse(COSIGNATURE).unwrap();
    assert_eq!(signature.id, [0x8d, 0x66, 0xcf, 0x3f]);
    assert_eq!(signature.bytes[..8], 1_679_315_147u64.to_be_bytes());
    assert_eq!(signature.bytes.len(), 72);
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let message = cosigned_message(text, 1_679_315_147);
    assert_eq!(message, format!("cosignature/v1\ntime 1679315147\n{text}"));

    let spec = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    assert_eq!(key(spec).to_string(), spec);
}

#[test]
fn a_signature_by_another_key_is_no_signature() {
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.verify(&key(LOG)).unwrap(), Signed::Not);
    // The same bytes under another name, or another kind, are another key.
    let renamed = VerifierKey::new("Enoch", KeyKind::Ed25519, key(KEY).public()).unwrap();
    assert_eq!(note.verify(&renamed).unwrap(), Signed::Not);
    let witness = VerifierKey::new("PeterNeumann", KeyKind::Cosignature, key(KEY).public());
    assert_eq!(note.verify(&witness.unwrap()).unwrap(), Signed::Not);
}

#[test]
fn one_bad_line_of_a_known_key_refuses_the_note() {
    let mut note = Note::parse(NOTE).unwrap();
    let mut bad = note.signatures[0].clone();
    bad.bytes[10] ^= 1;
    note.signatures.insert(0, bad);
    assert!(note.verify(&key(KEY)).is_err());
}

#[test]
fn malformed_notes_are_refused() {
    let line = NOTE.split("\n\n").nth(1).unwrap();
    for note in [
        String::new(),
        NOTE.replace('\n', "\r\n"),
        NOTE.replace("think", "th\tink"),
        NOTE.trim_end().to_owned(),
        format!("{NOTE}\n"),
        format!("{NOTE}more\n"),
        format!(" {NOTE}").replace("— ", "- "),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— Peter", "—  Peter"),
        NOTE.replace("— PeterNeumann", "— Peter+Neumann"),
        NOTE.replace("— PeterNeumann", "— Peter\u{a0}Neumann"),
        NOTE.replace("nAM=", "nAN="), // Same bytes, other spelling.
        NOTE.replace("nAM=", "nAM"),
        "text\n\n— name AAAA\n".to_owned(),
        format!("text\n\n{}", line.repeat(MOST_SIGNATURES + 1)),
    ] {
        assert!(Note::parse(&note).is_err(), "{note:?}");
    }
    assert!(Note::parse(&format!("text\n\n{}", line.repeat(16))).is_ok());
}

#[test]
fn malformed_keys_are_refused() {
    for text in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        &KEY.replace("c74f20a3", "C74F20A3"),
        &KEY.replace("c74f20a3", "c74f20a4"),
        &KEY.replace("Peter", "Petra"),
        &KEY.replace("+ARpc", "+AhPc"),
        &KEY.replace("y10TW", "y10T"),
        &format!("{KEY}\n"),
    ] {
        assert!(text.parse::<VerifierKey>().is_err(), "{text:?}");
    }
}
