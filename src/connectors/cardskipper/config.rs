//! `[cardskipper.NAME]`: the keys of an organisation.

use std::sync::Arc;

use url::Url;

use super::Client;
use super::identity::OrganisationId;
use crate::config::reading::{
    DeValue, FirstKey, Form, Section, Surroundings, Wrong, address, integer, value,
};
use crate::config::{Common, Nouns, Secret, SourceKind, SourceParts, SourceSettings, Wiring};
use crate::model::{Account, RightCode, SourceName, Zone};
use crate::ports::Source;

/// The kind of source that Cardskipper is.
#[derive(Debug)]
pub struct Cardskipper;

/// What `init` asks for.
static FIRST: [FirstKey; 4] = [
    FirstKey {
        key: "url",
        flag: "--url",
        question: "Address of Cardskipper's API",
        about: "The address of Cardskipper's API.",
        default: Some("https://api.cardskipper.se"),
        form: Form::Text,
        check: |text| address::web(text).map(drop),
    },
    FirstKey {
        key: "organisation_id",
        flag: "--organisation",
        question: "Number of your organisation",
        about: "The number of your organisation. Cardskipper tells it together with the login for the API.",
        default: None,
        form: Form::Number,
        check: |text| {
            let number = text.parse().map_err(|_| Wrong::new("is not a number"))?;
            value::id(OrganisationId::new(number)).map(drop)
        },
    },
    FirstKey {
        key: "username",
        flag: "--username",
        question: "Login for Cardskipper's API",
        about: "The login for the API, of an administrator with API rights.",
        default: None,
        form: Form::Text,
        check: |text| value::not_empty(text).map(drop),
    },
    FirstKey {
        key: "password",
        flag: "--password-file",
        question: "Its password",
        about: "The file that holds its password and nothing else.",
        default: None,
        form: Form::Password,
        check: |text| value::not_empty(text).map(drop),
    },
];

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
    pub time_zone: Zone,
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

    fn first(&self) -> &'static [FirstKey] {
        &FIRST
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
