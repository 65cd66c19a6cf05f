//! A run that breaks off because of a mistake in the program itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ivms_sync::clock::Clock;
use ivms_sync::config::{self, Environment};
use ivms_sync::connectors::KINDS;
use ivms_sync::notify;

use super::{club, minute, no_mail, one_mail, tick};
use crate::support::pinned::instant;

#[test]
fn it_is_told_at_once_and_goes_on_as_what_it_is() {
    let (sandbox, server) = club(5, 1);
    let passwords = sandbox.passwords.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let environment = Environment::from_pairs(passwords);
    let breaks_off = |minutes| {
        let clock = Clock::standing_still(instant(&minute(minutes)));
        let config = config::load(&sandbox.path("ivms-sync.toml"), &environment, KINDS).unwrap();
        let run = || notify::watch(&config, clock, |_| panic!("a mistake on purpose")).map(|_| ());
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    };
    breaks_off(5);
    let subject = "ivms-sync: ivms-sync failed because of a mistake in the program";
    assert_eq!(one_mail(&server).subject(), subject);
    breaks_off(10);
    no_mail(&server);
    tick(&sandbox, 15, 0);
    tick(&sandbox, 20, 0);
    assert_eq!(one_mail(&server).subject(), "ivms-sync: over: ivms-sync works again");
}
