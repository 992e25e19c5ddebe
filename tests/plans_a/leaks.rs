//! close-on-exec.

use crate::job::*;
use crate::support::*;

/// Starts a command whenever it is told, and tells which descriptors that has.
const STARTER: &str = "
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(); listener.set_inheritable(True)
log = os.open('log', os.O_CREAT | os.O_WRONLY); os.dup2(log, 30)
say('ready')
while told():
    names = subprocess.run(['ls', '/proc/self/fd'], close_fds=False, stdout=subprocess.PIPE).stdout.split()
    say('fds', *sorted(int(name) for name in names))
";

#[test]
fn descriptors_that_leak_into_commands() {
    let directory = directory();
    let mut target = python(STARTER, &[], directory.path());
    target.until_asleep();
    let leaking = |target: &mut Target| {
        target.tell();
        let line = target.wait_for("fds ");
        target.until_asleep();
        line.split(' ').skip(1).map(|word| word.parse::<i32>().unwrap()).collect::<Vec<_>>()
    };
    let listener = sockets(target.pid())[0];
    let before = leaking(&mut target);
    assert!(before.contains(&listener) && before.contains(&30), "{before:?}");
    let job = Job { plan: "close-on-exec.yaml", sets: &[] };
    job.dry(&target);
    job.rolled_back(&mut target);
    assert_eq!(leaking(&mut target), before);
    // One of them only.
    Job { plan: job.plan, sets: &[("first", "10"), ("last", "30")] }.applied(&mut target);
    let after = leaking(&mut target);
    assert!(after.contains(&listener) && !after.contains(&30), "{after:?}");
    job.applied(&mut target);
    // What ls itself opens is the last.
    assert_eq!(leaking(&mut target), [0, 1, 2, 3]);
    assert_eq!([0, 1, 2].map(|fd| info(target.pid(), fd).0 & libc::O_CLOEXEC), [0; 3]);
    job.left_alone(&mut target);
}
