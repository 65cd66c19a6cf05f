//! The oracle, first part: what the program can know after a tick, what it asked, how it ended.
//!
//! It works from the world and from what was really asked and answered, never from the program's own
//! planning. A tick is *whole* for a door and an organisation when nothing stood in the program's way
//! there: then there is no excuse left, and every door must be as paid for, at once.

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync::engine::plan::{Loss, Reason};
use ivms_sync::exit::Exit;
use ivms_sync::report::{ChangeState, Report, TargetOutcome};
use ivms_sync::trouble::{About, Trouble, TroubleKind};

use crate::club::Mode;
use crate::desk::Mood;
use crate::door::{Fault, Names, Shows};
use crate::firmware::{Kept, Notation};
use crate::ledger::{Due, Human, Span, due};
use crate::life::{Errand, Life};

/// How a run of the program ended.
pub enum Ended {
    Well(Box<Report>),
    /// The state file failed it, or there was nothing to approve any more.
    Failed,
    Died,
}

impl Ended {
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Well(report) => Some(report),
            Self::Failed | Self::Died => None,
        }
    }
}

/// What the program can know of a door.
#[derive(Debug, Clone, Copy, Default)]
pub struct Book {
    /// When all persons were last read and recorded, by the host's clock.
    pub read_at: Option<DateTime<Utc>>,
    /// When they were last read and perhaps recorded, in a run that died.
    pub perhaps_read_at: Option<DateTime<Utc>>,
    /// Something went wrong there since, or may have: it may read all persons again.
    pub may_read: bool,
    /// Fewest and most persons it can have on record.
    pub size: (usize, usize),
    /// The last reading that was believed, or perhaps was, did not show everybody: who it left out is
    /// missing until the next one.
    pub was_short: bool,
    /// The first run is over for certain.
    pub is_seasoned: bool,
    /// The serial number that was last believed.
    pub serial: Option<u32>,
    /// The one that was perhaps accepted since, in a run that died.
    pub perhaps_serial: Option<u32>,
    /// When it last did not confirm a write because of what it is like, by the host's clock.
    pub unconfirmed_at: Option<DateTime<Utc>>,
    /// How often it failed in a row, at most, and when it last did, by the host's clock.
    pub failed: Option<(u32, DateTime<Utc>)>,
    /// Since when it is not believed.
    pub doubted_since: Option<DateTime<Utc>>,
    /// Runs that died since the password was put right: each may have forgotten a refused login.
    pub deaths: u32,
}

/// What the program did at a door.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Who lost access when, by the host's clock.
    pub revoked: Vec<(DateTime<Utc>, String)>,
    /// When the last run after one without a report ended, by the host's clock: what that one sent, or had
    /// announced, counts from then on.
    pub settled_at: Option<DateTime<Utc>>,
    /// The last run ended without a report.
    pub is_cut_off: bool,
    /// Every write that took, for the audit log.
    pub took: Vec<(String, Span)>,
    /// What the door is known to have kept otherwise than sent.
    pub kept: Vec<Kept>,
}

impl Book {
    /// Whether the program may leave the door alone because it failed: for 1, 2, 4 … ticks of five
    /// minutes, up to an hour. Source: `ivms-sync help safety`.
    pub fn may_wait(&self, host_now: DateTime<Utc>) -> bool {
        waits(self.failed, host_now)
    }

    /// Whether the program may wait with writes because the door has not confirmed some: after three it tries
    /// one at a time, at most an hour apart. Source: `ivms-sync help safety`.
    pub fn is_unproven(&self, host_now: DateTime<Utc>) -> bool {
        let hour = TimeDelta::minutes(60);
        self.unconfirmed_at.is_some_and(|at| (at..=at + hour).contains(&host_now))
    }

