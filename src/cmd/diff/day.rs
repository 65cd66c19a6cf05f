//! `diff --day`: that day's books.
//!
//! Files that have arrived since are taken, which changes nothing anywhere else.

use crate::cmd::Context;
use crate::engine::books::{Calendar, look, take_spools, unsettled_deposits};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::books::{BooksReport, DayAsked};
use crate::report::parking::QuestionError;

/// Runs the command.
pub(super) fn run(context: &Context, asked: DayAsked) -> Result<Exit, Error> {
    let (config, began) = (&context.config.books, context.clock.began());
    let first = config.settlements.first().ok_or(QuestionError::NoBooks)?;
    let today = Calendar::of(first).civil_day(began);
    let day = asked.day(today);
    if day > today {
        return Err(QuestionError::FutureDay.into());
    }
    let mut store = context.open_store_unchecked()?;
    store.check()?;
    let taken = take_spools(config, &store, began)?;
    let cashiers = look(config, &store, day, began)?;
    let mut troubles = taken.troubles;
    troubles.extend(BooksReport::alarms(&cashiers));
    let unsettled = unsettled_deposits(config, &store, day)?;
    let report = BooksReport { day, taken: taken.files, cashiers, unsettled, troubles };
    report.troubles.iter().for_each(super::super::say_trouble);
    let exit = report.exit();
    match context.is_json {
        true => context.print_json(&report.document())?,
        false => context.print(&report.render(context.look))?,
    }
    Ok(exit)
}
