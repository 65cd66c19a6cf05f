//! The connector for ANPR cameras against a camera with memory: every way in which firmware differs, and
//! what somebody else does meanwhile.

use chrono::{DateTime, Utc};
use ivms_sync::config::{Secret, Tls};
use ivms_sync::connectors::hikvision;
use ivms_sync::connectors::hikvision_anpr::{Camera as Connection, Settings as Section};
use ivms_sync::model::{Days, GateRow, Memory, RowEffect, RowTime, TargetName};
use ivms_sync::net::requests::RequestCount;
use ivms_sync::ports::{Class, Failure, Gate, GateRows, GateWriter};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::hikvision_anpr::*;
use ivms_sync_simulators::http::Fault;

const PLATE: &str = "LJAB123";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn days(first: &str, last: &str) -> Days {
    Days::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
}

/// A clock that runs, from the middle of June 2026 on.
fn june() -> Clock {
    let clock = Clock::default();
    clock.advance(at("2026-06-15T10:00:00Z") - clock.now());
    clock
}

/// A camera with two rows of somebody else.
fn camera(turn: impl FnOnce(&mut Switches)) -> Camera {
    let strangers = vec![
        Row::new("KPXY999").blocked(),
        Row::new("MBZZ111").valid("2026-02-01", "2026-11-30").card("77").group("staff"),
    ];
    let camera = Camera::start(Settings { rows: strangers, clock: june(), ..Settings::default() });
    camera.set(turn);
    camera
}

fn section(camera: &Camera) -> Section {
    Section {
        device: hikvision::Settings {
            name: TargetName::new("north").unwrap(),
            url: camera.url().parse().unwrap(),
            username: "admin".to_owned(),
            password: Secret::new("Door-secret-1".to_owned()),
            tls: Tls::System,
            time_zone: "Europe/Ljubljana".parse().unwrap(),
        },
        channel: 1,
    }
}

fn connect(camera: &Camera, memory: &Memory) -> Box<dyn Gate> {
    let connection =
        Connection::connect(&section(camera), memory, RequestCount::default()).unwrap();
    let mut gate: Box<dyn Gate> = Box::new(connection);
    gate.identity().unwrap();
    gate
}

fn writer(camera: &Camera, memory: &Memory) -> Box<dyn GateWriter> {
    connect(camera, memory).into_writer()
}

fn all(camera: &Camera) -> GateRows {
    connect(camera, &Memory::default()).rows().unwrap()
}

/// The car gets in from the first second of the first day to the last of the last one.
fn assert_opens(camera: &Camera, plate: &str, days: Days, what: &str) {
    let zone: chrono_tz::Tz = "Europe/Ljubljana".parse().unwrap();
    let instant = |local: chrono::NaiveDateTime| {
        local.and_local_timezone(zone).single().unwrap().with_timezone(&Utc)
    };
    let first = instant(days.first().and_hms_opt(0, 0, 0).unwrap());
    let last = instant(days.last().and_hms_opt(23, 59, 59).unwrap());
    let second = chrono::TimeDelta::seconds(1);
    let opens =
        [first - second, first, last, last + second].map(|instant| camera.opens_at(plate, instant));
    assert_eq!(opens, [false, true, true, false], "{what}: {:?}", camera.row(plate));
}

/// How many writes came with a login, each counted once where the camera takes one at once.
fn writes(camera: &Camera) -> usize {
    let requests = camera.requests();
    let is_write = |method: &str| matches!(method, "PUT" | "DELETE");
    let count = requests.iter().filter(|one| is_write(&one.method) && one.is_authenticated());
    match camera.switches().nonce {
        // The first login of a write is always refused.
        NonceLife::ReadsOnly => count.count().min(1),
        _ => count.count(),
    }
}

/// Puts, reads, changes and removes a row, and another one with what was learnt.
fn story(what: &str, turn: impl FnOnce(&mut Switches)) -> Camera {
    let camera = camera(turn);
    live(&camera, what);
    assert_eq!(camera.violations(), Vec::<String>::new(), "{what}");
    camera
}

