//! The files in `cron/` do what they say: the crontab lines run as they stand, here and in the README and
//! the help; the units, the task and the manifest hold what their comments promise.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use yaml_rust2::{Yaml, YamlLoader};

use super::readme::{blocks, blocks_of, topic};
use super::support::said;

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cron").join(name)
}

fn text_of(name: &str) -> String {
    fs::read_to_string(path_of(name)).unwrap()
}

#[test]
fn each_file_opens_with_how_to_install_it_and_what_exit_codes_mean() {
    for name in [
        "ivms-sync.crontab",
        "ivms-sync.service",
        "ivms-sync.timer",
        "ivms-sync@.service",
        "ivms-sync@.timer",
        "ivms-sync-task.xml",
        "ivms-sync-cronjob.yaml",
        "ivms-sync-clubs-cronjob.yaml",
    ] {
        let text = text_of(name);
        let head: String = text.lines().take(60).collect::<Vec<_>>().join("\n").to_lowercase();
        assert!(head.contains("ivms-sync"), "{name}");
        assert!(head.contains("install"), "{name}: how to install");
        assert!(head.contains("exit codes"), "{name}: exit codes");
        assert!(head.contains('3') && head.contains('5') && head.contains('8'), "{name}: retries");
        assert!(text.is_ascii(), "{name}: survives every editor and code page");
    }
}

// The crontab

/// A crontab read by cron's own rules: settings, then lines of five time fields and a command.
struct Crontab {
    settings: BTreeMap<String, String>,
    /// The five fields, and the command as `sh -c` gets it.
    jobs: Vec<(Vec<String>, String)>,
}

fn crontab() -> Crontab {
    read_crontab(&text_of("ivms-sync.crontab"))
}

fn read_crontab(text: &str) -> Crontab {
    let mut found = Crontab { settings: BTreeMap::new(), jobs: Vec::new() };
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line.split(['=', ' ', '\t']).next().unwrap();
        let is_setting = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && line[name.len()..].trim_start().starts_with('=');
        if is_setting {
            let value = line[name.len()..].trim_start().trim_start_matches('=').trim();
            found.settings.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let mut rest = line;
        let mut fields = Vec::new();
        for _ in 0..5 {
            let (field, after) = rest.split_once([' ', '\t']).unwrap();
            fields.push(field.to_owned());
            rest = after.trim_start();
        }
        found.jobs.push((fields, before_percent(rest)));
    }
    found
}

/// cron ends the command at the first `%` that has no backslash before it; the rest is its input.
fn before_percent(text: &str) -> String {
    let mut command = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'%') => {
                command.extend(chars.next());
            }
            '%' => break,
            other => command.push(other),
        }
    }
    command
}

#[test]
fn the_crontab_has_one_line_for_every_five_minutes() {
    let crontab = crontab();
    assert_eq!(crontab.jobs.len(), 1);
    let (fields, command) = &crontab.jobs[0];
    assert_eq!(fields, &["*/5", "*", "*", "*", "*"]);
    assert!(!command.contains('>'), "what is printed must reach the mail");
    assert_eq!(crontab.settings["SHELL"], "/bin/sh");
    assert!(crontab.settings["PATH"].split(':').any(|folder| folder == "/usr/local/bin"));
    assert!(Path::new(&crontab.settings["IVMS_SYNC_CONFIG"]).is_absolute());
    assert!(text_of("ivms-sync.crontab").contains("# MAILTO="));
}

/// Runs the command of the crontab line as cron would: by `/bin/sh -c`, with cron's few variables
/// and those of the crontab, except that `bin` comes first on the path and `config` is the
/// configuration.
#[cfg(unix)]
fn run_crontab_line(bin: &Path, config: &Path, home: &Path) -> std::process::Output {
    let crontab = crontab();
    let path = format!("{}:{}", bin.display(), crontab.settings["PATH"]);
    Command::new(&crontab.settings["SHELL"])
        .arg("-c")
        .arg(&crontab.jobs[0].1)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("LOGNAME", "ivms-sync")
        .envs(&crontab.settings)
        .env("PATH", path)
        .env("IVMS_SYNC_CONFIG", config)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn the_crontab_line_hands_over_the_command_the_configuration_and_the_exit_code() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let stub = folder.path().join("ivms-sync");
    let script = "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\" >>arguments; done\nenv >environment\nexit 5\n";
    fs::write(&stub, script).unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    let config = folder.path().join("a config.toml");

    let output = run_crontab_line(folder.path(), &config, folder.path());

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert_eq!((output.stdout.len(), said.as_str()), (0, ""), "the line itself prints nothing");
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    assert_eq!(arguments, "sync\n");
    let environment = fs::read_to_string(folder.path().join("environment")).unwrap();
    let wanted = format!("IVMS_SYNC_CONFIG={}", config.display());
    assert!(environment.lines().any(|line| line == wanted), "{environment}");
}

