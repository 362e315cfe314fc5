//! What the person asked before, in their own words; and what could not be searched for them.

use std::io;

use serde::Serialize;
use tokio::io::AsyncWrite;

use super::Packing;
use super::pages::Pairs;
use crate::catalog::types::{Category, Contact};
use crate::requests::RequestError;
use crate::requests::types::{Identifiers, Request, Right, State};
use crate::vocabulary::{Day, Personal, RequestId, Timestamp};

/// A request as the person made it, without what the desk noted for itself.
#[derive(Serialize)]
pub struct Earlier {
    case_no: String,
    rights: Vec<Right>,
    channel: String,
    state: State,
    received_at: Timestamp,
    due_date: Day,
    delivered_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    identifiers: Identifiers,
    text: Option<Personal>,
}

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// `data/requests.json`, where there are any.
    pub(super) async fn requests(&mut self) -> Result<(), RequestError> {
        self.earlier = self.find_requests().await?;
        if self.earlier.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&self.earlier).map_err(io::Error::from)?;
        let text = zeroize::Zeroizing::new(format!("{{\"requests\":{text}}}\n"));
        Ok(self.zip.whole("data/requests.json", &*text).await?)
    }

    async fn find_requests(&self) -> Result<Vec<Earlier>, RequestError> {
        let (room, tenant) = (self.room, &self.order.tenant);
        let (mut found, mut after) = (Vec::new(), Some(RequestId([0; 16])));
        while let Some(from) = after {
            let page = room.list(Some(tenant.id), true, from, super::PAGE).await?;
            for it in page.items {
                let is_another_s = it.contact.is_some_and(|about| about != self.contact.id);
                if is_another_s {
                    continue;
                }
                let opened = room.open(it.id).await?;
                let named = opened.identifiers.name(&self.contact, &tenant.country);
                if it.contact.is_some() || named {
                    found.push(earlier(it, opened.identifiers, opened.text));
                }
            }
            after = page.next;
        }
        Ok(found)
    }

    /// The same for the overview: number and day.
    pub(super) fn request_facts(&self) -> Pairs {
        let day = |it: &Earlier| format!("{}, {}", it.case_no, self.day(it.received_at));
        let all = self.earlier.iter();
        all.map(|it| (self.words.request_number, day(it))).collect()
    }
}

fn earlier(it: Request, identifiers: Identifiers, text: Option<Personal>) -> Earlier {
    Earlier {
        case_no: it.case_no,
        rights: it.rights,
        channel: it.channel,
        state: it.state,
        received_at: it.received_at,
        due_date: it.due_date,
        delivered_at: it.delivered_at,
        closed_at: it.closed_at,
        identifiers,
        text,
    }
}

impl Identifiers {
    /// Whether one that tells people apart is this contact's; a name does not.
    fn name(&self, contact: &Contact, country: &str) -> bool {
        let given = [
            (Category::Email, &self.email),
            (Category::Phone, &self.phone),
            (Category::ExternalId, &self.external_id),
        ];
        let mut given = given.into_iter();
        given.any(|(kind, value)| {
            let value = value.as_ref();
            value.is_some_and(|it| contact.has(kind, it, country))
        })
    }
}
