//! Tickets of the street get old, and an agency is handed those that nobody pays. People pay, contest, or turn out to
//! have had a right; what is true of each is written down here when it happens, and by that the agency is judged.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::duncan::{Ack, Standing, Switches};
use ivms_sync_simulators::ips::Citation;

use super::{Life, Side};

/// So old is a ticket that is handed over.
pub const REFER_AFTER: TimeDelta = TimeDelta::days(3);

/// What may be wrong with an acknowledgement.
const ACKS: [Ack; 6] = [
    Ack::CountOff(1),
    Ack::DollarsOff(-1),
    Ack::DollarsNumber,
    Ack::NoDollars,
    Ack::NoCount,
    Ack::StrangerRefused,
];

/// How a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Stands,
    Contested,
    /// The street has a word for it that nobody knows.
    Odd,
    Paid,
    Dismissed,
}

/// A ticket that an officer of the street wrote.
#[derive(Debug, Clone)]
pub struct Ticket {
    plate: String,
    at: DateTime<Utc>,
    cents: i64,
    state: State,
    /// The car had paid for its place, whenever that became known.
    had_right: bool,
    /// It was contested once, so that the agency may have it on hold for ever.
    was_contested: bool,
    /// The agency may have turned it away, which is for ever.
    may_be_refused: bool,
}

impl Ticket {
    /// What is true of it, whatever anybody believes.
    fn standing(&self) -> Standing {
        match self.state {
            State::Paid => Standing::Paid,
            State::Dismissed => Standing::Dismissed,
            _ if self.had_right => Standing::Dismissed,
            State::Contested => Standing::Contested,
            State::Odd => Standing::Hold,
            State::Stands => Standing::Owed(self.cents),
        }
    }

    /// What the agency may have it as in the end, where it has it.
    fn ends_as(&self) -> &'static [&'static str] {
        match (self.standing(), self.state) {
            // It was void before it was paid, perhaps.
            (Standing::Paid, _) if self.had_right => &["Paid", "Void"],
            (Standing::Paid, _) => &["Paid"],
            (Standing::Dismissed, _) => &["Void"],
            (Standing::Contested, _) => &["Hold"],
            (Standing::Owed(_), _) if self.was_contested => &["Open", "Hold"],
            (Standing::Owed(_), _) => &["Open"],
            (Standing::Hold, _) => &[],
        }
    }
}

impl Life {
    /// An officer of the street writes a ticket against a car that has paid, or that has not.
    pub fn write_ticket(&mut self) {
        self.clock.set(self.now);
        let number = self.next();
        let id = format!("ticket_{number}");
        let stranger = format!("TK{number}Z");
        let plate = match self.chance.percent(25) {
            true => self.chance.one_of(&self.parked).unwrap_or(stranger),
            false => stranger,
        };
        let at = self.now - TimeDelta::minutes(self.chance.below(20) as i64);
        let cents = 1000 + self.chance.below(9000) as i64;
        // In grace the car counts as paid for; nobody parks for a shorter time than that.
        let grace = TimeDelta::minutes(5);
        let has = |at| self.street.has_right(&plate, "CT", "A1", at);
        let had_right = has(at) || has(at - grace);
        let written = Citation::new(&id, &plate, "CT", "A1", at, "EXPIRED_METER");
        self.street.add_citation(written.fine_cents(cents.unsigned_abs()));
        let (state, was_contested, may_be_refused) = (State::Stands, false, false);
        let ticket = Ticket { plate, at, cents, state, had_right, was_contested, may_be_refused };
        self.keep(&id, ticket);
    }

    /// Something happens to a ticket.
    pub fn change_ticket(&mut self) {
        self.clock.set(self.now);
        // Of those who are asked for money more is heard than of others.
        let ids: Vec<String> = match self.chance.percent(50) {
            true => self.agency.open(),
            false => self.tickets.keys().cloned().collect(),
        };
        let Some(id) = self.chance.one_of(&ids) else { return };
        let mut ticket = self.tickets[&id].clone();
        let is_there = self.agency.status(&id).is_some();
        let what = self.chance.below(100);
        let (state, word) = match (ticket.state, what) {
            (State::Paid | State::Dismissed, _) => return,
            (State::Stands, 0..=29) | (State::Contested | State::Odd, 0..=19) => {
                (State::Paid, "PAID")
            }
            (State::Stands, 30..=49) => (State::Contested, "DISPUTED"),
            (State::Stands, 50..=59) | (State::Contested, 20..=39) => (State::Dismissed, "VOID"),
            (State::Stands, 60..=64) => {
                assert!(self.street.remove_citation(&id));
                return self.keep(&id, Ticket { state: State::Dismissed, ..ticket });
            }
            (State::Stands, 65..=79) if ticket.plate.starts_with("TK") => {
                // The place was paid for, and the street hears of it only now.
                let (from, until) = (ticket.at - TimeDelta::minutes(30), ticket.at);
                let until = Some(until + TimeDelta::minutes(30));
                let session = format!("late_{}", self.next());
                self.street.park(&session, &ticket.plate, "CT", "A1", from, until);
                return self.keep(&id, Ticket { had_right: true, ..ticket });
            }
            (State::Stands, 80..=89) if !is_there => {
                ticket.cents += 500;
                let cents = ticket.cents.unsigned_abs();
                assert!(self.street.edit_citation(&id, |one| one.fine_cents = cents));
                return self.keep(&id, ticket);
            }
            (State::Stands, 90..=99) if !is_there => (State::Odd, "SOMETHING_ELSE"),
            (State::Contested | State::Odd, _) => (State::Stands, "ISSUED"),
            (State::Stands, _) => return,
        };
        assert!(self.street.set_citation_status(&id, word));
        ticket.was_contested |= state == State::Contested;
        self.keep(&id, Ticket { state, ..ticket });
    }

