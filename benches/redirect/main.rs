//! What a redirect of stdout costs a busy process: the longest gap it sees (stall) and how long the tool takes (wall),
//! for criu-plan and its peers on the same target, in one run, interleaved.
//!
//! `cargo bench --bench redirect [-- --rounds 20]`. Peers: the calls made by the target itself; a hand-written ptrace
//! sequence that makes as many remote calls as criu-plan does and takes no care of anything; gdb in batch mode; and criu-plan
//! with a plan that keeps nothing for undo.

// A benchmark that can't set itself up has nothing to measure.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod minimal;
mod target;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use target::Target;

const MAPPINGS: [usize; 2] = [40, 40_000];

/// One tool's way to redirect a process's stdout.
struct Tool {
    name: &'static str,
    run: fn(&Target, &Path),
}

const TOOLS: [Tool; 5] = [
    Tool { name: "in the target itself", run: |target, log| target.redirect_itself(log) },
    Tool { name: "minimal ptrace", run: |target, log| minimal::redirect(target.pid(), log) },
    Tool { name: "criu-plan", run: criu_plan },
    Tool { name: "gdb batch", run: gdb },
    Tool { name: "criu-plan, no undo", run: without_undo },
];

fn criu_plan(target: &Target, log: &Path) {
    apply(target, log, concat!(env!("CARGO_MANIFEST_DIR"), "/plans/redirect.yaml"));
}

fn without_undo(target: &Target, log: &Path) {
    apply(target, log, concat!(env!("CARGO_MANIFEST_DIR"), "/benches/redirect/without-undo.yaml"));
}

fn apply(target: &Target, log: &Path, plan: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_criu-plan"))
        .args(["apply", plan])
        .args(["--set", &format!("pid={}", target.pid()), "--set", &format!("log={}", log.display())])
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "criu-plan failed");
}

fn gdb(target: &Target, log: &Path) {
    let open = format!("set $fd = ((int (*)(const char *, int, int)) open)(\"{}\", 02101, 0644)", log.display());
    let status = Command::new("gdb")
        .args(["-nx", "-q", "-batch", "-p", &target.pid().to_string()])
        .args([
            "-ex",
            &open,
            "-ex",
            "call ((int (*)(int, int)) dup2)($fd, 1)",
            "-ex",
            "call ((int (*)(int)) close)($fd)",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "gdb failed (is it installed?)");
}

fn median(values: &mut [Duration]) -> Duration {
    values.sort();
    values[values.len() / 2]
}

fn measure(mappings: usize, rounds: usize, directory: &Path) {
    let target = Target::start(mappings);
    let mut figures: Vec<(Vec<Duration>, Vec<Duration>)> = TOOLS.iter().map(|_| Default::default()).collect();
    let mut quiet = Vec::new();
    for round in 0..rounds {
        quiet.push(target.longest_gap(|| std::thread::sleep(Duration::from_millis(20))));
        // Each comes after each other one: gdb leaves all caches cold.
        for place in 0..TOOLS.len() {
            let at = (place * (1 + round % (TOOLS.len() - 1)) + round) % TOOLS.len();
            let (tool, (stalls, walls)) = (&TOOLS[at], &mut figures[at]);
            let log = directory.join(format!("{}-{round}.log", tool.name.replace(' ', "-")));
            let mut wall = Duration::ZERO;
            stalls.push(target.longest_gap(|| {
                let begun = Instant::now();
                (tool.run)(&target, &log);
                wall = begun.elapsed();
            }));
            walls.push(wall);
            assert_eq!(target.stdout(), log, "{} did not redirect", tool.name);
        }
    }
    println!("{mappings} mappings, {rounds} rounds, medians; longest gap with nothing done: {:?}", median(&mut quiet));
    for (tool, (stalls, walls)) in TOOLS.iter().zip(&mut figures) {
        println!("  {:<22} stall {:>10.1?}   wall {:>10.1?}", tool.name, median(stalls), median(walls));
    }
    let stall = |index: usize| figures[index].0[rounds / 2].as_secs_f64();
    let wall = |index: usize| figures[index].1[rounds / 2].as_secs_f64();
    println!(
        "  criu-plan: stall {:.2}x minimal ptrace (goal 1.3), 1/{:.0} of gdb (goal 1/150); wall 1/{:.0} of gdb (goal 1/20)",
        stall(2) / stall(1),
        stall(3) / stall(2),
        wall(3) / wall(2),
    );
    println!("  undo adds {:.0} % to the stall (goal 30)", (stall(2) / stall(4) - 1.0) * 100.0);
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--busy-target") {
        target::be_busy(&arguments[at + 1..]);
    }
    let rounds = arguments.iter().position(|argument| argument == "--rounds").and_then(|at| arguments.get(at + 1));
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(21);
    let directory = std::env::temp_dir().join(format!("criu-plan-bench-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir(&directory) {
        eprintln!("{}: {error}", directory.display());
        return ExitCode::FAILURE;
    }
    for mappings in MAPPINGS {
        measure(mappings, rounds, &directory);
    }
    match std::fs::remove_dir_all(&directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
