//! `status`: who waits and since when, on the screen, for a monitoring, and as a sheet to fill in.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ivms_sync_simulators::club::{employee_no, number};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// Ticks after the first run.
const TICKS: [&str; 4] = [
    "2026-03-10T10:05:00Z",
    "2026-03-10T10:10:00Z",
    "2026-03-10T10:15:00Z",
    "2026-03-10T10:20:00Z",
];

fn status(sandbox: &Sandbox, now: &str) -> Value {
    sandbox.at(now, &["status", "--json"]).ends(0).json()
}

/// A club whose second door is closed for one member, who pays while that door is away.
fn somebody_outside() -> Sandbox {
    let sandbox = Sandbox::pinned(12, 2);
    let over = |member: &mut ivms_sync_simulators::cardskipper::Member| {
        member.organisations[0].roles[0].end = "2026-03-01".to_owned();
    };
    sandbox.club.cardskipper.edit(number(3), over);
    sandbox.sync_after_a_look_at(START, 0);
    sandbox.club.renew(3, "2027-01-31");
    sandbox.club.devices[1].go_offline();
    sandbox
}

#[test]
fn before_the_first_run_nothing_is_known_and_nobody_is_asked() {
    let sandbox = Sandbox::pinned(12, 2);
    let said = sandbox.at(START, &["status"]).ends(0);
    assert!(
        said.stdout.starts_with("No run yet. The first one: ivms-sync sync\n"),
        "{}",
        said.stdout
    );
    let document = status(&sandbox, START);
    assert_eq!(document["runs"], json!([]));
    assert_eq!(each(&document, "devices", "read_at"), ["null", "null"]);
    assert!(sandbox.club.cardskipper.requests().is_empty());
    assert!(sandbox.club.devices.iter().all(|door| door.requests().is_empty()));
}

#[test]
fn who_stands_outside_is_told_with_since_when_and_because_of_what() {
    let sandbox = somebody_outside();
    for now in &TICKS[..2] {
        sandbox.sync_at(now, 3);
    }
    let document = status(&sandbox, TICKS[2]);
    assert_eq!(document["outside"], 1);
    let waiting = &document["waiting"][0];
    assert_eq!(waiting["device"], "door2");
    assert_eq!(waiting["employee_no"], employee_no(3));
    assert_eq!(waiting["opens_door"], true);
    assert_eq!(waiting["since"], TICKS[0], "from the run that first saw the payment");
    assert!(waiting["error"].as_str().unwrap().contains("gave no usable answer"), "{waiting}");
    assert_eq!(document["devices"][1]["failures"], 2);
    assert_eq!(document["last_success"]["began"], START);
    assert_eq!(document["runs"][0]["exit_code"], 3);

    sandbox.club.devices[1].go_online();
    sandbox.sync_at(TICKS[2], 0);
    let document = status(&sandbox, TICKS[3]);
    assert_eq!(document["outside"], 0);
    assert_eq!(document["waiting"], json!([]));
    // The first door at once, the second after two ticks.
    assert_eq!(
        document["grant_delay"],
        json!({"count": 2, "seconds": 600, "longest_seconds": 600})
    );
    assert_eq!(document["last_success"]["began"], TICKS[2]);
}

#[test]
fn requests_are_counted_as_the_other_side_counts_them() {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2027-01-31");
    sandbox.sync_at(TICKS[0], 0);
    let counted = status(&sandbox, TICKS[1])["requests"].clone();
    let seen = json!({
        "cardskipper.club": sandbox.club.cardskipper.requests().len(),
        "hikvision.door1": sandbox.club.devices[0].requests().len(),
        "hikvision.door2": sandbox.club.devices[1].requests().len(),
    });
    assert_eq!(counted, seen);
}

