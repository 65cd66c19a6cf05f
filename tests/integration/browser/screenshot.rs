//! The picture in the README: made by this test, and not too far from what is made today.

use std::fs;
use std::path::{Path, PathBuf};

use super::Scheme;
use super::demo::Page;

const WIDTH: u32 = 1280;
/// A picture in a README is loaded by everybody who reads it.
const BYTES_MAX: usize = 200_000;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo/screenshot.png")
}

/// Width and height in pixels. Source: PNG specification, 5.6 and 11.2.2.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// Whether two numbers are alike: other computers have other letters.
fn is_like(one: usize, other: usize) -> bool {
    one * 10 <= other * 16 && other * 10 <= one * 16
}

#[test]
fn the_readme_shows_the_page_as_it_is() {
    let readme = include_str!("../../../README.md");
    assert!(readme.contains("](examples/demo/screenshot.png)"));
    assert!(readme.contains("cargo run --example demo -- --web"));
    let known = fs::read(path()).unwrap_or_default();
    let Some(page) = Page::open() else { return };
    page.browser.prefer(Scheme::Light);
    page.choose(3);
    page.click("extend");
    page.click("sync");
    let height = page.browser.value("document.documentElement.scrollHeight").as_u64().unwrap();
    page.browser.resize(WIDTH, u32::try_from(height).unwrap());
    let picture = page.browser.screenshot();
    assert_eq!(size(&picture), (WIDTH, u32::try_from(height).unwrap()));
    assert!(picture.len() < BYTES_MAX, "{} bytes", picture.len());
    if std::env::var_os("IVMS_SYNC_BLESS").is_some() {
        fs::write(path(), picture).unwrap();
        return;
    }
    let (width, height) = size(&known);
    assert_eq!(width, WIDTH);
    let (_, today) = size(&picture);
    let is_as_high = is_like(height as usize, today as usize);
    assert!(
        is_as_high && is_like(known.len(), picture.len()),
        "the page looks otherwise; accept it with IVMS_SYNC_BLESS=1: {height} and {today} pixels high, \
         {} and {} bytes",
        known.len(),
        picture.len()
    );
}
