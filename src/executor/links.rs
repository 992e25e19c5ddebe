//! Numbers that steps take from other targets: where they come from.

use super::fault::OpFault;
use super::machine::Machine;
use super::prepared::Prepared;
use super::refusal::refusal;
use crate::journal::Section;
use crate::plan::PID;
use crate::problem::Problem;
use crate::program::{Cell, Export, Given, Import, StepCode};
use crate::target::{Waiter, seen_by};
use std::collections::HashMap;

/// Where a number comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// It is the target's pid, as the one that takes it knows it.
    Pid(i32),
    /// An export of a target, both by index.
    Export(usize, usize),
    /// The step that captures it is left out; conditions of the one that takes it see to that.
    Nowhere,
}

/// For each step that takes something, by target and position: where to, and from where.
#[derive(Debug, Default)]
pub struct Links(HashMap<(usize, usize), Vec<(Cell, Origin)>>);

/// Links all targets to each other; everything that can't be had.
pub fn link(targets: &[Prepared]) -> Result<Links, Vec<Problem>> {
    let (mut links, mut problems) = (Links::default(), Vec::new());
    for (at, target) in targets.iter().enumerate() {
        for (position, step) in target.program.steps.iter().enumerate().filter(|(_, step)| !step.imports.is_empty()) {
            for import in &step.imports {
                match origin(targets, at, step, import) {
                    Ok(origin) => links.0.entry((at, position)).or_default().push((import.into, origin)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    // Steps of several processes, and repetitions of a step, say the same.
    problems.dedup();
    if problems.is_empty() { Ok(links) } else { Err(problems) }
}

fn origin(targets: &[Prepared], at: usize, step: &StepCode, import: &Import) -> Result<Origin, Problem> {
    let here = &targets[at];
    // What is left alone is not held either, so that not even its pid is sure.
    let named = |target: &Prepared| target.name.as_ref() == Some(&import.target) && !target.left_alone();
    let source = if named(here) { Some(at) } else { targets.iter().position(named) };
    let nowhere = || {
        let compares = !step.when.is_empty() || !step.unless.is_empty();
        if compares {
            return Ok(Origin::Nowhere);
        }
        let why = format!(
            "its step uses `${{{}.{}}}`, and the step that captures it is left out",
            import.target, import.name
        );
        let help = "facts and conditions of the plan decide what is left out; give both steps the same";
        Err(refusal(here, "target::nothing-captured", &why).help(help).at(import.span, "used here"))
    };
    let Some(source) = source else { return nowhere() };
    let exports: &[Export] = &targets[source].program.exports;
    match exports.iter().position(|export| export.name == import.name) {
        Some(index) => match &exports[index].given {
            Given::Number { .. } => Ok(Origin::Export(source, index)),
            Given::LeftOut => nowhere(),
            Given::Nothing(problem) => Err(problem.clone()),
        },
        None if import.name == PID => {
            seen_by(&targets[source].process, &here.process).map(Origin::Pid).ok_or_else(|| {
                let why = format!(
                    "it lives in another pid namespace, in which process {} has no number",
                    targets[source].process.pid
                );
                refusal(here, "target::no-number", &why).at(import.span, "")
            })
        }
        None => nowhere(),
    }
}

impl Links {
    /// Fetches what a step takes, before it runs.
    pub fn fetch(
        &self,
        waiter: &mut Waiter,
        machines: &mut [Machine<'_>],
        targets: &[Prepared],
        (at, position): (usize, usize),
    ) -> Result<(), OpFault> {
        for (into, origin) in self.0.get(&(at, position)).into_iter().flatten() {
            let value = match *origin {
                Origin::Pid(pid) => Some(pid as u64),
                Origin::Export(source, index) => match &targets[source].program.exports[index].given {
                    Given::Number { ops, cell } => {
                        // No call is among them.
                        machines[source].run(waiter, 0, Section::Forward, ops)?;
                        machines[source].cell(*cell)
                    }
                    Given::LeftOut | Given::Nothing(_) => None,
                },
                Origin::Nowhere => None,
            };
            if let Some(value) = value {
                machines[at].set(*into, value);
            }
        }
        Ok(())
    }
}
