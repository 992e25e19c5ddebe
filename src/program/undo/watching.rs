//! What an epoll or inotify descriptor watches.

use super::value::{Reading, Value};
use crate::plan::Relation;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Asked, Cell, Guard, Op};

/// Bytes of `struct epoll_event`: events, and data at 4.
const EVENT: usize = 12;
/// Always watched for, but for a one-shot entry that has told its event.
const ALWAYS: u64 = (libc::EPOLLERR | libc::EPOLLHUP) as u64;

impl Lowering<'_> {
    /// epoll_ctl(2).
    pub fn epoll_ctl(&mut self, own: &Own, epoll: Cell, fd: Cell) -> Sections {
        let mut old_events = None;
        let value = Value {
            read: &mut |builder| {
                let (events, data) = (builder.unset(), builder.unset());
                old_events.get_or_insert(events);
                let ops = [(events, Asked::EpollEvents(epoll, fd)), (data, Asked::EpollData(epoll, fd))];
                let ops = ops.map(|(into, what)| always(Action::Ask { into, what }));
                Reading { ops: ops.into(), cells: vec![events, data] }
            },
            put: &mut |builder, old| put_entry(builder, epoll, fd, old),
            changed: "what the epoll descriptor watches there is no longer what the step left",
        };
        let mut sections = Sections::sets_value(&mut self.builder, own, value);
        if let Some(events) = old_events {
            let builder = &mut self.builder;
            let armed = builder.unset();
            let watched = builder.succeeded(events);
            let spent = builder.guard(armed, Relation::Equal, 0);
            let bits = Action::Bits { into: armed, from: events, mask: ALWAYS, shift: 0 };
            let why = "its one-shot event has been told, and an entry in that state can't be put back; \
                       `irreversible: true` allows it";
            sections.only_if_told(builder, own, epoll, events);
            sections.before_own(own, [when([watched], bits), when([watched, spent], Action::Fail(why))]);
        }
        sections
    }

    /// inotify_add_watch(2). IN_MASK_CREATE tells whether there is a watch on the file already, which has no other way to be
    /// asked for; and with IN_MASK_ADD and no event a watch that there is tells its number and stays as it is.
    pub fn inotify_add_watch(&mut self, own: &Own, fd: Cell, path: Cell, mask: Cell) -> Sections {
        const MODES: u64 = (libc::IN_MASK_ADD | libc::IN_MASK_CREATE) as u64;
        const WAYS: u64 = (libc::IN_DONT_FOLLOW | libc::IN_ONLYDIR) as u64;
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let [plain, creates, only_new, ways, asking] = [(); 5].map(|()| builder.unset());
        let [watch, old, left, now] = [(); 4].map(|()| builder.unset());
        let (zero, one, there) = (builder.constant(0), builder.constant(1), builder.variable(0));
        let create = builder.constant(libc::IN_MASK_CREATE.into());
        let add = builder.constant(libc::IN_MASK_ADD.into());
        let bits = |into, mask_bits| always(Action::Bits { into, from: mask, mask: mask_bits, shift: 0 });
        let sum = |into, a, b| always(Action::Add { into, a, b, negative: false });
        let look = |into, watch| Action::Ask { into, what: Asked::WatchMask(fd, watch) };
        let mut first = own.clone();
        first.accept.ignore.push(libc::EEXIST);
        let exists = builder.guard(own.result, Relation::Equal, -i64::from(libc::EEXIST));
        let joins = builder.guard(creates, Relation::Equal, 0);
        sections.forward = vec![
            bits(plain, !MODES & 0xffff_ffff),
            bits(creates, libc::IN_MASK_CREATE.into()),
            sum(only_new, plain, create),
            always(first.with(vec![fd, path, only_new], "watch it if it is not watched yet")),
            when([exists, joins], Action::Add { into: there, a: one, b: zero, negative: false }),
        ];
        let known = builder.guard(there, Relation::Equal, 1);
        let name = call(builder, "inotify_add_watch", vec![fd, path, asking], watch, "which watch it is");
        sections.forward.extend([
            bits(ways, WAYS),
            sum(asking, ways, add),
            when([known], name),
            when([known], look(old, watch)),
            // The watch that may be asked for only if it is new gets its error from the kernel again.
            when([exists], own.op("as asked")),
        ]);
        let made = builder.succeeded(own.result);
        sections.forward.push(when([made], look(left, own.result)));
        sections.undo.push(when([made], look(now, own.result)));
        let watched = builder.succeeded(now);
        let foreign = sections.any_differs(builder, &[now], &[left], &[made, watched]);
        let changed = "the watch is no longer what the step left";
        let moved = sections.any_differs(builder, &[now], &[old], &[made, watched]);
        let fresh = builder.guard(there, Relation::Equal, 0);
        sections.undo.push(when([foreign, fresh], Action::Fail(changed)));
        sections.undo.push(when([foreign, moved, known], Action::Fail(changed)));
        let done = builder.unset();
        let remove = call(builder, "inotify_rm_watch", vec![fd, own.result], done, "watch it no more");
        sections.undo.push(when([made, watched, fresh], remove));
        sections.mask_back(builder, [fd, path, ways, old, own.result], &[moved, known]);
        sections
    }
}

impl Sections {
    /// Undo: gives a watch its old mask; the path may have come to name another file.
    fn mask_back(&mut self, builder: &mut Builder, of: [Cell; 5], guards: &[Guard]) {
        let [fd, path, ways, old, watch] = of;
        let (mask, back, done) = (builder.unset(), builder.unset(), builder.unset());
        self.undo.push(when(guards, Action::Add { into: mask, a: old, b: ways, negative: false }));
        let put = call(builder, "inotify_add_watch", vec![fd, path, mask], back, "put back");
        self.undo.push(when(guards, put));
        let other = [guards, &[differ(back, watch)]].concat();
        let remove = call(builder, "inotify_rm_watch", vec![fd, back], done, "watch the other file no more");
        self.undo.push(when(other.clone(), remove));
        self.undo.push(when(other, Action::Fail("its path names another file than the one that it watches")));
    }
}

/// Makes an entry of epoll what it was: there with these events and data, or not there.
fn put_entry(builder: &mut Builder, epoll: Cell, fd: Cell, old: &[Cell]) -> Vec<Op> {
    let [events, data] = *old else { return Vec::new() };
    let now = builder.unset();
    let (buffer, at) = builder.buffer(Vec::new(), EVENT);
    let (was, was_not) = (builder.succeeded(events), builder.guard(events, Relation::Less, 0));
    let (is, is_not) = (builder.succeeded(now), builder.guard(now, Relation::Less, 0));
    let store =
        |offset, size, from| Action::Store { buffer, offset, size, signed: false, swapped: false, most: None, from };
    let mut ops = vec![
        always(Action::Ask { into: now, what: Asked::EpollEvents(epoll, fd) }),
        when([was], store(0, 4, events)),
        when([was], store(4, 8, data)),
    ];
    let ways = [
        ([was, is], libc::EPOLL_CTL_MOD, "put back"),
        ([was, is_not], libc::EPOLL_CTL_ADD, "add again"),
        ([was_not, is], libc::EPOLL_CTL_DEL, "take out again"),
    ];
    for (guards, operation, purpose) in ways {
        let (operation, done) = (builder.constant(operation as u64), builder.unset());
        ops.push(when(guards, call(builder, "epoll_ctl", vec![epoll, operation, fd, at], done, purpose)));
    }
    ops
}
