//! Changed plates at one simulated camera: how many calls each of them takes.

use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::hikvision_anpr::{Camera, Settings};

use crate::Failure;
use crate::goals::Book;
use crate::process::{self, Cost};
use crate::scene::PROGRAM;
use crate::street::plate;
use crate::table::{count, time};

/// How many plates the camera lists, and how many of them change.
fn sizes(is_quick: bool) -> (usize, usize) {
    if is_quick { (250, 50) } else { (5_000, 1_000) }
}

/// What is measured, in words.
pub fn measure_of(is_quick: bool) -> String {
    let (plates, changed) = sizes(is_quick);
    let (plates, changed) = (count(plates), count(changed));
    format!("calls to a camera for each of {changed} changed plates of {plates}, paging apart")
}

/// Runs of the program until nothing is left over, five minutes apart; what they cost together, and how many
/// they were.
fn sync(
    folder: &std::path::Path,
    clock: &Clock,
    camera: &Camera,
) -> Result<(Cost, usize), Failure> {
    let mut all = Cost::default();
    for run in 1..=100 {
        clock.advance(TimeDelta::minutes(5));
        camera.begin_run();
        let variables = [
            ("GATE_PASSWORD".to_owned(), "Door-secret-1".to_owned()),
            ("IVMS_SYNC_TEST_NOW".to_owned(), clock.now().to_rfc3339()),
        ];
        let cost = process::run(Command::new(PROGRAM).arg("sync"), folder, &variables)?;
        (all.cpu, all.wall) = (all.cpu + cost.cpu, all.wall + cost.wall);
        match cost.code {
            0 => return Ok((all, run)),
            // The time of a run was over; the next one goes on.
            8 => {}
            code => return Err(format!("sync ended with {code}: {}", cost.stderr).into()),
        }
    }
    Err("a hundred runs were not enough".into())
}

/// Fills a camera, changes the end of some of its plates, and counts: the calls for each of them, and the words
/// of the line.
pub fn calls(book: &mut Book, is_quick: bool) -> Result<(f64, String), Failure> {
    let (plates, changed) = sizes(is_quick);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    let noon: DateTime<Utc> = "2026-03-10T12:00:00Z".parse()?;
    let clock = Clock::fixed(noon);
    let camera = Camera::start(Settings {
        clock: clock.clone(),
        plate_list_num: plates + 100,
        ..Settings::default()
    });
    let config = format!(
        "time_zone = \"Europe/Ljubljana\"\n[parking]\ncountry = \"SI\"\n[zone.yard]\n\
         [rights-file.staff]\nfiles = [\"staff.csv\"]\nfresh_for = \"30d\"\n\
         [hikvision-anpr.gate]\nurl = \"{}\"\nusername = \"admin\"\n\
         password = {{ env = \"GATE_PASSWORD\" }}\nzones = [\"yard\"]\naudit_every = \"30d\"\n",
        camera.url()
    );
    std::fs::write(folder.join("ivms-sync.toml"), config)?;
    let rights = |longer: usize| {
        let row = |index: usize| {
            let end = if index < longer { "2026-07-31" } else { "2026-06-30" };
            format!("{},yard,2026-01-01,{end},S-{index}\n", plate(index))
        };
        let rows: String = (0..plates).map(row).collect();
        std::fs::write(folder.join("staff.csv"), format!("Plate,Zone,From,Until,Id\n{rows}"))
    };
    rights(0)?;
    let (filled, runs) = sync(folder, &clock, &camera)?;
    book.remarks.push(format!(
        "{} plates put on an empty camera: {} in {runs} runs",
        count(plates),
        time(filled.wall)
    ));
    sync(folder, &clock, &camera)?;
    camera.clear_requests();
    rights(changed)?;
    let (cost, runs) = sync(folder, &clock, &camera)?;
    let late: DateTime<Utc> = "2026-07-15T12:00:00Z".parse()?;
    let open = (0..plates).filter(|&index| camera.opens_at(&plate(index), late)).count();
    if open != changed {
        return Err(format!("it opens for {open} plates in July, and not for {changed}").into());
    }
    // A request without a login is answered with a challenge, and is no call.
    let all: Vec<_> = camera.requests().into_iter().filter(|one| one.is_authenticated()).collect();
    let of_plates = all.iter().filter(|call| call.text().contains("LicensePlate")).count();
    let writes = all.iter().filter(|call| call.method == "PUT").count();
    let calls = of_plates as f64 / changed as f64;
    book.violations.extend(camera.violations());
    book.remarks.push(format!(
        "{} changed plates at a camera: {} calls about one plate, {} of them writes, {} others; {runs} runs, {}, \
         {} CPU",
        count(changed),
        count(of_plates),
        count(writes),
        count(all.len() - of_plates),
        time(cost.wall),
        time(cost.cpu)
    ));
    Ok((calls, format!("{calls:.2}")))
}
