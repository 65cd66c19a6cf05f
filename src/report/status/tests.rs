//! Tests of how things stand.

use super::*;

#[test]
fn every_exit_code_has_words() {
    for exit in Exit::ALL {
        assert!(!code_words(exit.code()).is_empty());
    }
}
