//! The service, seen from the network.

use std::io::Read;

use chrono::TimeDelta;

use super::*;
use crate::http::Tls;
use crate::testing::{Answer as Received, send};

const LOGIN: (&str, &str) = ("Authorization", "Basic YXBpQGNsdWIuZXhhbXBsZTpDYXJkLXNlY3JldC0x");
const XML: (&str, &str) = ("Content-Type", "application/xml; charset=utf-8");

fn ana() -> Member {
    Member::new(150_001)
        .name("Ana", "Žagar & <\"Co\">")
        .born("2009-04-21")
        .email("ana@example.si")
        .phone("+386 1")
        .role(123, 3126, "2026-01-01", "2026-12-31")
        .tag(123, "gym")
}

fn server(members: Vec<Member>) -> Server {
    let settings = Settings { members, ..Settings::default() };
    settings.clock.set("2026-06-01T10:00:00Z".parse().unwrap());
    Server::start(settings)
}

fn export_with(server: &Server, criteria: &str, headers: &[(&str, &str)]) -> Received {
    let body = format!(
        "<Cardskipper><SearchCriteriaMember><OrganisationId value=\"123\"/>{criteria}\
         </SearchCriteriaMember></Cardskipper>"
    );
    send(server.port(), "POST", "/Member/Export/", headers, &body).unwrap()
}

