//! Tests of planning and of the proof: tables here, laws over generated worlds beside them.

mod budgets;
mod changes;
pub(crate) mod generated;
mod judgement;
mod laws;
mod left_out;
mod mutants;
mod oracle;
mod order;
mod reviewed;
mod small_worlds;
mod unchanged;
mod unreadable;
mod vanished;
pub(crate) mod world;

use super::Plan;

/// Every change as one line: `device person cause kind after[, opens][, over BUDGET]`.
fn changes(plan: &Plan) -> Vec<String> {
    let lines = plan.changes.iter().map(|change| {
        let opens = if change.opens_door { ", opens" } else { "" };
        let over = change.blocked.map(|budget| format!(", over {}", budget.as_str()));
        format!(
            "{} {} {} {} {}{opens}{}",
            change.device,
            change.employee_no,
            change.cause.as_str(),
            change.kind.as_str(),
            change.after,
            over.unwrap_or_default()
        )
    });
    lines.collect()
}

/// Every member left out as one line: `number device reason[ (detail)][, paid]`.
fn left_out(plan: &Plan) -> Vec<String> {
    let lines = plan.left_out.iter().map(|one| {
        let device = one.device.as_ref().map_or("everywhere", |name| name.as_str());
        let detail = one.detail.as_ref().map(|detail| format!(" ({detail})"));
        let paid = if one.has_paid_time { ", paid" } else { "" };
        format!(
            "{} {device} {}{}{paid}",
            one.member.human(),
            one.reason,
            detail.unwrap_or_default()
        )
    });
    lines.collect()
}
