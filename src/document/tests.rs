//! What is a document, what is none, and where it is wrong.

use chrono::DateTime;
use proptest::prelude::*;

use super::*;

const SMALL: Limits = Limits { bytes_max: 64, depth_max: 3 };

fn read(text: &str) -> Result<Value, JsonError> {
    parse(text.as_bytes(), Limits::DOCUMENT)
}

fn refused(text: &str) -> (String, Fault) {
    let error = read(text).expect_err(text);
    assert!(error.offset.is_some_and(|offset| offset <= text.len()), "{text}: {error}");
    (error.pointer, error.what)
}

#[test]
fn what_every_reader_takes_is_taken() {
    for text in [
        "null",
        " true ",
        "\t\r\n false\n",
        "0",
        "-0",
        "-1.50E+10",
        "12e-3",
        "\"\"",
        r#""\" \\ \/ \b \f \n \r \t \u00e9 \uD83D\uDE97""#,
        "\"é🚗\u{7f}\"",
        "[]",
        "{ }",
        "[ 1 , [ ] , { } ]",
        r#"{"a":1,"A":2,"":3,"a ":4}"#,
    ] {
        let value = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let other: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(as_other(&value), other, "{text}");
    }
}

/// The same in the words of another reader, which has numbers as they were written, too.
fn as_other(value: &Value) -> serde_json::Value {
    use serde_json::Value as Other;
    match value {
        Value::Null => Other::Null,
        Value::Bool(value) => Other::Bool(*value),
        Value::Number(number) => Other::Number(number.parse().unwrap()),
        Value::Text(text) => Other::String(text.to_string()),
        Value::List(list) => Other::Array(list.iter().map(as_other).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.to_string(), as_other(value)));
            Other::Object(members.collect())
        }
    }
}

#[test]
fn numbers_stay_what_was_written() {
    let long = "123456789".repeat(10_000);
    for number in
        ["0", "-0", "475", "475.0", "1e3", "1E+3", "4.7500000001", "18446744073709551617", &long]
    {
        assert_eq!(read(number), Ok(Value::Number(number.into())));
    }
}

