//! The target's memory through `/proc/PID/mem`, opened before the stop.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

/// An open `/proc/PID/mem`. It stays bound to the address space that the process had when it was opened: after an execve
/// reads and writes fail or find nothing of the new program.
#[derive(Debug)]
pub struct Memory {
    file: File,
}

impl Memory {
    /// Takes an open `/proc/PID/mem`.
    pub fn new(file: File) -> Self {
        Self { file }
    }

    /// Reads exactly `buffer.len()` bytes.
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, address)
    }

    /// Reads a little-endian 64-bit number.
    pub fn read_u64(&self, address: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Writes all of `bytes`.
    pub fn write(&self, address: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, address)
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
