//! Work on several systems at once: a slow one never waits for another.

use std::thread;

/// Does the same for each of them, on a thread of its own, and gives what came of it in their order.
pub fn side_by_side<T: Send, R: Send>(
    all: impl IntoIterator<Item = T>,
    deed: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    thread::scope(|threads| {
        let deed = &deed;
        let running: Vec<_> = all.into_iter().map(|one| threads.spawn(move || deed(one))).collect();
        running.into_iter().map(joined).collect()
    })
}

/// A panic in a thread is a bug, and goes on as one.
pub fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Mutant: one after the other, which would wait here for ever.
    #[test]
    fn all_run_at_once_and_answer_in_their_order() {
        let all_are_here = Barrier::new(8);
        let answers = side_by_side(0..8, |one| {
            all_are_here.wait();
            one * 2
        });
        assert_eq!(answers, [0, 2, 4, 6, 8, 10, 12, 14]);
    }
}
