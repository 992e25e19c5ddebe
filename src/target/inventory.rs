//! What a process has several of: descriptors, mappings, threads. Read through its `/proc` directory, which was opened before
//! the stop; nothing here waits for a file system, for the target may be the one that serves it.

use super::allowance::Allowance;
use super::freeze::thread_state;
use super::glob::{fits, path_fits};
use super::identity::{Identity, identity};
use super::mappings::{Mapping, Mappings};
use super::process::Process;
use crate::facts::{FdKind, FdPattern, MappingPattern, Range, ThreadPattern, is_pattern};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, readlinkat};
use nix::sys::stat::{Mode, SFlag};
use std::ffi::CString;
use std::io;
use std::os::fd::AsRawFd;

/// Device and inode.
pub type FileId = (u64, u64);

/// One descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number.
    pub number: i32,
    /// What `/proc/PID/fd` says it is open on, from the process's own root.
    pub path: String,
    /// O_*, as in fdinfo.
    pub flags: u64,
    /// Its file offset.
    pub offset: u64,
}

/// One thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id, as we see it.
    pub tid: i32,
    /// Its id as it sees it itself.
    pub own_tid: i32,
    /// Its name.
    pub name: String,
}

/// A link of a process's directory, lossily decoded.
pub fn link(process: &Process, name: &str) -> Result<String, Errno> {
    readlinkat(process.view(), name).map(|text| text.to_string_lossy().into_owned())
}

/// A path as the process itself would name it: what lies in its root, from there.
pub fn from_root(path: &str, root: &str) -> String {
    match path.strip_prefix(root).filter(|_| root != "/") {
        Some("") => "/".to_owned(),
        Some(inside) if inside.starts_with('/') => inside.to_owned(),
        _ => path.to_owned(),
    }
}

/// The numbers of all open descriptors, lowest first.
pub fn open_numbers(process: &Process) -> io::Result<Vec<i32>> {
    Ok(numbers(process, "fd")?)
}

