//! The texts about the program itself: `help TOPIC` and the manual page.

pub mod manual;
