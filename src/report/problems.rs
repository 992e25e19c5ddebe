//! Problems for people, each shown at its place in the plan.

use crate::problem::{Problem, Severity, Span};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::io::IsTerminal;

/// The text that problems point into.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its file's name.
    pub name: String,
    /// Its text, lossily decoded.
    pub text: String,
}

impl Source {
    /// Of a file. Bytes that are no UTF-8 are shown as one `?` each, so that places stay what they are.
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| if byte.is_ascii() { *byte as char } else { '?' }).collect(),
        };
        Self { name: name.to_owned(), text }
    }

    /// Line and column (in characters) of a byte offset, from 1.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// All problems as text, with colours if they go to a terminal that wants them.
pub fn problems(problems: &[Problem], source: Option<&Source>) -> String {
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut text = String::new();
    for problem in problems {
        let shown = Shown { problem, source: source.map(|source| NamedSource::new(&source.name, source.text.clone())) };
        // Writing to a String does not fail.
        let _written = handler.render_report(&mut text, &shown);
    }
    text
}

/// A problem as miette wants it.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<String>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
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
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let label = |(span, text): &(Span, String)| {
            let text = if text.is_empty() { "here" } else { text };
            LabeledSpan::new(Some(text.to_owned()), span.start, span.end.saturating_sub(span.start))
        };
        Some(Box::new(self.problem.places.iter().map(label)))
    }
}
