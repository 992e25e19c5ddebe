//! Ops that look at files, decide, and act: written one after another.

use crate::plan::Relation;
use crate::program::builder::{Builder, when};
use crate::program::natures::{Sections, call};
use crate::program::{Action, Cell, Guard};

/// The sections of a step in the making.
pub struct Script<'b> {
    pub builder: &'b mut Builder,
    pub sections: Sections,
    part: Part,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Forward,
    Undo,
    Commit,
    Release,
}

/// What a condition came to as the program ran. It is decided anew each time, so a section may be run twice.
#[derive(Debug, Clone, Copy)]
pub struct Finding {
    /// Holds if it is so.
    pub yes: Guard,
    /// Holds if it is not.
    pub no: Guard,
}

/// What statx(2) is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub directory: Cell,
    pub path: Cell,
    /// Of AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
    pub flags: Cell,
}

/// A number that statx(2) tells, by its place in `struct statx` (include/uapi/linux/stat.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    Owner = 20,
    Group = 24,
    Mode = 28,
    Size = 40,
    AccessedSeconds = 64,
    AccessedNanoseconds = 72,
    ModifiedSeconds = 112,
    ModifiedNanoseconds = 120,
    Mount = 144,
}

const INODE: usize = 32;
const BORN_SECONDS: usize = 80;
const BORN_NANOSECONDS: usize = 88;
/// Major number in the lower half, minor number in the upper.
const DEVICE: usize = 136;

impl Field {
    fn bytes(self) -> usize {
        match self {
            Self::Owner | Self::Group | Self::AccessedNanoseconds | Self::ModifiedNanoseconds => 4,
            Self::Mode => 2,
            Self::Size | Self::AccessedSeconds | Self::ModifiedSeconds | Self::Mount => 8,
        }
    }
}

/// What was seen of a file.
#[derive(Debug, Clone, Copy)]
pub struct Seen<const N: usize> {
    /// Result of statx(2): 0, or why not.
    pub found: Cell,
    /// Device, inode and time of birth: inodes are used again. Where the file system knows no birth it is 0.
    pub identity: [Cell; 4],
    /// The fields that were asked for.
    pub fields: [Cell; N],
}

impl<'b> Script<'b> {
    pub fn new(builder: &'b mut Builder) -> Self {
        Self { builder, sections: Sections::default(), part: Part::Forward }
    }

    /// What follows goes there; where it went until now.
    pub fn turn_to(&mut self, part: Part) -> Part {
        std::mem::replace(&mut self.part, part)
    }

    pub fn push(&mut self, guards: &[Guard], action: Action) {
        let ops = match self.part {
            Part::Forward => &mut self.sections.forward,
            Part::Undo => &mut self.sections.undo,
            Part::Commit => &mut self.sections.commit,
            Part::Release => &mut self.sections.release,
        };
        ops.push(when(guards, action));
    }

    pub fn is(&mut self, cell: Cell, relation: Relation, value: i64) -> Guard {
        self.builder.guard(cell, relation, value)
    }

    pub fn equals(&mut self, cell: Cell, value: i64) -> Guard {
        self.is(cell, Relation::Equal, value)
    }

    /// The call was made and did not fail.
    pub fn made(&mut self, result: Cell) -> Guard {
        self.builder.succeeded(result)
    }

    pub fn failed(&mut self, result: Cell) -> Guard {
        self.is(result, Relation::Less, 0)
    }

    pub fn fail(&mut self, guards: &[Guard], why: &'static str) {
        self.push(guards, Action::Fail(why));
    }

    pub fn constant(&mut self, value: u64) -> Cell {
        self.builder.constant(value)
    }

    /// `into = from`.
    pub fn copy(&mut self, guards: &[Guard], into: Cell, from: Cell) {
        let zero = self.constant(0);
        self.push(guards, Action::Add { into, a: from, b: zero, negative: false });
    }

    /// `into = value`.
    pub fn set(&mut self, guards: &[Guard], into: Cell, value: u64) {
        let value = self.constant(value);
        self.copy(guards, into, value);
    }

    /// `from & mask`.
    pub fn bits(&mut self, guards: &[Guard], from: Cell, mask: u64) -> Cell {
        let into = self.builder.unset();
        self.push(guards, Action::Bits { into, from, mask, shift: 0 });
        into
    }

    /// A call of ours that must succeed.
    pub fn call(&mut self, guards: &[Guard], name: &str, args: &[Cell], purpose: &'static str) -> Cell {
        let result = self.builder.unset();
        let action = call(self.builder, name, args.to_vec(), result, purpose);
        self.push(guards, action);
        result
    }