#[test]
fn a_blocked_plan_is_named_with_its_command_until_it_is_approved() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    (2..5).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.sync_at("2026-03-10T10:02:00Z", 0);
    let document = status(&sandbox, "2026-03-10T10:02:00Z");
    assert_eq!(document["blocked"], json!([]), "a second look needs no approval");
    assert_eq!(each(&document, "waiting", "blocked_by"), ["second-look"; 3]);
    let text = sandbox.at("2026-03-10T10:02:00Z", &["status"]).ends(0).stdout;
    assert!(text.contains("second look") && !text.contains("apply --blocked"), "{text}");
    let id = sandbox.sync_at(TICKS[0], 4)["blocked"].as_str().unwrap().to_owned();
    let document = status(&sandbox, TICKS[1]);
    assert_eq!(document["blocked"], json!([{ "id": id, "since": TICKS[0] }]));
    assert_eq!(each(&document, "waiting", "blocked_by"), ["revoke_per_tick"; 3]);
    assert_eq!(document["outside"], 0, "they are inside");
    let text = sandbox.at(TICKS[1], &["status"]).ends(0).stdout;
    assert!(text.contains(&format!("ivms-sync apply --blocked {id}\n")), "{text}");
    assert!(text.contains("Waiting: 3 changes end or shorten access"), "{text}");
    sandbox.at(TICKS[1], &["apply", "--blocked", &id]).ends(0);
    let document = status(&sandbox, TICKS[2]);
    assert_eq!((&document["blocked"], &document["waiting"]), (&json!([]), &json!([])));
}

#[test]
fn a_door_that_is_only_observed_lets_nobody_wait() {
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.set("hikvision.door1", "mode = \"observe\"");
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2027-01-31");
    sandbox.sync_at(TICKS[0], 0);
    assert_eq!(status(&sandbox, TICKS[0])["waiting"], json!([]));
    // And no page says of it that all is in sync.
    let page = page(&sandbox, TICKS[0]);
    assert!(page.contains("<h1>1 change is only observed</h1>"), "{page}");
    assert!(!page.contains("Nobody who has paid stands outside"), "{page}");
}

/// The page of `status` at a moment.
fn page(sandbox: &Sandbox, now: &str) -> String {
    sandbox.at(now, &["status", "--html", "page.html"]).ends(0);
    fs::read_to_string(sandbox.path("page.html")).unwrap()
}

/// Mutants: a page that looks only at who stands outside, at the last run's code, or at no clock.
#[test]
fn a_page_says_that_all_is_in_step_only_where_it_is() {
    const IN_STEP: &str = "<h1>All doors are in sync</h1>";
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    let fine = page(&sandbox, START);
    assert!(
        fine.contains(IN_STEP) && fine.contains("Nobody who has paid stands outside"),
        "{fine}"
    );
    let late = page(&sandbox, "2026-03-10T11:00:00Z");
    assert!(
        !late.contains(IN_STEP) && late.contains("<h1>no run since 2026-03-10 11:00 CET</h1>"),
        "{late}"
    );
    assert!(!late.contains("Nobody who has paid stands outside"), "{late}");
    // One change waits for its second look; whoever is permanent on a door is left out there.
    assert!(sandbox.club.inactivate(2));
    sandbox.sync_at(TICKS[0], 0);
    let waits = page(&sandbox, TICKS[0]);
    assert!(waits.contains("<h1>1 change waits</h1>"), "{waits}");
    sandbox.sync_at(TICKS[1], 0);
    assert!(page(&sandbox, TICKS[1]).contains(IN_STEP));
    sandbox.club.cardskipper.edit(number(4), |member| member.email.clear());
    sandbox.club.devices[0].remove_person(&employee_no(4));
    sandbox.at(TICKS[2], &["sync", "--full"]).ends(0);
    let left_out = page(&sandbox, TICKS[2]);
    assert!(!left_out.contains(IN_STEP), "{left_out}");
    assert!(!left_out.contains("Nobody who has paid stands outside"), "{left_out}");
}

/// Mutants: the words of the documents told to people; rows of link files told by `diff -v` alone.
#[test]
fn reasons_are_said_in_words_and_rows_of_link_files_are_counted() {
    let sandbox = Sandbox::pinned(12, 1);
    let rows = format!("{}9001,\n9002,\n", sandbox.club.links_csv);
    fs::write(sandbox.path("persons.csv"), rows).unwrap();
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(7), |member| member.set_end("soon"));
    sandbox.sync_at(TICKS[0], 0);
    assert_eq!(each(&status(&sandbox, TICKS[0]), "attention", "reason"), ["bad-dates"]);
    let text = sandbox.at(TICKS[0], &["status"]).ends(0).stdout;
    assert!(text.contains("dates that cannot be right"), "{text}");
    assert!(
        !text.contains("bad-dates") && !page(&sandbox, TICKS[0]).contains("bad-dates"),
        "{text}"
    );
    let rows = "Rows of link files that link nobody:\n  2  it has a person id and no e-mail\n\
                `ivms-sync diff -v` lists them";
    assert!(text.contains(rows), "{text}");
}

