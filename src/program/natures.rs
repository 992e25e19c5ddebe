//! What each nature of call keeps, undoes and releases (design: keep, forward, undo, commit).
//!
//! An undo is right whatever the call came to, for a result can be refused although the call had its effect (`returns:`, an
//! error of `close` after which the descriptor is gone). So it goes by the state that it finds and by what `forward` kept, and
//! what could fail for good comes after what must be done in any case.

use super::builder::{Builder, Own, always, when};
use super::undo::{Reading, Value};
use super::{Action, Asked, BufferId, Cell, Guard, Op};
use crate::plan::Relation;

/// The sections of one step.
#[derive(Debug, Default)]
pub struct Sections {
    pub forward: Vec<Op>,
    pub undo: Vec<Op>,
    pub commit: Vec<Op>,
    pub release: Vec<Op>,
    /// Undo does not take everything back.
    pub irreversible: bool,
    /// The result is a descriptor that was free before, and undo closes it.
    pub fresh: bool,
}

/// Flags of open(2) that F_SETFL can change.
const SETTABLE: u64 = (libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME | libc::O_NONBLOCK) as u64;
const CLOEXEC: u64 = libc::O_CLOEXEC as u64;

/// A call by name: every name used here is in the table, which the tests of this room see to.
pub fn call(builder: &Builder, name: &str, args: Vec<Cell>, result: Cell, purpose: &'static str) -> Action {
    let missing = Action::Fail("a call that undo needs is not in the table");
    builder.helper(name, args, result, purpose).unwrap_or(missing)
}

/// The call with every error gone over: what comes of it is looked at later.
pub fn whatever_comes(mut action: Action) -> Action {
    if let Action::Call(call) = &mut action {
        call.accept.ignore = (1..=libc::EHWPOISON).collect();
    }
    action
}

pub fn differ(left: Cell, right: Cell) -> Guard {
    Guard { left, relation: Relation::NotEqual, right }
}

/// A duplicate of a descriptor that is kept for undo.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// The descriptor's flags before, or -EBADF.
    pub was: Cell,
    /// The duplicate; unset if there is none.
    pub keep: Cell,
    mark: Cell,
}

/// A kept duplicate that is looked for.
struct Sought {
    keep: Cell,
    /// The close-on-exec flag that it is put back with.
    flags: Cell,
    /// It is there.
    open: Vec<Guard>,
    /// What is to be said, once all else is done, if it is not.
    lost: Op,
}

/// Looks whether a descriptor still is the one that it was, and returns what says so. A criu-plan that undoes what another one
/// did finds the process as it is by then: it may have closed the descriptor and opened another by its number. Then nothing
/// is left to be closed.
pub fn still_open(builder: &mut Builder, ops: &mut Vec<Op>, fd: Cell, mark: Cell, guards: &[Guard]) -> Vec<Guard> {
    let now = builder.unset();
    ops.push(when(guards, Action::Ask { into: now, what: Asked::Open(fd, Some(mark)) }));
    [guards, &[builder.guard(now, Relation::Equal, 1)]].concat()
}

impl Sections {
    /// Just the call, which changes nothing.
    pub fn plain(own: &Own) -> Self {
        Self { forward: vec![always(own.op("as asked"))], ..Self::default() }
    }

    /// Just the call, for good.
    pub fn lasting(own: &Own) -> Self {
        Self { irreversible: true, ..Self::plain(own) }
    }

    /// A call whose result is a new descriptor. `source` is the descriptor that it duplicates, if that is not one that the
    /// plan opened itself: undo closes the duplicate, which would drop the locks on its file.
    pub fn gives_fd(builder: &mut Builder, own: &Own, source: Option<Cell>) -> Self {
        let mut sections = Self { fresh: true, ..Self::default() };
        if let Some(source) = source {
            sections.no_locks_on(builder, source, &[]);
        }
        sections.forward.push(always(own.op("as asked")));
        sections.undo_open(builder, own.result);
        sections
    }

    /// Forward: what a descriptor is open on, to know it by.
    pub fn mark(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) -> Cell {
        let mark = builder.unset();
        self.forward.push(when(guards, Action::Ask { into: mark, what: Asked::Mark(fd) }));
        mark
    }

