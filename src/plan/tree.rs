//! Text to a tree of spanned nodes. This is the one file that knows YAML.
//!
//! Scalars stay text: what they mean is for the reader to say, so `0644` can be told from `420`, and `no` is no boolean.

use super::reading::Problems;
use crate::problem::{Problem, Span};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;

/// Deeper nesting than any plan has.
const DEEPEST: usize = 64;
/// Nodes that anchors and aliases may bring, over all.
const MOST_ALIASED: usize = 200_000;
/// Nodes over all: some 300,000 steps.
const MOST_NODES: usize = 4_000_000;

/// What an author should look for where the parser only knows where it gave up.
const SUSPECTS: &str =
    "often the line before lacks a closing quote, `]` or `}`, or a text with `: ` or ` #` in it lacks quotes";

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// The three shapes of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Text; `plain` if it was not quoted.
    Scalar {
        /// After escapes.
        text: String,
        /// Not quoted.
        plain: bool,
    },
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{a: b}`, keys in order, each once.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn shape(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_nothing() => "nothing",
            NodeKind::Scalar { .. } => "a single value",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }

    /// YAML's null: nothing at all, or a word for it without quotes.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => items.iter().map(Node::size).sum(),
            NodeKind::Map(entries) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }
}

/// A collection that is not closed yet.
struct Open {
    start: usize,
    anchor: usize,
    is_map: bool,
    items: Vec<Node>,
}

/// Builds the tree; `None` if there is none worth reading on.
pub fn parse(source: &[u8], problems: &mut Problems) -> Option<Node> {
    let text = match std::str::from_utf8(source) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            problems.push(
                Problem::error("plan::not-utf8", "the plan is not UTF-8 text")
                    .help("save it as UTF-8; bytes of another kind can be given as `{bytes: \"…\"}`")
                    .at(Span { start: at, end: at + 1 }, "this byte"),
            );
            return None;
        }
    };
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut builder =
        Builder { text, bom, open: Vec::new(), anchors: HashMap::new(), aliased: 0, nodes: 0, root: None };
    for event in Parser::new_from_str(text.get(bom..)?) {
        let (event, span) = match event {
            Ok((event, span)) => (event, span),
            Err(error) => {
                problems.push(builder.not_yaml(&error));
                return None;
            }
        };
        let at = |offset: Option<usize>| offset.unwrap_or(0) + bom;
        let span = Span { start: at(span.start.byte_offset()), end: at(span.end.byte_offset()) };
        match builder.take(event, span, problems) {
            Ok(()) => {}
            Err(problem) => {
                problems.push(*problem);
                return None;
            }
        }
    }
    if builder.root.is_none() {
        problems.push(
            Problem::error("plan::empty", "the plan is empty")
                .help("a plan has at least `version: 1`, `targets:` and `steps:`"),
        );
    }
    builder.root
}