fn live(camera: &Camera, what: &str) {
    let strangers = camera.strangers();
    let mut writer = writer(camera, &Memory::default());
    let before = writer.reader().rows().unwrap();
    assert_eq!(before.rows.len(), 2, "{what}");

    let spring = days("2026-03-01", "2026-06-30");
    let row = writer.put(PLATE, spring, None).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(row.is_for(spring), "{what}: {row:?}");
    assert_eq!(row.plate, PLATE, "{what}");
    assert_opens(camera, PLATE, spring, what);

    let read = writer.reader().rows().unwrap();
    let read: Vec<&GateRow> = read.rows.iter().filter(|row| row.plate == PLATE).collect();
    assert!(matches!(read.as_slice(), [row] if row.is_for(spring)), "{what}: {read:?}");
    let read = read[0].clone();

    // The clocks change between the two ends.
    let autumn = days("2026-03-01", "2026-12-31");
    let row = writer
        .put(PLATE, autumn, Some(&read))
        .unwrap_or_else(|error| panic!("{what}: change: {error}"));
    assert!(row.is_for(autumn), "{what}: {row:?}");
    assert_opens(camera, PLATE, autumn, what);

    // What was learnt holds for the next run: one write makes a row, one takes it away.
    let memory = writer.reader().memory();
    let mut next = connect(camera, &memory).into_writer();
    camera.clear_requests();
    let other = next.put("CEXX777", autumn, None).unwrap();
    assert_eq!(writes(camera), 1, "{what}: the form was learnt");
    assert!(other.is_for(autumn), "{what}");
    assert_opens(camera, "CEXX777", autumn, what);

    camera.clear_requests();
    next.remove(&row).unwrap_or_else(|error| panic!("{what}: removal: {error}"));
    let tried = writes(camera);
    assert!(camera.row(PLATE).is_none(), "{what}");
    camera.clear_requests();
    next.remove(&other).unwrap_or_else(|error| panic!("{what}: removal: {error}"));
    assert_eq!(writes(camera), 1, "{what}: the form of a removal was learnt from {tried}");
    assert_eq!(camera.rows(), strangers, "{what}");
    // Gone is gone.
    next.remove(&other).unwrap();
}

#[test]
fn a_camera_says_who_it_is_and_what_it_holds() {
    let camera = camera(|_| {});
    let mut gate = connect(&camera, &Memory::default());
    let identity = gate.identity().unwrap();
    assert_eq!((identity.model.as_str(), identity.version.as_str()), ("DS-TCG406-E", "V5.5.0"));
    assert!(identity.serial.starts_with("DS-TCG406-E2026"));
    let clock = gate.clock().unwrap().unwrap();
    assert_eq!(
        (clock.local.date().to_string().as_str(), clock.offset_minutes),
        ("2026-06-15", Some(120))
    );
    assert_eq!(gate.statement().unwrap().capacity, Some(2000));
    camera.set(|s| s.no_plate_list_num = true);
    assert_eq!(gate.statement().unwrap().capacity, None);
    camera.set(|s| (s.family, s.no_plate_list_num) = (Family::Vcl, false));
    assert_eq!(gate.statement().unwrap().capacity, Some(2000));
    assert_eq!(camera.violations(), Vec::<String>::new());
}

#[test]
fn a_list_is_read_as_it_is() {
    let camera = camera(|s| s.starts = Starts::StartDate);
    camera.add_row(Row::new("GOZZ5").valid("2026-03-01", "2026-03-31").id("88"));
    camera.add_row(Row::new("NMEND1").endless());
    let rows = all(&camera);
    assert!(rows.complete && rows.unusable.is_empty(), "{rows:?}");
    let shown: Vec<_> = rows.rows.iter().map(|row| (row.plate.as_str(), row.effect)).collect();
    let (opens, bars) = (RowEffect::Opens, RowEffect::Bars);
    assert_eq!(shown, [("KPXY999", bars), ("MBZZ111", opens), ("GOZZ5", opens), ("NMEND1", opens)]);
    assert!(rows.rows[2].is_for(days("2026-03-01", "2026-03-31")) && rows.rows[2].id == "88");
    assert!(matches!(rows.rows[3].time, RowTime::Known { end: None, .. }));
}

#[test]
fn words_and_dates_of_every_firmware() {
    for dates in [Dates::Days, Dates::DaysOnly, Dates::Seconds, Dates::Midnights] {
        for shown in
            [ShownTimes::WithOffset, ShownTimes::Midnight, ShownTimes::Plain, ShownTimes::Day]
        {
            for words in [Words::Allow, Words::White, Words::Either] {
                let what = format!("{dates:?} {shown:?} {words:?}");
                story(&what, |s| (s.dates, s.shown_times, s.written_words) = (dates, shown, words));
            }
        }
    }
}

