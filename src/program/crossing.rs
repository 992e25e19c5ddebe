//! Numbers that cross from one target to another: what a Program gives to others and what it takes from them.

use super::lower::Lowering;
use super::{Cell, Export, Given, Import};
use crate::plan::{CaptureRef, PID, Plan, Step, names};
use std::collections::BTreeMap;

impl Lowering<'_> {
    /// Whether a use is of something that is not captured in this process.
    pub fn is_elsewhere(&self, reference: &CaptureRef) -> bool {
        let Some(target) = reference.target.as_deref() else { return false };
        Some(target) != self.own_name || self.is_own_pid(reference)
    }

    /// `${app.pid}` is captured nowhere, unless a step captures that name.
    fn is_own_pid(&self, reference: &CaptureRef) -> bool {
        reference.name == PID && !self.bindings.contains_key(PID) && !self.left_out.contains(PID)
    }

    /// A cell that the transaction fills before the step runs: one for each use, for the number may be another later.
    pub fn import(&mut self, reference: &CaptureRef) -> Cell {
        let into = self.builder.unset();
        self.imports.push(Import {
            target: reference.target.clone().unwrap_or_default(),
            name: reference.spelled(),
            into,
            span: reference.span,
        });
        into
    }

    /// Everything that steps in other targets use of what this one captures. What can't be had is a problem only where a
    /// step takes it that does run.
    pub fn exports(&mut self, plan: &Plan) -> Vec<Export> {
        let Some(own_name) = self.own_name.map(str::to_owned) else { return Vec::new() };
        let elsewhere = |step: &&Step| step.target.as_ref().is_none_or(|target| target.value != own_name);
        let mut used = BTreeMap::new();
        for step in plan.steps.iter().filter(elsewhere) {
            let mut step = step.clone();
            for reference in names::uses_mut(&mut step) {
                if reference.target.as_ref() == Some(&own_name) {
                    used.entry(reference.spelled()).or_insert_with(|| reference.clone());
                }
            }
        }
        used.into_iter()
            .filter_map(|(name, reference)| Some(Export { name, given: self.given(reference, plan)? }))
            .collect()
    }

    fn given(&mut self, mut reference: CaptureRef, plan: &Plan) -> Option<Given> {
        if self.is_own_pid(&reference) {
            return None;
        }
        if self.left_out.contains(reference.name.as_str()) {
            return Some(Given::LeftOut);
        }
        super::expand::name_element_of(&mut reference, plan);
        let (before, mut ops) = (self.problems.len(), Vec::new());
        let cell = self.capture(&reference, &mut ops);
        Some(match self.problems.drain(before..).next() {
            Some(problem) => Given::Nothing(problem),
            None => Given::Number { ops, cell },
        })
    }
}
