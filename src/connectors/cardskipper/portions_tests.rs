//! A listing read in portions is the listing read as one tree.

use proptest::prelude::*;

use super::super::wire::tests::club;
use super::super::wire::{check_limits, parse_members_by};
use super::*;

const SAMPLE: &str = include_str!("../../../tests/fixtures/cardskipper/member-export.xml");
const INFO: &str = include_str!("../../../tests/fixtures/cardskipper/organisation-info.xml");

/// What the fuzz targets start from: encodings, doubles, prefixes, pages, bombs.
const CORPUS: &[&[u8]] = &[
    include_bytes!("../../../tests/fuzz/corpus/members/bomb.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/doubles.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/empty.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/error.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/export.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/latin1.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/namespaces.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/page.html"),
    include_bytes!("../../../tests/fuzz/corpus/members/self-closed.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/steering.xml"),
    include_bytes!("../../../tests/fuzz/corpus/members/utf16.xml"),
    SAMPLE.as_bytes(),
    INFO.as_bytes(),
];

/// Members, and what may stand between, around and within them.
const PIECES: &[&str] = &[
    "<Member OrganisationMemberId='1' Firstname='Ana'><Organisations><Organisation Id='123'/></Organisations></Member>",
    "<Member OrganisationMemberId='1' Firstname='Eva'><Organisations><Organisation Id='123'/></Organisations></Member>",
    "<Member OrganisationMemberId='2'><Organisations><Organisation Id='7'/></Organisations></Member>",
    "<Member OrganisationMemberId='0'><Organisations><Organisation Id='123'/></Organisations></Member>",
    "<p:Member OrganisationMemberId='3' xmlns:p='other'><p:Organisations><p:Organisation Id='123'/></p:Organisations></p:Member>",
    "<Member OrganisationMemberId='4' Lastname='&lt;>/&gt;'><Organisations>\n<Organisation Id='123'><Roles><Role Id='3126' StartDate='2026-01-01' EndDate='soon'/></Roles></Organisation></Organisations></Member >",
    "<x:Member OrganisationMemberId=\"5\" Lastname=\"'/>\"><Organisations><Organisation Id='123'/></Organisations></x:Member>",
    "<Member/>",
    "<Member OrganisationMemberId='6'>",
    "</Member>",
    "<Members>",
    "</Members>",
    "<Members/>",
    "<x:Members a='>' >",
    "</x:Members\n>",
    "<Person><Member/></Person>",
    "<Cardskipper>",
    "<Cardskipper xmlns='urn:a' xmlns:x='urn:b'>",
    "</Cardskipper>",
    "<!-- <Member> </Members> -->",
    "<![CDATA[</Members>]]>",
    "<?go </Members> ?>",
    "<?xml version='1.0'?>",
    "<!DOCTYPE a>",
    "å \r\n",
    "\n  ",
    "]]>",
    "&amp;",
    "&nbsp;",
    "<a b='",
    "'>",
    "<",
    ">",
    "<!--",
    "-->",
];

fn check(body: &[u8]) {
    let club = club();
    let whole = parse_members_by(body, &club, None);
    for portion in [1, 2, 3, 7, 1000] {
        let cut = parse_members_by(body, &club, NonZeroUsize::new(portion));
        assert_eq!(cut, whole, "portions of {portion}: {}", String::from_utf8_lossy(body));
    }
}

/// How many portions a document is read in, if it is.
fn portions(text: &str, portion: usize) -> Option<usize> {
    let mut cutter = Cutter::new(text, NonZeroUsize::new(portion));
    let counted = check_limits(text, |mark| cutter.see(mark)).unwrap();
    let cut = cutter.finish(counted)?;
    cut.each_entry(|_, _| {})?;
    Some(cut.cuts.len() + 1)
}

#[test]
fn every_document_at_hand_and_all_their_beginnings() {
    for body in CORPUS {
        check(body);
        for end in 0..body.len().min(3000) {
            check(&body[..end]);
        }
    }
}

#[test]
fn one_byte_may_change_anything_but_the_sameness() {
    for body in CORPUS {
        for at in (0..body.len().min(3000)).step_by(3) {
            for byte in *b"<>/'\"!-]&= x" {
                let mut bent = body.to_vec();
                bent[at] = byte;
                check(&bent);
            }
        }
    }
}