    /// Whether the program may, and whether it must, refuse to believe a door that holds so many
    /// persons. Source: `ivms-sync help safety`.
    pub fn doubts(&self, serial: u32, persons: usize) -> (bool, bool) {
        let Some(known) = self.serial.filter(|_| self.read_at.is_some()) else {
            return (self.may_read, false);
        };
        let is_far_fewer = |before: usize| {
            let gone = before.saturating_sub(persons);
            gone >= 3 && gone * 2 > before || persons == 0 && before > 0
        };
        let (some, all) = (is_far_fewer(self.size.1), is_far_fewer(self.size.0));
        // One that has never told its number cannot be told from another.
        let may_be_other = known != 0 && known != serial;
        let is_other = may_be_other
            && self.perhaps_serial.is_none_or(|perhaps| perhaps != 0 && perhaps != serial);
        (may_be_other || some || all, is_other || some && all)
    }
}

/// The same of whatever failed so often in a row, at most, and last then.
pub fn waits(failed: Option<(u32, DateTime<Utc>)>, host_now: DateTime<Utc>) -> bool {
    let Some((count, last)) = failed else { return false };
    let minutes = 5_i64.saturating_mul(1 << count.clamp(1, 6).saturating_sub(1)).min(60);
    let wait = if count < 2 { TimeDelta::zero() } else { TimeDelta::minutes(minutes) };
    (last..last + wait).contains(&host_now)
}

/// What stood in the program's way in one tick.
pub struct Way {
    /// For each organisation: it answered, honestly, and was believed.
    pub is_told: Vec<bool>,
    /// For each organisation: its listing was refused.
    pub is_refused: Vec<bool>,
    /// For each organisation: so many who were served would be left out that nothing of it is believed.
    pub is_doubted: Vec<bool>,
    /// For each door: it could be reached, read and written.
    pub is_open: Vec<bool>,
    /// For each door: the program may wait there because it failed before; but it never makes
    /// anybody stand outside.
    pub may_wait: Vec<bool>,
}

impl Life {
    /// Holds everything that happened in a tick against the rules.
    pub fn judge(&mut self, ended: &Ended) -> Result<(), String> {
        self.count(ended);
        let way = self.learn(ended)?;
        self.learn_cars(ended, &way)?;
        self.judge_gates(ended, &way)?;
        self.judge_writes(ended, &way)?;
        self.judge_requests(ended)?;
        self.judge_logins()?;
        self.judge_exit(ended, &way)?;
        self.keep_books(ended);
        self.judge_doors(ended, &way)?;
        self.judge_force(ended, &way)?;
        self.settle_roles(ended, &way);
        (0..self.world.doors.len()).for_each(|at| self.hear_of_paid_time(at));
        if ended.report().is_some() && self.is_sync() {
            self.synced_at = self.world.now;
            if !self.synced_by.has_same_roles(&self.world.club) {
                self.synced_by = self.world.club.clone();
            }
        }
        Ok(())
    }

    pub fn is_sync(&self) -> bool {
        matches!(self.errand, Errand::Sync { .. })
    }

    fn count(&mut self, ended: &Ended) {
        self.tally.ticks += 1;
        // What is remembered of logins in times to come counts as nothing.
        if std::mem::replace(&mut self.ran_at, self.world.host_now()) > self.world.host_now() {
            self.books.iter_mut().for_each(|book| book.deaths += 1);
        }
        match ended {
            Ended::Well(report) => {
                *self.tally.exits.entry(report.exit().code()).or_default() += 1;
                self.tally.approvals += u64::from(!self.is_sync());
            }
            Ended::Failed => self.tally.failures += 1,
            Ended::Died => {
                self.books.iter_mut().for_each(|book| book.deaths += 1);
            }
        }
        let mut asked = 0;
        for door in 0..self.world.doors.len() {
            let tick = &self.world.door(door).tick;
            let (all, writes) = (u64::from(tick.calls.all()), tick.writes.len() as u64);
            let took = tick.writes.iter().filter(|write| write.took).count() as u64;
            asked += all;
            self.tally.writes += writes;
            self.tally.took += took;
        }
        self.tally.door_requests += asked;
        self.tally.quiet += u64::from(asked == 0);
        for desk in 0..self.world.desks.len() {
            let (members, names) = self.world.desk(desk).tick.calls;
            self.tally.source_requests += u64::from(members + names);
        }
    }

