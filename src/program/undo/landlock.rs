//! Rules of landlock, which can't be removed from a set.

use crate::plan::Step;
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::Sections;

impl Lowering<'_> {
    /// landlock_add_rule(2): the step that made the set closes it again, and with it goes the rule.
    pub fn landlock(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        (step.syscall.name == "landlock_add_rule").then(|| {
            if self.is_fresh(step, "ruleset_fd") {
                return Sections::plain(own);
            }
            let why = "a rule can't be removed again from a set that the plan has not just made itself".to_owned();
            self.lasting(step, own, "program::not-undoable", why)
        })
    }
}
