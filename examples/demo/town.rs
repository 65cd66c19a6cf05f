//! The town: a spreadsheet of permits, meters, a camera at a barrier, a list for the patrol car, an officer who asks, a
//! ticket that was wrong, and an agency that collects what nobody has paid.

use std::error::Error;
use std::path::PathBuf;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::duncan::{self, Standing};
use ivms_sync_simulators::hikvision_anpr::{Camera, Row, Settings};
use ivms_sync_simulators::ips;
use ivms_sync_simulators::service::{self, Login, Mishap};
use ivms_sync_simulators::teller::{self, Shape};
use ivms_sync_simulators::webhooks::{Sender, bodies};
use ivms_sync_simulators::zone::Zone;
use tempfile::TempDir;

use super::program::{self, Said};
use super::scene::Scene;
use super::story::{Step, Story};

/// Cars of residents: AA100, AA101, and so on.
const RESIDENTS: usize = 20;

/// What somebody typed into the camera's own list years ago: the fire brigade, and a car that is barred.
const OF_OTHERS: [&str; 2] = ["GORENJ1", "KPXY999"];

/// What signs the events of the meters.
const METER_SECRET: &str = "Meter-secret-1";

/// What the agency knows the town by.
const COLLECT_SECRET: &str = "collect-secret-1";

/// A folder with a configuration, a camera, a service that sells parking, and the program.
pub struct Town {
    camera: Camera,
    street: ips::Server,
    cashier: teller::Server,
    agency: duncan::Server,
    folder: TempDir,
    binary: PathBuf,
    today: NaiveDate,
}

impl Town {
    /// Starts the camera and the service, and makes a folder with a configuration and a spreadsheet.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn set(binary: PathBuf) -> Result<Self, Box<dyn Error>> {
        let [brigade, barred] = OF_OTHERS;
        let rows = vec![Row::new(brigade).endless(), Row::new(barred).blocked()];
        let camera = Camera::start(Settings { rows, ..Settings::default() });
        let folder = tempfile::tempdir()?;
        let street = ips::Server::start(ips::Settings::default());
        let cashier = teller::Server::start(service::Settings::default());
        cashier.set(|switches| {
            switches.currency = "EUR".to_owned();
            // Whatever the hour is, what is paid today is settled today.
            switches.cutoff = NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default();
            switches.zone = Zone::central_europe();
        });
        let login = Login::Basic("city".to_owned(), COLLECT_SECRET.to_owned());
        let agency =
            duncan::Server::start(service::Settings { login, ..service::Settings::default() });
        agency.set(|switches| switches.currency = "EUR".to_owned());
        let today = Clock::default().now().date_naive();
        let town = Self { camera, street, cashier, agency, folder, binary, today };
        std::fs::write(town.path("ivms-sync.toml"), town.config())?;
        town.residents(0..RESIDENTS, 60)?;
        Ok(town)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration, with the password in an environment variable.
    pub fn config(&self) -> String {
        format!(
            "time_zone = \"Europe/Ljubljana\"\n\n\
             [parking]\n\
             country     = \"SI\"\n\
             keep_plates = \"60d\"\n\n\
             [zone.old-town]\n\
             name = \"The old town, behind the barrier\"\n\n\
             [zone.quay]\n\
             names = {{ street = [\"A1\"] }}\n\n\
             [rights-file.residents]\n\
             files = [\"residents.csv\"]\n\n\
             [ips.street]\n\
             url        = \"{}\"\n\
             secret     = {{ env = \"STREET_KEY\" }}\n\
             violations = [\"EXPIRED_METER\"]\n\n\
             [parkeon.kerb.events]\n\
             scheme  = \"stripe\"\n\
             secrets = [{{ env = \"METER_SECRET\" }}]\n\n\
             [hikvision-anpr.barrier]\n\
             url      = \"{}\"\n\
             username = \"admin\"\n\
             password = {{ env = \"BARRIER_PASSWORD\" }}\n\
             zones    = [\"old-town\"]\n\n\
             [permit-list.patrol]\n\
             file = \"patrol.csv\"\n\n\
             [teller.cashier]\n\
             url      = \"{}\"\n\
             secret   = {{ env = \"CASHIER_TOKEN\" }}\n\
             currency = \"EUR\"\n\
             payments = true\n\n\
             [teller.cashier.settlement]\n\
             spool   = \"STL-*.csv\"\n\
             amounts = \"minor\"\n\
             cutoff  = \"23:59\"\n\n\
             [duncan.collect]\n\
             url         = \"{}\"\n\
             username    = \"city\"\n\
             secret      = {{ env = \"COLLECT_SECRET\" }}\n\
             currency    = \"EUR\"\n\
             refer_after = \"30d\"\n",
            self.street.url(),
            self.camera.url(),
            self.cashier.url(),
            self.agency.url()
        )
    }

