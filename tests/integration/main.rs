//! Scenarios: the real binary against simulators with memory, over real sockets.
#![allow(missing_docs, reason = "tests document themselves by their names")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop where it stands"
)]

mod alarms;
mod anpr_connector;
mod books;
mod browser;
mod citations;
mod club;
mod collection;
mod commands;
mod cron;
mod demo;
mod documents;
mod door;
mod duties;
mod events;
mod gates;
mod gates_patience;
mod gates_told;
mod gates_world;
mod golden;
mod handheld;
mod hikcentral;
mod history;
mod hostile;
mod init;
#[cfg(target_os = "linux")]
mod kill;
mod links;
mod lookup;
mod main_job;
mod many_clubs;
mod money_world;
mod newcomer;
mod numbers;
mod plans;
mod platform;
mod play;
mod quiet;
mod readme;
mod restraint;
mod services;
mod services_wires;
mod state;
mod support;
#[cfg(unix)]
mod terminal;
mod tidy;
mod toy;
mod vehicles;
mod work;
mod years;
