//! What could hurt a process whose threads are stopped and made to run calls, one test for each way (design, section 3). Each
//! fails when what guards against it is taken out.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use criu_plan::syscalls;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::*;

/// A kind of `odd`, its output going to a file.
fn odd(kind: &str, directory: &Path) -> Target {
    let stdout = File::create(directory.join("first")).unwrap();
    Target::start(Command::new(c("odd")).args(kind.split(' ')).stdout(stdout))
}

/// A plan of these steps for one target.
fn plan(pid: i32, steps: &str) -> String {
    format!("version: 1\ntargets: [{pid}]\nsteps:\n{steps}")
}

/// Runs one call by `exec`.
fn exec(pid: i32, arguments: &[&str]) -> Output {
    let pid = pid.to_string();
    criu_plan().args(["exec", "-t", &pid, "--output", "json"]).args(arguments).output().unwrap()
}

/// The thread that criu-plan runs calls in: it says so itself.
fn chosen(pid: i32) -> i64 {
    let output = exec(pid, &["gettid"]);
    assert_code(&output, 0);
    outcome(&output)["targets"][0]["steps"][0]["result"].as_i64().unwrap()
}

/// Every message of a run.
fn messages(output: &Output) -> String {
    let outcome = outcome(output);
    let problems = outcome["problems"].as_array().unwrap();
    problems.iter().map(|problem| format!("{} {}\n", problem["message"], problem["help"])).collect()
}

/// Redirects a target that prints, and waits until its lines arrive.
fn redirects(target: &mut Target, directory: &Path) {
    let log = directory.join("log");
    assert_code(&redirect(target.pid(), &log), 0);
    wait_for_growth(&log, 0);
    target.assert_well();
}

/// A run in whose middle the target is held: one of its threads waits in a `select` of ours.
struct Hold(Child);

impl Hold {
    fn start(target: &Target, directory: &Path, milliseconds: u64, steps_before: &str) -> Self {
        let time = [milliseconds / 1000, milliseconds % 1000 * 1000];
        let time: String = time.iter().flat_map(|part| part.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect();
        let select = format!("  - select: [0, 0, 0, 0, {{bytes: \"{time}\"}}]\n    timeout: 4s\n");
        let path = directory.join("hold.yaml");
        fs::write(&path, plan(target.pid(), &format!("{steps_before}{select}"))).unwrap();
        let mut command = criu_plan();
        command.arg("apply").arg(path).args(["--output", "json"]).stdout(Stdio::piped());
        let hold = Self(command.spawn().unwrap());
        wait_until("the target is held in a call of ours", || held_in(target, libc::SYS_select));
        hold
    }

    fn finish(self) -> Output {
        self.0.wait_with_output().unwrap()
    }
}

/// Whether a thread of a target is traced and in this call.
fn held_in(target: &Target, call: i64) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", target.pid())).unwrap();
    let in_call = |task: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(task.ok()?.path().join("syscall")).ok()?;
        text.split(' ').next()?.trim().parse::<i64>().ok()
    };
    target.status("TracerPid") != "0" && tasks.filter_map(in_call).any(|number| number == call)
}

/// The bytes of all mappings whose permissions are wanted.
fn memory(target: &Target, wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", target.pid())).unwrap();
    let memory = File::open(format!("/proc/{}/mem", target.pid())).unwrap();
    let read = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; (number(end) - number(start)) as usize];
        let fits = wanted(&rest[..4]) && !line.contains("[v");
        (fits && memory.read_exact_at(&mut bytes, number(start)).is_ok()).then(|| (line.to_owned(), bytes))
    };
    maps.lines().filter_map(read).collect()
}

/// Fails with the place of the first difference.
fn assert_same_memory(before: &[(String, Vec<u8>)], after: &[(String, Vec<u8>)]) {
    assert_eq!(before.len(), after.len());
    for ((line, old), (_, new)) in before.iter().zip(after) {
        if let Some(at) = old.iter().zip(new).position(|(old, new)| old != new) {
            panic!("{line}: differs at +{at:#x}");
        }
    }
}

// --- stopping

