//! Who issued a number plate: a country, or a region of one. Pure.
//!
//! Sources and officers spell it in many ways, and a wrong guess makes two cars of one or one of two. So only
//! what leaves no doubt is known: the two letters of ISO 3166-1 and, in countries whose regions issue
//! plates, the regions listed here. Everything else is kept as it was written and is *unknown*: it neither
//! confirms nor excludes. That holds for the signs on cars too (`D`, `S`, `SLO`): some of them are the
//! letters of another country in ISO 3166-1 (`ES` is El Salvador's sign and Spain's code).

use std::fmt;

use smol_str::SmolStr;

/// The codes of ISO 3166-1 alpha-2 that are officially assigned, in the order of the alphabet.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN \
    BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC \
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR \
    HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT \
    LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL \
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
    VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Countries whose regions issue plates, each with them. Territories that have a code of their own in ISO
/// 3166-1 are not among them, so that no issuer has two spellings.
const REGIONS: [(&str, &str); 2] = [
    ("CA", "AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    (
        "US",
        "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM \
         NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY",
    ),
];

/// The most characters of an issuer that is kept as it was written.
const WRITTEN_MAX_CHARS: usize = 16;

/// A country by its two letters in ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// Takes two letters, small or capital; `None` for what ISO 3166-1 assigns to no country.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        listed(COUNTRIES, code).map(Self)
    }

    /// The two capital letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }

    /// The regions that issue plates, separated by blanks; `None` where the country does.
    fn regions(self) -> Option<&'static str> {
        REGIONS.iter().find(|(country, _)| *country == self.0).map(|(_, regions)| *regions)
    }
}

/// The code as the list has it.
fn listed(codes: &'static str, code: &str) -> Option<&'static str> {
    codes.split_ascii_whitespace().find(|one| one.eq_ignore_ascii_case(code))
}

/// Why a text is kept as nobody's issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerRefusal {
    /// More characters than any country, state or sign has.
    #[error("has more than {WRITTEN_MAX_CHARS} characters")]
    TooLong,
    /// No letter, digit, blank, dot or hyphen.
    #[error("holds U+{:04X}, which is in no name of an issuer", u32::from(*.0))]
    Character(char),
}

/// Who issued a plate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issuer {
    /// `SE`, `US-CT`, or the text as it was written, in capital letters.
    code: SmolStr,
    kind: IssuerKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum IssuerKind {
    /// The country itself issues plates.
    Country,
    /// A region of a country.
    Region,
    /// A country whose regions issue plates, and nobody says which.
    SomeRegion,
    /// Text that stands for no country or region that is known here.
    Unknown,
}

impl Issuer {
    /// Reads an issuer; `None` for a blank text. In a country whose regions issue plates a region may stand
    /// alone, and comes before a country with the same letters: with `home` in the United States `CT` is
    /// `US-CT`, and `DE` is Delaware. Elsewhere `DE` is Germany and `CT` is unknown.
    ///
    /// # Errors
    /// [`IssuerRefusal`] for what is not even kept as text.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Option<Self>, IssuerRefusal> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Ok(None);
        }
        let is_kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-');
        // Looked at first, since a long text may hold anything.
        if text.chars().nth(WRITTEN_MAX_CHARS).is_some() {
            return Err(IssuerRefusal::TooLong);
        }
        if let Some(odd) = text.chars().find(|c| !is_kept(*c)) {
            return Err(IssuerRefusal::Character(odd));
        }
        Ok(Some(Self::known(text, home).unwrap_or_else(|| Self {
            code: text.to_ascii_uppercase().into(),
            kind: IssuerKind::Unknown,
        })))
    }

    fn known(text: &str, home: Option<Country>) -> Option<Self> {
        let region_of = |country: Country, region: &str| {
            let region = listed(country.regions()?, region)?;
            let code = smol_str::format_smolstr!("{}-{region}", country.0);
            Some(Self { code, kind: IssuerKind::Region })
        };
        if let Some((country, region)) = text.split_once('-') {
            return region_of(Country::from_code(country)?, region);
        }
        if let Some(region) = home.and_then(|home| region_of(home, text)) {
            return Some(region);
        }
        let country = Country::from_code(text)?;
        let kind = match country.regions() {
            Some(_) => IssuerKind::SomeRegion,
            None => IssuerKind::Country,
        };
        Some(Self { code: country.0.into(), kind })
    }

    /// The code, or the text as it was written, in capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.code
    }

    /// What an office of the same country calls whoever issues the plate: `CT`, `SE`. Nothing where that is not known
    /// for certain.
    #[must_use]
    pub fn short(&self) -> Option<&str> {
        match self.kind {
            IssuerKind::Country => Some(&self.code),
            IssuerKind::Region => self.code.split_once('-').map(|(_, region)| region),
            IssuerKind::SomeRegion | IssuerKind::Unknown => None,
        }
    }

    /// How the issuers of two plates stand to each other, either of which may not be told.
    pub(super) fn relation(one: Option<&Self>, other: Option<&Self>) -> IssuerRelation {
        use IssuerKind::{Country, Region, SomeRegion, Unknown};
        let (Some(one), Some(other)) = (one, other) else { return IssuerRelation::Unknown };
        let is_same_country = one.code.get(..2) == other.code.get(..2);
        match (one.kind, other.kind) {
            (Unknown, _) | (_, Unknown) => IssuerRelation::Unknown,
            (SomeRegion, _) | (_, SomeRegion) if is_same_country => IssuerRelation::Unknown,
            (Country | Region | SomeRegion, Country | Region | SomeRegion) => {
                if one.code == other.code { IssuerRelation::Same } else { IssuerRelation::Other }
            }
        }
    }
}

