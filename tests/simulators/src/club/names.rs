//! Names of invented people, Slovenian and Swedish, with the letters that trip programs up.

/// A small generator (splitmix64): the same seed gives the same club on every machine.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

const FIRST: [&str; 24] = [
    "Ana", "Žiga", "Špela", "Črt", "Maja", "Luka", "Nuša", "Jošt", "Katarina", "Matjaž", "Urška",
    "Andraž", "Åsa", "Björn", "Örjan", "Märta", "Göran", "Linnéa", "Håkan", "Sölve", "Ingrid",
    "Nils", "Frida", "Jan-Erik",
];
const LAST: [&str; 24] = [
    "Novak",
    "Kovačič",
    "Žagar",
    "Šušteršič",
    "Černe",
    "Krajnc",
    "Zupančič",
    "Vidmar",
    "Hočevar",
    "Božič",
    "Turk",
    "Golob",
    "Åkesson",
    "Björklund",
    "Öberg",
    "Sjöström",
    "Lindström",
    "Ångström",
    "Nyqvist",
    "Wååk",
    "Bergman",
    "Ek",
    "Ström Källa",
    "Hägg",
];

/// First and last name.
pub(super) fn name(dice: &mut Dice) -> (&'static str, &'static str) {
    (dice.pick(&FIRST), dice.pick(&LAST))
}

/// An address for a name; `number` makes it unique.
pub(super) fn email(first: &str, last: &str, number: usize) -> String {
    let plain = |text: &str| -> String {
        text.to_lowercase().chars().filter(|c| c.is_alphabetic()).map(without_accent).collect()
    };
    format!("{}.{}.{number}@example.si", plain(first), plain(last))
}

fn without_accent(letter: char) -> char {
    match letter {
        'č' => 'c',
        'š' => 's',
        'ž' => 'z',
        'å' | 'ä' => 'a',
        'ö' => 'o',
        'é' => 'e',
        other => other,
    }
}
