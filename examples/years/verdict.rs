//! The oracle, second part: every write, every door, and at the end the state file.

use chrono::{NaiveDateTime, TimeDelta};
use ivms_sync::engine::plan::{Budget, Kind};
use ivms_sync::report::{ChangeReport, ChangeState, Report};

use crate::claims::Claim;
use crate::club::{Club, Mode};
use crate::door::{Card, Write};
use crate::firmware::{Kept, Notation, is_recognised};
use crate::judge::{Ended, Way};
use crate::ledger::{Due, Human, Span, State, due, is_doubtful};
use crate::life::Life;
use crate::roles::has_lost;
use crate::tally::Tally;

/// What budgets allow, from the contract. Source: `ivms-sync help safety`.
pub fn allowed(persons: usize, percent: usize, at_least: usize) -> usize {
    at_least.max(persons * percent / 100)
}

impl Life {
    /// Every write must be owed to somebody, take nothing that is paid, and be needed.
    pub fn judge_writes(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        let host_now = self.world.host_now();
        for past in &mut self.pasts {
            if ended.report().is_none() || past.is_cut_off {
                past.settled_at = Some(host_now);
            }
            past.is_cut_off = ended.report().is_none();
        }
        for at in 0..self.world.doors.len() {
            let writes = self.world.door(at).tick.writes.clone();
            if writes.is_empty() {
                continue;
            }
            let about = |write: &Write, what: &str| {
                Err(format!(
                    "door {at}, person {}, {} to {} becomes {} to {}: {what}",
                    write.card.no,
                    write.card.span.begin,
                    write.card.span.end,
                    write.after.begin,
                    write.after.end
                ))
            };
            let rules = self.world.club.doors[at].clone();
            let local = self.world.local(at);
            let shown = self.world.door(at).skew.abs() > TimeDelta::seconds(60)
                || self.world.door(at).zone != rules.zone;
            let (suffix, grain, keep) = {
                let door = self.world.door(at);
                (door.suffix, door.grain, door.keeper())
            };
            let (mut lost, mut opened) = (Vec::new(), 0);
            for write in &writes {
                if rules.mode == Mode::Observe {
                    return about(write, "the door is only observed");
                }
                if shown {
                    return about(write, "the door's clock is wrong");
                }
                if self.world.host_skew.abs() > TimeDelta::seconds(60) {
                    return about(write, "the host's clock is wrong");
                }
                let card = &write.card;
                let is_meant = |no: &String| *no == card.no;
                if card.is_admin || card.is_barred || rules.protect.iter().any(is_meant) {
                    return about(write, "the person is protected");
                }
                if card.is_permanent {
                    return about(write, "the person has no limit");
                }
                let book = &self.books[at];
                let serial = crate::outside::open(&self.world.doors[at]).serial_told();
                if book.is_seasoned
                    && book.serial.is_some_and(|known| known != 0 && known != serial)
                    && book.perhaps_serial.is_none_or(|known| known != 0 && known != serial)
                    && !self.accepts(at)
                {
                    return about(write, "it is another device");
                }
                if !write.is_rest_same {
                    return about(write, "more than the validity changes");
                }
                if write.after == card.span && !card.is_upside_down {
                    return about(write, "the door holds that already");
                }
                if card.is_unclear(rules.zone) && suffix == Notation::Plain {
                    return about(write, "the person's dates can mean two things");
                }
                let is_seen = is_recognised(&self.pasts[at].kept, grain, write.after);
                let holds_it = !card.is_upside_down && keep(write.after) == card.span;
                if holds_it && is_seen && self.is_sync() && grain.latest.is_none_or(|it| it > local)
                {
                    return about(write, "the door holds that already, as far as it can");
                }
                if card.is_linked && !card.is_name_accepted && self.world.has_other_name(card) {
                    return about(write, "the name on the door is another one");
                }
                let takes = takes_away(card, write.after, local);
                opened += usize::from(!card.opens_at(local) && write.after.contains(local));
                if takes {
                    lost.push(card.no.clone());
                }
                if takes && rules.mode == Mode::GrantOnly {
                    return about(write, "nothing may be taken away there");
                }
                if let Err(what) = self.is_owed(at, write, takes, ended, way) {
                    return about(write, &what);
                }
            }
            self.judge_budgets(at, &lost, opened)?;
            if self.is_sync() && !lost.is_empty() {
                let cards = self.world.door(at).cards.values();
                let mut touchable =
                    cards.filter(|card| card.owner.is_some() && is_touchable(card, &rules.protect));
                let was_open = writes.iter().any(|write| write.card.opens_at(local));
                if was_open && !touchable.any(|card| card.opens_at(local)) {
                    return Err(format!("door {at} is closed for everybody"));
                }
            }
            let book = &mut self.pasts[at];
            book.revoked.extend(lost.into_iter().map(|no| (host_now, no)));
            let took = writes.into_iter().filter(|write| write.took);
            let took: Vec<Write> = took.collect();
            book.took.extend(took.iter().map(|write| (write.card.no.clone(), write.after)));
            let is_plain = {
                let door = self.world.door(at);
                !door.tick.was_hit && !door.is_late() && door.tick.calls.exact > 0
            };
            // Whose access it has ended, it may see to be over at any time from now on, and forget.
            for write in took.iter().filter(|write| write.after.end < local) {
                if let Some(card) = self.world.door(at).cards.get_mut(&write.card.no) {
                    card.is_served = false;
                }
            }
            let book = &mut self.pasts[at];
            for write in took.iter().filter(|_| is_plain && ended.report().is_some()) {
                let kept = Kept { sent: write.after, held: keep(write.after) };
                let has_moved = write.card.is_upside_down || write.card.span != kept.held;
                let is_new = book.kept.iter().all(|one| one.sent != kept.sent);
                if kept.held != kept.sent && has_moved && is_new {
                    book.kept.push(kept);
                }
            }
        }
        Ok(())
    }

