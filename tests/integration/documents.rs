//! Documents that leave, with the real binary and a strict cashier that counts what it did.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync::store::lock::take;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::gtcs;
use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::service::{Mishap, Settings};
use ivms_sync_simulators::teller::{Server, Wrong};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::pinned::instant;
use super::support::town::Runs;
use super::support::{Said, binary, finish, program, said, wait_until};

const NOON: &str = "2024-01-01T17:00:00Z";
const SECRET: &str = "service-secret-1";

/// The refund of the reference.
const REFUND: &str = r#"{ "refundId": "refund_1", "originalPaymentId": "park_payment_123", "refundAmount": 119, "reason": "EARLY_SESSION_END",
  "metadata": { "sessionId": "session_789" } }"#;

/// A cashier who has taken one payment, and an office that gives money back.
struct Office {
    folder: TempDir,
    cashier: Server,
}

fn at(minutes: i64) -> DateTime<Utc> {
    instant(NOON) + TimeDelta::minutes(minutes)
}

fn refund(id: &str, payment: &str, amount: u32) -> String {
    format!(
        "{{\"refundId\":\"{id}\",\"originalPaymentId\":\"{payment}\",\"refundAmount\":{amount},\
         \"reason\":\"EARLY_SESSION_END\"}}"
    )
}

impl Runs for Office {
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
        self.cashier.begin_run();
        let found = said(&mut self.command(minutes, arguments));
        assert!(!format!("{found:?}").contains(SECRET), "{found:?}");
        found
    }
}

impl Office {
    fn new(more: &str) -> Self {
        Self::wanting(more, &[])
    }

    /// `wanted` are what the client is to do wrong in this test.
    fn wanting(more: &str, wanted: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(instant(NOON));
        let wanted = wanted.to_vec();
        let cashier = Server::start(Settings { clock, wanted, ..Settings::default() });
        cashier.capture("park_payment_123", 475, 25, at(-60));
        cashier.capture("large", 90_000, 25, at(-60));
        let config = format!(
            "[teller.cashier]\nurl = \"{}\"\ncurrency = \"USD\"\nsecret = {{ env = \"TELLER\" }}\n{more}\n",
            cashier.url()
        );
        fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        fs::write(folder.path().join("refund.json"), REFUND).unwrap();
        Self { folder, cashier }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, minutes: i64, arguments: &[&str]) -> assert_cmd::Command {
        self.cashier.clock().set(at(minutes));
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", at(minutes).to_rfc3339()).env("TELLER", SECRET);
        command.args(arguments);
        command
    }

    /// Hands the refund over, and says how it is then.
    #[track_caller]
    fn hand_over(&self, minutes: i64, code: i32) -> Value {
        let found = self.json(minutes, code, &["apply", "refund.json", "--to", "cashier"]);
        found["documents"][0].clone()
    }

