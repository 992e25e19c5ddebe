//! Whether the target's seccomp filters let a call through, asked before it is made.

use super::SeccompPolicy;
use crate::remote::seccomp::{Action, Filters};

/// What stands before every call.
#[derive(Debug)]
pub enum Gate {
    /// There are no filters, or it is taken that they allow everything.
    Open,
    /// They were read.
    Filters(Filters),
}

/// What a filter's answer means for a call of ours.
fn refusal(action: Action) -> Option<&'static str> {
    match action {
        // The call does not happen and the plan sees an error: nothing that hurts.
        Action::Allow | Action::Log | Action::Errno(_) | Action::Trace(_) => None,
        Action::KillProcess => Some("kill the process for it"),
        Action::KillThread => Some("kill the thread for it"),
        Action::Trap => Some("send SIGSYS for it"),
        Action::UserNotif => Some("hand it to a supervisor, which may never answer"),
    }
}

impl Gate {
    /// From what a policy makes of filters that were read.
    pub fn new(policy: SeccompPolicy, filters: Filters) -> Self {
        if filters.is_empty() || policy != SeccompPolicy::Check { Self::Open } else { Self::Filters(filters) }
    }

    /// Refuses a call that the filters would not let through unharmed, with the reason.
    pub fn check(&self, name: &str, number: u32, ip: u64, args: &[u64; 6]) -> Result<(), String> {
        match self {
            Self::Open => Ok(()),
            Self::Filters(filters) => explain(name, refusal(filters.verdict(number, ip, args))),
        }
    }

    /// Whether a call whose arguments are not all known is made in any case.
    pub fn lets_through(&self, number: u32, ip: u64, args: &[Option<u64>; 6]) -> bool {
        match self {
            Self::Open => true,
            Self::Filters(filters) => filters.foresee(number, ip, args).is_allow(),
        }
    }

    /// The same before the arguments are known (`None` where not): refuses what would be refused for some.
    pub fn foresee(&self, name: &str, number: u32, ip: u64, args: &[Option<u64>; 6]) -> Result<(), String> {
        match self {
            Self::Open => Ok(()),
            Self::Filters(filters) => explain(name, refusal(filters.foresee(number, ip, args))),
        }
    }
}

fn explain(name: &str, refusal: Option<&'static str>) -> Result<(), String> {
    match refusal {
        None => Ok(()),
        Some(what) => Err(format!("the target's seccomp filters would {what}: {name}")),
    }
}
