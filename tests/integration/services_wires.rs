//! Other ways into services of rights: the wire of officers' handhelds, and tokens by OAuth 2.0, with the real
//! binary and strict services.

use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::ips::{Dates, Nulls, Server, Settings, Switches, WallClock, XmlAnswer};
use ivms_sync_simulators::oauth;
use serde_json::Value;

use super::support::town::{Runs, Town, clock, is};

/// A town, and the secret of whoever asks its service.
fn a_town(settings: Settings, section: impl FnOnce(&Server) -> String, secret: &str) -> Town {
    Town::new(settings, &[("IPS_KEY", secret)], |street| {
        format!(
            "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\n\
             [zone.main]\nnames = {{ street = [\"A1\", \"A2\"] }}\n[zone.B1]\n\
             [ips.street]\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n{}\n",
            section(street)
        )
    })
}

/// One whose handhelds are told times by this clock.
fn handhelds(times: &str, more: &str) -> Town {
    let settings = Settings { wanted: vec!["wrong-login"], ..Settings::default() };
    let section = |street: &Server| {
        let url = street.xml_url();
        format!("url = \"{url}\"\nwire = \"ips-xml\"\ntimes = \"{times}\"\n{more}")
    };
    a_town(settings, section, "ips-secret-token-1")
}

/// What a tick says of the service.
#[track_caller]
fn tick(town: &Town, minutes: i64, code: i32) -> Value {
    town.tick(minutes, code)["sources"][0].clone()
}

#[track_caller]
fn fails(town: &Town, minutes: i64, code: i32, text: &str) {
    let found = town.run(minutes, &["-vv", "sync"]).ends(code);
    assert!(found.stderr.contains(text), "{text}: {found:?}");
    assert!(!format!("{found:?}").contains("ABC123"), "{found:?}");
}

/// Mutants: one area is left out; what is not listed any more runs on; a row without an end is for ever, or nothing.
#[test]
fn what_handhelds_are_told_is_told_to_the_officer() {
    for (times, wall, dates, word) in [
        ("UTC", WallClock::Utc, Dates::Hours24, Some("UTC")),
        ("America/New_York", WallClock::NewYork, Dates::Hours12, Some("Eastern Standard Time")),
        ("America/New_York", WallClock::NewYork, Dates::Hours24, None),
    ] {
        let town = handhelds(times, "");
        let street = &town.street;
        street.set(|switches| {
            (switches.xml_clock, switches.xml_dates) = (wall, dates);
            switches.xml_zone_name = word.map(str::to_owned);
            switches.xml_nulls = Nulls::NullText;
        });
        street.park("s1", "ABC123", "CT", "A1", clock(-120), Some(clock(120)));
        street.park("s2", "ABC234", "CT", "A2", clock(-120), Some(clock(5)));
        street.park("s3", "ABC345", "CT", "B1", clock(-20), Some(clock(-10)));
        street.park("open", "OPEN1", "CT", "A1", clock(-10), None);
        assert_eq!(tick(&town, 0, 0)["rights"], 3, "{times}");
        for (plate, zone, want) in [
            ("ABC123", "main", is(0, "ACTIVE")),
            ("CT:ABC123", "main", is(0, "ACTIVE")),
            ("ABC123", "B1", is(22, "WRONG_ZONE")),
            ("ABC234", "main", is(0, "ACTIVE")),
            ("ABC345", "B1", is(22, "EXPIRED")),
            ("OPEN1", "main", is(5, "UNKNOWN")),
            ("NOBODY", "main", is(20, "NOT_FOUND")),
        ] {
            assert_eq!(town.ask(1, plate, zone), want, "{plate} {zone} {times}");
        }
        // Stopped, it is listed for a while with its end; prolonged, it is the same; cancelled, it is gone.
        street.clock().set(clock(2));
        street.stop("s1");
        street.extend("s2", clock(60));
        street.cancel("open");
        assert_eq!(tick(&town, 3, 0)["rights"], 3, "{times}");
        assert_eq!(town.ask(4, "ABC123", "main"), is(22, "EXPIRED"));
        assert_eq!(town.ask(6, "ABC234", "main"), is(0, "ACTIVE"));
        assert_eq!(town.ask(4, "OPEN1", "main"), is(20, "NOT_FOUND"));
        // Everything is listed in each run, and three areas are three questions.
        assert_eq!(street.calls("enforcement"), 6);
        street.cancel("s2");
        tick(&town, 7, 0);
        assert_eq!(town.ask(7, "ABC234", "main"), is(22, "EXPIRED"));
        town.assert_well();
    }
}