    /// What was told, and whether it was rightly believed or refused.
    fn learn(&mut self, ended: &Ended) -> Result<Way, String> {
        let (host_now, now) = (self.world.host_now(), self.world.now);
        let mut way = Way {
            is_told: vec![],
            is_refused: vec![],
            is_doubted: vec![],
            is_open: vec![],
            may_wait: vec![],
        };
        for at in 0..self.world.desks.len() {
            let rules = self.world.club.organisations[at].clone();
            let line = ended.report().and_then(|report| {
                report.sources.iter().find(|line| line.name.as_str() == rules.name)
            });
            let desk = self.world.desk(at);
            let mood = desk.mood;
            let answer = desk.tick.answer.take();
            let Some(answer) = answer else {
                way.is_told.push(false);
                way.is_refused.push(false);
                if line.is_some_and(|line| line.accepted) && self.is_sync() {
                    return Err(format!("{} gave no answer, and one was accepted", rules.name));
                }
                continue;
            };
            let count = answer.humans.len();
            let accept = match self.errand {
                Errand::Sync { accept_shrink, .. } => accept_shrink,
                Errand::Approve(_) => None,
            };
            let must_refuse = |before: usize| {
                let gone = before.saturating_sub(count);
                let too_many = gone >= 3 && gone * 100 > before * 10 || gone > 0 && count == 0;
                rules.has_sentinel && !answer.has_sentinel || too_many && accept != Some(count)
            };
            let desk = self.world.desk(at);
            let before = if desk.before.is_empty() { vec![0] } else { desk.before.clone() };
            let verdicts: Vec<bool> =
                before.iter().map(|before| answer.is_complete && must_refuse(*before)).collect();
            let is_accepted = line.map(|line| line.accepted);
            let is_clock_wrong = host_now != now;
            match is_accepted {
                Some(true) if is_clock_wrong => {
                    return Err(format!(
                        "the host's clock is wrong, and {} was believed",
                        rules.name
                    ));
                }
                Some(false) if is_clock_wrong => {}
                Some(true) if verdicts.iter().all(|refuse| *refuse) => {
                    return Err(format!(
                        "{} listed {count} members after {before:?}, and was believed",
                        rules.name
                    ));
                }
                Some(false) if verdicts.iter().all(|refuse| !*refuse) => {
                    return Err(format!(
                        "{} listed {count} members after {before:?}, and was refused",
                        rules.name
                    ));
                }
                _ => {}
            }
            let is_recorded = is_accepted == Some(true);
            desk.is_refused = is_accepted == Some(false);
            if is_accepted != Some(false) && answer.is_complete && !is_clock_wrong {
                if is_recorded {
                    (desk.before, desk.complete_at) = (vec![count], Some(host_now));
                    desk.stuck_since = None;
                } else if !verdicts.iter().all(|refuse| *refuse) {
                    desk.before.push(count);
                    desk.complete_at = desk.complete_at.max(Some(host_now));
                }
            }
            if is_accepted == Some(false) {
                let is_real = mood == Mood::Fine && !is_clock_wrong;
                let since = desk.stuck_since.or(Some(now)).filter(|_| is_real);
                desk.stuck_since = since;
            }
            if is_accepted != Some(false) && !is_clock_wrong {
                self.tell(at, &answer, is_recorded)?;
            }
            way.is_told.push(is_recorded);
            way.is_refused.push(is_accepted == Some(false));
        }
        for at in 0..self.world.desks.len() {
            let is_doubted = self.is_doubted(at, ended)?;
            way.is_doubted.push(is_doubted);
            way.is_told[at] &= !is_doubted;
        }
        for at in 0..self.world.doors.len() {
            let name = self.world.club.doors[at].name.clone();
            let is_believed = ended.report().is_some_and(|report| {
                let line = report.devices.iter().find(|line| line.name.as_str() == name);
                line.is_none_or(|line| line.outcome != TargetOutcome::NotBelieved)
            });
            // Whether a door is rightly not believed is judged by what it was asked.
            let is_open = self.is_open(at) && is_believed;
            way.is_open.push(is_open);
            way.may_wait.push(self.books[at].may_wait(host_now));
        }
        Ok(way)
    }

