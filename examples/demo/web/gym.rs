//! The club behind the page: what the buttons do, and what is to be seen afterwards.

use std::error::Error;
use std::path::PathBuf;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World, WorldSettings, number};
use ivms_sync_simulators::hikvision::Device;
use ivms_sync_simulators::hikvision_anpr::Camera;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::program::Said;
use super::super::scene;
use super::super::stage::{DOORS, Opening, Stage};
use super::action::Action;
use super::barrier;
use super::history::{self, Change};
use super::people::{self, Row};

const MEMBERS: usize = 12;
/// A club whose twelve names are all different.
const SEED: u64 = 592;
/// They paid this morning, after the last sync.
const JUST_PAID: [usize; 2] = [4, 8];
/// Has not paid for weeks, and stands outside rightly.
const EXPIRED: usize = 10;
/// Their memberships end in so many days.
const ENDING: [(usize, i64); 2] = [(6, 12), (9, 20)];
/// Who is on the doors and no member: a device administrator, a person without an end, one who may
/// not come in.
const FOREIGN: [&str; 3] = ["The caretaker", "The cleaner", "Barred from the house"];
/// The club opens at this hour, in UTC, of the day on which the demo is started.
const OPENS_AT: u32 = 9;
/// A month on the clock of the club, in days.
const MONTH: i64 = 30;
/// Lines of the log that the page shows.
const LOG_MAX: usize = 50;

/// A line of what was done.
#[derive(Debug, Clone, Serialize)]
struct Done {
    at: String,
    what: String,
}

/// A club with 12 members, two doors and a barrier, and the program.
pub struct Gym {
    binary: PathBuf,
    stage: Stage,
    barrier: Camera,
    clock: Clock,
    /// What Cardskipper would list, while its export is empty.
    unlisted: Option<Vec<Member>>,
    unplugged: Vec<bool>,
    /// Everybody before the last action.
    before: Vec<Row>,
    said: Option<Said>,
    /// The blocked plans that wait for approval: of the doors, of the barrier.
    waiting: Vec<String>,
    history: Vec<Change>,
    log: Vec<Done>,
}

impl Gym {
    /// Opens the club.
    ///
    /// # Errors
    /// When its folder cannot be made or written.
    pub fn open(binary: PathBuf) -> Result<Self, Box<dyn Error>> {
        let settings = WorldSettings {
            members: MEMBERS,
            devices: DOORS.len(),
            seed: SEED,
            ..WorldSettings::default()
        };
        let today = settings.today;
        let mut world = World::new(&settings);
        let days_ago = JUST_PAID.map(|member| (member, -1)).into_iter().chain([(EXPIRED, -24)]);
        for (member, days) in days_ago.chain(ENDING) {
            let end = today + TimeDelta::days(days);
            membership(&mut world, member, end - TimeDelta::days(365), end);
        }
        for (place, name) in FOREIGN.iter().enumerate() {
            for person in world.devices.iter_mut().filter_map(|d| d.get_mut(MEMBERS + place)) {
                (*name).clone_into(&mut person.name);
            }
        }
        let clock = Clock::fixed(today.and_hms_opt(OPENS_AT, 0, 0).unwrap_or_default().and_utc());
        let opening = Opening {
            world,
            today,
            clock: Some(clock.clone()),
            // So small a list can be asked for whole, and an empty one is noticed, at every run.
            listing: "full_every      = \"5m\"\n",
        };
        let mut stage = Stage::open(binary.clone(), opening)?;
        let barrier = barrier::start(&clock);
        let config = stage.config() + &barrier::section(&barrier);
        std::fs::write(stage.path("ivms-sync.toml"), config)?;
        let links = barrier::with_plates(&stage.club.links_csv);
        std::fs::write(stage.path("persons.csv"), links)?;
        let (variable, password) = barrier::PASSWORD;
        stage.passwords.push((variable, password.to_owned()));
        let mut gym = Self {
            stage,
            barrier,
            binary,
            clock,
            unlisted: None,
            unplugged: vec![false; DOORS.len()],
            before: Vec::new(),
            said: None,
            waiting: Vec::new(),
            history: Vec::new(),
            log: Vec::new(),
        };
        gym.note("The club opens. The doors hold what was paid for until yesterday.".to_owned());
        // So the program knows the club, and has something to hold a strange list against.
        let said = gym.program(&["sync"])?;
        if said.code != 0 {
            return Err(format!("sync ended with {}: {}", said.code, said.stderr).into());
        }
        for member in JUST_PAID {
            gym.extend(number(member))?;
        }
        gym.before = gym.rows();
        Ok(gym)
    }

