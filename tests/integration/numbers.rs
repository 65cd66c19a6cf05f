//! The numbers that the help and the README state are those of the code. What a number comes to, other
//! tests show; here, changing one without the other is what fails.

use super::readme::{README, topic};

/// Where it is said, what is said, the file that decides, and the line there.
const STATED: &str = r#"
README @ club of 12 members and two doors @ examples/demo/web/gym.rs @ MEMBERS: usize = 12;
README @ is five minutes later @ examples/demo/web/gym.rs @ TimeDelta::minutes(5)
access @ after 2037-12-31 @ src/connectors/hikvision/config.rs @ of_years(2000, 2037)
access @ after three full lists @ src/engine/gather/merge.rs @ AFTER_LISTINGS: u32 = 3;
access @ at least ten minutes @ src/engine/gather/merge.rs @ TimeDelta::minutes(10);
alarms @ when three ticks in a row @ src/notify/decide.rs @ BAD_TICKS: u32 = 3;
alarms @ after two good ticks @ src/notify/decide.rs @ GOOD_TICKS: u32 = 2;
alarms @ after twelve calm hours @ src/notify/decide.rs @ CALM: TimeDelta = TimeDelta::hours(12);
alarms @ at eight in the morning @ src/notify/memory.rs @ WINDOW_HOUR: u32 = 8;
alarms @ At most 10 seconds @ src/notify/channel.rs @ Duration::from_secs(10);
alarms @ At most 5 seconds each @ src/notify/heartbeat.rs @ Duration::from_secs(5);
commands @ good for 60 minutes @ src/report/plan_file.rs @ VALID_FOR: TimeDelta = TimeDelta::minutes(60);
commands @ to 200 rows of each list @ src/report/status/html/parts.rs @ NAMED_MAX: usize = 200;
commands @ the last 30 days @ src/report/status/mod.rs @ DAYS_SHOWN: i64 = 30;
commands @ as a page, mode 0640 @ src/cmd/status/clubs.rs @ mode: 0o640
commands @ longer than a second @ src/term/mod.rs @ SHOWN_AFTER: Duration = Duration::from_secs(1);
commands @ Not more than three refused logins @ src/store/login.rs @ MAX_SPENT: u32 = 3;
commands @ within half an hour @ src/store/login.rs @ SPENT_WITHIN: TimeDelta = TimeDelta::minutes(30);
config @ at most 60 characters @ src/config/value.rs @ CLUB_CHARS_MAX: usize = 60;
config @ 0 to 365 @ src/config/schema.rs @ GRACE_DAYS_MAX: i64 = 365;
config @ `"1m"` to `"7d"` @ src/config/schema.rs @ FULL_EVERY_DAYS_MAX: u64 = 7;
config @ `"1m"` to `"30d"` @ src/config/schema.rs @ AUDIT_EVERY_DAYS_MAX: u64 = 30;
config @ in a second, 1 to 50 @ src/connectors/hikcentral/config.rs @ REQUESTS_PER_SECOND_MAX: i64 = 50;
exit-codes @ limit of 120 seconds @ src/stop.rs @ TIME_LIMIT: Duration = Duration::from_secs(120);
exit-codes @ for more than 10 minutes @ src/cmd/mod.rs @ OLD_LOCK: TimeDelta = TimeDelta::minutes(10);
links @ more than 15 digits @ src/engine/link/file/value.rs @ DIGITS_KEPT: usize = 15;
links @ more than 4 KB in one cell @ src/engine/link/file/mod.rs @ CELL_BYTES_MAX: usize = 4 * 1024;
links @ at least three new links @ src/engine/link/first.rs @ SMALLEST: usize = 3;
many-clubs @ within four minutes @ cron/ivms-sync@.timer @ RandomizedDelaySec=4min
many-clubs @ for ten minutes after @ src/store/journal.rs @ TAKEN_OVER_AFTER: TimeDelta = TimeDelta::minutes(10);
safety @ 256 MB unpacked @ src/connectors/cardskipper/limits.rs @ MAX_EXPORT_BYTES: usize = 256 * 1024 * 1024;
safety @ 8 MB and @ src/connectors/hikvision/call.rs @ MAX_BODY: usize = 8 * 1024 * 1024;
safety @ 500,000 values @ src/connectors/hikvision/wire/mod.rs @ JSON_VALUES: usize = 500_000;
safety @ 5 seconds to connect @ src/connectors/hikvision/call.rs @ CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
safety @ 15 for the head, 15 for the body @ src/connectors/hikvision/call.rs @ ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
safety @ 200,000 persons @ src/connectors/hikvision/reader.rs @ MAX_PERSONS: usize = 200_000;
safety @ persons, 5 minutes @ src/connectors/hikvision/call.rs @ LISTING_MAX: Duration = Duration::from_secs(300);
safety @ 256 levels @ src/text/xml.rs @ DEPTH_MAX: usize = 256;
safety @ 256 attributes of one element @ src/text/xml.rs @ ATTRIBUTES_MAX: usize = 256;
safety @ | 32 MB @ src/engine/link/file/mod.rs @ FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
safety @ 512 MB unpacked @ src/engine/link/file/mod.rs @ UNPACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;
safety @ 500,000 rows @ src/engine/link/file/mod.rs @ ROWS_MAX: usize = 500_000;
safety @ 64 MB, 1 MB, 4 KB @ src/report/plan_file.rs @ MAX_BYTES: u64 = 64 * 1024 * 1024;
safety @ 64 MB, 1 MB, 4 KB @ src/config/load.rs @ FILE_BYTES_MAX: u64 = 1024 * 1024;
safety @ 64 MB, 1 MB, 4 KB @ src/config/secret_source.rs @ FILE_BYTES_MAX: u64 = 4096;
safety @ up to three times, on the same @ src/connectors/cardskipper/client.rs @ REDIRECTS_MAX: u32 = 3;
safety @ more than 2 seconds ago @ src/engine/execute/base.rs @ AGE_MAX: Duration = Duration::from_secs(2);
safety @ | `revoke_per_tick` | revocations in one run | 2 | @ src/engine/plan/guard.rs @ REVOKE_PER_TICK_FLOOR: usize = 2;
safety @ | `revoke_per_day` | revocations in 24 hours | 5 | @ src/engine/plan/guard.rs @ REVOKE_PER_DAY_FLOOR: usize = 5;
safety @ not on the first run with a door | 20 | @ src/engine/plan/guard.rs @ GRANT_PER_TICK_FLOOR: usize = 20;
safety @ and by three members or more @ src/engine/gather/plausibility.rs @ SMALLEST_LOSS: usize = 3;
safety @ more than 60 seconds apart @ src/engine/gather/clocks.rs @ TOLERANCE: TimeDelta = TimeDelta::seconds(60);
safety @ After three that were not confirmed @ src/engine/gather/trust.rs @ PROBES: u32 = 3;
schedules @ 10 seconds to read @ src/engine/gather/conversation.rs @ READING_PATIENCE: Duration = Duration::from_secs(10);
schedules @ 20 to write @ src/engine/gather/conversation.rs @ WRITING_PATIENCE: Duration = Duration::from_secs(20);
schedules @ After 10 minutes of silence @ src/store/journal.rs @ TAKEN_OVER_AFTER: TimeDelta = TimeDelta::minutes(10);
state @ after 90 days @ src/store/prune.rs @ RUNS_KEPT: TimeDelta = TimeDelta::days(90);
state @ longer than ten seconds @ src/store/mod.rs @ BUSY_TIMEOUT: Duration = Duration::from_secs(10);
systems @ and told after 30 (exit 3) @ src/engine/execute/commit.rs @ PATIENCE: TimeDelta = TimeDelta::minutes(30);
systems @ within 10 minutes is applied again @ src/engine/execute/commit.rs @ TimeDelta::minutes(10);
"#;

/// Mutants: a limit that was raised, and not in the text; a text that was rounded.
#[test]
fn what_is_stated_is_what_the_code_says() {
    let rows: Vec<&str> = STATED.trim().lines().collect();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.split(" @ ").collect();
        let [place, said, path, decides] = cells[..] else { panic!("{row}") };
        let text = if place == "README" { README.to_owned() } else { topic(place) };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "not said: {row}");
        let code = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")));
        let code = code.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(code.contains(decides), "decided otherwise: {row}");
    }
}
