//! The threat model; nothing but documentation.
#![doc = include_str!("threats.md")]
