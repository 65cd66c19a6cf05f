//! Answers about documents, as far as all wires have them alike.

use super::Standing;
use crate::document::{JsonError, Limits, Node, differences, parse};
use crate::net::service::Answer;

impl Standing {
    /// What the answer to the question how a document stands comes to.
    pub(crate) fn of_question(answer: &Answer, read: impl FnOnce(&[u8]) -> Self) -> Self {
        match answer.status {
            404 => Self::Never,
            405 => Self::Unaskable,
            _ => read(&answer.body),
        }
    }

    /// What the answer to a document that was just sent comes to: `known` reads one that says that it is there
    /// already, and `refusals` says what a status means at `whom`.
    pub(crate) fn of_delivery(
        answer: &Answer,
        (read, known): (impl FnOnce(&[u8]) -> Self, impl FnOnce(&[u8]) -> Self),
        (whom, refusals): (&str, &[(u16, &str)]),
    ) -> Self {
        match answer.status {
            200..=299 => read(&answer.body),
            409 => known(&answer.body),
            status => {
                let refusal = refusals.iter().find(|(one, _)| *one == status);
                let other = || format!("{whom} refused it with status {status}");
                Self::Refused(refusal.map_or_else(other, |(_, why)| (*why).to_owned()))
            }
        }
    }

    /// What an answer comes to, by whoever knows its fields; one that cannot be read is doubtful.
    pub(crate) fn of_answer(
        bytes: &[u8],
        limits: Limits,
        read: impl FnOnce(&Node<'_, '_>) -> Result<Self, JsonError>,
    ) -> Self {
        let read = parse(bytes, limits).and_then(|value| read(&Node::top(&value)));
        read.unwrap_or_else(|error| Self::Doubtful(error.to_string()))
    }

    /// The same of an answer that says that something is there under this id already: `document` is what came,
    /// `state` how it stands. Where the state is not told, the first one is being dealt with, perhaps.
    pub(crate) fn of_conflict(
        bytes: &[u8],
        sent: &[u8],
        limits: Limits,
        read: impl FnOnce(&Node<'_, '_>) -> Result<Self, JsonError>,
    ) -> Self {
        Self::of_answer(bytes, limits, |top| {
            if let Some(there) = top.optional("document")?
                && !differences(there.value(), &parse(sent, limits)?).is_empty()
            {
                return Ok(Self::Otherwise("another document came under this id".to_owned()));
            }
            Ok(match read(&top.field("state")?)? {
                Self::Doubtful(what) => Self::Otherwise(what),
                standing => standing,
            })
        })
    }
}
