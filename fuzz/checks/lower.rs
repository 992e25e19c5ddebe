//! Plans that are read are lowered or refused, for each of their targets, in any surroundings.

use criu_plan::facts::{Each, Found, FoundStep};
use criu_plan::plan::{Plan, Purpose, Repetition, Step, read};
use criu_plan::program::{Facts, FileFact, listing, lower};
use indexmap::IndexMap;

/// Files of every kind: which one a path names is decided by its length.
struct Surroundings;

impl Facts for Surroundings {
    fn file(&self, path: &[u8]) -> FileFact {
        match path.len() % 3 {
            0 => FileFact::Missing,
            1 => FileFact::Plain,
            _ => FileFact::MayBlock,
        }
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        (path.len() % 3 == 1).then_some(path.len() as u64 / 3 % 3)
    }
}

/// What a step is repeated over: as many things as its call has letters, but for a few.
fn found(plan: &Plan) -> Found {
    let thing = |number: usize, step: &Step| {
        let each = step.each.as_ref()?;
        let numbers = each.value.numbers().iter().map(|name| (*name, 64 * number as u64)).collect();
        let texts = each.value.texts().iter().map(|name| (*name, "/tmp/x".to_owned())).collect();
        let thread = matches!(each.value, Repetition::Thread(_)).then_some(4711);
        let each = Each { label: number.to_string(), numbers, texts, thread, ..Each::default() };
        let when_fails = step.when.of_each.iter().any(|repeated| repeated.facts(&each).is_err());
        Some(Each { when_fails, ..each })
    };
    let answer = |step: &Step| FoundStep {
        each: step
            .each
            .as_ref()
            .map(|_| (0..step.syscall.name.len() % 4).filter_map(|number| thing(number, step)).collect()),
        thread: step.thread.as_ref().map(|_| 4711),
        ..FoundStep::default()
    };
    Found { left_alone: None, steps: plan.steps.iter().map(answer).collect() }
}

/// Reads it, and lowers it for its first targets.
pub fn check(text: &[u8]) {
    let Ok(reading) = read(text, &IndexMap::new(), Purpose::Check) else { return };
    let found = found(&reading.plan);
    for target in 0..reading.plan.targets.len().min(3) {
        match lower(&reading.plan, target, &Surroundings, &found) {
            Ok(program) => assert!(!listing(&program).is_empty()),
            Err(problems) => assert!(!problems.is_empty(), "refused without a reason"),
        }
    }
}
