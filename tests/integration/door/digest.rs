//! The Digest login: every shape of a challenge, every life of a nonce, every body of a 401.

use ivms_sync_simulators::hikvision::{Body401, Challenge, NonceLife, Stale};

use super::{Story, Turn, logins};

#[test]
fn challenges_of_every_shape_are_answered_and_basic_never() {
    for challenge in [
        Challenge::Terminal,
        Challenge::GuideSample,
        Challenge::Md5Named,
        Challenge::Sha256Only,
        Challenge::Sha256ThenMd5,
        Challenge::Md5ThenSha256,
        Challenge::CommaJoined,
        Challenge::DigestThenBasic,
        Challenge::BasicThenDigest,
        Challenge::BasicCommaDigest,
        Challenge::OddCase,
    ] {
        // A password sent as Basic, or a weaker answer than the best, is a violation.
        let story = Story::new(|switches| switches.challenge = challenge);
        story.comes_in_step(&format!("{challenge:?}"));
    }
}

#[test]
fn where_no_digest_is_offered_no_login_is_sent() {
    for challenge in [Challenge::BasicOnly, Challenge::None] {
        for body in [Body401::UserCheckXml, Body401::Html] {
            let story = Story::new(|switches| {
                (switches.challenge, switches.body_401) = (challenge, body);
            });
            let what = format!("{challenge:?} {body:?}");
            // No login was spent, so the next tick tries again at once.
            for _ in 0..2 {
                story.sync(&what, 12);
                assert_eq!(logins(story.door()), 0, "{what}");
            }
            story.is_refused(&what, 12, "login-refused");
        }
    }
}

#[test]
fn nonces_of_every_life() {
    let cases: [(&str, Turn); 7] = [
        ("one-shot, never stale", |s| {
            (s.nonce, s.stale) = (NonceLife::OneShot, Stale::NeverTrue);
        }),
        ("one-shot, and says stale", |s| {
            (s.nonce, s.stale) = (NonceLife::OneShot, Stale::True);
        }),
        ("eight uses", |s| s.nonce = NonceLife::Uses(8)),
        ("one use", |s| s.nonce = NonceLife::Uses(1)),
        ("seconds", |s| s.nonce = NonceLife::Seconds(60)),
        ("bound to its address", |s| s.nonce = NonceLife::BoundToUrl),
        ("good for reads only", |s| s.nonce = NonceLife::ReadsOnly),
    ];
    for (what, turn) in cases {
        let story = Story::new(|switches| {
            turn(switches);
            // Two failures, and no login would be sent any more: not one nonce is worn out.
            switches.lock.failures = 4;
            switches.lock.worn_out_nonce_counts = true;
        });
        story.comes_in_step(what);
    }
}

#[test]
fn bodies_and_opaques_of_every_kind() {
    for (body, opaque) in [
        (Body401::UserCheckXml, "5ccc069c403ebaf9f0171e9517f40e41"),
        (Body401::ResponseStatusXml, "a, b=c"),
        (Body401::Json, ""),
        (Body401::Html, "x"),
        (Body401::Empty, " "),
    ] {
        let story = Story::new(|switches| {
            switches.body_401 = body;
            switches.opaque = opaque.to_owned();
        });
        story.comes_in_step(&format!("{body:?} {opaque:?}"));
    }
}
