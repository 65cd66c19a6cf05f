//! What is counted, and the table at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::club::Club;

/// What one life, or all of them together, came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub clubs: u64,
    pub ticks: u64,
    pub seconds: i64,
    pub members: u64,
    pub doors: u64,
    pub events: u64,
    pub by_kind: BTreeMap<&'static str, u64>,
    pub deaths: u64,
    pub failures: u64,
    pub writes: u64,
    pub took: u64,
    pub source_requests: u64,
    pub door_requests: u64,
    pub quiet: u64,
    pub approvals: u64,
    pub exits: BTreeMap<u8, u64>,
    /// Pairs of a door and a tick, and those without any excuse for a door that is not as paid for.
    pub door_ticks: (u64, u64),
    pub checked: u64,
    /// The same of barriers, and their rows.
    pub gates: u64,
    pub gate_ticks: (u64, u64),
    pub rows_checked: u64,
    pub row_writes: u64,
    /// Persons that were written to a platform and were not in force after a tick.
    pub behind: u64,
    pub state_bytes: u64,
    pub wal_bytes: u64,
    pub hash: u64,
    /// The state file is made to fail in this tick.
    pub store_fails: bool,
}

impl Tally {
    pub fn of(club: &Club) -> Self {
        Self {
            clubs: 1,
            doors: club.doors.len() as u64,
            gates: club.gates.len() as u64,
            ..Self::default()
        }
    }

    /// Adds another life.
    pub fn add(&mut self, other: Self) {
        self.clubs += other.clubs;
        self.ticks += other.ticks;
        self.seconds += other.seconds;
        self.members += other.members;
        self.doors += other.doors;
        self.events += other.events;
        for (kind, count) in other.by_kind {
            *self.by_kind.entry(kind).or_default() += count;
        }
        for (exit, count) in other.exits {
            *self.exits.entry(exit).or_default() += count;
        }
        self.deaths += other.deaths;
        self.failures += other.failures;
        self.writes += other.writes;
        self.took += other.took;
        self.source_requests += other.source_requests;
        self.door_requests += other.door_requests;
        self.quiet += other.quiet;
        self.approvals += other.approvals;
        self.door_ticks.0 += other.door_ticks.0;
        self.door_ticks.1 += other.door_ticks.1;
        self.checked += other.checked;
        self.gates += other.gates;
        self.gate_ticks.0 += other.gate_ticks.0;
        self.gate_ticks.1 += other.gate_ticks.1;
        self.rows_checked += other.rows_checked;
        self.row_writes += other.row_writes;
        self.behind += other.behind;
        self.state_bytes = self.state_bytes.max(other.state_bytes);
        self.wal_bytes = self.wal_bytes.max(other.wal_bytes);
        // Lives end in any order; their sum does not tell.
        self.hash = self.hash.wrapping_add(other.hash);
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<44} {value:>14}");
        };
        let share =
            |part: u64, whole: u64| format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64);
        let per_tick = |count: u64| format!("{:.3}", count as f64 / self.ticks.max(1) as f64);
        line("clubs", self.clubs.to_string());
        line("doors", self.doors.to_string());
        line("members", self.members.to_string());
        line("ticks", self.ticks.to_string());
        line("years", format!("{:.1}", self.seconds as f64 / (365.25 * 86_400.0)));
        line("events", self.events.to_string());
        for (kind, count) in &self.by_kind {
            line(&format!("  {kind}"), count.to_string());
        }
        line("runs that died", self.deaths.to_string());
        line("runs that the state file failed", self.failures.to_string());
        line("blocked plans approved", self.approvals.to_string());
        for (exit, count) in &self.exits {
            line(&format!("runs that ended with {exit}"), count.to_string());
        }
        line("writes sent, and taken by a door", format!("{} / {}", self.writes, self.took));
        line("quiet ticks", share(self.quiet, self.ticks));
        line("requests to a source per tick", per_tick(self.source_requests));
        line("requests to doors per tick", per_tick(self.door_requests));
        line("door-ticks without any excuse", share(self.door_ticks.1, self.door_ticks.0));
        line("persons held against the ledger there", self.checked.to_string());
        line("gates", self.gates.to_string());
        line("writes sent to gates", self.row_writes.to_string());
        line("gate-ticks without any excuse", share(self.gate_ticks.1, self.gate_ticks.0));
        line("plates held against the ledger there", self.rows_checked.to_string());
        line("written to a platform, not in force yet", self.behind.to_string());
        line(
            "largest state file, and its WAL",
            format!("{} / {} kB", self.state_bytes / 1024, self.wal_bytes / 1024),
        );
        line("hash of everything", format!("{:016x}", self.hash));
        text
    }
}