#[test]
fn begins_are_believed_where_they_were_seen_to_be_kept() {
    for (starts, words, wrong) in [
        (Starts::CreateTime, Words::Allow, WrongWord::Refused),
        (Starts::StartDate, Words::Allow, WrongWord::Refused),
        (Starts::StartDate, Words::White, WrongWord::Refused200),
        (Starts::CreateTime, Words::White, WrongWord::Refused200),
    ] {
        let what = format!("{starts:?} {words:?} {wrong:?}");
        let camera = story(&what, |s| {
            (s.starts, s.written_words, s.wrong_word, s.shown_words) =
                (starts, words, wrong, words);
        });
        let mut writer = writer(&camera, &Memory::default());
        assert!(!writer.reader().holds_begins());
        let today = writer.put("LJ1", days("2026-06-14", "2026-12-31"), None).unwrap();
        assert_eq!(writer.reader().holds_begins(), starts == Starts::StartDate, "{what}");
        writer.put("LJ2", days("2026-06-01", "2026-12-31"), None).unwrap();
        // What is shown as the time of creation may be stored and not be held.
        let is_own = starts == Starts::StartDate;
        assert_eq!(writer.reader().holds_begins(), is_own, "{what}");
        let memory = writer.reader().memory();
        assert_eq!(connect(&camera, &memory).holds_begins(), is_own);
        // Another firmware has shown nothing yet.
        camera.edit_settings(|settings| settings.firmware = "V9.9.9".to_owned());
        assert!(!connect(&camera, &memory).holds_begins());
        assert!(today.effect == RowEffect::Opens);
    }
}

#[test]
fn deletions_of_every_firmware() {
    for form in [DeleteForm::Id, DeleteForm::LicensePlate, DeleteForm::CompoundCond] {
        for wrong in [WrongForm::OkNothingDeleted, WrongForm::Refused] {
            for ids in [Ids::Own, Ids::Plate] {
                let what = format!("{form:?} {wrong:?} {ids:?}");
                story(&what, |s| (s.delete_form, s.wrong_form, s.ids) = (form, wrong, ids));
            }
        }
    }
    story("of nothing", |s| s.delete_of_nothing = DeleteOfNothing::Ok);
    story("captured", |s| *s = Switches::captured());
}

#[test]
fn searches_of_every_firmware() {
    for filter in [Filter::Exact, Filter::Part, Filter::Ignored] {
        for form in [SearchForm::Description, SearchForm::Cond, SearchForm::Both] {
            for counts in [Counts::Inside, Counts::Outside, Counts::Neither] {
                let what = format!("{filter:?} {form:?} {counts:?}");
                story(&what, |s| (s.filter, s.search_form, s.counts) = (filter, form, counts));
            }
        }
        for (rows, over) in [(1, PageOver::Cut), (10, PageOver::Cut), (10, PageOver::Refused)] {
            story(&format!("{filter:?} {rows} {over:?}"), |s| {
                (s.filter, s.page_rows, s.page_over) = (filter, rows, over);
            });
        }
    }
    let camera = story("both at once", |s| {
        (s.search_form, s.page_rows, s.page_over) = (SearchForm::Cond, 30, PageOver::Refused);
    });
    let mut gate = connect(&camera, &Memory::default());
    gate.rows().unwrap();
    let memory = gate.memory();
    camera.clear_requests();
    connect(&camera, &memory).rows().unwrap();
    assert_eq!(camera.count("searchLPListAudit"), 2, "asked once and with the login");
}

