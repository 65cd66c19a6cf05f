//! The command line and the configuration.

use std::fs;
use std::process::Stdio;

use crate::support::pinned::START;
use crate::support::{Sandbox, binary, said};

const COMMANDS: [&str; 4] = ["sync", "diff", "apply", "lookup"];

#[test]
fn help_and_version_are_answers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| said(binary(folder.path()).args(arguments));
    for arguments in [&["--help"][..], &["-h"], &["--version"], &["-V"], &["help"]] {
        let said = run(arguments).ends(0);
        assert!(said.stdout.contains("ivms-sync"), "{arguments:?}");
        assert_eq!(said.stderr, "");
    }
    assert_eq!(run(&["--version"]).stdout, concat!("ivms-sync ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in COMMANDS {
        for arguments in [[command, "--help"], ["help", command]] {
            let said = run(&arguments).ends(0);
            let example = format!("Examples:\n  ivms-sync {command}");
            assert!(said.stdout.contains(&example), "{}", said.stdout);
        }
        let overview = run(&["--help"]).stdout;
        assert!(overview.contains(&format!("\n  {command} ")), "{overview}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

/// Own flags first, those of every command under a heading of their own, then an example, then the codes.
/// Mutants: no heading; a code without its meaning; the overview has the codes of one command.
#[test]
fn the_help_of_a_command_tells_its_own_things_first() {
    use ivms_sync::command::CommandName;
    use ivms_sync::exit::Exit;
    let folder = tempfile::tempdir().unwrap();
    for name in CommandName::ALL {
        let help = said(binary(folder.path()).args([name.as_str(), "--help"])).ends(0).stdout;
        let places: Vec<usize> =
            ["\nOptions:\n", "\nOptions of every command:\n", "\nExamples:\n", "\nExit codes"]
                .into_iter()
                .map(|part| help.find(part).unwrap_or_else(|| panic!("{part} in {help}")))
                .collect();
        assert!(places.is_sorted(), "{help}");
        assert!(help[places[1]..].contains("--config <FILE>"), "{help}");
        let (_, codes) = help.split_once("`ivms-sync help exit-codes`:\n").unwrap();
        let codes: Vec<&str> = codes.trim_end().lines().map(str::trim_start).collect();
        let wanted = Exit::of_command(name).iter();
        let wanted: Vec<String> =
            wanted.map(|exit| format!("{}  {}", exit.code(), exit.meaning())).collect();
        assert_eq!(codes, wanted);
        let short = said(binary(folder.path()).args([name.as_str(), "-h"])).ends(0).stdout;
        assert!(short.contains("\nExamples:\n") && !short.contains("\nExit codes"), "{short}");
    }
}

#[test]
fn a_dry_run_is_called_diff() {
    let sandbox = Sandbox::pinned(5, 1);
    for arguments in [["sync", "--dry-run"], ["apply", "--dry-run"]] {
        let said = sandbox.at(START, &arguments).ends(64);
        assert!(said.stderr.contains("`ivms-sync diff` shows what sync would do"), "{said:?}");
    }
    assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
}

/// Mutants: a table, or a warning, although it was not wanted; an error, or an answer, is not said.
#[test]
fn quiet_says_errors_and_what_was_asked_for() {
    let sandbox = Sandbox::pinned(12, 2);
    assert!(sandbox.club.renew(0, "2030-11-01"));
    let quiet = |arguments: &[&str], code| {
        let said = sandbox.at(START, &[&["-q"], arguments].concat()).ends(code);
        assert!(!said.stderr.contains("warning"), "{said:?}");
        said
    };
    for arguments in [&["diff", "--out", "p.json"][..], &["apply", "p.json"], &["sync"], &["check"]]
    {
        let said = quiet(arguments, 0);
        assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""), "{arguments:?}");
    }
    for arguments in [&["lookup", "150001"][..], &["status"], &["history"]] {
        assert!(!quiet(arguments, 0).stdout.is_empty(), "{arguments:?}");
    }
    assert!(quiet(&["diff", "--json"], 0).json()["changes"].is_array());
    sandbox.club.devices[0].set_password("another");
    let said = quiet(&["check"], 12);
    assert!(said.stdout.contains("failed") && !said.stdout.contains("  ok  "), "{said:?}");
}

/// `ivms-sync --help | head -1`: who has read enough is no trouble. Mutant: any error of stdout is a bug.
#[test]
fn a_reader_that_went_away_is_no_trouble() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.at(START, &["sync"]).ends(0);
    for arguments in [
        &["--help"][..],
        &["sync", "--help"],
        &["--version"],
        &["--man"],
        &["--completions", "bash"],
        &["status"],
        &["status", "--json"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = crate::support::program();
        command.args(arguments).env_clear().current_dir(sandbox.folder.path());
        command.envs(sandbox.passwords.iter().cloned()).env("IVMS_SYNC_TEST_NOW", START);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

#[test]
fn a_mistyped_command_line_ends_with_64() {
    let sandbox = Sandbox::pinned(5, 1);
    for arguments in [
        &[][..],
        &["synch"],
        &["sync", "--ful"],
        &["sync", "extra"],
        &["sync", "--accept-shrink", "many"],
        &["sync", "--accept-shrink", "-1"],
        &["sync", "--only"],
        &["diff", "--out"],
        &["apply"],
        &["apply", "plan.json", "--blocked", "3f0c91d2"],
        &["lookup"],
        &["-q", "-v", "sync"],
    ] {
        let said = sandbox.at(START, arguments).ends(64);
        assert_eq!(said.stdout, "", "{arguments:?}");
        assert!(said.stderr.contains("--help"), "{arguments:?}: {}", said.stderr);
    }
    for who in ["", "-", "anna@", "person:", "-5", "1.5", "0", "1e5", "a b@c", "150001 150002"] {
        let only = format!("--only={who}");
        for arguments in [&["sync", &only][..], &["diff", &only], &["lookup", "--", who]] {
            let said = sandbox.at(START, arguments).ends(64);
            assert_eq!(said.stdout, "", "{arguments:?}");
            // A lookup reads `-` from standard input, where nothing is.
            let is_input = arguments.last() == Some(&"-");
            let words = if is_input { "standard input holds no WHO" } else { "e-mail" };
            assert!(said.stderr.contains(words), "says what WHO may be: {}", said.stderr);
        }
    }
    assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
    assert!(sandbox.club.devices[0].requests().is_empty());
    sandbox.assert_well_behaved();
}

#[test]
fn a_bad_configuration_ends_with_78_and_names_every_problem_at_once() {
    let mut sandbox = Sandbox::pinned(5, 1);
    let config = sandbox
        .config()
        .replace("Europe/Ljubljana", "Europe/Lubljana")
        .replace("organisation_id = 123", "organization_id = 123")
        .replace("CARD_PASSWORD", "NO_SUCH_VARIABLE")
        .replace("[policy]", "[policy]\ngrace_days = -1\ninactive = \"stop\"")
        .replace("[guard]", "[guard]\nrevoke_per_tick = \"5\"");
    sandbox.replace_config(Some(config));
    for arguments in [&["sync"][..], &["diff"], &["apply", "x"], &["lookup", "1"]] {
        let said = sandbox.at(START, arguments).ends(78);
        assert_eq!(said.stdout, "");
        for problem in [
            "time_zone",
            "organization_id",
            "organisation_id",
            "NO_SUCH_VARIABLE",
            "grace_days",
            "inactive",
            "revoke_per_tick",
        ] {
            assert!(said.stderr.contains(problem), "{problem}: {}", said.stderr);
        }
        assert!(said.stderr.contains("ivms-sync.toml:1: "), "with its line: {}", said.stderr);
    }
    assert!(!sandbox.state().exists(), "nothing is made before the configuration is right");
    for text in ["", "time_zone = \n", "= 1", "\u{1}"] {
        sandbox.replace_config(Some(text.to_owned()));
        sandbox.at(START, &["sync"]).ends(78);
    }
    let missing = sandbox.at(START, &["--config", "other.toml", "sync"]).ends(78);
    assert!(missing.stderr.contains("other.toml"), "{}", missing.stderr);
    let nowhere = tempfile::tempdir().unwrap();
    let said = said(binary(nowhere.path()).arg("sync")).ends(78);
    assert!(said.stderr.contains("no configuration file; searched"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn a_configuration_is_found_by_flag_and_variable_and_overridden_by_variables() {
    let sandbox = Sandbox::pinned(5, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    sandbox.at(START, &["sync"]).ends(0);
    let config = sandbox.path("ivms-sync.toml");
    let mut flag = binary(elsewhere.path());
    let mut variable = binary(elsewhere.path());
    for command in [&mut flag, &mut variable] {
        command.envs(sandbox.passwords.iter().cloned());
        command.env("IVMS_SYNC_TEST_NOW", START);
    }
    said(flag.arg("--config").arg(&config).arg("diff")).ends(0);
    said(variable.env("IVMS_SYNC_CONFIG", &config).arg("diff")).ends(0);
    let with = |name: &str, value: &str| {
        let mut command = sandbox.command();
        command.env("IVMS_SYNC_TEST_NOW", START).env(name, value);
        said(command.arg("diff"))
    };
    let said = with("IVMS_SYNC__CARDSKIPPER__CLUB__ORGANISATION_ID", "124").ends(12);
    assert!(said.stderr.contains("club: "), "{}", said.stderr);
    let said = with("IVMS_SYNC__NO_SUCH_KEY", "1").ends(78);
    assert!(said.stderr.contains("IVMS_SYNC__NO_SUCH_KEY"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

/// From cron, or for one club of many: a command that names another configuration does the wrong thing.
#[test]
fn commands_that_are_suggested_name_the_configuration_that_was_given() {
    let sandbox = Sandbox::pinned(4, 1);
    sandbox.club.devices[0].remove_person("1002");
    let look = |words: &[&str], code: i32| {
        sandbox.at(START, &[&["--config", "ivms-sync.toml"], words].concat()).ends(code)
    };
    let status = look(&["status"], 0).stdout;
    let (_, rest) = status.split_once("The first one: ivms-sync --config ").unwrap();
    // The whole path, as the program's own platform writes it.
    let (named, _) = rest.split_once(" sync\n").unwrap();
    assert!(named.len() > "ivms-sync.toml".len() && named.ends_with("ivms-sync.toml"), "{named}");
    let wanted = format!("`ivms-sync --config {named} ");
    let check = look(&["check", "--json"], 0).json();
    let mut remedies =
        check["findings"].as_array().unwrap().iter().filter_map(|one| one["remedy"].as_str());
    assert!(remedies.any(|one| one.starts_with(&format!("{wanted}diff` names them"))), "{check:#}");
    let diff = look(&["diff"], 0);
    assert!(diff.stderr.contains(&format!("{wanted}status --unlinked FILE`")), "{}", diff.stderr);
    let plain = sandbox.at(START, &["diff"]).ends(0);
    assert!(!plain.stderr.contains("--config"), "{}", plain.stderr);
}

/// 64 is for what was typed wrongly, and for nothing else. Mutants: a plan that is not there is a mistake in
/// the command line; a full disk is one, or a bug.
#[test]
fn what_is_not_there_and_what_does_not_fit_are_no_mistakes_in_the_command_line() {
    let sandbox = Sandbox::pinned(5, 1);
    for plan in ["missing.json", "."] {
        let said = sandbox.at(START, &["apply", plan]).ends(13);
        assert!(said.stderr.starts_with(&format!("error: the plan {plan} cannot be read: ")));
    }
    let said = sandbox.at(START, &["diff", "--out", "no/such/folder/plan.json"]).ends(7);
    assert!(said.stderr.contains("no/such/folder/plan.json cannot be written: "), "{said:?}");
    #[cfg(target_os = "linux")]
    for arguments in [&["diff", "--json"][..], &["lookup", "150001"], &["check"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = crate::support::program();
        command.args(arguments).env_clear().current_dir(sandbox.folder.path());
        command.envs(sandbox.passwords.iter().cloned()).env("IVMS_SYNC_TEST_NOW", START);
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{arguments:?}: {told}");
        assert!(told.contains("hint: make room on that disk"), "{told}");
    }
}