    /// Whether an organisation is not believed because of those who would be left out; there must be so many
    /// of whom that can be.
    fn is_doubted(&mut self, at: usize, ended: &Ended) -> Result<bool, String> {
        let name = self.world.club.organisations[at].name.clone();
        let kept_by = |trouble: &Trouble| match (&trouble.about, &trouble.kind) {
            (About::Source(source), TroubleKind::TooManyLost { lost, served, .. })
                if source.as_str() == name =>
            {
                Some(served - lost)
            }
            _ => None,
        };
        let kept = ended.report().and_then(|report| report.troubles.iter().find_map(kept_by));
        if ended.report().is_some() {
            self.world.desk(at).would_keep = kept;
        }
        if kept.is_none() {
            return Ok(false);
        }
        let club = &self.world.club;
        let may_be_left_out = |human: &&Human| {
            let mut versions = human.known.versions();
            human.organisation == at
                && versions.any(|state| {
                    let is_without = |door| {
                        let local = self.world.local(door);
                        let due = due(club, (at, door), state, false, local);
                        matches!(due, Due::AsItIs | Due::Gone)
                    };
                    human.tangled_with.is_some()
                        || state.member.email.is_none()
                        || (0..club.doors.len()).any(is_without)
                })
        };
        let left_out = self.world.humans.iter().filter(may_be_left_out).count();
        match left_out {
            0..3 => Err(format!("{name} is not believed because of {left_out} members")),
            _ => Ok(true),
        }
    }

    /// Everybody in an answer was told of; in a complete one, everybody else was missing.
    fn tell(
        &mut self,
        at: usize,
        answer: &crate::desk::Answer,
        is_recorded: bool,
    ) -> Result<(), String> {
        let host_now = self.world.host_now();
        let mut listed = answer.humans.iter().copied().peekable();
        for (place, human) in self.world.humans.iter_mut().enumerate() {
            if human.organisation != at {
                continue;
            }
            let owes_look = human.owes_look;
            // A run that died may have recorded what it heard.
            human.owes_look = false;
            if listed.next_if_eq(&place).is_some() {
                human.known.tell(&human.truth, is_recorded);
            } else if answer.is_complete {
                human.known.miss(host_now, human.is_listed, is_recorded);
            } else if owes_look && is_recorded && human.is_listed {
                return Err(format!("member {place} was due for a second look, and not asked for"));
            }
        }
        Ok(())
    }

    /// Whether nothing stands between the program and a door in this tick.
    fn is_open(&mut self, at: usize) -> bool {
        let password = self.world.passwords[at];
        let host_is_right = self.world.host_skew == TimeDelta::zero();
        let (host_now, local) = (self.world.host_now(), self.world.local(at));
        let book = self.books[at];
        let (zone, mode) = (self.world.club.doors[at].zone, self.world.club.doors[at].mode);
        let door = self.world.door(at);
        host_is_right
            && mode != Mode::Observe
            && !door.is_away()
            && !door.tick.was_hit
            && door.skew == TimeDelta::zero()
            && door.zone == zone
            && door.shows == Shows::All
            && !door.is_meddled_with
            && !door.is_late()
            && !door.is_busy()
            && door.suffix == Notation::Plain
            && door.names != Names::Others
            && door.grain.latest.is_none_or(|latest| latest > local)
            && !book.is_unproven(host_now)
            && door.password == password
            && !book.doubts(door.serial_told(), door.cards.len()).0
    }

