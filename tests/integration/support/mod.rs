//! A sandbox: a folder, a club on simulators, and the binary run in a clean environment.

pub mod chance;
pub mod pinned;
pub mod schema;
pub mod state;
pub mod town;
#[cfg(unix)]
pub mod web_server;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use ivms_sync::command::CommandName;
use ivms_sync::exit::Exit;
use ivms_sync_simulators::club::{Club, World};
use ivms_sync_simulators::hikcentral::Platform;
use ivms_sync_simulators::hikvision_anpr::Camera;
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the binary said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// The JSON document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whatever a run came to: its code is one that the help of its command names.
    #[track_caller]
    fn assert_code_of(&self, arguments: &[&str]) {
        let is_named = |name: &CommandName| arguments.contains(&name.as_str());
        let Some(name) = CommandName::ALL.into_iter().find(is_named) else { return };
        // A process that was killed has none.
        if self.code < 0 {
            return;
        }
        let named = Exit::of_command(name).iter().any(|exit| i32::from(exit.code()) == self.code);
        assert!(named, "{name:?} does not say that it may end with {}: {self:?}", self.code);
    }

    /// The same, if it ended with this code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A folder with a configuration, and a club to talk to.
pub struct Sandbox {
    pub folder: TempDir,
    pub club: Club,
    /// A platform beside the devices.
    pub platform: Option<Platform>,
    /// A camera at the gate of the zone `yard`, which the permits in `staff.csv` and members open.
    pub camera: Option<Camera>,
    /// What its section is called: `gate`.
    pub gate: &'static str,
    /// More lines for the sections of the configuration: `(section, line)`.
    pub extra: Vec<(String, String)>,
    pub passwords: Vec<(String, String)>,
    /// More variables of the environment.
    pub variables: Vec<(String, String)>,
    /// A whole configuration in place of the one that fits the club.
    replaced: Option<String>,
}

impl Sandbox {
    /// A club in agreement: so many members on so many doors, linked by a file.
    pub fn agreeing(members: usize, devices: usize) -> Self {
        Self::with(World::agreeing(members, devices).start())
    }

