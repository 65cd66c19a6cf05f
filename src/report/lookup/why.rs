//! Why a door opens or does not, what the next run does about it, and what the admin can do: one
//! sentence each. Pure.

use chrono::NaiveDateTime;

use crate::engine::link::{Link, NoLink};
use crate::engine::plan::{Change, HolderFacts, LeftOut, Reason};
use crate::model::{Limit, Window};
use crate::report::text;

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn in_brackets(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

/// What the next run does for a person, or why it does nothing.
pub(super) fn next(
    change: Option<&Change>,
    left_out: Option<(&LeftOut, String)>,
    is_stopped: bool,
) -> Option<String> {
    match (change, left_out) {
        (Some(change), _) if is_stopped => Some(format!(
            "nothing is written to this door until that is settled; then the next sync sets it to {}",
            text::window(&change.after)
        )),
        (Some(change), _) => Some(match change.blocked {
            Some(hold) if hold.needs_approval() => format!("waits for approval ({})", hold.why()),
            Some(hold) => {
                format!("{}, and sets it to {}", hold.why(), text::window(&change.after))
            }
            None => format!("the next sync sets it to {}", text::window(&change.after)),
        }),
        (None, Some((left_out, detail))) => {
            let (title, _) = text::explain(left_out.reason);
            Some(format!("nothing is done: {title}{}", in_brackets(&detail)))
        }
        (None, None) => None,
    }
}

/// One sentence that says why the door opens or does not.
pub(super) fn why(
    member: &HolderFacts,
    link: Option<&Result<Link, NoLink>>,
    expected: Option<Window>,
    actual: Option<Limit>,
    now: NaiveDateTime,
    left_out: Option<(&LeftOut, String)>,
    system: &str,
) -> String {
    let Some(actual) = actual else {
        return match (link, left_out) {
            (None, _) => "The persons on this door are not known yet.".to_owned(),
            (_, Some((left_out, detail))) => {
                let (title, remedy) = text::explain(left_out.reason);
                format!("{}{}. {remedy}", capitalised(title), in_brackets(&detail))
            }
            _ => "No person here belongs to this member.".to_owned(),
        };
    };
    let is_paid = expected.is_some_and(|window| window.contains(now));
    let is_unknown = left_out.is_some_and(|(one, _)| one.reason == Reason::BadDates);
    match actual {
        Limit::Permanent(_) => {
            "The dates of this person are switched off on the door, so it always opens.".to_owned()
        }
        Limit::Unclear { .. } => {
            "The dates on the door are in a form that can mean two things, or not known, so nothing is \
             changed there."
                .to_owned()
        }
        Limit::Unreadable { .. } => {
            "The dates on the door cannot be read; the next sync sets them.".to_owned()
        }
        Limit::Window(window) if window.contains(now) => {
            let until = text::last(window.end());
            if is_paid {
                format!("Valid on the door until {until}.")
            } else if is_unknown {
                format!("Valid on the door until {until}; what is paid for cannot be read.")
            } else {
                format!("Valid on the door until {until}, although no paid membership opens it now.")
            }
        }
        Limit::Window(window) => {
            let state = if window.end() < now {
                format!("Validity on the door ended {}", text::last(window.end()))
            } else {
                format!("Validity on the door begins {}", text::first(window.begin()))
            };
            if is_paid {
                format!("{state}, but there is paid time now: the door is behind.")
            } else if is_unknown {
                format!("{state}; what is paid for cannot be read.")
            } else if member.member.inactive {
                format!("{state}; the member is marked inactive in {system}.")
            } else {
                format!("{state}, and there is no paid time now.")
            }
        }
    }
}

/// What is known of a member on a device, for [`remedy`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub member: &'a HolderFacts,
    /// What the system of the member is called.
    pub system: &'static str,
    pub is_linked: bool,
    pub is_barred: bool,
    pub opens_now: bool,
    pub is_paid_now: bool,
    /// What the next run changes.
    pub change: Option<&'a Change>,
    /// Why it changes nothing.
    pub left_out: Option<&'a LeftOut>,
    /// The plan that waits for approval.
    pub blocked: Option<&'a str>,
    /// Nothing is written to the door until it is accepted.
    pub is_stopped: bool,
}

/// What the admin can do; nothing where nothing is wrong, or where the reason itself says it already.
pub(super) fn remedy(standing: &Standing<'_>) -> Option<String> {
    let number = standing.member.member.key.human();
    if standing.is_barred {
        return Some("If that is a mistake, lift the bar at the door.".to_owned());
    }
    if standing.change.is_some() && standing.is_stopped {
        return Some("See what the door did and how to accept it: ivms-sync status".to_owned());
    }
    if let Some(change) = standing.change {
        if change.blocked.is_none() {
            return Some(format!("To have it now: ivms-sync sync --only {number}"));
        }
        if !change.needs_approval() {
            return None;
        }
        let look = "Look at what waits with `ivms-sync diff`; if it is right:";
        return standing.blocked.map(|id| format!("{look} ivms-sync apply --blocked {id}"));
    }
    if let Some(left_out) = standing.left_out {
        return standing.is_linked.then(|| text::explain(left_out.reason).1.to_owned());
    }
    match (standing.is_linked, standing.opens_now, standing.is_paid_now) {
        (true, true, true) => Some(
            "The dates are right. If it does not open all the same, look at the card, the PIN or the \
             face, and at the schedules of the door."
                .to_owned(),
        ),
        (true, false, false) => {
            let system = standing.system;
            let what = match standing.member.member.inactive {
                true => format!("Take the mark away in {system} if it is wrong"),
                false => format!("Renew the membership in {system}"),
            };
            Some(format!("{what}; the door follows at the next run."))
        }
        _ => None,
    }
}