struct Builder<'a> {
    text: &'a str,
    bom: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    nodes: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span, problems: &mut Problems) -> Result<(), Box<Problem>> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Box::new(
                Problem::error("plan::several-documents", "a file holds one plan, and here a second document begins")
                    .help("put each plan into a file of its own")
                    .at(span, "here"),
            )),
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                // Nothing at all comes as `~`.
                let text = if plain && span.start == span.end { String::new() } else { text.into_owned() };
                let node = Node { span: self.trim(span), kind: NodeKind::Scalar { text, plain } };
                self.add(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(span, anchor, false),
            Event::MappingStart(_, anchor, _) => self.begin(span, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(span, problems),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    /// A block scalar's span may take in the line break behind it.
    fn trim(&self, span: Span) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        Span { start: span.start, end: span.start + text.trim_end().len().max(usize::from(!text.is_empty())) }
    }

    fn begin(&mut self, span: Span, anchor: usize, is_map: bool) -> Result<(), Box<Problem>> {
        if self.open.len() >= DEEPEST {
            return Err(Box::new(too_deep(span)));
        }
        self.open.push(Open { start: span.start, anchor, is_map, items: Vec::new() });
        Ok(())
    }

    fn end(&mut self, span: Span, problems: &mut Problems) -> Result<(), Box<Problem>> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last = open.items.last().map_or(open.start, |item| item.span.end);
        // The end of a block collection is only noticed at what follows it.
        let closed = self.text.get(span.start..span.end).is_some_and(|text| text == "]" || text == "}");
        let span = Span { start: open.start, end: if closed { span.end } else { last } };
        let kind = if open.is_map { NodeKind::Map(pairs(open.items, problems)) } else { NodeKind::List(open.items) };
        self.add(Node { span, kind }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Box<Problem>> {
        let Some(node) = self.anchors.get(&anchor) else {
            let message = "this alias stands inside what it stands for";
            return Err(Box::new(Problem::error("plan::alias", message).at(span, "this alias")));
        };
        self.copied(node.size(), span)?;
        match self.anchors.get(&anchor).cloned() {
            Some(node) => self.add(node, 0),
            None => Ok(()),
        }
    }

    /// Counts nodes that are copied: for an anchor that is kept, for an alias.
    fn copied(&mut self, size: usize, span: Span) -> Result<(), Box<Problem>> {
        self.aliased += size;
        if self.aliased <= MOST_ALIASED {
            return Ok(());
        }
        let problem = Problem::error("plan::alias", "anchors and aliases make this plan too large");
        Err(Box::new(problem.help("write out what is meant, or use fewer of them").at(span, "with this one")))
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Box<Problem>> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let message = format!("the plan has more than {MOST_NODES} values");
            return Err(Box::new(Problem::error("plan::too-large", message).help("split it").at(node.span, "here")));
        }
        if anchor != 0 {
            self.copied(node.size(), node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn not_yaml(&self, error: &ScanError) -> Problem {
        let at = (error.marker().byte_offset().unwrap_or(0) + self.bom).min(self.text.len());
        if error.info().contains("recursion limit") {
            return too_deep(Span { start: at, end: at + 1 });
        }
        let before = self.text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let problem = Problem::error("plan::not-yaml", format!("the plan is not YAML: {}", error.info()));
        let end = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |next| at + next.len_utf8());
        // `[${fd}]` reads as a mapping that begins behind the `$`.
        let (problem, start) = match unquoted_use(line) {
            Some(column) => {
                let problem = problem.help("quote a `${…}` inside `[…]` and `{…}`: `[\"${name}\", 1]`");
                (problem, line_start + column)
            }
            None if line.contains('\t') => (problem.help("YAML is indented with spaces, not with tabs"), at),
            None if error.info().contains("unknown anchor") => {
                (problem.help("`*` begins an alias of what is marked with `&`; quote a text that begins with it"), at)
            }
            None => (problem.help(SUSPECTS), at),
        };
        problem.at(Span { start, end: end.max(start + 1).min(self.text.len()) }, "here")
    }
}

fn too_deep(span: Span) -> Problem {
    Problem::error("plan::too-deep", format!("the plan is nested more than {DEEPEST} levels deep"))
        .help("no plan needs as much; is it the right file?")
        .at(span, "here")
}

/// The column of a `${` that is not quoted and stands behind a `[` or `{` of its line.
fn unquoted_use(line: &str) -> Option<usize> {
    let (mut quote, mut inside) = (None, false);
    for (column, letter) in line.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '$') if inside && line.get(column..).is_some_and(|rest| rest.starts_with("${")) => {
                return Some(column);
            }
            (None, '[' | '{') => inside = true,
            _ => {}
        }
    }
    None
}

/// Keys with their values; a key that stands twice is a problem that shows both.
fn pairs(items: Vec<Node>, problems: &mut Problems) -> Vec<(Node, Node)> {
    let mut pairs: Vec<(Node, Node)> = Vec::with_capacity(items.len() / 2);
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        let Some(text) = key.text().map(str::to_owned) else {
            problems.push(
                Problem::error("plan::key", format!("a key must be a word, and here it is {}", key.shape()))
                    .help("quote a `${…}` inside `[…]` and `{…}`: `[\"${name}\", 1]`")
                    .at(key.span, "this key"),
            );
            continue;
        };
        if let Some(first) = seen.get(&text) {
            problems.push(
                Problem::error("plan::duplicate-key", format!("`{text}` is given twice"))
                    .help("leave one of them out")
                    .at(key.span, "here again")
                    .at(*first, "first here"),
            );
            continue;
        }
        seen.insert(text, key.span);
        pairs.push((key, value));
    }
    pairs
}
