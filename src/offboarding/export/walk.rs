//! The walk: contacts, then cases with what is in them, once for each file of the archive.

use std::collections::HashMap;

use tokio::io::AsyncWrite;
use zeroize::Zeroizing;

use super::{READ_ME, Sheet, Walk, lines, tables};
use crate::catalog::outgoing::mbox;
use crate::catalog::types::{Attachment, Case, Contact, Message};
use crate::offboarding::OffboardingError;
use crate::vocabulary::{CaseId, ContactId, MessageId, Personal, QuarantineId};

/// Records read at a time.
const PAGE: u16 = 200;
/// Bytes of files that stand in one line of `data.ndjson`; an import takes lines of 32 MiB.
const FILES_OF_A_LINE: u64 = 17 << 20;

/// A case with what is needed to write about it.
pub(super) struct Around {
    pub case: Case,
    /// Its id for others: the external one, or ours.
    pub name: Personal,
    /// Everybody in it.
    pub people: HashMap<ContactId, Contact>,
    /// Messages that a forwarding names.
    named: HashMap<MessageId, Option<Personal>>,
}

impl Around {
    /// How another system knows a contact of this case.
    pub fn person(&self, id: ContactId) -> Personal {
        match self.people.get(&id) {
            Some(contact) => name(contact),
            None => Personal::new(format!("gallra-{id}")),
        }
    }
}

/// How another system knows a contact; by our id where it has none of its own.
pub(super) fn name(contact: &Contact) -> Personal {
    let own = || Personal::new(format!("gallra-{}", contact.id));
    contact.external_id.clone().unwrap_or_else(own)
}

