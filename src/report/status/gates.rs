//! Gates and lists of permits, as the state file knows them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Status, failed};
use crate::config::{Config, Mode};
use crate::engine::gates::{NotDone, Remarks, RowsWaiting, is_trouble};
use crate::engine::gather::back_off;
use crate::engine::gather::devices::held_back;
use crate::model::{TargetName, Zone};
use crate::report::look::{Look, Tone};
use crate::report::table::Table;
use crate::store::{Store, StoreError};
use crate::text::lists::many;
use crate::text::times::whole_seconds;

/// A gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateStatus {
    pub name: TargetName,
    /// The word of its kind.
    pub kind: &'static str,
    pub mode: Mode,
    /// How many rows it had when it was last read, and how many of them others made.
    pub rows: u64,
    pub strangers: u64,
    /// The most rows that it holds, where it says.
    pub capacity: Option<u64>,
    #[serde(serialize_with = "whole_seconds")]
    pub read_at: Option<DateTime<Utc>>,
    /// Why nothing is done for some rights.
    pub not_done: Vec<NotDone>,
    /// What was wanted when it was asked last, and is not done.
    pub waiting: RowsWaiting,
    /// The id of the changes that wait for approval.
    pub blocked: Option<String>,
    pub failures: u32,
    pub failure: Option<String>,
    #[serde(serialize_with = "whole_seconds")]
    pub left_alone_until: Option<DateTime<Utc>>,
    pub login_trouble: Option<String>,
}

/// A list of permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermitListStatus {
    pub name: TargetName,
    pub file: String,
    /// How many permits it has, and when it came to have them; nothing where it was never written.
    pub rows: Option<u64>,
    #[serde(serialize_with = "whole_seconds")]
    pub written_at: Option<DateTime<Utc>>,
}

/// Every gate of the configuration.
///
/// # Errors
/// [`StoreError`].
pub fn gates(
    config: &Config,
    store: &Store,
    at: DateTime<Utc>,
) -> Result<Vec<GateStatus>, StoreError> {
    let each = config.gates.iter().map(|gate| {
        let kept = store.gates().gate(&gate.name)?.unwrap_or_default();
        let failures = store.trust().failures(&gate.name)?;
        let peer = gate.peer();
        let login = store.trust().login_memory(peer.name, &peer.login.name, &peer.login.secret)?;
        let Remarks { not_done, waiting } = Remarks::kept(&kept);
        Ok(GateStatus {
            name: gate.name.clone(),
            kind: gate.kind.name(),
            mode: gate.mode,
            rows: kept.rows,
            strangers: kept.strangers,
            capacity: kept.capacity,
            read_at: kept.read_at,
            not_done,
            waiting,
            blocked: kept.blocked,
            failures: failures.count,
            failure: failures.last.as_ref().map(|failure| failure.failed.text.clone()),
            left_alone_until: back_off::waits_until(&failures, at),
            login_trouble: held_back(peer, &login, at).map(|trouble| trouble.text()),
        })
    });
    each.collect()
}

/// Every list of permits of the configuration.
///
/// # Errors
/// [`StoreError`].
pub fn permit_lists(config: &Config, store: &Store) -> Result<Vec<PermitListStatus>, StoreError> {
    let kept = match config.vehicles.lists.is_empty() {
        true => Vec::new(),
        false => store.rights().permit_lists()?,
    };
    let each = config.vehicles.lists.iter().map(|list| {
        let kept = kept.iter().find(|kept| kept.name == list.name.as_str());
        PermitListStatus {
            name: list.name.clone(),
            file: list.file.to_string_lossy().into_owned(),
            rows: kept.map(|kept| kept.rows),
            written_at: kept.map(|kept| kept.written_at),
        }
    });
    Ok(each.collect())
}

