//! Duties: citations that leave for an office, and tariffs that leave for meters, with the real binary. Whatever
//! happens on the way is judged by what the other side holds, and by what it has to complain of.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use ivms_sync_simulators::aims::{self, Standing};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::http::{HttpServer, Moment};
use ivms_sync_simulators::ips;
use ivms_sync_simulators::oauth;
use ivms_sync_simulators::parkeon::{self, Etags, Stores};
use ivms_sync_simulators::service::{Login, Mishap, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::pinned::instant;
use super::support::schema::assert_valid;
use super::support::town::{KEY, NOON, Runs, Town, clock};
use super::support::{Said, binary, said};

const PLATE: &str = "XYZ789";
const NUMBER: &str = "AIMS-2026-000123";
const CLIENT_SECRET: &str = "oauth-secret-1/+&";
const METER_SECRET: &str = "service-secret-1";
const METER: &str = "METER-A1-001";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// How many requests changed something, or were to.
fn writes(server: &HttpServer) -> usize {
    server.requests().iter().filter(|request| request.method != "GET").count()
}

/// The citation of the reference, with a picture that is one.
fn citation(number: &str, seconds: i64) -> String {
    let at = instant(NOON) + TimeDelta::seconds(seconds);
    let (at, picture) = (at.format("%Y-%m-%dT%H:%M:%S.000Z"), STANDARD.encode(PNG));
    format!(
        r#"{{ "citationNumber": "{number}", "licensePlate": "{PLATE}", "state": "CT",
  "violation": {{ "code": "PKG-001", "description": "Expired Meter", "fineAmount": 25.00 }},
  "location": {{ "zoneNumber": "A1", "address": "123 Main Street", "latitude": 41.0534, "longitude": -73.5387 }},
  "officer": {{ "id": "officer_123", "badge": "PS-456" }}, "timestamp": "{at}",
  "evidence": [ {{ "type": "PHOTO", "base64Data": "{picture}", "mimeType": "image/png" }} ] }}"#
    )
}

/// A town whose rights one service tells, and its office of citations.
struct Desk {
    town: Town,
    aims: aims::Server,
    tokens: Arc<oauth::Server>,
}

impl Runs for Desk {
    /// Runs the binary; no plate is ever in what it says.
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
        self.aims.clock().set(clock(minutes));
        self.aims.begin_run();
        let found = self.town.run(minutes, arguments);
        assert!(!format!("{found:?}").contains(PLATE), "{found:?}");
        found
    }
}

impl Desk {
    /// Everything was read at noon, and an officer has written a citation half an hour before.
    fn new() -> Self {
        let desk = Self::unread();
        desk.tick(0, 0);
        desk
    }

    /// Nothing was ever read.
    fn unread() -> Self {
        let wanted = vec!["wrong-client"];
        let tokens = oauth::Server::start(oauth::Settings { wanted, ..oauth::Settings::default() });
        let aims = aims::Server::start(Settings {
            clock: Clock::fixed(instant(NOON)),
            login: Login::OAuth(tokens.tokens()),
            ..Settings::default()
        });
        let secrets = [("IPS_KEY", KEY), ("AIMS_SECRET", CLIENT_SECRET)];
        let town = Town::new(ips::Settings::default(), &secrets, |street| {
            format!(
                "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\n\
                 [zone.A1]\ngrace = \"5m\"\n[zone.A2]\n[zone.B1]\n[zone.B2]\n\
                 [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n\
                 [aims.citations]\nurl = \"{}\"\ntoken_url = \"{}\"\nclient_id = \"stamford parking\"\n\
                 secret = {{ env = \"AIMS_SECRET\" }}\ncurrency = \"USD\"\n",
                street.url(),
                aims.url(),
                tokens.url()
            )
        });
        let desk = Self { town, aims, tokens: Arc::new(tokens) };
        desk.write(&citation(NUMBER, -30 * 60));
        desk
    }

    fn write(&self, text: &str) {
        fs::write(self.town.path("citation.json"), text).unwrap();
    }

