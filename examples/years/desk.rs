//! An organisation's service, and what may be wrong with it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use ivms_sync::connectors::cardskipper::Error;
use ivms_sync::model::RightCode;
use ivms_sync::ports::{Failure, Listing, Snapshot, Source, Unusable};

use crate::club::ROLES;
use crate::ledger::Human;
use crate::outside::{Death, die};

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Fine,
    Away,
    Slow,
    Overloaded,
    /// The answer breaks off.
    CutShort,
    LoginRefused,
    /// Complete listings lack every second member, …
    Halved,
    /// … are empty, …
    Empty,
    /// … are those of another organisation, …
    Elsewhere,
    /// … or lack one or two members without a word.
    Forgetful,
}

impl Mood {
    /// Nobody gets an answer.
    pub fn is_silent(self) -> bool {
        use Mood::{Away, CutShort, LoginRefused, Overloaded, Slow};
        matches!(self, Away | Slow | Overloaded | CutShort | LoginRefused)
    }
}

/// The service of one organisation.
#[derive(Debug)]
pub struct Desk {
    pub mood: Mood,
    pub until: DateTime<Utc>,
    /// Chosen anew for each bad listing.
    pub salt: usize,
    /// Members in the last accepted complete listing, as far as that is known after runs that died.
    pub before: Vec<usize>,
    /// When the last accepted complete listing was asked for, by the host's clock.
    pub complete_at: Option<DateTime<Utc>>,
    /// Since when complete listings are refused because so many have really left.
    pub stuck_since: Option<DateTime<Utc>>,
    /// The listing last answered was refused.
    pub is_refused: bool,
    /// How many of those served would still be, where so many would be left out that the program does not
    /// believe it: the number that somebody who accepts it must give.
    pub would_keep: Option<usize>,
    pub tick: DeskTick,
}

/// What happens at a desk in one tick.
#[derive(Debug, Default)]
pub struct DeskTick {
    /// The run dies here.
    pub death: Option<Death>,
    /// Requests for members, and for role names.
    pub calls: (u32, u32),
    pub answer: Option<Answer>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub is_complete: bool,
    /// Who was in it, by place.
    pub humans: Vec<usize>,
    /// The sentinel was in it.
    pub has_sentinel: bool,
}

impl Desk {
    pub fn new(born: DateTime<Utc>) -> Self {
        Self {
            mood: Mood::Fine,
            until: born,
            salt: 0,
            before: Vec::new(),
            complete_at: None,
            stuck_since: None,
            is_refused: false,
            would_keep: None,
            tick: DeskTick::default(),
        }
    }

    /// Whether a complete listing leaves somebody out because of the mood it is in.
    fn leaves_out(&self, place: usize) -> bool {
        match self.mood {
            Mood::Halved => place % 2 == self.salt % 2,
            Mood::Empty | Mood::Elsewhere => true,
            Mood::Forgetful => place == self.salt % 7 || place == self.salt % 11,
            _ => false,
        }
    }
}

/// A connection to a desk.
pub struct Window<'a> {
    pub desk: &'a Mutex<Desk>,
    pub humans: &'a [Human],
    pub organisation: usize,
    pub east: chrono::TimeDelta,
    pub now: DateTime<Utc>,
    pub sabotage: Option<crate::sabotage::Sabotage>,
}

impl Source for Window<'_> {
    fn snapshot(&self, listing: Listing) -> Result<Snapshot, Failure> {
        let mut desk = crate::outside::open(self.desk);
        desk.tick.calls.0 += 1;
        if desk.tick.death == Some(Death::Before) {
            drop(desk);
            die();
        }
        refuse(desk.mood)?;
        let is_complete = listing == Listing::Complete;
        let mut answer = Answer { is_complete, humans: Vec::new(), has_sentinel: false };
        let mut export = Snapshot {
            members: Vec::new(),
            unusable: Vec::new(),
            elsewhere: 0,
            server_time: Some(self.now),
        };
        for (place, human) in self.humans.iter().enumerate() {
            if human.organisation != self.organisation || !human.is_listed {
                continue;
            }
            let is_in = match listing {
                Listing::Complete => !desk.leaves_out(place),
                // The service reads the time as its own, which is east of what was meant.
                Listing::ChangedSince(at) => human.changed_at > at - self.east,
            };
            if !is_in {
                export.elsewhere += usize::from(desk.mood == Mood::Elsewhere);
                continue;
            }
            answer.humans.push(place);
            let member = &human.truth.member;
            answer.has_sentinel |= member.key.human() == "1";
            if self.sabotage.is_some_and(|one| one.hides(place, is_complete)) {
                continue;
            }
            if human.truth.is_unusable {
                export.unusable.push(Unusable {
                    key: Some(member.key.clone()),
                    number: member.number.clone(),
                    line: 1,
                    reason: "Inactive is `soon`, neither true nor false".to_owned(),
                });
            } else {
                let mut member = member.clone();
                if let Some(sabotage) = self.sabotage {
                    sabotage.bend(&mut member);
                }
                export.members.push(member);
            }
        }
        export.members.sort_by(|one, other| one.key.cmp(&other.key));
        desk.tick.answer = Some(answer);
        if desk.tick.death == Some(Death::After) {
            drop(desk);
            die();
        }
        Ok(export)
    }

    fn right_names(&self) -> Result<BTreeMap<RightCode, String>, Failure> {
        let mut desk = crate::outside::open(self.desk);
        desk.tick.calls.1 += 1;
        let names = ROLES
            .iter()
            .filter_map(|role| Some((RightCode::whole(*role).ok()?, format!("{role}"))));
        Ok(names.collect())
    }
}

fn refuse(mood: Mood) -> Result<(), Error> {
    let call = "/Member/Export";
    let host = || "api.club.example:443".to_owned();
    Err(match mood {
        Mood::Away => {
            Error::Unreachable { call, host: host(), is_tls: true, reason: "refused".to_owned() }
        }
        Mood::Slow => Error::TimedOut { call, host: host(), limit_ms: 30_000 },
        Mood::Overloaded => Error::Refused { call, status: 503 },
        Mood::CutShort => Error::Truncated { call, bytes: 1000, reason: "end".to_owned() },
        Mood::LoginRefused => Error::LoginRefused { call },
        _ => return Ok(()),
    })
}
