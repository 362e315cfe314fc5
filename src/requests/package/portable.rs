//! The same for other programs (Art. 20): messages as mail, the profile as a contact card.

use askama::Template;
use tokio::io::AsyncWrite;

use super::{FIRST_CASE, FIRST_MESSAGE, Packing};
use crate::catalog::outgoing::mbox;
use crate::catalog::types::{Case, Category, Contact, Message};
use crate::requests::RequestError;
use crate::vocabulary::Personal;

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// `portability/messages.mbox`: what was written to and by the person, with files. Notes of the desk
    /// are no data that the person provided.
    pub(super) async fn messages_as_mail(&mut self) -> Result<(), RequestError> {
        self.zip.file("portability/messages.mbox").await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                self.mails_of(case).await?;
            }
            after = next;
        }
        Ok(())
    }

    async fn mails_of(&mut self, case: &Case) -> Result<(), RequestError> {
        let mut after = Some(FIRST_MESSAGE);
        while let Some(from) = after {
            let (messages, next) = self.next_messages(case, from).await?;
            let provided = |it: &&Message| !it.masked && it.direction != "note";
            for it in messages.iter().filter(provided) {
                self.mail(case, it).await?;
            }
            after = next;
        }
        Ok(())
    }

    async fn mail(&mut self, case: &Case, it: &Message) -> Result<(), RequestError> {
        let person = &self.contact;
        let begins = mbox::begins(case, Some(person), person.id, it);
        self.zip.write(&*begins).await?;
        for file in &it.attachments {
            let content = self.content(file).await?;
            self.zip.write(&*mbox::file(it, file, &content)).await?;
        }
        Ok(self.zip.write(&*mbox::ends(it)).await?)
    }

    /// `portability/contact.vcf`.
    pub(super) async fn contact_card(&mut self) -> Result<(), RequestError> {
        let card = card(&self.contact)?;
        Ok(self.zip.whole("portability/contact.vcf", card).await?)
    }
}

/// A vCard 4.0 (RFC 6350); its values are escaped already.
#[derive(Template)]
#[template(path = "package/contact.vcf", escape = "none")]
struct Card {
    name: String,
    emails: Vec<String>,
    phones: Vec<String>,
    external_ids: Vec<String>,
    changed: String,
}

fn card(it: &Contact) -> Result<String, askama::Error> {
    let text = |value: &Personal| escaped(value.expose());
    let all = |kind| it.all(kind).map(text).collect();
    let card = Card {
        name: it.name.as_ref().map(text).unwrap_or_default(),
        emails: all(Category::Email),
        phones: all(Category::Phone),
        external_ids: all(Category::ExternalId),
        changed: it.updated_at.to_utc().format("%Y%m%dT%H%M%SZ").to_string(),
    };
    let lines = card.render()?;
    let lines = lines.lines().map(|line| format!("{line}\r\n"));
    Ok(lines.collect())
}

/// A value of a card: nothing in it ends its line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ',' | ';' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::further::Further;

    #[test]
    fn nothing_written_ends_a_line_of_the_card() {
        let it = Contact {
            id: crate::vocabulary::ContactId([1; 16]),
            external_id: None,
            name: Some("Öberg; Åsa".into()),
            phone: None,
            email: Some("a@example.se\r\nNOTE:x".into()),
            further: Further {
                emails: vec!["b@example.se".into()],
                ..Further::default()
            },
            source: None,
            created_at: crate::vocabulary::Timestamp(0),
            updated_at: crate::vocabulary::Timestamp(0),
            version: 1,
        };
        let card = card(&it).unwrap();
        let lines: Vec<_> = card.split("\r\n").skip(1).collect();
        let expected = [
            "VERSION:4.0",
            "FN:Öberg\\; Åsa",
            "EMAIL:a@example.se\\nNOTE:x",
            "EMAIL:b@example.se",
            "REV:19700101T000000Z",
            "END:VCARD",
            "",
        ];
        assert_eq!(lines, expected);
        assert_eq!(
            escaped("Öberg; Åsa\r\nEND:VCARD, \\"),
            "Öberg\\; Åsa\\nEND:VCARD\\, \\\\"
        );
    }
}
