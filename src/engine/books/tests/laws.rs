//! What holds of every day: sums are exact (P12), and everything is counted once (P13).

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const DAY: &str = "2024-01-02";

fn moment(hour: u8) -> String {
    (at("2024-01-01T20:00:00Z") + chrono::TimeDelta::hours(i64::from(hour))).to_rfc3339()
}

prop_compose! {
    fn entries()(
        sold in prop::collection::btree_map(0..8_u8, (1..4_u32, 0..40_u8), 0..8),
        back in prop::collection::vec((0..8_u8, 1..4_u32, 0..40_u8), 0..6),
    ) -> Vec<LedgerEntry> {
        let sold = sold.iter().map(|(id, (minor, hour))| paid(&format!("p{id}"), *minor, &moment(*hour)));
        let back = back.iter().enumerate().map(|(n, (of, minor, hour))| {
            entry(LedgerKind::Refund, &format!("r{n}"), &format!("p{of}"), *minor, &moment(*hour))
        });
        sold.chain(back).collect()
    }
}

prop_compose! {
    fn rows()(
        all in prop::collection::vec((0..10_u8, 0..5_u8, 1..4_i64, 0..2_i64, 0..40_u8), 0..20),
    ) -> Vec<SettledRow> {
        all.iter().enumerate().map(|(n, (of, kind, minor, fee, hour))| {
            // One in five names no payment.
            let payment = if *of < 8 { format!("p{of}") } else { String::new() };
            let (kind, minor) = match kind {
                0 | 1 => (SettlementKind::Payment, *minor),
                2 => (SettlementKind::Refund, -*minor),
                3 => (SettlementKind::Chargeback, -*minor),
                _ => (SettlementKind::Adjustment, *minor),
            };
            let mut row = row(kind, &format!("t{n:02}"), &payment, minor, &moment(*hour));
            row.row.fee = Amount::minor(*fee);
            row.row.net = row.row.amount - row.row.fee;
            row
        }).collect()
    }
}

proptest! {
    #[test]
    fn everything_is_somewhere_once(entries in entries(), rows in rows()) {
        let today = day(DAY);
        let part = (
            crate::store::PartKept {
                day: today, batch: "B1".into(), file: 1, rows: 1,
                amount: Amount::ZERO, fee: Amount::ZERO, net: Amount::ZERO,
            },
            crate::store::FileKept {
                id: 1, section: "cashier".into(), sha256: String::new(), name: "f".into(),
                taken_at: at("2024-01-03T13:00:00Z"), rows: 1,
                amount: Amount::ZERO, fee: Amount::ZERO, net: Amount::ZERO,
            },
        );
        let known = Known { parts: vec![part], ..Known::default() };
        let told = Told { entries: entries.clone(), rows: rows.clone(), known };
        let calendar = calendar();
        let books = compare(today, "2024-01-03T14:00:00Z", told);

        // Sums, added up by hand.
        let of_today = || rows.iter().map(|one| &one.row).filter(|row| row.day == today);
        prop_assert_eq!(books.settled.amount, of_today().map(|row| row.amount).sum());
        prop_assert_eq!(books.settled.fee, of_today().map(|row| row.fee).sum());
        prop_assert_eq!(books.settled.net, of_today().map(|row| row.net).sum());
        prop_assert_eq!(books.settled.count, of_today().count() as u64);
        let due = |entry: &&LedgerEntry| calendar.settled_with(entry.at) == today;
        let due_today = || entries.iter().filter(due);
        prop_assert_eq!(books.ledger.amount, due_today().map(LedgerEntry::signed).sum());

        // Each row of the day stands in one place, each entry too.
        let differing = || books.amount_differs.iter().chain(&books.fee_differs);
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let listed = books.only_settled.iter().chain(&books.duplicate).chain(&books.chargebacks);
        let listed = listed.chain(books.keyless.iter().map(|one| &one.row)).chain(&books.other);
        for row in listed.chain(differing().map(|pair| &pair.row.row)) {
            *places.entry(&row.transaction).or_default() += 1;
        }
        prop_assert!(places.values().all(|count| *count == 1), "{places:?}");
        let silent = of_today().filter(|row| !places.contains_key(row.transaction.as_str()));
        let silent: Vec<_> = silent.collect();
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        let listed = books.only_ledger.iter().chain(&books.not_yet_due);
        for entry in listed.chain(differing().map(|pair| &pair.entry)) {
            *told.entry(&entry.id).or_default() += 1;
        }
        prop_assert!(told.values().all(|count| *count == 1), "{told:?}");
        let quiet = due_today().filter(|entry| !told.contains_key(entry.id.as_str())).count();
        // What is told of nowhere agrees: the pairs of this day, and those of this day and another.
        let most = silent.len() + quiet;
        let count = usize::try_from(books.matched.count).unwrap();
        prop_assert!(count >= silent.len().max(quiet) && count <= most, "{count} {silent:?} {quiet}");

        // A slow reader: a payment is settled if any row names it, and equal if any such row has its amount.
        for entry in entries.iter().filter(|entry| entry.kind == LedgerKind::Payment) {
            let named = || rows.iter().map(|one| &one.row).filter(|row| {
                row.kind == SettlementKind::Payment && row.payment == entry.payment
            });
            let is_open = books.only_ledger.iter().chain(&books.not_yet_due).any(|one| one == entry);
            let is_known = calendar.settled_with(entry.at) == today;
            if is_known {
                prop_assert_eq!(is_open, named().next().is_none());
            }
            let is_equal = named().any(|row| row.amount == entry.signed());
            let differs = books.amount_differs.iter().any(|pair| pair.entry == *entry);
            prop_assert!(!(is_equal && differs));
        }
        // Never more pairs than a payment has of either side.
        let excess = books.duplicate.iter().all(|row| {
            rows.iter().filter(|one| one.row.payment == row.payment && one.row.kind == row.kind).count() > 1
        });
        prop_assert!(excess);
        for keyless in &books.keyless {
            if let Some(id) = &keyless.suggested {
                let entry = entries.iter().find(|entry| entry.id == *id).unwrap();
                prop_assert_eq!(entry.signed(), keyless.row.amount);
            }
        }
    }
}
