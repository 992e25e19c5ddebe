//! Memory: what is mapped, how it is protected, advised, locked and kept is put back when a later step fails.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
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
        let target = Target::spawn(Command::new(c("mapped")).arg(directory.join("mapped")).arg(more));
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
        let mut state: Vec<String> = maps.lines().zip(flags).map(|(map, flags)| format!("{map} {flags}")).collect();
        self.target.tell();
        state.push(self.target.wait_for("sum"));
        self.target.until_asleep();
        state
    }

    fn apply(&self, directory: &Path, steps: &str) -> std::process::Output {
        let steps = steps
            .replace("SEGMENT", &self.segment)
            .replace("HEAP", &self.heap)
            // Where the target puts what it maps.
            .replace('@', "0x100000");
        apply(directory, &format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", self.target.pid()), &[])
    }
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
    "{brk: [\"HEAP+0x21000\"]}",
    "{brk: [\"HEAP+123\"]}",
    // Segments.
    "{shmat: [SEGMENT]}",
    "{shmat: [SEGMENT, @700000, SHM_RDONLY]}",
    // Policies.
    "{set_mempolicy: [MPOL_BIND, {u64: [1]}, 65]}",
    "{mbind: [@000000, 0x8000, MPOL_BIND, {u64: [1]}, 65]}",
    "{mbind: [@100000, 0xc000, MPOL_PREFERRED, {u64: [1]}, 65]}",
];

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let directory = directory();
    let mut mapped = Mapped::start(directory.path(), "0");
    for step in UNDONE {
        let step = step.replace("\"HEAP+0x21000\"", &format!("{}", mapped.heap.parse::<u64>().unwrap() + 0x21000));
        let step = step.replace("\"HEAP+123\"", &format!("{}", mapped.heap.parse::<u64>().unwrap() + 123));
        let before = mapped.state();
        let output = mapped.apply(directory.path(), &format!("{step}, {FAILS}"));
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{step}: {outcome:#}");
        assert_code(&output, 1);
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{done:#}");
        let after = mapped.state();
        assert!(before == after, "{step}: {}", differences(&before, &after));
        mapped.target.assert_well();
    }
}
