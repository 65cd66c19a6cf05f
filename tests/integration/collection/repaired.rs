//! What goes wrong once at an agency, or in the configuration, is repaired and told until it is; and who was ever said
//! to have paid is not handed over.

use std::time::{Duration, SystemTime};

use super::*;

fn refuse_all(city: &City, status: Option<u16>) {
    city.agency.set(|switches| switches.refuses_all = status);
}

/// Writes other names into the configuration.
fn rename(city: &City, from: &str, to: &str) {
    let path = city.town.path("ivms-sync.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in it");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// Two citations that the agency has, of which one is paid by now.
fn one_has_paid(more: &str) -> City {
    let city = City::new(more);
    city.cite(0, &["v1", "v2"]);
    city.tick(0, 0);
    city.tick(31 * DAY, 0);
    assert_eq!(city.agency.open(), ["v1", "v2"]);
    city.pay("v1");
    city
}

/// Mutants: what was refused once is never sent again, or under the key that was answered; a plan without it is written
/// with 0.
#[test]
fn whoever_is_not_given_back_is_asked_for_until_he_is() {
    for status in [400, 404, 405, 410, 413, 422] {
        let city = one_has_paid(FULL);
        refuse_all(&city, Some(status));
        for minutes in [10, 15] {
            let told = city.tick(31 * DAY + minutes, 4);
            assert!(kinds(&told).contains(&"not-given-back"), "{status}: {told}");
        }
        assert_eq!(writes(&city.agency), 3, "{status}");
        let asked = ["diff", "--to", "collect", "--out", "back.json"];
        let plan = city.json(31 * DAY + 16, 4, &asked);
        assert_eq!(kinds(&plan), ["not-given-back"]);
        refuse_all(&city, None);
        city.json(31 * DAY + 17, 0, &["apply", "back.json"]);
        assert_eq!(city.status("v1").as_deref(), Some("Paid"));
        city.tick(31 * DAY + 20, 0);
        city.json(31 * DAY + 21, 0, &["diff", "--to", "collect"]);
        assert_eq!(writes(&city.agency), 4, "{status}");
        city.assert_well();
    }
}

#[test]
fn a_row_that_is_not_given_back_is_asked_for_again() {
    let city = one_has_paid(FULL);
    city.agency.set(|switches| {
        switches.refuses = BTreeMap::from([("v1".to_owned(), "X".to_owned())]);
    });
    for minutes in [10, 15] {
        let told = city.tick(31 * DAY + minutes, 4);
        assert!(kinds(&told).contains(&"not-given-back"), "{told}");
    }
    city.agency.set(|switches| switches.refuses.clear());
    city.tick(31 * DAY + 20, 0);
    assert_eq!(city.status("v1").as_deref(), Some("Paid"));
    city.assert_well();
}

/// Mutants: nobody is believed who has asked the agency.
#[test]
fn a_person_may_say_that_it_was_given_back() {
    let city = one_has_paid(FULL);
    refuse_all(&city, Some(410));
    let told = city.tick(31 * DAY + 10, 4);
    let id = told["collections"][0]["not_given_back"][0]["document"].as_str().unwrap().to_owned();
    city.run(31 * DAY + 11, &["apply", "--settle", &format!("{id}=not-done")]).ends(64);
    city.json(31 * DAY + 11, 0, &["apply", "--settle", &format!("{id}=done")]);
    city.tick(31 * DAY + 15, 0);
    assert_eq!(writes(&city.agency), 2);
    let status = city.json(31 * DAY + 16, 0, &["status"]);
    assert_eq!(status["agencies"][0]["to_take_back"], 0);
}

/// Mutants: a batch that was refused as a whole is known for ever; nothing is said of it.
#[test]
fn a_batch_that_was_refused_may_be_handed_over_again() {
    for status in [400, 404, 405, 413] {
        let city = City::new(FULL);
        city.cite(0, &["v1", "v2"]);
        city.tick(0, 0);
        refuse_all(&city, Some(status));
        assert_eq!(kinds(&city.tick(31 * DAY, 4)), ["document-refused"], "{status}");
        city.tick(31 * DAY + 5, 4);
        refuse_all(&city, None);
        city.tick(31 * DAY + 10, 0);
        assert_eq!(city.agency.open(), ["v1", "v2"]);
        assert_eq!((city.agency.times_taken("v1"), writes(&city.agency)), (1, 3));
        city.assert_well();
    }
    let city = City::new("");
    city.cite(0, &["v1"]);
    city.tick(0, 0);
    let asked = ["diff", "--to", "collect", "--out", "collect.json"];
    city.json(31 * DAY, 0, &asked);
    refuse_all(&city, Some(400));
    city.json(31 * DAY + 1, 4, &["apply", "collect.json"]);
    refuse_all(&city, None);
    let plan = city.json(31 * DAY + 2, 0, &asked);
    assert_eq!(plan["documents"].as_array().unwrap().len(), 1);
    city.json(31 * DAY + 3, 0, &["apply", "collect.json"]);
    assert_eq!(city.agency.open(), ["v1"]);
    city.assert_well();
}

/// Mutants: an agency of another name is handed the same ones; what is under the old one is nobody's.
#[test]
fn an_agency_that_gets_another_name_is_told_of() {
    let city = one_has_paid(FULL);
    let whole = fs::read_to_string(city.town.path("ivms-sync.toml")).unwrap();
    rename(&city, "[duncan.collect]", "[duncan.agency]");
    let told = city.tick(31 * DAY + 10, 4);
    assert_eq!(kinds(&told), ["referrals-left"]);
    assert!(told["problems"][0]["hint"].as_str().unwrap().contains("collect"), "{told}");
    assert_eq!(told["collections"][0]["left_out"][1]["why"], "elsewhere", "{told}");
    let plan = city.json(31 * DAY + 11, 4, &["diff", "--to", "agency"]);
    assert_eq!(kinds(&plan), ["referrals-left"]);
    let status = city.json(31 * DAY + 12, 0, &["status"]);
    assert_eq!(
        (&status["referrals_left"][0]["agency"], &status["referrals_left"][0]["count"]),
        (&json!("collect"), &json!(2))
    );
    let text = city.run(31 * DAY + 12, &["status"]).ends(0).stdout;
    assert!(text.contains("collect: 2 citations are there"), "{text}");
    city.run(31 * DAY + 12, &["status", "--html", "page.html"]).ends(0);
    let page = fs::read_to_string(city.town.path("page.html")).unwrap();
    assert!(page.contains("collect: 2 citations are there"), "{page}");
    let found = city.run(31 * DAY + 13, &["check"]);
    assert!(found.code == 4 && found.stdout.contains("2 citations are there"), "{found:?}");
    // Without any section of an agency likewise.
    let without = whole.split("[duncan.collect]").next().unwrap();
    fs::write(city.town.path("ivms-sync.toml"), without).unwrap();
    assert_eq!(kinds(&city.tick(31 * DAY + 15, 4)), ["referrals-left"]);
    assert_eq!(writes(&city.agency), 1);
    fs::write(city.town.path("ivms-sync.toml"), &whole).unwrap();
    city.tick(31 * DAY + 20, 0);
    assert_eq!(city.status("v1").as_deref(), Some("Paid"));
    assert_eq!(city.agency.times_taken("v2"), 1);
    city.assert_well();
}

#[test]
fn a_service_that_gets_another_name_is_told_of() {
    let city = one_has_paid(FULL);
    rename(&city, "[ips.street", "[ips.city");
    let told = city.tick(31 * DAY + 10, 4);
    assert!(kinds(&told).contains(&"referrals-left"), "{told}");
    city.json(31 * DAY + 11, 4, &["diff", "--to", "collect"]);
    assert_eq!((writes(&city.agency), city.agency.times_taken("v2")), (1, 1));
    rename(&city, "[ips.city", "[ips.street");
    city.tick(31 * DAY + 20, 0);
    assert_eq!(city.status("v1").as_deref(), Some("Paid"));
    city.assert_well();
}

/// Mutants: what the last listing says counts, whatever was said before.
#[test]
fn who_was_said_to_have_paid_is_not_handed_over() {
    let city = City::new(FULL);
    let street = &city.town.street;
    city.cite(0, &["v1", "v2", "v3"]);
    city.tick(0, 0);
    // Each is said to stand again at the very time that it was paid, or contested.
    city.tick(10, 0);
    for (name, status, truth) in
        [("v1", "PAID", Standing::Paid), ("v2", "DISPUTED", Standing::Contested)]
    {
        street.set_citation_status(name, status);
        city.agency.set_standing(name, truth);
    }
    city.tick(10, 0);
    for name in ["v1", "v2"] {
        street.set_citation_status(name, "OPEN");
    }
    city.tick(11, 0);
    city.tick(12, 0);
    let told = city.tick(31 * DAY, 0);
    assert_eq!(city.agency.open(), ["v3"]);
    let left = &told["collections"][0]["left_out"];
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(
        (&left[0]["why"], &left[0]["citations"]),
        (&json!("said-otherwise"), &json!(["v1", "v2"]))
    );
    // Its service says so later: it is owed.
    street.set_citation_status("v2", "OPEN");
    city.agency.set_standing("v2", Standing::Owed(2500));
    city.tick(31 * DAY + 10, 0);
    assert_eq!(city.agency.open(), ["v2", "v3"]);
    city.assert_well();
}

/// Mutants: a word that nobody knows is passed over where the agency has it.
#[test]
fn nobody_is_asked_for_one_of_which_it_is_not_known_how_it_stands() {
    let city = City::new(FULL);
    city.cite(0, &["v1", "v2", "v3"]);
    city.tick(0, 0);
    city.tick(31 * DAY, 0);
    for (name, word) in [("v1", "CLOSED"), ("v2", "PARTIALLY_PAID"), ("v3", "PENDING")] {
        city.town.street.set_citation_status(name, word);
    }
    city.tick(31 * DAY + 10, 0);
    let stand = ["v1", "v2", "v3"].map(|one| city.status(one).unwrap());
    assert_eq!(stand, ["Hold", "Hold", "Hold"]);
    city.assert_well();
}

/// Mutants: what a run that was killed has left lies there for ever; somebody else's file goes.
#[test]
fn what_a_run_that_was_cut_off_has_left_in_the_folder_goes() {
    let city = City::new("mode = \"full\"\ntransport = \"csv\"\nspool = \"out/duncan\"");
    let folder = city.town.path("out/duncan");
    fs::create_dir_all(&folder).unwrap();
    let (own, other, young) = (
        ".ivms-sync-0123456789abcdef.tmp",
        ".ivms-sync-0123.tmp",
        ".ivms-sync-fedcba9876543210.tmp",
    );
    for name in [own, other, young] {
        fs::write(folder.join(name), "v1,XYZ1\r\n").unwrap();
    }
    let ago = SystemTime::now() - Duration::from_secs(60);
    for name in [own, other] {
        let file = fs::File::options().write(true).open(folder.join(name)).unwrap();
        file.set_modified(ago).unwrap();
    }
    city.cite(0, &["v1", "v2"]);
    city.tick(0, 0);
    assert_eq!(files(&folder).len(), 3, "a run that sends nothing does not look there");
    city.tick(31 * DAY, 0);
    let left = files(&folder);
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.contains(&own.to_owned()) && left.contains(&other.to_owned()), "{left:?}");
    assert!(left.contains(&young.to_owned()), "{left:?}");
}
