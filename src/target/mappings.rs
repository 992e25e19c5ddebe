//! Questions about an address space, answered one mapping at a time, so that 40,000 of them cost nothing.
//!
//! `PROCMAP_QUERY` (kernel 6.11, include/uapi/linux/fs.h) asks an open `/proc/PID/maps`; older kernels have its text read.

use nix::errno::Errno;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::sync::Mutex;

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Mapping {
    pub start: u64,
    pub end: u64,
    pub readable: bool,
    pub writable: bool,
    pub executable: bool,
    pub shared: bool,
    /// Offset in the mapped file, in bytes.
    pub offset: u64,
    /// Bytes that a page of it has.
    pub page: u64,
    /// Inode of the mapped file, 0 if there is none.
    pub inode: u64,
    /// Its path or `[name]`, lossily decoded.
    pub name: String,
}

/// `struct procmap_query`.
#[repr(C)]
#[derive(Default)]
struct Query {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    vma_flags: u64,
    page_size: u64,
    offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    name_size: u32,
    build_id_size: u32,
    name_address: u64,
    build_id_address: u64,
}

nix::ioctl_readwrite!(procmap_query, b'f', 17, Query);

const VMA_READABLE: u64 = 1;
const VMA_WRITABLE: u64 = 2;
const VMA_EXECUTABLE: u64 = 4;
const VMA_SHARED: u64 = 8;
const COVERING_OR_NEXT: u64 = 0x10;
const FILE_BACKED: u64 = 0x20;

/// Which mappings a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Any,
    Executable,
    File,
}

impl Filter {
    fn flags(self) -> u64 {
        match self {
            Self::Any => 0,
            Self::Executable => VMA_EXECUTABLE,
            Self::File => FILE_BACKED,
        }
    }

    fn takes(self, mapping: &Mapping) -> bool {
        match self {
            Self::Any => true,
            Self::Executable => mapping.executable,
            Self::File => mapping.inode != 0,
        }
    }
}

/// Behind the last page of a process's 47 bits of address space.
const USER_END: u64 = 0x7fff_ffff_f000;

/// How the mappings of a process lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressSpace {
    /// Begin and end of the largest range without any.
    pub gap: (u64, u64),
    /// How many there are.
    pub mappings: usize,
    /// How many there may be.
    pub most: usize,
}

/// An open `/proc/PID/maps`, opened before the stop.
#[derive(Debug)]
pub struct Mappings {
    file: File,
    /// All of them, read once where the kernel can't be asked; forgotten by [`Mappings::refresh`].
    text: Mutex<Option<Vec<Mapping>>>,
}

impl Mappings {
    /// Opens a process's.
    pub fn open(process: &super::Process) -> io::Result<Self> {
        process.open("maps", false).map(Self::new)
    }

    /// Takes an open `/proc/PID/maps`.
    pub fn new(file: File) -> Self {
        Self { file, text: Mutex::new(None) }
    }

    /// The mapping that holds `address`.
    pub fn covering(&self, address: u64) -> io::Result<Option<Mapping>> {
        let found = self.ask(address, Filter::Any, false)?;
        Ok(found.filter(|mapping| (mapping.start..mapping.end).contains(&address)))
    }

    /// The first mapping that ends above `address`.
    pub fn next(&self, address: u64) -> io::Result<Option<Mapping>> {
        self.ask(address, Filter::Any, true)
    }

    /// The first executable mapping that ends above `address`.
    pub fn next_executable(&self, address: u64) -> io::Result<Option<Mapping>> {
        self.ask(address, Filter::Executable, true)
    }

    /// The first file-backed mapping that ends above `address`.
    pub fn next_file(&self, address: u64) -> io::Result<Option<Mapping>> {
        self.ask(address, Filter::File, true)
    }

    /// All mappings that lie between two addresses, whole or in part.
    pub fn within(&self, start: u64, end: u64) -> io::Result<Vec<Mapping>> {
        let (mut at, mut found) = (start, Vec::new());
        while let Some(mapping) = self.next(at)?.filter(|mapping| mapping.start < end) {
            at = mapping.end;
            found.push(mapping);
        }
        Ok(found)
    }

    /// How they lie. It takes long where there are many.
    pub fn space(&self) -> io::Result<AddressSpace> {
        let all = self.read_text()?;
        let ends = all.iter().map(|mapping| mapping.end);
        let starts = all.iter().map(|mapping| mapping.start).skip(1).chain([USER_END]);
        let gaps = ends.zip(starts).filter(|(_, end)| *end <= USER_END);
        let gap = gaps.max_by_key(|(start, end)| end.saturating_sub(*start)).unwrap_or_default();
        let most = std::fs::read_to_string("/proc/sys/vm/max_map_count")?;
        let most = most.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(AddressSpace { gap, mappings: all.len(), most })
    }

    /// Where nothing is mapped for so many bytes, nor near it: what the kernel puts there is not joined with the target's own
    /// memory, and a heap or stack that grows does not come upon it.
    pub fn unused(&self, length: u64) -> io::Result<Option<u64>> {
        const WIDE: u64 = 1 << 32;
        const NEAR: u64 = 64 << 20;
        let mut below = self.next(0)?;
        while let Some(low) = below {
            let above = self.next(low.end)?;
            if let Some(high) = &above
                && high.name != "[stack]"
                && high.start.saturating_sub(low.end) > WIDE
            {
                return Ok(high.start.checked_sub(NEAR + length).map(|start| start & !4095));
            }
            below = above;
        }
        Ok(None)
    }

