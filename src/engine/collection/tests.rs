//! Who may be handed over, and what is heard of whoever was: by tables.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::engine::citations::wanted_after;
use crate::model::{Citation, Currency, Fine, MinorUnits, ParkingZoneName, PlateRules, RightCode};
use crate::ports::{Collection, WithdrawnAs};

/// An agency that takes every row but those of one type.
struct Agency;

impl Collection for Agency {
    fn refer_after(&self) -> std::time::Duration {
        std::time::Duration::from_secs(30 * 24 * 3600)
    }

    fn takes(&self, row: &Referral) -> bool {
        row.code != "=1+1"
    }

    fn referrals(&self, _: &[Referral]) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn withdrawals(&self, _: &[Withdrawal]) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

fn fine(minor: &str, currency: Option<&str>) -> Option<Fine> {
    let currency = currency.map(|code| Currency::new(code).unwrap());
    Some(Fine { amount: MinorUnits::from_digits(minor).unwrap(), currency })
}

fn plate(issuer: &str) -> Option<crate::model::Plate> {
    let country = crate::model::Country::from_code("US");
    Some(PlateRules::new(country, []).unwrap().read("XYZ789", issuer).unwrap())
}

fn at() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    day.and_hms_opt(12, 15, 0).unwrap().and_utc()
}

/// One that is surely owed.
fn owed() -> Citation {
    Citation {
        source: SourceName::new("street").unwrap(),
        id: CitationId::new("viol_1").unwrap(),
        plate: plate("CT"),
        zone: Some("1".to_owned()),
        kind: RightCode::new("EXPIRED_METER").ok(),
        at: at(),
        state: CitationState::Issued,
        fine: fine("2500", None),
        updated_at: None,
    }
}

fn judged(citation: &Citation, finding: Finding, is_listed: bool) -> Result<Referral, Left> {
    let zone = ParkingZoneName::new("A1").unwrap();
    refer(&Case { citation, finding, zone: Some(&zone), is_listed }, &usd(), &Agency)
}

#[test]
fn one_that_is_surely_owed() {
    let referral = judged(&owed(), Finding::Stands, true).unwrap();
    assert_eq!(referral.reference.as_str(), "viol_1");
    assert_eq!((referral.plate.text.as_str(), referral.plate.issuer.as_str()), ("XYZ789", "CT"));
    assert_eq!((referral.code.as_str(), referral.zone.as_str()), ("EXPIRED_METER", "A1"));
    assert_eq!((referral.due.get(), referral.issued_at), (2500, at()));
}

/// Mutants: any of these is handed over.
#[test]
fn whatever_is_not_sure_is_left_out() {
    let with = |state| Citation { state, ..owed() };
    for (citation, want) in [
        (with(CitationState::Paid), Left::Paid),
        (with(CitationState::Dismissed), Left::Dismissed),
        (with(CitationState::Contested), Left::Contested),
        (with(CitationState::Unclear), Left::Unclear),
        (with(CitationState::Doubtful), Left::Doubtful),
        (Citation { plate: None, ..owed() }, Left::NoPlate),
        (Citation { plate: plate(""), ..owed() }, Left::NoPlate),
        (Citation { plate: plate("US"), ..owed() }, Left::NoPlate),
        (Citation { plate: plate("X9"), ..owed() }, Left::NoPlate),
        (Citation { fine: None, ..owed() }, Left::NoAmount),
        (Citation { fine: fine("2500", Some("EUR")), ..owed() }, Left::OtherCurrency),
        (Citation { id: CitationId::new("viol/1").unwrap(), ..owed() }, Left::NoReference),
        (Citation { kind: RightCode::new("=1+1").ok(), ..owed() }, Left::NotTaken),
    ] {
        assert_eq!(judged(&citation, Finding::Stands, true), Err(want), "{want}");
    }
    assert_eq!(judged(&owed(), Finding::HadRight, true), Err(Left::HadRight));
    for why in [Why::NotKnown, Why::Gone, Why::CancelledNow, Why::NotWatched, Why::Future] {
        assert_eq!(judged(&owed(), Finding::Unclear(why), true), Err(Left::NotJudged));
    }
    assert_eq!(judged(&owed(), Finding::Stands, false), Err(Left::NotListed));
    let named = Citation { fine: fine("1", Some("USD")), ..owed() };
    assert_eq!(judged(&named, Finding::Stands, true).unwrap().due.get(), 1);
}

#[test]
fn it_is_old_enough_at_the_second() {
    let month = std::time::Duration::from_secs(30 * 24 * 3600);
    assert_eq!(referred_until(at() + chrono::TimeDelta::days(30), month), at());
    assert!(referred_until(DateTime::<Utc>::MIN_UTC, month) <= DateTime::<Utc>::MIN_UTC);
}

fn kept(wanted: Option<WithdrawnAs>, told: Option<WithdrawnAs>) -> ReferralKept {
    ReferralKept {
        agency: SourceName::new("collect").unwrap(),
        reference: DocumentId::new("viol_1").unwrap(),
        source: SourceName::new("street").unwrap(),
        at: at(),
        due: MinorUnits::from_digits("2500").unwrap(),
        state: ReferralState::There,
        reason: None,
        batch: DocumentId::new("referral:1").unwrap(),
        wanted,
        told,
        withdrawal: None,
        said_at: None,
        referred_at: at(),
        changed_at: at(),
    }
}

const ALL_HEARD: [Heard; 9] = [
    Heard::State(CitationState::Issued),
    Heard::State(CitationState::Paid),
    Heard::State(CitationState::Dismissed),
    Heard::State(CitationState::Contested),
    Heard::State(CitationState::Unclear),
    Heard::State(CitationState::Doubtful),
    Heard::Deleted,
    Heard::NotListed,
    Heard::HadRight,
];

/// Mutants: a dispute outranks a payment; who has paid is asked again; a word that nobody knows is passed over; what
/// the agency put on hold is opened again.
#[test]
fn what_is_heard_of_one_that_was_handed_over() {
    use WithdrawnAs::{Hold, Paid, Void};
    let after = |wanted, told| ALL_HEARD.map(|heard| wanted_after(&kept(wanted, told), heard));
    let (paid, void, hold) = (Some(Paid), Some(Void), Some(Hold));
    assert_eq!(after(None, None), [None, paid, void, hold, hold, hold, void, hold, void]);
    assert_eq!(after(hold, None), [None, paid, void, hold, hold, hold, void, hold, void]);
    assert_eq!(after(hold, hold), [hold, paid, void, hold, hold, hold, void, hold, void]);
    assert_eq!(after(void, None), [void, paid, void, void, void, void, void, void, void]);
    assert_eq!(after(paid, None), [paid; 9]);
    assert_eq!(after(paid, hold), [paid; 9]);
}

proptest! {
    /// Whatever is heard, and in whatever order: once paid, paid.
    #[test]
    fn whoever_has_paid_is_never_asked_again(
        before in proptest::collection::vec(0_usize..9, 0..6),
        after in proptest::collection::vec(0_usize..9, 0..6),
    ) {
        let mut row = kept(None, None);
        let heard = before.into_iter().chain([1]).chain(after);
        let mut was_paid = false;
        for place in heard {
            row.wanted = wanted_after(&row, ALL_HEARD[place]);
            was_paid |= place == 1;
            if was_paid {
                prop_assert_eq!(row.wanted, Some(WithdrawnAs::Paid));
            }
        }
    }
}
