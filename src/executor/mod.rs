//! The transaction: freeze, run, commit or roll back, let go.

mod outcome;

pub use outcome::*;
