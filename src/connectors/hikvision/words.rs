//! What is told of a device beside its errors. Pure.

use super::manners::{Manners, WriteManners};
use super::wire::Abilities;
use crate::model::visible;
use crate::ports::{Remark, Severity, Statement};

/// The longest time that is quoted.
const TIME_CHARS: usize = 32;

/// What a device says it can do with persons.
pub(super) fn statement(said: &Abilities) -> Statement {
    let mut facts = Vec::new();
    if let Some(most) = said.persons_max {
        facts.push(format!("holds at most {most} persons"));
    }
    if let Some(page) = said.page_max {
        facts.push(format!("lists {page} at a time"));
    }
    if said.can_modify == Some(true) {
        facts.push("lets them be changed".to_owned());
    }
    if let Some(end) = &said.time_end {
        facts.push(format!("takes dates up to {}", visible(end, TIME_CHARS)));
    }
    let mut remarks = Vec::new();
    if said.can_modify == Some(false) {
        let remedy = "ask the vendor for firmware that supports UserInfo/Modify, or use mode = \"observe\" \
                      and change the dates by hand";
        remarks.push(Remark {
            severity: Severity::Failed,
            text: "says that persons cannot be changed: its capabilities offer no `put` \
                   (supportFunction), so writing will most likely be refused"
                .to_owned(),
            remedy: Some(remedy.to_owned()),
        });
    }
    if said.has_local_time == Some(false) {
        let remedy = "change one person with `ivms-sync sync --only WHO`, and look at the door";
        remarks.push(Remark {
            severity: Severity::Warning,
            text: "says that it takes no local time, so dates could be off by the zone".to_owned(),
            remedy: Some(remedy.to_owned()),
        });
    }
    Statement { capacity: said.persons_max, latest_end: said.latest_end(), facts, remarks }
}

/// How a device wants to be asked and to be changed, as far as that is otherwise than documented.
pub(in crate::connectors) fn learnt(asked: Manners, written: &WriteManners) -> Vec<String> {
    let mut found = Vec::new();
    if asked.one_request_per_connection {
        found.push(
            "gets one request per connection, because it closed one without a word, or left a request \
             on one without an answer"
                .to_owned(),
        );
    }
    if !asked.pause.is_zero() {
        let pause = asked.pause.as_millis();
        found.push(format!(
            "gets at least {pause} ms between two requests, because it cuts off faster callers"
        ));
    }
    if written.by_post {
        found.push("takes changes of persons by POST in place of PUT".to_owned());
    }
    if !written.dropped.is_empty() {
        let fields: Vec<&str> = written.dropped.iter().map(String::as_str).collect();
        let fields = fields.join(", ");
        found.push(format!("is not sent back {fields} of a person, because it refuses that"));
    }
    found
}