    #[track_caller]
    fn assert_given(&self, id: &str, times: usize) {
        assert_eq!(self.cashier.effects(id), times, "{id}");
        assert_eq!(self.cashier.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_refund_is_looked_at_sent_and_found_again() {
    let office = Office::new("");
    let looked = office.json(0, 0, &["diff", "refund.json", "--to", "cashier"]);
    let one = &looked["documents"][0];
    assert_eq!((&one["state"], &one["amount"]), (&json!("new"), &json!("1.19")));
    assert_eq!((&one["left"], &one["currency"]), (&json!("4.75"), &json!("USD")));
    assert_eq!(one["payment"], "park_payment_123");
    office.run(0, &["diff", "refund.json", "--to", "cashier", "--exit-code"]).ends(2);
    office.assert_given("refund_1", 0);
    let sent = office.hand_over(1, 0);
    assert_eq!(
        (&sent["state"], &sent["answer"]["status"]),
        (&json!("confirmed"), &json!("COMPLETED"))
    );
    office.assert_given("refund_1", 1);
    // Once more: the stored answer, and not a byte leaves.
    let asked = office.cashier.requests().len();
    let again = office.hand_over(2, 0);
    assert_eq!(again["answer"], sent["answer"]);
    assert_eq!(office.cashier.requests().len(), asked);
    office.assert_given("refund_1", 1);
    // Other content under the same id.
    office.write("refund.json", &refund("refund_1", "park_payment_123", 120));
    let other = office.hand_over(3, 4);
    assert_eq!(other["amount"], "1.19", "what is known of it");
    office.assert_given("refund_1", 1);
    for who in ["refund:refund_1", "document:refund_1"] {
        let found = office.json(4, 0, &["lookup", who]);
        assert_eq!(found["documents"][0]["state"], "confirmed");
    }
    let found = office.json(4, 0, &["lookup", "payment:park_payment_123"]);
    assert_eq!(
        (&found["payments"][0]["left"], &found["payments"][0]["amount"]),
        (&json!("3.56"), &json!("4.75"))
    );
    assert_eq!(found["documents"][0]["id"], "refund_1");
    office.run(4, &["lookup", "payment:none"]).ends(20);
    office.run(4, &["lookup", "payment:none", "--offline"]).ends(20);
    office.tick(5, 0);
    assert_eq!(office.cashier.violations(), Vec::<String>::new());
}

/// P10: one effect, whatever happens on the way, and what became of it is found out by the runs that follow.
#[test]
fn whatever_happens_on_the_way_there_is_one_effect() {
    for (mishap, code, times) in [
        (Mishap::LostAfter, 0, 1),
        (Mishap::LostBefore, 5, 0),
        (Mishap::FailsAfter(500), 0, 1),
        (Mishap::FailsBefore(500), 5, 0),
        (Mishap::FailsAfter(503), 0, 1),
        (Mishap::FailsBefore(429), 5, 0),
        (Mishap::PageAfter, 0, 1),
        (Mishap::PageBefore, 5, 0),
        (Mishap::CutAfter, 0, 1),
    ] {
        let office = Office::new("");
        office.cashier.trouble(|troubles| troubles.documents.push(mishap));
        let found = office.hand_over(0, code);
        let state = if code == 0 { "confirmed" } else { "unknown" };
        assert_eq!(found["state"], state, "{mishap:?}");
        office.assert_given("refund_1", times);
        let ticked = office.tick(6, 0);
        if code == 5 {
            assert_eq!(ticked["documents"][0]["state"], "confirmed", "{mishap:?}");
        }
        assert_eq!(office.hand_over(12, 0)["state"], "confirmed", "{mishap:?}");
        office.assert_given("refund_1", 1);
        assert!(office.tick(18, 0).get("documents").is_none(), "{mishap:?}: nothing is open");
    }
}

/// The question is lost as well, and answers that cannot be believed are no confirmation.
#[test]
fn an_answer_that_does_not_check_confirms_nothing() {
    for wrong in [
        Wrong::OtherId,
        Wrong::OtherPayment,
        Wrong::OtherAmount,
        Wrong::AmountText,
        Wrong::AmountFloat,
        Wrong::NoAmount,
        Wrong::UnknownStatus,
    ] {
        let office = Office::new("");
        office.cashier.set(|switches| switches.wrong = wrong);
        // The payment can be asked for, and whether the refund is there; then nothing can be for a while.
        office.cashier.trouble(|troubles| {
            troubles.questions = [vec![Mishap::Answered; 2], vec![Mishap::LostBefore; 3]].concat();
        });
        assert_eq!(office.hand_over(0, 5)["state"], "unknown", "{wrong:?}");
        office.cashier.set(|switches| switches.wrong_state = wrong);
        assert_eq!(office.tick(6, 5)["documents"][0]["state"], "unknown", "{wrong:?}");
        // Until that is known, it counts as given.
        office.write("other.json", &refund("refund_2", "park_payment_123", 400));
        office.cashier.set(|switches| switches.wrong_state = Wrong::Nothing);
        office.run(7, &["apply", "other.json", "--to", "cashier"]).ends(4);
        assert_eq!(office.tick(30, 0)["documents"][0]["state"], "confirmed", "{wrong:?}");
        office.assert_given("refund_1", 1);
        office.assert_given("refund_2", 0);
    }
}

#[test]
fn what_cannot_be_asked_is_repeated_while_its_key_lives_and_then_waits_for_a_person() {
    let office = Office::new("key_lives = \"2h\"");
    office.cashier.trouble(|troubles| {
        troubles.key_lives = TimeDelta::hours(2);
        troubles.documents = vec![Mishap::LostAfter, Mishap::LostAfter];
    });
    // A payment can be asked for when the refund is judged, and nothing can be from then on.
    office.hand_over(0, 0);
    office.assert_given("refund_1", 1);
    let office = Office::new("key_lives = \"2h\"");
    office.cashier.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostAfter];
        troubles.questions = vec![Mishap::Answered, Mishap::Answered, Mishap::FailsBefore(405)];
    });
    assert_eq!(office.hand_over(0, 5)["state"], "unknown");
    office.cashier.trouble(|troubles| {
        (troubles.tells_state, troubles.key_lives) = (false, TimeDelta::hours(2))
    });
    let after = office.tick(121, 4);
    assert_eq!(after["documents"][0]["state"], "unknown");
    let problem = &after["problems"][0];
    assert_eq!(problem["kind"], "document-unsettled");
    assert!(
        problem["hint"].as_str().unwrap().contains("apply --settle refund_1=done"),
        "{problem}"
    );
    office.run(122, &["apply", "--settle", "refund_1=maybe"]).ends(64);
    office.run(122, &["apply", "--settle", "refund_2=done"]).ends(64);
    let settled = office.json(122, 0, &["apply", "--settle", "refund_1=done"]);
    assert_eq!(settled["documents"][0]["state"], "settled");
    office.run(123, &["apply", "--settle", "refund_1=done"]).ends(64);
    office.tick(125, 0);
    assert_eq!(office.hand_over(130, 0)["state"], "settled", "for ever");
    office.assert_given("refund_1", 1);
}

