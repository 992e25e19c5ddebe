//! What a call on a file is made on, whichever way it names it.

use super::script::{Place, Script};
use crate::program::Cell;
use crate::program::builder::Own;

impl Script<'_> {
    /// The file that a call changes an attribute of.
    pub fn place_of(&mut self, own: &Own) -> Place {
        let none = self.constant(0);
        let here = self.constant(libc::AT_FDCWD as i64 as u64);
        if let Some(fd) = own.arg("fd") {
            return self.open(fd);
        }
        let directory = own.arg("dirfd").unwrap_or(here);
        let path = ["pathname", "path", "filename"].into_iter().find_map(|name| own.arg(name)).unwrap_or(none);
        let flags = match own.syscall.name {
            "lchown" | "lsetxattr" | "lremovexattr" => self.constant(libc::AT_SYMLINK_NOFOLLOW as u64),
            "fchmodat2" | "fchownat" | "utimensat" => own.arg("flags").unwrap_or(none),
            "setxattrat" | "removexattrat" | "file_setattr" => own.arg("at_flags").unwrap_or(none),
            _ => none,
        };
        // futimesat(2) and utimensat(2) without a path are about the descriptor.
        if self.builder.known(path) == Some(0) { self.open(directory) } else { Place { directory, path, flags } }
    }
}

/// The arguments of a call with some of them replaced, by their names.
pub fn with(own: &Own, others: &[(&str, Cell)]) -> Vec<Cell> {
    let mut args = own.args.clone();
    for (name, cell) in others {
        if let Some(slot) = own.syscall.param(name).and_then(|index| args.get_mut(index)) {
            *slot = *cell;
        }
    }
    args
}
