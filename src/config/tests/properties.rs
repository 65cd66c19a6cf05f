//! Damaged configurations never panic and never tell a password.

use proptest::prelude::*;

use super::*;

const SECRET: &str = "correct-horse-battery";

/// A password in the file, one in a variable, one in the variable that overrides.
fn texts() -> [String; 2] {
    let literal = format!("\"{SECRET}\"");
    [
        replaced("{ env = \"DOOR_PASSWORD\" }", &literal),
        example::uncommented().replace("{ env = \"SMTP_PASSWORD\" }", &literal),
    ]
}

fn variables() -> Environment {
    Environment::from_pairs(
        [
            "CLUB_PASSWORD",
            "CARDSKIPPER_PASSWORD",
            "FRONT_DOOR_PASSWORD",
            "IVMS_SYNC__CARDSKIPPER__CLUB__PASSWORD",
            "IVMS_SYNC__HIKVISION__FRONT_DOOR__MODE",
        ]
        .map(|name| (name, SECRET)),
    )
}

fn tells_nothing(text: &str, environment: &Environment) {
    let shown = match read_with(text, environment) {
        Ok(config) => format!("{config:?} {:?}", config.warnings),
        Err(error) => {
            assert!(!error.problems.is_empty());
            format!("{error} {error:?}")
        }
    };
    assert!(!shown.contains(SECRET), "{shown}");
}

/// What is done to a text: cut something out, put something in, say a line twice, or move it.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize, usize),
    Insert(usize, String),
    Repeat(usize),
    Swap(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = 0..20_000_usize;
    let bits = prop_oneof![
        proptest::char::any().prop_map(String::from),
        prop::sample::select(vec![
            "\"",
            "\"\"\"",
            "'",
            "{",
            "}",
            "[",
            "]",
            "=",
            ",",
            "\n",
            "#",
            ".",
            "\u{feff}",
            "\0",
            "1",
            "-1",
            "true",
            "[[a]]\n",
            "[a.b]\n",
            "2026-01-01",
            "99999999999999999999",
            "nan",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        (place.clone(), 0..200_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (place.clone(), bits).prop_map(|(at, text)| Damage::Insert(at, text)),
        place.clone().prop_map(Damage::Repeat),
        (place.clone(), place).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (letter_count, line_count) = (letters.len().max(1), lines.len().max(1));
    match damage {
        Damage::Cut(at, length) => {
            let at = at % letter_count;
            letters.drain(at.min(letters.len())..(at + length).min(letters.len()));
        }
        Damage::Insert(at, text) => {
            let at = (at % letter_count).min(letters.len());
            letters.splice(at..at, text.chars());
        }
        Damage::Repeat(at) => {
            if let Some(line) = lines.get(at % line_count).copied() {
                lines.insert(at % line_count, line);
            }
            return lines.concat();
        }
        Damage::Swap(a, b) => {
            if !lines.is_empty() {
                lines.swap(a % line_count, b % line_count);
            }
            return lines.concat();
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn damaged_files(which in 0..2_usize, damages in prop::collection::vec(damage(), 1..4)) {
        let mut text = texts()[which].clone();
        for damage in &damages {
            text = damaged(&text, damage);
        }
        // Only one damage cannot move the password into a key that is not secret.
        if damages.len() == 1 {
            tells_nothing(&text, &variables());
        } else {
            let _ = read_with(&text, &variables());
        }
    }

    #[test]
    fn any_text(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn any_override(value in any::<String>(), key in 0..8_usize) {
        let name = [
            "STATE", "TIME_ZONE", "CARDSKIPPER__CLUB__URL", "CARDSKIPPER__CLUB__SENTINEL",
            "HIKVISION__FRONT_DOOR__TLS", "GUARD__SOURCE_SHRINK", "POLICY__GRACE_DAYS",
            "CARDSKIPPER__CLUB__FULL_EVERY",
        ][key];
        let _ = read_with(SMALL, &environment(&[(&format!("IVMS_SYNC__{name}"), &value)]));
    }
}

#[test]
fn undamaged_files_tell_nothing_either() {
    for text in texts() {
        tells_nothing(&text, &variables());
        tells_nothing(&text, &environment(&[]));
    }
}
