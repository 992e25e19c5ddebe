//! A tree of files, and all of it that undo has to put back.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub type Tree = BTreeMap<PathBuf, Entry>;

/// An entry of a tree, itself and not what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub file: (u64, u64),
    pub mode: u32,
    pub owner: (u32, u32),
    pub links: u64,
    pub device: u64,
    /// Of a file: those of a directory change with what is in it.
    pub times: Option<[i64; 4]>,
    pub contents: Vec<u8>,
    pub attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A path as C has it.
pub fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

/// An extended attribute of an entry.
pub fn attribute(path: &Path, name: &CStr) -> Option<Vec<u8>> {
    let path = c_path(path);
    let mut value = vec![0; 65536];
    // SAFETY: both texts are terminated, and the buffer is as long as is said.
    let length = unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    value.truncate(usize::try_from(length).ok()?);
    Some(value)
}

pub fn set_attribute(path: &Path, name: &CStr, value: &[u8]) {
    let path = c_path(path);
    // SAFETY: both texts are terminated, and the value is as long as is said.
    let done = unsafe { libc::lsetxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    assert_eq!(done, 0, "{name:?}: {}", std::io::Error::last_os_error());
}

fn attributes(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let own = c_path(path);
    let mut names = vec![0u8; 4096];
    // SAFETY: the path is terminated, and the buffer is as long as is said.
    let length = unsafe { libc::llistxattr(own.as_ptr(), names.as_mut_ptr().cast(), names.len()) };
    names.truncate(usize::try_from(length).unwrap_or(0));
    let names = names.split_inclusive(|byte| *byte == 0).map(|name| CStr::from_bytes_with_nul(name).unwrap());
    names.filter_map(|name| Some((name.to_bytes().to_vec(), attribute(path, name)?))).collect()
}

fn entry(path: &Path) -> Entry {
    let found = fs::symlink_metadata(path).unwrap();
    let kind = found.file_type();
    let contents = match kind {
        _ if kind.is_file() => {
            let mut contents = Vec::new();
            let mut file = File::options().read(true).custom_flags(libc::O_NOATIME).open(path).unwrap();
            file.read_to_end(&mut contents).unwrap();
            contents
        }
        _ if kind.is_symlink() => fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec(),
        _ => Vec::new(),
    };
    // To look where a symbolic link leads is a read of it.
    let read = if kind.is_symlink() { (0, 0) } else { (found.atime(), found.atime_nsec()) };
    let times = [read.0, read.1, found.mtime(), found.mtime_nsec()];
    Entry {
        file: (found.dev(), found.ino()),
        mode: found.mode(),
        owner: (found.uid(), found.gid()),
        links: found.nlink(),
        device: found.rdev(),
        times: (!kind.is_dir()).then_some(times),
        contents,
        attributes: attributes(path),
    }
}

/// All below a directory, and itself.
pub fn tree(top: &Path) -> Tree {
    let mut tree = Tree::from([(top.to_owned(), entry(top))]);
    if tree[top].mode & libc::S_IFMT == libc::S_IFDIR {
        for entry in fs::read_dir(top).unwrap() {
            tree.extend(self::tree(&entry.unwrap().path()));
        }
    }
    tree
}

/// Fails with what differs.
pub fn assert_tree(before: &Tree, after: &Tree, about: &str) {
    let gone: Vec<_> = before.iter().filter(|(path, entry)| after.get(*path) != Some(entry)).collect();
    let come: Vec<_> = after.iter().filter(|(path, entry)| before.get(*path) != Some(entry)).collect();
    assert!(gone.is_empty() && come.is_empty(), "{about}\nwas: {gone:#?}\nis: {come:#?}");
}

/// What the steps of these tests are made on.
pub fn furnish(home: &Path) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_000_000_123_456_789);
    let file = |name: &str, contents: &str, mode: u32| {
        let path = home.join(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let times = fs::FileTimes::new().set_accessed(old).set_modified(old + Duration::from_secs(5));
        File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
        path
    };
    let first = file("file", "contents", 0o640);
    file("other", "other contents", 0o600);
    file("zero", "", 0o644);
    file("program", "#!/bin/sh\n", 0o6755);
    fs::hard_link(&first, home.join("hard")).unwrap();
    symlink("file", home.join("link")).unwrap();
    for name in ["empty", "vacant", "full"] {
        fs::create_dir(home.join(name)).unwrap();
    }
    file("full/inside", "deep", 0o644);
    fs::set_permissions(home.join("empty"), fs::Permissions::from_mode(0o2750)).unwrap();
    set_attribute(&first, c"user.colour", b"red");
}
