//! Calls that give a name, to something new or to a file that there is; undo takes the name away.

use super::aside::{Split, aside, path_of};
use super::script::{Field, Finding, Part, Place, Script, Seen};
use crate::plan::{Relation, Step};
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::{Cell, Guard};

const ANOTHER: &str = "its path names another file than the one that it made";

/// What could not be done, each with the conditions under which that is so.
pub type Failures = Vec<(Vec<Guard>, &'static str)>;

/// A name that a call gives, and what is beside it.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub place: Place,
    /// Where it is moved before it is removed; where that is not known it is removed at once.
    pub aside: Option<Cell>,
}

impl Script<'_> {
    /// The name at a path, which may be known.
    pub fn named(&mut self, directory: Cell, path: Cell, known: Option<&[u8]>) -> Named {
        let aside = known.and_then(Split::new).map(|split| self.builder.text(&split.beside(&aside())));
        Named { place: self.entry(directory, path), aside }
    }

    /// Undo: takes a name away whose file was just seen to be `ours`. It is moved aside before that is looked at once more
    /// and removed: nobody can put another file in its place in between. What is to be said, and under which guards.
    pub fn take_away<const N: usize>(&mut self, guards: &[Guard], named: Named, ours: &Seen<N>) -> Failures {
        const STAYS: &str = "the name that it gave could not be removed";
        let none = self.constant(0);
        let guards: &[Guard] = &[self.all(guards).yes];
        let Named { place, aside } = named;
        let Some(path) = aside else {
            let gone = self.attempt(guards, "unlinkat", &[place.directory, place.path, none], "take it away");
            return vec![([guards, &[self.failed(gone)]].concat(), STAYS)];
        };
        let lies = self.entry(place.directory, path);
        let moved = self.move_to(guards, place, lies, "move it aside");
        let done = [guards, &[self.equals(moved, 0)]].concat();
        let unable = [guards, &[self.equals(moved, -i64::from(libc::EINVAL))]].concat();
        let refused = [self.failed(moved), self.is(moved, Relation::NotEqual, -i64::from(libc::EINVAL))];
        let found = self.look(&done, lies, []);
        let same = self.same(&found, ours);
        let (same, other) = ([&done[..], &[same.yes]].concat(), [&done[..], &[same.no]].concat());
        let gone = self.attempt(&same, "unlinkat", &[place.directory, path, none], "take it away");
        self.move_to(&other, lies, place, "it is another file: move it back");
        // Where the file system can't move without replacing.
        let at_once = self.attempt(&unable, "unlinkat", &[place.directory, place.path, none], "take it away");
        let not_gone = [&same[..], &[self.failed(gone)]].concat();
        let not_at_once = [&unable[..], &[self.failed(at_once)]].concat();
        vec![([guards, &refused].concat(), STAYS), (not_gone, STAYS), (not_at_once, STAYS), (other, ANOTHER)]
    }

    /// Undo: what was moved aside by an undo that went no further.
    pub fn finish_taking_away<const N: usize>(&mut self, guards: &[Guard], named: Named, ours: &Seen<N>) {
        let Some(path) = named.aside else { return };
        let lies = self.entry(named.place.directory, path);
        let found = self.look(guards, lies, []);
        let same = self.same(&found, ours);
        let none = self.constant(0);
        self.attempt(&[guards, &[same.yes]].concat(), "unlinkat", &[named.place.directory, path, none], "take it away");
    }
}

/// What is made.
enum Made {
    Directory,
    /// Of this type, if that is known (S_IF*).
    Node(Option<u32>),
    /// A further name of a file that there is.
    Link(Place),
}