    /// Forward: refuses to go on where closing `fd`, if it is open, would drop record locks. Its flags, or -EBADF.
    pub fn no_locks_on(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) -> Cell {
        let was = builder.unset();
        self.forward.push(when(guards, Action::DescriptorFlags { into: was, fd }));
        let open = [guards, &[builder.succeeded(was)]].concat();
        self.forward.push(when(open, Action::NoPosixLocks { fd }));
        was
    }

    /// Forward: goes on only if what was opened has nothing in it that should have been emptied, and could not be got back.
    pub fn must_be_empty(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) {
        let open = [guards, &[builder.succeeded(fd)]].concat();
        self.forward.push(when(open, Action::IsEmpty { fd }));
    }

    /// Undo: what says that a descriptor is (still) open.
    pub fn found_open(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) -> Vec<Guard> {
        let now = builder.unset();
        self.undo.push(when(guards, Action::DescriptorFlags { into: now, fd }));
        [guards, &[builder.succeeded(now)]].concat()
    }

    /// Undo: closes a descriptor that a call gave. It may be closed by now, by a step that is not undone, or, where the undo
    /// comes late, by the process itself, which may have given its number to something else.
    pub fn undo_open(&mut self, builder: &mut Builder, fd: Cell) {
        let given = [builder.succeeded(fd)];
        let mark = self.mark(builder, fd, &given);
        let open = still_open(builder, &mut self.undo, fd, mark, &given);
        self.close(builder, fd, &open);
    }

    /// Undo: closes a descriptor, unless that would drop locks.
    pub fn close(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) {
        let done = builder.unset();
        self.undo.push(when(guards, Action::NoPosixLocks { fd }));
        self.undo.push(when(guards, call(builder, "close", vec![fd], done, "close again")));
    }

    /// A call that fills `int[2]` with two new descriptors.
    pub fn gives_pair(builder: &mut Builder, own: &Own, pair: BufferId) -> Self {
        let mut sections = Self::plain(own);
        let given = builder.succeeded(own.result);
        for offset in [0, 4] {
            let fd = builder.unset();
            let load = Action::Load { into: fd, buffer: pair, offset, size: 4, signed: true, swapped: false };
            sections.forward.push(when([given], load.clone()));
            sections.undo.push(when([given], load));
            sections.undo_open(builder, fd);
        }
        sections
    }

    /// An open that might wait: made not to (`args` have O_NONBLOCK), and set right afterwards.
    pub fn opens_at_once(builder: &mut Builder, own: &Own, args: Vec<Cell>, flags: u64) -> Self {
        let at_once = Own { may_block: false, ..own.clone() };
        let (given, done) = (builder.succeeded(own.result), builder.unset());
        let (set, asked) = (builder.constant(libc::F_SETFL as u64), builder.constant(flags & SETTABLE));
        let as_asked = call(builder, "fcntl", vec![own.result, set, asked], done, "let it wait, as asked");
        let mut sections = Self { fresh: true, ..Self::default() };
        sections.forward = vec![always(at_once.with(args, "open without waiting")), when([given], as_asked)];
        sections.undo_open(builder, own.result);
        sections
    }

    /// Keeps a duplicate of `fd`, if it is open and the guards hold.
    pub fn keep(&mut self, builder: &mut Builder, fd: Cell, guards: &[Guard]) -> Kept {
        let was = self.no_locks_on(builder, fd, guards);
        let open = [guards, &[builder.succeeded(was)]].concat();
        // Of the same file as the duplicate will be.
        let mark = self.mark(builder, fd, &open);
        let (number, keep) = (builder.unset(), builder.unset());
        self.forward.push(when(open.clone(), Action::FreeDescriptor { into: number }));
        let duplicate = builder.constant(libc::F_DUPFD_CLOEXEC as u64);
        self.forward.push(when(open, call(builder, "fcntl", vec![fd, duplicate, number], keep, "keep")));
        let (kept, done) = ([builder.succeeded(keep)], builder.unset());
        let open = still_open(builder, &mut self.release, keep, mark, &kept);
        self.release.push(when(open, call(builder, "close", vec![keep], done, "release what was kept")));
        builder.keeps.push(keep);
        Kept { was, keep, mark }
    }