    /// A quiet tick asks each organisation once and no door; no tick asks more than it needs.
    fn judge_requests(&mut self, ended: &Ended) -> Result<(), String> {
        let is_sync = self.is_sync();
        for at in 0..self.world.desks.len() {
            let calls = self.world.desk(at).tick.calls;
            let wanted = u32::from(is_sync && !matches!(ended, Ended::Failed));
            if calls.0 > 1 || calls.1 > 1 || ended.report().is_some() && calls.0 != wanted {
                return Err(format!("organisation {at} got {calls:?} requests in one tick"));
            }
        }
        let host_now = self.world.host_now();
        let is_full = matches!(self.errand, Errand::Sync { is_full: true, .. });
        for at in 0..self.world.doors.len() {
            let rules = self.world.club.doors[at].clone();
            let (book, accepts) = (self.books[at], self.accepts(at));
            let age = book.read_at.map(|read_at| host_now - read_at);
            let is_due = age.is_none_or(|age| age < TimeDelta::zero() || age >= rules.audit_every);
            // Whose clock is wrong, the host's or the source's, a door may be asked.
            let may_be_witness = !self.world.host_skew.is_zero();
            let names = self.world.door(at).names;
            let lost = ended.report().map_or(0, |report| self.missing(report, at));
            let door = &*self.world.door(at);
            let calls = door.tick.calls;
            let (was_read, was_asked) = (door.tick.read_all, calls.lists + calls.info > 0);
            let doubts = book.doubts(door.serial_told(), was_read.unwrap_or(door.cards.len()));
            let outcome = ended.report().and_then(|report| {
                report.devices.iter().find(|line| line.name.as_str() == rules.name)
            });
            let is_doubted = outcome.is_some_and(|line| line.outcome == TargetOutcome::NotBelieved);
            let must_doubt = doubts.1 || names == Names::Others;
            if was_read.is_some() && must_doubt && !is_doubted && outcome.is_some() && !accepts {
                return Err(format!(
                    "door {at} is another one or has lost its persons, and is believed"
                ));
            }
            let is_short = door.shows != Shows::All
                || book.was_short
                || matches!(door.tick.fault, Some((_, Fault::HalfList)))
                || was_read.is_none() && book.doubted_since.is_some();
            let may_doubt = doubts.0
                || door.is_meddled_with
                || lost >= 3
                || is_short
                // The first writes to a firmware, none of them confirmed: they show late, or did and are
                // rounded now.
                || door.is_late()
                || (book.unconfirmed_at.is_some() || door.tick.writes.len() >= 3)
                    && (!door.grain.is_exact() || door.site.is_some())
                || door.names != Names::Same;
            if is_doubted && !may_doubt && !book.may_wait(host_now) {
                return Err(format!("door {at} is not believed for no reason"));
            }
            let may_read = is_full || is_due || book.may_read;
            let changes = ended.report().map(|report| {
                let mine =
                    report.changes.iter().filter(|one| one.change.device.as_str() == rules.name);
                let waits = |state: &ChangeState| {
                    matches!(state, ChangeState::Blocked | ChangeState::SecondLook)
                };
                mine.filter(|one| !waits(&one.state)).count() as u32
            });
            let lists = u32::from(may_read && is_sync);
            // Where nobody else would be left inside, those who are let in are a batch of their own.
            let batches = changes.unwrap_or(u32::MAX / 4).div_ceil(30)
                + changes.map_or(0, |changes| u32::from(changes > 1));
            let writes = changes.unwrap_or(u32::MAX);
            let has_open = door.site.as_ref().is_some_and(|site| site.had_open);
            let may_talk = changes != Some(0) || has_open;
            let asks_who = u32::from(may_talk);
            let commits = changes.unwrap_or(u32::MAX / 4) + u32::from(has_open);
            // One that has confirmed nothing yet is written to one person at a time.
            let is_odd = door.is_late() || !door.grain.is_exact() || book.is_unproven(host_now);
            let is_odd = is_odd || door.refuses_somebody();
            let batches = if is_odd { changes.unwrap_or(u32::MAX / 4) } else { batches };
            let too_many = calls.info > lists.max(asks_who)
                || calls.abilities > u32::from(may_read).max(u32::from(accepts))
                || calls.lists > lists.max(u32::from(accepts))
                || calls.clock > 1 + u32::from(may_be_witness)
                || calls.writes > writes
                || calls.exact > u32::from(book.may_read) + 3 * batches
                || changes == Some(0) && calls.exact > 0
                || calls.commits > commits
                || calls.settlements > 2 * asks_who
                || !may_talk && calls.clock > 0 && !may_be_witness;
            if too_many {
                return Err(format!(
                    "door {at} got {calls:?} requests for {changes:?} changes (reading all is due: {may_read})"
                ));
            }
            let must_read = is_due
                && book.perhaps_read_at.is_none_or(|at| host_now - at >= rules.audit_every)
                && is_sync
                && ended.report().is_some()
                && self.is_open(at)
                && !book.may_wait(host_now);
            if must_read && !was_asked {
                return Err(format!("the persons on door {at} are due to be read, and were not"));
            }
        }
        Ok(())
    }

