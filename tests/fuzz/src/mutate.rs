//! Bends the files of a corpus. Every choice follows from a seed.

use std::io::{Cursor, Read, Write};

/// The longest input made, in bytes: long enough for nesting, short enough to be quick.
const INPUT_MAX: usize = 200_000;

/// A small generator of chance (xorshift64*): the same everywhere, for ever.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Starts from a seed and the number of the input.
    pub fn new(seed: u64, at: u64) -> Self {
        let mixed =
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ at.wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut chance = Self(mixed | 1);
        chance.next();
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> Option<&'a T> {
        from.get(self.below(from.len())).copied()
    }
}

/// Numbers at which readers break, in every notation they come in.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "007",
    "-0",
    "1e309",
    "1.5",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999",
    "1e-400",
    "0x10",
    "NaN",
    "9999-12-31T23:59:59",
    "0000-00-00",
    "2026-02-30",
    "2026-12-31T24:00:00",
    "-262143-01-01",
    "+262142-12-31T23:59:59+23:59",
    "2026-11-01T00:00:00+99:99",
    "2038-01-19T03:14:08",
];

/// Bytes that are odd in every format.
const ODD: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\x1b[31m",
    b"\xc2\x9b",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{e0041}".as_bytes(),
    "e\u{301}".as_bytes(),
    "İ".as_bytes(),
    "ﷺ".as_bytes(),
    b"\r",
    b"\n",
    b"\t",
    b"\"",
    b"'",
    b"\\",
    b"&",
    b"<",
    b">",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b";",
    b":",
    b"=",
    b"@",
    b" ",
];

/// Makes input number `at` of a corpus with the words of its format.
pub fn bend(corpus: &[Vec<u8>], words: &[&str], chance: &mut Chance) -> Vec<u8> {
    let all: Vec<&[u8]> = corpus.iter().map(Vec::as_slice).collect();
    let mut bytes = chance.pick(&all).unwrap_or_default().to_vec();
    let other = chance.pick(&all).unwrap_or_default();
    if bytes.starts_with(b"PK\x03\x04") && chance.below(8) > 0 {
        return bend_parts(&bytes, words, chance).unwrap_or(bytes);
    }
    bend_bytes(&mut bytes, other, words, chance);
    bytes
}

/// Bends one part of a ZIP and packs it again, so that its checksum is right.
fn bend_parts(bytes: &[u8], words: &[&str], chance: &mut Chance) -> Option<Vec<u8>> {
    let mut from = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let bent = chance.below(from.len());
    for at in 0..from.len() {
        let mut part = from.by_index(at).ok()?;
        let name = part.name().ok()?.to_string();
        let mut content = Vec::new();
        part.read_to_end(&mut content).ok()?;
        if at == bent {
            let other = content.clone();
            bend_bytes(&mut content, &other, words, chance);
        }
        to.start_file(name, zip::write::SimpleFileOptions::default()).ok()?;
        to.write_all(&content).ok()?;
    }
    Some(to.finish().ok()?.into_inner())
}

fn bend_bytes(bytes: &mut Vec<u8>, other: &[u8], words: &[&str], chance: &mut Chance) {
    for _ in 0..1 << chance.below(4) {
        let start = chance.below(bytes.len() + 1);
        let reach = 1 << chance.below(10);
        let length = chance.below(reach).min(bytes.len() - start);
        let end = start + length;
        let old = bytes.get(start..end).unwrap_or_default().to_vec();
        let new: Vec<u8> = match chance.below(11) {
            0 => old.iter().map(|byte| byte ^ (1 << chance.below(8))).collect(),
            1 => Vec::new(),
            2 => [old.as_slice(), &old].concat(),
            3 => {
                let from = chance.below(other.len() + 1);
                let count = chance.below(400).min(other.len() - from);
                other.get(from..from + count).unwrap_or_default().to_vec()
            }
            4 | 5 => chance.pick(words).unwrap_or_default().as_bytes().to_vec(),
            6 => chance.pick(ODD).unwrap_or_default().to_vec(),
            7 => {
                let word = chance.pick(words).unwrap_or_default();
                word.repeat(1 << chance.below(12)).into_bytes()
            }
            8 => {
                replace_number(bytes, chance);
                continue;
            }
            9 => {
                bytes.truncate(end);
                continue;
            }
            _ => (0..chance.below(8)).map(|_| chance.below(256) as u8).collect(),
        };
        // Half of what is new takes the place of what was there, half stands before it.
        let end = if chance.below(2) == 0 { end } else { start };
        bytes.splice(start..end, new);
        bytes.truncate(INPUT_MAX);
    }
}

/// Takes a run of digits out and puts an odd number in.
fn replace_number(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let from = chance.below(bytes.len() + 1);
    let rest = bytes.get(from..).unwrap_or_default();
    let Some(at) = rest.iter().position(u8::is_ascii_digit) else { return };
    let count = rest.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let number = chance.pick(NUMBERS).unwrap_or_default();
    bytes.splice(from + at..from + at + count, number.bytes());
}
