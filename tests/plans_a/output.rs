//! redirect-both.

use crate::job::*;
use crate::support::*;
use std::fs::{self, File};
use std::process::Command;

#[test]
fn stdout_and_stderr_of_a_shell_loop() {
    let directory = directory();
    let (first, log) = (directory.path().join("first"), directory.path().join("log"));
    let program = "echo ready >&2; i=0; while :; do echo out $i; echo err $i >&2; i=$((i+1)); sleep 0.01; done";
    let mut command = Command::new("sh");
    let mut target = Target::start(command.args(["-c", program]).stdout(File::create(&first).unwrap()));
    wait_for_growth(&first, 0);
    let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
    job.applied(&mut target);
    assert_eq!((target.link(1), target.link(2)), (log.clone(), log.clone()));
    wait_until("both are in the log", || {
        let text = fs::read_to_string(&log).unwrap();
        text.contains("out ") && text.contains("err ")
    });
    job.left_alone(&mut target);
}

#[test]
fn stdout_and_stderr_come_back() {
    let directory = directory();
    let log = directory.path().join("log");
    let mut target = python("say('ready')\nwhile True: told()", &[], directory.path());
    target.until_asleep();
    let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
    job.dry(&target);
    job.rolled_back(&mut target);
    assert!(!log.exists());
}

#[test]
fn stdout_and_stderr_that_were_closed() {
    for closed in ["1", "2", "12", "01", "02", "012"] {
        let directory = directory();
        let log = directory.path().join("log");
        let program = "say('ready')
for fd in sys.argv[1]: os.close(int(fd))
while True:
    for fd in (1, 2):
        try: os.write(fd, b'%d\\n' % fd)
        except OSError: pass
    time.sleep(0.005)";
        let mut target = python(program, &[closed], directory.path());
        wait_until("they are closed", || {
            closed.chars().all(|fd| !descriptors(target.pid()).contains_key(&fd.to_string()))
        });
        let before: Vec<String> = descriptors(target.pid()).into_keys().collect();
        let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
        job.failed(&mut target, 1, "rolled_back");
        assert_eq!(descriptors(target.pid()).into_keys().collect::<Vec<_>>(), before);
        job.applied(&mut target);
        wait_until("both are in the log", || {
            let text = fs::read_to_string(&log).unwrap();
            text.contains('1') && text.contains('2')
        });
        let mut after = [&before[..], &["1".to_owned(), "2".to_owned()]].concat();
        after.sort();
        after.dedup();
        assert_eq!(descriptors(target.pid()).into_keys().collect::<Vec<_>>(), after, "{closed}");
        for fd in [1, 2] {
            assert_eq!((info(target.pid(), fd).0 & libc::O_CLOEXEC, target.link(fd)), (0, log.clone()), "{closed}");
        }
        job.left_alone(&mut target);
    }
}
