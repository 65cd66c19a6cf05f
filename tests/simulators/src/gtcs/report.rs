//! A report, read and added up.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Switches;
use crate::service::{Fields, Json, Problem, major, problem};
use crate::zone::Zone;

/// What a transaction may be.
const KINDS: &[&str] = &["PARKING_PAYMENT", "REFUND"];

/// A report as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The day of the wall clock.
    pub day: NaiveDate,
    /// 1 for the first.
    pub revision: usize,
    /// The revision that it corrects.
    pub corrects: Option<usize>,
    /// `transactionId` of each.
    pub transactions: Vec<String>,
    /// `totalRevenue`, in minor units.
    pub revenue: i64,
    /// `processingFees`, in minor units.
    pub fees: i64,
}

/// `gtcs:2024-01-01:1`
pub(super) fn id(day: NaiveDate, revision: usize) -> String {
    format!("gtcs:{day}:{revision}")
}

/// The id of a report before it is known to be one.
pub(super) fn subject(body: &Json, zone: Zone) -> Option<String> {
    let mut period = Fields::of(body.get("reportPeriod")?, "").ok()?;
    let day = zone.local(period.instant("from").ok()?).date();
    let revision = match body.get("revision") {
        Some(Json::Number(digits)) => digits.parse().ok()?,
        _ => 1,
    };
    Some(id(day, revision))
}

impl Report {
    pub(super) fn read(
        body: &Json,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Result<Self, Problem> {
        let mut body = Fields::of(body, "")?;
        let mut period = body.object("reportPeriod")?;
        let (from, to) = (period.instant("from")?, period.instant("to")?);
        period.end()?;
        let day = switches.zone.local(from).date();
        let next = switches.zone.day_begins(day + TimeDelta::days(1));
        if from != switches.zone.day_begins(day) {
            return Err(problem("period-begin", from.to_string()).status(422));
        }
        if to != next - TimeDelta::milliseconds(1) {
            return Err(problem("period-end", to.to_string()).status(422));
        }
        if now < next {
            return Err(problem("day-not-over", day.to_string()).status(422));
        }
        let (revision, corrects) = revision(&mut body, day)?;
        let rows = body.list("transactions")?;
        if rows.len() > switches.transactions_max {
            return Err(problem("too-many-transactions", rows.len().to_string()).status(413));
        }
        let (mut transactions, mut revenue) = (Vec::new(), 0);
        for (place, row) in rows.iter().enumerate() {
            let mut row = Fields::of(row, format!("/transactions/{place}"))?;
            let transaction = row.text("transactionId")?.to_owned();
            let at = row.instant("timestamp")?;
            let amount = row.decimal("amount", true)?;
            let kind = row.word("type", KINDS)?;
            row.text("zone")?;
            row.text("paymentMethod")?;
            let account = row.text("accountingCode")?;
            row.end()?;
            if amount <= 0 {
                return Err(problem("amount-sign", transaction).status(422));
            }
            if !switches.accounts.iter().any(|one| one == account) {
                return Err(problem("account-code", account).status(422));
            }
            if at < from || next <= at {
                return Err(problem("outside-day", transaction).status(422));
            }
            if transactions.contains(&transaction) {
                return Err(problem("transaction-twice", transaction).status(422));
            }
            revenue += if kind == "REFUND" { -amount } else { amount };
            transactions.push(transaction);
        }
        let mut summary = body.object("summary")?;
        let told = summary.decimal("totalRevenue", true)?;
        let count = summary.count("totalTransactions")?;
        let fees = summary.decimal("processingFees", true)?;
        let net = summary.decimal("netRevenue", true)?;
        summary.end()?;
        body.end()?;
        let sums = format!("{} {count} {} {}", major(told), major(fees), major(net));
        for (slug, agrees) in [
            ("sum-count", count == transactions.len()),
            ("sum-revenue", told == revenue),
            ("sum-fees", fees >= 0),
            ("sum-net", net == revenue - fees),
        ] {
            if !agrees {
                return Err(problem(slug, sums).status(422));
            }
        }
        Ok(Self { day, revision, corrects, transactions, revenue, fees })
    }
}

/// 1 if nothing is said; another may say what it corrects, which was before it.
fn revision(body: &mut Fields<'_>, day: NaiveDate) -> Result<(usize, Option<usize>), Problem> {
    let Some(told) = body.maybe("revision") else { return Ok((1, None)) };
    let number = match told {
        Json::Number(digits) if digits.len() < 4 => digits.parse().ok(),
        _ => None,
    };
    let number: usize = number.ok_or_else(|| problem("field-type", "/revision"))?;
    let corrects = match (number, body.maybe("corrects")) {
        (0, _) => return Err(problem("field-type", "/revision")),
        (_, None) => None,
        (_, Some(Json::Text(text))) => {
            let earlier = (1..number).find(|earlier| *text == id(day, *earlier));
            Some(earlier.ok_or_else(|| problem("revision-corrects", text).status(422))?)
        }
        (_, Some(_)) => return Err(problem("field-type", "/corrects")),
    };
    Ok((number, corrects))
}
