//! The story: what happens in the club, and what must come of it.

use std::error::Error;

use ivms_sync_simulators::club::{employee_no, number};

use super::scene::Scene;
use super::stage::{FORGOTTEN, HALF_COPIED, MEMBERS, Stage, WITHOUT_EMAIL};

/// Member number 150004, and so on: places in the club's list.
const RENEWS: usize = 3;
const RENEWS_WHILE_UNPLUGGED: usize = 9;
const RENEWS_FOR_A_PLAN: usize = 12;
const RENEWS_AFTER_THE_PLAN: usize = 13;
const RENEWS_BEHIND_A_WRONG_PASSWORD: usize = 21;
const WRONGLY_IMPORTED: std::ops::Range<usize> = 24..28;

const FRONT_DOOR: usize = 0;
const GYM_DOOR: usize = 1;

/// A story in steps, on a stage.
pub struct Story<S> {
    /// What it shows.
    pub title: &'static str,
    /// How things stand at the beginning.
    pub opening: &'static str,
    /// What happens.
    pub steps: Vec<Step<S>>,
}

/// Plays one step.
pub type Play<S> = fn(&mut S, &mut Scene) -> Result<(), Box<dyn Error>>;

/// One step.
pub struct Step<S> {
    /// What happens, as a heading.
    pub title: &'static str,
    /// Plays it.
    pub play: Play<S>,
}

impl Story<Stage> {
    /// A day on which everything happens.
    pub fn of_a_day() -> Self {
        let step = |title, play| Step { title, play };
        Self {
            title: "ivms-sync in a club with 40 members and two doors",
            opening: "Members pay in Cardskipper; the doors hold a copy of each end date. Until \
                      today somebody\ntyped the dates over by hand. Member 150005 was forgotten on \
                      both doors and member 150018\non one, so two people who have paid stand \
                      outside. Member 150040 has no e-mail.",
            steps: vec![
                step("A first look: what would be changed?", first_look),
                step("The first sync lets in who has paid", first_sync),
                step("A quiet tick says nothing, so cron sends no mail", quiet_tick),
                step("Somebody renews in Cardskipper", renewal),
                step("Why does the door open for this member?", lookup),
                step("A second sync writes nothing", second_sync),
                step("A door is unplugged while somebody renews", unplugged),
                step("A plan is reviewed, then carried out", reviewed_plan),
                step("The password of a door was changed", wrong_password),
                step("A wrong import would lock out four people", wrong_import),
                step("Cardskipper sends an empty list", empty_export),
                step("Nobody has this e-mail", unknown_email),
                step("Did the program ever do what a client must not?", good_manners),
            ],
        }
    }
}

fn first_look(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let before = stage.persons();
    scene.tell("diff asks Cardskipper and reads both doors. It writes to neither.");
    let diff = scene.ran(stage.run(&["diff"])?, 0);
    let (both, one) = (number(FORGOTTEN).to_string(), number(HALF_COPIED).to_string());
    let shown = |member: &str| diff.stdout.matches(member).count();
    let doors = |member: &str| doors_beside(&diff.stdout, member);
    scene.check("who was forgotten on both doors is shown for both", doors(&both) == 2);
    scene.check("who was forgotten on one is shown for one", doors(&one) == 1);
    let lost = number(WITHOUT_EMAIL).to_string();
    scene.check("it names whom it cannot find, and says what to do", shown(&lost) == 1);
    scene.check("nothing was changed on the doors", stage.persons() == before);
    Ok(())
}

fn first_sync(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell("sync does what diff showed, reads each person back, and remembers it.");
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("three changes were written", stage.writes() == 3);
    for member in [FORGOTTEN, HALF_COPIED] {
        let what = format!("both doors open for member {} until the paid date", number(member));
        scene.check(&what, stage.is_in_step(member));
    }
    Ok(())
}

fn quiet_tick(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell("cron runs sync every five minutes. Mostly nothing has happened.");
    let sync = scene.ran(stage.run(&["sync"])?, 0);
    scene.check("it prints nothing", sync.stdout.is_empty() && sync.stderr.is_empty());
    scene.check("it asks the doors nothing", requests(stage) == 0);
    Ok(())
}

/// How many doors stand in the lines of a table that say a word.
fn doors_beside(table: &str, word: &str) -> usize {
    let lines = table.lines().filter(|line| line.contains(word));
    lines.map(|line| line.matches("-door").count()).sum()
}