#[test]
fn other_ways_of_cameras() {
    story("merged", |s| s.listed_again = ListedAgain::Merged);
    story("reset", |s| s.omitted = Omitted::Reset);
    story("all or nothing", |s| s.batch = Batch::AllOrNothing);
    story("strict keys", |s| s.unknown_key = UnknownKey::BadJsonContent);
    story("strict plates", |s| s.separators = Separators::Refused);
    story("all letters", |s| s.letters = Letters::Any);
    story("more fields", |s| s.shows_more = true);
    for words in [Words::Allow, Words::White, Words::Either] {
        story(&format!("shown {words:?}"), |s| s.shown_words = words);
    }
    for offset in [WrittenOffset::Refused, WrittenOffset::Ignored, WrittenOffset::Honoured] {
        story(&format!("{offset:?}"), |s| s.written_offset = offset);
    }
    for namespace in [Namespace::Isapi, Namespace::Hikvision, Namespace::StdCgi] {
        story(&format!("{namespace:?}"), |s| s.namespace = namespace);
    }
    for status in [ErrorStatus::Ok200, ErrorStatus::ByClass] {
        for body in [ErrorBody::Json, ErrorBody::JsonStrings, ErrorBody::JsonNested, ErrorBody::Xml]
        {
            story(&format!("{status:?} {body:?}"), |s| {
                (s.error_status, s.error_body, s.ok_with_error_fields) = (status, body, true);
                (s.written_words, s.dates) = (Words::White, Dates::DaysOnly);
            });
        }
    }
    for (info, time) in [
        (InfoFormat::FollowsFormat, LocalTime::Plain),
        (InfoFormat::XmlAlways, LocalTime::Basic),
        (InfoFormat::XmlAlways, LocalTime::NoSign),
    ] {
        story(&format!("{info:?} {time:?}"), |s| (s.info_format, s.local_time) = (info, time));
    }
}

#[test]
fn logins_and_connections_are_those_of_a_door() {
    for nonce in [
        NonceLife::OneShot,
        NonceLife::Uses(8),
        NonceLife::Seconds(30),
        NonceLife::BoundToUrl,
        NonceLife::ReadsOnly,
        NonceLife::LastOnly,
    ] {
        story(&format!("{nonce:?}"), |s| s.nonce = nonce);
    }
    for challenge in [Challenge::GuideSample, Challenge::Sha256Only, Challenge::BasicThenDigest] {
        story(&format!("{challenge:?}"), |s| s.challenge = challenge);
    }
    for body in [Body401::ResponseStatusXml, Body401::Json, Body401::Html, Body401::Empty] {
        story(&format!("{body:?}"), |s| s.body_401 = body);
    }
    for keep_alive in
        [KeepAlive::Keep, KeepAlive::ClosesAfter401(20), KeepAlive::ClosesAfterEach(20)]
    {
        story(&format!("{keep_alive:?}"), |s| s.keep_alive = keep_alive);
    }
    for concurrency in [Concurrency::Busy, Concurrency::Reset] {
        story(&format!("{concurrency:?}"), |s| s.concurrency = concurrency);
    }
}

#[test]
fn the_older_family() {
    for dates in [Dates::Days, Dates::DaysOnly, Dates::Seconds] {
        for listed in [ListedAgain::Refused, ListedAgain::Merged] {
            let what = format!("{dates:?} {listed:?}");
            let camera = story(&what, |s| {
                (s.family, s.dates, s.listed_again) = (Family::Vcl, dates, listed);
            });
            assert!(camera.count("/ISAPI/ITC/Entrance/VCL") > 0);
        }
    }
    for rows in [1, 10] {
        story(&format!("pages of {rows}"), |s| (s.family, s.page_rows) = (Family::Vcl, rows));
    }
    story("200", |s| (s.family, s.error_status) = (Family::Vcl, ErrorStatus::Ok200));
    // It is asked once only what it has.
    let camera = camera(|s| s.family = Family::Vcl);
    let mut gate = connect(&camera, &Memory::default());
    assert!(gate.rows().unwrap().complete);
    assert!(gate.learnt().iter().any(|text| text.contains("VCL")), "{:?}", gate.learnt());
    let memory = gate.memory();
    camera.clear_requests();
    connect(&camera, &memory).rows().unwrap();
    assert_eq!(camera.count("/ISAPI/Traffic/"), 0);
}

