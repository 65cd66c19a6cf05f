//! Tests of how things stand.

use super::*;

#[test]
fn lengths_of_time_read_like_speech() {
    for (seconds, words) in [
        (-5, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (8_640_000, "100 days"),
    ] {
        assert_eq!(span(TimeDelta::seconds(seconds)), words);
    }
}

#[test]
fn every_exit_code_has_words() {
    for exit in Exit::ALL {
        assert!(!code_words(exit.code()).is_empty());
    }
}