#[cfg(unix)]
#[test]
fn the_crontab_line_runs_the_real_program() {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ivms-sync"), bin.join("ivms-sync")).unwrap();
    let config = folder.path().join("ivms-sync.toml");
    fs::write(&config, "no_such_key = true\n").unwrap();

    let output = run_crontab_line(&bin, &config, folder.path());

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("no_such_key"), "cron's mail says what is wrong: {said}");
    assert!(output.stdout.is_empty());
}

/// The command of one line, as `sh -c` gets it.
pub fn job(line: &str) -> String {
    let crontab = read_crontab(line);
    let [(fields, command)] = &crontab.jobs[..] else { panic!("{line}") };
    assert!(fields[0].ends_with("/5") && fields[1..] == ["*", "*", "*", "*"], "{line}");
    command.clone()
}

/// The shell of cron where the crontab sets nothing: its few variables, from the home folder.
#[cfg(unix)]
pub fn bare(home: &Path) -> assert_cmd::Command {
    let mut shell = assert_cmd::Command::new("/bin/sh");
    shell
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("LOGNAME", "anna")
        .env("SHELL", "/bin/sh")
        .env("PATH", "/usr/bin:/bin");
    shell
}

/// The README's line is run by the newcomer.
///
/// Mutants: a line that trusts a path, a working folder or a variable, none of which cron has.
#[test]
fn every_line_for_cron_is_whole() {
    let blocks = blocks("crontab");
    let lines: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
    assert!(lines.len() > 3, "{lines:?}");
    for line in lines {
        let job = job(line).replace('"', "");
        let words: Vec<&str> = job.split(' ').collect();
        let [program, "--config", config, "sync"] = words[..] else { panic!("{line}") };
        for path in [program, config] {
            assert!(path.starts_with('/') || path.starts_with("$HOME/"), "{line}: {path}");
        }
    }
}

/// Two clubs on one computer, with nothing but the paths replaced.
#[cfg(unix)]
#[test]
fn the_lines_for_many_clubs_run_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ivms-sync"), folder.path().join("ivms-sync"))
        .unwrap();
    fs::create_dir(folder.path().join("clubs")).unwrap();
    for club in ["north", "south"] {
        let config = format!("state = {:?}\n{CLUB}", folder.path().join(format!("{club}.db")));
        fs::write(folder.path().join("clubs").join(format!("{club}.toml")), config).unwrap();
    }
    let here = |text: &str| text.replace("/etc/ivms-sync", root).replace("/usr/local/bin", root);
    let many = topic("many-clubs");
    let jobs = blocks_of(&many, "crontab");
    for (line, club) in jobs[0].lines().zip(["north", "south"]) {
        let said = said(bare(folder.path()).args(["-c", &here(&job(line))]));
        // Nobody answers at these addresses: the configuration was found and taken.
        assert_eq!(said.code, 5, "{line}: {said:?}");
        assert!(folder.path().join(format!("{club}.db")).exists(), "{line}: {said:?}");
    }
    let commands = blocks_of(&many, "sh");
    let all = commands.iter().find(|block| block.ends_with("/clubs status")).unwrap();
    let said = said(bare(folder.path()).env("PATH", root).args(["-c", &here(all)]));
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.stdout.starts_with("2 clubs, 2 of them to be looked at.\n"), "{said:?}");
    for club in ["north", "south"] {
        let row = said.stdout.lines().find(|line| line.trim_start().starts_with(club));
        assert!(row.is_some_and(|row| row.contains(" 5 ")), "{said:?}");
    }
    // The units look where the layout says.
    assert!(many.contains("/etc/ivms-sync/clubs/north.toml "));
    assert!(many.contains("ivms-sync@north.timer"));
}

