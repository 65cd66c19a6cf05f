//! Which citation may be handed over. Pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::engine::citations::Finding;
use crate::model::{Citation, CitationState, Currency, DocumentId, ParkingZoneName, RightCode};
use crate::ports::{Collection, ListedPlate, Referral};
use crate::text::words::words;

words! {
    /// Why a citation that is old enough is not handed over.
    pub enum Left {
        /// The money is there.
        Paid = "paid",
        /// It was taken back.
        Dismissed = "dismissed",
        /// Somebody says that it is wrong, and nobody has decided.
        Contested = "contested",
        /// Its service has a word for how it stands that nobody here knows, or does not list it any more.
        Unclear = "state-unclear",
        /// It was paid, taken back or contested, and is said to stand without a later time.
        Doubtful = "said-otherwise",
        /// Its service was not read whole in this run.
        NotListed = "not-listed",
        /// Its car had a right.
        HadRight = "had-right",
        /// Whether its car had a right cannot be said.
        NotJudged = "not-judged",
        /// Its plate, or whoever issued it, is not known for certain.
        NoPlate = "no-plate",
        /// What is due cannot be read for certain.
        NoAmount = "no-amount",
        /// What is due is told in another currency than the agency's.
        OtherCurrency = "other-currency",
        /// Its number cannot name anything at an agency.
        NoReference = "no-reference",
        /// Another one was handed over under its number.
        SameReference = "same-reference",
        /// Another agency has it, or one of a name that the configuration has no more.
        Elsewhere = "elsewhere",
        /// The agency cannot be told of it as it is: a text is missing, or looks like a formula.
        NotTaken = "not-taken",
    }
}

impl Left {
    /// What it means, as a sentence fragment.
    #[must_use]
    pub fn explain(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Dismissed => "dismissed",
            Self::Contested => "contested",
            Self::Unclear => {
                "how it stands is not known: a word that nobody here knows, or it is not listed any more"
            }
            Self::Doubtful => {
                "it was said to be paid, dismissed or contested, and no later word of its service says otherwise"
            }
            Self::NotListed => "its service was not read whole in this run",
            Self::HadRight => "its car had a right",
            Self::NotJudged => "whether its car had a right cannot be said",
            Self::NoPlate => "its plate, or whoever issued it, is not known for certain",
            Self::NoAmount => "what is due cannot be read for certain",
            Self::OtherCurrency => "what is due is in another currency",
            Self::NoReference => "its number cannot be told to an agency",
            Self::SameReference => "another citation was handed over under its number",
            Self::Elsewhere => {
                "another agency has one of its number, or one that the configuration does not name any more"
            }
            Self::NotTaken => "a text of it cannot be told to the agency as it is",
        }
    }
}

/// What is known of a citation that might be handed over.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// With all that was heard of payments.
    pub citation: &'a Citation,
    pub finding: Finding,
    /// In the configuration's words.
    pub zone: Option<&'a ParkingZoneName>,
    /// Its service was read whole in this very run.
    pub is_listed: bool,
}

/// The latest instant of a citation that may be handed over now.
#[must_use]
pub fn referred_until(now: DateTime<Utc>, refer_after: Duration) -> DateTime<Utc> {
    let age = TimeDelta::from_std(refer_after).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(age).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// What a citation is handed over as, or why it is not: only one that is surely owed, of a car that surely had no
/// right. Whoever cannot be sure asks nobody for money.
///
/// # Errors
/// [`Left`].
pub fn refer(
    case: &Case<'_>,
    currency: &Currency,
    agency: &dyn Collection,
) -> Result<Referral, Left> {
    let Case { citation, finding, zone, is_listed } = case;
    match citation.state {
        CitationState::Issued => {}
        CitationState::Paid => return Err(Left::Paid),
        CitationState::Dismissed => return Err(Left::Dismissed),
        CitationState::Contested => return Err(Left::Contested),
        CitationState::Unclear => return Err(Left::Unclear),
        CitationState::Doubtful => return Err(Left::Doubtful),
    }
    if !is_listed {
        return Err(Left::NotListed);
    }
    match finding {
        Finding::HadRight => return Err(Left::HadRight),
        Finding::Unclear(_) => return Err(Left::NotJudged),
        Finding::Stands => {}
    }
    let reference = DocumentId::new(citation.id.as_str()).map_err(|_| Left::NoReference)?;
    let plate = citation.plate.as_ref().ok_or(Left::NoPlate)?;
    let issuer = plate.issuer().and_then(|issuer| issuer.short()).ok_or(Left::NoPlate)?;
    let fine = citation.fine.as_ref().ok_or(Left::NoAmount)?;
    if fine.currency.as_ref().is_some_and(|named| named != currency) {
        return Err(Left::OtherCurrency);
    }
    let referral = Referral {
        reference,
        plate: ListedPlate { text: plate.text().into(), issuer: issuer.into() },
        code: citation.kind.as_ref().map(RightCode::as_str).unwrap_or_default().to_owned(),
        issued_at: citation.at,
        zone: zone.map(ParkingZoneName::as_str).unwrap_or_default().to_owned(),
        due: fine.amount,
    };
    if agency.takes(&referral) { Ok(referral) } else { Err(Left::NotTaken) }
}
