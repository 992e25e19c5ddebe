//! `criu-plan journal`.

use super::exit;
use super::output::{self, Format};
use crate::journal::{Found, Store, unreadable};
use crate::problem::Problem;
use crate::report;
use crate::syscalls::nearest;
use clap::Subcommand;

const EXAMPLES: &str = "\
Examples:
  criu-plan journal
  criu-plan journal show 20261127T163505Z-4711
  criu-plan journal path 20261127T163505Z-4711

A run is in the journal from before its first target is touched. While it goes on its file lies in memory (/run/criu-plan, \
$XDG_RUNTIME_DIR/criu-plan or /dev/shm/criu-plan-UID), afterwards in --journal-dir. One that needs to be recovered was cut \
off: `criu-plan recover` brings it to its end.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// How it is shown
    #[arg(long, default_value = "human", global = true)]
    output: Format,
    /// Where journals of finished runs are kept [default: /var/lib/criu-plan for root, else $XDG_STATE_HOME/criu-plan]
    #[arg(long, value_name = "DIR", global = true)]
    journal_dir: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every run, the oldest first [default]
    List,
    /// What a run did, step by step
    Show {
        /// The run, as `criu-plan journal list` names it
        id: String,
    },
    /// Where a run's file lies, or all of them
    Path {
        /// The run
        id: Option<String>,
    },
}

/// Runs it.
pub fn run(args: &Args) -> u8 {
    let options = crate::journal::Options { directory: args.journal_dir.clone(), ..Default::default() };
    match Store::look(&options, false).and_then(|store| text(&store, args)) {
        Ok(text) => output::print(&text),
        Err(problem) => {
            output::complain(&[problem], None);
            exit::FAILED
        }
    }
}

fn text(store: &Store, args: &Args) -> Result<String, Problem> {
    Ok(match (args.what.as_ref().unwrap_or(&What::List), args.output) {
        (What::List, Format::Human) => report::runs(&store.runs()?),
        (What::List, Format::Json) => report::runs_json(&store.runs()?),
        (What::Show { id }, format) => {
            let found = find(store, id)?;
            let run = found.run.as_ref().map_err(|why| unreadable(&found.path, why))?;
            match format {
                Format::Human => report::run(&found, run),
                Format::Json => report::run_json(&found, run),
            }
        }
        (What::Path { id: Some(id) }, _) => format!("{}\n", find(store, id)?.path.display()),
        (What::Path { id: None }, _) => {
            let places = store.finished().into_iter().chain(store.running());
            places.map(|path| format!("{}\n", path.display())).collect()
        }
    })
}

/// The run of this id.
pub fn find(store: &Store, id: &str) -> Result<Found, Problem> {
    if let Some(found) = store.run(id)? {
        return Ok(found);
    }
    let runs = store.runs()?;
    let near = nearest(id, runs.iter().map(|found| found.id.as_str()));
    let help = near.map_or("`criu-plan journal` lists the runs".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(Problem::error("journal::no-such-run", format!("the journal has no run `{id}`")).help(help))
}
