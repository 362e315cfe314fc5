//! What people see below `/n/` where there is nothing for them: a page, where they read pages.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::{Problem, accept};
use super::notice::{policy, understood};
use crate::disclosure::STYLE;
use crate::vocabulary::Lang;

#[derive(Template)]
#[template(path = "public/missing.html")]
struct Missing {
    lang: &'static str,
    title: &'static str,
    text: &'static str,
    style: &'static str,
}

/// What is wrong, as a heading and a sentence.
type Words = (&'static str, &'static str);

fn nothing(lang: Lang) -> Words {
    match lang {
        Lang::Sv => (
            "Sidan finns inte",
            "Här finns ingen information om personuppgifter. Kontrollera adressen, eller fråga \
             företaget som du har varit i kontakt med.",
        ),
        Lang::En => (
            "There is no such page",
            "No information about personal data is published here. Check the address, or ask the \
             company that you were in contact with.",
        ),
    }
}

fn no_such_form(lang: Lang) -> Words {
    match lang {
        Lang::Sv => (
            "Texten finns inte i det formatet",
            "Öppna den som webbsida i stället: ta bort det som står efter punkten i adressen. \
             Webbsidan går att skriva ut.",
        ),
        Lang::En => (
            "The text does not come in that form",
            "Open it as a web page instead: take away what follows the dot in the address. The page \
             can be printed.",
        ),
    }
}

/// The problem as it is, or as a page for who reads pages and can do nothing with it as it is.
pub fn instead_of(problem: Problem, headers: &HeaderMap) -> Response {
    let forms = ["application/problem+json", "text/html"];
    let reads_pages = accept::best(headers, &forms).is_ok_and(|it| it == "text/html");
    let lang = understood(headers).unwrap_or(Lang::Sv);
    let (title, text) = match problem.status() {
        _ if !reads_pages => return problem.into_response(),
        StatusCode::NOT_FOUND => nothing(lang),
        StatusCode::NOT_IMPLEMENTED => no_such_form(lang),
        _ => return problem.into_response(),
    };
    let page = Missing {
        lang: lang.code(),
        title,
        text,
        style: STYLE,
    };
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_LANGUAGE, lang.code().to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy()),
        (header::VARY, "accept, accept-language".to_owned()),
    ];
    match page.render() {
        Ok(page) => (problem.status(), head, page).into_response(),
        Err(_) => problem.into_response(),
    }
}
