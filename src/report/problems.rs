//! Problems for people, each shown at its place in the plan.

use super::Source;
use crate::problem::{Problem, Severity, Span};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::fmt;
use std::io::IsTerminal;

/// All problems as text, with colours if they go to a terminal that wants them.
pub fn problems(problems: &[Problem], source: Option<&Source>) -> String {
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    for problem in problems {
        // Writing to a String does not fail.
        let _written = handler.render_report(&mut text, &Shown { problem, source });
    }
    text
}

/// A text without anything that a terminal would obey: names of processes and values of plans are other people's.
pub fn plain(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '\n' | '\t' => letter.to_string(),
        letter if letter.is_control() => letter.escape_default().to_string(),
        letter => letter.to_string(),
    };
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        text.chars().map(escaped).collect()
    } else {
        text.to_owned()
    }
}

/// A problem as miette wants it.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: Option<&'a Source>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.problem.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.problem.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.problem.help.as_ref().map(|help| Box::new(plain(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let source = self.source?;
        let label = move |(index, (span, text)): (usize, &(Span, String))| {
            let text = if text.is_empty() { "here" } else { text };
            let span = source.shown(*span);
            let place = (span.start, span.end - span.start);
            match index {
                // The one that the heading names.
                0 => LabeledSpan::new_primary_with_span(Some(text.to_owned()), place),
                _ => LabeledSpan::new_with_span(Some(text.to_owned()), place),
            }
        };
        Some(Box::new(self.problem.places.iter().enumerate().map(label)))
    }
}