    /// Changes the configuration.
    fn configure(&self, from: &str, to: &str) {
        let path = self.town.path("ivms-sync.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    #[track_caller]
    fn look(&self, minutes: i64, code: i32) -> Value {
        self.json(minutes, code, &["diff", "citation.json", "--to", "citations"])
    }

    /// Hands the citation over, and says what is told of it.
    #[track_caller]
    fn hand_over(&self, minutes: i64, code: i32) -> Value {
        self.json(minutes, code, &["apply", "citation.json", "--to", "citations"])
    }

    /// The same, and says how it is then.
    #[track_caller]
    fn state(&self, minutes: i64, code: i32) -> Value {
        self.hand_over(minutes, code)["documents"][0]["state"].clone()
    }

    /// Whether a text is in the state file, or beside it.
    fn keeps(&self, text: &str) -> bool {
        let names = fs::read_dir(self.town.folder.path()).unwrap();
        let files = names.map(|name| name.unwrap().path());
        let of_state = |path: &PathBuf| {
            path.file_name().unwrap().to_string_lossy().starts_with("ivms-sync.db")
        };
        files.filter(of_state).any(|path| {
            let bytes = fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }

    /// The office has the citation so many times, and nobody has anything to complain of.
    #[track_caller]
    fn assert_cited(&self, number: &str, times: usize) {
        assert_eq!(self.aims.times_taken(number), times, "{number}");
        assert_eq!(self.aims.violations(), Vec::<String>::new());
        assert_eq!(self.tokens.violations(), Vec::<String>::new());
        self.town.assert_well();
    }
}

#[test]
fn a_citation_is_looked_at_leaves_once_and_is_found_again() {
    let desk = Desk::new();
    let looked = desk.look(1, 0);
    let one = &looked["documents"][0];
    assert_eq!((&one["state"], &one["kind"]), (&json!("new"), &json!("citation")));
    assert_eq!((&one["amount"], &one["currency"]), (&json!("25.00"), &json!("USD")));
    desk.run(1, &["diff", "citation.json", "--to", "citations", "--exit-code"]).ends(2);
    assert_eq!(writes(&desk.aims), 0);
    let sent = desk.hand_over(2, 0)["documents"][0].clone();
    assert_eq!(
        (&sent["state"], &sent["answer"]["status"]),
        (&json!("confirmed"), &json!("ACCEPTED"))
    );
    let there = desk.aims.citation(NUMBER).unwrap();
    assert_eq!((there.plate.as_str(), there.fine, there.at), (PLATE, 2500, clock(-30)));
    assert_eq!(there.evidence, [("image/png".to_owned(), PNG.to_vec())]);
    // Once more, and when it is contested: the stored answer, and not a byte leaves.
    let asked = desk.aims.requests().len();
    assert!(desk.aims.set_standing(NUMBER, Standing::Contested));
    let again = desk.hand_over(3, 0);
    assert_eq!(again["documents"][0]["answer"], sent["answer"]);
    // Other content under the number.
    desk.write(&citation(NUMBER, -30 * 60).replace("25.00", "30.00"));
    let other = desk.hand_over(4, 4);
    assert_eq!(other["problems"][0]["kind"], "document-other-content");
    assert_eq!(other["documents"][0]["amount"], "25.00", "what is known of it");
    let who = format!("document:{NUMBER}");
    assert_eq!(desk.json(4, 0, &["lookup", &who])["documents"][0]["state"], "confirmed");
    desk.tick(5, 0);
    assert_eq!(desk.aims.requests().len(), asked);
    desk.assert_cited(NUMBER, 1);
}

/// P10: one citation, whatever happens on the way.
#[test]
fn whatever_happens_on_the_way_there_is_one_citation() {
    for (mishap, code, times) in [
        (Mishap::LostAfter, 0, 1),
        (Mishap::LostBefore, 5, 0),
        (Mishap::FailsAfter(500), 0, 1),
        (Mishap::FailsBefore(500), 5, 0),
        (Mishap::FailsBefore(429), 5, 0),
        (Mishap::PageAfter, 0, 1),
        (Mishap::PageBefore, 5, 0),
        (Mishap::CutAfter, 0, 1),
    ] {
        let desk = Desk::new();
        desk.aims.trouble(|troubles| troubles.documents.push(mishap));
        let state = if code == 0 { "confirmed" } else { "unknown" };
        assert_eq!(desk.state(1, code), state, "{mishap:?}");
        desk.assert_cited(NUMBER, times);
        let ticked = desk.tick(6, 0);
        if code == 5 {
            assert_eq!(ticked["documents"][0]["state"], "confirmed", "{mishap:?}");
        }
        assert_eq!(desk.state(12, 0), "confirmed", "{mishap:?}");
        desk.assert_cited(NUMBER, 1);
        assert!(desk.tick(18, 0).get("documents").is_none(), "{mishap:?}: nothing is open");
    }
}

/// The answer is lost, and the next one is a page for people.
#[test]
fn a_page_for_people_confirms_no_citation() {
    let desk = Desk::new();
    desk.aims.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostAfter];
        troubles.questions = vec![Mishap::Answered, Mishap::PageBefore, Mishap::PageAfter];
    });
    assert_eq!(desk.state(1, 5), "unknown");
    assert_eq!(desk.tick(6, 5)["documents"][0]["state"], "unknown");
    assert_eq!(desk.tick(60, 0)["documents"][0]["state"], "confirmed");
    assert_eq!(writes(&desk.aims), 1);
    desk.assert_cited(NUMBER, 1);
}

#[test]
fn a_number_that_the_office_has_already() {
    let desk = Desk::new();
    desk.aims.put(&citation(NUMBER, -30 * 60));
    assert_eq!(desk.state(1, 0), "confirmed", "it is ours");
    desk.assert_cited(NUMBER, 1);
    let desk = Desk::new();
    desk.aims.put(&citation(NUMBER, -30 * 60).replace("25.00", "30.00"));
    let found = desk.hand_over(1, 4);
    assert_eq!(found["documents"][0]["state"], "unknown");
    assert_eq!(found["problems"][0]["kind"], "document-unsettled");
    desk.assert_cited(NUMBER, 1);
}

/// P15. Mutants: the last look is left out; an approval lifts what nobody may.
#[test]
fn a_car_that_had_a_right_is_not_cited_whoever_approves_it() {
    let desk = Desk::unread();
    let (from, until) = (clock(-120), clock(-10));
    desk.town.street.park("session_789", PLATE, "CT", "A1", from, Some(until));
    desk.aims.add_right(PLATE, "CT", "A1", from, until);
    desk.tick(0, 0);
    let looked = desk.look(1, 4);
    assert_eq!(looked["documents"][0]["state"], "new", "looking keeps nothing");
    let waits = desk.hand_over(2, 4);
    let one = &waits["documents"][0];
    assert_eq!((&one["state"], &one["holds"][0]["why"]), (&json!("blocked"), &json!("had-right")));
    let text = one["holds"][0]["text"].as_str().unwrap();
    assert!(text.contains("session_789 of street"), "{text}");
    let problem = &waits["problems"][0];
    assert_eq!(problem["kind"], "document-blocked");
    assert!(!problem.to_string().contains("--blocked"), "{problem}");
    let id = one["blocked"].as_str().unwrap();
    let still = desk.json(3, 4, &["apply", "--blocked", id]);
    assert_eq!(still["documents"][0]["state"], "blocked");
    desk.run(3, &["apply", "--blocked", "00000000"]).ends(13);
    // A plan that shows it lifts nothing either.
    let asked = ["diff", "citation.json", "--to", "citations", "--out", "plan.json"];
    desk.json(4, 4, &asked);
    desk.json(5, 4, &["apply", "plan.json"]);
    desk.tick(6, 0);
    // In grace, and when that is over.
    desk.write(&citation("in-grace", -5 * 60 - 1));
    assert_eq!(desk.hand_over(7, 4)["documents"][0]["holds"][0]["why"], "had-right");
    assert_eq!(writes(&desk.aims), 0);
    desk.write(&citation("after-it", -5 * 60));
    assert_eq!(desk.state(7, 0), "confirmed");
    desk.assert_cited(NUMBER, 0);
    desk.assert_cited("in-grace", 0);
    desk.assert_cited("after-it", 1);
}

/// Its driver left; the street tells that later, with when it was.
#[test]
fn a_citation_that_waited_can_be_approved_when_the_source_says_that_there_was_no_right() {
    let desk = Desk::unread();
    let street = &desk.town.street;
    street.park("session_789", PLATE, "CT", "A1", clock(-60), Some(clock(60)));
    desk.tick(0, 0);
    desk.write(&citation(NUMBER, 9 * 60));
    let waits = desk.hand_over(9, 4);
    let id = waits["documents"][0]["blocked"].as_str().unwrap();
    street.clock().set(clock(1));
    assert!(street.stop("session_789"));
    desk.tick(10, 0);
    assert_eq!(writes(&desk.aims), 0, "nothing leaves by itself");
    let done = desk.json(11, 0, &["apply", "--blocked", id]);
    assert_eq!(done["documents"][0]["state"], "confirmed");
    desk.assert_cited(NUMBER, 1);
}

/// The town gives no grace any more.
#[test]
fn a_citation_that_waited_can_be_approved_when_nothing_speaks_against_it() {
    let desk = Desk::unread();
    desk.town.street.park("session_789", PLATE, "CT", "A1", clock(-120), Some(clock(-32)));
    desk.tick(0, 0);
    let waits = desk.hand_over(1, 4);
    let id = waits["documents"][0]["blocked"].as_str().unwrap();
    desk.configure("grace = \"5m\"\n", "");
    desk.tick(2, 0);
    assert_eq!(writes(&desk.aims), 0, "nothing leaves by itself");
    let done = desk.json(3, 0, &["apply", "--blocked", id]);
    assert_eq!(done["documents"][0]["state"], "confirmed");
    desk.assert_cited(NUMBER, 1);
}

/// P15. Mutants: what is stale says no right; so does what was never read, left out or cancelled.
#[test]
fn nothing_leaves_while_it_cannot_be_said() {
    let desk = Desk::unread();
    let found = desk.hand_over(0, 5);
    assert_eq!(found["documents"][0]["state"], "new");
    assert_eq!(found["problems"][0]["kind"], "document-not-sent");
    desk.look(0, 5);
    desk.tick(1, 0);
    desk.town.street.go_offline();
    desk.tick(11, 5);
    assert_eq!(desk.state(11, 5), "new", "stale");
    desk.town.street.go_online();
    desk.tick(12, 0);
    for (from, to, why) in [
        ("\"A1\"", "\"Z9\"", "a zone that nobody configured"),
        (PLATE, "ODD1", "a right that was left out"),
        (PLATE, "CAN1", "a right that is cancelled now"),
    ] {
        let street = &desk.town.street;
        match to {
            "ODD1" => street.park("odd", "ODD1", "CT", "Z9", clock(-60), Some(clock(60))),
            "CAN1" => {
                street.park("can", "CAN1", "CT", "A1", clock(-60), Some(clock(60)));
                assert!(street.cancel("can"));
            }
            _ => {}
        }
        desk.tick(13, 0);
        desk.write(&citation("other", -30 * 60).replace(from, to));
        assert_eq!(desk.state(14, 5), "new", "{why}");
    }
    // So many seconds ahead are not too many; that car may still have been paid for by then.
    desk.write(&citation("ahead", 14 * 60 + 300));
    assert_eq!(desk.state(14, 5), "new");
    assert_eq!((desk.aims.requests().len(), desk.tokens.given()), (0, 0));
    desk.write(&citation(NUMBER, -30 * 60));
    assert_eq!(desk.state(15, 0), "confirmed");
    desk.assert_cited(NUMBER, 1);
}

/// A citation never came, and its car turns out to have been paid for.
fn late(desk: &Desk) {
    desk.aims.trouble(|troubles| troubles.documents.push(Mishap::LostBefore));
    assert_eq!(desk.state(1, 5), "unknown");
    let (from, until) = (clock(-120), clock(-10));
    desk.town.street.park("late", PLATE, "CT", "A1", from, Some(until));
    desk.aims.add_right(PLATE, "CT", "A1", from, until);
}

/// P15. Mutant: what never came is sent once more, whatever became known of its car.
#[test]
fn a_citation_that_never_came_is_judged_again_before_it_leaves_again() {
    let desk = Desk::new();
    late(&desk);
    desk.aims.go_offline();
    desk.run(6, &["sync"]);
    desk.aims.go_online();
    let found = desk.tick(60, 4);
    assert_eq!(found["documents"][0]["state"], "unknown");
    assert_eq!(found["problems"][0]["kind"], "document-unsettled");
    desk.run(61, &["apply", "citation.json", "--to", "citations"]).ends(4);
    desk.assert_cited(NUMBER, 0);
    // Nor while it cannot be said.
    let desk = Desk::new();
    desk.aims.trouble(|troubles| troubles.documents.push(Mishap::LostBefore));
    assert_eq!(desk.state(1, 5), "unknown");
    desk.town.street.go_offline();
    desk.tick(30, 5);
    desk.assert_cited(NUMBER, 0);
    desk.town.street.go_online();
    desk.run(60, &["sync"]);
    desk.json(61, 0, &["sync", "--full"]);
    desk.assert_cited(NUMBER, 1);
}

/// P15. Mutant: the run that reads the right sends the citation first.
#[test]
fn a_citation_that_never_came_is_judged_by_what_the_same_run_reads() {
    let desk = Desk::new();
    late(&desk);
    desk.run(6, &["sync"]);
    desk.assert_cited(NUMBER, 0);
}

/// The office knows of a right that nobody else does, here and now.
#[test]
fn a_right_that_the_office_knows_forbids_the_citation() {
    let desk = Desk::new();
    desk.aims.add_right(PLATE, "CT", "A1", clock(-120), clock(120));
    let found = desk.hand_over(1, 4);
    assert_eq!(found["problems"][0]["kind"], "document-not-sent");
    assert_eq!((&found["documents"][0]["state"], writes(&desk.aims)), (&json!("new"), 0));
    desk.assert_cited(NUMBER, 0);
}

/// Section 7: what is not acceptable is told with its place, and nothing is sent or kept.
#[test]
fn citations_that_are_not_acceptable_leave_nothing_behind() {
    let desk = Desk::new();
    let good = citation(NUMBER, -30 * 60);
    let picture = STANDARD.encode(PNG);
    let with = |bytes: &[u8]| good.replace(&picture, &STANDARD.encode(bytes));
    let large = |more: usize| [PNG, &vec![0; (5 << 20) - PNG.len() + more]].concat();
    let svg = with(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>");
    let (week, data, label) = (7 * 24 * 3600, "/evidence/0/base64Data", "/evidence/0/mimeType");
    for (text, told) in [
        (good.replace("image/png", "image/jpeg"), data),
        (with(b"\xff\xd8\xff\xe0"), data),
        (svg.clone(), data),
        (svg.replace("image/png", "image/svg+xml"), label),
        (good.replace(&picture, ""), data),
        (good.replace(&picture, "%%%%"), data),
        (good.replace(&picture, picture.trim_end_matches('=')), data),
        (with(&large(1)), data),
        (good.replace("25.00", "25.001"), "/violation/fineAmount"),
        (good.replace("25.00", "25.000"), "/violation/fineAmount"),
        (good.replace("25.00", "\"25.00\""), "/violation/fineAmount"),
        (good.replace("25.00", "0.00"), "/violation/fineAmount"),
        // Seconds pass until it is read; the exact limits are proven where it is.
        (citation(NUMBER, 310), "/timestamp"),
        (citation(NUMBER, -week - 1), "/timestamp"),
        (good.replace("00.000Z", "00.000"), "/timestamp"),
        (good.replace(PLATE, "XYZ 789"), "/licensePlate"),
        (good.replace(PLATE, "../A1"), "/licensePlate"),
        (good.replace("\"badge\"", "\"name\": \"Officer Smith\", \"badge\""), "/officer/name"),
        (good.replace("123 Main Street", "4111 1111 1111 1111"), "/location/address"),
        (good.replace("\"state\"", "\"speed\": 1, \"state\""), "/speed"),
    ] {
        desk.write(&text);
        let asked = ["apply", "citation.json", "--to", "citations"];
        let said = desk.run(0, &asked).ends(65);
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
        for private in ["4111", "Smith", "XYZ 789"] {
            assert!(!format!("{said:?}").contains(private), "{said:?}");
        }
        assert_eq!(desk.look(0, 65)["exit_code"], 65);
    }
    assert_eq!((desk.aims.requests().len(), desk.tokens.given()), (0, 0));
    desk.run(0, &["lookup", &format!("document:{NUMBER}")]).ends(20);
    // As large and as old as may be.
    desk.write(&citation(NUMBER, -week + 60).replace(&picture, &STANDARD.encode(large(0))));
    assert_eq!(desk.state(0, 0), "confirmed");
    assert_eq!(desk.aims.citation(NUMBER).unwrap().evidence[0].1, large(0));
    desk.assert_cited(NUMBER, 1);
}

/// Mutants: a token that is revoked between the question and the citation stops it, or it goes out twice.
#[test]
fn a_token_that_is_revoked_on_the_way_is_replaced_once() {
    let desk = Desk::new();
    desk.write(&citation("another", -30 * 60));
    assert_eq!(desk.state(1, 0), "confirmed");
    let (given, sent) = (desk.tokens.given(), writes(&desk.aims));
    assert_eq!(given, 1, "one login for all that a command asks");
    desk.write(&citation(NUMBER, -30 * 60));
    let (tokens, read) = (Arc::clone(&desk.tokens), AtomicUsize::new(0));
    desk.aims.watch(Some(Arc::new(move |moment| {
        // The first one asks what the office knows of the car, the second one brings the citation.
        if moment == Moment::Read && read.fetch_add(1, Ordering::SeqCst) == 1 {
            tokens.revoke();
        }
        true
    })));
    assert_eq!(desk.state(2, 0), "confirmed");
    assert_eq!((desk.tokens.given(), writes(&desk.aims)), (2 * given + 1, sent + 2));
    desk.assert_cited(NUMBER, 1);
}

#[test]
fn an_office_that_is_away_or_refuses_the_client_is_sent_nothing() {
    let desk = Desk::new();
    desk.tokens.go_offline();
    assert_eq!(desk.state(1, 5), "new");
    desk.tokens.go_online();
    desk.tokens.set(|switches| switches.unavailable = 99);
    assert_eq!(desk.state(1, 5), "new");
    desk.tokens.set(|switches| switches.unavailable = 0);
    for refusal in [oauth::Refusal::ByTheStandard, oauth::Refusal::Status200] {
        desk.tokens.set(|switches| switches.refusal = refusal);
        desk.tokens.edit_settings(|settings| settings.secret = "another".to_owned());
        assert_eq!(desk.state(2, 12), "new", "{refusal:?}");
        desk.tokens.edit_settings(|settings| settings.secret = CLIENT_SECRET.to_owned());
    }
    assert_eq!((desk.aims.requests().len(), desk.tokens.given()), (0, 0));
    desk.aims.go_offline();
    assert_eq!(desk.state(3, 5), "new");
    desk.aims.go_online();
    assert_eq!(desk.state(4, 0), "confirmed");
    desk.assert_cited(NUMBER, 1);
}

/// P17. [`Desk::run`] looks for the plate in whatever is said.
#[test]
fn a_plate_is_told_to_nobody_and_kept_no_longer_than_it_must() {
    let asked = ["-vv", "apply", "citation.json", "--to", "citations"];
    let desk = Desk::new();
    desk.run(1, &["-vv", "diff", "citation.json", "--to", "citations"]).ends(0);
    assert!(!desk.keeps(PLATE), "looking keeps nothing");
    desk.aims.trouble(|troubles| {
        troubles.documents = vec![Mishap::LostBefore];
        // The office says that the car had no right, and what became of the citation nobody hears.
        troubles.questions = vec![Mishap::Answered, Mishap::LostBefore, Mishap::PageBefore];
    });
    desk.run(1, &asked).ends(5);
    assert!(desk.keeps(PLATE), "it may have to be sent once more");
    desk.run(2, &["-vv", "status"]);
    desk.run(6, &["-vv", "sync"]).ends(0);
    desk.run(7, &asked).ends(0);
    desk.run(7, &["-vv", "lookup", &format!("document:{NUMBER}")]).ends(0);
    desk.run(7, &["-vv", "status"]).ends(0);
    desk.assert_cited(NUMBER, 1);
    assert!(!desk.keeps(PLATE), "in pages that were freed");
    assert!(!desk.keeps("officer_123") && !desk.keeps("Main Street"));
    // One that the office does not take.
    desk.write(&citation("refused", -30 * 60));
    desk.aims.trouble(|troubles| troubles.documents = vec![Mishap::FailsBefore(422)]);
    assert_eq!(desk.state(8, 4), "refused");
    assert!(!desk.keeps(PLATE));
    // Failures of every sort have words of their own.
    desk.write(&citation("failing", -30 * 60));
    desk.aims.trouble(|troubles| troubles.redirect = Some("http://127.0.0.1:1".to_owned()));
    desk.run(8, &asked);
    desk.aims.trouble(|troubles| (troubles.redirect, troubles.broken) = (None, Some(500)));
    desk.run(8, &asked);
    desk.aims.trouble(|troubles| troubles.broken = None);
    desk.aims.go_offline();
    desk.run(8, &asked);
    desk.aims.go_online();
    desk.run(40, &["-vv", "sync", "--full"]);
    desk.run(41, &asked);
    desk.assert_cited("failing", 1);
    assert!(!desk.keeps(PLATE));
}

/// P17: one that waits, or was never sent, holds a plate no longer than any other.
#[test]
fn a_citation_that_nobody_approves_is_forgotten_with_its_plate() {
    let desk = Desk::new();
    desk.town.street.park("session_789", PLATE, "CT", "A1", clock(-60), Some(clock(-10)));
    desk.tick(1, 0);
    let waits = desk.hand_over(2, 4);
    let id = waits["documents"][0]["blocked"].as_str().unwrap();
    assert!(desk.keeps(PLATE));
    desk.tick(5, 0);
    assert!(desk.keeps(PLATE), "as long as it may be approved");
    desk.tick(20 * 24 * 60, 0);
    assert!(!desk.keeps(PLATE), "seven days are over");
    let said = desk.run(20 * 24 * 60, &["apply", "--blocked", id]).ends(13);
    assert!(said.stderr.contains("hand it over again"), "{}", said.stderr);
    desk.assert_cited(NUMBER, 0);
}

/// A tariff of two slots, and whose it is.
fn tariff(rate: &str) -> String {
    format!(
        r#"{{ "meterId": "{METER}", "rates": [
    {{ "timeSlot": "08:00-18:00", "rate": {rate}, "maxDuration": 240, "gracePeriod": 5 }},
    {{ "timeSlot": "18:00-08:00", "rate": 1.00, "maxDuration": 720, "gracePeriod": 10 }} ],
  "enforcement": {{ "enabled": true, "alertThreshold": 600, "violationCode": "PKG-001" }} }}"#
    )
}