    /// Forgets what was read as text before the target was stopped.
    pub fn refresh(&self) {
        if let Ok(mut text) = self.text.lock() {
            *text = None;
        }
    }

    fn ask(&self, address: u64, filter: Filter, next: bool) -> io::Result<Option<Mapping>> {
        let mut name = [0u8; 4096];
        let mut query = Query {
            size: size_of::<Query>() as u64,
            flags: filter.flags() | if next { COVERING_OR_NEXT } else { 0 },
            address,
            name_size: name.len() as u32,
            name_address: name.as_mut_ptr() as u64,
            ..Query::default()
        };
        // SAFETY: `query` is the structure that this ioctl reads and fills, and names `name` as the place for at most its
        // length of bytes.
        match unsafe { procmap_query(self.file.as_raw_fd(), &raw mut query) } {
            Ok(_) => Ok(Some(mapping(&query, &name))),
            Err(Errno::ENOENT) => Ok(None),
            // ENAMETOOLONG: a path that does not fit; the text has it cut to nothing either, so it is told by its text.
            Err(Errno::ENOTTY | Errno::EINVAL | Errno::ENAMETOOLONG) => self.ask_text(address, filter),
            Err(errno) => Err(errno.into()),
        }
    }

    fn ask_text(&self, address: u64, filter: Filter) -> io::Result<Option<Mapping>> {
        let mut text = self.text.lock().map_err(|_| io::ErrorKind::Other)?;
        if text.is_none() {
            *text = Some(self.read_text()?);
        }
        let mappings = text.as_deref().unwrap_or_default();
        let first = mappings.partition_point(|mapping| mapping.end <= address);
        Ok(mappings.iter().skip(first).find(|mapping| filter.takes(mapping)).cloned())
    }

    fn read_text(&self) -> io::Result<Vec<Mapping>> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect())
    }
}

fn mapping(query: &Query, name: &[u8]) -> Mapping {
    let length = (query.name_size as usize).saturating_sub(1);
    Mapping {
        start: query.start,
        end: query.end,
        readable: query.vma_flags & VMA_READABLE != 0,
        writable: query.vma_flags & VMA_WRITABLE != 0,
        executable: query.vma_flags & VMA_EXECUTABLE != 0,
        shared: query.vma_flags & VMA_SHARED != 0,
        page: query.page_size,
        offset: query.offset,
        inode: query.inode,
        name: String::from_utf8_lossy(name.get(..length).unwrap_or_default()).into_owned(),
    }
}

/// A line of `maps` (proc(5)).
fn parse(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let access = fields.next()?.as_bytes();
    let offset = fields.next()?;
    let _device = fields.next()?;
    let inode = fields.next()?;
    let has = |at: usize, letter: u8| access.get(at) == Some(&letter);
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        readable: has(0, b'r'),
        writable: has(1, b'w'),
        executable: has(2, b'x'),
        shared: has(3, b's'),
        // Not told; huge pages are of hugetlbfs, whose files are called so as a rule.
        page: 4096,
        offset: u64::from_str_radix(offset, 16).ok()?,
        inode: inode.parse().ok()?,
        name: fields.next().unwrap_or_default().trim_start().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(mappings: &Mappings, ask: impl Fn(&Mappings, u64) -> Option<Mapping>) -> Vec<Mapping> {
        let mut at = 0;
        let step = || {
            let mapping = ask(mappings, at)?;
            at = mapping.end;
            Some(mapping)
        };
        std::iter::from_fn(step).collect()
    }

    #[test]
    fn the_kernel_and_the_text_agree() {
        let mappings = Mappings::new(File::open("/proc/self/maps").unwrap());
        let asked = walk(&mappings, |mappings, at| mappings.next_executable(at).unwrap());
        let read = walk(&mappings, |mappings, at| mappings.ask_text(at, Filter::Executable).unwrap());
        let stable = |all: &[Mapping]| all.iter().filter(|one| one.inode != 0).cloned().collect::<Vec<_>>();
        assert!(!asked.is_empty());
        assert_eq!(stable(&asked), stable(&read));
        let here = asked[0].start;
        assert_eq!(mappings.covering(here).unwrap().unwrap().start, here);
        assert_eq!(mappings.covering(1).unwrap(), None);
    }

    #[test]
    fn ranges_are_told_with_all_that_lies_in_them() {
        let mappings = Mappings::new(File::open("/proc/self/maps").unwrap());
        // SAFETY: fresh memory that nothing else uses; what is made of its middle is not used either.
        let start = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let start = libc::mmap(std::ptr::null_mut(), 5 * 4096, libc::PROT_NONE, flags, -1, 0);
            assert_eq!(libc::mprotect(start.add(2 * 4096), 4096, libc::PROT_READ), 0);
            start as u64
        };
        let within = mappings.within(start + 4096, start + 4 * 4096).unwrap();
        let readable: Vec<bool> = within.iter().map(|one| one.readable).collect();
        assert_eq!(readable, [false, true, false]);
        let space = mappings.space().unwrap();
        let (first, last) = space.gap;
        assert!(last - first > 1 << 40 && mappings.within(first, last).unwrap().is_empty(), "{space:x?}");
        assert!(space.mappings > 5 && space.most > space.mappings, "{space:x?}");
    }
}
