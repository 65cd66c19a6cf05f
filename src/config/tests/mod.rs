//! The loader as a whole. Helpers here; what is tested, in the files.

mod documents;
mod example;
mod gates;
mod good;
mod overrides;
mod problems;
mod properties;
mod reports;
mod secrets;
mod services;
mod vehicles;

use std::any::Any;
use std::path::{Path, PathBuf};

use super::load::{SourceFile, interpret};
use super::secret_source::Surroundings;
use super::{Config, ConfigError, Environment, SourceConfig, TargetConfig};
use crate::connectors::{KINDS, cardskipper, hikvision};

/// A small configuration that is right. Lines are counted in the tests.
const SMALL: &str = r#"time_zone = "Europe/Ljubljana"
[cardskipper.club]
url = "https://api.cardskipper.se"
organisation_id = 123
username = "api@club.example"
password = { env = "CLUB_PASSWORD" }
[hikvision.front-door]
url = "https://192.168.1.100"
username = "admin"
password = { env = "DOOR_PASSWORD" }
"#;

/// The folder the configuration pretends to be in.
fn folder() -> PathBuf {
    std::path::absolute(Path::new("/club")).unwrap()
}

/// The variables that [`SMALL`] names, and more.
fn environment(more: &[(&str, &str)]) -> Environment {
    let passwords = [("CLUB_PASSWORD", "club-pw"), ("DOOR_PASSWORD", "door-pw")];
    Environment::from_pairs(passwords.iter().chain(more).copied())
}

fn read_with(text: &str, environment: &Environment) -> Result<Config, ConfigError> {
    let file = SourceFile { bytes: text.as_bytes().to_vec(), is_readable_by_others: false };
    let folder = folder();
    let surroundings = Surroundings::new(environment, &folder);
    interpret(&file, &folder.join("ivms-sync.toml"), &surroundings, KINDS)
        .map_err(|problems| ConfigError { path: "ivms-sync.toml".into(), problems })
}

fn read(text: &str) -> Result<Config, ConfigError> {
    read_with(text, &environment(&[]))
}

/// What the connector read of a section of Cardskipper.
fn club(config: &SourceConfig) -> &cardskipper::Settings {
    (config.settings.as_ref() as &dyn Any).downcast_ref().unwrap()
}

/// What the connector read of a section of a Hikvision device.
fn door(config: &TargetConfig) -> &hikvision::Settings {
    (config.settings.as_ref() as &dyn Any).downcast_ref().unwrap()
}

/// [`SMALL`] with a line put in below the line that starts so.
fn with(below: &str, line: &str) -> String {
    let mut text = String::new();
    for existing in SMALL.lines() {
        text.push_str(existing);
        text.push('\n');
        if existing.starts_with(below) {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert_ne!(text, SMALL, "{below} is in the text");
    text
}

/// [`SMALL`] with something replaced.
fn replaced(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}
