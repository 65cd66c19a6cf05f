//! What the books of a day hand to whoever takes reports.

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::Amount;

/// Money that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// What it is called for ever, no two alike.
    pub id: String,
    pub at: DateTime<Utc>,
    /// Above zero it came; below zero it was given back.
    pub amount: Amount,
    /// Where the car stood: `A1`.
    pub zone: String,
    /// How it was paid: `CREDIT_CARD`.
    pub method: String,
}

/// The movements of one day of a wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayBooks {
    pub day: NaiveDate,
    /// 1 for the first report of the day.
    pub revision: u32,
    /// The revision that was taken last, which this one corrects; nothing where none was.
    pub corrects: Option<u32>,
    /// What was kept of it on the way.
    pub fees: Amount,
    /// In any order.
    pub movements: Vec<Movement>,
}