    /// Whether the admin accepts a door as it is now.
    pub fn accepts(&self, at: usize) -> bool {
        matches!(self.errand, Errand::Sync { accept_door: Some((door, _)), .. } if door == at)
    }

    /// No device is ever brought near its lock.
    fn judge_logins(&mut self) -> Result<(), String> {
        for at in 0..self.world.doors.len() {
            let deaths = self.books[at].deaths;
            let door = self.world.door(at);
            if door.was_locked {
                return Err(format!("door {at} has locked the program out"));
            }
            // After the first one: 30 minutes, 30 more, 2 hours, 12 hours, and then a day each.
            let hours = door.wrong_for().num_minutes().div_euclid(30);
            let allowed = match hours {
                ..1 => 1,
                1 => 2,
                2..6 => 3,
                6..30 => 4,
                later => 5 + (later - 30) / 48,
            };
            // One more where a clock that was wrong for a while has told when the last one was.
            if i64::from(door.wrong_in_row) > allowed + i64::from(deaths) + 1 {
                return Err(format!("{} wrong logins on door {at}", door.wrong_in_row));
            }
        }
        Ok(())
    }

    /// Whether some door has the host's wrong time.
    fn is_host_seconded(&mut self) -> bool {
        let host = self.world.host_skew;
        let is_near = |skew: TimeDelta| (skew - host).abs() <= TimeDelta::seconds(60);
        (0..self.world.doors.len()).any(|at| is_near(self.world.door(at).skew))
    }