/// The same as the meter has it.
fn there(rate: &str) -> String {
    tariff(rate).replace(&format!("\"meterId\": \"{METER}\","), "")
}

/// Meters at the kerb, of which one is known: it takes 1.75 by day. An office wants it to take 2.00.
struct Kerb {
    folder: TempDir,
    meters: Arc<parkeon::Server>,
}

impl Runs for Kerb {
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
        self.meters.clock().set(clock(minutes));
        self.meters.begin_run();
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", clock(minutes).to_rfc3339()).env("KERB", METER_SECRET);
        let found = said(command.args(arguments));
        assert!(!format!("{found:?}").contains(METER_SECRET), "{found:?}");
        found
    }
}

impl Kerb {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(instant(NOON));
        let meters = parkeon::Server::start(Settings { clock, ..Settings::default() });
        meters.add_meter(METER, &there("1.75"));
        let config = format!(
            "[parkeon.kerb]\nurl = \"{}\"\ncurrency = \"USD\"\nsecret = {{ env = \"KERB\" }}\n",
            meters.url()
        );
        fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        let kerb = Self { folder, meters: Arc::new(meters) };
        kerb.write(&tariff("2.00"));
        kerb
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("tariff.json"), text).unwrap();
    }

    /// What sending the tariff would do.
    #[track_caller]
    fn look(&self, minutes: i64, code: i32) -> Value {
        let found = self.json(minutes, code, &["diff", "tariff.json", "--to", "kerb"]);
        found["documents"][0].clone()
    }

    /// Hands the tariff over, and says how it is then.
    #[track_caller]
    fn hand_over(&self, minutes: i64, code: i32) -> Value {
        let found = self.json(minutes, code, &["apply", "tariff.json", "--to", "kerb"]);
        found["documents"][0].clone()
    }

    #[track_caller]
    fn tick(&self, minutes: i64, code: i32) -> Value {
        self.json(minutes, code, &["sync"])["documents"][0]["state"].clone()
    }

    /// What the meter takes by day, and how often that was changed by us, all of it read back.
    #[track_caller]
    fn assert_takes(&self, rate: i64, changes: usize) {
        assert_eq!(self.meters.rate(METER, 0), Some(rate));
        assert_eq!(self.meters.changes(METER), changes);
        assert_eq!(self.meters.not_read_back(), Vec::<String>::new());
        assert_eq!(self.meters.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_tariff_is_looked_at_sent_and_read_back() {
    for rewrites in [false, true] {
        let kerb = Kerb::new();
        kerb.meters.set(|switches| switches.rewrites = rewrites);
        let looked = kerb.look(0, 0);
        let change = json!({ "path": "/rates/0/rate", "from": "1.75", "to": "2.00" });
        assert_eq!((&looked["changes"], &looked["holds"]), (&json!([change]), &json!([])));
        assert_eq!((&looked["state"], &looked["kind"]), (&json!("new"), &json!("tariff")));
        let asked = ["diff", "tariff.json", "--to", "kerb", "--exit-code"];
        let text = kerb.run(0, &asked).ends(2).stdout;
        assert!(text.contains("/rates/0/rate: 1.75 -> 2.00"), "{text}");
        kerb.assert_takes(175, 0);
        assert_eq!(kerb.hand_over(1, 0)["state"], "confirmed");
        kerb.assert_takes(200, 1);
        // There is nothing left to change, and nothing is sent.
        assert_eq!(kerb.look(2, 0)["changes"], json!([]));
        kerb.run(2, &asked).ends(0);
        assert_eq!(kerb.hand_over(3, 0)["state"], "confirmed");
        kerb.tick(4, 0);
        assert_eq!(writes(&kerb.meters), 1);
        kerb.assert_takes(200, 1);
    }
}

/// Each field that would be another one, and those that would come or go.
#[test]
fn a_tariff_is_compared_field_by_field() {
    let kerb = Kerb::new();
    let other = tariff("2.00")
        .replace("\"maxDuration\": 240", "\"maxDuration\": 120")
        .replace("\"enabled\": true", "\"enabled\": false")
        .replace("PKG-001", "PKG-002");
    kerb.write(&other);
    let looked = kerb.look(0, 0);
    let changes = looked["changes"].as_array().unwrap();
    let mut sorted: Vec<_> = changes.iter().filter_map(|one| one["path"].as_str()).collect();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "/enforcement/enabled",
            "/enforcement/violationCode",
            "/rates/0/maxDuration",
            "/rates/0/rate"
        ]
    );
    kerb.assert_takes(175, 0);
}

