//! An outcome or problems, as human text and as JSON.

mod dump;
mod human;
mod json;
mod problems;

pub use dump::hexdump;
pub use human::outcome;
pub use json::{exec_result, json, problem as problem_json};
pub use problems::{Source, problems};
