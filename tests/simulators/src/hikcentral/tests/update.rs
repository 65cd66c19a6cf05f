//! Updates: what they take, what they do, and what they do instead.

use serde_json::json;

use super::*;

/// An update of Ana that lacks everything but the window.
fn bare() -> Value {
    json!({"personId": "12", "beginTime": NEW.0, "endTime": NEW.1})
}

#[test]
fn a_careful_update_changes_the_window_and_nothing_else() {
    let (platform, client) = turned(|_| {});
    let body = renewal(&client);
    assert_eq!(client.call(UPDATE, &body), json!({"code": "0", "msg": "Success", "data": ""}));
    let before = two().remove(0);
    let after = before.clone().valid(NEW.0, NEW.1);
    assert_eq!(platform.person("12").unwrap(), after);
    let [write] = &platform.writes()[..] else { panic!("one write") };
    assert_eq!((&write.body, &write.before, &write.after), (&body, &before, &after));
    assert_eq!(client.person("12")["endTime"], NEW.1);
    assert!(platform.violations().is_empty(), "{:?}", platform.violations());
    platform.clear_writes();
    assert!(platform.writes().is_empty());
}

#[test]
fn a_success_carries_many_kinds_of_data() {
    for (kind, data) in [
        (WriteData::Empty, json!("")),
        (WriteData::NullText, json!("null")),
        (WriteData::Blank, json!(" ")),
        (WriteData::Object, json!({})),
        (WriteData::Null, json!(null)),
    ] {
        let (_platform, client) = turned(|s| s.write_data = kind);
        assert_eq!(client.data(UPDATE, &renewal(&client)), data);
        assert_eq!(client.data(REAPPLY, &json!({"personIds": "12"})), data);
    }
}

#[test]
fn what_an_update_leaves_out_may_be_lost() {
    let merged = two().remove(0).valid(NEW.0, NEW.1);
    let mut overwritten = merged.clone();
    for text in [
        &mut overwritten.code,
        &mut overwritten.given_name,
        &mut overwritten.family_name,
        &mut overwritten.org,
        &mut overwritten.phone,
        &mut overwritten.email,
        &mut overwritten.remark,
    ] {
        text.clear();
    }
    let wiped = Person { cards: Vec::new(), ..merged.clone() };
    for (omitted, expected) in [
        (Omitted::Merge, &merged),
        (Omitted::Overwrite, &overwritten),
        (Omitted::WipeCards, &wiped),
    ] {
        let (platform, client) = turned(|s| s.omitted = omitted);
        assert_eq!(client.code(UPDATE, &bare()).0, "0");
        assert_eq!(&platform.person("12").unwrap(), expected, "{omitted:?}");
        // A careful client survives all of them.
        platform.edit_person("12", |person| *person = two().remove(0));
        assert_eq!(client.code(UPDATE, &renewal(&client)).0, "0");
        assert_eq!(platform.person("12").unwrap(), merged, "{omitted:?}");
    }
}

#[test]
fn overwriting_takes_omitted_times_too() {
    let (platform, client) = turned(|s| s.omitted = Omitted::Overwrite);
    client.call(UPDATE, &json!({"personId": "12", "gender": 2, "endTime": NEW.1}));
    let ana = platform.person("12").unwrap();
    assert_eq!((ana.begin.as_deref(), ana.gender), (Some(""), 2));
    client.call(UPDATE, &json!({"personId": "12"}));
    assert_eq!(platform.person("12").unwrap().gender, 0);
}

#[test]
fn an_empty_array_deletes_all_cards() {
    let (platform, client) = turned(|_| {});
    client.call(UPDATE, &json!({"personId": "12", "cards": []}));
    assert!(platform.person("12").unwrap().cards.is_empty());
}

#[test]
fn a_success_may_do_nothing_or_more() {
    let (platform, client) = turned(|s| s.effect = Effect::OkNotApplied);
    assert_eq!(client.code(UPDATE, &renewal(&client)).0, "0");
    assert_eq!(platform.person("12").unwrap(), two()[0]);
    assert_eq!(platform.writes()[0].after, two()[0]);
    for (key, value) in [
        ("email", json!("other@club.example")),
        ("cards", json!([{"cardNo": "9"}])),
        ("gender", json!(1)),
        ("endTime", json!("2026-02-01T00:00:00+01:00")),
        ("shape", json!({"round": true})),
    ] {
        platform.set(|s| s.effect = Effect::AlsoChanges(key, value.clone()));
        assert_eq!(client.code(UPDATE, &renewal(&client)).0, "0");
        assert_eq!(client.person("12")[key], value);
    }
    let last = platform.writes().pop().unwrap();
    assert_eq!(last.after.extra["shape"], json!({"round": true}));
}

#[test]
fn an_answer_may_be_lost() {
    for (effect, end) in [
        (Effect::AppliedAnswerLost, NEW.1),
        (Effect::NotAppliedAnswerLost, "2026-12-31T23:59:59+01:00"),
    ] {
        let (platform, client) = turned(|_| {});
        let body = renewal(&client).to_string();
        platform.set(|s| s.effect = effect);
        assert!(client.try_call(UPDATE, &body).is_none());
        assert_eq!(platform.person("12").unwrap().end.as_deref(), Some(end));
        assert_eq!(platform.writes().len(), 1);
    }
}

#[test]
fn some_persons_may_be_refused() {
    let (platform, client) = turned(|s| s.effect = Effect::RefusedFor(vec!["12".into()], "130"));
    assert_eq!(client.code(UPDATE, &renewal(&client)).0, "130");
    let body = client.careful("13", NEW.0, NEW.1);
    assert_eq!(client.code(UPDATE, &body).0, "0");
    let changed: Vec<String> = platform.writes().iter().map(|w| w.before.id.clone()).collect();
    assert_eq!(changed, ["13"]);
}

