//! The outside world of a measurement: a club on simulators with one clock, what may happen in it, and
//! what it counts.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use ivms_sync_simulators::cardskipper::{self, Member, OrganisationInfo};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{
    self, Club, FIRST_EMPLOYEE_NO, FIRST_FOREIGN_NO, World, WorldSettings,
};
use ivms_sync_simulators::hikvision::{self, KeepAlive, Switches};
use ivms_sync_simulators::http::{Fault, HttpServer, Moment, Tls};

/// How big a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Members; each is a person on every device.
    pub members: usize,
    /// Devices.
    pub devices: usize,
}

/// What one side was asked and has answered since the counters were cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Complete HTTP requests.
    pub requests: u64,
    /// HTTP bytes in both directions.
    pub bytes: u64,
}

/// What both sides saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Cardskipper.
    pub service: Traffic,
    /// All devices together.
    pub devices: Traffic,
    /// The longest time that one device was busy: from the first byte of a request to the last of its
    /// answer, summed up.
    pub busiest: Duration,
    /// Accepted writes.
    pub writes: u64,
    /// The most connections that one device was sent.
    pub connections: u64,
}

/// How long a device was busy with requests, in nanoseconds.
type Busy = Arc<AtomicU64>;

/// A club that runs, whose clock the measurement moves.
pub struct Stage {
    /// The running simulators.
    pub club: Club,
    clock: Clock,
    busy: Vec<Busy>,
    bytes_before: Vec<u64>,
    connections_before: Vec<u64>,
}

/// What a world is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside {
    /// How big it is, all clubs together.
    pub size: Size,
    /// How much longer every answer of a device takes.
    pub latency: Duration,
    /// Everything speaks TLS, with certificates made at the start.
    pub tls: bool,
    /// Doors keep a connection for the next request.
    pub keeps: bool,
    /// Every second member has no role, and a time on the doors that ended long ago.
    pub half_without_role: bool,
    /// Organisations; with more than one, each has its own door and its share of the members.
    pub clubs: usize,
}

impl Outside {
    /// One club over plain HTTP, whose doors keep a connection for the next request.
    pub fn club(members: usize, devices: usize) -> Self {
        let size = Size { members, devices };
        Self { keeps: true, ..Self::plain(size, Duration::ZERO) }
    }

    /// One club with doors that close every connection, and nothing special about it.
    pub fn plain(size: Size, latency: Duration) -> Self {
        Self { size, latency, tls: false, keeps: false, half_without_role: false, clubs: 1 }
    }
}

/// The organisation at `index`.
pub fn organisation(index: usize) -> i64 {
    club::ORGANISATION + i64::try_from(index).unwrap_or_default()
}

/// What a listing of changes asks too early at most: an hour, and two between two ticks.
const ASKED_EARLY: [TimeDelta; 2] = [TimeDelta::minutes(65), TimeDelta::minutes(185)];

impl Stage {
    /// Starts a world in agreement.
    pub fn start_as(outside: &Outside) -> Self {
        let Outside { size: Size { members, devices }, latency, clubs, .. } = *outside;
        let clock = Clock::default();
        // In a big club the numbers of members reach those of the others.
        let fits = members <= FIRST_FOREIGN_NO - FIRST_EMPLOYEE_NO && clubs == 1;
        let foreign = if fits { 3 } else { 0 };
        let doors = if clubs > 1 { 1 } else { devices };
        let settings = WorldSettings { members, devices: doors, foreign, ..Default::default() };
        let mut world = World::new(&settings);
        if outside.half_without_role {
            leave_half_without_role(&mut world, settings.today);
        }
        if clubs > 1 {
            share_out(&mut world, clubs);
        }
        let tls = if outside.tls { Tls::SelfSigned } else { Tls::Off };
        let mut service = cardskipper::Settings { clock: clock.clone(), tls, ..Default::default() };
        let first = service.organisations.first().cloned();
        service.organisations = (0..clubs)
            .filter_map(|index| {
                Some(OrganisationInfo { id: organisation(index), ..first.clone()? })
            })
            .collect();
        let keep_alive = if outside.keeps { KeepAlive::Keep } else { KeepAlive::Close };
        let device = hikvision::Settings {
            clock: clock.clone(),
            max_records: members + foreign,
            tls,
            switches: Switches { keep_alive, ..Switches::default() },
            ..Default::default()
        };
        let club = world.start_with(service, &device);
        let busy = club.devices.iter().map(|device| {
            if !latency.is_zero() {
                device.fault(Fault::Delay(latency));
            }
            watch(device)
        });
        let busy = busy.collect();
        let connections_before = Vec::new();
        let mut stage = Self { club, clock, busy, bytes_before: Vec::new(), connections_before };
        stage.clear();
        stage
    }

