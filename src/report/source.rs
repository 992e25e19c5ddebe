//! The text that problems point into, and which part of it is shown for one.

use crate::problem::Span;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// No place is shown with more lines.
const MOST_LINES: usize = 8;
/// No more of a line is shown before a place, and of the place.
const MOST_BYTES: usize = 160;

/// The text that problems point into.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its file's name.
    pub name: String,
    /// Its text, lossily decoded, every byte at its place.
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// A position, from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Source {
    /// Of a file. Bytes that are no UTF-8, or that a terminal would obey, are shown as one `?` each, so that places stay
    /// what they are.
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let obeyed = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t');
        let shown = |byte: u8| match byte {
            b'\r' => ' ',
            byte if obeyed(byte) => '?',
            byte => byte as char,
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !bytes.iter().any(|byte| obeyed(*byte)) => text.to_owned(),
            Ok(text) => {
                text.chars().map(|letter| if letter.is_ascii() { shown(letter as u8) } else { letter }).collect()
            }
            Err(_) => bytes.iter().map(|byte| if byte.is_ascii() { shown(*byte) } else { '?' }).collect(),
        };
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        // A byte order mark is no part of the first line.
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let lines = std::iter::once(start).chain(breaks).collect();
        Self { name: name.to_owned(), text, lines }
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_of(offset);
        let before = self.text.get(self.lines[line]..self.boundary(offset)).unwrap_or_default();
        Position { line: line + 1, column: before.chars().count() + 1 }
    }

    /// Index of the line that an offset lies in.
    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The end of a line, its break excluded.
    fn line_end(&self, line: usize) -> usize {
        self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1)
    }

    /// The last character boundary not behind an offset.
    fn boundary(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// The part of a place that is worth showing.
    pub fn shown(&self, span: Span) -> Span {
        let start = self.boundary(span.start);
        let end = self.boundary(span.end).max(start);
        let (first, last) = (self.line_of(start), self.line_of(end.saturating_sub(1).max(start)));
        let end = if last - first < MOST_LINES { end } else { self.line_end(first).max(start) };
        let long =
            (first..=last.min(first + MOST_LINES)).any(|line| self.line_end(line) - self.lines[line] > 2 * MOST_BYTES);
        Span { start, end: if long { self.boundary(end.min(start + MOST_BYTES)) } else { end } }
    }
}

impl SourceCode for Source {
    /// Whole lines, or what is near the place where a line is very long. miette's own walks through the whole text for each
    /// place.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (self.boundary(span.offset()), self.boundary(span.offset() + span.len()));
        let line = self.line_of(start);
        let first = line.saturating_sub(before);
        let last = (self.line_of(end.saturating_sub(1).max(start)) + after).min(self.lines.len() - 1);
        let long = |line: usize| self.line_end(line) - self.lines[line] > 2 * MOST_BYTES;
        let (from, to, at) = if (first..=last).any(long) {
            let from = self.boundary(start.saturating_sub(MOST_BYTES).max(self.lines[line]));
            let to = self.boundary((end + MOST_BYTES).min(self.line_end(self.line_of(end))).max(end));
            (from, to, line)
        } else if before == 0 {
            (start, self.line_end(last).max(end), line)
        } else {
            (self.lines[first], self.line_end(last).max(end), first)
        };
        let data = self.text.as_bytes().get(from..to).ok_or(MietteError::OutOfBounds)?;
        let column = self.text.get(self.lines[at]..from).map_or(0, |text| text.chars().count());
        let span = SourceSpan::from((from, to - from));
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, span, at, column, last + 1 - at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let source = Source::new("plan", "ä: 1\nfd: ü\n".as_bytes());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.position(6), Position { line: 2, column: 1 });
        assert_eq!(source.position(12), Position { line: 2, column: 6 });
        assert_eq!(source.position(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let source = Source::new("plan", "a\u{1b}[2Jü\r\n".as_bytes());
        assert_eq!(source.text, "a?[2Jü \n");
        assert_eq!(Source::new("plan", b"a\xff\x1bb").text, "a??b");
    }

    #[test]
    fn a_huge_place_is_cut() {
        let source = Source::new("plan", &[b'x'; 100_000]);
        assert_eq!(source.shown(Span { start: 500, end: 90_000 }), Span { start: 500, end: 660 });
        let source = Source::new("plan", "line\n".repeat(1000).as_bytes());
        assert_eq!(source.shown(Span { start: 5, end: 5000 }), Span { start: 5, end: 9 });
    }
}
