//! Memory: what is mapped, how it is protected, advised, locked and kept is put back when a later step fails.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::*;

/// Fails in every process.
const FAILS: &str = "{fcntl: [999, F_GETFD]}";

/// A process with memory of every kind, which it has said the addresses of where the test can't know them.
struct Mapped {
    target: Target,
    segment: String,
    heap: String,
    seals: bool,
}

impl Mapped {
    fn start(directory: &Path, more: &str) -> Self {
        Self::run(Command::new(c("mapped")).arg(directory.join("mapped")).arg(more))
    }

    fn run(command: &mut Command) -> Self {
        let target = Target::spawn(command);
        let number = |name: &str| target.wait_for(name).split(' ').nth(1).unwrap().to_owned();
        let (sealed, segment, heap) = (number("sealed"), number("segment"), number("heap"));
        target.wait_for("ready");
        target.until_asleep();
        Self { target, segment, heap, seals: sealed == "0" }
    }

    /// Its mappings, what the kernel notes of each, and a sum of what is in them.
    fn state(&mut self) -> Vec<String> {
        let pid = self.target.pid();
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let smaps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
        let flags = smaps.lines().filter(|line| line.starts_with("VmFlags"));
        let policies = fs::read_to_string(format!("/proc/{pid}/numa_maps")).unwrap();
        let policies = policies.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned);
        let lines = maps.lines().zip(flags).zip(policies.chain(std::iter::repeat(String::new())));
        let mut state: Vec<String> = lines.map(|((map, flags), policy)| format!("{map} {flags} {policy}")).collect();
        self.target.tell();
        state.push(self.target.wait_for("sum"));
        self.target.until_asleep();
        state
    }

    /// Whether something is mapped at an address.
    fn has(&self, address: u64) -> bool {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.target.pid())).unwrap();
        maps.lines().any(|line| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            (number(start)..number(end)).contains(&address)
        })
    }

    /// Steps as the plan has them.
    fn steps(&self, steps: &str) -> String {
        let heap: u64 = self.heap.parse().unwrap();
        let steps =
            steps.replace("HEAP+1", &format!("{}", heap + 123)).replace("HEAP+2", &format!("{}", heap + 0x21000));
        // `@` is where the target puts what it maps.
        steps.replace("HEAP-1", &format!("{}", heap - 4096)).replace("SEGMENT", &self.segment).replace('@', "0x100000")
    }

    fn apply(&self, directory: &Path, steps: &str) -> std::process::Output {
        apply(
            directory,
            &format!("version: 1\ntargets: [{}]\nsteps: [{}]\n", self.target.pid(), self.steps(steps)),
            &[],
        )
    }
}

/// What lies where the target puts it: where the kernel puts a program is chance, and so are inodes.
fn known(state: Vec<String>) -> Vec<String> {
    let lines = state.iter().filter(|line| line.starts_with("1000"));
    lines.map(|line| line.split(' ').enumerate().filter(|(at, _)| *at != 4).map(|(_, word)| word).collect()).collect()
}

fn differences(before: &[String], after: &[String]) -> String {
    let only = |these: &[String], those: &[String]| -> String {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("\n  {line}")).collect()
    };
    format!("gone:{}\ncome:{}", only(before, after), only(after, before))
}

