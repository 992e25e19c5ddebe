//! As whom a thread acts: user and group ids, capabilities, its process group.

use super::reading::{Field, Getter, asked, gone_over, int, laid_out, only_if, put_back, reckoned, uint, words};
use super::value::{Reading, Value, guarded};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, differ};
use crate::program::reckoning::Reckoning;
use crate::program::{Action, Asked, BufferId, Cell, Op};

/// `struct __user_cap_header_struct`: version and pid.
const HEADER: [Field; 2] = [uint(0), int(4)];
const CAPABILITY_VERSION: i64 = 0x2008_0522;
/// Effective, permitted and inheritable capabilities, the lower 32 of each and then the upper.
const SETS: [Field; 6] = [uint(0), uint(4), uint(8), uint(12), uint(16), uint(20)];
/// More supplementary groups are not kept.
const MOST_GROUPS: usize = 64;

const PR_SET_PDEATHSIG: u64 = 1;
const PR_GET_PDEATHSIG: u64 = 2;
const PR_GET_DUMPABLE: u64 = 3;
const PR_SET_DUMPABLE: u64 = 4;
const PR_GET_SECUREBITS: u64 = 27;

/// User or group ids.
#[derive(Debug, Clone, Copy)]
struct Names {
    get: &'static str,
    set: &'static str,
    set_file: &'static str,
    users: bool,
}

const USERS: Names = Names { get: "getresuid", set: "setresuid", set_file: "setfsuid", users: true };
const GROUPS: Names = Names { get: "getresgid", set: "setresgid", set_file: "setfsgid", users: false };

