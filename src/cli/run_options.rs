//! Options of every command that runs calls in a process.

use crate::executor::{Eintr, Options, SeccompPolicy};
use crate::journal;
use crate::plan::parse_duration;
use clap::ValueEnum;
use std::path::PathBuf;
use std::time::Duration;

/// How a run goes about it.
#[derive(Debug, clap::Args)]
pub struct RunOptions {
    #[command(flatten)]
    patience: Patience,
    /// What to do with calls (epoll_wait and its like) that end in EINTR whenever their thread is stopped: make them anew,
    /// a finite wait from its beginning, or let the target see it
    #[arg(long, default_value = "reissue")]
    eintr: EintrArg,
    /// What to do about seccomp filters: try each call on them first and refuse what they would kill (takes root); take it
    /// that they allow everything, where a call that they kill kills the target; or switch them off while calls run, where a
    /// call that they kill kills the target if criu-plan is itself killed in the middle of it
    #[arg(long, default_value = "check")]
    seccomp: SeccompArg,
    #[command(flatten)]
    journal: JournalOptions,
    /// Show every call that was made on standard error
    #[arg(long)]
    pub trace: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EintrArg {
    Reissue,
    Leave,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeccompArg {
    Check,
    AssumeAllowed,
    Suspend,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a time is written as 500ms, 2s or 1m".to_owned())
}

impl RunOptions {
    /// As the executor takes them.
    pub fn options(&self) -> Options {
        self.patience.apply(Options {
            eintr: match self.eintr {
                EintrArg::Reissue => Eintr::Reissue,
                EintrArg::Leave => Eintr::Leave,
            },
            seccomp: match self.seccomp {
                SeccompArg::Check => SeccompPolicy::Check,
                SeccompArg::AssumeAllowed => SeccompPolicy::AssumeAllowed,
                SeccompArg::Suspend => SeccompPolicy::Suspend,
            },
            journal: self.journal.options(),
            ..Options::default()
        })
    }
}

/// How long a process may be held.
#[derive(Debug, clap::Args)]
pub struct Patience {
    /// All threads must stand still within this time
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    freeze_timeout: Duration,
    /// Nothing is held for longer, all targets together
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    hold: Duration,
}

impl Patience {
    /// The options with these times.
    pub fn apply(&self, options: Options) -> Options {
        Options { freeze_timeout: self.freeze_timeout, hold: self.hold, ..options }
    }
}

/// Where journals are kept.
#[derive(Debug, clap::Args)]
pub struct JournalOptions {
    /// Where journals of finished runs are kept [default: /var/lib/criu-plan for root, else $XDG_STATE_HOME/criu-plan]
    #[arg(long, value_name = "DIR")]
    journal_dir: Option<PathBuf>,
    /// How many of them are kept
    #[arg(long, value_name = "N", default_value_t = 100)]
    keep: usize,
}

impl JournalOptions {
    /// As the journal takes them.
    pub fn options(&self) -> journal::Options {
        journal::Options { directory: self.journal_dir.clone(), keep: self.keep }
    }
}

/// Variables given on the command line.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Set a variable of the plan
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    if name.is_empty() {
        return Err("the name is missing before `=`".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

impl Settings {
    /// By name; the last of several counts.
    pub fn values(&self) -> indexmap::IndexMap<String, String> {
        self.settings.iter().cloned().collect()
    }
}
