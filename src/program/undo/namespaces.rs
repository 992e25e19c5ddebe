//! Namespaces of a thread: a descriptor of the old one is kept, without any path that the target might not have.

use super::reading::{Getter, asked, put_back};
use super::value::{Reading, Value};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Asked, Cell};

/// Namespaces that a thread can leave and come back to, and the request to its pidfd that gives a descriptor of them
/// (linux/pidfd.h).
const KINDS: [(u64, u64); 3] =
    [(libc::CLONE_NEWCGROUP as u64, 0xff01), (libc::CLONE_NEWNET as u64, 0xff04), (libc::CLONE_NEWUTS as u64, 0xff0a)];
/// PIDFD_THREAD: of the thread, not of its process.
const THREAD: u64 = libc::O_EXCL as u64;

impl Lowering<'_> {
    /// setns(2) and unshare(2).
    pub fn namespaces(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let kinds = match step.syscall.name {
            "setns" => own.arg("nstype")?,
            "unshare" => own.arg("flags")?,
            _ => return None,
        };
        // With any others it is irreversible, which the table says.
        let known = self.builder.known(kinds)?;
        let wanted: Vec<(u64, u64)> = KINDS.into_iter().filter(|(kind, _)| known & kind != 0).collect();
        Some(Sections::moves(&mut self.builder, own, &wanted))
    }
}

/// A descriptor that is open for a moment, and whether it is still needed.
struct Brief {
    fd: Cell,
    needed: Cell,
}

impl Sections {
    /// A call that moves the thread into other namespaces.
    fn moves(builder: &mut Builder, own: &Own, kinds: &[(u64, u64)]) -> Self {
        let mut keeping = Self::default();
        let (tid, thread) = (builder.unset(), builder.constant(THREAD));
        keeping.forward.push(always(call(builder, "gettid", Vec::new(), tid, "keep")));
        let pidfd = keeping.for_a_moment(builder, "pidfd_open", vec![tid, thread]);
        let keeps: Vec<(Cell, Cell)> =
            kinds.iter().map(|(kind, request)| keeping.keep_namespace(builder, pidfd.fd, *kind, *request)).collect();
        keeping.needs_no_more(builder, &pidfd);
        let value = Value {
            read: &mut |builder| {
                let mut ops = Vec::new();
                let ask = |(kind, _): &(u64, u64)| asked(builder, Asked::Namespace(*kind), &mut ops);
                let cells = kinds.iter().map(ask).collect();
                Reading { ops, cells }
            },
            put: &mut |builder, _| {
                let enter = |(kind, keep): &(Cell, Cell)| put_back(builder, "setns", vec![*keep, *kind]);
                keeps.iter().map(enter).map(always).collect()
            },
            changed: "the thread is no longer in the namespace that the step has moved it to",
        };
        let sections = Self::sets_value_if(builder, own, value, |_, _| keeping.forward);
        Self { release: keeping.release, ..sections }
    }

    /// A descriptor that `release` closes if it is still needed then, which is so where something has failed.
    fn for_a_moment(&mut self, builder: &mut Builder, name: &'static str, args: Vec<Cell>) -> Brief {
        let (fd, needed, done) = (builder.unset(), builder.variable(0), builder.unset());
        let (one, none) = (builder.constant(1), builder.constant(0));
        self.forward.push(always(Action::Add { into: needed, a: one, b: none, negative: false }));
        // A kernel that knows nothing of this says so in one of these ways.
        let unknown = [libc::ENOTTY, libc::EINVAL, libc::ENOSYS];
        let getter = Getter { call: name, args, fills: None, ignore: unknown.to_vec() };
        self.forward.push(always(getter.ask(getter.args.clone(), fd, "keep")));
        let missing = builder.guard(fd, Relation::Less, 0);
        let why = "this kernel (before Linux 6.11) gives no descriptor of the namespace that is left; `irreversible: true` \
                   does without";
        self.forward.push(when([missing], Action::Fail(why)));
        let open = [builder.guard(needed, Relation::Equal, 1), builder.succeeded(fd)];
        self.release.push(when(open, call(builder, "close", vec![fd], done, "needed no more")));
        Brief { fd, needed }
    }

    /// Closes it. Noted before: its number may soon be another's.
    fn needs_no_more(&mut self, builder: &mut Builder, Brief { fd, needed }: &Brief) {
        let (none, done) = (builder.constant(0), builder.unset());
        self.forward.push(always(Action::Add { into: *needed, a: none, b: none, negative: false }));
        self.forward.push(always(call(builder, "close", vec![*fd], done, "needed no more")));
    }

    /// Keeps a descriptor of the namespace that the thread is in. That it may come back is found out by entering it now,
    /// which changes nothing.
    fn keep_namespace(&mut self, builder: &mut Builder, pidfd: Cell, kind: u64, request: u64) -> (Cell, Cell) {
        let (kind, request) = (builder.constant(kind), builder.constant(request));
        let (number, keep) = (builder.unset(), builder.unset());
        let here = self.for_a_moment(builder, "ioctl", vec![pidfd, request]);
        self.forward.push(always(Action::FreeDescriptor { into: number }));
        let duplicate = builder.constant(libc::F_DUPFD_CLOEXEC as u64);
        self.forward.push(always(call(builder, "fcntl", vec![here.fd, duplicate, number], keep, "keep")));
        let (entered, released) = (builder.unset(), builder.unset());
        self.needs_no_more(builder, &here);
        self.forward.push(always(call(builder, "setns", vec![keep, kind], entered, "see that it may come back")));
        let kept = builder.guard(keep, Relation::GreaterOrEqual, 0);
        self.release.push(when([kept], call(builder, "close", vec![keep], released, "release what was kept")));
        builder.keeps.push(keep);
        (kind, keep)
    }
}
