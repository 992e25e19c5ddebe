//! bind(2) and listen(2).

use super::getter::Getter;
use super::value::{Value, guarded};
use crate::plan::{Arg, Relation, Spanned, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ, whatever_comes};
use crate::program::{Accept, Action, BufferId, Cell, Guard, Op};

/// `struct stat` of x86_64 (arch/x86/include/uapi/asm/stat.h): size, and offsets of 8-byte fields.
const STAT: usize = 144;
const ST_DEV: usize = 0;
const ST_INO: usize = 8;

/// `tcpi_state` of a socket that listens, and where `struct tcp_info` tells then how many connections may wait: the fields
/// mean something else for other states (tcp_get_info of net/ipv4/tcp.c).
const TCP_LISTEN: i64 = 10;
const TCP_INFO: usize = 32;

impl Lowering<'_> {
    /// A socket of this plan is closed on undo, and with it its address is free; but a path in the file system stays.
    pub fn bind(&mut self, step: &Step, own: &Own) -> Sections {
        if !self.is_new(step, "sockfd") {
            let why =
                "a socket that is not surely one that the plan made keeps its address until it is closed".to_owned();
            return self.lasting(step, own, "program::not-undoable", why);
        }
        let length = own.args.get(2).and_then(|length| self.builder.known(*length));
        match address_path(step, length) {
            Ok(None) => Sections::plain(own),
            Ok(Some(path)) => Sections::binds_path(&mut self.builder, own, path),
            Err(why) => self.lasting(step, own, "program::not-undoable", why.to_owned()),
        }
    }

    /// listen(2) on a socket that outlives a rollback: the number of connections that may wait, where TCP tells it.
    pub fn listen(&mut self, own: &Own, fd: Cell) -> Sections {
        let builder = &mut self.builder;
        let level = builder.constant(libc::IPPROTO_TCP as u64);
        let option = builder.constant(libc::TCP_INFO as u64);
        let args = |_: &mut Builder, at: Cell, length: Cell| vec![fd, level, option, at, length];
        let getter = Getter { name: "getsockopt", args: &args, size: TCP_INFO, mask: u64::MAX };
        let whatever = Accept { ignore: (1..=libc::EHWPOISON).collect(), ..Accept::default() };
        let mut first = None;
        let value = Value {
            read: &mut |builder| {
                let (mut reading, _) = getter.read(builder, &whatever);
                let [head, .., last] = *reading.cells else { return reading };
                first.get_or_insert(head);
                let (backlog, told) = (builder.unset(), builder.guard(head, Relation::NotEqual, 0));
                // What waits comes first, and then how much may.
                let upper = Action::Bits { into: backlog, from: last, mask: 0xffff_ffff << 32, shift: 32 };
                reading.ops.push(when([told], upper));
                reading.cells = vec![backlog];
                reading
            },
            put: &mut |builder, old| {
                let done = builder.unset();
                vec![always(call(builder, "listen", [&[fd], old].concat(), done, "put back"))]
            },
            changed: "how many connections may wait is no longer what the step set",
        };
        let mut sections = Sections::sets_value(builder, own, value);
        if let Some(head) = first {
            sections.only_listeners(builder, own, head);
        }
        sections
    }
}

/// The path that an address of that length makes in the file system, if it is one of AF_UNIX with a path.
fn address_path(step: &Step, length: Option<u64>) -> Result<Option<Vec<u8>>, &'static str> {
    const UNKNOWN: &str = "whether its address makes a file is not known beforehand";
    let Some(Some(Spanned { value: Arg::Memory(address), .. })) = step.args.get(1) else { return Err(UNKNOWN) };
    let mut bytes = address.bytes.clone();
    bytes.resize(address.size.max(2), 0);
    let (family, path) = bytes.split_at(2);
    let patched = |until: usize| address.patches.iter().any(|patch| patch.offset < until);
    if patched(2) {
        return Err(UNKNOWN);
    }
    if family != (libc::AF_UNIX as u16).to_le_bytes() {
        return Ok(None);
    }
    let (false, Some(length)) = (patched(bytes.len()), length) else { return Err(UNKNOWN) };
    let length = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(2);
    let path: Vec<u8> = path.iter().copied().take(length).take_while(|byte| *byte != 0).collect();
    Ok((!path.is_empty()).then_some(path))
}

