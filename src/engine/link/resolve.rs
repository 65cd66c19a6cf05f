//! Who is which person on one device. Pure.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;

use super::rival::{Linked, Rival};
use super::{
    AcceptedLink, CLAIMANTS_MAX, Found, Link, LinkTable, Linking, NoLink, Several, SharedNumbers,
    StoredLink, StoredLinks, email_digest, is_same_person, name_agrees, name_digest,
    shared_numbers,
};
use crate::config::LinkRule;
use crate::model::{Email, Holder, HolderId, Record, RecordId};

/// A member who may be a person.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub member: &'a Holder,
    /// Since when the member is missing from complete listings, if for long enough to count.
    pub vanished_since: Option<DateTime<Utc>>,
    /// The device lets in members of the member's organisation.
    pub is_let_in: bool,
}

/// Links members to the persons of one device.
///
/// `stored` are the links of earlier runs. One whose rule gives nobody any more still holds, and one that
/// leads to another person now moves only for a reason.
///
/// Of two members who claim a person, the one who is linked to it and whose name fits keeps it, and the
/// newcomer is ambiguous; else both are. A vanished member's claim yields to a listed member's: when one
/// of two who share an e-mail has left, the one who is there is not ambiguous for ever. Where nobody is
/// listed it yields to whoever is linked with a name that fits, or to a member of the same number who was there
/// for longer. What the person holds is not
/// touched by that ([`NoLink::Yielded`] tells planning whose it was).
///
/// Of two organisations' members who are both linked to a person by name, the one who was linked last keeps it:
/// each was linked while the device did not let in the other.
///
/// A member whom the device does not let in claims nobody anew, and yields in the same way to those whom it
/// does. A link from before `organisations` stays: it tells whose the time is that is left there.
pub fn resolve<'a>(
    members: impl Iterator<Item = Claimant<'a>>,
    persons: &BTreeMap<RecordId, Record>,
    table: &LinkTable,
    stored: &StoredLinks,
    rules: &[LinkRule],
    accepted: &[AcceptedLink],
) -> Linking {
    let by_email = match rules.contains(&LinkRule::DeviceEmail) {
        true => index_by_email(persons),
        false => ByEmail::default(),
    };
    let owners = OnceCell::new();
    let members: Vec<Claimant<'a>> = members.collect();
    let shared = shared_numbers(table, &members);
    let door = Door { persons, by_email, table, shared, stored, rules, accepted, owners };
    let mut claims: Vec<Claimed<'_>> = members
        .into_iter()
        .map(|Claimant { member, vanished_since, is_let_in }| {
            let claim = match is_let_in {
                true => door.claim(member),
                false => door.claim_from_before(member),
            };
            Claimed { member, vanished_since, is_let_in, claim, doubt: None }
        })
        .collect();
    door.doubt_newcomers(&mut claims);

    let mut claimed_by = ClaimedBy::with_capacity_and_hasher(claims.len(), RandomState::default());
    for claimed in &claims {
        for person in claimed.claim.persons() {
            let claimant = claimed.as_rival();
            Several::add_to(&mut claimed_by, person, claimant);
        }
    }
    claims.iter().map(|claimed| judge(claimed, &claimed_by)).collect()
}

/// What one member's rules give, before anybody else is looked at.
enum Claim<'a> {
    One(OneClaim<'a>),
    Several(BTreeSet<&'a RecordId>),
    None(NoLink),
}

/// A claim to one person.
struct OneClaim<'a> {
    person: &'a RecordId,
    rule: LinkRule,
    is_outdated: bool,
    is_linked: Linked,
}

impl<'a> Claim<'a> {
    fn new(person: &'a RecordId, rule: LinkRule) -> Self {
        Self::One(OneClaim { person, rule, is_outdated: false, is_linked: Linked::Not })
    }

