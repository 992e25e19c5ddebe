//! What a step is repeated over, put into what the plan says: that is read anew for each repetition, with the values in place.

use super::argument::arguments;
use super::fact::facts;
use super::names;
use super::reading::{Piece, Problems, Use, Variables};
use super::selector::EACH;
use super::tree::{Node, NodeKind};
use super::{Repetition, Step};
use crate::facts::{Each, Fact};
use crate::problem::{Problem, Severity, Span};
use crate::syscalls::nearest;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// A part of a step that uses what it is repeated over where only what is known can stand. Variables are already put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    node: Node,
    what: &'static str,
    names: BTreeSet<String>,
    /// Names that steps capture, by which uses are settled.
    pub(super) captured: Arc<HashSet<String>>,
}

impl Repeated {
    /// Keeps a part, `what` it is.
    pub(super) fn new(node: &Node, what: &'static str, variables: &Variables) -> Self {
        let mut names = BTreeSet::new();
        let node = settled(node, variables, &mut names);
        Self { node, what, names, captured: Arc::default() }
    }

    /// What of it is used: `path`, `number` …
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Its place.
    pub(super) fn span(&self) -> Span {
        self.node.span
    }

    /// Tells of mistakes in facts.
    pub(super) fn check(&self, over: &Repetition, problems: &mut Problems) {
        facts(&self.node, self.what, &Variables::sample_of(over), problems);
    }

    /// The facts that it asks of one repetition.
    pub fn facts(&self, each: &Each) -> Result<Vec<Fact>, Vec<Problem>> {
        let mut problems = Problems::default();
        let found = facts(&self.node, self.what, &Variables::of_each(each), &mut problems);
        errors(problems)?;
        Ok(found.into_iter().map(|fact| fact.value).collect())
    }

    /// The same with something in the place of each value, for what does not depend on it.
    pub fn sample(&self, over: &Repetition) -> Vec<Fact> {
        let mut problems = Problems::default();
        let found = facts(&self.node, self.what, &Variables::sample_of(over), &mut problems);
        found.into_iter().map(|fact| fact.value).collect()
    }

    /// Puts one repetition into the arguments of its step.
    pub fn put_into(&self, step: &mut Step, each: &Each) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::default();
        let variables = Variables::of_each(each);
        let (args, _) = arguments(step.syscall, &self.node, step.span, &variables, &mut problems);
        errors(problems)?;
        step.args = args;
        names::settle_with(step, &self.captured);
        Ok(())
    }
}

fn errors(problems: Problems) -> Result<(), Vec<Problem>> {
    let errors: Vec<Problem> = problems.0.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// With the plan's variables put in, and what is used of a repetition.
fn settled(node: &Node, variables: &Variables, names: &mut BTreeSet<String>) -> Node {
    let kind = match &node.kind {
        NodeKind::Scalar { text, plain } if text.contains("${") => {
            let mut whole = String::new();
            for piece in variables.expand(text, node.span, &mut Problems::default()) {
                match piece {
                    Piece::Text(text) => whole.push_str(&text.replace("${", "$${")),
                    Piece::Use(of) => {
                        names.extend(name_in_each(&of).map(str::to_owned));
                        whole.push_str(&format!("${{{of}}}"));
                    }
                }
            }
            NodeKind::Scalar { text: whole, plain: *plain }
        }
        NodeKind::Scalar { text, plain } => NodeKind::Scalar { text: text.clone(), plain: *plain },
        NodeKind::List(items) => NodeKind::List(items.iter().map(|item| settled(item, variables, names)).collect()),
        NodeKind::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| (key.clone(), settled(value, variables, names));
            NodeKind::Map(entries.iter().map(entry).collect())
        }
    };
    Node { span: node.span, kind }
}

/// The name in `${each.name}`.
pub fn name_in_each(of: &Use) -> Option<&str> {
    (of.target.as_deref() == Some(EACH) && of.path.is_empty()).then_some(of.name.as_str())
}

/// Whether there is a `${each.…}` in a part of a plan.
pub fn mentions_each(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scalar { text, .. } => text.contains("${each."),
        NodeKind::List(items) => items.iter().any(mentions_each),
        NodeKind::Map(entries) => entries.iter().any(|(_, value)| mentions_each(value)),
    }
}

/// Tells of a `${each.name}` that there is not, `text` if it stands where text may stand. Whether there is one.
pub fn check_name(name: &str, span: Span, each: Option<&Repetition>, text: bool, problems: &mut Problems) -> bool {
    let Some(each) = each else {
        let message = format!("`${{each.{name}}}` stands in a step that is not repeated");
        problems.at("plan::each", span, message, "add `for_each` to the step");
        return false;
    };
    let (numbers, texts) = (each.numbers(), each.texts());
    if !text && texts.contains(&name) {
        let message = format!("`${{each.{name}}}` is text and no number");
        problems.at("plan::each", span, message, format!("numbers are {}", numbers.join(", ")));
        return false;
    }
    if numbers.contains(&name) || texts.contains(&name) {
        return true;
    }
    let all = || numbers.iter().chain(texts).copied();
    let help = nearest(name, all()).map_or_else(
        || format!("there are {}", all().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `${{each.{near}}}`?"),
    );
    problems.at("plan::each", span, format!("what this step is repeated over has no `{name}`"), help);
    false
}
