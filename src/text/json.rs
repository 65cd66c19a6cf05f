//! JSON from outside, read within a bound of memory. Pure.
//!
//! Eight megabytes of `1,1,1,…` are four million values of some 70 bytes each, so the bytes alone are
//! no bound. What can become values is counted before anything is allocated. Depth is bounded by
//! `serde_json` itself (128).

use serde_json::{Map, Value};

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Not well-formed, or nested too deeply; line and column from 1.
    Broken { line: usize, column: usize },
    /// Well-formed, but no object.
    NoObject,
    /// More values than this.
    TooMany { limit: usize },
}

/// Reads one object with at most so many values in it.
pub(crate) fn object(text: &str, values_max: usize) -> Result<Map<String, Value>, Problem> {
    // Each value but the first follows a comma or an opening bracket. Those within texts are counted
    // too, which only makes the bound stricter.
    let marks = text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if marks > values_max {
        return Err(Problem::TooMany { limit: values_max });
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::NoObject),
        Err(error) => Err(Problem::Broken { line: error.line(), column: error.column() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_within_bounds() {
        assert_eq!(object(r#"{"a":[1,{}]}"#, 4).map(|map| map.len()), Ok(1));
        assert_eq!(object(r#"{"a":[1,{}]}"#, 3), Err(Problem::TooMany { limit: 3 }));
        assert_eq!(object("[1]", 9), Err(Problem::NoObject));
        assert_eq!(object("{\n x", 9), Err(Problem::Broken { line: 2, column: 2 }));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(object(&deep, 1_000_000), Err(Problem::Broken { .. })));
        let wide = format!("{{\"a\":[{}1]}}", "1,".repeat(1_000_000));
        assert_eq!(object(&wide, 500_000), Err(Problem::TooMany { limit: 500_000 }));
    }
}
