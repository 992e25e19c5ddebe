//! The first line of a journal: of fixed length, with fields that are overwritten in place through shared memory.
//!
//! Each field is one aligned 8-byte store, which is made whole or not at all. It costs nothing, needs no call, and is in the
//! file, whatever becomes of us, as soon as it is made.

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use std::fs::File;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a run has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No target was touched.
    Begun,
    /// Threads are being stopped; nothing else was done.
    Freezing,
    /// Steps run.
    Forward,
    /// All steps of all targets were done, and stay done.
    Commit,
    /// What was done is taken back.
    Rollback,
    /// Everything was released after a commit.
    Applied,
    /// Everything was released after a rollback.
    Undone,
    /// Everything was released, nothing having been done.
    Refused,
    /// Everything was released, and something is not as it should be.
    Doubtful,
}

/// The phases as they are written: a word of 8 letters each.
const PHASES: [(Phase, &[u8; 8]); 9] = [
    (Phase::Begun, b"begun   "),
    (Phase::Freezing, b"freezing"),
    (Phase::Forward, b"forward "),
    (Phase::Commit, b"commit  "),
    (Phase::Rollback, b"rollback"),
    (Phase::Applied, b"applied "),
    (Phase::Undone, b"undone  "),
    (Phase::Refused, b"refused "),
    (Phase::Doubtful, b"doubtful"),
];

/// What happens to a call, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It is about to be made.
    Due,
    /// The thread's registers point at it: it is made even if we die.
    Set,
    /// It returned this.
    Done(i64),
    /// It was interrupted and did nothing.
    Void,
}

/// The line: names, and places of 8 letters at offsets divisible by 8.
const BLANK: &[u8] = b"{\"schema\":\"criu-plan/journal/1\", \"phase\":      \"begun   \", \"at\":       \"0000000v\", \"result\":   \"0000000000000000\"}\n";
const PHASE: usize = 48;
const AT: usize = 72;
const RESULT: usize = 96;

/// What the line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How far the run had got.
    pub phase: Phase,
    /// The latest call's number, from 1.
    pub call: u32,
    /// What had happened to it.
    pub moment: Moment,
}

/// The mapped line.
#[derive(Debug)]
pub struct Head {
    memory: NonNull<libc::c_void>,
}

impl Head {
    /// A line of a run that has not begun.
    pub fn blank() -> &'static [u8] {
        BLANK
    }

    /// How long the line is, its end included.
    pub const LENGTH: usize = BLANK.len();

    /// Maps the first line of a file, which must be there already.
    pub fn map(file: &File) -> Result<Self, Errno> {
        let length = NonZeroUsize::new(Self::LENGTH).ok_or(Errno::EINVAL)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new shared mapping at an address of the kernel's choice. The file lies in a directory that nobody else
        // can write to, and is never made shorter than its first line.
        let memory = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, file, 0)? };
        Ok(Self { memory })
    }

    fn store(&self, offset: usize, text: &[u8; 8]) {
        // SAFETY: the mapping is of `LENGTH` bytes, `offset` one of the constants above, which are divisible by 8 and at
        // least 8 bytes below its end; the place is accessed atomically only.
        let place = unsafe { &*self.memory.as_ptr().cast::<u8>().add(offset).cast::<AtomicU64>() };
        // In memory the first letter comes first.
        place.store(u64::from_ne_bytes(*text), Ordering::SeqCst);
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        if let Some((_, word)) = PHASES.iter().find(|(known, _)| *known == phase) {
            self.store(PHASE, word);
        }
    }

    /// Notes what happens to call number `call`.
    pub fn mark(&self, call: u32, moment: Moment) {
        let letter = match moment {
            Moment::Due => b'a',
            Moment::Set => b's',
            Moment::Done(result) => {
                // First, so that it is there when the letter says so.
                let digits = hexadecimal(result as u64);
                for (half, text) in digits.as_chunks::<8>().0.iter().enumerate() {
                    self.store(RESULT + half * 8, text);
                }
                b'd'
            }
            Moment::Void => b'v',
        };
        let mut text = *b"0000000 ";
        let mut rest = call;
        for place in text[..7].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text[7] = letter;
        self.store(AT, &text);
    }
}

fn hexadecimal(value: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (index, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (60 - 4 * index)) as usize & 15];
    }
    digits
}

impl Reading {
    /// Reads the line.
    pub fn of(line: &[u8]) -> Option<Self> {
        let word = |offset: usize, length: usize| line.get(offset..offset + length);
        let same =
            |offset: &usize| ![PHASE, AT, RESULT, RESULT + 8].iter().any(|place| (*place..*place + 8).contains(offset));
        if line.len() != BLANK.len() || (0..line.len()).any(|at| same(&at) && line[at] != BLANK[at]) {
            return None;
        }
        let (phase, _) = PHASES.iter().find(|(_, name)| word(PHASE, 8) == Some(*name))?;
        let number = |text: &[u8], radix| u64::from_str_radix(std::str::from_utf8(text).ok()?, radix).ok();
        let call = number(word(AT, 7)?, 10)? as u32;
        let moment = match line.get(AT + 7)? {
            b'a' => Moment::Due,
            b's' => Moment::Set,
            b'd' => Moment::Done(number(word(RESULT, 16)?, 16)? as i64),
            b'v' => Moment::Void,
            _ => return None,
        };
        Some(Self { phase: *phase, call, moment })
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference into it outlives `self`. It can't fail for a range that is mapped.
        let _unmapped = unsafe { munmap(self.memory, Self::LENGTH) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    #[test]
    fn places_are_where_the_line_has_them() {
        for (offset, before) in [(PHASE, "begun   "), (AT, "0000000v"), (RESULT, "00000000"), (RESULT + 8, "00000000")]
        {
            assert_eq!(offset % 8, 0);
            assert_eq!(&BLANK[offset..offset + 8], before.as_bytes());
        }
        let json: serde_json::Value = serde_json::from_slice(BLANK).unwrap();
        assert_eq!(json["schema"], "criu-plan/journal/1");
    }

    #[test]
    fn what_is_stored_is_read_from_the_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(Head::blank()).unwrap();
        let head = Head::map(&file).unwrap();
        let read = || {
            let mut line = vec![0; Head::LENGTH];
            file.read_exact_at(&mut line, 0).unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok());
            Reading::of(&line).unwrap()
        };
        assert_eq!(read(), Reading { phase: Phase::Begun, call: 0, moment: Moment::Void });
        for (call, moment) in
            [(1, Moment::Due), (1, Moment::Set), (1, Moment::Done(-9)), (1234567, Moment::Done(7)), (2, Moment::Void)]
        {
            head.mark(call, moment);
            assert_eq!(read(), Reading { phase: Phase::Begun, call, moment });
        }
        for (phase, _) in PHASES {
            head.enter(phase);
            assert_eq!(read().phase, phase);
        }
    }
}
