//! What a 401 offers: reading `WWW-Authenticate` and choosing what to answer. Pure.
//!
//! Devices send one header or several, or several challenges joined by commas in one; parameters in any
//! order; `qop` quoted or not; an empty `opaque`; realms with spaces, parentheses and UTF-8. `domain`
//! is ignored: it is `"::"`. Basic is never answered.

use digest_auth::{Algorithm, AlgorithmType, Charset, Qop, WwwAuthenticateHeader};

/// A Digest challenge that can be answered. `Debug` leaves the nonce out.
#[derive(Clone, PartialEq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether `qop=auth` was offered; without any `qop` the answer takes the form of RFC 2069.
    qop_auth: bool,
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challenge").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Challenge {
    /// The nonce to be answered.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The challenge in the form that `digest_auth` answers, `nc` times before: `auth` only (so that a
    /// body never turns it into `auth-int`), the user name in the clear.
    pub(crate) fn prompt(&self, nc: u32) -> WwwAuthenticateHeader {
        WwwAuthenticateHeader {
            domain: None,
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            opaque: self.opaque.clone(),
            stale: false,
            algorithm: self.algorithm,
            qop: self.qop_auth.then(|| vec![Qop::AUTH]),
            userhash: false,
            charset: Charset::UTF8,
            nc,
        }
    }
}

/// Picks the strongest Digest challenge of all headers that can be answered.
///
/// # Errors
/// The schemes offered instead, for the message; `nothing` if there were none.
pub(crate) fn choose<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<Challenge, String> {
    let mut offered: Vec<String> = Vec::new();
    let mut best: Option<(u8, Challenge)> = None;
    for header in headers {
        // The answer is computed over the realm's bytes, which our tools take as UTF-8 only: a
        // header in another encoding would cost a wrong login.
        let Ok(header) = std::str::from_utf8(header) else {
            offered.push("an unreadable header".to_owned());
            continue;
        };
        for raw in split(header) {
            match raw.usable() {
                Some((strength, challenge)) => {
                    if best.as_ref().is_none_or(|(other, _)| strength > *other) {
                        best = Some((strength, challenge));
                    }
                }
                None => offered.push(raw.describe()),
            }
        }
    }
    offered.dedup();
    offered.truncate(4);
    best.map(|(_, challenge)| challenge)
        .ok_or_else(|| if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") })
}

/// Whether a header says of any of its Digest challenges that the nonce answered was too old.
pub(crate) fn is_stale(header: &str) -> bool {
    split(header)
        .iter()
        .filter(|raw| raw.is_digest())
        .any(|raw| raw.get("stale").is_some_and(|word| word.trim().eq_ignore_ascii_case("true")))
}

/// One challenge as written: scheme and parameters.
#[derive(Debug, Default)]
struct Raw {
    scheme: String,
    parameters: Vec<(String, String)>,
    /// A quote that never closes, or a parameter given twice.
    broken: bool,
}

impl Raw {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("digest")
    }

    fn describe(&self) -> String {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect()
        };
        let mut text = plain(&self.scheme);
        if self.is_digest() {
            for name in ["algorithm", "qop"] {
                if let Some(value) = self.get(name).filter(|value| !value.is_empty()) {
                    text = format!("{text} {}", plain(value));
                }
            }
        }
        text
    }

    fn push(&mut self, name: String, value: String) {
        self.broken |= self.get(&name).is_some();
        self.parameters.push((name, value));
    }

    /// The challenge with its strength, if it is one that can be answered.
    fn usable(&self) -> Option<(u8, Challenge)> {
        if !self.is_digest() || self.broken {
            return None;
        }
        let (algorithm, strength) = algorithm(self.get("algorithm").unwrap_or("MD5"))?;
        let qop_auth = match self.get("qop") {
            None => false,
            Some(list) if list.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) => {
                true
            }
            Some(_) => return None,
        };
        if algorithm.sess && !qop_auth {
            // The session form needs a client nonce, which only goes out together with `qop`.
            return None;
        }
        let nonce = self.get("nonce").filter(|nonce| !nonce.is_empty())?;
        let realm = self.get("realm")?;
        let opaque = self.get("opaque");
        let texts = [Some(realm), Some(nonce), opaque];
        if texts.into_iter().flatten().any(|text| text.chars().any(char::is_control)) {
            return None;
        }
        let challenge = Challenge {
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            opaque: opaque.map(str::to_owned),
            algorithm,
            qop_auth,
        };
        Some((strength, challenge))
    }
}

