//! What tests watch with: every word, in order.

use std::sync::{Arc, Mutex};

use super::{Meter, Progress, Unit};

/// Keeps every word that was said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<Vec<String>>>);

impl Shown {
    /// What was said so far: `front-door Persons begins`, `front-door Persons 30 of 45`.
    pub(crate) fn words(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn say(&self, words: String) {
        self.0.lock().unwrap().push(words);
    }
}

#[derive(Debug)]
struct One {
    shown: Shown,
    about: String,
}

impl Progress for Shown {
    fn begin(&self, about: &str, unit: Unit) -> Box<dyn Meter> {
        let about = format!("{about} {unit:?}");
        self.say(format!("{about} begins"));
        Box::new(One { shown: self.clone(), about })
    }
}

impl Meter for One {
    fn show(&self, done: usize, total: Option<usize>) {
        let of = total.map_or_else(String::new, |total| format!(" of {total}"));
        self.shown.say(format!("{} {done}{of}", self.about));
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.shown.say(format!("{} ends", self.about));
    }
}
