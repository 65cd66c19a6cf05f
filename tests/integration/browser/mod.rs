//! A real browser: headless Chromium, driven over WebDriver, for the pages that people look at.
//!
//! Tests that need it are ignored unless they are asked for, since not everybody has one:
//! `cargo test --test integration browser:: -- --include-ignored`.

pub mod access;
#[cfg(unix)]
mod demo;
mod harness;
#[cfg(unix)]
mod playing;
#[cfg(unix)]
mod requests;
#[cfg(unix)]
mod screenshot;
mod status;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::pinned::instant;

/// Nothing takes longer, also on a machine with much else to do.
pub const LIMIT: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The key under which WebDriver hands out an element. Source: WebDriver, section 12.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys as WebDriver names them. Source: WebDriver, section 17.4.2.
pub const SHIFT: &str = "\u{e008}";
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const DOWN: &str = "\u{e015}";

/// One browser at a time: each takes some hundred megabytes.
static TURN: Mutex<()> = Mutex::new(());

/// What the reader of a page prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser with one page; it ends when dropped.
pub struct Browser {
    driver: Child,
    /// Address of the driver, and of the session below it.
    address: String,
    agent: ureq::Agent,
    /// Where Chromium keeps its files.
    profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    version.is_ok_and(|output| output.status.success())
}

/// Waits for something that comes by itself.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < LIMIT, "waited in vain: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The first line of a process that holds something, as long as it prints lines at all.
#[track_caller]
pub fn wait_for_line(child: &mut Child, wanted: impl Fn(&str) -> Option<String>) -> String {
    let stdout = child.stdout.take().unwrap();
    let (sender, lines) = mpsc::channel();
    // Reads on to the end, so that the process never waits for a full pipe.
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut seen = Vec::new();
    while let Ok(line) = lines.recv_timeout(LIMIT) {
        if let Some(found) = wanted(&line) {
            return found;
        }
        seen.push(line);
    }
    panic!("it ended, or said nothing more, after: {seen:#?}");
}

