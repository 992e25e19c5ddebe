//! huge-pages, merge-pages and dont-dump.

use crate::job::*;
use crate::support::*;
use std::fs::{self, File};
use std::process::Command;

/// One mapping of smaps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    range: String,
    size: u64,
    perms: String,
    anonymous: bool,
    flags: Vec<String>,
}

fn mappings(pid: i32) -> Vec<Mapping> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut found: Vec<Mapping> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some((start, end)) = words[0].split_once('-') {
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            let own =
                words.get(5).is_none_or(|path| ["[heap]", "[stack]"].contains(path) || path.starts_with("[anon:"));
            found.push(Mapping {
                range: words[0].to_owned(),
                size: number(end) - number(start),
                perms: words[1].to_owned(),
                anonymous: words[4] == "0" && own,
                flags: Vec::new(),
            });
        } else if words[0] == "VmFlags:" {
            found.last_mut().unwrap().flags = words[1..].iter().map(|flag| (*flag).to_owned()).collect();
        }
    }
    found
}

/// Applies a plan that gives advice for mappings: those that are `meant` get the flag, and no other. Whether it is undone.
fn advised(target: &mut Target, job: &Job, flag: &str, undone: bool, meant: impl Fn(&Mapping) -> bool) {
    let with = |pid| -> Vec<Mapping> {
        let all = mappings(pid).into_iter();
        all.filter(|one| one.flags.iter().any(|own| own == flag)).collect()
    };
    // Made later, split or grown meanwhile: neither one nor the other.
    let before = mappings(target.pid());
    assert!(!before.iter().any(|one| meant(one) && one.flags.iter().any(|own| own == flag)));
    let had = with(target.pid());
    job.dry(|| with(target.pid()));
    if undone {
        let failed = job.failing(None, 1, "rolled_back");
        assert_eq!(left_behind(&failed), [""; 0]);
        assert_eq!(with(target.pid()), had);
    }
    let outcome = job.applied();
    assert!(left_behind(&outcome).iter().all(|call| *call == "madvise"));
    let after = with(target.pid());
    let lasting = mappings(target.pid())
        .into_iter()
        .filter(|one| before.iter().any(|old| (&old.range, &old.perms) == (&one.range, &one.perms)));
    let wrong: Vec<Mapping> = lasting
        .filter(|one| !had.contains(one) && meant(one) != after.iter().any(|with| with.range == one.range))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(after.iter().any(&meant), "{after:#?}");
    // Applied again, it does no harm; nor does a failure, which is told, or taken back to what was before.
    job.applied();
    if undone {
        job.failing(None, 1, "rolled_back");
    } else {
        let failed = job.failing(None, 3, "partial");
        assert!(left_behind(&failed).len() >= after.iter().filter(|one| meant(one)).count());
    }
    assert!(with(target.pid()).iter().any(&meant));
    target.assert_well();
}

#[test]
fn huge_pages_for_a_java_heap() {
    let mut command = Command::new("java");
    command.args(["-Xms128m", "-Xmx128m"]).arg(source("tests/targets/Serve.java"));
    let mut target = Target::spawn(command.stdout(File::create("/dev/null").unwrap()));
    let port = target.wait_for("ready ").trim_start_matches("ready ").parse().unwrap();
    let client = Client::start(http(port));
    client.wait_for(5);
    let job = Job::new("huge-pages", target.pid(), &[("min_size", "16MiB")]);
    let meant = |one: &Mapping| one.perms == "rw-p" && one.anonymous && one.size >= 16 << 20;
    advised(&mut target, &job, "hg", false, meant);
    client.wait_for(20);
    client.finish();
}

/// Has many anonymous mappings of 2 MiB, each other one read-only, all filled, and looks after them.
const MAPS_MEMORY: &str = "
import mmap, sys, time
private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
kept = []
for number in range(200):
    kept.append(mmap.mmap(-1, 2 << 20, flags=private, prot=mmap.PROT_READ | mmap.PROT_WRITE * (number % 2)))
    if number % 2: kept[-1][::4096] = bytes([number]) * 512
print('ready', file=sys.stderr, flush=True)
while True:
    for number, one in enumerate(kept):
        if number % 2 and one[4096] != number: sys.exit('FAILED a page was damaged')
    time.sleep(0.01)
";

#[test]
fn pages_may_be_merged() {
    let mut target = Target::start(&mut python(MAPS_MEMORY));
    let job = Job::new("merge-pages", target.pid(), &[("min_size", "2MiB")]);
    let meant = |one: &Mapping| one.perms == "rw-p" && one.anonymous && one.size >= 2 << 20;
    assert!(mappings(target.pid()).iter().filter(|one| meant(one)).count() >= 100);
    advised(&mut target, &job, "mg", true, meant);
}

#[test]
fn many_mappings_are_not_dumped() {
    let mut target = Target::start(&mut python(MAPS_MEMORY));
    let job = Job::new("dont-dump", target.pid(), &[("min_size", "2MiB")]);
    let meant =
        |one: &Mapping| one.perms.starts_with('r') && one.perms.ends_with('p') && one.anonymous && one.size >= 2 << 20;
    assert!(mappings(target.pid()).iter().filter(|one| meant(one)).count() >= 200);
    advised(&mut target, &job, "dd", true, meant);
}

/// Fills a mapping of 2 MiB with bytes that nothing else in it has in this order.
const KEEPS_A_SECRET: &str = "
import mmap, sys, time
kept = mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(256): kept[at] = at * 167 + 13 & 255
print('ready', file=sys.stderr, flush=True)
while True: time.sleep(0.01)
";

#[test]
fn a_core_dump_lacks_what_is_not_to_be_dumped() {
    let directory = directory();
    let mut target = Target::start(&mut python(KEEPS_A_SECRET));
    let secret: Vec<u8> = (0..256u32).map(|at| (at * 167 + 13) as u8).collect();
    let dumped = |pid: i32, name: &str| {
        let core = directory.path().join(name);
        let dump = format!("generate-core-file {}", core.display());
        let output =
            Command::new("gdb").args(["-nx", "-batch", "-p", &pid.to_string(), "-ex", &dump]).output().unwrap();
        let core = fs::read(&core).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert!(core.len() > 1 << 20);
        memchr::memmem::find(&core, &secret).is_some()
    };
    assert!(dumped(target.pid(), "before"));
    Job::new("dont-dump", target.pid(), &[("min_size", "2MiB")]).applied();
    assert!(!dumped(target.pid(), "after"));
    target.assert_well();
}