/// The codes that `help trouble` explains: no path, no working folder, no variable.
#[cfg(unix)]
#[test]
fn what_cron_does_not_have_ends_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let club = CLUB.replace("\"Card-secret-1\"", "{ env = \"CARDSKIPPER_PASSWORD\" }");
    fs::create_dir(folder.path().join("club")).unwrap();
    fs::write(folder.path().join("club/ivms-sync.toml"), club).unwrap();
    let program = env!("CARGO_BIN_EXE_ivms-sync");
    let told = topic("trouble");
    for (line, code, reason) in [
        ("ivms-sync sync".to_owned(), 127, "not found"),
        (format!("{program} sync"), 78, "no configuration file"),
        (format!("{program} --config club/ivms-sync.toml sync"), 78, "CARDSKIPPER_PASSWORD"),
    ] {
        let said = said(bare(folder.path()).args(["-c", &line]));
        assert_eq!(said.code, code, "{line}: {said:?}");
        assert!(said.stderr.contains(reason), "{line}: {said:?}");
        assert!(told.contains(&format!("- {code} ")), "{code}");
    }
}

/// Passwords that no file holds, and addresses at which nobody is.
const CLUB: &str = r#"
time_zone = "Europe/Ljubljana"

[cardskipper.club]
url             = "http://127.0.0.1:9"
organisation_id = 123
username        = "api@club.example"
password        = "Card-secret-1"

[hikvision.front-door]
url      = "http://127.0.0.1:9"
username = "admin"
password = "Door-secret-1"
"#;

#[test]
fn percent_signs_end_a_command_as_in_cron() {
    assert_eq!(before_percent("date +\\%F%input"), "date +%F");
    assert_eq!(before_percent("echo a\\b"), "echo a\\b");
}

// The units of systemd

/// The settings of a unit by section; a key that occurs again adds a value.
type Unit = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn unit(name: &str) -> Unit {
    let mut found = Unit::new();
    let mut section = String::new();
    for line in text_of(name).lines() {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = header.to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap();
        assert_ne!(section, "", "{line} stands in no section");
        let keys = found.entry(section.clone()).or_default();
        keys.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    found
}

fn value<'u>(unit: &'u Unit, section: &str, key: &str) -> &'u str {
    match unit.get(section).and_then(|keys| keys.get(key)).map(Vec::as_slice) {
        Some([only]) => only,
        other => panic!("[{section}] {key}= is {other:?}"),
    }
}

#[test]
fn the_service_is_one_tick_that_is_shut_in() {
    let unit = unit("ivms-sync.service");
    let sections: Vec<_> = unit.keys().map(String::as_str).collect();
    assert_eq!(sections, ["Service", "Unit"], "the timer starts it, so it installs nowhere");
    let service = |key| value(&unit, "Service", key);
    assert_eq!(service("Type"), "oneshot");
    assert_eq!(service("ExecStart"), "ivms-sync sync", "in /usr/local/bin or /usr/bin");
    assert_eq!(service("StateDirectory"), "ivms-sync");
    assert_eq!(service("User"), "ivms-sync");
    assert_eq!(service("SuccessExitStatus"), "143", "every failure stays visible");
    assert_eq!(service("TimeoutStartSec"), "10min");
    assert!(!unit["Service"].contains_key("Restart"), "the timer is the retry");
    assert_eq!(service("CapabilityBoundingSet"), "");
    assert_eq!(service("ProtectSystem"), "strict");
    assert_eq!(service("UMask"), "0077");
    for switch in [
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectClock",
        "ProtectKernelTunables",
        "MemoryDenyWriteExecute",
        "LockPersonality",
    ] {
        assert_eq!(service(switch), "yes", "{switch}");
    }
    assert_eq!(
        unit["Service"]["LoadCredential"],
        [
            "cardskipper-password:/etc/ivms-sync/credentials/cardskipper-password",
            "front-door-password:/etc/ivms-sync/credentials/front-door-password",
        ]
    );
    assert_eq!(
        unit["Service"]["Environment"],
        [
            "IVMS_SYNC_CONFIG=/etc/ivms-sync/ivms-sync.toml",
            "IVMS_SYNC__STATE=%S/ivms-sync/ivms-sync.db",
        ]
    );
    assert!(value(&unit, "Unit", "After").contains("network-online.target"));
    assert_eq!(value(&unit, "Unit", "Wants"), "network-online.target");
    assert_eq!(
        value(&unit, "Unit", "ConditionPathExists"),
        "/etc/ivms-sync/ivms-sync.toml",
        "a machine that is not configured is no failure"
    );
}

