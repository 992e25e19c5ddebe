//! Finding processes, facts from /proc, freezing every thread.

mod cgroup;
mod descriptors;
mod facts;
mod files;
mod freeze;
mod glob;
mod identity;
mod inventory;
mod kcmp;
mod likeness;
mod listening;
mod locks;
mod mappings;
mod permission;
mod process;
mod reaper;
mod refusal;
mod seen;
mod selection;
mod sharers;
mod tracee;

pub use descriptors::Descriptors;
pub use facts::{Names, Witness};
pub use files::{Files, Named};
pub use freeze::*;
pub use inventory::{Descriptor, Task, descriptors, has_thread, mappings, threads};
pub use kcmp::{Resource, same as shares};
pub use likeness::alike;
pub use mappings::{Mapping, Mappings};
pub use permission::explain_denial;
pub use process::Process;
pub use refusal::{can_read_filters, refusals, seccomp_not_suspended, seccomp_unreadable};
pub use seen::seen_by;
pub use selection::select;
pub use sharers::{Sharer, Sharers};
pub use tracee::*;
