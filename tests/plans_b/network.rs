//! join-network-namespace.

use crate::job::*;
use crate::support::*;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Command;

/// A network namespace of `ip netns`, deleted with this value.
struct Network(String);

impl Network {
    fn new() -> Self {
        let name = format!("criu-plan-test-{}", std::process::id());
        assert!(Command::new("ip").args(["netns", "add", &name]).status().unwrap().success());
        Self(name)
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.0)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _gone = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// Four threads that connect to a port again and again and say whether they could.
const CONNECTS: &str = "
import socket, sys, threading, time
def connect(number):
    while True:
        try:
            socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()
            said = 'reaches'
        except OSError: said = 'misses'
        print(said, number, file=sys.stderr, flush=True)
        time.sleep(0.02)
for number in range(4): threading.Thread(target=connect, args=(number,)).start()
";

#[test]
fn another_network_is_joined() {
    if !is_root() {
        return;
    }
    let network = Network::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut target = Target::spawn(python(CONNECTS).arg(port.to_string()));
    let networks = |pid| of_threads(pid, "ns/net").into_values().collect::<BTreeSet<_>>();
    for number in 0..4 {
        target.wait_for(&format!("reaches {number}"));
    }
    let home = networks(target.pid());
    assert_eq!(home.len(), 1);
    // A file that is no namespace, and one that is not there.
    let plan = source("plans/join-network-namespace.yaml");
    for wrong in ["/etc/passwd", "/run/netns/there-is-no-such"] {
        let job = Job::new("join-network-namespace", target.pid(), &[("namespace", wrong)]);
        job.ends(&plan, &[], 1, "rolled_back");
        assert_eq!(networks(target.pid()), home);
    }
    let job = Job::new("join-network-namespace", target.pid(), &[("namespace", &network.path())]);
    job.dry(|| networks(target.pid()));
    job.failing(Some("  - setns"), 1, "rolled_back");
    assert_eq!(networks(target.pid()), home);
    job.applied();
    let there = networks(target.pid());
    assert!(there.len() == 1 && there != home, "{there:?}");
    for number in 0..4 {
        target.wait_for(&format!("misses {number}"));
    }
    job.unchanged();
    // One thread that is elsewhere is enough to do it again.
    let back = format!(
        "version: 1\ntargets: [{0}]\nsteps:\n- open: [/proc/{1}/ns/net, O_RDONLY|O_CLOEXEC]\n  capture: home\n- setns: [\"${{home}}\", CLONE_NEWNET]\n  thread: {0}\n  irreversible: true\n- close: [\"${{home}}\"]\n",
        target.pid(),
        std::process::id()
    );
    assert_code(&apply(directory().path(), &back, &[]), 0);
    assert_eq!(networks(target.pid()).len(), 2);
    let outcome = job.failing(None, 1, "rolled_back");
    assert!(left_behind(&outcome).is_empty(), "{outcome:#}");
    // The one comes back to where it was, the others to where they were.
    assert_eq!(networks(target.pid()), home.union(&there).cloned().collect());
    target.assert_well();
}
