//! Which processes a plan runs in.

use super::facts::{Names, Witness};
use super::process::{Process, find_by_pidfile};
use crate::facts::{Count, Fact, Selector, With};
use crate::problem::Problem;
use std::collections::HashSet;
use std::fs;

/// How many processes are listed where there are too many.
const LISTED: usize = 5;
/// How much of a command line is shown.
const SHOWN: usize = 60;

/// Finds the processes. Each is held by its pidfd from here on.
pub fn select(selector: &Selector, with: Option<With>) -> Result<Vec<Process>, Problem> {
    let found = match selector {
        Selector::Pid(pid) => vec![Process::find(*pid)?],
        Selector::Pidfile(path) => vec![find_by_pidfile(path)?],
        Selector::Match(facts, count) => matching(facts, *count)?,
    };
    match with {
        None => Ok(found),
        Some(with) => with_others(found, with),
    }
}

/// Shows every process that can be a target, one after another: no kernel threads, none that have ended, neither us nor who
/// started us. What is not kept takes no descriptor of ours.
fn each_candidate(mut show: impl FnMut(Process)) -> Result<(), Problem> {
    let own = std::process::id() as i32;
    let entries = fs::read_dir("/proc").map_err(|error| {
        Problem::error("target::unreadable", format!("/proc can't be read: {error}")).help("mount it")
    })?;
    let mut pids: Vec<i32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    let launchers = launchers();
    for pid in pids.into_iter().filter(|pid| *pid != own && !launchers.contains(pid)) {
        match Process::find(pid) {
            Ok(process) if process.kernel => {}
            Ok(process) if matches!(process.state, 'Z' | 'X' | 'x') && process.threads <= 1 => {}
            Ok(process) => show(process),
            // One that is overlooked could be the second that fits.
            Err(absence) if absence.is_our_want() => return Err(absence.into()),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Our ancestors that have our name among their arguments (sudo, a shell, a timeout): a plan's own words must not make them
/// its target.
fn launchers() -> HashSet<i32> {
    let name = std::env::args().next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let mut launchers = HashSet::new();
    let mut at = nix::unistd::getppid().as_raw();
    while at > 0 {
        let arguments = fs::read(format!("/proc/{at}/cmdline")).unwrap_or_default();
        if !name.is_empty() && String::from_utf8_lossy(&arguments).contains(name) {
            launchers.insert(at);
        }
        at = Process::find(at).map_or(0, |process| process.parent);
    }
    launchers
}

/// Whether all facts hold; `None` if it can't be told.
fn fits(process: &Process, facts: &[&Fact], users: &Names) -> Option<bool> {
    let mut names = users.users_only();
    for fact in facts {
        names.learn(process, [*fact]);
        match Witness::of(process, &names).holds(fact) {
            Ok(true) => {}
            Ok(false) => return Some(false),
            Err(_) => return None,
        }
    }
    Some(true)
}

/// What is quickly told first: a table of sockets is long.
fn quick_first(facts: &[Fact]) -> Vec<&Fact> {
    let mut facts: Vec<&Fact> = facts.iter().collect();
    facts.sort_by_key(|fact| match fact {
        Fact::Comm(_) | Fact::Exe(_) | Fact::User(_) => 0,
        Fact::Fd(_) | Fact::Mapping(_) => 2,
        Fact::Listen(_) | Fact::Not(_) | Fact::Any(_) => 3,
        _ => 1,
    });
    facts
}

fn matching(facts: &[Fact], count: Count) -> Result<Vec<Process>, Problem> {
    let users = Names::of_users(facts);
    let (mut found, mut hidden) = (Vec::new(), 0);
    let quick = quick_first(facts);
    each_candidate(|process| match fits(&process, &quick, &users) {
        Some(true) => found.push(process),
        Some(false) => {}
        None => hidden += 1,
    })?;
    match count {
        _ if found.is_empty() => Err(none_fits(facts, &users, hidden)?),
        Count::Exactly(count) if found.len() != count => Err(wrong_count(&found, count, hidden)),
        _ => Ok(found),
    }
}

fn none_fits(facts: &[Fact], users: &Names, hidden: usize) -> Result<Problem, Problem> {
    let nobody = Names::default();
    // For how many each of the facts holds alone, and how it is told.
    let mut alone: Vec<(usize, String)> = facts.iter().map(|_| Default::default()).collect();
    each_candidate(|process| {
        for (fact, (count, what)) in facts.iter().zip(&mut alone) {
            *count += usize::from(fits(&process, &[fact], users) == Some(true));
            if what.is_empty() {
                *what = Witness::of(&process, &nobody).instead(fact).0.to_owned();
            }
        }
    })?;
    let each = alone.into_iter().map(|(count, what)| {
        format!("`{what}` holds for {}", if count == 0 { "none".to_owned() } else { count.to_string() })
    });
    let each: Vec<String> = each.collect();
    let why = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
    let hidden = if hidden > 0 {
        format!("; {hidden} could not be looked at: run criu-plan as root to look at all")
    } else {
        String::new()
    };
    Ok(Problem::error("target::not-found", format!("no process fits this `match`{why}"))
        .help(format!("all of it must hold for one process; `ps -eo pid,user,comm,args` shows what there is{hidden}")))
}

fn wrong_count(found: &[Process], count: usize, hidden: usize) -> Problem {
    let line = |process: &Process| {
        let names = Names::default();
        let witness = Witness::of(process, &names);
        let arguments = witness.instead(&Fact::Cmdline(String::new())).1.unwrap_or_default();
        let mut shown: String = arguments.chars().take(SHOWN).collect();
        if shown.len() < arguments.len() {
            shown.push('…');
        }
        format!("{} ({}) {shown}", process.pid, process.comm)
    };
    let mut lines: Vec<String> = found.iter().take(LISTED).map(line).collect();
    if found.len() > LISTED {
        lines.push(format!("and {} more", found.len() - LISTED));
    }
    let (verb, pronoun) = if found.len() == 1 { ("process fits", "it is") } else { ("processes fit", "they are") };
    let hidden = if hidden > 0 { format!("; {hidden} others could not be looked at") } else { String::new() };
    Problem::error(
        "target::wrong-count",
        format!("{} {verb} this `match`, and there must be {count}: {}", found.len(), lines.join("; ")),
    )
    .help(format!(
        "{pronoun} told apart by more facts (exe, comm, cmdline, user, cgroup, unit, listen), or give `count: {}` or `count: any`{hidden}",
        found.len()
    ))
}

/// The processes with those that they started.
fn with_others(mut found: Vec<Process>, with: With) -> Result<Vec<Process>, Problem> {
    let mut parents: HashSet<i32> = found.iter().map(|process| process.pid).collect();
    let mut known = parents.clone();
    loop {
        let mut new = Vec::new();
        each_candidate(|process| {
            if parents.contains(&process.parent) && known.insert(process.pid) {
                new.push(process);
            }
        })?;
        if new.is_empty() {
            return Ok(found);
        }
        parents = new.iter().map(|process| process.pid).collect();
        found.extend(new);
        if with == With::Children {
            return Ok(found);
        }
    }
}
