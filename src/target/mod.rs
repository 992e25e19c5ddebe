//! Finding processes, facts from /proc, freezing every thread.

mod descriptors;
mod expect;
mod files;
mod freeze;
mod kcmp;
mod likeness;
mod mappings;
mod process;
mod sharers;
mod tracee;

pub use descriptors::Descriptors;
pub use expect::Expectation;
pub use files::{Files, Named};
pub use freeze::*;
pub use kcmp::Resource;
pub use likeness::alike;
pub use mappings::{Mapping, Mappings};
pub use process::{Process, pidfile};
pub use sharers::{Sharer, Sharers};
pub use tracee::*;