    /// The exit code fits what happened.
    fn judge_exit(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        let Some(report) = ended.report() else { return Ok(()) };
        let exit = report.exit();
        let is_refused = way.is_refused.iter().any(|refused| *refused);
        let is_login = report.troubles.iter().any(|trouble| trouble.exit() == Exit::Login);
        let fits = match exit {
            Exit::Bug => false,
            Exit::InStep => {
                // An organisation without an answer and a refused listing are always told.
                !is_refused && (!self.is_sync() || way.is_told.iter().all(|told| *told))
            }
            Exit::Login => is_login,
            // A door with the same wrong time speaks for it: then it is the organisation's that is taken to be
            // wrong.
            _ if !self.world.host_skew.is_zero() => {
                matches!(exit, Exit::Fatal) || !is_refused || self.is_host_seconded()
            }
            _ if is_refused => matches!(exit, Exit::Refused | Exit::Fatal),
            _ => true,
        };
        if !fits {
            return Err(format!("exit {} does not fit what happened", exit.code()));
        }
        let mut is_calm = self.is_sync() && way.is_told.iter().all(|told| *told);
        for at in 0..self.world.doors.len() {
            let rules = self.world.club.doors[at].clone();
            let observed = rules.mode == Mode::Observe;
            let password = self.world.passwords[at];
            let door = self.world.door(at);
            let is_well = !door.is_away() && !door.tick.was_hit;
            is_calm &= way.is_open[at] || observed && is_well && self.world.host_skew.is_zero();
            let door = self.world.door(at);
            let is_whole = door.shows == Shows::All && door.password == password;
            let is_whole = is_whole && door.names == Names::Same && !door.is_late();
            let is_whole = is_whole && door.grain.is_exact() && door.suffix == Notation::Plain;
            let is_whole = is_whole && self.missing(report, at) < 3;
            let door = self.world.door(at);
            let doubts = self.books[at].doubts(door.serial_told(), door.cards.len());
            is_calm &= !doubts.0;
            is_calm &= is_whole && self.books[at].failed.is_none();
            is_calm &= self.world.door(at).is_calm();
        }
        is_calm &= self.is_yard_calm(report);
        // What became of a refund may be asked about in vain.
        is_calm &= report.documents.is_empty();
        let has_failed = report
            .changes
            .iter()
            .any(|one| matches!(one.state, ChangeState::Tried(_)) && !one.state.is_confirmed());
        let is_blocked = report.blocked.is_some();
        if is_calm && !has_failed && !is_blocked && exit != Exit::InStep {
            return Err(format!("nothing was wrong, and the exit is {}", exit.code()));
        }
        if is_calm && has_failed {
            // The one thing that may be refused with nothing wrong: somebody edited the card since it
            // was read. It must have been by hand.
            let names = report.changes.iter().filter(|one| {
                matches!(one.state, ChangeState::Tried(_)) && !one.state.is_confirmed()
            });
            for one in names {
                let no = one.change.employee_no.as_str();
                let by_hand = (0..self.world.doors.len()).any(|at| {
                    let is_it = self.world.club.doors[at].name == one.change.device.as_str();
                    let card = self.world.door(at).cards.get(no);
                    is_it && card.is_none_or(|card| card.by_hand)
                });
                if !by_hand {
                    return Err(format!(
                        "the change of {no} failed for no reason: {:?}",
                        one.error
                    ));
                }
            }
        }
        Ok(())
    }