    /// What the clerk saves: these residents, each until so many days from now.
    fn residents(&self, which: std::ops::Range<usize>, days: u64) -> Result<(), Box<dyn Error>> {
        let (from, until) = (self.day(0), self.day(days));
        let row = |number: usize| format!("{},old-town,{from},{until},P-{number}\n", plate(number));
        let rows: String = which.map(row).collect();
        self.write(&format!("Plate,Zone,From,Until,Id\n{rows}"))
    }

    fn write(&self, text: &str) -> Result<(), Box<dyn Error>> {
        Ok(std::fs::write(self.path("residents.csv"), text)?)
    }

    fn day(&self, ahead: u64) -> NaiveDate {
        self.today.checked_add_days(Days::new(ahead)).unwrap_or(self.today)
    }

    fn run(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        self.camera.begin_run();
        self.camera.clear_writes();
        self.street.begin_run();
        self.cashier.begin_run();
        self.agency.begin_run();
        let passwords = [
            ("CASHIER_TOKEN", "service-secret-1".to_owned()),
            ("BARRIER_PASSWORD", "Door-secret-1".to_owned()),
            ("STREET_KEY", "ips-secret-key-1".to_owned()),
            ("METER_SECRET", METER_SECRET.to_owned()),
            ("COLLECT_SECRET", COLLECT_SECRET.to_owned()),
        ];
        program::run(&self.binary, self.folder.path(), &passwords, arguments)
    }

    /// Whether the barrier opens for a car at noon of a day.
    fn opens(&self, plate: &str, ahead: u64) -> bool {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
        self.camera.opens_at(plate, self.day(ahead).and_time(noon).and_utc())
    }
}

fn plate(number: usize) -> String {
    format!("LJAA{}", 100 + number)
}

/// A day in the town.
pub fn story() -> Story<Town> {
    let step = |title, play| Step { title, play };
    Story {
        title: "ivms-sync in a town with a barrier",
        opening: "The clerk keeps the residents' permits in a spreadsheet. A camera at the barrier \
                  reads number\nplates and opens for those on its own list, on which there are two \
                  rows that somebody else made.\nA patrol car wants a file. On the quay there are \
                  meters, and a service that sells parking there.",
        steps: vec![
            step("A first look: what would be changed?", first_look),
            step("The barrier opens for who has a permit", first_sync),
            step("An officer asks for three cars", officer),
            step("The patrol car has its list", patrol),
            step("Somebody pays on the quay, and leaves early", paid),
            step("A ticket against a car that had paid", wrong_ticket),
            step("A meter tells that its battery is low", meter),
            step("A quiet tick asks the camera nothing", quiet),
            step("The permits are extended", extended),
            step("The spreadsheet is broken", broken),
            step("Half of the rows are gone by mistake", half_gone),
            step("One permit is taken back", taken_back),
            step("Somebody left early, and gets money back", refund),
            step("The books of the day", books),
            step("Two tickets are old, and nobody has paid", collected),
            step("One of them is paid after all", given_back),
            step("Did the program ever do what a client must not?", good_manners),
        ],
    }
}

type Played = Result<(), Box<dyn Error>>;