impl<W: AsyncWrite + Unpin> Walk<'_, W> {
    /// Everything, file by file.
    pub(super) async fn all(&mut self) -> Result<(), OffboardingError> {
        self.archive.file("READ_ME.txt").await?;
        self.archive.write(READ_ME.as_bytes()).await?;
        self.archive.file("contacts.csv").await?;
        self.archive.write(&tables::row(&tables::CONTACT)?).await?;
        self.contacts(tables::contact).await?;
        for sheet in Sheet::ALL {
            self.archive.file(sheet.name()).await?;
            if let Some(headings) = tables::headings(sheet) {
                self.archive.write(&tables::row(headings)?).await?;
            }
            if sheet == Sheet::Lines {
                self.counts.contacts = self.contacts(lines::contact).await?;
            }
            self.cases(sheet).await?;
        }
        self.quarantine().await
    }

    async fn contacts(
        &mut self,
        write: impl Fn(&Contact) -> Result<Zeroizing<Vec<u8>>, OffboardingError>,
    ) -> Result<u64, OffboardingError> {
        let (mut after, mut count) = (Some(ContactId([0; 16])), 0);
        while let Some(from) = after {
            let catalog = &self.room.eraser.catalog;
            let page = catalog.next_contacts(&self.tenant, from, PAGE).await?;
            for contact in &page.items {
                self.archive.write(&write(contact)?).await?;
                count += 1;
            }
            after = page.next;
        }
        Ok(count)
    }

    async fn cases(&mut self, sheet: Sheet) -> Result<(), OffboardingError> {
        let mut after = Some(CaseId([0; 16]));
        while let Some(from) = after {
            let catalog = &self.room.eraser.catalog;
            let page = catalog.next_cases(&self.tenant, from, PAGE).await?;
            for case in page.items {
                self.case(sheet, case).await?;
            }
            after = page.next;
        }
        Ok(())
    }

    async fn case(&mut self, sheet: Sheet, case: Case) -> Result<(), OffboardingError> {
        let own = || Personal::new(format!("gallra-{}", case.id));
        let mut around = Around {
            name: case.external_id.clone().unwrap_or_else(own),
            people: HashMap::new(),
            named: HashMap::new(),
            case,
        };
        let requester = around.case.requester;
        self.meet(&mut around, requester).await?;
        match sheet {
            Sheet::Lines => {
                self.archive.write(&lines::case(&around)?).await?;
                self.counts.cases += 1;
            }
            Sheet::Cases => return self.archive.write(&tables::case(&around)?).await,
            _ => {}
        }
        if matches!(sheet, Sheet::Lines | Sheet::Forwardings) {
            self.named(&mut around).await?;
        }
        if sheet != Sheet::Forwardings || !around.named.is_empty() {
            self.messages(sheet, &mut around).await?;
        }
        match sheet {
            Sheet::Lines | Sheet::Forwardings => self.forwardings(sheet, &around).await,
            _ => Ok(()),
        }
    }

    /// Reads who somebody is, once for each case.
    async fn meet(&self, around: &mut Around, id: ContactId) -> Result<(), OffboardingError> {
        if !around.people.contains_key(&id) {
            let catalog = &self.room.eraser.catalog;
            let contact = catalog.one_contact(&self.tenant, id).await?;
            around.people.extend(contact.map(|contact| (id, contact)));
        }
        Ok(())
    }

    async fn messages(
        &mut self,
        sheet: Sheet,
        around: &mut Around,
    ) -> Result<(), OffboardingError> {
        let mut after = Some(MessageId([0; 16]));
        while let Some(from) = after {
            let catalog = &self.room.eraser.catalog;
            let page = catalog
                .next_messages(&self.tenant, around.case.id, from, PAGE)
                .await?;
            for (contact, message) in &page.items {
                self.meet(around, *contact).await?;
                if let Some(known) = around.named.get_mut(&message.id) {
                    *known = message.external_id.clone();
                }
                self.message(sheet, around, *contact, message).await?;
            }
            after = page.next;
        }
        Ok(())
    }

    async fn message(
        &mut self,
        sheet: Sheet,
        around: &Around,
        contact: ContactId,
        message: &Message,
    ) -> Result<(), OffboardingError> {
        match sheet {
            Sheet::Cases | Sheet::Forwardings => Ok(()),
            Sheet::Messages => {
                self.archive
                    .write(&tables::message(around, contact, message)?)
                    .await
            }
            Sheet::Attachments => {
                for file in &message.attachments {
                    self.archive
                        .write(&tables::attachment(around, message, file)?)
                        .await?;
                }
                Ok(())
            }
            Sheet::Lines => self.line(around, contact, message).await,
            Sheet::Mbox => self.mail(around, contact, message).await,
        }
    }

    async fn line(
        &mut self,
        around: &Around,
        contact: ContactId,
        message: &Message,
    ) -> Result<(), OffboardingError> {
        self.counts.messages += 1;
        self.counts.attachments += message.attachments.len() as u64;
        let line = lines::message(around, contact, message)?;
        self.archive.write(&line).await?;
        let fitting = fitting(&message.attachments);
        for (at, file) in fitting.iter().enumerate() {
            let content = self.content(contact, file).await?;
            self.archive.write(&lines::file_begins(at, file)?).await?;
            self.archive.write(&lines::base64(&content)).await?;
            self.archive.write(lines::FILE_ENDS).await?;
        }
        let end = lines::message_ends(!fitting.is_empty());
        self.archive.write(end).await
    }

    async fn mail(
        &mut self,
        around: &Around,
        contact: ContactId,
        message: &Message,
    ) -> Result<(), OffboardingError> {
        self.archive
            .write(&mbox::begins(
                &around.case,
                around.people.get(&contact),
                contact,
                message,
            ))
            .await?;
        for file in &message.attachments {
            let content = self.content(contact, file).await?;
            self.archive
                .write(&mbox::file(message, file, &content))
                .await?;
        }
        self.archive.write(&mbox::ends(message)).await
    }

    async fn content(
        &self,
        contact: ContactId,
        file: &Attachment,
    ) -> Result<Zeroizing<Vec<u8>>, OffboardingError> {
        let catalog = &self.room.eraser.catalog;
        let content = catalog
            .one_attachment(&self.tenant, contact, file.id)
            .await?;
        Ok(content.unwrap_or_default())
    }

    /// Notes which messages the case's forwardings name.
    async fn named(&self, around: &mut Around) -> Result<(), OffboardingError> {
        let catalog = &self.room.eraser.catalog;
        let forwardings = catalog
            .all_forwardings(&self.tenant, around.case.id)
            .await?;
        let named = forwardings.iter().filter_map(|it| it.message);
        around.named = named.map(|id| (id, None)).collect();
        Ok(())
    }

    async fn forwardings(&mut self, sheet: Sheet, around: &Around) -> Result<(), OffboardingError> {
        let catalog = &self.room.eraser.catalog;
        for it in &catalog
            .all_forwardings(&self.tenant, around.case.id)
            .await?
        {
            let message = it
                .message
                .and_then(|id| around.named.get(&id).cloned().flatten());
            if sheet == Sheet::Lines {
                self.counts.forwardings += 1;
                self.archive
                    .write(&lines::forwarding(around, it, message)?)
                    .await?;
            } else {
                self.archive
                    .write(&tables::forwarding(around, it, message)?)
                    .await?;
            }
        }
        Ok(())
    }

    /// Records that an import could not read. Each reading is written down by itself.
    async fn quarantine(&mut self) -> Result<(), OffboardingError> {
        let catalog = &self.room.eraser.catalog;
        let listed = catalog.list_quarantined(Some(&self.tenant)).await?;
        let ids: Vec<QuarantineId> = listed.iter().map(|it| it.id).collect();
        for id in ids {
            let opened = self.room.eraser.catalog.open_quarantined(id).await?;
            self.archive.file(&format!("quarantine/{id}")).await?;
            self.archive.write(&opened.record).await?;
            self.counts.quarantined += 1;
        }
        Ok(())
    }
}

/// The files that stand in the message's own line: as many as an import takes in one. The others are in
/// the mbox.
fn fitting(files: &[Attachment]) -> Vec<&Attachment> {
    let mut room = FILES_OF_A_LINE;
    let mut fitting = Vec::new();
    for file in files {
        if file.size <= room {
            room -= file.size;
            fitting.push(file);
        }
    }
    fitting
}
