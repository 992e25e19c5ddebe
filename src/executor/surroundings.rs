//! What lowering asks about files and mappings of a target: answered before the stop, and remembered for inside it, where only what the
//! kernel has at hand is asked for anew.

use super::refusal::no_time;
use crate::problem::Problem;
use crate::program::{Facts, FileFact};
use crate::target::{Allowance, Files, Mappings, Named, Over, Process, Unlimited};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

/// What a path names, and the size of a regular file.
type Answer = (FileFact, Option<u64>);

/// The answers so far, by path.
#[derive(Debug, Default)]
pub struct Known(RefCell<HashMap<Vec<u8>, Answer>>);

/// The files of one process.
pub struct Surroundings<'a> {
    known: &'a Known,
    files: Files<'a>,
    allowance: &'a dyn Allowance,
    mappings: &'a Mappings,
}

impl<'a> Surroundings<'a> {
    /// While the process runs.
    pub fn new(process: &'a Process, known: &'a Known, mappings: &'a Mappings) -> Self {
        Self { known, files: Files::new(process), mappings, allowance: &Unlimited }
    }

    /// While it stands still and nobody may be waited for.
    pub fn at_hand(
        process: &'a Process,
        known: &'a Known,
        mappings: &'a Mappings,
        allowance: &'a dyn Allowance,
    ) -> Self {
        Self { known, files: Files::at_hand(process), mappings, allowance }
    }

    fn answer(&self, path: &[u8]) -> Answer {
        let answered = self.known.0.borrow().get(path).copied();
        answered.unwrap_or_else(|| {
            let (named, size) = self.files.named(path);
            let fact = match named {
                Named::Missing => FileFact::Missing,
                Named::Plain => FileFact::Plain,
                Named::MayBlock => FileFact::MayBlock,
            };
            self.known.0.borrow_mut().insert(path.to_vec(), (fact, size));
            (fact, size)
        })
    }
}

impl Facts for Surroundings<'_> {
    fn file(&self, path: &[u8]) -> FileFact {
        self.answer(path).0
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        self.answer(path).1
    }

    fn may_go_on(&self) -> Result<(), Problem> {
        self.allowance.check().map_err(|_| no_time(self.allowance.over().unwrap_or(Over::Time(Duration::ZERO))))
    }

    fn mappings(&self, start: u64, length: u64) -> Option<usize> {
        Some(self.mappings.within(start, start.checked_add(length)?).ok()?.len())
    }
}
