//! `criu-plan validate`.

use super::exit;
use super::output::{self, Format};
use super::run_options::Settings;
use crate::plan::{self, Purpose};
use crate::problem::{Problem, Severity};
use crate::report::{self, Source};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plans; `-` is standard input
    #[arg(required = true)]
    plans: Vec<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    /// How problems are shown
    #[arg(long, default_value = "human")]
    format: Format,
}

/// Runs it. Required variables that are not set are unknown values here, not mistakes.
pub fn run(args: &Args) -> u8 {
    let mut shown = Vec::new();
    let mut failed = false;
    for path in &args.plans {
        let (problems, source) = match plan::load(path) {
            Err(problem) => (vec![problem], None),
            Ok(bytes) => {
                let source = Source::new(&path.display().to_string(), &bytes);
                let problems = match plan::read(&bytes, &args.settings.values(), Purpose::Check) {
                    Ok(reading) => reading.warnings,
                    Err(problems) => problems,
                };
                (problems, Some(source))
            }
        };
        failed |= problems.iter().any(|problem: &Problem| problem.severity == Severity::Error);
        match args.format {
            Format::Human => output::complain(&problems, source.as_ref()),
            Format::Json => shown.extend(problems.iter().map(|one| report::problem_json(one, source.as_ref()))),
        }
    }
    if args.format == Format::Json {
        output::print(&format!("{:#}\n", json!({ "valid": !failed, "problems": shown })));
    }
    if failed { exit::FAILED } else { exit::DONE }
}
