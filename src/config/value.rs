//! The types of values in the configuration, read from text. Pure; no message quotes the text.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use chrono::NaiveTime;

use super::problem::Wrong;
use super::{Ending, LinkRule, Mode, Percent, Tls};
use crate::model::{Email, Zone, steers};
use crate::text::suggest::nearest;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A club's name stands in front of the subject of a mail.
const CLUB_CHARS_MAX: usize = 60;

/// Text that is not blank.
pub fn not_empty(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() { Err(Wrong::new("is empty")) } else { Ok(text.to_owned()) }
}

/// What to do about a path whose `\` was taken for the beginning of an escape.
pub const SINGLE_QUOTES: &str =
    "write a path in single quotes, where \\ stands for itself: 'C:\\Folder\\file'";

/// What a club is called on one line of a page, a mail and a metric.
pub fn club(text: &str) -> Result<String, Wrong> {
    let name = not_empty(text)?.trim().to_owned();
    if name.contains(steers) {
        return Err(Wrong::new("holds a character that cannot be seen").hint("type it again"));
    }
    if name.chars().count() > CLUB_CHARS_MAX {
        return Err(Wrong::new(format!("is longer than {CLUB_CHARS_MAX} characters")));
    }
    Ok(name)
}

/// The path of a file. `"C:\temp"` holds a tabulator, and names another file than was meant.
pub fn path(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("holds a control character").hint(SINGLE_QUOTES));
    }
    not_empty(text)
}

/// An IANA time zone.
pub fn time_zone(text: &str) -> Result<Zone, Wrong> {
    text.parse().map_err(|_| {
        let wrong = Wrong::new("is not a known time zone");
        match nearest(text, Zone::names().iter().map(String::as_str)) {
            Some(name) => wrong.hint(format!("did you mean {name:?}?")),
            None => wrong.hint("write an IANA name, for example \"Europe/Stockholm\""),
        }
    })
}

/// `"90s"`, `"5m"`, `"1h 30m"`, `"7d"`: whole numbers with units, the larger unit first, and the sum
/// from one minute to `days` days.
pub fn interval(text: &str, days: u64) -> Result<Duration, Wrong> {
    let unreadable = || {
        Wrong::new("is not a length of time")
            .hint("write a number with a unit, for example \"90s\", \"5m\", \"1h 30m\" or \"1d\"")
    };
    let mut rest = text.trim();
    let mut smallest = u64::MAX;
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let (unit, after) = after.trim_start().split_at_checked(1).ok_or_else(unreadable)?;
        let unit = match unit {
            "s" => 1,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return Err(unreadable()),
        };
        let number: u64 = number.parse().map_err(|_| unreadable())?;
        let total = number.checked_mul(unit).and_then(|part| part.checked_add(sum));
        sum = total.ok_or_else(unreadable)?;
        if unit >= smallest {
            return Err(unreadable());
        }
        smallest = unit;
        rest = after.trim_start();
    }
    if smallest == u64::MAX {
        return Err(unreadable());
    }
    if !(MINUTE..=days * DAY).contains(&sum) {
        return Err(Wrong::new(format!("is not between 1 minute and {days} days")));
    }
    Ok(Duration::from_secs(sum))
}

/// `"18:00"`: a time of a wall clock, to the minute.
pub fn clock_time(text: &str) -> Result<NaiveTime, Wrong> {
    // The reader itself takes blanks and single digits.
    let is_written_so = text.len() == 5 && !text.contains(' ');
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| is_written_so);
    time.ok_or_else(|| {
        Wrong::new("is no time of day").hint("write hours and minutes, for example \"18:00\"")
    })
}

/// `"10%"`.
pub fn percent(text: &str) -> Result<Percent, Wrong> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
    number.and_then(Percent::new).ok_or_else(|| {
        Wrong::new("is not a share from 0% to 100%")
            .hint("write a whole number and the sign, for example \"10%\"")
    })
}

/// How a certificate is judged.
pub fn tls(text: &str) -> Result<Tls, Wrong> {
    match text {
        "system" => return Ok(Tls::System),
        "insecure" => return Ok(Tls::Insecure),
        _ => {}
    }
    let pinned = text.split_once(':').filter(|(kind, _)| kind.eq_ignore_ascii_case("sha256"));
    let Some((_, fingerprint)) = pinned else {
        return Err(Wrong::new("is not \"system\", \"sha256:…\" or \"insecure\""));
    };
    sha256(fingerprint).map(Tls::Pinned).ok_or_else(|| {
        Wrong::new("is not a SHA-256 fingerprint")
            .hint("64 hexadecimal digits follow \"sha256:\", colons between them do no harm")
    })
}