    /// What the program can know of the doors from now on.
    fn keep_books(&mut self, ended: &Ended) {
        let (host_now, is_sync) = (self.world.host_now(), self.is_sync());
        for at in 0..self.world.doors.len() {
            let name = self.world.club.doors[at].name.clone();
            let is_observed = self.world.club.doors[at].mode == Mode::Observe;
            let is_open = self.is_open(at);
            let door = self.world.door(at);
            let outcome = ended
                .report()
                .and_then(|report| report.devices.iter().find(|line| line.name.as_str() == name));
            let is_doubted = outcome.is_some_and(|line| line.outcome == TargetOutcome::NotBelieved);
            let was_contacted = door.tick.calls.all() > 0;
            // A run that died may have noted before that it does not believe the door.
            let may_have_failed = was_contacted && ended.report().is_none();
            let has_failed = is_doubted || door.tick.has_erred || may_have_failed;
            let tick = std::mem::take(&mut door.tick.read_all).filter(|_| !is_doubted);
            let was_asked = door.tick.calls.all() > 0;
            let was_hit = door.tick.was_hit
                || matches!(door.tick.fault, Some((_, Fault::Die(_))))
                || door.is_away();
            // It was believed, and asked: the program has not noticed, or somebody has accepted it.
            let is_believed = outcome.is_some_and(|line| line.outcome == TargetOutcome::Ok);
            door.is_meddled_with &= !(is_believed && was_contacted);
            let is_short =
                door.shows != Shows::All || matches!(door.tick.fault, Some((_, Fault::HalfList)));
            let book = &mut self.books[at];
            if tick.is_some() {
                book.was_short = is_short || book.was_short && ended.report().is_none();
            }
            if was_contacted && has_failed {
                let count = book.failed.map_or(0, |(count, _)| count);
                book.failed = Some((count + 1, host_now));
            } else if was_contacted && door.tick.has_refused {
                // It counts, and is tried again as logins are, not for having failed.
                let (count, last) = book.failed.unwrap_or((0, DateTime::<Utc>::MIN_UTC));
                book.failed = Some((count + 1, last));
            } else if was_contacted && (is_sync || door.tick.writes.iter().any(|it| it.took)) {
                // Who carries out a plan, and writes nothing, has not tried it out.
                book.failed = None;
            }
            book.doubted_since = match (is_doubted, book.doubted_since) {
                (true, since) => since.or(Some(host_now)),
                // It is believed again where its persons are read, and not where it is written to.
                (false, since) => since.filter(|_| tick.is_none()),
            };
            match (ended, tick) {
                (Ended::Well(_), Some(count)) => {
                    (book.serial, book.perhaps_serial) = (Some(door.serial_told()), None);
                    (book.read_at, book.perhaps_read_at) = (Some(host_now), None);
                    book.size = (count, count);
                    book.may_read = false;
                    door.names = Names::Same;
                    if door.shows == Shows::All {
                        door.cards.values_mut().for_each(|card| card.by_hand = false);
                    }
                }
                (_, Some(count)) => {
                    door.names =
                        if door.names == Names::Same { Names::Same } else { Names::Perhaps };
                    book.perhaps_read_at = Some(host_now);
                    book.perhaps_serial = Some(door.serial_told());
                    book.size = (book.size.0.min(count), book.size.1.max(count));
                    book.may_read = true;
                }
                (_, None) => {}
            }
            let is_odd = door.is_late() || !door.grain.is_exact() || door.refuses_somebody();
            // What a platform refused was sent, although nothing was written.
            let is_odd = is_odd && (!door.tick.writes.is_empty() || door.tick.calls.writes > 0);
            let has_failed = ended.report().is_none_or(|report| {
                let mine = report.changes.iter().filter(|one| one.change.device.as_str() == name);
                let mut bad = mine.filter(|one| {
                    matches!(one.state, ChangeState::Tried(_)) && !one.state.is_confirmed()
                });
                let is_in_trouble = report.troubles.iter().any(
                    |trouble| matches!(&trouble.about, About::Target(target) if target.as_str() == name),
                );
                bad.next().is_some() || is_in_trouble
            });
            if has_failed || was_hit && was_asked {
                book.may_read = true;
            }
            if has_failed && is_odd {
                book.unconfirmed_at = Some(host_now);
            }
            if ended.report().is_some() && is_open && !is_observed {
                book.is_seasoned |= door.cards.values().any(|card| card.is_linked);
            }
            if door.tick.calls.all() > 0 && !matches!(ended, Ended::Well(_)) {
                book.may_read = true;
            }
        }
    }
}

impl Life {
    /// How many members are said to be lost at a door for a reason that is the door's, and is so.
    pub fn missing(&self, report: &Report, at: usize) -> usize {
        let name = &self.world.club.doors[at].name;
        let door = crate::outside::open(&self.world.doors[at]);
        let losses = report.losses.iter().filter(|loss| loss.device.as_str() == name);
        let is_so = |loss: &&Loss| {
            let card = door.cards.get(loss.employee_no.as_str());
            match loss.reason {
                Reason::NoPerson | Reason::NotOnDoor => card.is_none(),
                Reason::PermanentOnDevice => card.is_some_and(|card| card.is_permanent),
                // Or the member's e-mail leads to somebody else now.
                Reason::NameDiffers => true,
                _ => false,
            }
        };
        losses.filter(is_so).count()
    }
}