/// Mutants: a warning is told and the tariff goes out all the same; one approval is good for another.
#[test]
fn what_somebody_must_have_seen_waits_for_just_this_approval() {
    let alert = |text: &str| text.replace("600", "599");
    let gap = |text: &str| text.replace("18:00-08:00", "19:00-08:00");
    for (text, codes) in [
        (alert(&tariff("2.00")), vec!["grace_exceeds_alert at /rates/1/gracePeriod"]),
        (gap(&tariff("2.00")), vec!["hours_without_rate at /rates: no rate from 18:00 to 19:00"]),
        (alert(&gap(&tariff("2.00"))), vec!["grace_exceeds_alert", "hours_without_rate"]),
    ] {
        let kerb = Kerb::new();
        kerb.write(&text);
        assert_eq!(kerb.look(0, 4)["state"], "new");
        let waits = kerb.hand_over(1, 4);
        assert_eq!(waits["state"], "blocked");
        let holds = waits["holds"].as_array().unwrap();
        assert_eq!(holds.len(), codes.len(), "{holds:?}");
        for (hold, code) in holds.iter().zip(&codes) {
            let text = hold["text"].as_str().unwrap();
            assert!(hold["why"] == "warning" && text.contains(code), "{hold}");
        }
        kerb.tick(2, 0);
        kerb.run(2, &["apply", "--blocked", "00000000"]).ends(13);
        assert_eq!(writes(&kerb.meters), 0);
        let id = waits["blocked"].as_str().unwrap();
        let done = kerb.json(3, 0, &["apply", "--blocked", id]);
        assert_eq!(done["documents"][0]["state"], "confirmed");
        kerb.run(4, &["apply", "--blocked", id]).ends(13);
        kerb.assert_takes(200, 1);
    }
    // A plan of this installation lifts what it shows.
    let kerb = Kerb::new();
    kerb.write(&gap(&tariff("2.00")));
    kerb.json(0, 4, &["diff", "tariff.json", "--to", "kerb", "--out", "plan.json"]);
    kerb.json(1, 0, &["apply", "plan.json"]);
    kerb.assert_takes(200, 1);
}