fn renewal(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let until = stage.next_year(11, 1);
    let before = stage.persons();
    scene.tell(&format!(
        "Member {} pays at the desk. Cardskipper now says: valid to {until}.",
        number(RENEWS)
    ));
    stage.club.renew(RENEWS, &until);
    let diff = scene.ran(stage.run(&["diff"])?, 0);
    scene.check("both doors are to be changed", doors_beside(&diff.stdout, &until) == 2);
    scene.check("diff writes to no door", stage.writes() == 0);
    scene.ran(stage.run(&["sync"])?, 0);
    scene
        .check(&format!("both doors open until {until}"), stage.ends(RENEWS) == [&*until, &*until]);
    let mut expected = before;
    for persons in &mut expected {
        if let Some(person) = persons.iter_mut().find(|p| p.employee_no == employee_no(RENEWS)) {
            person.end = format!("{until}T23:59:59");
        }
    }
    scene.check(
        "everything else is as it was: other persons, name, cards, PIN, door rights",
        stage.persons() == expected,
    );
    Ok(())
}

fn lookup(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let member = stage.club.cardskipper.member(number(RENEWS)).ok_or("the member is gone")?;
    scene.tell("A member asks at the desk. An e-mail, a member number or person:1004 will do.");
    let lookup = scene.ran(stage.run(&["lookup", &member.email])?, 0);
    let doors = lookup.stdout.matches("opens now").count();
    scene.check("it says that both doors open now", doors == 2);
    scene.check("it shows when and why that was written", lookup.stdout.contains("renewed"));
    Ok(())
}

fn second_sync(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell("Even when everybody is asked for and both doors are read whole (--full).");
    let sync = scene.ran(stage.run(&["sync", "--full"])?, 0);
    scene.check("it prints nothing", sync.stdout.is_empty() && sync.stderr.is_empty());
    scene.check("it writes nothing", stage.writes() == 0);
    Ok(())
}

fn unplugged(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let until = stage.next_year(8, 31);
    scene.tell(&format!(
        "The gym door has no power. Member {} renews until {until}.",
        number(RENEWS_WHILE_UNPLUGGED)
    ));
    let door = || stage.door(GYM_DOOR).ok_or("there is no gym door");
    door()?.go_offline();
    stage.club.renew(RENEWS_WHILE_UNPLUGGED, &until);
    let sync = scene.ran(stage.run(&["sync"])?, 3);
    scene.check("it names the door", sync.stderr.contains("gym-door"));
    let ends = stage.ends(RENEWS_WHILE_UNPLUGGED);
    scene.check(
        &format!("the front door opens until {until} all the same"),
        ends.get(FRONT_DOOR) == Some(&until),
    );
    let status = scene.ran(stage.run(&["status"])?, 0);
    scene.check("status says which door has a problem", status.stdout.contains("failed once"));
    scene.tell("\nThe power is back. The next tick catches up by itself.");
    door()?.go_online();
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("now both doors do", stage.is_in_step(RENEWS_WHILE_UNPLUGGED));
    Ok(())
}

fn reviewed_plan(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let (first, second) = (stage.next_year(9, 30), stage.next_year(10, 31));
    scene.tell(&format!("Member {} renews.", number(RENEWS_FOR_A_PLAN)));
    stage.club.renew(RENEWS_FOR_A_PLAN, &first);
    scene.ran(stage.run(&["diff", "--out", "plan.json"])?, 0);
    scene.tell(&format!(
        "While somebody looks at the plan, member {} renews too. apply does just the plan.",
        number(RENEWS_AFTER_THE_PLAN)
    ));
    stage.club.renew(RENEWS_AFTER_THE_PLAN, &second);
    scene.ran(stage.run(&["apply", "plan.json"])?, 0);
    scene.check("what was reviewed is done", stage.is_in_step(RENEWS_FOR_A_PLAN));
    scene.check("what came later is not", !stage.is_in_step(RENEWS_AFTER_THE_PLAN));
    scene.tell("\nThe next tick does the rest.");
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("now it is done", stage.is_in_step(RENEWS_AFTER_THE_PLAN));
    Ok(())
}

