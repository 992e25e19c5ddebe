//! `criu-plan rehearse`: a plan tried on a process that is started for it.

use super::output::{self, Format};
use super::run_options::{RunOptions, Settings};
use super::{apply, exit};
use crate::executor;
use crate::problem::Problem;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Example:
  criu-plan rehearse plans/redirect.yaml --set log=/tmp/demo.log -- sh -c 'while :; do date; sleep 1; done'

What is written meanwhile to files that the plan's variables name is shown, too.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The plan; its variable `pid` is set to the command's process
    plan: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// How the outcome is shown
    #[arg(long, default_value = "human")]
    output: Format,
    /// How long the command is watched, before the plan and after it
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = time)]
    watch: Duration,
    #[command(flatten)]
    run: RunOptions,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

fn time(text: &str) -> Result<Duration, String> {
    crate::plan::parse_duration(text).ok_or_else(|| "a time is written as 500ms, 2s or 1m".to_owned())
}

/// Runs it.
pub fn run(args: &Args) -> u8 {
    let Some((program, arguments)) = args.command.split_first() else { return exit::USAGE };
    let mut child = match Command::new(program).args(arguments).spawn() {
        Ok(child) => child,
        Err(error) => {
            let problem = Problem::error("rehearse::not-started", format!("{program} can't be started: {error}"));
            output::complain(&[problem], None);
            return exit::FAILED;
        }
    };
    let code = rehearse(args, &mut child);
    end(&mut child);
    code
}

fn rehearse(args: &Args, child: &mut Child) -> u8 {
    let mut settings = args.settings.values();
    settings.insert("pid".to_owned(), child.id().to_string());
    let (plan, source) = match apply::read(&args.plan, &settings, args.output) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let mut files = watched(settings.values().chain(plan.vars.values()));
    note(&format!(
        "── {} runs as process {}; the plan is applied in {:?}",
        args.command.join(" "),
        child.id(),
        args.watch
    ));
    if !lives_on(child, args.watch) {
        let problem = Problem::error("rehearse::ended", "the command ended before the plan could be applied");
        output::complain(&[problem.help("rehearse with a command that goes on running")], None);
        return exit::FAILED;
    }
    note("── applying the plan");
    let outcome = executor::apply(&plan, &args.run.options());
    output::show(&outcome, Some(&source), args.output, args.run.trace);
    if !lives_on(child, args.watch) {
        note("── the command has ended by itself");
    }
    for (path, from) in &mut files {
        let mut text = String::new();
        let opened = File::open(&*path).and_then(|mut file| {
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(*from))?;
            file.take(64 << 10).read_to_string(&mut text)
        });
        if opened.is_ok() && !text.is_empty() {
            note(&format!("── meanwhile in {}:\n{}", path.display(), text.trim_end()));
        }
    }
    exit::code(&outcome, false)
}

fn note(text: &str) {
    eprintln!("{text}");
}

/// Files that values name, with their present lengths: what is written to them is shown afterwards.
fn watched<'a>(values: impl Iterator<Item = &'a String>) -> Vec<(PathBuf, u64)> {
    let mut paths: Vec<PathBuf> = values.filter(|value| value.starts_with('/')).map(PathBuf::from).collect();
    paths.sort();
    paths.dedup();
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
    paths.into_iter().filter(|path| !path.is_dir()).map(|path| (path.clone(), length(&path))).collect()
}

/// Watches the command for a while; whether it still runs.
fn lives_on(child: &mut Child, time: Duration) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}

/// Ends the command: SIGTERM, and SIGKILL if that is not heeded.
fn end(child: &mut Child) {
    // It has not been waited for, so the pid is still its own.
    if matches!(child.try_wait(), Ok(None)) {
        let _asked = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
        if lives_on(child, Duration::from_secs(1)) {
            let _killed = child.kill();
        }
    }
    let _ended = child.wait();
}
