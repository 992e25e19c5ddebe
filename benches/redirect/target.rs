//! The busy process: it reads the clock all the time and keeps the longest gap between two readings in shared memory.

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::ffi::CString;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the two processes share; `path` is written only while `order` is 0.
#[repr(C)]
struct Shared {
    ready: AtomicU32,
    /// 1: redirect yourself to `path`; the target sets it back.
    order: AtomicU32,
    longest_ns: AtomicU64,
    /// Readings of the clock so far.
    readings: AtomicU64,
    path: [AtomicU32; 1024],
}

const SIZE: NonZeroUsize = NonZeroUsize::new(size_of::<Shared>()).unwrap();

fn map(fd: &OwnedFd) -> &'static Shared {
    // SAFETY: the memfd is as long as Shared, zeros are a valid Shared, it is accessed through atomics only and never unmapped.
    unsafe {
        let memory =
            mmap(None, SIZE, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED, fd, 0).unwrap();
        &*memory.as_ptr().cast::<Shared>()
    }
}

/// A running target; it ends with this value.
pub struct Target {
    child: Child,
    shared: &'static Shared,
}

impl Target {
    /// Starts one with so many extra mappings.
    pub fn start(mappings: usize) -> Self {
        let fd = memfd_create(c"bench", MFdFlags::empty()).unwrap();
        nix::unistd::ftruncate(&fd, SIZE.get() as i64).unwrap();
        let shared = map(&fd);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--busy-target", &fd.as_raw_fd().to_string(), &mappings.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        wait_for(|| shared.ready.load(Ordering::SeqCst) == 1);
        Self { child, shared }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// The longest gap that the target sees while `work` is done.
    pub fn longest_gap(&self, work: impl FnOnce()) -> Duration {
        self.shared.longest_ns.store(0, Ordering::SeqCst);
        work();
        // The gap that the work made is known once the target runs again.
        let before = self.shared.readings.load(Ordering::SeqCst);
        wait_for(|| self.shared.readings.load(Ordering::SeqCst) > before + 2);
        Duration::from_nanos(self.shared.longest_ns.load(Ordering::SeqCst))
    }

    pub fn stdout(&self) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/fd/1", self.pid())).unwrap()
    }

    /// Has the target make the calls itself.
    pub fn redirect_itself(&self, path: &Path) {
        let bytes = path.as_os_str().as_bytes();
        for (index, slot) in self.shared.path.iter().enumerate() {
            slot.store(bytes.get(index).copied().unwrap_or(0).into(), Ordering::SeqCst);
        }
        self.shared.order.store(1, Ordering::SeqCst);
        wait_for(|| self.shared.order.load(Ordering::SeqCst) == 0);
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn wait_for(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "the target does not answer");
        std::thread::yield_now();
    }
}

/// The target's life; it ends when it is killed.
pub fn be_busy(arguments: &[String]) -> ! {
    let (fd, mappings): (i32, usize) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    // SAFETY: the descriptor was inherited for this and is used by nobody else.
    let shared = map(&unsafe { OwnedFd::from_raw_fd(fd) });
    for index in 0..mappings {
        // Neighbours of different protection are not merged into one mapping.
        let access = if index % 2 == 0 { ProtFlags::PROT_READ } else { ProtFlags::PROT_NONE };
        let page = NonZeroUsize::new(4096).unwrap();
        // SAFETY: a new anonymous mapping aliases nothing.
        unsafe { mmap_anonymous(None, page, access, MapFlags::MAP_PRIVATE).unwrap() };
    }
    shared.ready.store(1, Ordering::SeqCst);
    let mut last = Instant::now();
    loop {
        let now = Instant::now();
        shared.longest_ns.fetch_max((now - last).as_nanos() as u64, Ordering::Relaxed);
        last = now;
        shared.readings.fetch_add(1, Ordering::Relaxed);
        if shared.order.load(Ordering::Relaxed) == 1 {
            let bytes = shared.path.iter().map(|slot| slot.load(Ordering::SeqCst) as u8);
            redirect(&CString::new(bytes.take_while(|byte| *byte != 0).collect::<Vec<u8>>()).unwrap());
            shared.order.store(0, Ordering::SeqCst);
        }
    }
}

/// The five calls that a redirect with undo makes.
fn redirect(path: &CString) {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
    // SAFETY: plain system calls on descriptors of this process.
    unsafe {
        let log = libc::open(path.as_ptr(), flags, 0o644);
        let keep = libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 60);
        libc::dup2(log, 1);
        libc::close(log);
        libc::close(keep);
    }
}
