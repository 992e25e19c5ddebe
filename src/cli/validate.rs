//! `criu-plan validate`: plans checked without looking at any process.

use super::run_options::Settings;
use super::{exit, output, plan_files};
use crate::plan::{self, Purpose};
use crate::problem::{Problem, Severity};
use crate::report::{self, Source};
use crate::syscalls::Arch;
use clap::ValueEnum;
use indexmap::IndexMap;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Names the shape of the JSON object; it changes when the shape does.
const SCHEMA: &str = "criu-plan/validate/1";

const EXAMPLES: &str = "\
Examples:
  criu-plan validate plans
  criu-plan validate --deny warnings --format github plans
  criu-plan validate --format sarif plans >plans.sarif

A `required` variable that no --set gives is an unknown value here, not a mistake. Exit code 0: all plans \
are valid; 1: some are not. `criu-plan explain CODE` tells more of a problem.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files, directories (every *.yaml and *.yml below them, but for hidden ones), or `-` for standard input
    #[arg(required = true, value_name = "PLAN")]
    plans: Vec<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    /// How problems are shown
    #[arg(long, default_value = "human")]
    format: Format,
    /// The architecture that the plans are for: it must have the calls that they use
    #[arg(long, default_value = "x86_64")]
    arch: ArchArg,
    /// What makes a plan invalid besides errors
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: each problem at its place, on standard error, and a summary
    Human,
    /// One JSON object
    Json,
    /// Annotations for GitHub Actions
    Github,
    /// A SARIF 2.1.0 log, for code scanning
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ArchArg {
    #[value(name = "x86_64")]
    X86_64,
    Aarch64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings count as errors
    Warnings,
}

/// A file and what is wrong with it.
type Checked = (Source, Vec<Problem>);

/// Runs it. Required variables that are not set are unknown values here, not mistakes.
pub fn run(args: &Args) -> u8 {
    let settings = args.settings.values();
    let arch = match args.arch {
        ArchArg::X86_64 => Arch::X86_64,
        ArchArg::Aarch64 => Arch::Aarch64,
    };
    let mut tally = Tally::default();
    let mut checked = Vec::new();
    for found in plan_files::find(&args.plans) {
        let (source, mut problems) = match found {
            Ok(path) => check(&path, arch, &settings),
            Err((path, problem)) => (Source::new(&plan_files::name(&path), b""), vec![problem]),
        };
        if args.deny == Some(Deny::Warnings) {
            problems.iter_mut().for_each(|problem| problem.severity = Severity::Error);
        }
        tally.count(&problems);
        match args.format {
            Format::Human => output::complain(&problems, Some(&source)),
            Format::Github => {
                output::print(&report::github(&problems, &source));
            }
            Format::Json | Format::Sarif if problems.is_empty() => {}
            Format::Json | Format::Sarif => checked.push((source, problems)),
        }
    }
    output::print(&match args.format {
        Format::Human => tally.sentence(),
        Format::Github => String::new(),
        Format::Json => as_json(&tally, &checked),
        Format::Sarif => report::sarif(&checked),
    });
    if tally.invalid > 0 { exit::FAILED } else { exit::DONE }
}

fn check(path: &Path, arch: Arch, settings: &IndexMap<String, String>) -> Checked {
    let name = plan_files::name(path);
    match plan::load(path) {
        Err(problem) => (Source::new(&name, b""), vec![problem]),
        Ok(bytes) => {
            let problems = match plan::read_for(arch, &bytes, settings, Purpose::Check) {
                Ok(reading) => reading.warnings,
                Err(problems) => problems,
            };
            // A plan without problems is never shown.
            let shown: &[u8] = if problems.is_empty() { b"" } else { &bytes };
            (Source::new(&name, shown), problems)
        }
    }
}

/// How many plans were checked, and how they are.
#[derive(Debug, Default)]
struct Tally {
    plans: usize,
    invalid: usize,
    errors: usize,
    warnings: usize,
}

impl Tally {
    fn count(&mut self, problems: &[Problem]) {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        self.plans += 1;
        self.invalid += usize::from(errors > 0);
        self.errors += errors;
        self.warnings += problems.len() - errors;
    }

    /// `3 plans checked: 1 invalid, 2 errors, 1 warning`.
    fn sentence(&self) -> String {
        let some = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let verdict = match (self.invalid, self.plans) {
            (0, 1) => "valid".to_owned(),
            (0, _) => "all valid".to_owned(),
            (1, 1) => "invalid".to_owned(),
            (invalid, _) => format!("{invalid} invalid"),
        };
        let mut text = format!("{} checked: {verdict}", some(self.plans, "plan"));
        for (count, what) in [(self.errors, "error"), (self.warnings, "warning")] {
            if count > 0 {
                text.push_str(&format!(", {}", some(count, what)));
            }
        }
        text + "\n"
    }
}

fn as_json(tally: &Tally, checked: &[Checked]) -> String {
    let problems: Vec<_> = checked
        .iter()
        .flat_map(|(source, problems)| problems.iter().map(|one| report::problem_json(one, Some(source))))
        .collect();
    let object = json!({
        "schema": SCHEMA,
        "valid": tally.invalid == 0,
        "plans": tally.plans,
        "invalid": tally.invalid,
        "problems": problems,
    });
    format!("{object:#}\n")
}