impl Lowering<'_> {
    /// The set*id family, setgroups, capset, setpgid.
    pub fn identity(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        let (names, arity, parameters): (_, _, &[&str]) = match step.syscall.name {
            "setuid" => (USERS, 1, &["uid"]),
            "setreuid" => (USERS, 2, &["ruid", "euid"]),
            "setresuid" => (USERS, 3, &["ruid", "euid", "suid"]),
            "setfsuid" => (USERS, 4, &["fsuid"]),
            "setgid" => (GROUPS, 1, &["gid"]),
            "setregid" => (GROUPS, 2, &["rgid", "egid"]),
            "setresgid" => (GROUPS, 3, &["rgid", "egid", "sgid"]),
            "setfsgid" => (GROUPS, 4, &["fsgid"]),
            "setgroups" => return Some(self.supplementary(own)),
            "capset" => return Some(self.capabilities(step, own, buffers)),
            "setpgid" => return self.group(own),
            _ => return None,
        };
        let none = self.builder.constant(0);
        let given = |index: usize| parameters.get(index).and_then(|name| own.arg(name)).unwrap_or(none);
        let arity = self.builder.constant(arity);
        Some(self.ids(own, names, [arity, given(0), given(1), given(2)]))
    }

    fn ids(&mut self, own: &Own, names: Names, asked_for: [Cell; 4]) -> Sections {
        let value = Value {
            read: &mut |builder| read_ids(builder, names),
            put: &mut |builder, old| put_ids(builder, names, old),
            changed: "its ids or capabilities are no longer what the step has left",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            let mut ops = Vec::new();
            let [read, rest @ ..] = old else { return ops };
            let sets = rest.get(6..12).unwrap_or_default();
            let own_ids = rest.get(..4).unwrap_or_default();
            let (what, from) = if names.users {
                let ambient = asked(builder, Asked::Ambient, &mut ops);
                let securebits = attribute(builder, PR_GET_SECUREBITS);
                ops.extend(securebits.ops);
                let last = [&[ambient], securebits.cells.as_slice()].concat();
                (Reckoning::UsersBack, [&asked_for, own_ids, sets, &last].concat())
            } else {
                let effective = sets.get(..1).unwrap_or_default();
                (Reckoning::GroupsBack, [&asked_for, own_ids, effective].concat())
            };
            let may = reckoned(builder, what, from, &mut ops);
            let why = "it would leave ids or capabilities that it could not have again if a later step fails; \
                       `irreversible: true` allows it";
            ops.push(only_if(builder, may, *read, why));
            ops
        };
        Sections::sets_value_if(&mut self.builder, own, value, check)
    }

    fn supplementary(&mut self, own: &Own) -> Sections {
        let most = self.builder.constant(MOST_GROUPS as u64);
        let fields = words(MOST_GROUPS / 2);
        let ignore = vec![libc::EINVAL];
        let getter = Getter { call: "getgroups", args: vec![most], fills: Some((1, &fields)), ignore };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let [count, list @ ..] = old else { return ops };
                let list = laid_out(builder, &fields, list, &mut ops);
                ops.push(always(put_back(builder, "setgroups", vec![*count, list])));
                ops
            },
            changed: "the supplementary groups are no longer those that the step set",
        };
        Sections::sets_value_if(&mut self.builder, own, value, |builder, old| {
            let why = "it is in more groups than the 64 that can be put back; `irreversible: true` allows it";
            let more = old.first().map(|count| builder.guard(*count, Relation::Less, 0));
            more.map(|more| when([more], Action::Fail(why))).into_iter().collect()
        })
    }

    fn capabilities(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Sections {
        let memory = |parameter| self.memory_for(step, buffers, parameter);
        let (header, data) = match (memory("hdrp"), memory("datap")) {
            (Some(header), Some(data)) => (header, data),
            (None, _) => return self.unforeseeable(step, own, "hdrp"),
            (_, None) => return self.unforeseeable(step, own, "datap"),
        };
        let value = Value {
            read: &mut |builder| read_capabilities(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                put_capabilities(builder, old.get(1..).unwrap_or_default(), &mut ops);
                ops
            },
            changed: "the capabilities are no longer what the step set",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            let mut ops = Vec::new();
            let [read, old @ ..] = old else { return ops };
            let (load, version) = uint(0).load(builder, header);
            ops.push(always(load));
            let other = builder.guard(version, Relation::NotEqual, CAPABILITY_VERSION);
            let why = "only version 3 of capset (`version: _LINUX_CAPABILITY_VERSION_3`) can be taken back; \
                       `irreversible: true` allows others";
            ops.push(when([other], Action::Fail(why)));
            let mut from = old.to_vec();
            for field in SETS {
                let (load, cell) = field.load(builder, data);
                ops.push(always(load));
                from.push(cell);
            }
            from.extend([Asked::Ambient, Asked::Bounding].map(|what| asked(builder, what, &mut ops)));
            let may = reckoned(builder, Reckoning::CapabilitiesBack, from, &mut ops);
            let why = "it would drop capabilities that it could not have again if a later step fails (those in effect \
                       alone can be dropped and raised); `irreversible: true` allows it";
            ops.push(only_if(builder, may, *read, why));
            ops
        };
        Sections::sets_value_if(&mut self.builder, own, value, check)
    }

    fn group(&mut self, own: &Own) -> Option<Sections> {
        let pid = own.arg("pid")?;
        let getter = Getter { call: "getpgid", args: vec![pid], fills: None, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                old.iter().map(|old| put_back(builder, "setpgid", vec![pid, *old])).map(always).collect()
            },
            changed: "the process group is no longer the one that the step set",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            let mut ops = Vec::new();
            let [old] = old else { return ops };
            let own_pid = Getter { call: "getpid", args: Vec::new(), fills: None, ignore: Vec::new() };
            let Reading { ops: asking, cells } = own_pid.read(builder);
            ops.extend(asking);
            let mut guards = vec![builder.guard(pid, Relation::Equal, 0)];
            guards.extend(cells.iter().map(|own_pid| differ(*old, *own_pid)));
            let alone = builder.unset();
            ops.push(when(guards.clone(), Action::Ask { into: alone, what: Asked::AloneInGroup }));
            guards.push(builder.guard(alone, Relation::Equal, 1));
            let why = "it is the last of its process group, which will be gone once it has left it; \
                       `irreversible: true` allows it";
            ops.push(when(guards, Action::Fail(why)));
            ops
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, check))
    }
}

