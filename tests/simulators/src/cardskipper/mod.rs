//! The Cardskipper service: Basic login, member search, organisations.

mod answers;
mod criteria;
mod member;
mod render;
mod route;
mod server;
mod settings;
#[cfg(test)]
mod tests;

pub use member::{Member, Organisation, Role};
pub use render::PERSONAL_MARKS;
pub use server::Server;
pub use settings::*;
