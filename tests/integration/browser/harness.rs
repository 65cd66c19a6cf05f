//! The check of accessibility sees what it is there to see, and a well-made page passes it.

use super::access::{assert_accessible, problems};
use super::{Browser, wait_for_line};

/// A page with this in its head and its main part, in a file.
fn page(head: &str, body: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let text = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Doors</title>\
         <meta name=viewport content='width=device-width'>{head}<main>{body}</main></html>"
    );
    std::fs::write(&path, text).unwrap();
    let url = format!("file://{}", path.display());
    (folder, url)
}

const GOOD_HEAD: &str = "<style>:root { color-scheme: light dark }</style>";
const GOOD: &str = "<h1>Doors</h1><h2>Front door</h2><label>Search <input style='height:2rem'></label> \
                    <p style='min-height:2rem'><button style='min-height:2rem'>Open</button></p>";

#[test]
#[ignore = "needs a browser"]
fn a_good_page_passes() {
    let (_folder, url) = page(GOOD_HEAD, GOOD);
    assert_accessible(&url);
}

#[test]
#[ignore = "needs a browser"]
fn each_fault_is_found() {
    let browser = Browser::start();
    let faults = [
        ("<h1>Second</h1>", "not exactly one h1"),
        ("<h4>Deep</h4>", "follows a heading of level 2"),
        ("<button style='min-height:2rem;min-width:2rem'></button>", "a button has no name"),
        ("<input style='height:2rem'>", "a textbox has no name"),
        ("<a href='#nowhere'>There</a>", "leads nowhere"),
        ("<p id=one>a</p><p id=one>b</p>", "the id one is given twice"),
        ("<p aria-describedby=none>a</p>", "aria-describedby leads to no none"),
        ("<img src='data:,'>", "has no alt"),
        ("<svg width=9 height=9></svg>", "neither a named picture nor hidden"),
        ("<table><caption>a</caption><tr><td>b</table>", "no heading cells"),
        ("<table><tr><th>b</table>", "has no name"),
        (
            "<p style='color:#888;background:#fff'>grey</p>",
            "\"grey\" in <p> \"grey\": contrast 3.5",
        ),
        ("<p style='opacity:.4'>faint</p>", "\"faint\""),
        ("<p style='color:oklch(0.8 0 0);background:#fff'>pale</p>", "\"pale\""),
        (
            "<div style='background:rgb(0 0 0 / .9)'><p style='color:#000'>black</p></div>",
            "Light, 1280 px: \"black\"",
        ),
        ("<svg role=img aria-label=a><text y=20 fill='#aaa'>drawn</text></svg>", "\"drawn\""),
        ("<p style='background:linear-gradient(red,blue)'>over</p>", "stands over a picture"),
        ("<p style='color:#777;background:#fff;font-size:24px'>big</p>", ""),
        ("<div style='width:500px;height:9px'></div>", "Light, 375 px: the page is 5"),
        ("<button style='height:9px;font-size:6px'>x</button>", "smaller than a finger"),
    ];
    for (fault, wanted) in faults {
        let (_folder, url) = page(GOOD_HEAD, &format!("{GOOD}{fault}"));
        browser.open(&url);
        let found = problems(&browser);
        if wanted.is_empty() {
            assert!(found.is_empty(), "{fault}: {found:#?}");
        } else {
            assert!(found.iter().any(|line| line.contains(wanted)), "{fault}: {found:#?}");
        }
    }
    // White in the dark, where the page does not follow.
    let (_folder, url) = page(
        "<style>:root { color-scheme: light dark } p { color: #222 }</style>",
        "<h1>a</h1><p>night</p>",
    );
    browser.open(&url);
    let found = problems(&browser);
    assert!(found.iter().all(|line| line.starts_with("Dark, ")), "{found:#?}");
    assert!(!found.is_empty());
}

/// Chromium leaves nothing behind, also when a test fails.
#[test]
#[ignore = "needs a browser"]
fn the_browser_ends_with_the_test() {
    let browser = Browser::start();
    let profile = browser.profile.path().to_owned();
    let address = browser.address.clone();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _browser = browser;
        panic!("a test fails");
    }));
    assert!(failed.is_err());
    assert!(!profile.exists(), "{}", profile.display());
    assert!(ureq::get(&address).call().is_err(), "the driver has ended");
    #[cfg(target_os = "linux")]
    super::wait_for("no process of the browser is left", || {
        let of_browser =
            |line: &Vec<u8>| String::from_utf8_lossy(line).contains(&*profile.to_string_lossy());
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut lines = processes.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok());
        (!lines.any(|line| of_browser(&line))).then_some(())
    });
}

#[test]
#[should_panic(expected = "it ended")]
fn a_program_that_says_nothing_is_not_waited_for() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ivms-sync"));
    let mut child = command.arg("--version").stdout(std::process::Stdio::piped()).spawn().unwrap();
    let line = wait_for_line(&mut child, |line| line.contains("never").then(String::new));
    assert_eq!(line, "");
}
