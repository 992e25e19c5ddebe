//! What is to be removed is moved aside first: to a name beside its own, which nobody can guess. Undo moves it back, commit
//! removes it there.

use super::script::{Field, Finding, Part, Place, Script, Seen};
use crate::plan::{Arg, Relation, Spanned, Step};
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::{Cell, Guard};
use std::hash::{BuildHasher, Hasher};

/// What every name begins with that something is held aside under.
pub const ASIDE: &str = ".criu-plan-";

/// A path in two: the directory and the entry there.
#[derive(Debug, Clone, Copy)]
pub struct Split<'p> {
    pub directory: &'p [u8],
    pub entry: &'p [u8],
}

impl<'p> Split<'p> {
    /// Nothing if the path ends in no entry that can be removed or moved: `/`, `a/.`, `..`.
    pub fn new(path: &'p [u8]) -> Option<Self> {
        let end = path.iter().rposition(|byte| *byte != b'/')? + 1;
        let path = path.get(..end)?;
        let begin = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (directory, entry) = path.split_at(begin);
        let directory = if directory.is_empty() { b"." } else { directory };
        (entry != b"." && entry != b"..").then_some(Self { directory, entry })
    }

    /// The path of an entry beside it.
    pub fn beside(&self, entry: &[u8]) -> Vec<u8> {
        if self.directory == b"." { entry.to_vec() } else { [self.directory, entry].concat() }
    }
}

/// A name that nobody can guess.
pub fn aside() -> Vec<u8> {
    // The standard library's hashers are seeded by the system's random numbers.
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{ASIDE}{random:016x}").into_bytes()
}

/// The path that an argument is, if it is known before the plan runs.
pub fn path_of<'s>(step: &'s Step, parameter: &str) -> Option<&'s [u8]> {
    match step.args.get(step.syscall.param(parameter)?)? {
        Some(Spanned { value: Arg::Text(path), .. }) => Some(path),
        _ => None,
    }
}

/// Where something lies aside: in a directory that is kept open, under a name of its own.
#[derive(Debug, Clone, Copy)]
pub struct Aside {
    pub directory: Cell,
    pub name: Cell,
}

/// A renameat2(2) that takes the place of the step's own call.
pub struct Renaming {
    pub from: Place,
    pub to: Place,
    pub flags: u32,
    pub purpose: &'static str,
    /// Errors that mean that it can't be done so here, and what is said then.
    pub unable: (&'static [i32], &'static str),
}

/// Moving it aside, which the file system may not be able to.
pub const CANT_HOLD: &str = "this file system can't hold it aside until all is done; `irreversible: true` does without";