    /// A call of ours; what comes of it is looked at afterwards.
    pub fn attempt(&mut self, guards: &[Guard], name: &str, args: &[Cell], purpose: &'static str) -> Cell {
        let result = self.builder.unset();
        let action = call(self.builder, name, args.to_vec(), result, purpose);
        self.push(guards, whatever_comes(action));
        result
    }

    /// Whether one of several sets of conditions holds.
    pub fn any(&mut self, alternatives: &[&[Guard]]) -> Finding {
        let found = self.builder.unset();
        self.set(&[], found, 0);
        for guards in alternatives {
            self.set(guards, found, 1);
        }
        Finding { yes: self.equals(found, 1), no: self.equals(found, 0) }
    }

    /// Whether all of these hold; not if one is about what is not known.
    pub fn all(&mut self, guards: &[Guard]) -> Finding {
        self.any(&[guards])
    }

    /// Looks at what a place names.
    pub fn look<const N: usize>(&mut self, guards: &[Guard], place: Place, fields: [Field; N]) -> Seen<N> {
        let (buffer, status) = self.builder.status();
        // Basic status, time of birth, id of the mount.
        let mask = self.constant(u64::from(libc::STATX_BASIC_STATS | libc::STATX_BTIME | libc::STATX_MNT_ID));
        let args = [place.directory, place.path, place.flags, mask, status];
        let (found, result) = (self.builder.unset(), self.attempt(guards, "statx", &args, "look"));
        let seen = [guards, &[self.equals(result, 0)]].concat();
        let mut load = |offset: usize, size: usize| {
            let into = self.builder.unset();
            self.push(&seen, Action::Load { into, buffer, offset, size, signed: false, swapped: false });
            into
        };
        let identity = [(DEVICE, 8), (INODE, 8), (BORN_SECONDS, 8), (BORN_NANOSECONDS, 4)];
        let identity = identity.map(|(offset, size)| load(offset, size));
        let fields = fields.map(|field| load(field as usize, field.bytes()));
        // Last, so that nothing counts as seen of which only a part was.
        self.copy(guards, found, result);
        Seen { found, identity, fields }
    }

    /// Forward: looks before the step's own call. What that finds is for the call to say, but that nobody can look is ours.
    pub fn look_first<const N: usize>(&mut self, place: Place, fields: [Field; N]) -> Seen<N> {
        let seen = self.look(&[], place, fields);
        for errno in [libc::ENOSYS, libc::EPERM] {
            let barred = [self.equals(seen.found, -i64::from(errno))];
            self.fail(&barred, "the process may not look at files by statx, without which this can't be undone");
        }
        seen
    }

    /// Whether both were seen and are one file.
    pub fn same<const N: usize, const M: usize>(&mut self, a: &Seen<N>, b: &Seen<M>) -> Finding {
        let mut guards = vec![self.equals(a.found, 0), self.equals(b.found, 0)];
        guards.extend(equal(&a.identity, &b.identity));
        self.all(&guards)
    }

    /// What was seen last of a file: `later`, if that look was made. A file system of layers gives a file another inode
    /// when it is changed, so what counts is what it was after the step.
    pub fn latest<const N: usize, const M: usize>(&mut self, earlier: &Seen<N>, later: &Seen<M>) -> Seen<0> {
        let found = self.builder.unset();
        let identity = [(); 4].map(|()| self.builder.unset());
        for (was, of) in [(earlier.found, earlier.identity), (later.found, later.identity)] {
            let seen = [self.equals(was, 0)];
            self.copy(&seen, found, was);
            for (into, from) in identity.into_iter().zip(of) {
                self.copy(&seen, into, from);
            }
        }
        Seen { found, identity, fields: [] }
    }

    /// The place itself, and not what it leads to if it is a symbolic link.
    pub fn entry(&mut self, directory: Cell, path: Cell) -> Place {
        Place { directory, path, flags: self.constant(libc::AT_SYMLINK_NOFOLLOW as u64) }
    }

    /// What is open as a descriptor.
    pub fn open(&mut self, fd: Cell) -> Place {
        Place { directory: fd, path: self.builder.empty_path(), flags: self.constant(libc::AT_EMPTY_PATH as u64) }
    }
}

/// Both are set and the same, one by one.
pub fn equal<'c>(a: &'c [Cell], b: &'c [Cell]) -> impl Iterator<Item = Guard> + 'c {
    a.iter().zip(b).map(|(left, right)| Guard { left: *left, relation: Relation::Equal, right: *right })
}

/// The call with every error gone over: what comes of it is looked at later.
pub fn whatever_comes(mut action: Action) -> Action {
    if let Action::Call(call) = &mut action {
        call.accept.ignore = (1..=libc::EHWPOISON).collect();
    }
    action
}
