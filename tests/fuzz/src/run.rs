//! The loop around a target.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::mutate::{Chance, bend};
use crate::targets::Target;

/// An input on which a target failed.
#[derive(Debug)]
pub struct Failure {
    /// Which target.
    pub target: &'static str,
    /// What is wrong.
    pub what: String,
    /// The input.
    pub input: Vec<u8>,
    /// How to do it again.
    pub again: String,
}

impl Failure {
    /// Writes the input beside the build and says so in one line.
    pub fn tell(&self) -> String {
        let folder = std::env::temp_dir().join("ivms-sync-fuzz");
        let size = self.input.len();
        let file = folder.join(format!("{}-{size}-{:08x}", self.target, sum(&self.input)));
        let mut text = format!("{}: {}\n  again: {}", self.target, self.what, self.again);
        if std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, &self.input))
            .is_ok()
        {
            let _ = write!(text, "\n  input: {}", file.display());
        }
        text
    }
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The files of a target's corpus, in the order of their names.
///
/// # Errors
/// What the disk says; a corpus that is empty.
pub fn corpus(target: &Target) -> std::io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.corpus);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    paths.iter().map(std::fs::read).collect()
}

/// Runs a target on one input: panics are failures like any other.
pub fn on(target: &Target, input: &[u8]) -> Result<(), String> {
    let read = target.read;
    std::panic::catch_unwind(|| read(input)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// The corpus as it is, then inputs made from it: so many, or for so long, whichever ends first.
///
/// # Errors
/// The first input on which the target fails.
pub fn run(
    target: &Target,
    seed: u64,
    count: u64,
    time: Option<Duration>,
) -> Result<u64, Box<Failure>> {
    let name = target.name;
    let failure = |what, input: &[u8], again| {
        Box::new(Failure { target: name, what, input: input.to_vec(), again })
    };
    let corpus = corpus(target).map_err(|error| failure(error.to_string(), b"", String::new()))?;
    for input in &corpus {
        on(target, input).map_err(|what| {
            failure(what, input, format!("cargo run -p ivms-sync-fuzz -- {name} --seconds 0"))
        })?;
    }
    let began = Instant::now();
    let mut at = 0;
    while at < count && time.is_none_or(|time| began.elapsed() < time) {
        let input = one(target, &corpus, seed, at);
        on(target, &input).map_err(|what| {
            failure(
                what,
                &input,
                format!("cargo run -p ivms-sync-fuzz -- {name} --seed {seed} --at {at}"),
            )
        })?;
        at += 1;
    }
    Ok(at)
}

/// Input number `at`.
pub fn one(target: &Target, corpus: &[Vec<u8>], seed: u64, at: u64) -> Vec<u8> {
    bend(corpus, target.words, &mut Chance::new(seed, at))
}

/// Runs a target and watches that it does not hang on one input.
///
/// # Errors
/// As [`run`]; also when nothing was heard for a minute after the end.
pub fn run_watched(
    target: &'static Target,
    seed: u64,
    count: u64,
    time: Duration,
) -> Result<u64, Box<Failure>> {
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || tell.send(run(target, seed, count, Some(time))));
    hear.recv_timeout(time.saturating_add(Duration::from_secs(60))).unwrap_or_else(|_| {
        let what = "hangs on an input".to_owned();
        let again = format!(
            "cargo run -p ivms-sync-fuzz -- {} --seed {seed} --seconds {}",
            target.name,
            time.as_secs()
        );
        Err(Box::new(Failure { target: target.name, what, input: Vec::new(), again }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::TARGETS;

    /// A fixed number of inputs for every reader: some seconds in all. Longer runs use the program.
    #[test]
    fn every_reader_holds() {
        for target in TARGETS {
            let made = run(target, 1, target.inputs_in_ci, None);
            assert_eq!(made.map_err(|failure| failure.tell()), Ok(target.inputs_in_ci));
        }
    }

    /// The corpus is worth bending only if the readers take most of it.
    #[test]
    fn every_corpus_has_files_that_are_read() {
        for target in TARGETS {
            let corpus = corpus(target).unwrap_or_default();
            let taken = corpus.iter().filter(|input| (target.is_taken)(input)).count();
            assert!(
                taken >= 1 && corpus.len() >= 4,
                "{}: {taken} of {}",
                target.name,
                corpus.len()
            );
        }
    }

    /// So many that some are read of a plan too, whose seal takes hardly any change.
    const BENT: u64 = 1000;

    /// The mutator reaches beyond refusals: a good part of what it makes is still read.
    #[test]
    fn bent_inputs_differ_and_some_are_still_read() {
        for target in TARGETS {
            let corpus = corpus(target).unwrap_or_default();
            let made: Vec<_> = (0..BENT).map(|at| one(target, &corpus, 7, at)).collect();
            let again: Vec<_> = (0..BENT).map(|at| one(target, &corpus, 7, at)).collect();
            assert!(made == again, "{}: the same seed gives the same inputs", target.name);
            let distinct: std::collections::BTreeSet<_> = made.iter().collect();
            let taken = made.iter().filter(|input| (target.is_taken)(input)).count();
            assert!(
                distinct.len() > 200 && taken >= 5,
                "{}: {} {taken}",
                target.name,
                distinct.len()
            );
        }
    }

    /// A reader that fails is told with the line that does it again.
    #[test]
    fn a_failure_names_its_input() {
        fn picky(input: &[u8]) -> Result<(), String> {
            if input.contains(&b'\x1b') { panic!("saw it") } else { Ok(()) }
        }
        let broken = Target { read: picky, ..TARGETS[0] };
        let failure = run(&broken, 3, 100_000, None).expect_err("an escape is among the words");
        assert!(failure.what.contains("saw it") && failure.input.contains(&b'\x1b'));
        let at: u64 =
            failure.again.rsplit(' ').next().and_then(|at| at.parse().ok()).unwrap_or_default();
        assert!(failure.again.contains("--seed 3"), "{}", failure.again);
        let corpus = corpus(&broken).unwrap_or_default();
        assert_eq!(one(&broken, &corpus, 3, at), failure.input);
    }
}
