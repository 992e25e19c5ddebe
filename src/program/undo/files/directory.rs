//! Directories that are kept by a descriptor, so that they can be gone back to whatever their paths come to name; and the
//! calls that change a process's own ones.

use super::script::{Field, Finding, Part, Place, Script, Seen, equal};
use crate::plan::Relation;
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Cell, Guard};

const PATH_ONLY: u64 = (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64;

const LOST: &str = "the descriptor that kept the old directory was closed";

impl Script<'_> {
    /// Forward: opens a directory as a mere place (O_PATH), which takes the right to go through it and no more, waits for
    /// nobody, and drops no lock when it is closed. The descriptor, at a number where it is in nobody's way, until release.
    pub fn keep_directory(&mut self, guards: &[Guard], directory: Cell, path: Cell) -> Cell {
        let (number, keep, settled) = (self.builder.unset(), self.builder.unset(), self.builder.variable(0));
        let flags = self.constant(PATH_ONLY);
        self.push(guards, Action::FreeDescriptor { into: number });
        // It is given the lowest number, and moved.
        let low = self.call(guards, "openat", &[directory, path, flags], "open a directory as a place");
        let there = Guard { left: low, relation: Relation::GreaterOrEqual, right: number };
        let elsewhere = Guard { left: low, relation: Relation::Less, right: number };
        let (there, elsewhere) = ([guards, &[there]].concat(), [guards, &[elsewhere]].concat());
        self.copy(&there, keep, low);
        let duplicate = self.constant(libc::F_DUPFD_CLOEXEC as u64);
        let moved = call(self.builder, "fcntl", vec![low, duplicate, number], keep, "keep");
        self.push(&elsewhere, moved);
        self.call(&elsewhere, "close", &[low], "it is kept at another number");
        self.set(guards, settled, 1);
        self.builder.keeps.push(keep);
        let before = self.turn_to(Part::Release);
        self.let_go(low, settled, PATH_ONLY);
        let kept = self.still_kept(keep);
        self.call(&[kept.yes], "close", &[keep], "release what was kept");
        self.turn_to(before);
        keep
    }

    /// Whether a directory was kept and still is. It was released where this is run once more, and the number may have been
    /// given to another file since.
    pub fn still_kept(&mut self, keep: Cell) -> Finding {
        let kept = [self.made(keep)];
        let now = self.builder.unset();
        self.push(&kept, Action::DescriptorFlags { into: now, fd: keep });
        let open = [kept[0], self.made(now)];
        let bits = self.bits(&open, now, PATH_ONLY);
        let ours = [&open[..], &[self.equals(bits, PATH_ONLY as i64)]].concat();
        self.all(&ours)
    }

    /// Closes a descriptor that was to be open for a moment only, if that was not `settled` and it is what was opened.
    pub fn let_go(&mut self, fd: Cell, settled: Cell, flags: u64) {
        let now = self.builder.unset();
        let left = [self.made(fd), self.equals(settled, 0)];
        self.push(&left, Action::DescriptorFlags { into: now, fd });
        let open = [&left[..], &[self.made(now)]].concat();
        let bits = self.bits(&open, now, flags);
        let ours = [&open[..], &[self.equals(bits, flags as i64)]].concat();
        self.call(&ours, "close", &[fd], "close what was open for a moment");
    }

    /// The working directory of the thread.
    fn cwd(&mut self) -> Place {
        let here = self.constant(libc::AT_FDCWD as i64 as u64);
        self.open(here)
    }

    /// Whether a directory is seen in one place of the tree of mounts both times.
    fn same_place(&mut self, a: &Seen<1>, b: &Seen<1>) -> [Guard; 2] {
        let mut guards = vec![self.equals(a.found, 0), self.equals(b.found, 0)];
        guards.extend(equal(&a.identity, &b.identity));
        guards.extend(equal(&a.fields, &b.fields));
        let same = self.all(&guards);
        [same.yes, same.no]
    }
}

impl Lowering<'_> {
    /// chdir(2), fchdir(2). The old directory may be removed meanwhile: its descriptor leads there all the same.
    pub fn changes_cwd(&mut self, own: &Own) -> Sections {
        let mut script = Script::new(&mut self.builder);
        let (here, dot, cwd) = (script.constant(libc::AT_FDCWD as i64 as u64), script.builder.text(b"."), script.cwd());
        let before = script.look_first(cwd, [Field::Mount]);
        let keep = script.keep_directory(&[], here, dot);
        script.push(&[], own.op("as asked"));
        let made = script.made(own.result);
        let left = script.look(&[made], cwd, [Field::Mount]);
        script.turn_to(Part::Undo);
        let (kept, was_kept) = (script.still_kept(keep), script.made(keep));
        let now = script.look(&[was_kept], cwd, [Field::Mount]);
        let [_, moved] = script.same_place(&now, &before);
        script.fail(&[was_kept, kept.no, moved], LOST);
        let kept = kept.yes;
        let [_, other] = script.same_place(&now, &left);
        let known = script.equals(left.found, 0);
        let foreign = [kept, moved, other, known];
        script.fail(&foreign, "the working directory is no longer the one that the step changed to");
        script.call(&[kept, moved], "fchdir", &[keep], "go back");
        script.sections
    }

    /// chroot(2). With the old root as working directory, that is the root again: what made the step made undo possible.
    pub fn changes_root(&mut self, own: &Own) -> Sections {
        let mut script = Script::new(&mut self.builder);
        let here = script.constant(libc::AT_FDCWD as i64 as u64);
        let (slash, dot, cwd) = (script.builder.text(b"/"), script.builder.text(b"."), script.cwd());
        let root = Place { directory: here, path: slash, flags: script.constant(0) };
        let (before, work) = (script.look_first(root, [Field::Mount]), script.look_first(cwd, [Field::Mount]));
        let (old_root, old_work) = (script.keep_directory(&[], here, slash), script.keep_directory(&[], here, dot));
        script.push(&[], own.op("as asked"));
        let made = script.made(own.result);
        let left = script.look(&[made], root, [Field::Mount]);
        script.turn_to(Part::Undo);
        let kept = [script.still_kept(old_root), script.still_kept(old_work)];
        let was_kept = [script.made(old_root), script.made(old_work)];
        let now = script.look(&was_kept, root, [Field::Mount]);
        let [_, moved] = script.same_place(&now, &before);
        for kept in kept {
            script.fail(&[&was_kept[..], &[kept.no, moved]].concat(), LOST);
        }
        let kept = kept.map(|kept| kept.yes);
        let [_, other] = script.same_place(&now, &left);
        let known = script.equals(left.found, 0);
        let foreign = [&kept[..], &[moved, other, known]].concat();
        script.fail(&foreign, "the root directory is no longer the one that the step changed to");
        let back = [&kept[..], &[moved]].concat();
        script.call(&back, "fchdir", &[old_root], "go to the old root");
        script.call(&back, "chroot", &[dot], "make it the root again");
        // Also where a first attempt went no further than this.
        let at = script.look(&kept, cwd, [Field::Mount]);
        let [_, away] = script.same_place(&at, &work);
        let [at_root, _] = script.same_place(&at, &before);
        script.call(&[&kept[..], &[away, at_root]].concat(), "fchdir", &[old_work], "go back to the working directory");
        script.sections
    }
}