/// Mutants: what a person took for not done is sent once more; that nothing is sent is not said.
#[test]
fn a_refund_that_was_settled_as_not_done_needs_another_id() {
    let office = Office::new("");
    office.cashier.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostBefore];
        troubles.questions = vec![Mishap::Answered, Mishap::Answered, Mishap::FailsBefore(405)];
    });
    assert_eq!(office.hand_over(0, 5)["state"], "unknown");
    office.json(1, 0, &["apply", "--settle", "refund_1=not-done"]);
    for (minutes, code, command) in [(2, 4, "apply"), (3, 0, "diff")] {
        let found = office.json(minutes, code, &[command, "refund.json", "--to", "cashier"]);
        assert_eq!(found["documents"][0]["state"], "settled", "{command}");
    }
    let found = office.json(4, 4, &["apply", "refund.json", "--to", "cashier"]);
    let problem = &found["problems"][0];
    assert_eq!(problem["kind"], "document-refused");
    assert!(problem["hint"].as_str().unwrap().contains("with an id of its own"), "{problem}");
    office.assert_given("refund_1", 0);
    office.write("refund.json", &REFUND.replace("refund_1", "refund_2"));
    assert_eq!(office.hand_over(5, 0)["state"], "confirmed");
    office.assert_given("refund_2", 1);
}

#[test]
fn a_key_that_lives_is_used_once_more_where_nothing_can_be_asked() {
    let office = Office::new("");
    office.cashier.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostBefore];
        troubles.questions = vec![Mishap::Answered, Mishap::Answered, Mishap::FailsBefore(405)];
    });
    assert_eq!(office.hand_over(0, 5)["state"], "unknown");
    office.cashier.trouble(|troubles| troubles.tells_state = false);
    assert_eq!(office.tick(6, 0)["documents"][0]["state"], "confirmed");
    office.assert_given("refund_1", 1);
}

