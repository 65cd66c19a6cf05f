//! Tests of the state file.
