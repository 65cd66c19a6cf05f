//! Services of rights in a process of their own: plain servers of pages that were rendered before anybody asked,
//! a million permits among them. The strict simulator would render as many while the client waits.
//!
//! A word a line goes in, a JSON document a line comes out.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ivms_sync_simulators::http::{Handler, HttpServer, Reply, Request, Response, Tls};
use ivms_sync_simulators::ips::Citation;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::Failure;
use crate::remote::{Player, say, text};

/// The first argument that makes this program play the services.
pub const ROLE: &str = "play-the-street";

/// What a client must send.
pub const KEY: &str = "street-key-1";

/// The pages of the first service's permits, a page a line, in the folder of the town.
pub const PAGES: &str = "permits.jsonl";

/// Below the address of a server.
const BASE: &str = "/smartcity/v2";

/// How many permits stand on a page.
const PAGE_ROWS: usize = 1_000;

/// The plate of the car at an index: each index has another one, and neighbours are far apart in every index of
/// a database.
pub fn plate(index: usize) -> String {
    const LETTERS: usize = 26 * 26 * 26;
    let number = (index * 48_271 + 12_345) % (LETTERS * 10_000);
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    let word = number / 10_000;
    let word = [letter(word / 676), letter(word / 26), letter(word)];
    format!("{}{:04}", word.iter().collect::<String>(), number % 10_000)
}

/// The zone of the car at an index.
pub fn zone(index: usize) -> &'static str {
    ["A1", "A2", "B1", "B2"].get(index % 4).copied().unwrap_or_default()
}

/// What the services list at first.
pub struct Street {
    /// How many permits each service has; so many services there are.
    pub permits: Vec<usize>,
    /// How many citations the first has; the car of every tenth has a permit for that zone.
    pub citations: usize,
    /// What their clocks show.
    pub now: DateTime<Utc>,
}

