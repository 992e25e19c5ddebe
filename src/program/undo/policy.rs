//! On which memory nodes memory lies: set_mempolicy(2), mbind(2).

use super::value::{Reading, Value};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Aspect, BufferId, Cell, Guard, Op, Piece};

/// `MPOL_F_ADDR` and `MPOL_MF_STRICT` of linux/mempolicy.h.
const OF_ADDRESS: u64 = 2;
const STRICT: u64 = 1;
/// Memory nodes that are kept.
const NODES: u64 = 64;
/// set_mempolicy and mbind take one fewer than they are told.
const NODES_SET: u64 = NODES + 1;

/// Memory that a policy is read into and put back from.
#[derive(Clone, Copy)]
struct Room {
    mode: (BufferId, Cell),
    nodes: (BufferId, Cell),
}

impl Room {
    fn new(builder: &mut Builder) -> Self {
        Self { mode: builder.buffer(Vec::new(), 4), nodes: builder.buffer(Vec::new(), 8) }
    }

    /// Reads mode and nodes: of the thread, or of the memory at an address.
    fn read(self, builder: &mut Builder, at: Option<Cell>, guards: &[Guard]) -> (Vec<Op>, [Cell; 2]) {
        let (mode, nodes, done) = (builder.unset(), builder.unset(), builder.unset());
        let flags = if at.is_some() { OF_ADDRESS } else { 0 };
        let (most, zero, flags) = (builder.constant(NODES), builder.constant(0), builder.constant(flags));
        let args = vec![self.mode.1, self.nodes.1, most, at.unwrap_or(zero), flags];
        let load = |into, buffer, size| Action::Load { into, buffer, offset: 0, size, signed: false, swapped: false };
        let ops = vec![
            when(guards, call(builder, "get_mempolicy", args, done, "ask")),
            when(guards, load(mode, self.mode.0, 4)),
            when(guards, load(nodes, self.nodes.0, 8)),
        ];
        (ops, [mode, nodes])
    }

    /// Makes the nodes those to be put back.
    fn store(self, nodes: Cell, guards: &[Guard]) -> Op {
        let (buffer, from) = (self.nodes.0, nodes);
        when(guards, Action::Store { buffer, offset: 0, size: 8, signed: false, swapped: false, most: None, from })
    }
}

impl Lowering<'_> {
    pub fn memory_policy(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        match step.syscall.name {
            "set_mempolicy" => {
                let room = Room::new(&mut self.builder);
                let value = Value {
                    read: &mut |builder| {
                        let (ops, cells) = room.read(builder, None, &[]);
                        Reading { ops, cells: cells.to_vec() }
                    },
                    put: &mut |builder, old| {
                        let (most, done) = (builder.constant(NODES_SET), builder.unset());
                        let [mode, nodes] = old else { return Vec::new() };
                        let put = call(builder, "set_mempolicy", vec![*mode, room.nodes.1, most], done, "put back");
                        vec![room.store(*nodes, &[]), always(put)]
                    },
                    changed: "the memory policy is no longer what the step set",
                };
                Some(Sections::sets_value(&mut self.builder, own, value))
            }
            "mbind" => self.binding_of_memory(step, own),
            _ => None,
        }
    }

    /// mbind: the policy of each mapping in the range. That of shared memory belongs to what is mapped, not to the mapping.
    fn binding_of_memory(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let (start, length) = (own.arg("addr")?, own.arg("len")?);
        let flags = own.arg("flags")?;
        if self.builder.known(flags).is_none_or(|flags| flags & !STRICT != 0) {
            let why = "where pages were that it moves is not kept".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        }
        let old = self.builder.pieces(self.room(start, length));
        let builder = &mut self.builder;
        let room = Room::new(builder);
        let mut sections = Sections::default();
        sections.forward.push(always(Action::Survey { into: old.clone(), aspect: Aspect::Sharing, start, length }));
        let mut kept: Vec<(Piece, [Cell; 2])> = Vec::new();
        for piece in old {
            let there = builder.there(&piece);
            let shared = [there, builder.guard(piece.value, Relation::Equal, 1)];
            let why = "memory there is shared, and its policy is for all who map it; `irreversible: true` allows it";
            sections.forward.push(when(shared, Action::Fail(why)));
            let (ops, policy) = room.read(builder, Some(piece.start), &[there]);
            sections.forward.extend(ops);
            kept.push((piece, policy));
        }
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let (ops, left) = room.read(builder, Some(start), &[made]);
        sections.forward.extend(ops);
        for (piece, old) in kept {
            let there = builder.there(&piece);
            let mapped = builder.unset();
            let look = Action::Mapped { into: mapped, start: piece.start, length: piece.length };
            sections.undo.push(when([there], look));
            let gone = Action::Fail("a part of what was mapped there is mapped no longer");
            sections.undo.push(when([there, differ(mapped, piece.length)], gone));
            let (ops, now) = room.read(builder, Some(piece.start), &[there]);
            sections.undo.extend(ops);
            let moved = sections.any_differs(builder, &now, &old, &[there]);
            let foreign = sections.any_differs(builder, &now, &left, &[there, made]);
            let found = Action::Fail("the policy of the memory is no longer what the step set");
            sections.undo.push(when([moved, foreign], found));
            let (most, zero, done) = (builder.constant(NODES_SET), builder.constant(0), builder.unset());
            sections.undo.push(room.store(old[1], &[moved]));
            let args = vec![piece.start, piece.length, old[0], room.nodes.1, most, zero];
            sections.undo.push(when([moved], call(builder, "mbind", args, done, "put back")));
        }
        Some(sections)
    }
}