    /// Whether what is written is what the organisation last truly said.
    fn is_owed(
        &self,
        at: usize,
        write: &Write,
        takes: bool,
        ended: &Ended,
        way: &Way,
    ) -> Result<(), String> {
        let Some(owner) = write.card.owner else {
            return Err("the person is nobody's".to_owned());
        };
        // While nothing was heard of the owner, the e-mail is that of the one member who is known by it.
        let human = &self.world.humans[owner];
        let shares = human.tangled_with.filter(|_| human.known.told.is_none());
        let place = shares.unwrap_or(owner);
        // A first link by a file is the admin's word, whatever the names.
        let is_first = !self.books[at].is_seasoned || self.accepts(at);
        if is_first && self.is_another_s(&write.card, &self.world.humans[place]) {
            return Ok(());
        }
        let Claim { organisation, known, vanished: (may, must), .. } =
            self.claim(&write.card, place);
        if self.is_sync() && ended.report().is_some() {
            if way.is_refused[organisation] {
                return Err("the listing was refused".to_owned());
            }
            if way.is_doubted[organisation] {
                return Err("too many who were served would be left out".to_owned());
            }
            let places = (organisation, at);
            let club = &self.world.club;
            let is_sure = known.heard.is_empty();
            let told = known.told.as_ref().filter(|_| takes && is_sure);
            if told.is_some_and(|told| is_doubtful(club, places, told)) {
                return Err("it is taken away, and nobody can read what was paid for".to_owned());
            }
            if told.is_some_and(|told| self.roles.wait_for(club, places, told)) {
                return Err("it is taken away by a change of roles that nobody approved".to_owned());
            }
            if takes && !way.is_told[organisation] {
                return Err("it is taken away on old news".to_owned());
            }
            if takes && !may && known.said.1 < 2 {
                return Err("it is taken away on what was said once".to_owned());
            }
        }
        let grain = crate::outside::open(&self.world.doors[at]).grain;
        // An approved plan was made at the last tick.
        let then = self.synced_at.with_timezone(&self.world.club.doors[at].zone).naive_local();
        let moments = [Some(self.world.local(at)), Some(then).filter(|_| !self.is_sync())];
        // Whoever is linked to nobody may be ended, if somebody approves it.
        let ends = write.after.end < self.world.local(at);
        if !self.is_sync() && ends && !self.is_surely_linked(&write.card) {
            return Ok(());
        }
        // An approved plan takes away what it took by the roles that it was made by: nothing is given by that.
        let gives = write.card.is_upside_down
            || write.after.from(self.world.local(at)).is_some_and(|(first, last)| {
                !(write.card.span.contains(first) && write.card.span.contains(last))
            });
        let synced_by = Some(&self.synced_by).filter(|_| !self.is_sync() && takes && !gives);
        let clubs = || [Some(&self.world.club), synced_by].into_iter().flatten();
        let mut wanted = Vec::new();
        for (state, is_vanished) in known.versions().flat_map(|one| [(one, may), (one, must)]) {
            for (club, now) in clubs().flat_map(|club| moments.map(|now| (club, now))) {
                let Some(now) = now else { continue };
                let places = (organisation, at);
                let due = due(club, places, state, is_vanished, now);
                let joined = write.card.joined(due, now, true);
                let all = joined.into_iter().chain([due]);
                let is_served = |due: Due| due != Due::AsItIs && write.after.serves(due, now);
                if all.flat_map(|due| [due, due.cut(grain)]).any(is_served) {
                    return Ok(());
                }
                wanted.push(due);
            }
        }
        wanted.dedup();
        Err(format!("it is not what member {place} has paid for: {wanted:?}"))
    }

