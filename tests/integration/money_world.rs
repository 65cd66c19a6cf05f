//! Weeks of a town's money and duties: people pay and get back, officers cite, tariffs change, files arrive, days are
//! reported, an agency collects, and on the way answers are lost, services fail or lie, and runs are killed. It is
//! judged by what the other sides hold in the end: each document took effect once or never, and as the program says;
//! no more went back than came; nobody with a right was cited; the books of every day are those of the cashier; the
//! agency asks those who owe, and nobody else. Of the program's rules nothing is used here.

mod agency;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::http::{HttpServer, Moment};
use ivms_sync_simulators::service::{Login, Mishap, Settings, Troubles};
use ivms_sync_simulators::teller::{Flaw, Shape, Unit, name};
use ivms_sync_simulators::zone::Zone;
use ivms_sync_simulators::{aims, duncan, gtcs, ips, oauth, parkeon, teller};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::chance::Chance;
use super::support::pinned::instant;
use super::support::{Said, binary, finish, program, said};
use agency::Ticket;

/// A Thursday; on the Sunday the clocks of New York go forward.
const BEGIN: &str = "2026-03-05T14:00:00Z";
const STEPS: usize = 130;
const METER: &str = "METER-A1-001";
const SECRET: &str = "service-secret-1";
const STREET: &str = "ips-secret-key-1";
const CLIENT: &str = "oauth-secret-1/+&";

/// What can happen on the way of a document.
const MISHAPS: [Mishap; 9] = [
    Mishap::LostBefore,
    Mishap::LostAfter,
    Mishap::FailsBefore(500),
    Mishap::FailsAfter(500),
    Mishap::FailsAfter(503),
    Mishap::FailsBefore(429),
    Mishap::PageBefore,
    Mishap::PageAfter,
    Mishap::CutAfter,
];

/// What makes a file one that must be refused.
const FLAWS: [Flaw; 8] = [
    Flaw::TrailerCount,
    Flaw::TrailerSum,
    Flaw::TrailerNet,
    Flaw::NoTrailer,
    Flaw::Cut,
    Flaw::RowsAfterTrailer,
    Flaw::MissingColumn("fee"),
    Flaw::NotUtf8,
];

/// Who takes documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Cashier,
    Office,
    Kerb,
    Finance,
    Agency,
}

impl Side {
    const ALL: [Self; 5] = [Self::Cashier, Self::Office, Self::Kerb, Self::Finance, Self::Agency];

    fn name(self) -> &'static str {
        match self {
            Self::Cashier => "cashier",
            Self::Office => "citations",
            Self::Kerb => "kerb",
            Self::Finance => "finance",
            Self::Agency => "collect",
        }
    }
}

/// How the other sides are in one life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ways {
    /// As strict as is plausible.
    Strict,
    /// Whoever sends a document twice under two keys moves its money twice.
    OnlyKeysProtect,
    /// A failure is what its key is answered from then on.
    ReplayFailures,
    /// Keys are forgotten after half an hour.
    ShortKeys,
    /// Documents wait for somebody over there.
    Wait,
}

const LIVES: [(u64, Ways); 5] = [
    (21, Ways::Strict),
    (22, Ways::OnlyKeysProtect),
    (23, Ways::ReplayFailures),
    (24, Ways::ShortKeys),
    (25, Ways::Wait),
];

/// A document that somebody has handed over.
#[derive(Debug, Clone)]
struct Paper {
    side: Side,
    text: String,
}

struct Life {
    seed: u64,
    ways: Ways,
    chance: Chance,
    folder: TempDir,
    now: DateTime<Utc>,
    clock: Clock,
    cashier: teller::Server,
    finance: gtcs::Server,
    office: aims::Server,
    kerb: parkeon::Server,
    street: ips::Server,
    agency: duncan::Server,
    tokens: oauth::Server,
    papers: BTreeMap<String, Paper>,
    /// Payments that somebody may get something back of.
    payments: Vec<String>,
    /// What a driver has a right to, by plate.
    parked: Vec<String>,
    /// What officers of the street wrote.
    tickets: BTreeMap<String, Ticket>,
    /// The next number of whatever needs one.
    number: usize,
    /// The last day whose file was brought.
    brought: NaiveDate,
    /// Days of which a good file is there.
    filed: BTreeSet<NaiveDate>,
    /// What waits for approval.
    blocked: Vec<String>,
    story: Vec<String>,
    /// Runs that were killed, requests that went wrong.
    hard: (usize, usize),
}

