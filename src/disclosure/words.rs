//! Phrases of a notice that no clause holds, once per language: a phrase without one of its texts does
//! not compile.

use chrono::{Datelike, NaiveDate};

use crate::catalog::Category;
use crate::catalog::processing::{Basis, Period, PurposeOf, Starts, Unit};
use crate::vocabulary::Lang;

macro_rules! words {
    ($($name:ident: $sv:literal, $en:literal;)+) => {
        /// One field per phrase.
        pub struct Words {
            $(#[allow(missing_docs)] pub $name: &'static str,)+
        }

        const SWEDISH: Words = Words { $($name: $sv,)+ };
        const ENGLISH: Words = Words { $($name: $en,)+ };
    };
}

words! {
    skip: "Till innehållet", "Skip to content";
    contents: "Innehåll", "Contents";
    other_language: "In English", "På svenska";
    as_file: "Texten som fil:", "The text as a file:";
    markdown: "Markdown", "Markdown";
    plain: "ren text", "plain text";
    and: "och", "and";
    basis: "Rättslig grund:", "Legal basis:";
    otherwise: " och i övrigt ", " and otherwise ";
    consent: "ditt samtycke (artikel 6.1 a)", "your consent (Article 6(1)(a))";
    contract: "avtalet med dig (artikel 6.1 b)", "the contract with you (Article 6(1)(b))";
    legal_obligation: "rättslig förpliktelse (artikel 6.1 c)", "legal obligation (Article 6(1)(c))";
    vital_interests:
        "skydd för grundläggande intressen (artikel 6.1 d)",
        "protection of vital interests (Article 6(1)(d))";
    public_task: "en uppgift av allmänt intresse (artikel 6.1 e)", "a task in the public interest (Article 6(1)(e))";
    legitimate_interest: "intresseavvägning (artikel 6.1 f)", "legitimate interest (Article 6(1)(f))";
    case_closed: "efter att ärendet avslutades", "after the case was closed";
    last_case_closed: "efter att ditt senaste ärende avslutades", "after your latest case was closed";
    year: "år", "year";
    years: "år", "years";
    month: "månad", "month";
    months: "månader", "months";
    day: "dag", "day";
    days: "dagar", "days";
    name: "namn", "name";
    phone: "telefonnummer", "telephone number";
    email: "e-postadress", "e-mail address";
    external_id: "kundnummer", "customer number";
    message: "meddelanden", "messages";
    attachment: "bilagor", "attachments";
}

/// The months, by language.
const MONTHS: [(&str, &str); 12] = [
    ("januari", "January"),
    ("februari", "February"),
    ("mars", "March"),
    ("april", "April"),
    ("maj", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augusti", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
];

/// Countries that a support desk's data is often in; another is called by its code.
const COUNTRIES: [(&str, &str, &str); 19] = [
    ("AT", "Österrike", "Austria"),
    ("BE", "Belgien", "Belgium"),
    ("CH", "Schweiz", "Switzerland"),
    ("DE", "Tyskland", "Germany"),
    ("DK", "Danmark", "Denmark"),
    ("EE", "Estland", "Estonia"),
    ("ES", "Spanien", "Spain"),
    ("FI", "Finland", "Finland"),
    ("FR", "Frankrike", "France"),
    ("GB", "Storbritannien", "the United Kingdom"),
    ("IE", "Irland", "Ireland"),
    ("IN", "Indien", "India"),
    ("IS", "Island", "Iceland"),
    ("IT", "Italien", "Italy"),
    ("NL", "Nederländerna", "the Netherlands"),
    ("NO", "Norge", "Norway"),
    ("PL", "Polen", "Poland"),
    ("SE", "Sverige", "Sweden"),
    ("US", "USA", "the United States"),
];

impl Words {
    /// The phrases of one language.
    pub const fn of(lang: Lang) -> &'static Words {
        match lang {
            Lang::Sv => &SWEDISH,
            Lang::En => &ENGLISH,
        }
    }

    /// `A`, `A och B`, `A, B och C`.
    pub fn list<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> String {
        let mut names: Vec<&str> = names.into_iter().collect();
        match names.pop() {
            None => String::new(),
            Some(only) if names.is_empty() => only.to_owned(),
            Some(last) => format!("{} {} {last}", names.join(", "), self.and),
        }
    }

    /// `Rättslig grund: …`, the main ground first.
    pub fn legal_basis(&self, purpose: &PurposeOf) -> String {
        let name = |basis: &Basis| match basis {
            Basis::Consent => self.consent,
            Basis::Contract => self.contract,
            Basis::LegalObligation => self.legal_obligation,
            Basis::VitalInterests => self.vital_interests,
            Basis::PublicTask => self.public_task,
            Basis::LegitimateInterest => self.legitimate_interest,
        };
        let mut grounds = purpose.legal_basis.iter().map(name);
        let main = grounds.next().unwrap_or_default();
        let others = self.list(grounds);
        match others.is_empty() {
            true => format!("{} {main}.", self.basis),
            false => format!("{} {main}{}{others}.", self.basis, self.otherwise),
        }
    }

    /// `24 månader efter att ärendet avslutades`.
    pub fn kept(&self, period: Period, starts: Starts) -> String {
        let unit = match (period.unit, period.number) {
            (Unit::Years, 1) => self.year,
            (Unit::Years, _) => self.years,
            (Unit::Months, 1) => self.month,
            (Unit::Months, _) => self.months,
            (Unit::Days, 1) => self.day,
            (Unit::Days, _) => self.days,
        };
        let starts = match starts {
            Starts::CaseClosed => self.case_closed,
            Starts::LastCaseClosed => self.last_case_closed,
        };
        format!("{} {unit} {starts}", period.number)
    }

    /// What a category is called within a sentence.
    pub const fn category(&self, category: Category) -> &'static str {
        match category {
            Category::Name => self.name,
            Category::Phone => self.phone,
            Category::Email => self.email,
            Category::ExternalId => self.external_id,
            Category::Message => self.message,
            Category::Attachment => self.attachment,
        }
    }
}

/// `23 november 2026`, `23 November 2026`.
pub fn date(date: NaiveDate, lang: Lang) -> String {
    let (sv, en) = MONTHS[date.month0() as usize];
    let month = match lang {
        Lang::Sv => sv,
        Lang::En => en,
    };
    format!("{} {month} {}", date.day(), date.year())
}

/// A country's name, or its code.
pub fn country(code: &str, lang: Lang) -> String {
    let known = COUNTRIES.iter().find(|it| it.0 == code);
    let name = known.map(|(_, sv, en)| match lang {
        Lang::Sv => *sv,
        Lang::En => *en,
    });
    name.unwrap_or(code).to_owned()
}

/// With a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