#[test]
fn unusual_documents_are_cut_all_the_same() {
    let member = "<Member OrganisationMemberId='1' Lastname='>'/>";
    let around = |inside: &str| format!("<Cardskipper><Members>{inside}</Members></Cardskipper>");
    for (text, want) in [
        (around(""), 1),
        (around(&member.repeat(2)), 2),
        (around(&member.repeat(5)), 3),
        (SAMPLE.to_owned(), 1),
        (around(&format!("text<!-- </Members> -->{member}<![CDATA[</Members>]]>{member}")), 2),
        (
            format!(
                "<?xml version='1.0'?><!-- a --><Cardskipper><Other><Members>{member}</Members></Other><Members/><a:Members xmlns:a='u'>{member}<a:Member/>{member}</a:Members ><Members>{member}</Members></Cardskipper><!-- b -->"
            ),
            2,
        ),
    ] {
        assert_eq!(portions(&text, 2), Some(want), "{text}");
        check(text.as_bytes());
    }
}

#[test]
fn what_the_walk_does_not_see_through_is_read_as_one_tree() {
    let long = " ".repeat(AROUND_MAX_BYTES);
    let declared: String =
        (0..NAMESPACES_MAX + 10).map(|n| format!("<Member xmlns:a='{n}'/>")).collect();
    for text in [
        "<Cardskipper/>".to_owned(),
        "<Cardskipper><Members/></Cardskipper>".to_owned(),
        "<Cardskipper><Members><Member/></Members>".to_owned(),
        "<Cardskipper><Members><Member></Members></Cardskipper>".to_owned(),
        "<Cardskipper><Members><Member/><Member></Members></Member></Members></Cardskipper>".to_owned(),
        "<Cardskipper><Members><Member/></Members><!DOCTYPE a></Cardskipper>".to_owned(),
        "<?xml version='?><Cardskipper><Members>'?><Cardskipper><Members><Member/></Members></Cardskipper>".to_owned(),
        "<?xml version='?><Cardskipper><Members><Member/></Members></Cardskipper>'?><Cardskipper/>".to_owned(),
        format!("<Cardskipper>{long}<Members><Member/></Members></Cardskipper>"),
        format!("<Cardskipper><Members>{declared}</Members></Cardskipper>"),
    ] {
        assert_eq!(portions(&text, 2), None, "{text:.300}");
        check(text.as_bytes());
    }
}

/// The parser refuses more than 65,536 different namespaces in one document, not in one portion.
#[test]
fn the_limits_of_one_tree_stay() {
    let declared: String = (0..70_000).map(|n| format!("<Member xmlns:a='{n}'/>")).collect();
    let text = format!("<Cardskipper><Members>{declared}</Members></Cardskipper>");
    let club = club();
    let read = |portion| parse_members_by(text.as_bytes(), &club, portion);
    let refused = read(NonZeroUsize::new(100)).unwrap_err();
    assert_eq!(Err(refused), read(None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_row_of_pieces(
        places in prop::collection::vec(0..PIECES.len(), 0..14),
        is_closed in prop::bool::weighted(0.8),
    ) {
        let inside: String = places.iter().filter_map(|place| PIECES.get(*place)).copied().collect();
        if is_closed {
            check(format!("<Cardskipper xmlns:x='urn:b'><Members>{inside}</Members></Cardskipper>").as_bytes());
        }
        check(inside.as_bytes());
    }

    #[test]
    fn any_row_of_members(places in prop::collection::vec(0..8_usize, 0..30), gaps in prop::collection::vec(19..23_usize, 30)) {
        let inside: String = places
            .iter()
            .zip(gaps)
            .flat_map(|(place, gap)| [PIECES[*place], PIECES[gap.min(21)]])
            .collect();
        let text = format!("<?xml version='1.0'?>\n<Cardskipper xmlns='urn:a' xmlns:x='urn:b'>\n<Members>{inside}</Members>\n</Cardskipper>");
        let members = places.len();
        prop_assert_eq!(portions(&text, 3), Some(members / 3 + 1));
        check(text.as_bytes());
    }
}