    fn judge_budgets(&mut self, at: usize, lost: &[String], opened: usize) -> Result<(), String> {
        if !self.is_sync() {
            return Ok(());
        }
        let host_now = self.world.host_now();
        let (linked, with_time) = self.shares(at);
        let may = |share: (usize, usize)| share.1;
        if lost.len() > allowed(may(with_time), 5, 2) {
            return Err(format!("{} persons lose access on door {at} in one tick", lost.len()));
        }
        let since = host_now - TimeDelta::hours(24);
        let mut day: Vec<&String> = self.pasts[at]
            .revoked
            .iter()
            .filter(|(then, _)| *then >= since)
            .map(|(_, no)| no)
            .collect();
        day.extend(lost);
        day.sort();
        day.dedup();
        if !lost.is_empty() && day.len() > allowed(may(with_time), 15, 5) {
            return Err(format!("{} persons lose access on door {at} within a day", day.len()));
        }
        if self.books[at].is_seasoned && opened > allowed(may(linked), 25, 20) {
            return Err(format!("door {at} opens for {opened} persons in one tick"));
        }
        Ok(())
    }

    /// Of how many persons budgets are shares, fewest and most as the program can see it: the linked whom
    /// it may touch, and those of them who have time to lose.
    fn shares(&self, at: usize) -> ((usize, usize), (usize, usize)) {
        let local = self.world.local(at);
        let protect = self.world.club.doors[at].protect.clone();
        let size = self.books[at].size.1;
        let door = crate::outside::open(&self.world.doors[at]);
        let mine = || door.cards.values().filter(|card| card.owner.is_some());
        let is_his = |card: &Card| {
            let mut owner = card.owner.into_iter();
            owner.any(|owner| self.claim(card, owner).is_sure) && !self.world.has_other_name(card)
        };
        let zone = self.world.club.doors[at].zone;
        let is_sure = |card: &&Card| {
            let is_plain = !card.by_hand && !card.is_unclear(zone);
            card.is_linked && is_plain && is_touchable(card, &protect) && is_his(card)
        };
        let may_be = |card: &&Card| card.by_hand || is_touchable(card, &protect);
        let had_time = |card: &&Card| {
            let written = door.tick.writes.iter().filter(|write| write.card.no == card.no);
            card.span.end >= local || written.clone().any(|write| write.card.span.end >= local)
        };
        // Cards deleted since are still in the program's book.
        let deleted = size.saturating_sub(door.cards.len());
        let linked = (mine().filter(is_sure).count(), mine().filter(may_be).count() + deleted);
        let may_have_time = |card: &&Card| card.by_hand || had_time(card);
        let with_time = (
            mine().filter(is_sure).filter(|card| card.span.end >= local).count(),
            mine().filter(may_be).filter(may_have_time).count() + deleted,
        );
        (linked, with_time)
    }

