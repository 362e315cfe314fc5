//! The pages: they stand alone, fetch nothing, and everything in them is escaped. A long one is written in
//! pieces, so that no page is in memory as a whole.

use askama::Template;
use tokio::io::AsyncWrite;

use super::words::Words;
use super::{FIRST_CASE, Packing};
use crate::catalog::types::{Case, Forwarding, Message};
use crate::disclosure::words::date;
use crate::disclosure::{Block, Notice, STYLE};
use crate::requests::RequestError;
use crate::vocabulary::Personal;

/// Where a page is in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The overview itself.
    Front,
    /// Beside the overview.
    Beside,
    /// With the cases.
    Case,
}

/// Where what was passed on is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On its case's page.
    OfCase,
    /// On the page that tells of the processing.
    OfAll,
}

pub type Pairs = Vec<(&'static str, String)>;

#[derive(Template)]
#[template(path = "package/head.html")]
struct Head<'a> {
    lang: &'a str,
    title: &'a str,
    controller: &'a str,
    style: &'a str,
    home: Option<String>,
    w: &'a Words,
}

#[derive(Template)]
#[template(path = "package/foot.html")]
struct Foot;

#[derive(Template)]
#[template(path = "package/read_me.html")]
struct ReadMe<'a> {
    w: &'a Words,
    controller: &'a str,
    snapshot: String,
    summary: String,
    profile: Pairs,
    requests: Pairs,
    none: bool,
}

#[derive(Template)]
#[template(path = "package/case_link.html")]
struct CaseLink {
    id: String,
    title: String,
    says: String,
}

#[derive(Template)]
#[template(path = "package/letter.html")]
struct Letter<'a> {
    w: &'a Words,
    case_no: Option<&'a str>,
    snapshot: String,
    summary: String,
    covered: bool,
    authority: &'a str,
    operator: &'a str,
    controller: &'a str,
}

/// A line of the table of categories.
pub struct Held {
    pub category: String,
    pub records: u64,
    pub kept: String,
}

#[derive(Template)]
#[template(path = "package/information.html")]
struct Information<'a> {
    w: &'a Words,
    snapshot: String,
    facts: Pairs,
    held: Vec<Held>,
    quarantined: u64,
    nobody: bool,
}

#[derive(Template)]
#[template(path = "package/notice.html")]
struct Told<'a> {
    notice: &'a Notice,
}

#[derive(Template)]
#[template(path = "package/recipient.html")]
struct Recipient<'a> {
    recipient: &'a str,
    when: String,
    what: &'a str,
    why: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "package/case.html")]
struct CasePage<'a> {
    w: &'a Words,
    facts: Pairs,
}

