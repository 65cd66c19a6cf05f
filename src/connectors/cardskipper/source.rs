//! An organisation as a source of the engine.

use std::collections::BTreeMap;

use super::{Client, Error};
use crate::model::RightCode;
use crate::ports::{Class, Failure, Listing, Snapshot, Source, Unusable};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let class = match &error {
            Error::NoRight { .. } => Class::MissingRight,
            error if error.is_login() => Class::Login,
            error if error.is_temporary() => Class::Temporary,
            _ => Class::Refused,
        };
        Self { class, has_spent_login: false, text: error.to_string(), hint: error.hint() }
    }
}

impl From<super::unusable::Unusable> for Unusable {
    fn from(entry: super::unusable::Unusable) -> Self {
        let super::unusable::Unusable { key, number, line, reason } = entry;
        Self { key, number, line, reason: reason.to_string() }
    }
}

impl Source for Client {
    fn snapshot(&self, listing: Listing) -> Result<Snapshot, Failure> {
        Ok(self.members(listing)?)
    }

    fn right_names(&self) -> Result<BTreeMap<RightCode, String>, Failure> {
        Ok(self.role_names()?)
    }
}
