//! Tables and properties of the reader.

use crate::model::testing::zone;
use chrono::TimeZone;

use super::super::unusable::{Unusable, UnusableReason};
use super::*;
use crate::model::{
    Email, Holder, HolderId, HolderNumber, Right, SourceName, UnreadableRight, parse_time,
};

pub(super) const SAMPLE: &str =
    include_str!("../../../tests/fixtures/cardskipper/member-export.xml");
const INFO: &str = include_str!("../../../tests/fixtures/cardskipper/organisation-info.xml");

pub(in super::super) fn club() -> Club {
    let source = SourceName::new("club").unwrap();
    Club { source, organisation: OrganisationId::new(123).unwrap(), zone: zone("Europe/Stockholm") }
}

/// The identity of a member of the club.
fn holder(text: &str) -> HolderId {
    HolderId::new(club().source, text).unwrap()
}

pub(super) fn read(document: &str) -> Result<Listed, WireError> {
    parse_members(document.as_bytes(), &club())
}

/// A document around the given `Member` elements.
pub(super) fn around(members: &str) -> String {
    format!("<Cardskipper><Members>{members}</Members></Cardskipper>")
}

/// A member with the given attributes and role attributes.
pub(super) fn one(attributes: &str, role: &str) -> String {
    one_with(attributes, &format!("<Role {role}/>"))
}

/// A member with the given attributes and `Role` elements.
fn one_with(attributes: &str, roles: &str) -> String {
    format!(
        "<Member {attributes}><Organisations><Organisation Id=\"123\"><Roles>{roles}</Roles>\
         </Organisation></Organisations></Member>"
    )
}

const ROLE: &str = "Id='3126' StartDate='2026-01-01' EndDate='2026-12-31'";

fn role(id: i64, begin: &str, end: &str) -> Right {
    let [begin, end] = [begin, end].map(|at| parse_time(at).unwrap());
    Right::by_wall_clock(RightCode::whole(id).unwrap(), begin, end)
}

fn sample_member() -> Holder {
    Holder {
        key: holder("150002/2009-04-21"),
        number: HolderNumber::whole(150_002).ok(),
        first_name: "Test".to_owned(),
        last_name: "Person".to_owned(),
        email: Email::parse("test@example.se"),
        inactive: false,
        roles: vec![role(3126, "2026-01-01T00:00:00", "2026-12-31T00:00:00")],
        unreadable: vec![],
    }
}

/// The one unusable entry of a document that has nothing else.
fn only_reason(document: &str) -> UnusableReason {
    let listed = read(document).unwrap();
    assert_eq!(listed.members, [], "{document}");
    assert_eq!(listed.unusable.len(), 1, "{document}");
    listed.unusable[0].reason.clone()
}

#[test]
fn the_request_has_the_known_form() {
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Cardskipper xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
                xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><SearchCriteriaMember><OrganisationId value=\"123\"/>";
    let tail = "</SearchCriteriaMember></Cardskipper>";
    assert_eq!(export_request(club().organisation, Listing::Complete), format!("{head}{tail}"));
    let since = Utc.with_ymd_and_hms(2026, 11, 1, 6, 5, 4).unwrap();
    assert_eq!(
        export_request(club().organisation, Listing::ChangedSince(since)),
        format!("{head}<ChangedAt value=\"2026-11-01T06:05:04\"/>{tail}")
    );
    Document::parse(&export_request(club().organisation, Listing::ChangedSince(since))).unwrap();
}