    /// With nothing in the way, every door is as paid for.
    pub fn judge_doors(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        for at in 0..self.world.doors.len() {
            self.tally.door_ticks.0 += 1;
            // What was kept in sync on another device is nothing to hold the program to on this one.
            if self.accepts(at) {
                let door = self.world.door(at);
                door.cards.values_mut().for_each(|card| card.is_served = false);
            }
            let Some(report) = ended.report().filter(|_| self.is_sync() && way.is_open[at]) else {
                continue;
            };
            self.tally.door_ticks.1 += 1;
            let local = self.world.local(at);
            let mode = self.world.club.doors[at].mode;
            let protect = self.world.club.doors[at].protect.clone();
            let zone = self.world.club.doors[at].zone;
            let cards = std::mem::take(&mut self.world.door(at).cards);
            let mut linked: Vec<(String, bool, (bool, Option<PaidUntil>))> = Vec::new();
            let mut waiting: Vec<Waiting> = Vec::new();
            let mut broken = None;
            for card in cards.values() {
                let Some(place) = card.owner else { continue };
                if card.by_hand
                    || card.is_refused
                    || card.is_unclear(zone)
                    || self.world.has_other_name(card)
                    || !is_touchable(card, &protect)
                    || !way.is_told[self.world.humans[place].organisation]
                {
                    continue;
                }
                let look = self.look(at, card, place, local);
                if let Some((is_named, look)) = &look {
                    let organisation = self.world.humans[place].organisation;
                    let is_linked = self.world.club.lets_in(organisation, at)
                        && (*is_named || matches!(look, Look::Served(_)));
                    linked.push((
                        card.no.clone(),
                        is_linked,
                        look.paid_until(card.is_served, local),
                    ));
                }
                match look.map_or(Look::Fine, |(_, look)| look) {
                    Look::Fine | Look::Served(_) => {}
                    Look::Waits { takes: true, .. } | Look::Broken(_) if way.may_wait[at] => {}
                    Look::Waits { takes, .. } if takes && mode == Mode::GrantOnly => {}
                    Look::Waits { takes, .. } if takes && self.is_perhaps_left(place) => {}
                    Look::Waits { takes, due } => {
                        let (no, span) = (card.no.clone(), card.span);
                        waiting.push(Waiting { no, place, takes, span, due });
                    }
                    Look::Broken(what) => {
                        broken = Some(format!(
                            "door {at}, person {} of member {place} holds {} to {} at {local}: {what}",
                            card.no, card.span.begin, card.span.end
                        ));
                    }
                }
            }
            self.world.door(at).cards = cards;
            // What the program may have forgotten, because it was seen to be over, is not held against it.
            // Of an organisation that is not believed it forgets nothing.
            let humans = &self.world.humans;
            let is_kept = |card: &Card| {
                card.owner.is_some_and(|owner| way.is_doubted[humans[owner].organisation])
            };
            let door = self.world.doors[at].get_mut();
            let door = door.unwrap_or_else(std::sync::PoisonError::into_inner);
            for card in door.cards.values_mut() {
                card.is_served &= is_kept(card);
            }
            for (no, is_linked, (is_served, paid_until)) in linked {
                if let Some(card) = self.world.door(at).cards.get_mut(&no) {
                    card.is_linked |= is_linked;
                    card.is_served = is_served;
                    card.paid_until = paid_until.unwrap_or(card.paid_until);
                }
            }
            if let Some(what) = broken {
                return Err(what);
            }
            self.judge_waiting(at, &waiting, report)?;
        }
        Ok(())
    }

    /// Paid time that the program has heard of, whether the door could be asked or not: a later period may
    /// be joined to it.
    pub fn hear_of_paid_time(&mut self, at: usize) {
        let local = self.world.local(at);
        let (humans, club) = (&self.world.humans, &self.world.club);
        let door =
            self.world.doors[at].get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        for card in door.cards.values_mut() {
            let Some(human) = card.owner.map(|owner| &humans[owner]) else { continue };
            for state in human.known.versions() {
                let due = due(club, (human.organisation, at), state, false, local);
                let grain = door.grain;
                // What was cancelled since is joined to nothing, even if the door could not be told.
                let kept = card.paid_until.filter(|_| !matches!(due, Due::Shut | Due::Gone));
                card.paid_until = match due {
                    Due::Open(first, last) if first <= local => kept.map(|end| end.min(last)),
                    _ => kept,
                };
                let ends = due.last_moment().into_iter().flat_map(|end| [end, grain.cut(end)]);
                card.heard_until.retain(|end| *end >= local);
                for end in ends {
                    if !card.heard_until.contains(&end) {
                        card.heard_until.push(end);
                    }
                }
            }
        }
    }