#[test]
fn a_camera_that_is_late_or_says_one_thing_and_does_another() {
    for reads in [1, 2, 3] {
        story(&format!("late by {reads}"), |s| s.effect = Effect::ShowsAfterReads(reads));
    }
    story("late by a second", |s| s.effect = Effect::ShowsAfterSeconds(1));
    story("refused and done", |s| s.effect = Effect::RefusedYetApplied);

    let camera = camera(|s| s.effect = Effect::OkNotApplied);
    let failure = put(&camera, PLATE).unwrap_err();
    assert_eq!(failure.class, Class::Refused);
    assert_eq!(failure.text, "row of a plate: the camera answered OK, and holds no such row");
    assert!(camera.row(PLATE).is_none());
    camera.add_row(Row::new(PLATE).own());
    let row = all(&camera).rows.pop().unwrap();
    let failure = writer(&camera, &Memory::default()).remove(&row).unwrap_err();
    assert_eq!(failure.class, Class::Refused);
    assert!(camera.row(PLATE).is_some());
    assert_eq!(camera.violations(), Vec::<String>::new());
}

fn put(camera: &Camera, plate: &str) -> Result<GateRow, Failure> {
    writer(camera, &Memory::default()).put(plate, days("2026-03-01", "2026-06-30"), None)
}

#[test]
fn pages_that_repeat_overlap_or_do_not_add_up_are_not_everything() {
    for (pages, rows, counts, off_by, complete) in [
        (Pages::AsAsked, 2, Counts::Inside, 0, true),
        (Pages::AsAsked, 2, Counts::Neither, 0, true),
        (Pages::AsAsked, 2, Counts::Inside, 1, false),
        (Pages::AsAsked, 2, Counts::Inside, -1, false),
        (Pages::FirstAgain, 2, Counts::Inside, 0, false),
        (Pages::FirstAgain, 2, Counts::Neither, 0, false),
        (Pages::FirstAgain, 100, Counts::Inside, 0, true),
        (Pages::FirstAgain, 100, Counts::Neither, 0, false),
        (Pages::Overlap(1), 2, Counts::Outside, 0, true),
        (Pages::Overlap(1), 2, Counts::Neither, 0, false),
        (Pages::Overlap(5), 2, Counts::Outside, 0, false),
    ] {
        let camera = camera(|s| {
            (s.pages, s.page_rows, s.counts, s.total_off_by) = (pages, rows, counts, off_by);
        });
        for at in 0..5 {
            camera.add_row(Row::new(&format!("NM{at}")));
        }
        let read = all(&camera);
        assert_eq!(read.complete, complete, "{pages:?} {rows} {counts:?} {off_by}");
        let mut plates: Vec<&str> = read.rows.iter().map(|row| row.plate.as_str()).collect();
        plates.sort_unstable();
        plates.dedup();
        assert_eq!(plates.len(), read.rows.len());
        assert!(!complete || plates.len() == 7);
        if !complete {
            // A plate that is not found may be there all the same, so nothing is written.
            assert!(put(&camera, PLATE).is_err() || camera.row(PLATE).is_some());
        }
    }
}

#[test]
fn a_plate_that_is_there_twice_is_told_and_left_alone() {
    let camera = camera(|_| {});
    camera.add_row(Row::new(PLATE).own());
    camera.add_row(Row::new(PLATE));
    let rows = all(&camera);
    assert_eq!(rows.rows.len(), 4);
    assert_eq!(rows.unusable, ["the entries at offsets 2 and 3 have the same plate"]);
    let mut writer = writer(&camera, &Memory::default());
    let failure = writer.put(PLATE, days("2026-03-01", "2026-06-30"), Some(&rows.rows[2]));
    assert_eq!(failure.unwrap_err().class, Class::Refused);
    // By its id one can be removed; by the plate both would go.
    writer.remove(&rows.rows[2]).unwrap();
    assert_eq!(camera.strangers().len(), 3);
    camera.add_row(Row::new(PLATE).own());
    camera.set(|s| s.delete_form = DeleteForm::CompoundCond);
    let rows = all(&camera);
    assert_eq!(writer.remove(rows.rows.last().unwrap()).unwrap_err().class, Class::Refused);
    assert_eq!(camera.rows().len(), 4);
    assert_eq!(camera.violations(), Vec::<String>::new());
}