/// P11: over all refunds of a payment, those of others included.
#[test]
fn no_more_is_given_back_than_came() {
    let office = Office::new("");
    office.hand_over(0, 0);
    office.write("second.json", &refund("refund_2", "park_payment_123", 357));
    let found = office.json(1, 4, &["apply", "second.json", "--to", "cashier"]);
    assert_eq!(found["problems"][0]["kind"], "document-not-sent");
    let text = found["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("3.57 USD") && text.contains("3.56 USD is left"), "{text}");
    office.write("second.json", &refund("refund_2", "park_payment_123", 356));
    office.json(2, 0, &["apply", "second.json", "--to", "cashier"]);
    office.write("third.json", &refund("refund_3", "nowhere", 1));
    office.json(3, 4, &["apply", "third.json", "--to", "cashier"]);
    assert_eq!(office.cashier.money("park_payment_123"), 0);
    office.assert_given("refund_2", 1);
}

#[test]
fn a_large_refund_waits_for_just_this_approval() {
    let office = Office::new("refund_limit = \"20.00 USD\"");
    office.write("refund.json", &refund("refund_9", "large", 2001));
    let looked = office.json(0, 4, &["diff", "refund.json", "--to", "cashier"]);
    assert_eq!(looked["documents"][0]["state"], "new", "looking keeps nothing");
    office
        .run(0, &["apply", "--blocked", looked["documents"][0]["blocked"].as_str().unwrap()])
        .ends(13);
    let waits = office.hand_over(1, 4);
    assert_eq!(
        (&waits["state"], &waits["holds"][0]["why"]),
        (&json!("blocked"), &json!("over-limit"))
    );
    let id = waits["blocked"].as_str().unwrap();
    office.assert_given("refund_9", 0);
    office.tick(2, 0);
    office.run(3, &["apply", "--blocked", "00000000"]).ends(13);
    let done = office.json(4, 0, &["apply", "--blocked", id]);
    assert_eq!(done["documents"][0]["state"], "confirmed");
    office.run(5, &["apply", "--blocked", id]).ends(13);
    office.assert_given("refund_9", 1);
    // With an amount in between, another id: nothing is approved that was not seen.
    let office = Office::new("refund_limit = \"20.00 USD\"");
    office.write("refund.json", &refund("refund_9", "large", 2001));
    let id = office.hand_over(1, 4)["blocked"].as_str().unwrap().to_owned();
    let config = fs::read_to_string(office.path("ivms-sync.toml")).unwrap();
    office.write("ivms-sync.toml", &config.replace("20.00 USD", "10.00 USD"));
    let other = office.json(2, 13, &["apply", "--blocked", &id]);
    assert_eq!(other["documents"][0]["state"], "blocked");
    assert_ne!(other["documents"][0]["blocked"], json!(id));
    office.assert_given("refund_9", 0);
}

#[test]
fn a_plan_holds_the_bytes_that_somebody_has_looked_at() {
    let office = Office::new("refund_limit = \"1.00 USD\"");
    office.json(0, 4, &["diff", "refund.json", "--to", "cashier", "--out", "plan.json"]);
    // What the file says by then does not count.
    office.write("refund.json", &refund("refund_1", "park_payment_123", 475));
    let done = office.json(30, 0, &["apply", "plan.json"]);
    assert_eq!(
        (&done["documents"][0]["state"], &done["documents"][0]["amount"]),
        (&json!("confirmed"), &json!("1.19"))
    );
    office.assert_given("refund_1", 1);
    office.json(31, 0, &["apply", "plan.json"]);
    office.run(61, &["apply", "plan.json"]).ends(13);
    // An edit, and a plan that was made elsewhere.
    office.write("refund.json", &refund("refund_2", "park_payment_123", 150));
    office.json(62, 4, &["diff", "refund.json", "--to", "cashier", "--out", "plan.json"]);
    let text = fs::read_to_string(office.path("plan.json")).unwrap();
    office.write("edited.json", &text.replace("\"refund_2\"", "\"refund_3\""));
    office.run(63, &["apply", "edited.json"]).ends(13);
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    plan["seal"] = json!("00");
    office.write("unsealed.json", &plan.to_string());
    let waits = office.json(64, 4, &["apply", "unsealed.json"]);
    assert_eq!(waits["documents"][0]["state"], "blocked", "worth no more than the document itself");
    office.assert_given("refund_2", 0);
}

/// Section 7: what is not acceptable is told with its place, and nothing is sent or kept.
#[test]
fn what_is_not_acceptable_leaves_nothing_behind() {
    let office = Office::new("");
    let good = refund("refund_1", "park_payment_123", 119);
    let wrong = |from: &str, to: &str| good.replacen(from, to, 1);
    for (text, told) in [
        (wrong("119", "475.0"), "/refundAmount"),
        (wrong("119", "\"475\""), "/refundAmount"),
        (wrong("119", "1e3"), "/refundAmount"),
        (wrong("119", "-1"), "/refundAmount"),
        (wrong("119", "0"), "/refundAmount"),
        (wrong("119", "9007199254740993"), "/refundAmount"),
        (wrong("119", "18446744073709551617"), "/refundAmount"),
        (wrong("119", "NaN"), "no JSON value"),
        (wrong("{", "{\"currency\":\"EUR\","), "/currency"),
        (wrong("{", "{\"metadata\":{\"licensePlate\":\"ABC123\"},"), "/metadata/licensePlate"),
        (wrong("{", "{\"metadata\":{\"sessionId\":\"4111111111111111\"},"), "/metadata/sessionId"),
        (wrong("{", "{\"refundId\":\"a\","), "/refundId"),
        (wrong("{", "{\"refund\\u0049d\":\"a\","), "/refundId"),
        (wrong("{", "{ // a comment\n"), "key"),
        (format!("{good}{good}"), "followed"),
        (format!("[{good}]"), "not an object"),
        (String::new(), "ends too soon"),
        ("\u{feff}".to_owned() + &good, "byte-order mark"),
        ("[".repeat(33) + &"]".repeat(33), "33 deep"),
    ] {
        office.write("refund.json", &text);
        let said = office.run(0, &["apply", "refund.json", "--to", "cashier"]).ends(65);
        assert!(said.stderr.contains(told) || told == "33 deep", "{told}: {}", said.stderr);
        assert!(
            !said.stderr.contains("4111") && !said.stderr.contains("ABC123"),
            "{}",
            said.stderr
        );
        let found = office.json(0, 65, &["diff", "refund.json", "--to", "cashier"]);
        assert_eq!((&found["exit_code"], &found["documents"]), (&json!(65), &json!([])));
        assert!(found.get("devices").is_none(), "the shape of doors: {found}");
    }
    assert_eq!(office.cashier.requests().len(), 0);
    office.run(0, &["lookup", "document:refund_1"]).ends(20);
    office.run(0, &["apply", "none.json", "--to", "cashier"]).ends(64);
    office.run(0, &["apply", ".", "--to", "cashier"]).ends(64);
    let said = office.run(0, &["apply", "refund.json", "--to", "cashir"]).ends(64);
    assert!(said.stderr.contains("did you mean cashier?"), "{}", said.stderr);
}

#[test]
fn a_payment_is_sent_only_where_the_configuration_says_so() {
    let payment = r#"{ "paymentId": "park_payment_124", "amount": 475, "currency": "USD",
      "paymentMethod": { "type": "CREDIT_CARD", "token": "tok_test_1" } }"#;
    let office = Office::new("");
    office.write("payment.json", payment);
    office.run(0, &["apply", "payment.json", "--to", "cashier"]).ends(4);
    assert_eq!(office.cashier.requests().len(), 0);
    let office = Office::new("payments = true");
    office.write("payment.json", payment);
    let done = office.json(0, 0, &["apply", "payment.json", "--to", "cashier"]);
    assert_eq!(done["documents"][0]["answer"]["fee"], "0.25");
    office.assert_given("park_payment_124", 1);
    // An answer whose parts are not its amount is none.
    let office = Office::new("payments = true");
    office.write("payment.json", payment);
    let wrong = Wrong::NetAndFee;
    office.cashier.set(|switches| (switches.wrong, switches.wrong_state) = (wrong, wrong));
    office.json(0, 5, &["apply", "payment.json", "--to", "cashier"]);
    let office = Office::new("payments = true\nmode = \"observe\"");
    office.json(0, 4, &["apply", "refund.json", "--to", "cashier"]);
    office.assert_given("refund_1", 0);
}

