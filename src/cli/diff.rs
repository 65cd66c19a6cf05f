//! What can be typed after `diff`.

use std::path::PathBuf;

use clap::Args;

use super::LookArgs;
use crate::report::books::DayAsked;
use crate::report::history::Since;

/// Flags of `diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// With --to, a document: show what sending it would do.
    #[arg(value_name = "FILE", requires = "to", conflicts_with_all = ["only", "full"])]
    pub file: Option<PathBuf>,
    /// The section that a document, or the report of a day, is for: cashier of [teller.cashier]. Without either, an
    /// agency: show whom it would be handed, and whom it would give back.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["only", "full", "violations"])]
    pub to: Option<String>,
    /// How much to look at.
    #[command(flatten)]
    pub look: LookArgs,
    /// Write the plan to this file, to be carried out by apply.
    #[arg(long, value_name = "PLAN")]
    pub out: Option<PathBuf>,
    /// End with code 2 when changes are pending.
    #[arg(long)]
    pub exit_code: bool,
    /// Show the citations against cars that had a right, in place of changes.
    #[arg(long, conflicts_with_all = ["only", "out", "exit_code"])]
    pub violations: bool,
    /// With --violations, from when on: a date, as in 2026-11-01, or how long ago, as in 12h or 7d; without it, all
    /// that are kept.
    #[arg(long, value_name = "WHEN", requires = "violations")]
    pub since: Option<Since>,
    /// Show the books of this day, in place of changes: a date, as in 2026-11-01, or yesterday; with --to, the report of
    /// it for that section.
    #[arg(long, value_name = "DAY", conflicts_with_all = ["full", "only", "violations"])]
    pub day: Option<DayAsked>,
}
