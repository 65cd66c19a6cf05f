//! What happens in a club: paying, leaving, hand edits at the door, and trouble of every kind.

use std::sync::PoisonError;

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use ivms_sync::model::{Email, Right, Span, UnreadableRight};

use crate::club::{ROLES, zone};
use crate::desk::Mood;
use crate::door::{Card, Fault, Names, Shows};
use crate::firmware::Notation;
use crate::ledger::last_moment;
use crate::outside::Death;
use crate::world::{World, holder_id, role_id};

#[derive(Debug, Clone, Copy)]
enum Daily {
    Renew,
    Join,
    Card,
    Cancel,
    Inactive,
    Right,
    Email,
    Share,
    Birth,
    Unlist,
    Relist,
    Unreadable,
    Inverted,
    ManyRenew,
    ManyCancel,
    ManyLeave,
    EditDates,
    EditRest,
    Delete,
    Special,
    Replace,
    Stranger,
    BadRole,
    Notation,
    Rename,
    Roles,
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    Desk,
    BadListing,
    Away,
    Glitch,
    Clock,
    Password,
    HostOff,
    HostClock,
    Death,
    Store,
    Copy,
    CopyBack,
    Reopen,
    Full,
    ShortList,
    Nameless,
    Suffix,
    Late,
    Turn,
}

const DAILY: [(usize, Daily); 26] = [
    (30, Daily::Renew),
    (6, Daily::Join),
    (8, Daily::Card),
    (8, Daily::Cancel),
    (6, Daily::Inactive),
    (5, Daily::Right),
    (5, Daily::Email),
    (3, Daily::Share),
    (1, Daily::Birth),
    (3, Daily::Unlist),
    (3, Daily::Relist),
    (2, Daily::Unreadable),
    (2, Daily::Inverted),
    (1, Daily::ManyRenew),
    (1, Daily::ManyCancel),
    (1, Daily::ManyLeave),
    (10, Daily::EditDates),
    (3, Daily::EditRest),
    (3, Daily::Delete),
    (4, Daily::Special),
    (1, Daily::Replace),
    (2, Daily::Stranger),
    (6, Daily::BadRole),
    (6, Daily::Notation),
    (5, Daily::Rename),
    (4, Daily::Roles),
];

const TROUBLES: [(usize, Trouble); 19] = [
    (12, Trouble::Desk),
    (8, Trouble::BadListing),
    (14, Trouble::Away),
    (25, Trouble::Glitch),
    (5, Trouble::Clock),
    (3, Trouble::Password),
    (5, Trouble::HostOff),
    (5, Trouble::HostClock),
    (12, Trouble::Death),
    (5, Trouble::Store),
    (2, Trouble::Copy),
    (2, Trouble::CopyBack),
    (3, Trouble::Reopen),
    (4, Trouble::Full),
    (2, Trouble::ShortList),
    (4, Trouble::Nameless),
    (4, Trouble::Suffix),
    (6, Trouble::Late),
    (4, Trouble::Turn),
];

/// Statements at which the state file may fail.
const STATEMENTS: [&str; 9] = [
    "INSERT ON member",
    "UPDATE ON member",
    "INSERT ON member_role",
    "UPDATE ON source",
    "INSERT ON intent",
    "INSERT ON change",
    "DELETE ON intent",
    "UPDATE ON person",
    "UPDATE ON device",
];

impl World {
    /// Time passes until the next tick, and things happen.
    pub fn pass(&mut self) {
        let before = self.today();
        self.now += self.club.every;
        if self.chance.below(1000) < self.club.events {
            if self.chance.in_thousand(self.club.troubles) {
                self.trouble();
            } else {
                self.daily();
            }
        }
        if self.today() != before {
            self.day_passes();
        }
        self.things_end();
        self.yard_passes();
    }