    /// One person on a door that nothing stands in the way of: whether they are newly linked, and how
    /// they stand; `None` when there is nothing to say.
    fn look(
        &mut self,
        at: usize,
        card: &Card,
        place: usize,
        local: NaiveDateTime,
    ) -> Option<(bool, Look)> {
        let human = &self.world.humans[place];
        let must_know = human.is_listed && !human.known.is_hidden;
        let broken = |what: &str| Some((false, Look::Broken(what.to_owned())));
        // A run that died may have recorded what it heard; then nobody tells it again.
        let is_known = |one: &std::sync::Arc<State>| std::sync::Arc::ptr_eq(one, &human.truth);
        let Some(told) = human.known.told.as_ref() else {
            return if must_know && !human.known.versions().any(is_known) {
                broken("the program never asked for this member")
            } else {
                None
            };
        };
        if must_know && !human.known.versions().any(is_known) {
            return broken("the program did not ask for the member's change");
        }
        let claim = self.claim(card, place);
        if !claim.is_sure {
            return None;
        }
        if !human.known.heard.is_empty() {
            return None;
        }
        let email = told.member.email.as_ref().map(|email| email.as_str());
        let is_named = email.is_some() && email == self.email_of(card, human);
        let (may, must) = claim.vanished;
        if may != must || !is_named && !card.is_linked {
            return None;
        }
        self.tally.checked += 1;
        let places = (human.organisation, at);
        let grain = crate::outside::open(&self.world.doors[at]).grain;
        let due = due(&self.world.club, places, told, must, local).cut(grain);
        if self.is_skipped(at, due) {
            return None;
        }
        let serves = |due: Due| match grain.is_exact() {
            true => card.span.serves(due, local),
            false => card.span.serves_within(due, local, grain.unit()),
        };
        let is_right = match card.is_upside_down {
            true => due == Due::AsItIs,
            false => serves(due),
        };
        // Or the next period joined to the one that runs; it must be, where the program has kept that.
        let is_open = !is_right && !card.is_upside_down;
        let may_be_joined = card.joined(due, local, true).into_iter().find(|due| serves(*due));
        // What runs under a role that `roles` opened the door for, and now do not, is joined to nothing.
        let lost = |before: &Club| has_lost(before, &self.world.club, places, told);
        let may_be_lost = self.world.roles_were.iter().any(lost);
        let must_be_joined = card.joined(due, local, false).pop();
        let must_be_joined = must_be_joined.filter(|_| card.is_served && !may_be_lost);
        let joined = may_be_joined.or(must_be_joined).filter(|_| is_open);
        let is_right = is_right || is_open && may_be_joined.is_some();
        let due = joined.unwrap_or(due);
        if is_right {
            return Some((is_named, if due == Due::Gone { Look::Fine } else { Look::Served(due) }));
        }
        if due == Due::Gone && !card.is_served {
            return None;
        }
        let opens = matches!(due, Due::Open(first, _) if first <= local) && !card.opens_at(local);
        let loses = match card.is_upside_down {
            true => matches!(due, Due::Shut | Due::Gone),
            false => card.span.loses(due, local),
        };
        let takes = loses && !opens;
        if takes && is_doubtful(&self.world.club, places, told) {
            return Some((is_named, Look::Fine));
        }
        let look = if takes || opens {
            Look::Waits { takes, due }
        } else {
            let roles = told.member.roles.iter();
            let roles: Vec<String> =
                roles.map(|role| format!("{}: {:?}", role.id, role.time)).collect();
            Look::Broken(format!("due is {due:?}, of {}", roles.join(", ")))
        };
        Some((is_named, look))
    }

    /// Whether the person may have been left to this member by one of the same e-mail who is missing: absence
    /// alone takes nothing that may be that one's. Source: `ivms-sync help safety`.
    fn is_perhaps_left(&self, place: usize) -> bool {
        let other = self.world.humans[place].tangled_with.map(|other| &self.world.humans[other]);
        other.is_some_and(|other| {
            let complete_at =
                crate::outside::open(&self.world.desks[other.organisation]).complete_at;
            other.known.vanished(complete_at).0
        })
    }

