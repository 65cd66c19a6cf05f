//! `[ips.NAME]`: the keys of a service.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::areas::Areas;
use super::citations::Events;
use super::seed::{self, Seed};
use super::wire::Reading;
use crate::config::reading::{
    Section, Surroundings, Wrong, address, examine_certificate, text, value,
};
use crate::config::{RightsKind, RightsSettings, Secret, Tls, Wiring};
use crate::model::{Ends, ParkingZoneName, RightCode, Zone};
use crate::net::oauth::Grant;
use crate::net::requests::RequestCount;
use crate::net::service::{Bounds, Credentials, Service, ServiceError};
use crate::ports::{Class, EventReader, Failure, Remark, RightsService};

/// The kind of service that IPS is.
#[derive(Debug)]
pub struct Ips;

/// One service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `ips.street`.
    pub section: String,
    /// What calls are added to, `https://ips.example/smartcity/v2`, or what is asked.
    pub url: Url,
    pub tls: Tls,
    pub wire: Wire,
    /// Whether the second of an end is inside.
    pub ends: Ends,
}

/// How it speaks, and how it knows who asks.
#[derive(Debug, Clone)]
pub enum Wire {
    /// Sessions and permits in JSON, page by page.
    Seed {
        login: Login,
        /// Types of permits that count; empty: all of them.
        permits: Vec<RightCode>,
        /// Types of citations that a right answers; empty: all of them; nothing where they are not listed.
        citations: Option<Vec<RightCode>>,
    },
    /// What officers' handhelds speak: a question in XML, a list in JSON.
    Xml {
        token: Secret,
        /// The zone whose wall clock its times are of.
        times: Zone,
    },
}

/// How the seed's wire knows who asks.
#[derive(Debug, Clone)]
pub enum Login {
    /// `Authorization: ApiKey SECRET`.
    ApiKey(Secret),
    /// `Authorization: Bearer SECRET`.
    Bearer(Secret),
    /// A name and a password.
    Basic(String, Secret),
    /// `Authorization: Bearer TOKEN`, with a token of another address.
    OAuth2(Grant, Secret),
}

/// The word of the key `auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Auth {
    ApiKey,
    Bearer,
    Basic,
    OAuth2,
}

const AUTHS: [(&str, Auth); 4] = [
    ("api-key", Auth::ApiKey),
    ("bearer", Auth::Bearer),
    ("basic", Auth::Basic),
    ("oauth2", Auth::OAuth2),
];

/// The keys of the seed's wire alone.
const OF_SEED: [&str; 10] = [
    "auth",
    "username",
    "token_url",
    "client_id",
    "scope",
    "client_in",
    "asked_as",
    "permits",
    "violations",
    "full_every",
];

impl Settings {
    pub(super) fn service(
        &self,
        requests: RequestCount,
        bounds: Bounds,
    ) -> Result<Service, ServiceError> {
        let credentials = match &self.wire {
            Wire::Xml { token, .. } => Credentials::header("ipstoken", token.expose()),
            Wire::Seed { login, .. } => match login {
                Login::ApiKey(secret) => Credentials::authorization("ApiKey", secret.expose()),
                Login::Bearer(secret) => Credentials::authorization("Bearer", secret.expose()),
                Login::Basic(name, secret) => {
                    let login = STANDARD.encode(format!("{name}:{}", secret.expose()));
                    Credentials::authorization("Basic", &login)
                }
                Login::OAuth2(grant, secret) => {
                    let requests = requests.clone();
                    Credentials::token(
                        grant,
                        secret.expose(),
                        &self.url,
                        &self.tls,
                        bounds,
                        requests,
                    )?
                }
            },
        };
        Service::new(&self.url, &self.tls, credentials, bounds, requests)
    }
}

