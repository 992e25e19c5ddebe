//! free-deleted-space.

use crate::job::*;
use crate::support::*;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// Bytes that a descriptor's file takes.
fn space(pid: i32, fd: i32) -> u64 {
    fs::metadata(format!("/proc/{pid}/fd/{fd}")).unwrap().blocks() * 512
}

/// Large and small deleted files on 20 to 24, and one that is there.
const DELETED: &str = "
def hold(number, name, size, flags):
    fd = os.open(name, os.O_CREAT | os.O_RDWR, 0o644)
    os.write(fd, b'x' * size); os.close(fd)
    fd = os.open(name, flags); os.lseek(fd, 0, os.SEEK_END); os.dup2(fd, number); os.close(fd)
    if name != 'there': os.unlink(name)
M = 1 << 20
os.makedirs('deep/er'); hold(20, 'deep/er/writer', 3 * M, os.O_WRONLY | os.O_APPEND)
hold(21, 'both', 2 * M, os.O_RDWR)
hold(22, 'small', 4096, os.O_RDWR)
hold(23, 'reader', 2 * M, os.O_RDONLY)
hold(24, 'there', 2 * M, os.O_RDWR)
say('ready')
while told():
    if len(sys.argv) > 1: mapped = mmap.mmap(22, 4096)
    os.write(20, b'after'); os.write(21, b'after')
    say('written')
";

#[test]
fn space_of_deleted_files_is_given_back() {
    let directory = directory();
    let mut target = python(DELETED, &[], directory.path());
    target.until_asleep();
    let pid = target.pid();
    let files = format!("{}/**", directory.path().display());
    let job = Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] };
    let before: Vec<u64> = (20..25).map(|fd| space(pid, fd)).collect();
    assert!(before[0] >= 3 << 20 && before[1] >= 2 << 20, "{before:?}");
    job.dry(&target);
    assert_eq!((20..25).map(|fd| space(pid, fd)).collect::<Vec<_>>(), before);
    job.applied(&mut target);
    assert_eq!((20..25).map(|fd| space(pid, fd)).collect::<Vec<_>>(), [&[0, 0], &before[2..]].concat());
    job.left_alone(&mut target);
    target.tell();
    target.wait_for("written");
    // The one goes on at the end, the other where it was, with a hole before.
    let size = |fd: i32| fs::metadata(format!("/proc/{pid}/fd/{fd}")).unwrap().len();
    assert_eq!((size(20), size(21)), (5, (2 << 20) + 5));
    job.left_alone(&mut target);
}

#[test]
fn space_that_was_given_back_stays_so() {
    let directory = directory();
    let mut target = python(DELETED, &[], directory.path());
    target.until_asleep();
    let files = format!("{}/**", directory.path().display());
    Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] }.partial(&mut target);
    assert_eq!(space(target.pid(), 20), 0);
}

#[test]
fn deleted_files_that_are_mapped_are_left_alone() {
    let directory = directory();
    let mut target = python(DELETED, &["map"], directory.path());
    target.tell();
    target.wait_for("written");
    let files = format!("{}/**", directory.path().display());
    let job = Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] };
    job.refused(&mut target, "target::unexpected");
    assert!(space(target.pid(), 20) > 0);
}
