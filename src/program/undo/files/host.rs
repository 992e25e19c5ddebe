//! The names of the host.

use crate::program::builder::{Own, always};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::undo::value::{Reading, Value};
use crate::program::{Action, Cell};

/// Fields of `struct new_utsname` (include/uapi/linux/utsname.h), of which there are six: 64 bytes and a NUL.
const FIELD: usize = 65;
const NODE_NAME: usize = FIELD;
const DOMAIN_NAME: usize = 5 * FIELD;
/// The longest name.
const LONGEST: usize = 64;

impl Lowering<'_> {
    /// sethostname(2), setdomainname(2).
    pub fn changes_host(&mut self, own: &Own) -> Sections {
        let name = own.syscall.name;
        let at = if name == "sethostname" { NODE_NAME } else { DOMAIN_NAME };
        let (told, told_at) = self.builder.buffer(Vec::new(), 6 * FIELD);
        let (old, old_at) = self.builder.buffer(Vec::new(), LONGEST);
        let value = Value {
            read: &mut |builder| {
                let done = builder.unset();
                let mut ops = vec![always(call(builder, "uname", vec![told_at], done, "look"))];
                let cells: Vec<Cell> = (0..LONGEST / 8).map(|_| builder.unset()).collect();
                for (index, into) in cells.iter().enumerate() {
                    let (into, offset) = (*into, at + 8 * index);
                    let load = Action::Load { into, buffer: told, offset, size: 8, signed: false, swapped: false };
                    ops.push(always(load));
                }
                Reading { ops, cells }
            },
            put: &mut |builder, cells| {
                let (done, length) = (builder.unset(), builder.constant(LONGEST as u64));
                let mut ops = Vec::new();
                for (index, from) in cells.iter().enumerate() {
                    let (from, offset) = (*from, 8 * index);
                    let (size, signed, swapped, most) = (8, false, false, None);
                    ops.push(always(Action::Store { buffer: old, offset, size, signed, swapped, most, from }));
                }
                // With the zeros behind it, which are there in any case.
                ops.push(always(call(builder, name, vec![old_at, length], done, "put back")));
                ops
            },
            changed: "the name is no longer what the step set",
        };
        Sections::sets_value(&mut self.builder, own, value)
    }
}
