//! Extended attributes.

use super::script::{Part, Place, Script};
use crate::plan::Relation;
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, differ};
use crate::program::{Action, BufferId, Cell, Guard};

/// The longest old value that can be put back. The kernel knows longer ones (64 KiB), which nobody has.
const LONGEST: usize = 4096;

/// How a file is named to the calls.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// `getxattr`, `lgetxattr`, `fgetxattr` and their like.
    Plain { letter: &'static str, file: Cell },
    /// `getxattrat` and its like.
    Below(Place),
}

/// An extended attribute of a file.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    way: Way,
    name: Cell,
    longest: usize,
}

/// A value that was read, or why there is none.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub buffer: BufferId,
    /// Its length, or an error.
    pub length: Cell,
}

impl Attribute {
    /// The one that a call sets or removes.
    fn of(own: &Own, place: Place) -> Option<Self> {
        let (letter, file) = match own.syscall.name {
            "setxattr" | "removexattr" => ("", place.path),
            "lsetxattr" | "lremovexattr" => ("l", place.path),
            "fsetxattr" | "fremovexattr" => ("f", place.directory),
            "setxattrat" | "removexattrat" => {
                return Some(Self { way: Way::Below(place), name: own.arg("name")?, longest: LONGEST });
            }
            _ => return None,
        };
        Some(Self { way: Way::Plain { letter, file }, name: own.arg("name")?, longest: LONGEST })
    }

    /// What a program may do by its file: `struct vfs_ns_cap_data` is 24 bytes.
    pub fn capabilities(script: &mut Script<'_>, own: &Own, place: Place) -> Self {
        let name = script.builder.text(b"security.capability");
        let known = |cell| script.builder.known(cell);
        let from_here = known(place.directory).is_some_and(|fd| fd as i32 == libc::AT_FDCWD);
        let way = match (own.arg("fd"), known(place.flags).map(|flags| flags as i32)) {
            (Some(fd), _) => Way::Plain { letter: "f", file: fd },
            (None, Some(0)) if from_here => Way::Plain { letter: "", file: place.path },
            (None, Some(libc::AT_SYMLINK_NOFOLLOW)) if from_here => Way::Plain { letter: "l", file: place.path },
            _ => Way::Below(place),
        };
        Self { way, name, longest: 24 }
    }
}

impl Script<'_> {
    /// A value of an attribute, in a buffer of its own.
    pub fn read_attribute(&mut self, guards: &[Guard], attribute: &Attribute) -> Kept {
        let (buffer, value) = self.builder.buffer(Vec::new(), attribute.longest);
        let size = self.constant(attribute.longest as u64);
        let result = match attribute.way {
            Way::Plain { letter, file } => {
                let name = ["getxattr", "lgetxattr", "fgetxattr"][index(letter)];
                self.attempt(guards, name, &[file, attribute.name, value, size], "read the attribute")
            }
            Way::Below(place) => {
                let args = self.below(guards, place, attribute.name, value, size);
                self.attempt(guards, "getxattrat", &args, "read the attribute")
            }
        };
        // A result that is foreseen only is not taken for the length.
        let length = self.builder.unset();
        self.copy(guards, length, result);
        Kept { buffer, length }
    }

    /// Forward: the value to be put back, or that there is none. Fails where that can't be told.
    pub fn keep_attribute(&mut self, guards: &[Guard], attribute: &Attribute) -> Kept {
        let kept = self.read_attribute(guards, attribute);
        let unread = [self.failed(kept.length), self.is(kept.length, Relation::NotEqual, -i64::from(libc::ENODATA))];
        let unread =
            [guards, &unread, &[self.is(kept.length, Relation::NotEqual, -i64::from(libc::EOPNOTSUPP))]].concat();
        let long = [&unread[..], &[self.equals(kept.length, -i64::from(libc::ERANGE))]].concat();
        self.fail(&long, "the value that the attribute has is too long to be kept for undo (4096 bytes)");
        let missing = [&unread[..], &[self.equals(kept.length, -i64::from(libc::ENOSYS))]].concat();
        self.fail(
            &missing,
            "this kernel can't tell an attribute of a file below a directory, so it can't be kept for undo",
        );
        kept
    }

    /// Sets an attribute to a value.
    pub fn put_attribute(&mut self, guards: &[Guard], attribute: &Attribute, value: BufferId, length: Cell) {
        let value = self.builder.address(value);
        let none = self.constant(0);
        match attribute.way {
            Way::Plain { letter, file } => {
                let name = ["setxattr", "lsetxattr", "fsetxattr"][index(letter)];
                self.call(guards, name, &[file, attribute.name, value, length, none], "put the attribute back");
            }
            Way::Below(place) => {
                let args = self.below(guards, place, attribute.name, value, length);
                self.call(guards, "setxattrat", &args, "put the attribute back");
            }
        }
    }

    fn remove_attribute(&mut self, guards: &[Guard], attribute: &Attribute) {
        match attribute.way {
            Way::Plain { letter, file } => {
                let name = ["removexattr", "lremovexattr", "fremovexattr"][index(letter)];
                self.call(guards, name, &[file, attribute.name], "remove the attribute");
            }
            Way::Below(Place { directory, path, flags }) => {
                let args = [directory, path, flags, attribute.name];
                self.call(guards, "removexattrat", &args, "remove the attribute");
            }
        }
    }

    /// Arguments of getxattrat(2) and setxattrat(2): `struct xattr_args` is an address, a size and flags.
    fn below(&mut self, guards: &[Guard], place: Place, name: Cell, value: Cell, size: Cell) -> [Cell; 6] {
        let (buffer, args) = self.builder.buffer(Vec::new(), 16);
        for (offset, bytes, from) in [(0, 8, value), (8, 4, size)] {
            let store = Action::Store { buffer, offset, size: bytes, signed: false, swapped: false, most: None, from };
            self.push(guards, store);
        }
        let length = self.constant(16);
        [place.directory, place.path, place.flags, name, args, length]
    }
}