#[test]
fn the_second_of_an_end_is_inside_where_the_service_means_it_so() {
    for (more, want) in [("", is(22, "EXPIRED")), ("closed = true", is(0, "ACTIVE"))] {
        let town = handhelds("UTC", more);
        town.street.park("s1", "ABC123", "CT", "A1", clock(-60), Some(clock(5)));
        tick(&town, 0, 0);
        assert_eq!(town.ask(5, "ABC123", "main"), want, "{more}");
        town.assert_well();
    }
}

/// Mutants: half of an answer counts; a wrong token is tried in each area; a lost answer is not asked for again.
#[test]
fn an_answer_that_is_no_list_says_no_right_to_nobody() {
    let town = handhelds("UTC", "");
    let street = &town.street;
    street.park("s1", "ABC123", "CT", "B1", clock(-60), Some(clock(60)));
    tick(&town, 0, 0);
    for answer in
        [XmlAnswer::Cut, XmlAnswer::Html, XmlAnswer::Object, XmlAnswer::Null, XmlAnswer::Empty]
    {
        street.set(|switches| switches.xml_answer = answer);
        fails(&town, 1, 5, "sessions: ");
        assert_eq!(town.ask(1, "ABC123", "B1"), is(0, "ACTIVE"), "{answer:?}");
        street.set(|switches| *switches = Switches::default());
        tick(&town, 1, 0);
    }
    // One area that nobody there knows.
    street.edit_settings(|settings| settings.zones.retain(|zone| zone != "B1"));
    fails(&town, 2, 4, "refused with status 400");
    assert!(street.violations()[0].starts_with("unknown-zone"));
    street.clear_violations();
    street.edit_settings(|settings| settings.zones.push("B1".to_owned()));
    tick(&town, 2, 0);
    let before = street.calls("enforcement");
    street.edit_settings(|settings| settings.xml_token = "another".to_owned());
    fails(&town, 3, 12, "the login was refused");
    assert_eq!(street.calls("enforcement"), before + 1);
    street.edit_settings(|settings| settings.xml_token = "ips-secret-token-1".to_owned());
    street.fault(Fault::DropAfter.on("enforcement").times(1));
    tick(&town, 3, 0);
    assert_eq!(town.ask(3, "ABC123", "B1"), is(0, "ACTIVE"));
    town.assert_well();
}

