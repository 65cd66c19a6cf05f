//! The club's side: what is asked, in which forms it is answered, what is never believed, and what a
//! membership becomes on a door.

mod answers;
mod asking;
mod clock;
mod identity;
mod looks;
mod members;
mod refused;

use ivms_sync_simulators::cardskipper::{Member, Role};
use ivms_sync_simulators::club::number;
use serde_json::Value;

use super::support::Sandbox;

/// The one role of a member.
fn role(member: &mut Member) -> &mut Role {
    &mut member.organisations[0].roles[0]
}

fn set_role(sandbox: &Sandbox, index: usize, start: &str, end: &str) {
    assert!(sandbox.club.cardskipper.edit(number(index), |member| {
        role(member).start = start.to_owned();
        role(member).end = end.to_owned();
    }));
}

/// The one change of a document, which waits for a second look.
#[track_caller]
fn only_second_look(run: &Value, employee_no: &str) {
    let changes = run["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{run:#}");
    assert_eq!(changes[0]["employee_no"], employee_no, "{run:#}");
    assert_eq!(changes[0]["kind"], "revocation", "{run:#}");
    assert_eq!(changes[0]["outcome"], "planned", "{run:#}");
    assert_eq!(changes[0]["blocked_by"], "second-look", "{run:#}");
}

/// The one change of a document, as `(employee_no, cause, kind, begin, end)`.
#[track_caller]
fn only_change(run: &Value) -> [&str; 5] {
    let changes = run["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{run:#}");
    let text = |pointer: &str| changes[0].pointer(pointer).unwrap().as_str().unwrap();
    assert_eq!(text("/outcome"), "confirmed", "{run:#}");
    [text("/employee_no"), text("/cause"), text("/kind"), text("/after/begin"), text("/after/end")]
}
