//! Files, their names and attributes, and directories.
//!
//! A path that a call takes may lead elsewhere after a later step has changed the working directory, a descriptor or a name.
//! But undo goes backwards: when it comes to a step all later ones are taken back, and the path leads where it did. Others may
//! have changed what it names meanwhile, so a file is looked at before anything is done to it, and no name is removed or
//! moved whose file is not the one that the step left there. What waits for commit is different: then all later steps are
//! done, so it goes by a directory that is kept open.

mod aside;
mod attributes;
mod directory;
mod emptiness;
mod host;
mod inode_flags;
mod naming;
mod place;
mod renaming;
mod script;
mod xattr;

pub use naming::{Failures, Named};
pub use script::{Field, Part, Script};

use crate::plan::Step;
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::Sections;

/// Whether a call of this name may change what paths name for its process, or how much is in the files that they name.
pub fn renames(call: &str) -> bool {
    matches!(
        call,
        "chdir" | "fchdir" | "chroot" | "pivot_root" | "setns" | "unshare" | "mount" | "umount2" | "move_mount"
    ) || matches!(call, "mkdir" | "mkdirat" | "symlink" | "symlinkat" | "link" | "linkat" | "mknod" | "mknodat")
        || matches!(call, "rmdir" | "unlink" | "unlinkat" | "rename" | "renameat" | "renameat2")
        || matches!(call, "truncate" | "ftruncate" | "fallocate" | "bind")
}

impl Lowering<'_> {
    /// The sections of a call on files.
    pub fn files(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        Some(match step.syscall.name {
            "chdir" | "fchdir" => self.changes_cwd(own),
            "chroot" => self.changes_root(own),
            "mkdir" | "mkdirat" | "symlink" | "symlinkat" | "link" | "linkat" | "mknod" | "mknodat" => {
                self.makes_name(step, own)
            }
            "rmdir" | "unlink" | "unlinkat" => self.removes_name(step, own),
            "rename" | "renameat" | "renameat2" => self.renames(step, own),
            "chmod" | "fchmod" | "fchmodat" | "fchmodat2" => self.changes_mode(own),
            "chown" | "fchown" | "lchown" | "fchownat" => self.changes_owner(own),
            "setxattr" | "lsetxattr" | "fsetxattr" | "setxattrat" => return self.changes_xattr(own),
            "removexattr" | "lremovexattr" | "fremovexattr" | "removexattrat" => return self.changes_xattr(own),
            "utime" | "utimes" | "futimesat" | "utimensat" => self.changes_times(own),
            "file_setattr" => self.changes_inode_flags(own),
            "truncate" | "ftruncate" | "fallocate" => self.changes_length(step, own),
            "sethostname" | "setdomainname" => self.changes_host(own),
            _ => return None,
        })
    }
}
