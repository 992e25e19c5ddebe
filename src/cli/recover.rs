//! `criu-plan recover`.

use super::exit;
use super::output::{self, Format};
use super::run_options::{JournalOptions, Patience};
use crate::executor::{self, Options, Outcome, Verdict};
use crate::journal::{Found, State, Store};
use crate::problem::Problem;
use crate::report;
use std::rc::Rc;

const EXAMPLES: &str = "\
Examples:
  criu-plan journal                           # which runs need it
  criu-plan recover
  criu-plan recover 20261127T163505Z-4711

A run that was committed when its criu-plan was killed is finished; any other is taken back. A run that needs nothing is \
left as it is, so that recovering twice does no harm. Exit codes: 0 every run is at its end; 1 one could not be brought \
there, and the reason is told; 3 one is in doubt: a person has to look.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The run, as `criu-plan journal` names it [default: every run that needs it]
    id: Option<String>,
    /// Every run that needs it
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// How the outcome is shown
    #[arg(long, default_value = "human")]
    output: Format,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    journal: JournalOptions,
}

/// What came of a run.
type Recovered = (String, Result<Outcome, Vec<Problem>>);

/// Runs it.
pub fn run(args: &Args) -> u8 {
    let options = Options { journal: args.journal.options(), ..Options::default() };
    let options = args.patience.apply(options);
    let recovered = Store::look(&options.journal, true).and_then(|store| {
        let store = Rc::new(store);
        let chosen = choose(&store, args.id.as_deref())?;
        Ok(chosen.iter().map(|found| (found.id.clone(), recover(&store, found, &options))).collect::<Vec<Recovered>>())
    });
    match recovered {
        Ok(recovered) => {
            show(&recovered, args.output);
            recovered.iter().map(|(_, result)| code(result)).max().unwrap_or(exit::DONE)
        }
        Err(problem) => {
            output::complain(&[problem], None);
            exit::FAILED
        }
    }
}

/// The run that is named, or all that need it.
fn choose(store: &Store, id: Option<&str>) -> Result<Vec<Found>, Problem> {
    let Some(id) = id else {
        let runs = store.runs()?;
        let left = |found: &Found| match found.state {
            State::Abandoned => true,
            State::Ended => store.is_running(found),
            State::Alive | State::Empty => false,
        };
        for empty in runs.iter().filter(|found| found.state == State::Empty) {
            // It is removed; there is nothing else to it.
            store.claim(empty)?;
        }
        return Ok(runs.into_iter().filter(left).collect());
    };
    let found = super::journal::find(store, id)?;
    if found.state == State::Empty {
        store.claim(&found)?;
        return Ok(Vec::new());
    }
    Ok(vec![found])
}

fn recover(store: &Rc<Store>, found: &Found, options: &Options) -> Result<Outcome, Vec<Problem>> {
    match &found.run {
        Ok(run) if !store.is_running(found) => Ok(executor::recounted(run)),
        _ => executor::recover(store, found, options),
    }
}

fn code(result: &Result<Outcome, Vec<Problem>>) -> u8 {
    match result {
        Err(_) => exit::FAILED,
        Ok(Outcome { verdict: Verdict::InDoubt | Verdict::Partial, .. }) => exit::IN_DOUBT,
        Ok(_) => exit::DONE,
    }
}

fn show(recovered: &[Recovered], format: Format) {
    match format {
        Format::Json => {
            output::print(&report::recovery_json(recovered));
        }
        Format::Human if recovered.is_empty() => {
            output::print("no run needs to be recovered\n");
        }
        Format::Human => {
            for (id, result) in recovered {
                match result {
                    Ok(outcome) => {
                        output::complain(&outcome.problems, None);
                        output::print(&report::recovered(id, outcome));
                    }
                    Err(problems) => output::complain(problems, None),
                }
            }
        }
    }
}
