//! A support desk's export, made up: people with one case each and a short correspondence.

use std::fmt::Write;

/// Messages of each person.
const MESSAGES: usize = 4;
/// Records of each person: contact, case, messages.
pub const PER_PERSON: usize = 2 + MESSAGES;

const GIVEN: &[&str] = &[
    "Anna", "Bo", "Cecilia", "David", "Eva", "Farah", "Göran", "Hanna",
];
const FAMILY: &[&str] = &["Åberg", "Björk", "Dahl", "Ek", "Falk", "Gren", "Hed"];
const BODIES: &[&str] = &[
    "Hej, jag beställde ett par skor förra veckan men paketet har inte kommit fram till ombudet \
     ännu. Kan ni se var det är?",
    "Hej och tack för ditt meddelande! Vi har frågat transportören och räknar med besked i morgon. \
     Under tiden behöver du inte göra något. Vänliga hälsningar, kundtjänst",
    "Tack.",
    "Nu har det kommit, men den ena skon är i fel storlek. Jag vill byta den, helst utan att \
     behöva betala frakten en gång till. Kvittot ligger kvar i kartongen, ordernumret står där. \
     Går det att lämna tillbaka paketet hos samma ombud eller ska det skickas till er direkt?",
];

/// One person's records as gallra NDJSON.
pub fn person(text: &mut String, number: usize) {
    contact(text, number);
    let _ = writeln!(
        text,
        r#"{{"type":"case","external_id":"fall-{number}","contact":"kund-{number}","subject":"Var är mitt paket {number}?","channel":"email","state":"closed","opened_at":"2026-01-12T08:00:00Z","closed_at":"2026-01-14T15:30:00Z"}}"#
    );
    for at in 0..MESSAGES {
        let direction = ["in", "out"][at % 2];
        let body = BODIES[(number + at) % BODIES.len()];
        let _ = writeln!(
            text,
            r#"{{"type":"message","case":"fall-{number}","contact":"kund-{number}","external_id":"medd-{number}-{at}","direction":"{direction}","channel":"email","sent_at":"2026-01-12T0{at}:15:00Z","body":"{body}"}}"#
        );
    }
}

/// One person's contact record.
pub fn contact(text: &mut String, number: usize) {
    let given = GIVEN[number % GIVEN.len()];
    let family = FAMILY[number / GIVEN.len() % FAMILY.len()];
    let _ = writeln!(
        text,
        r#"{{"type":"contact","external_id":"kund-{number}","name":"{given} {family}","phone":"070-{:03} {:02} {:02}","email":"{number}@example.se","source":"zendesk","created_at":"2026-01-10T12:00:00Z"}}"#,
        number % 1000,
        number / 1000 % 100,
        number / 100_000 % 100,
    );
}

/// Many people's records.
pub fn people(numbers: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    numbers.for_each(|number| person(&mut text, number));
    text
}

/// Many people's contact records only.
pub fn contacts(numbers: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    numbers.for_each(|number| contact(&mut text, number));
    text
}