fn zulu(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn permit(index: usize) -> String {
    let (plate, zone) = (plate(index), zone(index));
    format!(
        "{{\"id\":\"permit_{index:07}\",\"type\":\"RESIDENTIAL\",\"number\":\"RES-2026-{index:07}\",\
         \"licensePlate\":\"{plate}\",\"state\":\"CT\",\"validFrom\":\"2025-11-01T05:00:00Z\",\
         \"validUntil\":\"2026-11-01T04:00:00Z\",\"zones\":[\"{zone}\"],\"status\":\"ACTIVE\",\
         \"updatedAt\":\"2025-10-20T14:03:11Z\"}}"
    )
}

/// A citation of the day before.
fn citation(index: usize, permits: usize, now: DateTime<Utc>) -> String {
    // A car that nobody knows, unless it is one in ten: these are spread over all permits.
    let (car, zone) = match index % 10 {
        0 => (index * 7_919 % permits.max(1), zone(index * 7_919 % permits.max(1))),
        _ => (permits * 2 + index, zone(index)),
    };
    let at = now - TimeDelta::seconds(i64::try_from(86_400 + index % 3_600).unwrap_or_default());
    let id = format!("ips_viol_{index:06}");
    Citation::new(&id, &plate(car), "CT", zone, at, "EXPIRED_METER").row()
}

/// Rows as pages, each with the cursor of the next.
fn pages(rows: usize, now: DateTime<Utc>, row: impl Fn(usize) -> String) -> Vec<Arc<Vec<u8>>> {
    let count = rows.div_ceil(PAGE_ROWS).max(1);
    let page = |page: usize| {
        let (first, end) = (page * PAGE_ROWS, rows.min((page + 1) * PAGE_ROWS));
        let rows: Vec<String> = (first..end).map(&row).collect();
        let next = match page + 1 {
            next if next < count => format!("\"{next}\""),
            _ => "null".to_owned(),
        };
        let body = format!(
            "{{\"data\":[{}],\"nextCursor\":{next},\"asOf\":\"{}\",\"deleted\":[]}}",
            rows.join(","),
            zulu(now)
        );
        Arc::new(body.into_bytes())
    };
    (0..count).map(page).collect()
}

/// One service.
struct Service {
    permits: Vec<Arc<Vec<u8>>>,
    citations: Vec<Arc<Vec<u8>>>,
    news: Mutex<News>,
}

/// What moves.
struct News {
    now: DateTime<Utc>,
    /// Each as JSON, and when it began.
    sessions: Vec<(DateTime<Utc>, String)>,
    /// Permits that came after the others.
    permits: Vec<(DateTime<Utc>, String)>,
    asked: Vec<String>,
    refused: Vec<String>,
}

impl Service {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn park(&self, id: usize) {
        let mut news = self.news();
        let (now, until) = (zulu(news.now), zulu(news.now + TimeDelta::hours(2)));
        let session = format!(
            "{{\"id\":\"session_{id}\",\"licensePlate\":\"NEW{id:04}\",\"state\":\"CT\",\"zoneNumber\":\"A1\",\
             \"startTime\":\"{now}\",\"endTime\":\"{until}\",\"status\":\"ACTIVE\",\"updatedAt\":\"{now}\"}}"
        );
        let at = news.now;
        news.sessions.push((at, session));
    }

    fn grant(&self, id: usize) {
        let mut news = self.news();
        let (at, now) = (news.now, zulu(news.now));
        let permit = permit(id);
        let permit = permit.replace("2025-10-20T14:03:11Z", &now);
        news.permits.push((at, permit));
    }

    /// The body of the page that is asked for; nothing where it is not one.
    fn page(&self, request: &Request) -> Option<Arc<Vec<u8>>> {
        let (mut since, mut place) = (None, 0);
        for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
            match &*name {
                "since" => since = Some(value.parse::<DateTime<Utc>>().ok()?),
                "cursor" => place = value.parse::<usize>().ok()?,
                "includeInactive" | "from" => {}
                _ => return None,
            }
        }
        let news = self.news();
        let of_now = |rows: &[&str]| {
            let body = format!(
                "{{\"data\":[{}],\"nextCursor\":null,\"asOf\":\"{}\",\"deleted\":[]}}",
                rows.join(","),
                zulu(news.now)
            );
            Arc::new(body.into_bytes())
        };
        let new = |rows: &[(DateTime<Utc>, String)]| {
            let listed = rows.iter().filter(|(at, _)| since.is_none_or(|since| since <= *at));
            of_now(&listed.map(|(_, row)| row.as_str()).collect::<Vec<_>>())
        };
        match (request.path().strip_prefix(BASE)?, since) {
            ("/sessions", _) => Some(new(&news.sessions)),
            ("/permits", Some(_)) => Some(new(&news.permits)),
            ("/violations", Some(_)) => Some(of_now(&[])),
            ("/permits", None) => self.permits.get(place).cloned(),
            ("/violations", None) => self.citations.get(place).cloned(),
            _ => None,
        }
    }
}

impl Handler for Service {
    fn answer(&self, request: &Request) -> Reply {
        let key = format!("ApiKey {KEY}");
        let is_let_in = request.method == "GET" && request.header("Authorization") == Some(&key);
        let body = if is_let_in { self.page(request) } else { None };
        let mut news = self.news();
        news.asked.push(request.target.clone());
        let answer = match body {
            Some(body) => Response {
                body,
                keep_alive: true,
                ..Response::new(200, "application/json", Vec::new())
            },
            None => {
                news.refused.push(format!("{} {}", request.method, request.target));
                Response::empty(400)
            }
        };
        Reply::Answer(answer)
    }

    fn malformed(&self, problem: &str) {
        self.news().refused.push(problem.to_owned());
    }
}