#[test]
fn what_the_other_side_does_not_take_is_over() {
    let office = Office::new("");
    office.cashier.trouble(|troubles| troubles.documents.push(Mishap::FailsBefore(422)));
    let found = office.json(0, 4, &["apply", "refund.json", "--to", "cashier"]);
    assert_eq!(found["documents"][0]["state"], "refused");
    assert_eq!(found["problems"][0]["kind"], "document-refused");
    // It does not count as given, and another document may give it.
    office.write("other.json", &refund("refund_2", "park_payment_123", 475));
    office.json(1, 0, &["apply", "other.json", "--to", "cashier"]);
    assert_eq!(office.hand_over(2, 4)["state"], "refused", "for ever");
    office.assert_given("refund_1", 0);
    // One that is pending there is open until it is not.
    let office = Office::new("");
    office.cashier.set(|switches| switches.pending = true);
    assert_eq!(office.hand_over(0, 5)["state"], "unknown");
    office.cashier.set_status("refund_1", "COMPLETED");
    assert_eq!(office.tick(6, 0)["documents"][0]["state"], "confirmed");
    office.assert_given("refund_1", 1);
}

#[test]
fn a_cashier_that_is_away_or_refuses_the_login_is_sent_nothing() {
    let office = Office::wanting("", &["wrong-login", "no-login"]);
    office.cashier.trouble(|troubles| troubles.broken = Some(401));
    let found = office.json(0, 12, &["apply", "refund.json", "--to", "cashier"]);
    assert_eq!(found["documents"][0]["state"], "new");
    office.cashier.trouble(|troubles| troubles.broken = Some(403));
    office.json(1, 12, &["apply", "refund.json", "--to", "cashier"]);
    office.cashier.trouble(|troubles| troubles.broken = Some(500));
    office.json(2, 5, &["apply", "refund.json", "--to", "cashier"]);
    office.cashier.trouble(|troubles| {
        troubles.broken = None;
        troubles.redirect = Some("http://127.0.0.1:1".to_owned());
    });
    office.json(3, 5, &["apply", "refund.json", "--to", "cashier"]);
    office.cashier.trouble(|troubles| troubles.redirect = None);
    office.cashier.go_offline();
    office.json(4, 5, &["apply", "refund.json", "--to", "cashier"]);
    office.json(4, 5, &["diff", "refund.json", "--to", "cashier"]);
    office.cashier.go_online();
    assert_eq!(office.hand_over(5, 0)["state"], "confirmed");
    office.assert_given("refund_1", 1);
}

/// Two at once: one of them works, or both say the same, and the money moves once.
#[test]
fn two_at_once_give_the_money_once() {
    let office = Office::new("");
    office.tick(0, 0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut command = office.command(1, &["apply", "refund.json", "--to", "cashier"]);
                let said = said(&mut command);
                assert_eq!(said.code, 0, "{said:?}");
            });
        }
    });
    office.hand_over(2, 0);
    office.assert_given("refund_1", 1);
}

/// The section is gone while a document is open: that is said in every run.
#[test]
fn a_document_without_its_section_is_not_forgotten() {
    let office = Office::new("");
    office.cashier.trouble(|troubles| troubles.documents.push(Mishap::LostBefore));
    office.hand_over(0, 5);
    let config = fs::read_to_string(office.path("ivms-sync.toml")).unwrap();
    office.write("ivms-sync.toml", &config.replace("teller.cashier", "teller.till"));
    let found = office.tick(6, 4);
    assert_eq!(found["problems"][0]["kind"], "document-unsettled");
    office.write("ivms-sync.toml", &config);
    assert_eq!(office.tick(30, 0)["documents"][0]["state"], "confirmed");
    office.assert_given("refund_1", 1);
}

