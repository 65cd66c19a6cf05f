//! What the page shows of everybody: paid until when, and what each door and the barrier hold.

use chrono::NaiveDateTime;
use ivms_sync_simulators::cardskipper::{Member, Role};
use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Device, Person};
use ivms_sync_simulators::hikvision_anpr::Camera;
use serde::Serialize;

use super::barrier;

/// A line of the page: a member with the same person on every door, or a person who is no member.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// As it stands in Cardskipper, or on the door.
    pub name: String,
    /// Member number.
    pub number: Option<u64>,
    /// Person id on the doors.
    pub person: String,
    /// What Cardskipper says.
    pub paid: Option<Paid>,
    /// What each door holds; none where it does not know the person.
    pub doors: Vec<Option<Held>>,
    /// The member's car.
    pub car: Option<Car>,
}

/// What Cardskipper says about a member.
#[derive(Debug, Clone, Serialize)]
pub struct Paid {
    /// Last day paid for.
    pub until: String,
    /// Not marked inactive.
    pub is_active: bool,
    /// The membership counts today.
    pub counts: bool,
    /// It has begun or ended since the last action, by itself.
    pub turned: bool,
    /// What stood here before the last action, where that was something else.
    pub was: Option<String>,
}

/// A car, and what the barrier holds about it.
#[derive(Debug, Clone, Serialize)]
pub struct Car {
    /// Its plate, as it stands in the link file.
    pub plate: &'static str,
    /// What the camera's list says.
    pub held: Held,
}

/// What a door holds about a person, or the barrier about a car.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// Last day on which it opens, or that a car is not on the list; none: it never ends.
    pub until: Option<String>,
    /// It opens now.
    pub opens: bool,
    /// The membership says something else than the door.
    pub differs: bool,
    /// It opens since the last action, or does no more, without another date.
    pub turned: bool,
    /// What stood here before the last action, where that was something else.
    pub was: Option<String>,
}

impl Paid {
    fn of(member: &Member, now: NaiveDateTime) -> Self {
        let start = role(member).map(|role| role.start.clone()).unwrap_or_default();
        let until = paid_until(member);
        let today = now.date().to_string();
        let is_active = member.inactive != Some(true);
        let counts = is_active && start <= today && today <= until;
        Self { until, is_active, counts, turned: false, was: None }
    }

    fn text(&self) -> String {
        if self.is_active { self.until.clone() } else { format!("{}, inactive", self.until) }
    }
}

impl Held {
    fn of(device: &Device, person: &Person, paid: Option<&Paid>) -> Self {
        let day = person.end.split('T').next().unwrap_or_default();
        let opens = device.door_opens(&person.employee_no, 1, device.wall_clock());
        let differs = paid.is_some_and(|paid| paid.counts != opens);
        let until = person.enable.then(|| day.to_owned());
        Self { until, opens, differs, turned: false, was: None }
    }

    fn of_car(barrier: &Camera, plate: &str, paid: &Paid) -> Self {
        let row = barrier.row(plate);
        let day = row.map(|row| row.end.map(|end| end.date().to_string()));
        let opens = barrier.opens_at(plate, barrier.clock().now());
        let until = day.unwrap_or_else(|| Some("not listed".to_owned()));
        Self { until, opens, differs: paid.counts != opens, turned: false, was: None }
    }

    fn mark(&mut self, old: &Self) {
        self.was = Some(old.text()).filter(|old| *old != self.text());
        self.turned = self.was.is_none() && old.opens != self.opens;
    }

    fn text(&self) -> String {
        self.until.clone().unwrap_or_else(|| "no end".to_owned())
    }
}

fn role(member: &Member) -> Option<&Role> {
    member.organisations.iter().flat_map(|o| &o.roles).next()
}

/// The last day that a member has paid for.
pub fn paid_until(member: &Member) -> String {
    role(member).map(|role| role.end.clone()).unwrap_or_default()
}

/// Everybody: members in the order of Cardskipper, then who is on a door only.
pub fn rows(
    members: &[Member],
    devices: &[Device],
    barrier: &Camera,
    now: NaiveDateTime,
) -> Vec<Row> {
    let held = |person: &str, paid: Option<&Paid>| {
        let on = |d: &Device| d.person(person).map(|person| Held::of(d, &person, paid));
        devices.iter().map(on).collect()
    };
    let mut rows: Vec<Row> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let (person, paid) = (employee_no(place), Paid::of(member, now));
        let car = barrier::plate(place)
            .map(|plate| Car { plate, held: Held::of_car(barrier, plate, &paid) });
        rows.push(Row {
            name: format!("{} {}", member.first, member.last),
            number: Some(member.number),
            doors: held(&person, Some(&paid)),
            paid: Some(paid),
            person,
            car,
        });
    }
    for person in devices.iter().flat_map(Device::persons) {
        if rows.iter().all(|row| row.person != person.employee_no) {
            let doors = held(&person.employee_no, None);
            let (name, person) = (person.name, person.employee_no);
            rows.push(Row { name, number: None, person, paid: None, doors, car: None });
        }
    }
    rows
}

/// Marks what is other than before.
pub fn mark(rows: &mut [Row], before: &[Row]) {
    for (row, old) in rows.iter_mut().zip(before) {
        if let (Some(now), Some(old)) = (&mut row.paid, &old.paid) {
            now.was = Some(old.text()).filter(|old| *old != now.text());
            now.turned = now.was.is_none() && old.counts != now.counts;
        }
        for (now, old) in row.doors.iter_mut().zip(&old.doors) {
            if let (Some(now), Some(old)) = (now, old) {
                now.mark(old);
            }
        }
        if let (Some(now), Some(old)) = (&mut row.car, &old.car) {
            now.held.mark(&old.held);
        }
    }
}
