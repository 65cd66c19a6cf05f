//! Systems that take documents: which keys belong together.

use super::*;
use crate::connectors::{aims, duncan, gtcs, parkeon};
use crate::model::testing::zone;
use crate::net::oauth::ClientIn;

const AIMS: &str = r#"[aims.citations]
url = "https://citations.example/v1"
currency = "USD"
token_url = "https://login.example/token"
client_id = "town"
secret = { env = "DOOR_PASSWORD" }
"#;

const GTCS: &str = r#"time_zone = "America/New_York"
[gtcs.finance]
url = "https://finance.example"
currency = "USD"
secret = { env = "DOOR_PASSWORD" }
account_codes = { PARKING_PAYMENT = "4100" }
"#;

const DUNCAN: &str = r#"[parking]
keep_plates = "60d"
[zone.A1]
[ips.street]
url = "https://street.example"
secret = { env = "DOOR_PASSWORD" }
violations = ["*"]
[duncan.collect]
url = "https://collect.example"
currency = "USD"
username = "city"
secret = { env = "DOOR_PASSWORD" }
"#;

const PARKEON: &str = r#"[parkeon.kerb]
url = "https://meters.example/v2"
currency = "USD"
secret = { env = "DOOR_PASSWORD" }
"#;

const EVENTS: &str =
    "[parkeon.kerb.events]\nsecrets = [{ env = \"CLUB_PASSWORD\" }]\nscheme = \"stripe\"\n";

/// What the connector read of the only system that takes documents.
fn only<T: 'static + Clone>(text: &str) -> T {
    let config = read(text).unwrap();
    let [recipient] = config.recipients.as_slice() else { panic!("{:?}", config.recipients) };
    (&*recipient.settings as &dyn Any).downcast_ref::<T>().unwrap().clone()
}

#[test]
fn what_each_of_them_needs() {
    let citations: aims::Settings = only(AIMS);
    assert_eq!((citations.grant.client_in, citations.grant.scope), (ClientIn::Header, None));
    let finance: gtcs::Settings = only(GTCS);
    assert_eq!(finance.time_zone, zone("America/New_York"));
    assert_eq!((finance.codes.payments.as_str(), finance.codes.refunds.as_str()), ("4100", "4100"));
    let own = only::<gtcs::Settings>(&GTCS.replace(
        "{ PARKING_PAYMENT = \"4100\" }",
        "{ PARKING_PAYMENT = \"4100\", REFUND = \"4200\" }\ntime_zone = \"UTC\"",
    ));
    assert_eq!((own.codes.refunds.as_str(), own.time_zone), ("4200", zone("UTC")));
    let agency: duncan::Settings = only(DUNCAN);
    assert_eq!((agency.refer_after.as_secs(), agency.batch), (30 * 24 * 3600, 500));
    for (text, from, to, want) in [
        (DUNCAN, "username = \"city\"\n", "", "duncan.collect.username: is missing"),
        (DUNCAN, "\"city\"", "\"a:b\"", "duncan.collect.username: holds a colon"),
        (DUNCAN, "username", "batch = 1001\nusername", "duncan.collect.batch: is not between"),
        (DUNCAN, "username", "refer_after = \"1h\"\nusername", ""),
        (DUNCAN, "username", "mode = \"full\"\nusername", ""),
        (AIMS, "currency", "mode = \"full\"\ncurrency", "aims.citations.mode: is for agencies"),
        // Nobody could ever be handed over.
        (
            DUNCAN,
            "\"60d\"",
            "\"30d\"",
            "duncan.collect.refer_after: is not shorter than keep_plates",
        ),
        (DUNCAN, "keep_plates = \"60d\"\n", "", "refer_after: is not shorter than keep_plates"),
        (DUNCAN, "violations = [\"*\"]\n", "", "duncan.collect: has nobody to collect from"),
        (DUNCAN, "username", "transport = \"ftp\"\nusername", "duncan.collect.transport"),
        (
            DUNCAN,
            "username",
            "transport = \"csv\"\nspool = \"out\"\nusername",
            "duncan.collect.username: has no place beside transport",
        ),
        (
            DUNCAN,
            "url = \"https://collect.example\"\ncurrency = \"USD\"\nusername = \"city\"\nsecret = { env = \"DOOR_PASSWORD\" }\n",
            "currency = \"USD\"\ntransport = \"csv\"\n",
            "duncan.collect.spool: is missing",
        ),
        (
            DUNCAN,
            "url = \"https://collect.example\"\ncurrency = \"USD\"\nusername = \"city\"\nsecret = { env = \"DOOR_PASSWORD\" }\n",
            "currency = \"USD\"\ntransport = \"csv\"\nspool = \"out/duncan\"\n",
            "",
        ),
        (
            DUNCAN,
            "url = \"https://collect.example\"\ncurrency = \"USD\"\nusername = \"city\"\nsecret = { env = \"DOOR_PASSWORD\" }\n",
            "currency = \"USD\"\ntransport = \"csv\"\nspool = \"out/duncan\"\nsealed = true\n",
            "duncan.collect.sealed: has nobody to be sealed for",
        ),
        (
            DUNCAN,
            "username",
            "sealed = true\nusername",
            "duncan.collect.sealed: has nobody to be sealed for",
        ),
        (AIMS, "client_id = \"town\"\n", "", "aims.citations.client_id: is missing"),
        (AIMS, "https://login", "http://login", "aims.citations.token_url: is plain http"),
        (AIMS, "currency = \"USD\"\n", "", "aims.citations.currency: is missing"),
        (AIMS, "[aims", "time_zone = \"UTC\"\n[aims", ""),
        (GTCS, "time_zone = \"America/New_York\"\n", "", "time_zone: is missing"),
        (GTCS, "PARKING_PAYMENT", "PARKING", "account_codes.PARKING: is no type"),
        (GTCS, "PARKING_PAYMENT", "REFUND", "account_codes.PARKING_PAYMENT: is missing"),
        (GTCS, "\"4100\"", "4100", "account_codes.PARKING_PAYMENT: is a whole number"),
        (GTCS, "\"4100\"", "\"\"", "account_codes.PARKING_PAYMENT: is empty"),
        (GTCS, "account_codes = { PARKING_PAYMENT = \"4100\" }\n", "", "account_codes: is missing"),
    ] {
        assert!(text.contains(from), "{from}");
        match read(&text.replacen(from, to, 1)) {
            Ok(_) => assert_eq!(want, "", "{to}"),
            Err(found) => assert!(found.to_string().contains(want), "{to}: {found}"),
        }
    }
}

