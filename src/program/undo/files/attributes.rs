//! Owner, mode, times and length of a file: numbers that statx(2) tells.

use super::place::with;
use super::script::{Field, Finding, Part, Place, Script, Seen, equal};
use super::xattr::{Attribute, Kept};
use crate::plan::{Relation, Step};
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, differ};
use crate::program::{Action, BufferId, Cell, Guard};

const ANOTHER: &str = "its path leads to another file than the one that it changed";
/// Mode bits that chmod(2) sets.
const MODE: u64 = 0o7777;

/// What a call made of some numbers of a file: what they were, are left as, and are when it is undone.
struct Changed<const N: usize> {
    place: Place,
    before: Seen<N>,
    now: Seen<N>,
    /// It is still the file that was changed.
    same: Vec<Guard>,
    /// One of the numbers is not what it was.
    moved: Finding,
}

impl Script<'_> {
    /// Forward: looks, makes the call, and looks again. Undo: looks once more, and fails where it is another file.
    fn changes<const N: usize>(
        &mut self,
        own: &Own,
        fields: [Field; N],
        before_call: impl FnOnce(&mut Self, Place, &Seen<N>),
    ) -> (Changed<N>, Seen<N>) {
        let place = self.place_of(own);
        let before = self.look_first(place, fields);
        before_call(self, place, &before);
        self.push(&[], own.op("as asked"));
        let made = self.made(own.result);
        let left = self.look(&[made], place, fields);
        self.turn_to(Part::Undo);
        let unseen = [made, self.failed(before.found)];
        self.fail(&unseen, "what it was could not be looked at before");
        let file = self.latest(&before, &left);
        let now = self.look(&[made], place, fields);
        let is_it = self.same(&now, &file);
        self.fail(&[made, is_it.no], ANOTHER);
        let same = vec![made, is_it.yes, self.equals(before.found, 0)];
        let moved = self.any_differs(&same, &now.fields, &before.fields);
        (Changed { place, before, now, same, moved }, left)
    }

    /// Whether one of some numbers is another than its counterpart.
    fn any_differs(&mut self, guards: &[Guard], a: &[Cell], b: &[Cell]) -> Finding {
        let differing: Vec<Vec<Guard>> = a.iter().zip(b).map(|(a, b)| [guards, &[differ(*a, *b)]].concat()).collect();
        let differing: Vec<&[Guard]> = differing.iter().map(Vec::as_slice).collect();
        self.any(&differing)
    }

    /// Undo: fails where a number is neither what it was nor what the step left.
    fn not_foreign<const N: usize>(&mut self, changed: &Changed<N>, left: &Seen<N>, why: &'static str) {
        let (now, before) = (changed.now.fields, changed.before.fields);
        for ((now, before), left) in now.into_iter().zip(before).zip(left.fields) {
            let foreign = [&changed.same[..], &[differ(now, before), differ(now, left)]].concat();
            self.fail(&foreign, why);
        }
    }

    /// Undo: looks whether the numbers are what they were, for not every call does what it is asked, and says so.
    fn verify<const N: usize>(&mut self, changed: &Changed<N>, fields: [Field; N], why: &'static str) {
        let guards = [&changed.same[..], &[changed.moved.yes]].concat();
        let again = self.look(&guards, changed.place, fields);
        let mut back = vec![self.equals(again.found, 0)];
        back.extend(equal(&again.fields, &changed.before.fields));
        let back = self.all(&back);
        self.fail(&[&guards[..], &[back.no]].concat(), why);
    }
}