    /// By a clock that jumps nobody can tell any more when a login was refused: the program begins anew.
    fn forget_logins(&mut self) {
        for door in &mut self.doors {
            door.get_mut().unwrap_or_else(PoisonError::into_inner).wrong_in_row = 0;
        }
    }

    /// Outages end, and somebody puts right what has to be put right by hand.
    fn things_end(&mut self) {
        let now = self.now;
        if self.host_skew != TimeDelta::zero() && now >= self.host_skewed_until {
            self.host_skew = TimeDelta::zero();
            self.forget_logins();
            self.diary.note("host clock right again", String::new);
        }
        for desk in &mut self.desks {
            let desk = desk.get_mut().unwrap_or_else(PoisonError::into_inner);
            if desk.mood != Mood::Fine && now >= desk.until {
                desk.mood = Mood::Fine;
            }
        }
        for at in 0..self.doors.len() {
            let zone = self.club.doors[at].zone;
            let door = self.door(at);
            if now >= door.skewed_until {
                door.skew = TimeDelta::zero();
                door.zone = zone;
                if door.shows != Shows::All {
                    door.shows = Shows::All;
                    door.cards.values_mut().for_each(|card| card.by_hand = true);
                }
            }
            if door.suffix != Notation::Plain && now >= door.suffix_until {
                door.tell_as(Notation::Plain);
            }
            door.settle(now);
            if let Some(site) = door.site.as_mut().filter(|site| now >= site.slow_until) {
                site.slow_by = site.usual;
            }
            if now >= door.late_until {
                door.is_late_by = TimeDelta::zero();
            }
            for card in door.cards.values_mut() {
                if let Some((_, span)) = card.late.filter(|(at, _)| now >= *at) {
                    card.take(span);
                    card.by_hand = true;
                }
            }
            if door.turned_by > 0 && now >= door.turned_until {
                self.turn_back(at);
            }
            let door = self.door(at);
            let right = door.password;
            if self.passwords[at] != right && now >= self.password_put_right[at] {
                self.passwords[at] = right;
                self.diary.note("password put right", String::new);
            }
        }
    }

    /// Whoever's time is over renews, or not.
    fn day_passes(&mut self) {
        for place in 0..self.humans.len() {
            let human = &self.humans[place];
            let last = human.truth.member.roles.iter().map(end_of).max();
            let left = last.map_or(0, |end| (end.date() - self.today()).num_days());
            let chances = match left {
                -30..-2 => 15,
                -2..=0 => 250,
                1..4 => 150,
                _ => 0,
            };
            if human.is_listed && self.chance.in_thousand(chances) {
                self.renew(place);
            }
        }
    }

    fn renew(&mut self, place: usize) {
        let today = self.day(0);
        let length = TimeDelta::days(self.chance.weighted(&[(50, 30), (30, 90), (20, 365)]));
        let gap = TimeDelta::days(self.chance.weighted(&[(80, 0), (20, 4)]));
        let extends = self.chance.in_thousand(500);
        let role = self.chance.weighted(&[(70, ROLES[0]), (20, ROLES[1]), (10, ROLES[2])]);
        self.change(place, |state| {
            state.member.inactive = false;
            let roles = &mut state.member.roles;
            roles.sort_by_key(end_of);
            if roles.len() > 4 {
                roles.remove(0);
            }
            match roles.last_mut() {
                Some(last) if extends && end_of(last) >= today - TimeDelta::days(5) => {
                    let Span::Wall { end, .. } = &mut last.time;
                    *end = capped(end.date().and_time(NaiveTime::MIN) + length);
                }
                last => {
                    let after = last.map(|role| end_of(role).date().and_time(NaiveTime::MIN));
                    let next = after.map_or(today, |end| end + TimeDelta::days(1));
                    let begin = next.max(today) + gap;
                    let end = capped(begin + length);
                    roles.push(Right::by_wall_clock(role_id(role), begin.min(end), end));
                }
            }
        });
        self.diary.note("renewal", || format!("of {place}"));
    }

