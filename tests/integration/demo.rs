//! The demo is played to its end, by the real program, and nothing in it is other than told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;

use super::support::said;

/// The folder of this build: `target/debug`, say.
pub fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

/// `cargo run` (or `build`) of an example in the profile of this test; cargo builds the example when
/// `cargo test --test integration` has not.
pub fn cargo(verb: &str, example: &str) -> Command {
    let profile = profile_folder();
    let name = profile.file_name().unwrap().to_str().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command
        .args([verb, "--quiet", "--example", example])
        .args(["--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(profile.parent().unwrap())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .timeout(Duration::from_secs(600));
    // What cargo told this test about itself would look like a change to build scripts.
    for (name, _) in std::env::vars_os() {
        let text = name.to_str().unwrap_or_default();
        if text.starts_with("CARGO_PKG") || text.starts_with("CARGO_MAN") {
            command.env_remove(name);
        }
    }
    command
}

/// The demo, with this program.
pub fn demo(binary: &str) -> Command {
    let mut command = cargo("run", "demo");
    command.args(["--", "--binary", binary]);
    command
}

#[test]
fn the_demo_goes_as_told() {
    let said = said(&mut demo(env!("CARGO_BIN_EXE_ivms-sync")));
    assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
    let mut rest = said.stdout.as_str();
    for line in [
        "\n13 steps, within a minute: ",
        "\n   1  A first look: what would be changed? ",
        "\n  13  Did the program ever do what a client must not? ",
        "\nAll 13 steps went as told (39 checks).\n",
        "\n1. A first look: what would be changed?\n",
        "\n$ ivms-sync diff\n",
        "\n  150005  1005    front-door, gym-door ",
        "\n$ ivms-sync sync\n",
        "\n  150005  1005    front-door, gym-door ",
        "\n$ ivms-sync sync\n(nothing is printed)\n[exit code 0: all is well]\n",
        "\n$ ivms-sync lookup ",
        "\ngym-door: opens now\n",
        "\n$ ivms-sync sync --full\n(nothing is printed)\n",
        "\nerror: gym-door: ",
        "\n[exit code 3: ",
        "\n$ ivms-sync diff --out plan.json\n",
        "\n$ ivms-sync apply plan.json\n",
        "\nerror: gym-door: ",
        "\n[exit code 12: ",
        "\n(nothing is printed)\n[exit code 12: ",
        "\nNobody loses a door on the word of one listing: ",
        "\n$ ivms-sync sync\n(nothing is printed)\n[exit code 0: ",
        "\nThe next tick hears the same. ",
        "\nerror: front-door: ",
        "ivms-sync apply --blocked ",
        "\n[exit code 4: ",
        "\nerror: club: ",
        "\n[exit code 4: ",
        "anna@exmaple.se",
        "\n[exit code 20: ",
        "\n  checked: the list is empty\n",
        "\nAll 13 steps went as told (39 checks).\n",
    ] {
        let found = rest.find(line).unwrap_or_else(|| panic!("{line:?} is not in\n{rest}"));
        rest = &rest[found + line.len() - 1..];
    }
    assert_eq!(said.stderr, "", "the demo speaks on stdout");
    assert!(!said.stdout.contains("NOT AS TOLD"));
    assert!(!said.stdout.contains("-secret-"), "no password is shown");
    assert!(!said.stdout.contains('\u{1b}'), "colours are for terminals");
    // What the program says at every run stands there once.
    let told = "\n1 member left out: no e-mail in the membership system\n";
    assert_eq!(said.stdout.matches(told).count(), 1, "{}", said.stdout);
}

#[test]
fn the_demo_ends_with_1_when_something_is_not_as_told() {
    // Any program that knows none of the commands will do.
    let said = said(demo(env!("CARGO")).env("CLICOLOR_FORCE", "1"));
    assert_eq!(said.code, 1, "{}\n{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("Not as told, "), "{}", said.stdout);
    assert!(said.stdout.contains("\n  step 2: both doors open for member 150005"));
    assert!(said.stdout.contains("\u{1b}[31mNOT AS TOLD"), "{}", said.stdout);
}

#[test]
fn the_town_goes_as_told() {
    let mut command = demo(env!("CARGO_BIN_EXE_ivms-sync"));
    command.arg("--town");
    let said = said(&mut command);
    assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
    let mut rest = said.stdout.as_str();
    for line in [
        "\n17 steps, within a minute: ",
        "\n  17  Did the program ever do what a client must not? ",
        "\nAll 17 steps went as told ",
        "\n$ ivms-sync diff\n",
        "\n$ ivms-sync sync\n",
        "Gate barrier: opens; ",
        "\n[exit code 20: ",
        "\n[exit code 22: ",
        "\nplate,state,zone,from,until,source,permit\n",
        "\n$ ivms-sync sync\n(nothing is printed)\n",
        "\n[exit code 4: ",
        "2 citations to hand over, 50.00 EUR: ticket_3, ticket_4",
        "\n$ ivms-sync apply collect.json\n",
        "\n[exit code 4: ",
        "1 citation to take back",
        "\n$ ivms-sync apply collect.json\n",
    ] {
        let found = rest.find(line).unwrap_or_else(|| panic!("{line:?} is not in\n{rest}"));
        rest = &rest[found + line.len() - 1..];
    }
    assert!(!said.stdout.contains("NOT AS TOLD") && !said.stdout.contains("-secret-"));
    // Nowhere but in the answer to whoever asked for just that car, and in the list.
    assert_eq!(said.stdout.matches("LJAA119").count(), 0, "{}", said.stdout);
}
