//! Bodies of Cardskipper that are too large, too deep, too wide, untrue about their length, or no
//! document at all.

use ivms_sync_simulators::http::{Fault, Step, gzip_bomb};

use super::{LATER, club_is_refused, goes_on, with_news};

const XML: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n";
const BEGIN: &str = "<?xml version=\"1.0\"?><Cardskipper><Members>";
const END: &str = "</Members></Cardskipper>";

/// An answer that ends where the connection does.
fn body(text: impl AsRef<str>) -> Fault {
    Fault::bytes(format!("{XML}\r\n{}", text.as_ref()))
}

#[test]
fn bodies_without_end_are_left_at_the_limit() {
    let sandbox = with_news();
    let many = "<Member OrganisationMemberId=\"1\"/>".repeat(2000);
    let chunk = format!("{:x}\r\n{many}\r\n", many.len());
    let begin_chunk = format!("{:x}\r\n{BEGIN}\r\n", BEGIN.len());
    let (start, block) = gzip_bomb(BEGIN.as_bytes());
    let packed = [format!("{XML}Content-Encoding: gzip\r\n\r\n").as_bytes(), &start].concat();
    for (what, fault, words) in [
        ("members", Fault::endless(format!("{XML}\r\n{BEGIN}"), many.clone()), "larger than"),
        (
            "chunks",
            Fault::endless(format!("{XML}Transfer-Encoding: chunked\r\n\r\n{begin_chunk}"), chunk),
            "larger than",
        ),
        ("a gzip bomb", Fault::endless(packed, block), "larger than"),
        ("a gigabyte, announced", Fault::HugeBody(1 << 30), "larger than"),
        ("spaces", Fault::endless(format!("{XML}\r\n"), " ".repeat(60_000)), "nothing in place of"),
        (
            "JSON",
            Fault::endless(format!("{XML}\r\n{{\"a\":["), "1,".repeat(30_000)),
            "JSON in place of",
        ),
        ("binary", Fault::endless(format!("{XML}\r\n\u{1}"), vec![7; 60_000]), "in place of"),
        ("200 MB of spaces, announced", Fault::HugeBody(200 << 20), "nothing in place of"),
    ] {
        club_is_refused(&sandbox, what, fault, words);
    }
    goes_on(&sandbox);
}

#[test]
fn lengths_that_are_not_true_never_pass() {
    let sandbox = with_news();
    let page = format!("{BEGIN}{END}");
    let with = |headers: &str| Fault::bytes(format!("{XML}{headers}\r\n{page}"));
    let length = page.len();
    for (what, fault, words) in [
        ("shorter", Fault::WrongContentLength(-10), "not well-formed"),
        ("longer", Fault::WrongContentLength(10), "broke off"),
        ("far longer", with("Content-Length: 99999999\r\n"), "broke off"),
        ("absurd", with("Content-Length: 99999999999999999999999999\r\n"), "Member/Export"),
        ("beyond the limit", with("Content-Length: 18446744073709551615\r\n"), "larger than"),
        ("negative", with("Content-Length: -1\r\n"), "Member/Export"),
        ("a word", with("Content-Length: many\r\n"), "Member/Export"),
        ("a chunk that is too long", with("Transfer-Encoding: chunked\r\n"), "Member/Export"),
        (
            "a chunk beyond all memory",
            Fault::bytes(format!(
                "{XML}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n<a/>"
            )),
            "Member/Export",
        ),
        (
            "a size of a chunk without end",
            Fault::endless(format!("{XML}Transfer-Encoding: chunked\r\n\r\n"), "1".repeat(10_000)),
            "Member/Export",
        ),
        (
            "two",
            with(&format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length - 10)),
            "Member/Export",
        ),
        ("no gzip", with("Content-Encoding: gzip\r\n"), "broke off"),
    ] {
        club_is_refused(&sandbox, what, fault, words);
    }
    goes_on(&sandbox);
}