/// Mutants: a section is read as one thing alone; keys of the other are unknown to it.
#[test]
fn meters_tell_of_themselves_and_take_tariffs() {
    let alone = read(PARKEON).unwrap();
    assert_eq!((alone.recipients.len(), alone.vehicles.meters.len()), (1, 0));
    assert_eq!(alone.recipients[0].section(), "parkeon.kerb");
    assert_eq!(only::<parkeon::Settings>(PARKEON).section, "parkeon.kerb");
    let both = read(&format!("{PARKEON}battery_low = 30\n{EVENTS}")).unwrap();
    assert_eq!((both.recipients.len(), both.vehicles.meters.len()), (1, 1));
    assert_eq!(both.vehicles.meters[0].battery_low, 30);
    let events = format!("{SMALL}{EVENTS}");
    let events = read(&events).unwrap();
    assert_eq!((events.recipients.len(), events.vehicles.meters.len()), (0, 1));
    for (text, want) in [
        (format!("{PARKEON}battery_low = 30\n"), "battery_low: is not a known key"),
        (format!("{PARKEON}moed = \"observe\"\n"), "parkeon.kerb.moed: is not a known key"),
        (format!("{SMALL}[parkeon.kerb]\nbattery_low = 30\n"), "parkeon.kerb.events: is missing"),
        (
            format!("{SMALL}[parkeon.kerb]\ncurrency = \"USD\"\n{EVENTS}"),
            "currency: is not a known key",
        ),
        (PARKEON.replace("currency = \"USD\"\n", ""), "parkeon.kerb.currency: is missing"),
        (
            format!("{}{EVENTS}", PARKEON.replace("currency = \"USD\"\n", "")),
            "parkeon.kerb.currency: is missing",
        ),
    ] {
        let found = read(&text).unwrap_err().to_string();
        assert!(found.contains(want), "{want}: {found}");
    }
}

#[test]
fn systems_are_in_the_order_of_their_names() {
    let text = format!("{GTCS}{}{PARKEON}", AIMS.replace("citations]", "zzz]"));
    let names: Vec<_> =
        read(&text).unwrap().recipients.iter().map(|one| one.name.to_string()).collect();
    assert_eq!(names, ["finance", "kerb", "zzz"]);
}
