//! `undo:` of a step, and the steps under it.

use super::reading::{Fields, Problems, Variables};
use super::step::{check_call, read};
use super::tree::{Node, NodeKind};
use super::{Repeated, Repetition, Step, Undo};

/// Modifiers that a step under `undo` can't have.
pub const NOT_IN_UNDO: [&str; 4] = ["target", "for_each", "undo", "irreversible"];

/// `auto`, `none`, or steps.
pub fn undo(node: &Node, over: Option<&Repetition>, variables: &Variables, problems: &mut Problems) -> Undo {
    match &node.kind {
        NodeKind::Scalar { text, .. } if text == "none" => Undo::None,
        NodeKind::Scalar { text, .. } if text == "auto" => Undo::Auto,
        NodeKind::List(items) if !items.is_empty() => {
            Undo::Steps(items.iter().filter_map(|item| undo_step(item, over, variables, problems)).collect())
        }
        NodeKind::List(_) => {
            let help = "to keep nothing for undo write `undo: none`, with `irreversible: true`";
            problems.at("plan::nothing", node.span, "there is nothing in `undo`", help);
            Undo::Steps(Vec::new())
        }
        _ => {
            let help = "leave it out for auto; a list begins each step with `- `";
            problems.at("plan::shape", node.span, "`undo` is auto, none, or a list of steps", help);
            Undo::Steps(Vec::new())
        }
    }
}

/// Reads a step under `undo`.
fn undo_step(node: &Node, over: Option<&Repetition>, variables: &Variables, problems: &mut Problems) -> Option<Step> {
    let mut fields = Fields::of(node, "a step", problems)?;
    for modifier in NOT_IN_UNDO {
        if let Some(node) = fields.take(modifier) {
            let help = match modifier {
                "undo" => "nothing takes an undo back; leave it out",
                "irreversible" => "nothing takes an undo back, so it need not say so; leave it out",
                _ => "it runs where the step ran that it takes back, and as often; leave it out",
            };
            let message = format!("a step under `undo` has no `{modifier}` of its own");
            problems.at("plan::undo-step", node.span, message, help);
        }
    }
    let step = read(node, fields, over, variables, problems)?;
    if let Some(all) = &step.each {
        let help = "a repeated step has its undo in each thread; one thread is named by `leader` or its id";
        problems.at("plan::undo-step", all.span, "a step under `undo` runs in one thread", help);
    }
    let facts = step.when.facts.iter().chain(&step.unless.facts).map(|fact| fact.span);
    let of_each = step.when.of_each.iter().chain(&step.unless.of_each).map(Repeated::span);
    for span in facts.chain(of_each) {
        let help = "compare captured values here, as \"${fd} != 1\"; or put the fact on the step that is taken back";
        problems.at("plan::undo-step", span, "facts are looked at before the first step, and not on undo", help);
    }
    check_call(&step, problems);
    Some(step)
}
