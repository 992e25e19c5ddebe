//! criu-plan changes running Linux processes without restarting them.
//!
//! One way leads through the crate, and each stage knows only those before it:
//!
//! ```text
//! text ──plan──▶ Plan ──program──▶ Program ──executor──▶ Outcome ──report──▶ people, CI
//!                 ▲        ▲
//!             syscalls   facts of the target
//! ```

pub mod cli;
pub mod executor;
pub mod facts;
pub mod journal;
pub mod plan;
pub mod problem;
pub mod program;
pub mod remote;
pub mod report;
pub mod syscalls;
pub mod target;
