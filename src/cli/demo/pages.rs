//! What there is to open in a browser. Each page is fetched before it is named: the demo names none that
//! does not open.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::failure::{Exit, Failure};
use super::super::output::Text;
use super::Drill;
use super::house::{CLIENTS, House, asked};
use crate::receipts::render::html;
use crate::vocabulary::{ErasureId, Lang};

/// The certificate's file in each language.
const CERTIFICATES: [(Lang, &str); 2] = [(Lang::Sv, "intyg.html"), (Lang::En, "certificate.html")];

/// A page as a browser finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// What it is.
    what: String,
    /// Where to open it.
    address: String,
    /// How the server answers; 200 for a file.
    status: u16,
    /// What the page calls itself.
    title: String,
}

impl Page {
    async fn fetch(house: &House, what: String, path: &str) -> Result<Self, Failure> {
        let fetched = fetch(&house.settings.listen, path).await;
        let answer = fetched.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        Ok(Self {
            what,
            address: format!("{}{path}", house.address()),
            status: status(&answer),
            title: title(&answer),
        })
    }
}

/// What the server shows to anybody: each client's notice in both languages, what the API can do, the log.
pub async fn of_server(house: &House) -> Result<Vec<Page>, Failure> {
    let mut pages = Vec::new();
    for (slug, name, ..) in CLIENTS {
        for lang in [Lang::Sv, Lang::En] {
            let path = format!("/n/{slug}?lang={}", lang.code());
            let what = format!("notice of {name}, {}", lang.code());
            pages.push(Page::fetch(house, what, &path).await?);
        }
    }
    let others = [
        ("what the API can do", "/api/v1/openapi.json"),
        ("the receipt log", "/log/checkpoint"),
    ];
    for (what, path) in others {
        pages.push(Page::fetch(house, what.to_owned(), path).await?);
    }
    Ok(pages)
}

/// The certificate of a purge as files: over the API it takes a token, which no browser sends.
pub async fn certificates(
    house: &House,
    id: ErasureId,
    directory: &Path,
) -> Result<Vec<Page>, Failure> {
    let body = house.app.log.find(id).await?.body()?;
    let since = house.app.offboarder().confirmed_since(&body).await?;
    let mut pages = Vec::new();
    for (lang, name) in CERTIFICATES {
        let path = directory.join(name);
        let page = html::page(&body, lang, &since);
        std::fs::write(&path, &page).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        pages.push(Page {
            what: format!("certificate of its purge, {}", lang.code()),
            address: format!("file://{}", path.display()),
            status: 200,
            title: title(&page),
        });
    }
    Ok(pages)
}

/// The receipt as a file, which is all that whoever verifies it needs.
pub async fn receipt(house: &House, id: ErasureId, directory: &Path) -> Result<PathBuf, Failure> {
    let path = directory.join("receipt.txt");
    let file = house.app.log.receipt_file(id).await?;
    std::fs::write(&path, file).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    Ok(path)
}

/// What is other than before the drill, for a person, and what they may do with it.
pub fn after(house: &House, drill: &Drill, pages: &[Page], receipt: &Path) -> Text {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("gallra"));
    let (address, id) = (house.address(), drill.receipt_id);
    Text::line("")
        .and(shown(pages))
        .and("Verify the receipt yourself, without the server and its data:")
        .and(format!("  {} \\", program.display()))
        .and(format!("    verify {}", receipt.display()))
        .and("The server has the certificate too, for whoever has the token:")
        .and(asked("-H 'Accept: text/html' "))
        .and(format!("    {address}/api/v1/receipts/{id}"))
}

/// The pages for a person: those that open, and those that are gone.
pub fn shown(pages: &[Page]) -> Text {
    let line = |page: &Page| {
        let state = match page.status {
            200 => String::new(),
            status => format!("   gone: {status}"),
        };
        (page.what.clone(), format!("{}{state}", page.address))
    };
    Text::line("Open in a browser:").pairs(pages.iter().map(line))
}

/// One GET of this machine's own server.
async fn fetch(listen: &str, path: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(listen).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The number on the first line; 0 where there is none.
fn status(answer: &str) -> u16 {
    let word = answer.split(' ').nth(1);
    word.and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn title(page: &str) -> String {
    let after = page.split_once("<title>");
    let title = after.and_then(|(_, rest)| rest.split_once("</title>"));
    title.map_or_else(String::new, |(title, _)| title.to_owned())
}
