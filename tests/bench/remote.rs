//! The simulators in a process of their own, so that what they cost is not taken for the program's:
//! a word a line goes in, a JSON document a line comes out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::Failure;
use crate::process::cpu_of;
use crate::stage::{Outside, Seen, Size, Stage, Traffic};

/// The first argument that makes this program play the outside world.
pub const ROLE: &str = "play-the-outside";

/// Plays the outside world until stdin ends: what it is made of, and the folder of the link file.
pub fn play(arguments: &[String]) -> Result<(), Failure> {
    let [about, folder] = arguments else {
        return Err("the outside world takes two arguments".into());
    };
    let about: Value = serde_json::from_str(about)?;
    let number = |name: &str| about[name].as_u64().ok_or("a number is missing");
    let is = |name: &str| about[name] == Value::Bool(true);
    let outside = Outside {
        size: Size {
            members: usize::try_from(number("members")?)?,
            devices: usize::try_from(number("devices")?)?,
        },
        latency: Duration::from_millis(number("latency_ms")?),
        tls: is("tls"),
        keeps: is("keeps"),
        half_without_role: is("half_without_role"),
        clubs: usize::try_from(number("clubs")?)?,
    };
    let mut stage = Stage::start_as(&outside);
    let folder = Path::new(folder);
    std::fs::write(folder.join("persons.csv"), &stage.club.links_csv)?;
    if let Some(certificate) = stage.club.cardskipper.certificate_der() {
        std::fs::write(folder.join(ROOTS), roots_with(&certificate))?;
    }
    let urls: Vec<String> = stage.club.devices.iter().map(|device| device.url()).collect();
    let pins = stage.club.devices.iter().filter_map(|device| device.certificate_sha256());
    let pins: Vec<String> = pins.collect();
    say(&json!({"service": stage.club.cardskipper.url(), "devices": urls, "pins": pins}))?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let (word, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number: usize = number.parse()?;
        match word {
            "advance" => stage.advance(TimeDelta::seconds(i64::try_from(number)?)),
            "renew" => stage.renew(number),
            "rename" => stage.rename_everybody(),
            "clear" => stage.clear(),
            "seen" => {}
            _ => return Err(format!("the outside world does not know \"{word}\"").into()),
        }
        // Counting takes time, so it is done on demand only.
        let seen = if word == "seen" { stage.seen() } else { Seen::default() };
        let violations = if word == "seen" { stage.club.violations() } else { Vec::new() };
        say(&json!({
            "now": stage.now().to_rfc3339(),
            "service": [seen.service.requests, seen.service.bytes],
            "devices": [seen.devices.requests, seen.devices.bytes],
            "busiest_us": u64::try_from(seen.busiest.as_micros())?,
            "writes": seen.writes,
            "connections": seen.connections,
            "violations": violations,
        }))?;
    }
    Ok(())
}

/// The file of trusted authorities, in the folder of a world that speaks TLS.
pub const ROOTS: &str = "roots.pem";

/// Where Debian and most others have the authorities that a computer trusts.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The authorities of this computer and one more: as many as are read where no simulator is asked.
fn roots_with(certificate: &[u8]) -> String {
    let system = std::fs::read_to_string(SYSTEM_ROOTS).unwrap_or_default();
    let coded = STANDARD.encode(certificate);
    format!("{system}\n-----BEGIN CERTIFICATE-----\n{coded}\n-----END CERTIFICATE-----\n")
}

/// Answers an order.
pub fn say(document: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{document}")?;
    Ok(out.flush()?)
}

/// A process of this program that takes orders; it ends when dropped.
pub struct Player {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Player {
    /// Starts one that plays this role; what it says first is the second.
    pub fn start(role: &str, about: &Value, folder: &Path) -> Result<(Self, Value), Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([role, &about.to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or("the outside world has no output")?;
        let mut player = Self { child, orders, answers: BufReader::new(answers) };
        let told = player.hear()?;
        Ok((player, told))
    }

    /// Gives an order and waits for its answer.
    pub fn order(&mut self, line: &str) -> Result<Value, Failure> {
        let orders = self.orders.as_mut().ok_or("the outside world has no input")?;
        writeln!(orders, "{line}")?;
        self.hear()
    }

    fn hear(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the outside world has ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.orders = None;
        // It ends when its input does; that it did is all there is to know.
        let _ = self.child.wait();
    }
}

/// The process that plays a club's outside world.
pub struct Remote {
    player: Player,
    /// Address of the Cardskipper service.
    pub service: String,
    /// Addresses of the devices.
    pub devices: Vec<String>,
    /// Fingerprints of their certificates, where they have one.
    pub pins: Vec<String>,
}

impl Remote {
    /// Starts a world, and writes its link file into `folder`.
    pub fn start(outside: &Outside, folder: &Path) -> Result<Self, Failure> {
        let about = json!({
            "members": outside.size.members,
            "devices": outside.size.devices,
            "latency_ms": u64::try_from(outside.latency.as_millis())?,
            "tls": outside.tls,
            "keeps": outside.keeps,
            "half_without_role": outside.half_without_role,
            "clubs": outside.clubs,
        });
        let (player, told) = Player::start(ROLE, &about, folder)?;
        let service = text(&told["service"])?;
        let texts = |name: &str| -> Result<Vec<String>, Failure> {
            told[name].as_array().ok_or("a list is missing")?.iter().map(text).collect()
        };
        Ok(Self { player, service, devices: texts("devices")?, pins: texts("pins")? })
    }

    /// Lets so many seconds pass.
    pub fn advance(&mut self, seconds: usize) -> Result<(), Failure> {
        self.player.order(&format!("advance {seconds}")).map(drop)
    }

    /// The first `count` members pay.
    pub fn renew(&mut self, count: usize) -> Result<(), Failure> {
        self.player.order(&format!("renew {count}")).map(drop)
    }

    /// Every member gets another last name.
    pub fn rename_everybody(&mut self) -> Result<(), Failure> {
        self.player.order("rename").map(drop)
    }

    /// Counts from zero again; gives the time of this world.
    pub fn clear(&mut self) -> Result<DateTime<Utc>, Failure> {
        let told = self.player.order("clear")?;
        Ok(DateTime::parse_from_rfc3339(&text(&told["now"])?)?.with_timezone(&Utc))
    }

    /// What was seen since, and what a client did that it must not.
    pub fn seen(&mut self) -> Result<(Seen, Vec<String>), Failure> {
        let told = self.player.order("seen")?;
        let number = |value: &Value| value.as_u64().ok_or("a count is missing");
        let traffic = |value: &Value| -> Result<Traffic, Failure> {
            Ok(Traffic { requests: number(&value[0])?, bytes: number(&value[1])? })
        };
        let violations = told["violations"].as_array().ok_or("no violations")?;
        let seen = Seen {
            service: traffic(&told["service"])?,
            devices: traffic(&told["devices"])?,
            busiest: Duration::from_micros(number(&told["busiest_us"])?),
            writes: number(&told["writes"])?,
            connections: number(&told["connections"])?,
        };
        Ok((seen, violations.iter().map(text).collect::<Result<_, _>>()?))
    }

    /// CPU time that the simulators took so far, where the system tells.
    pub fn cpu(&self) -> Option<Duration> {
        cpu_of(self.player.child.id())
    }
}

/// A text of a document.
pub fn text(value: &Value) -> Result<String, Failure> {
    Ok(value.as_str().ok_or("a text is missing")?.to_owned())
}
