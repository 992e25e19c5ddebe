//! What lies in a target's buffers, decoded before they are given back.

use super::machine::Machine;
use crate::program::{Bound, BufferId, Filled};
use crate::syscalls::layouts::decode::{self, Decode, Memory, Value};

/// One buffer with its bytes.
struct Contents<'a> {
    machine: &'a Machine<'a>,
    buffer: BufferId,
    bytes: Vec<u8>,
}

impl<'a> Contents<'a> {
    fn read(machine: &'a Machine<'a>, buffer: BufferId) -> Option<Self> {
        Some(Self { machine, buffer, bytes: machine.read_buffer(buffer, usize::MAX)? })
    }
}

impl Memory for Contents<'_> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn decode(&self) -> Option<Decode> {
        self.machine.buffer(self.buffer)?.decode
    }

    fn behind(&self, offset: usize) -> Option<Box<dyn Memory + '_>> {
        let (_, buffer) = self.machine.buffer(self.buffer)?.pointers.iter().find(|(at, _)| *at == offset)?;
        Some(Box::new(Contents::read(self.machine, *buffer)?))
    }
}

/// A buffer as far as a call has filled it.
pub fn buffer(machine: &Machine<'_>, buffer: BufferId, how: Decode, filled: Filled) -> Option<Value> {
    let count = |cell| machine.cell(cell).map(|value| usize::try_from(value as i64).unwrap_or(0));
    let length = match (filled, how) {
        (Filled::All, _) => None,
        (Filled::Bytes(cell), _) => count(cell),
        (Filled::Elements(cell), Decode::Typed(shape)) => {
            count(cell).map(|count| count.saturating_mul(shape.element.size()))
        }
        (Filled::Elements(_), _) => None,
    };
    let contents = Contents::read(machine, buffer)?;
    Some(decode::decode(&contents, how, length.unwrap_or(usize::MAX)))
}

/// What a name is bound to.
pub fn captured(machine: &Machine<'_>, bound: &Bound) -> Option<Value> {
    match *bound {
        Bound::Cell(cell) => machine.cell(cell).map(|value| Value::Number(value as i64)),
        Bound::Buffer(id, how, filled) => buffer(machine, id, how, filled),
    }
}