/// The tables of both, where there are any.
pub(super) fn tables(status: &Status, look: Look) -> String {
    let mut text = String::new();
    let moment = |at: Option<_>| at.map_or("never".to_owned(), |at| status.moment(at));
    if !status.gates.is_empty() {
        let mut table = Table::new(&["gate", "rows", "of others", "at most", "last read", "state"]);
        for gate in &status.gates {
            table.row([
                gate.name.to_string(),
                gate.rows.to_string(),
                gate.strangers.to_string(),
                gate.capacity.map_or("–".to_owned(), |most| most.to_string()),
                moment(gate.read_at),
                gate.words(status.zone),
            ]);
            table.tone(5, if gate.is_well() { Tone::Good } else { Tone::Bad });
        }
        text.push_str(&format!("\n{}", table.render(look)));
        text.push_str(&look.folded(outside(status)));
        text.push_str(&look.folded(left_out(status)));
    }
    if !status.permit_lists.is_empty() {
        let mut table = Table::new(&["list", "permits", "written"]);
        for list in &status.permit_lists {
            let rows = list.rows.map_or("–".to_owned(), |rows| rows.to_string());
            table.row([list.name.to_string(), rows, moment(list.written_at)]);
        }
        text.push_str(&format!("\n{}", table.render(look)));
    }
    text
}

/// Cars for which nothing is done, as counts with the command that names their rights.
fn left_out(status: &Status) -> String {
    let lines = status.gates.iter().flat_map(|gate| {
        gate.left_out().map(move |one| {
            format!("  {}  {}: {}\n", one.rights.len(), gate.name, one.reason.explain().0)
        })
    });
    let lines: String = lines.collect();
    match lines.is_empty() {
        true => lines,
        false => format!(
            "\nCars for which nothing is done at a gate:\n{lines}`ivms-sync diff` names their rights, and says \
             what to do about each.\n"
        ),
    }
}

/// Cars that stand outside until a change is done, for each gate.
fn outside(status: &Status) -> String {
    let gates = status.gates.iter().filter(|gate| gate.outside() > 0);
    gates.map(|gate| format!("\n{}\n", gate.words_of_outside())).collect()
}

impl GateStatus {
    /// Whether nothing is known to be wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failures == 0 && self.login_trouble.is_none() && self.read_at.is_some()
    }

    /// Rights for which nothing is done, but for those whose cars others let in, and those that wait for a second look.
    pub fn left_out(&self) -> impl Iterator<Item = &NotDone> {
        self.not_done.iter().filter(|one| is_trouble(one))
    }

    /// How many cars stand outside until a change is done there; none where nothing is to be changed.
    #[must_use]
    pub fn outside(&self) -> usize {
        if self.mode == Mode::Observe { 0 } else { self.waiting.outside }
    }

    /// The same as a sentence.
    #[must_use]
    pub fn words_of_outside(&self) -> String {
        let count = self.outside();
        let have = if count == 1 { "has" } else { "have" };
        format!("{} that may enter {have} no row at {}.", many(count, "car"), self.name)
    }

    /// How it is, in words.
    #[must_use]
    pub fn words(&self, zone: Zone) -> String {
        if let Some(trouble) = &self.login_trouble {
            return trouble.clone();
        }
        if let Some(failure) = self.failure.as_ref().filter(|_| self.failures > 0) {
            return failed(self.failures, self.left_alone_until, failure, zone);
        }
        if self.read_at.is_none() {
            return "never read".to_owned();
        }
        if let Some(id) = &self.blocked {
            return format!("changes wait: ivms-sync apply --blocked {id}");
        }
        let left_out: usize = self.left_out().map(|one| one.rights.len()).sum();
        match (self.mode, self.waiting.all(), left_out) {
            (Mode::Observe, 0, _) => "ok, only observed".to_owned(),
            (Mode::Observe, count, _) => format!("only observed: {} wanted", many(count, "change")),
            (_, 0, 0) if self.mode == Mode::GrantOnly => {
                "ok, nothing is taken away there".to_owned()
            }
            (_, 0, 0) => "ok".to_owned(),
            (_, 0, count) => format!("nothing is done for {}", many(count, "car")),
            (_, count, _) => format!("{} not done yet", many(count, "change")),
        }
    }
}
