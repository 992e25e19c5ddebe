//! Which file a link of /proc leads to, told by what the kernel has in memory: the server of a network or FUSE file system
//! is not asked, for it may be the very process that stands still.

use nix::errno::Errno;
use nix::sys::stat::SFlag;
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};

/// A file, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Device and inode.
    pub file: (u64, u64),
    /// Its kind.
    pub kind: SFlag,
    /// How many bytes are in it.
    pub size: u64,
    /// How many bytes it takes on its file system.
    pub space: u64,
}

/// What `name` leads to from the directory `dir`.
pub fn identity(dir: impl AsFd, name: &CStr) -> Result<Identity, Errno> {
    // SAFETY: struct statx is plain integers, for which zero is a value.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let mask = libc::STATX_TYPE | libc::STATX_INO | libc::STATX_SIZE | libc::STATX_BLOCKS;
    let dir = dir.as_fd().as_raw_fd();
    // SAFETY: `name` is terminated, and `found` is what statx fills.
    let result = unsafe { libc::statx(dir, name.as_ptr(), libc::AT_STATX_DONT_SYNC, mask, &raw mut found) };
    Errno::result(result)?;
    let device = libc::makedev(found.stx_dev_major, found.stx_dev_minor);
    let kind = SFlag::from_bits_truncate(u32::from(found.stx_mode) & SFlag::S_IFMT.bits());
    // Blocks of statx(2) are of 512 bytes, whatever the file system's are.
    let space = found.stx_blocks.saturating_mul(512);
    Ok(Identity { file: (device, found.stx_ino), kind, size: found.stx_size, space })
}
