//! What a member has paid for, asked of the roles moment by moment.

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};

use super::{SECOND, is_welcome};
use crate::config::{Ending, Mode};
use crate::engine::plan::{Facts, HolderFacts, SourceFacts, TargetFacts};
use crate::model::{Right, RightCode, Span};

/// What a member has paid for on one device, said as simply as it can be said: the first moment of
/// each role that opens the device, and the first moment after it.
pub(super) struct PaidTime {
    pub spans: Vec<(NaiveDateTime, NaiveDateTime)>,
    /// One more role opens the device, at times that nobody can read.
    pub is_doubtful: bool,
}

/// The first moment of a role and the first after it; nothing where that is no time.
pub(super) fn paid_by(role: &Right) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let Span::Wall { begin, end } = role.time;
    // An end at midnight names the last whole day.
    let rest = if end.time() == NaiveTime::MIN { TimeDelta::days(1) } else { SECOND };
    let over = end.checked_add_signed(rest)?;
    (begin < over).then_some((begin, over))
}

impl PaidTime {
    pub fn new(
        facts: &Facts,
        device: &TargetFacts,
        source: &SourceFacts,
        member: &HolderFacts,
    ) -> Self {
        let is_ended = member.member.inactive && facts.policy.inactive == Ending::End
            || member.is_vanished && facts.policy.vanished == Ending::End;
        let lists = [source.roles.as_ref(), device.roles.as_ref()];
        let is_welcome = is_welcome(device, &member.member.key);
        let is_door_role = |id: &RightCode| {
            is_welcome && lists.into_iter().flatten().all(|roles| roles.contains(id))
        };
        let grace = Days::new(u64::from(facts.policy.grace_days));
        let span = |role: &Right| {
            let (begin, over) = paid_by(role)?;
            Some((begin, over.checked_add_days(grace)?))
        };
        let roles = &member.member.roles;
        let opens_here = |role: &&Right| !is_ended && is_door_role(&role.id);
        let is_doubtful = member.member.unreadable.iter().any(|role| is_door_role(&role.id));
        let mut paid =
            Self { spans: roles.iter().filter(opens_here).filter_map(span).collect(), is_doubtful };
        // Nobody pays for this door with a role that `roles` opened it for, and now do not.
        let settled = device.settled_roles.get(&member.member.key.source);
        let opened = |id: &RightCode| {
            settled.is_some_and(|all| all.as_ref().is_none_or(|all| all.contains(id)))
        };
        let now = device.local(facts.now);
        let lost = roles
            .iter()
            .filter(|role| opened(&role.id) && !is_door_role(&role.id))
            .filter_map(span)
            .filter(|(_, over)| now < *over)
            .map(|(first, _)| first)
            .min()
            .filter(|_| device.mode != Mode::GrantOnly);
        let known = device.stored.links.get(&member.member.key).and_then(|link| link.served);
        if let Some(known) = known.map(|known| known.window)
            && let Some(over) = known.end().checked_add_signed(SECOND)
        {
            let latest = device.limits.latest_end();
            let over = lost.map_or(over, |lost| over.min(lost));
            paid.go_on_from((known.begin(), over), latest, now);
        }
        paid
    }

    /// Adds the time that is known as paid for (its first moment and the first after it) and runs now, where
    /// no role does, and where later time ends no earlier: the club has replaced one by the other.
    fn go_on_from(
        &mut self,
        known: (NaiveDateTime, NaiveDateTime),
        latest: NaiveDateTime,
        now: NaiveDateTime,
    ) {
        // Time that the device cannot hold replaces nothing.
        let next = self.first_from(now).filter(|next| *next <= latest);
        let Some(next) = next else { return };
        let (begin, over) = known;
        let runs = begin <= now && now < over && next > now;
        // Where all that is paid for without a gap from `next` on is over.
        let mut end = next;
        let longer = |end: NaiveDateTime| {
            let reach = self.spans.iter().filter(|(first, last)| *first <= end && end < *last);
            reach.map(|(_, last)| *last).max()
        };
        while let Some(later) = longer(end) {
            end = later;
        }
        if runs && end.min(latest + SECOND) >= over {
            self.spans.push(known);
        }
    }

    pub fn covers(&self, at: NaiveDateTime) -> bool {
        self.spans.iter().any(|(first, over)| *first <= at && at < *over)
    }

    /// The first paid moment from `now` on.
    pub fn first_from(&self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let open = self.spans.iter().filter(|(_, over)| now < *over);
        open.map(|(first, _)| now.max(*first)).min()
    }
}
