//! What a stop, or a call of ours, does to a call that waits, and which signals a call raises in its own thread.

use super::Syscall;

/// Calls whose kernel code turns any interruption of a wait into EINTR, whether or not a handler runs, with nothing done
/// yet: made anew they are as if they had not been interrupted (a finite wait begins anew). For those on sockets it is so
/// only with SO_RCVTIMEO or SO_SNDTIMEO (`sock_intr_errno` of include/net/sock.h); without, they restart exactly and never
/// show EINTR to a stop. A read or write of anything else that ends in EINTR has moved no byte. close is not here and must
/// not be: whatever it returns, the descriptor is gone.
pub fn interrupted_by_any_stop(call: &Syscall) -> bool {
    matches!(
        call.name,
        "epoll_wait"
            | "epoll_pwait"
            | "epoll_pwait2"
            | "read"
            | "readv"
            | "recvfrom"
            | "recvmsg"
            | "recvmmsg"
            | "accept"
            | "accept4"
            | "write"
            | "writev"
            | "sendto"
            | "sendmsg"
            | "sendmmsg"
            | "connect"
            | "rt_sigtimedwait"
            | "semop"
            | "semtimedop"
            | "io_getevents"
            | "io_pgetevents"
            | "io_uring_enter"
    )
}

/// The same for calls of which it is so whatever they wait for.
pub fn always_interrupted(call: &Syscall) -> bool {
    let on_sockets = ["read", "recv", "accept", "write", "send", "connect"];
    interrupted_by_any_stop(call) && !on_sockets.iter().any(|name| call.name.starts_with(name))
}

/// Whether a wait in this call is one that `restart_syscall` goes on with after a stop (-516): its time runs on.
pub fn goes_on_by_note(call: &Syscall, args: &[u64; 6]) -> bool {
    match call.name {
        "clock_nanosleep" => args[1] as i32 & libc::TIMER_ABSTIME == 0,
        "futex" => args[3] != 0 && sets_restart_block(call, |index| args.get(index).copied()),
        _ => sets_restart_block(call, |index| args.get(index).copied()),
    }
}

/// Calls that may leave their own note for `restart_syscall` in the thread (`set_restart_fn` in kernel/ and fs/): made in
/// a thread that waits by such a note, they would have it go on with the wrong one.
pub fn sets_restart_block(call: &Syscall, known: impl Fn(usize) -> Option<u64>) -> bool {
    match call.name {
        "nanosleep" | "clock_nanosleep" | "restart_syscall" => true,
        // It does not wait.
        "poll" => known(2) != Some(0),
        "futex" => known(1).is_none_or(|op| {
            let command = op as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
            matches!(command, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET)
        }),
        _ => false,
    }
}

/// Calls that put a mask of signals in force while they wait (`set_user_sigmask` of kernel/signal.c).
pub fn takes_mask(call: &Syscall) -> bool {
    matches!(
        call.name,
        "ppoll" | "pselect6" | "epoll_pwait" | "epoll_pwait2" | "io_pgetevents" | "io_uring_enter" | "rt_sigsuspend"
    )
}

/// Whether such a call does, with these arguments: without a mask it goes by the thread's own.
pub fn puts_mask(call: &Syscall, known: impl Fn(usize) -> Option<u64>) -> bool {
    let mask = ["sigmask", "usig", "argp", "mask"].iter().find_map(|name| call.param(name));
    takes_mask(call) && mask.is_none_or(|mask| known(mask) != Some(0))
}

/// Calls that may send their own thread SIGPIPE or SIGXFSZ.
pub fn may_raise(call: &Syscall) -> bool {
    matches!(
        call.name,
        "write"
            | "writev"
            | "pwrite64"
            | "pwritev"
            | "pwritev2"
            | "sendto"
            | "sendmsg"
            | "sendmmsg"
            | "sendfile"
            | "splice"
            | "tee"
            | "vmsplice"
            | "copy_file_range"
            | "truncate"
            | "ftruncate"
            | "fallocate"
            | "io_uring_enter"
            | "io_submit"
    )
}
