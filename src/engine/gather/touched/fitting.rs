//! Whom somebody asks for, by what the state file has indexes of.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::model::{Asked, HolderId, RecordId, Who};
use crate::store::{Store, StoreError, StoredHolder};

/// Members who fit, by their own fields or by a person linked to them; `None` where more than `most` do.
///
/// # Errors
/// [`StoreError`].
pub fn fitting(
    store: &Store,
    config: &Config,
    asked: &Asked,
    most: usize,
) -> Result<Option<Vec<StoredHolder>>, StoreError> {
    let name = match asked {
        Asked::Who(Who::Email(email)) => return store.members().members_by_email(email).map(Some),
        Asked::Who(Who::Number(number)) => {
            return store.members().members_by_number(number).map(Some);
        }
        Asked::Who(Who::Record(id)) => {
            let mut keys = BTreeSet::new();
            for device in &config.devices {
                keys.extend(store.links().links_to(&device.name, id)?.links.into_keys());
            }
            return of_keys(store, &keys).map(Some);
        }
        Asked::Name(name) => name,
    };
    let mut keys: BTreeSet<HolderId> = BTreeSet::new();
    for source in &config.sources {
        keys.extend(store.members().keys_where_name(&source.name, |it| name.begins(it))?);
    }
    for device in &config.devices {
        let ids: Vec<RecordId> =
            store.devices().ids_where_name(&device.name, |it| name.begins(it))?;
        if ids.len().max(keys.len()) > most {
            return Ok(None);
        }
        for id in &ids {
            keys.extend(store.links().links_to(&device.name, id)?.links.into_keys());
        }
    }
    if keys.len() > most { Ok(None) } else { of_keys(store, &keys).map(Some) }
}

fn of_keys(store: &Store, keys: &BTreeSet<HolderId>) -> Result<Vec<StoredHolder>, StoreError> {
    let mut members = Vec::with_capacity(keys.len());
    for key in keys {
        members.extend(store.members().member(key)?);
    }
    Ok(members)
}
