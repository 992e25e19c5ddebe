//! Writing to standard output and standard error.

use super::exit;
use crate::executor::{DryRun, Outcome};
use crate::problem::Problem;
use crate::report::{self, Source};
use clap::ValueEnum;
use std::io::Write;

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}

/// Prints a result. A reader that has gone away (`| head`) is no failure.
pub fn print(text: &str) -> u8 {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => exit::DONE,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => exit::DONE,
        Err(error) => {
            let _written = writeln!(std::io::stderr(), "standard output can't be written: {error}");
            exit::FAILED
        }
    }
}

/// Shows problems on standard error.
pub fn complain(problems: &[Problem], source: Option<&Source>) {
    // There is nowhere left to say that standard error can't be written.
    let _written = std::io::stderr().lock().write_all(report::problems(problems, source).as_bytes());
}

/// Shows a dry run likewise; `program` adds every op.
pub fn show_dry_run(run: &DryRun, source: Option<&Source>, format: Format, program: bool) {
    match format {
        Format::Json => {
            print(&report::dry_run_json(run, source, program));
        }
        Format::Human => {
            complain(&run.outcome.problems, source);
            print(&report::dry_run(run, program));
        }
    }
}

/// Shows an outcome: as one object on standard output, or as text there and problems on standard error.
pub fn show(outcome: &Outcome, source: Option<&Source>, format: Format, trace: bool) {
    match format {
        Format::Json => {
            print(&report::json(outcome, source));
        }
        Format::Human => {
            complain(&outcome.problems, source);
            print(&report::outcome(outcome));
        }
    }
    if trace {
        for target in &outcome.targets {
            for line in &target.trace {
                let _written = writeln!(std::io::stderr(), "[{}] {line}", target.pid);
            }
        }
    }
}