#[test]
fn nobody_is_updated_in_vain() {
    let (platform, client) = turned(|_| {});
    assert_eq!(client.code(UPDATE, &json!({"personId": "99"})).0, "128");
    for id in [json!(12), json!(""), json!("9".repeat(65)), json!(null)] {
        let wrong = ("2".to_owned(), "personId parameter error".to_owned());
        assert_eq!(client.code(UPDATE, &json!({"personId": id})), wrong);
    }
    assert!(platform.writes().is_empty());
}

#[test]
fn fields_have_types_and_sizes() {
    let (platform, client) = turned(|_| {});
    for (key, value) in [
        ("personCode", json!("M15-1")),
        ("personCode", json!("M".repeat(17))),
        ("personCode", json!("M150002")),
        ("personGivenName", json!("x".repeat(257))),
        ("email", json!("x".repeat(65))),
        ("email", json!(null)),
        ("phoneNo", json!(40_111_222)),
        ("remark", json!("x".repeat(129))),
        ("gender", json!(3)),
        ("gender", json!("1")),
        ("cards", json!(null)),
        ("cards", json!(["100001"])),
        ("cards", json!([{"cardNo": ""}])),
        ("beginTime", json!("tomorrow")),
        ("beginTime", json!("2026-01-01T00:00:00")),
        ("beginTime", json!("2026-01-01T00:00:00Z")),
        ("beginTime", json!("2026-01-01T00:00:00.000+01:00")),
        ("beginTime", json!("2026-01-01 00:00:00+01:00")),
        ("beginTime", json!("2026-01-01T00:00:00+0100")),
        ("beginTime", json!("")),
        ("endTime", json!("2026-13-01T00:00:00+01:00")),
        ("endTime", json!(1_790_000_000)),
        ("endTime", json!("2038-01-01T00:00:00+01:00")),
    ] {
        let wrong = ("2".to_owned(), format!("{key} parameter error"));
        assert_eq!(client.code(UPDATE, &json!({"personId": "12", key: value})), wrong, "{value}");
    }
    assert_eq!(platform.person("12").unwrap(), two()[0]);
    let longest = json!({"personId": "12", "email": "č".repeat(64), "faces": [], "what": 1});
    assert_eq!(client.code(UPDATE, &longest).0, "0");
}

#[test]
fn a_window_begins_before_it_ends() {
    let (platform, client) = turned(|_| {});
    let wrong = ("2".to_owned(), "beginTime parameter error".to_owned());
    for (begin, end) in [
        // The same instant, an end before the begin that is stored, two offsets.
        (Some("2026-06-01T00:00:00+01:00"), Some("2026-06-01T00:00:00+01:00")),
        (None, Some("2025-12-31T23:59:59+01:00")),
        (Some("2026-06-01T00:00:00+01:00"), Some("2026-06-01T06:59:59+08:00")),
    ] {
        let mut body = json!({"personId": "12"});
        for (key, time) in [("beginTime", begin), ("endTime", end)] {
            if let Some(time) = time {
                body[key] = json!(time);
            }
        }
        assert_eq!(client.code(UPDATE, &body), wrong, "{body}");
    }
    let half = json!({"personId": "12", "endTime": "2026-01-01T00:00:01+01:00"});
    assert_eq!(client.code(UPDATE, &half).0, "0");
    platform.edit_person("12", |person| person.begin = Some("sometime".into()));
    let early = json!({"personId": "12", "endTime": "2001-01-01T00:00:01+01:00"});
    assert_eq!(client.code(UPDATE, &early).0, "0");
}

#[test]
fn an_end_after_2037_is_refused_cut_or_taken() {
    let body = json!({"personId": "12", "endTime": "2040-06-01T12:00:00+02:00"});
    for (far_year, code, end) in [
        (FarYear::Refused, "2", "2026-12-31T23:59:59+01:00"),
        (FarYear::Cut, "0", "2037-12-31T23:59:59+02:00"),
        (FarYear::Accepted, "0", "2040-06-01T12:00:00+02:00"),
    ] {
        let (platform, client) = turned(|s| s.far_year = far_year);
        assert_eq!(client.code(UPDATE, &body).0, code);
        assert_eq!(platform.person("12").unwrap().end.as_deref(), Some(end));
        let last = json!({"personId": "12", "endTime": "2037-12-31T23:59:59+01:00"});
        assert_eq!(client.code(UPDATE, &last).0, "0");
    }
}

#[test]
fn somebody_is_added_and_deleted() {
    let (platform, client) = turned(|_| {});
    let mut body = json!({"personGivenName": "Eva", "personFamilyName": "Zajc"});
    let wrong = ("2".to_owned(), "orgIndexCode parameter error".to_owned());
    assert_eq!(client.code(ADD, &body), wrong);
    body["orgIndexCode"] = json!("5");
    body["personCode"] = json!("M150002");
    let id = client.data(ADD, &body);
    assert_eq!(id, "1");
    let eva = platform.person("1").unwrap();
    assert_eq!((eva.name(), eva.code, eva.levels.len()), ("Eva Zajc".into(), "M150002".into(), 0));
    assert_eq!(client.code(ADD, &body).0, "131");
    assert_eq!(client.data(DELETE, &json!({"personCode": "M150002"})), "");
    assert_eq!(client.data(DELETE, &json!({"personId": "12"})), "");
    for body in [json!({"personId": "12"}), json!({"personCode": "x"}), json!({})] {
        assert_eq!(client.code(DELETE, &body).0, "128");
    }
    assert_eq!(platform.persons().len(), 1);
}