/// Between looking and sending. Mutant: what somebody else set meanwhile is written over.
#[test]
fn a_plan_is_stale_when_somebody_else_has_changed_the_tariff() {
    for etags in [Etags::Strong, Etags::Weak] {
        let kerb = Kerb::new();
        kerb.meters.set(|switches| switches.etags = etags);
        kerb.json(0, 0, &["diff", "tariff.json", "--to", "kerb", "--out", "plan.json"]);
        kerb.meters.add_meter(METER, &there("1.80"));
        kerb.json(1, 13, &["apply", "plan.json"]);
        assert_eq!(writes(&kerb.meters), 0);
        kerb.assert_takes(180, 0);
        // Somebody looks again.
        kerb.json(2, 0, &["diff", "tariff.json", "--to", "kerb", "--out", "plan.json"]);
        kerb.json(3, 0, &["apply", "plan.json"]);
        kerb.assert_takes(200, 1);
    }
}

/// The same where no version is told: what was seen is what counts.
#[test]
fn a_plan_is_stale_where_no_version_is_told() {
    let kerb = Kerb::new();
    kerb.meters.set(|switches| switches.etags = Etags::Absent);
    kerb.json(0, 0, &["diff", "tariff.json", "--to", "kerb", "--out", "plan.json"]);
    kerb.meters.add_meter(METER, &there("1.80"));
    kerb.json(1, 13, &["apply", "plan.json"]);
    kerb.assert_takes(180, 0);
}