fn settings(clock: &Clock) -> Settings {
    Settings { clock: clock.clone(), ..Settings::default() }
}

impl Life {
    fn new(seed: u64, ways: Ways) -> Self {
        let now = instant(BEGIN);
        let clock = Clock::fixed(now);
        let tokens = oauth::Server::start(oauth::Settings {
            clock: clock.clone(),
            ..oauth::Settings::default()
        });
        let cashier = teller::Server::start(settings(&clock));
        let finance = gtcs::Server::start(settings(&clock));
        let office = aims::Server::start(Settings {
            login: Login::OAuth(tokens.tokens()),
            ..settings(&clock)
        });
        let kerb = parkeon::Server::start(settings(&clock));
        let agency = duncan::Server::start(Settings {
            login: Login::Basic("city".into(), SECRET.into()),
            ..settings(&clock)
        });
        let street =
            ips::Server::start(ips::Settings { clock: clock.clone(), ..ips::Settings::default() });
        kerb.add_meter(METER, &tariff_there("1.75"));
        let folder = tempfile::tempdir().unwrap();
        for spool in ["in/teller", "in/bank"] {
            fs::create_dir_all(folder.path().join(spool)).unwrap();
        }
        // Where it may, a run hands over and takes back by itself.
        let by_itself = [Ways::OnlyKeysProtect, Ways::ShortKeys].contains(&ways);
        let mode = if by_itself { "full" } else { "review" };
        let days = agency::REFER_AFTER.num_days();
        let key_lives = if ways == Ways::ShortKeys { "20m" } else { "20h" };
        let config = format!(
            r#"time_zone = "America/New_York"
[parking]
country = "US"
keep_plates = "60d"
[zone.A1]
grace = "5m"
[zone.A2]
[zone.B1]
[zone.B2]
[ips.street]
url = "{}"
secret = {{ env = "IPS_KEY" }}
fresh_for = "5h"
violations = ["*"]
[teller.cashier]
url = "{}"
currency = "USD"
secret = {{ env = "TELLER" }}
payments = true
refund_limit = "50.00 USD"
key_lives = "{key_lives}"
[teller.cashier.settlement]
spool = "in/teller/STL-*.csv"
amounts = "minor"
[bank.operating]
spool = "in/bank/*.csv"
amounts = "major"
currency = "USD"
[gtcs.finance]
url = "{}"
currency = "USD"
secret = {{ env = "GTCS" }}
account_codes = {{ PARKING_PAYMENT = "4100-PARKING-REVENUE" }}
key_lives = "{key_lives}"
[aims.citations]
url = "{}"
token_url = "{}"
client_id = "stamford parking"
secret = {{ env = "AIMS" }}
currency = "USD"
key_lives = "{key_lives}"
[parkeon.kerb]
url = "{}"
currency = "USD"
secret = {{ env = "KERB" }}
[duncan.collect]
url = "{}"
username = "city"
secret = {{ env = "COLLECT" }}
currency = "USD"
refer_after = "{days}d"
batch = 2
mode = "{mode}"
key_lives = "{key_lives}"
"#,
            street.url(),
            cashier.url(),
            finance.url(),
            office.url(),
            tokens.url(),
            kerb.url(),
            agency.url(),
        );
        fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        let brought = Zone::new_york().local(now).date();
        let life = Self {
            seed,
            ways,
            chance: Chance(seed),
            folder,
            now,
            clock,
            cashier,
            finance,
            office,
            kerb,
            street,
            agency,
            tokens,
            papers: BTreeMap::new(),
            payments: Vec::new(),
            parked: Vec::new(),
            tickets: BTreeMap::new(),
            number: 0,
            brought,
            filed: BTreeSet::new(),
            blocked: Vec::new(),
            story: Vec::new(),
            hard: (0, 0),
        };
        life.trouble(|troubles| {
            troubles.replays_failures = ways == Ways::ReplayFailures;
            if ways == Ways::ShortKeys {
                troubles.key_lives = TimeDelta::minutes(30);
            }
        });
        life.cashier.set(|switches| {
            switches.ids_are_unique = ways != Ways::OnlyKeysProtect;
            switches.pending = ways == Ways::Wait;
        });
        life.office.set(|switches| switches.numbers_are_unique = ways != Ways::OnlyKeysProtect);
        life.finance.set(|switches| {
            switches.days_are_unique = ways != Ways::OnlyKeysProtect;
            switches.slow_acceptance = ways == Ways::Wait;
        });
        life.kerb.set(|switches| switches.later = ways == Ways::Wait);
        life
    }

