//! The command line: one file per command, each from arguments to an exit code.

mod apply;
mod exec;
mod exit;
mod explain;
mod journal;
mod output;
mod plan_files;
mod recover;
mod rehearse;
mod run_options;
mod syscalls;
mod validate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Changes running Linux processes without restarting them: system calls from a YAML plan, run inside them as one
/// transaction, all or none.
///
/// Try it on a process that it starts itself: criu-plan rehearse PLAN -- CMD. Begin with a live one by looking: criu-plan
/// apply --dry-run PLAN.
#[derive(Debug, Parser)]
#[command(name = "criu-plan", version, max_term_width = 100, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a plan, or show what it would do (--dry-run)
    Apply(apply::Args),
    /// Run one system call in a process, as `criu exec` did
    Exec(exec::Args),
    /// Start a command, apply a plan to it, show what comes of it, and end it
    Rehearse(rehearse::Args),
    /// Bring runs whose criu-plan was killed to their end: take them back, or finish them
    Recover(recover::Args),
    /// List and show runs
    Journal(journal::Args),
    /// Check plans without looking at any process: for editors, reviews and CI
    Validate(validate::Args),
    /// Tell what is known of a system call, or what a problem code means
    Explain(explain::Args),
    /// List every system call
    Syscalls(syscalls::Args),
    /// Print the JSON Schema of plans
    Schema,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is nobody's loss here.
            let _printed = error.print();
            return if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let code = match cli.command {
        Command::Apply(args) => apply::run(&args),
        Command::Exec(args) => exec::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Recover(args) => recover::run(&args),
        Command::Journal(args) => journal::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Syscalls(args) => syscalls::run(&args),
        Command::Schema => output::print(&crate::plan::schema_text()),
    };
    ExitCode::from(code)
}
