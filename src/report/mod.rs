//! An outcome or problems, as human text and as JSON; problems also as GitHub annotations and SARIF.

mod dump;
mod forecast;
mod github;
mod human;
mod journal;
mod json;
mod problems;
mod sarif;
mod source;

pub use dump::hexdump;
pub use forecast::{dry_run, dry_run_json};
pub use github::github;
pub use human::{exec_result, outcome};
pub use journal::{recovered, recovery_json, run, run_json, runs, runs_json};
pub use json::{json, problem as problem_json};
pub use problems::{plain, problems};
pub use sarif::sarif;
pub use source::{Position, Source};
