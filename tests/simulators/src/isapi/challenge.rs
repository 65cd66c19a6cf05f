//! The `WWW-Authenticate` headers of a 401.

use super::digest::Algorithm;
use super::switches::{Challenge, Common, Stale};

/// The header values for one challenge, in the order of sending.
pub(crate) fn headers(switches: &Common<'_>, realm: &str, nonce: &str, stale: bool) -> Vec<String> {
    let digest = |algorithm: Option<Algorithm>| {
        let algorithm = match algorithm {
            // The name of MD5 is quoted in the captures; RFC 7616 writes a token.
            Some(Algorithm::Md5) => ", algorithm=\"MD5\"",
            Some(Algorithm::Sha256) => ", algorithm=SHA-256",
            None => "",
        };
        let stale = match (stale, switches.stale) {
            (true, Stale::Capitals) => "TRUE",
            (true, _) => "\"true\"",
            (false, _) => "\"false\"",
        };
        format!(
            "Digest qop=\"auth\", realm=\"{realm}\", nonce=\"{nonce}\", stale={stale}, \
             opaque=\"{}\", domain=\"::\"{algorithm}",
            switches.opaque
        )
    };
    let basic = format!("Basic realm=\"{realm}\"");
    let (md5, sha) = (Some(Algorithm::Md5), Some(Algorithm::Sha256));
    match switches.challenge {
        Challenge::Terminal => vec![digest(None)],
        Challenge::GuideSample => {
            let stale = if stale { "TRUE" } else { "FALSE" };
            vec![format!(
                "Digest qop=\"auth\", realm=\"{realm}\", nonce=\"{nonce}\", stale=\"{stale}\""
            )]
        }
        Challenge::Md5Named => vec![digest(md5)],
        Challenge::Sha256Only => vec![digest(sha)],
        Challenge::Sha256ThenMd5 => vec![digest(sha), digest(md5)],
        Challenge::Md5ThenSha256 => vec![digest(md5), digest(sha)],
        Challenge::CommaJoined => vec![format!("{}, {}", digest(sha), digest(md5))],
        Challenge::DigestThenBasic => vec![digest(None), basic],
        Challenge::BasicThenDigest => vec![basic, digest(None)],
        Challenge::BasicCommaDigest => vec![format!("{basic}, {}", digest(None))],
        Challenge::OddCase => vec![digest(None).replacen("Digest", "dIgEsT", 1)],
        Challenge::BasicOnly => vec![basic],
        Challenge::None => Vec::new(),
    }
}