impl Lowering<'_> {
    /// chmod(2), fchmod(2), fchmodat(2), fchmodat2(2).
    pub fn changes_mode(&mut self, own: &Own) -> Sections {
        let mut script = Script::new(&mut self.builder);
        let (changed, left) = script.changes(own, [Field::Mode], |_, _, _| {});
        script.not_foreign(&changed, &left, "its mode is no longer what the step made it");
        let back = [&changed.same[..], &[changed.moved.yes]].concat();
        let mode = script.bits(&back, changed.before.fields[0], MODE);
        script.call(&back, own.syscall.name, &with(own, &[("mode", mode)]), "put the mode back");
        script.verify(&changed, [Field::Mode], "its mode is not what it was, although it was put back");
        script.sections
    }

    /// chown(2), fchown(2), lchown(2), fchownat(2). They take from a program its set-user-id and set-group-id bits and its
    /// capabilities, too.
    pub fn changes_owner(&mut self, own: &Own) -> Sections {
        const FIELDS: [Field; 3] = [Field::Owner, Field::Group, Field::Mode];
        let mut script = Script::new(&mut self.builder);
        let mut capabilities = None;
        let (changed, left) = script.changes(own, FIELDS, |script, place, before| {
            let there = script.equals(before.found, 0);
            let kind = script.bits(&[there], before.fields[2], u64::from(libc::S_IFMT));
            let program = [there, script.equals(kind, i64::from(libc::S_IFREG))];
            let attribute = Attribute::capabilities(script, own, place);
            capabilities = Some((script.keep_attribute(&program, &attribute), attribute, program));
        });
        script.not_foreign(&changed, &left, "its owner or mode is no longer what the step made it");
        let back = [&changed.same[..], &[changed.moved.yes]].concat();
        let [owner, group, mode] = changed.before.fields;
        let args = with(own, &[("owner", owner), ("group", group)]);
        script.call(&back, own.syscall.name, &args, "put owner and group back");
        // That took the bits of its mode once more. A symbolic link has none.
        let mode_now = script.look(&back, changed.place, [Field::Mode]);
        let lost = [&back[..], &[differ(mode_now.fields[0], mode)]].concat();
        let bits = script.bits(&lost, mode, MODE);
        script.set_mode(&lost, own, changed.place, bits);
        if let Some((Kept { buffer, length }, attribute, program)) = capabilities {
            let had = script.is(length, Relation::Greater, 0);
            let put_back = [&changed.same[..], &program, &[had]].concat();
            let now = script.read_attribute(&put_back, &attribute);
            let gone = [&put_back[..], &[differ(now.length, length)]].concat();
            script.put_attribute(&gone, &attribute, buffer, length);
        }
        script.verify(&changed, FIELDS, "its owner or mode is not what it was, although they were put back");
        script.sections
    }

    /// utime(2), utimes(2), futimesat(2), utimensat(2).
    pub fn changes_times(&mut self, own: &Own) -> Sections {
        const FIELDS: [Field; 4] =
            [Field::AccessedSeconds, Field::AccessedNanoseconds, Field::ModifiedSeconds, Field::ModifiedNanoseconds];
        let now = own.arg("times").and_then(|times| self.builder.known(times)) == Some(0);
        let mut script = Script::new(&mut self.builder);
        let (buffer, times) = script.builder.buffer(Vec::new(), 32);
        let (changed, left) = script.changes(own, FIELDS, |script, place, before| {
            if now {
                // Whoever may write to a file may set its times to now, but only its owner to what they were.
                let there = [script.equals(before.found, 0)];
                let purpose = "see whether its times could be put back";
                script.put_times(&there, place, (buffer, times), &before.fields, purpose);
            }
        });
        let [_, _, seconds, nanoseconds] = changed.now.fields;
        for (now, field) in [(seconds, 2), (nanoseconds, 3)] {
            let (before, left) = (changed.before.fields[field], left.fields[field]);
            let foreign = [&changed.same[..], &[differ(now, before), differ(now, left)]].concat();
            script.fail(&foreign, "its time of modification is no longer what the step made it");
        }
        // Somebody may have read it since.
        let read = script.any_differs(&changed.same, &changed.now.fields[..2], &left.fields[..2]);
        let back = [&changed.same[..], &[changed.moved.yes]].concat();
        let fields = [(); 4].map(|()| script.builder.unset());
        for (into, from) in fields.into_iter().zip(changed.before.fields) {
            script.copy(&back, into, from);
        }
        script.set(&[&back[..], &[read.yes]].concat(), fields[1], libc::UTIME_OMIT as u64);
        script.put_times(&back, changed.place, (buffer, times), &fields, "put the times back");
        script.sections
    }

    /// truncate(2), ftruncate(2), fallocate(2): what makes a file longer is undone.
    pub fn changes_length(&mut self, step: &Step, own: &Own) -> Sections {
        let length = match step.syscall.name {
            "fallocate" => None,
            _ => own.arg("length"),
        };
        if length.is_none() && own.arg("mode").and_then(|mode| self.builder.known(mode)) != Some(0) {
            let why = "what this fallocate does can't be undone, or is not known beforehand".to_owned();
            return self.lasting(step, own, "program::flags", why);
        }
        if let (Some(path), Some(length)) = (super::aside::path_of(step, "path"), length)
            && let Some(length) = self.builder.known(length)
            && self.known_size(path).is_some_and(|size| length < size)
        {
            let why = format!("it would cut off what {} holds, which can't be undone", String::from_utf8_lossy(path));
            return self.lasting(step, own, "program::truncates", why);
        }
        const FIELDS: [Field; 4] = [Field::Size, Field::ModifiedSeconds, Field::ModifiedNanoseconds, Field::Mode];
        let mut script = Script::new(&mut self.builder);
        let (changed, left) = script.changes(own, FIELDS, |script, _, before| {
            if let Some(length) = length {
                let shorter = Guard { left: length, relation: Relation::Less, right: before.fields[0] };
                let there = script.equals(before.found, 0);
                let kind = script.bits(&[there], before.fields[3], u64::from(libc::S_IFMT));
                let regular = script.equals(kind, i64::from(libc::S_IFREG));
                let right = script.is(length, Relation::GreaterOrEqual, 0);
                let why = "it would cut off what the file holds, which can't be undone; `irreversible: true` allows it";
                script.fail(&[there, regular, right, shorter], why);
            }
        });
        let grown = [&changed.same[..], &[differ(changed.now.fields[0], changed.before.fields[0])]].concat();
        for (now, left) in changed.now.fields.into_iter().zip(left.fields).take(3) {
            script
                .fail(&[&grown[..], &[differ(now, left)]].concat(), "it has been written to since, and stays as long");
        }
        let size = changed.before.fields[0];
        let (name, args) = match length {
            Some(_) => (own.syscall.name, with(own, &[("length", size)])),
            None => ("ftruncate", vec![changed.place.directory, size]),
        };
        script.call(&grown, name, &args, "make it as short again");
        script.sections
    }
}