fn wrong_password(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell(&format!(
        "Somebody gave the gym door another password and told nobody. Member {} renews.",
        number(RENEWS_BEHIND_A_WRONG_PASSWORD)
    ));
    if let Some(door) = stage.door(GYM_DOOR) {
        door.set_password("Door-secret-2");
    }
    stage.club.renew(RENEWS_BEHIND_A_WRONG_PASSWORD, &stage.next_year(12, 31));
    scene.ran(stage.run(&["sync"])?, 12);
    scene.check("one login was tried on the gym door", logins(stage) == 1);
    scene.tell(
        "\nAbout five wrong logins would lock this computer out of the door, so the next tick leaves \
         the\ndoor alone. It has nothing new to say, and still ends with 12.",
    );
    let sync = scene.ran(stage.run(&["sync"])?, 12);
    scene.check("it prints nothing", sync.stdout.is_empty() && sync.stderr.is_empty());
    scene.check("the gym door was asked nothing", requests(stage) == 0);
    scene.tell("\nThe new password is written where the configuration takes it from.");
    stage.configure_password("GYM_DOOR_PASSWORD", "Door-secret-2");
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("a changed password is tried at once", logins(stage) > 0);
    scene.check("the renewal is on both doors", stage.is_in_step(RENEWS_BEHIND_A_WRONG_PASSWORD));
    Ok(())
}

fn wrong_import(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let (members, before) = (stage.club.cardskipper.members(), stage.persons());
    scene.tell(
        "Somebody imports an old spreadsheet into Cardskipper: four memberships now end \
         yesterday.\nNobody loses a door on the word of one listing: the first tick only takes a look.",
    );
    let yesterday = stage.yesterday();
    for member in WRONGLY_IMPORTED {
        stage.club.renew(member, &yesterday);
    }
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("it takes nothing away", stage.persons() == before);
    let status = scene.ran(stage.run(&["status"])?, 0);
    let waiting = status.stdout.matches("waits for a second look").count();
    scene.check("status shows what waits for a second look, on both doors", waiting == 8);
    scene.tell(
        "\nThe next tick hears the same. At most two of forty people may lose a door in one run.",
    );
    let sync = scene.ran(stage.run(&["sync"])?, 4);
    let said = format!("{}{}", sync.stdout, sync.stderr);
    scene.check("it says how to approve", said.contains("ivms-sync apply --blocked "));
    scene.check("nobody was locked out: no door was changed", stage.persons() == before);
    scene.tell("\nThe import is taken back. Nothing is left to approve.");
    stage.club.cardskipper.set_members(members);
    scene.ran(stage.run(&["sync"])?, 0);
    scene.check("no door was changed", stage.persons() == before);
    Ok(())
}

fn empty_export(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    let (members, before) = (stage.club.cardskipper.members(), stage.persons());
    scene.tell("Something is wrong at Cardskipper: it answers, and lists nobody.");
    stage.club.cardskipper.set_members(Vec::new());
    let sync = scene.ran(stage.run(&["sync", "--full"])?, 4);
    scene.check("it says what to do", sync.stderr.contains("--accept-shrink 0"));
    scene.check("nobody was locked out: no door was changed", stage.persons() == before);
    scene.tell("\nThe list is right again.");
    stage.club.cardskipper.set_members(members);
    scene.ran(stage.run(&["sync", "--full"])?, 0);
    let in_step = (0..MEMBERS).filter(|member| stage.is_in_step(*member)).count();
    scene.check(&format!("all {MEMBERS} members are in sync"), in_step == MEMBERS);
    Ok(())
}

fn unknown_email(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell("The desk mistypes an address.");
    let lookup = scene.ran(stage.run(&["lookup", "anna@exmaple.se"])?, 20);
    scene.check("it says where it looked", lookup.stdout.contains("persons.csv"));
    Ok(())
}

fn good_manners(stage: &mut Stage, scene: &mut Scene) -> Result<(), Box<dyn Error>> {
    scene.tell("The simulators are stricter than the real systems, and keep a list.");
    let violations = stage.club.violations();
    for violation in &violations {
        scene.tell(&format!("  {violation}"));
    }
    scene.check("the list is empty", violations.is_empty());
    Ok(())
}

/// Requests that the doors got in the last command.
fn requests(stage: &Stage) -> usize {
    stage.club.devices.iter().map(|door| door.requests().len()).sum()
}

/// Requests with a login that the gym door got in the last command.
fn logins(stage: &Stage) -> usize {
    let requests = stage.door(GYM_DOOR).map(|door| door.requests()).unwrap_or_default();
    requests.iter().filter(|request| request.is_authenticated()).count()
}
