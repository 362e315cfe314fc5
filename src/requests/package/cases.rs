//! The copy itself: the profile, and each case as JSON, as a page, and with its files.

use std::io;

use serde::Serialize;
use tokio::io::AsyncWrite;

use super::pages::{Kind, Place};
use super::{FIRST_CASE, FIRST_MESSAGE, Packing};
use crate::catalog::CategoryHeld;
use crate::catalog::processing::Starts;
use crate::catalog::types::{Attachment, Case, Category, Contact, Message};
use crate::requests::RequestError;
use crate::requests::deadlines::local_day;
use crate::vocabulary::{Day, MessageId, Personal, Timestamp};

#[derive(Serialize)]
struct Profile<'a> {
    tenant: &'a str,
    snapshot_at: Timestamp,
    profile: &'a Contact,
    held: &'a [CategoryHeld],
}

/// A message, and where its files are in the package.
#[derive(Serialize)]
struct WithFiles<'a> {
    #[serde(flatten)]
    message: &'a Message,
    files: Vec<String>,
}

/// Where a file is in the package: its id keeps two of one name apart, and nothing of the name can lead
/// out of the folder.
pub fn path(it: &Attachment) -> String {
    let name = it.name.as_ref().map_or("", Personal::expose);
    let safe = |c: char| match c.is_alphanumeric() || ".-_".contains(c) {
        true => c,
        false => '_',
    };
    let name: String = name.chars().rev().take(80).map(safe).collect();
    let name: String = name.chars().rev().collect();
    match name.trim_start_matches('.') {
        "" => format!("data/attachments/{}", it.id),
        name => format!("data/attachments/{}-{name}", it.id),
    }
}

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    pub(super) async fn profile(&mut self) -> Result<(), RequestError> {
        let profile = Profile {
            tenant: &self.order.tenant.slug,
            snapshot_at: self.snapshot,
            profile: &self.contact,
            held: &self.held,
        };
        let text = serde_json::to_vec_pretty(&profile).map_err(io::Error::from)?;
        let text = zeroize::Zeroizing::new(text);
        Ok(self.zip.whole("data/profile.json", &*text).await?)
    }

    /// Every case, file by file.
    pub(super) async fn cases(&mut self) -> Result<(), RequestError> {
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                self.seen.cases += 1;
                self.case_as_json(case).await?;
                self.case_as_page(case).await?;
                self.files(case).await?;
            }
            after = next;
        }
        Ok(())
    }

    async fn case_as_json(&mut self, case: &Case) -> Result<(), RequestError> {
        self.zip
            .file(&format!("data/cases/{}.json", case.id))
            .await?;
        let head = serde_json::to_string(case).map_err(io::Error::from)?;
        let head = head.strip_suffix('}').unwrap_or(&head);
        let until = serde_json::to_string(&self.erased_on(case)).map_err(io::Error::from)?;
        let head = format!("{head},\"kept_until\":{until},\"messages\":[");
        self.zip.write(head).await?;
        let (mut after, mut first) = (Some(FIRST_MESSAGE), true);
        while let Some(from) = after {
            let page = self.next_messages(case, from).await?;
            for message in &page.0 {
                self.seen.message(message);
                let shown = WithFiles {
                    message,
                    files: message.attachments.iter().map(path).collect(),
                };
                let text = serde_json::to_string(&shown).map_err(io::Error::from)?;
                let comma = if std::mem::take(&mut first) {
                    "\n"
                } else {
                    ",\n"
                };
                self.zip.write(comma).await?;
                self.zip.write(text).await?;
            }
            after = page.1;
        }
        let forwardings = self.forwardings_of(case).await?;
        for it in &forwardings {
            self.seen.forwarding(&it.recipient);
        }
        let text = serde_json::to_string(&forwardings).map_err(io::Error::from)?;
        Ok(self
            .zip
            .write(format!("],\n\"forwardings\":{text}}}\n"))
            .await?)
    }

    async fn case_as_page(&mut self, case: &Case) -> Result<(), RequestError> {
        self.zip
            .file(&format!("data/cases/{}.html", case.id))
            .await?;
        let title = self.title(case);
        let head = self.head(&title, Place::Case)?;
        self.zip.write(head).await?;
        let facts = self.case_page(case)?;
        self.zip.write(facts).await?;
        let mut after = Some(FIRST_MESSAGE);
        while let Some(from) = after {
            let page = self.next_messages(case, from).await?;
            for message in &page.0 {
                let text = self.message_page(message)?;
                self.zip.write(text).await?;
            }
            after = page.1;
        }
        let forwardings = self.forwardings_of(case).await?;
        self.forwardings_page(&forwardings, Kind::OfCase).await?;
        self.foot().await
    }

    /// Files sent along, each as it came.
    async fn files(&mut self, case: &Case) -> Result<(), RequestError> {
        let mut after = Some(FIRST_MESSAGE);
        while let Some(from) = after {
            let page = self.next_messages(case, from).await?;
            for file in page.0.iter().flat_map(|it| &it.attachments) {
                let content = self.content(file).await?;
                self.zip.whole(&path(file), &*content).await?;
            }
            after = page.1;
        }
        Ok(())
    }

    /// What is in a file.
    pub(super) async fn content(
        &self,
        file: &Attachment,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, RequestError> {
        let (tenant, contact) = (&self.order.tenant, self.order.contact);
        let catalog = self.room.catalog();
        let content = catalog.one_attachment(tenant, contact, file.id).await?;
        Ok(content.unwrap_or_default())
    }

    /// The next messages of a case.
    pub(super) async fn next_messages(
        &self,
        case: &Case,
        after: (Timestamp, MessageId),
    ) -> Result<(Vec<Message>, Option<(Timestamp, MessageId)>), RequestError> {
        let (tenant, contact) = (&self.order.tenant, self.order.contact);
        let catalog = self.room.catalog();
        let page = catalog.next_messages_of(tenant, contact, case.id, after, super::PAGE);
        let page = page.await?;
        Ok((page.items, page.next))
    }

    /// The day on which a closed case's messages are no longer needed; `None` while it is open.
    pub(super) fn erased_on(&self, case: &Case) -> Option<Day> {
        let rule = self.rule(Category::Message)?;
        let closed = case
            .closed_at
            .filter(|_| rule.starts == Starts::CaseClosed)?;
        Some(rule.period.after(local_day(closed, &self.client.timezone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::AttachmentId;

    #[test]
    fn a_files_name_leads_nowhere_else() {
        let path = |name: &str| {
            let file = Attachment {
                id: AttachmentId([0xab; 16]),
                name: Some(name.into()),
                media_type: "image/png".into(),
                size: 1,
            };
            let path = path(&file);
            path.strip_prefix("data/attachments/").map(str::to_owned)
        };
        let id = "ab".repeat(16);
        for (name, safe) in [
            ("kvitto å.pdf", "-kvitto_å.pdf"),
            ("../../etc/passwd", "-_.._etc_passwd"),
            ("C:\\x\0\n.exe", "-C__x__.exe"),
            ("...", ""),
            ("", ""),
        ] {
            assert_eq!(path(name), Some(format!("{id}{safe}")), "{name}");
        }
        let long = path(&format!("{}.pdf", "x".repeat(300))).unwrap();
        assert!(long.ends_with("x.pdf") && long.len() < 130, "{long}");
    }
}
