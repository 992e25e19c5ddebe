//! Finding processes, facts from /proc, freezing every thread.

mod cgroup;
mod descriptors;
mod expect;
mod files;
mod freeze;
mod identity;
mod kcmp;
mod likeness;
mod locks;
mod mappings;
mod permission;
mod process;
mod processor;
mod reaper;
mod refusal;
mod sharers;
mod tracee;

pub use descriptors::Descriptors;
pub use expect::Expectation;
pub use files::{Files, Named};
pub use freeze::*;
pub use kcmp::Resource;
pub use likeness::alike;
pub use mappings::{Mapping, Mappings};
pub use permission::explain_denial;
pub use process::{Process, find_by_pidfile};
pub use processor::{Mover, last_processor};
pub use refusal::{can_read_filters, refusals, seccomp_not_suspended, seccomp_unreadable};
pub use sharers::{Sharer, Sharers};
pub use tracee::*;
