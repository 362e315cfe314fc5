//! OTRS and Znuny: customer users, tickets and articles, as the generic interface gives them.
//!
//! `Created` is the server's own clock without a zone; `IncomingTime` is an instant and counts first.

use super::object::Object;
use super::remember::Remembered;
use super::taken::{STAFF, Taken, by_email, case, file, message};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Timestamp;

pub(super) const FORMAT: Format = Format {
    name: "otrs",
    about: "customer users, tickets and articles of OTRS or Znuny",
    signs: &[
        &["TicketID", "ArticleID"],
        &["TicketID", "CustomerUserID"],
        &["UserLogin", "UserEmail"],
    ],
    framing: Framing::Objects {
        lists: &["Ticket", "CustomerUser"],
        columns: &[
            "UserLogin",
            "UserFirstname",
            "UserLastname",
            "UserMobile",
            "UserPhone",
            "UserEmail",
            "UserCustomerID",
            "CreateTime",
            "TicketID",
            "Title",
            "State",
            "Created",
            "Closed",
            "CustomerUserID",
            "ArticleID",
            "From",
            "Body",
            "SenderType",
            "ArticleType",
            "CommunicationChannel",
            "IsVisibleForCustomer",
            "IncomingTime",
        ],
        reader: || Box::new(Otrs::default()),
    },
};

#[derive(Default)]
struct Otrs {
    /// Whose a ticket is.
    requesters: Remembered,
}

impl Reader for Otrs {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if record.has("ArticleID") && record.has("Body") {
            self.article(record, None, taken);
        } else if record.has("TicketID") {
            self.ticket(record, taken);
        } else if record.has("UserLogin") {
            user(record, taken);
        } else if list != PAGE {
            taken.reject(Reason::UnknownRecord, record.to_bytes());
        }
    }
}

fn person(login: &str) -> String {
    format!("otrs:{login}")
}

/// A customer user; an agent has no customer number.
fn user(user: Object<'_>, taken: &mut Taken<'_>) {
    let Some(login) = user.id("UserLogin") else {
        return taken.reject(Reason::NoPerson, user.to_bytes());
    };
    if !user.has("UserCustomerID") {
        return taken.drop(STAFF);
    }
    let change = user
        .time("CreateTime", taken.settings.zone)
        .map(|dated| ContactChange {
            external_id: Some(person(&login).into()),
            name: user.joined(&["UserFirstname", "UserLastname"]),
            phone: user.first_personal(&["UserMobile", "UserPhone"]),
            email: user.personal("UserEmail"),
            further: Further {
                phones: user.further(&["UserMobile", "UserPhone"]),
                ..Further::default()
            },
            source: Some("otrs".to_owned()),
            dated,
            fill_in: false,
        });
    taken.add(user, change);
}

impl Otrs {
    fn ticket(&mut self, ticket: Object<'_>, taken: &mut Taken<'_>) {
        let (Some(id), Some(requester)) = (ticket.id("TicketID"), requester_of(ticket)) else {
            return taken.reject(Reason::NoPerson, ticket.to_bytes());
        };
        self.requesters.set(id.clone(), requester.clone());
        let zone = taken.settings.zone;
        let read = || -> Result<CaseChange, Reason> {
            Ok(CaseChange {
                subject: ticket.personal("Title"),
                state: ticket.text("State").and_then(state_of),
                opened_at: Some(ticket.needed_time("Created", zone)?),
                closed_at: ticket.time("Closed", zone)?,
                ..case(person(&id), requester)
            })
        };
        let read = read();
        let good = read.is_ok();
        taken.add(ticket, read);
        for name in ["Articles", "Article"] {
            for article in ticket.objects(name).filter(|_| good) {
                self.article(article, Some(&id), taken);
            }
        }
    }

    fn article(&mut self, article: Object<'_>, ticket: Option<&str>, taken: &mut Taken<'_>) {
        let read = self.message(article, ticket, taken);
        taken.add(article, read);
    }

    fn message(
        &self,
        it: Object<'_>,
        ticket: Option<&str>,
        taken: &mut Taken<'_>,
    ) -> Result<MessageChange, Reason> {
        let ticket = ticket.map(str::to_owned).or_else(|| it.id("TicketID"));
        let ticket = ticket.ok_or(Reason::NoRequester)?;
        let known = self.requesters.get(&ticket).map(str::to_owned);
        let owner = known
            .or_else(|| requester_of(it))
            .ok_or(Reason::NoRequester)?;
        let kind = match it.text("SenderType") {
            Some("customer") => AuthorKind::Contact,
            Some("agent") => AuthorKind::Staff,
            Some("system") => AuthorKind::System,
            _ => return Err(Reason::MissingField),
        };
        let direction = match kind {
            _ if is_internal(it) => Direction::Note,
            AuthorKind::Contact => Direction::In,
            AuthorKind::Staff | AuthorKind::System => Direction::Out,
        };
        let channel = it.text("ArticleType").or(it.text("CommunicationChannel"));
        let channel = channel.map_or(Channel::Other, channel_of);
        let sent_at = sent_at(it, taken)?;
        let mut change = MessageChange {
            external_id: it
                .id("ArticleID")
                .map(|id| format!("otrs:article-{id}").into()),
            subject: it.personal("Subject"),
            author: it.personal("From"),
            author_kind: Some(kind),
            body: it.text("Body").unwrap_or_default().into(),
            ..message(person(&ticket), owner, direction, channel, sent_at)
        };
        for name in ["Attachments", "Attachment"] {
            for attached in it.objects(name) {
                let read = attached.text("Content").map(|content| {
                    let media_type = attached.text("ContentType");
                    file(attached.personal("Filename"), media_type, content)
                });
                taken.attach(&mut change, read);
            }
        }
        Ok(change)
    }
}

fn is_internal(article: Object<'_>) -> bool {
    let kind = article.text("ArticleType");
    article.flag("IsVisibleForCustomer") == Some(false)
        || kind.is_some_and(|it| it.contains("internal"))
}

/// Whose a ticket or article is: the customer's login, else the address it came from.
fn requester_of(record: Object<'_>) -> Option<String> {
    let login = record.id("CustomerUserID").map(|it| person(&it));
    login.or_else(|| by_email(record.text("From")?))
}

fn sent_at(article: Object<'_>, taken: &Taken<'_>) -> Result<Timestamp, Reason> {
    let zone = taken.settings.zone;
    for name in ["IncomingTime", "Created", "CreateTime"] {
        if let Some(time) = article.time(name, zone)? {
            return Ok(time);
        }
    }
    Err(Reason::NoDate)
}

fn state_of(state: &str) -> Option<CaseState> {
    match state {
        "new" | "open" => Some(CaseState::Open),
        it if it.starts_with("pending") => Some(CaseState::Pending),
        it if it.starts_with("closed") || it == "merged" || it == "removed" => {
            Some(CaseState::Closed)
        }
        _ => None,
    }
}

fn channel_of(article_type: &str) -> Channel {
    match article_type.to_ascii_lowercase() {
        it if it.starts_with("email") => Channel::Email,
        it if it.starts_with("phone") => Channel::Phone,
        it if it.starts_with("sms") => Channel::Sms,
        it if it.starts_with("chat") => Channel::Widget,
        it if it.starts_with("web") => Channel::Portal,
        _ => Channel::Other,
    }
}