/// Steps that are undone, and the calls that they are seen to make.
#[rustfmt::skip]
const UNDONE: &[&str] = &[
    // New mappings, where the kernel likes, where the plan says, of a file, large, locked.
    "{mmap: [0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0]}",
    "{mmap: [0, 5000, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0]}",
    "{mmap: [0, 0x4000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0]}",
    "{mmap: [0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0]}",
    "{mmap: [@700000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0]}",
    "{mmap: [@700000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0]}",
    // Between two others, with which it becomes one.
    "{mmap: [@010000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0]}",
    "{mmap: [0, 8192, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 4096]}",
    "{mmap: [0, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0]}",
    // Protections: all of one, a part, over several, becoming one with a neighbour, an executable one.
    "{mprotect: [@000000, 0x10000, PROT_READ]}",
    "{mprotect: [@004000, 0x2000, PROT_NONE]}",
    "{mprotect: [@101000, 0x8000, PROT_READ|PROT_EXEC]}",
    "{mprotect: [@100000, 0xc000, PROT_READ]}",
    "{mprotect: [@109000, 0x1000, PROT_READ]}",
    "{mprotect: [@200000, 0x8000, PROT_READ]}",
    "{mprotect: [@301000, 0x1000, PROT_READ|PROT_EXEC]}",
    "{mprotect: [@402000, 0x2000, PROT_NONE]}",
    "{pkey_mprotect: [@000000, 0x1000, PROT_READ, -1]}",
    // Advice.
    "{madvise: [@000000, 0x10000, MADV_DONTDUMP]}",
    "{madvise: [@500000, 0x8000, MADV_DONTDUMP]}",
    "{madvise: [@504000, 0x3000, MADV_DODUMP]}",
    "{madvise: [@000000, 0x2000, MADV_DONTFORK]}",
    "{madvise: [@002000, 0x2000, MADV_WIPEONFORK]}",
    "{madvise: [@000000, 0x10000, MADV_MERGEABLE]}",
    "{madvise: [@500000, 0x8000, MADV_SEQUENTIAL]}",
    "{madvise: [@500000, 0x8000, MADV_NORMAL]}",
    "{madvise: [@301000, 0x2000, MADV_RANDOM]}",
    // Locks.
    "{mlock: [@000000, 0x10000]}",
    "{mlock: [@500000, 0x8000]}",
    "{mlock2: [@500000, 0x8000, MLOCK_ONFAULT]}",
    "{munlock: [@500000, 0x8000]}",
    "{munlock: [@501000, 0x1000]}",
    // Larger in place, larger elsewhere, elsewhere.
    "{mremap: [@000000, 0x10000, 0x14000, 0]}",
    "{mremap: [@000000, 0x10000, 0x14000, MREMAP_MAYMOVE]}",
    "{mremap: [@800000, 0x4000, 0x6000, MREMAP_MAYMOVE]}",
    "{mremap: [@800000, 0x4000, 0x600000, MREMAP_MAYMOVE]}",
    "{mremap: [@800000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, @700000]}",
    "{mremap: [@801000, 0x2000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, @700000]}",
    "{mremap: [@400000, 0x8000, 0x9000, MREMAP_MAYMOVE]}",
    "{brk: [HEAP+2]}",
    "{brk: [HEAP+1]}",
    // Segments.
    "{shmat: [SEGMENT]}",
    "{shmat: [SEGMENT, @700000, SHM_RDONLY]}",
    // Policies.
    "{set_mempolicy: [MPOL_BIND, {u64: [1]}, 65]}",
    "{mbind: [@000000, 0x8000, MPOL_BIND, {u64: [1]}, 65]}",
    "{mbind: [@100000, 0xc000, MPOL_PREFERRED, {u64: [1]}, 65]}",
];

/// Applies steps of which the last one fails.
fn taken_back(mapped: &mut Mapped, directory: &Path, steps: &str) -> serde_json::Value {
    let before = mapped.state();
    let output = mapped.apply(directory, &format!("{steps}, {FAILS}"));
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{steps}: {outcome:#}");
    assert_code(&output, 1);
    let after = mapped.state();
    assert!(before == after, "{steps}: {}", differences(&before, &after));
    mapped.target.assert_well();
    outcome
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    for step in UNDONE {
        let outcome = taken_back(&mut mapped, directory.path(), step);
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{done:#}");
    }
    // All of them, in order, as far as one does not stand in the way of the next.
    let apart: Vec<&str> = UNDONE.iter().copied().filter(|step| !step.contains("brk")).collect();
    let apart: Vec<&str> =
        apart.into_iter().filter(|step| !step.contains("mremap") && !step.contains("@700000")).collect();
    taken_back(&mut mapped, directory.path(), &apart.join(", "));
}

/// Steps that fail half way.
const HALF_DONE: &[&str] = &[
    "{mprotect: [@00e000, 0x4000, PROT_READ]}",
    "{mprotect: [@102000, 0x10000, PROT_NONE]}",
    "{madvise: [@00e000, 0x4000, MADV_DONTDUMP]}",
    "{madvise: [@500000, 0x9000, MADV_SEQUENTIAL]}",
    "{mlock: [@500000, 0x9000]}",
    "{munlock: [@500000, 0x9000]}",
    "{mbind: [@00e000, 0x4000, MPOL_BIND, {u64: [1]}, 65]}",
];

#[test]
fn a_call_that_fails_or_returns_something_else_is_taken_back() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    for step in HALF_DONE {
        taken_back(&mut mapped, directory.path(), step);
        let (call, _) = step.rsplit_once('}').unwrap();
        taken_back(&mut mapped, directory.path(), &format!("{call}, ignore: [ENOMEM, EFAULT]}}"));
    }
    for step in UNDONE {
        let (call, _) = step.rsplit_once('}').unwrap();
        let outcome = taken_back(&mut mapped, directory.path(), &format!("{call}, returns: 12345}}"));
        assert_eq!(outcome["targets"][0]["steps"][0]["state"], "failed", "{outcome:#}");
    }
}

#[test]
fn memory_that_could_not_be_locked_again_is_not_unlocked() {
    let user = PlainUser::new();
    let program = user.c("mapped");
    let mut mapped = Mapped::run(user.command(program).arg(user.path("mapped-file")));
    let pid = mapped.target.pid().to_string();
    let status = user.command("prlimit").args(["--pid", &pid, "--memlock=4096:4096"]).status().unwrap();
    assert!(status.success());
    let outcome = taken_back(&mut mapped, user.directory.path(), "{munlock: [@500000, 0x8000]}");
    let note = outcome["targets"][0]["steps"][0]["note"].as_str().unwrap();
    assert!(note.contains("try what undo needs"), "{note}");
}

#[test]
fn memory_that_could_not_be_made_executable_again_stays_so() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    let output = mapped.apply(directory.path(), "{prctl: [PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN], irreversible: true}");
    if outcome(&output)["outcome"] == "applied" {
        let outcome = taken_back(&mut mapped, directory.path(), "{mprotect: [@109000, 0x1000, PROT_READ]}");
        let note = outcome["targets"][0]["steps"][0]["note"].as_str().unwrap();
        assert!(note.contains("PR_SET_MDWE"), "{note}");
    }
}

