//! `[parking]`, `[zone.NAME]` and `[rights-file.NAME]`.

use super::*;
use crate::model::{ParkingZoneName, Plate, SourceName};

/// A configuration of vehicles alone. Lines are counted in the tests.
const TOWN: &str = r#"time_zone = "America/New_York"
[parking]
country = "US"
[zone.A1]
covers = ["A2"]
grace = "5m"
names = { exempt = ["1", "Main"] }
[zone.A2]
needs = ["exempt"]
[rights-file.exempt]
files = ["exempt.csv"]
[rights-file.guests]
files = ["guests.csv", "more.csv"]
fresh_for = "10m"
"#;

fn town(from: &str, to: &str) -> String {
    assert!(TOWN.contains(from), "{from}");
    TOWN.replacen(from, to, 1)
}

fn zone(name: &str) -> ParkingZoneName {
    ParkingZoneName::new(name).unwrap()
}

fn plate(config: &Config, text: &str) -> Option<Plate> {
    config.vehicles.plates.read_spelled(text).ok()
}

#[test]
fn a_town_without_a_club() {
    let config = read(TOWN).unwrap();
    let vehicles = &config.vehicles;
    assert!(config.sources.is_empty() && config.devices.is_empty() && vehicles.are_there());
    assert_eq!(plate(&config, "CT:abc-123").unwrap().spelled(), "US-CT:ABC123");
    let exempt = SourceName::new("exempt").unwrap();
    let guests = SourceName::new("guests").unwrap();
    let meant = |source, name| vehicles.zones.meant(source, &zone(name)).map(|zone| zone.name());
    assert_eq!(meant(&exempt, "Main"), Some(&zone("A1")));
    assert_eq!(meant(&exempt, "A1"), None, "it has names of its own");
    assert_eq!(meant(&guests, "A1"), Some(&zone("A1")));
    let needs = |name| vehicles.zones.named(&zone(name)).unwrap().needs().len();
    assert_eq!((needs("A1"), needs("A2")), (2, 2), "what covers a zone counts there");
    let files: Vec<_> = vehicles.files.iter().map(|one| (one.files.len(), one.fresh_for)).collect();
    let minutes = |count: u64| std::time::Duration::from_secs(60_u64 * count);
    assert_eq!(files, [(1, minutes(60)), (2, minutes(10))]);
    assert!(config.own_file_at(&folder().join("more.csv")).unwrap().starts_with("the rights-file"));
}

#[test]
fn nothing_of_it_is_nothing_new() {
    let config = read(SMALL).unwrap();
    assert!(!config.vehicles.are_there());
    assert_eq!(config.vehicles.zones.iter().count(), 0);
    assert!(plate(&config, "NOPLATE").is_some());
}

#[test]
fn variables_win() {
    let variables = [
        ("IVMS_SYNC__PARKING__KEEP_PLATES", "24h"),
        ("IVMS_SYNC__RIGHTS_FILE__GUESTS__FRESH_FOR", "2m"),
        ("IVMS_SYNC__ZONE__A1__GRACE", "1h"),
    ];
    let config = read_with(TOWN, &environment(&variables)).unwrap();
    assert_eq!(config.vehicles.keep_plates.as_secs(), 86_400);
    assert_eq!(config.vehicles.files[1].fresh_for.as_secs(), 120);
    let graced = config.vehicles.zones.named(&zone("A1")).unwrap().grace();
    assert_eq!(graced.as_secs(), 3_600);
}

