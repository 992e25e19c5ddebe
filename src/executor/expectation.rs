//! What a call will give if it succeeds, told before it is made: if we die in it, nobody else learns of its result.

use crate::journal::Expect;
use crate::program::Call;
use crate::syscalls::Returns;
use crate::target::Descriptors;

/// What a call with these arguments will have given. `buffer` names the buffer that an address is of.
pub fn expect(
    call: &Call,
    args: &[u64; 6],
    descriptors: &Descriptors,
    buffer: impl Fn(u64) -> Option<u32>,
) -> Option<Expect> {
    let next = |least: u64| descriptors.next_number(i32::try_from(least).ok()?).map(Expect::Descriptor);
    match call.syscall.name {
        "dup2" | "dup3" => Some(Expect::Result(args[1])),
        "fcntl" if matches!(args[1] as i32, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC) => next(args[2]),
        "fcntl" => Some(Expect::Result(0)),
        // An old descriptor is given other signals.
        "signalfd" | "signalfd4" if args[0] as i32 != -1 => Some(Expect::Result(args[0])),
        "pipe" | "pipe2" => pair(descriptors, buffer(args[0])?),
        "socketpair" => pair(descriptors, buffer(args[3])?),
        _ => match call.syscall.returns {
            Returns::Fd => next(0),
            Returns::Zero => Some(Expect::Result(0)),
            Returns::Address if call.syscall.name == "mmap" && args[0] != 0 => Some(Expect::Result(args[0])),
            // Whatever it is, it is no error.
            Returns::Number => Some(Expect::Result(0)),
            Returns::Address | Returns::Never => None,
        },
    }
}

fn pair(descriptors: &Descriptors, buffer: u32) -> Option<Expect> {
    let first = descriptors.next_number(0)?;
    Some(Expect::Pair(buffer, [first, descriptors.next_number(first + 1)?]))
}