#[test]
fn rows_of_others_are_neither_written_over_nor_removed() {
    let camera = camera(|s| s.listed_again = ListedAgain::Merged);
    let rows = all(&camera).rows;
    let june = days("2026-06-01", "2026-06-30");
    let mut writer = writer(&camera, &Memory::default());
    // It bars.
    assert_eq!(writer.put("KPXY999", june, Some(&rows[0])).unwrap_err().class, Class::Refused);
    assert_eq!(writer.remove(&rows[0]).unwrap_err().class, Class::Refused);
    // It came meanwhile.
    assert_eq!(writer.put("MBZZ111", june, None).unwrap_err().class, Class::Refused);
    // It changed meanwhile, or went.
    assert!(camera.edit_row("MBZZ111", |row| row.end = None));
    assert_eq!(writer.put("MBZZ111", june, Some(&rows[1])).unwrap_err().class, Class::Refused);
    assert!(camera.remove_row("MBZZ111"));
    let gone = writer.put("MBZZ111", june, Some(&rows[1])).unwrap_err();
    assert_eq!(gone.class, Class::NoSuchRecord);
    for bad in ["", "lj1", "LJ 1", "LJ-1"] {
        assert_eq!(writer.put(bad, june, None).unwrap_err().class, Class::NotSent);
    }
    assert_eq!(camera.writes().len(), 0);
    assert_eq!(camera.violations(), Vec::<String>::new());
}

#[test]
fn a_row_that_somebody_adds_at_that_moment_stays_theirs() {
    let camera = camera(|_| {});
    // Right after the plate was not found.
    camera.meanwhile("searchLPListAudit", 2, |rows| rows.push(Row::new(PLATE).id("900")));
    let failure = put(&camera, PLATE).unwrap_err();
    assert_eq!(failure.class, Class::Refused);
    assert!(failure.hint.unwrap().contains("by hand"));
    assert!(camera.row(PLATE).is_some_and(|row| row.stranger));
    assert!(!failure.text.contains(PLATE));
}

#[test]
fn what_a_row_holds_beside_its_days_is_kept() {
    for omitted in [Omitted::Kept, Omitted::Reset] {
        let camera = camera(|s| (s.omitted, s.shows_more) = (omitted, true));
        camera.add_row(Row::new(PLATE).own().card("4711").group("members"));
        let row = all(&camera).rows.pop().unwrap();
        let june = days("2026-06-01", "2026-06-30");
        writer(&camera, &Memory::default()).put(PLATE, june, Some(&row)).unwrap();
        let row = camera.row(PLATE).unwrap();
        assert_eq!((row.card_no.as_str(), row.group.as_str()), ("4711", "members"));
    }
}

#[test]
fn a_full_list_and_a_busy_one() {
    let camera = camera(|_| {});
    camera.edit_settings(|settings| settings.plate_list_num = 2);
    let full = put(&camera, PLATE).unwrap_err();
    assert_eq!(full.class, Class::Refused);
    assert!(full.text.contains("licensePlateNumOverflow"), "{full}");
    assert!(full.hint.unwrap().contains("full"));
    assert_eq!(camera.writes().len(), 0);
    camera.edit_settings(|settings| settings.plate_list_num = 3);
    camera.set(|s| s.list_operating = 2);
    put(&camera, PLATE).unwrap();
    camera.set(|s| s.list_operating = usize::MAX);
    let busy = put(&camera, "LJ2").unwrap_err();
    assert_eq!(busy.class, Class::Temporary);
    assert!(busy.text.contains("plateListIsOperating"), "{busy}");
    assert_eq!(camera.violations(), Vec::<String>::new());
}

#[test]
fn an_account_without_the_right_and_a_wrong_channel() {
    let camera = camera(|s| s.permissions = Permissions::ReadsOnly);
    assert!(all(&camera).complete);
    assert_eq!(put(&camera, PLATE).unwrap_err().class, Class::MissingRight);
    camera.set(|s| s.permissions = Permissions::NoParameters);
    let failure = connect(&camera, &Memory::default()).rows().unwrap_err();
    assert_eq!(failure.class, Class::MissingRight);
    camera.set(|s| s.permissions = Permissions::Admin);
    assert_eq!(camera.violations(), Vec::<String>::new());
    camera.edit_settings(|settings| settings.channel = 2);
    let failure = connect(&camera, &Memory::default()).rows().unwrap_err();
    assert_eq!(failure.class, Class::Refused);
    assert!(failure.hint.unwrap().contains("channel"));
}

