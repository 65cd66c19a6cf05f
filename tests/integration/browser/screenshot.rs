//! The picture in the README: made by this test, and not too far from what is made today.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter};
use serde_json::json;

use super::Scheme;
use super::demo::Page;

/// One screen, on which a button and what comes of it are seen.
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 800;
/// A picture in a README is loaded by everybody who reads it.
const BYTES_MAX: usize = 200_000;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo/screenshot.png")
}

/// Width and height in pixels.
fn size(picture: &[u8]) -> (u32, u32) {
    let reader = Decoder::new(Cursor::new(picture)).read_info().unwrap();
    (reader.info().width, reader.info().height)
}

/// The same picture in its 256 most frequent colours, others drawn in the one next to them: smooth
/// letters have thousands, and nobody sees the difference.
fn with_few_colours(picture: &[u8]) -> Vec<u8> {
    let mut reader = Decoder::new(Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (ColorType::Rgb, BitDepth::Eight));
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    for pixel in pixels.chunks(3) {
        *counts.entry(pixel).or_default() += 1;
    }
    let mut palette: Vec<&[u8]> = counts.keys().copied().collect();
    palette.sort_by_key(|colour| Reverse(counts[colour]));
    palette.truncate(256);
    let distance = |one: &[u8], other: &[u8]| -> u32 {
        one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
    };
    let nearest = |colour: &[u8]| {
        let places = 0..palette.len();
        places.min_by_key(|place| distance(palette[*place], colour)).unwrap() as u8
    };
    let places: BTreeMap<&[u8], u8> = counts.keys().map(|c| (*c, nearest(c))).collect();
    let indexed: Vec<u8> = pixels.chunks(3).map(|pixel| places[pixel]).collect();

    let mut made = Vec::new();
    let mut encoder = Encoder::new(&mut made, info.width, info.height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::NoFilter);
    encoder.write_header().unwrap().write_image_data(&indexed).unwrap();
    made
}

/// Whether two numbers are alike: other computers have other letters.
fn is_like(one: usize, other: usize) -> bool {
    one * 10 <= other * 16 && other * 10 <= one * 16
}

#[test]
#[ignore = "needs a browser"]
fn the_readme_shows_the_page_as_it_is() {
    let readme = include_str!("../../../README.md");
    assert!(readme.contains("](examples/demo/screenshot.png)"));
    assert!(readme.contains("cargo run --example demo -- --web"));
    let known = fs::read(path()).unwrap_or_default();
    let page = Page::open();
    page.browser.prefer(Scheme::Light);
    page.choose(3);
    page.click("extend");
    page.click("sync");
    page.browser.resize(WIDTH, HEIGHT);
    page.browser.run("scrollTo(0, 0); document.activeElement.blur();", json!([]));
    let picture = with_few_colours(&page.browser.screenshot());
    assert_eq!(size(&picture), (WIDTH, HEIGHT));
    assert!(picture.len() < BYTES_MAX, "{} bytes", picture.len());
    if std::env::var_os("IVMS_SYNC_BLESS").is_some() {
        fs::write(path(), picture).unwrap();
        return;
    }
    assert_eq!(size(&known), (WIDTH, HEIGHT));
    assert!(
        is_like(known.len(), picture.len()),
        "the page looks otherwise; accept it with IVMS_SYNC_BLESS=1: {} and {} bytes",
        known.len(),
        picture.len()
    );
}
