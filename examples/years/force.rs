//! The oracle, third part: what was written to a platform is in force at its doors, or known not to be.

use chrono::TimeDelta;
use ivms_sync::model::RecordId;
use ivms_sync::store::Uncommitted;
use ivms_sync::trouble::{About, TroubleKind};

use crate::door::Card;
use crate::judge::{Ended, Way};
use crate::life::Life;
use crate::site::Step;

/// After so long the program must say that something is not in force. Source: `ivms-sync help systems`.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

impl Life {
    /// What the program has to put in force at a door, or to ask after; nothing for devices.
    pub fn uncommitted(&self, at: usize) -> Result<Vec<Uncommitted>, String> {
        let name = &self.world.club.doors[at].name;
        let mut configured = self.context.config.devices.iter();
        let device = configured.find(|device| device.name.as_str() == name);
        let (Some(device), Some(store)) = (device, &self.store) else { return Ok(Vec::new()) };
        store.journal().uncommitted(&device.name).map_err(|error| error.to_string())
    }

    /// However a run ended, nothing that was written and is not in force is forgotten; and with nothing in
    /// the way it was asked for, and what takes long or fails is told.
    pub fn judge_force(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        for at in 0..self.world.doors.len() {
            if !self.world.club.doors[at].is_platform {
                continue;
            }
            let open = self.uncommitted(at)?;
            let name = self.world.club.doors[at].name.clone();
            let is_whole = self.is_sync() && way.is_open[at] && !way.may_wait[at];
            let report = ended.report().filter(|_| is_whole);
            let (mut failed, mut late, mut refused): (Vec<&RecordId>, Vec<&RecordId>, Vec<_>) =
                (vec![], vec![], vec![]);
            for trouble in report.iter().flat_map(|report| &report.troubles) {
                match (&trouble.about, &trouble.kind) {
                    (About::Target(target), _) if target.as_str() != name => {}
                    (_, TroubleKind::NotTakenAtDoors(who)) => {
                        failed.extend(who.iter().map(|(id, _)| id));
                    }
                    (_, TroubleKind::NotPutInForce(who)) => {
                        refused.extend(who.iter().map(|(id, _)| id));
                    }
                    (_, TroubleKind::NotInForce(who)) => late.extend(who),
                    _ => {}
                }
            }
            let host_now = self.world.host_now();
            let door = crate::outside::open(&self.world.doors[at]);
            for card in door.cards.values().filter(|card| card.is_behind()) {
                self.tally.behind += 1;
                let about = |what: &str| {
                    let no = &card.no;
                    Err(format!("platform {at}, person {no}: written, not in force, {what}"))
                };
                let is_him = |id: &RecordId| id.as_str() == card.no;
                let Some(row) = open.iter().find(|row| is_him(&row.employee_no)) else {
                    return about("and forgotten");
                };
                if report.is_none() {
                    continue;
                }
                match card.behind.map(|behind| behind.step) {
                    Some(Step::Edited) if !refused.iter().any(|id| is_him(id)) => {
                        return about("and nobody asked for it");
                    }
                    // Or that the platform refuses to try it again.
                    Some(Step::Failed) if !failed.iter().chain(&refused).any(|id| is_him(id)) => {
                        return about("and nobody is told that it failed");
                    }
                    // Or that the platform refuses to apply it once more.
                    Some(Step::Queued(_))
                        if host_now - row.since > PATIENCE
                            && !late.iter().chain(&refused).any(|id| is_him(id)) =>
                    {
                        return about("and nobody is told for how long");
                    }
                    _ => {}
                }
            }
            let waits = |card: &Card| card.behind.is_some();
            let is_settled = report.is_some() && !door.cards.values().any(waits);
            // Whoever the platform refuses to apply is told of in every run, and nobody knows better.
            let is_told = |row: &Uncommitted| refused.contains(&&row.employee_no);
            if let Some(row) = open.iter().find(|row| is_settled && !is_told(row)) {
                return Err(format!(
                    "platform {at}, person {}: in force, and not known to be",
                    row.employee_no
                ));
            }
        }
        Ok(())
    }
}
