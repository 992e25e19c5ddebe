//! Whether a directory is empty, seen before it is removed: what is not can't be.

use super::script::{Finding, Part, Place, Script, Seen};
use crate::plan::Relation;
use crate::program::{Action, Cell, Guard};

/// `struct linux_dirent64` (include/linux/dirent.h): where the length of an entry and its name are.
const LENGTH: usize = 16;
const NAME: usize = 19;
/// An entry of a name of up to 4 bytes, and one of a name that something is held aside under.
const SHORT: usize = 24;
const ASIDE: usize = 48;
const FLAGS: i32 = libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK;

impl Script<'_> {
    /// Forward: whether a directory, as it was seen, has no entries but those that earlier steps of the plan hold aside, which
    /// will be gone when its turn comes.
    pub fn is_empty(&mut self, guards: &[Guard], place: Place, seen: &Seen<1>, held: &[Vec<u8>]) -> Finding {
        let [device, inode, ..] = seen.identity;
        self.push(guards, Action::NoPosixLocksOn { device, inode });
        let flags = self.constant(FLAGS as u64);
        let fd = self.call(guards, "openat", &[place.directory, place.path, flags], "see whether it is empty");
        let found = self.only_expected(guards, fd, held);
        let settled = self.builder.variable(0);
        self.call(guards, "close", &[fd], "it was looked at");
        self.set(guards, settled, 1);
        let before = self.turn_to(Part::Release);
        self.let_go(fd, settled, (libc::O_DIRECTORY | libc::O_CLOEXEC | libc::O_NONBLOCK) as u64);
        self.turn_to(before);
        found
    }

    /// Whether an open directory has `.`, `..` and these entries only, in whatever order, or fewer.
    fn only_expected(&mut self, guards: &[Guard], fd: Cell, held: &[Vec<u8>]) -> Finding {
        let expected = 2 * SHORT + ASIDE * held.len();
        // With room for one more.
        let (buffer, entries) = self.builder.buffer(Vec::new(), expected + ASIDE);
        let room = self.constant((expected + ASIDE) as u64);
        let read = self.attempt(guards, "getdents64", &[fd, entries, room], "see whether it is empty");
        let next = self.builder.unset();
        self.set(&[], next, 0);
        for at in (0..expected).step_by(SHORT) {
            let here = [guards, &[self.equals(next, at as i64), self.is(read, Relation::Greater, at as i64)]].concat();
            let mut load = |offset: usize, size: usize| {
                let into = self.builder.unset();
                self.push(&here, Action::Load { into, buffer, offset, size, signed: false, swapped: false });
                into
            };
            let (length, name) = (load(at + LENGTH, 2), [0, 8, 16].map(|word| load(at + NAME + word, 8)));
            let (one, two) = (self.bits(&here, name[0], 0xffff), self.bits(&here, name[0], 0xff_ffff));
            let (short, long) = (self.equals(length, SHORT as i64), self.equals(length, ASIDE as i64));
            let (itself, parent) = (self.equals(one, 0x2e), self.equals(two, 0x2e2e));
            let mut ours: Vec<Vec<Guard>> = Vec::new();
            for words in held.iter().filter_map(|held| held.as_chunks().0.first_chunk::<3>()) {
                let words = words.iter().zip(name).map(|(word, cell)| self.equals(cell, i64::from_le_bytes(*word)));
                ours.push([&here[..], &[long], &words.collect::<Vec<_>>()].concat());
            }
            let ours: Vec<&[Guard]> = ours.iter().map(Vec::as_slice).collect();
            let dots = [[&here[..], &[short, itself]].concat(), [&here[..], &[short, parent]].concat()];
            let (dots, ours) = (self.any(&[&dots[0], &dots[1]]), self.any(&ours));
            self.set(&[dots.yes], next, (at + SHORT) as u64);
            self.set(&[ours.yes], next, (at + ASIDE) as u64);
        }
        let rest = self.attempt(guards, "getdents64", &[fd, entries, room], "see whether it is empty");
        let whole = Guard { left: next, relation: Relation::Equal, right: read };
        let (nothing, made) = (self.equals(rest, 0), self.made(read));
        self.all(&[made, whole, nothing])
    }
}