    /// Everything that the page shows.
    pub fn view(&self) -> Value {
        let mut rows = self.rows();
        people::mark(&mut rows, &self.before);
        let doors = DOORS.iter().zip(&self.unplugged);
        let doors: Vec<Value> = doors
            .map(|(name, unplugged)| json!({ "name": name, "is_plugged": !unplugged }))
            .collect();
        let said = self.said.as_ref().map(|said| {
            json!({
                "command": said.command, "stderr": said.stderr, "stdout": said.stdout,
                "code": said.code, "meaning": scene::meaning(said.code),
            })
        });
        json!({
            "clock": history::club_time(self.clock.now()),
            "is_export_empty": self.unlisted.is_some(),
            "doors": doors, "people": rows, "said": said, "waiting": self.waiting,
            "history": self.history, "log": self.log,
        })
    }

    /// Does what a button stands for.
    ///
    /// # Errors
    /// When there is no such member or door, or the program cannot be started.
    pub fn act(&mut self, action: &Action) -> Result<(), Box<dyn Error>> {
        let before = self.rows();
        match action {
            Action::Extend { member } => self.extend(*member)?,
            Action::Cancel { member } => self.cancel(*member)?,
            Action::Inactivate { member } => self.set_active(*member, false)?,
            Action::Activate { member } => self.set_active(*member, true)?,
            Action::Unplug { door } => self.plug(door, false)?,
            Action::Plug { door } => self.plug(door, true)?,
            Action::EmptyExport => self.empty_export(),
            Action::MendExport => self.mend_export(),
            Action::Diff => self.run(&["diff"])?,
            Action::Sync => {
                self.clock.advance(TimeDelta::minutes(5));
                self.run(&["sync"])?;
                self.remember();
            }
            Action::Month => self.month()?,
            Action::StartOver => {
                *self = Self::open(self.binary.clone())?;
                return Ok(());
            }
            Action::Approve => {
                if self.waiting.is_empty() {
                    return Err("nothing waits for approval".into());
                }
                for id in std::mem::take(&mut self.waiting) {
                    self.run(&["apply", "--blocked", &id])?;
                }
                self.remember();
            }
            Action::Lookup { member } => {
                self.named(*member)?;
                self.run(&["lookup", &member.to_string()])?;
            }
        }
        self.before = before;
        Ok(())
    }

    fn now(&self) -> NaiveDateTime {
        self.stage.door(0).map(Device::wall_clock).unwrap_or_default()
    }

    fn members(&self) -> Vec<Member> {
        self.unlisted.clone().unwrap_or_else(|| self.stage.club.cardskipper.members())
    }

    fn rows(&self) -> Vec<Row> {
        people::rows(&self.members(), &self.stage.club.devices, &self.barrier, self.now())
    }

    fn note(&mut self, what: String) {
        self.log.insert(0, Done { at: history::club_time(self.clock.now()), what });
        self.log.truncate(LOG_MAX);
    }

    fn named(&self, number: u64) -> Result<String, String> {
        let member = self.members().into_iter().find(|member| member.number == number);
        let member = member.ok_or_else(|| format!("there is no member {number}"))?;
        Ok(format!("{} {}", member.first, member.last))
    }

    /// Changes a member, also one whom Cardskipper does not list at the moment.
    fn edit(&mut self, number: u64, edit: impl FnOnce(&mut Member)) -> Result<(), String> {
        let is_known = match &mut self.unlisted {
            Some(members) => members.iter_mut().find(|m| m.number == number).map(edit).is_some(),
            None => self.stage.club.cardskipper.edit(number, edit),
        };
        if is_known { Ok(()) } else { Err(format!("there is no member {number}")) }
    }

    fn extend(&mut self, number: u64) -> Result<(), String> {
        let name = self.named(number)?;
        let today = self.now().date();
        let mut until = String::new();
        self.edit(number, |member| {
            let paid = people::paid_until(member).parse().unwrap_or(today);
            until = (paid.max(today) + TimeDelta::days(365)).to_string();
            member.set_end(&until);
        })?;
        self.note(format!("{name} pays at the desk. Cardskipper: valid to {until}."));
        Ok(())
    }

    fn cancel(&mut self, number: u64) -> Result<(), String> {
        let name = self.named(number)?;
        let yesterday = (self.now().date() - TimeDelta::days(1)).to_string();
        self.edit(number, |member| member.set_end(&yesterday))?;
        self.note(format!("{name} leaves the club. Cardskipper: ended on {yesterday}."));
        Ok(())
    }

    fn set_active(&mut self, number: u64, is_active: bool) -> Result<(), String> {
        let name = self.named(number)?;
        self.edit(number, |member| member.inactive = Some(!is_active))?;
        let what = if is_active { "active again" } else { "inactive" };
        self.note(format!("The desk marks {name} {what} in Cardskipper."));
        Ok(())
    }

