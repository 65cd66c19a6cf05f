//! What is a plate, what is none, and which are those of one car.

use proptest::prelude::*;
use unicode_normalization::char::is_combining_mark;

use super::*;

fn rules() -> PlateRules {
    PlateRules::new(Country::from_code("US"), ["NOPLATE", "no tag", "xxx"]).unwrap()
}

fn text(typed: &str) -> Result<String, PlateRefusal> {
    rules().read(typed, "").map(|plate| plate.text().to_owned())
}

fn refused(typed: &str) -> PlateRefusal {
    text(typed).unwrap_err()
}

#[test]
fn every_spelling_of_a_plate_is_one_text() {
    for (typed, want) in [
        ("ABC123", "ABC123"),
        ("abc123", "ABC123"),
        (" ABC 123\t", "ABC123"),
        ("ABC\u{a0}12\u{2009}3", "ABC123"),
        ("\u{2000}A\u{2001}B\u{200a}C\u{202f}1", "ABC1"),
        ("ABC-123", "ABC123"),
        ("-A--B\u{2010}C\u{2011}1\u{2012}2\u{2013}3\u{2014}4\u{2015}5\u{2212}6-", "ABC123456"),
        // Connecticut prints a middle dot.
        ("AB·12345", "AB12345"),
        ("AB\u{387}12345", "AB12345"),
        ("AB•12345", "AB12345"),
        ("A.B/C_1·2•3", "ABC123"),
        ("GÖ-AB 123", "GÖAB123"),
        ("GÖ · AB 123", "GÖAB123"),
        ("A.-B", "AB"),
        ("ÅSA", "ÅSA"),
        ("åsa", "ÅSA"),
        ("A\u{30a}SA", "ÅSA"),
        ("a\u{30a}sa", "ÅSA"),
        ("\u{212b}SA", "ÅSA"),
        ("\u{212a}1", "K1"),
        ("äöüåæøčšžćđ", "ÄÖÜÅÆØČŠŽĆĐ"),
        ("ÄÖÜÅÆØČŠŽĆĐ", "ÄÖÜÅÆØČŠŽĆĐ"),
        ("c\u{30c}s\u{30c}z\u{30c}c\u{301}o\u{308}", "ČŠŽĆÖ"),
        ("A", "A"),
        ("0", "0"),
        ("ABCDEFGHIJKL", "ABCDEFGHIJKL"),
        (
            "Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä\u{a0}Ä",
            "ÄÄÄÄÄÄÄÄÄÄÄÄ",
        ),
    ] {
        assert_eq!(text(typed).as_deref(), Ok(want), "{typed:?}");
    }
}

#[test]
fn nothing_is_folded() {
    for (one, other) in [("O1", "01"), ("I1", "11"), ("Ä1", "A1"), ("Æ1", "AE1"), ("Đ1", "D1")] {
        assert_ne!(text(one).unwrap(), text(other).unwrap());
    }
}

#[test]
fn what_is_no_plate() {
    let too_long = "ABCDEFGHIJKLM";
    for (typed, want) in [
        ("", PlateRefusal::Empty),
        (" - ", PlateRefusal::Empty),
        (too_long, PlateRefusal::TooLong),
        ("ABC-DEF-GHI-JKL-M", PlateRefusal::TooLong),
        ("NOPLATE", PlateRefusal::NoPlate),
        ("no plate", PlateRefusal::NoPlate),
        ("No.Tag", PlateRefusal::NoPlate),
        ("XXX", PlateRefusal::NoPlate),
        ("../A1", PlateRefusal::Misplaced('.')),
        ("/etc/passwd", PlateRefusal::Misplaced('/')),
        ("A1/", PlateRefusal::Misplaced('/')),
        ("A1.", PlateRefusal::Misplaced('.')),
        ("A1. ", PlateRefusal::Misplaced('.')),
        (".", PlateRefusal::Misplaced('.')),
        ("A..B", PlateRefusal::Misplaced('.')),
        ("A./B", PlateRefusal::Misplaced('/')),
        ("A. .B", PlateRefusal::Misplaced('.')),
        ("A.-.B", PlateRefusal::Misplaced('.')),
        ("A··B", PlateRefusal::Misplaced('·')),
    ] {
        assert_eq!(refused(typed), want, "{typed:?}");
    }
    assert_eq!(refused(&" ".repeat(10_000_000)), PlateRefusal::TooLong, "at once");
}