    fn keep(&mut self, id: &str, ticket: Ticket) {
        self.story.push(format!("{} {id}: {ticket:?}", self.now_text()));
        self.agency.set_standing(id, ticket.standing());
        self.tickets.insert(id.to_owned(), ticket);
    }

    /// A person looks at what the agency is to be told, and has it told; things happen meanwhile.
    pub fn collect(&mut self) {
        self.spoil_agency();
        if self.look_at_agency() {
            if self.chance.percent(30) {
                self.now += TimeDelta::minutes(2);
                self.change_ticket();
            }
            let is_dark = self.chance.percent(8);
            if is_dark {
                self.street.go_offline();
            }
            self.carry(Side::Agency, &["--json", "apply", "collect.json"]);
            if is_dark {
                self.street.go_online();
            }
        }
        self.agency.set(|switches| *switches = Switches::default());
    }

    /// Writes a plan of what the agency is to be told; whether there is anything.
    fn look_at_agency(&mut self) -> bool {
        let asked = ["--json", "diff", "--to", "collect", "--out", "collect.json"];
        let found = self.run(&asked).json();
        found["documents"].as_array().is_some_and(|all| !all.is_empty())
    }

    /// The agency turns some away, or acknowledges something else than it took.
    fn spoil_agency(&mut self) {
        let mut switches = Switches::default();
        if self.chance.percent(30) {
            switches.ack = self.chance.one_of(&ACKS).unwrap_or_default();
            if self.chance.percent(50) {
                switches.ack_of_state = switches.ack;
            }
        }
        let takes_only = self.chance.percent(6).then_some(1);
        let refused = if self.chance.percent(20) { self.chance.below(4) } else { 4 };
        let mut place = 0;
        for (id, ticket) in &mut self.tickets {
            // Whoever is there is given back.
            if self.agency.status(id).is_some() {
                continue;
            }
            place += 1;
            if place % 4 == refused {
                switches.refuses.insert(id.clone(), "no_address".to_owned());
            }
            ticket.may_be_refused |= place % 4 == refused || takes_only.is_some();
        }
        switches.takes_only = takes_only;
        self.agency.set(|own| *own = switches);
    }

    /// P16, whatever went wrong: who must never be handed over is told by the agency's own violations. Nobody was
    /// handed over twice, and the agency asks for what is due, to the cent.
    #[track_caller]
    pub fn judge_agency(&self) {
        if let Some(id) = self.tickets.keys().find(|id| self.agency.times_taken(id) > 1) {
            self.breach(&format!("{id} was handed over twice"));
        }
        let due: i64 = self.agency.open().iter().map(|id| self.tickets[id].cents).sum();
        if self.agency.open_total() != due {
            let there = self.agency.open_total();
            self.breach(&format!("the agency asks for {there} and not for {due}"));
        }
    }

    /// All is well from now on: in the end the agency has those who owe, and nobody else.
    pub fn end_agency(&mut self) {
        self.now += REFER_AFTER;
        self.run(&["--json", "sync"]);
        // Who is taken back goes first; what was open is asked about, and others go then.
        for _ in 0..4 {
            self.now += TimeDelta::minutes(10);
            if self.look_at_agency() {
                self.run(&["--json", "apply", "collect.json"]);
            }
        }
        for (id, ticket) in &self.tickets {
            let is_right = match (self.agency.status(id), ticket.standing()) {
                (Some(status), _) => ticket.ends_as().contains(&status.as_str()),
                (None, Standing::Owed(_)) => ticket.may_be_refused,
                (None, _) => true,
            };
            if !is_right {
                let status = self.agency.status(id);
                self.breach(&format!("the agency has {id} as {status:?}, and it is {ticket:?}"));
            }
        }
        let told = self.run(&["--json", "status"]).json();
        let there = &told["agencies"][0]["there"];
        let cents = self.agency.open_total();
        let want = format!("{}.{:02}", cents / 100, cents % 100);
        let count = self.agency.open().len();
        if there["count"] != count || there["amount"] != want.as_str() {
            self.breach(&format!("{there} is said to be there, and it is {count} of {want}"));
        }
    }

    /// How many the agency was handed, by how they stand there.
    pub fn at_agency(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for status in self.tickets.keys().filter_map(|id| self.agency.status(id)) {
            *counts.entry(status).or_default() += 1;
        }
        counts
    }
}
