//! What is said about a run: one value, shown as text or as JSON.
//!
//! Pure. [`Report`] is filled by the commands; [`text`] is for people, [`json`] for programs, and
//! both say the same.

pub mod attention;
pub mod books;
mod carried_out;
pub mod changes;
pub mod check;
pub mod citations;
pub mod collection;
pub mod documents;
pub mod event;
pub mod gates;
mod head;
pub mod history;
pub mod init;
pub mod json;
pub mod look;
pub mod lookup;
pub mod meters;
pub mod near;
pub mod only;
pub mod parking;
pub mod payments;
pub mod permit_list;
pub mod plan_file;
mod question;
pub mod right_by_id;
pub mod roles;
mod rows_left_out;
pub mod sheet;
pub mod status;
pub mod table;
pub mod text;
pub mod unchanged;
pub mod verify;

use collection::CollectionTold;
use documents::DocumentTold;
pub use head::Head;
pub use permit_list::{PermitListReport, PermitListState};

use std::collections::{BTreeMap, BTreeSet};

use crate::command::CommandName;
use crate::config::Config;
use crate::engine::gates::{GateSeen, GatesDone};
use crate::engine::gather::Gathered;
use crate::engine::plan::{Change, Facts, LeftOut, Loss, NoDoor, Plan, Released};
use crate::engine::rights::SectionSeen;
pub use crate::engine::{
    ChangeState, KeptLink, RowLeftOut, SourceReport, TargetOutcome, TargetReport,
};
use crate::exit::Exit;
use crate::model::{Holder, HolderId, Record, RecordId, RunId, SourceName, TargetName};
use crate::store::Attention;
use crate::trouble::Trouble;

/// Everything that one `sync`, `diff` or `apply` has to say.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub command: CommandName,
    /// The run, if the command may write.
    pub run: Option<RunId>,
    /// The organisations, by name.
    pub sources: Vec<SourceReport>,
    /// The devices, by name.
    pub devices: Vec<TargetReport>,
    /// The changes, in the order of the plan.
    pub changes: Vec<ChangeReport>,
    /// Members for whom nothing is done.
    pub left_out: Vec<LeftOut>,
    /// Members who were served on a door until now and are left out there.
    pub losses: Vec<Loss>,
    /// Members who have paid and have no person on any door.
    pub no_door: Vec<NoDoor>,
    /// Persons that this program has written to and who are linked to nobody now.
    pub released: Vec<Released>,
    /// Links that are kept although the rule that made them no longer gives them.
    pub kept_links: Vec<KeptLink>,
    /// Rows of link files that link nobody, where somebody asked for them.
    pub rows_left_out: Option<Vec<RowLeftOut>>,
    /// The id of the part that waits for approval.
    pub blocked: Option<String>,
    /// The state file does not hold that part yet, so that its id is not known there: `diff` keeps nothing.
    pub is_blocked_new: bool,
    /// Limited by `--only`: somebody asked for it just now and waits for the answer.
    pub is_limited: bool,
    pub troubles: Vec<Trouble>,
    /// What rights-files hold.
    pub rights_files: Vec<SectionSeen>,
    /// What became of lists of permits.
    pub permit_lists: Vec<PermitListReport>,
    /// What became of gates.
    pub gates: Vec<GateSeen>,
    /// Documents that leave, as far as something became known of them in this run.
    pub documents: Vec<DocumentTold>,
    /// Agencies at which something is to be done, or was left.
    pub collections: Vec<CollectionTold>,
    /// The sections of money and duties.
    pub recipients: Vec<SourceName>,
    /// Plates may be shown, as names may.
    pub shows_plates: bool,
    /// Names to show beside member numbers, where names may be shown.
    pub names: BTreeMap<HolderId, String>,
    /// The names that doors hold, of persons who are spoken of, where names may be shown.
    pub person_names: BTreeMap<(TargetName, RecordId), String>,
}

impl Report {
    /// A report of nothing yet.
    #[must_use]
    pub fn new(command: CommandName, run: Option<RunId>) -> Self {
        Self { command, run, ..Self::default() }
    }