    /// What every clock of this world shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass, everywhere at once.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// The first `count` members pay for 30 more days.
    pub fn renew(&self, count: usize) {
        let payers: HashSet<u64> = (0..count).map(club::number).collect();
        self.club.cardskipper.edit_all(|member| {
            if payers.contains(&member.number)
                && let Some(later) = end(member).and_then(|end| end.checked_add_days(Days::new(30)))
            {
                member.set_end(&later.to_string());
            }
        });
    }

    /// Every member has another last name: the whole listing is news, and no door cares.
    pub fn rename_everybody(&self) {
        self.club.cardskipper.edit_all(|member| member.last.push('a'));
    }

    /// What was seen since [`Stage::clear`].
    pub fn seen(&self) -> Seen {
        let traffic = |server: &HttpServer, before: u64| Traffic {
            requests: server.requests().len() as u64,
            bytes: bytes(server).saturating_sub(before),
        };
        let mut before = self.bytes_before.iter().copied();
        let service = traffic(&self.club.cardskipper, before.next().unwrap_or_default());
        let mut devices = Traffic::default();
        for (device, before) in self.club.devices.iter().zip(before) {
            let one = traffic(device, before);
            devices.requests += one.requests;
            devices.bytes += one.bytes;
        }
        let busiest = self.busy.iter().map(|one| one.load(Ordering::SeqCst)).max();
        let writes = self.club.devices.iter().map(|device| device.writes().len() as u64).sum();
        let busiest = Duration::from_nanos(busiest.unwrap_or_default());
        let connections = self.club.devices.iter().zip(&self.connections_before);
        let connections = connections.map(|(device, before)| device.connections() - before).max();
        let connections = connections.unwrap_or_default();
        Seen { service, devices, busiest, writes, connections }
    }

    /// Counts from zero again, and begins a new run of the client, for which the listings are rendered
    /// already.
    pub fn clear(&mut self) {
        self.club.begin_run();
        for early in ASKED_EARLY {
            self.club.cardskipper.render_ahead(self.now() - early);
        }
        let connections = self.club.devices.iter().map(|device| device.connections());
        self.connections_before = connections.collect();
        self.club.cardskipper.clear_requests();
        self.bytes_before = vec![bytes(&self.club.cardskipper)];
        for device in &self.club.devices {
            device.clear_requests();
            device.clear_writes();
            self.bytes_before.push(bytes(device));
        }
        self.busy.iter().for_each(|busy| busy.store(0, Ordering::SeqCst));
    }
}

fn bytes(server: &HttpServer) -> u64 {
    server.bytes_in() + server.bytes_out()
}

/// The last day of a member's first role.
fn end(member: &Member) -> Option<NaiveDate> {
    let role = member.organisations.first()?.roles.first()?;
    NaiveDate::parse_from_str(&role.end, "%Y-%m-%d").ok()
}

/// Every second member loses the role, and is on the doors with a time that is over.
fn leave_half_without_role(world: &mut World, today: NaiveDate) {
    for member in world.members.iter_mut().step_by(2) {
        member.organisations.iter_mut().for_each(|organisation| organisation.roles.clear());
    }
    let day = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today).to_string();
    let members = world.members.len();
    for persons in &mut world.devices {
        for person in persons.iter_mut().take(members).step_by(2) {
            *person = person.clone().valid(&day(400), &day(200));
        }
    }
}

