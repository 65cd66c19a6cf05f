//! Gates and lists of permits, as the state file knows them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Status;
use crate::config::{Config, Mode};
use crate::engine::gates::NotDone;
use crate::engine::gather::back_off;
use crate::engine::gather::devices::held_back;
use crate::model::TargetName;
use crate::report::look::Look;
use crate::report::table::Table;
use crate::store::{Store, StoreError};
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
    pub not_done: Vec<NotDone>,
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
        Ok(GateStatus {
            name: gate.name.clone(),
            kind: gate.kind.name(),
            mode: gate.mode,
            rows: kept.rows,
            strangers: kept.strangers,
            capacity: kept.capacity,
            read_at: kept.read_at,
            not_done: serde_json::from_str(&kept.remarks).unwrap_or_default(),
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
        let mut table = Table::new(&["gate", "rows", "of others", "last read", "state"]);
        for gate in &status.gates {
            table.row([
                gate.name.to_string(),
                gate.rows.to_string(),
                gate.strangers.to_string(),
                moment(gate.read_at),
                gate.state(),
            ]);
        }
        text.push_str(&format!("\n{}", table.render(look)));
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

impl GateStatus {
    /// How it is, in words.
    fn state(&self) -> String {
        let trouble = self.login_trouble.as_ref().or(self.failure.as_ref());
        match (trouble, &self.blocked) {
            (Some(trouble), _) => trouble.clone(),
            (None, Some(id)) => format!("changes wait: ivms-sync apply --blocked {id}"),
            (None, None) if self.read_at.is_none() => "not read yet".to_owned(),
            (None, None) => match self.not_done.iter().map(|one| one.rights.len()).sum() {
                0 if self.mode == Mode::Observe => "observed".to_owned(),
                0 => "ok".to_owned(),
                count => format!("nothing is done for {}", crate::text::lists::many(count, "car")),
            },
        }
    }
}
