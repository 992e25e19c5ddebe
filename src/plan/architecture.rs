//! Whether the architecture that a plan is for has the calls that it uses.

use super::Step;
use super::reading::Problems;
use crate::problem::Problem;
use crate::syscalls::Arch;

/// Reports each step whose call the architecture lacks.
pub fn check(arch: Arch, steps: &[Step], problems: &mut Problems) {
    let all = steps.iter().flat_map(|step| std::iter::once(step).chain(step.undo_steps()));
    for step in all.filter(|step| step.syscall.number(arch).is_none()) {
        let message = format!("{} has no `{}`", arch.name(), step.syscall.name);
        let help = match step.syscall.instead {
            Some(instead) => format!("use `{instead}`, which both architectures have"),
            None => "nothing takes its place there".to_owned(),
        };
        problems.push(Problem::error("plan::no-such-call-here", message).help(help).at(step.span, ""));
    }
}
