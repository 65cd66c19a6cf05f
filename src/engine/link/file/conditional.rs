//! Cells whose number format depends on a condition.
//!
//! A rule of conditional formatting may show `42` as `00042` or as anything else, and whether it does is
//! known only to the program that shows the sheet. calamine does not read such rules, so they are looked
//! for here: which rows of a column lie in the range of one that sets a number format. Rules of every
//! sheet count for the one that is read, since they are rare, and a range that cannot be read is the
//! whole column. Source: ECMA-376 part 1, sections 18.3.1.18, 18.3.1.10 and 18.8.14; [MS-XLSX] 2.6.38.

use std::collections::HashSet;
use std::io::{BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::FileProblem;

/// With more ranges, or more formats, than this the whole column is taken: no sheet made by people has so
/// many, and looking them up must stay cheap.
const COUNT_MAX: usize = 10_000;

/// Rows of one column, from 0, in the range of a rule that sets a number format.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Formatted {
    /// First and last row, in order, without overlaps.
    ranges: Vec<(u32, u32)>,
}

impl Formatted {
    /// Whether a row is one of them.
    pub(super) fn contains(&self, row: u32) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= row);
        let before = after.checked_sub(1).and_then(|place| self.ranges.get(place));
        before.is_some_and(|(_, last)| row <= *last)
    }

    fn merged(mut found: Vec<(u32, u32)>) -> Self {
        found.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (first, last) in found {
            match ranges.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => ranges.push((first, last)),
            }
        }
        Self { ranges }
    }
}

/// Finds them in a workbook that [`super::parts::check_parts`] has looked over. A part that is not
/// well-formed is read as far as it is.
pub(super) fn formatted(bytes: &[u8], column: u32) -> Result<Formatted, FileProblem> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(FileProblem::xlsx)?;
    let mut sheets = Vec::new();
    let mut styles = Formats::default();
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(FileProblem::xlsx)?;
        let name = part.name().map_err(FileProblem::xlsx)?.to_ascii_lowercase();
        if name.ends_with("styles.xml") {
            styles.read(part);
        } else if name.ends_with(".xml") && name.contains("sheet") {
            sheets.push(index);
        }
    }
    let mut rules = Rules { column, styles, found: Vec::new() };
    for index in sheets {
        rules.read(archive.by_index(index).map_err(FileProblem::xlsx)?);
    }
    Ok(Formatted::merged(rules.found))
}

type Part<'a, 'b> = ZipFile<'a, Cursor<&'b [u8]>>;

/// Shows each event of a part, until it ends or is not well-formed.
fn each_event(part: Part<'_, '_>, mut see: impl FnMut(Event<'_>)) {
    let mut reader = Reader::from_reader(BufReader::new(part));
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) | Err(_) => return,
            Ok(event) => see(event),
        }
        buffer.clear();
    }
}

/// The formats that rules refer to by number.
#[derive(Default)]
struct Formats {
    count: usize,
    with_number_format: HashSet<usize>,
}

impl Formats {
    fn read(&mut self, part: Part<'_, '_>) {
        each_event(part, |event| {
            let (Event::Start(tag) | Event::Empty(tag)) = event else { return };
            match tag.local_name().as_ref() {
                "dxf" => self.count += 1,
                "numFmt" if self.count > 0 && self.with_number_format.len() < COUNT_MAX => {
                    self.with_number_format.insert(self.count - 1);
                }
                _ => {}
            }
        });
    }

    /// Whether a format sets a number format. One that is not there may be anything.
    fn sets_number(&self, id: Option<usize>) -> bool {
        id.is_none_or(|id| id >= self.count || self.with_number_format.contains(&id))
            || self.with_number_format.len() >= COUNT_MAX
    }
}

/// The rules of the sheets.
struct Rules {
    column: u32,
    styles: Formats,
    found: Vec<(u32, u32)>,
}

impl Rules {
    fn read(&mut self, part: Part<'_, '_>) {
        // Where the rules that are being read apply, and whether one of them sets a number format.
        let mut place = String::new();
        let mut sets_number = false;
        let mut is_place = false;
        each_event(part, |event| match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "conditionalFormatting" => {
                    place = attribute(&tag, "sqref").unwrap_or_default();
                    sets_number = false;
                }
                "sqref" => is_place = true,
                _ => sets_number |= self.styles.is_number(&tag),
            },
            Event::Empty(tag) => sets_number |= self.styles.is_number(&tag),
            // The newer form (x14) names the place in an element of its own.
            Event::Text(text) if is_place => {
                place.push_str(&text);
            }
            // No program writes a range in such a way: it is no range that can be read.
            Event::GeneralRef(_) | Event::CData(_) if is_place => place.push('&'),
            Event::End(tag) => match tag.local_name().as_ref() {
                "sqref" => {
                    place.push(' ');
                    is_place = false;
                }
                "conditionalFormatting" if sets_number => self.add(&place),
                _ => {}
            },
            _ => {}
        });
    }

    fn add(&mut self, place: &str) {
        for range in place.split_ascii_whitespace() {
            if self.found.len() >= COUNT_MAX {
                self.found = vec![(0, u32::MAX)];
                return;
            }
            let rows = match corners(range) {
                Some((left, right)) => rows_of(self.column, left, right),
                None => Some((0, u32::MAX)),
            };
            self.found.extend(rows);
        }
    }
}