#[test]
fn what_is_on_no_plate_is_named_by_its_code_point() {
    use CharacterFault::{Control, Formula, Invisible, NoCapital, NotOnPlates, OtherAlphabet};
    for (character, why) in [
        ('\u{430}', OtherAlphabet), // Cyrillic a
        ('\u{410}', OtherAlphabet),
        ('\u{391}', OtherAlphabet),   // Greek Alpha
        ('\u{3c2}', OtherAlphabet),   // final sigma
        ('\u{ff21}', OtherAlphabet),  // full width A
        ('\u{1d400}', OtherAlphabet), // mathematical A
        ('\u{661}', OtherAlphabet),   // Arabic 1
        ('\u{2160}', OtherAlphabet),  // Roman I
        ('ß', NoCapital),
        ('ı', NoCapital),
        ('ſ', NoCapital),
        ('ŉ', NoCapital),
        ('ǰ', NoCapital),
        ('ẖ', NoCapital),
        ('ẞ', NotOnPlates),
        ('É', NotOnPlates),
        ('é', NotOnPlates),
        ('Ð', NotOnPlates), // eth, not the Đ of Croatia
        ('ð', NotOnPlates),
        ('Ł', NotOnPlates),
        ('İ', NotOnPlates),
        ('ª', NotOnPlates),
        ('\0', Control),
        ('\u{1b}', Control),
        ('\n', Control),
        ('\u{7f}', Control),
        ('\u{85}', Control),
        ('\u{200b}', Invisible),
        ('\u{200d}', Invisible),
        ('\u{ad}', Invisible), // soft hyphen
        ('\u{202e}', Invisible),
        ('\u{feff}', Invisible),
        ('\u{e0041}', Invisible),
        ('=', Formula),
        ('+', Formula),
        ('@', Formula),
        ('%', NotOnPlates),
        ('\\', NotOnPlates),
        ('\'', NotOnPlates),
        ('"', NotOnPlates),
        (',', NotOnPlates),
        (';', NotOnPlates),
        ('\u{3000}', NotOnPlates),
        ('🚗', NotOnPlates),
        ('\u{e000}', NotOnPlates),
    ] {
        for typed in [format!("A{character}1"), format!("{character}A1"), format!("A1{character}")]
        {
            assert_eq!(refused(&typed), PlateRefusal::Character { character, why }, "{typed:?}");
        }
    }
    // A mark that composes with nothing that is left of it.
    for (typed, character) in
        [("A\u{308}\u{301}1", '\u{301}'), ("X\u{301}", '\u{301}'), ("A-\u{308}B", '\u{308}')]
    {
        let want = PlateRefusal::Character { character, why: NotOnPlates };
        assert_eq!(refused(typed), want, "{typed:?}");
    }
}

#[test]
fn a_person_understands_why() {
    for (typed, want) in [
        ("", "holds no letter and no digit"),
        ("ABCDEFGHIJKLM", "has more than 12 letters and digits"),
        ("\u{430}BC", "holds U+0430, a letter or digit of another alphabet"),
        ("=1+1", "holds U+003D, which begins a formula in a spreadsheet"),
        ("A\u{1b}", "holds U+001B, a control character"),
        ("A\u{200b}", "holds U+200B, an invisible character"),
        ("Aß", "holds U+00DF, a letter without a capital of its own"),
        ("A#", "holds U+0023, which is on no plate"),
        ("../A1", "holds U+002E that does not stand alone between two letters or digits"),
        ("NOPLATE", "is on the list of texts that are no plates"),
    ] {
        assert_eq!(refused(typed).to_string(), want);
    }
    let issuer = rules().read("A1", "U/S").unwrap_err();
    assert_eq!(
        issuer.to_string(),
        "has an issuer that holds U+002F, which is in no name of an issuer"
    );
}

/// Every character there is, alone: what is taken is what the table in the head of the file says.
#[test]
fn every_character_there_is() {
    let listed = "ÄÖÜÅÆØČŠŽĆĐäöüåæøčšžćđ";
    let mut taken = 0;
    for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii_alphanumeric() && !listed.contains(*c)) {
        match normal(&c.to_string()) {
            Ok(text) => {
                taken += 1;
                let same = ['\u{212a}', '\u{212b}'].contains(&c);
                assert!(same && c.nfc().eq(text.chars()), "{c:?} is {text}");
            }
            Err(refusal) => assert!(!matches!(refusal, PlateRefusal::TooLong), "{c:?}"),
        }
    }
    assert_eq!(taken, 2, "the kelvin and the ångström sign");
    for c in listed.chars().chain('a'..='z').chain('A'..='Z').chain('0'..='9') {
        let capital: String = c.to_uppercase().collect();
        assert_eq!(text(&c.to_string()), Ok(capital));
    }
}

