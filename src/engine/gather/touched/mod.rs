//! A look at those whom a listing of changes has news of, while everything else is as an earlier run saw it.
//!
//! What is decided about anybody depends on those alone whom links, rows of link files, e-mails and numbers
//! lead to (`related`). So where nothing else can have changed ([`super::quiet`]), the same code over these few
//! comes to what it would come to over everybody. What is counted over everybody (budgets, losses, first links
//! by a file) is not decided here: then it is not enough ([`Touched::lacks`]), and everybody is looked at.

mod fitting;
mod related;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use chrono::{DateTime, Utc};

use super::devices::{self, Before};
use super::links::LinksGathered;
use super::record::link_news;
use super::sources::{Answer, SourceGathered, not_asked};
use super::{Conversation, Gathered, KnownOfTarget, Scope, TargetInTurn, facts, quiet, run_after};
use crate::config::{Config, LinkRule, Mode};
use crate::engine::TargetOutcome;
use crate::engine::link::{Found, Link, NoLink, in_question};
use crate::engine::plan::{
    Change, Kind, LeftOut, Plan, Reason, TargetFacts, in_sync, unchanged_until,
};
use crate::model::{HolderId, RecordId};
use crate::store::{Attention, Quiet, Store, StoreError, StoredHolder};
pub use fitting::fitting;
use related::Related;

/// Some members, mostly those whom the organisations have news of, and all who have to do with them.
pub struct Touched {
    /// Both sides, without everybody else.
    pub gathered: Gathered,
    /// What the run left that looked at everybody last.
    pub before: Quiet,
    /// What the organisations answered.
    pub(super) asked: Vec<Answer>,
}

/// Gathers those whom the organisations have news of; `None` where they are too many, or where something
/// else stands in the way. `news` is of each organisation what is known of the members whom its listing
/// names, and what the listing comes to; `others` are looked at besides.
pub(super) fn gather(
    config: &Config,
    store: &Store,
    scope: &Scope,
    now: DateTime<Utc>,
    news: Vec<(Vec<StoredHolder>, SourceGathered)>,
    others: &[StoredHolder],
) -> Result<Option<Gathered>, StoreError> {
    let _look = store.reading()?;
    if run_after(store, now)?.is_some() {
        return Ok(None);
    }
    let changed: Vec<&StoredHolder> = news
        .iter()
        .flat_map(|(_, gathered)| &gathered.changed)
        .map(|changed| &changed.stored)
        .collect();
    let keys: BTreeSet<&HolderId> = changed.iter().map(|stored| stored.key()).collect();
    // Whom a listing repeats is as before.
    let before = news.iter().flat_map(|(known, _)| known).filter(|one| keys.contains(one.key()));
    // Whoever is among both is as the listing says.
    let members = changed.iter().copied().chain(others);
    let related = related::related(store, config, members, before)?;
    let Some(related) = related else { return Ok(None) };
    let sources = news.into_iter().map(|(_, gathered)| gathered).collect();
    put_together(config, store, scope, now, sources, related)
}

/// Both sides of those alone who were found.
fn put_together(
    config: &Config,
    store: &Store,
    scope: &Scope,
    now: DateTime<Utc>,
    mut sources: Vec<SourceGathered>,
    related: Related,
) -> Result<Option<Gathered>, StoreError> {
    let mut of_source: BTreeMap<_, Vec<StoredHolder>> = BTreeMap::new();
    for (key, member) in related.members {
        of_source.entry(key.source).or_default().push(member);
    }
    for (source, gathered) in config.sources.iter().zip(&mut sources) {
        gathered.members = of_source.remove(&source.name).unwrap_or_default();
    }
    let mut targets = Vec::with_capacity(config.devices.len());
    for (device, door) in config.devices.iter().zip(related.doors) {
        let before = Before::beside(store, device, scope, door.persons)?;
        let mut gathered = devices::untouched(device, before);
        // Whoever holds the latest end may not be among them.
        gathered.limits = devices::believed_limits(store, device, gathered.limits, now)?;
        let known = KnownOfTarget::beside(store, &device.name, now, door.stored)?;
        let open = Conversation::none();
        targets.push(TargetInTurn { known, ..TargetInTurn::new(device, gathered, open) });
    }
    let table = related.table;
    let facts = facts::put_together(config, &mut sources, &mut targets, &table, scope, now);
    // Nothing is accepted in such a look, so that nothing can be in vain.
    let Ok((facts, accepted)) = facts else { return Ok(None) };
    let links = LinksGathered::unchanged(table);
    let devices = targets.into_iter().map(|target| target.gathered).collect();
    Ok(Some(Gathered { facts, sources, devices, accepted, links, clock_trouble: None, now }))
}