#[test]
fn no_signal_that_comes_as_threads_are_stopped_is_lost_or_overtaken() {
    let directory = directory();
    let mut target = odd("flood", directory.path());
    for _ in 0..20 {
        assert_code(&redirect(target.pid(), &directory.path().join("log")), 0);
        target.assert_well();
    }
    redirects(&mut target, directory.path());
}

#[test]
fn a_wait_that_any_stop_interrupts_goes_on_in_every_thread() {
    let directory = directory();
    let mut target = odd("waiting-siblings", directory.path());
    for _ in 0..3 {
        redirects(&mut target, directory.path());
    }
}

#[test]
fn no_thread_that_was_just_made_runs_on_while_the_others_are_held() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    let mut target = Target::spawn(Command::new(c("odd")).arg("chains").stdout(stdout));
    let line = target.wait_for("ticks");
    let address = u64::from_str_radix(line.split_once("0x").unwrap().1, 16).unwrap();
    target.wait_for("ready");
    let memory = File::open(format!("/proc/{}/mem", target.pid())).unwrap();
    let ticks = || {
        let mut bytes = [0; 8];
        memory.read_exact_at(&mut bytes, address).unwrap();
        u64::from_le_bytes(bytes)
    };
    let (mut seen, mut milliseconds) = (0, 200);
    while seen < 10 {
        let before = ticks();
        wait_until("threads come and go", || ticks() > before + 10);
        let hold = Hold::start(&target, directory.path(), milliseconds, "");
        let held = ticks();
        std::thread::sleep(Duration::from_millis(20));
        let now = ticks();
        if held_in(&target, libc::SYS_select) {
            assert_eq!(now, held, "a thread runs on");
            seen += 1;
        } else {
            // On a loaded machine the test may look too late: hold it for longer.
            milliseconds *= 2;
            assert!(milliseconds < 4000, "the target is never held long enough to be looked at");
        }
        assert_code(&hold.finish(), 0);
    }
    target.assert_well();
}

#[test]
fn a_parent_of_a_brief_vfork_is_waited_for() {
    let directory = directory();
    let mut target = odd("vforks 100", directory.path());
    for _ in 0..3 {
        redirects(&mut target, directory.path());
    }
}

#[test]
fn a_parent_of_a_long_vfork_is_refused_and_let_go() {
    let directory = directory();
    let mut target = odd("vforks 3000", directory.path());
    let output = redirect(target.pid(), &directory.path().join("log"));
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::not-stopped"]);
    target.assert_well();
    wait_for_growth(&directory.path().join("first"), 0);
    target.assert_well();
}

#[test]
fn a_program_that_becomes_another_all_the_time_is_never_hurt() {
    let directory = directory();
    let mut target = odd("execs", directory.path());
    for round in 0..20 {
        let output = redirect(target.pid(), &directory.path().join("log"));
        let refused = ["target::changed", "target::gone", "target::unreadable", "target::no-room"];
        if output.status.code() != Some(0) {
            assert_code(&output, 1);
            let codes = codes(&output);
            assert!(codes.iter().all(|code| refused.contains(&code.as_str())), "round {round}: {}", messages(&output));
        }
        target.assert_well();
    }
}

#[test]
fn those_who_share_memory_descriptors_or_directory_are_told_by_name() {
    for (kind, what) in [("clone-vm", "memory"), ("clone-files", "descriptor table"), ("clone-fs", "working directory")]
    {
        let directory = directory();
        let mut target = Target::life(kind, &directory.path().join("first"));
        let children = format!("/proc/{0}/task/{0}/children", target.pid());
        let child = fs::read_to_string(children).unwrap().trim().to_owned();
        let before = target.snapshot();
        let output = redirect(target.pid(), &directory.path().join("log"));
        assert_code(&output, 1);
        assert_eq!(codes(&output), ["target::shared"], "{kind}");
        let message = messages(&output);
        assert!(message.contains(&format!("process {child} (life) shares its {what}")), "{message}");
        assert_same(&before, &target.snapshot());
        target.assert_well();
    }
}

