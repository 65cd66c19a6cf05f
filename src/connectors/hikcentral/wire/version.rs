//! Which product answers, and whether it is new enough.

use std::fmt;

use super::{Envelope, shown, text_at};

/// The oldest version whose persons can be asked for by their number.
const OLDEST: [u32; 4] = [2, 0, 0, 0];

/// What a platform says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What it calls itself; may be empty.
    pub product: String,
    /// As it was sent, `V2.1.0.0`.
    pub software: String,
    parts: [u32; 4],
}

impl Version {
    /// Reads the answer about the version. The product's name is spelt `produceName` there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(envelope: &Envelope) -> Result<Self, String> {
        let data = envelope.object()?;
        let product = ["produceName", "productName"]
            .map(|key| shown(&text_at(data, key)))
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        let software = shown(&text_at(data, "softVersion"));
        let parts = parts(&software).ok_or("the answer holds no version that can be read")?;
        Ok(Self { product, software, parts })
    }

    /// Whether it offers what is needed.
    #[must_use]
    pub fn is_new_enough(&self) -> bool {
        self.parts >= OLDEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.software)
    }
}

/// The numbers at the beginning, at most four: a build date or another word may follow.
fn parts(text: &str) -> Option<[u32; 4]> {
    let digits = text.trim_start_matches(['V', 'v', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let mut parts = [0; 4];
    let mut numbers = digits.get(..end)?.trim_end_matches('.').split('.');
    for part in &mut parts {
        match numbers.next() {
            Some(number) => *part = number.parse().ok()?,
            None => break,
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(data: serde_json::Value) -> Result<Version, String> {
        let body = json!({"code": "0", "data": data}).to_string();
        Version::read(&Envelope::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn versions() {
        for (software, new) in [
            ("V2.1.0.0", Some(true)),
            ("V2.0.0.0", Some(true)),
            ("V2.0", Some(true)),
            ("V1.7.1.0", Some(false)),
            ("V10.0.0.0", Some(true)),
            ("2.6.1", Some(true)),
            ("V3.1.0.0_build20240101", Some(true)),
            ("V1.99.99.99.5", Some(false)),
            ("V2", Some(true)),
            ("", None),
            ("new", None),
            ("V.1", None),
            ("V99999999999.0", None),
        ] {
            let read =
                read(json!({"produceName": "HikCentral Professional", "softVersion": software}));
            assert_eq!(read.as_ref().ok().map(Version::is_new_enough), new, "{software}");
            if let Ok(version) = read {
                assert_eq!(
                    (version.product.as_str(), version.to_string().as_str()),
                    ("HikCentral Professional", software)
                );
            }
        }
        for data in [json!(""), json!([]), json!({})] {
            assert!(read(data).is_err());
        }
    }
}
