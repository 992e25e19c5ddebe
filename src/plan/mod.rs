//! What the user wrote: types, reading, checking, variables, JSON Schema.

mod types;

pub use types::*;
