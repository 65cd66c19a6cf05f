//! Meters: whether the space is paid for, and what somebody should look after. Pure.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::Head;
use super::look::Look;
use super::table::Table;
use super::text::with_zone;
use crate::command::CommandName;
use crate::config::MetersConfig;
use crate::exit::Exit;
use crate::model::{Zone, printable};
use crate::store::MeterKept;
use crate::text::times::whole_seconds;
use crate::text::words::words;

words! {
    /// What is wrong with a meter.
    pub enum MeterFault {
        NotOperational = "not-operational",
        BatteryLow = "battery-low",
        /// It has said nothing for `silent_after`.
        Silent = "silent",
    }
}

/// A meter, at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeterTold {
    pub source: String,
    pub id: String,
    /// As the meter calls it.
    pub zone: Option<String>,
    pub operational: bool,
    pub occupied: Option<bool>,
    /// In percent.
    pub battery: Option<u8>,
    /// Whether the space is paid for; nothing where that cannot be said: the meter is silent or out of order, and somebody
    /// may have paid since, or it tells nothing of payments.
    pub paid: Option<bool>,
    #[serde(serialize_with = "whole_seconds")]
    pub paid_from: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    pub paid_until: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    pub said_at: DateTime<Utc>,
    pub faults: Vec<MeterFault>,
}

impl MeterTold {
    /// A meter as it is known, at a moment.
    #[must_use]
    pub fn new(meter: &MeterKept, section: &MetersConfig, at: DateTime<Utc>) -> Self {
        let silent_after = TimeDelta::from_std(section.silent_after).unwrap_or(TimeDelta::MAX);
        let is_silent = at.signed_duration_since(meter.said_at) >= silent_after;
        let is_low = meter.battery.is_some_and(|percent| percent <= section.battery_low);
        let faults = [
            (!meter.is_operational, MeterFault::NotOperational),
            (is_low, MeterFault::BatteryLow),
            (is_silent, MeterFault::Silent),
        ];
        let is_paid = meter.paid_from.is_some_and(|from| from <= at)
            && meter.paid_until.is_some_and(|until| at < until);
        // One that is out of order may not tell of payments either, and what lies in the future is of a wrong clock.
        let is_sure =
            !is_silent && meter.is_operational && meter.paid_until.is_some() && meter.said_at <= at;
        Self {
            source: meter.source.clone(),
            id: meter.id.clone(),
            zone: meter.zone.clone(),
            operational: meter.is_operational,
            occupied: meter.is_occupied,
            battery: meter.battery,
            paid: (is_paid || is_sure).then_some(is_paid),
            paid_from: meter.paid_from,
            paid_until: meter.paid_until,
            said_at: meter.said_at,
            faults: faults.into_iter().filter(|(is, _)| *is).map(|(_, fault)| fault).collect(),
        }
    }

    fn exit(&self) -> Exit {
        match self.paid {
            Some(true) => Exit::InStep,
            Some(false) => Exit::NotHereAndNow,
            None => Exit::Temporary,
        }
    }

    /// What is wrong with it, in words.
    #[must_use]
    pub fn faults_in_words(&self, zone: Zone) -> String {
        let words = self.faults.iter().map(|fault| match fault {
            MeterFault::NotOperational => "not operational".to_owned(),
            MeterFault::BatteryLow => format!("battery at {} %", self.battery.unwrap_or_default()),
            MeterFault::Silent => format!("silent since {}", with_zone(self.said_at, zone)),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// All meters, as `status` tells of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MetersStatus {
    /// How many have ever stated anything.
    pub known: usize,
    /// Those that somebody should look after.
    pub faulty: Vec<MeterTold>,
}

impl MetersStatus {
    /// The meters of sections that there are.
    #[must_use]
    pub fn new(meters: &[MeterKept], sections: &[MetersConfig], at: DateTime<Utc>) -> Self {
        let told = told(meters, sections, at);
        Self {
            known: told.len(),
            faulty: told.into_iter().filter(|m| !m.faults.is_empty()).collect(),
        }
    }

    /// How many there are, and how many are well.
    #[must_use]
    pub fn counted(&self) -> String {
        let well = self.known.saturating_sub(self.faulty.len());
        format!("Meters: {} known, {well} well.", self.known)
    }

    /// The line and the table.
    #[must_use]
    pub fn render(&self, zone: Zone, look: Look) -> String {
        let mut text = format!("\n{}\n", self.counted());
        if !self.faulty.is_empty() {
            let mut table = Table::new(&["meter", "section", "zone", "what is wrong"]);
            for meter in &self.faulty {
                let named = meter.zone.as_deref().unwrap_or("–");
                table.row([
                    printable(&meter.id).to_string(),
                    meter.source.clone(),
                    printable(named).to_string(),
                    meter.faults_in_words(zone),
                ]);
            }
            text.push_str(&table.render(look));
        }
        text
    }
}

fn told(meters: &[MeterKept], sections: &[MetersConfig], at: DateTime<Utc>) -> Vec<MeterTold> {
    let each = meters.iter().filter_map(|meter| {
        let section = sections.iter().find(|one| one.name.as_str() == meter.source)?;
        Some(MeterTold::new(meter, section, at))
    });
    each.collect()
}

/// The answer to `lookup meter:ID`.
#[derive(Debug, Serialize)]
pub struct MeterAnswer {
    #[serde(flatten)]
    head: Head,
    who: String,
    #[serde(serialize_with = "whole_seconds")]
    asked_at: DateTime<Utc>,
    /// Those of this name; several sections may have one.
    meters: Vec<MeterTold>,
    exit_code: u8,
    #[serde(skip)]
    exit: Exit,
}

impl MeterAnswer {
    /// Of meters with the name that was asked for.
    #[must_use]
    pub fn new(
        who: &str,
        meters: &[MeterKept],
        sections: &[MetersConfig],
        asked_at: DateTime<Utc>,
    ) -> Self {
        let meters = told(meters, sections, asked_at);
        // Paid at one of them is what the officer looks for.
        let best = meters.iter().map(MeterTold::exit).min_by_key(|exit| exit.code());
        let exit = best.unwrap_or(Exit::NobodyFound);
        let head = Head::of(CommandName::Lookup);
        Self { head, who: who.to_owned(), asked_at, meters, exit_code: exit.code(), exit }
    }

    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for the desk.
    #[must_use]
    pub fn render(&self, zone: Zone) -> String {
        let mut text = String::new();
        for meter in &self.meters {
            let until = meter.paid_until.map(|until| with_zone(until, zone));
            let paid = match (meter.paid, until) {
                (Some(true), Some(until)) => format!("paid until {until}"),
                (Some(_), Some(until)) => format!("not paid now; it was until {until}"),
                (Some(_), None) => "not paid".to_owned(),
                (None, _) => "it cannot be said whether it is paid".to_owned(),
            };
            let _ = write!(text, "{} of {}: {paid}", printable(&meter.id), meter.source);
            if !meter.faults.is_empty() {
                let _ = write!(text, "; {}", meter.faults_in_words(zone));
            }
            text.push('\n');
        }
        if self.meters.is_empty() {
            text.push_str("No meter of that name has stated anything.\n");
        }
        text
    }
}