/// Plays the services until stdin ends: what they list, and the folder of the town.
pub fn play(arguments: &[String]) -> Result<(), Failure> {
    let [about, folder] = arguments else {
        return Err("the street takes two arguments".into());
    };
    let about: Value = serde_json::from_str(about)?;
    let number = |value: &Value| -> Result<usize, Failure> {
        Ok(usize::try_from(value.as_u64().ok_or("a number is missing")?)?)
    };
    let now: DateTime<Utc> = text(&about["now"])?.parse()?;
    let citations = number(&about["citations"])?;
    let mut services = Vec::new();
    for (place, permits) in about["permits"].as_array().ok_or("no permits")?.iter().enumerate() {
        let permits = number(permits)?;
        let cited = if place == 0 { citations } else { 0 };
        // The cars of a service are its own.
        let first = place * 10_000_000;
        let (sessions, granted) = (Vec::new(), Vec::new());
        let (asked, refused) = (Vec::new(), Vec::new());
        let news = News { now, sessions, permits: granted, asked, refused };
        let service = Service {
            permits: pages(permits, now, |index| permit(first + index)),
            citations: pages(cited, now, |index| citation(index, permits, now)),
            news: news.into(),
        };
        services.push(Arc::new(service));
    }
    if let Some(first) = services.first() {
        let lines: Vec<&[u8]> = first.permits.iter().map(|page| page.as_slice()).collect();
        std::fs::write(Path::new(folder).join(PAGES), lines.join(&b'\n'))?;
    }
    let start = |service: &Arc<Service>| HttpServer::start(Arc::clone(service) as _, 0, Tls::Off);
    let servers: Vec<HttpServer> = services.iter().map(start).collect();
    let urls: Vec<String> = servers.iter().map(|one| format!("{}{BASE}", one.url())).collect();
    say(&json!({ "urls": urls }))?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match (word, services.first()) {
            ("at", _) => {
                let now: DateTime<Utc> = rest.parse()?;
                services.iter().for_each(|service| {
                    let mut news = service.news();
                    (news.now, news.asked, news.refused) = (now, Vec::new(), Vec::new());
                });
            }
            ("park", Some(first)) => first.park(rest.parse()?),
            ("grant", Some(first)) => first.grant(rest.parse()?),
            ("seen", _) => {}
            _ => return Err(format!("the street does not know \"{word}\"").into()),
        }
        let (mut asked, mut refused) = (Vec::new(), Vec::new());
        for (service, server) in services.iter().zip(&servers) {
            let news = service.news();
            asked.extend(news.asked.iter().map(|target| format!("{}{target}", server.url())));
            refused.extend(news.refused.iter().cloned());
            server.clear_requests();
        }
        say(&json!({ "asked": asked, "refused": refused }))?;
    }
    Ok(())
}

/// The services, as the measurement holds them.
pub struct Services {
    player: Player,
    /// Their addresses.
    pub urls: Vec<String>,
}

/// What was seen since the clock was set last.
pub struct Asked {
    /// Every address that was asked, in the order of each service.
    pub urls: Vec<String>,
    /// What a client must not have asked.
    pub refused: Vec<String>,
}

impl Services {
    /// Starts them, and writes the pages of the first into `folder`.
    pub fn start(street: &Street, folder: &Path) -> Result<Self, Failure> {
        let Street { permits, citations, now } = street;
        let about = json!({ "permits": permits, "citations": citations, "now": zulu(*now) });
        let (player, told) = Player::start(ROLE, &about, folder)?;
        Ok(Self { player, urls: texts(&told["urls"])? })
    }

    /// Sets their clocks.
    pub fn set(&mut self, now: DateTime<Utc>) -> Result<(), Failure> {
        self.player.order(&format!("at {}", zulu(now))).map(drop)
    }

    /// A car parks now, at the first of them.
    pub fn park(&mut self, id: usize) -> Result<(), Failure> {
        self.player.order(&format!("park {id}")).map(drop)
    }

    /// The car at this index gets a permit now, from the first of them.
    pub fn grant(&mut self, index: usize) -> Result<(), Failure> {
        self.player.order(&format!("grant {index}")).map(drop)
    }

    /// What was seen.
    pub fn seen(&mut self) -> Result<Asked, Failure> {
        let told = self.player.order("seen")?;
        Ok(Asked { urls: texts(&told["asked"])?, refused: texts(&told["refused"])? })
    }
}

fn texts(list: &Value) -> Result<Vec<String>, Failure> {
    list.as_array().ok_or("a list is missing")?.iter().map(text).collect()
}
