//! When a mail comes, and what it says.

use ivms_sync_simulators::club::{employee_no, number};

use super::{club, minute, no_mail, one_mail, tick, words};
use crate::readme::blocks;
use crate::support::{Sandbox, each};

/// Somebody whose membership is over pays again, so that a closed door should open.
fn renew_from_outside(sandbox: &Sandbox, index: usize) {
    let ended = |person: &mut ivms_sync_simulators::hikvision::Person| {
        person.end = "2026-03-01T23:59:59".into();
    };
    for door in &sandbox.club.devices {
        assert!(door.edit_person(&employee_no(index), ended));
    }
    assert!(sandbox.club.renew(index, "2026-03-01"));
}

#[test]
fn a_door_that_is_away_is_told_once_then_daily_and_when_it_is_back() {
    let (sandbox, server) = club(12, 2);
    for index in [4, 9] {
        renew_from_outside(&sandbox, index);
    }
    sandbox.full_at(&minute(1), 0);
    let door = &sandbox.club.devices[0];
    door.go_offline();
    sandbox.club.renew(4, "2027-01-31");
    sandbox.club.renew(9, "2027-01-31");
    sandbox.club.renew(5, "2027-06-30");
    tick(&sandbox, 5, 3);
    tick(&sandbox, 10, 3);
    no_mail(&server);
    tick(&sandbox, 15, 3);
    let mail = one_mail(&server);
    assert_eq!(mail.to, ["owner@club.example", "desk@club.example"]);
    assert_eq!(mail.subject(), "ivms-sync: door1 has not answered for 10 minutes");
    let body = mail.body();
    // `help alarms` shows this very mail.
    let shown = blocks("text").into_iter().find(|block| block.starts_with("Subject: ")).unwrap();
    let here = format!("Subject: {}\n\n{body}", mail.subject());
    let address = door.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let here = here.replace("door1", "front-door").replace(&address, "192.168.1.101");
    assert_eq!(words(&here), words(&shown));
    assert!(body.contains("\n  Command: ivms-sync check\n"), "{body}");
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(mail.header("From").as_deref(), Some("ivms-sync@club.example"));
    assert!(mail.header("Message-ID").unwrap().ends_with("@club.example>"));
    assert_eq!(mail.header("Date").as_deref(), Some("Tue, 10 Mar 2026 10:15:00 +0000"));

    // It stays away: nothing more within the day, then one word.
    for minutes in [20, 60, 600, 1200, 1445] {
        tick(&sandbox, minutes, 3);
    }
    no_mail(&server);
    tick(&sandbox, 1455, 3);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: still: door1 has not answered for 24 hours");
    tick(&sandbox, 1460, 3);
    no_mail(&server);

    door.go_online();
    sandbox.full_at(&minute(1465), 0);
    no_mail(&server);
    tick(&sandbox, 1470, 0);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: over: door1 answers again");
    let want =
        "door1 answers again. The trouble lasted from 2026-03-10 11:05 to\n2026-03-11 11:25.";
    assert!(mail.body().starts_with(want), "{}", mail.body());
    for minutes in [1475, 1480, 1485] {
        tick(&sandbox, minutes, 0);
    }
    no_mail(&server);
    sandbox.assert_well_behaved();
}

