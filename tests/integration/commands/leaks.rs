//! Every byte that leaves the program in one long story (a good run, refused logins, drift, a blocked
//! plan, an approval, a crash, errors of every kind), at every log level, and every file it writes:
//! no password in any spelling, nothing of any login; names and e-mails only where they may be.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ivms_sync_simulators::club::number;
use ivms_sync_simulators::hikvision::digest::Algorithm;
use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::smtp::{MailServer, Settings};

use super::LATER;
use crate::alarms::taker;
use crate::support::pinned::START;
use crate::support::{Said, Sandbox, said};

const CARD: &str = "Card-secret-1";
const DOOR: &str = "Door-secret-1";
const WRONG: &str = "Wrong-secret/+č%1";
const MAIL: &str = "Mail-secret-1";
const HOOK: &str = "Hook-secret-1";

/// Names of the folder that are given to the program, not written by it.
const GIVEN: [&str; 2] = ["ivms-sync.toml", "persons.csv"];

/// One text that came out, with where it came from.
struct Output {
    place: String,
    bytes: Vec<u8>,
    /// Names and e-mails may be here: debug level, `lookup`, the state file.
    may_name: bool,
}

/// The story's collector.
#[derive(Default)]
struct Leaks {
    outputs: Vec<Output>,
}

impl Leaks {
    fn take(&mut self, what: &str, said: Said, is_debug: bool, is_lookup: bool) {
        for (stream, text) in [("stdout", said.stdout), ("stderr", said.stderr)] {
            let may_name = (is_debug && stream == "stderr") || (is_lookup && stream == "stdout");
            self.outputs.push(Output {
                place: format!("{stream} of {what}"),
                bytes: text.into(),
                may_name,
            });
        }
    }

    fn give(&mut self, place: &str, text: String) {
        self.outputs.push(Output { place: place.to_owned(), bytes: text.into(), may_name: false });
    }

    /// Runs a command at every level of detail, as text and as JSON.
    fn run(&mut self, sandbox: &Sandbox, now: &str, command: &[&str]) {
        let is_lookup = command[0] == "lookup";
        let levels: [(&[&str], &str); 7] = [
            (&[], ""),
            (&["-q"], ""),
            (&["-v"], ""),
            (&["-vv"], ""),
            (&["-vvv"], ""),
            (&["--json"], "trace"),
            (&["--json", "-v"], "ivms_sync=info,trace"),
        ];
        for (more, rust_log) in levels {
            sandbox.clocks(now);
            sandbox.club.begin_run();
            std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
            let mut program = sandbox.command();
            program
                .env("IVMS_SYNC_TEST_NOW", now)
                .env("RUST_BACKTRACE", "1")
                .args(more)
                .args(command);
            if !rust_log.is_empty() {
                program.env("RUST_LOG", rust_log);
            }
            let is_debug = more.contains(&"-vv") || more.contains(&"-vvv") || rust_log == "trace";
            let what = format!("{more:?} {rust_log} {command:?} at {now}");
            // With every crate at trace, what ivms-sync itself says at info is still without names.
            self.take(
                &what,
                said(&mut program),
                is_debug || rust_log.ends_with("trace"),
                is_lookup,
            );
        }
        self.files(sandbox, &format!("after {command:?} at {now}"));
    }

    /// Takes every file that the program wrote: state, journal, shared memory, lock, plans.
    fn files(&mut self, sandbox: &Sandbox, when: &str) {
        for entry in std::fs::read_dir(sandbox.folder.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if GIVEN.contains(&&*name) {
                continue;
            }
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name} {when}");
            let may_name = name.starts_with("ivms-sync.db");
            let bytes = std::fs::read(entry.path()).unwrap();
            self.outputs.push(Output { place: format!("{name} {when}"), bytes, may_name });
        }
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text)
}

/// Many texts at once, by their first bytes: there are thousands of logins in the story.
struct Index<'s>(BTreeMap<&'s [u8], Vec<&'s [u8]>>);

impl<'s> Index<'s> {
    const KEY: usize = 7;

    fn of(texts: &'s BTreeSet<Vec<u8>>) -> Self {
        let mut index: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
        for text in texts {
            assert!(text.len() >= Self::KEY, "{}", String::from_utf8_lossy(text));
            index.entry(&text[..Self::KEY]).or_default().push(text);
        }
        Self(index)
    }