    fn plug(&mut self, name: &str, plug: bool) -> Result<(), String> {
        let unknown = || format!("there is no door {name}");
        let place = DOORS.iter().position(|door| *door == name).ok_or_else(unknown)?;
        let device = self.stage.door(place).ok_or_else(unknown)?;
        if plug {
            device.go_online();
        } else {
            device.go_offline();
        }
        if let Some(unplugged) = self.unplugged.get_mut(place) {
            *unplugged = !plug;
        }
        self.note(if plug {
            format!("The cable of {name} is back: it can be reached again.")
        } else {
            format!("Somebody pulls the network cable of {name}: it cannot be reached.")
        });
        Ok(())
    }

    fn empty_export(&mut self) {
        if self.unlisted.is_none() {
            self.unlisted = Some(self.stage.club.cardskipper.members());
            self.stage.club.cardskipper.set_members(Vec::new());
            self.note("Something breaks at Cardskipper: it answers, and lists nobody.".to_owned());
        }
    }

    fn mend_export(&mut self) {
        if let Some(members) = self.unlisted.take() {
            self.stage.club.cardskipper.set_members(members);
            self.note("Cardskipper lists everybody again.".to_owned());
        }
    }

    /// A month goes by: every day the computer runs its sync. Of those whose membership ends, every second
    /// pays again on the last day.
    fn month(&mut self) -> Result<(), Box<dyn Error>> {
        let (mut renewed, mut ended, mut told) = (0, 0, String::new());
        for day in 1..=MONTH {
            self.clock.advance(TimeDelta::days(1));
            let today = self.now().date().to_string();
            for (place, member) in self.members().into_iter().enumerate() {
                if people::paid_until(&member) == today && member.inactive != Some(true) {
                    if place % 2 == 0 {
                        self.extend(member.number)?;
                        renewed += 1;
                    } else {
                        ended += 1;
                    }
                }
            }
            let mut said = self.program(&["sync"])?;
            if !said.stdout.is_empty() || !said.stderr.is_empty() {
                let at = history::club_time(self.clock.now());
                told.push_str(&format!("\n{at}\n{}{}", said.stderr, said.stdout));
            }
            if day == MONTH {
                let meaning = scene::meaning(said.code);
                self.note(format!(
                    "A month goes by: {renewed} paid again on the last day, {ended} did not. Of {MONTH} runs of \
                     sync, the last ended with {}: {meaning}.",
                    said.code
                ));
                (said.stdout, said.stderr) = (std::mem::take(&mut told), String::new());
                said.command =
                    format!("ivms-sync sync    # {MONTH} times; what was said, with its day");
                self.said = Some(said);
            }
        }
        self.remember();
        Ok(())
    }

    fn run(&mut self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let said = self.program(arguments)?;
        let meaning = scene::meaning(said.code);
        self.note(format!("{} ends with {}: {meaning}.", said.command, said.code));
        self.said = Some(said);
        Ok(())
    }

    fn program(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        self.barrier.begin_run();
        self.barrier.clear_requests();
        self.barrier.clear_writes();
        self.stage.run(arguments)
    }

    /// Asks the program what it changed so far, and what waits.
    fn remember(&mut self) {
        // What waits is told by sync once a day, and by status every time.
        let status = self.program(&["status"]);
        self.waiting = status.map(|said| blocked_ids(&said.stdout)).unwrap_or_default();
        let mut history = Vec::new();
        for member in self.members() {
            let number = member.number.to_string();
            let said = self.program(&["lookup", &number, "--offline", "--json"]);
            let document = said.ok().and_then(|said| serde_json::from_str(&said.stdout).ok());
            history.extend(document.iter().flat_map(history::read));
        }
        history.sort_unstable_by(|one, other| other.cmp(one));
        self.history = history;
    }
}

/// Gives a member one period, in Cardskipper and on every door.
fn membership(world: &mut World, member: usize, begin: NaiveDate, end: NaiveDate) {
    let (begin, end) = (begin.to_string(), end.to_string());
    let paid = world.members.get_mut(member);
    for role in paid.into_iter().flat_map(|m| &mut m.organisations).flat_map(|o| &mut o.roles) {
        role.start.clone_from(&begin);
        role.end.clone_from(&end);
    }
    for person in world.devices.iter_mut().filter_map(|persons| persons.get_mut(member)) {
        *person = person.clone().valid(&begin, &end);
    }
}

/// The ids in the lines that tell how to approve.
fn blocked_ids(text: &str) -> Vec<String> {
    let rests = text.split("apply --blocked ").skip(1);
    rests.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}