    /// Undo: looks for a kept duplicate that is to be put back.
    fn seek(&mut self, builder: &mut Builder, kept: Kept, guards: &[Guard]) -> Sought {
        let Kept { was, keep, mark } = kept;
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let (flags, found) = (builder.unset(), builder.unset());
        let say = |value| Action::Add { into: found, a: value, b: zero, negative: false };
        self.undo.push(when(guards, say(zero)));
        let open = still_open(builder, &mut self.undo, keep, mark, guards);
        self.undo.push(when(&open[..], say(one)));
        self.undo.push(when(&open[..], Action::Bits { into: flags, from: was, mask: CLOEXEC, shift: 0 }));
        let gone = [guards, &[builder.guard(found, Relation::Equal, 0)]].concat();
        let lost = when(gone, Action::Fail("the duplicate that was kept for undo is no longer there"));
        Sought { keep, flags, open, lost }
    }

    /// Undo: puts a kept duplicate back as `fd`, with its close-on-exec flag.
    fn put_back(&mut self, builder: &mut Builder, sought: &Sought, fd: Cell) {
        let args = vec![sought.keep, fd, sought.flags];
        let done = builder.unset();
        self.undo.push(when(&sought.open[..], call(builder, "dup3", args, done, "put back")));
    }

    /// A call that replaces descriptor `new` by `old`, which is `foreign` if the plan did not open it itself.
    pub fn replaces_fd(builder: &mut Builder, own: &Own, old: Cell, new: Cell, foreign: bool) -> Self {
        let mut sections = Self::default();
        let other = differ(old, new);
        if foreign {
            // Undo closes this second descriptor of the file.
            sections.no_locks_on(builder, old, &[other]);
        }
        let kept_new = sections.keep(builder, new, &[other]);
        let Kept { was, keep, .. } = kept_new;
        sections.forward.push(always(own.op("as asked")));
        let made = [builder.succeeded(own.result), other];
        let kept = [&made[..], &[builder.succeeded(keep)]].concat();
        let (now, free) = (builder.unset(), builder.guard(was, Relation::Less, 0));
        sections.undo.push(when(made, Action::DescriptorFlags { into: now, fd: new }));
        let open = [&made[..], &[builder.succeeded(now)]].concat();
        // Undone already, it is what it was.
        let (back, same) = (builder.unset(), builder.unset());
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let say = |value| Action::Add { into: back, a: value, b: zero, negative: false };
        sections.undo.push(when(made, say(zero)));
        let look = [&open[..], &[builder.succeeded(keep)]].concat();
        sections.undo.push(when(look, Action::Ask { into: same, what: Asked::SameDescription(new, keep) }));
        sections.undo.push(when([builder.guard(same, Relation::Equal, 1)], say(one)));
        let closed = [&made[..], &[free, builder.guard(now, Relation::Less, 0)]].concat();
        sections.undo.push(when(closed, say(one)));
        let sought = sections.seek(builder, kept_new, &kept);
        // Where `old` was closed for good there is nothing left to compare with.
        let away = [&made[..], &[builder.guard(back, Relation::Equal, 0)]].concat();
        let comparable = sections.found_open(builder, old, &away);
        sections.undo.push(when(comparable, Action::SameDescription { now: new, expected: old }));
        sections.undo.push(when(open.clone(), Action::NoPosixLocks { fd: new }));
        sections.put_back(builder, &sought, new);
        let done = builder.unset();
        let close = call(builder, "close", vec![new], done, "close again");
        sections.undo.push(when([&open[..], &[free]].concat(), close));
        sections.undo.push(sought.lost);
        sections
    }

    /// A call that closes descriptor `fd`, if the guards hold. It is closed even where the call returns an error, so only its
    /// state counts.
    pub fn closes_fd(builder: &mut Builder, own: &Own, fd: Cell, guards: &[Guard]) -> Self {
        let mut sections = Self::default();
        let kept = sections.keep(builder, fd, guards);
        sections.forward.push(when(guards, own.op("as asked")));
        let failures = sections.reopen(builder, fd, kept, own.result);
        sections.undo.extend(failures);
        sections
    }