/// 32 bytes in hexadecimal, in either case, with colons or without.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ':' && !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
    if odd.is_empty() { bytes.try_into().ok() } else { None }
}

/// One of a few words.
pub fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let all: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
    let wrong = Wrong::new(format!("is none of {}", all.join(", ")));
    match nearest(text, words.iter().map(|(word, _)| *word)) {
        Some(meant) => Err(wrong.hint(format!("did you mean {meant:?}?"))),
        None => Err(wrong),
    }
}

/// What may be written to a device.
pub fn mode(text: &str) -> Result<Mode, Wrong> {
    let modes = [Mode::Observe, Mode::GrantOnly, Mode::Full];
    word(text, &modes.map(|mode| (mode.as_str(), mode)))
}

/// `"end"` or `"keep"`.
pub fn ending(text: &str) -> Result<Ending, Wrong> {
    word(text, &[("end", Ending::End), ("keep", Ending::Keep)])
}

/// A rule that links members to persons.
pub fn link_rule(text: &str) -> Result<LinkRule, Wrong> {
    let rules = [LinkRule::File, LinkRule::DeviceEmail, LinkRule::HolderNumber];
    word(text, &rules.map(|rule| (rule.as_str(), rule)))
}

/// One plain e-mail address. The letters stay as typed: a mail server may care.
pub fn mail_address(text: &str) -> Result<String, Wrong> {
    let plain = !text.contains(['<', '>', ',', ';', '"']);
    // What the mail library would refuse when there is something to say is refused now.
    let is_sendable = || text.trim().parse::<lettre::Address>().is_ok();
    if plain && Email::parse(text).is_some() && is_sendable() {
        return Ok(text.trim().to_owned());
    }
    Err(Wrong::new("is not an e-mail address")
        .hint("write the address alone, for example \"admin@club.example\""))
}

