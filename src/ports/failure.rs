//! Why a system gave no usable answer, sorted by what the engine may do about it.

use std::fmt;

use crate::net::service::ServiceError;
use crate::net::service::deliver::Undelivered;

/// What may be done about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It may work at another time; nothing was changed.
    Temporary,
    /// A write left and its answer was lost: only reading tells whether it took.
    Unknown,
    /// The login is wrong or locked: trying again can make it worse.
    Login,
    /// The login is taken, and lacks a right, a licence or a permission for this call: a person must give it.
    MissingRight,
    /// The system said no, or cannot be understood; repeating it changes nothing.
    Refused,
    /// It said no because of what the record holds: a person must correct it there.
    Unfit,
    /// The system cannot be used as it is, by its version, its licence or its certificate, say: no later run
    /// mends that.
    Unusable,
    /// There is no such record.
    NoSuchRecord,
    /// The request could not be put into words, so that nothing was sent.
    NotSent,
    /// The target takes no change of any record.
    TakesNoChange,
}

/// A call that failed. No text in it holds a secret or the name of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What may be done about it.
    pub class: Class,
    /// A login was refused, which counts towards a lock.
    pub has_spent_login: bool,
    /// What happened, as a fragment that follows the system's name.
    pub text: String,
    /// What a person can do.
    pub hint: Option<String>,
}

impl Failure {
    /// What an error of a connector comes to.
    #[must_use]
    pub fn new(
        class: Class,
        has_spent_login: bool,
        error: &impl fmt::Display,
        hint: Option<&str>,
    ) -> Self {
        Self { class, has_spent_login, text: error.to_string(), hint: hint.map(str::to_owned) }
    }

    /// Whether the same call would fail again, whenever it is made.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self.class {
            Class::Refused
            | Class::Unfit
            | Class::Unusable
            | Class::NoSuchRecord
            | Class::NotSent
            | Class::TakesNoChange => true,
            Class::Temporary | Class::Unknown | Class::Login | Class::MissingRight => false,
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let class = match &error {
            ServiceError::LoginRefused => Class::Login,
            ServiceError::NoRight => Class::MissingRight,
            ServiceError::Unusable(_) => Class::Unusable,
            error if error.is_temporary() => Class::Temporary,
            _ => Class::Refused,
        };
        Self::new(class, error == ServiceError::LoginRefused, &error, error.hint())
    }
}

impl From<Undelivered> for Failure {
    fn from(undelivered: Undelivered) -> Self {
        match undelivered {
            Undelivered::NotSent(error) => Self::from(error),
            Undelivered::Lost(error) => Self::new(Class::Unknown, false, &error, error.hint()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