/// How the issuers of two plates stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssuerRelation {
    Same,
    Other,
    /// At least one is not known well enough to tell.
    Unknown,
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str, home: &str) -> Option<Issuer> {
        Issuer::parse(text, Country::from_code(home)).unwrap()
    }

    #[test]
    fn the_lists_are_lists_of_codes() {
        let countries: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(countries.len(), 249);
        assert!(countries.is_sorted());
        assert!(countries.iter().all(|code| code.len() == 2));
        for (country, regions) in REGIONS {
            assert!(countries.contains(&country));
            assert!(regions.split_ascii_whitespace().is_sorted(), "{country}");
            assert!(regions.split_ascii_whitespace().all(|code| code.len() == 2), "{country}");
        }
        assert_eq!(REGIONS[0].1.split_ascii_whitespace().count(), 13);
        assert_eq!(REGIONS[1].1.split_ascii_whitespace().count(), 51);
        for (code, want) in
            [("us", Some("US")), ("SLO", None), ("UK", None), ("", None), ("U", None)]
        {
            assert_eq!(Country::from_code(code).map(Country::code), want, "{code}");
        }
    }

    #[test]
    fn what_an_issuer_is_read_as() {
        for (text, home, code, kind) in [
            ("CT", "US", "US-CT", IssuerKind::Region),
            (" ct ", "US", "US-CT", IssuerKind::Region),
            ("US-CT", "", "US-CT", IssuerKind::Region),
            ("us-ct", "SE", "US-CT", IssuerKind::Region),
            ("CT", "", "CT", IssuerKind::Unknown),
            ("CT", "SE", "CT", IssuerKind::Unknown),
            // A region of the own country comes first.
            ("DE", "US", "US-DE", IssuerKind::Region),
            ("DE", "SE", "DE", IssuerKind::Country),
            ("CA", "US", "US-CA", IssuerKind::Region),
            ("CA", "CA", "CA", IssuerKind::SomeRegion),
            ("ON", "CA", "CA-ON", IssuerKind::Region),
            ("CA-ON", "US", "CA-ON", IssuerKind::Region),
            ("ON", "US", "ON", IssuerKind::Unknown),
            ("US", "US", "US", IssuerKind::SomeRegion),
            ("SE", "US", "SE", IssuerKind::Country),
            ("PR", "US", "PR", IssuerKind::Country),
            // The signs on cars are no codes.
            ("D", "SE", "D", IssuerKind::Unknown),
            ("S", "SE", "S", IssuerKind::Unknown),
            ("SLO", "SI", "SLO", IssuerKind::Unknown),
            ("ES", "", "ES", IssuerKind::Country),
            // A region that is not listed is not taken on trust.
            ("US-XX", "US", "US-XX", IssuerKind::Unknown),
            ("US-PR", "US", "US-PR", IssuerKind::Unknown),
            ("CN-HK", "", "CN-HK", IssuerKind::Unknown),
            ("US-CT-1", "US", "US-CT-1", IssuerKind::Unknown),
            ("New York", "US", "NEW YORK", IssuerKind::Unknown),
        ] {
            let found = issuer(text, home).unwrap();
            assert_eq!((found.as_str(), found.kind), (code, kind), "{text} in {home}");
            assert_eq!(found.to_string(), code);
        }
        assert_eq!(issuer("", "US"), None);
        assert_eq!(issuer("  ", "US"), None);
    }

    #[test]
    fn what_is_not_kept() {
        let parse = |text: &str| Issuer::parse(text, None).unwrap_err();
        assert_eq!(parse("ABCDEFGHIJKLMNOPQ"), IssuerRefusal::TooLong);
        assert!(Issuer::parse("ABCDEFGHIJKLMNOP", None).is_ok());
        for odd in ['\0', '\u{1b}', ':', '/', '=', '\u{202e}', '\t'] {
            assert_eq!(parse(&format!("U{odd}S")), IssuerRefusal::Character(odd));
        }
        assert_eq!(parse("U:S").to_string(), "holds U+003A, which is in no name of an issuer");
        assert_eq!(parse(&"A".repeat(99)).to_string(), "has more than 16 characters");
    }

    #[test]
    fn only_what_is_known_of_both_tells_them_apart() {
        use IssuerRelation::{Other, Same, Unknown};
        for (one, other, want) in [
            ("US-CT", "US-CT", Same),
            ("US-CT", "US-NY", Other),
            ("SE", "SE", Same),
            ("SE", "NO", Other),
            ("SE", "US-CT", Other),
            ("SE", "US", Other),
            ("US", "CA", Other),
            // A region of the country, and nobody says which.
            ("US", "US-CT", Unknown),
            ("US", "US", Unknown),
            ("CA", "CA-ON", Unknown),
            ("", "US-CT", Unknown),
            ("", "", Unknown),
            ("SLO", "SI", Unknown),
            ("SLO", "SLO", Unknown),
            ("SLO", "D", Unknown),
            ("US-XX", "US-CT", Unknown),
        ] {
            let pair = [issuer(one, ""), issuer(other, "")];
            let relation = Issuer::relation(pair[0].as_ref(), pair[1].as_ref());
            assert_eq!(relation, want, "{one} and {other}");
            let turned = Issuer::relation(pair[1].as_ref(), pair[0].as_ref());
            assert_eq!(turned, want, "{other} and {one}");
        }
    }
}
