//! The lowered plan: cells, buffers and ops in three sections. It knows neither YAML nor ptrace.

mod ops;

pub use ops::*;