    fn trouble(&self, change: impl Fn(&mut Troubles)) {
        self.cashier.trouble(&change);
        self.finance.trouble(&change);
        self.office.trouble(&change);
        self.kerb.trouble(&change);
        self.agency.trouble(&change);
    }

    fn server(&self, side: Side) -> &HttpServer {
        match side {
            Side::Cashier => &self.cashier,
            Side::Office => &self.office,
            Side::Kerb => &self.kerb,
            Side::Finance => &self.finance,
            Side::Agency => &self.agency,
        }
    }

    fn spoil(&self, side: Side, document: Option<Mishap>, question: Option<Mishap>) {
        let change = |troubles: &mut Troubles| {
            troubles.documents = document.into_iter().collect();
            troubles.questions = question.into_iter().collect();
        };
        match side {
            Side::Cashier => self.cashier.trouble(change),
            Side::Office => self.office.trouble(change),
            Side::Kerb => self.kerb.trouble(change),
            Side::Finance => self.finance.trouble(change),
            Side::Agency => self.agency.trouble(change),
        }
    }

    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        Zone::new_york().local(at).date()
    }

    fn next(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    fn now_text(&self) -> String {
        self.now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn set_clocks(&self) {
        self.clock.set(self.now);
        self.cashier.begin_run();
        self.finance.begin_run();
        self.office.begin_run();
        self.kerb.begin_run();
        self.agency.begin_run();
        self.street.begin_run();
    }

    fn environment(&self) -> [(&'static str, String); 7] {
        [
            ("IVMS_SYNC_TEST_NOW", self.now_text()),
            ("IPS_KEY", STREET.to_owned()),
            ("TELLER", SECRET.to_owned()),
            ("GTCS", SECRET.to_owned()),
            ("AIMS", CLIENT.to_owned()),
            ("KERB", SECRET.to_owned()),
            ("COLLECT", SECRET.to_owned()),
        ]
    }

    /// Runs the binary, which ends with a code that money and duties have.
    #[track_caller]
    fn run(&mut self, arguments: &[&str]) -> Said {
        self.set_clocks();
        let mut command = binary(self.folder.path());
        command.envs(self.environment()).args(arguments);
        let found = said(&mut command);
        self.story.push(format!("{} {}: {}", self.now_text(), arguments.join(" "), found.code));
        if ![0, 3, 4, 5, 12, 13, 20, 65].contains(&found.code) {
            self.breach(&format!("{found:?}"));
        }
        self.judge();
        found
    }

    /// Starts a run and kills it at some request to one side, if it comes so far.
    fn killed(&mut self, side: Side, arguments: &[&str]) {
        self.set_clocks();
        let number = 1 + self.chance.below(3);
        let moment = Moment::ALL[self.chance.below(Moment::ALL.len())];
        let victim: Arc<Mutex<Option<Child>>> = Arc::default();
        let seen = AtomicUsize::new(0);
        let to_kill = Arc::clone(&victim);
        self.server(side).watch(Some(Arc::new(move |at| {
            if at != moment || seen.fetch_add(1, Ordering::SeqCst) + 1 != number {
                return true;
            }
            if let Some(child) = to_kill.lock().unwrap().as_mut() {
                child.kill().unwrap();
            }
            false
        })));
        let mut command = program();
        command.env_clear().current_dir(self.folder.path()).envs(self.environment());
        command.args(arguments).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        *victim.lock().unwrap() = Some(command.spawn().unwrap());
        while victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.server(side).settle();
        self.server(side).watch(None);
        let child = victim.lock().unwrap().take().unwrap();
        let code = finish(child).code;
        self.hard.0 += usize::from(code < 0);
        self.story.push(format!(
            "{} {} killed at {number} {moment:?}: {code}",
            self.now_text(),
            arguments.join(" ")
        ));
        self.judge();
    }

    #[track_caller]
    fn breach(&self, what: &str) -> ! {
        let last = self.story.len().saturating_sub(40);
        panic!(
            "seed {}, {:?}, {}: {what}\n  {}",
            self.seed,
            self.ways,
            self.now_text(),
            self.story[last..].join("\n  ")
        );
    }

    /// What may never be, whatever went wrong.
    #[track_caller]
    fn judge(&self) {
        let complaints = [
            self.cashier.violations(),
            self.finance.violations(),
            self.office.violations(),
            self.kerb.violations(),
            self.agency.violations(),
            self.street.violations(),
            self.tokens.violations(),
        ]
        .concat();
        if !complaints.is_empty() {
            self.breach(&format!("{complaints:?}"));
        }
        for (id, paper) in &self.papers {
            if self.effects(id, paper) > 1 {
                self.breach(&format!("{id} took effect more than once"));
            }
        }
        for payment in &self.payments {
            if self.cashier.money(payment) < 0 {
                self.breach(&format!("more of {payment} went back than came"));
            }
        }
        self.judge_agency();
    }

    /// How often a document took effect at the other side.
    fn effects(&self, id: &str, paper: &Paper) -> usize {
        match paper.side {
            Side::Cashier => self.cashier.effects(id),
            Side::Office => self.office.times_taken(id),
            Side::Kerb | Side::Finance | Side::Agency => 0,
        }
    }

    /// Somebody hands a document over; what happens on the way is left to chance.
    fn hand_over(&mut self, id: &str, side: Side, text: String) {
        self.papers.insert(id.to_owned(), Paper { side, text });
        self.send(id);
    }

    fn send(&mut self, id: &str) {
        let Paper { side, text } = self.papers[id].clone();
        fs::write(self.folder.path().join("document.json"), text).unwrap();
        self.carry(side, &["--json", "apply", "document.json", "--to", side.name()]);
    }

    /// Runs a command that may send something, with whatever goes wrong at the side.
    fn carry(&mut self, side: Side, arguments: &[&str]) {
        let document = self.chance.percent(35).then(|| self.chance.one_of(&MISHAPS)).flatten();
        let question = self.chance.percent(15).then(|| self.chance.one_of(&MISHAPS)).flatten();
        self.spoil(side, document, question);
        if self.chance.percent(15) {
            self.killed(side, arguments);
        } else if self.chance.percent(6) {
            self.server(side).go_offline();
            self.run(arguments);
            self.server(side).go_online();
        } else {
            let found = self.run(arguments);
            self.note_blocked(&found);
        }
        self.hard.1 += usize::from(document.is_some()) + usize::from(question.is_some());
        self.spoil(side, None, None);
    }

    fn note_blocked(&mut self, found: &Said) {
        let Ok(told) = serde_json::from_str::<Value>(&found.stdout) else { return };
        for one in told["documents"].as_array().into_iter().flatten() {
            self.blocked.extend(one["blocked"].as_str().map(str::to_owned));
        }
    }

    fn sync(&mut self) {
        let side = self.chance.one_of(&Side::ALL).unwrap_or(Side::Cashier);
        self.carry(side, &["--json", "sync"]);
    }

    fn pay(&mut self) {
        let id = format!("pay_{}", self.next());
        let amount = 100 + self.chance.below(9000);
        self.payments.push(id.clone());
        self.hand_over(
            &id.clone(),
            Side::Cashier,
            json!({
                "paymentId": id, "amount": amount, "currency": "USD",
                "paymentMethod": { "type": "CREDIT_CARD", "token": "tok_test_1" },
                "metadata": { "zoneNumber": "A1" },
            })
            .to_string(),
        );
    }

    /// A machine takes money of which nobody tells us.
    fn pay_elsewhere(&mut self) {
        let id = format!("else_{}", self.next());
        let amount = 100 + self.chance.below(900) as i64;
        self.cashier.capture(&id, amount, 25, self.now - TimeDelta::minutes(3));
        if self.chance.percent(60) {
            self.payments.push(id);
        }
    }

    fn give_back(&mut self) {
        let Some(payment) = self.chance.one_of(&self.payments) else { return };
        let id = format!("refund_{}", self.next());
        let left = self.cashier.money(&payment);
        // Some ask for more than there is.
        let amount = match self.chance.below(6) {
            0 => left + 1,
            1 => left,
            2 => left / 2,
            _ => 1 + self.chance.below(400) as i64,
        };
        self.hand_over(
            &id.clone(),
            Side::Cashier,
            json!({
                "refundId": id, "originalPaymentId": payment, "refundAmount": amount.max(1),
                "reason": "EARLY_SESSION_END",
            })
            .to_string(),
        );
    }

    fn park(&mut self) {
        let number = self.next();
        let plate = format!("CT{number}X");
        let minutes = 20 + self.chance.below(400) as i64;
        let until = self.now + TimeDelta::minutes(minutes);
        self.street.park(&format!("session_{number}"), &plate, "CT", "A1", self.now, Some(until));
        self.office.add_right(&plate, "CT", "A1", self.now, until);
        self.parked.push(plate);
    }

    fn cite(&mut self) {
        let stranger = format!("XX{}Z", self.next());
        let plate = match self.chance.percent(60) {
            true => self.chance.one_of(&self.parked).unwrap_or(stranger),
            false => stranger,
        };
        let number = format!("AIMS-2026-{:06}", self.next());
        let at = self.now - TimeDelta::minutes(self.chance.below(300) as i64);
        let at = at.format("%Y-%m-%dT%H:%M:%S.000Z");
        let picture = STANDARD.encode(b"\x89PNG\r\n\x1a\n");
        self.hand_over(
            &number.clone(),
            Side::Office,
            format!(
                r#"{{ "citationNumber": "{number}", "licensePlate": "{plate}", "state": "CT",
  "violation": {{ "code": "PKG-001", "description": "Expired Meter", "fineAmount": 25.00 }},
  "location": {{ "zoneNumber": "A1", "address": "123 Main Street", "latitude": 41.0534, "longitude": -73.5387 }},
  "officer": {{ "id": "officer_123", "badge": "PS-456" }}, "timestamp": "{at}",
  "evidence": [ {{ "type": "PHOTO", "base64Data": "{picture}", "mimeType": "image/png" }} ] }}"#
            ),
        );
    }

    fn set_tariff(&mut self) {
        let rate = format!("{}.{:02}", 1 + self.chance.below(3), self.chance.below(4) * 25);
        let text = format!("{{ \"meterId\": \"{METER}\",{}", &tariff_there(&rate)[1..]);
        fs::write(self.folder.path().join("tariff.json"), text).unwrap();
        self.carry(Side::Kerb, &["--json", "apply", "tariff.json", "--to", "kerb"]);
    }

    /// What somebody sends once more, as it was or with another amount.
    fn again(&mut self) {
        let ids: Vec<String> = self.papers.keys().cloned().collect();
        let Some(id) = self.chance.one_of(&ids) else { return };
        if self.chance.percent(70) {
            return self.send(&id);
        }
        let Paper { side, text } = self.papers[&id].clone();
        let before = self.effects(&id, &self.papers[&id]);
        let other = text.replacen("\"EARLY_SESSION_END\"", "\"OTHER_REASON\"", 1);
        let other = other.replacen("Expired Meter", "Other words", 1);
        let other = other.replacen("tok_test_1", "tok_test_2", 1);
        if text == other {
            return;
        }
        fs::write(self.folder.path().join("document.json"), other).unwrap();
        let is_known = self.state(&id).is_some_and(|state| !["new", "blocked"].contains(&&*state));
        self.run(&["--json", "apply", "document.json", "--to", side.name()]);
        if is_known && self.effects(&id, &self.papers[&id]) != before {
            self.breach(&format!("{id} was sent with other content"));
        }
        if !is_known {
            // It was never sent, so that it is this one from now on.
            let text = fs::read_to_string(self.folder.path().join("document.json")).unwrap();
            self.papers.insert(id, Paper { side, text });
        }
    }

    fn approve(&mut self) {
        let Some(id) = self.chance.one_of(&self.blocked) else { return };
        self.carry(Side::Cashier, &["--json", "apply", "--blocked", &id]);
    }

    /// How the program says that a document is.
    fn state(&mut self, id: &str) -> Option<String> {
        let found = self.run(&["--json", "lookup", &format!("document:{id}")]);
        (found.code != 20)
            .then(|| found.json()["documents"][0]["state"].as_str().unwrap().to_owned())
    }

    /// What waits over there goes on.
    fn others_work(&mut self) {
        if self.ways != Ways::Wait {
            return;
        }
        for id in self.papers.keys() {
            // What nobody is to get is not given.
            self.cashier.set_status(id, if id.ends_with('7') { "FAILED" } else { "COMPLETED" });
        }
        self.finance.accept_all();
        self.kerb.apply_later(METER);
    }

    /// Yesterday's files come, some of them broken first.
    fn bring_files(&mut self) {
        let folder = self.folder.path().join("in/teller");
        while self.brought < self.day(self.now) {
            let day = self.brought;
            let settlement = self.cashier.settlement(day);
            if self.chance.percent(30) {
                let shape = Shape {
                    flaw: self.chance.one_of(&FLAWS).unwrap_or_default(),
                    ..Shape::default()
                };
                settlement.spool(&folder, &name(day, 1), &shape).unwrap();
                self.sync();
            }
            if self.chance.percent(80) {
                let shape = Shape {
                    quoted: self.chance.percent(50),
                    crlf: self.chance.percent(50),
                    byte_order_mark: self.chance.percent(50),
                    other_columns: self.chance.percent(50),
                    ..Shape::default()
                };
                settlement.spool(&folder, &name(day, 2), &shape).unwrap();
                if self.chance.percent(20) {
                    settlement.spool(&folder, &name(day, 3), &shape).unwrap();
                }
                self.filed.insert(day);
            }
            self.brought = day + TimeDelta::days(1);
        }
    }

    fn report(&mut self) {
        let back = 1 + self.chance.below(3) as i64;
        let day = (self.day(self.now) - TimeDelta::days(back)).to_string();
        let asked = ["--json", "diff", "--day", &day, "--to", "finance", "--out", "report.json"];
        let found = self.run(&asked);
        if found.code == 0 || found.code == 4 {
            self.carry(Side::Finance, &["--json", "apply", "report.json"]);
        }
    }

    fn step(&mut self) {
        self.now += TimeDelta::minutes(10 + self.chance.below(300) as i64);
        for _ in 0..self.chance.below(4) {
            self.now += TimeDelta::minutes(1 + self.chance.below(9) as i64);
            match self.chance.below(150) {
                0..=24 => self.pay(),
                25..=32 => self.pay_elsewhere(),
                33..=52 => self.give_back(),
                53..=62 => self.park(),
                63..=77 => self.cite(),
                78..=83 => self.set_tariff(),
                84..=91 => self.again(),
                92..=99 => self.approve(),
                100..=119 => self.write_ticket(),
                _ => self.change_ticket(),
            }
        }
        if self.chance.percent(40) {
            self.others_work();
        }
        self.bring_files();
        self.sync();
        if self.chance.percent(30) {
            self.report();
        }
        if self.chance.percent(30) {
            self.now += TimeDelta::minutes(1);
            self.collect();
        }
        // Whoever looks changes nothing.
        if self.chance.percent(10) {
            let day = (self.day(self.now) - TimeDelta::days(1)).to_string();
            self.run(&["--json", "diff", "--day", &day]);
        }
    }

    /// All is well from now on: what is open comes to its end, and everything is as the program says.
    fn end(&mut self) {
        self.ways = if self.ways == Ways::Wait { self.ways } else { Ways::Strict };
        for _ in 0..8 {
            self.now += TimeDelta::hours(7);
            self.others_work();
            self.run(&["--json", "sync", "--full"]);
        }
        let ids: Vec<String> = self.papers.keys().cloned().collect();
        for id in &ids {
            let mut state = self.state(id);
            let took = self.effects(id, &self.papers[id]) == 1 && !self.has_failed(id);
            if state.as_deref() == Some("unknown") {
                // Somebody asks the other side.
                let word = if took { "done" } else { "not-done" };
                self.run(&["--json", "apply", "--settle", &format!("{id}={word}")]);
                state = self.state(id);
            }
            let is_right = match state.as_deref() {
                Some("confirmed") => took,
                Some("settled") => true,
                None | Some("new" | "blocked" | "refused") => !took,
                _ => false,
            };
            if !is_right {
                self.breach(&format!("{id} is {state:?} here, and took effect there: {took}"));
            }
        }
        self.judge_books();
        self.judge_reports();
        self.end_agency();
        self.end_tariffs();
        let ticked = self.run(&["--json", "sync"]).json();
        if ticked.get("documents").is_some() {
            self.breach(&format!("something is open: {ticked}"));
        }
    }

    /// A tariff that was answered with 200, and is not what the meter takes, is asked about until somebody has looked.
    fn end_tariffs(&mut self) {
        let open = self.run(&["--json", "sync"]).json();
        for one in open["documents"].as_array().into_iter().flatten() {
            let (id, to) = (one["id"].as_str().unwrap(), one["to"].as_str().unwrap());
            if to == Side::Kerb.name() {
                self.run(&["--json", "apply", "--settle", &format!("{id}=not-done")]);
            }
        }
    }

    /// Whether the cashier did not do it after all.
    fn has_failed(&self, id: &str) -> bool {
        self.ways == Ways::Wait && id.ends_with('7') && id.starts_with("refund")
    }

    /// What is ours, of all that moved.
    fn ours(&self) -> Vec<teller::Movement> {
        let mut moved = self.cashier.movements();
        moved.retain(|one| self.papers.contains_key(&one.document) && !one.is_pending);
        moved
    }

    /// P12, P13: the books of each day are those of the cashier, to the last cent, however often and in whatever
    /// state its files came.
    fn judge_books(&mut self) {
        let (teller, bank) =
            (self.folder.path().join("in/teller"), self.folder.path().join("in/bank"));
        let first = self.day(instant(BEGIN));
        let last = self.day(self.now) - TimeDelta::days(2);
        let days: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
        for day in &days {
            let good = Shape::default();
            self.cashier.settlement(*day).spool(&teller, &name(*day, 9), &good).unwrap();
        }
        self.cashier.deposits(first, last).spool(&bank, "DEP-1.csv", Unit::Major).unwrap();
        self.run(&["--json", "sync"]);
        for day in days {
            let found = self.run(&["--json", "diff", "--day", &day.to_string()]).json();
            let books = &found["books"]["cashiers"][0];
            let rows = self.cashier.settlement(day).rows;
            let is_ours = |row: &&teller::Row| {
                self.ours().iter().any(|one| one.transaction == row.transaction)
            };
            let ours = rows.iter().filter(is_ours).count();
            let sum: i64 = rows.iter().map(|row| row.amount).sum();
            let count = |list: &str| books[list].as_array().map_or(0, Vec::len);
            let got = (
                books["matched"]["count"].as_u64().unwrap_or_default() as usize,
                count("only_settled"),
                count("only_ledger") + count("amount_differs") + count("fee_differs"),
                books["settled"]["count"].as_u64().unwrap_or_default() as usize,
                books["settled"]["amount"].as_str().unwrap_or_default().to_owned(),
            );
            let sign = if sum < 0 { "-" } else { "" };
            let sum = format!("{sign}{}.{:02}", sum.abs() / 100, sum.abs() % 100);
            let want = (ours, rows.len() - ours, 0, rows.len(), sum);
            if got != want {
                self.breach(&format!("the books of {day} are {got:?} and not {want:?}: {books:#}"));
            }
            let deposits = books["deposits"].as_array().unwrap();
            if deposits
                .iter()
                .any(|one| !["equal", "late"].contains(&one["state"].as_str().unwrap()))
            {
                self.breach(&format!("deposits of {day}: {deposits:?}"));
            }
        }
    }

    /// The newest report of each day has all that we moved that day, and nothing is left to be reported.
    fn judge_reports(&mut self) {
        let first = self.day(instant(BEGIN));
        let last = self.day(self.now) - TimeDelta::days(1);
        for day in first.iter_days().take_while(|day| *day <= last) {
            let text = day.to_string();
            let asked =
                ["--json", "diff", "--day", &text, "--to", "finance", "--out", "report.json"];
            for _ in 0..3 {
                let found = self.run(&asked).json();
                let one = &found["documents"][0];
                let (id, state) = (one["id"].as_str().unwrap(), one["state"].as_str().unwrap());
                if state == "unknown" {
                    // Somebody asks the other side.
                    let revision: usize = id.rsplit(':').next().unwrap().parse().unwrap();
                    let took = self.finance.reports(day) >= revision;
                    let word = if took { "done" } else { "not-done" };
                    self.run(&["--json", "apply", "--settle", &format!("{id}={word}")]);
                    continue;
                }
                self.run(&["--json", "apply", "report.json"]);
                self.others_work();
                self.run(&["--json", "sync", "--full"]);
            }
            let moved = self.ours();
            let of_day = || moved.iter().filter(|one| self.day(one.at) == day);
            let want: i64 = of_day().map(|one| one.amount).sum();
            let rows = of_day().count();
            let report = self.finance.report(day);
            let got = report.as_ref().map(|report| (report.revenue, report.transactions.len()));
            if got != Some((want, rows)) || self.finance.revenue(day) != want {
                self.breach(&format!("{day} is reported as {got:?} and not {want} of {rows}"));
            }
            let taken = self.finance.reports(day);
            self.run(&asked);
            self.run(&["--json", "apply", "report.json"]);
            if self.finance.reports(day) != taken {
                self.breach(&format!("{day} was reported once more, and nothing had moved"));
            }
        }
    }
}