fn first_look(town: &mut Town, scene: &mut Scene) -> Played {
    scene.tell("diff reads the spreadsheet and the camera's list. It writes to neither.");
    let diff = scene.ran(town.run(&["diff"])?, 0);
    scene.check("it would add a row for each permit", diff.stdout.contains("20 to be written"));
    scene.check("the camera's list is as it was", town.camera.rows().len() == OF_OTHERS.len());
    Ok(())
}

fn first_sync(town: &mut Town, scene: &mut Scene) -> Played {
    scene.tell("sync writes each row, and reads it back: what a camera answers proves nothing.");
    scene.ran(town.run(&["sync"])?, 0);
    let all = (0..RESIDENTS).all(|number| town.opens(&plate(number), 60));
    scene.check("the barrier opens for all of them until the last day", all);
    scene.check("and not a day longer", !town.opens(&plate(0), 61));
    Ok(())
}

fn officer(town: &mut Town, scene: &mut Scene) -> Played {
    scene.tell(
        "The answer comes from the state file, in milliseconds. Blanks and hyphens do not count.",
    );
    let valid = town.run(&["lookup", "plate:LJ-AA-100", "--zone", "old-town"])?;
    let valid = scene.ran(valid, 0);
    scene.check("it is valid, and the gate opens", valid.stdout.contains("Gate barrier: opens"));
    scene.ran(town.run(&["lookup", "plate:LJZZ999"])?, 20);
    scene.tell("Before its first day a permit is known, and not good for here and now.");
    let yesterday = town.today.pred_opt().unwrap_or(town.today);
    let at = format!("{yesterday}T12:00:00Z");
    scene.ran(town.run(&["lookup", "plate:LJAA100", "--at", &at])?, 22);
    Ok(())
}

fn patrol(town: &mut Town, scene: &mut Scene) -> Played {
    let list = std::fs::read_to_string(town.path("patrol.csv"))?;
    let first: Vec<&str> = list.lines().take(3).collect();
    scene.tell(&format!("patrol.csv begins:\n{}", first.join("\n")));
    scene.check("it has a line for each car", list.lines().count() == RESIDENTS + 1);
    Ok(())
}

fn paid(town: &mut Town, scene: &mut Scene) -> Played {
    let now = town.street.clock().now();
    let (begin, end) = (now - TimeDelta::minutes(20), now + TimeDelta::minutes(40));
    town.street.park("session_789", "KPAB123", "SI", "A1", begin, Some(end));
    scene.ran(town.run(&["sync"])?, 0);
    scene.ran(town.run(&["lookup", "plate:KPAB123", "--zone", "quay"])?, 0);
    town.street.extend("session_789", now - TimeDelta::minutes(1));
    scene.ran(town.run(&["sync"])?, 0);
    scene.tell("Stopped: the officer hears that there was a right, and when it ended.");
    scene.ran(town.run(&["lookup", "plate:KPAB123", "--zone", "quay"])?, 22);
    Ok(())
}

fn wrong_ticket(town: &mut Town, scene: &mut Scene) -> Played {
    let now = town.street.clock().now();
    let minutes = |count| now - TimeDelta::minutes(count);
    town.street.cite("ticket_1", "KPCD456", "SI", "A1", minutes(10), "EXPIRED_METER");
    town.street.cite("ticket_2", "KPEF789", "SI", "A1", minutes(9), "EXPIRED_METER");
    scene.ran(town.run(&["sync"])?, 0);
    scene.ran(town.run(&["diff", "--violations"])?, 0);
    scene.tell("A payment by telephone was held up. It reaches the city after the ticket.");
    town.street.park("phone_55", "KPCD456", "SI", "A1", minutes(30), Some(minutes(-30)));
    let found = scene.ran(town.run(&["diff", "--violations"])?, 4);
    let is_told = found.stdout.contains("ticket_1") && found.stdout.contains("phone_55");
    scene.check("the ticket is found, with the evidence in its line", is_told);
    scene.check("the other one stands", !found.stdout.contains("ticket_2"));
    scene.check("no plate is said", !found.stdout.contains("KPCD456"));
    Ok(())
}

