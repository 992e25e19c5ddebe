//! The least that a ptrace sequence can do to make the same five calls in a process of one thread. It takes no care: the
//! target dies or is damaged if this is killed in the middle, if a signal arrives, or if its stack is not where it seems.

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Address of a `syscall; ret` in the target's C library.
fn gadget(pid: i32, memory: &std::fs::File) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let line = maps.lines().find(|line| line.contains("/libc.so") && line.contains("r-xp")).expect("a C library");
    let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
    let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
    let mut code = vec![0; (end - start) as usize];
    memory.read_exact_at(&mut code, start).unwrap();
    start + memchr::memmem::find(&code, &[0x0f, 0x05, 0xc3]).expect("syscall; ret") as u64
}

/// Redirects stdout.
pub fn redirect(pid: i32, log: &Path) {
    let memory = std::fs::File::options().read(true).write(true).open(format!("/proc/{pid}/mem")).unwrap();
    let gadget = gadget(pid, &memory);
    let pid = Pid::from_raw(pid);
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(pid).unwrap();
    waitpid(pid, None).unwrap();
    let own = ptrace::getregs(pid).unwrap();
    let path = own.rsp - 8192;
    let mut bytes = log.as_os_str().as_bytes().to_vec();
    bytes.push(0);
    memory.write_all_at(&bytes, path).unwrap();
    let call = |number: i64, args: [u64; 3]| -> u64 {
        let mut registers = own;
        registers.rip = gadget;
        registers.rax = number as u64;
        registers.orig_rax = u64::MAX;
        [registers.rdi, registers.rsi, registers.rdx] = args;
        ptrace::setregs(pid, registers).unwrap();
        for _ in ["entry", "exit"] {
            ptrace::syscall(pid, None).unwrap();
            waitpid(pid, None).unwrap();
        }
        let value = ptrace::getregs(pid).unwrap().rax;
        assert!((value as i64) >= 0, "{}", Errno::from_raw(-(value as i64) as i32));
        value
    };
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
    let opened = call(libc::SYS_open, [path, flags as u64, 0o644]);
    let keep = call(libc::SYS_fcntl, [1, libc::F_DUPFD_CLOEXEC as u64, 60]);
    call(libc::SYS_dup2, [opened, 1, 0]);
    call(libc::SYS_close, [opened, 0, 0]);
    call(libc::SYS_close, [keep, 0, 0]);
    ptrace::setregs(pid, own).unwrap();
    ptrace::detach(pid, None).unwrap();
}
