//! `init`: a first configuration by flags and by answers, what is tried, and what is never overwritten.

use std::collections::BTreeMap;
use std::path::Path;

use ivms_sync_simulators::club::World;
use ivms_sync_simulators::hikvision::Settings;
use ivms_sync_simulators::http::Tls;

use crate::support::{Said, Sandbox, binary, said};

/// A club whose doors are to be reached in this way, and a folder with the passwords and the list.
fn club(doors: usize, tls: Tls) -> Sandbox {
    let settings = Settings { tls, ..Settings::default() };
    let club = World::agreeing(12, doors).start_with(Default::default(), &settings);
    let sandbox = Sandbox::with(club);
    for (name, text) in [("card.txt", "Card-secret-1\n"), ("door.txt", "Door-secret-1\n")] {
        private(&sandbox.path(name), text);
    }
    sandbox
}

fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }
}

/// The flags that say everything; the doors are named door1, door2 …
fn flags(sandbox: &Sandbox) -> Vec<String> {
    let mut flags: Vec<String> = [
        "init",
        "--organisation",
        "123",
        "--username",
        "api@club.example",
        "--password-file",
        "card.txt",
        "--door-password-file",
        "door.txt",
        "--persons",
        "persons.csv",
        "--time-zone",
        "Europe/Ljubljana",
        "--url",
    ]
    .map(str::to_owned)
    .into();
    flags.push(sandbox.club.cardskipper.url());
    for (place, door) in sandbox.club.devices.iter().enumerate() {
        flags.extend(["--door".to_owned(), format!("door{}={}", place + 1, door.url())]);
    }
    flags
}

fn run(sandbox: &Sandbox, flags: &[String], more: &[&str]) -> Said {
    sandbox.club.begin_run();
    said(binary(sandbox.folder.path()).args(flags).args(more))
}

/// Every file of a folder with its text.
fn files(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(sandbox.folder.path()).unwrap().map(|entry| entry.unwrap());
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    entries.map(|one| (one.file_name().into_string().unwrap(), read(&one.path()))).collect()
}

fn config(sandbox: &Sandbox) -> String {
    files(sandbox).remove("ivms-sync.toml").unwrap()
}

/// Requests of a door that carried a login.
fn logins(sandbox: &Sandbox, door: usize) -> usize {
    let requests = sandbox.club.devices[door].requests();
    requests.iter().filter(|request| request.is_authenticated()).count()
}

