//! An open that makes its file, and how the file is taken away again.

use super::builder::{Builder, Own};
use super::natures::{Sections, still_open};
use super::undo::files::{Failures, Field, Named, Part, Script};
use super::{Action, Asked, Cell, Guard};
use crate::plan::Relation;

/// The arguments of an open that makes its file if there is none.
pub struct Creation<'p> {
    /// With O_EXCL: fails if something is there.
    pub exclusive: Vec<Cell>,
    /// Without O_CREAT, for what came to be there since it was looked for.
    pub existing: Vec<Cell>,
    /// That must have nothing in it.
    pub must_be_empty: bool,
    /// The step itself has O_EXCL.
    pub exclusive_only: bool,
    /// The directory that the path starts from.
    pub directory: Cell,
    /// The path's address.
    pub path: Cell,
    /// The path, if it is known before the plan runs.
    pub known: Option<&'p [u8]>,
}

impl Sections {
    /// Makes the file with O_EXCL, so that it is known to be ours. Undo takes it away if it is still the same file and nobody
    /// has written to it.
    pub fn creates(builder: &mut Builder, own: &Own, creation: Creation<'_>) -> Self {
        let mut script = Script::new(builder);
        let found_there = script.builder.variable(0);
        let mut first = Own { may_block: false, ..own.clone() };
        if !creation.exclusive_only {
            first.accept.ignore.push(libc::EEXIST);
        }
        script.push(&[], first.with(creation.exclusive, "make the file"));
        if !creation.exclusive_only {
            let exists = [script.equals(own.result, -i64::from(libc::EEXIST))];
            script.set(&exists, found_there, 1);
            script.push(&exists, own.with(creation.existing, "open what is there, making no file"));
            if creation.must_be_empty {
                let found = [script.equals(found_there, 1), script.made(own.result)];
                script.push(&found, Action::IsEmpty { fd: own.result });
            }
        }
        let given = script.made(own.result);
        let mark = script.sections.mark(script.builder, own.result, &[given]);
        script.turn_to(Part::Undo);
        let now = script.builder.unset();
        script.push(&[given], Action::Ask { into: now, what: Asked::Open(own.result, Some(mark)) });
        let (open, closed) = (script.equals(now, 1), script.is(now, Relation::NotEqual, 1));
        let made = script.equals(found_there, 0);
        let named = script.named(creation.directory, creation.path, creation.known);
        let failures = script.take_made_file_away(own.result, &[open, made], named);
        let Script { sections, builder, .. } = &mut script;
        let open = still_open(builder, &mut sections.undo, own.result, mark, &[open]);
        sections.close(builder, own.result, &open);
        for (guards, why) in failures {
            script.fail(&guards, why);
        }
        let lost = [given, closed, made];
        let still = script.look(&lost, named.place, []);
        let why = "the file that it made stays: its descriptor was closed for good, so it can't be told apart";
        let there = script.equals(still.found, 0);
        script.fail(&[&lost[..], &[there]].concat(), why);
        Self { fresh: true, ..script.sections }
    }
}

impl Script<'_> {
    /// Undo: takes the name away if it still is that of the file that is open as `fd`, and that is empty. What must be said if
    /// not is returned, for the descriptor is to be closed first.
    fn take_made_file_away(&mut self, fd: Cell, ours: &[Guard], named: Named) -> Failures {
        let open = self.open(fd);
        let file = self.look(ours, open, [Field::Size]);
        let (empty, written) = (self.equals(file.fields[0], 0), self.is(file.fields[0], Relation::Greater, 0));
        self.finish_taking_away(&[ours, &[empty]].concat(), named, &file);
        let at_name = self.look(ours, named.place, []);
        let there = [ours, &[self.equals(file.found, 0), self.equals(at_name.found, 0)]].concat();
        let same = self.same(&file, &at_name);
        let mine = [self.all(&[ours, &[same.yes]].concat()).yes];
        let mut failures = vec![
            ([&there[..], &[same.no]].concat(), "its path names another file than the one that it made"),
            ([&mine[..], &[written]].concat(), "the file that it made has been written to since, and stays"),
        ];
        failures.extend(self.take_away(&[&mine[..], &[empty]].concat(), named, &file));
        let hidden = [self.failed(at_name.found), self.is(at_name.found, Relation::NotEqual, -i64::from(libc::ENOENT))];
        failures.push(([ours, &hidden].concat(), "the path of the file that it made could not be looked at"));
        failures
    }
}