#[test]
fn a_list_of_texts_that_are_no_plates_is_checked() {
    let wrong = PlateRules::new(None, ["NOPLATE", "there is no plate"]).unwrap_err();
    assert_eq!(wrong, (1, PlateRefusal::TooLong));
    assert_eq!(PlateRules::new(None, ["#"]).unwrap_err().0, 0);
    assert!(PlateRules::default().read("NOPLATE", "").is_ok(), "there is no list of our own");
}

#[test]
fn issuers_are_read_and_spelled() {
    for (typed, want) in [
        ("CT:ABC123", "US-CT:ABC123"),
        ("us-ct: abc 123", "US-CT:ABC123"),
        ("ABC123", "ABC123"),
        (":ABC123", "ABC123"),
        ("SLO:LJ-123", "SLO:LJ123"),
        ("S:ÅSA", "S:ÅSA"),
    ] {
        let plate = rules().read_spelled(typed).unwrap();
        assert_eq!(plate.spelled(), want);
        assert_eq!(rules().read_spelled(want), Ok(plate), "and back");
    }
    let colon = PlateRefusal::Character { character: ':', why: CharacterFault::NotOnPlates };
    assert_eq!(rules().read_spelled("CT:A:B"), Err(colon));
}

#[test]
fn which_plates_are_those_of_one_car() {
    use PlateMatch::{Different, Same, TextOnly};
    for (one, other, want) in [
        ("CT:ABC123", "US-CT:abc 123", Same),
        ("CT:ABC123", "NY:ABC123", Different),
        ("CT:ABC123", "CT:ABC124", Different),
        ("ABC123", "CT:ABC123", TextOnly),
        ("ABC123", "ABC123", TextOnly),
        ("ABC123", "ABC124", Different),
        ("SE:ABC123", "S:ABC123", TextOnly),
        ("SE:ABC123", "NO:ABC123", Different),
        ("US:ABC123", "CT:ABC123", TextOnly),
    ] {
        let plates = [one, other].map(|typed| rules().read_spelled(typed).unwrap());
        assert_eq!(plates[0].match_with(&plates[1]), want, "{one} and {other}");
        assert_eq!(plates[1].match_with(&plates[0]), want, "{other} and {one}");
    }
}

#[test]
fn a_plate_is_in_no_log() {
    let plate = rules().read_spelled("CT:ABC123").unwrap();
    for shown in [format!("{plate:?}"), format!("{plate:#?}"), format!("{:?}", Some(&plate))] {
        assert!(!shown.contains("ABC") && !shown.contains("CT"), "{shown}");
        assert!(shown.contains("Plate(not shown)"), "{shown}");
    }
    let refusal = format!("{:?} {0}", refused("SECRETа"));
    assert!(!refusal.contains("SECRET"), "{refusal}");
}

/// Mostly what stands on plates and between their parts.
fn typed() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(
        "ABZaz019ÄäČčĐđ -\t\u{a0}\u{2009}\u{2013}._/·•\u{30a}\u{308}\u{30c}\u{430}ßı\u{212a}="
            .chars()
            .collect::<Vec<_>>(),
    );
    let one = prop_oneof![20 => usual, 1 => any::<char>()];
    prop::collection::vec(one, 0..16).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn a_plate_is_its_own_normal_form(typed in typed()) {
        let Ok(text) = text(&typed) else { return Ok(()) };
        prop_assert_eq!(normal(&text).unwrap(), text.clone());
        prop_assert!((1..=12).contains(&text.chars().count()));
        let kept = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "ÄÖÜÅÆØČŠŽĆĐ".contains(c);
        prop_assert!(text.chars().all(kept) && !text.chars().any(is_combining_mark));
    }

    #[test]
    fn however_a_text_is_composed_it_is_the_same_plate(typed in typed()) {
        let forms: [String; 2] = [typed.nfd().collect(), typed.nfc().collect()];
        for form in forms {
            prop_assert_eq!(text(&form).ok(), text(&typed).ok());
        }
    }

    #[test]
    fn blanks_and_dashes_change_nothing(typed in typed(), place in 0..17_usize, which in 0..3_usize) {
        // Not before a mark, which would be parted from its letter.
        let chars: Vec<char> = typed.nfc().collect();
        let place = place.min(chars.len());
        prop_assume!(chars.get(place).is_none_or(|c| !is_combining_mark(*c)));
        let dropped = [' ', '-', '\u{2009}'][which];
        let more: String = chars[..place].iter().chain([&dropped]).chain(&chars[place..]).collect();
        prop_assert_eq!(text(&more).ok(), text(&typed).ok());
    }
}
