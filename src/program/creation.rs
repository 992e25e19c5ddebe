//! An open that makes its file, and how the file is taken away again.

use super::builder::{Builder, Own, always, when};
use super::natures::{Sections, call, differ, whatever_comes};
use super::{Action, Cell, Guard};
use crate::plan::Relation;

/// `struct stat` of x86_64 (arch/x86/include/uapi/asm/stat.h): size, and offsets of 8-byte fields.
pub const STAT: usize = 144;
pub const ST_DEV: usize = 0;
pub const ST_INO: usize = 8;
const ST_SIZE: usize = 48;

/// The arguments of an open that makes its file if there is none.
pub struct Creation {
    /// With O_EXCL: fails if something is there.
    pub exclusive: Vec<Cell>,
    /// Without O_CREAT, for what came to be there since it was looked for; `None`: that must not be opened (it would be emptied).
    pub existing: Option<Vec<Cell>>,
    /// The step itself has O_EXCL.
    pub exclusive_only: bool,
    /// The directory that the path starts from.
    pub directory: Cell,
    /// The path's address.
    pub path: Cell,
}

impl Sections {
    /// Makes the file with O_EXCL, so that it is known to be ours. Undo takes it away if it is still the same file and nobody
    /// has written to it.
    pub fn creates(builder: &mut Builder, own: &Own, creation: Creation) -> Self {
        let mut sections = Self { fresh: true, ..Self::default() };
        let found_there = builder.variable(0);
        let mut first = Own { may_block: false, ..own.clone() };
        if !creation.exclusive_only {
            first.accept.ignore.push(libc::EEXIST);
        }
        sections.forward.push(always(first.with(creation.exclusive, "make the file")));
        if !creation.exclusive_only {
            let exists = builder.guard(own.result, Relation::Equal, -i64::from(libc::EEXIST));
            let (zero, one) = (builder.constant(0), builder.constant(1));
            sections.forward.push(when([exists], Action::Add { into: found_there, a: zero, b: one, negative: false }));
            let emptied = Action::Fail("a file has come to be there, and emptying it could not be undone");
            let second = creation.existing.map_or(emptied, |args| own.with(args, "open what is there, making no file"));
            sections.forward.push(when([exists], second));
        }
        let (given, now) = (builder.succeeded(own.result), builder.unset());
        sections.undo.push(when([given], Action::DescriptorFlags { into: now, fd: own.result }));
        let (open, closed) = (builder.succeeded(now), builder.guard(now, Relation::Less, 0));
        let made = builder.guard(found_there, Relation::Equal, 0);
        let failures =
            sections.take_file_away(builder, own.result, vec![open, made], creation.directory, creation.path);
        sections.close(builder, own.result, &[open]);
        let (undone, zero, one) = (builder.variable(0), builder.constant(0), builder.constant(1));
        sections.undo.push(when([open], Action::Add { into: undone, a: one, b: zero, negative: false }));
        sections.undo.extend(failures.into_iter().map(|(guards, why)| when(guards, Action::Fail(why))));
        let lost = "the file that it made stays: its descriptor was closed for good, so it can't be told apart";
        let by_another = builder.guard(undone, Relation::Equal, 0);
        sections.undo.push(when([closed, made, by_another], Action::Fail(lost)));
        sections
    }

    /// Undo: unlinks the path if it still names the file that is open as `fd`, and that is empty. What must be said if not is
    /// returned, for the descriptor is to be closed first.
    fn take_file_away(
        &mut self,
        builder: &mut Builder,
        fd: Cell,
        ours: Vec<Guard>,
        directory: Cell,
        path: Cell,
    ) -> Vec<(Vec<Guard>, &'static str)> {
        let (open, open_at) = builder.buffer(Vec::new(), STAT);
        let (named, named_at) = builder.buffer(Vec::new(), STAT);
        let no_follow = builder.constant(libc::AT_SYMLINK_NOFOLLOW as u64);
        let zero = builder.constant(0);
        let (looked, found, gone) = (builder.unset(), builder.unset(), builder.unset());
        let fstat = call(builder, "fstat", vec![fd, open_at], looked, "look at the file");
        let look = call(builder, "newfstatat", vec![directory, path, named_at, no_follow], found, "look at its name");
        self.undo.push(when(ours.clone(), whatever_comes(fstat)));
        self.undo.push(when(ours.clone(), whatever_comes(look)));
        let there = [looked, found].map(|result| builder.guard(result, Relation::Equal, 0));
        let there = [&ours[..], &there].concat();
        let mut failures = Vec::new();
        let mut same = there.clone();
        for offset in [ST_DEV, ST_INO] {
            let (left, right) = (builder.unset(), builder.unset());
            for (into, buffer) in [(left, open), (right, named)] {
                self.undo.push(when(
                    there.clone(),
                    Action::Load { into, buffer, offset, size: 8, signed: false, swapped: false },
                ));
            }
            same.push(Guard { left, relation: Relation::Equal, right });
            failures.push((vec![differ(left, right)], "its path names another file than the one that it made"));
        }
        let size = builder.unset();
        self.undo.push(when(
            same.clone(),
            Action::Load { into: size, buffer: open, offset: ST_SIZE, size: 8, signed: false, swapped: false },
        ));
        let mut empty = same.clone();
        empty.push(builder.guard(size, Relation::Equal, 0));
        let unlink = call(builder, "unlinkat", vec![directory, path, zero], gone, "take the file away");
        self.undo.push(when(empty, whatever_comes(unlink)));
        let written = builder.guard(size, Relation::Greater, 0);
        failures.push((vec![written], "the file that it made has been written to since, and stays"));
        failures.push((vec![builder.guard(gone, Relation::Less, 0)], "the file that it made could not be removed"));
        let hidden = [
            builder.guard(found, Relation::Less, 0),
            builder.guard(found, Relation::NotEqual, -i64::from(libc::ENOENT)),
        ];
        failures.push((hidden.to_vec(), "the path of the file that it made could not be looked at"));
        failures
    }
}
