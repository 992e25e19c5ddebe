//! criu-plan is killed at each of its calls in turn, and no target takes harm: it lives, it is itself, it is as it was or
//! as it was to become, and it can be changed again.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "kill_sweep/blow.rs"]
mod blow;
#[path = "kill_sweep/patient.rs"]
mod patient;
mod support;
#[path = "kill_sweep/sweep.rs"]
mod sweep;

use patient::Kind;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use support::{Target, c, go};
use sweep::sweep;

fn started(program: &Path, argument: &str, stdout: &Path) -> Target {
    Target::start(Command::new(program).arg(argument).stdout(File::create(stdout).unwrap()))
}

/// A test for each kind of target.
macro_rules! targets {
    ($($test:ident $program:literal $argument:literal)*) => {$(
        #[test]
        fn $test() {
            let start = |stdout: &Path| started(&c($program), $argument, stdout);
            let name = concat!($program, " ", $argument);
            sweep(Kind { name, start, restless: false, busy: $program == "registers" });
        }
    )*};
}

targets! {
    a_loop_over_integer_registers "registers" "integer"
    a_loop_over_vector_registers "registers" "ymm"
    asleep_in_nanosleep "sleeper" "nanosleep"
    asleep_in_poll "sleeper" "poll"
    asleep_in_epoll_wait "sleeper" "epoll_wait"
    asleep_in_pause "sleeper" "pause"
    asleep_in_sigsuspend "sleeper" "sigsuspend"
    asleep_in_read "sleeper" "read"
    threads_asleep_in_all_of_these "sleeper" "threads"
    on_an_alternate_stack "life" "on-alternate"
    on_a_small_fiber_stack "life" "fiber"
    signals_all_the_time "life" "signals"
}

#[test]
fn a_loop_over_wide_vector_registers() {
    if !std::arch::is_x86_feature_detected!("avx512f") {
        // Said in the table too: there is nothing to lose here, so nothing is tried.
        sweep::note_absence("registers zmm", "this processor has no AVX-512");
        return;
    }
    let start = |stdout: &Path| started(&c("registers"), "zmm", stdout);
    sweep(Kind { name: "registers zmm", start, restless: false, busy: true });
}

#[test]
fn goroutines() {
    let start = |stdout: &Path| Target::start(Command::new(go("lines")).stdout(File::create(stdout).unwrap()));
    sweep(Kind { name: "goroutines", start, restless: true, busy: false });
}