    fn someone(&mut self, listed: bool) -> Option<usize> {
        let first = self.chance.place(self.humans.len())?;
        let all = self.humans.len();
        (0..all).map(|step| (first + step) % all).find(|at| self.humans[*at].is_listed == listed)
    }

    fn some_card(&mut self, door: usize) -> Option<String> {
        let count = self.door(door).cards.len();
        let at = self.chance.place(count)?;
        self.door(door).cards.keys().nth(at).cloned()
    }

    fn daily(&mut self) {
        let what = self.chance.weighted(&DAILY);
        let door = self.chance.below(self.doors.len());
        let Some(place) = self.someone(true) else {
            self.relist();
            return;
        };
        match what {
            Daily::Renew => self.renew(place),
            Daily::Join => self.join(),
            Daily::Card => {
                let no = self.humans[place].no.clone();
                if !self.door(door).cards.contains_key(&no) {
                    self.make_card(door, place);
                    self.diary.note("card made by staff", || format!("for {place} on {door}"));
                }
            }
            Daily::Cancel => self.cancel(place),
            Daily::Inactive => {
                self.change(place, |state| state.member.inactive = !state.member.inactive);
                self.diary.note("inactive mark", || format!("of {place}"));
            }
            Daily::Right => {
                let role = role_id(self.chance.one_of(&ROLES));
                self.change(place, |state| {
                    if let Some(last) = state.member.roles.last_mut() {
                        last.id = role.clone();
                    }
                });
                self.diary.note("role change", || format!("of {place} to {role}"));
            }
            Daily::Email => self.change_email(place),
            Daily::Share => self.share_email(place),
            Daily::Birth => self.correct_birth(place),
            Daily::Unlist => self.unlist(place),
            Daily::Relist => self.relist(),
            Daily::Unreadable => {
                self.change(place, |state| state.is_unusable = !state.is_unusable);
                self.diary.note("unreadable dates", || format!("of {place}"));
            }
            Daily::Inverted => {
                self.change(place, |state| {
                    if let Some(last) = state.member.roles.last_mut() {
                        let Span::Wall { begin, end } = &mut last.time;
                        std::mem::swap(begin, end);
                    }
                });
                self.diary.note("inverted dates", || format!("of {place}"));
            }
            Daily::BadRole => {
                let id = role_id(self.chance.one_of(&ROLES));
                let problem = "EndDate is `soon`, not a date".to_owned();
                self.change(place, |state| match state.member.unreadable.pop() {
                    Some(_) => {}
                    None => {
                        state.member.unreadable.push(UnreadableRight { id: id.clone(), problem })
                    }
                });
                self.diary.note("membership with bad dates", || format!("of {place}: {id}"));
            }
            Daily::Roles => self.change_roles(door),
            Daily::ManyRenew => self.many("renewal of many", Self::renew),
            Daily::ManyCancel => self.many("cancellation of many", Self::cancel),
            Daily::ManyLeave => self.many("exodus", Self::unlist),
            _ => self.at_door(what, door),
        }
    }

    fn many(&mut self, what: &'static str, each: fn(&mut Self, usize)) {
        self.diary.note(what, String::new);
        let chances = self.chance.one_of(&[200, 500, 800]);
        for place in 0..self.humans.len() {
            if self.humans[place].is_listed && self.chance.in_thousand(chances) {
                each(self, place);
            }
        }
    }

    fn join(&mut self) {
        if self.humans.len() > 2 * self.club.members + 20 {
            return;
        }
        let place = self.join_club();
        self.diary.note("new member", || format!("{place}"));
        for door in 0..self.doors.len() {
            if self.chance.in_thousand(700) {
                self.make_card(door, place);
            }
        }
    }

