//! One row of the list, its plate and its window, and whether the barrier opens.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// Form of a time without an offset.
const TIME: &str = "%Y-%m-%dT%H:%M:%S";

/// Which of the two lists a row is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The barrier opens.
    Allow,
    /// The barrier stays down, also where an allow row says otherwise.
    Block,
}

/// One row as the camera holds it. Times are those of its wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `id`; empty until the row is on a camera, which then gives one.
    pub id: String,
    /// `LicensePlate`, upper case, no separators.
    pub plate: String,
    /// `listType` in writes, `type` in reads.
    pub list: List,
    /// First second at which it holds.
    pub begin: NaiveDateTime,
    /// Last second at which it holds; `None` is without an end.
    pub end: Option<NaiveDateTime>,
    /// `createTime`.
    pub created: NaiveDateTime,
    /// `cardNo`; left out of answers when empty.
    pub card_no: String,
    /// `name` of the owner.
    pub name: String,
    /// `groupName`.
    pub group: String,
    /// `plateType`.
    pub plate_type: String,
    /// `plateColor`.
    pub plate_color: String,
    /// Somebody else made it: a client that changes or deletes it does wrong.
    pub stranger: bool,
}

impl Row {
    /// A row of the allow list, valid through 2026, made by somebody else.
    pub fn new(plate: &str) -> Self {
        let begin = day(2026, 1, 1);
        Self {
            id: String::new(),
            plate: plate.into(),
            list: List::Allow,
            begin: begin.and_time(NaiveTime::MIN),
            end: Some(last_second(day(2026, 12, 31))),
            created: begin.and_time(NaiveTime::MIN),
            card_no: String::new(),
            name: String::new(),
            group: String::new(),
            plate_type: String::new(),
            plate_color: String::new(),
            stranger: true,
        }
    }

    /// Sets the window, and `createTime` to its begin; a bare day (`2026-06-30`) means its first second
    /// as begin and its last as end, and `2026-06-30T12:00:00` that second.
    ///
    /// # Panics
    /// If a text is neither.
    #[must_use]
    pub fn valid(mut self, begin: &str, end: &str) -> Self {
        let read = |text: &str| parse(text).unwrap_or_else(|| panic!("no day and no time: {text}"));
        let (begin, end) = (read(begin), read(end));
        self.begin = begin.first_second();
        self.created = self.begin;
        self.end = Some(end.last_second());
        self
    }

    /// Takes the end away.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.end = None;
        self
    }

    /// Puts it on the block list.
    #[must_use]
    pub fn blocked(mut self) -> Self {
        self.list = List::Block;
        self
    }

    /// Sets `cardNo`.
    #[must_use]
    pub fn card(mut self, card_no: &str) -> Self {
        self.card_no = card_no.into();
        self
    }

    /// Sets `groupName`.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.group = group.into();
        self
    }

    /// Sets the id.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    /// Says that the client made it, so that it may change and delete it.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.stranger = false;
        self
    }

    /// Whether the window contains this time of the wall clock.
    pub fn holds(&self, at: NaiveDateTime) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at <= end)
    }
}

/// Whether the barrier opens for this plate when the camera's wall clock shows `at`: a row of the allow
/// list holds, and none of the block list does.
pub(super) fn opens(rows: &[Row], plate: &str, at: NaiveDateTime) -> bool {
    let plate = bare(plate);
    let holds = |list| rows.iter().any(|r| r.plate == plate && r.list == list && r.holds(at));
    holds(List::Allow) && !holds(List::Block)
}

/// Whether a character within a plate only separates.
pub(super) fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '-' | '.' | '_' | '·')
}

/// A plate as cameras store it: upper case, no separators.
pub(super) fn bare(plate: &str) -> String {
    plate.chars().filter(|letter| !is_separator(*letter)).flat_map(char::to_uppercase).collect()
}

/// A day, or a second of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Day(NaiveDate),
    Second(NaiveDateTime),
}

impl Moment {
    /// The first second that is meant.
    pub(super) fn first_second(self) -> NaiveDateTime {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN),
            Self::Second(second) => second,
        }
    }

    /// The last second that is meant.
    pub(super) fn last_second(self) -> NaiveDateTime {
        match self {
            Self::Day(day) => last_second(day),
            Self::Second(second) => second,
        }
    }

    /// Its whole day.
    pub(super) fn day(self) -> Self {
        Self::Day(self.first_second().date())
    }

    /// Whether its year is one that cameras know.
    pub(super) fn is_known(self) -> bool {
        (2000..=2099).contains(&self.first_second().year())
    }
}

/// Reads strictly `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`.
pub(super) fn parse(text: &str) -> Option<Moment> {
    match text.len() {
        10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Moment::Day),
        19 => NaiveDateTime::parse_from_str(text, TIME).ok().map(Moment::Second),
        _ => None,
    }
}

/// Writes a time without an offset.
pub(super) fn time_text(time: NaiveDateTime) -> String {
    time.format(TIME).to_string()
}

/// The last second of a day.
pub(super) fn last_second(day: NaiveDate) -> NaiveDateTime {
    day.and_hms_opt(23, 59, 59).unwrap_or_default()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}
