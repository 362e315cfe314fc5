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
    (0..MESSAGES).for_each(|at| message(text, number, at));
}

/// A person with a correspondence of so many messages.
pub fn correspondence(text: &mut String, number: usize, messages: usize) {
    contact(text, number);
    (0..messages).for_each(|at| message(text, number, at));
}

/// One message of a person's case.
fn message(text: &mut String, number: usize, at: usize) {
    let direction = ["in", "out"][at % 2];
    let body = BODIES[(number + at) % BODIES.len()];
    let second = at * 7; // Ten thousand of them are within a day.
    let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
    let _ = writeln!(
        text,
        r#"{{"type":"message","case":"fall-{number}","contact":"kund-{number}","external_id":"medd-{number}-{at}","direction":"{direction}","channel":"email","sent_at":"2026-01-12T{hour:02}:{minute:02}:{second:02}Z","body":"{body}"}}"#
    );
}

/// One person's contact record.
pub fn contact(text: &mut String, number: usize) {
    let given = GIVEN[number % GIVEN.len()];
    let family = FAMILY[number / GIVEN.len() % FAMILY.len()];
    let _ = writeln!(
        text,
        r#"{{"type":"contact","external_id":"kund-{number}","name":"{given} {family}","phone":"070-{:03} {:02} {:02}","email":"{}","source":"zendesk","created_at":"2026-01-10T12:00:00Z"}}"#,
        number % 1000,
        number / 1000 % 100,
        number / 100_000 % 100,
        email(number),
    );
}

/// The address of a person.
pub fn email(number: usize) -> String {
    format!("{number}@example.se")
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