impl Sections {
    /// Forward: fails before the step's call if the socket is not a TCP listener, of which `head` is how its tcp_info begins.
    fn only_listeners(&mut self, builder: &mut Builder, own: &Own, head: Cell) {
        let (state, told) = (builder.variable(0), builder.guard(head, Relation::NotEqual, 0));
        let not_yet = builder.guard(state, Relation::NotEqual, TCP_LISTEN);
        let why = "undo can't have a socket listen no more, and what one of another protocol than TCP was told before can't be \
                   read; `irreversible: true` allows it";
        let checks = [
            when([told], Action::Bits { into: state, from: head, mask: 0xff, shift: 0 }),
            when([not_yet], Action::Fail(why)),
        ];
        self.before_own(own, checks);
    }

    /// A bind that makes a socket file. Undo unlinks it if its path still names it.
    fn binds_path(builder: &mut Builder, own: &Own, mut path: Vec<u8>) -> Self {
        path.push(0);
        let length = path.len();
        let (_, path) = builder.buffer(path, length);
        let mut sections = Self::plain(own);
        let made = builder.succeeded(own.result);
        let (ops, left) = look(builder, path);
        sections.forward.extend(ops.into_iter().map(|op| guarded(op, &[made])));
        let (ops, now) = look(builder, path);
        sections.undo.extend(ops.into_iter().map(|op| guarded(op, &[made])));
        let there = builder.guard(now.found, Relation::Equal, 0);
        let known = builder.guard(left.found, Relation::Equal, 0);
        let unknown = builder.variable(1);
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let add = |into, a| Action::Add { into, a, b: zero, negative: false };
        sections.undo.push(always(add(unknown, one)));
        sections.undo.push(when([known], add(unknown, zero)));
        let unseen = builder.guard(unknown, Relation::Equal, 1);
        let stays = "a socket file is at its path, and whether the step made it is not known: it stays";
        sections.undo.push(when([made, there, unseen], Action::Fail(stays)));
        let same = |(left, right)| Guard { left, relation: Relation::Equal, right };
        let pairs = [(now.device, left.device), (now.inode, left.inode)];
        let ours = [&[made, there][..], &pairs.map(same)].concat();
        let (here, done) = (builder.constant(libc::AT_FDCWD as i64 as u64), builder.unset());
        sections
            .undo
            .push(when(ours, call(builder, "unlinkat", vec![here, path, zero], done, "take the socket file away")));
        for (now, left) in pairs {
            let another = "its path names another file than the one that it made";
            sections.undo.push(when([made, there, differ(now, left)], Action::Fail(another)));
        }
        sections
    }
}

/// What a path names at one time.
struct Named {
    found: Cell,
    device: Cell,
    inode: Cell,
}

fn look(builder: &mut Builder, path: Cell) -> (Vec<Op>, Named) {
    let (buffer, at): (BufferId, Cell) = builder.buffer(Vec::new(), STAT);
    let [found, device, inode] = [(); 3].map(|()| builder.unset());
    let here = builder.constant(libc::AT_FDCWD as i64 as u64);
    let no_follow = builder.constant(libc::AT_SYMLINK_NOFOLLOW as u64);
    let stat = call(builder, "newfstatat", vec![here, path, at, no_follow], found, "look at its path");
    let there = builder.guard(found, Relation::Equal, 0);
    let load =
        |into, offset| when([there], Action::Load { into, buffer, offset, size: 8, signed: false, swapped: false });
    let ops = vec![always(whatever_comes(stat)), load(device, ST_DEV), load(inode, ST_INO)];
    (ops, Named { found, device, inode })
}
