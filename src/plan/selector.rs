//! One entry of `targets:`: how processes are found, and what must be true of them.

use super::fact::facts;
use super::number::number;
use super::pattern::text;
use super::reading::{Fields, Problems, Variables, is_name, scalar};
use super::tree::Node;
use super::{Spanned, TargetSpec};
use crate::facts::{Count, Selector, With};
use crate::syscalls::Kind;
use std::path::PathBuf;

/// Keys of a target.
pub const TARGET: [&str; 7] = ["pid", "pidfile", "match", "count", "with", "name", "expect"];
/// What stands for the repetition in `${each.start}`, so no target may be called so.
pub const EACH: &str = "each";

/// Reads a target.
pub fn target(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<TargetSpec> {
    if node.text().is_some() {
        let selector = Spanned { value: pid(node, variables, problems)?, span: node.span };
        return Some(TargetSpec { name: None, selector, with: None, expect: Vec::new() });
    }
    let mut fields = Fields::of(node, "a target", problems)?;
    let by_pid = fields.take("pid");
    let by_file = fields.take("pidfile");
    let by_match = fields.take("match");
    let count = fields.take("count");
    let with = fields.take("with").and_then(|node| with(node, problems));
    let name = fields.take("name").and_then(|node| name(node, problems));
    let expect = fields.take("expect").map(|node| facts(node, "expect", variables, problems)).unwrap_or_default();
    fields.finish("a target", &TARGET, &[], problems);
    if let (Some(count), None) = (count, by_match) {
        let help = "`pid` and `pidfile` name one process; `count` belongs to `match`";
        problems.at("plan::count", count.span, "there is no `match` to count", help);
    }
    let selector = match (by_pid, by_file, by_match) {
        (Some(node), None, None) => Spanned { value: pid(node, variables, problems)?, span: node.span },
        (None, Some(node), None) => {
            let path = text(node, "pidfile", variables, problems)?;
            Spanned { value: Selector::Pidfile(PathBuf::from(path)), span: node.span }
        }
        (None, None, Some(node)) => {
            let facts = facts(node, "match", variables, problems).into_iter().map(|fact| fact.value).collect();
            let count = count.map_or(Some(Count::Exactly(1)), |node| self::count(node, variables, problems))?;
            Spanned { value: Selector::Match(facts, count), span: node.span }
        }
        (None, None, None) => {
            let help = "give one of `pid`, `pidfile` and `match`";
            problems.at("plan::target", node.span, "this target does not say which process it is", help);
            return None;
        }
        (first, second, third) => {
            let extra = [third, second, first].into_iter().flatten().next().map_or(node.span, |node| node.span);
            let help = "give one of `pid`, `pidfile` and `match`; `expect` says what else must be true of it";
            problems.at("plan::target", extra, "this target says twice which process it is", help);
            return None;
        }
    };
    Some(TargetSpec { name, selector, with, expect })
}

fn name(node: &Node, problems: &mut Problems) -> Option<Spanned<String>> {
    let text = scalar(node, "name", problems)?;
    if text == EACH {
        let help = "`${each.…}` is what `for_each` goes over; call the target otherwise";
        problems.at("plan::name", node.span, "no target can be named `each`", help);
    } else if !is_name(text) {
        problems.at("plan::name", node.span, format!("`{text}` is no name"), "");
    }
    Some(Spanned { value: text.to_owned(), span: node.span })
}

fn with(node: &Node, problems: &mut Problems) -> Option<With> {
    match scalar(node, "with", problems)? {
        "children" => Some(With::Children),
        "descendants" => Some(With::Descendants),
        other => {
            let message = format!("`{other}` are no processes that can come with it");
            problems.at("plan::with", node.span, message, "there are children and descendants");
            None
        }
    }
}

fn count(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Count> {
    let text = text(node, "count", variables, problems)?;
    match text.parse::<usize>() {
        Ok(count) if count > 0 => Some(Count::Exactly(count)),
        _ if text == "any" => Some(Count::Any),
        _ => {
            let help = "write how many processes there must be, or `any` for one or more";
            problems.at("plan::count", node.span, format!("`{text}` is no count of processes"), help);
            None
        }
    }
}

fn pid(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Selector> {
    let text = scalar(node, "pid", problems)?;
    let number = number(text, node.span, Kind::Pid, variables, problems)?;
    match i32::try_from(number.constant) {
        Ok(pid) if pid > 0 && number.terms.is_empty() => Some(Selector::Pid(pid)),
        _ => {
            let message = format!("`{}` is no pid", if number.terms.is_empty() { number.text.as_str() } else { text });
            problems.at(
                "plan::pid",
                node.span,
                message,
                "a pid is a number above 0; variables are declared under `vars:`",
            );
            None
        }
    }
}
