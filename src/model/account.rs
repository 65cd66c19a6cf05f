//! What sources are called, and what is read under each name. Pure.

use super::SourceName;

/// What a section of a source reads, whatever the section is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The key in the configuration that says so: `organisation_id`.
    pub key: &'static str,
    /// The account among all systems; holds a colon: `cardskipper:123`.
    pub id: String,
    /// What is under the key: `123`.
    pub value: String,
}

/// The account that each configured source reads. What outlives a run is kept by account: a section may get
/// another name, and one that reads another account has other members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts(Vec<(SourceName, String)>);

impl Accounts {
    /// What a source reads; its name itself where it is not configured.
    #[must_use]
    pub fn account<'a>(&'a self, source: &'a SourceName) -> &'a str {
        let found = self.0.iter().find(|(name, _)| name == source);
        found.map_or(source.as_str(), |(_, account)| account)
    }

    /// Which source reads an account.
    #[must_use]
    pub fn source(&self, account: &str) -> SourceName {
        let found = self.0.iter().find(|(_, known)| known == account);
        found.map_or_else(|| SourceName::unconfigured(account), |(name, _)| name.clone())
    }
}

impl FromIterator<(SourceName, String)> for Accounts {
    fn from_iter<T: IntoIterator<Item = (SourceName, String)>>(accounts: T) -> Self {
        Self(accounts.into_iter().collect())
    }
}