    /// Whether a platform can hold what is due only nearly, because its clocks skip a time of it.
    fn is_skipped(&self, at: usize, due: Due) -> bool {
        let Due::Open(begin, end) = due else { return false };
        let span = Span { begin, end };
        let door = crate::outside::open(&self.world.doors[at]);
        door.site.is_some() && door.keep(span) != span
    }

    /// What is not as paid for must be over a budget, and wait for an approval that can be given.
    fn judge_waiting(
        &mut self,
        at: usize,
        waiting: &[Waiting],
        report: &Report,
    ) -> Result<(), String> {
        let name = self.world.club.doors[at].name.clone();
        let by_roles = self.waiting_by_roles(at, report) + self.released(at, report)?;
        let blocked: Vec<(&str, Kind, bool)> = report
            .changes
            .iter()
            .filter(|one| one.state == ChangeState::Blocked && one.change.device.as_str() == name)
            .map(|one| (one.change.employee_no.as_str(), one.change.kind, one.change.opens_door))
            .collect();
        let looks_again: Vec<&str> = report
            .changes
            .iter()
            .filter(|one| one.state == ChangeState::SecondLook)
            .filter(|one| one.change.device.as_str() == name)
            .map(|one| one.change.employee_no.as_str())
            .collect();
        for Waiting { no, place, takes, span, due } in waiting {
            if *takes && looks_again.contains(&no.as_str()) {
                let known = &self.world.humans[*place].known;
                if known.said.0 > 1 && known.missed.1 == 0 {
                    return Err(format!(
                        "door {at}: person {no} waits for a second look after {:?} of them",
                        known.said
                    ));
                }
                self.world.humans[*place].owes_look = true;
                continue;
            }
            let is_blocked = blocked
                .iter()
                .any(|(blocked, kind, _)| blocked == no && (*kind == Kind::Revocation) == *takes);
            if !is_blocked {
                let what = if *takes { "is inside unpaid" } else { "is locked out" };
                return Err(format!(
                    "door {at}: person {no}, {} to {}, due {due:?}, {what}, and nothing stands in the way",
                    span.begin, span.end
                ));
            }
        }
        let revocations = blocked.iter().filter(|(_, kind, _)| *kind == Kind::Revocation).count();
        let openings = blocked.len() - revocations;
        let revocations = revocations - by_roles;
        let host_now = self.world.host_now();
        let since = host_now - TimeDelta::hours(24);
        let (linked, with_time) = self.shares(at);
        let today = self.pasts[at].revoked.iter().filter(|(then, _)| *then >= since).count();
        let lost =
            |no: &str| blocked.iter().any(|(one, kind, _)| *one == no && *kind == Kind::Revocation);
        let local = self.world.local(at);
        let protect = self.world.club.doors[at].protect.clone();
        let zone = self.world.club.doors[at].zone;
        // Of dates that can mean two things the program does not know that they open the door.
        let keeps = |card: &&Card| {
            let is_plain = !card.by_hand && !card.is_unclear(zone);
            let is_theirs = card.is_name_accepted || !self.world.has_other_name(card);
            card.is_linked
                && is_plain
                && is_theirs
                && is_touchable(card, &protect)
                && !lost(&card.no)
        };
        let door = crate::outside::open(&self.world.doors[at]);
        let keeps_somebody = door.cards.values().filter(keeps).any(|card| {
            let is_his = |owner| self.claim(card, owner).is_sure;
            card.opens_at(local) && card.owner.is_some_and(is_his)
        });
        // What a platform refused was sent, and counts for a day; no write tells of it here.
        let is_refusing = door.refuses_somebody();
        drop(door);
        if revocations > 0
            && keeps_somebody
            && !is_refusing
            && revocations <= allowed(with_time.0, 5, 2)
            && today + revocations <= allowed(with_time.0, 15, 5)
            && self.pasts[at].settled_at.is_none_or(|settled| settled < since)
        {
            return Err(format!(
                "door {at}: {revocations} revocations wait, and no budget is exceeded"
            ));
        }
        if openings > 0 && openings <= allowed(linked.0, 25, 20) {
            return Err(format!("door {at}: {openings} grants wait, and no budget is exceeded"));
        }
        Ok(())
    }

