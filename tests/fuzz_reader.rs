//! What cargo-fuzz does, in small and with any compiler: plans of the corpus, changed at random, are read and lowered for
//! ten seconds each. A panic, a plan that takes ages and memory that grows are failures; the plan is then printed.
//!
//! The changes follow from a seed, so that a run can be repeated; `CRIU_PLAN_FUZZ_SEED` and `CRIU_PLAN_FUZZ_SECONDS` choose
//! another one, and how long.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

#[path = "../fuzz/checks/lower.rs"]
mod lower;
#[path = "../fuzz/checks/read.rs"]
mod read;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// No plan takes longer, be the machine ever so loaded: a common one takes a millisecond.
const LONGEST: Duration = Duration::from_secs(60);
/// Nor more memory than this beyond what the corpus itself takes, in KiB.
const MOST_MEMORY: i64 = 512 << 10;
/// Longer plans are not made.
const MOST_BYTES: usize = 64 << 10;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit.max(1)
    }

    /// A place in a text, and one not far behind it.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(40)).min(length)
    }
}

fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == extension));
    files.sort();
    files
}

/// Plans to begin with.
fn seeds() -> Vec<Vec<u8>> {
    let whole = ["fuzz/seeds", "plans"].iter().flat_map(|directory| files(directory, "yaml"));
    let mut seeds: Vec<Vec<u8>> = whole.map(|path| fs::read(path).unwrap()).collect();
    for path in files("tests/corpus", "plans") {
        let text = fs::read_to_string(path).unwrap();
        seeds.extend(text.split("=== ").filter_map(|plan| Some(plan.split_once('\n')?.1.as_bytes().to_vec())));
    }
    assert!(seeds.len() > 200);
    seeds
}

/// The words of the language, as the fuzzer's dictionary has them.
fn words() -> Vec<Vec<u8>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/plan.dict")).unwrap();
    let quoted = |line: &str| {
        let word = line.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some(word.replace("\\\"", "\"").replace("\\x0a", "\n").replace("\\\\", "\\").into_bytes())
    };
    let words: Vec<Vec<u8>> = text.lines().filter_map(quoted).collect();
    assert!(words.len() > 20);
    words
}

/// A plan with a few changes.
fn changed(seeds: &[Vec<u8>], words: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    const ODD: [&[u8]; 16] = [
        b"\xff",
        b"\0",
        b"\t",
        b"\r\n",
        b"\xef\xbb\xbf",
        "ü€😀".as_bytes(),
        b"${",
        b"}",
        b"[",
        b"]",
        b"{",
        b"&a ",
        b"*a",
        b"18446744073709551616",
        b"-9223372036854775808",
        b"---\n",
    ];
    let mut plan = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(4) {
        let range = random.range(plan.len());
        match random.below(8) {
            0 => drop(plan.drain(range)),
            1 => {
                let copy = plan[range].to_vec();
                let at = random.below(plan.len() + 1);
                plan.splice(at..at, copy.repeat(1 + random.below(3)));
            }
            2 => {
                let at = random.below(plan.len());
                plan.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.below(8));
            }
            3 => drop(plan.splice(range, words[random.below(words.len())].iter().copied())),
            4 => drop(plan.splice(range.start..range.start, ODD[random.below(ODD.len())].iter().copied())),
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let part = random.below(other.len() + 1)..other.len();
                drop(plan.splice(range.start.., other[part].iter().copied()));
            }
            6 => {
                let number = [0, 1, 255, 4096, 1 << 20, u64::MAX][random.below(6)];
                drop(plan.splice(range, number.to_string().into_bytes()));
            }
            _ => {
                let mut lines: Vec<&[u8]> = plan.split_inclusive(|byte| *byte == b'\n').collect();
                let (one, other) = (random.below(lines.len()), random.below(lines.len()));
                if !lines.is_empty() {
                    lines.swap(one, other);
                }
                plan = lines.concat();
            }
        }
    }
    plan.truncate(MOST_BYTES);
    plan
}

/// The most memory that the process has had, in KiB.
fn memory() -> i64 {
    nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap().max_rss()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn shown(plan: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(plan))
}

/// The plan that is being read, and since when; `None` when all is done.
type Current = Arc<Mutex<Option<(Instant, Vec<u8>)>>>;

/// Ends the tests where one plan takes ages: what hangs can't be stopped in any other way.
fn watch(current: &Current) -> std::thread::JoinHandle<()> {
    let current = Arc::clone(current);
    std::thread::spawn(move || {
        loop {
            // Not in the head of a loop, which would hold the lock through its body.
            let now = current.lock().unwrap().clone();
            let Some((begun, plan)) = now else { return };
            if begun.elapsed() > LONGEST {
                eprintln!("this plan takes more than {LONGEST:?}: {}", shown(&plan));
                std::process::abort();
            }
            std::thread::park_timeout(Duration::from_millis(500));
        }
    })
}

fn fuzz(check: fn(&[u8])) {
    let (seeds, words) = (seeds(), words());
    seeds.iter().for_each(|plan| check(plan));
    let seed = setting("CRIU_PLAN_FUZZ_SEED", 0x00c0_ffee);
    let mut random = Random(seed | 1);
    let current: Current = Arc::new(Mutex::new(Some((Instant::now(), Vec::new()))));
    let watch = watch(&current);
    let (begun, before) = (Instant::now(), memory());
    let length = Duration::from_secs(setting("CRIU_PLAN_FUZZ_SECONDS", 10));
    let mut runs = 0;
    while begun.elapsed() < length {
        let plan = changed(&seeds, &words, &mut random);
        *current.lock().unwrap() = Some((Instant::now(), plan.clone()));
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&plan)));
        let more = memory() - before;
        if outcome.is_err() || more > MOST_MEMORY {
            *current.lock().unwrap() = None;
            panic!("seed {seed}, run {runs}, {more} KiB more: {}", shown(&plan));
        }
        runs += 1;
    }
    *current.lock().unwrap() = None;
    watch.thread().unpark();
    watch.join().unwrap();
    println!("{runs} plans from seed {seed}");
    assert!(runs > 20, "only {runs} plans in {length:?}");
}

#[test]
fn whatever_is_read_is_told_in_problems() {
    fuzz(read::check);
}

#[test]
fn whatever_is_read_is_lowered_or_refused() {
    fuzz(lower::check);
}
