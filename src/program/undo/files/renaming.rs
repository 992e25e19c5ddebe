//! rename(2), renameat(2), renameat2(2). What would be replaced is exchanged for the file that is renamed, and held aside.

use super::aside::{Aside, CANT_HOLD, Renaming, Split, aside, path_of};
use super::script::{Field, Finding, Part, Place, Script, Seen};
use crate::plan::{Relation, Step};
use crate::program::Guard;
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::Sections;

/// The two names of a call, and what they name before it.
struct Two {
    old: Place,
    new: Place,
    /// What is renamed.
    file: Seen<1>,
    /// What has the new name.
    present: Seen<1>,
}

/// Where what is replaced is held aside, and what earlier steps hold so.
struct Beside<'p> {
    split: Split<'p>,
    name: &'p [u8],
    held: &'p [Vec<u8>],
}

const NO_FLAGS: &str = "this file system can't rename without replacing what may come to be there, or a directory would be moved into itself; `irreversible: true` makes the call as it is";
const MOVED: &str = "the names are no longer what the step made them";

impl Lowering<'_> {
    pub fn renames(&mut self, step: &Step, own: &Own) -> Sections {
        let flags = match own.arg("flags").map(|flags| self.builder.known(flags)) {
            None => 0,
            Some(Some(flags)) if flags as u32 & !(libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE) == 0 => flags as u32,
            Some(_) => {
                let why = "with these flags, or with some that are computed, a rename can't be undone".to_owned();
                return self.lasting(step, own, "program::flags", why);
            }
        };
        let Some(split) = path_of(step, "newpath").and_then(Split::new) else { return self.unknown_entry(step, own) };
        let (held, name) = (self.held.clone(), aside());
        if flags & libc::RENAME_EXCHANGE == 0 {
            self.held.push(name.clone());
        }
        let mut script = Script::new(&mut self.builder);
        let here = script.constant(libc::AT_FDCWD as i64 as u64);
        let of = |name: &str| own.arg(name).unwrap_or(here);
        let (old, new) = ((of("olddirfd"), of("oldpath")), (of("newdirfd"), of("newpath")));
        let (old, new) = (script.entry(old.0, old.1), script.entry(new.0, new.1));
        let (file, present) = (script.look_first(old, [Field::Mode]), script.look_first(new, [Field::Mode]));
        let two = Two { old, new, file, present };
        if flags & libc::RENAME_EXCHANGE != 0 {
            script.exchanges(own, &two);
        } else {
            script.renames(own, &two, Beside { split, name: &name, held: &held }, flags);
        }
        script.sections
    }
}

