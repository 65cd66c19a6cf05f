//! What somebody does at a system between two requests of the client.

/// An edit, out of sight of the client.
type Edit<P> = Box<dyn FnOnce(&mut Vec<P>) + Send>;

/// One that waits for its moment.
struct Waiting<P> {
    /// The target of the requests that count.
    part: String,
    /// It happens after so many of them.
    left: usize,
    edit: Edit<P>,
}

/// Edits of persons that wait.
pub(crate) struct Meanwhile<P>(Vec<Waiting<P>>);

impl<P> Default for Meanwhile<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P> Meanwhile<P> {
    /// Lets this happen after the `count`-th request from now on whose target contains `part`.
    pub(crate) fn order(
        &mut self,
        part: &str,
        count: usize,
        edit: impl FnOnce(&mut Vec<P>) + Send + 'static,
    ) {
        self.0.push(Waiting { part: part.to_owned(), left: count, edit: Box::new(edit) });
    }

    /// A request was dealt with: what follows it happens now.
    pub(crate) fn dealt_with(&mut self, target: &str, persons: &mut Vec<P>) {
        for one in self.0.iter_mut().filter(|one| target.contains(&one.part)) {
            one.left = one.left.saturating_sub(1);
        }
        for one in self.0.extract_if(.., |one| one.left == 0) {
            (one.edit)(persons);
        }
    }
}
