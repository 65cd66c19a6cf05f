//! The same texts on a terminal: coloured where words say the same, folded where it is narrow.

use unicode_width::UnicodeWidthStr;

use super::every_outcome;
use super::lookup::story;
use crate::exit::Exit;
use crate::report::check::{self, Finding};
use crate::report::look::Look;
use crate::report::{lookup, text};

/// Every text that is shown on stdout, in a look.
fn texts(look: Look) -> [String; 3] {
    let mut report = every_outcome();
    let names = ["Žiga Šuštar", "漢字 漢字", "Åsa Öberg"];
    for (one, name) in report.changes.iter().zip(names.iter().cycle()) {
        report.names.insert(one.change.member.clone(), (*name).to_owned());
    }
    let remedy =
        || Some("see that the cable is in, and that nobody changed the address".to_owned());
    let findings = [
        Finding::ok("club", "40 members".into()),
        Finding::warning("gym-door", "39 of 40 members are linked to a person".into(), remedy()),
        Finding::failed("front-door", "did not answer".into(), remedy(), Exit::PartFailed),
    ];
    [text::render(&report, look), lookup::render(&story(), look), check::render(&findings, look)]
}

fn bare(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn colours_repeat_what_the_words_say() {
    let [report, lookup, check] = texts(Look { is_coloured: true, width: None });
    for (text, code, word) in [
        (&report, "32", "confirmed"),
        (&report, "31", "refused: it said no"),
        (&report, "31", "not-applied: it holds another window"),
        (&report, "33", "blocked"),
        (&report, "1", "member"),
        (&lookup, "32", "opens now"),
        (&lookup, "31", "not-applied: it holds another window"),
        (&check, "32", "ok"),
        (&check, "33", "warning"),
        (&check, "31", "failed"),
    ] {
        assert!(text.contains(&format!("\u{1b}[{code}m{word}\u{1b}[0m")), "{word}\n{text:?}");
    }
    let plain = texts(Look::PLAIN);
    assert!(plain.iter().all(|text| !text.contains('\u{1b}')));
    assert_eq!([report, lookup, check].map(|text| bare(&text)), plain);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let plain = texts(Look::PLAIN);
    let mut folded = 0;
    for width in 60..=200 {
        let coloured = texts(Look { is_coloured: true, width: Some(width) });
        let shown = texts(Look { is_coloured: false, width: Some(width) });
        assert_eq!(coloured.map(|text| bare(&text)), shown);
        for (shown, plain) in shown.iter().zip(&plain) {
            for line in shown.lines() {
                assert!(line.width() <= width, "{line:?} at {width}");
            }
            if plain.lines().all(|line| line.width() <= width) {
                assert_eq!(shown, plain, "what fits stays as it is");
            } else {
                folded += 1;
                let mut sorted = [words(shown), words(plain)];
                sorted.iter_mut().for_each(|words| words.sort());
                sorted.iter_mut().for_each(|words| words.dedup());
                assert_eq!(sorted[0], sorted[1], "nothing is cut off at {width}");
            }
        }
    }
    assert!(folded > 50, "{folded}");
}