#[test]
fn times_of_another_clock_are_not_believed() {
    let town = handhelds("America/New_York", "");
    let street = &town.street;
    street.set(|switches| {
        (switches.xml_clock, switches.xml_zone_name) = (WallClock::NewYork, None);
    });
    street.park("s1", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    tick(&town, 0, 0);
    // The city turns its switch.
    street.set(|switches| {
        (switches.xml_clock, switches.xml_zone_name) = (WallClock::Utc, Some("UTC".to_owned()));
    });
    fails(&town, 1, 4, "correct `times` in the configuration");
    assert_eq!(town.ask(1, "ABC123", "main"), is(0, "ACTIVE"));
    assert_eq!(town.ask(11, "NOBODY", "main"), is(5, "UNKNOWN"));
    town.assert_well();
}

/// A town that is asked with tokens.
fn with_tokens(more: &str, tokens: &oauth::Server) -> Town {
    let wanted = vec!["old-token"];
    let settings = Settings { tokens: Some(tokens.tokens()), wanted, ..Settings::default() };
    let section = |street: &Server| {
        format!(
            "url = \"{}\"\nauth = \"oauth2\"\ntoken_url = \"{}\"\nclient_id = \"stamford parking\"\n{more}",
            street.url(),
            tokens.url()
        )
    };
    a_town(settings, section, "oauth-secret-1/+&")
}

/// Mutants: a token for each question; the secret in the address; a word of the answer decides.
#[test]
fn a_token_serves_a_run_however_it_is_asked_for_and_handed_out() {
    use oauth::{AskedAs, ClientIn, ExpiresIn, TokenType};
    for (client_in, asked_as, scope, expires_in, token_type) in [
        (ClientIn::Header, AskedAs::Form, None, ExpiresIn::Number, TokenType::Bearer),
        (ClientIn::Body, AskedAs::Form, Some("read all"), ExpiresIn::Text, TokenType::LowerCase),
        (ClientIn::Header, AskedAs::Json, Some("read"), ExpiresIn::Zero, TokenType::Missing),
        (ClientIn::Body, AskedAs::Json, None, ExpiresIn::Missing, TokenType::LowerCase),
    ] {
        let tokens = oauth::Server::start(oauth::Settings {
            client_in,
            asked_as,
            scope: scope.map(str::to_owned),
            ..oauth::Settings::default()
        });
        tokens
            .set(|switches| (switches.expires_in, switches.token_type) = (expires_in, token_type));
        let mut more = String::new();
        if client_in == ClientIn::Body {
            more.push_str("client_in = \"body\"\n");
        }
        if asked_as == AskedAs::Json {
            more.push_str("asked_as = \"json\"\n");
        }
        if let Some(scope) = scope {
            more.push_str(&format!("scope = \"{scope}\"\n"));
        }
        let town = with_tokens(&more, &tokens);
        for place in 0..250 {
            let (id, plate) = (format!("s{place}"), format!("CAR{place}"));
            town.street.park(&id, &plate, "CT", "A1", clock(-60), Some(clock(6000)));
        }
        assert_eq!(tick(&town, 0, 0)["rights"], 250);
        assert_eq!(tokens.given(), 1, "{client_in:?} {asked_as:?}");
        assert_eq!(town.ask(1, "CT:CAR249", "main"), is(0, "ACTIVE"));
        assert_eq!(tokens.violations(), Vec::<String>::new());
        town.assert_well();
    }
}

/// Mutants: a token that is refused is used again; a new one is asked for for ever; a refused client is tried again.
#[test]
fn tokens_and_clients_that_are_refused() {
    use oauth::Refusal;
    let wanted = vec!["wrong-client"];
    let tokens = oauth::Server::start(oauth::Settings { wanted, ..oauth::Settings::default() });
    let town = with_tokens("", &tokens);
    let street = &town.street;
    street.park("s1", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    tick(&town, 0, 0);
    // Dead when it is handed out: one more is asked for, and that is all.
    tokens.set(|switches| switches.stillborn = true);
    let before = tokens.given();
    fails(&town, 1, 12, "the login was refused");
    assert_eq!(tokens.given(), before + 2);
    tokens.set(|switches| switches.stillborn = false);
    tick(&town, 1, 0);
    // A client that is not known, in each way to say so.
    for refusal in [Refusal::ByTheStandard, Refusal::Status400, Refusal::Status200] {
        tokens.set(|switches| switches.refusal = refusal);
        tokens.edit_settings(|settings| settings.secret = "another".to_owned());
        let before = tokens.requests().len();
        fails(&town, 2, 12, "the login was refused");
        assert_eq!(tokens.requests().len(), before + 1, "{refusal:?}");
        tokens.edit_settings(|settings| settings.secret = "oauth-secret-1/+&".to_owned());
        tick(&town, 2, 0);
    }
    tokens.set(|switches| switches.unavailable = 9);
    fails(&town, 3, 5, "no token at `token_url`");
    tokens.set(|switches| switches.unavailable = 0);
    tick(&town, 3, 0);
    tokens.go_offline();
    fails(&town, 4, 5, "failed to reach 127.0.0.1");
    assert_eq!(town.ask(4, "CT:ABC123", "main"), is(0, "ACTIVE"));
    tokens.go_online();
    tick(&town, 5, 0);
    assert_eq!(tokens.violations(), Vec::<String>::new());
    town.assert_well();
}
