//! A mail server that keeps what it is given: SMTP with STARTTLS or TLS from the start, login by PLAIN
//! or LOGIN, and faults that a test may order. Strict: what a client does against RFC 5321 is listed.

mod mail;
mod session;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub use mail::Mail;

use crate::http::{Identity, Tls};
use crate::lock;

/// What a mail server is.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Its certificate; [`Tls::Off`] for a server without TLS.
    pub tls: Tls,
    /// TLS from the first byte, where it has a certificate; otherwise STARTTLS.
    pub is_tls_from_the_start: bool,
    /// User name and password, where it wants a login.
    pub login: Option<(String, String)>,
}

/// How a mail server misbehaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    /// Closes every connection at once.
    pub is_down: bool,
    /// Answers every login with 535.
    pub refuses_login: bool,
    /// Answers so many receivers with 450 before it takes one.
    pub greylists: u32,
    /// Answers every sender with 550.
    pub refuses_sender: bool,
    /// Answers this receiver with 550, and takes the others.
    pub refuses_receiver: Option<&'static str>,
    /// Greets as something else than a mail server.
    pub is_another_service: bool,
    /// Greets with 554: it serves nobody now.
    pub serves_nobody: bool,
    /// Closes the connection when half of a mail has come.
    pub drops_in_the_middle: bool,
    /// Takes a whole mail, and never says so.
    pub stalls: bool,
    /// Does not offer STARTTLS, although it could.
    pub hides_starttls: bool,
}

/// Everything the connections share.
struct Shared {
    settings: Settings,
    identity: Option<Identity>,
    switches: Mutex<Switches>,
    mails: Mutex<Vec<Mail>>,
    violations: Mutex<Vec<String>>,
    connections: Mutex<u64>,
    logins: Mutex<u64>,
    hellos: Mutex<Vec<String>>,
}

impl Shared {
    fn violation(&self, what: impl Into<String>) {
        lock(&self.violations).push(what.into());
    }
}

/// A listening mail server; dropping it frees the port.
pub struct MailServer {
    shared: Arc<Shared>,
    port: u16,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is none.
    pub fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().map_or(0, |address| address.port());
        let shared = Arc::new(Shared {
            identity: Identity::make(settings.tls),
            settings,
            switches: Mutex::default(),
            mails: Mutex::default(),
            violations: Mutex::default(),
            connections: Mutex::default(),
            logins: Mutex::default(),
            hellos: Mutex::default(),
        });
        let stop = Arc::new(AtomicBool::new(false));
        let accepting = {
            let (shared, stop) = (Arc::clone(&shared), Arc::clone(&stop));
            std::thread::spawn(move || accept(&listener, &shared, &stop))
        };
        Self { shared, port, stop, accepting: Some(accepting) }
    }

    /// The address as a configuration writes it, by the scheme that fits the server. The host is a
    /// name, which its certificates hold.
    pub fn url(&self) -> String {
        let from_start = self.shared.settings.is_tls_from_the_start;
        let scheme = if from_start { "smtps" } else { "smtp" };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate in DER, for clients that trust it as a root; `None` without TLS.
    pub fn certificate_der(&self) -> Option<Vec<u8>> {
        self.shared.identity.as_ref().map(|identity| identity.der.clone())
    }

    /// Changes how it misbehaves.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut lock(&self.shared.switches));
    }

    /// Every mail it took, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.shared.mails).clone()
    }

    /// The mails it took since this was last asked.
    pub fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut lock(&self.shared.mails))
    }

    /// What clients did against the rules.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared.violations).clone()
    }

    /// Logins tried so far.
    pub fn logins(&self) -> u64 {
        *lock(&self.shared.logins)
    }

    /// What clients have called themselves, oldest first.
    pub fn hellos(&self) -> Vec<String> {
        lock(&self.shared.hellos).clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        *lock(&self.shared.connections)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The accepting thread sleeps in accept; a connection of our own wakes it.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: &AtomicBool) {
    while let Ok((tcp, _)) = listener.accept() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        *lock(&shared.connections) += 1;
        let _ = tcp.set_nodelay(true);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || session::serve(&shared, tcp));
    }
}