#[test]
fn threads_of_an_io_uring_neither_hang_the_stop_nor_are_chosen() {
    for kind in ["poll", "workers"] {
        let directory = directory();
        let stdout = File::create(directory.path().join("first")).unwrap();
        let mut target = Target::spawn(Command::new(c("uring")).arg(kind).stdout(stdout));
        // A kernel that has none says so here; the tests of the freezer's rule stand without it.
        target.wait_for("ready");
        let threads = fs::read_dir(format!("/proc/{}/task", target.pid())).unwrap();
        let tids = threads.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let workers: Vec<String> = tids.filter(|tid| *tid != target.pid().to_string()).collect();
        assert!(!workers.is_empty(), "{kind}: a thread of the kernel stands in task/");
        let before = target.snapshot();
        redirects(&mut target, directory.path());
        assert_same(&before, &target.snapshot());
        assert_eq!(chosen(target.pid()), i64::from(target.pid()));
        let trace = ptrace_requests(&target, directory.path());
        for worker in workers {
            assert!(!trace.contains(&format!(", {worker},")), "{worker} is a worker: {trace}");
        }
        target.assert_well();
    }
}

#[test]
fn a_process_hears_sigcont_and_sigstop_while_it_is_held() {
    // In a fiber our call waits with all signals blocked, which SIGSTOP is not.
    for kind in ["plain", "fiber"] {
        let directory = directory();
        let first = directory.path().join("first");
        let mut target = Target::life(kind, &first);
        let stopped = |target: &Target| target.status("State").starts_with('T');
        let held = |target: &Target, signal: i32| {
            let hold = Hold::start(target, directory.path(), 300, "");
            target.signal(signal);
            let output = hold.finish();
            // It may interrupt our call, which waits.
            let outcome = outcome(&output)["outcome"].clone();
            assert!(outcome == "unchanged" || outcome == "rolled_back", "{outcome}: {}", messages(&output));
        };
        target.signal(libc::SIGSTOP);
        wait_until("it is stopped", || stopped(&target));
        let length = fs::metadata(&first).unwrap().len();
        held(&target, libc::SIGCONT);
        wait_for_growth(&first, length);
        held(&target, libc::SIGSTOP);
        wait_until("it is stopped", || stopped(&target));
        target.signal(libc::SIGCONT);
        let length = fs::metadata(&first).unwrap().len();
        wait_for_growth(&first, length);
        target.assert_well();
    }
}

#[test]
fn a_wait_that_sigstop_has_interrupted_stays_interrupted() {
    let directory = directory();
    let target = odd("interrupted", directory.path());
    let waits = |target: &Target| {
        let call = fs::read_to_string(format!("/proc/{}/syscall", target.pid())).unwrap();
        call.starts_with(&format!("{} ", libc::SYS_epoll_wait))
    };
    wait_until("it waits", || waits(&target));
    assert_code(&exec(target.pid(), &["getpid"]), 0);
    wait_until("it waits", || waits(&target));
    target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || target.status("State").starts_with('T'));
    assert_code(&exec(target.pid(), &["getpid"]), 0);
    target.signal(libc::SIGCONT);
    // As without us; and it is the first time.
    target.wait_for("EINTR");
    wait_until("it waits", || waits(&target));
    assert!(target.silent());
}

#[test]
fn what_the_kernel_has_done_for_good_is_not_done_again() {
    let anew = |name| syscalls::restart::interrupted_by_any_stop(syscalls::by_name(name).unwrap());
    // Whatever close returns, the descriptor is gone, and its number may be another file's.
    for name in ["close", "dup2", "dup3", "close_range", "nanosleep", "kill", "clone", "fork", "msgsnd"] {
        assert!(!anew(name), "{name}");
    }
    assert!(anew("epoll_wait"));
}

// --- which thread

#[test]
fn a_sleeping_sibling_is_used_rather_than_a_busy_thread() {
    let directory = directory();
    let target = odd("sibling alike", directory.path());
    let chosen = chosen(target.pid());
    assert_ne!(chosen, i64::from(target.pid()), "the first thread computes, the other one sleeps");
}