#[test]
fn the_sample_needs_no_configuration_and_is_the_one_beside_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(binary(folder.path()).args(["init", "--print"])).ends(0);
    assert_eq!(said.stdout, include_str!("../../examples/ivms-sync.toml"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn flags_make_a_configuration_that_check_and_diff_are_content_with() {
    let sandbox = club(2, Tls::SelfSigned);
    let made = run(&sandbox, &flags(&sandbox), &["--role", "3126", "--yes"]).ends(0);
    assert_eq!(made.stderr, "", "no warning either");
    let text = config(&sandbox);
    assert_eq!(text.matches("\nmode = \"observe\"\n").count(), 2, "{text}");
    for door in &sandbox.club.devices {
        let pin = format!("\ntls = \"sha256:{}\"\n", door.certificate_sha256().unwrap());
        assert!(text.contains(&pin), "{text}");
    }
    assert!(text.contains("\nroles = [3126]\n") && text.contains("3126 Gym"), "{text}");
    assert_eq!((logins(&sandbox, 0), logins(&sandbox, 1)), (1, 1), "one polite try");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let found = std::fs::metadata(sandbox.path("ivms-sync.toml")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    }
    // What it says is next can be pasted.
    let (_, next) = made.stdout.split_once("\nNext:\n").unwrap();
    let next: Vec<Vec<&str>> =
        next.lines().map(|line| line.split_whitespace().skip(1).collect()).collect();
    assert_eq!(next.iter().map(|words| words[2]).collect::<Vec<_>>(), ["check", "diff"]);
    for words in next {
        sandbox.club.begin_run();
        said(binary(sandbox.folder.path()).args(words)).ends(0);
    }
    sandbox.assert_well_behaved();
}

/// Mutants: a slip in a role is found by `check` alone; one of two roles keeps the other from its doors.
#[test]
fn a_role_that_is_not_there_is_told() {
    let sandbox = club(1, Tls::Off);
    let said = run(&sandbox, &flags(&sandbox), &["--role", "99999", "--yes"]).ends(78);
    let text = "nothing there has the id 99999";
    assert!(said.stdout.contains(text) && said.stdout.contains("3126 Gym"), "{}", said.stdout);
    let sandbox = club(1, Tls::Off);
    let both = ["--role", "99999", "--role", "3126", "--yes"];
    let said = run(&sandbox, &flags(&sandbox), &both).ends(0);
    assert!(said.stdout.contains(text), "{}", said.stdout);
}

/// Mutants: the first password goes to every door; a file too few is found when a door has refused the login.
#[test]
fn each_door_can_have_a_password_of_its_own() {
    let sandbox = club(2, Tls::Off);
    sandbox.club.devices[1].set_password("Door-secret-2");
    private(&sandbox.path("door2.txt"), "Door-secret-2\n");
    let two = ["--door-password-file", "door2.txt", "--role", "3126"];
    run(&sandbox, &flags(&sandbox), &two).ends(0);
    let text = config(&sandbox);
    assert!(text.contains("\"door.txt\"") && text.contains("\"door2.txt\""), "{text}");
    let three = ["--door-password-file", "door2.txt", "--door-password-file", "door.txt"];
    let sandbox = club(2, Tls::Off);
    let said = run(&sandbox, &flags(&sandbox), &three).ends(64);
    assert!(said.stderr.contains("neither once nor once for each"), "{}", said.stderr);
    let twice = format!("door1={}", sandbox.club.devices[0].url());
    let said = run(&sandbox, &flags(&sandbox), &["--door", &twice]).ends(64);
    assert!(said.stderr.contains("door1 is the name of two doors"), "{}", said.stderr);
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let sandbox = club(1, Tls::Off);
    let said = run(&sandbox, &flags(&sandbox), &["--role", "3126", "--folder", "nowhere"]).ends(7);
    assert!(said.stderr.contains("hint: make its folder first"), "{}", said.stderr);
}

#[test]
fn quiet_says_nothing_where_all_is_well() {
    let sandbox = club(1, Tls::Off);
    let said = run(&sandbox, &flags(&sandbox), &["--role", "3126", "-q"]).ends(0);
    assert_eq!((said.stdout, said.stderr), (String::new(), String::new()));
    assert!(config(&sandbox).contains("roles = [3126]"));
}

#[test]
fn without_consent_no_certificate_is_pinned() {
    let sandbox = club(1, Tls::SelfSigned);
    let made = run(&sandbox, &flags(&sandbox), &[]).ends(5);
    let pin = sandbox.club.devices[0].certificate_sha256().unwrap();
    assert!(made.stdout.contains(&format!("its certificate is sha256:{pin}")), "{}", made.stdout);
    assert!(made.stdout.contains("compare it with what a browser shows"), "{}", made.stdout);
    assert!(!config(&sandbox).contains("\ntls = "), "{}", config(&sandbox));
    assert_eq!(
        sandbox.club.devices[0].requests().len(),
        0,
        "nothing was sent to nobody knows whom"
    );
    sandbox.assert_well_behaved();
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let told = said(binary(folder.path()).args(["init", "--time-zone", "UTC"])).ends(64);
    let flags =
        "--organisation, --username, --password-file, --door, --door-password-file, --persons";
    assert!(told.stderr.contains(&format!("{flags} are missing")), "{}", told.stderr);
    for (flag, value) in [
        ("--time-zone", "Middle-earth/Mordor"),
        ("--organisation", "many"),
        ("--url", "ftp://x"),
        ("--door", "d=nowhere"),
        ("--door", "ü=http://127.0.0.1:1"),
        ("--persons", "a\tb"),
    ] {
        let words = ["init", "--time-zone=UTC", "--password-file=x", "--door-password-file=x"];
        let words = words.into_iter().filter(|word| !word.starts_with(flag));
        let told = said(binary(folder.path()).args(words).args([flag, value])).ends(64);
        assert!(told.stderr.contains(flag), "{flag} {value}: {}", told.stderr);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_refused_login_is_said_and_not_tried_again() {
    let sandbox = club(2, Tls::SelfSigned);
    sandbox.club.devices[0].set_password("another");
    let made = run(&sandbox, &flags(&sandbox), &["--yes", "--json"]).ends(12);
    assert_eq!(logins(&sandbox, 0), 1, "door logins lock");
    let document = made.json();
    assert_eq!((&document["command"], &document["exit_code"]), (&"init".into(), &12.into()));
    let failed =
        document["findings"].as_array().unwrap().iter().find(|one| one["verdict"] == "failed");
    let failed = failed.unwrap();
    assert_eq!(failed["about"], "door1");
    assert!(failed["text"].as_str().unwrap().contains("refused the login"), "{failed}");
    assert_eq!(document["roles"][0], serde_json::json!({"id": 3126, "name": "Gym"}));
    let path = sandbox.folder.path().canonicalize().unwrap().join("ivms-sync.toml");
    assert_eq!(document["files"], serde_json::json!([path.to_str().unwrap()]));
    assert!(config(&sandbox).contains("[hikvision.door1]"));
}

#[test]
fn a_door_that_is_off_does_not_keep_it_from_writing() {
    let sandbox = club(2, Tls::Off);
    sandbox.club.devices[1].go_offline();
    let made = run(&sandbox, &flags(&sandbox), &["--yes"]).ends(3);
    assert!(made.stdout.contains("Not everything worked"), "{}", made.stdout);
    assert!(config(&sandbox).contains("[hikvision.door2]"));
    assert!(!config(&sandbox).contains("tls"), "{}", config(&sandbox));
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = club(1, Tls::Off);
    std::fs::write(sandbox.path("ivms-sync.toml"), "mine").unwrap();
    let before = files(&sandbox);
    let told = run(&sandbox, &flags(&sandbox), &["--yes"]).ends(4);
    assert!(told.stderr.contains("ivms-sync.toml is there already"), "{}", told.stderr);
    assert_eq!(files(&sandbox), before);
    assert!(sandbox.club.devices[0].requests().is_empty(), "nobody was asked");
    // A folder of its own, and a file of another name.
    std::fs::create_dir(sandbox.path("a 'new' folder")).unwrap();
    let more = ["--yes", "--folder", "a 'new' folder", "--config", "club.toml"];
    let made = run(&sandbox, &flags(&sandbox), &more).ends(0);
    assert!(sandbox.path("a 'new' folder/club.toml").exists(), "{}", made.stdout);
    #[cfg(unix)]
    {
        let (_, next) = made.stdout.split_once("\nNext:\n").unwrap();
        let line = next.lines().next().unwrap().trim().replacen("ivms-sync", "\"$0\"", 1);
        let program = env!("CARGO_BIN_EXE_ivms-sync");
        sandbox.club.begin_run();
        let mut shell = assert_cmd::Command::new("sh");
        said(shell.env_clear().args(["-c", &line, program])).ends(0);
    }
}

#[test]
fn what_cannot_be_loaded_is_not_written() {
    let sandbox = club(2, Tls::Off);
    let before = files(&sandbox);
    // Two doors at one address.
    let door = format!("twin={}", sandbox.club.devices[0].url());
    let told = run(&sandbox, &flags(&sandbox), &["--yes", "--door", &door]).ends(78);
    assert!(told.stderr.contains("twin"), "{}", told.stderr);
    assert_eq!(files(&sandbox), before);
}

#[cfg(unix)]
mod on_a_terminal {
    use std::io::{Read, Write};
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::*;
    use crate::terminal::LIMITED;

    /// Somebody at a terminal, which `script` makes.
    struct Person {
        child: Child,
        out: ChildStdout,
        /// What came and was not looked at.
        unread: Vec<u8>,
        seen: String,
    }

    impl Person {
        /// None where there is no `script`.
        fn types(sandbox: &Sandbox, line: &str) -> Option<Self> {
            sandbox.club.begin_run();
            let program = env!("CARGO_BIN_EXE_ivms-sync");
            // What the terminal is left like is told as well.
            let command = format!("{LIMITED} '{program}' {line}; code=$?; stty -a; exit $code");
            let child = Command::new("script")
                .args(["-q", "-e", "-c", &command, "/dev/null"])
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap())
                .env("SHELL", "/bin/sh")
                .current_dir(sandbox.folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            let Ok(mut child) = child else {
                eprintln!("script is not installed: nothing was tried on a terminal");
                return None;
            };
            let out = child.stdout.take().unwrap();
            Some(Self { child, out, unread: Vec::new(), seen: String::new() })
        }

        /// Reads until a question is asked, and answers it.
        #[track_caller]
        fn answers(&mut self, question: &str, answer: &str) -> &mut Self {
            let mut chunk = [0; 1024];
            // What came together with it is kept: the next question may be part of that.
            let end = loop {
                let mut windows = self.unread.windows(question.len());
                if let Some(at) = windows.position(|window| window == question.as_bytes()) {
                    break at + question.len();
                }
                let count = self.out.read(&mut chunk).unwrap_or(0);
                let unread = String::from_utf8_lossy(&self.unread);
                assert!(count > 0, "{question:?} was not asked:\n{}{unread}", self.seen);
                self.unread.extend(&chunk[..count]);
            };
            let asked: Vec<u8> = self.unread.drain(..end).collect();
            self.seen.push_str(&String::from_utf8_lossy(&asked));
            // The question stands there a moment before the terminal hides what is typed.
            std::thread::sleep(std::time::Duration::from_millis(100));
            self.child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
            self
        }

        /// All that was seen, and the code.
        fn leaves(mut self) -> (String, i32) {
            let _ = self.out.read_to_end(&mut self.unread);
            let seen = self.seen + &String::from_utf8_lossy(&self.unread);
            (seen, self.child.wait().unwrap().code().unwrap_or(-1))
        }
    }

    #[test]
    fn everything_is_asked_one_after_the_other() {
        let sandbox = club(1, Tls::SelfSigned);
        for name in ["card.txt", "door.txt"] {
            std::fs::remove_file(sandbox.path(name)).unwrap();
        }
        let Some(mut person) = Person::types(&sandbox, "init --time-zone Europe/Ljubljana") else {
            return;
        };
        let door = &sandbox.club.devices[0];
        person
            .answers("API [https://", "ftp://nowhere\n")
            .answers("API [https://", &format!("{}\n", sandbox.club.cardskipper.url()))
            .answers("Number of your organisation: ", "one hundred\n")
            .answers("Number of your organisation: ", "123\n")
            .answers("Login for", "api@club.example\n")
            // It would be read without the blank.
            .answers("password: ", "Card-secret-1 \n")
            .answers("begins or ends with a blank", "")
            .answers("password: ", "Card-secret-1\n")
            .answers("first door [front-door]: ", "\n")
            .answers("in a browser: ", &format!("{}\n", door.url()))
            .answers("Its login [admin]: ", "\n")
            .answers("password of that login: ", "Door-secret-1\n")
            .answers("nothing for no more: ", "\n")
            .answers("The list of persons", "persons.csv\n")
            .answers("Pin it? [y/N]: ", "y\n")
            .answers("nothing for every role: ", "1\n")
            .answers("nothing for every role: ", "3126\n");
        let (seen, code) = person.leaves();
        assert_eq!(code, 0, "{seen}");
        assert!(!seen.contains("ecret-1"), "no password is shown: {seen}");
        assert!(seen.contains("3126 Gym"), "{seen}");
        let text = config(&sandbox);
        let pin = format!("\ntls = \"sha256:{}\"\n", door.certificate_sha256().unwrap());
        assert!(text.contains(&pin) && text.contains("\nroles = [3126]\n"), "{text}");
        for (name, password) in [
            ("cardskipper-password.txt", "Card-secret-1\n"),
            ("front-door-password.txt", "Door-secret-1\n"),
        ] {
            use std::os::unix::fs::PermissionsExt;
            let path = sandbox.path(name);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), password);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        sandbox.club.begin_run();
        let checked = said(binary(sandbox.folder.path()).arg("check")).ends(0);
        assert!(checked.stdout.contains("Ready to run."), "{}", checked.stdout);
        sandbox.assert_well_behaved();
    }

    #[test]
    fn interrupted_it_writes_nothing_and_leaves_the_terminal_as_it_was() {
        let sandbox = club(1, Tls::Off);
        std::fs::remove_file(sandbox.path("card.txt")).unwrap();
        let before = files(&sandbox);
        let url = sandbox.club.cardskipper.url();
        let line = format!("init --yes --time-zone UTC --url {url} --organisation 1 --username x");
        for first_answer in ["\u{3}", "half a pass\u{3}", "\u{4}"] {
            let Some(mut person) = Person::types(&sandbox, &line) else { return };
            person.answers("password: ", first_answer);
            let (seen, code) = person.leaves();
            assert_eq!(code, if first_answer == "\u{4}" { 64 } else { 130 }, "{seen}");
            assert!(seen.contains(" echo ") && seen.contains("\nisig "), "{seen}");
        }
        let Some(mut person) = Person::types(&sandbox, "init --yes") else { return };
        person.answers("organisation: ", "\u{3}");
        let (seen, code) = person.leaves();
        assert_eq!(code, 130, "{seen}");
        assert_eq!(files(&sandbox), before);
        assert!(sandbox.club.devices[0].requests().is_empty());
    }

    #[test]
    fn a_password_file_that_is_there_is_not_overwritten() {
        let sandbox = club(1, Tls::Off);
        private(&sandbox.path("door1-password.txt"), "mine");
        let before = files(&sandbox);
        let words = flags(&sandbox).into_iter();
        let words = words.filter(|word| word != "--door-password-file" && word != "door.txt");
        let line = words.collect::<Vec<_>>().join(" ");
        let Some(mut person) = Person::types(&sandbox, &format!("{line} --yes")) else { return };
        person.answers("password of that login: ", "typed\n");
        let (seen, code) = person.leaves();
        assert_eq!(code, 4, "{seen}");
        assert!(seen.contains("door1-password.txt is there already"), "{seen}");
        assert_eq!(files(&sandbox), before);
    }
}