#[test]
fn the_sample_in_every_dress() {
    let wanted = Listed { members: vec![sample_member()], unusable: vec![], elsewhere: 0 };
    assert_eq!(read(SAMPLE).unwrap(), wanted);
    let namespaced = SAMPLE.replacen(
        "<Cardskipper>",
        "<Cardskipper xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns='urn:x'>",
        1,
    );
    let prefixed = SAMPLE
        .replace("</", "</c:")
        .replace("<", "<c:")
        .replace("<c:/c:", "</c:")
        .replacen("<c:Cardskipper>", "<c:Cardskipper xmlns:c='urn:x'>", 1);
    let reordered = SAMPLE
        .replace(
            "Id=\"3126\" StartDate=\"2026-01-01\" EndDate=\"2026-12-31\"",
            "EndDate='2026-12-31' Type='x' StartDate='2026-01-01' Id='3126'",
        )
        .replace(
            "OrganisationMemberId=\"150002\" Firstname=\"Test\"",
            "UserId='7' Firstname='Test' OrganisationMemberId=' 150002 '",
        );
    let extended = SAMPLE
        .replace("<Members>", "<!-- hello --><Count>1</Count><Members><Paging x='1'/>")
        .replace("<Extra ", "<Cards><Card Code='1'/></Cards><Extra ");
    let midnight = SAMPLE
        .replace("2026-01-01", "2026-01-01T00:00:00")
        .replace("2026-12-31", "2026-12-30T23:00:00Z");
    for (name, dressed) in [
        ("a mark", format!("\u{feff}{SAMPLE}")),
        ("a declaration", format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{SAMPLE}")),
        ("mark and declaration", format!("\u{feff}<?xml version='1.0'?>{SAMPLE}\n\n<!-- end -->")),
        ("CRLF", SAMPLE.replace('\n', "\r\n")),
        ("one line", SAMPLE.lines().map(str::trim).collect()),
        ("a default namespace", namespaced),
        ("a prefix", prefixed),
        ("another order", reordered),
        ("unknown things", extended),
        ("long dates", midnight),
        ("Inactive absent", SAMPLE.replace(" Inactive=\"false\"", "")),
        ("Inactive 0", SAMPLE.replace("Inactive=\"false\"", "Inactive=\"0\"")),
    ] {
        assert_eq!(read(&dressed), Ok(wanted.clone()), "{name}");
    }
    let wide: Vec<u8> =
        format!("\u{feff}{SAMPLE}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse_members(&wide, &club()), Ok(wanted), "UTF-16");
}

#[test]
fn an_empty_club_and_what_must_not_pass_for_one() {
    let nobody = Listed { members: vec![], unusable: vec![], elsewhere: 0 };
    for empty in [
        "<Cardskipper/>",
        "<Cardskipper><Members/></Cardskipper>",
        "<Cardskipper>\n <Members>\n </Members> </Cardskipper>",
    ] {
        assert_eq!(read(empty), Ok(nobody.clone()), "{empty}");
    }
    for (document, found) in [
        ("", "nothing"),
        (" \r\n", "nothing"),
        ("<!DOCTYPE html><html><title>Cardskipper</title>", "a web page"),
        ("<html><body>Log in</body></html>", "a web page"),
        ("{\"members\":[]}", "JSON"),
        ("Server is down", "something else"),
        ("<Error>no right</Error>", "`Error`"),
        ("<cardskipper><Members/></cardskipper>", "`cardskipper`"),
        ("<Members/>", "`Members`"),
    ] {
        assert_eq!(
            read(document),
            Err(WireError::NotCardskipper { found: found.to_owned() }),
            "{document}"
        );
    }
    for (document, found) in [
        ("<Cardskipper><Error>no right</Error></Cardskipper>", "Error"),
        ("<Cardskipper>no right</Cardskipper>", "text"),
        ("<Cardskipper><Member/></Cardskipper>", "Member"),
    ] {
        assert_eq!(
            read(document),
            Err(WireError::Without { wanted: "Members", found: found.to_owned() }),
            "{document}"
        );
    }
}

#[test]
fn a_broken_document_says_where() {
    for (document, line, column) in [
        ("<Cardskipper>\n<Members>\n<Member x=1/>", 3, 11),
        ("<Cardskipper>\n<Members>\n", 3, 1),
        ("<Cardskipper></Cardskipper><Cardskipper/>", 1, 28),
        ("<Cardskipper>\n<Members></Member></Cardskipper>", 2, 10),
        ("<Cardskipper a='1' a='2'/>", 1, 20),
        ("<Cardskipper>&bomb;</Cardskipper>", 1, 14),
        ("<Cardskipper>\u{1}</Cardskipper>", 1, 14),
    ] {
        match read(document) {
            Err(WireError::BadXml { line: l, column: c, message }) => {
                assert_eq!((l, c), (line, column), "{document}: {message}");
                assert!(!message.contains(" at "), "{message}");
            }
            other => panic!("{document}: {other:?}"),
        }
    }
    let dtd = "<?xml version='1.0'?><!DOCTYPE Cardskipper [<!ENTITY a 'b'>]><Cardskipper>&a;</Cardskipper>";
    assert!(read(dtd).is_err());
    let deep = format!("<Cardskipper>{}", "<a>".repeat(200_000));
    assert!(read(&deep).is_err(), "no stack is used up");
}

#[test]
fn which_organisation_counts() {
    let organisations = |blocks: &str| {
        around(&format!(
            "<Member OrganisationMemberId='1'><Organisations>{blocks}</Organisations></Member>"
        ))
    };
    let block = |id: &str, role: i64| {
        format!(
            "<Organisation Id='{id}'><Roles><Role Id='{role}' StartDate='2026-01-01' EndDate='2026-12-31'/></Roles></Organisation>"
        )
    };
    let ids = |document: &str| {
        let listed = read(document).unwrap();
        assert_eq!(listed.unusable, []);
        let roles = listed.members.first().map(|member| {
            member.roles.iter().map(|role| role.id.as_str().parse().unwrap()).collect::<Vec<i64>>()
        });
        (roles, listed.elsewhere)
    };
    assert_eq!(ids(&organisations(&block("124", 1))), (None, 1));
    assert_eq!(ids(&around("<Member OrganisationMemberId='1'/>")), (None, 1));
    assert_eq!(ids(&around("<Member><Organisations/></Member>")), (None, 1));
    let several = format!("{}{}{}", block("124", 1), block("123", 3), block("0123", 2));
    assert_eq!(
        ids(&organisations(&several)),
        (Some(vec![2, 3]), 0),
        "blocks of one organisation join, sorted"
    );
    assert_eq!(ids(&organisations("<Organisation Id='123'/>")), (Some(vec![]), 0));
    let twice = format!("{}{}", block("123", 3), block("123", 3));
    assert_eq!(ids(&organisations(&twice)), (Some(vec![3]), 0));
    // Dates of other organisations are none of our business.
    let other = "<Organisation Id='9'><Roles><Role Id='x' EndDate='soon'/></Roles></Organisation>";
    assert_eq!(ids(&organisations(&format!("{other}{}", block("123", 3)))), (Some(vec![3]), 0));
    let unreadable = format!("{}{}", block("123", 3), block("club", 4));
    assert_eq!(
        only_reason(&organisations(&unreadable)),
        UnusableReason::BadOrganisation(Some("club".to_owned()))
    );
    let nameless = "<Organisation><Roles/></Organisation>";
    assert_eq!(only_reason(&organisations(nameless)), UnusableReason::BadOrganisation(None));
}

#[test]
fn nothing_is_guessed() {
    for number in [
        "",
        "OrganisationMemberId=''",
        "OrganisationMemberId='0'",
        "OrganisationMemberId='-3'",
        "OrganisationMemberId='+3'",
        "OrganisationMemberId='1.0'",
        "OrganisationMemberId='A7'",
        "OrganisationMemberId='99999999999999999999'",
    ] {
        assert_eq!(only_reason(&around(&one(number, ROLE))), UnusableReason::NoNumber, "{number}");
    }
    for inactive in ["", "yes", "TRUE", "2", "null"] {
        let attributes = format!("OrganisationMemberId='1' Inactive='{inactive}'");
        assert_eq!(
            only_reason(&around(&one(&attributes, ROLE))),
            UnusableReason::BadInactive(inactive.to_owned())
        );
    }
    for (inactive, wanted) in [
        ("true", true),
        ("True", true),
        ("1", true),
        (" false ", false),
        ("False", false),
        ("0", false),
    ] {
        let attributes = format!("OrganisationMemberId='1' Inactive='{inactive}'");
        assert_eq!(
            read(&around(&one(&attributes, ROLE))).unwrap().members[0].inactive,
            wanted,
            "{inactive}"
        );
    }
    for (role, reason) in [
        ("StartDate='2026-01-01' EndDate='2026-12-31'", UnusableReason::BadRole(None)),
        (
            "Id='gym' StartDate='2026-01-01' EndDate='2026-12-31'",
            UnusableReason::BadRole(Some("gym".to_owned())),
        ),
    ] {
        assert_eq!(only_reason(&around(&one("OrganisationMemberId='1'", role))), reason, "{role}");
    }
    // One role that nobody knows takes the good one with it.
    let good_and_bad = around(&one("OrganisationMemberId='1'", &format!("{ROLE}/><Role Id='-7'")));
    assert_eq!(only_reason(&good_and_bad), UnusableReason::BadRole(Some("-7".to_owned())));
}

/// Mutants: a role without dates that takes those of the role before it, of the same role elsewhere, of
/// a child, or of an attribute of another vocabulary; one that takes the good roles with it.
#[test]
fn a_role_has_the_dates_of_its_own_line() {
    let good = [role(3126, "2026-01-01T00:00:00", "2026-12-31T00:00:00")];
    let missing = |attribute: &str| format!("{attribute} is missing");
    for (roles, problem) in [
        ("<Role Id='1' EndDate='2026-12-31'/>", missing("StartDate")),
        ("<Role Id='1' StartDate='2026-01-01'/>", missing("EndDate")),
        ("<Role Id='1'/>", missing("StartDate")),
        (
            "<Role Id='1' StartDate='2026-01-01' EndDate=''/>",
            "EndDate is ``, not a date".to_owned(),
        ),
        (
            "<Role Id='1' StartDate='0001-01-01T00:00:00' EndDate='2026-12-31'/>",
            "StartDate is `0001-01-01T00:00:00`, not a date".to_owned(),
        ),
        (
            "<Role Id='1' StartDate='2026-01-01' EndDate='until the cows come home, whenever that is'/>",
            "EndDate is `until the cows come home, whenever that `, not a date".to_owned(),
        ),
        ("<Role Id='1' startdate='2026-01-01' EndDate='2026-12-31'/>", missing("StartDate")),
        (
            "<Role Id='1' StartDate='2026-01-01' x:EndDate='2026-12-31' xmlns:x='urn:x'/>",
            missing("EndDate"),
        ),
        (
            "<Role Id='1' StartDate='2026-01-01'><EndDate>2026-12-31</EndDate></Role>",
            missing("EndDate"),
        ),
        (
            "<Role Id='1' StartDate='2026-01-01'><Role Id='1' EndDate='2026-12-31'/></Role>",
            missing("EndDate"),
        ),
    ] {
        let wanted = UnreadableRight { id: RightCode::whole(1).unwrap(), problem };
        let good_line = format!("<Role {ROLE}/>");
        for lines in [format!("{good_line}{roles}"), format!("{roles}{good_line}")] {
            let listed = read(&around(&one_with("OrganisationMemberId='1'", &lines))).unwrap();
            assert_eq!(listed.members[0].roles, good, "{lines}");
            assert_eq!(listed.members[0].unreadable, std::slice::from_ref(&wanted), "{lines}");
            assert_eq!(listed.unusable, [], "{lines}");
        }
    }
    // Of two vocabularies the own one counts, and the element's own is as good where it stands alone.
    let both = "<Role Id='1' x:EndDate='2036-12-31' xmlns:x='urn:x' StartDate='2026-01-01' \
                EndDate='2026-12-31'/><y:Role xmlns:y='urn:y' y:Id='2' y:StartDate='2026-01-01' \
                y:EndDate='2026-12-31'/>";
    let listed = read(&around(&one_with("OrganisationMemberId='1'", both))).unwrap();
    let year = |id| role(id, "2026-01-01T00:00:00", "2026-12-31T00:00:00");
    assert_eq!(listed.members[0].roles, [year(1), year(2)]);
    // Two halves of one role are two roles, each without a date.
    let halves = "<Role Id='1' StartDate='2026-01-01'/><Role Id='1' EndDate='2026-12-31'/>";
    let listed = read(&around(&one_with("OrganisationMemberId='1'", halves))).unwrap();
    assert_eq!((listed.members[0].roles.len(), listed.members[0].unreadable.len()), (0, 2));
    // Entries that are equal but for their roles give them all.
    let two = ["<Role Id='1'/>", "<Role Id='2'/>", "<Role Id='1'/>"];
    let two = two.map(|roles| one_with("OrganisationMemberId='1'", roles)).concat();
    let listed = read(&around(&two)).unwrap();
    assert_eq!((listed.members.len(), listed.members[0].unreadable.len()), (1, 2));
}

#[test]
fn unusable_entries_tell_who_and_where() {
    let document = format!(
        "<Cardskipper>\r\n<Members>\r\n{}\r\n{}\r\n\r\n{}</Members></Cardskipper>",
        one("OrganisationMemberId='1' Birthdate='1980-05-03T00:00:00'", ROLE),
        one("OrganisationMemberId='2' Birthdate='1981-05-03'", "Id='0'"),
        one("Birthdate='soon'", ROLE)
    );
    let listed = read(&document).unwrap();
    assert_eq!(listed.members.len(), 1);
    assert_eq!(
        listed.unusable,
        [
            Unusable {
                key: Some(holder("2/1981-05-03")),
                number: HolderNumber::whole(2).ok(),
                line: 4,
                reason: UnusableReason::BadRole(Some("0".to_owned())),
            },
            Unusable { key: None, number: None, line: 6, reason: UnusableReason::NoNumber },
        ]
    );
    assert!(listed.unusable.iter().all(|entry| !entry.reason.to_string().is_empty()));
}

#[test]
fn what_is_kept_although_strange() {
    let inverted = "Id='3126' StartDate='2026-12-31' EndDate='2026-01-01'";
    let member = read(&around(&one("OrganisationMemberId='1' Birthdate='unknown'", inverted)))
        .unwrap()
        .members
        .remove(0);
    assert_eq!(member.roles, [role(3126, "2026-12-31T00:00:00", "2026-01-01T00:00:00")]);
    assert_eq!((member.key, member.first_name.as_str(), member.email), (holder("1"), "", None));
}

#[test]
fn addresses() {
    let email = |contact: &str| {
        let member = format!(
            "<Member OrganisationMemberId='1'>{contact}<Organisations><Organisation Id='123'/></Organisations></Member>"
        );
        read(&around(&member)).unwrap().members.remove(0).email.map(|email| email.to_string())
    };
    for (written, wanted) in [
        ("<ContactInfo/>", None),
        ("<ContactInfo EMail=''/>", None),
        ("<ContactInfo EMail='none'/>", None),
        ("<ContactInfo EMail=' A@Example.se '/>", Some("a@example.se")),
        ("<ContactInfo EMail='a@example.se; '/>", Some("a@example.se")),
        ("<ContactInfo EMail='a@example.se, A@EXAMPLE.se'/>", Some("a@example.se")),
        ("<ContactInfo EMail='none; a@example.se'/>", Some("a@example.se")),
        ("<ContactInfo EMail='a@example.se;b@example.se'/>", None),
        ("<ContactInfo EMail='a@example.se;b@example.se;a@example.se'/>", None),
        ("<ContactInfo EMail='a@example.se'/><ContactInfo EMail='b@example.se'/>", None),
    ] {
        assert_eq!(email(written).as_deref(), wanted, "{written}");
    }
}

#[test]
fn members_listed_twice() {
    let first = one("OrganisationMemberId='1' Birthdate='1980-05-03' Firstname='A'", ROLE);
    let more = one(
        "OrganisationMemberId='1' Birthdate='1980-05-03' Firstname='A'",
        "Id='1' StartDate='2027-01-01' EndDate='2027-12-31'",
    );
    let renamed = one("OrganisationMemberId='1' Birthdate='1980-05-03' Firstname='B'", ROLE);
    let broken = one("OrganisationMemberId='1' Birthdate='1980-05-03' Firstname='A'", "Id='x'");
    let reborn = one("OrganisationMemberId='1' Birthdate='1980-05-04' Firstname='A'", ROLE);
    let unborn = one("OrganisationMemberId='1' Firstname='A'", ROLE);

    let listed = read(&around(&[first.clone(), more, first.clone()].concat())).unwrap();
    assert_eq!((listed.members.len(), listed.unusable.len()), (1, 0));
    assert_eq!(
        listed.members[0].roles.iter().map(|role| role.id.as_str()).collect::<Vec<_>>(),
        ["1", "3126"]
    );

    let listed = read(&around(&[first.clone(), renamed].join("\n"))).unwrap();
    assert_eq!(listed.members, []);
    let told: Vec<_> =
        listed.unusable.iter().map(|entry| (entry.line, entry.reason.clone())).collect();
    assert_eq!(told, [(1, UnusableReason::ListedTwice), (2, UnusableReason::ListedTwice)]);

    let listed = read(&around(&[broken, first.clone()].concat())).unwrap();
    assert_eq!(
        (listed.members.len(), listed.unusable.len()),
        (0, 2),
        "half of a member is no member"
    );

    let listed = read(&around(&[first, reborn, unborn].concat())).unwrap();
    assert_eq!(
        (listed.members.len(), listed.unusable.len()),
        (3, 0),
        "the birth date is part of the identity"
    );
}

#[test]
fn a_document_cut_anywhere_is_an_error() {
    let document =
        format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{}", SAMPLE.trim_end());
    assert!(read(&document).is_ok());
    for length in 0..document.len() {
        let cut = &document.as_bytes()[..length];
        assert!(parse_members(cut, &club()).is_err(), "cut after {length} bytes");
        assert!(parse_role_names(cut, club().organisation).is_err(), "cut after {length} bytes");
    }
}

#[test]
fn role_names() {
    let names = |organisation: i64| {
        parse_role_names(INFO.as_bytes(), OrganisationId::new(organisation).unwrap()).map(|names| {
            names
                .into_iter()
                .map(|(id, name)| (id.as_str().parse().unwrap(), name))
                .collect::<Vec<_>>()
        })
    };
    let named = |pairs: &[(i64, &str)]| {
        Ok(pairs.iter().map(|(id, name)| (*id, (*name).to_owned())).collect::<Vec<_>>())
    };
    let club = [(3126, "Gym member"), (3127, "Förening <stöd>"), (4001, "Veteran")];
    assert_eq!(names(123), named(&club));
    assert_eq!(names(124), named(&club), "a child without roles goes by its parent");
    assert_eq!(names(125), named(&[(3126, "Another name"), (4001, "Veteran")]));
    assert_eq!(names(200), named(&[(5000, "Elsewhere")]));
    assert_eq!(
        names(201),
        named(&[]),
        "a top organisation without roles does not take its neighbours'"
    );
    let missing = OrganisationId::new(9).unwrap();
    assert_eq!(names(9), Err(WireError::UnknownOrganisation(missing)), "9 is a unit");
    assert_eq!(
        parse_role_names(b"<Cardskipper/>", missing),
        Err(WireError::UnknownOrganisation(missing))
    );
    assert!(matches!(parse_role_names(SAMPLE.as_bytes(), missing), Err(WireError::Without { .. })));
    assert!(matches!(parse_role_names(b"<html/>", missing), Err(WireError::NotCardskipper { .. })));
}
