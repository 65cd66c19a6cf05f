//! Fuzz targets for everything that reads what others wrote, on stable Rust.
//!
//! * [`targets`]: one plain function for each reader: it reads, and says what is wrong with what was
//!   accepted, beyond "it did not panic".
//! * [`mutate`]: bends files of the corpus; knows the words of each format, blind to coverage.
//! * [`run`]: the loop; every input follows from a seed and a number, so a failure is one line.
//!
//! ```text
//! cargo run --release -p ivms-sync-fuzz -- TARGET|all --seconds 60 [--seed S]
//! cargo run -p ivms-sync-fuzz -- TARGET --seed S --at N      # one input again
//! cargo run -p ivms-sync-fuzz -- TARGET --input FILE         # any file
//! ```

pub mod mutate;
pub mod run;
pub mod targets;
