//! `when` and `unless`: comparisons of what was captured.

use super::number::number;
use super::reading::{Problems, Variables, scalar};
use super::tree::{Node, NodeKind};
use super::{Condition, Relation};
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

/// One comparison, or a list of them that must all hold.
pub fn conditions(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Vec<Condition> {
    match &node.kind {
        NodeKind::Scalar { .. } => condition(node, what, variables, problems).into_iter().collect(),
        NodeKind::List(items) => items.iter().flat_map(|item| conditions(item, what, variables, problems)).collect(),
        NodeKind::Map(_) => {
            let message = format!("facts in `{what}` are not supported by this version");
            problems.at("plan::unsupported", node.span, message, "compare captured values: `\"${fd} != 1\"`");
            Vec::new()
        }
    }
}

fn condition(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Option<Condition> {
    let text = scalar(node, what, problems)?;
    let found = RELATIONS.iter().find_map(|(sign, relation)| {
        let (left, right) = text.split_once(sign)?;
        Some((left, *relation, right))
    });
    let Some((left, relation, right)) = found else {
        let help = "write it as `\"${fd} != 1\"`, with ==, !=, <, <=, > or >=";
        problems.at("plan::condition", node.span, format!("`{text}` compares nothing"), help);
        return None;
    };
    let left = number(left, node.span, Kind::Int, variables, problems);
    let right = number(right, node.span, Kind::Int, variables, problems);
    Some(Condition { left: left?, relation, right: right? })
}
