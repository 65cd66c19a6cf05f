//! What is written in any way the service may write it is read back, and nothing makes the reader panic.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::super::identity::holder_id;
use super::tests::{SAMPLE, around, club, one, read};
use super::*;
use crate::model::{Email, Holder, HolderNumber, Right, Span};

/// Writes a member the way the service is believed to.
fn written(member: &Holder) -> String {
    let roles: String = member
        .roles
        .iter()
        .map(|role| {
            let Span::Wall { begin, end } = role.time;
            format!(
                "<Role Id=\"{}\" StartDate=\"{}\" EndDate=\"{}\"/>",
                role.id,
                begin.date(),
                end.format("%Y-%m-%dT%H:%M:%S")
            )
        })
        .collect();
    let birth = member.key.as_str().split_once('/');
    let birth = birth.map(|(_, date)| format!(" Birthdate=\"{date}\"")).unwrap_or_default();
    let email = member.email.as_ref().map(|email| escape(email.as_str())).unwrap_or_default();
    format!(
        "<Member OrganisationMemberId=\"{}\" Firstname=\"{}\" Lastname=\"{}\"{birth} Inactive=\"{}\"><ContactInfo EMail=\"{email}\"/>\
         <Organisations><Organisation Id=\"{}\"><Roles>{roles}</Roles></Organisation></Organisations></Member>",
        member.key.human(),
        escape(&member.first_name),
        escape(&member.last_name),
        member.inactive,
        club().organisation
    )
}

prop_compose! {
    fn any_date()(days in 0_i64..50_000) -> NaiveDate {
        NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Duration::days(days)
    }
}

prop_compose! {
    fn any_member()(
        number in 1_i64..i64::MAX,
        birth_date in proptest::option::of(any_date()),
        names in prop::array::uniform2("[a-zA-Zčšžåäö漢字Ж<>&\"' ;]{0,20}"),
        email in proptest::option::of("[a-z<&'\"]{1,8}@[a-zå]{1,8}"),
        inactive in any::<bool>(),
        roles in prop::collection::btree_set((1_i64..9999, any_date(), any_date(), 0_u32..86_400), 0..4),
    ) -> Holder {
        let [first, last] = names;
        Holder {
            key: holder_id(&club().source, &HolderNumber::whole(number).unwrap(), birth_date).unwrap(),
            number: HolderNumber::whole(number).ok(),
            first_name: first.trim().to_owned(),
            last_name: last.trim().to_owned(),
            email: email.and_then(|email| Email::parse(&email)),
            inactive,
            roles: roles.into_iter().map(|(id, begin, end, seconds)| {
                let [begin, end] = [begin, end].map(|day| day.and_time(chrono::NaiveTime::MIN));
                let end = end + chrono::Duration::seconds(i64::from(seconds));
                Right::by_wall_clock(RightCode::whole(id).unwrap(), begin, end)
            }).collect(),
            unreadable: vec![],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_is_written_is_read(members in prop::collection::btree_map(1_i64..500, any_member(), 0..6)) {
        let mut members: Vec<Holder> = members.into_iter().map(|(number, mut member)| {
            let date = member.key.as_str().split_once('/').map(|(_, date)| date.parse().unwrap());
            let number = HolderNumber::whole(number).unwrap();
            member.key = holder_id(&club().source, &number, date).unwrap();
            member.number = Some(number);
            member.roles.sort_unstable();
            member
        }).collect();
        let document = around(&members.iter().rev().map(written).collect::<String>());
        let listed = read(&document).unwrap();
        members.sort_by(|one, other| one.key.cmp(&other.key));
        prop_assert_eq!(listed, Listed { members, unusable: vec![], elsewhere: 0 });
    }

    #[test]
    fn damage_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
        wide in any::<bool>(),
    ) {
        let text = format!("<?xml version='1.0' encoding='utf-8'?>{SAMPLE}");
        let mut body: Vec<u8> = if wide { text.encode_utf16().flat_map(u16::to_be_bytes).collect() } else { text.into_bytes() };
        for (place, byte, kind) in edits {
            if body.is_empty() { break; }
            let at = place.index(body.len());
            match kind {
                0 => body[at] ^= byte,
                1 => body.insert(at, byte),
                2 => { body.remove(at); }
                _ => body.truncate(at),
            }
        }
        let _ = parse_members(&body, &club());
        let _ = parse_role_names(&body, club().organisation);
    }

    #[test]
    fn noise_never_panics(body in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/=\"'&;# a-zA-Z0-9?!\\-]{0,80}") {
        prop_assert!(parse_members(&body, &club()).is_err());
        let _ = read(&text);
        let _ = read(&format!("<Cardskipper>{text}</Cardskipper>"));
        let _ = read(&around(&one("OrganisationMemberId='1'", &format!("Id='1' StartDate=\"{}\" EndDate='2026-01-01'", escape(&text)))));
    }
}