/// The algorithm of a token in any case, with its strength: the hash counts first, and of one hash
/// the plain form before the session form.
fn algorithm(token: &str) -> Option<(Algorithm, u8)> {
    let (kind, sess, strength) = match token.to_ascii_uppercase().as_str() {
        "MD5-SESS" => (AlgorithmType::MD5, true, 0),
        "MD5" => (AlgorithmType::MD5, false, 1),
        "SHA-256-SESS" => (AlgorithmType::SHA2_256, true, 2),
        "SHA-256" => (AlgorithmType::SHA2_256, false, 3),
        "SHA-512-256-SESS" => (AlgorithmType::SHA2_512_256, true, 4),
        "SHA-512-256" => (AlgorithmType::SHA2_512_256, false, 5),
        _ => return None,
    };
    Some((Algorithm::new(kind, sess), strength))
}

/// Splits one header into its challenges. Never fails: garbage becomes challenges nobody can use.
fn split(header: &str) -> Vec<Raw> {
    let mut rest = header;
    let mut found: Vec<Raw> = Vec::new();
    let mut after_bare_qop = false;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        let Some(first) = rest.chars().next() else { return found };
        let end = rest
            .find(|c: char| matches!(c, ',' | '=' | '"') || c.is_whitespace())
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        if token.is_empty() {
            rest = rest.strip_prefix(first).unwrap_or_default();
            continue;
        }
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after;
            match found.last_mut().and_then(|raw| raw.parameters.last_mut()) {
                // `qop=auth,auth-int` without quotes: the second word belongs to the first.
                Some((_, qop)) if after_bare_qop && is_qop(token) => {
                    qop.push(',');
                    qop.push_str(token);
                }
                _ => {
                    after_bare_qop = false;
                    found.push(Raw { scheme: token.to_owned(), ..Raw::default() });
                }
            }
            continue;
        };
        let name = token.to_ascii_lowercase();
        let value = value.trim_start();
        let (value, remaining, closed) = read_value(value);
        after_bare_qop = name == "qop" && is_qop(&value);
        rest = remaining;
        let Some(raw) = found.last_mut() else { continue };
        raw.push(name, value);
        raw.broken |= !closed;
    }
}

fn is_qop(token: &str) -> bool {
    token.eq_ignore_ascii_case("auth") || token.eq_ignore_ascii_case("auth-int")
}