impl Script<'_> {
    /// Both names are given and stay.
    fn exchanges(&mut self, own: &Own, two: &Two) {
        self.push(&[], own.op("as asked"));
        let made = [self.made(own.result)];
        let (there, other) = (self.look(&made, two.new, []), self.look(&made, two.old, []));
        self.turn_to(Part::Undo);
        let (file, present) = (self.latest(&two.file, &there), self.latest(&two.present, &other));
        self.exchange_back(&made, two, &file, &present);
    }

    /// Undo: exchanges both names if they are exchanged. Fails where they are neither so nor as they were.
    fn exchange_back(&mut self, guards: &[Guard], two: &Two, file: &Seen<0>, present: &Seen<0>) {
        let (at_new, at_old) = (self.look(guards, two.new, []), self.look(guards, two.old, []));
        let exchanged = [self.same(&at_new, file).yes, self.same(&at_old, present).yes];
        let exchanged = self.all(&exchanged);
        self.exchange(&[guards, &[exchanged.yes]].concat(), two.old, two.new);
        let (at_new, at_old) = (self.look(guards, two.new, []), self.look(guards, two.old, []));
        let back = [self.same(&at_old, file).yes, self.same(&at_new, present).yes];
        let back = self.all(&back);
        self.fail(&[guards, &[back.no]].concat(), MOVED);
    }

    fn exchange(&mut self, guards: &[Guard], a: Place, b: Place) {
        let flags = self.constant(u64::from(libc::RENAME_EXCHANGE));
        self.attempt(guards, "renameat2", &[a.directory, a.path, b.directory, b.path, flags], "exchange them back");
    }

    fn renames(&mut self, own: &Own, two: &Two, beside: Beside<'_>, flags: u32) {
        let Two { old, new, file, present } = two;
        let same = self.same(file, present);
        let (there, absent) = (self.equals(file.found, 0), self.equals(present.found, -i64::from(libc::ENOENT)));
        let moves = self.all(&[there, absent]);
        let replaces = self.replaces(two, same, flags, beside.held);
        // It fails, and says in its own way why; or both names are one file's, and nothing happens.
        let as_asked = self.all(&[moves.no, replaces.no]);
        self.push(&[as_asked.yes], own.op("as asked"));
        let moving = Renaming {
            from: *old,
            to: *new,
            flags: libc::RENAME_NOREPLACE,
            purpose: "as asked: nothing has that name",
            unable: (&[libc::EINVAL], NO_FLAGS),
        };
        self.rename(&[moves.yes], own, &moving);
        let aside = self.keep_aside(&[replaces.yes], new.directory, beside.split, beside.name);
        let lies = self.entry(aside.directory, aside.name);
        let exchanging = Renaming {
            flags: libc::RENAME_EXCHANGE,
            purpose: "as asked: what has that name is kept",
            unable: (&[libc::EINVAL], CANT_HOLD),
            ..moving
        };
        self.rename(&[replaces.yes], own, &exchanging);
        let exchanged = [replaces.yes, self.made(own.result)];
        let no_replace = self.constant(u64::from(libc::RENAME_NOREPLACE));
        let args = [old.directory, old.path, lies.directory, lies.path, no_replace];
        self.call(&exchanged, "renameat2", &args, "hold aside what had that name");
        let made = [self.made(own.result), as_asked.no];
        let (at_new, held) = (self.look(&made, *new, []), self.look(&exchanged, lies, [Field::Mode]));
        let directory = self.is_directory(&held);
        self.turn_to(Part::Undo);
        let result = self.made(own.result);
        let (file, present) = (self.latest(file, &at_new), self.latest(present, &held));
        self.move_back(&[moves.yes, result], two, &file);
        self.put_both_back(&[replaces.yes, result], two, aside, &file, &present);
        let lost = "what had that name came to be there as the step was made, and is replaced for good";
        self.fail(&[as_asked.yes, result, same.no], lost);
        self.turn_to(Part::Commit);
        self.remove_aside(&exchanged, aside, &held, directory);
    }

    /// Forward: whether the call would replace what has the new name.
    fn replaces(&mut self, two: &Two, same: Finding, flags: u32, held: &[Vec<u8>]) -> Finding {
        let both = [self.equals(two.file.found, 0), self.equals(two.present.found, 0), same.no];
        if flags & libc::RENAME_NOREPLACE != 0 {
            let never = self.builder.variable(0);
            let never = self.equals(never, 1);
            return self.all(&[never]);
        }
        let (moving, hit) = (self.is_directory(&two.file), self.is_directory(&two.present));
        let directories = [&both[..], &[moving.yes, hit.yes]].concat();
        let empty = self.is_empty(&directories, two.new, &two.present, held);
        let directories = [&directories[..], &[empty.yes]].concat();
        let others = [&both[..], &[moving.no, hit.no]].concat();
        self.any(&[&directories, &others])
    }

    /// Undo: back to the old name.
    fn move_back(&mut self, guards: &[Guard], two: &Two, file: &Seen<0>) {
        let at_new = self.look(guards, two.new, []);
        let there = self.same(&at_new, file);
        let moved = [guards, &[there.yes]].concat();
        let back = self.move_to(&moved, two.new, two.old, "move it back");
        let taken = self.equals(back, -i64::from(libc::EEXIST));
        self.fail(&[&moved[..], &[taken]].concat(), "its old name was given to another since, so it keeps the new one");
        let failed = self.failed(back);
        self.fail(&[&moved[..], &[failed]].concat(), "it could not be moved back, and keeps its new name");
        // It may be back already.
        let at_old = self.look(guards, two.old, []);
        let home = self.same(&at_old, file);
        self.fail(&[guards, &[home.no]].concat(), MOVED);
    }

    /// Undo: what was replaced first, so that there is always something of that name.
    fn put_both_back(&mut self, guards: &[Guard], two: &Two, aside: Aside, file: &Seen<0>, present: &Seen<0>) {
        let kept = self.still_kept(aside.directory);
        let (was_kept, guards) = (guards, &[guards, &[kept.yes]].concat());
        let lies = self.entry(aside.directory, aside.name);
        let (at_new, held) = (self.look(guards, two.new, []), self.look(guards, lies, []));
        let replaced = [self.same(&at_new, file).yes, self.same(&held, present).yes];
        let replaced = self.all(&replaced);
        self.exchange(&[&guards[..], &[replaced.yes]].concat(), lies, two.new);
        let held = self.look(guards, lies, []);
        let halfway = self.same(&held, file);
        let halfway = [&guards[..], &[halfway.yes]].concat();
        let back = self.move_to(&halfway, lies, two.old, "move it back");
        let taken = self.is(back, Relation::Less, 0);
        let lies = "it could not be given its old name back; it lies beside the new one under a name that begins with `.criu-plan-`";
        self.fail(&[&halfway[..], &[taken]].concat(), lies);
        // Where what is replaced was not moved aside yet, or all is as it was.
        self.exchange_back(was_kept, two, file, present);
    }
}