/// `history` tells documents beside what was done at doors: each as it stands now, to whom it went, and how much.
#[test]
fn history_tells_what_became_of_documents() {
    let office = Office::new("key_lives = \"2h\"");
    office.hand_over(0, 0);
    office.write("second.json", &refund("refund_2", "large", 200));
    office.cashier.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostBefore];
        troubles.questions = vec![Mishap::Answered, Mishap::Answered, Mishap::FailsBefore(405)];
    });
    office.run(1, &["apply", "second.json", "--to", "cashier"]).ends(5);
    // Nothing of this one has left.
    office.write("third.json", &refund("refund_3", "nowhere", 1));
    office.run(2, &["apply", "third.json", "--to", "cashier"]).ends(4);
    let told = |arguments: &[&str]| {
        let found = office.json(3, 0, &[&["history"], arguments].concat());
        let none = Vec::new();
        let documents = found["documents"].as_array().unwrap_or(&none).iter();
        documents.map(|one| format!("{} {}", one["id"], one["state"])).collect::<Vec<_>>()
    };
    let both = ["\"refund_2\" \"unknown\"", "\"refund_1\" \"confirmed\""];
    assert_eq!(told(&[]), both);
    assert_eq!(told(&["--door", "cashier"]), both);
    assert_eq!(told(&["--since", "2m"]), both[..1]);
    assert_eq!(told(&["--member", "refund:refund_1"]), both[1..]);
    assert_eq!(told(&["--member", "document:refund_2", "--since", "30d"]), both[..1]);
    assert_eq!(told(&["--member", "payment:large"]), both[..1]);
    assert_eq!(told(&["--member", "document:refund_1", "--since", "1m"]), [""; 0]);
    let said = office.run(3, &["history", "--member", "refund:refund_4"]).ends(20);
    assert!(said.stderr.contains("no document of that name is known"), "{}", said.stderr);
    let said = office.run(3, &["history", "--door", "cashir"]).ends(64);
    assert!(said.stderr.contains("did you mean cashier"), "{}", said.stderr);
    // What a person has said.
    office.run(4, &["apply", "--settle", "refund_2=not-done"]).ends(0);
    let text = office.run(5, &["history"]).ends(0).stdout;
    assert!(text.starts_with("Documents since "), "{text}");
    assert!(text.contains("settled by hand: not done") && text.contains("1.19 USD"), "{text}");
    let sheet = office.run(5, &["history", "--csv"]).ends(0).stdout;
    assert!(sheet.contains(";cashier;;;;;;refund;document;;;;;settled;"), "{sheet}");
    assert!(sheet.trim_end().ends_with(";refund_1;park_payment_123;1.19;USD"), "{sheet}");
}

/// Mutants: what the cashier has already is sent to it once more; a plan is written over whatever is there.
#[test]
fn a_state_file_that_is_lost_gives_nothing_twice() {
    let office = Office::new("");
    assert_eq!(office.hand_over(0, 0)["state"], "confirmed");
    for file in ["ivms-sync.db", "ivms-sync.db-wal", "ivms-sync.db-shm", "ivms-sync.db.lock"] {
        let _ = fs::remove_file(office.path(file));
    }
    let found = office.json(1, 4, &["apply", "refund.json", "--to", "cashier"]);
    assert_eq!(found["documents"][0]["state"], "new");
    assert!(found["problems"][0]["text"].as_str().unwrap().contains("has"), "{found}");
    office.assert_given("refund_1", 1);

    office.write("other.json", &refund("refund_2", "park_payment_123", 100));
    let diff = ["diff", "other.json", "--to", "cashier", "--out"];
    let said = office.run(2, &[&diff[..], &["refund.json"]].concat()).ends(64);
    assert!(said.stderr.contains("something else than a plan"), "{}", said.stderr);
    for _ in 0..2 {
        office.run(2, &[&diff[..], &["plan.json"]].concat()).ends(0);
    }
}

/// Another run is at work: a plan of a document, and one that was approved, wait for it as a file does, and never end
/// with 0 while nothing was sent.
#[test]
fn a_plan_and_an_approval_wait_for_another_run() {
    let office = Office::new("refund_limit = \"1.00 USD\"");
    office.json(0, 4, &["diff", "refund.json", "--to", "cashier", "--out", "plan.json"]);
    let state = office.path("ivms-sync.db");
    let sent_beside = |arguments: &[&str]| {
        let lock = take(&state, at(1)).unwrap().unwrap();
        let waited = std::time::Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(700));
                drop(lock);
            });
            let found = office.json(1, 0, arguments);
            assert_eq!(found["documents"][0]["state"], "confirmed");
        });
        assert!(waited.elapsed() >= Duration::from_millis(700));
    };
    sent_beside(&["apply", "plan.json"]);
    office.write("refund.json", &refund("refund_2", "large", 201));
    let id = office.hand_over(1, 4)["blocked"].as_str().unwrap().to_owned();
    sent_beside(&["apply", "--blocked", &id]);
    office.assert_given("refund_1", 1);
    office.assert_given("refund_2", 1);
}