    fn cancel(&mut self, place: usize) {
        let (soon, earlier) = (self.chance.between(0, 20), self.chance.between(2, 40));
        let end = match self.chance.below(4) {
            0 => self.day(-1),
            1 => self.day(soon),
            2 => self.day(0) + TimeDelta::minutes(self.chance.between(1, 24 * 60 - 1)),
            _ => self.day(-earlier),
        };
        let removes = self.chance.in_thousand(150);
        self.change(place, |state| {
            let roles = &mut state.member.roles;
            if removes {
                roles.clear();
            }
            roles.retain(|role| {
                let Span::Wall { begin, end: last } = role.time;
                begin <= end || last < begin
            });
            for role in roles {
                let Span::Wall { end: last, .. } = &mut role.time;
                *last = (*last).min(end);
            }
        });
        self.diary.note("cancellation", || format!("of {place} at {end}"));
    }

    fn change_email(&mut self, place: usize) {
        if self.humans[place].tangled_with.is_some() {
            return;
        }
        let fresh = format!("m{place}.{}@club.example", self.chance.below(1_000_000));
        let email = if self.chance.in_thousand(100) { None } else { Some(fresh) };
        self.change(place, |state| state.member.email = email.as_deref().and_then(Email::parse));
        if self.chance.in_thousand(500) {
            self.put_email_on_cards(place, email);
        }
        self.diary.note("e-mail change", || format!("of {place}"));
    }

    /// Staff put a member's e-mail where the doors know it from.
    fn put_email_on_cards(&mut self, place: usize, email: Option<String>) {
        self.humans[place].card_email.clone_from(&email);
        if self.club.by_file {
            return;
        }
        for door in 0..self.doors.len() {
            let mut cards = self.door(door).cards.values_mut();
            if let Some(card) = cards.find(|card| card.owner == Some(place)) {
                card.edit(|card| card.email.clone_from(&email));
            }
        }
    }

    /// Two members come to have one e-mail, or have their own again.
    fn share_email(&mut self, place: usize) {
        let tangled_with = self.humans[place].tangled_with;
        let other = tangled_with.or_else(|| self.chance.place(self.humans.len()));
        let Some(other) = other.filter(|other| *other != place) else { return };
        let email_of = |at: usize| self.humans[at].truth.member.email.clone();
        if tangled_with.is_some() && email_of(place) == email_of(other) {
            for at in [place, other] {
                let own = self.humans[at].card_email.clone();
                self.change(at, |state| state.member.email = own.as_deref().and_then(Email::parse));
            }
            self.diary.note("e-mails apart again", || format!("of {place} and {other}"));
            return;
        }
        let is_plain = |at: usize| {
            let human = &self.humans[at];
            let own = human.truth.member.email.as_ref().map(Email::as_str);
            human.is_listed
                && human.tangled_with == tangled_with.map(|_| place + other - at)
                && own.is_some()
                && own == human.card_email.as_deref()
        };
        if !is_plain(place) || !is_plain(other) {
            return;
        }
        let email = email_of(other);
        self.change(place, |state| state.member.email = email);
        self.humans[place].tangled_with = Some(other);
        self.humans[other].tangled_with = Some(place);
        self.diary.note("shared e-mail", || format!("of {place} and {other}"));
    }

    /// A corrected birth date makes nobody another member.
    fn correct_birth(&mut self, place: usize) {
        if !self.humans[place].is_listed {
            return;
        }
        self.change(place, |state| {
            let key = &mut state.member.key;
            let born = key.as_str().split_once('/').and_then(|(_, date)| date.parse().ok());
            let born: NaiveDate = born.unwrap_or_else(|| unreachable!("everybody was born"));
            *key = holder_id(key.source.as_str(), key.human(), born + TimeDelta::days(1));
        });
        self.diary.note("corrected birth date", || format!("of {place}"));
    }

    fn unlist(&mut self, place: usize) {
        let is_sentinel = self.humans[place].truth.member.key.human() == "1";
        if is_sentinel && self.club.organisations.iter().any(|one| one.has_sentinel) {
            return;
        }
        self.humans[place].is_listed = false;
        self.diary.note("gone from listings", || format!("{place}"));
    }