fn meter(town: &mut Town, scene: &mut Scene) -> Played {
    let body = bodies::meter_status("M-17", "A1").battery(12).time_remaining(1800);
    let event = Sender::stripe(METER_SECRET).deliver("", town.street.clock().now(), body);
    let take = ["apply", "--event", "event.json", "--from", "kerb", "--headers", "headers.txt"];
    std::fs::write(town.path("headers.txt"), event.header_lines())?;
    std::fs::write(town.path("event.json"), event.forged().body)?;
    scene.tell("First somebody who does not know its secret.");
    scene.ran(town.run(&take)?, 77);
    std::fs::write(town.path("event.json"), &event.body)?;
    scene.ran(town.run(&take)?, 0);
    scene.ran(town.run(&["lookup", "meter:M-17"])?, 0);
    let status = scene.ran(town.run(&["status"])?, 0);
    scene.check("status names it", status.stdout.contains("battery at 12 %"));
    Ok(())
}

fn quiet(town: &mut Town, scene: &mut Scene) -> Played {
    town.camera.clear_requests();
    let sync = scene.ran(town.run(&["sync"])?, 0);
    scene.check("it prints nothing", sync.stdout.is_empty() && sync.stderr.is_empty());
    scene.check("the camera is not asked", town.camera.requests().is_empty());
    Ok(())
}

fn extended(town: &mut Town, scene: &mut Scene) -> Played {
    town.residents(0..RESIDENTS, 90)?;
    scene.ran(town.run(&["sync"])?, 0);
    let all = (0..RESIDENTS).all(|number| town.opens(&plate(number), 90));
    scene.check("the barrier opens for a month more", all);
    Ok(())
}

fn broken(town: &mut Town, scene: &mut Scene) -> Played {
    town.write("")?;
    scene.tell("The program that saves it has crashed: the file is empty.");
    scene.ran(town.run(&["sync"])?, 5);
    scene.check("every car still gets in", town.opens(&plate(7), 0));
    scene.ran(town.run(&["lookup", "plate:LJAA107"])?, 0);
    Ok(())
}

fn half_gone(town: &mut Town, scene: &mut Scene) -> Played {
    town.residents(0..RESIDENTS / 2, 90)?;
    scene.tell("So many at once are not believed: a person must say that it is meant.");
    scene.ran(town.run(&["sync"])?, 4);
    scene.check("every car still gets in", town.opens(&plate(RESIDENTS - 1), 0));
    Ok(())
}

fn taken_back(town: &mut Town, scene: &mut Scene) -> Played {
    town.residents(1..RESIDENTS, 90)?;
    scene.ran(town.run(&["sync"])?, 0);
    scene.check("its row is gone", !town.opens(&plate(0), 0));
    scene.check("the others are there", town.opens(&plate(1), 0));
    scene.ran(town.run(&["lookup", "plate:LJAA100"])?, 20);
    Ok(())
}

fn refund(town: &mut Town, scene: &mut Scene) -> Played {
    let payment = "{\"paymentId\":\"quay_1\",\"amount\":475,\"currency\":\"EUR\",\
                   \"paymentMethod\":{\"type\":\"CREDIT_CARD\",\"token\":\"tok_1\"}}";
    let refund = "{\"refundId\":\"refund_1\",\"originalPaymentId\":\"quay_1\",\"refundAmount\":119,\
                  \"reason\":\"EARLY_SESSION_END\"}";
    std::fs::write(town.path("payment.json"), payment)?;
    std::fs::write(town.path("refund.json"), refund)?;
    scene.ran(town.run(&["apply", "payment.json", "--to", "cashier"])?, 0);
    scene.ran(town.run(&["diff", "refund.json", "--to", "cashier"])?, 0);
    scene.tell("The line goes down in the middle of it. Was the money given, or not?");
    town.cashier.trouble(|troubles| {
        troubles.documents.push(Mishap::LostAfter);
        troubles.questions = [vec![Mishap::Answered; 2], vec![Mishap::LostBefore; 3]].concat();
    });
    scene.ran(town.run(&["apply", "refund.json", "--to", "cashier"])?, 5);
    scene.tell("The next tick asks the cashier, and sends nothing twice.");
    scene.ran(town.run(&["sync"])?, 0);
    scene.ran(town.run(&["lookup", "payment:quay_1"])?, 0);
    scene.check("the money was given once", town.cashier.effects("refund_1") == 1);
    std::fs::write(
        town.path("refund.json"),
        refund.replace("refund_1", "refund_2").replace("119", "357"),
    )?;
    scene.tell("And no more is given back than came.");
    scene.ran(town.run(&["apply", "refund.json", "--to", "cashier"])?, 4);
    scene.check("it was not sent", town.cashier.effects("refund_2") == 0);
    Ok(())
}