impl Touched {
    /// What the state file holds of these members, and of all who have to do with them, while nothing can have
    /// changed since `before` was left ([`quiet::standing`]). `None` where they are too many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn on_file(
        config: &Config,
        store: &Store,
        now: DateTime<Utc>,
        before: Quiet,
        members: &[StoredHolder],
    ) -> Result<Option<Self>, StoreError> {
        let related = related::related(store, config, members.iter(), iter::empty())?;
        let Some(related) = related else { return Ok(None) };
        let mut sources = Vec::with_capacity(config.sources.len());
        for source in &config.sources {
            let state = store.members().source_state(&source.name)?;
            sources.push(not_asked(source, &state, Vec::new()));
        }
        let scope = Scope { is_offline: true, ..Scope::default() };
        let gathered = put_together(config, store, &scope, now, sources, related)?;
        Ok(gathered.map(|gathered| Self { gathered, before, asked: Vec::new() }))
    }

    /// What the organisations answered, for a look at everybody.
    #[must_use]
    pub fn into_asked(self) -> quiet::Asked {
        quiet::Asked(Some(self.asked))
    }

    /// The same, to look at everybody besides.
    #[must_use]
    pub fn asked_again(&self) -> Option<quiet::Asked> {
        let answers = self.asked.iter().map(Answer::again).collect::<Option<Vec<_>>>()?;
        Some(quiet::Asked(Some(answers)))
    }

    /// How many members of each organisation are not known yet, before anything is recorded.
    pub fn newcomers(&self, store: &Store) -> Result<Vec<u64>, StoreError> {
        let mut all = Vec::with_capacity(self.gathered.sources.len());
        for source in &self.gathered.sources {
            let mut count = 0;
            for changed in &source.changed {
                let known = store.members().member(changed.stored.key())?;
                count += u64::from(known.is_none());
            }
            all.push(count);
        }
        Ok(all)
    }

    /// Whether somebody is among those who are looked at.
    #[must_use]
    pub fn is_touched(&self, member: &HolderId) -> bool {
        let members = &self.gathered.facts.members;
        members.binary_search_by(|one| one.member.key.cmp(member)).is_ok()
    }

    /// Why `plan` may not be what it would be if everybody were looked at: something in it is counted over
    /// everybody, or told of everybody. `attention` are those whom the last look at everybody has found to
    /// look after.
    #[must_use]
    pub fn lacks(
        &self,
        config: &Config,
        plan: &Plan,
        attention: &[Attention],
    ) -> Option<&'static str> {
        let devices = self.gathered.each_target(config);
        let are_ready = devices.clone().all(|(_, gathered, _)| {
            gathered.is_known && gathered.outcome == TargetOutcome::Ok && gathered.stopped.is_none()
        });
        let are_usual = self.gathered.facts.devices.iter().all(|door| self.is_usual(door));
        let is_plain_grant = |change: &Change| {
            let mut devices = devices.clone();
            let is_written =
                devices.any(|(one, ..)| one.name == change.device && one.mode != Mode::Observe);
            is_written && change.kind == Kind::Grant && change.blocked.is_none()
        };
        let is_looked_after = |one: &Attention| {
            self.is_touched(&one.member)
                || self.gathered.facts.devices.iter().any(|door| {
                    one.employee_no.as_ref().is_some_and(|id| door.persons.contains_key(id))
                })
        };
        let is_unlimited = |one: &LeftOut| one.reason == Reason::PermanentOnDevice;
        let lacks = [
            ("a door that is not believed", !are_ready),
            ("new links by a file", !are_usual),
            ("more than plain grants", !plan.changes.iter().all(is_plain_grant)),
            ("losses", !plan.losses.is_empty()),
            ("members without a door", !plan.no_door.is_empty()),
            ("persons linked to nobody", !plan.released.is_empty()),
            ("persons without limit", plan.left_out.iter().any(is_unlimited)),
            ("members to look after", attention.iter().any(is_looked_after)),
        ];
        lacks.into_iter().find(|(_, is_there)| *is_there).map(|(what, _)| what)
    }

    /// Whether nobody on a door is linked by a file for the first time, or has a name that stands in the way:
    /// such links are judged together with all others.
    fn is_usual(&self, door: &TargetFacts) -> bool {
        let is_new = |member: &HolderId, link: &Link| {
            let stored = door.stored.links.get(member);
            link.rule == LinkRule::File
                && stored.is_none_or(|stored| stored.employee_no != link.employee_no)
        };
        self.gathered.facts.linked(door).all(|(member, link)| match link {
            Ok(link) => !is_new(&member.member.key, link),
            Err(NoLink::NameDiffers { found, .. }) => match found {
                Found::ByNumber | Found::Renamed | Found::SomebodyElses => true,
                Found::InsteadOf(_) | Found::OneOfMany | Found::AnothersName => false,
            },
            Err(_) => true,
        })
    }

    /// What the next run may rely on, if what was planned is done; what there was to say is to be added.
    #[must_use]
    pub fn digest(&self) -> Option<Quiet> {
        let (since, until) = (self.gathered.now, self.unchanged_until()?);
        let (inputs, files) = (self.before.inputs.clone(), self.before.files.clone());
        Some(Quiet { inputs, since, until, files, report: String::new() })
    }

    fn unchanged_until(&self) -> Option<DateTime<Utc>> {
        unchanged_until(&self.gathered.facts).map(|until| until.min(self.before.until))
    }

    /// What a look at everybody comes to that this one does not; nothing, unless there is a bug.
    #[must_use]
    pub fn missed(&self, plan: &Plan, all: &Gathered, plan_of_all: &Plan) -> Vec<&'static str> {
        let (near, far) = (&self.gathered.facts, &all.facts);
        let persons: BTreeSet<&RecordId> =
            near.devices.iter().flat_map(|door| door.persons.keys()).collect();
        let releases = plan_of_all.released.iter().any(|one| persons.contains(&one.employee_no));
        let until = self.unchanged_until();
        let links = |gathered: &Gathered, plan: &Plan| {
            let doors = gathered.facts.devices.iter();
            let news = doors.flat_map(|door| link_news(&gathered.facts, door, plan, gathered.now));
            let mut news: Vec<_> = news.collect();
            news.sort_by(|(one, _), (other, _)| one.cmp(other));
            news
        };
        let mut elsewhere = far.devices.iter().flat_map(|door| far.linked(door));
        let claims_touched = elsewhere.any(|(member, link)| {
            !self.is_touched(&member.member.key)
                && in_question(link).into_iter().any(|person| persons.contains(person))
        });
        let differences = [
            ("changes", plan.changes != plan_of_all.changes),
            ("the paid time that is kept", plan.served != plan_of_all.served),
            ("losses", !plan_of_all.losses.is_empty()),
            ("members without a door", releases),
            ("who is in sync", in_sync(near) != in_sync(far)),
            ("links", links(&self.gathered, plan) != links(all, plan_of_all)),
            ("who has to do with whom", claims_touched),
            ("until when nothing changes", until > unchanged_until(far)),
        ];
        differences.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
    }
}