/// The samples of a file of metrics, held against the exposition format.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut described, mut samples) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{line}");
            assert!(described.insert(name.to_owned(), None).is_none(), "twice: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["gauge", "counter", "summary"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            *described.get_mut(name).unwrap() = Some(kind.to_owned());
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let legal = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.starts_with("ivms_sync_") && name.chars().all(legal), "{line}");
            let family = name.trim_end_matches("_sum").trim_end_matches("_count");
            assert!(described[family].is_some(), "no TYPE before {line}");
            assert_eq!(series.matches('"').count() % 2, 0, "{line}");
            // A third word would be a timestamp, which the collector refuses.
            assert!(!series.replace(", ", "").contains(' '), "{line}");
            assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    assert!(text.ends_with('\n'));
    samples
}

#[test]
fn metrics_are_whole_and_a_failed_run_leaves_the_last_success_alone() {
    let mut sandbox = somebody_outside();
    sandbox.set("link", "[report]\nprometheus = \"doors.prom\"");
    sandbox.sync_at(TICKS[0], 3);
    let read = || samples(&fs::read_to_string(sandbox.path("doors.prom")).unwrap());
    let metrics = read();
    let second = |now: &str| crate::support::pinned::instant(now).timestamp() as f64;
    assert_eq!(metrics["ivms_sync_last_success_timestamp_seconds"], second(START));
    assert_eq!(metrics["ivms_sync_last_run_timestamp_seconds"], second(TICKS[0]));
    assert_eq!(metrics["ivms_sync_last_run_exit_code"], 3.0);
    assert_eq!(metrics["ivms_sync_members_outside{device=\"door2\"}"], 1.0);
    assert_eq!(metrics["ivms_sync_pending_changes{device=\"door2\",kind=\"grant\"}"], 1.0);
    assert_eq!(metrics["ivms_sync_device_up{device=\"door2\",mode=\"full\"}"], 0.0);
    assert_eq!(metrics["ivms_sync_device_up{device=\"door1\",mode=\"full\"}"], 1.0);
    let before = metrics["ivms_sync_requests_total{target=\"hikvision.door1\"}"];
    sandbox.club.devices[1].go_online();
    sandbox.sync_at(TICKS[1], 0);
    let metrics = read();
    assert_eq!(metrics["ivms_sync_last_success_timestamp_seconds"], second(TICKS[1]));
    assert_eq!(metrics["ivms_sync_members_outside{device=\"door2\"}"], 0.0);
    assert_eq!(metrics["ivms_sync_grant_delay_seconds_sum"], 300.0);
    assert_eq!(metrics["ivms_sync_requests_total{target=\"hikvision.door1\"}"], before);
    assert!(!sandbox.path("doors.prom.new").exists(), "renamed into place");
}

#[test]
fn a_page_that_cannot_be_written_is_said_and_stops_nothing() {
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.set("link", "[report]\nhtml = \"nowhere/doors.html\"");
    let said = sandbox.at(START, &["sync"]).ends(0);
    assert!(said.stderr.contains("nowhere/doors.html"), "{}", said.stderr);
    sandbox.club.renew(3, "2027-01-31");
    let said = sandbox.at(TICKS[0], &["sync"]).ends(0);
    assert_eq!(said.stderr, "", "the same is said once a day");
    assert!(said.stdout.contains("1 change done"), "{}", said.stdout);
}

#[test]
fn the_page_holds_everything_and_nothing_that_is_not_its_own() {
    let mut sandbox = somebody_outside();
    sandbox.set("link", "[report]\nhtml = \"doors.html\"");
    sandbox.sync_at(TICKS[0], 3);
    let page = fs::read_to_string(sandbox.path("doors.html")).unwrap();
    assert!(
        page.contains("<h1>1 paying member stands outside, 1 door has a problem</h1>"),
        "{page}"
    );
    assert!(page.contains(&format!(">{}<", number(3))), "{page}");
    assert!(page.contains("id=\"audit\""));
    // Nothing on it becomes untrue without JavaScript, and it says until when it is good.
    let written = "All of this as of <time class=\"aging\" datetime=\"2026-03-10T10:05:00Z\">2026-03-10 11:05 \
                   CET</time>. A newer page is due by 2026-03-10 11:20 CET; after that, it is not known";
    let (content, _) = page.split_once("<script>").unwrap();
    assert!(content.contains(written) && !content.contains(" ago)"), "{content}");
    assert!(page.contains("data-due=\"2026-03-10T10:20:00Z\" hidden>"), "{page}");
    // Its policy names what is in it, and nothing else.
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    let hash = |element: &str| {
        let (_, text) = page.split_once(&format!("<{element}>")).unwrap();
        let (text, after) = text.split_once(&format!("</{element}>")).unwrap();
        assert!(!after.contains(&format!("<{element}")), "one {element}");
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
    };
    let (style, script) = (hash("style"), hash("script"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
        )
    );
    for foreign in ["http:", "https:", "src=", "@import", "url(", "@example.si"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for member in sandbox.club.cardskipper.members() {
        assert!(!page.contains(&member.last), "{}", member.last);
    }
    let again = sandbox.path("by-hand.html");
    let said = sandbox.at(TICKS[0], &["status", "--html", again.to_str().unwrap()]).ends(0);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
    assert_eq!(fs::read_to_string(again).unwrap(), page);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(sandbox.path("doors.html")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640, "its group may read it: {mode:o}");
    }
}

