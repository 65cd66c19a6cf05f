//! Keys that connectors over HTTP have in common.

use url::Url;

use super::problem::Wrong;
use super::secret_source::{self, Surroundings};
use super::section::Section;
use super::{Secret, Tls, address, value};
use crate::net::certificate;
use crate::ports::{Remark, Severity};
use crate::text::hex::hex;

impl Section<'_> {
    /// A password that must be there.
    pub fn password(&self, key: &'static str, surroundings: &Surroundings<'_>) -> Option<Secret> {
        if self.find(key).is_none() {
            let hint = format!("write {key} = {{ env = \"NAME\" }}");
            self.wrong(key, Wrong::new("is missing").hint(hint));
            return None;
        }
        secret_source::read(self, key, surroundings)
    }

    /// `url`, `secret` and `tls` of a web service to which `what` goes. `None` only together with a noted problem.
    pub fn service(
        &self,
        what: &str,
        surroundings: &Surroundings<'_>,
    ) -> Option<(Url, Secret, Tls)> {
        let url = self.text("url", address::safe_web).required();
        let secret = self.password("secret", surroundings);
        let tls = self.text("tls", value::tls).or(Tls::System);
        if let Some(url) = &url {
            self.check_tls(url, &tls, what);
        }
        Some((url?, secret?, tls))
    }

    /// Warns of an address over which anybody can read and change `what` on the way.
    pub fn warn_plain_http(&self, url: &Url, what: &str) {
        if url.scheme() == "http" && !address::is_loopback(url) {
            self.warn(format!(
                "{} is plain http: anybody on the network can read and change {what} on the way.",
                self.dotted("url")
            ));
        }
    }

    /// A certificate is only ever looked at on `https`. To pin one on `http` is an error, because the
    /// writer believes in a protection that is not there; `insecure` there is merely without effect.
    pub fn check_tls(&self, url: &Url, tls: &Tls, what: &str) {
        let key = self.dotted("tls");
        if url.scheme() == "https" {
            if *tls == Tls::Insecure {
                self.warn(format!(
                    "{key} is \"insecure\": whoever answers at this address is believed to be the \
                     device. Pin its certificate instead: tls = \"sha256:…\" with the fingerprint \
                     that the browser or openssl shows."
                ));
            }
            return;
        }
        self.warn_plain_http(url, what);
        match tls {
            Tls::System => {}
            Tls::Pinned(_) => self.wrong(
                "tls",
                Wrong::new("pins a certificate, but the address is plain http and has none")
                    .hint("write https:// in url, or remove tls"),
            ),
            Tls::Insecure => {
                self.warn(format!("{key} has no effect, because the address is plain http."));
            }
        }
    }
}

/// Which certificate an `https` target shows, so that it can be pinned under `section`. Asks the network,
/// and never logs in.
pub fn examine_certificate(url: &Url, tls: &Tls, section: &str) -> Vec<Remark> {
    if url.scheme() != "https" {
        return Vec::new();
    }
    let shown = match certificate::fingerprint(url) {
        Ok(shown) => shown,
        // That nobody answers was said already, with what to do.
        Err(error) => {
            log::debug!("{section}: no certificate was seen: {error}");
            return Vec::new();
        }
    };
    let text = format!("its certificate is sha256:{shown}");
    let pin = Some(format!("to pin it: tls = \"sha256:{shown}\" under [{section}]"));
    vec![match tls {
        Tls::Pinned(pinned) if hex(pinned) == shown => {
            Remark { severity: Severity::Ok, text: format!("{text}, as pinned"), remedy: None }
        }
        // Another one than the pinned was refused, and named, already.
        Tls::Pinned(_) => return Vec::new(),
        Tls::Insecure => Remark {
            severity: Severity::Warning,
            text: format!("{text}; whoever shows another one would be believed too"),
            remedy: pin,
        },
        Tls::System => Remark { severity: Severity::Ok, text, remedy: pin },
    }]
}
