//! `[ips.NAME]`: the keys of a service.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::Seed;
use super::citations::Events;
use crate::config::reading::{
    Section, Surroundings, Wrong, address, examine_certificate, text, value,
};
use crate::config::{RightsKind, RightsSettings, Secret, Tls, Wiring};
use crate::model::RightCode;
use crate::net::service::Credentials;
use crate::ports::{EventReader, Failure, Remark, RightsService};

/// The kind of service that IPS is.
#[derive(Debug)]
pub struct Ips;

/// One service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `ips.street`.
    pub section: String,
    /// What calls are added to: `https://ips.example/smartcity/v2`.
    pub url: Url,
    pub wire: Wire,
    pub tls: Tls,
    pub login: Login,
    /// Types of permits that count; empty: all of them.
    pub permits: Vec<RightCode>,
    /// Types of citations that a right answers; empty: all of them; nothing where they are not listed.
    pub citations: Option<Vec<RightCode>>,
}

/// How it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Sessions and permits in JSON, page by page.
    Seed,
}

/// How it knows who asks.
#[derive(Debug, Clone)]
pub enum Login {
    /// `Authorization: ApiKey SECRET`.
    ApiKey(Secret),
    /// `Authorization: Bearer SECRET`.
    Bearer(Secret),
    /// A name and a password.
    Basic(String, Secret),
}

/// The word of the key `auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Auth {
    ApiKey,
    Bearer,
    Basic,
}

impl Login {
    pub(super) fn credentials(&self) -> Credentials {
        match self {
            Self::ApiKey(secret) => Credentials::authorization("ApiKey", secret.expose()),
            Self::Bearer(secret) => Credentials::authorization("Bearer", secret.expose()),
            Self::Basic(name, secret) => {
                let login = STANDARD.encode(format!("{name}:{}", secret.expose()));
                Credentials::authorization("Basic", &login)
            }
        }
    }
}

impl RightsKind for Ips {
    fn name(&self) -> &'static str {
        "ips"
    }

    fn parts(&self) -> &'static [&'static str] {
        &super::seed::PARTS
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
        let wire = section.text("wire", |text| match text {
            "seed" => Ok(Wire::Seed),
            _ => Err(Wrong::new("is no wire that is known here").hint("write \"seed\"")),
        });
        let wire = wire.or(Wire::Seed);
        let auth = section.text("auth", |text| match text {
            "api-key" => Ok(Auth::ApiKey),
            "bearer" => Ok(Auth::Bearer),
            "basic" => Ok(Auth::Basic),
            _ => {
                let hint = "write \"api-key\", \"bearer\" or \"basic\"";
                Err(Wrong::new("is no way to log in that is known here").hint(hint))
            }
        });
        let auth = auth.or(Auth::ApiKey);
        let username = section.text("username", value::not_empty).optional();
        let secret = section.password("secret", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        let permits = section.list("permits", |item| value::id(RightCode::new(text(item)?)));
        section.refuse_repeats("permits", permits.as_deref().unwrap_or_default());
        let are_permits_wrong = permits.is_none() && section.in_file("permits").is_some();
        let citations = citations(section);
        if let Some(url) = &url {
            section.check_tls(url, &tls, "number plates and the secret");
        }
        match (auth, &username) {
            (Auth::Basic, None) => {
                let wrong = Wrong::new("is missing: auth = \"basic\" needs a name");
                section.wrong("username", wrong.hint("write username = \"NAME\""));
                return None;
            }
            (Auth::ApiKey | Auth::Bearer, Some(_)) => {
                let key = section.dotted("username");
                section.warn(format!("{key} has no effect without auth = \"basic\"."));
            }
            _ => {}
        }
        let secret = secret?;
        let login = match (auth, username) {
            (Auth::Basic, Some(name)) => Login::Basic(name, secret),
            (Auth::Bearer, _) => Login::Bearer(secret),
            (Auth::ApiKey | Auth::Basic, _) => Login::ApiKey(secret),
        };
        let permits = permits.unwrap_or_default().into_iter().map(|(_, code)| code).collect();
        let section = section.dotted("");
        let citations = citations?;
        let settings = Settings { section, url: url?, wire, tls, login, permits, citations };
        Some(settings).filter(|_| !are_permits_wrong).map(|one| Arc::new(one) as _)
    }
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
    Some(Some(if is_every { Vec::new() } else { kinds }))
}

impl RightsSettings for Settings {
    fn connect(&self, wiring: Wiring) -> Result<Box<dyn RightsService>, Failure> {
        Ok(Box::new(Seed::new(self, wiring.count)?))
    }

    fn sense(&self) -> String {
        let mut sense = format!("{:?} {}", self.wire, self.url);
        if let Login::Basic(name, _) = &self.login {
            let _ = write!(sense, " {name:?}");
        }
        for code in &self.permits {
            // Writing into a text does not fail.
            let _ = write!(sense, " {code}");
        }
        sense
    }

    fn lists_citations(&self) -> bool {
        self.citations.is_some()
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
