//! The mail server itself, by a client that types.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use super::*;

/// Types lines, and gives the first answer to each.
fn typed(server: &MailServer, lines: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut answer = || {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                return text;
            }
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            text.push_str(&line);
            if is_last {
                return text;
            }
        }
    };
    let mut answers = vec![answer()];
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        answers.push(answer());
    }
    answers
}

const MAIL: &str = "Date: x\r\nFrom: a@b\r\nTo: c@d\r\nSubject: =?utf-8?b?xI0=?= =?utf-8?q?=C5=A1_x?=\r\n\
                    Message-ID: <1@b>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\
                    Content-Transfer-Encoding: quoted-printable\r\n\r\nna=C4=8Din =\r\nena\r\n..dot\r\n.";

#[test]
fn a_mail_is_kept_as_it_was_written() {
    let server = MailServer::start(Settings::default());
    let said = typed(
        &server,
        &["EHLO me", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", MAIL, "QUIT"],
    );
    let codes: Vec<&str> = said.iter().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "250", "250", "250", "250", "354", "250", "221"]);
    let [mail] = server.mails().try_into().unwrap();
    assert_eq!((mail.from.as_str(), mail.to.join(" ")), ("a@b", "c@d e@f".to_owned()));
    assert_eq!(mail.subject(), "čš x");
    assert_eq!(mail.body(), "način ena\n.dot\n");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn what_is_against_the_rules_is_listed() {
    let login = Some(("me".to_owned(), "Secret".to_owned()));
    let server = MailServer::start(Settings { login, ..Settings::default() });
    let said = typed(&server, &["MAIL FROM:<a@b>", "DATA", "FLY", "AUTH PLAIN !", "EHLO me"]);
    let codes: Vec<&str> = said.iter().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["220", "530", "503", "502", "535", "250"]);
    let listed = server.violations();
    for slug in ["mail-out-of-order", "data-out-of-order", "unknown-command: FLY", "base64"] {
        assert!(listed.iter().any(|one| one == slug), "{slug} in {listed:?}");
    }
    // "\0me\0Secret"
    let right = "AUTH PLAIN AG1lAFNlY3JldA==";
    assert!(typed(&server, &["EHLO me", right])[2].starts_with("235"));
    server.set(|switches| switches.refuses_login = true);
    assert!(typed(&server, &["EHLO me", right])[2].starts_with("535"));
}
