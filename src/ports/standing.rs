//! Answers about documents, as far as all wires have them alike.

use super::Standing;
use crate::document::{JsonError, Limits, Node, differences, parse};

impl Standing {
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