/// Mutants: a rule that is not looked at; one that is said at another key.
#[test]
fn everything_that_can_be_wrong() {
    let end = |text: &str| format!("{TOWN}{text}\n");
    let both = |text: &str| format!("{SMALL}{text}\n");
    for (text, wanted) in [
        (town("\"US\"", "\"USA\""), "3: parking.country: is no country"),
        (
            town("country = \"US\"", "keep_plates = \"23h\""),
            "3: parking.keep_plates: is not between 24 hours and 400 days",
        ),
        (
            town("country = \"US\"", "keep_plates = \"401d\""),
            "3: parking.keep_plates: is not between 1 minute and 400 days",
        ),
        (
            town("country = \"US\"", "no_plates = [\"NO?\"]"),
            "3: parking.no_plates: holds a text that holds U+003F",
        ),
        (
            town("country", "contry"),
            "3: parking.contry: is not a known key (hint: did you mean parking.country?)",
        ),
        (
            town("[\"A2\"]", "[\"A22\"]"),
            "5: zone.A1.covers: holds A22, which is none of this file (hint: did you mean \"A2\"?)",
        ),
        (
            town("needs = [\"exempt\"]", "covers = [\"A1\"]"),
            "5: zone.A1.covers: zones cover each other in a circle: A1 covers A2 covers A1",
        ),
        (
            town("[\"exempt\"]\n", "[\"exempd\"]\n"),
            "9: zone.A2.needs: holds exempd, which is none of this file (hint: did you mean \"exempt\"?)",
        ),
        (town("[\"exempt\"]\n", "[]\n"), "9: zone.A2.needs: is empty"),
        (
            town("{ exempt =", "{ nobody ="),
            "7: zone.A1.names: holds nobody, which is none of this file",
        ),
        (
            town("{ exempt = [\"1\", \"Main\"] }", "{ exempt = \"1\" }"),
            "7: zone.A1.names.exempt: is no list in brackets",
        ),
        (
            town("{ exempt = [\"1\", \"Main\"] }", "\"1\""),
            "7: zone.A1.names: is text, where a section is wanted",
        ),
        (town("\"5m\"", "\"2d\""), "6: zone.A1.grace: is not between 1 minute and 1 days"),
        (town("files = [\"exempt.csv\"]\n", ""), "10: rights-file.exempt.files: is missing"),
        (town("[\"exempt.csv\"]", "[]"), "11: rights-file.exempt.files: is empty"),
        (
            town("\"more.csv\"", "\"guests.csv\""),
            "13: rights-file.guests.files: holds the same entry twice",
        ),
        (
            town("\"more.csv\"", "\"exempt.csv\""),
            "13: rights-file.guests.files: holds a file of rights-file.exempt too",
        ),
        (
            town("\"10m\"", "\"31d\""),
            "14: rights-file.guests.fresh_for: is not between 1 minute and 30 days",
        ),
        (town("time_zone = \"America/New_York\"\n", ""), "time_zone: is missing"),
        (end("[zone.guests]"), "15: zone.guests: has the same name as rights-file.guests"),
        (
            both("[zone.A1]"),
            "rights-file: is missing: there is nothing to read rights from (hint: write [rights-file.exempt])",
        ),
        (
            both("[rights-file.x]\nfiles = [\"x\"]"),
            "zone: is missing: there is no zone that a right could be for (hint: write [zone.A1])",
        ),
        (
            both("[zone.A1]\n[rights-file.club]\nfiles = [\"x\"]"),
            "12: rights-file.club: has the same name as cardskipper.club",
        ),
        (
            both("[zone.front-door]\n[rights-file.x]\nfiles = [\"x\"]"),
            "11: zone.front-door: has the same name as hikvision.front-door",
        ),
        (both("[parking]\ncountry = \"SI\""), "rights-file: is missing"),
        (
            end(
                "[hikvision.gate]\nurl = \"https://10.0.0.1\"\nusername = \"a\"\npassword = { env = \"DOOR_PASSWORD\" }",
            ),
            "cardskipper: is missing: there is no organisation to copy from",
        ),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}\n{error}\n{text}");
    }
    let twice = town("[zone.A2]\n", "[zone.A2]\nnames = { exempt = [\"1\"] }\n");
    let error = read(&twice).unwrap_err().to_string();
    assert!(error.contains("zone.A2.names: exempt calls both zone A1 and zone A2 `1`"), "{error}");
    let variable = [("IVMS_SYNC__ZONE__A1__NAMES", "1")];
    let error = read_with(TOWN, &environment(&variable)).unwrap_err().to_string();
    assert!(error.contains("holds lists, which a variable cannot replace"), "{error}");
}

#[test]
fn what_decides_what_a_row_says_is_in_its_sense() {
    let sense = |text: &str| {
        let config = read(text).unwrap();
        config.vehicles.sense_of(&config.vehicles.files[0])
    };
    let before = sense(TOWN);
    for (from, to, is_other) in [
        ("\"US\"", "\"CA\"", true),
        ("\"Main\"", "\"Maine\"", true),
        ("country = \"US\"", "no_plates = [\"NONE\"]", true),
        ("America/New_York", "America/Chicago", true),
        ("\"5m\"", "\"6m\"", false),
        ("\"10m\"", "\"11m\"", false),
        ("needs = [\"exempt\"]", "", false),
    ] {
        assert_eq!(sense(&town(from, to)) != before, is_other, "{from} {to}");
    }
}
