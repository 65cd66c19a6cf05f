//! Why a call is refused, and with which HTTP status where that is another than the usual.

use crate::isapi::answers::{Code, Failure};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) failure: Failure,
    /// The HTTP status; `None` is that of the switches.
    pub(super) status: Option<u16>,
}

impl Problem {
    /// The same with HTTP 200.
    pub(super) fn with_200(self) -> Self {
        Self { status: Some(200), ..self }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { failure, status: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Failure::from(code).into()
    }
}