impl RightsKind for Ips {
    fn name(&self) -> &'static str {
        "ips"
    }

    fn events(&self) -> Option<&'static dyn EventReader> {
        Some(&Events)
    }

    fn read(
        &self,
        section: &Section<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RightsSettings>> {
        let url = section.text("url", address::web).required();
        let is_xml = section
            .text("wire", |text| value::word(text, &[("seed", false), ("ips-xml", true)]))
            .or(false);
        let secret = section.password("secret", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        let is_closed = section.flag("closed").or(false);
        let ends = if is_closed { Ends::Closed } else { Ends::Open };
        if let Some(url) = &url {
            section.check_tls(url, &tls, "number plates and the secret");
        }
        let wire = if is_xml { xml(section, secret) } else { seed(section, secret) };
        let section = section.dotted("");
        Some(Arc::new(Settings { section, url: url?, tls, wire: wire?, ends }))
    }
}

/// The keys of the wire of handhelds.
fn xml(section: &Section<'_>, secret: Option<Secret>) -> Option<Wire> {
    section.refuse(&OF_SEED, "wire = \"ips-xml\"");
    let times = section.text("times", value::time_zone);
    if times.is_absent() {
        // A guess would be wrong by hours, and only in some cities.
        let wrong = Wrong::new("is missing: the answers do not say which clock their times are of");
        let hint = "write times = \"UTC\", or the zone of the city, as its switch is set";
        section.wrong("times", wrong.hint(hint));
    }
    Some(Wire::Xml { times: times.optional()?, token: secret? })
}

/// The keys of the seed's wire.
fn seed(section: &Section<'_>, secret: Option<Secret>) -> Option<Wire> {
    section.refuse(&["times"], "wire = \"seed\", whose instants say where they are");
    let auth = section.text("auth", |text| value::word(text, &AUTHS)).or(Auth::ApiKey);
    let username = section.text("username", value::not_empty).optional();
    let grant = match auth {
        Auth::OAuth2 => section.grant(),
        Auth::ApiKey | Auth::Bearer | Auth::Basic => {
            section.warn_idle_grant("auth = \"oauth2\"");
            None
        }
    };
    let permits = section.list("permits", |item| value::id(RightCode::new(text(item)?)));
    section.refuse_repeats("permits", permits.as_deref().unwrap_or_default());
    let are_permits_wrong = permits.is_none() && section.in_file("permits").is_some();
    let citations = citations(section);
    match (auth, &username) {
        (Auth::Basic, None) => {
            let wrong = Wrong::new("is missing: auth = \"basic\" needs a name");
            section.wrong("username", wrong.hint("write username = \"NAME\""));
            return None;
        }
        (Auth::ApiKey | Auth::Bearer | Auth::OAuth2, Some(_)) => {
            section.warn_idle("username", "auth = \"basic\"");
        }
        _ => {}
    }
    let secret = secret?;
    let login = match (auth, username) {
        (Auth::Basic, Some(name)) => Login::Basic(name, secret),
        (Auth::Bearer, _) => Login::Bearer(secret),
        (Auth::OAuth2, _) => Login::OAuth2(grant?, secret),
        (Auth::ApiKey | Auth::Basic, _) => Login::ApiKey(secret),
    };
    let permits = permits.unwrap_or_default().into_iter().map(|(_, code)| code).collect();
    Some(Wire::Seed { login, permits, citations: citations? }).filter(|_| !are_permits_wrong)
}

/// `violations = ["EXPIRED_METER"]`; `["*"]` is every type. `None` only together with a noted problem.
fn citations(section: &Section<'_>) -> Option<Option<Vec<RightCode>>> {
    const KEY: &str = "violations";
    let kinds = section.list(KEY, |item| value::id(RightCode::new(text(item)?)));
    let Some(kinds) = kinds else {
        return section.in_file(KEY).is_none().then_some(None);
    };
    section.refuse_repeats(KEY, &kinds);
    let kinds: Vec<_> = kinds.into_iter().map(|(_, kind)| kind).collect();
    if kinds.is_empty() {
        let wrong = Wrong::new("is empty, so that no citation would be looked at");
        section.wrong(KEY, wrong.hint("leave the key out, or write [\"*\"] for every type"));
        return None;
    }
    let is_every = kinds.iter().any(|kind| kind.as_str() == "*");
    if is_every && kinds.len() > 1 {
        let wrong = Wrong::new("names types beside \"*\", which is every type");
        section.wrong(KEY, wrong.hint("write [\"*\"] alone, or take it out"));
        return None;
    }
    Some(Some(if is_every { Vec::new() } else { kinds }))
}

impl Settings {
    /// How entries are read: what has no name is named with a key that only we and the service know.
    pub(super) fn reading(&self) -> Result<Reading, ServiceError> {
        let secret = match &self.wire {
            Wire::Xml { token, .. } => token,
            Wire::Seed { login, .. } => match login {
                Login::ApiKey(secret) | Login::Bearer(secret) => secret,
                Login::Basic(_, secret) | Login::OAuth2(_, secret) => secret,
            },
        };
        let unusable = || ServiceError::Unusable("the secret cannot be used".to_owned());
        Reading::new(self.ends, secret.expose()).ok_or_else(unusable)
    }
}

impl RightsSettings for Settings {
    fn parts(&self) -> &'static [&'static str] {
        match self.wire {
            Wire::Seed { .. } => &seed::PARTS,
            Wire::Xml { .. } => &[seed::SESSIONS],
        }
    }

    fn lists_changes(&self) -> bool {
        matches!(self.wire, Wire::Seed { .. })
    }

    fn connect(
        &self,
        wiring: Wiring,
        zones: &[ParkingZoneName],
        list_within: Duration,
    ) -> Result<Box<dyn RightsService>, Failure> {
        let service = self.service(wiring.count, Bounds::listing_within(list_within))?;
        let reading = self.reading()?;
        Ok(match &self.wire {
            Wire::Seed { permits, .. } => {
                Box::new(Seed { service, permits: permits.clone(), reading })
            }
            Wire::Xml { .. } if zones.is_empty() => {
                let text = "no [zone.NAME] has a name for it, so that there is nothing to ask for";
                return Err(Failure::new(Class::Unusable, false, &text, None));
            }
            Wire::Xml { times, .. } => {
                Box::new(Areas { service, names: zones.to_vec(), times: *times, reading })
            }
        })
    }

    fn lists_citations(&self) -> bool {
        matches!(&self.wire, Wire::Seed { citations: Some(_), .. })
    }

    fn judges(&self, kind: Option<&RightCode>) -> bool {
        let kinds = match &self.wire {
            Wire::Seed { citations, .. } => citations.as_deref().unwrap_or_default(),
            Wire::Xml { .. } => &[],
        };
        // A right says nothing about a car before a hydrant.
        kinds.is_empty() || kind.is_none_or(|kind| kinds.contains(kind))
    }

    fn sense(&self) -> String {
        let (url, ends) = (&self.url, self.ends);
        match &self.wire {
            Wire::Seed { login, permits, .. } => {
                let login = match login {
                    Login::ApiKey(_) | Login::Bearer(_) => None,
                    Login::Basic(name, _) => Some((name, None)),
                    Login::OAuth2(grant, _) => Some((&grant.client_id, grant.scope.as_deref())),
                };
                format!("seed {url} {ends:?} {login:?} {permits:?}")
            }
            Wire::Xml { times, .. } => format!("ips-xml {url} {ends:?} {times:?}"),
        }
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
