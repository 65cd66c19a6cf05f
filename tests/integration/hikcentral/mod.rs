//! A HikCentral as the only target: what is written there, and when it is in force at its doors.

mod commit;
mod followed;
mod lies;
mod refusals;
mod writes;

use ivms_sync_simulators::club::World;
use ivms_sync_simulators::hikcentral::{Platform, Settings};
use serde_json::Value;

use crate::support::pinned::{START, instant, settings, start, tick};
use crate::support::state::count;
use crate::support::{Said, Sandbox};

const APP_KEY: &str = "12345678";
const APP_SECRET: &str = "testsecret0123456789";

/// A club whose doors hang on a platform.
struct Site {
    sandbox: Sandbox,
    platform: Platform,
}

impl Site {
    /// In agreement at [`START`], and known to the program.
    fn new(members: usize) -> Self {
        let site = Self::unknown(members, Settings::default());
        assert_eq!(site.sync_at(START, 0)["changes"], serde_json::json!([]));
        site
    }

    /// The same before any run.
    fn unknown(members: usize, platform: Settings) -> Self {
        let world = World::new(&settings(members, 0, START));
        let persons = world.platform_persons();
        let mut sandbox = Sandbox::with(start(world, START));
        let clock = sandbox.club.cardskipper.clock();
        let platform = Platform::start(Settings { persons, clock, ..platform });
        sandbox.passwords.push(("SITE_SECRET".to_owned(), APP_SECRET.to_owned()));
        let mut site = Self { sandbox, platform };
        let url = site.platform.url();
        site.configure("site", &url);
        site
    }

    /// Names the platform at this address so.
    fn configure(&mut self, name: &str, url: &str) {
        let club = self.sandbox.club.cardskipper.url();
        self.sandbox.replace_config(Some(format!(
            "time_zone = \"Europe/Ljubljana\"\n\
             [cardskipper.club]\nurl = \"{club}\"\norganisation_id = 123\nusername = \"api@club.example\"\n\
             password = {{ env = \"CARD_PASSWORD\" }}\n\
             [hikcentral.{name}]\nurl = \"{url}\"\napp_key = \"{APP_KEY}\"\n\
             app_secret = {{ env = \"SITE_SECRET\" }}\nrequests_per_second = 50\n",
        )));
    }

    /// The same, with what [`Site::new`] does, where member 1 has paid and stands outside until the first run.
    fn with_somebody_outside() -> Self {
        let site = Self::unknown(4, Settings::default());
        site.platform.edit_person("1002", |person| {
            *person = person.clone().valid("2025-01-01", "2026-01-31");
        });
        site.platform.apply_all();
        site
    }

    /// Changes the mode of the platform's section for all later commands.
    fn observe(&mut self) {
        let mode = ("IVMS_SYNC__HIKCENTRAL__SITE__MODE".to_owned(), "observe".to_owned());
        self.sandbox.variables.push(mode);
    }

    #[track_caller]
    fn at(&self, now: &str, arguments: &[&str]) -> Said {
        self.platform.begin_run();
        let said = self.sandbox.at(now, arguments);
        for secret in [APP_KEY, APP_SECRET, "x-ca-", "X-Ca-"] {
            assert!(!format!("{}{}", said.stdout, said.stderr).contains(secret), "{said:?}");
        }
        said
    }

    #[track_caller]
    fn sync_at(&self, now: &str, code: i32) -> Value {
        self.at(now, &["sync", "--json"]).ends(code).json()
    }

    /// A tick that only looks, as before anything is taken away.
    #[track_caller]
    fn observe_at(&mut self, now: &str) -> Value {
        self.observe();
        let document = self.sync_at(now, 0);
        self.sandbox.variables.pop();
        document
    }

    fn end_of(&self, id: &str) -> String {
        self.platform.person(id).unwrap().end.unwrap()
    }

    /// How many writes are not known to be in force.
    fn uncommitted(&self) -> i64 {
        count(&self.sandbox.state(), "SELECT count(*) FROM uncommitted")
    }

    /// Doors that do not go by what the platform holds.
    fn behind(&self) -> usize {
        self.platform.behind().len()
    }

    #[track_caller]
    fn assert_well_behaved(&self) {
        self.sandbox.assert_well_behaved();
        assert_eq!(self.platform.violations(), Vec::<String>::new());
    }
}

/// What `lookup` says of a member on the platform.
#[track_caller]
fn story(site: &Site, number: &str, now: &str) -> Value {
    let said = site.at(now, &["lookup", number, "--json"]);
    said.json()["members"][0]["devices"][0].clone()
}