fn export(server: &Server, criteria: &str) -> String {
    let answer = export_with(server, criteria, &[LOGIN, XML]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

/// Numbers of the members listed.
fn numbers(text: &str) -> Vec<u64> {
    let parts = text.split("OrganisationMemberId=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap().parse().unwrap()).collect()
}

fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    server.violations().into_iter().map(slug).collect()
}

#[test]
fn a_listing_has_the_shape_of_the_guide() {
    let server = server(vec![ana()]);
    let text = export(&server, "");
    for part in [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Cardskipper xmlns:xsi=",
        "<Member OrganisationMemberId=\"150001\" Firstname=\"Ana\" \
         Lastname=\"Žagar &amp; &lt;&quot;Co&quot;&gt;\" Birthdate=\"2009-04-21\" Inactive=\"false\"",
        "<ContactInfo EMail=\"ana@example.si\" CellPhone1=\"+386 1\"/>",
        "<Organisation Id=\"123\" ClearTags=\"false\">",
        "<Role Id=\"3126\" StartDate=\"2026-01-01\" EndDate=\"2026-12-31\"/>",
        "<Tag Label=\"gym\"/>",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(PERSONAL_MARKS.iter().all(|mark| text.contains(mark)));
    assert!(server.violations().is_empty());
    let headers = export_with(&server, "", &[LOGIN, XML]);
    assert_eq!(headers.headers("Date"), ["Mon, 01 Jun 2026 10:00:00 GMT"]);
}

#[test]
fn both_paths_and_the_organisations() {
    let server = server(vec![ana()]);
    for path in ["/Organisation/Info", "/Organisation/Info/"] {
        let text = send(server.port(), "GET", path, &[LOGIN], "").unwrap().text();
        assert!(text.contains("<Role Id=\"3127\" Name=\"Sauna &amp; bad\"/>"), "{text}");
    }
    let body = "<Cardskipper><SearchCriteriaMember><OrganisationId value=\"123\"/>\
                </SearchCriteriaMember></Cardskipper>";
    let answer = send(server.port(), "POST", "/Member/Export", &[LOGIN, XML], body).unwrap();
    assert_eq!(numbers(&answer.text()), [150_001]);
    assert!(server.violations().is_empty());
}

#[test]
fn criteria_narrow_the_listing() {
    let old = Member::new(2).name("Bo", "Ek").role(123, 3127, "2025-01-01", "2025-12-31");
    let gone = Member::new(3).inactive(Some(true)).role(123, 3126, "2026-01-01", "2026-12-31");
    let elsewhere = Member::new(4).role(9, 1, "2026-01-01", "2026-12-31");
    let server = server(vec![ana(), old, gone, elsewhere]);
    let list = |criteria: &str| numbers(&export(&server, criteria));
    assert_eq!(list(""), [150_001, 2, 3]);
    assert_eq!(list("<RoleId value=\"3126\"/>"), [150_001, 3]);
    assert_eq!(list("<OrganisationMemberId value=\"2\"/>"), [2]);
    assert_eq!(list("<Birthdate value=\"2009-04-21\"/><Lastname value=\"žag\"/>"), [150_001]);
    assert_eq!(list("<TagContains value=\"gy\"/>"), [150_001]);
    let active = "<OnlyActive value=\"true\"/>";
    assert_eq!(list(active), [150_001]);
    server.set(|s| s.only_active = OnlyActive::Inactive);
    assert_eq!(list(active), [150_001, 2]);
    server.set(|s| s.only_active = OnlyActive::ExpiredRole);
    assert_eq!(list(active), [150_001, 3]);
    assert!(server.violations().is_empty());
}

#[test]
fn changes_are_those_after_the_time_given() {
    let server = server(vec![ana(), Member::new(2).role(123, 3126, "2026-01-01", "2026-12-31")]);
    let since = |time: &str| numbers(&export(&server, &format!("<ChangedAt value=\"{time}\"/>")));
    assert_eq!(since("2026-06-01T09:59:59"), [150_001, 2]);
    assert!(since("2026-06-01T10:00:00").is_empty());
    server.clock().advance(TimeDelta::minutes(5));
    assert!(server.edit(2, |member| member.set_end("2027-12-31")));
    assert!(!server.edit(7, |_| {}));
    assert_eq!(since("2026-06-01T10:00:00"), [2]);
    server.set(|s| s.changed_at = ChangedAtZone::Sweden);
    assert_eq!(since("2026-06-01T12:00:00"), [2]);
    assert!(since("2026-06-01T12:05:00").is_empty());
    server.add(Member::new(3).role(123, 1, "x", "y"));
    assert_eq!(since("2026-06-01T12:00:00"), [2, 3]);
    assert!(server.remove(2));
    assert_eq!(since("2026-06-01T12:00:00"), [3]);
    assert_eq!(numbers(&export(&server, "")), [150_001, 3]);
    server.clock().advance(TimeDelta::minutes(5));
    server.edit_all(|member| member.inactive = Some(member.number == 3));
    assert_eq!(since("2026-06-01T12:06:00"), [3]);
}

#[test]
fn logins_and_rights() {
    let server = server(Vec::new());
    let status = |login: (&str, &str)| export_with(&server, "", &[login, XML]).status;
    let bare = export_with(&server, "", &[XML]);
    assert_eq!(bare.status, 401);
    assert_eq!(bare.headers("WWW-Authenticate"), ["Basic realm=\"api.cardskipper.se\""]);
    assert_eq!(status(("Authorization", "Basic YTpi")), 401);
    assert_eq!(status(LOGIN), 200);
    server.set(|s| s.rights.export = false);
    assert_eq!(status(LOGIN), 403);
    assert_eq!(send(server.port(), "GET", "/Organisation/Info", &[LOGIN], "").unwrap().status, 200);
    server.set(|s| (s.rights.refusal, s.rights.organisation_info) = (401, false));
    assert_eq!(status(LOGIN), 401);
    assert_eq!(send(server.port(), "GET", "/Organisation/Info", &[LOGIN], "").unwrap().status, 401);
    server.set(|s| s.broken = Some(500));
    assert_eq!(status(LOGIN), 500);
    assert!(server.violations().is_empty());
}

#[test]
fn every_violation_of_the_service() {
    let server = server(Vec::new());
    let export_slug = |criteria: &str, headers: &[(&str, &str)]| {
        server.clear_violations();
        let status = export_with(&server, criteria, headers).status;
        (status, slugs(&server))
    };
    let one = |slug: &str| vec![slug.to_owned()];
    let changed = "<ChangedAt value=\"2026-01-01T00:00:00\"/>";
    let both = format!("<OnlyActive value=\"true\"/>{changed}");
    assert_eq!(export_slug(&both, &[LOGIN, XML]), (200, one("only-active-with-changed-at")));
    assert_eq!(export_slug("", &[LOGIN]), (200, one("content-type")));
    assert_eq!(export_slug("<UserId value=\"1\"/>", &[LOGIN, XML]), (200, one("not-modelled")));
    let order = format!("{changed}<RoleId value=\"1\"/>");
    assert_eq!(export_slug(&order, &[LOGIN, XML]), (400, one("criteria-order")));
    let digest = ("Authorization", "Digest x=1");
    assert_eq!(export_slug("", &[digest, XML]), (401, one("unknown-authorization")));
    for (method, target, slug) in [
        ("POST", "/Import/Member/", "import-used"),
        ("GET", "/Member/Export/", "wrong-method"),
        ("POST", "/Organisation/Info/", "wrong-method"),
        ("GET", "/Basedata/Country/", "unknown-path"),
        ("GET", "/Organisation/Info/?x=1", "unknown-path"),
    ] {
        server.clear_violations();
        assert!(send(server.port(), method, target, &[LOGIN, XML], "").unwrap().status >= 400);
        assert_eq!(slugs(&server), [slug], "{target}");
    }
    server.clear_violations();
    let length = [LOGIN, ("Content-Length", "1")];
    send(server.port(), "GET", "/Organisation/Info", &length, "x");
    assert_eq!(slugs(&server), ["get-with-body"]);
}

#[test]
fn another_organisation_is_refused() {
    let server = server(vec![ana()]);
    let body = "<Cardskipper><SearchCriteriaMember><OrganisationId value=\"9\"/>\
                </SearchCriteriaMember></Cardskipper>";
    let answer = send(server.port(), "POST", "/Member/Export/", &[LOGIN, XML], body).unwrap();
    assert_eq!(answer.status, 403);
}

#[test]
fn errors_speak_many_forms_and_two_languages() {
    let server = server(Vec::new());
    server.set(|s| s.broken = Some(403));
    let text = |body: ErrorBody, language: &str| {
        server.set(|s| s.error_body = body);
        export_with(&server, "", &[LOGIN, XML, ("Accept-Language", language)]).text()
    };
    assert!(text(ErrorBody::AspNetHtml, "en").contains("<h1>Server Error"));
    assert_eq!(text(ErrorBody::Text, "en-GB"), "Permission is missing for this call.");
    assert_eq!(text(ErrorBody::Text, "sv-SE"), "Behörighet saknas för anropet.");
    assert_eq!(text(ErrorBody::Empty, "en"), "");
    assert!(text(ErrorBody::Xml, "en").starts_with("<Error>"));
    server.set(|s| s.language = Language::Swedish);
    assert!(text(ErrorBody::Text, "en").starts_with("Behörighet"));
}

#[test]
fn forms_of_the_answer() {
    let member = ana().role(9, 1, "2026-02-01T08:00:00", "raw").inactive(None);
    let server = server(vec![member]);
    let with = |turn: fn(&mut Switches)| {
        server.set(|s| *s = Switches::default());
        server.set(turn);
        export_with(&server, "", &[LOGIN, XML])
    };
    let text = |turn: fn(&mut Switches)| with(turn).text();
    assert!(!text(|_| {}).contains("Inactive") && text(|_| {}).contains("EndDate=\"raw\""));
    assert!(text(|s| s.crlf = true).contains("\r\n  <Members>\r\n"));
    assert!(!text(|s| s.declarations = false).contains("xmlns"));
    assert!(text(|s| s.shuffled = true).contains("<Member Firstname="));
    assert!(text(|s| s.unknown_parts = true).contains("CardCode="));
    assert!(!text(|s| s.personal_data = false).contains(PERSONAL_MARKS[0]));
    for (form, wanted) in [
        (DateForm::Midnight, "2026-12-31T00:00:00\""),
        (DateForm::Fraction, "2026-12-31T00:00:00.0000000\""),
        (DateForm::Zulu, "2026-12-31T00:00:00Z\""),
        (DateForm::Offset, "2026-12-31T00:00:00+01:00\""),
    ] {
        server.set(|s| (*s, s.dates) = (Switches::default(), form));
        assert!(export(&server, "").contains(&format!("EndDate=\"{wanted}")), "{form:?}");
    }
    assert!(with(|s| s.encoding = Encoding::Utf8Bom).body.starts_with(b"\xef\xbb\xbf<?xml"));
    let wide = with(|s| s.encoding = Encoding::Utf16).body;
    assert!(wide.starts_with(b"\xff\xfe<\0?\0"));
    assert!(with(|s| s.answer = Answer::Empty).body.is_empty());
    assert!(text(|s| s.answer = Answer::Html).contains("<form"));
    assert!(text(|s| s.answer = Answer::OtherRoot).starts_with("<Result>"));
    assert!(text(|s| s.answer = Answer::EntityBomb).contains("<!ENTITY a9 "));
    assert!(!text(|s| s.answer = Answer::Truncated).contains("</Cardskipper>"));
}

#[test]
fn an_empty_listing_has_two_forms() {
    let server = server(Vec::new());
    assert!(export(&server, "").contains("<Members/>"));
    server.set(|s| s.empty = EmptyListing::NoElement);
    assert!(!export(&server, "").contains("Members"));
    assert_eq!(server.member(1), None);
}

#[test]
fn gzip_only_if_accepted() {
    let server = server(vec![ana()]);
    server.set(|s| s.gzip = true);
    let plain = export_with(&server, "", &[LOGIN, XML]);
    assert!(plain.headers("Content-Encoding").is_empty());
    let packed = export_with(&server, "", &[LOGIN, XML, ("Accept-Encoding", "gzip, br")]);
    assert_eq!(packed.headers("Content-Encoding"), ["gzip"]);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
}

#[test]
fn the_same_number_may_come_twice() {
    let server = server(vec![ana(), ana().born("2009-04-22")]);
    assert_eq!(numbers(&export(&server, "")), [150_001, 150_001]);
}

#[test]
fn a_large_listing_is_made_once() {
    let server = server((1..=20_000).map(|n| Member { number: n, ..ana() }).collect());
    assert_eq!(numbers(&export(&server, "")).len(), 20_000);
    let began = std::time::Instant::now();
    let again = export_with(&server, "", &[LOGIN, XML]);
    assert!(again.body.len() > 8_000_000);
    assert!(began.elapsed() < std::time::Duration::from_secs(2));
    server.remove(1);
    assert_eq!(numbers(&export(&server, "")).len(), 19_999);
}

#[test]
fn tls_and_port_can_be_chosen() {
    let server = Server::start(Settings { tls: Tls::SelfSigned, ..Settings::default() });
    assert!(server.url().starts_with("https://"));
    assert!(server.certificate_sha256().is_some());
    let port = server.port();
    drop(server);
    assert_eq!(Server::start(Settings { port, ..Settings::default() }).port(), port);
}

/// Mutants: an answer of other changes; one from before an edit; one that is not at hand.
#[test]
fn what_was_rendered_ahead_is_what_would_be_told() {
    let server = server(vec![ana(), Member::new(2).role(123, 1, "2026-01-01", "2026-12-31")]);
    let since = |time: &str| export(&server, &format!("<ChangedAt value=\"{time}\"/>"));
    let clock = server.clock();
    let none = since("2026-06-01T10:00:00");
    clock.advance(TimeDelta::hours(2));
    server.render_ahead("2026-06-01T11:00:00Z".parse().unwrap());
    assert_eq!(since("2026-06-01T11:30:00"), none);
    assert_eq!(numbers(&since("2026-06-01T09:59:59")), [150_001, 2]);
    assert!(server.edit(2, |member| member.last.push('a')));
    server.render_ahead("2026-06-01T11:00:00Z".parse().unwrap());
    assert_eq!(numbers(&since("2026-06-01T10:00:00")), [2]);
    assert_eq!(numbers(&since("2026-06-01T11:59:59")), [2]);
    assert_eq!(since("2026-06-01T12:00:00"), none);
    assert_eq!(numbers(&export(&server, "")), [150_001, 2]);
    server.set(|switches| switches.changed_at = ChangedAtZone::Sweden);
    server.render_ahead("2026-06-01T11:00:00Z".parse().unwrap());
    assert_eq!(numbers(&since("2026-06-01T13:59:59")), [2]);
    assert_eq!(since("2026-06-01T14:00:00"), none);
}
