//! What each nature of call keeps, undoes and releases (design: keep, forward, undo, commit).

use super::builder::{Builder, Own, always, when};
use super::{Action, BufferId, Cell, Op};
use crate::plan::Relation;

/// The sections of one step.
#[derive(Debug, Default)]
pub struct Sections {
    pub forward: Vec<Op>,
    pub undo: Vec<Op>,
    pub commit: Vec<Op>,
    pub release: Vec<Op>,
}

/// Flags of open(2) that F_SETFL can change.
const SETTABLE: u64 = (libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME | libc::O_NONBLOCK) as u64;
const CLOEXEC: u64 = libc::O_CLOEXEC as u64;
/// `struct stat` of x86_64 (arch/x86/include/uapi/asm/stat.h): size, and offsets of st_dev, st_ino, st_size.
const STAT: usize = 144;
const ST_DEV: usize = 0;
const ST_INO: usize = 8;
const ST_SIZE: usize = 48;

/// A call by name, or nothing: every name used here is in the table, which its tests see to.
fn call(builder: &Builder, name: &str, args: Vec<Cell>, result: Cell, purpose: &'static str) -> Action {
    let missing = Action::Fail("a call that undo needs is not in the table");
    builder.helper(name, args, result, purpose).unwrap_or(missing)
}

impl Sections {
    /// Just the call.
    pub fn plain(own: &Own) -> Self {
        Self { forward: vec![always(own.op("as asked"))], ..Self::default() }
    }

    /// A call whose result is a new descriptor.
    pub fn gives_fd(builder: &mut Builder, own: &Own) -> Self {
        let mut sections = Self::plain(own);
        sections.close_on_undo(builder, own.result);
        sections
    }

    fn close_on_undo(&mut self, builder: &mut Builder, fd: Cell) {
        let (given, done) = (builder.succeeded(fd), builder.unset());
        self.undo.push(when([given], call(builder, "close", vec![fd], done, "close again")));
    }

    /// A call that fills `int[2]` with two new descriptors.
    pub fn gives_pair(builder: &mut Builder, own: &Own, pair: BufferId) -> Self {
        let mut sections = Self::plain(own);
        let given = builder.succeeded(own.result);
        for offset in [0, 4] {
            let fd = builder.unset();
            let load = Action::Load { into: fd, buffer: pair, offset, size: 4, signed: true };
            sections.forward.push(when([given], load));
            sections.close_on_undo(builder, fd);
        }
        sections
    }

    /// An open that makes its file if there is none: made with O_EXCL, so that it is known to be ours, and taken away again
    /// on undo if it is still the same file and nobody has written to it. `path` and `directory` name it.
    pub fn creates(builder: &mut Builder, own: &Own, flags: (usize, u64), directory: Cell, path: Cell) -> Self {
        let (made, mut sections) = (builder.unset(), Self::default());
        let zero = builder.constant(0);
        let mut exclusive = own.args.clone();
        if let Some(slot) = exclusive.get_mut(flags.0) {
            *slot = builder.constant(flags.1 | libc::O_EXCL as u64);
        }
        let mut first = own.clone();
        first.accept.ignore.push(libc::EEXIST);
        let given = builder.succeeded(own.result);
        let exists = builder.guard(own.result, Relation::Equal, -i64::from(libc::EEXIST));
        sections.forward = vec![
            always(first.with(exclusive, "make the file")),
            when([given], Action::Add { into: made, a: own.result, b: zero, negative: false }),
            when([exists], own.op("open what has come to be there")),
        ];
        sections.take_file_away(builder, made, directory, path);
        sections.close_on_undo(builder, own.result);
        sections
    }

    fn take_file_away(&mut self, builder: &mut Builder, made: Cell, directory: Cell, path: Cell) {
        let ours = builder.succeeded(made);
        let (open, open_at) = builder.buffer(Vec::new(), STAT);
        let (named, named_at) = builder.buffer(Vec::new(), STAT);
        let no_follow = builder.constant(libc::AT_SYMLINK_NOFOLLOW as u64);
        let (looked, found, gone) = (builder.unset(), builder.unset(), builder.unset());
        self.undo.push(when([ours], call(builder, "fstat", vec![made, open_at], looked, "look at the file")));
        let mut look =
            call(builder, "newfstatat", vec![directory, path, named_at, no_follow], found, "look at its name");
        if let Action::Call(look) = &mut look {
            look.accept.ignore.push(libc::ENOENT);
        }
        self.undo.push(when([ours], look));
        let there = builder.guard(found, Relation::Equal, 0);
        let mut same = vec![ours, there];
        for offset in [ST_DEV, ST_INO] {
            let (left, right) = (builder.unset(), builder.unset());
            for (into, buffer) in [(left, open), (right, named)] {
                self.undo.push(when([ours, there], Action::Load { into, buffer, offset, size: 8, signed: false }));
            }
            same.push(super::Guard { left, relation: Relation::Equal, right });
        }
        let size = builder.unset();
        self.undo.push(when(
            same.clone(),
            Action::Load { into: size, buffer: named, offset: ST_SIZE, size: 8, signed: false },
        ));
        let zero = builder.constant(0);
        let mut empty = same.clone();
        empty.push(builder.guard(size, Relation::Equal, 0));
        self.undo.push(when(empty, call(builder, "unlinkat", vec![directory, path, zero], gone, "take the file away")));
        let mut written = same;
        written.push(builder.guard(size, Relation::Greater, 0));
        self.undo.push(when(written, Action::Fail("the file that it made has been written to since, and stays")));
    }