#[test]
fn the_timer_ticks_every_five_minutes() {
    let unit = unit("ivms-sync.timer");
    assert_eq!(value(&unit, "Timer", "OnCalendar"), "*:0/5");
    assert_eq!(value(&unit, "Timer", "RandomizedDelaySec"), "30s");
    assert_eq!(value(&unit, "Timer", "Persistent"), "yes");
    assert_eq!(value(&unit, "Install", "WantedBy"), "timers.target");
}

/// The template differs from the service of one club in which club it is, and in nothing that shuts it in.
///
/// Mutants: clubs that share a configuration; a switch that the template lost; forty clubs at the same second.
#[test]
fn the_template_runs_each_club_as_the_service_runs_one() {
    let (mut one, mut many) = (unit("ivms-sync.service"), unit("ivms-sync@.service"));
    assert_eq!(
        many["Service"]["Environment"],
        ["IVMS_SYNC_CONFIG=/etc/ivms-sync/clubs/%i.toml"],
        "the state file is the configuration's to name: `status` reads all of them"
    );
    assert_eq!(value(&many, "Unit", "ConditionPathExists"), "/etc/ivms-sync/clubs/%i.toml");
    assert!(value(&many, "Unit", "Description").ends_with("(%i)"));
    for unit in [&mut one, &mut many] {
        let service = unit.get_mut("Service").unwrap();
        service.retain(|key, _| key != "Environment" && key != "LoadCredential");
        let unit = unit.get_mut("Unit").unwrap();
        unit.retain(|key, _| key != "Description" && key != "ConditionPathExists");
    }
    assert_eq!(one, many);
    let timer = unit("ivms-sync@.timer");
    assert_eq!(value(&timer, "Timer", "OnCalendar"), "*:0/5");
    assert_eq!(value(&timer, "Timer", "RandomizedDelaySec"), "4min");
    assert_eq!(value(&timer, "Timer", "FixedRandomDelay"), "yes");
    assert_eq!(value(&timer, "Install", "WantedBy"), "timers.target");
}

/// `systemd-analyze verify` also asks whether the program exists, so the copy it is shown names the
/// program under test; nothing else is changed.
#[test]
#[expect(clippy::print_stderr, reason = "says that a check was left out")]
fn systemd_finds_nothing_wrong_with_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("systemd-analyze is not installed: the units were not verified");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("systemd-analyze");
    command.arg("verify");
    for name in ["ivms-sync.service", "ivms-sync.timer", "ivms-sync@.service", "ivms-sync@.timer"] {
        let text = text_of(name).replace(
            "ExecStart=ivms-sync ",
            concat!("ExecStart=", env!("CARGO_BIN_EXE_ivms-sync"), " "),
        );
        let copy = folder.path().join(name.replace('@', "@north"));
        fs::write(&copy, text).unwrap();
        command.arg(copy);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let ours: Vec<_> = said.lines().filter(|line| line.contains("ivms-sync")).collect();
    assert_eq!(ours, [""; 0]);
}

/// From 0, shut in, to 10, open: what systemd itself makes of the service. Root without any limits has
/// 9.6.
#[test]
#[expect(clippy::print_stderr, reason = "says that a check was left out")]
fn systemd_finds_the_service_shut_in() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("ivms-sync.service");
    fs::write(&copy, text_of("ivms-sync.service")).unwrap();
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=15"])
        .arg(&copy)
        .output();
    let Ok(output) = output else {
        eprintln!("systemd-analyze is not installed: the exposure was not looked at");
        return;
    };
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if said[1].contains("unrecognized option") {
        eprintln!("this systemd-analyze is too old: the exposure was not looked at");
        return;
    }
    // The threshold is in tenths.
    assert!(output.status.success(), "more than 1.5: {said:?}");
    assert!(said[0].contains("Overall exposure level"), "{said:?}");
}