/// Starts the driver, and gives its port. The one that it takes for IPv6 may be busy for IPv4, and then
/// it gives up: a later try takes another.
fn start_driver(profile: &Path) -> (Child, String) {
    for _ in 0..5 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            // Chromium leaves its temporary files behind; here they go with the profile.
            .env("TMPDIR", profile)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let word = wait_for_line(&mut driver, |line| {
            if line.contains("port not available") {
                return Some(String::new());
            }
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        if !word.is_empty() {
            return (driver, word);
        }
        driver.wait().unwrap();
    }
    panic!("the driver found no port five times");
}

impl Browser {
    /// Starts a browser.
    #[track_caller]
    pub fn start() -> Self {
        for program in ["chromium", "chromedriver"] {
            assert!(is_installed(program), "{program} is not installed");
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = start_driver(profile.path());
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LIMIT))
            .build();
        let mut browser = Self {
            driver,
            address: format!("http://127.0.0.1:{port}"),
            agent: config.into(),
            profile,
            _turn: turn,
        };
        let profile =
            format!("--user-data-dir={}", browser.profile.path().join("profile").display());
        // The sandbox does not work for root, and shared memory is small in containers.
        let switches = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--no-first-run",
            "--disable-background-networking",
            &profile,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": switches },
        }}});
        // On a machine with very much to do, Chromium may miss the driver's own time limit.
        let begin = || browser.try_ask("POST", "/session", Some(&wanted));
        let session = begin().or_else(|_| begin()).unwrap();
        let id = session["sessionId"].as_str().unwrap();
        browser.address = format!("{}/session/{id}", browser.address);
        browser
    }

    /// One call of WebDriver; gives its value.
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let address = format!("{}{path}", self.address);
        let sent = match (method, body) {
            ("GET", _) => self.agent.get(&address).call(),
            ("DELETE", _) => self.agent.delete(&address).call(),
            (_, body) => {
                let body = body.cloned().unwrap_or_else(|| json!({})).to_string();
                self.agent.post(&address).content_type("application/json").send(body)
            }
        };
        let mut answer = sent.map_err(|error| error.to_string())?;
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let body = body.map_err(|error| error.to_string())?;
        let mut document: Value =
            serde_json::from_str(&body).map_err(|e| format!("{e}: {body}"))?;
        if answer.status().is_success() {
            Ok(document["value"].take())
        } else {
            Err(format!("{}: {}", document["value"]["error"], document["value"]["message"]))
        }
    }

    /// Asks Chromium itself, for what WebDriver has no word for.
    #[track_caller]
    fn ask_chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.ask("POST", "/goog/cdp/execute", Some(&body))
    }

    /// Opens a page and waits until it is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.ask("POST", "/url", Some(&json!({ "url": url })));
    }

    /// Shows the page in a window of this size, in pixels.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        // Not by the size of the window, which cannot be as narrow as a phone.
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask_chromium("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Shows the page to a reader who prefers this, and no motion.
    #[track_caller]
    pub fn prefer(&self, scheme: Scheme) {
        let scheme = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]});
        self.ask_chromium("Emulation.setEmulatedMedia", &features);
    }

    /// Lets the pages that are opened from now on read this on the clock.
    #[track_caller]
    pub fn read_clock(&self, now: &str) {
        let at = instant(now).timestamp_millis();
        let script = json!({ "source": format!("Date.now = () => {at};") });
        self.ask_chromium("Page.addScriptToEvaluateOnNewDocument", &script);
    }

    /// Runs the body of a function in the page, and gives what it returns.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.ask("POST", "/execute/sync", Some(&body))
    }

    /// Gives the value of an expression in the page.
    #[track_caller]
    pub fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"), json!([]))
    }

    /// The same as text, with single spaces.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let found =
            self.run("return document.querySelector(arguments[0]).textContent;", json!([selector]));
        found.as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until an expression in the page is true.
    #[track_caller]
    pub fn wait_until(&self, expression: &str) {
        wait_for(expression, || self.value(expression).as_bool().filter(|is_so| *is_so));
    }

    /// Clicks the first element that a selector finds, as a mouse would: where it can be seen.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/click"), None);
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let body = json!({ "using": "css selector", "value": selector });
        let found = self.ask("POST", "/element", Some(&body));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// What a screen reader calls an element that a script has given: its role and its name.
    #[track_caller]
    pub fn role_and_name(&self, element: &Value) -> (String, String) {
        let id = element[ELEMENT].as_str().unwrap();
        let ask = |what: &str| {
            let answer = self.ask("GET", &format!("/element/{id}/{what}"), None);
            answer.as_str().unwrap_or_default().trim().to_owned()
        };
        (ask("computedrole"), ask("computedlabel"))
    }

    /// Presses a key.
    #[track_caller]
    pub fn press(&self, key: &str) {
        self.press_together(&[key]);
    }

    /// Presses keys one after the other, and then lets go of them.
    #[track_caller]
    pub fn press_together(&self, keys: &[&str]) {
        let step = |kind: &'static str| move |key: &&str| json!({ "type": kind, "value": key });
        let up = keys.iter().rev().map(step("keyUp"));
        let steps: Vec<Value> = keys.iter().map(step("keyDown")).chain(up).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": steps });
        self.ask("POST", "/actions", Some(&json!({ "actions": [keyboard] })));
    }

    /// A picture of the window, as PNG.
    #[track_caller]
    pub fn screenshot(&self) -> Vec<u8> {
        let picture = self.ask("GET", "/screenshot", None);
        STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium; the driver would leave it behind.
        let _ = self.try_ask("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // Its helpers may write a moment longer.
        let begin = Instant::now();
        while std::fs::remove_dir_all(self.profile.path()).is_err()
            && self.profile.path().exists()
            && begin.elapsed() < LIMIT
        {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
