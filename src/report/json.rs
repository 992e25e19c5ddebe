//! An outcome as one JSON object.

use super::Source;
use crate::executor::{Outcome, StepOutcome, TargetOutcome};
use crate::problem::Problem;
use serde_json::{Value, json};

/// Names the shape of the object; it changes when the shape does.
const SCHEMA: &str = "criu-plan/outcome/1";

/// The object, as text with a line break behind it.
pub fn json(outcome: &Outcome, source: Option<&Source>) -> String {
    format!("{:#}\n", object(outcome, source))
}

/// The object.
pub fn object(outcome: &Outcome, source: Option<&Source>) -> Value {
    let targets: Vec<Value> = outcome.targets.iter().map(target).collect();
    let problems: Vec<Value> = outcome.problems.iter().map(|one| problem(one, source)).collect();
    json!({
        "schema": SCHEMA,
        "plan": outcome.plan,
        "outcome": outcome.verdict,
        "changed": outcome.changed,
        "targets": targets,
        "problems": problems,
    })
}

/// A target of an outcome.
pub fn target(target: &TargetOutcome) -> Value {
    json!({
        "pid": target.pid,
        "name": target.name,
        "comm": target.comm,
        "outcome": target.outcome,
        "stall_us": target.stall_us,
        "steps": target.steps.iter().map(step).collect::<Vec<_>>(),
        "captures": target.captures,
        "trace": target.trace,
    })
}

fn step(step: &StepOutcome) -> Value {
    let args: serde_json::Map<String, Value> =
        step.args.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    let buffers: serde_json::Map<String, Value> = step
        .buffers
        .iter()
        .map(|(name, bytes)| (name.clone(), bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()))
        .collect();
    json!({
        "index": step.index,
        "name": step.name,
        "each": step.each,
        "syscall": step.syscall,
        "state": step.state,
        "args": args,
        "result": step.result,
        "errno": step.errno,
        "undone": step.undone,
        "lasting": step.lasting,
        "undo": step.undo,
        "buffers": buffers,
        "values": step.values,
        "note": step.note,
        "doubts": step.doubts,
    })
}

/// A problem with its place as line and column, from 1.
pub fn problem(problem: &Problem, source: Option<&Source>) -> Value {
    let place = problem.places.first().zip(source).map(|((span, _), source)| source.position(span.start));
    json!({
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "help": problem.help,
        "file": source.map(|source| source.name.as_str()),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
    })
}
