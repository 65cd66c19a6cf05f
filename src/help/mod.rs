//! The texts about the program itself: `help TOPIC` and the manual pages.

pub mod manual;
mod markdown;
mod page;
mod screen;