/// Who approves 1.75 -> 2.00 approves no 1.80 -> 2.00.
#[test]
fn an_approval_is_stale_when_somebody_else_has_changed_the_tariff() {
    let kerb = Kerb::new();
    kerb.write(&tariff("2.00").replace("600", "599"));
    let id = kerb.hand_over(0, 4)["blocked"].as_str().unwrap().to_owned();
    kerb.meters.add_meter(METER, &there("1.80"));
    kerb.json(1, 13, &["apply", "--blocked", &id]);
    assert_eq!(writes(&kerb.meters), 0);
    kerb.assert_takes(180, 0);
}

/// Between the question and the tariff, in one run: 412.
#[test]
fn a_tariff_that_changes_at_the_last_moment_is_not_written_over() {
    let kerb = Kerb::new();
    let (meters, done) = (Arc::clone(&kerb.meters), AtomicUsize::new(0));
    kerb.meters.watch(Some(Arc::new(move |moment| {
        if moment == Moment::CarriedOut && done.fetch_add(1, Ordering::SeqCst) == 0 {
            meters.add_meter(METER, &there("1.80"));
        }
        true
    })));
    let found = kerb.json(0, 13, &["apply", "tariff.json", "--to", "kerb"]);
    assert_eq!(found["problems"][0]["kind"], "document-stale");
    assert_eq!(found["documents"][0]["state"], "new");
    kerb.meters.watch(None);
    assert_eq!(writes(&kerb.meters), 1);
    kerb.assert_takes(180, 0);
    assert_eq!(kerb.look(1, 0)["changes"][0]["from"], "1.80");
    assert_eq!(kerb.hand_over(2, 0)["state"], "confirmed");
    kerb.assert_takes(200, 1);
}

