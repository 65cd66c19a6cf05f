//! Citations that stand at agencies under names that the configuration does not have any more: of an agency, which can
//! be told nothing, or of a service, of which no payment is heard.

use std::collections::BTreeSet;

use serde::Serialize;

use super::agencies;
use crate::config::Config;
use crate::model::{DocumentId, SourceName};
use crate::store::{Store, StoreError};

/// Citations of one service at one agency, of which one is in the configuration no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stray {
    pub agency: SourceName,
    pub source: SourceName,
    pub count: usize,
    /// No section of an agency is called so any more.
    pub is_agency_gone: bool,
    /// No section of a service that lists citations is called so any more.
    pub is_source_gone: bool,
}

/// The names that a configuration has.
struct Names<'c> {
    agencies: BTreeSet<&'c str>,
    services: BTreeSet<&'c str>,
}

impl<'c> Names<'c> {
    fn of(config: &'c Config) -> Self {
        let services = config.vehicles.services.iter();
        let services = services.filter(|one| one.settings.lists_citations());
        Self {
            agencies: agencies(config).map(|one| one.name.as_str()).collect(),
            services: services.map(|one| one.name.as_str()).collect(),
        }
    }
}

/// What stands under names that nobody has any more, and may still be asked for.
///
/// # Errors
/// [`StoreError`].
pub fn strays(config: &Config, store: &Store) -> Result<Vec<Stray>, StoreError> {
    let Names { agencies, services } = Names::of(config);
    let referrals = store.referrals();
    if !referrals.has_open_but(&agencies, &services)? {
        return Ok(Vec::new());
    }
    let each = referrals.open_by_name()?.into_iter().filter_map(|(agency, source, count)| {
        let is_agency_gone = !agencies.contains(agency.as_str());
        let is_source_gone = !services.contains(source.as_str());
        let stray = Stray {
            agency: SourceName::new(&agency).ok()?,
            source: SourceName::new(&source).ok()?,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            is_agency_gone,
            is_source_gone,
        };
        (is_agency_gone || is_source_gone).then_some(stray)
    });
    Ok(each.collect())
}

/// Whether another agency has a citation, under a name that is there or is not there any more. Two services that are
/// there may have the same numbers.
///
/// # Errors
/// [`StoreError`].
pub(super) fn is_elsewhere(
    config: &Config,
    store: &Store,
    (agency, source): (&SourceName, &SourceName),
    reference: &DocumentId,
) -> Result<bool, StoreError> {
    let rows = store.referrals().elsewhere(agency, reference)?;
    if rows.is_empty() {
        return Ok(false);
    }
    let Names { agencies, services } = Names::of(config);
    Ok(rows.iter().any(|row| {
        let is_other = row.source != *source
            && services.contains(row.source.as_str())
            && agencies.contains(row.agency.as_str());
        row.is_open() && !is_other
    }))
}
