//! A whole club in one line: members in Cardskipper, the same people on the doors, in agreement.

mod names;

use chrono::{NaiveDate, TimeDelta};

use crate::cardskipper::{self, Member, Server};
use crate::clock::real_now;
use crate::hikcentral;
use crate::hikvision::{self, Device, Person};
use names::{Dice, email, name};

/// Organisation of every member.
pub const ORGANISATION: i64 = 123;
/// Role of every member.
pub const ROLE: i64 = 3126;
/// Number of the first member; the next ones follow without gaps.
pub const FIRST_NUMBER: u64 = 150_001;
/// `employeeNo` of the first member on every device; the next ones follow without gaps.
pub const FIRST_EMPLOYEE_NO: usize = 1001;
/// `employeeNo` of the first person that no member belongs to.
pub const FIRST_FOREIGN_NO: usize = 9001;

/// Size of a club.
#[derive(Debug, Clone)]
pub struct WorldSettings {
    /// Members, each with one role valid today and for weeks to come.
    pub members: usize,
    /// Devices; every member is on each.
    pub devices: usize,
    /// Persons on each device who are no members; the first is a device administrator, the second
    /// permanent (`enable:false`), the third on the black list.
    pub foreign: usize,
    /// The same seed gives the same club.
    pub seed: u64,
    /// The day round which memberships lie.
    pub today: NaiveDate,
}

impl Default for WorldSettings {
    fn default() -> Self {
        Self { members: 20, devices: 1, foreign: 3, seed: 1, today: real_now().date_naive() }
    }
}

/// A club as plain data.
#[derive(Debug, Clone)]
pub struct World {
    /// Members in Cardskipper.
    pub members: Vec<Member>,
    /// Persons of each device.
    pub devices: Vec<Vec<Person>>,
}

impl World {
    /// A club of this size in which both sides agree.
    pub fn new(settings: &WorldSettings) -> Self {
        let mut dice = Dice(settings.seed);
        let members: Vec<Member> =
            (0..settings.members).map(|i| member(&mut dice, settings.today, i)).collect();
        let devices = (0..settings.devices)
            .map(|_| {
                let own = members.iter().enumerate().map(|(i, member)| person(member, i));
                own.chain((0..settings.foreign).map(foreign)).collect()
            })
            .collect();
        Self { members, devices }
    }

    /// A club of so many members on so many devices, three foreign persons on each.
    pub fn agreeing(members: usize, devices: usize) -> Self {
        Self::new(&WorldSettings { members, devices, ..WorldSettings::default() })
    }

    /// Person and e-mail of every member, with the header `Person ID,Email`.
    pub fn links_csv(&self) -> String {
        let mut text = "Person ID,Email\n".to_owned();
        for (index, member) in self.members.iter().enumerate() {
            text.push_str(&format!("{},{}\n", employee_no(index), member.email));
        }
        text
    }

    /// Every member as a person of a HikCentral, in agreement, with the ids of the devices.
    pub fn platform_persons(&self) -> Vec<hikcentral::Person> {
        let members = self.members.iter().enumerate();
        members.map(|(index, member)| platform_person(member, index)).collect()
    }

    /// Starts the service and the devices, with default settings.
    pub fn start(self) -> Club {
        self.start_with(cardskipper::Settings::default(), &hikvision::Settings::default())
    }

    /// Starts the service and the devices with these settings and the people of this world; each
    /// device gets its own name and serial number.
    pub fn start_with(
        self,
        cardskipper: cardskipper::Settings,
        device: &hikvision::Settings,
    ) -> Club {
        let links_csv = self.links_csv();
        let devices = self.devices.into_iter().enumerate().map(|(index, persons)| {
            Device::start(hikvision::Settings {
                persons,
                name: format!("Door {}", index + 1),
                serial_number: format!("DS-K1T342MX20260101V030500ENAA{:07}", index + 1),
                ..device.clone()
            })
        });
        Club {
            devices: devices.collect(),
            cardskipper: Server::start(cardskipper::Settings {
                members: self.members,
                ..cardskipper
            }),
            links_csv,
        }
    }
}

/// A club that runs; it stops when dropped.
pub struct Club {
    /// The Cardskipper service.
    pub cardskipper: Server,
    /// The doors.
    pub devices: Vec<Device>,
    /// Person and e-mail of every member at the start, as CSV.
    pub links_csv: String,
}

impl Club {
    /// Starts a club of so many members on so many devices.
    pub fn start(members: usize, devices: usize) -> Self {
        World::agreeing(members, devices).start()
    }

    /// Renews the membership of the member at `index` until the end of this day, `YYYY-MM-DD`.
    pub fn renew(&self, index: usize, end: &str) -> bool {
        self.cardskipper.edit(number(index), |member| member.set_end(end))
    }

