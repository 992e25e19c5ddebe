//! harden.

use crate::job::*;
use crate::redis_server::*;
use crate::support::*;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Three threads that make files in two directories again and again and say where they could not.
const MAKES_FILES: &str = "
import sys, threading, time
def make(number):
    turn = 0
    while True:
        turn += 1
        for place in sys.argv[1:3]:
            try: open(f'{place}/{number}-{turn}', 'w').close()
            except PermissionError: print('refused', number, place, file=sys.stderr, flush=True)
        open('/dev/null', 'w').close()
        time.sleep(0.02)
for number in range(3): threading.Thread(target=make, args=(number,)).start()
print('ready', file=sys.stderr, flush=True)
";

/// Bits of capabilities that the plan drops: NET_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, MKNOD.
const DROPPED: u64 = 1 << 12 | 1 << 16 | 1 << 17 | 1 << 19 | 1 << 21 | 1 << 27;

/// NoNewPrivs and CapBnd of every thread.
fn privileges(pid: i32) -> Vec<(String, u64)> {
    let field =
        |status: &str, name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let own =
        |status: &String| (field(status, "NoNewPrivs:"), u64::from_str_radix(&field(status, "CapBnd:"), 16).unwrap());
    of_threads(pid, "status").values().map(own).collect()
}

#[test]
fn a_daemon_is_hardened() {
    let directory = directory();
    let [allowed, forbidden] = ["allowed", "forbidden"].map(|name| directory.path().join(name));
    fs::create_dir(&allowed).unwrap();
    fs::create_dir(&forbidden).unwrap();
    let mut target = Target::start(python(MAKES_FILES).args([&allowed, &forbidden]));
    let count = |place: &Path| fs::read_dir(place).unwrap().count();
    wait_until("it makes files in both", || count(&forbidden) > 10);
    let before = privileges(target.pid());
    assert_eq!(before.len(), 4);
    let missing = directory.path().join("missing").display().to_string();
    let wrong = Job::new("harden", target.pid(), &[("writable", &missing)]);
    wrong.ends(&source("plans/harden.yaml"), &[], 1, "rolled_back");
    let job = Job::new("harden", target.pid(), &[("writable", &allowed.display().to_string())]);
    job.failing(Some("  - landlock_add_rule"), 1, "rolled_back");
    job.dry(|| privileges(target.pid()));
    job.applied();
    // Of the plan's own descriptors none is left.
    let links = target.snapshot().descriptors;
    assert!(links.values().all(|to| *to != allowed && !to.starts_with("anon_inode:[landlock-ruleset]")), "{links:?}");
    let bounded = before[0].1 & if is_root() { !DROPPED } else { u64::MAX };
    assert_eq!(privileges(target.pid()), vec![("1".to_owned(), bounded); 4]);
    for number in 0..3 {
        target.wait_for(&format!("refused {number} {}", forbidden.display()));
    }
    // Each file that is there by now was made before; those that are allowed go on being made.
    let (refused, made) = (count(&forbidden), count(&allowed));
    wait_until("it still makes files where it may", || count(&allowed) > made + 6);
    assert_eq!(count(&forbidden), refused);
    let outcome = job.failing(None, 3, "partial");
    let stays = left_behind(&outcome);
    assert_eq!(stays.iter().filter(|call| **call == "landlock_restrict_self").count(), 4, "{stays:?}");
    target.assert_well();
}

/// Hardens a redis, which saves only if that is where it may write.
fn hardened_redis(command: Command, writable: Option<&Path>, bounded: u64) {
    let home = directory();
    let (mut target, port) = redis_server(command, home.path());
    let client = Client::start(redis(port));
    client.wait_for(10);
    assert_eq!(redis_says(port, "SAVE").unwrap(), "+OK");
    let before = privileges(target.pid());
    assert!(before.len() > 1 && before.iter().all(|(no_new, _)| no_new == "0"));
    let place = writable.unwrap_or(home.path()).display().to_string();
    Job::new("harden", target.pid(), &[("writable", &place)]).applied();
    let expected: Vec<_> = before.iter().map(|(_, bound)| ("1".to_owned(), bound & bounded)).collect();
    assert_eq!(privileges(target.pid()), expected);
    let said = redis_says(port, "SAVE").unwrap();
    assert!(said.starts_with(if writable.is_none() { "+OK" } else { "-ERR" }), "{said}");
    client.wait_for(10);
    client.finish();
    target.assert_well();
}

#[test]
fn a_hardened_redis_saves_where_it_may() {
    let (elsewhere, bounded) = (directory(), if is_root() { !DROPPED } else { u64::MAX });
    hardened_redis(Command::new("redis-server"), None, bounded);
    hardened_redis(Command::new("redis-server"), Some(elsewhere.path()), bounded);
}

#[test]
fn a_redis_that_may_drop_no_capabilities_is_hardened() {
    hardened_redis(PlainUser::new().command("redis-server"), None, u64::MAX);
}