#[test]
fn a_thread_that_differs_from_the_first_is_not_used() {
    for what in ["user", "group", "capabilities", "privileges", "filter", "files", "directory", "namespace"] {
        let directory = directory();
        let target = odd(&format!("sibling {what}"), directory.path());
        assert_eq!(chosen(target.pid()), i64::from(target.pid()), "the sleeping thread has another {what}");
    }
}

#[test]
fn a_timed_wait_is_not_overwritten_by_a_call_that_could_be_restarted_itself() {
    let directory = directory();
    let alone = odd("asleep", directory.path());
    wait_until("it sleeps", || sleeps(&alone));
    let poll = ["--timeout", "1s", "poll", "0", "0", "10"];
    let output = exec(alone.pid(), &poll);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::no-thread"]);
    assert_code(&exec(alone.pid(), &["getpid"]), 0);
    let mut two = odd("asleep-with-sibling", directory.path());
    wait_until("it sleeps", || sleeps(&two));
    assert_code(&exec(two.pid(), &poll), 0);
    assert_ne!(chosen(two.pid()), i64::from(two.pid()), "the sibling's wait goes on exactly");
    two.assert_well();
}

fn sleeps(target: &Target) -> bool {
    let call = fs::read_to_string(format!("/proc/{}/syscall", target.pid())).unwrap();
    call.starts_with(&format!("{} ", libc::SYS_nanosleep))
}

// --- code and memory

#[test]
fn code_is_neither_written_nor_made() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    let code = |target: &Target| memory(target, |access| access.contains('x'));
    let maps = |target: &Target| fs::read_to_string(format!("/proc/{}/maps", target.pid())).unwrap();
    let (before, mappings) = (code(&target), maps(&target));
    // A buffer that has no place in the room for the landing frame.
    let large = "  - getrandom: [{out: 1048576}, 16, GRND_NONBLOCK]\n";
    let hold = Hold::start(&target, directory.path(), 300, large);
    let (during, scratch) = (code(&target), maps(&target));
    assert_code(&hold.finish(), 0);
    assert_same_memory(&before, &during);
    assert_ne!(mappings, scratch, "there is scratch memory");
    assert!(scratch.lines().all(|line| !line.contains("wx")), "writable and executable: {scratch}");
    assert_eq!(mappings, maps(&target));
    assert_same_memory(&before, &code(&target));
    target.assert_well();
}

#[test]
fn all_memory_of_a_process_is_what_it_was() {
    for (program, kind) in [("life", "plain"), ("life", "deep"), ("life", "alternate"), ("padded", "")] {
        let directory = directory();
        let stdout = File::create(directory.path().join("first")).unwrap();
        let mut target = Target::start(Command::new(c(program)).arg(kind).stdout(stdout));
        // So that it changes none itself, nor the kernel the number of its processor (rseq).
        target.signal(libc::SIGSTOP);
        wait_until("it is stopped", || target.status("State").starts_with('T'));
        pin(target.pid());
        // Where there is room it runs once, and the kernel notes the processor.
        let first = exec(target.pid(), &["getpid"]);
        assert!(kind == "deep" || first.status.success(), "{}", messages(&first));
        let log = directory.path().join("log");
        let all = |target: &Target| memory(target, |access| access.starts_with("rw") && access.ends_with('p'));
        let before = all(&target);
        let output = redirect(target.pid(), &log);
        assert_same_memory(&before, &all(&target));
        target.signal(libc::SIGCONT);
        if kind == "deep" && output.status.code() == Some(1) {
            // Its stack was in use down to its bottom; whether something else has room is up to the linker.
            assert_eq!(codes(&output), ["target::no-room"]);
        } else {
            assert_code(&output, 0);
            wait_for_growth(&log, 0);
        }
        target.assert_well();
    }
}

/// Lets a process run on one processor only.
fn pin(pid: i32) {
    let mut one = nix::sched::CpuSet::new();
    one.set(0).unwrap();
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(pid), &one).unwrap();
}