    fn relist(&mut self) {
        if let Some(place) = self.someone(false) {
            self.humans[place].is_listed = true;
            self.humans[place].changed_at = self.now;
            self.diary.note("back in listings", || format!("{place}"));
        }
    }

    /// Staff at the door.
    fn at_door(&mut self, what: Daily, door: usize) {
        let (by_days, kind) = (self.chance.between(-40, 400), self.chance.below(6));
        let Some(no) = self.some_card(door) else { return };
        let ahead = self.day(by_days);
        match what {
            Daily::Special | Daily::Notation if self.door(door).site.is_some() => {
                if let Some(card) = self.door(door).cards.get_mut(&no) {
                    card.is_refused = !card.is_refused;
                }
                self.diary.note("platform refuses a person", || format!("{no} on {door}"));
            }
            Daily::EditDates => {
                let keep = self.door(door).keeper();
                if let Some(card) = self.door(door).cards.get_mut(&no) {
                    card.edit(|card| {
                        card.span.end = capped(ahead.max(card.span.begin));
                        card.span = keep(card.span);
                        card.is_upside_down = kind == 0;
                        card.notation = Notation::Plain;
                    });
                }
                self.diary.note("dates changed by hand", || format!("of {no} on {door}"));
            }
            Daily::EditRest => {
                if let Some(card) = self.door(door).cards.get_mut(&no) {
                    card.edit(|card| card.right += 1);
                }
                self.diary.note("fields changed by hand", || format!("of {no} on {door}"));
            }
            Daily::Delete => {
                self.door(door).cards.remove(&no);
                self.diary.note("person deleted by hand", || format!("{no} on {door}"));
            }
            Daily::Special => {
                if let Some(card) = self.door(door).cards.get_mut(&no) {
                    card.edit(|card| match kind {
                        0 | 1 => card.is_permanent = !card.is_permanent,
                        2 => card.is_admin = !card.is_admin,
                        3 => card.is_barred = !card.is_barred,
                        _ => {
                            (card.is_permanent, card.is_admin, card.is_barred) = Default::default()
                        }
                    });
                }
                self.diary.note("made special by hand", || format!("{no} on {door}"));
            }
            Daily::Notation => {
                let odd = self.chance.one_of(&Notation::ODD);
                let grain = self.door(door).grain;
                let ends = |card: &Card| ahead.max(card.span.begin) + TimeDelta::seconds(45_296);
                let cards = &mut self.door(door).cards;
                // No hand makes a device hold a later end than it takes.
                let is_held = |card: &&mut Card| grain.cut(ends(card)) == ends(card);
                if let Some(card) = cards.get_mut(&no).filter(is_held) {
                    // Dates as the program has written them would tell it what the form means.
                    card.edit(|card| {
                        card.span.end = ends(card);
                        (card.notation, card.is_upside_down) = (odd, false);
                    });
                }
                self.diary.note("odd dates by hand", || format!("of {no} on {door}: {odd:?}"));
            }
            Daily::Rename => {
                self.strangers += 1;
                let other = format!("Somebody Else{}", self.strangers);
                let human = self.door(door).cards.get(&no).and_then(|card| card.owner);
                let Some(own) = human.map(|at| self.humans[at].truth.member.name()) else { return };
                let door_at = self.door(door);
                door_at.names = door_at.names.at_least_perhaps();
                if let Some(card) = door_at.cards.get_mut(&no) {
                    let name = if card.name == own { other } else { own };
                    card.edit(|card| card.name = name);
                    card.is_name_accepted = false;
                }
                self.diary.note("name changed by hand", || format!("of {no} on {door}"));
            }
            Daily::Replace => {
                let door = self.door(door);
                door.serial += u32::from(door.site.is_none());
                let keeps = |at: usize| kind < 3 || kind < 5 && at.is_multiple_of(2);
                let mut at = 0;
                door.cards.retain(|_, card| {
                    at += 1;
                    card.by_hand = true;
                    keeps(at)
                });
                self.diary.note("device replaced", String::new);
            }
            _ => {
                self.make_stranger(door);
                self.diary.note("stranger gets a card", || format!("on {door}"));
            }
        }
    }

