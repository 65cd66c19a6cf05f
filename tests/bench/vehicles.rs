//! Vehicles: a town of a million rights, its listings, ticks, questions, citations and events.

use std::process::Stdio;
use std::time::{Duration, Instant};

use ivms_sync_simulators::ips::Citation;
use ivms_sync_simulators::webhooks::{Sender, bodies};
use rusqlite::Connection;
use serde_json::Value;

use crate::Failure;
use crate::bare::{self, argument};
use crate::gate;
use crate::goals::Book;
use crate::pairs::{Ratio, Typical, in_turns};
use crate::process::Cost;
use crate::street::{PAGES, plate, zone};
use crate::table::{bytes, count, time};
use crate::town::{HOOK, Town};

/// How big everything is.
pub struct Scale {
    /// Rights that the big town has.
    pub rights: usize,
    /// Few rounds.
    pub is_quick: bool,
}

impl Scale {
    /// Rights of the town that one question is held against.
    fn few(&self) -> usize {
        10_000.min(self.rights / 2)
    }

    fn citations(&self) -> usize {
        10_000.min(self.rights / 10)
    }

    fn questions(&self) -> usize {
        100_000.min(self.rights)
    }

    fn rounds(&self, rounds: usize) -> usize {
        if self.is_quick { rounds.min(3) } else { rounds }
    }
}

/// Places of the lines in the table, behind all others.
mod place {
    pub const LISTING: usize = 200;
    pub const MEMORY: usize = 201;
    pub const QUIET: usize = 210;
    pub const SESSION: usize = 211;
    pub const LOOKUP: usize = 220;
    pub const LOOKUP_RATIO: usize = 221;
    pub const BATCH: usize = 222;
    pub const CITATIONS: usize = 230;
    pub const EVENTS: usize = 240;
    pub const AT_ONCE: usize = 241;
    pub const GATE: usize = 250;
}

/// Events that are delivered at one moment.
const AT_ONCE: usize = 100;

/// What the big town's section has besides, where citations and events are measured.
const MORE: &str = "violations = [\"*\"]\n[ips.street.events]\nscheme = \"standard\"\n\
                    secrets = [{ env = \"HOOK\" }]\n";

/// Measures everything about vehicles; a line that fails says why.
pub fn measure(book: &mut Book, scale: &Scale, tell: impl Fn(&str)) {
    let world = match town(book, scale, &tell) {
        Ok(world) => Some(world),
        Err(failure) => {
            let measure = format!("complete listing of {} permits", count(scale.rights));
            book.miss(place::LISTING, &measure, "2.5", &failure.to_string());
            None
        }
    };
    if let Some(mut town) = world {
        type Line = fn(&mut Book, &Scale, &mut Town) -> Result<(), Failure>;
        let lines: [(usize, &str, Line); 5] = [
            (place::QUIET, "quiet tick, three sources", ticks),
            (place::LOOKUP, "lookup plate", lookups),
            (place::BATCH, "lookup --batch", batch),
            (place::CITATIONS, "diff --violations", citations),
            (place::EVENTS, "apply --event", events),
        ];
        for (place, what, line) in lines {
            tell(&format!("{what}, {} rights", count(scale.rights)));
            if let Err(failure) = line(book, scale, &mut town) {
                book.miss(place, what, "", &failure.to_string());
            }
        }
        book.violations.extend(town.violations);
    }
    tell("changed plates at a gate");
    let measure = gate::measure_of(scale.is_quick);
    match gate::calls(book, scale.is_quick) {
        Ok((calls, told)) => book.say(place::GATE, &measure, told, "2", calls <= 2.0),
        Err(failure) => book.miss(place::GATE, &measure, "2", &failure.to_string()),
    }
}

