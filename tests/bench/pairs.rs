//! What is compared takes turns, so that a busy moment of the computer falls on both; the medians count.

use std::time::Duration;

use crate::Failure;
use crate::process::Cost;
use crate::table::time;

/// The medians of some runs of one thing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typical {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// From start to end.
    pub wall: Duration,
    /// The most memory of any.
    pub peak: u64,
}

/// The middle of these times.
pub fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs each of `N` things once a round, another one first each time.
pub fn in_turns<const N: usize>(
    rounds: usize,
    mut run: impl FnMut(usize) -> Result<Cost, Failure>,
) -> Result<[Typical; N], Failure> {
    let mut costs: [Vec<Cost>; N] = [const { Vec::new() }; N];
    for round in 0..rounds {
        for turn in 0..N {
            let which = (round + turn) % N;
            let cost = run(which)?;
            if let Some(costs) = costs.get_mut(which) {
                costs.push(cost);
            }
        }
    }
    Ok(costs.map(|costs| typical(&costs)))
}

/// The medians of these.
pub fn typical(costs: &[Cost]) -> Typical {
    Typical {
        cpu: middle(costs.iter().map(|cost| cost.cpu).collect()),
        wall: middle(costs.iter().map(|cost| cost.wall).collect()),
        peak: costs.iter().map(|cost| cost.peak).max().unwrap_or_default(),
    }
}

/// What a time is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// CPU time of the process, user and system.
    Cpu,
    /// The wall clock: where what is waited for is outside of the process.
    Wall,
}

/// A measured ratio.
#[derive(Debug, Clone)]
pub struct Ratio {
    /// What is compared with what.
    pub what: String,
    /// The median of the program.
    pub ours: Duration,
    /// The median of what it is held against.
    pub least: Duration,
    /// What was measured.
    pub clock: Clock,
    /// How many pairs.
    pub pairs: usize,
}

impl Ratio {
    /// The ratio of two CPU times.
    pub fn of_cpu(what: impl Into<String>, [ours, least]: [Typical; 2], pairs: usize) -> Self {
        Self { what: what.into(), ours: ours.cpu, least: least.cpu, clock: Clock::Cpu, pairs }
    }

    /// The ratio of two wall times.
    pub fn of_wall(what: impl Into<String>, [ours, least]: [Typical; 2], pairs: usize) -> Self {
        Self { what: what.into(), ours: ours.wall, least: least.wall, clock: Clock::Wall, pairs }
    }

    /// The ratio itself.
    pub fn value(&self) -> f64 {
        self.ours.as_secs_f64() / self.least.as_secs_f64().max(1e-9)
    }

    /// The head of a table of ratios.
    pub fn head() -> Vec<String> {
        ["", "ratio", "ours", "against", "of", "pairs"].map(str::to_owned).to_vec()
    }

    /// The cells of its line.
    pub fn cells(&self) -> Vec<String> {
        let clock = if self.clock == Clock::Cpu { "CPU" } else { "wall" };
        vec![
            self.what.clone(),
            format!("{:.2}", self.value()),
            time(self.ours),
            time(self.least),
            clock.to_owned(),
            self.pairs.to_string(),
        ]
    }
}
