//! Which number a process has for another one.

use super::Process;
use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::MetadataExt;

/// The pid by which `by` knows `of`; `None` if it has no number there, or if that can't be told.
pub fn seen_by(of: &Process, by: &Process) -> Option<i32> {
    let (numbers, depth) = (of.namespace_pids(), by.namespace_pids().len());
    let above = numbers.len().checked_sub(depth)?;
    let number = numbers.get(depth.checked_sub(1)?)?;
    if depth == 1 {
        // It lives in our own namespace, which all processes that we know have a number in.
        return Some(of.pid);
    }
    let mut namespace = of.open("ns/pid", false).ok()?;
    for _ in 0..above {
        namespace = parent(&namespace)?;
    }
    let same = identity(&namespace)? == identity(&by.open("ns/pid", false).ok()?)?;
    same.then_some(*number)
}

fn identity(namespace: &File) -> Option<(u64, u64)> {
    let meta = namespace.metadata().ok()?;
    Some((meta.dev(), meta.ino()))
}

/// The pid namespace in which one was made.
fn parent(namespace: &File) -> Option<File> {
    // NS_GET_PARENT of linux/nsfs.h.
    const NS_GET_PARENT: libc::c_ulong = 0xb702;
    // SAFETY: this request takes no argument and gives a new descriptor, or an error.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT) };
    // SAFETY: a descriptor that the kernel has just made for us; nobody else has it.
    (fd >= 0).then(|| unsafe { File::from_raw_fd(fd) })
}