    /// An open that might wait: made not to, and set right afterwards.
    pub fn opens_at_once(builder: &mut Builder, own: &Own, flags: (usize, u64)) -> Self {
        let mut args = own.args.clone();
        if let Some(slot) = args.get_mut(flags.0) {
            *slot = builder.constant(flags.1 | libc::O_NONBLOCK as u64);
        }
        let mut at_once = own.clone();
        at_once.may_block = false;
        let mut sections =
            Self { forward: vec![always(at_once.with(args, "open without waiting"))], ..Self::default() };
        let (given, done) = (builder.succeeded(own.result), builder.unset());
        let (set, asked) = (builder.constant(libc::F_SETFL as u64), builder.constant(flags.1 & SETTABLE));
        sections
            .forward
            .push(when([given], call(builder, "fcntl", vec![own.result, set, asked], done, "as it was asked for")));
        sections.close_on_undo(builder, own.result);
        sections
    }

    /// Keeps a duplicate of `fd`, if it is open: its flags, and the duplicate.
    fn keep(&mut self, builder: &mut Builder, fd: Cell, unless_same: Option<Cell>) -> (Cell, Cell) {
        let (was, number, keep) = (builder.unset(), builder.unset(), builder.unset());
        self.forward.push(always(Action::DescriptorFlags { into: was, fd }));
        let mut guards = vec![builder.succeeded(was)];
        if let Some(other) = unless_same {
            guards.push(super::Guard { left: fd, relation: Relation::NotEqual, right: other });
        }
        self.forward.push(when(guards.clone(), Action::NoPosixLocks { fd }));
        self.forward.push(when(guards.clone(), Action::FreeDescriptor { into: number }));
        let duplicate = builder.constant(libc::F_DUPFD_CLOEXEC as u64);
        self.forward.push(when(guards, call(builder, "fcntl", vec![fd, duplicate, number], keep, "keep")));
        let (kept, done) = (builder.succeeded(keep), builder.unset());
        self.release.push(when([kept], call(builder, "close", vec![keep], done, "release what was kept")));
        (was, keep)
    }

    /// Puts a kept duplicate back as `fd`, with its close-on-exec flag.
    fn put_back(&mut self, builder: &mut Builder, guard: super::Guard, was: Cell, keep: Cell, fd: Cell) {
        let (flags, done, kept) = (builder.unset(), builder.unset(), builder.succeeded(keep));
        self.undo.push(when([guard, kept], Action::Bits { into: flags, from: was, mask: CLOEXEC, shift: 0 }));
        self.undo.push(when([guard, kept], call(builder, "dup3", vec![keep, fd, flags], done, "put back")));
    }

    /// A call that replaces descriptor `newfd` by `oldfd`.
    pub fn replaces_fd(builder: &mut Builder, own: &Own, old: Cell, new: Cell) -> Self {
        let mut sections = Self::default();
        let (was, keep) = sections.keep(builder, new, Some(old));
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let differ = super::Guard { left: old, relation: Relation::NotEqual, right: new };
        sections.undo.push(when([made, differ], Action::SameDescription { now: new, expected: old }));
        sections.put_back(builder, made, was, keep, new);
        let closed = builder.guard(was, Relation::Less, 0);
        let done = builder.unset();
        sections.undo.push(when([made, differ, closed], call(builder, "close", vec![new], done, "close again")));
        sections
    }

    /// A call that closes descriptor `fd`.
    pub fn closes_fd(builder: &mut Builder, own: &Own, fd: Cell) -> Self {
        let mut sections = Self::default();
        let (was, keep) = sections.keep(builder, fd, None);
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let (closed, none) = (builder.constant(-i64::from(libc::EBADF) as u64), u64::MAX);
        sections.undo.push(when([made], Action::FlagsAre { fd, value: closed, mask: none }));
        sections.put_back(builder, made, was, keep, fd);
        sections
    }

    /// A close of a descriptor that the plan itself opened, held back until commit: on rollback the step that gave the
    /// descriptor closes it.
    pub fn closes_at_commit(own: &Own) -> Self {
        Self { commit: vec![always(own.op("as asked, at commit"))], ..Self::default() }
    }

    /// fcntl F_SETFD or F_SETFL.
    pub fn sets_flags(builder: &mut Builder, own: &Own, fd: Cell, command: u64) -> Self {
        let mut sections = Self::default();
        let (was, left) = (builder.unset(), builder.unset());
        let (mask, shift) =
            if command == libc::F_SETFD as u64 { (CLOEXEC, CLOEXEC.trailing_zeros()) } else { (SETTABLE, 0) };
        sections.forward.push(always(Action::DescriptorFlags { into: was, fd }));
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        sections.forward.push(when([made], Action::DescriptorFlags { into: left, fd }));
        sections.undo.push(when([made], Action::FlagsAre { fd, value: left, mask }));
        let (value, set, done) = (builder.unset(), builder.constant(command), builder.unset());
        sections.undo.push(when([made], Action::Bits { into: value, from: was, mask, shift }));
        sections.undo.push(when([made], call(builder, "fcntl", vec![fd, set, value], done, "put back")));
        sections
    }
}
