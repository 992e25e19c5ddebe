//! A journal that is being written.

use super::head::{Head, Moment, Phase};
use super::line::{CallLine, HeldBackLine, Line};
use nix::errno::Errno;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// An open journal, whose lock is held as long as any process has it open.
#[derive(Debug)]
pub struct Log {
    file: File,
    head: Head,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the latest call.
    call: u32,
    /// What it returned.
    was: Option<i64>,
    /// Cells that were set since it was announced.
    set: Vec<(usize, u32, u64)>,
    /// The line that is being made.
    text: Vec<u8>,
    /// How long the file is.
    length: u64,
}

impl Log {
    /// Begins a journal in an empty file that is opened for appending.
    pub fn begin(mut file: File) -> io::Result<Self> {
        file.write_all(Head::blank())?;
        Self::resume(file, 0)
    }

    /// Goes on with a journal whose latest call has this number.
    pub fn resume(file: File, call: u32) -> io::Result<Self> {
        let head = Head::map(&file)?;
        let length = file.metadata()?.len();
        let state = State { call, text: Vec::with_capacity(4096), set: Vec::with_capacity(64), was: None, length };
        Ok(Self { file, head, state: RefCell::new(state) })
    }

    /// Takes so many bytes of the file system for what is still to be written, if it can do that.
    pub fn reserve(&self, length: u64) -> io::Result<()> {
        reserve(&self.file, length)
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        self.head.enter(phase);
    }

    /// Notes what happens to the call that was announced last.
    pub fn mark(&self, moment: Moment) {
        let mut state = self.state.borrow_mut();
        self.head.mark(state.call, moment);
        state.was = match moment {
            Moment::Done(result) => Some(result),
            Moment::Due | Moment::Set | Moment::Void => None,
        };
    }

    /// Notes that a cell was set; it is written with the next call.
    pub fn set(&self, target: usize, cell: u32, value: u64) {
        self.state.borrow_mut().set.push((target, cell, value));
    }

    /// Announces a call.
    pub fn call(&self, line: CallLine<'_>) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        state.call += 1;
        let line = CallLine { n: state.call, was: state.was, set: Cow::Borrowed(&state.set), ..line };
        append(&self.file, &mut state.text, &mut state.length, &Line::Call(line))?;
        state.was = None;
        state.set.clear();
        Ok(())
    }

    /// A step of a target is done but for what is held back.
    pub fn hold_back(&self, target: usize, step: usize) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        let line = HeldBackLine { target, step, set: Cow::Borrowed(&state.set) };
        append(&self.file, &mut state.text, &mut state.length, &Line::HeldBack(line))?;
        state.set.clear();
        Ok(())
    }

    /// The number of the call that was announced last.
    pub fn latest(&self) -> u32 {
        self.state.borrow().call
    }

    /// Writes a line.
    pub fn append(&self, line: &Line<'_>) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        append(&self.file, &mut state.text, &mut state.length, line)
    }
}

fn append(mut file: &File, text: &mut Vec<u8>, length: &mut u64, line: &Line<'_>) -> io::Result<()> {
    text.clear();
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    match file.write_all(text) {
        Ok(()) => {
            *length += text.len() as u64;
            Ok(())
        }
        Err(error) => {
            // Half a line is taken off again, so that the next one stands alone.
            let _shortened = file.set_len(*length);
            Err(error)
        }
    }
}

/// Takes so many more bytes of the file system, without making the file longer.
pub fn reserve(file: &File, length: u64) -> io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    let begin = file.metadata()?.len();
    let (begin, length) = (begin as libc::off_t, length.max(1) as libc::off_t);
    match fallocate(file.as_fd(), FallocateFlags::FALLOC_FL_KEEP_SIZE, begin, length) {
        // It has to be tried.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(()),
        other => Ok(other?),
    }
}