#[test]
fn the_user_of_the_service_is_the_one_that_is_made() {
    let text = text_of("ivms-sync.sysusers");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    assert!(line.starts_with("u ivms-sync - "), "{line}");
    assert!(line.ends_with(" /var/lib/ivms-sync"), "{line}");
    let script = text_of("debian/postinst");
    for path in ["/etc/ivms-sync", "/etc/ivms-sync/clubs", "/etc/ivms-sync/credentials"] {
        assert!(script.lines().any(|line| line.ends_with(path)), "{path}");
    }
    let packers = script.find("\n#DEBHELPER#\n").expect("where the packer makes the user");
    assert!(script.find("install -d").is_some_and(|at| at > packers), "the user comes first");
}

// The task of Windows

#[test]
fn the_task_has_what_windows_asks_for() {
    let text = text_of("ivms-sync-task.xml");
    assert!(
        text.starts_with("<?xml version=\"1.0\"?>"),
        "a declared encoding would be wrong either for schtasks or for Register-ScheduledTask"
    );
    let document = roxmltree::Document::parse(&text).unwrap();
    let task = document.root_element();
    let namespace = "http://schemas.microsoft.com/windows/2004/02/mit/task";
    assert!(task.has_tag_name((namespace, "Task")));
    assert_eq!(task.attribute("version"), Some("1.2"));
    assert!(
        task.descendants()
            .filter(roxmltree::Node::is_element)
            .all(|element| { element.tag_name().namespace() == Some(namespace) })
    );
    let at = |path: &str| {
        let mut node = task;
        for name in path.split('/') {
            let found = node.children().filter(|child| child.has_tag_name((namespace, name)));
            let found: Vec<_> = found.collect();
            assert_eq!(found.len(), 1, "{path}");
            node = found[0];
        }
        node
    };
    for (path, wanted) in [
        ("Triggers/TimeTrigger/Repetition/Interval", "PT5M"),
        ("Triggers/TimeTrigger/Enabled", "true"),
        ("Principals/Principal/UserId", "S-1-5-19"),
        ("Principals/Principal/RunLevel", "LeastPrivilege"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/ExecutionTimeLimit", "PT10M"),
        ("Settings/StartWhenAvailable", "true"),
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/Enabled", "true"),
        ("Actions/Exec/Arguments", "--config C:\\ProgramData\\ivms-sync\\ivms-sync.toml sync"),
    ] {
        assert_eq!(at(path).text(), Some(wanted), "{path}");
    }
    let repetition = at("Triggers/TimeTrigger/Repetition");
    let has_duration =
        repetition.children().any(|child| child.has_tag_name((namespace, "Duration")));
    assert!(!has_duration, "without a duration it repeats for ever");
    assert!(at("Actions/Exec/Command").text().is_some_and(|c| c.ends_with("\\ivms-sync.exe")));
    assert_eq!(at("Actions").attribute("Context"), at("Principals/Principal").attribute("id"));
}

/// Mutants: a right for everybody; the desk may write where the configuration and the passwords are; a folder
/// that keeps what `ProgramData` lets everybody do.
#[test]
fn the_access_lists_of_windows_let_in_whom_they_name() {
    let text = text_of("ivms-sync-task.xml");
    let lists: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.starts_with("icacls ")).collect();
    assert_eq!(lists.len(), 6, "{lists:?}");
    let known = ["*S-1-5-19", "*S-1-5-18", "*S-1-5-32-544", "ivms-sync-desk"];
    let mut closed = Vec::new();
    for list in &lists {
        let words: Vec<&str> = list.split(' ').collect();
        let folder = words[1];
        if words.contains(&"/inheritance:r") {
            assert!(words.contains(&"/grant:r"), "{list}");
            closed.push(folder);
        }
        assert!(
            closed.iter().any(|one| folder.starts_with(one)),
            "closed before it is opened: {list}"
        );
        let grants = words.iter().skip_while(|word| !word.starts_with("/grant")).skip(1);
        for grant in grants {
            let (who, rights) = grant.split_once(':').unwrap();
            assert!(known.contains(&who), "{list}");
            let is_trusted = matches!(who, "*S-1-5-18" | "*S-1-5-32-544");
            let wanted = match folder {
                _ if is_trusted => "(OI)(CI)F",
                "C:\\ProgramData\\ivms-sync" => "(OI)(CI)RX",
                "C:\\ProgramData\\ivms-sync\\state" => "(OI)(CI)M",
                "C:\\ProgramData\\ivms-sync-links" if who == "*S-1-5-19" => "(OI)(CI)RX",
                "C:\\ProgramData\\ivms-sync-links" => "(OI)(CI)M",
                _ => panic!("{list}"),
            };
            assert_eq!(rights, wanted, "{list}");
        }
    }
    assert_eq!(closed, ["C:\\ProgramData\\ivms-sync", "C:\\ProgramData\\ivms-sync-links"]);
}

