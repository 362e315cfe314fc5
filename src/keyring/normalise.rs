//! Normal forms: two spellings of one address, number or name give one token.
//!
//! A normal form is for comparing only; what a person wrote is stored as they wrote it. Each function
//! answers for any text, also for what is no address or number at all, because a desk's data hold
//! that too and it must be found again. `None` means that nothing remains to search for.
//!
//! The tables of Unicode and of telephone numbers grow with their libraries. Tokens follow when the
//! index is rebuilt, which every change of index keys does.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::vocabulary::Personal;

mod phone;

pub use phone::phone;

/// Loads the tables that the first telephone number would otherwise wait for (about 90 ms).
pub fn warm() {
    let _ = phone("+46 8 123 456 78", "SE");
}

/// An e-mail address: trimmed, without invisible characters, lower-cased, its domain in the ASCII form
/// of IDNA (UTS #46), so that `räksmörgås.se` and `xn--rksmrgs-5wao1o.se` are one. Of a mailbox
/// (`Anna <anna@example.se>`) or a link (`mailto:anna@example.se`) the address counts.
///
/// The part before the `@` is lower-cased too: hosts that tell `Anna@` from `anna@` are unheard of,
/// people who type both are not. Dots and `+tags` stay: they mean something on most hosts.
pub fn email(text: &str) -> Option<Personal> {
    let text: String = visible(text).nfkc().collect();
    let text = text.to_lowercase();
    let address = bare_address(text.trim());
    some(match address.rsplit_once('@') {
        Some((local, domain)) => {
            let domain = domain.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
            match idna::domain_to_ascii(domain) {
                Ok(ascii) => format!("{local}@{ascii}"),
                Err(_) => format!("{local}@{domain}"),
            }
        }
        None => address.to_owned(),
    })
}

/// The address within a mailbox or a link; any other text as it is.
fn bare_address(text: &str) -> &str {
    let within = text.strip_suffix('>').and_then(|t| t.rsplit_once('<'));
    let linked = within.map_or(text, |(_, address)| address).trim();
    let bare = linked.strip_prefix("mailto:").unwrap_or(linked).trim();
    if bare.contains('@') { bare } else { text }
}

/// The words of a name, sorted, each once: compatibility forms unified (NFKC), case folded.
///
/// Words end at anything that is neither letter, digit nor combining mark, so `Anna-Karin` is found by
/// `karin`; apostrophes vanish instead, so `O'Brien` is `obrien`. Accents stay: å is no a.
///
/// Case is folded letter by letter through lower, upper and lower case again, which unites all that
/// full case folding unites (ß, ẞ and ss; ς and σ) and also the four Turkish letters I, ı, İ and i,
/// since a desk's systems have lost that difference long ago.
pub fn name_words(text: &str) -> Vec<Personal> {
    let without_apostrophes: String = visible(text).filter(|c| !is_apostrophe(*c)).collect();
    let folded = fold(&fold(&without_apostrophes));
    let mut words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(Personal::from).collect()
}

/// Another system's id: trimmed and in composed form (NFC), otherwise exact.
pub fn external_id(text: &str) -> Option<Personal> {
    some(text.trim().nfc().collect())
}

fn some(normal: String) -> Option<Personal> {
    (!normal.is_empty()).then(|| Personal::new(normal))
}

/// One round of compatibility form and case folding. Folding may open a new composition and the other
/// way round, so callers go two rounds.
fn fold(text: &str) -> String {
    let cased: String = text
        .nfkc()
        .filter(|c| !is_apostrophe(*c)) // ŉ has one inside, which only now shows.
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    cased.nfkc().collect::<String>().replace("i\u{307}", "i") // What is left of İ.
}

/// The text without characters that have no shape: what a copy from a web page or a telephone's
/// address book brings along unseen.
fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| {
        !matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
        )
    })
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{ff07}'
    )
}

#[cfg(test)]
mod tests;
