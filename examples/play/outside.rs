//! The club: what is told of it, and what one can do to it.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use ivms_sync_simulators::club::{employee_no, number};
use ivms_sync_simulators::hikcentral::{Door, DoorState, Platform, Settings};
use ivms_sync_simulators::http::{HttpServer, Tls};

use super::stage::{DOORS, FORGOTTEN, HALF_COPIED, MEMBERS, Opening, Stage};

const PLATFORM: &str = "site";
/// The folder for a configuration that `init` makes.
pub const OWN: &str = "own";
const HELP: &str = "renew NUMBER       the member pays for another year
off NAME           cardskipper, a platform or a door is gone
on NAME            and is back
password NAME NEW  a door has another password, a platform another secret
state              what members paid for, and what is held for them
help               this
";

/// Both sides of the club.
pub struct Outside {
    pub stage: Stage,
    binary: PathBuf,
    platform: Option<Platform>,
    links: String,
}

impl Outside {
    /// Opens the club of the told demo, or the same with a platform.
    pub fn open(binary: PathBuf, with_platform: bool) -> Result<Self, Box<dyn Error>> {
        let mut opening = Opening::of_the_story();
        let mut links = opening.world.links_csv();
        let mut platform = None;
        if with_platform {
            let mut persons = opening.world.platform_persons();
            for late in [FORGOTTEN, HALF_COPIED] {
                if let Some(person) = persons.get_mut(late) {
                    let begin = person.begin.as_deref().and_then(|text| text.get(..10));
                    let begin = begin.unwrap_or_default().to_owned();
                    let yesterday = opening.today - Days::new(1);
                    *person = person.clone().valid(&begin, &yesterday.to_string());
                }
            }
            links = "Person ID,Email\n".to_owned();
            for person in &persons {
                writeln!(links, "{},{}", person.code, person.email)?;
            }
            opening.world.devices.clear();
            let doors = (1..).zip(DOORS).map(|(code, name)| Door::new(&code.to_string(), name));
            let (doors, tls) = (doors.collect(), Tls::SelfSigned);
            platform =
                Some(Platform::start(Settings { persons, doors, tls, ..Settings::default() }));
        }
        Ok(Self { stage: Stage::open(binary.clone(), opening)?, binary, platform, links })
    }

    /// Name and content of each file that the program needs; those without a dot hold a password.
    pub fn files(&self) -> Vec<(String, String)> {
        let secret = |name: &str| name.to_lowercase().replace('_', "-");
        let mut config =
            self.stage.config_with(|name| format!("{{ file = \"{}\" }}", secret(name)));
        let mut files = vec![("persons.csv".to_owned(), self.links.clone())];
        for (name, password) in &self.stage.passwords {
            files.push((secret(name), format!("{password}\n")));
        }
        if let Some(platform) = &self.platform {
            let settings = Settings::default();
            config.push_str(&format!(
                "\n[hikcentral.{PLATFORM}]\nurl        = \"{}\"\napp_key    = \"{}\"\n\
                 app_secret = {{ file = \"site-secret\" }}\ntls        = \"sha256:{}\"\n",
                platform.url(),
                settings.app_key,
                platform.certificate_sha256().unwrap_or_default()
            ));
            files.push(("site-secret".to_owned(), format!("{}\n", settings.app_secret)));
        }
        files.push(("ivms-sync.toml".to_owned(), config));
        files
    }

    /// Everything that one needs to know in another terminal.
    pub fn introduction(&self, folder: &Path) -> String {
        let mut text = format!(
            "Cardskipper    {}  api@club.example  Card-secret-1  organisation 123, role 3126\n",
            self.stage.club.cardskipper.url()
        );
        for (name, door) in DOORS.iter().zip(&self.stage.club.devices) {
            text.push_str(&format!("{name:<15}{}  admin  Door-secret-1\n", door.url()));
        }
        if let Some(platform) = &self.platform {
            let Settings { app_key, app_secret, .. } = Settings::default();
            text.push_str(&format!(
                "{PLATFORM:<15}{}  {app_key}  {app_secret}  doors {}\n",
                platform.url(),
                DOORS.join(", ")
            ));
        }
        let (list, config) = (folder.join("persons.csv"), folder.join("ivms-sync.toml"));
        let (list, config, program) = (list.display(), config.display(), self.binary.display());
        text.push_str(&format!(
            "Person list    {list}\nConfiguration  {config}\n\nIn another terminal:\n\n  {program} --config {config} check\n\n"
        ));
        if let Some(door) = self.stage.door(0) {
            text.push_str(&format!(
                "From nothing, as in a club of your own:\n\n  \
                 {program} init --folder {} --url {} --organisation 123 --username api@club.example \
                 --password-file {} --door {}={} --door-password-file {} --persons {list} --role 3126 \
                 --time-zone Europe/Ljubljana --yes\n\n",
                folder.join(OWN).display(),
                self.stage.club.cardskipper.url(),
                folder.join("cardskipper-password").display(),
                DOORS[0],
                door.url(),
                folder.join("front-door-password").display(),
            ));
        }
        text + &format!("Here, until Ctrl-C:\n\n{HELP}")
    }