/// 202. Mutants: what waits is confirmed; what waits is sent again.
#[test]
fn a_tariff_that_is_applied_later_is_asked_about_and_not_sent_again() {
    let kerb = Kerb::new();
    kerb.meters.set(|switches| switches.later = true);
    assert_eq!(kerb.hand_over(0, 5)["state"], "unknown");
    for minutes in [6, 60, 600, 1500] {
        assert_eq!(kerb.tick(minutes, 5), "unknown", "{minutes}");
        assert_eq!(writes(&kerb.meters), 1, "{minutes}");
    }
    assert_eq!(kerb.hand_over(1501, 5)["state"], "unknown", "handed over once more");
    assert_eq!((kerb.meters.rate(METER, 0), writes(&kerb.meters)), (Some(175), 1));
    assert!(kerb.meters.apply_later(METER));
    assert_eq!(kerb.tick(3000, 0), "confirmed");
    assert_eq!(writes(&kerb.meters), 1);
    kerb.assert_takes(200, 1);
    // The change is forgotten there: nobody but a person can say so.
    let kerb = Kerb::new();
    kerb.meters.set(|switches| switches.later = true);
    let id = kerb.hand_over(0, 5)["id"].as_str().unwrap().to_owned();
    assert!(kerb.meters.forget_later(METER));
    assert_eq!(kerb.tick(6, 5), "unknown");
    let settled = kerb.json(7, 0, &["apply", "--settle", &format!("{id}=not-done")]);
    assert_eq!(settled["documents"][0]["state"], "settled");
    assert_eq!(writes(&kerb.meters), 1);
    kerb.assert_takes(175, 0);
    // The same tariff, once more: it is compared with what is there.
    kerb.meters.set(|switches| switches.later = false);
    assert_eq!(kerb.hand_over(8, 0)["state"], "confirmed");
    kerb.assert_takes(200, 1);
}

/// What is there says nothing of what waits there.
#[test]
fn a_tariff_waits_for_another_one_of_the_same_meter() {
    let kerb = Kerb::new();
    kerb.meters.set(|switches| switches.later = true);
    assert_eq!(kerb.hand_over(0, 5)["state"], "unknown");
    kerb.write(&tariff("1.50"));
    assert_eq!(kerb.look(1, 5)["state"], "new");
    assert_eq!(kerb.hand_over(2, 5)["state"], "new");
    assert_eq!(writes(&kerb.meters), 1);
    assert!(kerb.meters.apply_later(METER));
    assert_eq!(kerb.tick(30, 0), "confirmed");
    kerb.meters.set(|switches| switches.later = false);
    assert_eq!(kerb.hand_over(31, 0)["state"], "confirmed");
    kerb.assert_takes(150, 2);
}

/// Mutant: 200 is success.
#[test]
fn a_tariff_that_is_not_stored_as_it_was_sent_is_never_confirmed() {
    for (stores, rate) in [(Stores::OtherRate, 201), (Stores::Nothing, 175)] {
        let kerb = Kerb::new();
        kerb.meters.set(|switches| switches.stores = stores);
        let found = kerb.hand_over(0, 5);
        assert_eq!(found["state"], "unknown", "{stores:?}");
        let error = found["error"].as_str().unwrap();
        assert!(error.contains("/rates/0/rate"), "{error}");
        for minutes in [6, 60, 600] {
            let ticked = kerb.run(minutes, &["--json", "sync"]);
            assert_valid(&ticked.json());
            assert_ne!(ticked.json()["documents"][0]["state"], "confirmed", "{stores:?}");
        }
        kerb.run(700, &["apply", "tariff.json", "--to", "kerb"]);
        assert_eq!(kerb.meters.rate(METER, 0), Some(rate));
        assert_eq!(kerb.meters.violations(), Vec::<String>::new());
    }
}

/// It was taken, and what is there is something else: asking is all that a run may do. Mutants: cron writes it anew each
/// time; a tariff of which something was sent is told to be new.
#[test]
fn a_tariff_that_was_taken_and_is_not_there_is_asked_about_and_not_sent_again() {
    for stores in [Stores::OtherRate, Stores::Nothing] {
        let kerb = Kerb::new();
        kerb.meters.set(|switches| switches.stores = stores);
        assert_eq!(kerb.hand_over(0, 5)["state"], "unknown", "{stores:?}");
        for minutes in [6, 60, 600] {
            assert_eq!(kerb.tick(minutes, 5), "unknown", "{stores:?} {minutes}");
        }
        assert_eq!(writes(&kerb.meters), 1, "{stores:?}");
    }
}