// The manifest of Kubernetes

#[test]
fn the_manifest_has_what_kubernetes_asks_for() {
    let documents = YamlLoader::load_from_str(&text_of("ivms-sync-cronjob.yaml")).unwrap();
    let kinds: Vec<_> = documents.iter().filter_map(|document| document["kind"].as_str()).collect();
    assert_eq!(kinds, ["PersistentVolumeClaim", "ConfigMap", "CronJob"]);

    let job = &documents[2];
    assert_eq!(job["apiVersion"].as_str(), Some("batch/v1"));
    let spec = &job["spec"];
    assert_eq!(spec["schedule"].as_str(), Some("*/5 * * * *"));
    assert_eq!(spec["concurrencyPolicy"].as_str(), Some("Forbid"));
    let run = &spec["jobTemplate"]["spec"];
    assert_eq!(run["backoffLimit"].as_i64(), Some(0));
    assert_eq!(run["activeDeadlineSeconds"].as_i64(), Some(600));
    let pod = &run["template"]["spec"];
    assert_eq!(pod["restartPolicy"].as_str(), Some("Never"));
    assert_eq!(pod["automountServiceAccountToken"].as_bool(), Some(false));
    assert_eq!(pod["securityContext"]["runAsNonRoot"].as_bool(), Some(true));
    let container = &pod["containers"][0];
    let words: Vec<_> = container["command"].as_vec().unwrap().iter().map(Yaml::as_str).collect();
    assert_eq!(words, [Some("ivms-sync"), Some("sync")]);
    let context = &container["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"].as_bool(), Some(true));
    assert_eq!(context["allowPrivilegeEscalation"].as_bool(), Some(false));
    assert_eq!(context["capabilities"]["drop"][0].as_str(), Some("ALL"));
}