    /// What was gathered and planned, before anything is carried out. `seen_before` are those whom an earlier
    /// run saw; `shows_names` sets names into the troubles, which go into every document.
    #[must_use]
    pub fn of(
        command: CommandName,
        run: Option<RunId>,
        (config, gathered): (&Config, &Gathered),
        plan: &Plan,
        seen_before: &[Attention],
        shows_names: bool,
    ) -> Self {
        let mut troubles = gathered.troubles();
        let facts = &gathered.facts;
        troubles.extend(attention::notices(command, plan, facts, seen_before, shows_names));
        let mut report = Self {
            sources: gathered.source_reports(),
            devices: gathered.device_reports(config),
            is_limited: !facts.only.is_everyone(),
            troubles,
            kept_links: gathered.kept_links(),
            ..Self::new(command, run)
        };
        report.take_plan(plan);
        report
    }

    /// Takes what a plan says beside its changes.
    fn take_plan(&mut self, plan: &Plan) {
        self.left_out = plan.left_out_or_ignored();
        self.losses = plan.losses.clone();
        self.no_door = plan.no_door.clone();
        self.released = plan.released.clone();
        for doubted in plan.doubted_devices() {
            for line in self.devices.iter_mut().filter(|line| line.name == *doubted) {
                line.outcome = TargetOutcome::NotBelieved;
            }
        }
    }

    /// What the run ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_all(self.troubles.iter().map(Trouble::exit))
    }

    /// Adds all names that are known, to be shown.
    pub fn show_names(&mut self, facts: &Facts) {
        self.show_holder_names(facts.members.iter().map(|facts| &facts.member));
        for device in &facts.devices {
            self.show_person_names(&device.name, &device.persons);
        }
    }

    /// Adds the names of these members to be shown.
    pub fn show_holder_names<'a>(&mut self, members: impl Iterator<Item = &'a Holder>) {
        self.names = members.map(|member| (member.key.clone(), member.name())).collect();
    }

    /// Adds the names that a door holds of persons who are spoken of; `persons` are all of that door.
    pub fn show_person_names(&mut self, device: &TargetName, persons: &BTreeMap<RecordId, Record>) {
        let is_here = |name: &TargetName| name == device;
        let changed = self.changes.iter().map(|one| &one.change);
        let changed = changed.filter(|one| is_here(&one.device)).map(|one| &one.employee_no);
        let kept = self.kept_links.iter().filter(|one| is_here(&one.device));
        let left_out = self.left_out.iter().filter(|one| one.device.as_ref().is_none_or(is_here));
        let spoken_of: BTreeSet<&RecordId> = changed
            .chain(kept.map(|one| &one.employee_no))
            .chain(left_out.flat_map(|one| &one.persons))
            .collect();
        let named = spoken_of.into_iter().filter_map(|id| {
            let person = persons.get(id).filter(|person| !person.name.is_empty())?;
            Some(((device.clone(), id.clone()), person.name.clone()))
        });
        self.person_names.extend(named);
    }

    /// What a door calls a person, where that may be shown.
    #[must_use]
    pub fn person_name(&self, device: &TargetName, person: &RecordId) -> Option<&str> {
        self.person_names.get(&(device.clone(), person.clone())).map(String::as_str)
    }

    /// The same of a person who is spoken of for every door: the first name that one of them holds.
    #[must_use]
    pub fn person_name_anywhere(&self, person: &RecordId) -> Option<&str> {
        let mut names = self.person_names.iter();
        names.find(|((_, id), _)| id == person).map(|(_, name)| name.as_str())
    }

    /// Takes what became of gates.
    pub fn take_gates(&mut self, done: GatesDone) {
        self.gates = done.gates;
        // That the run was told to stop is said once for all doors and gates.
        for trouble in done.troubles {
            if !self.troubles.contains(&trouble) {
                self.troubles.push(trouble);
            }
        }
    }

    /// How many rows of gates ended in a way.
    #[must_use]
    pub fn count_rows(&self, wanted: impl Fn(&ChangeState) -> bool) -> usize {
        let rows = self.gates.iter().flat_map(|gate| &gate.changes);
        rows.filter(|one| wanted(&one.state)).count()
    }

    /// How many changes ended in a way.
    #[must_use]
    pub fn count(&self, wanted: impl Fn(&ChangeState) -> bool) -> usize {
        self.changes.iter().filter(|change| wanted(&change.state)).count()
    }
}

/// One change and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeReport {
    pub change: Change,
    /// What became of it.
    pub state: ChangeState,
    pub error: Option<String>,
}

#[cfg(test)]
mod tests;