impl Lowering<'_> {
    /// mkdir(2), symlink(2), link(2), mknod(2) and those of them that take a directory.
    pub fn makes_name(&mut self, step: &Step, own: &Own) -> Sections {
        let name = step.syscall.name;
        let path = match name {
            "symlink" | "symlinkat" => "linkpath",
            "link" | "linkat" => "newpath",
            _ => "pathname",
        };
        let mode = own.arg("mode").and_then(|mode| self.builder.known(mode));
        let mut script = Script::new(&mut self.builder);
        let here = script.constant(libc::AT_FDCWD as i64 as u64);
        let of = |name: &str| own.arg(name).unwrap_or(here);
        let directory = own.arg("newdirfd").or(own.arg("dirfd")).unwrap_or(here);
        let named = script.named(directory, of(path), path_of(step, path));
        let made = match name {
            "mkdir" | "mkdirat" => Made::Directory,
            "symlink" | "symlinkat" => Made::Node(Some(libc::S_IFLNK)),
            "link" | "linkat" => {
                let (from, flags) = (own.arg("olddirfd").unwrap_or(here), own.arg("flags"));
                let flags = flags.and_then(|flags| script.builder.known(flags)).unwrap_or(0) as i32;
                // link(2) follows no symbolic link unless asked to, statx(2) does unless asked not to.
                let follow = if flags & libc::AT_SYMLINK_FOLLOW == 0 { libc::AT_SYMLINK_NOFOLLOW } else { 0 };
                let flags = script.constant((follow | flags & libc::AT_EMPTY_PATH) as u64);
                Made::Link(Place { directory: from, path: of("oldpath"), flags })
            }
            _ => Made::Node(mode.map(|mode| match mode as u32 & libc::S_IFMT {
                0 => libc::S_IFREG,
                kind => kind,
            })),
        };
        script.gives_name(own, named, &made);
        script.sections
    }
}

impl Script<'_> {
    fn gives_name(&mut self, own: &Own, named: Named, made: &Made) {
        let before = self.look_first(named.place, []);
        let linked = match made {
            Made::Link(from) => Some(self.look(&[], *from, [])),
            Made::Directory | Made::Node(_) => None,
        };
        self.push(&[], own.op("as asked"));
        let absent = self.equals(before.found, -i64::from(libc::ENOENT));
        let new = [self.made(own.result), absent];
        let left = self.look(&new, named.place, []);
        self.turn_to(Part::Undo);
        let unsure = [self.made(own.result), self.is(before.found, Relation::NotEqual, -i64::from(libc::ENOENT))];
        self.fail(&unsure, "something had that name just before, so what is there now can't be told to be the step's");
        let ours = match linked {
            Some(linked) => self.latest(&linked, &left),
            None => left,
        };
        self.finish_taking_away(&new, named, &ours);
        let now = self.look(&new, named.place, [Field::Mode, Field::Size]);
        let there = [&new[..], &[self.equals(now.found, 0)]].concat();
        let same = self.is_ours(&there, made, &now, &ours);
        let other = [&there[..], &[same.no]].concat();
        self.fail(&other, ANOTHER);
        let hidden = [self.failed(now.found), self.is(now.found, Relation::NotEqual, -i64::from(libc::ENOENT))];
        self.fail(&[&new[..], &hidden].concat(), "what it made can't be looked at");
        let mine = [&there[..], &[same.yes]].concat();
        if let Made::Directory = made {
            let remove = self.constant(libc::AT_REMOVEDIR as u64);
            let args = [named.place.directory, named.place.path, remove];
            let gone = self.attempt(&mine, "unlinkat", &args, "take the directory away");
            let full = self.equals(gone, -i64::from(libc::ENOTEMPTY));
            self.fail(&[&mine[..], &[full]].concat(), "somebody has put something into the directory that it made");
            let failed = self.failed(gone);
            return self.fail(&[&mine[..], &[failed]].concat(), "the directory that it made could not be removed");
        }
        if let Made::Node(_) = made {
            let [mode, size] = now.fields;
            let kind = self.bits(&mine, mode, u64::from(libc::S_IFMT));
            let (regular, full) = (self.equals(kind, i64::from(libc::S_IFREG)), self.is(size, Relation::Greater, 0));
            self.fail(
                &[&mine[..], &[regular, full]].concat(),
                "the file that it made has been written to since, and stays",
            );
        }
        for (guards, why) in self.take_away(&mine, named, &now) {
            self.fail(&guards, why);
        }
    }

    /// Whether what is there now is what the step made. If we died before that was looked at, it is by its kind: there was
    /// nothing before.
    fn is_ours(&mut self, guards: &[Guard], made: &Made, now: &Seen<2>, ours: &Seen<0>) -> Finding {
        let same = self.same(now, ours);
        let kind = match made {
            Made::Directory => Some(libc::S_IFDIR),
            Made::Node(kind) => *kind,
            Made::Link(_) => None,
        };
        let Some(kind) = kind else { return same };
        let known = self.builder.variable(0);
        self.set(&[], known, 0);
        let seen = self.equals(ours.found, 0);
        self.set(&[seen], known, 1);
        let found = self.bits(guards, now.fields[0], u64::from(libc::S_IFMT));
        let (unknown, alike) = (self.equals(known, 0), self.equals(found, i64::from(kind)));
        self.any(&[&[same.yes], &[unknown, alike]])
    }
}
