//! What is another one in one of two documents.

use smol_str::SmolStr;

use super::{Part, Value};

/// A place where two documents say different things.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// RFC 6901: `/rates/0/rate`.
    pub pointer: String,
    /// As JSON; `None` where it is not there. A text stands without its quotes.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Every place where they differ, in the order of the second one's keys; none where both say the same. The order of
/// keys says nothing, nor do zeros at the end of a fraction.
#[must_use]
pub fn differences(from: &Value, to: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(from), Some(to), &mut found);
    found
}

fn compare(pointer: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Difference>) {
    match (from, to) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, value) in new {
                let pointer = format!("{pointer}{}", Part::Key(key));
                compare(&pointer, member(old, key), Some(value), found);
            }
            for (key, value) in old {
                if member(new, key).is_none() {
                    let pointer = format!("{pointer}{}", Part::Key(key));
                    compare(&pointer, Some(value), None, found);
                }
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) => {
            for place in 0..old.len().max(new.len()) {
                let pointer = format!("{pointer}{}", Part::Place(place));
                compare(&pointer, old.get(place), new.get(place), found);
            }
        }
        (Some(Value::Number(old)), Some(Value::Number(new))) if bare(old) == bare(new) => {}
        _ if from == to => {}
        _ => {
            let [from, to] = [from, to].map(|value| value.map(told));
            found.push(Difference { pointer: pointer.to_owned(), from, to });
        }
    }
}

fn member<'v>(members: &'v [(SmolStr, Value)], key: &str) -> Option<&'v Value> {
    let place = members.binary_search_by(|(one, _)| one.as_str().cmp(key)).ok()?;
    members.get(place).map(|(_, value)| value)
}

fn told(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => other.write(),
    }
}

/// A number without zeros that say nothing; one with an exponent stays what it is.
fn bare(number: &str) -> &str {
    match number.contains('.') && !number.contains(['e', 'E']) {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, parse};

    fn between(from: &str, to: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let [from, to] = [from, to].map(|text| parse(text.as_bytes(), Limits::DOCUMENT).unwrap());
        let all = differences(&from, &to).into_iter();
        all.map(|one| (one.pointer, one.from, one.to)).collect()
    }

    #[test]
    fn places_that_differ() {
        let same = r#"{"b":[1.5,"x",{"c":20}],"a":null,"z":1.0}"#;
        let written = r#"{"z":1,"a":null,"b":[1.50,"x",{"c":20.00}]}"#;
        assert_eq!(between(same, written), []);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            between(same, r#"{"b":[1.51,"x"],"a":"","z":10,"a/b":true}"#),
            [
                ("/a".to_owned(), some("null"), some("")),
                ("/a~1b".to_owned(), None, some("true")),
                ("/b/0".to_owned(), some("1.5"), some("1.51")),
                ("/b/2".to_owned(), some("{\"c\":20}"), None),
                ("/z".to_owned(), some("1.0"), some("10")),
            ]
        );
        assert_eq!(between("[100]", "[1]").len(), 1, "zeros of a whole number count");
        assert_eq!(between("[1]", "[\"1\"]").len(), 1);
        assert_eq!(between("{}", "{\"a\":null}").len(), 1);
    }
}