impl Script<'_> {
    /// Sets the mode of what a chown was made on.
    fn set_mode(&mut self, guards: &[Guard], own: &Own, place: Place, mode: Cell) {
        match own.arg("fd") {
            Some(fd) => self.call(guards, "fchmod", &[fd, mode], "put the mode back"),
            // What is no symbolic link is the same with and without AT_SYMLINK_NOFOLLOW, which older kernels know not.
            None if self.builder.known(place.flags).is_none_or(|flags| flags & libc::AT_EMPTY_PATH as u64 != 0) => {
                let args = [place.directory, place.path, mode, place.flags];
                self.call(guards, "fchmodat2", &args, "put the mode back")
            }
            None => self.call(guards, "fchmodat", &[place.directory, place.path, mode], "put the mode back"),
        };
    }

    /// Sets both times.
    fn put_times(
        &mut self,
        guards: &[Guard],
        place: Place,
        (buffer, at): (BufferId, Cell),
        times: &[Cell],
        purpose: &'static str,
    ) {
        for (index, from) in times.iter().enumerate() {
            let offset = index * 8;
            let store =
                Action::Store { buffer, offset, size: 8, signed: false, swapped: false, most: None, from: *from };
            self.push(guards, store);
        }
        let none = self.constant(0);
        // An open file is told by no path: an empty one is understood by newer kernels only.
        let args = match place.path == self.builder.empty_path() {
            true => [place.directory, none, at, none],
            false => [place.directory, place.path, at, place.flags],
        };
        self.call(guards, "utimensat", &args, purpose);
    }
}