#[test]
fn registers_are_what_they_were() {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap();
    let kinds = [("integer", true), ("ymm", flags.contains(" avx2 ")), ("zmm", flags.contains(" avx512f "))];
    for (kind, _) in kinds.iter().filter(|(_, has)| *has) {
        let directory = directory();
        let stdout = File::create(directory.path().join("first")).unwrap();
        let mut target = Target::start(Command::new(c("registers")).arg(kind).stdout(stdout));
        for round in 0..10 {
            assert_code(&redirect(target.pid(), &directory.path().join(format!("log-{round}"))), 0);
            target.assert_well();
        }
        // It looks once more.
        std::thread::sleep(Duration::from_millis(50));
        target.assert_well();
    }
}

#[test]
fn a_restartable_sequence_is_never_gone_on_with() {
    for arguments in [&[][..], &["thread"]] {
        let directory = directory();
        let stdout = File::create(directory.path().join("first")).unwrap();
        let mut target = Target::spawn(Command::new(c("sections")).args(arguments).stdout(stdout));
        let epoch = target.wait_for("epoch").split_once(' ').unwrap().1.to_owned();
        target.wait_for("ready");
        for _ in 0..15 {
            assert_code(&exec(target.pid(), &["getrandom", &epoch, "8", "0"]), 0);
            target.assert_well();
        }
        // The section under way comes to its end.
        std::thread::sleep(Duration::from_millis(50));
        target.assert_well();
    }
}

#[test]
fn no_thread_is_single_stepped() {
    let directory = directory();
    let target = Target::life("threads 4", &directory.path().join("first"));
    let trace = ptrace_requests(&target, directory.path());
    assert!(trace.contains("PTRACE_SEIZE") && trace.contains("PTRACE_DETACH"), "{trace}");
    for request in ["SINGLESTEP", "SINGLEBLOCK", "PTRACE_ATTACH", "POKETEXT", "POKEDATA", "SETREGSET", "SETFPREGS"] {
        assert!(!trace.contains(request), "{request} in {trace}");
    }
}

/// Every ptrace request of a redirect, as strace shows it.
fn ptrace_requests(target: &Target, directory: &Path) -> String {
    let trace = directory.join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=ptrace", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_criu-plan"));
    command.arg("apply").arg(redirect_plan()).args(["--set", &format!("pid={}", target.pid())]);
    command.args(["--set", &format!("log={}", directory.join("traced").display())]);
    assert_code(&command.output().unwrap(), 0);
    fs::read_to_string(trace).unwrap()
}

// --- what calls of ours may do

#[test]
fn an_open_of_a_fifo_does_not_wait() {
    let directory = directory();
    let fifo = directory.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut target = Target::life("plain", &directory.path().join("first"));
    let pid = target.pid();
    let open = |flags: &str, timeout: &str| {
        let step = format!("  - open: [\"{}\", {flags}]\n    capture: fd\n{timeout}", fifo.display());
        let used = "  - fcntl: [\"${fd}\", F_GETFL]\n";
        let begun = Instant::now();
        let output = apply(directory.path(), &plan(pid, &format!("{step}{used}")), &[]);
        (output, begun.elapsed())
    };
    // Nobody writes, which an open for reading would wait for. What it gives waits, as was asked.
    let (output, _) = open("O_RDONLY", "");
    assert_code(&output, 0);
    let flags = outcome(&output)["targets"][0]["steps"][1]["result"].as_i64().unwrap();
    assert_eq!(flags & i64::from(libc::O_NONBLOCK), 0);
    target.assert_well();
    // It is read from now, by the target, so this one may be opened too; a fresh one may not.
    fs::remove_file(&fifo).unwrap();
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let before = target.snapshot();
    let (output, took) = open("O_WRONLY", "");
    assert_code(&output, 1);
    assert!(messages(&output).contains("ENXIO"), "{}", messages(&output));
    assert!(took < Duration::from_secs(3), "{took:?}");
    // Where it may wait it does, for its time.
    let (output, took) = open("O_WRONLY", "    timeout: 300ms\n");
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    assert!(messages(&output).contains("did not return in time"), "{}", messages(&output));
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
    assert_same(&before, &target.snapshot());
    target.assert_well();
}