    /// Somebody changes `roles` in the configuration: of an organisation, or of a door.
    fn change_roles(&mut self, door: usize) {
        let lists =
            [None, Some(ROLES[..3].to_vec()), Some(ROLES[..2].to_vec()), Some(ROLES[..1].to_vec())];
        let roles = lists[self.chance.below(lists.len())].clone();
        let organisation = self.chance.below(self.club.organisations.len());
        let before = self.club.clone();
        if self.chance.in_thousand(600) {
            self.club.organisations[organisation].roles = roles;
        } else {
            self.club.doors[door].roles = roles;
        }
        // A door may only name roles that some organisation lists.
        let lists: Vec<_> = self.club.organisations.iter().map(|one| one.roles.clone()).collect();
        let is_listed =
            |role: &i64| lists.iter().any(|list| list.as_ref().is_none_or(|it| it.contains(role)));
        for door in &mut self.club.doors {
            door.roles.iter_mut().for_each(|roles| roles.retain(is_listed));
        }
        self.roles_were.push(before);
        let club = &self.club;
        self.diary.note("roles changed", || {
            let of_organisations: Vec<_> =
                club.organisations.iter().map(|one| &one.roles).collect();
            let of_doors: Vec<_> = club.doors.iter().map(|one| &one.roles).collect();
            format!("to {of_organisations:?}, of doors {of_doors:?}")
        });
    }

    /// The numbers on a device are given anew: everybody's entry moves on by some places.
    fn turn(&mut self, at: usize, until: chrono::DateTime<chrono::Utc>) {
        let by = self.chance.between(1, 3) as usize;
        let humans = &self.humans;
        let door = self.doors[at].get_mut().unwrap_or_else(PoisonError::into_inner);
        let nos: Vec<String> = door
            .cards
            .values()
            .filter(|card| card.owner.is_some())
            .map(|card| card.no.clone())
            .collect();
        if door.turned_by > 0 || nos.len() < 5 {
            return;
        }
        // Who is certainly known there, and gets a number that somebody else had.
        let is_known = |card: &&Card| {
            card.is_linked && card.owner.is_some_and(|owner| humans[owner].is_listed)
        };
        let known = door.cards.values().filter(is_known).count();
        let is_many = known >= 3 && known * 100 > door.cards.len() * 10;
        door.names = if is_many { Names::Others } else { door.names.at_least_perhaps() };
        (door.turned_by, door.turned_until) = (by, until);
        let cards: Vec<Card> = nos.iter().filter_map(|no| door.cards.remove(no)).collect();
        for (place, card) in cards.into_iter().enumerate() {
            door.put(card, nos[(place + by) % nos.len()].clone());
        }
        self.diary.note("persons renumbered", || format!("on {at} until {until}"));
    }

    /// Everybody has the old number again.
    fn turn_back(&mut self, at: usize) {
        let humans = &self.humans;
        let door = self.doors[at].get_mut().unwrap_or_else(PoisonError::into_inner);
        door.turned_by = 0;
        door.names = Names::Perhaps;
        for card in std::mem::take(&mut door.cards).into_values() {
            let no = card.owner.map_or_else(|| card.no.clone(), |owner| humans[owner].no.clone());
            door.put(card, no);
        }
        self.diary.note("numbers as they were", || format!("on {at}"));
    }

    /// Minutes to days, mostly minutes.
    fn a_while(&mut self) -> TimeDelta {
        let ticks = self.chance.weighted(&[(50, 3), (30, 12), (15, 72), (5, 600)]);
        let ticks = self.chance.between(1, ticks) as i32;
        self.club.every * ticks
    }