    /// A sandbox around a running club.
    pub fn with(club: Club) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut passwords = vec![("CARD_PASSWORD".to_owned(), "Card-secret-1".to_owned())];
        for place in 1..=club.devices.len() {
            passwords.push((format!("DOOR{place}_PASSWORD"), "Door-secret-1".to_owned()));
        }
        let (extra, variables) = (Vec::new(), Vec::new());
        let (platform, camera, replaced) = (None, None, None);
        let sandbox = Self {
            folder,
            club,
            platform,
            camera,
            gate: "gate",
            extra,
            passwords,
            variables,
            replaced,
        };
        std::fs::write(sandbox.path("persons.csv"), &sandbox.club.links_csv).unwrap();
        sandbox
    }

    /// The same in a folder in memory, where there is such: for tests that run the program thousands
    /// of times, to whom flushing a real disk matters only in time.
    pub fn in_memory(mut self) -> Self {
        if let Ok(folder) = tempfile::tempdir_in("/dev/shm") {
            std::fs::write(folder.path().join("persons.csv"), &self.club.links_csv).unwrap();
            self.folder = folder;
        }
        self
    }

    /// Puts a camera at the gate.
    pub fn take_camera(&mut self, camera: Camera) {
        self.passwords.push(("GATE_PASSWORD".to_owned(), "Door-secret-1".to_owned()));
        self.camera = Some(camera);
    }

    /// Adds a line to a section of the configuration, e.g. `("hikvision.door1", "mode = …")`.
    pub fn set(&mut self, section: &str, line: &str) {
        self.extra.push((section.to_owned(), line.to_owned()));
    }

    /// Takes back what was set in a section.
    pub fn unset(&mut self, section: &str) {
        self.extra.retain(|(of, _)| of != section);
    }

    /// Takes a whole configuration in place of the one that fits the club, or goes back to that.
    pub fn replace_config(&mut self, text: Option<String>) {
        self.replaced = text;
    }

    /// Changes a password in the environment.
    pub fn password(&mut self, variable: &str, value: &str) {
        for (name, known) in &mut self.passwords {
            if name == variable {
                value.clone_into(known);
            }
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the state file behind the program's back.
    #[track_caller]
    pub fn tamper(&self, sql: &str) {
        rusqlite::Connection::open(self.state()).unwrap().execute_batch(sql).unwrap();
    }

    /// The state file.
    pub fn state(&self) -> PathBuf {
        self.path("ivms-sync.db")
    }

    /// The configuration as it stands.
    pub fn config(&self) -> String {
        if let Some(text) = &self.replaced {
            return text.clone();
        }
        let mut sections = vec![
            (String::new(), "time_zone = \"Europe/Ljubljana\"\n".to_owned()),
            (
                "cardskipper.club".to_owned(),
                format!(
                    "url = \"{}\"\norganisation_id = 123\nusername = \"api@club.example\"\n\
                     password = {{ env = \"CARD_PASSWORD\" }}\n",
                    self.club.cardskipper.url()
                ),
            ),
            ("link".to_owned(), "files = [\"persons.csv\"]\n".to_owned()),
            ("policy".to_owned(), String::new()),
            ("guard".to_owned(), String::new()),
        ];
        for (place, device) in self.club.devices.iter().enumerate() {
            let place = place + 1;
            sections.push((
                format!("hikvision.door{place}"),
                format!(
                    "url = \"{}\"\nusername = \"admin\"\n\
                     password = {{ env = \"DOOR{place}_PASSWORD\" }}\n",
                    device.url()
                ),
            ));
        }
        if let Some(platform) = &self.platform {
            sections.push((
                "hikcentral.site".to_owned(),
                format!(
                    "url = \"{}\"\napp_key = \"12345678\"\napp_secret = {{ env = \"SITE_SECRET\" }}\n\
                     requests_per_second = 50\n",
                    platform.url()
                ),
            ));
        }
        if let Some(camera) = &self.camera {
            let permits = "files = [\"staff.csv\"]\n";
            let gate = format!(
                "url = \"{}\"\nusername = \"admin\"\npassword = {{ env = \"GATE_PASSWORD\" }}\n\
                 zones = [\"yard\"]\nmembers = [\"club\"]\n",
                camera.url()
            );
            let name = format!("hikvision-anpr.{}", self.gate);
            let of_gates = [
                ("parking", "country = \"SI\"\n"),
                ("zone.yard", ""),
                ("rights-file.staff", permits),
                (name.as_str(), &gate),
            ];
            sections.extend(of_gates.map(|(name, body)| (name.to_owned(), body.to_owned())));
        }
        let mut text = String::new();
        for (name, body) in sections {
            if !name.is_empty() {
                text.push_str(&format!("[{name}]\n"));
            }
            text.push_str(&body);
            for (_, line) in self.extra.iter().filter(|(section, _)| *section == name) {
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        text
    }

    /// Runs the binary with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_at(None, arguments)
    }

    /// Runs the binary with these arguments at a pinned time (RFC 3339).
    pub fn run_at(&self, now: Option<&str>, arguments: &[&str]) -> Said {
        self.run_with(now, &[], arguments)
    }

    fn run_with(
        &self,
        now: Option<&str>,
        variables: &[(String, &str)],
        arguments: &[&str],
    ) -> Said {
        self.begin_run();
        let mut command = self.command();
        if let Some(now) = now {
            command.env("IVMS_SYNC_TEST_NOW", now);
        }
        let said = said(command.envs(variables.iter().cloned()).args(arguments));
        said.assert_code_of(arguments);
        said
    }

    fn begin_run(&self) {
        self.club.begin_run();
        self.platform.iter().for_each(Platform::begin_run);
        self.camera.iter().for_each(Camera::begin_run);
        std::fs::write(self.path("ivms-sync.toml"), self.config()).unwrap();
    }

    /// Starts the binary at a pinned time and does not wait for it.
    pub fn start_at(&self, now: &str, arguments: &[&str]) -> std::process::Child {
        self.clocks(now);
        self.begin_run();
        self.start(Some(now), arguments)
    }

    /// Starts the binary beside others with the configuration of the last run, and does not wait for it.
    pub fn start(&self, now: Option<&str>, arguments: &[&str]) -> std::process::Child {
        program()
            .args(arguments)
            .env_clear()
            .envs(self.passwords.iter().chain(&self.variables).cloned())
            .envs(now.map(|now| ("IVMS_SYNC_TEST_NOW", now)))
            .env("IVMS_SYNC_TEST_LOOKS", "compared")
            .current_dir(self.folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The binary in this folder with an environment that holds the passwords and nothing else.
    pub fn command(&self) -> Command {
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_LOOKS", "compared");
        for (name, value) in self.passwords.iter().chain(&self.variables) {
            command.env(name, value);
        }
        command
    }

    /// Runs `sync --json` and gives the document, if it ended with this code.
    #[track_caller]
    pub fn sync(&self, code: i32) -> Value {
        self.run(&["sync", "--json"]).ends(code).json()
    }

    /// Lets a tick see what the club says, with every door only observed: the first of the two looks
    /// without which nothing is taken away.
    #[track_caller]
    pub fn look(&self) {
        self.observe(None).ends(0);
    }

    fn observe(&self, now: Option<&str>) -> Said {
        let places = 1..=self.club.devices.len();
        let site = self.platform.iter().map(|_| "HIKCENTRAL__SITE".to_owned());
        let names = places.map(|at| format!("HIKVISION__DOOR{at}")).chain(site);
        let modes = names.map(|name| (format!("IVMS_SYNC__{name}__MODE"), "observe"));
        self.run_with(now, &modes.collect::<Vec<_>>(), &["sync", "--json"])
    }

    /// No simulator saw anything that a client must not do.
    #[track_caller]
    pub fn assert_well_behaved(&self) {
        let platform = self.platform.iter().flat_map(Platform::violations);
        let camera = self.camera.iter().flat_map(Camera::violations);
        let found: Vec<String> =
            self.club.violations().into_iter().chain(platform).chain(camera).collect();
        assert_eq!(found, Vec::<String>::new());
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.club.cardskipper.clear_requests();
        for device in &self.club.devices {
            device.clear_requests();
            device.clear_writes();
        }
    }
}

/// The binary in a folder, with an empty environment and a time limit.
pub fn binary(folder: &Path) -> Command {
    let mut command = Command::from_std(program());
    command.env_clear().current_dir(folder).timeout(Duration::from_secs(60));
    command
}

/// The binary: this platform's own, or that of another platform after the words that run it, as
/// `.ci/platforms` sets them.
pub fn program() -> std::process::Command {
    let own = || env!("CARGO_BIN_EXE_ivms-sync").to_owned();
    let program = std::env::var("IVMS_SYNC_PROGRAM").unwrap_or_else(|_| own());
    let runner = std::env::var("IVMS_SYNC_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace().chain([program.as_str()]);
    let mut command = std::process::Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Waits until something is so; it is a failure if it is not within the limit.
#[track_caller]
pub fn wait_until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command and keeps what it said.
pub fn said(command: &mut Command) -> Said {
    heard(command.output().unwrap())
}

/// Waits for a process that was started, and keeps what it said.
pub fn finish(child: std::process::Child) -> Said {
    heard(child.wait_with_output().unwrap())
}

/// What a process said. A JSON document is held against the schema, whoever asked for it.
#[track_caller]
fn heard(output: std::process::Output) -> Said {
    let said = Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    if let Ok(document) = serde_json::from_str::<Value>(&said.stdout)
        && document.get("version").is_some()
    {
        schema::assert_valid(&document);
    }
    said
}

/// The `outcome`, `cause` … of every change in a document.
pub fn each<'a>(document: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    let list = document[list].as_array().unwrap();
    list.iter().map(|one| one[key].as_str().unwrap_or("null")).collect()
}
