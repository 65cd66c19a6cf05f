//! `examples/ivms-sync.toml` is right, complete, and tells the true defaults.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::*;
use crate::config::overrides::Overrides;
use crate::config::problem::Report;
use crate::config::schema;
use crate::config::section::{Reader, Section};
use crate::config::{EventScheme, ListFormat, MailTls, Mode};
use crate::connectors::ips;
use crate::model::Ends;

pub(super) const EXAMPLE: &str = include_str!("../../../examples/ivms-sync.toml");

pub(super) fn passwords() -> Environment {
    let names = [
        "CARDSKIPPER_PASSWORD",
        "FRONT_DOOR_PASSWORD",
        "HIKCENTRAL_SECRET",
        "SMTP_PASSWORD",
        "WEBHOOK_TOKEN",
        "GATE_PASSWORD",
        "DOOR_PASSWORD",
        "CARD_PASSWORD",
        "IPS_KEY",
        "IPS_TOKEN",
        "PARKKIHUBI_TOKEN",
        "TELLER_TOKEN",
        "AIMS_SECRET",
        "GTCS_TOKEN",
        "DUNCAN_SECRET",
        "METER_TOKEN",
    ];
    let passwords = names.map(|name| (name, "a-password"));
    let hooks = [
        ("IPS_HOOK", "whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"),
        ("METER_HOOK", "a hook of some length"),
        // Of the test kit of age, file `x25519`: see `files::seal`.
        (
            "AGE_IDENTITY",
            "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0",
        ),
    ];
    Environment::from_pairs(passwords.into_iter().chain(hooks))
}

/// The example with every key that is commented out switched on.
pub(super) fn uncommented() -> String {
    let is_key = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[');
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if is_key(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The dotted keys of a table, without what is inside of a secret.
fn keys(table: &DeTable<'_>, path: &str, into: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = format!("{path}{}", name.get_ref());
        match Spanned::get_ref(value) {
            // What stands in it are names of the office, and no keys of ours.
            _ if name.get_ref() == "account_codes" => {}
            DeValue::Table(inner)
                if !["password", "app_secret", "secret", "token", "names", "identity"]
                    .contains(&&**name.get_ref()) =>
            {
                keys(inner, &format!("{key}."), into);
            }
            _ => {
                into.insert(key);
            }
        }
    }
}

#[test]
fn it_loads_as_it_is_and_with_every_key() {
    let config = read_with(EXAMPLE, &passwords()).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    assert!(config.notify.email.is_none());
    let all = read_with(&uncommented(), &passwords()).unwrap();
    let idle = |(key, with)| format!("ips.street.{key} has no effect without {with}.");
    let of_token = ["token_url", "client_id", "scope", "client_in", "asked_as"];
    let others = [("username", "auth = \"basic\""), ("events.header", "scheme = \"stripe\"")];
    let keys = of_token.map(|key| (key, "auth = \"oauth2\"")).into_iter().chain(others);
    assert_eq!(all.warnings, keys.map(idle).collect::<Vec<_>>());
    assert_eq!(all.notify.email.unwrap().tls, MailTls::FromTheStart);
    assert!(all.notify.webhook.unwrap().token.is_some());
}

#[test]
fn it_holds_every_key_and_no_other() {
    let text = uncommented();
    let document = DeTable::parse(&text).unwrap().into_inner();
    let mut written = BTreeSet::new();
    keys(&document, "", &mut written);

    let environment = passwords();
    let reader = Reader { report: Report::new(&text), overrides: Overrides::new(&environment) };
    let folder = folder();
    let surroundings = Surroundings::new(&environment, &folder);
    let top = Section::top(&reader, &document);
    schema::read(&top, &folder, KINDS, &surroundings).unwrap();
    let known: BTreeSet<String> = reader.overrides.keys().into_iter().collect();
    assert_eq!(written, known);
}

#[test]
fn it_tells_the_true_defaults() {
    let given = read_with(&uncommented(), &passwords()).unwrap();
    let default = read(SMALL).unwrap();
    assert_eq!(given.state, default.state);
    assert_eq!(given.sources[0].full_every, default.sources[0].full_every);
    let is_door = |device: &&TargetConfig| device.kind.name() == "hikvision";
    let (door, plain) = (given.devices.iter().find(is_door).unwrap(), &default.devices[0]);
    let tls = |config| &super::door(config).tls;
    assert_eq!((tls(door), door.mode), (tls(plain), plain.mode));
    assert_eq!((&door.protect, door.audit_every), (&plain.protect, plain.audit_every));
    assert_eq!(given.link.by, default.link.by);
    assert_eq!(given.policy, default.policy);
    assert_eq!(given.guard, default.guard);
    let gate = &given.gates[0];
    assert_eq!((gate.mode, gate.audit_every), (Mode::Full, Duration::from_secs(3600)));
    let (vehicles, plain) = (given.vehicles, default.vehicles);
    assert_eq!(vehicles.keep_plates, plain.keep_plates);
    assert_eq!(vehicles.files[0].fresh_for, Duration::from_secs(3600));
    let [meters, register, street] = vehicles.services.as_slice() else { panic!("three") };
    let minutes = Duration::from_secs(15 * 60);
    assert_eq!([meters, register, street].map(|one| one.fresh_for), [minutes; 3]);
    let is = |street: &dyn Any| street.downcast_ref::<ips::Settings>().unwrap().ends;
    for one in [meters, street] {
        assert_eq!(is(&*one.settings), Ends::Open);
    }
    assert_eq!([meters, register, street].map(|one| one.list_within), [minutes / 15; 3]);
    assert_eq!(street.full_every, Duration::from_secs(86_400));
    let events = street.events.as_ref().unwrap();
    assert_eq!((events.scheme, events.tolerance), (EventScheme::Standard, minutes / 3));
    assert_eq!(events.header, "webhook-signature");
    let kerb = &vehicles.meters[0];
    assert_eq!((kerb.battery_low, kerb.silent_after), (20, 8 * minutes));
    let list = &vehicles.lists[0];
    assert_eq!((list.format, list.mode), (ListFormat::Csv, Mode::Full));
    assert_eq!((list.ahead, list.rights.mode), (Duration::from_secs(14 * 86_400), 0o640));
}

#[test]
fn the_gym_with_a_barrier_loads() {
    let gym = include_str!("../../../examples/gym-with-barrier.toml");
    let config = read_with(gym, &passwords()).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let gate = &config.gates[0];
    assert_eq!((gate.members.len(), gate.zones.len(), gate.mode), (1, 1, Mode::Observe));
}

#[test]
fn the_town_loads_without_a_club() {
    let town = include_str!("../../../examples/town.toml");
    let config = read_with(town, &passwords()).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    assert!(config.sources.is_empty() && config.devices.is_empty());
    assert_eq!(config.vehicles.zones.iter().count(), 2);
    assert_eq!((config.vehicles.files.len(), config.vehicles.services.len()), (2, 1));
    assert_eq!(config.vehicles.lists[0].zones.len(), 2);
    assert_eq!(config.zone_of_people().name(), "America/New_York");
    assert!(config.vehicles.paths().all(|path| config.own_file_at(path).is_some()));
}