fn numbers(process: &Process, name: &str) -> Result<Vec<i32>, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut dir = Dir::openat(process.view(), name, flags, Mode::empty())?;
    let mut numbers = Vec::new();
    for entry in dir.iter() {
        numbers.extend(entry?.file_name().to_str().ok().and_then(|name| name.parse::<i32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The descriptors that fit a pattern, by number. `file` is what the pattern's path names, if it names a file.
pub fn descriptors(
    process: &Process,
    pattern: &FdPattern,
    file: Option<FileId>,
    allowance: &dyn Allowance,
) -> io::Result<Vec<Descriptor>> {
    let root = link(process, "root")?;
    let fitting = |number| {
        let path = fits_descriptor(process, pattern, file, number, &root)?;
        let (flags, offset) = info(process, number).filter(|(flags, _)| flags_fit(*flags, pattern))?;
        Some(Descriptor { number, path, flags, offset })
    };
    let mut found = Vec::new();
    for number in candidates(process, pattern)? {
        allowance.check()?;
        found.extend(fitting(number));
    }
    Ok(found)
}

/// Whether there is one. It costs less.
pub fn has_descriptor(
    process: &Process,
    pattern: &FdPattern,
    file: Option<FileId>,
    allowance: &dyn Allowance,
) -> io::Result<bool> {
    let root = link(process, "root")?;
    let flags = |number| {
        let any = pattern.flags == 0 && pattern.without == 0;
        any || info(process, number).is_some_and(|(flags, _)| flags_fit(flags, pattern))
    };
    let fits = |number: i32| fits_descriptor(process, pattern, file, number, &root).is_some() && flags(number);
    for number in candidates(process, pattern)? {
        allowance.check()?;
        if fits(number) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Numbers that may fit a pattern, open or not.
fn candidates(process: &Process, pattern: &FdPattern) -> io::Result<Vec<i32>> {
    match pattern.number {
        Some(Range { min: Some(min), max: Some(max) }) if min == max => Ok(i32::try_from(min).into_iter().collect()),
        range => {
            let numbers = numbers(process, "fd")?.into_iter();
            Ok(numbers.filter(|number| range.is_none_or(|range| range.holds(*number as u64))).collect())
        }
    }
}

/// The path of a descriptor that is open and fits a pattern, but for its flags.
fn fits_descriptor(
    process: &Process,
    pattern: &FdPattern,
    file: Option<FileId>,
    number: i32,
    root: &str,
) -> Option<String> {
    let name = format!("fd/{number}");
    let path = from_root(&link(process, &name).ok()?, root);
    let by_file = match pattern.path.as_deref() {
        Some(wanted) if is_pattern(wanted) => {
            if !path_fits(wanted, &path) {
                return None;
            }
            false
        }
        wanted => wanted.is_some(),
    };
    if by_file || pattern.kind.is_some() || pattern.min_space.is_some() {
        let own = file_of(process, &name);
        let same = file.is_some() && own.map(|own| own.file) == file;
        let space = own.map_or(0, |own| own.space);
        if by_file && !same
            || pattern.kind.is_some_and(|wanted| wanted != kind(&path, own.map(|own| own.kind)))
            || pattern.min_space.is_some_and(|least| space < least)
        {
            return None;
        }
    }
    Some(path)
}

fn kind(path: &str, kind: Option<SFlag>) -> FdKind {
    if path.starts_with("anon_inode:") {
        return FdKind::Anonymous;
    }
    match kind.unwrap_or(SFlag::empty()) {
        SFlag::S_IFDIR => FdKind::Directory,
        SFlag::S_IFSOCK => FdKind::Socket,
        SFlag::S_IFIFO => FdKind::Pipe,
        SFlag::S_IFCHR | SFlag::S_IFBLK => FdKind::Device,
        SFlag::S_IFREG => FdKind::File,
        _ => FdKind::Anonymous,
    }
}

/// The file that a link of a process's directory leads to.
pub fn file_of(process: &Process, link: &str) -> Option<Identity> {
    identity(process.view(), &CString::new(link).ok()?).ok()
}

/// The namespace of a kind that a thread is in.
pub fn namespace_of(process: &Process, tid: i32, kind: &str) -> Option<Identity> {
    identity(&process.dir, &CString::new(format!("task/{tid}/ns/{kind}")).ok()?).ok()
}

/// `flags:` and `pos:` of a descriptor's fdinfo.
fn info(process: &Process, number: i32) -> Option<(u64, u64)> {
    let mut text = String::new();
    let mut file = process.open(&format!("fdinfo/{number}"), false).ok()?;
    io::Read::read_to_string(&mut file, &mut text).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some((u64::from_str_radix(field("flags:")?, 8).ok()?, field("pos:")?.parse().ok()?))
}

/// The access mode is a number of two bits, all else are bits.
fn flags_fit(flags: u64, pattern: &FdPattern) -> bool {
    let access = libc::O_ACCMODE as u64;
    // The kernel's own mark of descriptors that take large files, which each has.
    let large = 0o100_000;
    let wanted = pattern.flags & !large;
    let mode = wanted & access == 0 || wanted & access == flags & access;
    let barred = pattern.without & access != 0 && pattern.without & access == flags & access;
    mode && !barred && flags & wanted & !access == wanted & !access && flags & pattern.without & !access & !large == 0
}

/// The mappings that fit a pattern, by address.
pub fn mappings(mappings: &Mappings, pattern: &MappingPattern, allowance: &dyn Allowance) -> io::Result<Vec<Mapping>> {
    mappings.refresh();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(mapping) = mappings.next(at)? {
        allowance.check()?;
        at = mapping.end;
        if fits_mapping(&mapping, pattern) {
            found.push(mapping);
        }
    }
    Ok(found)
}

fn fits_mapping(mapping: &Mapping, pattern: &MappingPattern) -> bool {
    let kernels = ["[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[uprobes]"].contains(&mapping.name.as_str());
    let perms = permissions(mapping);
    pattern.name.as_deref().map_or(!kernels, |name| fits(name, &mapping.name))
        && pattern.perms.as_deref().is_none_or(|wanted| fits(wanted, &perms))
        && pattern.anonymous.is_none_or(|anonymous| anonymous == (mapping.inode == 0))
        && pattern.size.holds(mapping.end - mapping.start)
        && pattern.path.as_deref().is_none_or(|path| mapping.inode != 0 && path_fits(path, &mapping.name))
}

/// `rw-p`.
fn permissions(mapping: &Mapping) -> String {
    let letter = |set: bool, letter: char| if set { letter } else { '-' };
    [
        letter(mapping.readable, 'r'),
        letter(mapping.writable, 'w'),
        letter(mapping.executable, 'x'),
        if mapping.shared { 's' } else { 'p' },
    ]
    .iter()
    .collect()
}

/// The threads that fit a pattern, by id: those that run code of the program and have not ended.
pub fn threads(process: &Process, pattern: &ThreadPattern, allowance: &dyn Allowance) -> io::Result<Vec<Task>> {
    let mut found = Vec::new();
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut tasks = Dir::openat(&process.dir, "task", flags, Mode::empty())?;
    let mut tids = Vec::new();
    for entry in tasks.iter() {
        tids.extend(entry?.file_name().to_str().ok().and_then(|name| name.parse::<i32>().ok()));
    }
    tids.sort_unstable();
    for tid in tids {
        allowance.check()?;
        if !has_thread(process, tid) {
            continue;
        }
        let Some(name) = comm(process, tid) else { continue };
        if pattern.name.as_deref().is_none_or(|wanted| fits(wanted, &name)) {
            let own_tid = if process.namespace_pids().len() > 1 { innermost(process, tid) } else { Some(tid) };
            found.push(Task { tid, own_tid: own_tid.unwrap_or(tid), name });
        }
    }
    Ok(found)
}

/// Whether a process has this thread: one that runs code of the program and has not ended.
pub fn has_thread(process: &Process, tid: i32) -> bool {
    let state = thread_state(process.dir.as_raw_fd(), tid);
    matches!(state, Some((state, false)) if !matches!(state, b'Z' | b'X' | b'x'))
}

pub(super) fn task_file(process: &Process, tid: i32, name: &str) -> Option<String> {
    let path = format!("task/{tid}/{name}");
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let file = nix::fcntl::openat(&process.dir, path.as_str(), flags, Mode::empty()).ok()?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut std::fs::File::from(file), &mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn comm(process: &Process, tid: i32) -> Option<String> {
    task_file(process, tid, "comm").map(|text| text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// Its id in the innermost of its pid namespaces.
fn innermost(process: &Process, tid: i32) -> Option<i32> {
    let status = task_file(process, tid, "status")?;
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().last()?.parse().ok()
}
