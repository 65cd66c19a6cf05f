//! `[cardskipper.NAME]`: the keys of an organisation.

use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

use super::Client;
use super::identity::OrganisationId;
use crate::config::reading::{DeValue, Section, Surroundings, Wrong, address, integer, value};
use crate::config::{Common, Nouns, Secret, SourceKind, SourceParts, SourceSettings, Wiring};
use crate::model::{Account, RightCode, SourceName};
use crate::ports::Source;

/// The kind of source that Cardskipper is.
#[derive(Debug)]
pub struct Cardskipper;

/// One organisation.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: SourceName,
    /// `https://api.cardskipper.se`, without a path or with one that is kept in front.
    pub url: Url,
    /// The organisation whose members count.
    pub organisation: OrganisationId,
    pub username: String,
    pub password: Secret,
    /// The zone in which dates with an offset are read.
    pub time_zone: Tz,
}

impl SourceKind for Cardskipper {
    fn name(&self) -> &'static str {
        "cardskipper"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "Cardskipper",
            one: "organisation",
            many: "organisations",
            version: "version",
            identity: "number",
        }
    }

    /// `Role/@Id`, a whole number.
    fn right_code(&self, entry: &DeValue<'_>) -> Result<RightCode, Wrong> {
        value::id(RightCode::whole(integer(entry)?))
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<SourceName>,
        surroundings: &Surroundings<'_>,
    ) -> SourceParts {
        let url = section.text("url", address::web).required();
        let organisation = section
            .integer("organisation_id", |number| value::id(OrganisationId::new(number)))
            .required();
        let username = section.text("username", value::not_empty).required();
        let password = section.password("password", surroundings);
        if let Some(url) = &url {
            section.warn_plain_http(url, "names, e-mails and the password");
        }
        let settings = || {
            Some(Settings {
                name: common.name.clone()?,
                url: url?,
                organisation: organisation?,
                username: username?,
                password: password?,
                time_zone: common.time_zone,
            })
        };
        let settings = settings().map(|settings| Arc::new(settings) as Arc<dyn SourceSettings>);
        let account = organisation.map(|organisation| Account {
            key: "organisation_id",
            id: format!("cardskipper:{organisation}"),
            value: organisation.to_string(),
        });
        SourceParts { settings, account }
    }
}

impl SourceSettings for Settings {
    fn connect(&self, wiring: Wiring) -> Box<dyn Source> {
        Box::new(Client::new(self).counted_by(wiring.count).watched_by(wiring.progress))
    }
}
