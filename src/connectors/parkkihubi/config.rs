//! `[parkkihubi.NAME]`: the keys of a register.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Hub;
use crate::config::reading::{Section, Surroundings, address, examine_certificate, value};
use crate::config::{RightsKind, RightsSettings, Secret, Tls, Wiring};
use crate::model::ParkingZoneName;
use crate::net::requests::RequestCount;
use crate::net::service::{Bounds, Credentials, Service, ServiceError};
use crate::ports::{Failure, Remark, RightsService};

/// The kind of service that Parkkihubi is.
#[derive(Debug)]
pub struct Parkkihubi;

/// One register.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `parkkihubi.register`.
    pub section: String,
    /// What `enforcement/v1/…` is added to.
    pub url: Url,
    pub tls: Tls,
    /// The token of an enforcer.
    pub secret: Secret,
}

impl Settings {
    pub(super) fn service(
        &self,
        requests: RequestCount,
        bounds: Bounds,
    ) -> Result<Service, ServiceError> {
        let credentials = Credentials::authorization("ApiKey", self.secret.expose());
        Service::new(&self.url, &self.tls, credentials, bounds, requests)
    }
}

impl RightsKind for Parkkihubi {
    fn name(&self) -> &'static str {
        "parkkihubi"
    }

    fn read(
        &self,
        section: &Section<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RightsSettings>> {
        let url = section.text("url", address::web).required();
        let secret = section.password("secret", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        if let Some(url) = &url {
            section.check_tls(url, &tls, "number plates and the secret");
        }
        let section = section.dotted("");
        Some(Arc::new(Settings { section, url: url?, tls, secret: secret? }))
    }
}

impl RightsSettings for Settings {
    fn parts(&self) -> &'static [&'static str] {
        &super::hub::PARTS
    }

    fn lists_changes(&self) -> bool {
        false
    }

    fn connect(
        &self,
        wiring: Wiring,
        _: &[ParkingZoneName],
        list_within: Duration,
    ) -> Result<Box<dyn RightsService>, Failure> {
        Ok(Box::new(Hub(self.service(wiring.count, Bounds::listing_within(list_within))?)))
    }

    fn sense(&self) -> String {
        self.url.to_string()
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