impl Script<'_> {
    pub fn is_directory(&mut self, seen: &Seen<1>) -> Finding {
        let there = self.equals(seen.found, 0);
        let kind = self.bits(&[there], seen.fields[0], u64::from(libc::S_IFMT));
        let directory = self.equals(kind, i64::from(libc::S_IFDIR));
        self.all(&[there, directory])
    }

    /// Moves an entry to a name that is free. What comes of it.
    pub fn move_to(&mut self, guards: &[Guard], from: Place, to: Place, purpose: &'static str) -> Cell {
        let no_replace = self.constant(u64::from(libc::RENAME_NOREPLACE));
        self.attempt(guards, "renameat2", &[from.directory, from.path, to.directory, to.path, no_replace], purpose)
    }

    /// The step's own call replaced by a renameat2(2), whose result is the step's.
    pub fn rename(&mut self, guards: &[Guard], own: &Own, renaming: &Renaming) {
        let Renaming { from, to, flags, purpose, unable: (errors, why) } = renaming;
        let flags = self.constant(u64::from(*flags));
        let mut other = own.clone();
        other.accept.ignore.extend(*errors);
        if let Some(syscall) = crate::syscalls::by_name("renameat2") {
            other.syscall = syscall;
            let args = vec![from.directory, from.path, to.directory, to.path, flags];
            self.push(guards, other.with(args, purpose));
        }
        for errno in *errors {
            let unable = [guards, &[self.equals(own.result, -i64::from(*errno))]].concat();
            self.fail(&unable, why);
        }
    }

    /// Undo: moves back what lies aside, if that is what the step put there, and says so if not.
    fn bring_back(&mut self, guards: &[Guard], aside: Aside, left: &Seen<1>, home: Place, moved: Guard) {
        let lies = self.entry(aside.directory, aside.name);
        let now = self.look(guards, lies, [Field::Mode]);
        let (there, known) = (self.equals(now.found, 0), self.equals(left.found, 0));
        let same = self.same(&now, left);
        let foreign = [guards, &[there, known, same.no]].concat();
        self.fail(&foreign, "what lies where it was held aside is another file than the step put there");
        let back = self.move_to(&[guards, &[there]].concat(), lies, home, "move it back");
        let taken = self.equals(back, -i64::from(libc::EEXIST));
        let still = [guards, &[there]].concat();
        self.fail(
            &[&still[..], &[taken]].concat(),
            "its name was given to another since; it lies beside that under a name that begins with `.criu-plan-`",
        );
        let failed = self.failed(back);
        self.fail(
            &[&still[..], &[failed]].concat(),
            "it could not be moved back; it lies beside its place under a name that begins with `.criu-plan-`",
        );
        // Neither here nor there.
        let gone = [guards, &[moved, known, self.equals(now.found, -i64::from(libc::ENOENT))]].concat();
        let at_home = self.look(&gone, home, []);
        let same = self.same(&at_home, left);
        self.fail(&[&gone[..], &[same.no]].concat(), "somebody has removed what was held aside");
        let hidden = [self.failed(now.found), self.is(now.found, Relation::NotEqual, -i64::from(libc::ENOENT))];
        self.fail(&[guards, &hidden].concat(), "where it was held aside can't be looked at");
    }

    /// Commit: removes what lies aside, if that is what the step put there.
    pub fn remove_aside<const N: usize>(&mut self, guards: &[Guard], aside: Aside, left: &Seen<N>, directory: Finding) {
        let lies = self.entry(aside.directory, aside.name);
        let now = self.look(guards, lies, []);
        let there = self.equals(now.found, 0);
        let same = self.same(&now, left);
        let stays = "what lies where it was held aside is another file than the step put there, and stays";
        self.fail(&[guards, &[there, same.no]].concat(), stays);
        for (kind, flags) in [(directory.no, 0), (directory.yes, libc::AT_REMOVEDIR)] {
            let flags = self.constant(flags as u64);
            let remove = [guards, &[there, kind]].concat();
            let gone = self.attempt(&remove, "unlinkat", &[aside.directory, aside.name, flags], "remove it for good");
            let failed = self.failed(gone);
            let stays =
                "it could not be removed, and lies beside its place under a name that begins with `.criu-plan-`";
            self.fail(&[&remove[..], &[failed]].concat(), stays);
        }
    }
}