#[test]
fn the_parts_of_the_manifest_fit_together() {
    let documents = YamlLoader::load_from_str(&text_of("ivms-sync-cronjob.yaml")).unwrap();
    let (claim, map, job) = (&documents[0], &documents[1], &documents[2]);
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];

    let names = |list: &Yaml| {
        let mut names: Vec<_> =
            list.as_vec().unwrap().iter().filter_map(|item| item["name"].as_str()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(names(&pod["volumes"]), names(&container["volumeMounts"]));
    let volume = |name: &str| {
        let volumes = pod["volumes"].as_vec().unwrap();
        volumes.iter().find(|volume| volume["name"].as_str() == Some(name)).unwrap()
    };
    assert_eq!(volume("state")["persistentVolumeClaim"]["claimName"], claim["metadata"]["name"]);
    assert_eq!(volume("config")["configMap"]["name"], map["metadata"]["name"]);

    let variables = container["env"].as_vec().unwrap();
    let config = map["data"]["ivms-sync.toml"].as_str().unwrap();
    for variable in variables.iter().filter(|variable| !variable["valueFrom"].is_badvalue()) {
        let name = variable["name"].as_str().unwrap();
        let key = &variable["valueFrom"]["secretKeyRef"];
        assert_eq!(key["name"].as_str(), Some("ivms-sync-passwords"));
        assert_eq!(key["key"].as_str(), Some(name));
        assert!(config.contains(&format!("{{ env = \"{name}\" }}")), "{name} is used");
    }
    let mounts = container["volumeMounts"].as_vec().unwrap();
    let mounted = |path: &str| {
        let at = |mount: &&Yaml| mount["mountPath"].as_str().is_some_and(|at| path.starts_with(at));
        mounts.iter().any(|mount| at(&mount))
    };
    for path in ["/var/lib/ivms-sync/ivms-sync.db", "/etc/ivms-sync-link/persons.xlsx"] {
        assert!(config.contains(path) && mounted(path), "{path}");
    }
    let config: toml::Table = config.parse().unwrap();
    assert!(config.contains_key("cardskipper") && config.contains_key("hikvision"));
}

/// Mutants: more indexes than configurations; two clubs with one state file; a club whose failure ends the pods
/// of the others; pods on nodes that cannot all have the volume.
#[cfg(unix)]
#[test]
fn the_manifest_for_many_clubs_gives_each_index_a_configuration_of_its_own() {
    let documents = YamlLoader::load_from_str(&text_of("ivms-sync-clubs-cronjob.yaml")).unwrap();
    let kinds: Vec<_> = documents.iter().filter_map(|document| document["kind"].as_str()).collect();
    assert_eq!(kinds, ["PersistentVolumeClaim", "ConfigMap", "CronJob"]);
    let (claim, map, job) = (&documents[0], &documents[1], &documents[2]["spec"]);
    let run = &job["jobTemplate"]["spec"];
    assert_eq!(run["completionMode"].as_str(), Some("Indexed"));
    assert_eq!(run["backoffLimitPerIndex"].as_i64(), Some(0));
    assert!(run["backoffLimit"].is_badvalue(), "it would end the others' pods");
    let configs = map["data"].as_hash().unwrap();
    let clubs = run["completions"].as_i64().unwrap();
    assert_eq!(usize::try_from(clubs).unwrap(), configs.len());

    // But for which club it is, as for one.
    let one = YamlLoader::load_from_str(&text_of("ivms-sync-cronjob.yaml")).unwrap();
    let (one, pod) = (&one[2]["spec"], &run["template"]["spec"]);
    for key in
        ["schedule", "startingDeadlineSeconds", "concurrencyPolicy", "failedJobsHistoryLimit"]
    {
        assert_eq!(job[key], one[key], "{key}");
    }
    let one = &one["jobTemplate"]["spec"]["template"]["spec"];
    for key in ["restartPolicy", "automountServiceAccountToken", "securityContext"] {
        assert_eq!(pod[key], one[key], "{key}");
    }
    let (container, one) = (&pod["containers"][0], &one["containers"][0]);
    for key in ["image", "securityContext", "resources"] {
        assert_eq!(container[key], one[key], "{key}");
    }
    assert!(!pod["nodeSelector"].is_badvalue());
    let words: Vec<_> = container["command"].as_vec().unwrap().iter().map(Yaml::as_str).collect();
    let path = "/etc/ivms-sync/$(JOB_COMPLETION_INDEX).toml";
    assert_eq!(words, [Some("ivms-sync"), Some("--config"), Some(path), Some("sync")]);

    let mount = |name: &str| {
        let mounts = container["volumeMounts"].as_vec().unwrap();
        let found = mounts.iter().find(|mount| mount["name"].as_str() == Some(name)).unwrap();
        format!("{}/", found["mountPath"].as_str().unwrap())
    };
    let volume = |name: &str| {
        let volumes = pod["volumes"].as_vec().unwrap();
        volumes.iter().find(|volume| volume["name"].as_str() == Some(name)).unwrap()
    };
    assert_eq!(volume("state")["persistentVolumeClaim"]["claimName"], claim["metadata"]["name"]);
    assert_eq!(volume("config")["configMap"]["name"], map["metadata"]["name"]);
    assert_eq!(mount("config"), "/etc/ivms-sync/");

    // Each loads, with the files that the secret is made of where it is mounted.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let head = text_of("ivms-sync-clubs-cronjob.yaml");
    for file in
        head.split("--from-file=").skip(1).map(|rest| rest.split_whitespace().next().unwrap())
    {
        fs::write(folder.path().join(file), "secret").unwrap();
    }
    let mut states = std::collections::BTreeSet::new();
    for index in 0..clubs {
        let name = Yaml::String(format!("{index}.toml"));
        let text = configs[&name].as_str().unwrap();
        assert!(text.contains(&mount("secrets")));
        let path = folder.path().join(format!("{index}.toml"));
        fs::write(&path, text.replace(mount("secrets").trim_end_matches('/'), root)).unwrap();
        let environment = ivms_sync::config::Environment::from_pairs([("", ""); 0]);
        let config =
            ivms_sync::config::load(&path, &environment, ivms_sync::connectors::KINDS).unwrap();
        assert!(config.club.is_some());
        assert!(config.link.files.iter().all(|file| file.exists()), "{:?}", config.link.files);
        assert!(config.state.starts_with(mount("state")), "{:?}", config.state);
        assert!(states.insert(config.state), "a state file for each");
    }
}
