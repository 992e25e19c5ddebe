//! What all parts of the reader share: problems as they are found, fields asked for by name, variables.

use super::each::{check_name, name_in_each};
use super::selector::EACH;
use super::tree::{Node, NodeKind};
use super::{Access, Repetition};
use crate::facts::Each;
use crate::problem::{Problem, Severity, Span};
use crate::syscalls::{Arch, nearest};
use indexmap::IndexMap;
use std::cell::Cell;
use std::rc::Rc;

/// Problems found so far.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// One more.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// One more, at one place without words.
    pub fn at(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let help = help.into();
        let problem = Problem::error(code, message).at(span, "");
        self.0.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    /// Whether any of them stops the plan.
    pub fn any_error(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// The entries of a mapping, taken by name; what is left over is unknown.
pub struct Fields<'a> {
    entries: Vec<(&'a Node, &'a str, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Of a mapping; a problem if it is something else.
    pub fn of(node: &'a Node, what: &str, problems: &mut Problems) -> Option<Self> {
        let NodeKind::Map(entries) = &node.kind else {
            let message = format!("{what} must be a mapping (`key: value`), and here it is {}", node.shape());
            problems.at("plan::shape", node.span, message, "");
            return None;
        };
        let entries = entries.iter().filter_map(|(key, value)| Some((key, key.text()?, value))).collect();
        Some(Self { entries })
    }

    /// Takes a field.
    pub fn take(&mut self, name: &str) -> Option<&'a Node> {
        let index = self.entries.iter().position(|(_, key, _)| *key == name)?;
        Some(self.entries.remove(index).2)
    }

    /// Takes every field that is left: key, its text, value.
    pub fn rest(&mut self) -> Vec<(&'a Node, &'a str, &'a Node)> {
        std::mem::take(&mut self.entries)
    }

    /// Reports what is left, with the nearest of the known names.
    pub fn finish(mut self, what: &str, known: &[&str], later: &[&str], problems: &mut Problems) {
        for (key, text, _) in self.rest() {
            unknown(key.span, text, what, known, later, problems);
        }
    }
}

/// A key that is not known, or not yet.
pub fn unknown(span: Span, text: &str, what: &str, known: &[&str], later: &[&str], problems: &mut Problems) {
    if later.contains(&text) {
        let message = format!("`{text}` in {what} is not supported by this version");
        return problems.at("plan::unsupported", span, message, "leave it out; `criu-plan schema` shows what there is");
    }
    let help = match nearest(text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    problems.at("plan::unknown-key", span, format!("{what} has no `{text}`"), help);
}

/// The text of a scalar; a problem if it is something else.
pub fn scalar<'a>(node: &'a Node, what: &str, problems: &mut Problems) -> Option<&'a str> {
    let text = node.text().filter(|_| !node.is_nothing());
    if text.is_none() {
        let message = format!("{what} must be a single value, and here it is {}", node.shape());
        problems.at("plan::shape", node.span, message, "");
    }
    text
}

/// `true` or `false`.
pub fn boolean(node: &Node, what: &str, problems: &mut Problems) -> bool {
    let plain = matches!(node.kind, NodeKind::Scalar { plain: true, .. });
    match scalar(node, what, problems) {
        Some("true") if plain => true,
        Some("false") if plain => false,
        None => false,
        Some(other) => {
            let message = format!("`{what}` must be true or false, and here it is `{other}`");
            problems.at("plan::shape", node.span, message, "write `true` or `false`, without quotes");
            false
        }
    }
}

/// Values of variables.
#[derive(Debug, Default, Clone)]
pub struct Variables {
    values: Rc<IndexMap<String, Option<String>>>,
    /// What constants are those of.
    arch: Arch,
    /// In the arguments of a step: what that is repeated over, and whether a text has used it.
    arguments: Option<(Option<Repetition>, Cell<bool>)>,
}

/// A piece of a text with `${…}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text, variables put in.
    Text(String),
    /// `${name}`, `${name.field}`, `${name[0]}` that is no variable.
    Use(Use),
}

/// A use of something that a step captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// What stands before the first dot.
    pub target: Option<String>,
    /// The name.
    pub name: String,
    /// Fields and elements behind it.
    pub path: Vec<Access>,
}

impl std::fmt::Display for Use {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(target) = &self.target {
            write!(f, "{target}.")?;
        }
        f.write_str(&self.name)?;
        self.path.iter().try_for_each(|access| match access {
            Access::Field(name) => write!(f, ".{name}"),
            Access::Index(index) => write!(f, "[{index}]"),
        })
    }
}

impl Variables {
    /// None yet, for a plan that is for an architecture.
    pub fn on(arch: Arch) -> Self {
        Self { arch, ..Self::default() }
    }

