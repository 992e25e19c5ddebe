//! How fast plans are checked, and that time and memory grow with their size and no faster.
//!
//! `cargo bench --bench validate`. Every figure is the median of several runs of the binary, one process each.

#![allow(clippy::expect_used)] // a bench that can not run says so by ending

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const RUNS: usize = 5;

fn main() {
    let directory = tempfile::tempdir().expect("a directory for plans");
    let many = directory.path().join("many");
    std::fs::create_dir(&many).expect("a directory");
    for index in 0..1000 {
        std::fs::write(many.join(format!("{index}.yaml")), plan(20)).expect("a plan is written");
    }
    let (time, memory) = measured(&many, true);
    println!("1,000 plans of 20 steps: {time:.2?}, {memory} MB (goal: under 1 s)");
    let missed = time > Duration::from_secs(1);

    println!("\n{:>9} {:>9} {:>9} {:>14} {:>8}", "steps", "MB", "time", "µs a step", "memory");
    let path = directory.path().join("plan.yaml");
    let mut each = Vec::new();
    let mut missed_large = false;
    for steps in [12_500, 25_000, 50_000, 100_000, 200_000] {
        std::fs::write(&path, plan(steps)).expect("a plan is written");
        each.push(row(steps, &path, true));
        missed_large |= steps == 100_000 && {
            let (time, memory) = measured(&path, true);
            time > Duration::from_secs(2) || memory > 300
        };
    }
    println!("\nevery step wrong:");
    let mut each_wrong = Vec::new();
    for steps in [12_500, 25_000, 50_000, 100_000] {
        std::fs::write(&path, wrong(steps)).expect("a plan is written");
        each_wrong.push(row(steps, &path, false));
    }
    let linear = |each: &[f64]| each.last().zip(each.first()).is_some_and(|(last, first)| last < &(first * 2.0));
    if missed || missed_large || !linear(&each) || !linear(&each_wrong) {
        eprintln!("a goal was missed: 1 s for many, 2 s and 300 MB for 100,000 steps, linear growth");
        std::process::exit(1);
    }
}

/// Prints a line; microseconds for each step.
fn row(steps: usize, path: &Path, valid: bool) -> f64 {
    let size = std::fs::metadata(path).map_or(0, |file| file.len()) as f64 / 1e6;
    let (time, memory) = measured(path, valid);
    let each = time.as_secs_f64() * 1e6 / steps as f64;
    println!("{steps:>9} {size:>9.1} {:>8.2}s {each:>14.2} {memory:>5} MB", time.as_secs_f64());
    each
}

/// Median time and greatest memory (MB) of checking a path.
// wait4 is what waits for it, since it tells the memory too.
#[allow(clippy::zombie_processes)]
fn measured(path: &Path, valid: bool) -> (Duration, i64) {
    let mut times = Vec::new();
    let mut memory = 0;
    for _ in 0..RUNS {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_criu-plan"));
        command.arg("validate").arg(path).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let child = command.spawn().expect("criu-plan runs");
        let mut status = 0;
        // SAFETY: all zeroes is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pid is that of our own child, which nobody else waits for; both pointers are to live values.
        let ended = unsafe { libc::wait4(child.id() as i32, &raw mut status, 0, &raw mut usage) };
        times.push(begun.elapsed());
        assert!(ended > 0 && libc::WIFEXITED(status) && (libc::WEXITSTATUS(status) == 0) == valid, "{status}");
        memory = memory.max(usage.ru_maxrss / 1024);
    }
    times.sort();
    (times[RUNS / 2], memory)
}

/// A plan of that many steps, of the kinds that plans have.
fn plan(steps: usize) -> String {
    let mut text = "version: 1\nvars:\n  log: /var/log/app.log\ntargets:\n  - pid: 4711\nsteps:\n".to_owned();
    for index in 0..steps / 4 {
        // Writing to a String does not fail.
        let _written = write!(
            text,
            "  - open: {{ pathname: \"${{log}}\", flags: [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], mode: 0o644 }}
    capture: fd{index}
  - dup2: [\"${{fd{index}}}\", 1]
  - close: [\"${{fd{index}}}\"]
    when: \"${{fd{index}}} != 1\"
  - fcntl: [2, F_SETFD, FD_CLOEXEC]
    ignore: [EBADF]
"
        );
    }
    text
}

/// A plan in which nothing that is used is there.
fn wrong(steps: usize) -> String {
    let mut text = "version: 1\ntargets: [4711]\nsteps:\n".to_owned();
    for index in 0..steps {
        let _written = writeln!(text, "  - close: [\"${{fd{index}}}\"]");
    }
    text
}
