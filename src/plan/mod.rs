//! What the user wrote: types, reading, checking, variables, JSON Schema.

mod access;
mod architecture;
mod argument;
mod condition;
mod ctype;
mod document;
mod fact;
mod flow;
mod kinds;
pub mod length;
mod memory;
pub mod names;
mod number;
mod order;
mod pattern;
mod reading;
mod repetition;
mod schema;
mod schema_facts;
mod schema_memory;
mod selector;
mod sockaddr;
mod source;
mod step;
mod structure;
mod tree;
mod types;

pub use crate::facts::{Count, Fact, Repetition, Selector, With};
pub use argument::{amount, signature};
pub use document::{Purpose, Reading, read, read_for};
pub use flow::PID;
pub use number::shown;
pub use schema::{schema, schema_text};
pub use source::load;
pub use step::parse_duration;
pub use types::*;
