//! The plan as a whole: its head, its variables, its targets, its steps.

use super::architecture;
use super::fact::facts;
use super::flow;
use super::kinds;
use super::names;
use super::order;
use super::private;
use super::reading::{Fields, Problems, Variables, boolean, is_name, scalar};
use super::reuse;
use super::selector::target;
use super::step::{check_undo, step};
use super::tree::{self, Node, NodeKind};
use super::{Plan, TargetSpec};
use crate::problem::{Problem, Span};
use crate::syscalls::{Arch, nearest};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

const KEYS: [&str; 8] = ["version", "name", "description", "vars", "targets", "when", "unless", "steps"];

/// How strict reading is about variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To run it: every required variable must be set.
    Run,
    /// To check it: a required variable that is not set is an unknown value.
    Check,
}

/// A plan that was read, and what is odd about it.
#[derive(Debug)]
pub struct Reading {
    /// The plan.
    pub plan: Plan,
    /// Warnings, in the order of the text.
    pub warnings: Vec<Problem>,
}

/// Reads a plan for x86_64. All problems are found in one run and told in the order of the text.
pub fn read(source: &[u8], settings: &IndexMap<String, String>, purpose: Purpose) -> Result<Reading, Vec<Problem>> {
    read_for(Arch::X86_64, source, settings, purpose)
}

/// Reads a plan for an architecture, which must have the calls that it uses.
pub fn read_for(
    arch: Arch,
    source: &[u8],
    settings: &IndexMap<String, String>,
    purpose: Purpose,
) -> Result<Reading, Vec<Problem>> {
    let mut problems = Problems::default();
    let plan = tree::parse(source, &mut problems).and_then(|root| plan(&root, arch, settings, purpose, &mut problems));
    if let Some(plan) = &plan {
        architecture::check(arch, &plan.steps, &mut problems);
    }
    let failed = problems.any_error();
    let mut found = problems.0;
    found.sort_by_key(|problem| problem.places.first().map_or(0, |(span, _)| span.start));
    match plan {
        Some(plan) if !failed => Ok(Reading { plan, warnings: found }),
        _ => Err(found),
    }
}

fn plan(
    root: &Node,
    arch: Arch,
    settings: &IndexMap<String, String>,
    purpose: Purpose,
    problems: &mut Problems,
) -> Option<Plan> {
    let mut fields = Fields::of(root, "a plan", problems)?;
    version(fields.take("version"), root, problems);
    let variables = variables(fields.take("vars"), arch, settings, purpose, problems);
    let mut text = |name: &str, problems: &mut Problems| {
        let node = fields.take(name)?;
        Some(variables.text(scalar(node, name, problems)?, node.span, problems))
    };
    let (name, description) = (text("name", problems), text("description", problems));
    let targets = list(fields.take("targets"), "targets", root, problems);
    let targets: Vec<TargetSpec> = targets.iter().filter_map(|node| target(node, &variables, problems)).collect();
    check_names(&targets, problems);
    let mut about = |name: &str, problems: &mut Problems| {
        fields.take(name).map(|node| facts(node, name, &variables, problems)).unwrap_or_default()
    };
    let (when, unless) = (about("when", problems), about("unless", problems));
    let steps = list(fields.take("steps"), "steps", root, problems);
    let mut steps: Vec<_> = steps.iter().filter_map(|node| step(node, &variables, problems)).collect();
    fields.finish("a plan", &KEYS, &[], problems);
    names::settle(&mut steps);
    private::settle(&mut steps);
    steps.iter().for_each(|step| check_undo(step, problems));
    flow::check(&targets, &variables, &steps, problems);
    kinds::check(&targets, &steps, problems);
    reuse::check(&steps, problems);
    order::check_order(&steps, problems);
    order::check_threads(&targets, &when, &steps, problems);
    unused_variables(root, problems);
    Some(Plan { name, description, vars: variables.into_values(), targets, when, unless, steps })
}

fn version(node: Option<&Node>, root: &Node, problems: &mut Problems) {
    let start = Span { start: root.span.start, end: root.span.start + 1 };
    match node.map(|node| (node.text(), node.span)) {
        None => problems.at("plan::version", start, "the plan has no `version`", "begin it with `version: 1`"),
        Some((Some("1"), _)) => {}
        Some((_, span)) => {
            problems.at("plan::version", span, "this version of criu-plan reads plans of `version: 1`", "");
        }
    }
}