#[test]
fn each_call_does_as_asked() {
    let directory = directory();
    for step in UNDONE {
        let mut mapped = Mapped::start(directory.path(), "0");
        let before = mapped.state();
        assert_code(&mapped.apply(directory.path(), step), 0);
        let after = mapped.state();
        assert!(before != after, "{step} has done nothing");
        mapped.target.assert_well();
    }
}

/// What is held back until commit, with an address where nothing is mapped then.
const HELD_BACK: &[(&str, u64)] = &[
    ("{munmap: [@000000, 0x10000]}", 0x1000_0000_0000),
    ("{munmap: [@000000, 0x10000]}, {munmap: [@002000, 0x200000]}", 0x1000_0010_0000),
    ("{munmap: [@400000, 0x7000]}, {getpid: []}", 0x1000_0040_0000),
    ("{munmap: [@502000, 0x1000]}, {madvise: [@000000, 0x1000, MADV_DONTDUMP]}", 0x1000_0050_2000),
    ("{shmdt: [@600000]}, {mmap: [0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0]}", 0x1000_0060_0000),
];

#[test]
fn what_is_unmapped_goes_at_the_end_or_not_at_all() {
    let directory = directory();
    for (steps, gone) in HELD_BACK {
        let mut mapped = Mapped::start(directory.path(), "0");
        let outcome = taken_back(&mut mapped, directory.path(), steps);
        // It has not been done, so it was not undone either.
        assert_eq!(outcome["targets"][0]["steps"][0]["undone"], json!(false), "{outcome:#}");
        assert!(mapped.has(*gone), "{gone:#x}");
        assert_code(&mapped.apply(directory.path(), steps), 0);
        assert!(!mapped.has(*gone), "{gone:#x}");
        mapped.target.assert_well();
    }
}

/// What is moved aside until commit, because a later step may need it done.
const MOVED_ASIDE: &[&str] = &[
    "{munmap: [@000000, 0x10000]}, {mmap: [@000000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0]}",
    "{munmap: [@002000, 0x1000], capture: result}, {fcntl: [3, F_SETFD, '${result}']}",
    "{munmap: [@100000, 0xc000]}, {mremap: [@000000, 0x10000, 0x10000, MREMAP_MAYMOVE|MREMAP_FIXED, @100000]}",
    "{munmap: [@200000, 0x8000]}, {mmap: [@200000, 0x3000, PROT_READ, MAP_SHARED|MAP_FIXED_NOREPLACE, 3, 0]}",
    "{munmap: [@302000, 0x2000]}, {brk: [HEAP+2]}",
    "{munmap: [@401000, 5000]}, {brk: [HEAP+2]}",
    "{munmap: [@500000, 0x8000]}, {brk: [HEAP+2]}",
    "{munmap: [@700000, 0x8000]}, {brk: [HEAP+2]}",
    "{munmap: [@600000, 0x4000]}, {munmap: [@000000, 0x20000]}, {brk: [HEAP+2]}",
];

