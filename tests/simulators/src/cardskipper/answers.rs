//! Errors, and answers that are no answers.

use super::settings::{Answer, ErrorBody, Language, Switches};
use crate::http::{Request, Response};

/// An error in the form of the switch. The service's own texts are localised and worth nothing.
pub(super) fn error(switches: &Switches, request: &Request, status: u16) -> Response {
    let asked = request.header("Accept-Language").unwrap_or_default();
    let swedish = match switches.language {
        Language::AsAsked => asked.to_ascii_lowercase().starts_with("sv"),
        Language::English => false,
        Language::Swedish => true,
    };
    let words = match (status, swedish) {
        (401, false) => "The login was not accepted.",
        (401, true) => "Inloggningen godkändes inte.",
        (403, false) => "Permission is missing for this call.",
        (403, true) => "Behörighet saknas för anropet.",
        (400, false) => "The request is invalid.",
        (400, true) => "Begäran är ogiltig.",
        (_, false) => "An error has occurred.",
        (_, true) => "Ett fel har uppstått.",
    };
    match switches.error_body {
        ErrorBody::AspNetHtml => Response::new(
            status,
            "text/html; charset=utf-8",
            format!(
                "<!DOCTYPE html>\r\n<html>\r\n<head><title>{words}</title></head>\r\n<body>\
                 <span><h1>Server Error in '/' Application.<hr></h1><h2><i>{words}</i></h2>\
                 </span></body>\r\n</html>"
            ),
        ),
        ErrorBody::Text => Response::new(status, "text/plain; charset=utf-8", words),
        ErrorBody::Empty => Response::empty(status),
        ErrorBody::Xml => Response::new(
            status,
            "application/xml; charset=utf-8",
            format!("<Error><Message>{words}</Message></Error>"),
        ),
    }
}

/// What comes instead of an honest document; `None` for an honest one.
pub(super) fn instead(answer: Answer, honest: &[u8]) -> Option<Response> {
    let xml = |body: Vec<u8>| Response::new(200, "application/xml; charset=utf-8", body);
    Some(match answer {
        Answer::Honest => return None,
        Answer::Truncated => xml(honest[..honest.len() / 2].to_vec()),
        Answer::Html => Response::new(
            200,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><body><form action=\"/Login\">Log in</form></body></html>",
        ),
        Answer::OtherRoot => xml(b"<Result><Members/></Result>".to_vec()),
        Answer::Empty => xml(Vec::new()),
        Answer::EntityBomb => xml(entity_bomb().into_bytes()),
    })
}

/// A well-formed listing that would unfold to a billion words.
fn entity_bomb() -> String {
    let mut text = "<?xml version=\"1.0\"?><!DOCTYPE Cardskipper [<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..=9 {
        let ten = format!("&a{};", level - 1).repeat(10);
        text.push_str(&format!("<!ENTITY a{level} \"{ten}\">"));
    }
    text + "]><Cardskipper><Members><Member Lastname=\"&a9;\"/></Members></Cardskipper>"
}
