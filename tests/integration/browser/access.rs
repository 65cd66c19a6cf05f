//! Whether a page can be read and used by everybody: headings, names, contrast, width.

use serde_json::{Value, json};

use super::{Browser, Scheme};

/// A phone and a desk, in pixels.
pub const WIDTHS: [u32; 2] = [375, 1280];
const HEIGHT: u32 = 800;

/// Opens a page (`http://…` or `file://…`) and asserts that it is accessible: a language, a title,
/// one h1 and no heading level left out, a name for every control, references that lead somewhere,
/// contrast of every text, and no scrolling sideways; in light and dark, on a phone and on a desk.
#[track_caller]
pub fn assert_accessible(url: &str) {
    let browser = Browser::start();
    browser.open(url);
    assert_page_accessible(&browser);
}

/// The same for the page as it stands in a browser.
#[track_caller]
pub fn assert_page_accessible(browser: &Browser) {
    let problems = problems(browser);
    assert!(problems.is_empty(), "{problems:#?}");
}

/// What is wrong with the page, each line with where it was seen.
#[track_caller]
pub fn problems(browser: &Browser) -> Vec<String> {
    let mut found = Vec::new();
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.prefer(scheme);
        for width in WIDTHS {
            browser.resize(width, HEIGHT);
            let seen = browser.run(include_str!("access.js"), json!([]));
            let place = format!("{scheme:?}, {width} px");
            let lines = seen["problems"].as_array().unwrap().iter().filter_map(Value::as_str);
            found.extend(lines.map(|line| format!("{place}: {line}")));
            assert!(seen["texts"].as_u64() > Some(0), "{place}: no text was measured");
            // Names depend neither on the colours nor on the width.
            if scheme == Scheme::Light {
                for control in seen["controls"].as_array().unwrap() {
                    let (role, name) = browser.role_and_name(control);
                    if name.is_empty() {
                        found.push(format!("{place}: a {role} has no name"));
                    }
                }
            }
        }
    }
    found
}