#[test]
fn a_signal_for_the_target_ends_a_call_of_ours_that_waits() {
    let directory = directory();
    let mut target = odd("terminable", directory.path());
    let begun = Instant::now();
    let hold = Hold::start(&target, directory.path(), 3900, "");
    target.signal(libc::SIGTERM);
    let output = hold.finish();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_code(&output, 1);
    assert!(messages(&output).contains("a signal for the target"), "{}", messages(&output));
    target.wait_for("handler");
    target.assert_well();
}

#[test]
fn signals_that_our_write_raises_are_taken_back() {
    let directory = directory();
    let write = |errno: &str| format!("  - write: [9, text, 4]\n    irreversible: true\n    ignore: [{errno}]\n");
    for (mut target, errno) in [
        (Target::life("broken-pipe", &directory.path().join("first")), "EPIPE"),
        (odd("file-limit", directory.path()), "EFBIG"),
    ] {
        let output = apply(directory.path(), &plan(target.pid(), &write(errno)), &[]);
        assert_code(&output, 0);
        assert_eq!(outcome(&output)["targets"][0]["steps"][0]["errno"], errno);
        let length = fs::metadata(directory.path().join("first")).unwrap().len();
        wait_for_growth(&directory.path().join("first"), length);
        target.assert_well();
    }
}

#[test]
fn a_sigpipe_that_was_pending_before_stays() {
    let directory = directory();
    let mut target = odd("pending-pipe", directory.path());
    let pending = target.status("SigPnd");
    assert_eq!(u64::from_str_radix(&pending, 16).unwrap(), 1 << (libc::SIGPIPE - 1));
    let write = "  - write: [9, text, 4]\n    irreversible: true\n    ignore: [EPIPE]\n";
    assert_code(&apply(directory.path(), &plan(target.pid(), write), &[]), 0);
    assert_eq!(target.status("SigPnd"), pending);
    target.assert_well();
}

#[test]
fn a_full_descriptor_table_is_left_alone() {
    let directory = directory();
    let mut target = Target::life("full-table", &directory.path().join("first"));
    let before = target.snapshot();
    let stdout = target.link(1);
    let output = apply(directory.path(), &plan(target.pid(), "  - dup2: [0, 1]\n"), &["--trace"]);
    assert_code(&output, 1);
    assert!(messages(&output).contains("no free descriptor number"), "{}", messages(&output));
    let outcome = outcome(&output);
    assert_eq!(outcome["targets"][0]["trace"], serde_json::json!([]), "no call was made");
    assert_eq!((&outcome["outcome"], &outcome["targets"][0]["outcome"]), (&"refused".into(), &"refused".into()));
    // Once one was made it is taken back.
    let output = apply(directory.path(), &plan(target.pid(), "  - getpid: []\n  - dup2: [0, 1]\n"), &[]);
    assert_code(&output, 1);
    assert_eq!(self::outcome(&output)["outcome"], "rolled_back");
    assert_same(&before, &target.snapshot());
    assert_eq!(target.link(1), stdout);
    target.assert_well();
}

#[test]
fn record_locks_are_not_dropped() {
    let directory = directory();
    let first = directory.path().join("first");
    let mut target = Target::life("posix-lock", &first);
    let locked =
        |target: &Target| fs::read_to_string(format!("/proc/{}/fdinfo/1", target.pid())).unwrap().contains("POSIX");
    let null = format!("  - open: [\"{}\", O_RDWR]\n    capture: fd\n", first.display());
    // Over the locked descriptor itself; and a second descriptor of the file, which undo would close.
    for steps in ["  - dup2: [0, 1]\n", "  - close: [1]\n", "  - dup: [1]\n    capture: fd\n", "  - dup2: [1, 20]\n"] {
        let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
        assert_code(&output, 1);
        assert!(messages(&output).contains("record locks"), "{steps}: {}", messages(&output));
        assert!(messages(&output).contains("irreversible: true"), "{}", messages(&output));
        assert!(locked(&target), "{steps}");
    }
    // A plan that fails after it opened the file.
    let failing = format!("{null}  - close: [77]\n  - fcntl: [\"${{fd}}\", F_GETFD]\n");
    let output = apply(directory.path(), &plan(target.pid(), &failing), &[]);
    assert_ne!(output.status.code(), Some(0));
    assert!(locked(&target));
    let output = apply(directory.path(), &plan(target.pid(), "  - dup2: [0, 1]\n    irreversible: true\n"), &[]);
    assert_code(&output, 0);
    target.assert_well();
}

