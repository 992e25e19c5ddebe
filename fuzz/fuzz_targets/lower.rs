//! Plans that are read are lowered or refused, for each of their targets, in any surroundings.
#![no_main]

use criu_plan::plan::{Purpose, read};
use criu_plan::program::{Facts, FileFact, listing, lower};
use indexmap::IndexMap;
use libfuzzer_sys::fuzz_target;

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

fuzz_target!(|text: &[u8]| {
    let Ok(reading) = read(text, &IndexMap::new(), Purpose::Check) else { return };
    for target in 0..reading.plan.targets.len().min(3) {
        match lower(&reading.plan, target, &Surroundings) {
            Ok(program) => assert!(!listing(&program).is_empty()),
            Err(problems) => assert!(!problems.is_empty(), "refused without a reason"),
        }
    }
});