/// A town that has listed everything, and what that cost.
fn town(book: &mut Book, scale: &Scale, tell: impl Fn(&str)) -> Result<Town, Failure> {
    let rights = scale.rights;
    tell(&format!("rendering {} permits", count(rights)));
    let town = Town::start(&[rights, scale.few(), scale.few()], scale.citations())?;
    town.configure(1, "")?;
    let (pages, scratch) = (town.path(PAGES), town.path("scratch.db"));
    let (pages, state) = (argument(&pages)?.to_owned(), town.state());
    let (state, scratch) = (argument(&state)?.to_owned(), argument(&scratch)?.to_owned());
    let rounds = scale.rounds(3);
    let listed = in_turns::<2>(rounds, |which| {
        tell(&format!("{} of {} permits", ["first listing", "bare"][which], count(rights)));
        if which == 0 {
            town.forget()?;
            return town.run(&["sync"], &[0]);
        }
        if !town.state().exists() {
            town.run(&["sync"], &[0])?;
        }
        let (folder, began) = (town.path(""), Instant::now());
        let (parsed, _) = bare::run(&folder, &["parse-permits", &pages], &[])?;
        let (inserted, _) = bare::run(&folder, &["insert-rights", &state, &scratch], &[])?;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{scratch}{suffix}"));
        }
        Ok(Cost { cpu: parsed + inserted, wall: began.elapsed(), ..Cost::default() })
    })?;
    let kept =
        Connection::open(&state)?
            .query_row("SELECT count(*) FROM parking_right", [], |row| row.get::<_, i64>(0))?;
    if usize::try_from(kept)? != rights {
        return Err(format!("{kept} rights are kept, and not {rights}").into());
    }
    let ours = listed[0];
    let measure = format!("complete listing of {} permits / bare parse and insert", count(rights));
    let what = format!("first complete listing, {} permits / bare parse and insert", count(rights));
    book.hold(place::LISTING, &measure, 2.5, vec![Ratio::of_cpu(what, listed, rounds)]);
    let is_reached = ours.peak <= 600_000_000;
    book.say(place::MEMORY, "the same: memory", bytes(ours.peak), "600 MB", is_reached);
    let file = std::fs::metadata(&state)?.len();
    let listing = std::fs::metadata(&pages)?.len();
    book.remarks.push(format!(
        "{} permits: {} of JSON, {} from start to end, the state file {}",
        count(rights),
        bytes(listing),
        time(ours.wall),
        bytes(file)
    ));
    Ok(town)
}

