//! Whoever sees changes before they are made, and says yes or no.

/// What somebody says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave this one.
    No,
    /// Do it, and all that follow.
    All,
    /// Leave this one and all that follow.
    Quit,
}

/// Sees what is about to happen, and decides. The renderer has the one that talks to people; "show"
/// is answered by it and never comes back.
pub trait Audience {
    /// Asks about one change. `number` counts from 1 to `count`; `diff` is the unified diff, to be
    /// shown once more where somebody asks for it.
    fn ask(&mut self, question: &str, number: usize, count: usize, diff: &str) -> Answer;

    /// Shows the unified diff of a change that is about to be made.
    fn diff(&mut self, diff: &str);

    /// Says something, on a line of its own.
    fn note(&mut self, line: &str);
}