#[test]
fn documents_that_are_too_deep_or_too_wide_end_quickly() {
    let sandbox = with_news();
    let deep =
        |count: usize| format!("{BEGIN}{}{}{END}", "<a>".repeat(count), "</a>".repeat(count));
    let attributes: String = (0..1_000_000).map(|at| format!(" a{at}=\"\"")).collect();
    let declared: String = (0..50_000).map(|at| format!(" xmlns:a{at}=\"u{at}\"")).collect();
    let nested: String = (0..60_000).map(|at| format!("<a xmlns:n{at}=\"u{at}\">")).collect();
    for (what, fault, words) in [
        ("100,000 levels", body(deep(100_000)), "more than 256 elements within each other"),
        ("a million attributes", body(format!("{BEGIN}<Member{attributes}/>{END}")), "attributes"),
        (
            "50,000 namespaces",
            body(format!("{BEGIN}<Member{declared}/>{END}")),
            "attributes of one",
        ),
        ("60,000 nested namespaces", body(format!("{BEGIN}{nested}")), "namespaces in one place"),
        (
            "fifteen million elements",
            Fault::Wire(vec![
                Step::Send(format!("{XML}\r\n{BEGIN}").into()),
                Step::Repeat("<a/>".repeat(15_000).into(), 1000),
                Step::Send(END.into()),
            ]),
            "more than 14000000 elements",
        ),
        ("100,000 levels of JSON", body("[".repeat(100_000)), "JSON in place of"),
    ] {
        club_is_refused(&sandbox, what, fault, words);
    }
    goes_on(&sandbox);
}

#[test]
fn entities_and_other_documents_are_never_followed() {
    let sandbox = with_news();
    let secret = sandbox.path("secret.txt");
    std::fs::write(&secret, "<Members/>").unwrap();
    let file = format!("file://{}", secret.display());
    let doc_type = |inside: &str, text: &str| {
        body(format!(
            "<?xml version=\"1.0\"?><!DOCTYPE Cardskipper {inside}><Cardskipper>{text}</Cardskipper>"
        ))
    };
    let bomb: String =
        (1..20).map(|at| format!("<!ENTITY l{at} \"&l{};&l{};\">", at - 1, at - 1)).collect();
    for (what, fault) in [
        ("a bomb", doc_type(&format!("[<!ENTITY l0 \"lol\">{bomb}]"), "&l19;")),
        ("a file", doc_type(&format!("[<!ENTITY f SYSTEM \"{file}\">]"), "&f;")),
        ("an address", doc_type(&format!("SYSTEM \"{}/dtd\"", sandbox.club.cardskipper.url()), "")),
        ("a parameter", doc_type(&format!("[<!ENTITY % f SYSTEM \"{file}\"> %f;]"), "")),
        ("an unknown one", body(format!("{BEGIN}&f;{END}"))),
        ("a control character", body(format!("{BEGIN}<Member Firstname=\"&#27;[31m\"/>{END}"))),
        ("a NUL", body(format!("{BEGIN}<Member Firstname=\"\0\"/>{END}"))),
        ("a stylesheet", body("<?xml-stylesheet href=\"http://127.0.0.1:1/x.xsl\"?><html/>")),
    ] {
        club_is_refused(&sandbox, what, fault, "Member/Export");
    }
    let asked = sandbox.club.cardskipper.requests();
    assert!(asked.iter().all(|request| !request.target.contains("dtd")));
    goes_on(&sandbox);
}

/// Large but true: read, cut to what is needed, and no harm done.
#[test]
fn huge_values_of_one_member_are_cut_and_the_others_served() {
    let sandbox = with_news();
    sandbox.club.cardskipper.edit(ivms_sync_simulators::club::number(7), |member| {
        member.first = "N".repeat(10_000_000);
        member.last = format!("Ž{}", "ž".repeat(1_000_000));
    });
    goes_on(&sandbox);
    let size = std::fs::metadata(sandbox.state()).unwrap().len();
    assert!(size < 4_000_000, "{size} bytes");
}

/// A second answer after the first is nobody's: it is not read, and not taken for the next one.
#[test]
fn an_answer_to_a_request_that_was_not_made_is_not_read() {
    let sandbox = with_news();
    let empty = format!("{BEGIN}{END}");
    let one = format!("{XML}Content-Length: {}\r\n\r\n{empty}", empty.len());
    sandbox.club.cardskipper.fault(Fault::bytes(one.repeat(2)).on("/Member/Export").times(1));
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(run["changes"], serde_json::json!([]), "no news in a listing of changes");
    // The news had been there before that answer, which the overlap makes up for.
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(run["changes"].as_array().unwrap().len(), 2, "{run:#}");
    sandbox.assert_well_behaved();
}
