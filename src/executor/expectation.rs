//! What a call will give if it succeeds, told before it is made: if we die in it, nobody else learns of its result.

use crate::journal::Expect;
use crate::program::Call;
use crate::syscalls::Returns;
use crate::target::{Descriptors, Mappings};

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

/// An address for memory that may lie anywhere, where nothing is: if we die in the call it is known where to look. The kernel
/// takes it if it can (mmap(2)). Nothing for any other call, and where memory is asked for that the kernel must place.
pub fn propose(call: &Call, args: &[u64; 6], mappings: &Mappings) -> Option<u64> {
    const PARTICULAR: i32 =
        libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE | libc::MAP_GROWSDOWN | libc::MAP_HUGETLB | libc::MAP_32BIT;
    // What is as large as a huge page is put where it can be one.
    const HUGE: u64 = 2 << 20;
    let [address, length, _, flags, ..] = *args;
    if call.syscall.name != "mmap" || address != 0 || flags as i32 & PARTICULAR != 0 {
        return None;
    }
    let pages = length.checked_next_multiple_of(4096).filter(|pages| *pages > 0)?;
    let place = mappings.unused(pages).ok().flatten()?;
    Some(if pages >= HUGE { place & !(HUGE - 1) } else { place })
}

fn pair(descriptors: &Descriptors, buffer: u32) -> Option<Expect> {
    let first = descriptors.next_number(0)?;
    Some(Expect::Pair(buffer, [first, descriptors.next_number(first + 1)?]))
}