    /// Marks the member at `index` inactive.
    pub fn inactivate(&self, index: usize) -> bool {
        self.cardskipper.edit(number(index), |member| member.inactive = Some(true))
    }

    /// What clients did wrong, anywhere; each line begins with `cardskipper: ` or `door N: `.
    pub fn violations(&self) -> Vec<String> {
        let source = self.cardskipper.violations().into_iter().map(|v| format!("cardskipper: {v}"));
        let doors = self.devices.iter().enumerate().flat_map(|(index, device)| {
            device.violations().into_iter().map(move |v| format!("door {}: {v}", index + 1))
        });
        source.chain(doors).collect()
    }

    /// Begins a new run on every device; see [`Device::begin_run`].
    pub fn begin_run(&self) {
        self.devices.iter().for_each(Device::begin_run);
    }
}

/// Cardskipper's number of the member at `index`.
pub fn number(index: usize) -> u64 {
    FIRST_NUMBER + index as u64
}

/// `employeeNo` of the member at `index`.
pub fn employee_no(index: usize) -> String {
    (FIRST_EMPLOYEE_NO + index).to_string()
}

fn member(dice: &mut Dice, today: NaiveDate, index: usize) -> Member {
    let (first, last) = name(dice);
    let day = |days: i64| (today + TimeDelta::days(days)).to_string();
    let (before, after) = (dice.below(180) as i64, 20 + dice.below(200) as i64);
    let born = day(-(18 + dice.below(50) as i64) * 365 - dice.below(365) as i64);
    Member::new(number(index))
        .name(first, last)
        .born(&born)
        .email(&email(first, last, index))
        .phone(&format!("+386 40 {:06}", dice.below(1_000_000)))
        .role(ORGANISATION, ROLE, &day(-before), &day(after))
}

/// The person that agrees with a member.
fn person(member: &Member, index: usize) -> Person {
    let person = Person::new(&employee_no(index))
        .name(&format!("{} {}", member.first, member.last))
        .pin(&format!("{:04}", index % 10_000));
    match member.organisations.iter().flat_map(|o| &o.roles).next() {
        Some(role) => person.valid(&role.start, &role.end),
        None => person,
    }
}

/// The same person on a HikCentral, with a card.
fn platform_person(member: &Member, index: usize) -> hikcentral::Person {
    let person = hikcentral::Person::new(&member.first, &member.last)
        .id(&employee_no(index))
        .code(&format!("M{}", member.number))
        .email(&member.email)
        .phone(member.phones.first().map_or("", String::as_str))
        .card(&(800_000 + index).to_string());
    match member.organisations.iter().flat_map(|o| &o.roles).next() {
        Some(role) => person.valid(&role.start, &role.end),
        None => person,
    }
}

fn foreign(index: usize) -> Person {
    let person = Person::new(&(FIRST_FOREIGN_NO + index).to_string());
    match index {
        0 => person.name("Vodja vhoda").administrator(),
        1 => person.name("Čistilka").permanent(),
        2 => person.name("Nezaželeni").user_type("blackList"),
        _ => person.name(&format!("Gost {index}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_club() {
        let (one, two) = (World::agreeing(50, 2), World::agreeing(50, 2));
        assert_eq!(one.members, two.members);
        assert_eq!(one.devices, two.devices);
        let other = World::new(&WorldSettings { seed: 2, members: 50, ..WorldSettings::default() });
        assert_ne!(one.members, other.members);
    }

    #[test]
    fn both_sides_agree() {
        let world = World::agreeing(50, 2);
        assert_eq!(world.devices.len(), 2);
        assert_eq!(world.devices[0].len(), 53);
        for (index, member) in world.members.iter().enumerate() {
            let person = &world.devices[1][index];
            let role = &member.organisations[0].roles[0];
            assert_eq!(person.end, format!("{}T23:59:59", role.end));
            assert!(person.name.contains(&member.last));
            assert!(member.email.is_ascii());
        }
        let persons = world.platform_persons();
        assert_eq!(persons.len(), 50);
        for (member, person) in world.members.iter().zip(&persons) {
            let role = &member.organisations[0].roles[0];
            assert_eq!(person.email, member.email);
            assert!(person.end.as_ref().unwrap().starts_with(&format!("{}T23:59:59+", role.end)));
        }
        assert_eq!(world.links_csv().lines().count(), 51);
    }

    #[test]
    fn a_running_club_takes_a_renewal() {
        let club = Club::start(3, 1);
        assert!(club.renew(1, "2030-01-31"));
        assert!(club.inactivate(2));
        let member = club.cardskipper.member(number(1)).unwrap();
        assert_eq!(member.organisations[0].roles[0].end, "2030-01-31");
        assert_eq!(club.violations(), Vec::<String>::new());
    }
}
