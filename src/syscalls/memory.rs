//! Which mappings of the process a call changes.

/// What a call does to mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// It leaves them alone.
    Nothing,
    /// It changes those in these ranges: begin and length.
    Ranges(Vec<(u64, u64)>),
    /// It changes some, and the arguments don't tell which.
    Unknown,
}

/// What a call of this name does to mappings that are there before it is made. What it makes where nothing was mapped does not
/// count.
pub fn changes(call: &str, args: &[u64; 6]) -> Changes {
    let ranges = match call {
        "munmap"
        | "mprotect"
        | "pkey_mprotect"
        | "mseal"
        | "madvise"
        | "mlock"
        | "mlock2"
        | "munlock"
        | "mbind"
        | "set_mempolicy_home_node"
        | "remap_file_pages" => vec![(args[0], args[1])],
        "mremap" if args[3] & libc::MREMAP_FIXED as u64 != 0 => {
            vec![(args[0], args[1].max(args[2])), (args[4], args[2])]
        }
        "mremap" => vec![(args[0], args[1].max(args[2]))],
        "mmap" if args[3] & libc::MAP_FIXED as u64 != 0 => vec![(args[0], args[1])],
        "mmap" => return Changes::Nothing,
        "shmat" if args[1] == 0 => return Changes::Nothing,
        "shmat" | "shmdt" | "brk" | "mlockall" | "munlockall" | "process_madvise" | "prctl" | "ioctl" | "io_setup"
        | "io_destroy" | "map_shadow_stack" => return Changes::Unknown,
        _ => return Changes::Nothing,
    };
    Changes::Ranges(ranges)
}

/// Where a call has made a mapping, if it is one that makes them: begin and length.
pub fn made(call: &str, args: &[u64; 6], result: i64) -> Option<(u64, u64)> {
    let length = match call {
        "mmap" => args[1],
        "mremap" => args[2],
        _ => return None,
    };
    (result > 0).then_some((result as u64, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::by_name;

    #[test]
    fn a_move_changes_both_places() {
        let (may_move, fixed) = (libc::MREMAP_MAYMOVE as u64, libc::MREMAP_FIXED as u64);
        let moved = changes("mremap", &[0x1000, 0x1000, 0x3000, may_move | fixed, 0x9000, 0]);
        assert_eq!(moved, Changes::Ranges(vec![(0x1000, 0x3000), (0x9000, 0x3000)]));
        assert_eq!(changes("mremap", &[1, 2, 3, may_move, 4, 0]), Changes::Ranges(vec![(1, 3)]));
        assert_eq!(changes("getpid", &[1; 6]), Changes::Nothing);
        assert_eq!(made("mmap", &[0, 0x2000, 0, 0, 0, 0], 0x7000), Some((0x7000, 0x2000)));
        assert_eq!(made("mmap", &[0, 0x2000, 0, 0, 0, 0], -22), None);
        assert!(["munmap", "mremap", "shmdt", "process_madvise"].map(by_name).iter().all(Option::is_some));
    }
}