/// The items of a list that must be there and have some.
fn list<'a>(node: Option<&'a Node>, what: &str, root: &Node, problems: &mut Problems) -> &'a [Node] {
    let Some(node) = node else {
        let start = Span { start: root.span.start, end: root.span.start + 1 };
        let help = match what {
            "targets" => "add `targets:` with a process in each line: `- pid: 4711`",
            _ => "add `steps:` with a call in each line: `- close: [3]`",
        };
        problems.at("plan::missing-key", start, format!("the plan has no `{what}`"), help);
        return &[];
    };
    match &node.kind {
        NodeKind::List(items) if !items.is_empty() => items,
        NodeKind::List(_) => nothing(node, what, problems),
        NodeKind::Scalar { text, .. } if text.is_empty() => nothing(node, what, problems),
        _ => {
            let message = format!("`{what}` must be a list, and here it is {}", node.shape());
            problems.at("plan::shape", node.span, message, "each item begins with `- `");
            &[]
        }
    }
}

fn nothing<'a>(node: &Node, what: &str, problems: &mut Problems) -> &'a [Node] {
    problems.at("plan::nothing", node.span, format!("there is nothing in `{what}`"), "each item begins with `- `");
    &[]
}

fn variables(
    node: Option<&Node>,
    arch: Arch,
    settings: &IndexMap<String, String>,
    purpose: Purpose,
    problems: &mut Problems,
) -> Variables {
    let mut variables = Variables::on(arch);
    let entries = node.and_then(|node| Fields::of(node, "vars", problems)).map(|mut fields| fields.rest());
    for (key, name, value) in entries.unwrap_or_default() {
        if !is_name(name) {
            problems.at("plan::name", key.span, format!("`{name}` is no name for a variable"), "");
            continue;
        }
        let (default, required) = declaration(value, problems);
        let value = settings.get(name).cloned().or(default);
        if value.is_none() && required && purpose == Purpose::Run {
            let message = format!("the variable `{name}` must be set");
            problems.at("plan::variable-not-set", key.span, message, format!("give `--set {name}=VALUE`"));
        }
        variables.declare(name, value);
    }
    for name in settings.keys().filter(|name| !variables.has(name)) {
        let known: Vec<String> = variables.names().map(str::to_owned).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let help =
            near.map_or_else(|| format!("it has: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        problems.push(
            Problem::error("plan::no-such-variable", format!("the plan has no variable `{name}` to set")).help(help),
        );
    }
    variables
}

/// Warns of variables that the plan never uses.
fn unused_variables(root: &Node, problems: &mut Problems) {
    let NodeKind::Map(entries) = &root.kind else { return };
    // One that is misspelt where it is used is told of already.
    if problems.0.iter().any(|problem| problem.code == "plan::undefined") {
        return;
    }
    let (declared, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| key.text() == Some("vars"));
    let Some((_, Node { kind: NodeKind::Map(declared), .. })) = declared.first() else { return };
    let mut used = HashSet::new();
    rest.iter().for_each(|(_, value)| mentions(value, &mut used));
    for (key, name) in declared.iter().filter_map(|(key, _)| Some((key, key.text()?))) {
        if is_name(name) && !used.contains(name) {
            let problem = Problem::warning("plan::unused-variable", format!("the variable `{name}` is never used"));
            problems.push(problem.help(format!("leave it out, or use it as `${{{name}}}`")).at(key.span, ""));
        }
    }
}

/// Every `NAME` of a `${NAME}` below a node.
fn mentions<'a>(node: &'a Node, names: &mut HashSet<&'a str>) {
    match &node.kind {
        NodeKind::Scalar { text, .. } => {
            names.extend(text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)));
        }
        NodeKind::List(items) => items.iter().for_each(|item| mentions(item, names)),
        NodeKind::Map(entries) => entries.iter().for_each(|(_, value)| mentions(value, names)),
    }
}

/// A default, or `{required, default, description}`.
fn declaration(node: &Node, problems: &mut Problems) -> (Option<String>, bool) {
    if let Some(text) = node.text() {
        return (Some(text.to_owned()), false);
    }
    let Some(mut fields) = Fields::of(node, "a variable", problems) else { return (None, false) };
    let before = problems.0.len();
    let default = fields.take("default").and_then(|node| scalar(node, "default", problems)).map(str::to_owned);
    let required = fields.take("required").is_some_and(|node| boolean(node, "required", problems));
    let _description = fields.take("description").and_then(|node| scalar(node, "description", problems));
    fields.finish("a variable", &["required", "default", "description"], &[], problems);
    if !required && default.is_none() && problems.0.len() == before {
        let help = "say `required: true`, or give a `default`";
        problems.at("plan::variable", node.span, "this variable has no value and need not be set", help);
    }
    (default, required)
}

/// No two targets bear one name.
fn check_names(targets: &[TargetSpec], problems: &mut Problems) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for name in targets.iter().filter_map(|target| target.name.as_ref()) {
        if let Some(first) = seen.insert(&name.value, name.span) {
            let message = format!("two targets are named `{}`", name.value);
            problems.push(
                Problem::error("plan::duplicate-name", message)
                    .help("give one of them another name")
                    .at(name.span, "here again")
                    .at(first, "first here"),
            );
        }
    }
}