fn index(letter: &str) -> usize {
    match letter {
        "l" => 1,
        "f" => 2,
        _ => 0,
    }
}

impl Lowering<'_> {
    /// setxattr(2), removexattr(2) and their like.
    pub fn changes_xattr(&mut self, own: &Own) -> Option<Sections> {
        let mut script = Script::new(&mut self.builder);
        let place = script.place_of(own);
        let attribute = Attribute::of(own, place)?;
        let before = script.look_first(place, []);
        let old = script.keep_attribute(&[], &attribute);
        script.push(&[], own.op("as asked"));
        let made = script.made(own.result);
        let left = script.read_attribute(&[made], &attribute);
        let after = script.look(&[made], place, []);
        script.turn_to(Part::Undo);
        let file = script.latest(&before, &after);
        let there = script.look(&[made], place, []);
        let same = script.same(&there, &file);
        script.fail(&[made, same.no], "its path leads to another file than the one that it changed");
        let now = script.read_attribute(&[made, same.yes], &attribute);
        let here = [made, same.yes];
        let moved = script.value_differs(&here, &now, &old);
        let other = script.value_differs(&here, &now, &left);
        let foreign = [&here[..], &[moved, other]].concat();
        script.fail(&foreign, "the attribute is no longer what the step made it");
        let had = script.made(old.length);
        let back = [&here[..], &[moved]].concat();
        script.put_attribute(&[&back[..], &[had]].concat(), &attribute, old.buffer, old.length);
        let (had_none, has) = (script.failed(old.length), script.made(now.length));
        script.remove_attribute(&[&back[..], &[had_none, has]].concat(), &attribute);
        Some(script.sections)
    }
}

impl Script<'_> {
    /// Whether two values that were read differ, or one is there and the other not; not if one was not read.
    fn value_differs(&mut self, guards: &[Guard], a: &Kept, b: &Kept) -> Guard {
        let longer = [guards, &[differ(a.length, b.length)]].concat();
        let alike = Guard { left: a.length, relation: Relation::Equal, right: b.length };
        let alike = [guards, &[alike, self.is(a.length, Relation::Greater, 0)]].concat();
        let same = self.builder.unset();
        self.push(&alike, Action::SameBytes { into: same, a: a.buffer, b: b.buffer, length: a.length });
        let otherwise = [&alike[..], &[self.equals(same, 0)]].concat();
        self.any(&[&longer, &otherwise]).yes
    }
}