#[test]
fn an_answer_that_was_lost_is_settled_by_reading() {
    // Carried out, or not, and nobody was told.
    for (fault, is_there) in [(Fault::DropAfter, true), (Fault::DropBefore, false)] {
        let camera = camera(|_| {});
        let mut writer = writer(&camera, &Memory::default());
        writer.put("LJ1", days("2026-03-01", "2026-06-30"), None).unwrap();
        camera.fault(fault.clone().times(1).on("record").authenticated());
        let put = writer.put(PLATE, days("2026-03-01", "2026-06-30"), None);
        assert_eq!(camera.row(PLATE).is_some(), is_there);
        match put {
            Ok(row) => assert!(is_there && row.is_for(days("2026-03-01", "2026-06-30"))),
            Err(failure) => assert!(!is_there && failure.class == Class::Unknown, "{failure}"),
        }
        camera.add_row(Row::new("LJ2").own());
        let row = writer.reader().rows().unwrap().rows.pop().unwrap();
        camera.fault(fault.times(1).on("DelLicensePlateAuditData").authenticated());
        let removed = writer.remove(&row);
        assert_eq!(camera.row("LJ2").is_none(), is_there);
        assert_eq!(
            removed.map_err(|failure| failure.class).err(),
            (!is_there).then_some(Class::Unknown)
        );
        assert_eq!(camera.violations(), Vec::<String>::new());
    }
    // Reading it back fails too.
    let camera = camera(|_| {});
    let mut writer = writer(&camera, &Memory::default());
    camera.meanwhile("record", 1, |_| {});
    camera.fault(Fault::raw(500, "text/html", "<html>").on("searchLPListAudit").after(4));
    let failure = writer.put(PLATE, days("2026-03-01", "2026-06-30"), None).unwrap_err();
    assert_eq!(failure.class, Class::Unknown, "{failure}");
    assert!(camera.row(PLATE).is_some());
}

#[test]
fn hostile_answers_are_told_and_never_a_whole_list() {
    let camera = camera(|_| {});
    camera.add_row(Row::new(PLATE).own());
    let page = |inner: &str| {
        format!("<LPListAuditSearchResult>{inner}</LPListAuditSearchResult>").into_bytes()
    };
    let xml = "application/xml";
    let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    for fault in [
        Fault::raw(200, "text/html", "<html><body>Sign in: LJAB123</body></html>"),
        Fault::raw(200, xml, ""),
        Fault::raw(200, xml, "LJAB123"),
        Fault::raw(
            200,
            xml,
            "<!DOCTYPE a [<!ENTITY b \"LJAB123\">]><LPListAuditSearchResult>&b;</LPListAuditSearchResult>",
        ),
        Fault::raw(200, xml, page("<LicensePlateInfoList>LJAB123</LicensePlateInfoList>")),
        Fault::raw(200, xml, page("<totalMatches>LJAB123</totalMatches><LicensePlateInfoList/>")),
        Fault::raw(200, xml, deep),
        Fault::raw(
            200,
            "application/json",
            "{\"LPListAuditSearchResult\":{\"LicensePlateInfoList\":{},\"LicensePlateInfoList\":[]}}",
        ),
        Fault::raw(
            200,
            "application/json",
            "{\"statusCode\":6,\"subStatusCode\":\"LJAB123\",\"errorMsg\":\"LJAB123\"}",
        ),
        Fault::raw(
            500,
            xml,
            "<ResponseStatus><statusCode>3</statusCode><errorMsg>LJAB123</errorMsg></ResponseStatus>",
        ),
        Fault::CutBody(400),
        Fault::HugeBody(9 * 1024 * 1024),
    ] {
        let what = format!("{fault:?}");
        let what = what.chars().take(120).collect::<String>();
        camera.fault(fault.on("searchLPListAudit").authenticated());
        match connect(&camera, &Memory::default()).rows() {
            Ok(rows) => assert!(!rows.complete, "{what}: {rows:?}"),
            Err(failure) => {
                assert!(!failure.text.contains(PLATE), "{what}: {failure}");
                assert!(failure.hint.is_some(), "{what}: {failure}");
            }
        }
        let failure = put(&camera, "LJ2").unwrap_err();
        assert!(!failure.text.contains(PLATE) && camera.row("LJ2").is_none(), "{what}: {failure}");
        camera.clear_faults();
    }
    assert_eq!(camera.writes().len(), 0);
}

