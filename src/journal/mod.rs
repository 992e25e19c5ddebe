//! The journal: what a run is about to do in its targets, written down before it is done, so that it can be taken back or
//! finished by another criu-plan if this one is killed.
//!
//! One file a run, as JSON Lines. While the run goes on the file lies on tmpfs, where nothing is waited for; what it speaks of
//! does not outlive a reboot either. Who holds its lock is alive.

mod directory;
mod head;
mod line;
mod log;
mod run;
mod store;

pub use head::{Moment, Phase};
pub use line::*;
pub use log::Log;
pub use run::{Called, Flight, Run};
pub use store::{Entry, Found, Options, State, Store, unreadable};