#[test]
fn the_sheet_of_the_unlinked_becomes_a_link_file_once_it_is_filled_in() {
    let mut sandbox = Sandbox::pinned(12, 2);
    let cardskipper = &sandbox.club.cardskipper;
    cardskipper.edit(number(3), |member| member.email = "new@example.si".to_owned());
    cardskipper.edit(number(4), |member| member.email.clear());
    cardskipper.edit(number(5), |member| {
        member.email = "formula@example.si".to_owned();
        member.last = "=HYPERLINK(\"x\";\"y\")".to_owned();
    });
    sandbox.sync_at(START, 0);
    let sheet = sandbox.path("missing.csv");
    let said = sandbox.at(TICKS[0], &["status", "--unlinked", "missing.csv"]).ends(0);
    assert!(said.stdout.starts_with("3 members in missing.csv. "), "{}", said.stdout);
    let text = fs::read_to_string(&sheet).unwrap();
    assert!(
        text.starts_with(
            "\u{feff}Person ID;Email;Member number;First name;Last name;Door;Reason\r\n"
        )
    );
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains(";=") && !text.contains(";\"="), "no cell is a formula: {text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&sheet).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "names are in it");
    }
    // It may be made anew as long as nobody has written into it.
    let again = ["status", "--unlinked", "missing.csv"];
    sandbox.at(TICKS[0], &again).ends(0);
    let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let first_row = lines[1];
    for (by_hand, words) in [
        (text.replace(first_row, &format!("1005{first_row}")), "line 2 has a person id"),
        (format!("{text}1005;a@example.si\r\n"), "line 5 was changed"),
        (text.replace("new@example.si", "newer@example.si"), "was changed"),
        (text.replace("no e-mail in the membership system", "asked at the desk"), "was changed"),
        ("my notes\n".to_owned(), "it is another file"),
    ] {
        fs::write(&sheet, &by_hand).unwrap();
        let said = sandbox.at(TICKS[0], &again).ends(4);
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
        assert!(said.stderr.contains("hint: name another file"), "{}", said.stderr);
        assert_eq!(fs::read_to_string(&sheet).unwrap(), by_hand, "nothing is lost");
    }
    fs::write(&sheet, &text).unwrap();
    // As it is, it links nobody and stops nothing.
    sandbox.set("link", "# the sheet");
    let with_sheet = sandbox
        .config()
        .replace("files = [\"persons.csv\"]", "files = [\"persons.csv\", \"missing.csv\"]");
    sandbox.replace_config(Some(with_sheet));
    sandbox.sync_at(TICKS[0], 0);
    assert_eq!(status(&sandbox, TICKS[0])["left_out"], json!({"no-email": 1, "no-person": 2}));
    // Filled in for two of them: one has no e-mail.
    let mut filled = text.clone();
    for (index, what) in [(3, "new@example.si"), (4, &format!(";;{};", number(4)))] {
        let line = text.lines().find(|line| line.contains(what)).unwrap();
        filled = filled.replace(line, &format!("{}{line}", employee_no(index)));
        sandbox.club.renew(index, "2027-01-31");
    }
    fs::write(&sheet, filled).unwrap();
    let run = sandbox.sync_at(TICKS[1], 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 4]);
    let mut written: Vec<String> = Vec::new();
    for change in run["changes"].as_array().unwrap() {
        let pair = (&change["member"]["number"], change["employee_no"].as_str().unwrap());
        written.push(format!("{} {}", pair.0, pair.1));
    }
    written.sort();
    written.dedup();
    assert_eq!(written, [3, 4].map(|index| format!("{} {}", number(index), employee_no(index))));
    assert_eq!(status(&sandbox, TICKS[1])["left_out"], json!({"no-person": 1}));
}