#[test]
fn what_must_be_gone_for_a_later_step_is_moved_aside() {
    let directory = directory();
    for steps in MOVED_ASIDE {
        let mut mapped = Mapped::start(directory.path(), "0");
        let outcome = taken_back(&mut mapped, directory.path(), steps);
        assert_eq!(outcome["targets"][0]["steps"][0]["undone"], json!(true), "{outcome:#}");
        let mut without = Mapped::start(directory.path(), "0");
        assert_code(&without.apply(directory.path(), &steps.replace("]}", "], irreversible: true}")), 0);
        assert_code(&mapped.apply(directory.path(), steps), 0);
        assert_eq!(known(mapped.state()), known(without.state()), "{steps}");
        mapped.target.assert_well();
    }
}

#[test]
fn memory_that_a_plan_makes_goes_with_it() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    let steps = "{mmap: [0, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0], capture: made},
        {mprotect: ['${made}+0x1000', 4096, PROT_READ]}, {mlock: ['${made}', 0x2000]},
        {madvise: ['${made}', 0x3000, MADV_DONTFORK]}, {mremap: ['${made}', 0x1000, 0x2000, MREMAP_MAYMOVE], capture: moved},
        {munmap: ['${moved}', 0x2000]}, {munmap: ['${made}+0x1000', 0x3000]}";
    taken_back(&mut mapped, directory.path(), steps);
    let before = mapped.state();
    assert_code(&mapped.apply(directory.path(), steps), 0);
    let after = mapped.state();
    assert!(before == after, "{}", differences(&before, &after));
}

/// Steps that are refused as they run, before they have done anything, why, and what the run is called: rolled back where a call
/// was made to see that.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "{mmap: [@001000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0]}",
        "would be gone for good",
        "refused",
    ),
    ("{mremap: [@000000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, @200000]}", "would be gone for good", "refused"),
    ("{mremap: [@000000, 0x4000, 0x8000, 0]}", "Cannot allocate memory", "rolled_back"),
    ("{brk: [HEAP-1]}", "would be gone for good", "rolled_back"),
    ("{brk: [0x7fff00000000]}", "the heap can't end there", "rolled_back"),
    ("{mprotect: [@000000, 0x1000, PROT_READ|PROT_GROWSDOWN]}", "PROT_GROWSDOWN", "refused"),
    ("{munmap: [@000001, 0x1000]}", "would fail", "refused"),
    ("{munmap: [@000000, 0]}", "would fail", "refused"),
    ("{shmdt: [@000000]}", "no System V segment", "refused"),
    ("{shmdt: [@601000]}", "no System V segment", "refused"),
    ("{mbind: [@200000, 0x1000, MPOL_BIND, {u64: [1]}, 65]}", "is shared", "refused"),
];

#[test]
fn what_could_not_be_taken_back_is_not_done() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    let sealed: &[_] = if mapped.seals {
        &[
            ("{munmap: [@900000, 0x1000]}", "try whether it is sealed", "rolled_back"),
            ("{munmap: [@8f0000, 0x20000]}, {brk: [HEAP+2]}", "can't be moved aside", "refused"),
        ]
    } else {
        &[]
    };
    for (step, why, verdict) in REFUSED.iter().chain(sealed) {
        let before = mapped.state();
        let output = mapped.apply(directory.path(), step);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], *verdict, "{step}: {outcome:#}");
        let note = outcome["targets"][0]["steps"][0]["note"].as_str().unwrap();
        assert!(note.contains(why), "{step}: {note}");
        let after = mapped.state();
        assert!(before == after, "{step}: {}", differences(&before, &after));
        mapped.target.assert_well();
    }
}

