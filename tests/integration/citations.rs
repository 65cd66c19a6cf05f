//! `diff --violations`: tickets that were written against cars that had paid, with the real binary and a strict
//! service; and a world of sales and tickets, judged by what was really paid.

use std::fs;

use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::ips::{Citation, PERSONAL_MARKS, Paging, Settings, Switches};
use serde_json::{Value, json};

use super::support::town::{KEY, Runs, Town, clock};

fn a_town(more: &str) -> Town {
    Town::new(Settings::default(), &[("IPS_KEY", KEY)], |street| {
        format!(
            "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\nkeep_plates = \"48h\"\n\
             [zone.A1]\ngrace = \"5m\"\n[zone.A2]\n[zone.B1]\n[zone.B2]\n\
             [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n{more}\n",
            street.url()
        )
    })
}

#[track_caller]
fn review(town: &Town, minutes: i64, code: i32) -> Value {
    town.json(minutes, code, &["diff", "--violations"])
}

fn cite(town: &Town, id: &str, plate: &str, zone: &str, minutes: i64) {
    town.street.cite(id, plate, "CT", zone, clock(minutes), "EXPIRED_METER");
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

const ALL: &str = "violations = [\"*\"]";

#[test]
fn a_wrong_ticket_is_found_and_a_rightful_one_is_not() {
    let town = a_town(ALL);
    let street = &town.street;
    street.park("session_789", "ABC123", "CT", "A1", clock(-120), Some(clock(-10)));
    street.permit("RES-1", "RESIDENTIAL", "RES111", "CT", &["A2"], clock(-9000), None);
    cite(&town, "paid", "ABC123", "A1", -60);
    cite(&town, "last-second", "ABC123", "A1", -10);
    cite(&town, "after-grace", "ABC123", "A1", -5);
    cite(&town, "before", "ABC123", "A1", -121);
    cite(&town, "elsewhere", "ABC123", "A2", -60);
    cite(&town, "permit", "res 111", "A2", -3);
    cite(&town, "nobody", "NOBODY", "A1", -60);
    // Also where nothing was read before.
    let found = review(&town, 0, 4);
    assert_eq!(ids(&found["violations"]), ["paid", "last-second", "permit"]);
    assert_eq!((found["unclear"].as_array().unwrap().len(), &found["stand"]), (0, &json!(4)));
    let first = &found["violations"][0];
    assert_eq!(first["right"]["id"], "session_789");
    assert_eq!(first["right"]["from"], "2026-03-10T10:00:00Z");
    assert_eq!((&first["status"], &first["state"]), (&json!("ACTIVE"), &json!("issued")));
    assert_eq!(found["violations"][1]["status"], "GRACE", "ended in that very second");
    // Looking keeps nothing, and what is found is found again after a run, and by its name.
    town.tick(5, 0);
    assert_eq!(ids(&review(&town, 6, 4)["violations"]), ["paid", "last-second", "permit"]);
    let text = town.run(6, &["diff", "--violations"]).ends(4).stdout;
    let line = text.lines().find(|line| line.contains("paid of street")).unwrap();
    assert!(
        line.contains("session_789 of street, 2026-03-10 06:00 EDT until 2026-03-10 07:50 EDT")
            && line.contains("zone A1, EXPIRED_METER; valid there and then"),
        "{line}"
    );
    for text in [&text, &format!("{:#}", review(&town, 6, 4))] {
        assert!(!text.contains("ABC123") && !text.contains("RES111"), "{text}");
    }
    let one = town.json(6, 0, &["lookup", "citation:paid"]);
    assert_eq!(one["citations"][0]["right"]["id"], "session_789");
    town.run(6, &["lookup", "citation:none"]).ends(20);
    // Dismissed by the town: nobody needs to look any more. Paid: somebody gets money back.
    street.set_citation_status("paid", "DISMISSED");
    street.set_citation_status("permit", "PAID");
    town.tick(10, 0);
    let found = review(&town, 10, 4);
    assert_eq!(ids(&found["violations"]), ["last-second", "permit"]);
    assert_eq!(
        (&found["violations"][1]["state"], &found["dismissed"]),
        (&json!("paid"), &json!(1))
    );
    street.remove_citation("last-second");
    street.set_citation_status("permit", "VOID");
    town.tick(15, 0);
    let found = review(&town, 15, 0);
    assert_eq!((ids(&found["violations"]).len(), &found["dismissed"]), (0, &json!(2)));
    assert_eq!(street.violations(), Vec::<String>::new());
}

/// The case of Sacramento: the payment reaches the city after the ticket.
#[test]
fn a_payment_that_arrives_later_is_found() {
    let town = a_town(ALL);
    town.tick(0, 0);
    cite(&town, "early", "LATE1", "A1", 2);
    town.tick(5, 0);
    assert_eq!(review(&town, 6, 0)["stand"], 1);
    town.street.park("late", "LATE1", "CT", "A1", clock(-30), Some(clock(30)));
    town.tick(10, 0);
    let found = review(&town, 10, 4);
    assert_eq!(
        (ids(&found["violations"]), &found["violations"][0]["known_later"]),
        (vec!["early"], &json!(true))
    );
    let text = town.run(10, &["diff", "--violations"]).ends(4).stdout;
    assert!(text.contains("known only since after the citation"), "{text}");
    // One whose right was known is not late.
    cite(&town, "known", "LATE1", "A1", 11);
    town.tick(15, 0);
    assert_eq!(review(&town, 15, 4)["violations"][1]["known_later"], false);
}

/// Mutants: what cannot be said stands; a cancelled right says that the ticket stands; an unknown zone is none.
#[test]
fn what_cannot_be_said_is_never_rightful() {
    let town = a_town(ALL);
    let street = &town.street;
    street.park("cancelled", "GONE1", "CT", "A1", clock(-60), Some(clock(60)));
    street.park("odd", "ODD1", "CT", "Z9", clock(-60), Some(clock(60)));
    cite(&town, "cancelled-right", "GONE1", "A1", -30);
    cite(&town, "left-out", "ODD1", "A1", -30);
    cite(&town, "zone", "SOME1", "Z9", -30);
    cite(&town, "stands", "SOME1", "A1", -30);
    cite(&town, "future", "SOME1", "A1", 600);
    street.cancel("cancelled");
    town.tick(0, 0);
    let found = review(&town, 0, 5);
    assert_eq!(ids(&found["unclear"]), ["cancelled-right", "left-out", "zone", "future"]);
    assert_eq!(found["stand"], 1);
    // A service that cannot be reached: what is known is judged, and nothing stands for sure.
    street.go_offline();
    let found = town.run(30, &["--json", "diff", "--violations"]);
    let found = found.ends(5).json();
    assert_eq!((&found["stand"], found["unclear"].as_array().unwrap().len()), (&json!(0), 5));
    let unclear = found["unclear"].as_array().unwrap();
    let stands = unclear.iter().find(|one| one["id"] == "stands").unwrap();
    assert_eq!(stands["stale"], json!(["street"]));
}

/// Mutants: evidence that is gone makes a ticket rightful; a right for elsewhere hides one that is cancelled.
#[test]
fn evidence_that_goes() {
    let town = a_town(ALL);
    let street = &town.street;
    street.park("deleted", "GONE1", "CT", "A1", clock(-60), Some(clock(60)));
    street.park("cancelled", "CAN1", "CT", "A1", clock(-60), Some(clock(60)));
    street.permit("elsewhere", "RESIDENTIAL", "CAN1", "CT", &["A2"], clock(-9000), None);
    street.cancel("cancelled");
    cite(&town, "gone", "GONE1", "A1", -30);
    cite(&town, "hidden", "CAN1", "A1", -30);
    town.tick(0, 0);
    let found = review(&town, 0, 4);
    assert_eq!((ids(&found["violations"]), ids(&found["unclear"])), (vec!["gone"], vec!["hidden"]));
    street.delete("deleted");
    town.tick(5, 0);
    let found = review(&town, 5, 5);
    assert_eq!(
        (ids(&found["violations"]).len(), ids(&found["unclear"])),
        (0, vec!["gone", "hidden"])
    );
}

/// The car on a permit is changed, and a session deleted, before their tickets are heard of.
#[test]
fn what_was_changed_before_the_ticket_was_heard_of() {
    let town = a_town(ALL);
    let street = &town.street;
    street.permit("p1", "RESIDENTIAL", "OLDCAR", "CT", &["A1"], clock(-9000), None);
    street.park("s1", "GONE1", "CT", "A1", clock(-60), Some(clock(60)));
    street.park("s2", "STOP1", "CT", "A1", clock(-60), Some(clock(60)));
    town.tick(0, 0);
    street.change_plate("p1", "NEWCAR", "CT");
    street.delete("s1");
    street.clock().set(clock(4));
    street.stop("s2");
    town.tick(5, 0);
    for (id, plate) in [("plate", "OLDCAR"), ("deleted", "GONE1"), ("stopped", "STOP1")] {
        cite(&town, id, plate, "A1", 1);
    }
    // When the grace is over that a right has which ended then.
    cite(&town, "later", "OLDCAR", "A1", 10);
    cite(&town, "elsewhere", "GONE1", "B1", 1);
    town.tick(10, 0);
    let found = review(&town, 10, 4);
    assert_eq!(ids(&found["violations"]), ["stopped"]);
    assert_eq!((ids(&found["unclear"]), &found["stand"]), (vec!["deleted", "plate"], &json!(2)));
}

#[test]
fn only_types_that_a_right_answers() {
    let town = a_town("violations = [\"EXPIRED_METER\"]");
    town.street.park("session", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    cite(&town, "meter", "ABC123", "A1", -30);
    town.street.cite("hydrant", "ABC123", "CT", "A1", clock(-30), "FIRE_HYDRANT");
    assert_eq!(ids(&review(&town, 0, 4)["violations"]), ["meter"]);
    let town = a_town("");
    town.run(0, &["diff", "--violations"]).ends(64);
    assert_eq!(town.street.calls("violations"), 0);
    for (more, words) in [
        ("violations = []", "is empty"),
        ("violations = [\"A\", \"A\"]", "twice"),
        ("violations = \"A\"", "list"),
    ] {
        let told = a_town(more).run(0, &["sync"]).ends(78);
        assert!(told.stderr.contains(words), "{more}: {}", told.stderr);
    }
    let town = a_town(ALL);
    town.run(0, &["diff", "--violations", "--since", "2027-01-01"]).ends(64);
    town.run(0, &["diff", "--since", "2026-01-01"]).ends(64);
    town.run(0, &["diff", "--violations", "--out", "x"]).ends(64);
}

#[test]
fn a_service_without_citations_says_so_and_its_rights_count() {
    let town = a_town(ALL);
    town.street.set(|switches| switches.no_citations = true);
    town.street.park("session", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    let found = town.tick(0, 4);
    assert_eq!(found["problems"][0]["kind"], "citations-unread");
    assert_eq!(found["sources"][0]["fresh"], true);
    town.run(0, &["lookup", "plate:CT:ABC123", "--zone", "A1"]).ends(0);
    review(&town, 0, 4);
}

/// Every paging, every odd spelling: the same is found. Nothing about persons is kept.
#[test]
fn odd_services_and_personal_data() {
    type Turn = fn(&mut Switches);
    let turns: [Turn; 5] = [
        |switches| switches.paging = Paging::RowMoves,
        |switches| switches.no_status = true,
        |switches| switches.fines_as_text = true,
        |switches| switches.deleted_as_objects = true,
        |_| {},
    ];
    for turn in turns {
        let town = a_town(ALL);
        town.street.set(turn);
        town.street.park("session", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
        for place in 0..30 {
            cite(&town, &format!("wrong-{place:02}"), "ABC123", "A1", -30);
            cite(&town, &format!("right-{place:02}"), "XYZ999", "A1", -30);
        }
        town.tick(0, 0);
        let found = review(&town, 1, 4);
        assert_eq!((ids(&found["violations"]).len(), &found["stand"]), (30, &json!(30)));
        assert_eq!(town.street.violations(), Vec::<String>::new());
        let kept = fs::read(town.folder.path().join("ivms-sync.db")).unwrap();
        let side = fs::read(town.folder.path().join("ivms-sync.db-wal")).unwrap_or_default();
        for mark in PERSONAL_MARKS {
            for bytes in [&kept, &side] {
                assert!(
                    !bytes.windows(mark.len()).any(|window| window == mark.as_bytes()),
                    "{mark}"
                );
            }
        }
    }
}

/// `keep_plates` is 48 hours here: a citation and its plate are gone after it, for good.
#[test]
fn plates_of_citations_are_forgotten() {
    let town = a_town(ALL);
    cite(&town, "old", "PLATE77", "A1", -10);
    town.tick(0, 0);
    let has = || {
        ["ivms-sync.db", "ivms-sync.db-wal"].iter().any(|name| {
            let bytes = fs::read(town.folder.path().join(name)).unwrap_or_default();
            bytes.windows(7).any(|window| window == b"PLATE77")
        })
    };
    assert!(has());
    assert_eq!(review(&town, 5, 0)["stand"], 1);
    town.tick(48 * 60, 0);
    town.tick(48 * 60 + 5, 0);
    assert_eq!(review(&town, 48 * 60 + 6, 0)["stand"], 0);
    assert!(!has(), "in pages that were freed");
    let asked = ["diff", "--violations", "--since", "30d"];
    let text = town.run(48 * 60 + 7, &asked).ends(0).stdout;
    assert!(text.contains("keep_plates"), "{text}");
}

/// Sales, extensions, stops, late payments, tickets and faults over days. After each tick each citation is judged
/// by what was really paid: one against a paid car is found, and none is that stands.
#[test]
fn a_world_of_tickets() {
    for seed in 1..=3_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
        let mut roll = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 33) % below
        };
        let town = a_town("violations = [\"*\"]\nfull_every = \"2h\"");
        let street = &town.street;
        // What was paid: plate, zone, from, until.
        let mut paid: Vec<(String, usize, i64, i64)> = Vec::new();
        let mut late: Vec<(i64, String, String, usize, i64, i64)> = Vec::new();
        let mut tickets: Vec<(String, String, usize, i64)> = Vec::new();
        let zones = ["A1", "A2", "B1", "B2"];
        let mut found_any = 0;
        for turn in 0..40 {
            let now = turn * 5;
            for _ in 0..roll(4) {
                let (plate, zone) = (format!("CAR{:03}", roll(40)), roll(4) as usize);
                let (from, until) = (now - roll(20) as i64, now + 5 + roll(60) as i64);
                let id = format!("s{}", paid.len());
                paid.push((plate.clone(), zone, from, until));
                match roll(3) {
                    // It reaches the city up to an hour later.
                    0 => late.push((now + roll(60) as i64, id, plate, zone, from, until)),
                    _ => {
                        street.park(&id, &plate, "CT", zones[zone], clock(from), Some(clock(until)))
                    }
                }
            }
            let (due, rest): (Vec<_>, Vec<_>) = late.into_iter().partition(|one| one.0 <= now);
            late = rest;
            for (_, id, plate, zone, from, until) in due {
                street.park(&id, &plate, "CT", zones[zone], clock(from), Some(clock(until)));
            }
            for _ in 0..roll(4) {
                let (plate, zone) = (format!("CAR{:03}", roll(40)), roll(4) as usize);
                let at = now - roll(5) as i64;
                let id = format!("t{}", tickets.len());
                street.cite(&id, &plate, "CT", zones[zone], clock(at), "EXPIRED_METER");
                tickets.push((id, plate, zone, at));
            }
            if roll(5) == 0 {
                street.fault(Fault::DropBefore.on("violations").times(1 + roll(3) as usize));
            }
            town.run(now, &["sync"]);
            let found = town.run(now, &["--json", "diff", "--violations"]).json();
            let wrong = ids(&found["violations"]);
            let unclear = ids(&found["unclear"]);
            for (id, plate, zone, at) in &tickets {
                // Grace is five minutes in A1, and none elsewhere.
                let grace = if *zone == 0 { 5 } else { 0 };
                let covers = |one: &&(String, usize, i64, i64)| {
                    one.0 == *plate && one.1 == *zone && one.2 <= *at && *at < one.3 + grace
                };
                let is_paid = paid.iter().any(|one| covers(&one));
                let is_known = paid.iter().enumerate().any(|(place, one)| {
                    covers(&one) && !late.iter().any(|late| late.1 == format!("s{place}"))
                });
                if wrong.contains(&id.as_str()) {
                    found_any += 1;
                    assert!(is_paid, "seed {seed}, turn {turn}: {id} is rightful");
                } else if is_known {
                    let is_told = unclear.contains(&id.as_str()) || found["exit_code"] == 5;
                    assert!(is_told, "seed {seed}, turn {turn}: {id} is against a paid car");
                }
            }
        }
        assert!(found_any > 20, "seed {seed}: {found_any}");
        assert_eq!(street.violations(), Vec::<String>::new(), "seed {seed}");
    }
}

/// The report of the reference, posted by hand with a bearer; see `events` for the rest.
#[test]
fn a_report_is_what_a_listing_says() {
    let citation = Citation::new("ips_viol_789", "XYZ789", "CT", "A1", clock(0), "EXPIRED_METER");
    let (row, report): (Value, Value) = (
        serde_json::from_str(&citation.row()).unwrap(),
        serde_json::from_str(&citation.report()).unwrap(),
    );
    for key in ["violationId", "timestamp", "licensePlate", "violationType"] {
        assert_eq!(row[key], report[key], "{key}");
    }
}

/// What was known of a car then is not forgotten with its row. Mutants: a row that could not be used leaves nothing when
/// it goes; one that leaves a listing of all does not; nor one of a spreadsheet, nor of a section that goes; grace ends with
/// the row; a right that is only longer now counts as changed.
#[test]
fn what_is_not_known_any_more_is_remembered() {
    for is_full in [false, true] {
        let town = a_town(&format!(
            "{ALL}\n[rights-file.exempt]\nfiles = [\"exempt.csv\"]\n[rights-file.staff]\nfiles = [\"staff.csv\"]"
        ));
        let sheet = |name: &str, rows: &str| {
            let text =
                format!("Plate,State,Zone,From,Until\n{rows}FILLER1,CT,A1,2026-01-01,2026-12-31\n");
            fs::write(town.path(name), text).unwrap();
        };
        sheet(
            "exempt.csv",
            "SHEET1,CT,A1,2026-01-01,2026-12-31\nODDROW,CT,Z9,2026-01-01,2026-12-31\n",
        );
        sheet("staff.csv", "STAFF1,CT,A1,2026-01-01,2026-12-31\n");
        let street = &town.street;
        street.park("odd", "ODD1", "CT", "Z9", clock(-60), Some(clock(60)));
        street.park("sold", "SOLD1", "CT", "A1", clock(-60), Some(clock(60)));
        street.park("short", "SHORT1", "CT", "A1", clock(-60), Some(clock(-30)));
        street.park("longer", "LONG1", "CT", "A1", clock(-20), Some(clock(10)));
        town.tick(0, 0);
        street.delete("odd");
        street.delete("sold");
        street.delete("short");
        street.extend("longer", clock(60));
        sheet("exempt.csv", "");
        let text = fs::read_to_string(town.path("ivms-sync.toml")).unwrap();
        let (text, _) = text.split_once("[rights-file.staff]").unwrap();
        fs::write(town.path("ivms-sync.toml"), text).unwrap();
        let sync: &[&str] = if is_full { &["sync", "--full"] } else { &["sync"] };
        town.run(5, sync).ends(0);
        // Heard of only now.
        for (id, plate, minutes) in [
            ("odd", "ODD1", -30),
            ("sold", "SOLD1", -30),
            ("sheet", "SHEET1", -30),
            ("odd-row", "ODDROW", -30),
            ("staff", "STAFF1", -30),
            ("in-grace", "SHORT1", -28),
            ("after-grace", "SHORT1", -25),
            ("after", "SOLD1", 10),
            ("before-it", "LONG1", -25),
        ] {
            cite(&town, id, plate, "A1", minutes);
        }
        town.street.cite("other-zone", "SOLD1", "CT", "B1", clock(-30), "EXPIRED_METER");
        town.tick(10, 0);
        let found = review(&town, 10, 5);
        let mut unclear = ids(&found["unclear"]);
        unclear.sort_unstable();
        assert_eq!(unclear, ["in-grace", "odd", "odd-row", "sheet", "sold", "staff"], "{is_full}");
        assert_eq!(found["stand"], 4, "{is_full}: {found}");
        // Plates go with their time, these as well.
        town.run(60 * 24 * 4, &["sync"]).ends(0);
        for name in ["ivms-sync.db", "ivms-sync.db-wal"] {
            let bytes = fs::read(town.path(name)).unwrap_or_default();
            let bytes = String::from_utf8_lossy(&bytes);
            assert!(!bytes.contains("SOLD1") && !bytes.contains("ODD1"), "{name}");
        }
    }
}
