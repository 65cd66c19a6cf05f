//! The table of goals: what a tick may cost, each line reached or not, or why it was not measured.

use crate::pairs::Ratio;
use crate::scene::Row;
use crate::table::table;

/// One line of the table.
struct Line {
    place: usize,
    cells: Vec<String>,
}

/// What was found out, in whatever order.
#[derive(Default)]
pub struct Book {
    lines: Vec<Line>,
    /// Every ratio behind a line.
    pub ratios: Vec<Ratio>,
    /// Every measured run, for the table at the end.
    pub rows: Vec<Row>,
    /// What a client did that it must not.
    pub violations: Vec<String>,
    /// What else is to be said of a line.
    pub remarks: Vec<String>,
}

impl Book {
    /// A line with what was measured, in words.
    pub fn say(
        &mut self,
        place: usize,
        measure: &str,
        measured: String,
        goal: &str,
        is_reached: bool,
    ) {
        let verdict = if is_reached { "reached" } else { "not reached" };
        self.add(place, measure, measured, goal, verdict.to_owned());
    }

    /// A line of ratios, none of which may be above the goal.
    pub fn hold(&mut self, place: usize, measure: &str, goal: f64, ratios: Vec<Ratio>) {
        let values = ratios.iter().map(Ratio::value);
        let is_reached = values.clone().all(|value| value <= goal);
        let measured: Vec<String> = values
            .map(|value| if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") })
            .collect();
        let words = if goal < 1.0 { format!("at most {goal}") } else { format!("{goal}") };
        self.say(place, measure, measured.join(" / "), &words, is_reached);
        self.ratios.extend(ratios);
    }

    /// A line that was not measured, and why.
    pub fn miss(&mut self, place: usize, measure: &str, goal: &str, why: &str) {
        self.add(place, measure, "-".to_owned(), goal, format!("not measured: {why}"));
    }

    fn add(&mut self, place: usize, measure: &str, measured: String, goal: &str, verdict: String) {
        let cells = vec![measure.to_owned(), measured, goal.to_owned(), verdict];
        self.lines.push(Line { place, cells });
    }

    /// The table of goals.
    pub fn goals(&self) -> String {
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by_key(|line| line.place);
        let mut rows = vec![["measure", "measured", "goal", "verdict"].map(str::to_owned).to_vec()];
        rows.extend(lines.iter().map(|line| line.cells.clone()));
        table(&rows, 4)
    }

    /// Every ratio behind the table.
    pub fn behind(&self) -> String {
        let mut rows = vec![Ratio::head()];
        rows.extend(self.ratios.iter().map(Ratio::cells));
        table(&rows, 1)
    }
}