/// Steps that a plan may not have without `irreversible: true`, and what they are refused with.
const NOT_UNDONE: &[(&str, &str)] = &[
    ("{madvise: [@000000, 4096, MADV_DONTNEED]}", "plan::irreversible"),
    ("{madvise: [@000000, 4096, MADV_HUGEPAGE]}", "plan::irreversible"),
    ("{mlockall: [MCL_CURRENT]}", "plan::irreversible"),
    ("{munlockall: []}", "plan::irreversible"),
    ("{pkey_mprotect: [@000000, 4096, PROT_READ, 1]}", "plan::irreversible"),
    ("{mbind: [@000000, 4096, MPOL_BIND, {u64: [1]}, 65, MPOL_MF_MOVE]}", "plan::irreversible"),
    ("{mremap: [@000000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP]}", "plan::irreversible"),
    ("{mremap: [@000000, 0x4000, 0x2000, 0]}", "program::not-undoable"),
    ("{shmdt: [@600000]}, {mlock: [@600000, 4096]}", "program::not-undoable"),
    ("{shmdt: [@600000]}, {pread64: [3, @600000, 4, 0]}", "program::not-undoable"),
    ("{munmap: [@000000, 0x4000], returns: 0}", "program::not-undoable"),
];

#[test]
fn what_can_not_be_taken_back_says_so() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    let before = mapped.state();
    for (steps, code) in NOT_UNDONE {
        let output = mapped.apply(directory.path(), steps);
        assert_code(&output, 1);
        assert!(codes(&output).iter().any(|found| found == code), "{steps}: {}", told(&output, &[]));
    }
    let after = mapped.state();
    assert!(before == after, "{}", differences(&before, &after));
}

/// Another change after a step, which is not taken back: the step's own is left alone, too.
const MEDDLED: &[(&str, &str)] = &[
    ("{mprotect: [@000000, 0x10000, PROT_READ]}", "{mprotect: [@003000, 0x1000, PROT_NONE], irreversible: true}"),
    ("{mprotect: [@000000, 0x10000, PROT_READ]}", "{munmap: [@003000, 0x1000], irreversible: true}"),
    ("{madvise: [@500000, 0x5000, MADV_RANDOM]}", "{madvise: [@501000, 0x1000, MADV_SEQUENTIAL], irreversible: true}"),
    ("{mlock: [@000000, 0x2000]}", "{munmap: [@001000, 0x1000], irreversible: true}"),
    ("{mmap: [@700000, 0x2000, 3, 0x22, -1, 0]}", "{munmap: [@700000, 0x1000], irreversible: true}"),
    ("{mmap: [@700000, 0x2000, 3, 0x22, -1, 0]}", "{mprotect: [@700000, 0x1000, 1], irreversible: true}"),
    ("{mremap: [@000000, 0x10000, 0x12000, 0]}", "{munmap: [@011000, 0x1000], irreversible: true}"),
    (
        "{mremap: [@000000, 0x2000, 0x2000, 3, @700000]}",
        "{mmap: [@000000, 0x1000, 3, 0x100022, -1, 0], irreversible: true}",
    ),
    ("{brk: [HEAP+1]}", "{brk: [HEAP+2], irreversible: true}"),
    (
        "{set_mempolicy: [MPOL_BIND, {u64: [1]}, 65]}",
        "{set_mempolicy: [MPOL_INTERLEAVE, {u64: [1]}, 65], irreversible: true}",
    ),
    (
        "{mbind: [@000000, 0x1000, MPOL_BIND, {u64: [1]}, 65]}",
        "{mbind: [@000000, 0x1000, MPOL_INTERLEAVE, {u64: [1]}, 65], irreversible: true}",
    ),
];

#[test]
fn what_somebody_else_has_changed_since_is_left_alone() {
    let directory = directory();
    for (step, meddling) in MEDDLED {
        let mut done = Mapped::start(directory.path(), "0");
        assert_code(&done.apply(directory.path(), &format!("{step}, {meddling}")), 0);
        let mut mapped = Mapped::start(directory.path(), "0");
        let output = mapped.apply(directory.path(), &format!("{step}, {meddling}, {FAILS}"));
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "in_doubt", "{step}: {outcome:#}");
        assert_code(&output, 3);
        assert_eq!(known(mapped.state()), known(done.state()), "{step}");
        mapped.target.assert_well();
    }
}

#[test]
fn many_mappings_are_put_back_in_little_time() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "1500");
    let each = "for_each: {mapping: {perms: rw-p, anonymous: true}}";
    let step = format!("{{madvise: ['${{each.start}}', '${{each.length}}', MADV_DONTDUMP], {each}}}");
    let outcome = taken_back(&mut mapped, directory.path(), &step);
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    // The kernel needs ten milliseconds to tell of so many: it can't be asked for each of them in the time that a process is held.
    let undone = steps.iter().filter(|step| step["undone"] == json!(true)).count();
    assert!(undone > 1500 && undone == steps.len() - 1, "{undone} of {}", steps.len());
}