    fn persons(&self) -> impl Iterator<Item = &'a RecordId> {
        let (one, several) = match self {
            Self::One(one) => (Some(one.person), None),
            Self::Several(several) => (None, Some(several)),
            Self::None(_) => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten().copied())
    }
}

/// A member's claim, with what weighs it against others.
struct Claimed<'a> {
    member: &'a Holder,
    vanished_since: Option<DateTime<Utc>>,
    is_let_in: bool,
    claim: Claim<'a>,
    /// Why the person may be somebody else's.
    doubt: Option<Found>,
}

impl<'a> Claimed<'a> {
    fn as_rival(&self) -> Rival<'a> {
        let is_linked = match &self.claim {
            Claim::One(one) => one.is_linked,
            Claim::Several(_) | Claim::None(_) => Linked::Not,
        };
        Rival {
            key: &self.member.key,
            vanished_since: self.vanished_since,
            is_let_in: self.is_let_in,
            is_doubtful: self.doubt.is_some(),
            is_linked,
        }
    }
}

/// Who claims each person.
type ClaimedBy<'a> = HashMap<&'a RecordId, Several<Rival<'a>>, RandomState>;

/// The persons with an e-mail on the device.
type ByEmail<'a> = HashMap<&'a Email, Several<&'a RecordId>, RandomState>;

fn judge(claimed: &Claimed<'_>, claimed_by: &ClaimedBy<'_>) -> Result<Link, NoLink> {
    if let Claim::None(reason) = &claimed.claim {
        return Err(reason.clone());
    }
    let me = claimed.as_rival();
    let others = || {
        let of_each = claimed.claim.persons().filter_map(|person| claimed_by.get(person));
        of_each.flat_map(Several::iter).filter(|rival| rival.key != me.key)
    };
    let persons = || claimed.claim.persons().cloned().collect();
    if claimed.vanished_since.is_some() || !claimed.is_let_in {
        let listed = |rival: &&Rival| rival.vanished_since.is_none() && me.yields_to(**rival);
        let to = match some(others().filter(listed)) {
            nobody if nobody.is_empty() => some(others().filter(|other| me.yields_to(**other))),
            listed => listed,
        };
        if !to.is_empty() {
            return Err(NoLink::Yielded { persons: persons(), to });
        }
    }
    // Whoever yields is no rival, nor is anybody of the other side of `organisations`.
    let is_rival = |other: &&Rival| other.is_let_in == me.is_let_in && !other.yields_to(me);
    let rivals = some(others().filter(is_rival));
    match &claimed.claim {
        Claim::One(one) if rivals.is_empty() => {
            let employee_no = one.person.clone();
            if let Some(found) = claimed.doubt.clone() {
                return Err(NoLink::NameDiffers { employee_no, found });
            }
            Ok(Link { employee_no, rule: one.rule, is_outdated: one.is_outdated })
        }
        _ => Err(NoLink::Ambiguous { persons: persons(), rivals }),
    }
}

/// Some of these claimants: always the same ones, whoever asks.
fn some<'a>(claimants: impl Iterator<Item = &'a Rival<'a>>) -> BTreeSet<HolderId> {
    let mut found = BTreeSet::new();
    for rival in claimants {
        found.insert(rival.key.clone());
        if found.len() == CLAIMANTS_MAX {
            break;
        }
    }
    found
}

/// What is known of one device when its persons are claimed.
struct Door<'a> {
    persons: &'a BTreeMap<RecordId, Record>,
    by_email: ByEmail<'a>,
    table: &'a LinkTable,
    shared: SharedNumbers<'a>,
    stored: &'a StoredLinks,
    rules: &'a [LinkRule],
    accepted: &'a [AcceptedLink],
    /// Made when somebody is to be linked anew, which is rare.
    owners: OnceCell<Owners<'a>>,
}

