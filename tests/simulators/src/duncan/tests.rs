//! The agency, seen from the network and from its spool.

use std::fs;

use super::*;
use crate::base64;
use crate::service::{Login, Mishap, Settings};
use crate::testing::{Answer, JSON, send};

const ACCEPT: (&str, &str) = ("Accept", "application/json");
const KEYS: [&str; 5] = [
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11",
    "0f1c4b1e-7d3f-5c9b-9a55-3c2f1d0e9b77",
    "3b241101-e2bb-5255-8caf-4136c566a962",
    "9f2d1c3e-0a4b-5d6c-b7e8-1f2a3b4c5d6e",
];

/// An agency to which three citations may be referred, of 25.00, 40.00 and 7.50.
fn agency() -> Server {
    let login = Login::Basic("city".into(), "collect-secret-1".into());
    let server = Server::start(Settings { login, ..Settings::default() });
    for (reference, amount) in [("A-1", 2500), ("A-2", 4000), ("A-3", 750)] {
        server.set_standing(reference, Standing::Owed(amount));
    }
    server
}

fn row(reference: &str, amount: &str) -> String {
    format!(
        "{{\"referenceId\":\"{reference}\",\"licensePlate\":\"XYZ789\",\"state\":\"CT\",\
         \"violationCode\":\"PKG-001\",\"issuedAt\":\"2024-01-01T12:15:00.000Z\",\"zoneNumber\":\"A1\",\
         \"amountDue\":\"{amount}\",\"currency\":\"USD\"}}"
    )
}

fn three() -> String {
    format!("[{},{},{}]", row("A-1", "25.00"), row("A-2", "40.00"), row("A-3", "7.50"))
}

fn call(server: &Server, method: &str, path: &str, key: usize, body: &str) -> Option<Answer> {
    let login = format!("Basic {}", base64::encode(b"city:collect-secret-1"));
    let headers = [("Authorization", login.as_str()), ACCEPT, JSON, ("Idempotency-Key", KEYS[key])];
    let count = if method == "GET" { 2 } else { 4 };
    send(server.port(), method, &format!("/v1/{path}"), &headers[..count], body)
}

fn refer(server: &Server, key: usize, body: &str) -> Option<Answer> {
    call(server, "POST", "citations", key, body)
}

fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}

#[test]
fn a_batch_is_acknowledged() {
    let server = agency();
    let answer = refer(&server, 0, &three()).unwrap();
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "{\"id\":\"batch_1\",\"count\":3,\"totalDue\":\"72.50\",\"errors\":[]}")
    );
    assert_eq!(
        (server.open(), server.open_total()),
        (vec!["A-1".into(), "A-2".into(), "A-3".into()], 7250)
    );
    let back = call(&server, "GET", "batches/batch_1", 0, "").unwrap();
    assert_eq!(
        back.text(),
        "{\"id\":\"batch_1\",\"count\":3,\"totalDue\":\"72.50\",\"errors\":[],\
         \"referenceIds\":[\"A-1\",\"A-2\",\"A-3\"]}"
    );
    assert_eq!(
        call(&server, "GET", "citations/A-3", 0, "").unwrap().text(),
        "{\"referenceId\":\"A-3\",\"status\":\"Open\",\"amountDue\":\"7.50\"}"
    );
    assert_eq!(call(&server, "GET", "citations/A-4", 0, "").unwrap().status, 404);
    assert_eq!(server.referral("A-1").unwrap().amount, 2500);
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn a_lost_answer_is_read_back() {
    let server = agency();
    server.trouble(|troubles| troubles.documents = vec![Mishap::LostBefore, Mishap::LostAfter]);
    assert!(refer(&server, 0, &three()).is_none());
    let by_key = format!("idempotency-keys/{}", KEYS[0]);
    assert_eq!(call(&server, "GET", &by_key, 0, "").unwrap().status, 404, "it never came");
    assert!(refer(&server, 0, &three()).is_none());
    assert_eq!(call(&server, "GET", &by_key, 0, "").unwrap().json()["count"], 3);
    assert_eq!(slugs(&server), [""; 0]);
    assert_eq!(refer(&server, 0, &three()).unwrap().json()["id"], "batch_1");
    assert_eq!(["A-1", "A-2", "A-3"].map(|one| server.times_taken(one)), [1, 1, 1]);
}

