//! The live demo as a process, and its page in a browser.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Browser, wait_for, wait_for_line};
use crate::demo::{cargo, profile_folder};
use crate::support::said;

/// The demo with this program, as a process of its own.
#[track_caller]
pub fn command(binary: &str) -> Command {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    let demo = DEMO.get_or_init(|| {
        let built = said(&mut cargo("build", "demo"));
        assert_eq!(built.code, 0, "{}", built.stderr);
        profile_folder().join("examples/demo")
    });
    let mut command = Command::new(demo);
    command.args(["--binary", binary]);
    command
}

/// A running demo; it ends when dropped.
pub struct Demo {
    child: Child,
    /// `http://127.0.0.1:PORT`, without a closing slash.
    pub url: String,
    /// The folder for temporary files, of which the demo makes its own below.
    pub folder: TempDir,
}

impl Demo {
    /// Starts the demo without a terminal.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(env!("CARGO_BIN_EXE_ivms-sync"));
        let child = command
            .arg("--web")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let url = wait_for_line(&mut child, |line| {
            let at = line.find("http://")?;
            line.get(at..)?.split('/').nth(2).map(|address| format!("http://{address}"))
        });
        Self { child, url, folder }
    }

    /// Sends a signal, as Ctrl-C does.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end, and gives the exit code.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        wait_for("the demo ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-INT", &pid]).status();
            let _ = self.child.wait();
        }
    }
}

/// The page of a demo in a browser.
pub struct Page {
    pub browser: Browser,
    pub demo: Demo,
}

impl Page {
    /// Opens the page on a desk.
    #[track_caller]
    pub fn open() -> Self {
        let browser = Browser::start();
        let demo = Demo::start();
        browser.resize(1280, 900);
        browser.open(&demo.url);
        let page = Self { browser, demo };
        page.wait_until_done();
        page
    }

    /// Waits until what was pressed is done and shown.
    #[track_caller]
    pub fn wait_until_done(&self) {
        self.browser.wait_until(
            "document.readyState === 'complete' && !document.body.hasAttribute('data-busy') \
             && document.querySelector('#members tr') !== null",
        );
    }

    /// Chooses a member by the place in the list.
    #[track_caller]
    pub fn choose(&self, member: usize) {
        self.browser.run("scrollTo(0, 0);", json!([]));
        self.browser.click(&format!("label[for=member-{}]", 150_001 + member));
    }

    /// Clicks a button and waits until it is done.
    #[track_caller]
    pub fn click(&self, action: &str) {
        self.browser.click(&format!("[data-action={action}]"));
        self.wait_until_done();
    }

    /// Clicks the button of a door.
    #[track_caller]
    pub fn click_door(&self, place: usize) {
        self.browser.click(&format!("[data-place='{place}']"));
        self.wait_until_done();
    }

    /// Whether one of these is in the window as a whole, with nothing over it.
    #[track_caller]
    pub fn is_in_sight(&self, selector: &str) -> bool {
        let script = "return [...document.querySelectorAll(arguments[0])].some((element) => {
            const box = element.getBoundingClientRect();
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
            const top = document.elementFromPoint(x, y);
            return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight
                && top !== null && (element.contains(top) || top.contains(element) && top.closest('.card') === element.closest('.card'));
        });";
        self.browser.run(script, json!([selector])) == true
    }

    /// The date in a cell: 1 is Cardskipper, 2 and 3 are the doors, 4 is the barrier.
    #[track_caller]
    pub fn date(&self, member: usize, cell: usize) -> String {
        let cell = cell + 1;
        self.browser.text(&format!("#row-{} > :nth-child({cell}) .date", 1001 + member))
    }

    /// Everything in a cell.
    #[track_caller]
    pub fn cell(&self, member: usize, cell: usize) -> String {
        let cell = cell + 1;
        self.browser.text(&format!("#row-{} > :nth-child({cell})", 1001 + member))
    }

    /// Everything that the doors hold, as the page shows it.
    #[track_caller]
    pub fn doors(&self) -> Vec<String> {
        let cells = self
            .browser
            .value("[...document.querySelectorAll('td.door')].map((c) => c.textContent)");
        cells.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The sentence about what came of the last press.
    #[track_caller]
    pub fn result(&self) -> String {
        self.browser.text("#result")
    }

    /// What the program printed.
    #[track_caller]
    pub fn output(&self) -> String {
        self.browser.text("#output")
    }
}
