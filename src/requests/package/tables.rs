//! The tables: who received what, who looked, what is covered, and the cases.

use std::io;

use serde::Serialize;
use tokio::io::AsyncWrite;

use super::{FIRST_CASE, FIRST_MESSAGE, Packing};
use crate::audit::{self, Cursor};
use crate::catalog::outgoing::row;
use crate::catalog::types::{Case, Forwarding, Message};
use crate::requests::RequestError;
use crate::vocabulary::{CaseId, MessageId, Personal, Timestamp};

/// Why something is covered.
#[derive(Serialize)]
struct Covered<'a> {
    case: CaseId,
    message: MessageId,
    sent_at: Timestamp,
    direction: &'a str,
    reason: &'static str,
}

fn plain(it: &Option<Personal>) -> &str {
    it.as_ref().map_or("", Personal::expose)
}

fn time(it: Option<Timestamp>) -> String {
    it.map(|it| it.to_string()).unwrap_or_default()
}

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// What went to others of a case.
    pub(super) async fn forwardings_of(
        &self,
        case: &Case,
    ) -> Result<Vec<Forwarding>, RequestError> {
        let (tenant, contact) = (&self.order.tenant, self.order.contact);
        let catalog = self.room.catalog();
        Ok(catalog
            .forwardings_of_part(tenant, contact, case.id)
            .await?)
    }

    pub(super) async fn forwardings(&mut self) -> Result<(), RequestError> {
        self.zip.file("data/forwardings.csv").await?;
        let headings = ["at", "recipient", "reason", "case_id", "message_id"];
        self.zip.write(row(&headings)?).await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                for it in self.forwardings_of(case).await? {
                    let message = it.message.map(|id| id.to_string()).unwrap_or_default();
                    let (at, case) = (it.at.to_string(), case.id.to_string());
                    let cells = [&at, &it.recipient, plain(&it.reason), &case, &message];
                    self.zip.write(row(&cells)?).await?;
                }
            }
            after = next;
        }
        Ok(())
    }

    /// When and why the data were looked at, and in which role; never by whom (C-579/21).
    pub(super) async fn access_log(&mut self) -> Result<(), RequestError> {
        self.zip.file("data/access_log.csv").await?;
        let headings = ["at", "purpose", "role", "case_id", "action"];
        self.zip.write(row(&headings)?).await?;
        self.acts_on(*self.contact.id.as_bytes(), "").await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                self.acts_on(*case.id.as_bytes(), &case.id.to_string())
                    .await?;
            }
            after = next;
        }
        Ok(())
    }

    async fn acts_on(&mut self, object: [u8; 16], case: &str) -> Result<(), RequestError> {
        let (data, tenant) = (&self.room.catalog().data, self.order.tenant.id);
        let mut after = Some(Cursor::OLDEST);
        while let Some(from) = after {
            let limit = super::PAGE.into();
            let page = audit::page_of_object(data, tenant, &object, from, limit).await?;
            for it in &page.records {
                let (purpose, role) = (self.words.act(&it.action), self.words.role(&it.actor));
                let cells = [&it.at.to_string(), purpose, role, case, &it.action];
                self.zip.write(row(&cells)?).await?;
            }
            after = page.next;
        }
        Ok(())
    }

    /// Other people's messages in the person's cases (Art. 15(4)).
    pub(super) async fn redactions(&mut self) -> Result<(), RequestError> {
        self.zip.file("data/redactions.json").await?;
        self.zip.write("{\"redactions\":[").await?;
        let (mut after, mut first) = (Some(FIRST_CASE), true);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                self.covered_in(case, &mut first).await?;
            }
            after = next;
        }
        Ok(self.zip.write("]}\n").await?)
    }

    async fn covered_in(&mut self, case: &Case, first: &mut bool) -> Result<(), RequestError> {
        let mut after = Some(FIRST_MESSAGE);
        while let Some(from) = after {
            let (messages, next) = self.next_messages(case, from).await?;
            for it in messages.iter().filter(|it| it.masked) {
                let text = serde_json::to_string(&covered(case, it)).map_err(io::Error::from)?;
                let comma = if std::mem::take(first) { "\n" } else { ",\n" };
                self.zip.write(comma).await?;
                self.zip.write(text).await?;
            }
            after = next;
        }
        Ok(())
    }

    /// `portability/cases.csv`.
    pub(super) async fn cases_as_table(&mut self) -> Result<(), RequestError> {
        self.zip.file("portability/cases.csv").await?;
        let headings = [
            "id",
            "external_id",
            "subject",
            "channel",
            "state",
            "opened_at",
            "closed_at",
        ];
        self.zip.write(row(&headings)?).await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for it in &cases {
                let (id, opened) = (it.id.to_string(), it.opened_at.to_string());
                let closed = time(it.closed_at);
                let names = [&id, plain(&it.external_id), plain(&it.subject)];
                let rest = [it.channel.as_str(), &it.state, &opened, &closed];
                self.zip.write(row(&[&names[..], &rest].concat())?).await?;
            }
            after = next;
        }
        Ok(())
    }
}

fn covered<'a>(case: &Case, it: &'a Message) -> Covered<'a> {
    Covered {
        case: case.id,
        message: it.id,
        sent_at: it.sent_at,
        direction: &it.direction,
        reason: "GDPR Art. 15(4): another person's message",
    }
}