    /// Undo: puts back a descriptor that a call closed, if it is closed; `closed` is what that call returned. What is to be said
    /// where that can't be done is returned: others may have to be put back first.
    #[must_use]
    pub fn reopen(&mut self, builder: &mut Builder, fd: Cell, duplicate: Kept, closed: Cell) -> [Op; 2] {
        let keep = duplicate.keep;
        let (now, same, kept) = (builder.unset(), builder.unset(), builder.succeeded(keep));
        self.undo.push(when([kept], Action::DescriptorFlags { into: now, fd }));
        let free = builder.guard(now, Relation::Less, 0);
        let sought = self.seek(builder, duplicate, &[kept, free]);
        self.put_back(builder, &sought, fd);
        let taken = [kept, builder.succeeded(now), builder.succeeded(closed)];
        self.undo.push(when(taken, Action::Ask { into: same, what: Asked::SameDescription(fd, keep) }));
        let other = builder.guard(same, Relation::Equal, 0);
        let why = "the number that it freed has been taken since";
        [sought.lost, when([&taken[..], &[other]].concat(), Action::Fail(why))]
    }

    /// A close of a descriptor that the plan itself opened, held back until commit: on rollback the step that gave the
    /// descriptor closes it. Not held back: what is one of the numbers that later steps look at, and what is closed already
    /// and gets its error.
    pub fn closes_at_commit(builder: &mut Builder, own: &Own, fd: Cell, seen: &[Cell]) -> Self {
        let at_once = builder.variable(0);
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let equal = |right| [Guard { left: fd, relation: Relation::Equal, right }];
        let looked_at =
            |number: &Cell| when(equal(*number), Action::Add { into: at_once, a: zero, b: one, negative: false });
        let now = builder.guard(at_once, Relation::Equal, 1);
        let later = builder.guard(at_once, Relation::Equal, 0);
        let mut sections = Self { forward: seen.iter().map(looked_at).collect(), ..Self::default() };
        let is_open = builder.unset();
        let look = Action::Ask { into: is_open, what: Asked::Open(fd, None) };
        sections.forward.push(when([later], look));
        let [closed, open] = [0, 1].map(|found| [later, builder.guard(is_open, Relation::Equal, found)]);
        let mark = sections.mark(builder, fd, &open);
        sections.forward.push(when(open, Action::NoPosixLocks { fd }));
        sections.forward.push(when(closed, own.op("as asked")));
        let open = still_open(builder, &mut sections.commit, fd, mark, &open);
        sections.commit.push(when(open, own.op("as asked, held back until all is done")));
        if !seen.is_empty() {
            let Self { forward, undo, release, .. } = Self::closes_fd(builder, own, fd, &[now]);
            sections.forward.extend(forward);
            sections.undo = undo;
            sections.release = release;
        }
        sections
    }

    /// A call that sets flags as fcntl F_SETFD or F_SETFL does; `command` is the one of them that sets them back.
    pub fn sets_flags(builder: &mut Builder, own: &Own, fd: Cell, command: i32) -> Self {
        let (mask, shift) = if command == libc::F_SETFD { (CLOEXEC, CLOEXEC.trailing_zeros()) } else { (SETTABLE, 0) };
        let value = Value {
            read: &mut |builder| {
                let (all, flags) = (builder.unset(), builder.unset());
                let open = builder.succeeded(all);
                let bits = Action::Bits { into: flags, from: all, mask, shift };
                let ops = vec![always(Action::DescriptorFlags { into: all, fd }), when([open], bits)];
                Reading { ops, cells: vec![flags] }
            },
            put: &mut |builder, old| {
                let (set, done) = (builder.constant(command as u64), builder.unset());
                let args = [fd, set].into_iter().chain(old.iter().copied()).collect();
                vec![always(call(builder, "fcntl", args, done, "put back"))]
            },
            changed: "the flags of the descriptor are no longer what the step left",
        };
        Self::sets_value(builder, own, value)
    }
}
