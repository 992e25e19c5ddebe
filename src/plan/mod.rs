//! What the user wrote: types, reading, checking, variables, JSON Schema.

mod access;
mod architecture;
mod argument;
mod condition;
mod ctype;
mod document;
mod flow;
pub mod length;
mod memory;
mod names;
mod number;
mod reading;
mod schema;
mod schema_memory;
mod sockaddr;
mod source;
mod step;
mod structure;
mod tree;
mod types;

pub use argument::{amount, signature};
pub use document::{Purpose, Reading, read, read_for};
pub use number::shown;
pub use schema::{schema, schema_text};
pub use source::load;
pub use step::parse_duration;
pub use types::*;
