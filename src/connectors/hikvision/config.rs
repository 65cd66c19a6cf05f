//! `[hikvision.NAME]`: the keys of a device.

use std::sync::Arc;

use url::Url;

use super::Door;
use super::reader::MAX_EXACT;
use crate::config::reading::{
    FirstKey, Form, Section, Surroundings, address, examine_certificate, value,
};
use crate::config::{
    Common, Login, Nouns, Place, Secret, TargetKind, TargetParts, TargetSettings, Tls, Wiring,
};
use crate::model::{Memory, TargetName, TargetTimes, Zone};
use crate::net::certificate;
use crate::ports::{Capabilities, Failure, Remark, Target};

/// What the documents name as the range of `beginTime` and `endTime`.
const TIMES: TargetTimes = TargetTimes::of_years(2000, 2037);

/// The kind of target that a Hikvision device is.
#[derive(Debug)]
pub struct Hikvision;

/// What `init` asks for.
static FIRST: [FirstKey; 3] = [
    FirstKey {
        key: "url",
        flag: "--door",
        question: "Its address, as for its own page in a browser",
        about: "The address of the device, up to the port.",
        default: None,
        form: Form::Text,
        check: |text| address::device(text).map(drop),
    },
    FirstKey {
        key: "username",
        flag: "--door-username",
        question: "Its login",
        about: "A login on the device that may change persons.",
        default: Some("admin"),
        form: Form::Text,
        check: |text| value::not_empty(text).map(drop),
    },
    FirstKey {
        key: "password",
        flag: "--door-password-file",
        question: "The password of that login",
        about: "The file that holds its password and nothing else.",
        default: None,
        form: Form::Password,
        check: |text| value::not_empty(text).map(drop),
    },
];

/// One device.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: TargetName,
    /// Scheme, host and port.
    pub url: Url,
    pub username: String,
    pub password: Secret,
    /// How an `https` certificate is judged.
    pub tls: Tls,
    /// The zone the device's wall clock runs in.
    pub time_zone: Zone,
}

impl TargetKind for Hikvision {
    fn name(&self) -> &'static str {
        "hikvision"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "Hikvision",
            one: "door",
            many: "doors",
            version: "firmware",
            identity: "serial number",
        }
    }

    fn first(&self) -> &'static [FirstKey] {
        &FIRST
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: MAX_EXACT, times: TIMES, commits: false }
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<TargetName>,
        surroundings: &Surroundings<'_>,
    ) -> TargetParts {
        let url = section.text("url", address::device).required();
        let username = section.text("username", value::not_empty).required();
        let password = section.password("password", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        if let Some(url) = &url {
            section.check_tls(url, &tls, "names and door rights");
        }
        let place = url.as_ref().map(Place::of_url);
        let login = username.clone().zip(password.clone());
        let settings = || {
            Some(Settings {
                name: common.name.clone()?,
                url: url?,
                username: username?,
                password: password?,
                tls,
                time_zone: common.time_zone,
            })
        };
        TargetParts {
            settings: settings().map(|settings| Arc::new(settings) as Arc<dyn TargetSettings>),
            login: login.map(|(name, secret)| Login { name, secret }),
            place,
        }
    }
}

impl TargetSettings for Settings {
    fn connect(&self, wiring: Wiring, memory: &Memory) -> Result<Box<dyn Target>, Failure> {
        Ok(Box::new(Door::connect(self, memory, wiring.count, wiring.progress)?))
    }

    fn certificate(&self) -> Option<String> {
        (self.url.scheme() == "https").then(|| certificate::fingerprint(&self.url).ok()).flatten()
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &format!("hikvision.{}", self.name))
    }
}
