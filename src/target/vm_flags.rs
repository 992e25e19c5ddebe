//! What the kernel notes of each mapping: the `VmFlags` of `/proc/PID/smaps`.
//!
//! The kernel counts the pages of each mapping to tell it, in 7 µs. So it is read up to the range in question and no further,
//! and anew only for a range whose mappings a call has changed since.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Mutex;

/// A mapping, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flagged {
    /// Where it begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    flags: u32,
}

/// Those that are kept, as smaps abbreviates them (fs/proc/task_mmu.c); `??` is one that the kernel has no name for.
const KEPT: [&str; 19] =
    ["dd", "dc", "wf", "mg", "rr", "sr", "lo", "lf", "??", "io", "de", "pf", "mm", "um", "uw", "ui", "gd", "sl", "ht"];

impl Flagged {
    /// Whether it has this flag, which is one of those kept.
    pub fn has(&self, flag: &str) -> bool {
        bit(flag.as_bytes()).is_some_and(|bit| self.flags & bit != 0)
    }
}

fn bit(flag: &[u8]) -> Option<u32> {
    KEPT.iter().position(|kept| kept.as_bytes() == flag).map(|index| 1 << index)
}

/// An open `/proc/PID/smaps`, opened before the stop.
#[derive(Debug)]
pub struct VmFlags {
    file: File,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// In order, as far as it was read.
    mappings: Vec<Flagged>,
    /// What was read of a line that is not whole yet.
    line: Vec<u8>,
    /// All was read.
    ended: bool,
    /// Ranges that have changed since, as begin and end, which neither overlap nor touch.
    changed: BTreeMap<u64, u64>,
}

impl VmFlags {
    /// Opens a process's.
    pub fn open(process: &super::Process) -> io::Result<Self> {
        process.open("smaps", false).map(Self::new)
    }

    /// Takes an open `/proc/PID/smaps`.
    pub fn new(file: File) -> Self {
        Self { file, known: Mutex::default() }
    }

    /// What lies between two addresses, cut off there.
    pub fn within(&self, start: u64, end: u64) -> io::Result<Vec<Flagged>> {
        let mut known = self.known.lock().map_err(|_| io::ErrorKind::Other)?;
        if known.has_changed(start, end) {
            *known = Known::default();
        }
        if known.mappings.is_empty() {
            (&self.file).seek(SeekFrom::Start(0))?;
        }
        while !known.reaches(end) {
            self.read_on(&mut known)?;
        }
        let mappings = &known.mappings;
        let first = mappings.partition_point(|mapping| mapping.end <= start);
        let within = mappings.iter().skip(first).take_while(|mapping| mapping.start < end);
        Ok(within.map(|one| Flagged { start: one.start.max(start), end: one.end.min(end), ..*one }).collect())
    }

    /// Notes that a call has changed what lies there.
    pub fn changed(&self, start: u64, end: u64) {
        if let Ok(mut known) = self.known.lock() {
            known.change(start, end);
        }
    }

    /// Forgets all that was read.
    pub fn refresh(&self) {
        if let Ok(mut known) = self.known.lock() {
            *known = Known::default();
        }
    }

    fn read_on(&self, known: &mut Known) -> io::Result<()> {
        let mut text = [0; 1 << 14];
        let count = (&self.file).read(&mut text)?;
        known.ended = count == 0;
        known.take(text.get(..count).unwrap_or_default());
        Ok(())
    }
}

impl Known {
    /// Whether all was read that lies before an address: what is told of a mapping comes before the next one.
    fn reaches(&self, address: u64) -> bool {
        self.ended || self.mappings.last().is_some_and(|last| last.start >= address)
    }

    /// Each mapping begins with its line of `maps`; among what is told of it is `VmFlags: rd wr mr …`.
    fn take(&mut self, text: &[u8]) {
        let mut lines = text.split(|byte| *byte == b'\n');
        let Some(first) = lines.next() else { return };
        self.line.extend(first);
        for next in lines {
            self.take_line();
            self.line.extend(next);
        }
    }

    fn take_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if let Some(flags) = line.strip_prefix(b"VmFlags:") {
            if let Some(last) = self.mappings.last_mut() {
                last.flags = flags.split(|byte| *byte == b' ').filter_map(bit).sum();
            }
        } else if let Some((start, end)) = range(&line) {
            self.mappings.push(Flagged { start, end, flags: 0 });
        }
    }

    fn has_changed(&self, start: u64, end: u64) -> bool {
        self.changed.range(..end).next_back().is_some_and(|(_, last)| *last > start)
    }

    fn change(&mut self, mut start: u64, mut end: u64) {
        while let Some((first, last)) = self.changed.range(..=end).next_back().map(|(first, last)| (*first, *last))
            && last >= start
        {
            self.changed.remove(&first);
            (start, end) = (start.min(first), end.max(last));
        }
        self.changed.insert(start, end);
    }
}

/// `7f5ef0e5c000-7f5ef0e5e000 rw-p …`
fn range(line: &[u8]) -> Option<(u64, u64)> {
    // Names begin with a capital letter.
    line.first().filter(|first| first.is_ascii_digit() || first.is_ascii_lowercase())?;
    let word = std::str::from_utf8(line.split(|byte| *byte == b' ').next()?).ok()?;
    let (start, end) = word.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_by_mapping() {
        let text = "1000-3000 rw-p 00000000 00:00 0 \nSize:   8 kB\nVmFlags: rd wr mr lo lf ac \n\
                    f000-10000 r--p 00000000 fe:00 7   /lo\nVmFlags: rd ?? dd\n";
        let mut known = Known::default();
        // However it is cut.
        text.as_bytes().chunks(7).for_each(|part| known.take(part));
        let [first, second] = known.mappings.as_slice() else { panic!("{known:?}") };
        assert!(known.reaches(0xf000) && !known.reaches(0xf001));
        assert_eq!((first.start, first.end, second.start, second.end), (0x1000, 0x3000, 0xf000, 0x1_0000));
        let kept = |of: &Flagged| (0..KEPT.len()).filter(|index| of.has(KEPT[*index])).collect::<Vec<_>>();
        assert_eq!(kept(first), [6, 7]);
        assert_eq!(kept(second), [0, 8]);
    }

    #[test]
    fn ranges_that_have_changed_are_known() {
        let mut known = Known::default();
        for (start, end) in [(10, 20), (40, 50), (30, 35), (20, 31), (60, 70)] {
            known.change(start, end);
        }
        assert_eq!(known.changed.into_iter().collect::<Vec<_>>(), [(10, 35), (40, 50), (60, 70)]);
        let mut known = Known::default();
        known.change(10, 20);
        let asked = [(0, 10), (0, 11), (12, 15), (19, 30), (20, 30)];
        assert_eq!(asked.map(|(start, end)| known.has_changed(start, end)), [false, true, true, true, false]);
    }

    #[test]
    fn only_what_has_changed_is_read_anew() {
        let flags = VmFlags::new(File::open("/proc/self/smaps").unwrap());
        // SAFETY: fresh memory, that nothing else uses, is mapped and given advice.
        let here = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(std::ptr::null_mut(), 8192, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        let start = here as u64;
        let dumped = || flags.within(start, start + 4096).unwrap().iter().map(|one| !one.has("dd")).collect::<Vec<_>>();
        assert_eq!(dumped(), [true]);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::madvise(here, 4096, libc::MADV_DONTDUMP) }, 0);
        flags.changed(start + 4096, start + 8192);
        assert_eq!(dumped(), [true]);
        flags.changed(start, start + 4096);
        assert_eq!(dumped(), [false]);
    }
}