    /// How many revocations wait because `roles` were changed, and it is so.
    fn waiting_by_roles(&self, at: usize, report: &Report) -> usize {
        let is_it = |one: &&ChangeReport| {
            let key = &one.change.member;
            let is_him = |human: &&Human| human.truth.member.key.is_same_human(key);
            let human = self.world.humans.iter().find(is_him);
            one.state == ChangeState::Blocked
                && one.change.device.as_str() == self.world.club.doors[at].name
                && one.change.blocked == Some(Budget::RolesChanged)
                && human.is_some_and(|human| {
                    let places = (human.organisation, at);
                    let lost = |before: &Club| {
                        let mut versions = human.known.versions();
                        versions.any(|told| has_lost(before, &self.world.club, places, told))
                    };
                    self.world.roles_were.iter().any(lost)
                })
        };
        report.changes.iter().filter(is_it).count()
    }

    /// How many revocations wait because the person is linked to nobody: never one who certainly is.
    fn released(&self, at: usize, report: &Report) -> Result<usize, String> {
        let door = crate::outside::open(&self.world.doors[at]);
        let is_released = |one: &&ChangeReport| {
            one.change.device.as_str() == self.world.club.doors[at].name
                && one.change.blocked == Some(Budget::Released)
        };
        let released: Vec<&ChangeReport> = report.changes.iter().filter(is_released).collect();
        for one in &released {
            let card = door.cards.get(one.change.employee_no.as_str());
            if card.is_some_and(|card| self.is_surely_linked(card)) {
                return Err(format!(
                    "door {at}: person {} is linked, and said to be linked to nobody",
                    one.change.employee_no
                ));
            }
        }
        Ok(released.len())
    }

    fn is_surely_linked(&self, card: &Card) -> bool {
        let is_sure = |owner| self.claim(card, owner).is_sure;
        card.is_linked && !self.world.has_other_name(card) && card.owner.is_some_and(is_sure)
    }

    /// Remembers where roles that were changed are settled: where nobody would certainly lose access by that.
    pub fn settle_roles(&mut self, ended: &Ended, way: &Way) {
        let is_heard =
            |organisation: usize| way.is_told[organisation] || way.is_doubted[organisation];
        let all_heard = self.is_sync() && (0..self.world.desks.len()).all(is_heard);
        for at in 0..self.world.doors.len() {
            let rules = self.world.club.doors[at].clone();
            for organisation in 0..self.world.desks.len() {
                let mut losers = false;
                if self.roles.unsettled[at][organisation].is_some() {
                    let door = crate::outside::open(&self.world.doors[at]);
                    losers = door.cards.values().any(|card| {
                        let is_certain = card.is_linked
                            && !card.by_hand
                            && !card.is_unclear(rules.zone)
                            && !self.world.has_other_name(card)
                            && is_touchable(card, &rules.protect);
                        let Some(owner) = card.owner.filter(|_| is_certain) else { return false };
                        self.loses_by_roles(at, organisation, card, owner)
                    });
                }
                if !losers || rules.mode == Mode::GrantOnly {
                    self.roles.unsettled[at][organisation] = None;
                }
                let report =
                    ended.report().filter(|_| all_heard && self.books[at].read_at.is_some());
                let waits = report.is_none_or(|report| {
                    let mut changes = report.changes.iter();
                    changes.any(|one| one.change.blocked == Some(Budget::RolesChanged))
                });
                let is_settled = !waits && self.roles.unsettled[at][organisation].is_none();
                self.roles.is_remembered[at][organisation] |=
                    is_settled && !way.is_doubted[organisation];
            }
        }
    }

    fn loses_by_roles(&self, at: usize, organisation: usize, card: &Card, owner: usize) -> bool {
        let human = &self.world.humans[owner];
        let claim = self.claim(card, owner);
        let Some(told) = &human.known.told else { return false };
        let (local, places) = (self.world.local(at), (organisation, at));
        let (may, must) = claim.vanished;
        let due = due(&self.world.club, places, told, must, local);
        human.organisation == organisation
            && human.known.heard.is_empty()
            && claim.is_sure
            && may == must
            && (due != Due::Gone || card.is_served)
            && !is_doubtful(&self.world.club, places, told)
            && self.roles.wait_for(&self.world.club, places, told)
            && card.span.loses(due, local)
            && card.joined(due, local, true).iter().all(|due| card.span.loses(*due, local))
            && !matches!(due, Due::Open(first, _) if first <= local && !card.opens_at(local))
    }

