//! What is wrong, where, and what to do about it: the one value that every stage reports with.

mod codes;

pub use codes::{CODES, Code, explanation};

use serde::{Deserialize, Deserializer, Serialize};

/// Longer messages are cut in their middle: what they quote may be megabytes.
const LONGEST: usize = 600;
/// What is left of them on either side.
const LEFT: usize = 100;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The plan runs all the same.
    Warning,
    /// Nothing is touched, or what was done is rolled back.
    Error,
}

/// A place in a plan's text: byte offsets, `end` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One thing that is wrong, as facts; `report` turns it into text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable kebab-case code with its room before it: `plan::unknown-syscall`, `target::not-found`; one of [`CODES`].
    pub code: &'static str,
    /// Whether it stops the plan.
    pub severity: Severity,
    /// One sentence without a full stop: what is wrong, with the names and numbers involved.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the plan, with a few words each (may be empty text); the first is the main place.
    pub places: Vec<(Span, String)>,
}

/// A problem that crossed from another process.
#[derive(Deserialize)]
struct Crossing {
    code: String,
    severity: Severity,
    message: String,
    help: Option<String>,
    places: Vec<(Span, String)>,
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Crossing { code, severity, message, help, places } = Crossing::deserialize(deserializer)?;
        // Each run brings a few at most, so their codes are kept for good.
        Ok(Self { code: code.leak(), severity, message, help, places })
    }
}

impl Problem {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: cut(message.into()), help: None, places: Vec::new() }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(cut(help.into()));
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.push((span, label.into()));
        self
    }
}

fn cut(text: String) -> String {
    if text.len() <= LONGEST || text.len() <= 4 * LONGEST && text.chars().count() <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LEFT).collect();
    let tail: Vec<char> = text.chars().rev().take(LEFT).collect();
    head + " … " + &tail.into_iter().rev().collect::<String>()
}