/// P10 of tariffs. Mutants: whoever is answered with a page for people waits for ever.
#[test]
fn whatever_happens_on_the_way_a_tariff_is_changed_once() {
    for (mishap, code) in [
        (Mishap::LostAfter, 0),
        (Mishap::LostBefore, 5),
        (Mishap::FailsAfter(500), 0),
        (Mishap::FailsBefore(500), 5),
        (Mishap::PageAfter, 0),
        (Mishap::PageBefore, 5),
        (Mishap::CutAfter, 0),
    ] {
        let kerb = Kerb::new();
        kerb.meters.trouble(|troubles| troubles.documents.push(mishap));
        let state = if code == 0 { "confirmed" } else { "unknown" };
        assert_eq!(kerb.hand_over(0, code)["state"], state, "{mishap:?}");
        if code == 5 {
            assert_eq!(kerb.tick(6, 0), "confirmed", "{mishap:?}");
        }
        assert_eq!(kerb.hand_over(12, 0)["state"], "confirmed", "{mishap:?}");
        kerb.assert_takes(200, 1);
    }
}

#[test]
fn versions_of_every_sort() {
    for (etags, base) in [
        (Etags::Strong, json!("\"v1\"")),
        (Etags::Weak, json!("W/\"v1\"")),
        (Etags::Absent, Value::Null),
    ] {
        let kerb = Kerb::new();
        kerb.meters.set(|switches| switches.etags = etags);
        assert_eq!(kerb.look(0, 0)["base"], base);
        assert_eq!(kerb.hand_over(1, 0)["state"], "confirmed", "{etags:?}");
        kerb.assert_takes(200, 1);
        // There is nothing left to change.
        kerb.run(2, &["diff", "tariff.json", "--to", "kerb", "--exit-code"]).ends(0);
        kerb.hand_over(3, 0);
        assert_eq!(writes(&kerb.meters), 1, "{etags:?}");
    }
    // By RFC 9110 a weak one never matches: nothing is written, and nobody pretends.
    let kerb = Kerb::new();
    kerb.meters.set(|switches| switches.etags = Etags::WeakNeverMatches);
    assert_eq!(kerb.hand_over(0, 13)["state"], "new");
    kerb.assert_takes(175, 0);
}

/// Section 7. Mutant: a name steers the address.
#[test]
fn a_meter_that_cannot_be_is_not_asked_for() {
    let kerb = Kerb::new();
    for id in ["METER/001", "METER%2F001", "../meter-config/METER-A1-001", "%", "..", ""] {
        kerb.write(&tariff("2.00").replace(METER, id));
        for command in ["apply", "diff"] {
            let said = kerb.run(0, &[command, "tariff.json", "--to", "kerb"]).ends(65);
            assert!(said.stderr.contains("/meterId"), "{id}: {}", said.stderr);
        }
    }
    for (from, to, told) in [
        ("2.00", "2.001", "/rates/0/rate"),
        ("2.00", "-2.00", "/rates/0/rate"),
        ("2.00", "\"2.00\"", "/rates/0/rate"),
        ("18:00-08:00", "17:00-08:00", "/rates/1/timeSlot"),
        ("240", "0", "/rates/0/maxDuration"),
    ] {
        kerb.write(&tariff("2.00").replace(from, to));
        let said = kerb.run(0, &["apply", "tariff.json", "--to", "kerb"]).ends(65);
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
    }
    assert_eq!(kerb.meters.requests().len(), 0);
    // One that nobody there knows.
    kerb.write(&tariff("2.00").replace("A1-001", "A1-002"));
    let found = kerb.json(0, 4, &["apply", "tariff.json", "--to", "kerb"]);
    assert_eq!(found["problems"][0]["kind"], "document-not-sent");
    assert_eq!((&found["documents"][0]["state"], writes(&kerb.meters)), (&json!("new"), 0));
    kerb.assert_takes(175, 0);
}

/// A, then B, then A once more: a town goes back to an earlier tariff.
#[test]
fn an_earlier_tariff_can_come_back() {
    let kerb = Kerb::new();
    for (place, (text, rate)) in
        (1..).zip([("2.00", 200), ("1.50", 150), ("2.00", 200), ("1.50", 150)])
    {
        kerb.write(&tariff(text));
        let minutes = i64::try_from(place).unwrap() * 10;
        let looked = kerb.look(minutes, 0);
        assert_eq!(looked["changes"][0]["to"], text, "{place}");
        assert_eq!(kerb.hand_over(minutes + 1, 0)["state"], "confirmed", "{place}");
        kerb.assert_takes(rate, place);
        // Twice is once.
        kerb.hand_over(minutes + 2, 0);
        kerb.tick(minutes + 3, 0);
        kerb.assert_takes(rate, place);
    }
    assert_eq!(writes(&kerb.meters), 4);
    // Somebody else set another one: what was sent before can be sent again.
    kerb.meters.add_meter(METER, &there("1.80"));
    assert_eq!(kerb.look(60, 0)["changes"][0]["from"], "1.80");
    assert_eq!(kerb.hand_over(61, 0)["state"], "confirmed");
    kerb.assert_takes(150, 5);
    // Days later, and the request is lost: what is sent anew has a key that lives from then on.
    let days = 3 * 24 * 60;
    kerb.write(&tariff("2.00"));
    kerb.meters.trouble(|troubles| troubles.documents.push(Mishap::LostBefore));
    assert_eq!(kerb.hand_over(days, 5)["state"], "unknown");
    assert_eq!(kerb.tick(days + 6, 0), "confirmed");
    kerb.assert_takes(200, 6);
}

#[test]
fn meters_that_are_away_or_refuse_the_login_are_sent_nothing() {
    let kerb = Kerb::new();
    kerb.meters.go_offline();
    assert_eq!(kerb.hand_over(0, 5)["state"], "new");
    kerb.meters.go_online();
    kerb.meters.trouble(|troubles| troubles.broken = Some(401));
    assert_eq!(kerb.hand_over(1, 12)["state"], "new");
    // A tariff is sent where it can be read back.
    kerb.meters.trouble(|troubles| (troubles.broken, troubles.tells_state) = (None, false));
    assert_eq!(kerb.hand_over(2, 4)["state"], "new");
    assert_eq!(writes(&kerb.meters), 0);
    kerb.meters.trouble(|troubles| troubles.tells_state = true);
    assert_eq!(kerb.hand_over(3, 0)["state"], "confirmed");
    kerb.assert_takes(200, 1);
}