/// Gives each organisation its share of the members, and a door with nobody else on it.
fn share_out(world: &mut World, clubs: usize) {
    let share = world.members.len().div_ceil(clubs);
    for (index, member) in world.members.iter_mut().enumerate() {
        member.organisations.iter_mut().for_each(|one| one.id = organisation(index / share));
    }
    let persons = world.devices.pop().unwrap_or_default();
    world.devices = persons.chunks(share).map(<[_]>::to_vec).collect();
}

/// Adds up how long a device is busy. It serves one request at a time.
fn watch(server: &HttpServer) -> Busy {
    let busy = Busy::default();
    let (sum, began) = (Arc::clone(&busy), Mutex::new(None));
    server.watch(Some(Arc::new(move |moment| {
        let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
        match moment {
            Moment::Arrived => *began = Some(Instant::now()),
            Moment::Answered => {
                let took = began.take().map(|at: Instant| at.elapsed()).unwrap_or_default();
                let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                sum.fetch_add(nanos, Ordering::SeqCst);
            }
            _ => {}
        }
        true
    })));
    busy
}

/// A configuration for a club at these addresses, with the link file `persons.csv`; complete listings
/// and audits are not due unless the environment says so ([`listing_is_due`], [`audit_is_due`]).
pub fn config(service: &str, devices: &[String]) -> String {
    config_of(service, devices, &[], 1)
}

/// The same with the fingerprints of the devices' certificates, and for more than one organisation.
pub fn config_of(service: &str, devices: &[String], pins: &[String], clubs: usize) -> String {
    let mut text = "time_zone = \"Europe/Ljubljana\"\n\n".to_owned();
    for index in 0..clubs {
        text.push_str(&format!(
            "[cardskipper.{}]\nurl = \"{service}\"\n\
             organisation_id = {}\nusername = \"api@club.example\"\n\
             password = {{ env = \"CARD_PASSWORD\" }}\nfull_every = \"7d\"\n\n",
            club_name(index),
            organisation(index)
        ));
    }
    text.push_str("[link]\nfiles = [\"persons.csv\"]\n");
    for (place, url) in devices.iter().enumerate() {
        text.push_str(&format!(
            "\n[hikvision.door{}]\nurl = \"{url}\"\nusername = \"admin\"\n\
             password = {{ env = \"DOOR_PASSWORD\" }}\naudit_every = \"30d\"\n",
            place + 1
        ));
        if let Some(pin) = pins.get(place) {
            text.push_str(&format!("tls = \"sha256:{pin}\"\n"));
        }
        if clubs > 1 {
            text.push_str(&format!("organisations = [\"{}\"]\n", club_name(place)));
        }
    }
    text
}

/// The first is called as the variable of [`listing_is_due`] has it.
fn club_name(index: usize) -> String {
    if index == 0 { "club".to_owned() } else { format!("club{}", index + 1) }
}

/// The variables every run needs.
pub fn variables(now: DateTime<Utc>) -> Vec<(String, String)> {
    let pairs = [
        ("CARD_PASSWORD", "Card-secret-1".to_owned()),
        ("DOOR_PASSWORD", "Door-secret-1".to_owned()),
        ("IVMS_SYNC_TEST_NOW", now.to_rfc3339()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The variable that makes a complete listing due.
pub fn listing_is_due() -> Vec<(String, String)> {
    vec![("IVMS_SYNC__CARDSKIPPER__CLUB__FULL_EVERY".to_owned(), "1m".to_owned())]
}

/// The variables that make the audit of every device due.
pub fn audit_is_due(devices: usize) -> Vec<(String, String)> {
    let name = |place| format!("IVMS_SYNC__HIKVISION__DOOR{place}__AUDIT_EVERY");
    (1..=devices).map(|place| (name(place), "1m".to_owned())).collect()
}