#[test]
fn some_may_be_refused() {
    let server = agency();
    server.set(|switches| {
        switches.refuses = [("A-2".to_owned(), "no_address".to_owned())].into();
    });
    let answer = refer(&server, 0, &three()).unwrap().json();
    assert_eq!((&answer["count"], &answer["totalDue"]), (&2.into(), &"32.50".into()));
    assert_eq!(answer["errors"][0]["referenceId"], "A-2");
    assert_eq!(answer["errors"][0]["code"], "no_address");
    assert_eq!(server.open(), ["A-1", "A-3"]);
    server.set(|switches| (switches.refuses, switches.refuses_all) = (BTreeMap::new(), Some(400)));
    assert_eq!(refer(&server, 1, &format!("[{}]", row("A-2", "40.00"))).unwrap().status, 400);
    assert_eq!(server.open(), ["A-1", "A-3"]);
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn whoever_must_never_be_referred() {
    for (standing, slug) in [
        (None, "referred-unknown"),
        (Some(Standing::Paid), "referred-paid"),
        (Some(Standing::Contested), "referred-contested"),
        (Some(Standing::Hold), "referred-on-hold"),
        (Some(Standing::Dismissed), "referred-dismissed"),
        (Some(Standing::Owed(2501)), "referred-amount"),
    ] {
        let server = agency();
        if let Some(standing) = standing {
            server.set_standing("A-9", standing);
        }
        assert_eq!(refer(&server, 0, &format!("[{}]", row("A-9", "25.00"))).unwrap().status, 200);
        assert_eq!(slugs(&server), [slug]);
        assert_eq!(server.open(), ["A-9"], "it is dunned all the same");
    }
}

#[test]
fn withdrawals_come_first() {
    let server = agency();
    refer(&server, 0, &format!("[{}]", row("A-1", "25.00")));
    server.set_standing("A-1", Standing::Paid);
    refer(&server, 1, &format!("[{}]", row("A-2", "40.00")));
    assert_eq!(slugs(&server), ["withdraw-first"]);
    let paid = "[{\"referenceId\":\"A-1\",\"newStatus\":\"Paid\",\
                \"payments\":[{\"date\":\"2024-02-03\",\"amount\":\"25.00\"}]},\
                {\"referenceId\":\"A-7\",\"newStatus\":\"Void\"}]";
    let answer = call(&server, "POST", "status", 2, paid).unwrap().json();
    assert_eq!((&answer["count"], &answer["errors"][0]["code"]), (&1.into(), &"unknown".into()));
    assert_eq!(
        (server.status("A-1").unwrap().as_str(), server.open()),
        ("Paid", vec!["A-2".into()])
    );
    let open = "[{\"referenceId\":\"A-1\",\"newStatus\":\"Open\"}]";
    call(&server, "POST", "status", 3, open);
    assert_eq!(slugs(&server), ["opened-again"]);
    call(&server, "POST", "status", 4, &open.replace("Open", "Void"));
    server.set_standing("A-1", Standing::Owed(2500));
    server.forget_keys();
    refer(&server, 0, &format!("[{}]", row("A-1", "25.00")));
    assert_eq!(slugs(&server), ["referred-withdrawn"]);
    server.forget_keys();
    let again = refer(&server, 0, &format!("[{}]", row("A-1", "25.00"))).unwrap().json();
    assert_eq!((&again["count"], &again["errors"][0]["code"]), (&0.into(), &"duplicate".into()));
    assert_eq!(slugs(&server), ["referred-twice"]);
}

#[test]
fn acknowledgements_may_be_wrong() {
    for (ack, text) in [
        (Ack::CountOff(1), "{\"id\":\"batch_1\",\"count\":4,\"totalDue\":\"72.50\",\"errors\":[]}"),
        (
            Ack::CountOff(-3),
            "{\"id\":\"batch_1\",\"count\":0,\"totalDue\":\"72.50\",\"errors\":[]}",
        ),
        (
            Ack::DollarsOff(-1),
            "{\"id\":\"batch_1\",\"count\":3,\"totalDue\":\"72.49\",\"errors\":[]}",
        ),
        (Ack::DollarsNumber, "{\"id\":\"batch_1\",\"count\":3,\"totalDue\":72.50,\"errors\":[]}"),
        (Ack::NoDollars, "{\"id\":\"batch_1\",\"count\":3,\"errors\":[]}"),
        (Ack::NoCount, "{\"id\":\"batch_1\",\"totalDue\":\"72.50\",\"errors\":[]}"),
        (
            Ack::StrangerRefused,
            "{\"id\":\"batch_1\",\"count\":3,\"totalDue\":\"72.50\",\"errors\":[{\"referenceId\":\"AIMS-0\",\
             \"code\":\"duplicate\",\"message\":\"not taken\"}]}",
        ),
    ] {
        let server = agency();
        server.set(|switches| switches.ack = ack);
        assert_eq!(refer(&server, 0, &three()).unwrap().text(), text);
        assert_eq!(
            call(&server, "GET", "batches/batch_1", 0, "").unwrap().json()["totalDue"],
            "72.50"
        );
        refer(&server, 0, &three());
        assert_eq!(slugs(&server), [""; 0], "it was read back");
    }
    let server = agency();
    server.set(|switches| switches.takes_only = Some(1));
    assert_eq!(refer(&server, 0, &three()).unwrap().json()["totalDue"], "25.00");
    refer(&server, 0, &three());
    assert_eq!(slugs(&server), ["not-asked-first"]);
    assert_eq!(server.open(), ["A-1"]);
}

#[test]
fn batches_that_are_none() {
    let many: Vec<String> = (0..1001).map(|number| row(&format!("A-{number}"), "1.00")).collect();
    let good = format!("[{}]", row("A-1", "25.00"));
    for (body, slug) in [
        (good.replace("\"25.00\"", "25.00"), "amount-number"),
        (good.replace("25.00", "25.0"), "amount-decimals"),
        (good.replace("25.00", "0.00"), "amount-sign"),
        (good.replace("25.00", "-25.00"), "amount-sign"),
        (good.replace("25.00", "$25.00"), "amount-form"),
        (good.replace("USD", "EUR"), "unknown-word"),
        (good.replace("\"state\":\"CT\",", ""), "missing-field"),
        (good.replace("\"CT\"", "\"\""), "empty-field"),
        (good.replace("\"state\"", "\"name\":\"Ana Novak\",\"state\""), "unknown-field"),
        (format!("[{},{}]", row("A-1", "25.00"), row("A-1", "25.00")), "reference-twice"),
        (row("A-1", "25.00"), "field-type"),
        (format!("[{}]", many.join(",")), "batch-size"),
        ("[]".to_owned(), "empty-batch"),
    ] {
        let server = agency();
        let answer = refer(&server, 0, &body).unwrap();
        assert!(answer.status >= 400 || answer.status == 204);
        assert_eq!((slugs(&server), server.open()), (vec![slug.to_owned()], vec![]));
    }
    let server = agency();
    refer(&server, 0, &good);
    for (key, body, slug) in [
        (1, "[{\"referenceId\":\"A-1\",\"newStatus\":\"paid\"}]", "unknown-word"),
        (
            2,
            "[{\"referenceId\":\"A-1\",\"newStatus\":\"Paid\",\"payments\":[{\"date\":\"3.2.2024\",\"amount\":\"1.00\"}]}]",
            "date-form",
        ),
        (
            2,
            "[{\"referenceId\":\"A-1\",\"newStatus\":\"Paid\",\"payments\":[{\"date\":\"2024-02-03\",\"amount\":1}]}]",
            "amount-number",
        ),
    ] {
        assert_eq!(call(&server, "POST", "status", key, body).unwrap().status, 400);
        assert_eq!(slugs(&server), [slug]);
    }
    let much = "[{\"referenceId\":\"A-1\",\"newStatus\":\"Paid\",\"payments\":[{\"date\":\"2024-02-03\",\"amount\":\"25.01\"}]}]";
    call(&server, "POST", "status", 2, much);
    assert_eq!(slugs(&server), ["paid-too-much"]);
}

#[test]
fn files_in_a_spool() {
    let folder = std::env::temp_dir().join(format!("duncan-spool-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let server = agency();
    let columns =
        "referenceId,licensePlate,state,violationCode,issuedAt,zoneNumber,amountDue,currency";
    let rows = "A-1,XYZ789,CT,PKG-001,2024-01-01T12:15:00Z,A1,25.00,USD\n\
                A-3,XYZ790,CT,PKG-001,2024-01-01T12:15:00Z,A1,7.50,USD\n";
    let good = format!("{columns}\n{rows}TRAILER,2,32.50\n");
    put("1.csv", &good);
    put(".2.csv.part", &good);
    assert_eq!(server.collect(&folder).unwrap(), ["1.csv"]);
    assert_eq!(fs::read_to_string(folder.join("ACK-1.csv")).unwrap(), "count,totalDue\n2,32.50\n");
    assert_eq!((server.open_total(), slugs(&server)), (3250, vec![]));
    assert_eq!(server.collect(&folder).unwrap(), [""; 0], "it was taken");
    let row = "A-2,XYZ789,CT,PKG-001,2024-01-01T12:15:00Z,A1,40.00,USD\n";
    for (text, slug) in [
        (good.clone(), "file-twice"),
        (format!("{columns}\n{row}TRAILER,2,40.00\n"), "file-trailer"),
        (format!("{columns}\n{row}TRAILER,1,40.01\n"), "file-trailer"),
        (format!("{columns}\n{row}"), "file-trailer"),
        (format!("{columns}\n{row}TRAILER,1,40.0"), "file-cut"),
        (format!("{columns}\nTRAILER,1,40.00\n{row}"), "file-row"),
        (format!("referenceId\n{row}TRAILER,1,40.00\n"), "file-columns"),
        (format!("{columns}\n{}TRAILER,1,40.00\n", row.replace("A-2", "=A2")), "file-row"),
        (format!("{columns}\n{}TRAILER,1,40.00\n", row.replace("40.00", "40")), "amount-decimals"),
    ] {
        put("3.csv", &text);
        assert_eq!(server.collect(&folder).unwrap(), [""; 0]);
        assert_eq!(slugs(&server), [slug], "{text}");
    }
    put("3.csv", &format!("{columns}\n{row}TRAILER,1,40.00\n"));
    assert_eq!(server.collect(&folder).unwrap(), ["3.csv"]);
    assert_eq!(server.open(), ["A-1", "A-2", "A-3"]);
    let back = "referenceId,newStatus\r\n\"A-1\",Paid\r\nA-9,Void\r\nTRAILER,2,0.00\r\n";
    for (text, slug) in [
        (back.replace("TRAILER,2,0.00", "TRAILER,2,25.00"), "file-trailer"),
        (back.replace("\"A-1\"", "\"A-1"), "file-quotes"),
        (back.replace("Paid", "paid"), "unknown-word"),
        (back.replace("A-9", "-9"), "file-row"),
    ] {
        put("4.csv", &text);
        assert_eq!(server.collect(&folder).unwrap(), [""; 0]);
        assert_eq!(slugs(&server), [slug], "{text}");
    }
    put("4.csv", back);
    assert_eq!(server.collect(&folder).unwrap(), ["4.csv"]);
    assert_eq!((server.status("A-1").as_deref(), slugs(&server)), (Some("Paid"), vec![]));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(server.open(), ["A-2", "A-3"]);
}
