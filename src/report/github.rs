//! Problems as GitHub Actions annotations: a workflow command each, which the pull request shows at its line.

use super::Source;
use crate::problem::{Problem, Severity};

/// A line for each problem: `::error file=…,line=…,col=…,title=…::message`.
pub fn github(problems: &[Problem], source: &Source) -> String {
    problems.iter().map(|problem| line(problem, source)).collect()
}

fn line(problem: &Problem, source: &Source) -> String {
    let level = match problem.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut properties = format!("file={}", property(&source.name));
    if let Some((span, _)) = problem.places.first() {
        let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
        properties.push_str(&format!(",line={},endLine={}", start.line, end.line));
        // GitHub takes columns of places within one line only.
        if start.line == end.line {
            properties.push_str(&format!(",col={},endColumn={}", start.column, end.column));
        }
    }
    let help = problem.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    let message = data(&format!("{}{help}", problem.message));
    format!("::{level} {properties},title={}::{message}\n", property(problem.code))
}

/// A message: a line break would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which `,` would end, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Span;

    #[test]
    fn columns_within_a_line_only() {
        let source = Source::new("a,b.yaml", b"one\ntwo\n");
        let within = Problem::error("plan::shape", "100% wrong").help("mend it").at(Span { start: 4, end: 7 }, "");
        let over = Problem::warning("plan::shape", "two lines\n").at(Span { start: 0, end: 6 }, "");
        let nowhere = Problem::error("plan::empty", "empty");
        insta::assert_snapshot!(github(&[within, over, nowhere], &source), @r"
        ::error file=a%2Cb.yaml,line=2,endLine=2,col=1,endColumn=4,title=plan%3A%3Ashape::100%25 wrong%0Amend it
        ::warning file=a%2Cb.yaml,line=1,endLine=2,title=plan%3A%3Ashape::two lines%0A
        ::error file=a%2Cb.yaml,title=plan%3A%3Aempty::empty
        ");
    }
}