    /// What constants are those of.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// Declares one; `None`: it is required and not set.
    pub fn declare(&mut self, name: &str, value: Option<String>) {
        Rc::make_mut(&mut self.values).insert(name.to_owned(), value);
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Names of all that are declared.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Final values, those that are set.
    pub fn into_values(self) -> IndexMap<String, String> {
        self.values.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
    }

    /// The same in the arguments of a step: texts may use what that is repeated over.
    pub fn in_arguments(&self, each: Option<&Repetition>) -> Self {
        Self { values: Rc::clone(&self.values), arch: self.arch, arguments: Some((each.cloned(), Cell::new(false))) }
    }

    /// Whether a use is of a text that the step is repeated over.
    pub fn is_text(&self, of: &Use) -> bool {
        let each = self.arguments.as_ref().and_then(|(each, _)| each.as_ref());
        name_in_each(of).is_some_and(|name| each.is_some_and(|each| each.texts().contains(&name)))
    }

    /// Whether a text has used what the step is repeated over.
    pub fn text_used_each(&self) -> bool {
        self.arguments.as_ref().is_some_and(|(_, used)| used.get())
    }

    /// `${each.…}` of one repetition, and no others.
    pub fn of_each(each: &Each) -> Self {
        let numbers = each.numbers.iter().map(|(name, value)| (*name, value.to_string()));
        Self::declared(numbers.chain(each.texts.iter().map(|(name, text)| (*name, text.clone()))))
    }

    /// The same with something in the place of each value.
    pub fn sample_of(over: &Repetition) -> Self {
        let numbers = over.numbers().iter().map(|name| (*name, "1".to_owned()));
        Self::declared(numbers.chain(over.texts().iter().map(|name| (*name, format!("/{EACH}.{name}")))))
    }

    fn declared(all: impl Iterator<Item = (&'static str, String)>) -> Self {
        let values = all.map(|(name, value)| (format!("{EACH}.{name}"), Some(value))).collect();
        Self { values: Rc::new(values), ..Self::default() }
    }

    /// Puts variables into a text. One that is not set stands for `1`, which is a pid, a number and a name: a required
    /// variable is an unknown value to whoever only checks the plan.
    pub fn expand(&self, text: &str, span: Span, problems: &mut Problems) -> Vec<Piece> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find("${") {
            let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 2..).unwrap_or_default());
            if let Some(literal) = before.strip_suffix('$') {
                plain.push_str(literal);
                plain.push_str("${");
                rest = after;
                continue;
            }
            plain.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                problems.at("plan::variable", span, "this `${` has no `}`", "a plain `${` is written `$${`");
                rest = "";
                break;
            };
            match (self.values.get(name), use_of(name)) {
                (Some(value), _) => plain.push_str(value.as_deref().unwrap_or("1")),
                (None, Some(of)) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Use(of));
                }
                (None, None) => {
                    let help = "`${name}`, `${name.field}`, `${name[0]}` and `${target.name}` can be used";
                    problems.at("plan::variable", span, format!("`${{{name}}}` names nothing that can be used"), help);
                }
            }
            rest = behind;
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        pieces
    }

    /// A text in which nothing captured can stand.
    pub fn text(&self, text: &str, span: Span, problems: &mut Problems) -> String {
        let mut whole = String::new();
        for piece in self.expand(text, span, problems) {
            match piece {
                Piece::Text(text) => whole.push_str(&text),
                Piece::Use(of) => whole.push_str(&self.in_text(&of, span, problems)),
            }
        }
        whole
    }

    /// What stands in a text for a use of what the step is repeated over; nothing else may be used there.
    fn in_text(&self, of: &Use, span: Span, problems: &mut Problems) -> String {
        if let (Some((each, used)), Some(name)) = (&self.arguments, name_in_each(of)) {
            let known = check_name(name, span, each.as_ref(), true, problems);
            used.set(used.get() || known);
            return format!("${{{of}}}");
        }
        let message = format!("`${{{}}}` is no variable, and a captured value can't be part of a text", of.name);
        let near = nearest(&of.name, self.values.keys().map(String::as_str));
        let help = near.map_or("declare it under `vars:`".to_owned(), |near| format!("did you mean `${{{near}}}`?"));
        problems.at("plan::undefined", span, message, help);
        String::new()
    }
}

/// `name`, `target.name`, and what follows. Whether the first word is a target or captured memory is for the flow to say.
fn use_of(text: &str) -> Option<Use> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut path = Vec::new();
    while let Some(first) = rest.chars().next() {
        let word = rest.get(1..)?;
        if first == '[' {
            let (index, behind) = word.split_once(']')?;
            path.push(Access::Index(index.parse().ok().filter(|_| index.bytes().all(|digit| digit.is_ascii_digit()))?));
            rest = behind;
        } else if first == '.' {
            let (field, behind) = word.split_at(word.find(['.', '[']).unwrap_or(word.len()));
            path.push(Access::Field(is_name(field).then(|| field.to_owned())?));
            rest = behind;
        } else {
            return None;
        }
    }
    let mut of = Use { target: None, name: is_name(name).then(|| name.to_owned())?, path };
    if let Some(Access::Field(field)) = of.path.first().cloned() {
        of.path.remove(0);
        of.target = Some(std::mem::replace(&mut of.name, field));
    }
    Some(of)
}

/// Letters, digits, `_` and `-`, not beginning with a digit.
pub fn is_name(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    first && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}