#[derive(Template)]
#[template(path = "package/message.html")]
struct MessagePage<'a> {
    w: &'a Words,
    class: &'a str,
    who: String,
    how: String,
    body: Option<&'a str>,
    files: Vec<(String, String)>,
}

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// The beginning of a page.
    pub(super) fn head(&self, title: &str, place: Place) -> Result<String, RequestError> {
        let home = match place {
            Place::Front => None,
            Place::Beside => Some(self.words.read_me_file.to_owned()),
            Place::Case => Some(format!("../../{}", self.words.read_me_file)),
        };
        let head = Head {
            lang: self.lang.code(),
            title,
            controller: &self.client.name,
            style: STYLE,
            home,
            w: self.words,
        };
        Ok(head.render()?)
    }

    /// The end of a page.
    pub(super) async fn foot(&mut self) -> Result<(), RequestError> {
        Ok(self.zip.write(Foot.render()?).await?)
    }

    /// `00_READ_ME_FIRST.html`, with a link to each case.
    pub(super) async fn read_me(&mut self) -> Result<(), RequestError> {
        self.zip.file(self.words.read_me_file).await?;
        let head = self.head(self.words.read_me, Place::Front)?;
        self.zip.write(head).await?;
        let page = ReadMe {
            w: self.words,
            controller: &self.client.name,
            snapshot: self.moment(self.snapshot),
            summary: self.seen.summary(self.words),
            profile: self.profile_facts(),
            requests: self.request_facts(),
            none: self.seen.cases == 0,
        };
        self.zip.write(page.render()?).await?;
        self.zip.write("<ul>\n").await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                let link = CaseLink {
                    id: case.id.to_string(),
                    title: self.title(case),
                    says: format!(
                        "{}, {}",
                        self.day(case.opened_at),
                        self.words.state(&case.state)
                    ),
                };
                self.zip.write(link.render()?).await?;
            }
            after = next;
        }
        self.zip.write("</ul>\n").await?;
        self.foot().await
    }

    /// `01_letter.html`.
    pub(super) async fn letter(&mut self) -> Result<(), RequestError> {
        self.zip.file("01_letter.html").await?;
        let head = self.head(self.words.letter, Place::Beside)?;
        self.zip.write(head).await?;
        let letter = Letter {
            w: self.words,
            case_no: self.order.case_no.as_deref(),
            snapshot: self.moment(self.snapshot),
            summary: self.seen.summary(self.words),
            covered: self.seen.masked > 0,
            authority: match self.client.country.as_str() {
                "SE" => self.words.authority_sweden,
                _ => self.words.authority,
            },
            operator: &self.room.eraser.operator.name,
            controller: &self.client.name,
        };
        self.zip.write(letter.render()?).await?;
        self.foot().await
    }

    /// `02_information.html`: Art. 15(1), about this person.
    pub(super) async fn information(&mut self, notice: &Notice) -> Result<(), RequestError> {
        self.zip.file("02_information.html").await?;
        let head = self.head(self.words.information, Place::Beside)?;
        self.zip.write(head).await?;
        let page = Information {
            w: self.words,
            snapshot: self.moment(self.snapshot),
            facts: self.information_facts(),
            held: self.held_table(),
            quarantined: self.quarantined,
            nobody: self.seen.forwardings == 0,
        };
        self.zip.write(page.render()?).await?;
        let mut after = Some(FIRST_CASE);
        while let Some(from) = after {
            let (cases, next) = self.next_cases(from).await?;
            for case in &cases {
                let forwardings = self.forwardings_of(case).await?;
                self.forwardings_page(&forwardings, Kind::OfAll).await?;
            }
            after = next;
        }
        self.zip.write(Told { notice }.render()?).await?;
        self.foot().await
    }

    /// What is said of a case before its messages.
    pub(super) fn case_page(&self, case: &Case) -> Result<String, RequestError> {
        let w = self.words;
        let mut facts = vec![
            (w.opened, self.moment(case.opened_at)),
            (w.state, w.state(&case.state).to_owned()),
            (w.channel, w.channel(&case.channel).to_owned()),
        ];
        if let Some(number) = &case.external_id {
            facts.insert(0, (w.case_number, number.expose().to_owned()));
        }
        facts.extend(case.closed_at.map(|at| (w.closed, self.moment(at))));
        if let Some(day) = self.erased_on(case) {
            let day = format!("{} {}", w.kept_until, date(day.0, self.lang));
            facts.push((w.kept, day));
        }
        Ok(CasePage { w, facts }.render()?)
    }

    /// One message.
    pub(super) fn message_page(&self, it: &Message) -> Result<String, RequestError> {
        let w = self.words;
        let (who, class) = match it.direction.as_str() {
            _ if it.masked => (w.anothers, "anothers"),
            "in" => (w.from_you, "in"),
            "out" => (w.to_you, "out"),
            _ => (w.note, "note"),
        };
        let author = it.author.as_ref().map(Personal::expose);
        let who = match author.filter(|name| !name.is_empty()) {
            Some(name) => format!("{who}, {} {name}", w.written_by),
            None => who.to_owned(),
        };
        let label = |it: &crate::catalog::Attachment| {
            let name = it.name.as_ref().map_or("", Personal::expose);
            let name = if name.is_empty() { "–" } else { name };
            let label = format!("{name} ({}, {} byte)", it.media_type.expose(), it.size);
            (super::cases::path(it), label)
        };
        let page = MessagePage {
            w,
            class,
            who,
            how: format!("{}, {}", self.moment(it.sent_at), w.channel(&it.channel)),
            body: it.body.as_ref().map(Personal::expose),
            files: it.attachments.iter().map(label).collect(),
        };
        Ok(page.render()?)
    }

    /// What was passed on, as a list.
    pub(super) async fn forwardings_page(
        &mut self,
        all: &[Forwarding],
        kind: Kind,
    ) -> Result<(), RequestError> {
        if all.is_empty() {
            return Ok(());
        }
        if kind == Kind::OfCase {
            let heading = format!("<h2>{}</h2>\n", self.words.forwardings);
            self.zip.write(heading).await?;
        }
        self.zip.write("<ul>\n").await?;
        for it in all {
            let item = Recipient {
                recipient: &it.recipient,
                when: self.moment(it.at),
                what: match it.message {
                    Some(_) => self.words.a_message,
                    None => self.words.the_case,
                },
                why: it.reason.as_ref().map(Personal::expose),
            };
            self.zip.write(item.render()?).await?;
        }
        Ok(self.zip.write("</ul>\n").await?)
    }
}