    /// Does what was typed, and says what happened.
    pub fn order(&self, line: &str) -> String {
        match *line.split_whitespace().collect::<Vec<_>>() {
            [] => String::new(),
            ["renew", number] => self.renew(number),
            ["off", name] => self.switch(name, false),
            ["on", name] => self.switch(name, true),
            ["password", name, new] => self.set_password(name, new),
            ["state"] => self.state(),
            ["help"] => HELP.to_owned(),
            _ => format!("There is no \"{line}\". What can be typed:\n\n{HELP}"),
        }
    }

    fn renew(&self, typed: &str) -> String {
        let Some(member) = (0..MEMBERS).find(|member| number(*member).to_string() == typed) else {
            return format!(
                "There is no member {typed}: {} to {}.",
                number(0),
                number(MEMBERS - 1)
            );
        };
        let paid: Option<NaiveDate> = self.stage.paid_until(member).parse().ok();
        let Some(until) = paid.and_then(|day| day.checked_add_days(Days::new(365))) else {
            return format!("Member {typed} has no membership that could be renewed.");
        };
        self.stage.club.renew(member, &until.to_string());
        format!("Member {typed} has paid until {until}.")
    }

    fn switch(&self, name: &str, on: bool) -> String {
        let state = if on { DoorState::Online } else { DoorState::Offline };
        let behind = (1..).zip(DOORS).find(|(_, door)| *door == name);
        match (self.server(name), &self.platform, behind) {
            (Some(server), ..) if on => server.go_online(),
            (Some(server), ..) => server.go_offline(),
            (None, Some(platform), Some((code, _))) => {
                platform.set_door(&code.to_string(), state);
            }
            _ => return self.unknown(name),
        }
        format!("{name} is {}.", if on { "back" } else { "gone" })
    }

    fn server(&self, name: &str) -> Option<&HttpServer> {
        match name {
            "cardskipper" => Some(&self.stage.club.cardskipper),
            PLATFORM => self.platform.as_deref(),
            _ => self.stage.door(self.place(name)?).map(|door| &**door),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        DOORS.iter().position(|door| *door == name)
    }

    fn set_password(&self, name: &str, new: &str) -> String {
        let door = self.place(name).and_then(|place| self.stage.door(place));
        match (door, &self.platform) {
            (Some(door), _) => door.set_password(new),
            (None, Some(platform)) if name == PLATFORM => {
                platform.edit_settings(|settings| new.clone_into(&mut settings.app_secret));
            }
            _ => return self.unknown(name),
        }
        format!("{name} has another password: {new}")
    }

    fn unknown(&self, name: &str) -> String {
        let platform = self.platform.as_ref().map_or("", |_| ", site");
        format!("There is no {name} of which this could be said: {}{platform}.", DOORS.join(", "))
    }

    /// Members with the last day paid for, and the last day that each door goes by.
    fn state(&self) -> String {
        let mut text = "Member   Paid until".to_owned();
        if self.platform.is_some() {
            text.push_str(&format!("  {PLATFORM:<10}"));
        }
        text.push_str(&DOORS.map(|name| format!("  {name:<10}")).concat());
        let day = |end: Option<String>| {
            format!("  {:<10}", end.unwrap_or_default().split('T').next().unwrap_or_default())
        };
        for member in 0..MEMBERS {
            text.push_str(&format!("\n{:<9}{:<10}", number(member), self.stage.paid_until(member)));
            let id = employee_no(member);
            if let Some(platform) = &self.platform {
                text.push_str(&day(platform.person(&id).and_then(|person| person.end)));
                for (code, _) in (1..).zip(DOORS) {
                    let window = platform.applied(&i32::to_string(&code), &id);
                    text.push_str(&day(window.and_then(|window| window.end)));
                }
            }
            text.push_str(
                &self.stage.ends(member).into_iter().map(|end| day(Some(end))).collect::<String>(),
            );
        }
        text
    }
}