fn attribute(builder: &mut Builder, option: u64) -> Reading {
    let args = vec![builder.constant(option)];
    Getter { call: "prctl", args, fills: None, ignore: Vec::new() }.read(builder)
}

/// Result of the first question; real, effective, saved and file-system id; dumpable, signal at the parent's end; the sets of
/// capabilities. The kernel changes all of these with an id (`commit_creds`).
fn read_ids(builder: &mut Builder, names: Names) -> Reading {
    const NUMBER: &[Field] = &[uint(0)];
    const NO_ID: u64 = u64::MAX;
    let result = builder.unset();
    let (mut ops, mut cells, mut args) = (Vec::new(), vec![result], Vec::new());
    let mut loads = Vec::new();
    for _ in 0..3 {
        let (buffer, address) = builder.buffer(Vec::new(), 8);
        args.push(address);
        let (load, cell) = uint(0).load(builder, buffer);
        loads.push(always(load));
        cells.push(cell);
    }
    ops.push(always(crate::program::natures::call(builder, names.get, args, result, "read")));
    ops.extend(loads);
    let no_id = builder.constant(NO_ID);
    let get_signal = builder.constant(PR_GET_PDEATHSIG);
    let file = Getter { call: names.set_file, args: vec![no_id], fills: None, ignore: Vec::new() }.read(builder);
    let dumpable = attribute(builder, PR_GET_DUMPABLE);
    let signal = Getter { call: "prctl", args: vec![get_signal], fills: Some((1, NUMBER)), ignore: Vec::new() };
    let signal = signal.read(builder);
    let sets = read_capabilities(builder);
    for (reading, skipped) in [(file, 0), (dumpable, 0), (signal, 1), (sets, 1)] {
        ops.extend(reading.ops);
        cells.extend(reading.cells.into_iter().skip(skipped));
    }
    Reading { ops, cells }
}

/// The ids first, then what their change has taken.
fn put_ids(builder: &mut Builder, names: Names, old: &[Cell]) -> Vec<Op> {
    let mut ops = Vec::new();
    let [_, real, effective, saved, file, dumpable, signal, sets @ ..] = old else { return ops };
    ops.push(always(put_back(builder, names.set, vec![*real, *effective, *saved])));
    put_capabilities(builder, sets, &mut ops);
    // setresuid has set the file-system id to the effective one. This takes or gives capabilities, too.
    let mut of_its_own = vec![always(put_back(builder, names.set_file, vec![*file]))];
    put_capabilities(builder, sets, &mut of_its_own);
    ops.extend(of_its_own.into_iter().map(|op| guarded(op, &[differ(*file, *effective)])));
    let (set_dumpable, set_signal) = (builder.constant(PR_SET_DUMPABLE), builder.constant(PR_SET_PDEATHSIG));
    // No call sets 2; it is what the kernel itself sets with the ids.
    let settable = builder.guard(*dumpable, Relation::Less, 2);
    ops.push(when([settable], put_back(builder, "prctl", vec![set_dumpable, *dumpable])));
    ops.push(always(put_back(builder, "prctl", vec![set_signal, *signal])));
    ops
}

fn header(builder: &mut Builder, ops: &mut Vec<Op>) -> Cell {
    let (version, pid) = (builder.constant(CAPABILITY_VERSION as u64), builder.constant(0));
    laid_out(builder, &HEADER, &[version, pid], ops)
}

/// Result and sets.
fn read_capabilities(builder: &mut Builder) -> Reading {
    let mut ops = Vec::new();
    let header = header(builder, &mut ops);
    let getter = Getter { call: "capget", args: vec![header], fills: Some((1, &SETS)), ignore: Vec::new() };
    let Reading { ops: asking, cells } = getter.read(builder);
    ops.extend(asking);
    Reading { ops, cells }
}

fn put_capabilities(builder: &mut Builder, sets: &[Cell], ops: &mut Vec<Op>) {
    let header = header(builder, ops);
    let data = laid_out(builder, &SETS, sets, ops);
    ops.push(always(put_back(builder, "capset", vec![header, data])));
}