#[test]
fn quiet_ticks_and_ticks_with_work_send_nothing() {
    let (sandbox, server) = club(12, 2);
    for round in 1..8 {
        sandbox.club.renew(2, &format!("2027-0{round}-15"));
        tick(&sandbox, 5 * round, 0);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_list_that_shrank_is_told_at_once() {
    let (sandbox, server) = club(12, 1);
    let everybody = sandbox.club.cardskipper.members();
    sandbox.club.cardskipper.set_members(everybody[..6].to_vec());
    tick(&sandbox, 60, 4);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: Cardskipper's list of club is not believed");
    let body = mail.body();
    assert!(body.contains("\n  Command: ivms-sync sync --full --accept-shrink 6\n"), "{body}");
    tick(&sandbox, 65, 4);
    no_mail(&server);
    sandbox.club.cardskipper.set_members(everybody);
    tick(&sandbox, 70, 0);
    no_mail(&server);
    // A tick that asks only for changes does not see the list, so nothing can be said of it yet.
    tick(&sandbox, 75, 0);
    no_mail(&server);
    tick(&sandbox, 130, 0);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: over: Cardskipper's list of club is believed again");
}

/// Catches: told after three ticks, as what may pass by itself; told at every tick.
#[test]
fn who_was_served_and_is_left_out_is_told_at_once() {
    let (sandbox, server) = club(12, 1);
    let gone = employee_no(3);
    assert!(sandbox.club.devices[0].remove_person(&gone));
    tick(&sandbox, 60, 0);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: Members who were served on door1 are left out");
    let number = number(3);
    let body = mail.body();
    assert!(words(&body).contains(&format!("The door is closed for member {number}.")), "{body}");
    assert!(body.contains(&format!("\n  Command: ivms-sync lookup {number}\n")), "{body}");
    tick(&sandbox, 65, 0);
    no_mail(&server);
}

#[test]
fn a_refused_login_is_told_at_once() {
    let (sandbox, server) = club(5, 2);
    sandbox.club.devices[1].set_password("Changed-by-somebody");
    tick(&sandbox, 60, 12);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: door2 refuses the login");
    assert!(
        mail.body().contains("correct the login in the section of door2")
            || mail.body().contains("password"),
        "{}",
        mail.body()
    );
    tick(&sandbox, 65, 12);
    no_mail(&server);
    // The password is put right on the door; `check` by hand tries it, and the ticks go on.
    sandbox.club.devices[1].set_password("Door-secret-1");
    sandbox.at(&minute(66), &["check"]).ends(0);
    tick(&sandbox, 70, 0);
    tick(&sandbox, 75, 0);
    assert_eq!(one_mail(&server).subject(), "ivms-sync: over: door2 takes the login again");
}

#[test]
fn blocked_changes_are_told_with_the_commands_that_approve_them() {
    let (sandbox, server) = club(12, 1);
    (2..5).for_each(|index| assert!(sandbox.club.inactivate(index)));
    // What waits for a second look wants nobody's approval.
    let run = sandbox.sync_at(&minute(3), 0);
    assert_eq!(each(&run, "changes", "blocked_by"), ["second-look"; 3]);
    no_mail(&server);
    let run = sandbox.sync_at(&minute(5), 4);
    let id = run["blocked"].as_str().unwrap();
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: Changes on door1 wait for your approval");
    let body = mail.body();
    let commands =
        format!("\n  Command: ivms-sync diff\n  Command: ivms-sync apply --blocked {id}\n");
    assert!(body.contains(&commands), "{body}");
    sandbox.at(&minute(7), &["apply", "--blocked", id]).ends(0);
    tick(&sandbox, 10, 0);
    tick(&sandbox, 15, 0);
    let mail = one_mail(&server);
    assert_eq!(
        mail.subject(),
        "ivms-sync: over: Nothing on door1 waits for your approval any more"
    );
}

#[test]
fn several_troubles_make_one_mail_with_the_worst_on_top() {
    let (sandbox, server) = club(6, 3);
    sandbox.club.devices[0].go_offline();
    tick(&sandbox, 60, 3);
    sandbox.club.cardskipper.go_offline();
    tick(&sandbox, 65, 3);
    tick(&sandbox, 70, 3);
    assert_eq!(one_mail(&server).subject(), "ivms-sync: door1 has not answered for 10 minutes");
    sandbox.club.devices[2].set_password("Changed-by-somebody");
    let said = sandbox.at(&minute(75), &["sync", "--full"]).ends(12);
    assert!(said.stderr.contains("door3"), "{}", said.stderr);
    let mail = one_mail(&server);
    assert_eq!(mail.subject(), "ivms-sync: door3 refuses the login (and 1 more)");
    let body = mail.body();
    let (login, away) = (body.find("door3 refuses"), body.find("Cardskipper has not answered"));
    assert!(login.is_some() && login < away, "{body}");
    assert!(!body.contains("door1"), "told already: {body}");
}

#[test]
fn a_door_that_comes_and_goes_is_not_told_at_every_turn() {
    let (sandbox, server) = club(5, 2);
    let door = &sandbox.club.devices[0];
    // Away for three ticks, back for three, every two hours for more than a day.
    for number in 0..14 {
        let minutes = 60 + number * 120;
        door.go_offline();
        for more in [0, 5, 10] {
            sandbox.at(&minute(minutes + more), &["sync", "--full"]).ends(3);
        }
        door.go_online();
        for more in [15, 20, 25] {
            sandbox.at(&minute(minutes + more), &["sync", "--full"]).ends(0);
        }
    }
    let subjects: Vec<String> = server.take_mails().iter().map(|mail| mail.subject()).collect();
    assert_eq!(
        subjects,
        [
            "ivms-sync: door1 has not answered for 10 minutes",
            "ivms-sync: over: door1 answers again",
            "ivms-sync: again: door1 has not answered for 10 minutes",
            "ivms-sync: still: door1 has not answered for 24 hours",
        ]
    );
}

#[test]
fn runs_of_a_person_for_one_member_are_no_ticks() {
    let (sandbox, server) = club(5, 1);
    sandbox.club.devices[0].go_offline();
    for number in 0..4 {
        sandbox.at(&minute(60 + number), &["sync", "--only", "150001"]);
    }
    assert_eq!(server.connections(), 0);
}
