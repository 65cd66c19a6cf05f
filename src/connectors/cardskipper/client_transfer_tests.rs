//! Answers in every form that HTTP has for them: whole ones are taken, cut ones and too large ones not.

use super::super::limits::MAX_EXPORT_BYTES;
use super::tests::{
    ONCE, ONE_MEGABYTE, Reply, SAMPLE, answer, chunked, export, gzip, limited, serve, with_head,
};
use super::*;

#[test]
fn whole_answers_in_every_transfer() {
    let body = SAMPLE.as_bytes();
    let zipped = gzip(body);
    for (name, reply) in [
        ("close-delimited", with_head("200 OK", body)),
        (
            "chunked",
            with_head(
                "200 OK\r\nTransfer-Encoding: chunked",
                &chunked(&[&body[..100], &body[100..]], "0\r\n\r\n"),
            ),
        ),
        ("gzip", answer("200 OK\r\nContent-Encoding: gzip", &zipped)),
        (
            "gzip in chunks",
            with_head(
                "200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked",
                &chunked(&[&zipped[..20], &zipped[20..]], "0\r\n\r\n"),
            ),
        ),
    ] {
        let export = export(reply).unwrap();
        assert_eq!((export.members.len(), export.server_time), (1, None), "{name}");
    }
}

#[test]
fn a_cut_answer_never_passes() {
    let body = SAMPLE.as_bytes();
    let zipped = gzip(body);
    let half = body.len() / 2;
    let told = |length: usize, body: &[u8]| {
        with_head(&format!("200 OK\r\nContent-Length: {length}"), body)
    };
    let told_zipped = |length: usize, body: &[u8]| {
        with_head(&format!("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}"), body)
    };
    let zipped_half = chunked(&[&zipped[..half]], "0\r\n\r\n");
    for (name, reply) in [
        ("less than told", told(body.len(), &body[..half])),
        ("one byte less than told", told(body.len() + 1, body)),
        ("nothing of what was told", told(body.len(), b"")),
        (
            "cut chunk",
            with_head("200 OK\r\nTransfer-Encoding: chunked", &chunked(&[body], "")[..half]),
        ),
        ("no last chunk", with_head("200 OK\r\nTransfer-Encoding: chunked", &chunked(&[body], ""))),
        (
            "bad chunk",
            with_head("200 OK\r\nTransfer-Encoding: chunked", b"zz\r\n<Cardskipper/>\r\n0\r\n\r\n"),
        ),
        ("gzip less than told", told_zipped(zipped.len(), &zipped[..half])),
        ("gzip cut, length agrees", answer("200 OK\r\nContent-Encoding: gzip", &zipped[..half])),
        (
            "gzip without its checksum",
            answer("200 OK\r\nContent-Encoding: gzip", &zipped[..zipped.len() - 8]),
        ),
        (
            "gzip cut, chunks whole",
            with_head(
                "200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked",
                &zipped_half,
            ),
        ),
        ("gzip cut at the close", with_head("200 OK\r\nContent-Encoding: gzip", &zipped[..half])),
        ("no gzip at all", answer("200 OK\r\nContent-Encoding: gzip", body)),
    ] {
        let error = export(reply).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{name}: {error:?}");
        assert!(error.is_temporary(), "{name}");
    }
    // HTTP sees nothing wrong with these; the missing end of the document does.
    for (name, reply) in [
        ("length too small", told(half, body)),
        ("cut at the close", with_head("200 OK", &body[..half])),
        (
            "last chunk too early",
            with_head(
                "200 OK\r\nTransfer-Encoding: chunked",
                &chunked(&[&body[..half]], "0\r\n\r\n"),
            ),
        ),
    ] {
        let error = export(reply).unwrap_err();
        assert!(matches!(error, Error::BadXml { .. }), "{name}: {error:?}");
        assert!(error.is_temporary(), "{name}");
    }
    let mut wrong_sum = zipped.clone();
    let place = wrong_sum.len() - 6;
    wrong_sum[place] ^= 1;
    let error = export(answer("200 OK\r\nContent-Encoding: gzip", &wrong_sum)).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error:?}");
}

#[test]
fn the_limit_counts_what_comes_out_of_the_compression() {
    let limited_to = |bytes: usize, reply: Reply| {
        let (url, asked) = serve(vec![reply]);
        let result = limited(&url, Limits { bytes, retry: ONCE, ..Limits::default() })
            .members(Listing::Complete);
        asked.join().unwrap();
        result
    };
    let size = SAMPLE.len();
    let sample = || answer("200 OK", SAMPLE.as_bytes());
    assert!(limited_to(size, sample()).is_ok());
    let too_large = |limit: usize| Err(Error::TooLarge { call: EXPORT, limit });
    assert_eq!(limited_to(size - 1, sample()), too_large(size - 1));
    assert_eq!(limited_to(size - 1, with_head("200 OK", SAMPLE.as_bytes())), too_large(size - 1));
    let bomb = || answer("200 OK\r\nContent-Encoding: gzip", ONE_MEGABYTE);
    assert_eq!(limited_to(999_999, bomb()), too_large(999_999));
    assert_eq!(limited_to(1_000_026, bomb()), too_large(1_000_026));
    assert!(limited_to(1_000_027, bomb()).is_ok());
    let boast = with_head("200 OK\r\nContent-Length: 99999999999999", b"<");
    assert_eq!(limited_to(MAX_EXPORT_BYTES, boast), too_large(MAX_EXPORT_BYTES));
}