impl Lowering<'_> {
    /// unlink(2), rmdir(2), unlinkat(2).
    pub fn removes_name(&mut self, step: &Step, own: &Own) -> Sections {
        let directories = match (step.syscall.name, own.arg("flags").map(|flags| self.builder.known(flags))) {
            ("unlink", _) => false,
            ("rmdir", _) => true,
            (_, Some(Some(flags))) => flags & libc::AT_REMOVEDIR as u64 != 0,
            _ => {
                let why = "whether it is a directory that is to be removed is not known beforehand".to_owned();
                return self.lasting(step, own, "program::flags", why);
            }
        };
        let Some(split) = path_of(step, "pathname").and_then(Split::new) else { return self.unknown_entry(step, own) };
        let (held, name) = (self.held.clone(), aside());
        self.held.push(name.clone());
        let mut script = Script::new(&mut self.builder);
        let here = script.constant(libc::AT_FDCWD as i64 as u64);
        let (directory, path) = (own.arg("dirfd").unwrap_or(here), own.arg("pathname").unwrap_or(here));
        let place = script.entry(directory, path);
        let seen = script.look_first(place, [Field::Mode]);
        let is_directory = script.is_directory(&seen);
        let right = if directories {
            let empty = script.is_empty(&[is_directory.yes], place, &seen, &held);
            script.all(&[is_directory.yes, empty.yes])
        } else {
            let there = script.equals(seen.found, 0);
            script.all(&[there, is_directory.no])
        };
        // It fails, and says in its own way why.
        script.push(&[right.no], own.op("as asked"));
        let aside = script.keep_aside(&[right.yes], directory, split, &name);
        let lies = script.entry(aside.directory, aside.name);
        let moving = Renaming {
            from: place,
            to: lies,
            flags: libc::RENAME_NOREPLACE,
            purpose: "as asked: it is moved aside",
            unable: (&[libc::EINVAL, libc::EXDEV], CANT_HOLD),
        };
        script.rename(&[right.yes], own, &moving);
        let moved = [right.yes, script.made(own.result)];
        let left = script.look(&moved, lies, [Field::Mode]);
        let is_directory = script.is_directory(&left);
        let other_kind = if directories { is_directory.no } else { is_directory.yes };
        script.fail(&[&moved[..], &[other_kind]].concat(), "its name was given to something of another kind meanwhile");
        script.turn_to(Part::Undo);
        let home = script.builder.text(split.entry);
        let home = script.entry(aside.directory, home);
        let kept = script.still_kept(aside.directory);
        let made = script.made(own.result);
        script.bring_back(&[right.yes, kept.yes], aside, &left, home, made);
        // Where it was taken back already, and the directory let go.
        let known = script.equals(left.found, 0);
        let released = [right.yes, script.made(aside.directory), kept.no, known];
        let now = script.look(&released, place, []);
        let back = script.same(&now, &left);
        script.fail(
            &[&released[..], &[back.no]].concat(),
            "the descriptor of the directory where it is held aside was closed",
        );
        script.fail(&[right.no, made], "it came to be there as the step was made, and is removed for good");
        script.turn_to(Part::Commit);
        script.remove_aside(&moved, aside, &left, is_directory);
        script.sections
    }

    /// A path whose last part is not known, or is none.
    pub fn unknown_entry(&mut self, step: &Step, own: &Own) -> Sections {
        let name = step.syscall.name;
        let why =
            format!("which entry of a directory {name} is about is not known beforehand, so it can't be held aside");
        self.lasting(step, own, "program::not-undoable", why)
    }
}

impl Script<'_> {
    /// Forward: a name beside an entry, in its directory, which is kept.
    pub fn keep_aside(&mut self, guards: &[Guard], directory: Cell, split: Split<'_>, name: &[u8]) -> Aside {
        let path = self.builder.text(split.directory);
        Aside { directory: self.keep_directory(guards, directory, path), name: self.builder.text(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_its_last_entry() {
        let split = |path: &'static str| {
            Split::new(path.as_bytes()).map(|Split { directory, entry }| {
                (std::str::from_utf8(directory).unwrap(), std::str::from_utf8(entry).unwrap())
            })
        };
        assert_eq!(split("/a/b"), Some(("/a/", "b")));
        assert_eq!(split("b"), Some((".", "b")));
        assert_eq!(Split::new(b"b").unwrap().beside(b"c"), b"c");
        assert_eq!(Split::new(b"a/b").unwrap().beside(b"c"), b"a/c");
        assert_eq!(split("/b//"), Some(("/", "b")));
        assert_eq!(split("a/../b"), Some(("a/../", "b")));
        for none in ["", "/", ".", "a/..", "a/./"] {
            assert_eq!(split(none), None, "{none}");
        }
    }

    #[test]
    fn no_name_is_made_up_twice() {
        let names: std::collections::HashSet<Vec<u8>> = (0..100).map(|_| aside()).collect();
        assert_eq!(names.len(), 100);
        assert!(names.iter().all(|name| name.starts_with(ASIDE.as_bytes()) && name.len() == 27));
    }
}