    fn trouble(&mut self) {
        let what = self.chance.weighted(&TROUBLES);
        let until = self.now + self.a_while();
        let at = self.chance.below(self.doors.len());
        match what {
            Trouble::Desk | Trouble::BadListing => self.desk_trouble(what, until),
            Trouble::Away => {
                self.door(at).away_until = until;
                self.diary.note("device away", || format!("{at} until {until}"));
            }
            Trouble::Glitch | Trouble::Death => self.glitch(what, at),
            Trouble::Clock | Trouble::Nameless | Trouble::Suffix | Trouble::Late
                if self.door(at).site.is_some() =>
            {
                self.site_trouble(what, at, until);
            }
            Trouble::Clock => {
                let far = self.chance.between(2, 300);
                let skew = TimeDelta::minutes(self.chance.one_of(&[far, -far, 0]));
                let door = self.door(at);
                (door.skew, door.skewed_until) = (skew, until);
                if skew == TimeDelta::zero() {
                    door.zone = zone("Asia/Kathmandu");
                }
                self.diary.note("device clock wrong", || format!("{at} by {skew} until {until}"));
            }
            Trouble::Password => {
                self.door(at).password += 1;
                self.password_put_right[at] = until;
                self.diary.note("device password changed", || format!("{at} until {until}"));
            }
            Trouble::HostOff => {
                let minutes = self.chance.weighted(&[(50, 90), (30, 1500), (20, 40_000)]);
                let off = TimeDelta::minutes(self.chance.between(10, minutes));
                self.sleep(off);
            }
            Trouble::HostClock => {
                let minutes =
                    self.chance.weighted(&[(30, 30), (40, 400), (20, 5000), (10, 600_000)]);
                let far = self.chance.between(2, minutes);
                self.host_skew = TimeDelta::minutes(self.chance.one_of(&[far, -far]));
                self.host_skewed_until = until;
                self.forget_logins();
                let skew = self.host_skew;
                self.diary.note("host clock jumps", || format!("by {skew} until {until}"));
            }
            Trouble::Store => {
                self.next.store_fails = Some(self.chance.one_of(&STATEMENTS));
                self.diary.note("state file fails", String::new);
            }
            Trouble::Copy => self.next.saves_copy = true,
            Trouble::CopyBack => self.next.puts_copy_back = true,
            Trouble::Reopen => self.next.reopens = true,
            Trouble::Full => self.next.is_full = true,
            Trouble::Nameless => {
                self.door(at).nameless_until = until;
                self.diary.note("device gives no serial", || format!("{at} until {until}"));
            }
            Trouble::Suffix => {
                let suffix = self.chance.one_of(&[Notation::Zulu, Notation::OtherOffset]);
                let door = self.door(at);
                door.tell_as(suffix);
                door.suffix_until = until;
                self.diary.note("device appends a suffix", || format!("{at} until {until}"));
            }
            Trouble::Late => {
                let by = self.club.every * self.chance.between(1, 12) as i32;
                let door = self.door(at);
                (door.is_late_by, door.late_until) = (by, until);
                self.diary.note("device shows writes late", || format!("{at} until {until}"));
            }
            Trouble::Turn => self.turn(at, until),
            Trouble::ShortList => {
                let shows = self.chance.one_of(&[Shows::Half, Shows::Nobody]);
                let door = self.door(at);
                (door.shows, door.skewed_until) = (shows, until);
                door.cards.values_mut().for_each(|card| card.by_hand = true);
                self.diary.note("device shows too few", || format!("{at} until {until}"));
            }
        }
    }