/// Mutants: a plan of documents that is refused is told as one of doors; so is what else keeps one back, or what waits
/// under an id, or a signal.
#[test]
fn whatever_keeps_documents_back_it_is_told_as_of_documents() {
    let office = Office::new("refund_limit = \"1.00 USD\"");
    let config = fs::read_to_string(office.path("ivms-sync.toml")).unwrap();
    let made = ["diff", "refund.json", "--to", "cashier", "--out", "plan.json"];
    let id = office.json(0, 4, &made)["documents"][0]["blocked"].as_str().unwrap().to_owned();
    office.hand_over(0, 4);
    let plan = fs::read_to_string(office.path("plan.json")).unwrap();
    office.write("edited.json", &plan.replace("\"1.19\"", "\"9.19\""));
    office.write("later.json", &plan.replace("\"version\": 1", "\"version\": 2"));
    let told = |minutes, code, arguments: &[&str], words: &str| {
        let found = office.json(minutes, code, arguments);
        assert_eq!(found["documents"], json!([]), "{arguments:?}");
        assert!(found.get("changes").is_none(), "{found}");
        let text = found["problems"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
    };
    told(61, 13, &["apply", "plan.json"], "expired at");
    told(1, 13, &["apply", "edited.json"], "was changed after it was written");
    told(1, 13, &["apply", "later.json"], "version 2");
    let mut empty: Value = serde_json::from_str(&plan).unwrap();
    empty["documents"] = json!([]);
    office.write("empty.json", &empty.to_string());
    told(1, 13, &["apply", "empty.json"], "was changed after it was written");
    office.write("ivms-sync.toml", &config.replace("cashier", "till"));
    told(1, 64, &["apply", "plan.json"], "no section cashier takes documents");
    told(1, 13, &["apply", "--blocked", &id], "no section of the configuration");
    office.write("ivms-sync.toml", &config);
    // One of doors is told as such.
    office.write("doors.json", "{ \"version\": 1, \"changes\": [], \"documents\": [] }");
    for (code, arguments) in [(13, ["apply", "doors.json"]), (13, ["apply", "none.json"])] {
        assert!(office.json(2, code, &arguments).get("changes").is_some(), "{arguments:?}");
    }
    // What is neither has its problems alone.
    for arguments in [
        &["diff", "--day", "2124-01-01"][..],
        &["diff", "--violations"],
        &["apply", "--event", "none.json", "--from", "street"],
    ] {
        let found = office.json(3, 64, arguments);
        assert!(found.get("changes").is_none() && found.get("documents").is_none(), "{found}");
        assert_eq!(found["problems"].as_array().unwrap().len(), 1, "{found}");
    }
    office.assert_given("refund_1", 0);
}

/// The same of a signal while another run is waited for.
#[cfg(unix)]
#[test]
fn a_signal_is_told_as_of_documents_where_a_plan_holds_some() {
    let office = Office::new("");
    office.json(0, 0, &["diff", "refund.json", "--to", "cashier", "--out", "plan.json"]);
    let lock = take(&office.path("ivms-sync.db"), at(1)).unwrap().unwrap();
    let mut command = program();
    command.env_clear().current_dir(office.folder.path());
    command.env("IVMS_SYNC_TEST_NOW", at(1).to_rfc3339()).env("TELLER", SECRET);
    command.args(["--json", "apply", "plan.json"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let found = finish(child).ends(143).json();
    assert_eq!((&found["documents"], &found["exit_code"]), (&json!([]), &json!(143)));
    drop(lock);
    office.assert_given("refund_1", 0);
}

/// A signal while a document is on its way: the answer is waited for; where none comes, that is said, and the next
/// run asks.
#[cfg(unix)]
#[test]
fn a_signal_does_not_say_that_nothing_was_being_sent() {
    for (seconds, code) in [(2, 0), (60, 143)] {
        let office = Office::new("");
        let slow = Fault::Delay(Duration::from_secs(seconds)).on("/refunds");
        office.cashier.fault(slow.method("POST"));
        let mut command = program();
        command.env_clear().current_dir(office.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", at(0).to_rfc3339()).env("TELLER", SECRET);
        command.args(["apply", "refund.json", "--to", "cashier"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let is_sent = || {
            let requests = office.cashier.requests();
            requests.iter().any(|request| request.method == "POST")
        };
        wait_until(Duration::from_secs(20), "the refund is on its way", is_sent);
        let kill =
            std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let said = finish(child).ends(code);
        assert!(!said.stderr.contains("no change was being made"), "{}", said.stderr);
        if code == 0 {
            assert!(said.stdout.contains("confirmed"), "{said:?}");
            continue;
        }
        assert!(said.stderr.contains("it may have arrived"), "{}", said.stderr);
        assert!(said.stderr.contains("the next run asks the other side"), "{}", said.stderr);
        office.cashier.clear_faults();
        assert_eq!(office.tick(6, 0)["documents"][0]["state"], "confirmed");
        assert_eq!(office.cashier.effects("refund_1"), 1);
    }
}

/// `status` and `lookup` say who must do something.
#[test]
fn a_document_for_a_person_is_not_left_to_the_next_run() {
    let office = Office::new("key_lives = \"2h\"");
    office.cashier.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostAfter];
        troubles.questions = vec![Mishap::Answered, Mishap::Answered, Mishap::FailsBefore(405)];
    });
    office.hand_over(0, 5);
    let text = office.run(1, &["status"]).stdout;
    assert!(text.contains("the next run asks how it stands"), "{text}");
    let check = office.run(1, &["check"]).stdout;
    assert!(check.contains("of 1 document nobody knows what became"), "{check}");
    assert!(!check.contains("--settle"), "{check}");
    office.cashier.trouble(|troubles| troubles.tells_state = false);
    office.tick(121, 4);
    for command in ["status", "check"] {
        let text = office.run(122, &[command]).stdout;
        assert!(text.contains("apply --settle refund_1=done"), "{text}");
    }
    let found = office.json(122, 4, &["lookup", "refund:refund_1"]);
    assert_eq!(found["problems"][0]["kind"], "document-unsettled");
    // A run that asks nobody of it says the same.
    assert_eq!(office.tick(123, 4)["problems"][0]["kind"], "document-unsettled");
}

/// A web server's own page for what it does not have is no word of the cashier: neither a login that is good, nor a
/// refund that never came.
#[test]
fn another_address_is_not_taken_for_the_cashier() {
    let office = Office::new("");
    office.run(0, &["check"]).ends(0);
    office.cashier.trouble(|troubles| troubles.documents = vec![Mishap::LostAfter; 1]);
    let page = Fault::raw(404, "text/html", "<html><h1>404 Not Found</h1></html>");
    office.cashier.fault(page.clone().on("ivms-sync-check"));
    let said = office.run(1, &["check"]);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("404") && said.stdout.contains("correct `url`"), "{said:?}");
    office.cashier.clear_faults();
    // Once it was sent, such a page does not say that it never came.
    // The first question is whether it is there already.
    office.cashier.fault(page.on("/refunds/").after(1));
    let found = office.hand_over(2, 5);
    assert_eq!(found["state"], "unknown");
    office.json(8, 4, &["sync"]);
    assert_eq!(office.cashier.effects("refund_1"), 1);
    office.cashier.clear_faults();
    assert_eq!(office.tick(60, 0)["documents"][0]["state"], "confirmed");
    office.assert_given("refund_1", 1);
}

/// A report that the accounts did not take is none that another could correct.
#[test]
fn a_report_corrects_what_was_taken() {
    let wanted = vec!["account-code"];
    let clock = Clock::fixed(at(24 * 60));
    let finance = gtcs::Server::start(Settings { clock, wanted, ..Settings::default() });
    let section = format!(
        "payments = true\n[gtcs.finance]\nurl = \"{}\"\nsecret = {{ env = \"TELLER\" }}\ncurrency = \"USD\"\n\
         time_zone = \"America/New_York\"\naccount_codes = {{ PARKING_PAYMENT = \"4100-MISTYPED\" }}\n",
        finance.url()
    );
    let office = Office::new(&section);
    let pay = |id: &str, minutes| {
        let payment = format!(
            "{{\"paymentId\":\"{id}\",\"amount\":475,\"currency\":\"USD\",\
             \"paymentMethod\":{{\"type\":\"CREDIT_CARD\",\"token\":\"tok_test_1\"}}}}"
        );
        office.write("payment.json", &payment);
        office.json(minutes, 0, &["apply", "payment.json", "--to", "cashier"]);
    };
    pay("park_payment_124", 0);
    let report = |minutes, code| {
        let day = ["diff", "--day", "2024-01-01", "--to", "finance", "--out", "report.json"];
        office.json(minutes, 0, &day);
        office.json(minutes, code, &["apply", "report.json"])["documents"][0].clone()
    };
    let refused = report(24 * 60, 4);
    assert_eq!(
        (&refused["id"], &refused["state"]),
        (&json!("gtcs:2024-01-01:1"), &json!("refused"))
    );
    let config = fs::read_to_string(office.path("ivms-sync.toml")).unwrap();
    office.write("ivms-sync.toml", &config.replace("4100-MISTYPED", "4100-PARKING-REVENUE"));
    let taken = report(24 * 60 + 5, 0);
    assert_eq!((&taken["id"], &taken["state"]), (&json!("gtcs:2024-01-01:2"), &json!("confirmed")));
    let day = "2024-01-01".parse().unwrap();
    assert_eq!((finance.reports(day), finance.report(day).unwrap().corrects), (1, None));
    assert_eq!(report(24 * 60 + 10, 0)["id"], "gtcs:2024-01-01:2", "nothing has moved");
}
