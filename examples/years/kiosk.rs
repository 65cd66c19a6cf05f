//! A service that sells rights to park, and what may be wrong with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync::model::{Ends, Period, RightCode, RightId, RightKind, RightState, StateWord};
use ivms_sync::ports::{Class, Failure, ListedPlate, ListedRight, RightsListing, RightsService};

use crate::outside::{Death, die, open};
use crate::sabotage::Sabotage;

/// What the service calls the zones: the one with the barriers, another one, and one that is not configured.
pub const ZONES: [&str; 3] = ["1", "2", "9"];

/// How far its clock is behind where it is wrong.
pub const LATE: TimeDelta = TimeDelta::minutes(10);

/// A right as it was sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    pub plate: String,
    /// A place in [`ZONES`].
    pub zone: usize,
    pub begin: DateTime<Utc>,
    pub end: Option<DateTime<Utc>>,
    pub status: Status,
    /// Its dates cannot be right.
    pub is_inverted: bool,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Cancelled,
    Suspended,
    /// In a word that nobody knows.
    Odd,
}

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Fine,
    Away,
    /// A listing breaks off.
    CutShort,
    LoginRefused,
    /// A listing of everything lacks some of it without a word.
    Halved,
    /// Its clock is wrong.
    Late,
}

/// Sessions, or permits, by what they are called.
pub type Sales = BTreeMap<String, Sale>;

/// A service of rights.
#[derive(Debug)]
pub struct Kiosk {
    /// It is a register that always lists everything, of sessions what runs.
    pub is_register: bool,
    /// Sessions, and permits.
    pub parts: [Sales; 2],
    /// What was deleted when, of each part.
    pub deleted: [Vec<(String, DateTime<Utc>)>; 2],
    pub mood: Mood,
    pub until: DateTime<Utc>,
    pub tick: KioskTick,
}

/// What happens at the service in one tick.
#[derive(Debug, Default)]
pub struct KioskTick {
    pub now: DateTime<Utc>,
    /// The run dies here.
    pub death: Option<Death>,
    pub calls: u32,
    /// What was answered for each part.
    pub answers: [Option<Answer>; 2],
    pub sabotage: Option<Sabotage>,
}

/// What was answered for one part.
#[derive(Debug, Clone)]
pub struct Answer {
    pub is_whole: bool,
    pub sales: Sales,
    pub deleted: Vec<String>,
}

impl Kiosk {
    pub fn new(is_register: bool, born: DateTime<Utc>) -> Self {
        Self {
            is_register,
            parts: Default::default(),
            deleted: Default::default(),
            mood: Mood::Fine,
            until: born,
            tick: KioskTick::default(),
        }
    }
}

/// A connection to the service.
pub struct Counter {
    pub kiosk: Arc<Mutex<Kiosk>>,
}

impl RightsService for Counter {
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        _: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        let mut kiosk = open(&self.kiosk);
        let at = usize::from(part.contains("permit"));
        kiosk.tick.calls += 1;
        let (now, death, sabotage) = (kiosk.tick.now, kiosk.tick.death, kiosk.tick.sabotage);
        if death == Some(Death::Before) {
            drop(kiosk);
            die();
        }
        let failed = |class, text: &str| {
            Err(Failure { class, has_spent_login: false, text: text.to_owned(), hint: None })
        };
        let is_cut = kiosk.mood == Mood::CutShort && sabotage == Some(Sabotage::CutIsWhole);
        match kiosk.mood {
            Mood::Away => return failed(Class::Temporary, "no route"),
            Mood::CutShort if !is_cut => return failed(Class::Temporary, "the listing breaks off"),
            Mood::LoginRefused => return failed(Class::Login, "the secret is refused"),
            _ => {}
        }
        let is_live = kiosk.is_register && at == 0;
        let since = since.filter(|_| !kiosk.is_register);
        let is_halved = kiosk.mood == Mood::Halved;
        let last = kiosk.parts[at].len().saturating_sub(1);
        let is_in = |(number, (_, sale)): &(usize, (&String, &Sale))| match since {
            Some(since) => sale.updated_at >= since,
            None if is_halved && number % 2 == 1 || is_cut && *number == last => false,
            None => !is_live || sale.begin <= now && sale.end.is_none_or(|end| now < end),
        };
        let listed = kiosk.parts[at].iter().enumerate().filter(is_in);
        let sales: Sales = listed.map(|(_, (id, sale))| (id.clone(), sale.clone())).collect();
        let deleted = kiosk.deleted[at].iter().filter(|(_, at)| since.is_some_and(|it| *at >= it));
        let deleted: Vec<String> = deleted.map(|(id, _)| id.clone()).collect();
        let is_lost = |id: &&String| {
            sabotage == Some(Sabotage::LoseRights)
                && id.bytes().map(u32::from).sum::<u32>() % 3 == 1
        };
        let rights = sales.iter().filter(|(id, _)| !is_lost(id));
        let rights = rights.filter_map(|(id, sale)| sale.listed(id, at == 0, sabotage)).collect();
        let is_kept = sabotage == Some(Sabotage::KeepDeleted);
        let told = deleted.iter().filter(|_| !is_kept).filter_map(|id| RightId::new(id).ok());
        let clock = if kiosk.mood == Mood::Late { now - LATE } else { now };
        let listing = RightsListing {
            rights,
            deleted: told.collect(),
            as_of: Some(clock),
            server_time: Some(clock),
            is_whole: since.is_none(),
            is_live,
            ..RightsListing::default()
        };
        if !is_cut {
            kiosk.tick.answers[at] = Some(Answer { is_whole: since.is_none(), sales, deleted });
        }
        if death == Some(Death::After) {
            drop(kiosk);
            die();
        }
        Ok(listing)
    }
}

impl Sale {
    fn listed(
        &self,
        id: &str,
        is_session: bool,
        sabotage: Option<Sabotage>,
    ) -> Option<ListedRight> {
        let later = self.end.filter(|_| sabotage == Some(Sabotage::LongerRights));
        let end = later.map_or(self.end, |end| Some(end + TimeDelta::days(1)));
        let period = match self.is_inverted {
            true => Err(self.end),
            false => Period::new(self.begin, end, Ends::Open).map_err(|_| end),
        };
        Some(ListedRight {
            number: None,
            id: RightId::new(id).ok()?,
            is_unreadable: false,
            kind: match is_session {
                true => RightKind::Session,
                false => RightKind::Permit(RightCode::new("GUEST").ok()?),
            },
            state: match self.status {
                Status::Active => RightState::Active,
                Status::Cancelled => RightState::Cancelled,
                Status::Suspended => RightState::Suspended,
                Status::Odd => RightState::Unknown(StateWord::new("PENDING").ok()?),
            },
            plates: vec![ListedPlate { text: self.plate.clone().into(), issuer: "".into() }],
            zones: Some(vec![ZONES[self.zone].into()]),
            period,
            updated_at: Some(self.updated_at),
        })
    }
}
