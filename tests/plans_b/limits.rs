//! raise-limit and umask.

use crate::job::*;
use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Soft and hard limit of open files.
fn file_limit(pid: i32) -> (u64, u64) {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().map(|word| word.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Opens as many files as it may, 600 at most, and says how many; again and again.
const OPENS_FILES: &str = "
import os, sys, time
while True:
    opened = []
    try:
        while len(opened) < 600: opened.append(os.open('/dev/null', os.O_RDONLY))
    except OSError: pass
    for fd in opened: os.close(fd)
    print('opened', 'all' if len(opened) == 600 else 'some', file=sys.stderr, flush=True)
    time.sleep(0.02)
";

#[test]
fn a_limit_is_raised() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -n 200; exec python3 -c \"$0\"", OPENS_FILES]);
    let mut target = Target::spawn(&mut command);
    target.wait_for("opened some");
    let (_, hard) = file_limit(target.pid());
    let job = Job::new("raise-limit", target.pid(), &[("files", "1000")]);
    job.dry(|| file_limit(target.pid()));
    let outcome = job.applied();
    assert_eq!(outcome["targets"][0]["captures"]["old"]["rlim_cur"], 200);
    assert_eq!(file_limit(target.pid()), (1000, hard));
    target.wait_for("opened all");
    job.unchanged();
    // A lower limit is reached already, too.
    Job::new("raise-limit", target.pid(), &[("files", "300")]).unchanged();
    assert_eq!(file_limit(target.pid()), (1000, hard));
    let higher = Job::new("raise-limit", target.pid(), &[("files", "1100")]).failing(None, 1, "rolled_back");
    // It only looked.
    assert_eq!(left_behind(&higher), ["prlimit64"]);
    assert_eq!(file_limit(target.pid()), (1000, hard));
    target.assert_well();
}

#[test]
fn a_hard_limit_is_raised_by_who_may() {
    let program = "ulimit -n 200; echo ready >&2; while :; do sleep 0.02; done";
    let mut target = Target::start(Command::new("sh").args(["-c", program]));
    let may = u64::from_str_radix(&target.status("CapEff"), 16).unwrap() & 1 << 24 != 0;
    let job = Job::new("raise-limit", target.pid(), &[("files", "250")]);
    if may {
        job.applied();
        assert_eq!(file_limit(target.pid()), (250, 250));
        job.unchanged();
    } else {
        let plan = source("plans/raise-limit.yaml");
        let outcome = job.ends(&plan, &[], 1, "rolled_back");
        assert_eq!(outcome["targets"][0]["steps"][2]["errno"], "EPERM", "{outcome:#}");
        assert_eq!(file_limit(target.pid()), (200, 200));
    }
    target.assert_well();
}

#[test]
fn a_umask_is_changed() {
    let directory = directory();
    let program = "umask 022; cd \"$0\"; i=0; echo ready >&2; while :; do : > $i; i=$((i+1)); sleep 0.01; done";
    let mut target = Target::start(Command::new("sh").args(["-c", program]).arg(directory.path()));
    let newest = || {
        let files = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap());
        let number = |file: &fs::DirEntry| file.file_name().to_str().unwrap().parse::<u32>().unwrap();
        files.max_by_key(number).map(|file| file.metadata().unwrap().permissions().mode() & 0o777)
    };
    wait_until("it makes files", || newest() == Some(0o644));
    let job = Job::new("umask", target.pid(), &[("mask", "0o077")]);
    job.dry(|| target.status("Umask"));
    let outcome = job.applied();
    assert_eq!(outcome["targets"][0]["steps"][0]["result"], 0o022);
    assert_eq!(target.status("Umask"), "0077");
    wait_until("files are made with the new one", || newest() == Some(0o600));
    job.unchanged();
    Job::new("umask", target.pid(), &[("mask", "0o007")]).failing(None, 1, "rolled_back");
    assert_eq!(target.status("Umask"), "0077");
    target.assert_well();
}
