//! Parkkihubi, the register of paid parking and of permits of Helsinki and its kin, by its enforcement API.
//!
//! It is open source (City-of-Helsinki/parkkihubi, read at e40f9e1), and what stands here was read there, where it
//! does not say that it is believed. Two listings are asked for in every run, and each of them is whole: permits of
//! the active series, past and future ones among them, and parkings that are valid at this instant. Neither can be
//! asked for changes.

mod config;
mod hub;
mod wire;

pub use config::{Parkkihubi, Settings};
pub use hub::Hub;

#[cfg(test)]
mod tests;
