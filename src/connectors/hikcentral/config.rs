//! `[hikcentral.NAME]`: the keys of a platform.

use std::sync::Arc;

use super::wire::TIMES;
use super::{Platform, Settings};
use crate::config::reading::{Section, Surroundings, Wrong, address, examine_certificate, value};
use crate::config::{
    Common, Login, Nouns, Place, TargetKind, TargetParts, TargetSettings, Tls, Wiring,
};
use crate::model::{Memory, TargetName};
use crate::ports::{Capabilities, Failure, Remark, Target};

/// How many persons are written between two readings, which ask for one person at a time.
const BATCH: usize = 30;

/// The most requests in a second that can be asked for.
const REQUESTS_PER_SECOND_MAX: i64 = 50;

/// The kind of target that a HikCentral Professional is.
#[derive(Debug)]
pub struct HikCentral;

/// One platform.
#[derive(Debug)]
struct Configured {
    name: TargetName,
    settings: Settings,
}

impl TargetKind for HikCentral {
    fn name(&self) -> &'static str {
        "hikcentral"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "HikCentral",
            one: "platform",
            many: "platforms",
            version: "version",
            identity: "address",
        }
    }

    /// The doors learn of a change when it is applied to them.
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: BATCH, times: TIMES, commits: true }
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<TargetName>,
        surroundings: &Surroundings<'_>,
    ) -> TargetParts {
        let url = section.text("url", address::device).required();
        let app_key = section.text("app_key", header).required();
        let app_secret = section.password("app_secret", surroundings);
        let user_id = section.text("user_id", header).optional();
        let tls = section.text("tls", value::tls).or(Tls::System);
        let requests_per_second =
            section.integer("requests_per_second", per_second).or(Settings::REQUESTS_PER_SECOND);
        if let Some(url) = &url {
            section.check_tls(url, &tls, "names and door rights");
        }
        let place = url.as_ref().map(Place::of_url);
        let login = app_key.clone().zip(app_secret.clone());
        let configured = || {
            let settings = Settings {
                url: url?,
                app_key: app_key?,
                app_secret: app_secret?,
                user_id,
                tls,
                zone: common.time_zone,
                requests_per_second,
            };
            Some(Configured { name: common.name.clone()?, settings })
        };
        TargetParts {
            settings: configured().map(|one| Arc::new(one) as Arc<dyn TargetSettings>),
            login: login.map(|(name, secret)| Login { name, secret }),
            place,
        }
    }
}

impl TargetSettings for Configured {
    fn connect(&self, wiring: Wiring, _: &Memory) -> Result<Box<dyn Target>, Failure> {
        Ok(Box::new(Platform::connect(&self.name, &self.settings, wiring)?))
    }

    fn examine(&self) -> Vec<Remark> {
        let Settings { url, tls, .. } = &self.settings;
        examine_certificate(url, tls, &format!("hikcentral.{}", self.name))
    }
}

/// What is sent as a header: text without what a header cannot hold.
fn header(text: &str) -> Result<String, Wrong> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(Wrong::new("holds a character that cannot be sent"));
    }
    value::not_empty(text)
}

fn per_second(number: i64) -> Result<u32, Wrong> {
    match u32::try_from(number) {
        Ok(count) if (1..=REQUESTS_PER_SECOND_MAX).contains(&number) => Ok(count),
        _ => Err(Wrong::new(format!("is not between 1 and {REQUESTS_PER_SECOND_MAX}"))),
    }
}