impl Formats {
    /// Whether a tag within rules sets a number format: by itself, or by the number of a format.
    fn is_number(&self, tag: &BytesStart<'_>) -> bool {
        match tag.local_name().as_ref() {
            "numFmt" => true,
            "cfRule" => attribute(tag, "dxfId").is_some_and(|id| self.sets_number(id.parse().ok())),
            _ => false,
        }
    }
}

fn attribute(tag: &BytesStart<'_>, wanted: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found = attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|one| one.key.as_ref() == wanted)?;
    Some(found.value.into_owned())
}

/// Column and row of one corner, from 0; a corner without one of them reaches over all.
type Corner = (Option<u32>, Option<u32>);

/// The corners of `A1:B9`, `A1`, `A:B` or `1:9`.
fn corners(range: &str) -> Option<(Corner, Corner)> {
    let (left, right) = range.split_once(':').unwrap_or((range, range));
    Some((corner(left)?, corner(right)?))
}

fn corner(text: &str) -> Option<Corner> {
    let text: String = text.chars().filter(|c| *c != '$').collect();
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (letters, digits) = text.split_at_checked(letters)?;
    if letters.len() > 3 || letters.is_empty() && digits.is_empty() {
        return None;
    }
    let place =
        |number: u32, letter: u8| number * 26 + u32::from(letter.to_ascii_uppercase() - b'@');
    let column = letters.bytes().fold(0, place).checked_sub(1);
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<u32>().ok()?.checked_sub(1)?),
    };
    Some((column, row))
}

/// The rows of a column that lie between two corners, if any do.
fn rows_of(column: u32, left: Corner, right: Corner) -> Option<(u32, u32)> {
    let between = |one: Option<u32>, other: Option<u32>| match (one, other) {
        (Some(one), Some(other)) => (one.min(other), one.max(other)),
        _ => (0, u32::MAX),
    };
    let (first, last) = between(left.0, right.0);
    (first..=last).contains(&column).then(|| between(left.1, right.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Mutants: a range of other columns counts; `A:A` and `3:5` are broken; a corner on the right or below
    // comes first; a broken range is nothing.
    #[test]
    fn ranges_by_the_column_they_touch() {
        let whole = Some((0, u32::MAX));
        for (range, want) in [
            ("A1", Some((0, 0))),
            ("$A$2:$C$9", Some((1, 8))),
            ("C9:A2", Some((1, 8))),
            ("B1:C9", None),
            ("A:A", whole),
            ("B:XFD", None),
            ("3:5", Some((2, 4))),
            ("A1:A1048576", Some((0, 1_048_575))),
            ("A0", whole),
            ("AAAA1", whole),
            ("A99999999999", whole),
            ("A1:", whole),
            ("Sheet1!A1", whole),
            ("Å1", whole),
        ] {
            let mut rules = Rules { column: 0, styles: Formats::default(), found: Vec::new() };
            rules.add(range);
            assert_eq!(rules.found.first().copied(), want, "{range}");
        }
    }

    #[test]
    fn rows_are_found_in_ranges_that_overlap_or_come_in_no_order() {
        let formatted = Formatted::merged(vec![(9, 12), (0, 3), (2, 5), (20, 20), (10, 11)]);
        let rows: Vec<u32> = (0..25).filter(|row| formatted.contains(*row)).collect();
        assert_eq!(rows, [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 20]);
        assert!(!Formatted::default().contains(0));
        assert!(Formatted::merged(vec![(0, u32::MAX)]).contains(7));
    }

    #[test]
    fn ranges_without_end_are_the_whole_column() {
        let mut rules = Rules { column: 0, styles: Formats::default(), found: Vec::new() };
        let many: String = (1..=30_000).map(|row| format!("A{row} ")).collect();
        for _ in 0..100 {
            rules.add(&many);
        }
        assert!(rules.found.len() <= COUNT_MAX, "{}", rules.found.len());
        assert!(Formatted::merged(rules.found).contains(123_456_789));
    }
}