/// A quoted or plain value, what follows it, and whether its quote was closed.
fn read_value(text: &str) -> (String, &str, bool) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest, true);
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return (value, chars.as_str(), true),
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, "", false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use digest_auth::{AuthContext, HttpMethod};
    use proptest::prelude::*;

    fn pick(headers: &[&str]) -> Result<Challenge, String> {
        choose(headers.iter().map(|header| header.as_bytes()))
    }

    fn answer(challenge: &Challenge) -> String {
        let context = AuthContext::new("admin", "secret", "/ISAPI/x?format=json");
        challenge.prompt(0).respond(&context).unwrap().to_header_string()
    }

    #[test]
    fn the_challenges_of_the_reference() {
        let guide = pick(&[
            r#"Digest qop="auth", realm="IP Camera(C2183)", nonce="4e543d", stale="FALSE""#,
        ])
        .unwrap();
        assert_eq!(guide.realm, "IP Camera(C2183)");
        assert_eq!((guide.opaque.as_deref(), guide.qop_auth), (None, true));
        assert_eq!(guide.algorithm, Algorithm::new(AlgorithmType::MD5, false));
        let panel = r#"Digest qop="auth", realm="DS-11A8BC2D", nonce="abc", stale="false", opaque="", domain="::""#;
        let panel = pick(&[panel]).unwrap();
        assert_eq!(panel.opaque.as_deref(), Some(""));
        assert!(answer(&panel).contains(r#"opaque="""#), "an empty opaque is echoed");
        let recorder = r#"Digest realm="DS-K1T321", domain="::", qop="auth", nonce="d41d8c:1700000000", opaque="", algorithm="MD5", stale="FALSE""#;
        assert_eq!(pick(&[recorder]).unwrap().nonce, "d41d8c:1700000000");
    }

    #[test]
    fn what_the_answer_looks_like() {
        let challenge =
            pick(&[r#"Digest qop="auth", realm="a \"b\" \\ c, d=e", nonce="n", opaque="""#])
                .unwrap();
        assert_eq!(challenge.realm, r#"a "b" \ c, d=e"#);
        let text = answer(&challenge);
        assert!(text.starts_with(r#"Digest username="admin", realm="a \"b\" \\ c, d=e", nonce="n", uri="/ISAPI/x?format=json", qop=auth, nc=00000001, cnonce=""#), "{text}");
        let legacy = answer(&pick(&[r#"Digest realm="r", nonce="n""#]).unwrap());
        for absent in ["qop", "nc=", "cnonce", "opaque", "algorithm", "userhash"] {
            assert!(!legacy.contains(absent), "{legacy}");
        }
    }

    #[test]
    fn the_strongest_that_we_know_and_never_basic() {
        let md5 = r#"Digest realm="r", qop="auth", nonce="md5""#;
        let sha = r#"Digest realm="r", qop="auth", algorithm=SHA-256, nonce="sha""#;
        let big = r#"digest realm="r",qop="auth-int, auth",algorithm="sha-512-256",nonce="big""#;
        let sess = r#"DIGEST realm="r", qop=auth, algorithm=MD5-sess, nonce="sess""#;
        let basic = r#"Basic realm="r""#;
        for (headers, nonce) in [
            (vec![md5, sha], "sha"),
            (vec![sha, md5], "sha"),
            (vec![big, sha, md5, basic], "big"),
            (vec![basic, md5], "md5"),
            (vec![sess, md5], "md5"),
            (vec![sess], "sess"),
        ] {
            assert_eq!(pick(&headers).unwrap().nonce, nonce, "{headers:?}");
            let joined = headers.join(", ");
            assert_eq!(pick(&[&joined]).unwrap().nonce, nonce, "{joined}");
        }
    }

    #[test]
    fn odd_but_usable() {
        for (header, nonce) in [
            (r#"Digest realm = "r" , nonce = "n" , qop = "auth""#, "n"),
            (r#"Digest nonce="n",realm="r",qop=auth"#, "n"),
            (r#"Digest realm="r", qop=auth,auth-int, nonce="n""#, "n"),
            (r#"Digest realm="r", qop=auth-int,auth, nonce=n"#, "n"),
            (r#"Digest realm="", nonce="n""#, "n"),
            (r#"Digest realm="Vrata č 漢", nonce="n", qop="auth""#, "n"),
            (r#",, Digest ,, realm="r",, nonce="n","#, "n"),
            (r#"Negotiate YIIabc==, Digest realm="r", nonce="n""#, "n"),
            (r#"Bearer, Digest realm="r", nonce="n""#, "n"),
            (
                r#"Basic realm="Digest realm=\"x\", nonce=\"evil\"", Digest realm="r", nonce="n""#,
                "n",
            ),
        ] {
            assert_eq!(pick(&[header]).unwrap().nonce, nonce, "{header}");
        }
    }

    #[test]
    fn what_is_not_answered() {
        for (header, offered) in [
            (r#"Basic realm="DS-11A8BC2D""#, "Basic"),
            (r#"Digest realm="r", nonce="n", qop="auth-int""#, "Digest auth-int"),
            (r#"Digest realm="r", nonce="n", qop="""#, "Digest"),
            (
                r#"Digest realm="r", nonce="n", algorithm="SHA3-256", qop="auth""#,
                "Digest SHA3-256 auth",
            ),
            (r#"Digest realm="r", nonce="""#, "Digest"),
            (r#"Digest realm="r""#, "Digest"),
            (r#"Digest nonce="n""#, "Digest"),
            (r#"Digest realm="r", nonce="n"#, "Digest"),
            (r#"Digest realm="r", realm="s", nonce="n""#, "Digest"),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-256-sess"#, "Digest SHA-256-sess"),
            ("Digest", "Digest"),
            (r#"realm="r", nonce="n""#, "nothing"),
            ("", "nothing"),
            ("=\"", "nothing"),
        ] {
            assert_eq!(pick(&[header]), Err(offered.to_owned()), "{header}");
        }
        let latin1: &[u8] = b"Digest realm=\"Vrata \xe8\", nonce=\"n\"";
        assert_eq!(choose([latin1]), Err("an unreadable header".to_owned()));
    }

    /// RFC 7616 section 3.9.1, both challenges and both answers.
    #[test]
    fn the_vectors_of_the_rfc() {
        let opaque = r#"opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let nonce = r#"nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v""#;
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let header = format!(
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, {nonce}, {opaque}"#
            );
            let challenge = pick(&[&header]).unwrap();
            let body: Option<&[u8]> = Some(b"a body must not turn it into auth-int");
            let mut context = AuthContext::new_with_method(
                "Mufasa",
                "Circle of Life",
                "/dir/index.html",
                body,
                HttpMethod::GET,
            );
            context.set_custom_cnonce("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
            assert_eq!(challenge.prompt(0).respond(&context).unwrap().response, expected);
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = choose([bytes.as_slice()]);
        }

        #[test]
        fn no_text_panics(text in "(Digest |Basic |realm|nonce|qop|=|\"|,|\\\\| |auth|č|x){0,40}") {
            let _ = choose([text.as_bytes()]);
        }
    }
}