#[test]
fn what_an_attempt_spoils_is_taken_back() {
    type Spoil = fn(&mut Row);
    let spoils: [(&str, Spoil); 3] = [
        ("until 2026-06-29 23:59:59", |row| {
            row.end = row.end.map(|end| end - chrono::TimeDelta::days(1))
        }),
        ("without an end", |row| row.end = None),
        ("on the block list, until 2026-06-30 23:59:59", |row| row.list = List::Block),
    ];
    for (what, spoil) in spoils {
        // Added: whatever form is taken, it comes out otherwise.
        let camera = camera(|_| {});
        let spoil_it = |camera: &Camera| {
            for count in 1..=4 {
                camera.meanwhile("licensePlateAuditData/record", count, move |rows| {
                    rows.iter_mut().filter(|row| row.plate == PLATE).for_each(spoil);
                });
            }
        };
        spoil_it(&camera);
        let failure = put(&camera, PLATE).unwrap_err();
        assert_eq!(failure.class, Class::Refused, "{what}: {failure}");
        assert!(
            failure.text.ends_with("; what the attempt made of it was taken back"),
            "{failure}"
        );
        assert!(camera.row(PLATE).is_none() && camera.rows().len() == 2, "{what}");
        assert!(!failure.text.contains(PLATE));
        assert_eq!(camera.violations(), Vec::<String>::new(), "{what}");

        // It cannot be taken back: what is left is told.
        let camera = self::camera(|_| {});
        spoil_it(&camera);
        camera.fault(Fault::raw(503, "text/html", "").on("DelLicensePlateAuditData"));
        let failure = put(&camera, PLATE).unwrap_err();
        assert!(failure.text.contains(&format!("it is left {what}")), "{what}: {failure}");
        assert!(camera.row(PLATE).is_some());
    }
    // Changed: the days of before come back.
    let camera = camera(|_| {});
    let mut writer = writer(&camera, &Memory::default());
    let (spring, summer) = (days("2026-03-01", "2026-06-30"), days("2026-03-01", "2026-08-31"));
    let row = writer.put(PLATE, spring, None).unwrap();
    for count in 1..=2 {
        camera.meanwhile("licensePlateAuditData/record", count, |rows| {
            rows.iter_mut().filter(|row| row.plate == PLATE).for_each(|row| row.end = None);
        });
    }
    let failure = writer.put(PLATE, summer, Some(&row)).unwrap_err();
    assert!(failure.text.ends_with("taken back"), "{failure}");
    assert_opens(&camera, PLATE, spring, "restored");
    assert_eq!(camera.violations(), Vec::<String>::new());
}

#[test]
fn a_whole_day_that_is_shown_as_midnight_is_learnt_anew() {
    let camera = camera(|s| s.shown_times = ShownTimes::Midnight);
    let spring = days("2026-03-01", "2026-06-30");
    camera.add_row(Row::new(PLATE).valid("2026-03-01", "2026-06-30").own());
    let mut writer = writer(&camera, &Memory::default());
    let row = writer.reader().rows().unwrap().rows.pop().unwrap();
    assert_eq!(row.time, RowTime::Unclear);
    let row = writer.put(PLATE, spring, Some(&row)).unwrap();
    assert!(row.is_for(spring), "{row:?}");
    assert!(writer.reader().rows().unwrap().rows.iter().all(|row| row.time != RowTime::Unclear));
    // Where an end shows a time of day, a midnight is one.
    let camera = self::camera(|s| s.dates = Dates::Seconds);
    camera.add_row(Row::new(PLATE).valid("2026-03-01", "2026-06-30T00:00:00"));
    let row = all(&camera).rows.pop().unwrap();
    assert!(matches!(row.time, RowTime::Known { end: Some(_), .. }) && !row.is_for(spring));
}

#[test]
fn an_offset_that_is_not_the_gates_own_makes_a_time_unclear() {
    let camera = camera(|_| {});
    camera.set_time_zone(ivms_sync_simulators::zone::Zone::fixed(0));
    let rows = all(&camera).rows;
    assert!(rows.iter().all(|row| row.time == RowTime::Unclear), "{rows:?}");
    // So nothing that is written can be judged, and nothing stays.
    let failure = put(&camera, PLATE).unwrap_err();
    assert!(failure.text.contains("with times that can mean two things"), "{failure}");
    assert!(camera.row(PLATE).is_none());
    assert_eq!(camera.violations(), Vec::<String>::new());
}
