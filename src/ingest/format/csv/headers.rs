//! Which field a column's header means.

/// Fields, and the headers that mean them: in lower case, without spaces, `_`, `-` and `.`.
pub(super) const FIELDS: &[(&str, &[&str])] = &[
    (
        "id",
        &[
            "id",
            "externalid",
            "contactid",
            "customerid",
            "kundnummer",
            "kundnr",
            "kundid",
            "customernumber",
            "customerno",
            "login",
            "username",
            "användare",
            "requesterid",
            "uniqueexternalid",
            "userid",
        ],
    ),
    (
        "name",
        &[
            "name", "fullname", "namn", "kund", "kundnamn", "kontakt", "customer", "contact",
        ],
    ),
    (
        "first_name",
        &["firstname", "givenname", "förnamn", "fornamn"],
    ),
    (
        "last_name",
        &["lastname", "surname", "familyname", "efternamn"],
    ),
    (
        "email",
        &[
            "email",
            "emailaddress",
            "mail",
            "epost",
            "epostadress",
            "mejl",
            "contactemail",
        ],
    ),
    (
        "phone",
        &[
            "phone",
            "phonenumber",
            "telephone",
            "telefon",
            "telefonnummer",
            "tel",
            "workphone",
            "telnr",
            "tfn",
        ],
    ),
    (
        "mobile",
        &[
            "mobile",
            "mobilephone",
            "mobil",
            "mobilnummer",
            "mobiltelefon",
            "cell",
        ],
    ),
    (
        "further_email",
        &[
            "furtheremail",
            "furtheremails",
            "otheremail",
            "otheremails",
            "secondaryemail",
            "email2",
            "epost2",
            "annanepost",
            "privatepost",
        ],
    ),
    (
        "further_phone",
        &[
            "furtherphone",
            "furtherphones",
            "otherphone",
            "otherphones",
            "homephone",
            "phone2",
            "telefon2",
            "hemtelefon",
            "annantelefon",
        ],
    ),
    ("source", &["source", "källa", "kalla"]),
    (
        "case",
        &[
            "case",
            "caseid",
            "ticket",
            "ticketid",
            "ticketnumber",
            "ärende",
            "ärendenummer",
            "arende",
            "ärendenr",
            "conversationid",
        ],
    ),
    ("subject", &["subject", "ämne", "amne", "rubrik", "title"]),
    ("state", &["state", "status"]),
    ("custody", &["custody"]),
    (
        "text",
        &[
            "text",
            "body",
            "message",
            "meddelande",
            "content",
            "description",
            "beskrivning",
            "comment",
            "sms",
        ],
    ),
    ("message_id", &["messageid", "meddelandeid"]),
    ("direction", &["direction", "riktning"]),
    ("channel", &["channel", "kanal", "viachannel"]),
    ("author", &["author", "avsändare", "from"]),
    (
        "date",
        &[
            "date",
            "datum",
            "created",
            "createdat",
            "sentat",
            "skapad",
            "tid",
            "time",
            "timestamp",
            "skickat",
            "openedat",
        ],
    ),
];

/// The column that numbers the messages of a table: `id` beside a text and another column that says who
/// wrote it. Anywhere else `id` is the person's.
pub(super) fn names_rows(names: &[String]) -> Option<&String> {
    let fields = || names.iter().map(|it| (it, field_of(it)));
    let own = names.iter().find(|it| it.eq_ignore_ascii_case("id"))?;
    let has_text = fields().any(|(_, field)| field == Some("text"));
    let is_person = |field| matches!(field, Some("id" | "email" | "phone" | "mobile"));
    let says_who = fields().any(|(name, field)| name != own && is_person(field));
    (has_text && says_who).then_some(own)
}

/// The field that a header means.
pub(super) fn field_of(header: &str) -> Option<&'static str> {
    let is_letter = |it: &char| !matches!(it, ' ' | '_' | '-' | '.');
    let name: String = header.to_lowercase().chars().filter(is_letter).collect();
    let fits = |(_, names): &&(&str, &[&str])| names.contains(&name.as_str());
    FIELDS.iter().find(fits).map(|(field, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_two_languages() {
        for (header, field) in [
            ("E-post", "email"),
            ("Full name", "name"),
            ("KUND_NR", "id"),
            ("Ärende", "case"),
            ("created_at", "date"),
        ] {
            assert_eq!(field_of(header), Some(field), "{header}");
        }
        assert_eq!(field_of("Skostorlek"), None);
    }

    #[test]
    fn an_id_beside_a_text_and_a_person_is_the_message_s() {
        let names = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let messages = names(&["id", "body", "user_id"]);
        assert_eq!(names_rows(&messages), Some(&messages[0]));
        assert_eq!(names_rows(&names(&["id", "body"])), None);
        assert_eq!(names_rows(&names(&["id", "email"])), None);
    }
}
