//! What was found of a target: the answers on which its Program is built.

/// The answers for every step of a plan, in one target at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Why the target is left alone, if the plan's own conditions say so.
    pub left_alone: Option<&'static str>,
    /// By index in the plan. A step without an entry asks nothing.
    pub steps: Vec<FoundStep>,
}

/// The answers for one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundStep {
    /// All facts under its `when` hold.
    pub when: bool,
    /// All facts under its `unless` hold.
    pub unless: bool,
    /// What it is repeated over; `None` if it is not.
    pub each: Option<Vec<Each>>,
    /// The thread that runs it, if it names one.
    pub thread: Option<i32>,
    /// The same for each step under its `undo`.
    pub undo_threads: Vec<Option<i32>>,
    /// How many descriptors are open in the range that it, or a step under its `undo`, is about (close_range): the most.
    pub open: usize,
}

impl Default for FoundStep {
    fn default() -> Self {
        Self { when: true, unless: true, each: None, thread: None, undo_threads: Vec::new(), open: 0 }
    }
}

/// One of the things that a step is repeated over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Each {
    /// As people read it: `fd 7`, `mapping 7f…-7f…`, `thread 4712`.
    pub label: String,
    /// `${each.NAME}` that is a number.
    pub numbers: Vec<(&'static str, u64)>,
    /// `${each.NAME}` that is text.
    pub texts: Vec<(&'static str, String)>,
    /// The thread that runs this repetition, if it is one.
    pub thread: Option<i32>,
    /// Not all facts under the step's `when` hold of it.
    pub when_fails: bool,
    /// Not all facts under its `unless` hold of it.
    pub unless_fails: bool,
}

impl Found {
    /// The answers for a step.
    pub fn step(&self, index: usize) -> FoundStep {
        self.steps.get(index).cloned().unwrap_or_default()
    }
}

impl Each {
    /// A number by its name.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// A text by its name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }
}
