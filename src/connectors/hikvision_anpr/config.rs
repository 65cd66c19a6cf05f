//! `[hikvision-anpr.NAME]`: the keys of a camera.

use std::sync::Arc;

use super::Camera;
use crate::config::reading::{Section, Surroundings, Wrong, address, examine_certificate, value};
use crate::config::{Common, GateKind, GateParts, GateSettings, Login, Nouns, Place, Tls, Wiring};
use crate::connectors::hikvision;
use crate::model::{Memory, TargetName};
use crate::ports::{Failure, Gate, Remark};

/// The channels that a camera may have.
const CHANNELS: std::ops::RangeInclusive<u8> = 1..=32;

/// The kind of gate that a Hikvision ANPR camera is.
#[derive(Debug)]
pub struct HikvisionAnpr;

/// One camera.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How it is reached: the same as for a door.
    pub device: hikvision::Settings,
    /// The channel whose list it is, 1 to 32.
    pub channel: u8,
}

impl GateKind for HikvisionAnpr {
    fn name(&self) -> &'static str {
        "hikvision-anpr"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "Hikvision ANPR",
            one: "gate",
            many: "gates",
            version: "firmware",
            identity: "serial number",
        }
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<TargetName>,
        surroundings: &Surroundings<'_>,
    ) -> GateParts {
        let url = section.text("url", address::device).required();
        let username = section.text("username", value::not_empty).required();
        let password = section.password("password", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        let channel = section.integer("channel", channel);
        let channel = if channel.is_absent() { Some(1) } else { channel.optional() };
        if let Some(url) = &url {
            section.check_tls(url, &tls, "number plates");
        }
        // Each channel has a list of its own.
        let place = url.as_ref().map(Place::of_url).zip(channel).map(|(place, channel)| Place {
            place: format!("{} channel {channel}", place.place),
            ..place
        });
        let login = username.clone().zip(password.clone());
        let settings = || {
            let device = hikvision::Settings {
                name: common.name.clone()?,
                url: url?,
                username: username?,
                password: password?,
                tls,
                time_zone: common.time_zone,
            };
            Some(Settings { device, channel: channel? })
        };
        GateParts {
            settings: settings().map(|settings| Arc::new(settings) as Arc<dyn GateSettings>),
            login: login.map(|(name, secret)| Login { name, secret }),
            place,
        }
    }
}

fn channel(number: i64) -> Result<u8, Wrong> {
    let channel = u8::try_from(number).ok().filter(|channel| CHANNELS.contains(channel));
    channel.ok_or_else(|| {
        Wrong::new(format!("is not between {} and {}", CHANNELS.start(), CHANNELS.end()))
    })
}

impl GateSettings for Settings {
    fn connect(&self, wiring: Wiring, memory: &Memory) -> Result<Box<dyn Gate>, Failure> {
        Ok(Box::new(Camera::connect(self, memory, wiring.count)?))
    }

    fn examine(&self) -> Vec<Remark> {
        let section = format!("hikvision-anpr.{}", self.device.name);
        examine_certificate(&self.device.url, &self.device.tls, &section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels() {
        for (number, expected) in
            [(1, Some(1)), (32, Some(32)), (0, None), (33, None), (-1, None), (i64::MAX, None)]
        {
            assert_eq!(channel(number).ok(), expected, "{number}");
        }
    }
}