fn books(town: &mut Town, scene: &mut Scene) -> Played {
    let moved = town.cashier.movements();
    let day = moved.first().map_or(town.today, |one| Zone::central_europe().local(one.at).date());
    let file = town.cashier.settlement(day);
    file.spool(town.folder.path(), &teller::name(day, 1), &Shape::default())?;
    scene.tell("In the evening the cashier says in a file what was settled.");
    let day = day.to_string();
    let books = scene.ran(town.run(&["diff", "--day", &day])?, 0);
    scene.check("both books agree", books.stdout.contains("matched"));
    Ok(())
}

/// Writes a plan for the agency, and has it carried out.
fn tell_agency(town: &Town, scene: &mut Scene) -> Result<Said, Box<dyn Error>> {
    let looked = scene.ran(town.run(&["diff", "--to", "collect", "--out", "collect.json"])?, 0);
    scene.ran(town.run(&["apply", "collect.json"])?, 0);
    Ok(looked)
}

fn collected(town: &mut Town, scene: &mut Scene) -> Played {
    let written = town.street.clock().now() - TimeDelta::days(40);
    for (ticket, plate) in [("ticket_3", "KPGH321"), ("ticket_4", "KPIJ654")] {
        town.street.cite(ticket, plate, "SI", "A1", written, "EXPIRED_METER");
        town.agency.set_standing(ticket, Standing::Owed(2500));
    }
    scene.ran(town.run(&["sync"])?, 0);
    scene.tell("A person looks who would be handed to the agency, and says so.");
    let looked = tell_agency(town, scene)?;
    let due = "2 citations to hand over, 50.00 EUR";
    scene.check("both are due, in count and money", looked.stdout.contains(due));
    scene.check("the agency has them", town.agency.open() == ["ticket_3", "ticket_4"]);
    Ok(())
}

fn given_back(town: &mut Town, scene: &mut Scene) -> Played {
    scene.check("the street hears of it", town.street.set_citation_status("ticket_3", "PAID"));
    town.agency.set_standing("ticket_3", Standing::Paid);
    scene.tell("Whoever has paid must not be asked again: each tick says so until it is done.");
    scene.ran(town.run(&["sync"])?, 4);
    tell_agency(town, scene)?;
    let is_paid = town.agency.status("ticket_3").as_deref() == Some("Paid");
    scene.check("the agency knows that it is paid", is_paid);
    scene.check("and asks for the other one", town.agency.open() == ["ticket_4"]);
    Ok(())
}

fn good_manners(town: &mut Town, scene: &mut Scene) -> Played {
    let of_others = town.camera.strangers();
    scene.check("the two rows of others are as they were", of_others.len() == OF_OTHERS.len());
    let found = town.camera.violations();
    scene.check(&format!("the camera has nothing to complain of: {found:?}"), found.is_empty());
    let found = town.street.violations();
    scene.check(&format!("nor has the service: {found:?}"), found.is_empty());
    let found = town.cashier.violations();
    scene.check(&format!("nor has the cashier: {found:?}"), found.is_empty());
    let found = town.agency.violations();
    scene.check(&format!("nor has the agency: {found:?}"), found.is_empty());
    scene.ran(town.run(&["status"])?, 0);
    Ok(())
}