    /// What a platform has in place of a door's troubles.
    fn site_trouble(&mut self, what: Trouble, at: usize, until: chrono::DateTime<chrono::Utc>) {
        let minutes = self.chance.one_of(&[-600, -210, 0, 60, 345, 720]);
        let slow_by = self.club.every * self.chance.between(1, 20) as i32;
        let door = self.door(at);
        let Some(site) = &mut door.site else { return };
        match what {
            Trouble::Clock => {
                site.told_at = FixedOffset::east_opt(minutes * 60);
                door.cards.values_mut().for_each(Card::tell_anew);
                self.diary.note("platform tells other offsets", || format!("{at}: {minutes}"));
            }
            Trouble::Nameless => {
                site.busy_until = until;
                self.diary.note("platform limits calls", || format!("{at} until {until}"));
            }
            Trouble::Suffix => {
                site.offline_until = until;
                self.diary.note("platform's door offline", || format!("{at} until {until}"));
            }
            _ => {
                (site.slow_by, site.slow_until) = (slow_by, until);
                self.diary.note("platform applies slowly", || format!("{at} until {until}"));
            }
        }
        // Nobody notices without something to do.
        for _ in 0..self.chance.below(4) {
            if let Some(place) = self.someone(true) {
                self.renew(place);
            }
        }
    }

    fn desk_trouble(&mut self, what: Trouble, until: chrono::DateTime<chrono::Utc>) {
        use Mood::{
            Away, CutShort, Elsewhere, Empty, Forgetful, Halved, LoginRefused, Overloaded, Slow,
        };
        let mood = match what {
            Trouble::Desk => self.chance.one_of(&[Away, Slow, Overloaded, CutShort, LoginRefused]),
            _ => self.chance.one_of(&[Halved, Empty, Elsewhere, Forgetful]),
        };
        let (at, salt) = (self.chance.below(self.desks.len()), self.chance.below(77));
        let desk = self.desk(at);
        (desk.mood, desk.until, desk.salt) = (mood, until, salt);
        self.diary.note(if mood.is_silent() { "source away" } else { "bad listings" }, || {
            format!("{at} {mood:?} until {until}")
        });
    }

    /// One request of the next tick goes wrong.
    fn glitch(&mut self, what: Trouble, at: usize) {
        let number = self.chance.weighted(&[(3, 2), (4, 5), (3, 12)]);
        let number = self.chance.below(number) as u32;
        let death = self.chance.one_of(&[Death::Before, Death::After]);
        let fault = match what {
            Trouble::Death => Fault::Die(death),
            _ => self.chance.one_of(&[
                Fault::Busy,
                Fault::LostBefore,
                Fault::LostAfter,
                Fault::Untrue,
                Fault::HalfList,
                Fault::Meanwhile,
            ]),
        };
        if matches!(fault, Fault::Die(_)) && self.chance.in_thousand(250) {
            let at = self.chance.below(self.desks.len());
            self.desk(at).tick.death = Some(death);
        } else {
            self.door(at).tick.fault = Some((number, fault));
        }
        self.diary.note("request goes wrong", || format!("{fault:?} at {number} of {at}"));
        // Trouble at a quiet door shows nothing: give it something to do.
        if self.chance.in_thousand(800)
            && let Some(place) = self.someone(true)
        {
            self.renew(place);
        }
    }

    /// The computer is off; life goes on.
    fn sleep(&mut self, off: TimeDelta) {
        self.diary.note("computer off", || format!("for {off}"));
        let wake = self.now + off;
        while self.now < wake {
            let before = self.today();
            self.now += TimeDelta::days(1).min(wake - self.now);
            if self.today() != before {
                self.day_passes();
            }
            if self.chance.in_thousand(self.club.events.max(300)) {
                self.daily();
                self.yard_event();
            }
        }
    }
}

/// No later than what a device can hold.
fn capped(at: NaiveDateTime) -> NaiveDateTime {
    at.min(last_moment())
}

fn end_of(role: &Right) -> NaiveDateTime {
    let Span::Wall { end, .. } = role.time;
    end
}
