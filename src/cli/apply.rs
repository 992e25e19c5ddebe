//! `criu-plan apply`.

use super::exit;
use super::output::{self, Format};
use super::run_options::{RunOptions, Settings};
use crate::executor::{self, Outcome, Verdict};
use crate::plan::{self, Plan, Purpose};
use crate::problem::Problem;
use crate::report::Source;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  criu-plan apply --dry-run plans/redirect.yaml --set pid=4711 --set log=/var/log/app.log
  criu-plan apply plans/redirect.yaml --set pid=4711 --set log=/var/log/app.log
  criu-plan apply --output json --detailed-exitcode plan.yaml

A step that fails takes back all that was done, in every target. The outcome goes to standard output, \
problems to standard error.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The plan; `-` reads it from standard input
    plan: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// Find the targets and show what would be done, by which thread and what undo would do, touching nothing
    #[arg(long)]
    dry_run: bool,
    /// Show every call and check that the dry run's steps consist of: before, on undo, and at the end
    #[arg(long, requires = "dry_run")]
    program: bool,
    /// How the outcome is shown
    #[arg(long, default_value = "human")]
    output: Format,
    /// Exit with 2 if something changed, or would
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    run: RunOptions,
}

/// Runs it.
pub fn run(args: &Args) -> u8 {
    let (plan, source) = match read(&args.plan, &args.settings.values(), args.output) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let options = args.run.options();
    if args.dry_run {
        let run = executor::dry_run(&plan, &options);
        output::show_dry_run(&run, Some(&source), args.output, args.program);
        return exit::code(&run.outcome, args.detailed_exitcode);
    }
    let outcome = executor::apply(&plan, &options);
    output::show(&outcome, Some(&source), args.output, args.run.trace);
    exit::code(&outcome, args.detailed_exitcode)
}

/// Reads a plan and shows its warnings; if it is refused, shows why and says with which code to exit.
pub fn read(path: &Path, settings: &IndexMap<String, String>, format: Format) -> Result<(Plan, Source), u8> {
    let refuse = |problems: Vec<Problem>, source: Option<&Source>| {
        let outcome = Outcome {
            plan: None,
            verdict: Verdict::Refused,
            changed: false,
            targets: Vec::new(),
            problems,
            interrupted: None,
        };
        output::show(&outcome, source, format, false);
        exit::FAILED
    };
    let bytes = plan::load(path).map_err(|problem| refuse(vec![problem], None))?;
    let source = Source::new(&path.display().to_string(), &bytes);
    match plan::read(&bytes, settings, Purpose::Run) {
        Ok(reading) => {
            output::complain(&reading.warnings, Some(&source));
            Ok((reading.plan, source))
        }
        Err(problems) => Err(refuse(problems, Some(&source))),
    }
}
