//! `when` and `unless`: facts, and comparisons of what was captured.

use super::each::{check_name, mentions_each};
use super::fact::facts;
use super::number::number;
use super::reading::{Problems, Variables, scalar};
use super::tree::{Node, NodeKind};
use super::{Condition, Conditions, Relation, Repeated, Repetition};
use crate::syscalls::Kind;

/// Longest first, so that `<=` is not taken for `<`.
const RELATIONS: [(&str, Relation); 6] = [
    ("==", Relation::Equal),
    ("!=", Relation::NotEqual),
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("<", Relation::Less),
    (">", Relation::Greater),
];

/// One comparison, facts, or a list of these that must all hold.
pub fn conditions(
    node: &Node,
    what: &'static str,
    each: Option<&Repetition>,
    variables: &Variables,
    problems: &mut Problems,
) -> Conditions {
    let mut all = Conditions::default();
    match &node.kind {
        NodeKind::Scalar { .. } => all.comparisons.extend(condition(node, what, variables, problems)),
        NodeKind::List(items) if items.is_empty() => {
            problems.at("plan::nothing", node.span, format!("there is nothing in `{what}`"), "");
        }
        NodeKind::List(items) => {
            for item in items {
                let more = conditions(item, what, each, variables, problems);
                all.facts.extend(more.facts);
                all.of_each.extend(more.of_each);
                all.comparisons.extend(more.comparisons);
            }
        }
        NodeKind::Map(_) if mentions_each(node) => all.of_each.extend(of_each(node, what, each, variables, problems)),
        NodeKind::Map(_) => all.facts = facts(node, what, variables, problems),
    }
    all
}

/// Facts about what the step is repeated over: read once with something in the place of each value, so that every mistake is
/// told.
fn of_each(
    node: &Node,
    what: &'static str,
    each: Option<&Repetition>,
    variables: &Variables,
    problems: &mut Problems,
) -> Option<Repeated> {
    let repeated = Repeated::new(node, what, variables);
    // Every wrong name is told.
    let wrong = repeated.names().iter().filter(|name| !check_name(name, node.span, each, true, problems)).count();
    if let (0, Some(over)) = (wrong, each) {
        repeated.check(over, problems);
    }
    Some(repeated)
}

fn condition(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Option<Condition> {
    let text = scalar(node, what, problems)?;
    let found = RELATIONS.iter().find_map(|(sign, relation)| {
        let (left, right) = text.split_once(sign)?;
        Some((left, *relation, right))
    });
    let Some((left, relation, right)) = found else {
        let help = "write it as `\"${fd} != 1\"`, with ==, !=, <, <=, > or >=, or give facts: `{ fd: { number: 1 } }`";
        problems.at("plan::condition", node.span, format!("`{text}` compares nothing"), help);
        return None;
    };
    let left = number(left, node.span, Kind::Int, variables, problems);
    let right = number(right, node.span, Kind::Int, variables, problems);
    Some(Condition { left: left?, relation, right: right? })
}