#[test]
fn a_call_that_a_filter_kills_is_refused_before_it_is_made() {
    let directory = directory();
    let mut target = Target::life("no-dup2", &directory.path().join("first"));
    let before = target.snapshot();
    let output = redirect(target.pid(), &directory.path().join("log"));
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::seccomp-refuses"]);
    assert!(messages(&output).contains("dup2"));
    assert!(!directory.path().join("log").exists(), "no call was made");
    assert_same(&before, &target.snapshot());
    target.assert_well();
}

#[test]
fn calls_are_made_from_where_syscall_user_dispatch_lets_them_through() {
    let directory = directory();
    redirects(&mut odd("dispatch-own", directory.path()), directory.path());
    let mut nowhere = odd("dispatch-nowhere", directory.path());
    let output = redirect(nowhere.pid(), &directory.path().join("log"));
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::no-syscall-code"]);
    nowhere.assert_well();
}

/// While such a call waits the kernel lets signals in whatever is blocked; if criu-plan died then, the handler would run below
/// the landing frame, where on a stack of this kind other things lie.
#[test]
fn no_signal_is_let_in_where_a_handler_has_no_room() {
    let directory = directory();
    let mut target = Target::life("fiber", &directory.path().join("first"));
    let before = target.snapshot();
    let run = |call: &str| {
        let plan = format!("version: 1\ntargets: [{}]\nsteps:\n- {call}\n  timeout: 1s\n", target.pid());
        apply(directory.path(), &plan, &[])
    };
    let output = run("ppoll: { fds: 0, nfds: 0, tmo_p: { struct: {} }, sigmask: { struct: [SIGUSR1] } }");
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "refused");
    insta::assert_snapshot!(told(&output, &[(&target.pid().to_string(), "[pid]")]), @r"
    target::no-room: process [pid] (life) is refused: a step lets signals in while it waits, and none of its threads has room for a handler below a landing frame
      leave the signal mask out of the step: without it the thread's own signals wait until it is let go
    ");
    // Without a mask its own signals wait, and on a stack with room they may come.
    assert_code(&run("ppoll: { fds: 0, nfds: 0, tmo_p: { struct: {} } }"), 0);
    target.assert_well();
    assert_same(&before, &target.snapshot());
    let plain = Target::life("plain", &directory.path().join("second"));
    let call = "ppoll: { fds: 0, nfds: 0, tmo_p: { struct: {} }, sigmask: { struct: [] } }";
    let plan = format!("version: 1\ntargets: [{}]\nsteps:\n- {call}\n  timeout: 1s\n", plain.pid());
    assert_code(&apply(directory.path(), &plan, &[]), 0);
}

/// What a plan asks of a target is asked again inside the stop, and a target may have very much of it.
#[test]
fn a_target_is_not_held_longer_while_facts_are_looked_up() {
    let directory = directory();
    let mut target = Target::life("descriptors 18000", &directory.path().join("first"));
    let before = target.snapshot();
    let run = |facts: &str| {
        let plan = format!("version: 1\ntargets: [{}]\n{facts}", target.pid());
        apply(directory.path(), &plan, &["--hold", "2ms"])
    };
    // Every one is looked at, for none is there.
    let output = run("unless: [{ fd: { path: \"/nowhere/*\" } }]\nsteps:\n- getpid: []\n");
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], codes(&output)), (&"refused".into(), vec!["run::hold".to_owned()]), "{outcome:#}");
    assert_eq!(outcome["targets"][0]["steps"][0]["state"], "not_run");
    let message = outcome["problems"][0]["message"].as_str().unwrap();
    assert_eq!(message, "the targets were held for 2ms, and not all that the plan asks was looked at");
    target.assert_well();
    assert_same(&before, &target.snapshot());
}
