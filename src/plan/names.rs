//! What the first word of `${a.b}` is: captured memory if any step captures such a name, else a target.

use super::{Access, Arg, CaptureRef, Memory, Number, Pointed, Step, Undo};
use std::collections::HashSet;
use std::sync::Arc;

/// Settles every use in a plan's steps.
pub fn settle(steps: &mut [Step]) {
    let all = steps.iter().flat_map(|step| std::iter::once(step).chain(step.undo_steps()));
    let captured: HashSet<String> =
        all.flat_map(|step| &step.captures).map(|capture| capture.name.value.clone()).collect();
    let captured = Arc::new(captured);
    for step in steps {
        settle_with(step, &captured);
        let undo = step.undo_steps_mut().iter_mut().filter_map(|step| step.repeated.as_mut());
        undo.for_each(|repeated| repeated.captured = Arc::clone(&captured));
        if let Some(repeated) = &mut step.repeated {
            repeated.captured = Arc::clone(&captured);
        }
    }
}

/// Settles the uses in one step, where steps capture these names.
pub fn settle_with(step: &mut Step, captured: &HashSet<String>) {
    for used in uses_mut(step) {
        settle_one(used, captured);
    }
}

fn settle_one(used: &mut CaptureRef, captured: &HashSet<String>) {
    if let Some(name) = used.target.take_if(|target| captured.contains(target)) {
        let field = std::mem::replace(&mut used.name, name);
        used.path.insert(0, Access::Field(field));
    }
}

/// Every use of a captured value in a step and in those that undo it, but for those in texts.
pub fn uses_mut(step: &mut Step) -> Vec<&mut CaptureRef> {
    let mut uses = Vec::new();
    of_step(step, &mut uses);
    uses
}

fn of_step<'a>(step: &'a mut Step, uses: &mut Vec<&'a mut CaptureRef>) {
    if let Undo::Steps(steps) = &mut step.undo {
        steps.iter_mut().for_each(|step| of_step(step, uses));
    }
    for condition in step.when.comparisons.iter_mut().chain(&mut step.unless.comparisons) {
        of_number(&mut condition.left, uses);
        of_number(&mut condition.right, uses);
    }
    for argument in step.args.iter_mut().flatten() {
        match &mut argument.value {
            Arg::Number(number) => of_number(number, uses),
            Arg::Memory(memory) => of_memory(memory, uses),
            Arg::Ref(reference) => uses.push(reference),
            Arg::Text(_) => {}
        }
    }
}

fn of_number<'a>(number: &'a mut Number, uses: &mut Vec<&'a mut CaptureRef>) {
    uses.extend(number.terms.iter_mut().map(|(_, used)| used));
}

fn of_memory<'a>(memory: &'a mut Memory, uses: &mut Vec<&'a mut CaptureRef>) {
    for patch in &mut memory.patches {
        of_number(&mut patch.number, uses);
    }
    for pointer in &mut memory.pointers {
        match &mut pointer.to {
            Pointed::Memory(memory) => of_memory(memory, uses),
            Pointed::Ref(reference) => uses.push(reference),
        }
    }
}
