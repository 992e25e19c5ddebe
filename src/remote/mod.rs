//! Running system calls inside a frozen thread, so that the thread survives us at every instant.
//!
//! Before a thread is moved, a complete `rt_sigframe` of its own state (the *landing frame*) lies in memory that is proven
//! free, and its `rsp` points at a return into `rt_sigreturn`: if we die, the thread finishes the call it is in, returns
//! into `rt_sigreturn`, and is itself again.

mod frame;
mod gadgets;
mod memory;
mod registers;
mod room;
mod runner;
pub mod seccomp;
mod settle;
mod xstate;

pub use gadgets::{GadgetError, Gadgets};
pub use memory::Memory;
pub use registers::{ERESTART_RESTARTBLOCK, ERESTARTSYS, Rest, registers_at, rest_of};
pub use room::{Room, Surveyor};
pub use runner::{CallFault, Limits, PrepareError, Runner, rehearse};
pub use settle::{SettleRule, settle};
pub use xstate::Image;