#[test]
fn what_two_readers_may_take_differently_is_refused() {
    for (text, pointer, what) in [
        ("", "", Fault::EndsTooSoon),
        ("  ", "", Fault::EndsTooSoon),
        ("{", "", Fault::EndsTooSoon),
        ("[1", "", Fault::EndsTooSoon),
        (r#"{"a"#, "", Fault::EndsTooSoon),
        (r#"{"a""#, "/a", Fault::EndsTooSoon),
        (r#"{"a":"#, "/a", Fault::EndsTooSoon),
        (r#"{"a":1"#, "", Fault::EndsTooSoon),
        // Comments.
        ("// no\n1", "", Fault::NoValue),
        ("/* no */ 1", "", Fault::NoValue),
        (
            r#"{"a":1 // no
}"#,
            "",
            Fault::ObjectNotClosed,
        ),
        (r#"{"a":/**/1}"#, "/a", Fault::NoValue),
        ("# no", "", Fault::NoValue),
        // Commas.
        ("[1,]", "/1", Fault::NoValue),
        ("[,1]", "/0", Fault::NoValue),
        ("[1 2]", "", Fault::ListNotClosed),
        (r#"{"a":1,}"#, "", Fault::NoKey),
        (r#"{,"a":1}"#, "", Fault::NoKey),
        (r#"{"a":1 "b":2}"#, "", Fault::ObjectNotClosed),
        (r#"{"a" 1}"#, "/a", Fault::NoColon),
        (r#"{"a":}"#, "/a", Fault::NoValue),
        ("[1}", "", Fault::ListNotClosed),
        (r#"{"a":1]"#, "", Fault::ObjectNotClosed),
        // Keys and texts.
        ("{a:1}", "", Fault::NoKey),
        ("{'a':1}", "", Fault::NoKey),
        ("{1:1}", "", Fault::NoKey),
        ("'a'", "", Fault::NoValue),
        ("\"a\nb\"", "", Fault::ControlCharacter),
        ("\"a\tb\"", "", Fault::ControlCharacter),
        ("\"a\0b\"", "", Fault::ControlCharacter),
        (r#""\x41""#, "", Fault::BadEscape),
        (r#""\u12""#, "", Fault::BadEscape),
        (r#""\u+123""#, "", Fault::BadEscape),
        (r#""\u12é""#, "", Fault::BadEscape),
        (r#""\U0041""#, "", Fault::BadEscape),
        ("\"\\", "", Fault::BadEscape),
        // Words and numbers.
        ("NaN", "", Fault::NoValue),
        (r#"{"amount":NaN}"#, "/amount", Fault::NoValue),
        ("Infinity", "", Fault::NoValue),
        ("-Infinity", "", Fault::BadNumber),
        ("undefined", "", Fault::NoValue),
        ("True", "", Fault::NoValue),
        ("nul", "", Fault::NoValue),
        ("nulls", "", Fault::NoValue),
        ("01", "", Fault::BadNumber),
        ("-01", "", Fault::BadNumber),
        ("00", "", Fault::BadNumber),
        ("+1", "", Fault::BadNumber),
        (".5", "", Fault::BadNumber),
        ("5.", "", Fault::BadNumber),
        ("-", "", Fault::BadNumber),
        ("--1", "", Fault::BadNumber),
        ("1e", "", Fault::BadNumber),
        ("1e+", "", Fault::BadNumber),
        ("1.e1", "", Fault::BadNumber),
        ("1.2.3", "", Fault::BadNumber),
        ("0x10", "", Fault::BadNumber),
        ("1_000", "", Fault::TwoDocuments),
        ("1L", "", Fault::BadNumber),
        ("١", "", Fault::NoValue),
        // Halves.
        (r#""\ud83d""#, "", Fault::HalfSurrogate),
        (r#""\ude97""#, "", Fault::HalfSurrogate),
        (r#""\ud83d\ud83d""#, "", Fault::HalfSurrogate),
        (r#""\ude97\ud83d""#, "", Fault::HalfSurrogate),
        (r#""\ud83d\n""#, "", Fault::HalfSurrogate),
        (r#""\ud83dx""#, "", Fault::HalfSurrogate),
        (r#""\ud83d\u12""#, "", Fault::HalfSurrogate),
        (r#"{"\ud83d":1}"#, "", Fault::HalfSurrogate),
        // More than one document.
        ("1 2", "", Fault::TwoDocuments),
        ("{}{}", "", Fault::TwoDocuments),
        ("{}\n\n[]", "", Fault::TwoDocuments),
        ("{},", "", Fault::TwoDocuments),
        ("{}\0", "", Fault::TwoDocuments),
        ("{}\u{a0}", "", Fault::TwoDocuments),
        ("\u{a0}{}", "", Fault::NoValue),
        ("\u{feff}{}", "", Fault::ByteOrderMark),
    ] {
        assert_eq!(refused(text), (pointer.to_owned(), what), "{text}");
        let is_taken_elsewhere = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert!(!is_taken_elsewhere, "stricter than needed: {text}");
    }
}

#[test]
fn a_key_comes_once_however_it_is_written() {
    for (text, pointer) in [
        (r#"{"amount":1,"amount":1}"#, "/amount"),
        (r#"{"amount":1,"\u0061mount":2}"#, "/amount"),
        (r#"{"a/b":1,"x":2,"a\/b":3}"#, "/a~1b"),
        (r#"{"\ud83d\ude97":1,"🚗":1}"#, "/🚗"),
        (r#"{"":1,"":2}"#, "/"),
        // In parts that nobody asks for.
        (r#"{"ignored":[0,{"deep":{"k":1,"k":1}}]}"#, "/ignored/1/deep/k"),
    ] {
        assert_eq!(refused(text), (pointer.to_owned(), Fault::DuplicateKey), "{text}");
    }
    let text = r#"{"b":1,"a":1,"b":2,"c":3}"#;
    assert_eq!(read(text).unwrap_err().offset, text.rfind("\"b\""), "the second one");
    assert!(read(r#"{"e\u0301":1,"é":2}"#).is_ok(), "equal to the eye only");
}

#[test]
fn bytes_that_are_no_text() {
    let broken = parse(b"{\"a\":\"\xff\"}", Limits::DOCUMENT).unwrap_err();
    assert_eq!((broken.what, broken.offset), (Fault::NotUtf8, Some(6)));
    // UTF-16, half a character, a surrogate as CESU-8 writes it, an overlong slash.
    for bytes in [&b"\xff\xfe{\0}\0"[..], b"\"\xc3", b"\"\xed\xa0\xbd\"", b"\"\xc0\xaf\""] {
        assert_eq!(parse(bytes, Limits::DOCUMENT).unwrap_err().what, Fault::NotUtf8);
    }
}

#[test]
fn documents_have_bounds() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(32)).is_ok());
    assert_eq!(refused(&nested(33)), ("/0".repeat(32), Fault::TooDeep(32)));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(read(&objects(32)).is_ok());
    assert_eq!(refused(&objects(33)), ("/a".repeat(32), Fault::TooDeep(32)));
    assert_eq!(refused(&"[".repeat(1_000_000)).1, Fault::TooDeep(32));
    let deepest = Limits { depth_max: u8::MAX, ..Limits::DOCUMENT };
    assert!(parse(nested(255).as_bytes(), deepest).is_ok());
    assert_eq!(parse(nested(256).as_bytes(), deepest).unwrap_err().what, Fault::TooDeep(255));
    let one = Limits { depth_max: 0, ..SMALL };
    assert!(parse(b"1", one).is_ok() && parse(b"[]", one).is_err());

    let sized = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    assert!(read(&sized(1024 * 1024)).is_ok());
    let error = read(&sized(1024 * 1024 + 1)).unwrap_err();
    assert_eq!((error.what, error.offset), (Fault::TooLong(1_048_576), Some(1_048_576)));
    assert!(parse(sized(64).as_bytes(), SMALL).is_ok());
    assert!(parse(sized(65).as_bytes(), SMALL).is_err());
}

/// Each of these would keep a reader busy for minutes whose work grows with the square of the bytes.
#[test]
fn hostile_documents_take_no_longer_than_others() {
    let many = |one: &dyn Fn(usize) -> String, count: usize| {
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    for text in [
        format!("[{}]", many(&|_| "1".to_owned(), 500_000)),
        format!("[{}]", many(&|_| "{}".to_owned(), 300_000)),
        format!("[{}]", many(&|_| "\"\\u0061\"".to_owned(), 100_000)),
        format!("{{{}}}", many(&|n| format!("\"{n}\":0"), 90_000)),
        // Keys that differ only at their ends.
        format!("{{{}}}", many(&|n| format!("\"{}{n}\":0", "k".repeat(1_000)), 1_000)),
        format!("\"{}\"", "\\n".repeat(500_000)),
        format!("\"{}\"", "\\ud83d\\ude97".repeat(80_000)),
        "9".repeat(1_000_000),
        format!("0.{}e{}", "1".repeat(500_000), "2".repeat(500_000)),
    ] {
        assert!(read(&text).is_ok(), "{:.60}", text);
        let twice = format!("{text}x");
        assert!(read(&twice).is_err(), "{:.60}", twice);
    }
    let keys = format!("{{\"{0}\":0,\"{0}\":0}}", "k".repeat(400_000));
    let (pointer, what) = refused(&keys);
    assert_eq!((pointer.chars().count(), what), (1 + PART_MAX_CHARS + 1, Fault::DuplicateKey));
}

#[test]
fn errors_say_what_and_where() {
    for (text, want) in [
        (r#"{"amount":{"minor":NaN}}"#, "/amount/minor is no JSON value (byte 19)"),
        (r#"{"a":1,"a":2}"#, "/a comes twice in one object (byte 7)"),
        ("{} {}", "the document is followed by something else (byte 3)"),
        (
            r#"{"a~b/c":[0,+1]}"#,
            "/a~0b~1c/1 is no number: JSON takes no `+`, no zero in front, and \
            digits around a point (byte 12)",
        ),
        ("{\"\\u001b[2J\":x}", "/ [2J is no JSON value (byte 13)"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), want);
    }
}

const PAYMENT: &str = r#"{ "paymentId": "park_payment_123", "amount": {"minor": 475}, "currency": "USD",
    "zones": ["A1", 1], "isTest": false, "endTime": null, "at": "2024-01-01T10:00:00.000Z" }"#;

#[test]
fn a_document_is_read_by_its_fields() {
    let document = read(PAYMENT).unwrap();
    let top = Node::top(&document);
    assert_eq!(top.pointer(), "");
    // What is read outlives the way to it.
    let id: &str = top.field("paymentId").and_then(|id| id.text()).unwrap();
    let amount = top.field("amount").unwrap();
    let minor = amount.field("minor").unwrap();
    assert_eq!((id, minor.minor_units().unwrap().get()), ("park_payment_123", 475));
    assert_eq!(minor.pointer(), "/amount/minor");
    let zones = top.field("zones").unwrap();
    let names: Vec<_> = zones.list().unwrap().map(|zone| zone.name().unwrap()).collect();
    assert_eq!(names, ["A1", "1"]);
    assert_eq!(zones.list().unwrap().nth(1).unwrap().pointer(), "/zones/1");
    assert_eq!(top.field("isTest").unwrap().bool(), Ok(false));
    let at = top.field("at").unwrap().instant().unwrap();
    assert_eq!(Some(at), DateTime::from_timestamp(1_704_103_200, 0));
    assert!(
        top.optional("endTime").unwrap().is_none() && top.optional("nowhere").unwrap().is_none()
    );
    assert!(top.optional("at").unwrap().is_some());
}

#[test]
fn what_a_field_must_not_be() {
    let document = read(PAYMENT).unwrap();
    let top = Node::top(&document);
    let error = |found: Result<Node<'_, '_>, JsonError>| found.unwrap_err().to_string();
    assert_eq!(error(top.field("nowhere")), "/nowhere is missing");
    assert_eq!(error(top.field("endTime")), "/endTime is missing");
    let id = top.field("paymentId").unwrap();
    assert_eq!(error(id.field("x")), "/paymentId is text, not an object");
    assert!(id.optional("x").is_err() && id.has_only(&[]).is_err());
    assert_eq!(id.list().err().unwrap().to_string(), "/paymentId is text, not a list");
    assert_eq!(id.bool().unwrap_err().to_string(), "/paymentId is text, not true or false");
    let amount = top.field("amount").unwrap();
    assert_eq!(error(amount.field("major")), "/amount/major is missing");
    assert_eq!(amount.text().unwrap_err().to_string(), "/amount is an object, not text");
    assert_eq!(
        amount.name().unwrap_err().to_string(),
        "/amount is neither text nor a whole number"
    );
    assert_eq!(top.error(Fault::Missing).to_string(), "the document is missing");
}

#[test]
fn unknown_fields_are_refused_where_that_is_asked() {
    let document = read(PAYMENT).unwrap();
    let top = Node::top(&document);
    let all = ["paymentId", "amount", "currency", "zones", "isTest", "endTime", "at"];
    assert_eq!(top.has_only(&all), Ok(()));
    let error = top.has_only(&all[1..]).unwrap_err();
    assert_eq!(error.to_string(), "/paymentId is unknown here");
    let amount = top.field("amount").unwrap();
    assert_eq!(
        amount.has_only(&["major"]).unwrap_err().to_string(),
        "/amount/minor is unknown here"
    );
}

#[test]
fn amounts_are_never_rounded() {
    for (number, want) in [
        ("475", Ok(475)),
        ("1", Ok(1)),
        ("9007199254740992", Ok(1 << 53)),
        ("475.0", Err(Fault::NoAmount)),
        ("1e3", Err(Fault::NoAmount)),
        ("4.7500000001", Err(Fault::NoAmount)),
        ("-1", Err(Fault::NoAmount)),
        ("0", Err(Fault::NoAmount)),
        ("-0", Err(Fault::NoAmount)),
        ("9007199254740993", Err(Fault::NoAmount)),
        ("18446744073709551617", Err(Fault::NoAmount)),
        ("\"475\"", Err(Fault::WrongKind { found: "text", wanted: "a number" })),
        ("true", Err(Fault::WrongKind { found: "true or false", wanted: "a number" })),
        ("null", Err(Fault::Missing)),
    ] {
        let document = read(&format!(r#"{{"amount":{{"minor":{number}}}}}"#)).unwrap();
        let top = Node::top(&document);
        let amount = top.field("amount").unwrap();
        let found = amount.field("minor").and_then(|minor| minor.minor_units());
        if let Err(error) = &found {
            assert_eq!((&*error.pointer, error.offset), ("/amount/minor", None));
        }
        let found = found.map(|amount| amount.get()).map_err(|error| error.what);
        assert_eq!(found, want, "{number}");
    }
}

#[test]
fn names_may_be_numbers_and_instants_may_not() {
    for (value, name, instant) in [
        ("1", Ok("1"), Err(Fault::WrongKind { found: "a number", wanted: "text" })),
        ("\"1\"", Ok("1"), Err(Fault::NoTime)),
        ("1.0", Err(Fault::NoName), Err(Fault::WrongKind { found: "a number", wanted: "text" })),
        ("-1", Err(Fault::NoName), Err(Fault::WrongKind { found: "a number", wanted: "text" })),
        ("\"2026-02-30T00:00:00Z\"", Ok("2026-02-30T00:00:00Z"), Err(Fault::NoTime)),
        ("\"2026-02-03T00:00:00\"", Ok("2026-02-03T00:00:00"), Err(Fault::NoTime)),
        ("[]", Err(Fault::NoName), Err(Fault::WrongKind { found: "a list", wanted: "text" })),
    ] {
        let document = read(value).unwrap();
        let top = Node::top(&document);
        assert_eq!(top.name().map_err(|error| error.what), name, "{value}");
        assert_eq!(top.instant().map(|_| ()).map_err(|error| error.what), instant, "{value}");
    }
}

#[test]
fn nothing_of_a_document_is_shown_by_accident() {
    let document = read(r#"{"plate":"ABC123","token":["tok_1"],"n":4711}"#).unwrap();
    let top = Node::top(&document);
    let plate = top.field("plate").unwrap();
    let shown = format!("{document:?} {top:?} {plate:?} {:?}", plate.bool().unwrap_err());
    assert!(
        !shown.contains("ABC123") && !shown.contains("tok_1") && !shown.contains("4711"),
        "{shown}"
    );
}

/// Texts near to JSON: its marks, in any order.
fn nearly() -> impl Strategy<Value = String> {
    let marks = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "1",
        "-",
        "0",
        ".5",
        "e1",
        "null",
        "true",
        " ",
        "\n",
        "\\",
        "\\ud83d",
        "\\ude97",
        "/",
        "é",
        "{\"a\":1}",
        "\"a\":",
        "[1,2]",
    ];
    prop::collection::vec(prop::sample::select(marks.to_vec()), 0..12).prop_map(|all| all.concat())
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Other;
    let plain = prop_oneof![
        Just(Other::Null),
        any::<bool>().prop_map(Other::from),
        any::<i64>().prop_map(Other::from),
        any::<String>().prop_map(Other::from),
    ];
    plain.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Other::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Other::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is taken, another reader takes for the same; whatever is refused beside it has a key twice.
    #[test]
    fn another_reader_agrees(text in nearly()) {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match (read(&text), other) {
            (Ok(value), Ok(other)) => prop_assert_eq!(as_other(&value), other),
            (Err(error), Ok(_)) => prop_assert_eq!(error.what, Fault::DuplicateKey),
            (Ok(_), Err(error)) => prop_assert!(false, "{error}"),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn every_document_comes_back(value in value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(as_other(&read(&text).unwrap()), value.clone());
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = parse(&bytes, SMALL) {
            prop_assert!(error.offset.is_some_and(|offset| offset <= bytes.len()));
        }
    }
}