    /// The first of them that stands in these bytes.
    fn find(&self, bytes: &[u8]) -> Option<&'s [u8]> {
        bytes.windows(Self::KEY).enumerate().find_map(|(at, key)| {
            let texts = self.0.get(key)?;
            texts.iter().find(|text| bytes[at..].starts_with(text)).copied()
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A text in every spelling in which it could slip out.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let backwards: String = text.chars().rev().collect();
    let escaped = serde_json::to_string(text).unwrap();
    let mut all: Vec<Vec<u8>> = vec![
        text.into(),
        percent(text).into(),
        percent(text).to_lowercase().into(),
        text.replace('/', "%2F").into(),
        escaped.trim_matches('"').into(),
        hex(text.as_bytes()).into(),
        hex(text.as_bytes()).to_uppercase().into(),
        backwards.into(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    // The middle of its Base64 at each of the three places a longer text can put it.
    for before in 0..3 {
        let padded = [vec![b' '; before], text.as_bytes().to_vec()].concat();
        let encoded = base64(&padded);
        let middle: String = encoded.chars().skip(4).collect();
        let whole = middle.len() - middle.len() % 4;
        all.push(middle[..whole.saturating_sub(4)].into());
    }
    all
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            (0..3).fold(0, |group, at| group << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * at) & 63) as usize];
            text.push(if at > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// Everything secret of the story: passwords in every spelling, and every part of every login that was
/// sent, and what could be made of it.
fn secrets(sandbox: &Sandbox) -> BTreeSet<Vec<u8>> {
    let mut secrets: BTreeSet<Vec<u8>> =
        [CARD, DOOR, WRONG, MAIL, HOOK].into_iter().flat_map(spellings).collect();
    secrets.extend(
        ["Authorization: ", "authorization: ", "response=", "cnonce=", "Basic Y"].map(Into::into),
    );
    let mut requests = sandbox.club.cardskipper.requests();
    requests.extend(sandbox.club.devices.iter().flat_map(|device| device.requests()));
    let mut logins = 0;
    for header in requests.iter().filter_map(|request| request.header("Authorization")) {
        logins += 1;
        if let Some(encoded) = header.strip_prefix("Basic ") {
            secrets.insert(encoded.into());
            continue;
        }
        let part = |name: &str| {
            let (_, rest) = header.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        for name in [" nonce", "cnonce", "response"] {
            secrets.insert(part(name).unwrap().into());
        }
        let realm = part("realm").unwrap();
        for password in [DOOR, WRONG] {
            for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
                secrets.insert(algorithm.hash(&format!("admin:{realm}:{password}")).into());
            }
        }
    }
    assert!(logins > 100, "{logins} logins were seen");
    secrets
}

/// Kills a run in the middle of its writes, and takes what it had said.
fn crash(sandbox: &Sandbox, leaks: &mut Leaks, now: &str) {
    let door = &sandbox.club.devices[0];
    door.clear_writes();
    door.fault(Fault::Delay(Duration::from_millis(300)).on("UserInfo/Modify").authenticated());
    sandbox.clocks(now);
    std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ivms-sync"))
        .args(["-vvv", "sync"])
        .env_clear()
        .envs(sandbox.passwords.iter().cloned())
        .env("IVMS_SYNC_TEST_NOW", now)
        .env("RUST_BACKTRACE", "full")
        .current_dir(sandbox.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while door.writes().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "it writes");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    leaks.files(sandbox, "after a crash");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = Said { code: -1, stdout: text(&output.stdout), stderr: text(&output.stderr) };
    leaks.take("a run that was killed", said, true, false);
    assert!(
        leaks.outputs.iter().any(|one| one.place.starts_with("ivms-sync.db-wal")),
        "a journal was left"
    );
    door.clear_faults();
}

/// Lets trouble be told by a mail server that wants a login.
fn with_alarms(sandbox: &mut Sandbox) -> MailServer {
    let login = Some(("mailer".to_owned(), MAIL.to_owned()));
    let post = MailServer::start(Settings { login, ..Settings::default() });
    let section = format!(
        "[notify.email]\nsmtp = \"{}\"\nfrom = \"a@club.example\"\nto = [\"b@club.example\"]\n\
         username = \"mailer\"\npassword = {{ env = \"MAIL_PASSWORD\" }}",
        post.url()
    );
    sandbox.set("guard", &section);
    for (name, secret) in [("MAIL_PASSWORD", MAIL), ("HOOK_TOKEN", HOOK)] {
        sandbox.passwords.push((name.to_owned(), secret.to_owned()));
    }
    post
}

#[test]
fn nothing_secret_leaves_the_program_and_names_only_where_they_may() {
    let mut sandbox = Sandbox::pinned(12, 2);
    let mut leaks = Leaks::default();
    let (post, hook) = (with_alarms(&mut sandbox), taker());
    sandbox.set("guard", &format!("[notify.webhook]\nurl = \"{}/{HOOK}?a={HOOK}\"", hook.url()));
    sandbox.set("guard", "token = { env = \"HOOK_TOKEN\" }");
    // Good runs, a reviewed plan, its approval.
    leaks.run(&sandbox, START, &["sync"]);
    sandbox.club.renew(3, "2030-11-01");
    leaks.run(&sandbox, LATER, &["diff", "--full", "--out", "plan.json"]);
    leaks.run(&sandbox, LATER, &["apply", "plan.json"]);
    leaks.run(&sandbox, LATER, &["lookup", "150004"]);
    // Drift, somebody without an e-mail, two with one e-mail, dates that are none.
    sandbox.club.devices[0].edit_person("1002", |person| person.end = "2026-01-01T00:00:00".into());
    sandbox.club.devices[0].edit_person("1006", |person| person.name = "Drug Človek".into());
    let twin = sandbox.club.cardskipper.member(number(1)).unwrap().email;
    sandbox.club.cardskipper.edit(number(2), |member| member.email.clone_from(&twin));
    sandbox.club.cardskipper.edit(number(9), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
    leaks.run(&sandbox, "2026-03-10T10:10:00Z", &["sync", "--full"]);
    // More revocations than the budget lets through; one of them approved by hand.
    (4..9).for_each(|index| assert!(sandbox.club.inactivate(index)));
    leaks.run(&sandbox, "2026-03-10T10:15:00Z", &["sync", "--full"]);
    let blocked = sandbox.at("2026-03-10T10:16:00Z", &["sync", "--json"]).json();
    let id = blocked["blocked"].as_str().expect("a blocked plan").to_owned();
    leaks.run(&sandbox, "2026-03-10T10:17:00Z", &["apply", "--blocked", &id]);
    // A crash in the middle of writing, and the run that settles it.
    (0..12).for_each(|index| assert!(sandbox.club.renew(index, "2031-11-01")));
    crash(&sandbox, &mut leaks, "2026-03-10T10:20:00Z");
    leaks.run(&sandbox, "2026-03-10T10:25:00Z", &["sync"]);
    // Servers that repeat what they know about us and about members.
    let login = base64(format!("api@club.example:{CARD}").as_bytes());
    let echo = format!("<html>{CARD} Authorization= {login}</html>");
    for status in [200, 400, 401, 403, 500] {
        let fault = Fault::raw(status, "text/html", echo.clone());
        sandbox.club.cardskipper.fault(fault.clone());
        leaks.run(&sandbox, "2026-03-10T10:30:00Z", &["diff", "--full"]);
        sandbox.club.cardskipper.clear_faults();
    }
    let echo = format!("<html>{DOOR}</html>");
    sandbox.club.devices[0].fault(Fault::raw(200, "text/html", echo).on("/").authenticated());
    leaks.run(&sandbox, "2026-03-10T10:33:00Z", &["diff", "--full"]);
    sandbox.club.devices[0].clear_faults();
    let person = sandbox.club.cardskipper.member(number(3)).unwrap();
    let tells = format!(
        "{{\"statusCode\":4,\"subStatusCode\":\"x\",\"errorMsg\":\"{} {}\"}}",
        person.last, person.email
    );
    for body in [tells, format!("{{\"{}\":\"{}\"", person.last, person.email)] {
        sandbox.club.devices[0]
            .fault(Fault::raw(400, "application/json", body).on("Search").authenticated());
        leaks.run(&sandbox, "2026-03-10T10:35:00Z", &["diff", "--full"]);
        sandbox.club.devices[0].clear_faults();
    }
    // Logins that are refused, on both sides, and nobody there.
    sandbox.password("CARD_PASSWORD", WRONG);
    sandbox.password("DOOR1_PASSWORD", WRONG);
    leaks.run(&sandbox, "2026-03-10T10:40:00Z", &["sync", "--full"]);
    leaks.run(&sandbox, "2026-03-10T10:41:00Z", &["lookup", "150004"]);
    sandbox.club.cardskipper.go_offline();
    leaks.run(&sandbox, "2026-03-10T10:45:00Z", &["diff", "--full"]);
    // A configuration with a password in the wrong place.
    let config = sandbox.config();
    for wrong in [
        config
            .replace("username = \"admin\"", &format!("username = \"admin\"\nmode = \"{WRONG}\"")),
        config.replace("organisation_id = 123", &format!("organisation_id = \"{WRONG}\"")),
        config.replace("{ env = \"CARD_PASSWORD\" }", &format!("{{ env = \"{WRONG}\" }}")),
        config.replace("{ env = \"CARD_PASSWORD\" }", &format!("\"{WRONG}\n")),
    ] {
        sandbox.replace_config(Some(wrong));
        leaks.run(&sandbox, "2026-03-10T10:50:00Z", &["sync"]);
    }

    let (mails, posts) = (post.mails().len(), hook.requests().len());
    assert!(mails >= 2 && posts >= 2, "{mails} mails, {posts} posts");
    for mail in post.mails() {
        leaks.give("a mail", format!("{}\n{}", mail.text, mail.body()));
    }
    for request in hook.requests() {
        leaks.give("the webhook", request.text());
    }
    assert!(leaks.outputs.len() > 300, "{}", leaks.outputs.len());
    let secrets = secrets(&sandbox);
    let index = Index::of(&secrets);
    for output in &leaks.outputs {
        let found = index.find(&output.bytes).map(String::from_utf8_lossy);
        assert_eq!(found, None, "in {}", output.place);
    }
    let members = sandbox.club.cardskipper.members();
    let names: BTreeSet<&str> = members
        .iter()
        .flat_map(|member| [member.email.as_str(), member.last.as_str()])
        .filter(|text| !text.is_empty())
        .chain(["Človek"])
        .collect();
    let mut is_seen = false;
    for output in &leaks.outputs {
        let found = names.iter().find(|name| holds(&output.bytes, name.as_bytes()));
        is_seen |= found.is_some();
        assert!(output.may_name || found.is_none(), "{found:?} in {}", output.place);
    }
    assert!(is_seen, "names are where they may be");
}

/// The search itself finds what it should, or the test above would show nothing.
#[test]
fn every_spelling_is_found() {
    for around in ["", "a", "ab", "abc"] {
        let basic = base64(format!("{around}{CARD}xyz").as_bytes());
        let all: BTreeSet<_> = spellings(CARD).into_iter().collect();
        assert!(Index::of(&all).find(basic.as_bytes()).is_some(), "{basic}");
    }
    let utf16: Vec<u8> = format!("x{DOOR}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(spellings(DOOR).iter().any(|one| holds(&utf16, one)));
    assert!(spellings(WRONG).iter().any(|one| holds(b"p=Wrong-secret%2F%2B%C4%8D%251", one)));
}

/// Files are private from their first moment, whatever the shell's mask lets through.
#[test]
fn files_are_private_under_an_open_mask() {
    let sandbox = Sandbox::pinned(3, 1);
    sandbox.clocks(START);
    std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
    for command in ["sync", "diff --full --out plan.json", "lookup 150001"] {
        let mut shell = assert_cmd::Command::new("/bin/sh");
        shell.args([
            "-c",
            &format!("umask 000; exec {} {command}", env!("CARGO_BIN_EXE_ivms-sync")),
        ]);
        shell.env_clear().envs(sandbox.passwords.iter().cloned()).env("IVMS_SYNC_TEST_NOW", START);
        said(shell.current_dir(sandbox.folder.path())).ends(0);
    }
    let is_given = |path: &Path| GIVEN.iter().any(|given| path.ends_with(given));
    let mut seen = 0;
    for entry in std::fs::read_dir(sandbox.folder.path()).unwrap().map(Result::unwrap) {
        if !is_given(&entry.path()) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.path());
            seen += 1;
        }
    }
    assert!(seen >= 3, "state, lock and plan: {seen}");
}
