//! Inode flags and project id.

use super::script::{Part, Script, equal};
use crate::program::builder::Own;
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, differ};
use crate::program::{Action, Cell, Guard};

/// `struct file_attr` (include/uapi/linux/fs.h): where what can be set lies, and how long it is. The number of extents between
/// them is only told.
const SIZE: usize = 24;
const SET: [(usize, usize); 4] = [(0, 8), (8, 4), (16, 4), (20, 4)];
/// Flags that only tell: FS_XFLAG_PREALLOC, FS_XFLAG_HASATTR.
const TOLD: u64 = 0x8000_0002;

impl Script<'_> {
    fn read_file_attr(&mut self, guards: &[Guard], own: &Own) -> (Cell, [Cell; 4]) {
        let (buffer, at) = self.builder.buffer(Vec::new(), SIZE);
        let args = of(self, own, at);
        let found = self.attempt(guards, "file_getattr", &args, "look");
        let read = [guards, &[self.equals(found, 0)]].concat();
        let mut cells = SET.map(|(offset, size)| {
            let into = self.builder.unset();
            self.push(&read, Action::Load { into, buffer, offset, size, signed: false, swapped: false });
            into
        });
        cells[0] = self.bits(&read, cells[0], !TOLD);
        (found, cells)
    }
}

/// The arguments of file_getattr(2) and file_setattr(2) for the same file.
fn of(script: &mut Script<'_>, own: &Own, at: Cell) -> Vec<Cell> {
    let size = script.constant(SIZE as u64);
    super::place::with(own, &[("ufattr", at), ("usize", size)])
}

impl Lowering<'_> {
    /// file_setattr(2).
    pub fn changes_inode_flags(&mut self, own: &Own) -> Sections {
        let mut script = Script::new(&mut self.builder);
        let place = script.place_of(own);
        let before = script.look_first(place, []);
        let (read, old) = script.read_file_attr(&[], own);
        let (there, unread) = (script.equals(before.found, 0), script.failed(read));
        script.fail(&[there, unread], "its flags can't be read, without which this can't be undone");
        script.push(&[], own.op("as asked"));
        let made = script.made(own.result);
        let (_, left) = script.read_file_attr(&[made], own);
        script.turn_to(Part::Undo);
        let there = script.look(&[made], place, []);
        let same = script.same(&there, &before);
        script.fail(&[made, same.no], "its path leads to another file than the one that it changed");
        let here = [made, same.yes, script.equals(read, 0)];
        let (_, now) = script.read_file_attr(&here, own);
        for ((now, old), left) in now.into_iter().zip(old).zip(left) {
            let foreign = [&here[..], &[differ(now, old), differ(now, left)]].concat();
            script.fail(&foreign, "its flags are no longer what the step made them");
        }
        let same: Vec<Guard> = equal(&now, &old).collect();
        let same = script.all(&same);
        let back = [&here[..], &[same.no]].concat();
        let (buffer, at) = script.builder.buffer(Vec::new(), SIZE);
        for ((offset, size), from) in SET.into_iter().zip(old) {
            let store = Action::Store { buffer, offset, size, signed: false, swapped: false, most: None, from };
            script.push(&back, store);
        }
        let args = of(&mut script, own, at);
        script.call(&back, "file_setattr", &args, "put the flags back");
        script.sections
    }
}