/// Everybody who is or was linked to a person, and whether that link holds.
type Owners<'a> = HashMap<&'a RecordId, Several<(&'a HolderId, bool)>, RandomState>;

/// What the rules give for a member.
enum Given<'a> {
    One(&'a RecordId, LinkRule),
    Several(BTreeSet<&'a RecordId>),
    /// Nobody; the person with the member's number has another name.
    OtherName(&'a RecordId),
    Nobody,
}

impl<'a> Door<'a> {
    fn claim(&self, member: &Holder) -> Claim<'a> {
        let by_hand = self.accepted.iter().find(|one| one.member == member.key);
        let accepted = by_hand.and_then(|one| self.persons.get_key_value(&one.employee_no));
        if let Some((person, _)) = accepted {
            let (rule, is_linked) =
                (LinkRule::Accepted, Linked::WithName(DateTime::<Utc>::MAX_UTC));
            return Claim::One(OneClaim { person, rule, is_outdated: false, is_linked });
        }
        let given = self.by_rules(member);
        let Some(stored) = self.stored.links.get(&member.key) else {
            return self.newcomer(member, given);
        };
        let there = self.persons.get_key_value(&stored.employee_no);
        match (given, there) {
            (Given::One(person, rule), _) if *person == stored.employee_no => {
                self.held(member, stored, person, rule, false)
            }
            (Given::One(person, rule), there) => {
                self.moved(member, stored, there.map(|(id, _)| id), person, rule)
            }
            (Given::Several(several), Some((person, on_door)))
                if several.contains(person) || name_agrees(&member.last_name, &on_door.name) =>
            {
                self.held(member, stored, person, stored.rule, !several.contains(person))
            }
            (Given::Several(several), _) => Claim::Several(several),
            (Given::OtherName(_) | Given::Nobody, Some((person, _))) => {
                let is_outdated = stored.rule != LinkRule::Accepted;
                self.held(member, stored, person, stored.rule, is_outdated)
            }
            (given, None) => self.newcomer(member, given),
        }
    }

    /// The claim of somebody whom the door does not let in: to the person whom they are linked to, as long as
    /// that is still the same one.
    fn claim_from_before(&self, member: &Holder) -> Claim<'a> {
        let stored = self.stored.links.get(&member.key);
        let there = stored
            .and_then(|stored| Some((stored, self.persons.get_key_value(&stored.employee_no)?.0)));
        match there.map(|(stored, person)| self.held(member, stored, person, stored.rule, false)) {
            Some(held @ Claim::One(_)) => held,
            _ => Claim::None(NoLink::OtherOrganisation),
        }
    }

    /// The claim of somebody who is linked to nobody on the door.
    fn newcomer(&self, member: &Holder, given: Given<'a>) -> Claim<'a> {
        match given {
            Given::One(person, rule) => Claim::new(person, rule),
            Given::Several(several) => Claim::Several(several),
            Given::OtherName(person) => Claim::None(NoLink::NameDiffers {
                employee_no: person.clone(),
                found: Found::ByNumber,
            }),
            Given::Nobody => Claim::None(self.nobody(member)),
        }
    }

    /// Why no rule gives a person for a member: whether the link files name any.
    fn nobody(&self, member: &Holder) -> NoLink {
        if self.rules.contains(&LinkRule::File) {
            if let Some(ambiguous) = self.not_alone(member) {
                return ambiguous;
            }
            let listed = self.table.persons(member, &self.shared);
            let persons: BTreeSet<RecordId> = listed.take(CLAIMANTS_MAX).cloned().collect();
            if !persons.is_empty() {
                return NoLink::NotThere { persons };
            }
        }
        match member.email {
            None if !self.rules.contains(&LinkRule::HolderNumber) => NoLink::NoEmail,
            _ => NoLink::NoPerson,
        }
    }

    /// Why a member with the number of another is not the one whom a row beside that number means.
    fn not_alone(&self, member: &Holder) -> Option<NoLink> {
        let (number, of) = self.shared.get_key_value(member.number.as_ref()?)?;
        let is_there = |id: &&RecordId| self.persons.contains_key(*id);
        let persons = self.table.persons_of_number(number).filter(is_there).cloned();
        let persons: BTreeSet<RecordId> = persons.take(CLAIMANTS_MAX).collect();
        let rivals = of.iter().filter(|key| **key != &member.key).take(CLAIMANTS_MAX);
        let rivals = rivals.map(|key| (*key).clone()).collect();
        (!persons.is_empty()).then_some(NoLink::Ambiguous { persons, rivals })
    }

    /// The claim to the person that the member is linked to. A number that was given to somebody else on
    /// the door is no longer the member's; one whose name is only spelled otherwise is.
    fn held(
        &self,
        member: &Holder,
        stored: &StoredLink,
        person: &'a RecordId,
        rule: LinkRule,
        is_outdated: bool,
    ) -> Claim<'a> {
        let name = self.persons.get(person).map_or("", |person| person.name.as_str());
        let digest = name_digest(name);
        if digest != 0 && digest != stored.name && !is_same_person(member, name) {
            let employee_no = person.clone();
            return Claim::None(NoLink::NameDiffers { employee_no, found: Found::Renamed });
        }
        let is_linked = match name_agrees(&member.last_name, name) {
            true => Linked::WithName(stored.made_at),
            false => Linked::Yes,
        };
        Claim::One(OneClaim { person, rule, is_outdated, is_linked })
    }

    /// The claim of a member who is linked to one person where the rules lead to another one now. An
    /// e-mail or a number that changed moves nobody by itself. The link moves when the name on the door
    /// is the member's, or when somebody changed the row of the link file that led to the old person; it
    /// stays when the other person is somebody else's, or when somebody has accepted it as it is.
    fn moved(
        &self,
        member: &Holder,
        stored: &StoredLink,
        old: Option<&'a RecordId>,
        new: &'a RecordId,
        rule: LinkRule,
    ) -> Claim<'a> {
        let email = member.email.as_ref();
        let is_same_email = stored.email == email_digest(email);
        let row_since = || self.table.leads_since(member, is_same_email, new);
        let is_row_changed =
            rule == LinkRule::File && row_since().is_some_and(|since| since > stored.made_at);
        let is_settled = stored.rule == LinkRule::Accepted && is_same_email && !is_row_changed;
        let name = self.persons.get(new).map_or("", |person| person.name.as_str());
        let fits = is_same_person(member, name);
        let is_taken = || self.owners(new).any(|(key, holds)| holds && *key != member.key);
        match old {
            Some(old) if is_settled => self.held(member, stored, old, stored.rule, false),
            Some(old) if fits && self.agrees(member, old) && is_taken() => {
                self.held(member, stored, old, stored.rule, true)
            }
            _ if fits || is_row_changed => Claim::new(new, rule),
            _ => {
                let found = Found::InsteadOf(stored.employee_no.clone());
                Claim::None(NoLink::NameDiffers { employee_no: new.clone(), found })
            }
        }
    }

    fn agrees(&self, member: &Holder, person: &RecordId) -> bool {
        let on_door = self.persons.get(person);
        on_door.is_some_and(|person| name_agrees(&member.last_name, &person.name))
    }

    /// Marks new claims to persons who were another member's before and have another name: a number on the
    /// door, or an e-mail, may have been given to somebody else. So may persons with the name of somebody whom
    /// the door does not let in and who has the same e-mail: a parent's, by which a child is found.
    fn doubt_newcomers(&self, claims: &mut [Claimed<'_>]) {
        let mut outside: HashMap<&Email, Vec<&Holder>, RandomState> = HashMap::default();
        for claimed in claims.iter().filter(|claimed| !claimed.is_let_in) {
            if let Some(email) = &claimed.member.email {
                outside.entry(email).or_default().push(claimed.member);
            }
        }
        let is_new = |claimed: &Claimed<'_>| match &claimed.claim {
            Claim::One(one) => one.is_linked == Linked::Not,
            Claim::Several(_) | Claim::None(_) => false,
        };
        for claimed in claims.iter_mut().filter(|claimed| is_new(claimed)) {
            let Claim::One(one) = &claimed.claim else { continue };
            let mut owners = self.owners(one.person);
            let is_somebody_elses = owners.any(|(key, _)| *key != claimed.member.key);
            let name = self.persons.get(one.person).map_or("", |person| person.name.as_str());
            if is_same_person(claimed.member, name) {
                continue;
            }
            let family = claimed.member.email.as_ref().and_then(|email| outside.get(email));
            let mut family = family.into_iter().flatten();
            claimed.doubt = match is_somebody_elses {
                true => Some(Found::SomebodyElses),
                false => family.any(|one| is_same_person(one, name)).then_some(Found::AnothersName),
            };
        }
    }

    /// Everybody who is or was linked to a person, and whether that link holds.
    fn owners(&self, person: &RecordId) -> impl Iterator<Item = (&'a HolderId, bool)> {
        let owners = self.owners.get_or_init(|| {
            let mut owners = Owners::default();
            let linked = self.stored.links.iter();
            let linked = linked.map(|(key, link)| (&link.employee_no, (key, true)));
            let former = self.stored.former.iter();
            let former = former
                .flat_map(|(person, keys)| keys.iter().map(move |key| (person, (key, false))));
            for (person, owner) in linked.chain(former) {
                Several::add_to(&mut owners, person, owner);
            }
            owners
        });
        owners.get(person).into_iter().flat_map(Several::iter).copied()
    }

    fn by_rules(&self, member: &Holder) -> Given<'a> {
        let mut other_name = None;
        for rule in self.rules {
            let given = match rule {
                LinkRule::File => {
                    let listed = self.table.persons(member, &self.shared);
                    let there = listed.filter_map(|id| Some(self.persons.get_key_value(id)?.0));
                    one_or_several(there, *rule)
                }
                LinkRule::DeviceEmail => {
                    let there = member.email.as_ref().and_then(|email| self.by_email.get(email));
                    one_or_several(there.into_iter().flat_map(Several::iter).copied(), *rule)
                }
                LinkRule::HolderNumber => match by_number(member, self.persons) {
                    Some((id, true)) => Some(Given::One(id, *rule)),
                    Some((id, false)) => {
                        other_name = Some(id);
                        None
                    }
                    None => None,
                },
                // Never a rule of the configuration: a link that somebody accepted is stored.
                LinkRule::Accepted => None,
            };
            if let Some(given) = given {
                return given;
            }
        }
        other_name.map_or(Given::Nobody, Given::OtherName)
    }
}

/// The persons that one rule gives, if it gives any.
fn one_or_several<'a>(
    mut persons: impl Iterator<Item = &'a RecordId>,
    rule: LinkRule,
) -> Option<Given<'a>> {
    let first = persons.next()?;
    match persons.find(|person| *person != first) {
        None => Some(Given::One(first, rule)),
        Some(second) => Some(Given::Several([first, second].into_iter().chain(persons).collect())),
    }
}

fn index_by_email(persons: &BTreeMap<RecordId, Record>) -> ByEmail<'_> {
    let mut index = ByEmail::default();
    for (id, person) in persons {
        let Some(email) = &person.email else { continue };
        Several::add_to(&mut index, email, id);
    }
    index
}

/// The person whose number is the member's, and whether the name agrees.
fn by_number<'a>(
    member: &Holder,
    persons: &'a BTreeMap<RecordId, Record>,
) -> Option<(&'a RecordId, bool)> {
    let id = RecordId::new(member.number.as_ref()?.as_str()).ok()?;
    let (id, person) = persons.get_key_value(&id)?;
    Some((id, name_agrees(&member.last_name, &person.name)))
}