/// `"0640"`: permission bits of a file that its owner writes and nobody else does.
pub fn file_mode(text: &str) -> Result<u32, Wrong> {
    let is_octal =
        (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let mode = u32::from_str_radix(text, 8).ok().filter(|_| is_octal).ok_or_else(|| {
        Wrong::new("is no file mode").hint("write three octal digits, for example \"0640\"")
    })?;
    if mode & 0o600 != 0o600 || mode & !0o644 != 0 {
        return Err(Wrong::new("is none of \"0600\", \"0640\", \"0604\" and \"0644\"")
            .hint("its owner reads and writes it; others may read it, and no more"));
    }
    Ok(mode)
}

/// A number that an identity type takes.
pub fn id<T, E: fmt::Display>(made: Result<T, E>) -> Result<T, Wrong> {
    made.map_err(|error| Wrong::new(error.to_string()))
}

/// Whether a text is an IP address, with or without a port: safe to repeat in a hint.
pub fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    #[test]
    fn intervals() {
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("1h", 3600),
            ("1d", 86400),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            (" 7 d ", 7 * 86400),
        ] {
            assert_eq!(interval(text, 7), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "h", "60", "1w", "30m 1h", "1h 1h", "-1h", "1.5h", "1č", "99999999999999999999h"]
        {
            assert!(interval(text, 7).unwrap_err().message.contains("length of time"), "{text}");
        }
        for text in ["59s", "0m", "8d", "7d 1s", "99999999999d"] {
            assert!(interval(text, 7).unwrap_err().message.contains("between"), "{text}");
        }
        assert!(interval("30d", 30).is_ok());
    }

    #[test]
    fn times_of_day() {
        for (text, hour, minute) in [("18:00", 18, 0), ("00:00", 0, 0), ("23:59", 23, 59)] {
            assert_eq!(clock_time(text), Ok(NaiveTime::from_hms_opt(hour, minute, 0).unwrap()));
        }
        for text in ["", "18", "6:00", "24:00", "18:60", "18:00:00", "6 pm", " 6:00"] {
            assert!(clock_time(text).unwrap_err().message.contains("time of day"), "{text}");
        }
    }

    #[test]
    fn paths() {
        for text in ["links.csv", "C:\\temp\\new.csv", "/srv/za člane/a b.csv"] {
            assert_eq!(path(text), Ok(text.to_owned()));
        }
        for text in ["C:\temp", "a\nb", "\u{7f}", "\u{85}"] {
            let wrong = path(text).unwrap_err();
            assert!(wrong.message.contains("control character"), "{text:?}");
            assert!(wrong.hint.unwrap().contains("single quotes"), "{text:?}");
        }
        assert!(path(" ").unwrap_err().message.contains("is empty"));
    }

    #[test]
    fn clubs() {
        for (text, name) in
            [("Gym North", "Gym North"), (" Športni klub \"Ž\" ", "Športni klub \"Ž\"")]
        {
            assert_eq!(club(text), Ok(name.to_owned()));
        }
        assert!(club(&"č".repeat(60)).is_ok());
        assert!(club(&"č".repeat(61)).unwrap_err().message.contains("longer than 60"));
        assert!(club(" ").unwrap_err().message.contains("is empty"));
        for text in ["a\nb", "a\u{1b}[1mb", "a\u{202e}b", "a\u{200b}b", "\u{7f}"] {
            assert!(club(text).unwrap_err().message.contains("cannot be seen"), "{text:?}");
        }
    }

    #[test]
    fn percents() {
        for (text, value) in [("0%", 0), ("10%", 10), ("100 %", 100)] {
            assert_eq!(percent(text).unwrap().get(), value);
        }
        for text in ["", "%", "10", "101%", "-1%", "5.5%", "300%", "10%%"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn file_modes() {
        for (text, mode) in
            [("0640", 0o640), ("640", 0o640), ("0600", 0o600), ("604", 0o604), ("0644", 0o644)]
        {
            assert_eq!(file_mode(text), Ok(mode), "{text}");
        }
        for text in
            ["", "0", "64", "06400", "0o640", "0x1a", "-640", "+640", "648", "rw-r-----", " 640"]
        {
            assert!(file_mode(text).unwrap_err().message.contains("no file mode"), "{text}");
        }
        // Written by others, run, set-id, sticky, or not even ours.
        for text in ["0660", "0666", "0602", "0755", "4640", "2640", "1640", "0440", "0000", "0240"]
        {
            assert!(file_mode(text).unwrap_err().message.contains("none of"), "{text}");
        }
    }

    #[test]
    fn fingerprints() {
        let plain = "0f".repeat(32);
        assert_eq!(tls(&format!("sha256:{plain}")), Ok(Tls::Pinned([15; 32])));
        let colons = vec!["0F"; 32].join(":");
        assert_eq!(tls(&format!("SHA256:{colons}")), Ok(Tls::Pinned([15; 32])));
        assert_eq!(tls("system"), Ok(Tls::System));
        assert_eq!(tls("insecure"), Ok(Tls::Insecure));
        for bad in [&plain[1..], &plain[2..], "", "zz", &"0f".repeat(33), "３f"] {
            assert!(tls(&format!("sha256:{bad}")).unwrap_err().message.contains("SHA-256"));
        }
        assert!(tls(&plain).is_err());
        assert!(tls("none").is_err());
    }

    #[test]
    fn words() {
        assert_eq!(mode("grant-only"), Ok(Mode::GrantOnly));
        assert_eq!(mode("grant_only").unwrap_err().hint.unwrap(), "did you mean \"grant-only\"?");
        assert_eq!(ending("keep"), Ok(Ending::Keep));
        assert!(ending("END").is_err(), "words are written one way");
        assert_eq!(link_rule("member-number"), Ok(LinkRule::HolderNumber));
    }

    #[test]
    fn zones() {
        assert_eq!(time_zone("Europe/Ljubljana"), Ok(zone("Europe/Ljubljana")));
        let hint = |text| time_zone(text).unwrap_err().hint.unwrap();
        assert_eq!(hint("Europe/Lubljana"), "did you mean \"Europe/Ljubljana\"?");
        assert_eq!(hint("europe/stockholm"), "did you mean \"Europe/Stockholm\"?");
        assert!(hint("Middle-earth/Mordor-by-the-sea").contains("IANA"));
    }

    #[test]
    fn mail_addresses() {
        assert_eq!(mail_address(" Admin@club.example "), Ok("Admin@club.example".to_owned()));
        for bad in ["", "admin", "Club <a@b.c>", "a@b.c, d@e.f"] {
            assert!(mail_address(bad).is_err(), "{bad}");
        }
    }
}