/// Quiet ticks, and ticks with one new session.
fn ticks(book: &mut Book, scale: &Scale, town: &mut Town) -> Result<(), Failure> {
    town.configure(3, "")?;
    town.tick(&["sync"], &[0])?;
    town.quiet()?;
    let urls = town.asked.clone();
    let rounds = scale.rounds(15);
    let least = |town: &Town, urls: &[String]| {
        town.bare("ask", &urls.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // The requests of the quiet tick that was just measured, since they name an instant.
    let quiet = in_turns::<2>(rounds, |which| match which {
        0 => town.quiet(),
        _ => least(town, &urls),
    })?;
    let rights = count(scale.rights);
    let what = format!("quiet tick, {rights} rights, 3 sources");
    let against = format!("open state + {} requests", urls.len());
    let ratio = Ratio::of_cpu(format!("{what} / {against}"), quiet, rounds);
    book.hold(place::QUIET, &format!("{what} / {against}"), 1.5, vec![ratio]);
    let [ours, bare] = quiet;
    book.remarks.push(format!(
        "{what}: {} from start to end, {}; bare {}",
        time(ours.wall),
        bytes(ours.peak),
        time(bare.wall)
    ));

    let (mut new, mut granted) = (0, 0);
    let rounds = scale.rounds(9);
    let moved = in_turns::<3>(rounds, |which| {
        if which == 0 {
            return town.quiet();
        }
        town.quiet()?;
        // It begins with the clock of the tick that lists it.
        town.advance()?;
        new += 1;
        match which {
            1 => town.services.park(new)?,
            // Beside a million others, where sessions are few.
            _ => {
                granted = scale.rights + new;
                town.services.grant(granted)?;
            }
        }
        town.run(&["sync"], &[0])
    })?;
    let [quiet, session, permit] = moved;
    let what = |new: &str| format!("tick with 1 new {new}, {rights} rights / quiet tick");
    let ratio = |new: &str, cost| Ratio::of_cpu(what(new), [cost, quiet], rounds);
    let ratios = vec![ratio("session", session), ratio("permit", permit)];
    book.hold(place::SESSION, &what("session / permit"), 2.0, ratios);
    for (new, cost) in [("session", session), ("permit", permit)] {
        let what = format!("{}, from start to end", what(new));
        book.ratios.push(Ratio::of_wall(what, [cost, quiet], rounds));
    }
    // The last of them is known now.
    let car = format!("plate:CT:{}", plate(granted));
    town.run(&["lookup", &car, "--zone", zone(granted)], &[0]).map(drop)
}

/// One question, in the big town and in a small one.
fn lookups(book: &mut Book, scale: &Scale, town: &mut Town) -> Result<(), Failure> {
    let few = scale.few();
    let mut small = Town::start(&[few], 0)?;
    small.configure(1, "")?;
    small.tick(&["sync"], &[0])?;
    town.tick(&["sync"], &[0])?;
    let rounds = scale.rounds(31);
    let mut asked = 0;
    let costs = in_turns::<3>(rounds, |which| {
        asked += 1;
        // Another car each time, anywhere in the file.
        let index = asked * 7_919_017;
        let of = |rights: usize| (plate(index % rights), zone(index % rights));
        match which {
            0 => {
                let (plate, zone) = of(scale.rights);
                town.run(&["lookup", &format!("plate:CT:{plate}"), "--zone", zone], &[0])
            }
            1 => {
                let (plate, zone) = of(few);
                small.run(&["lookup", &format!("plate:CT:{plate}"), "--zone", zone], &[0])
            }
            _ => town.bare("look", &[&of(scale.rights).0]),
        }
    })?;
    let [big, little, least] = costs;
    let rights = count(scale.rights);
    let what = format!("lookup plate:, {rights} rights");
    let is_reached = big.wall <= Duration::from_millis(15);
    let measure = format!("{what}, from start to end");
    book.say(place::LOOKUP, &measure, time(big.wall), "15 ms", is_reached);
    let measure = format!("{what} / {} rights, from start to end", count(few));
    let ratio = Ratio::of_wall(measure.clone(), [big, little], rounds);
    book.hold(place::LOOKUP_RATIO, &measure, 1.3, vec![ratio]);
    let of = |ratio: fn(String, [Typical; 2], usize) -> Ratio| {
        ratio(format!("{what} / open + one question"), [big, least], rounds)
    };
    book.ratios.extend([of(Ratio::of_wall), of(Ratio::of_cpu)]);
    book.violations.extend(small.violations);
    Ok(())
}

/// Many questions, every second of them about a car that nobody knows.
fn batch(book: &mut Book, scale: &Scale, town: &mut Town) -> Result<(), Failure> {
    let questions = scale.questions();
    let path = town.path("questions.txt");
    let line = |index: usize| {
        let car = index * 7_919_017 % scale.rights;
        // None of the services has cars behind its last.
        let plate = plate(if index.is_multiple_of(2) { car } else { scale.rights * 2 + index });
        format!("plate:CT:{plate} {}\n", zone(car))
    };
    std::fs::write(&path, (0..questions).map(line).collect::<String>())?;
    let (path, answers) = (argument(&path)?.to_owned(), town.path("answers.txt"));
    let answers = argument(&answers)?.to_owned();
    town.tick(&["sync"], &[0])?;
    let rounds = scale.rounds(5);
    let costs = in_turns::<2>(rounds, |which| {
        if which == 1 {
            return town.bare("answer", &[&path, &answers]);
        }
        let mut cost = town.run(&["lookup", "--batch", &path], &[0])?;
        let told = cost.stdout.lines();
        let known = told.clone().filter(|line| line.contains("\"exit_code\":0")).count();
        if (told.count(), known) != (questions, questions.div_ceil(2)) {
            return Err(format!("{known} of {questions} questions found a right").into());
        }
        cost.stdout = String::new();
        Ok(cost)
    })?;
    let [ours, _] = costs;
    let rate = questions as f64 / ours.wall.as_secs_f64();
    let (rights, asked) = (count(scale.rights), count(questions));
    let measure = format!("lookup --batch of {asked} questions, {rights} rights, a second");
    let told = format!("{} ({})", count(rate as usize), time(ours.wall));
    book.say(place::BATCH, &measure, told, "10,000", rate >= 10_000.0);
    let what = format!("lookup --batch of {asked} questions / as many bare ones");
    book.ratios.push(Ratio::of_wall(what, costs, rounds));
    Ok(())
}

/// Citations against everything that is known of their cars.
fn citations(book: &mut Book, scale: &Scale, town: &mut Town) -> Result<(), Failure> {
    town.configure(3, MORE)?;
    town.tick(&["sync"], &[0])?;
    town.tick(&["sync"], &[0])?;
    let judged = |town: &mut Town| -> Result<Cost, Failure> {
        let cost = town.tick(&["--json", "diff", "--violations"], &[4])?;
        let found: Value = serde_json::from_str(&cost.stdout)?;
        let wrong = found["violations"].as_array().map_or(0, Vec::len);
        let stand = found["stand"].as_u64().unwrap_or_default();
        let want = scale.citations().div_ceil(10);
        match (wrong, usize::try_from(stand)?) {
            (wrong, stand) if wrong == want && wrong + stand == scale.citations() => Ok(cost),
            (wrong, stand) => Err(format!("{wrong} wrong ones, {stand} that stand").into()),
        }
    };
    judged(town)?;
    let urls = town.asked.clone();
    let rounds = scale.rounds(5);
    let costs = in_turns::<2>(rounds, |which| match which {
        0 => judged(town),
        _ => town.bare("review", &urls.iter().map(String::as_str).collect::<Vec<_>>()),
    })?;
    let [ours, _] = costs;
    let cited = count(scale.citations());
    let rights = count(scale.rights);
    let measure = format!("diff --violations, {cited} citations, {rights} rights");
    let is_reached = ours.wall <= Duration::from_secs(3);
    book.say(place::CITATIONS, &measure, time(ours.wall), "3 s", is_reached);
    book.remarks.push(format!("{measure}: memory {}", bytes(ours.peak)));
    let what = format!("{measure} / the same requests and {cited} bare questions");
    book.ratios.push(Ratio::of_wall(what, costs, rounds));
    Ok(())
}

/// Events one after the other, and many at one moment.
fn events(book: &mut Book, scale: &Scale, town: &mut Town) -> Result<(), Failure> {
    town.configure(3, MORE)?;
    town.tick(&["sync"], &[0])?;
    let (one_by_one, at_once) = (if scale.is_quick { 20 } else { 100 }, AT_ONCE);
    let mut next = 0;
    let mut put = |town: &Town| -> Result<usize, Failure> {
        next += 1;
        put_event(town, next)?;
        Ok(next)
    };
    // Not kept open: whoever closes the file last does the work of closing it.
    let state = town.state();
    let counted = |table: &str| -> Result<i64, Failure> {
        let sql = format!("SELECT count(*) FROM {table}");
        Ok(Connection::open(&state)?.query_row(&sql, [], |row| row.get(0))?)
    };
    let before = [counted("event")?, counted("citation")?];
    let scratch = town.path("events.db");
    let scratch = argument(&scratch)?.to_owned();
    let costs = in_turns::<2>(one_by_one, |which| {
        let event = put(town)?;
        if which == 1 {
            let body = town.path(&format!("event-{event}.json"));
            let arguments = ["take", &scratch, argument(&body)?];
            return Ok(bare::run(&town.path(""), &arguments, &[])?.1);
        }
        let [body, headers] = files(event);
        let event = ["apply", "--event", &body, "--from", "street", "--headers", &headers];
        town.run(&[&["--json"], &event[..]].concat(), &[0])
    })?;
    let rate = 1.0 / costs[0].wall.as_secs_f64();
    let rights = count(scale.rights);
    let measure = format!("apply --event one after the other, {rights} rights, a second");
    book.say(place::EVENTS, &measure, format!("{rate:.0}"), "100", rate >= 100.0);
    let what = "apply --event / open and two durable inserts";
    book.ratios.push(Ratio::of_wall(what, costs, one_by_one));
    book.ratios.push(Ratio::of_cpu(what, costs, one_by_one));

    // First as many events at once; then half as many, each of which two processes bring.
    let all = (0..at_once).map(|_| put(town)).collect::<Result<Vec<_>, _>>()?;
    let twice = (0..at_once / 2).map(|_| put(town)).collect::<Result<Vec<_>, _>>()?;
    let (took, outcomes) = at_one_moment(town, &all)?;
    let (_, again) = at_one_moment(town, &[&twice[..], &twice].concat())?;
    let of = |outcomes: &[String], word: &str| outcomes.iter().filter(|one| *one == word).count();
    let is_right = of(&outcomes, "applied") == at_once
        && of(&again, "applied") == at_once / 2
        && of(&again, "repeated") == at_once / 2;
    let want = i64::try_from(one_by_one + at_once + at_once / 2)?;
    let after = [counted("event")? - before[0], counted("citation")? - before[1]];
    let is_right = is_right && after == [want, want];
    let rate = at_once as f64 / took.as_secs_f64();
    let word = match is_right {
        true => "none lost, none doubled".to_owned(),
        false => {
            let lost: Vec<&String> =
                outcomes.iter().chain(&again).filter(|one| *one != "applied").collect();
            format!("{} events and {} citations of {want}: {lost:?}", after[0], after[1])
        }
    };
    let measure = format!("apply --event, {at_once} at once; {} twice at once", at_once / 2);
    let told = format!("{word} ({rate:.0} a second)");
    book.say(place::AT_ONCE, &measure, told, "none lost, none doubled", is_right);
    Ok(())
}

/// The files of an event: its body and its headers.
fn files(event: usize) -> [String; 2] {
    [format!("event-{event}.json"), format!("event-{event}.txt")]
}

/// Writes an event about a new citation, signed at the town's time.
fn put_event(town: &Town, event: usize) -> Result<(), Failure> {
    let (now, id) = (town.now(), format!("told_{event:05}"));
    let at = now - chrono::TimeDelta::minutes(5);
    let citation = Citation::new(&id, &plate(event * 31), "CT", zone(event), at, "EXPIRED_METER");
    let body = bodies::citation_created(&citation);
    let delivery = Sender::standard(HOOK).deliver(&format!("evt_{event:05}"), now, body);
    let [body, headers] = files(event);
    std::fs::write(town.path(&body), &delivery.body)?;
    Ok(std::fs::write(town.path(&headers), delivery.header_lines())?)
}

/// Starts a process for each of these events, waits for all of them, and gives what came of each.
fn at_one_moment(town: &Town, events: &[usize]) -> Result<(Duration, Vec<String>), Failure> {
    let began = Instant::now();
    let mut running = Vec::new();
    for &event in events {
        let [body, headers] = files(event);
        let arguments = ["--json", "apply", "--event", &body, "--from", "street", "--headers"];
        let mut command = town.command(&[&arguments[..], &[&headers]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        running.push(command.spawn()?);
    }
    let mut outcomes = Vec::new();
    for child in running {
        let done = child.wait_with_output()?;
        let told: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        outcomes.push(told["outcome"].as_str().map_or(said, str::to_owned));
    }
    Ok((began.elapsed(), outcomes))
}
