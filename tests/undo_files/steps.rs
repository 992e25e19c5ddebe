//! Steps that are undone. They work in the directory HOME, which is open as descriptor 14; 10 and 11 are its files `ten` and
//! `eleven`.

/// Each call, in each of its ways, as anybody may make it on files of his own.
pub const STEPS: [&str; 64] = [
    "{open: [HOME/new, 'O_WRONLY|O_CREAT', 0o600]}",
    "{openat: [14, new, 'O_WRONLY|O_CREAT|O_EXCL', 0o600]}",
    "{creat: [new, 0o600]}",
    "{chdir: [empty]}",
    "{chdir: [/]}",
    "{chdir: [HOME/full]}",
    "{fchdir: [14]}",
    "{mkdir: [HOME/new, 0o755]}",
    "{mkdir: [new/, 0o700]}",
    "{mkdirat: [14, new, 0o755]}",
    "{symlink: [nowhere, HOME/new]}",
    "{symlinkat: [file, 14, new]}",
    "{link: [file, new]}",
    "{link: [link, full/new]}",
    "{linkat: [14, link, AT_FDCWD, new, AT_SYMLINK_FOLLOW]}",
    "{mknod: [new, 'S_IFIFO|0o600', 0]}",
    "{mknod: [new, 'S_IFSOCK|0o600', 0]}",
    "{mknodat: [14, new, 0o600, 0]}",
    "{rmdir: [empty]}",
    "{rmdir: [HOME/empty/]}",
    "{unlinkat: [14, empty, AT_REMOVEDIR]}",
    "{unlink: [file]}",
    "{unlink: [HOME/link]}",
    "{unlink: [hard]}",
    "{unlinkat: [14, other, 0]}",
    "{rename: [file, new]}",
    "{rename: [HOME/link, full/new]}",
    "{rename: [full, new]}",
    "{rename: [file, other]}",
    "{rename: [link, full/inside]}",
    "{rename: [full, empty]}",
    "{rename: [empty, vacant]}",
    "{renameat: [14, file, 14, other]}",
    "{renameat: [14, file, AT_FDCWD, full/new]}",
    "{renameat2: [14, file, 14, new, RENAME_NOREPLACE]}",
    "{renameat2: [14, file, 14, full, RENAME_EXCHANGE]}",
    "{renameat2: [AT_FDCWD, file, AT_FDCWD, other, 0]}",
    "{chmod: [file, 0o444]}",
    "{chmod: [program, 0o711]}",
    "{chmod: [empty, 0o500]}",
    "{chmod: [link, 0o600]}",
    "{fchmod: [10, 0o4711]}",
    "{fchmodat: [14, file, 0o777]}",
    "{fchmodat2: [14, file, 0o777, 0]}",
    "{setxattr: [file, user.colour, green, 5, 0]}",
    "{setxattr: [file, user.shape, round, 5, XATTR_CREATE]}",
    "{lsetxattr: [HOME/file, user.colour, '', 0, 0]}",
    "{fsetxattr: [11, user.colour, blue, 4, 0]}",
    "{removexattr: [link, user.colour]}",
    "{lremovexattr: [file, user.colour]}",
    "{utime: [file, {struct: {actime: 5, modtime: 6}}]}",
    "{utime: [file]}",
    "{utimes: [file, {struct: [{tv_sec: 7}, {tv_sec: 8, tv_usec: 9}]}]}",
    "{futimesat: [14, file, {struct: [{tv_sec: 7}, {tv_sec: 8, tv_usec: 9}]}]}",
    "{utimensat: [14, file, {struct: [{tv_sec: 7}, {tv_sec: 8, tv_nsec: 9}]}, 0]}",
    "{utimensat: [AT_FDCWD, link, {struct: [{tv_sec: 7}, {tv_sec: 8, tv_nsec: 9}]}, AT_SYMLINK_NOFOLLOW]}",
    "{utimensat: {dirfd: 10, times: {struct: [{tv_sec: 7}, {tv_sec: 8, tv_nsec: 9}]}}}",
    "{utimensat: [14, file, {struct: [{tv_sec: 7}, {tv_nsec: UTIME_OMIT}]}, 0]}",
    "{truncate: [file, 5000]}",
    "{truncate: [HOME/zero, 1]}",
    "{ftruncate: [10, 100]}",
    "{fallocate: [10, 0, 0, 4096]}",
    "{fallocate: [10, 0, 5, 2]}",
    "{truncate: [link, 8]}",
];
/// Those that take the rights of root.
pub const OF_ROOT: [&str; 13] = [
    "{chown: [file, 1, 2]}",
    "{chown: [program, 1, -1]}",
    "{chown: [program, -1, 7]}",
    "{lchown: [link, 3, 4]}",
    "{fchown: [10, 5, 6]}",
    "{fchownat: [AT_FDCWD, program, 1, 2, 0]}",
    "{fchownat: [14, link, 1, 2, AT_SYMLINK_NOFOLLOW]}",
    "{fchownat: [AT_FDCWD, program, 1, 2, AT_SYMLINK_NOFOLLOW]}",
    "{mknod: [new, 'S_IFCHR|0o600', 0x103]}",
    "{chroot: [HOME/full]}",
    "{chroot: ['.']}",
    "{setxattr: [program, security.capability, {bytes: '0100000201000000000000000000000000000000'}, 20, 0]}",
    "{removexattr: [program, security.capability]}",
];

/// Of a program that root has made: `struct vfs_cap_data`.
pub const CAPABILITIES: &[u8] = &[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// The same on Linux 6.13.
pub const OF_ROOT_ON_NEW_KERNELS: [&str; 4] = [
    "{setxattrat: [14, file, 0, user.colour, {struct: {value: green, size: 5}}, 16]}",
    "{setxattrat: [14, link, AT_SYMLINK_NOFOLLOW, trusted.mark, {struct: {value: green, size: 5}}, 16]}",
    "{removexattrat: [14, link, 0, user.colour]}",
    "{fchownat: [14, program, 1, 2, 0]}",
];

/// All that can be made here.
pub fn steps() -> Vec<&'static str> {
    // SAFETY: with no such descriptor the call, getxattrat(2), does nothing.
    let new = unsafe { libc::syscall(464, -1, c"".as_ptr(), 0, 0, 0, 0) } < 0
        && std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS);
    let root = crate::support::is_root();
    let mut steps = STEPS.to_vec();
    steps.extend(OF_ROOT.iter().filter(|_| root));
    steps.extend(OF_ROOT_ON_NEW_KERNELS.iter().filter(|_| new && root));
    steps
}