    /// Each write that took has its line in the audit log.
    pub fn check_audit_log(&mut self) -> Result<(), String> {
        let path = self.state_path();
        let text = |error: rusqlite::Error| format!("audit log: {error}");
        let connection = rusqlite::Connection::open(path).map_err(text)?;
        let mut statement = connection
            .prepare(
                "SELECT count(*) FROM change WHERE device = ?1 AND employee_no = ?2 \
                 AND after_begin = ?3 AND after_end = ?4",
            )
            .map_err(text)?;
        let mut open = connection
            .prepare("SELECT count(*) FROM intent WHERE device = ?1 AND employee_no = ?2")
            .map_err(text)?;
        for (rules, book) in self.world.club.doors.iter().zip(&self.pasts) {
            let mut took = book.took.clone();
            took.sort_by_key(|(no, span)| (no.clone(), span.begin, span.end));
            for same in took.chunk_by(|one, other| one == other) {
                let Some((no, span)) = same.first() else { continue };
                let (begin, end) =
                    (span.begin.and_utc().timestamp(), span.end.and_utc().timestamp());
                let lines: usize = statement
                    .query_row(rusqlite::params![rules.name, no, begin, end], |row| row.get(0))
                    .map_err(text)?;
                let intents: usize =
                    open.query_row([&rules.name, no], |row| row.get(0)).map_err(text)?;
                if lines + intents < same.len() {
                    return Err(format!(
                        "the audit log has {lines} lines for {} equal writes that door {} took for {no}",
                        same.len(),
                        rules.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// At the end of a life: the audit log is whole, and the state file has kept its size.
    pub fn end(&mut self) -> Result<(), String> {
        self.check_audit_log()?;
        let size = |end: &str| {
            let path = self.state_path().with_file_name(format!("state.db{end}"));
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        (self.tally.state_bytes, self.tally.wal_bytes) = (size(""), size("-wal"));
        Ok(())
    }

    /// What this life came to.
    pub fn tally_up(mut self) -> Tally {
        self.tally.members = self.world.humans.len() as u64;
        self.tally.seconds = (self.world.now - self.world.club.born).num_seconds();
        self.tally.events = self.world.diary.counts.values().sum();
        self.tally.by_kind = std::mem::take(&mut self.world.diary.counts);
        self.tally.hash = self.world.diary.hash;
        self.tally
    }
}

fn is_touchable(card: &Card, protect: &[String]) -> bool {
    !card.is_admin && !card.is_barred && !card.is_permanent && !protect.contains(&card.no)
}

/// How one person stands.
enum Look {
    Fine,
    /// The door is as paid for.
    Served(Due),
    Waits {
        takes: bool,
        due: Due,
    },
    Broken(String),
}

/// Until when time runs that is kept in sync, if it runs.
type PaidUntil = Option<NaiveDateTime>;

impl Look {
    /// Whether the program keeps somebody's paid time in sync, who was served so far or not, and until
    /// when it runs, if it runs now; the outer `None`: as before.
    fn paid_until(&self, was_served: bool, now: NaiveDateTime) -> (bool, Option<PaidUntil>) {
        match self {
            Self::Served(Due::Open(first, last)) => (true, Some((*first <= now).then_some(*last))),
            Self::Served(due) => (was_served && *due == Due::Gone, Some(None)),
            Self::Waits { due, .. } => (was_served && *due == Due::Gone, None),
            Self::Fine | Self::Broken(_) => (false, None),
        }
    }
}

/// Somebody whose door is not as paid for.
struct Waiting {
    no: String,
    place: usize,
    takes: bool,
    span: Span,
    due: Due,
}

/// Whether a write takes away: some moment from now on is lost. What opens a closed door now counts as
/// giving, even if some later time is lost. Source: `ivms-sync help safety`.
fn takes_away(card: &Card, after: Span, now: NaiveDateTime) -> bool {
    if !card.opens_at(now) && after.contains(now) {
        return false;
    }
    if card.is_upside_down {
        return after.end < now;
    }
    let Some((first, last)) = card.span.from(now) else { return false };
    !(after.contains(first) && after.contains(last))
}
