//! Zammad: users, tickets and articles, as its REST interface gives them, expanded or not.

use super::object::Object;
use super::remember::Remembered;
use super::taken::{STAFF, Taken, case, file, message, text_of_html};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;

pub(super) const FORMAT: Format = Format {
    name: "zammad",
    about: "users, tickets and articles of the REST interface",
    signs: &[
        &["customer_id", "group_id", "number"],
        &["ticket_id", "sender_id", "internal"],
        &["ticket_id", "sender", "internal"],
        &["firstname", "lastname", "role_ids"],
    ],
    framing: Framing::Objects {
        lists: &["users", "tickets"],
        columns: &[
            "id",
            "firstname",
            "lastname",
            "mobile",
            "phone",
            "email",
            "created_at",
            "customer_id",
            "title",
            "state",
            "state_id",
            "create_article_type",
            "close_at",
            "ticket_id",
            "sender",
            "sender_id",
            "internal",
            "type",
            "content_type",
            "from",
            "body",
            "origin_by_id",
            "created_by_id",
        ],
        reader: || Box::new(Zammad::default()),
    },
};

#[derive(Default)]
struct Zammad {
    /// Whose a ticket is.
    requesters: Remembered,
}

impl Reader for Zammad {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if record.has("customer_id") && record.has("title") {
            self.ticket(record, taken);
        } else if record.has("ticket_id") && record.has("body") {
            self.article(record, None, taken);
        } else if record.has("firstname") || record.has("login") {
            user(record, taken);
        } else if list != PAGE {
            taken.reject(Reason::UnknownRecord, record.to_bytes());
        }
    }
}

fn person(id: &str) -> String {
    format!("zammad:{id}")
}

/// A profile. Roles have fixed numbers: 1 admin, 2 agent, 3 customer.
fn user(user: Object<'_>, taken: &mut Taken<'_>) {
    let Some(id) = user.id("id") else {
        return taken.reject(Reason::NoPerson, user.to_bytes());
    };
    let by_number = user
        .list("role_ids")
        .iter()
        .any(|it| matches!(it.as_i64(), Some(1 | 2)));
    let roles = user.list("roles").iter().filter_map(|it| it.as_str());
    if by_number || roles.into_iter().any(|it| matches!(it, "Admin" | "Agent")) {
        return taken.drop(STAFF);
    }
    let change = user
        .time("created_at", taken.settings.zone)
        .map(|dated| ContactChange {
            external_id: Some(person(&id).into()),
            name: user.joined(&["firstname", "lastname"]),
            phone: user.first_personal(&["mobile", "phone"]),
            email: user.personal("email"),
            further: Further {
                phones: user.further(&["mobile", "phone"]),
                ..Further::default()
            },
            source: Some("zammad".to_owned()),
            dated,
            fill_in: false,
        });
    taken.add(user, change);
}

impl Zammad {
    fn ticket(&mut self, ticket: Object<'_>, taken: &mut Taken<'_>) {
        let (Some(id), Some(requester)) = (ticket.id("id"), ticket.id("customer_id")) else {
            return taken.reject(Reason::NoPerson, ticket.to_bytes());
        };
        self.requesters.set(id.clone(), requester.clone());
        let zone = taken.settings.zone;
        let read = || -> Result<CaseChange, Reason> {
            let state = ticket.text("state").and_then(state_by_name);
            Ok(CaseChange {
                subject: ticket.personal("title"),
                channel: ticket.text("create_article_type").map(channel_of),
                state: state.or_else(|| ticket.number("state_id").and_then(state_by_number)),
                opened_at: Some(ticket.needed_time("created_at", zone)?),
                closed_at: ticket.time("close_at", zone)?,
                ..case(person(&id), person(&requester))
            })
        };
        let read = read();
        let good = read.is_ok();
        taken.add(ticket, read);
        for article in ticket.objects("articles").filter(|_| good) {
            self.article(article, Some(&id), taken);
        }
    }

    fn article(&mut self, article: Object<'_>, ticket: Option<&str>, taken: &mut Taken<'_>) {
        let read = self.message(article, ticket, taken);
        taken.add(article, read);
    }

    fn message(
        &mut self,
        it: Object<'_>,
        ticket: Option<&str>,
        taken: &mut Taken<'_>,
    ) -> Result<MessageChange, Reason> {
        let ticket = ticket.map(str::to_owned).or_else(|| it.id("ticket_id"));
        let ticket = ticket.ok_or(Reason::NoRequester)?;
        let kind = sender_of(it).ok_or(Reason::MissingField)?;
        let direction = match (it.flag("internal"), kind) {
            (Some(true), _) => Direction::Note,
            (_, AuthorKind::Contact) => Direction::In,
            _ => Direction::Out,
        };
        // A ticket that was not seen is of the first customer who writes in it.
        let author = it.id("origin_by_id").or_else(|| it.id("created_by_id"));
        if let (AuthorKind::Contact, None, Some(author)) =
            (kind, self.requesters.get(&ticket), &author)
        {
            self.requesters.set(ticket.clone(), author.clone());
        }
        let owner = self.requesters.get(&ticket).ok_or(Reason::NoRequester)?;
        let sent_at = it.needed_time("created_at", taken.settings.zone)?;
        let channel = it.text("type").map_or(Channel::Other, channel_of);
        let is_html = it
            .text("content_type")
            .is_some_and(|it| it.starts_with("text/html"));
        let body = it.text("body").unwrap_or_default();
        let mut change = MessageChange {
            external_id: it.id("id").map(|id| format!("zammad:article-{id}").into()),
            author: it.personal("from"),
            author_kind: Some(kind),
            body: match is_html {
                true => text_of_html(body),
                false => body.into(),
            },
            ..message(person(&ticket), person(owner), direction, channel, sent_at)
        };
        for attached in it.objects("attachments") {
            let content = attached.text("data");
            let read = content.map(|it| file(attached.personal("filename"), None, it));
            taken.attach(&mut change, read);
        }
        Ok(change)
    }
}

/// Who wrote an article, by word or by number.
fn sender_of(article: Object<'_>) -> Option<AuthorKind> {
    match (article.text("sender"), article.number("sender_id")) {
        (Some("Customer"), _) | (None, Some(2)) => Some(AuthorKind::Contact),
        (Some("Agent"), _) | (None, Some(1)) => Some(AuthorKind::Staff),
        (Some("System"), _) | (None, Some(3)) => Some(AuthorKind::System),
        _ => None,
    }
}

fn state_by_number(state: i64) -> Option<CaseState> {
    match state {
        1 | 2 => Some(CaseState::Open),
        3 | 6 | 7 => Some(CaseState::Pending),
        4 | 5 => Some(CaseState::Closed),
        _ => None,
    }
}

fn state_by_name(state: &str) -> Option<CaseState> {
    match state {
        "new" | "open" => Some(CaseState::Open),
        "closed" | "merged" => Some(CaseState::Closed),
        it if it.starts_with("pending") => Some(CaseState::Pending),
        _ => None,
    }
}

fn channel_of(article_type: &str) -> Channel {
    match article_type {
        "email" => Channel::Email,
        "sms" => Channel::Sms,
        "phone" | "fax" => Channel::Phone,
        "web" => Channel::Portal,
        "chat" => Channel::Widget,
        it if it.starts_with("twitter") || it.starts_with("facebook") => Channel::Social,
        "telegram personal-message" | "whatsapp message" => Channel::Social,
        _ => Channel::Other,
    }
}