/// What the meter takes, as it is there.
fn tariff_there(rate: &str) -> String {
    format!(
        r#"{{ "rates": [
    {{ "timeSlot": "08:00-18:00", "rate": {rate}, "maxDuration": 240, "gracePeriod": 5 }},
    {{ "timeSlot": "18:00-08:00", "rate": 1.00, "maxDuration": 720, "gracePeriod": 10 }} ],
  "enforcement": {{ "enabled": true, "alertThreshold": 600, "violationCode": "PKG-001" }} }}"#
    )
}

#[test]
fn every_document_took_effect_once_or_never_and_the_books_agree_after_weeks() {
    let lived = std::thread::scope(|threads| {
        let lives = LIVES.map(|(seed, ways)| threads.spawn(move || live(seed, ways)));
        lives.map(|life| life.join().unwrap())
    });
    // Whoever could be taken back was, in every way.
    for status in ["Open", "Paid", "Void", "Hold"] {
        let each = lived.iter().filter_map(|there| there.get(status));
        assert!(each.sum::<usize>() > 2, "{status}: {lived:?}");
    }
}

/// Lives one life to its end; how many tickets the agency was handed, by how they stand there.
fn live(seed: u64, ways: Ways) -> BTreeMap<String, usize> {
    let mut life = Life::new(seed, ways);
    (0..STEPS).for_each(|_| life.step());
    let cited = life.papers.values().filter(|paper| paper.side == Side::Office).count();
    life.end();
    let (killed, spoilt) = life.hard;
    let there = life.at_agency();
    println!(
        "seed {seed} {ways:?}: {} documents, {cited} of them citations, {killed} runs killed, {spoilt} \
         requests spoilt, {} days filed; {} tickets, at the agency {there:?}",
        life.papers.len(),
        life.filed.len(),
        life.tickets.len()
    );
    let is_cited = |(id, paper): &(&String, &Paper)| {
        paper.side == Side::Office && life.effects(id, paper) == 1
    };
    assert!(life.papers.iter().filter(is_cited).count() > 3, "seed {seed}: who is cited");
    assert!(there.values().sum::<usize>() > 5, "seed {seed}: who is handed over");
    assert!(killed > 3 && spoilt > 20, "seed {seed}: {:?}", life.hard);
    there
}
