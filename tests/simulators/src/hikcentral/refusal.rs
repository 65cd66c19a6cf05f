//! Calls that are refused although they are right: no permission, no licence, too busy.

use super::answers::Failure;

/// One kind of refusal, with the calls that it hits: all, until narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(super) answer: Answer,
    pub(super) retry_after: Option<u32>,
    pub(super) is_carried_out: bool,
    part: String,
    skip: usize,
    left: Option<usize>,
}

/// What the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A JSON answer with this code, after the signature was found right.
    Code(Failure),
    /// A page of the web server with this status, before anything was looked at.
    Status(u16),
}

impl Refusal {
    /// An answer with this code and its usual words.
    pub fn code(code: &str) -> Self {
        Self::answer(Answer::Code(Failure::of(code)))
    }

    /// A page with this HTTP status, as the web server before the platform sends it.
    pub fn status(status: u16) -> Self {
        Self::answer(Answer::Status(status))
    }

    fn answer(answer: Answer) -> Self {
        Self {
            answer,
            retry_after: None,
            is_carried_out: false,
            part: String::new(),
            skip: 0,
            left: None,
        }
    }

    /// With other words.
    #[must_use]
    pub fn msg(mut self, words: &str) -> Self {
        if let Answer::Code(failure) = &mut self.answer {
            failure.msg = words.to_owned();
        }
        self
    }

    /// Only calls whose path contains `part`.
    #[must_use]
    pub fn on(mut self, part: &str) -> Self {
        self.part = part.to_owned();
        self
    }

    /// Only the next `count` matching calls.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    /// Only after `count` matching calls went well.
    #[must_use]
    pub fn after(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// With `Retry-After`; whoever comes sooner commits a violation.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The call is carried out all the same.
    #[must_use]
    pub fn carried_out(mut self) -> Self {
        self.is_carried_out = true;
        self
    }

    /// Whether this hits a call; counts it.
    pub(super) fn hits(&mut self, path: &str) -> bool {
        if self.left == Some(0) || !path.contains(&self.part) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }
}
