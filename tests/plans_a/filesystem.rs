//! leave-filesystem.

use crate::job::*;
use crate::support::*;
use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A filesystem of its own, if that can be: what is to be unmounted.
struct Mounted(PathBuf);

impl Mounted {
    fn new(path: &Path) -> Self {
        fs::create_dir(path).unwrap();
        if is_root() {
            assert!(Command::new("mount").args(["-t", "tmpfs", "none"]).arg(path).status().unwrap().success());
        }
        Self(path.to_owned())
    }

    /// Whether it can be unmounted.
    fn unmount(&self) -> bool {
        let path = CString::new(text(&self.0)).unwrap();
        // SAFETY: the path is terminated, and it is the test's own mount that goes.
        unsafe { libc::umount2(path.as_ptr(), 0) == 0 }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let path = CString::new(text(&self.0)).unwrap();
        // SAFETY: as above. It fails if it is unmounted already.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

/// Has files, a directory and what was deleted open below argv[1], works there if argv[2] says so.
const USER: &str = "
mount, how = sys.argv[1], sys.argv[2]
os.makedirs(mount + '/a/b', exist_ok=True)
def hold(number, path, flags, inheritable=True):
    fd = os.open(path, flags, 0o644)
    os.dup2(fd, number, inheritable); os.close(fd)
hold(20, mount + '/a/log', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
hold(21, mount + '/a/b/data', os.O_CREAT | os.O_RDWR, False)
hold(22, mount, os.O_RDONLY | os.O_DIRECTORY)
hold(23, mount + '/gone', os.O_CREAT | os.O_RDWR); os.unlink(mount + '/gone')
hold(24, mount + '2', os.O_CREAT | os.O_RDWR)
os.write(21, b'x' * 4096)
if how == 'cwd': os.chdir(mount + '/a')
if how == 'lock': fcntl.lockf(21, fcntl.LOCK_EX)
if how == 'map': mapped = mmap.mmap(21, 4096)
say('ready')
while told():
    os.write(20, b'after'); os.write(24, b'after')
    say('written in', os.getcwd())
";

#[test]
fn a_filesystem_that_is_to_be_unmounted() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "cwd"], directory.path());
    target.until_asleep();
    let job = Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] };
    if is_root() {
        assert!(!mounted.unmount());
    }
    job.dry(&target);
    job.rolled_back(&mut target);
    assert_eq!(fs::read_link(format!("/proc/{}/cwd", target.pid())).unwrap(), mounted.0.join("a"));
    let flags = |fd: i32| info(target.pid(), fd).0 & libc::O_CLOEXEC;
    let cloexec = [20, 21, 22, 23].map(flags);
    job.applied(&mut target);
    for fd in 20..24 {
        assert_eq!(target.link(fd), Path::new("/dev/null"));
    }
    assert_eq!([20, 21, 22, 23].map(|fd| info(target.pid(), fd).0 & libc::O_CLOEXEC), cloexec);
    assert_eq!(target.link(24), directory.path().join("disk2"));
    assert_eq!(fs::metadata(mounted.0.join("a/b/data")).unwrap().len(), 4096);
    if is_root() {
        assert!(mounted.unmount());
    }
    target.tell();
    target.wait_for("written in /");
    assert_eq!(fs::read(directory.path().join("disk2")).unwrap(), b"after");
    job.left_alone(&mut target);
}

#[test]
fn descriptors_on_a_filesystem_come_back() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "elsewhere"], directory.path());
    target.until_asleep();
    Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] }.rolled_back(&mut target);
}

#[test]
fn a_filesystem_that_is_mapped_is_not_left_by_half() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "map"], directory.path());
    let job = Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] };
    job.refused(&mut target, "target::unexpected");
}

#[test]
fn a_filesystem_with_locked_files_is_not_left() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "lock"], directory.path());
    let job = Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] };
    job.refused(&mut target, "run::step-failed");
    assert_eq!(target.link(21), mounted.0.join("a/b/data"));
}
