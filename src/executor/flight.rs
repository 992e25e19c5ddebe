//! What came of the call that another criu-plan has died in: told by what there is in its target.

use super::prepared::Prepared;
use crate::journal::{CallLine, Called, Expect, Flight, Section};
use crate::program::{Action, Op, Program, StepCode};
use crate::syscalls::{Nature, by_name, particulars};
use crate::target::Files;

/// What is to be believed.
#[derive(Debug, PartialEq, Eq)]
pub enum Landing {
    /// It was not made, or failed, or nobody needs its result.
    Nothing,
    /// It was made and returned this.
    Returned(i64),
    /// It was made, returned this, and filled a buffer.
    Filled(i64, u32, Vec<u8>),
    /// It can't be told; why, in a sentence.
    Unknown(String),
}

/// How sure one may be that a descriptor is what a call gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    No,
    Perhaps,
    Yes,
}

/// Looks what came of a call. The target stands still, and no thread of it is in the call any more.
pub fn landing(target: &Prepared, program: &Program, called: &Called, flight: Flight) -> Landing {
    let line = &called.line;
    if line.section == Section::Own {
        return own(target, line);
    }
    // What only asks is asked again if need be.
    let inert = by_name(&line.call)
        .is_some_and(|call| matches!(particulars(call, |index| line.args.get(index).copied()).nature, Nature::Inert));
    if inert {
        return Landing::Nothing;
    }
    if is_judged_blindly(program, line) && !may_be_seen(line) {
        return Landing::Unknown(format!(
            "what its {} returned was not told any more, and the undo that the plan has for it goes by that",
            line.call
        ));
    }
    match line.expect {
        Some(Expect::Descriptor(fd)) => match is_given(target, program, line, fd) {
            Sure::Yes => Landing::Returned(i64::from(fd)),
            Sure::No => Landing::Nothing,
            Sure::Perhaps => Landing::Unknown(format!(
                "descriptor {fd} may have been opened by its {}, or by the process itself since",
                line.call
            )),
        },
        Some(Expect::Pair(buffer, ends)) => {
            let sure = ends.map(|fd| is_given(target, program, line, fd));
            let bytes = ends.iter().flat_map(|fd| fd.to_le_bytes()).collect();
            if sure == [Sure::Yes; 2] { Landing::Filled(0, buffer, bytes) } else { Landing::Nothing }
        }
        Some(Expect::Result(value)) if matches!(&*line.call, "dup2" | "dup3") => {
            let [old, new] = [line.args[0] as i32, line.args[1] as i32];
            let made = old == new || target.descriptors.same_description(old, new);
            if made { Landing::Returned(value as i64) } else { Landing::Nothing }
        }
        Some(Expect::Place(place)) => placed(target, line, place, flight),
        // It was not made, or it was a moment after it was announced: undo finds that out by what it compares.
        Some(Expect::Result(_)) | None if flight == Flight::Due => Landing::Nothing,
        Some(Expect::Result(value)) => Landing::Returned(value as i64),
        None => Landing::Unknown(format!("what its {} returned was not told any more", line.call)),
    }
}

/// Whether it is a step's own call whose undo runs unless it is known to have failed.
fn is_judged_blindly(program: &Program, line: &CallLine<'_>) -> bool {
    let step = program.steps.get(line.step).filter(|_| line.section == Section::Forward);
    step.is_some_and(|step| step.is_undone_as_said() && line.into == Some(step.result.0))
}

/// Whether what a call came to shows in what is there.
fn may_be_seen(line: &CallLine<'_>) -> bool {
    match line.expect {
        Some(Expect::Descriptor(_) | Expect::Pair(..) | Expect::Place(_)) => true,
        Some(Expect::Result(_)) => matches!(&*line.call, "dup2" | "dup3"),
        None => false,
    }
}

/// The descriptor that a call has given, whose number stands for something else by now.
pub fn taken(target: &Prepared, program: &Program, called: &Called) -> Option<i32> {
    let Some(Expect::Descriptor(_)) = called.line.expect else { return None };
    let fd = called.result.and_then(|result| i32::try_from(result).ok()).filter(|fd| *fd >= 0)?;
    (is_given(target, program, &called.line, fd) == Sure::No).then_some(fd)
}

/// What came of an mmap for which we have proposed a place where nothing was.
fn placed(target: &Prepared, line: &CallLine<'_>, place: u64, flight: Flight) -> Landing {
    let end = line.args[1].checked_next_multiple_of(4096).and_then(|length| place.checked_add(length));
    let found = target.mappings.covering(place).ok().flatten();
    match found.filter(|found| found.start == place && Some(found.end) == end) {
        Some(_) => Landing::Returned(place as i64),
        None if flight == Flight::Due => Landing::Nothing,
        // The kernel may have put it elsewhere.
        None => Landing::Unknown("what its mmap returned was not told any more".into()),
    }
}

/// Memory of criu-plan's own.
fn own(target: &Prepared, line: &CallLine<'_>) -> Landing {
    let there = is_ours(target, (line.args[0], line.args[1]));
    match &*line.call {
        "mmap" if there => Landing::Returned(line.args[0] as i64),
        "munmap" if !there => Landing::Returned(0),
        _ => Landing::Nothing,
    }
}

/// Whether a range is exactly one mapping as criu-plan makes it.
pub fn is_ours(target: &Prepared, (start, length): (u64, u64)) -> bool {
    target.mappings.covering(start).ok().flatten().is_some_and(|mapping| {
        let plain = mapping.readable && mapping.writable && !mapping.executable && !mapping.shared;
        let anonymous = mapping.inode == 0 && mapping.name.is_empty();
        plain && anonymous && (mapping.start, mapping.end) == (start, start + length)
    })
}

/// Whether descriptor `fd`, which was free before the call, is what it gave.
fn is_given(target: &Prepared, program: &Program, line: &CallLine<'_>, fd: i32) -> Sure {
    let descriptors = &target.descriptors;
    let Ok(flags @ 0..) = descriptors.flags(fd) else { return Sure::No };
    let link = descriptors.path(fd).unwrap_or_default();
    let kind = match &*line.call {
        "dup" | "fcntl" => {
            return if descriptors.same_description(line.args[0] as i32, fd) { Sure::Yes } else { Sure::No };
        }
        "open" | "openat" | "openat2" | "creat" => return is_opened(target, program, line, fd, flags as u64),
        "socket" | "socketpair" | "accept" | "accept4" => "socket:",
        "pipe" | "pipe2" => "pipe:",
        "memfd_create" => "/memfd:",
        "eventfd" | "eventfd2" => "anon_inode:[eventfd]",
        "epoll_create" | "epoll_create1" => "anon_inode:[eventpoll]",
        "timerfd_create" => "anon_inode:[timerfd]",
        "signalfd" | "signalfd4" => "anon_inode:[signalfd]",
        "inotify_init" | "inotify_init1" => "anon_inode:inotify",
        _ => return Sure::Perhaps,
    };
    if link.starts_with(kind) { Sure::Yes } else { Sure::No }
}

/// Whether `fd` is open on what the path of the call names.
fn is_opened(target: &Prepared, program: &Program, line: &CallLine<'_>, fd: i32, flags: u64) -> Sure {
    let step = program.steps.get(line.step);
    let op = step.and_then(|step| section(step, line.section).get(line.op));
    let Some(Op { action: Action::Call(call), .. }) = op else { return Sure::Perhaps };
    let path = call.syscall.param("pathname").or(call.syscall.param("filename"));
    let buffer = path.and_then(|index| program.buffer_at(*call.args.get(index)?));
    let text = buffer.and_then(|buffer| program.buffers.get(buffer.0 as usize)).map(|buffer| buffer.bytes.as_slice());
    let text = text.map(|text| text.split(|byte| *byte == 0).next().unwrap_or_default());
    let asked = match &*line.call {
        "open" => line.args[1],
        "openat" => line.args[2],
        "creat" => libc::O_WRONLY as u64,
        _ => flags,
    };
    let told = (libc::O_ACCMODE | libc::O_APPEND | libc::O_CLOEXEC) as u64;
    if (asked ^ flags) & told != 0 {
        return Sure::No;
    }
    let named = text.and_then(|path| Files::at_hand(&target.process).id(path));
    match (named, target.descriptors.id(fd)) {
        (Some(named), Some(open)) if named == open => Sure::Yes,
        (Some(_), Some(_)) => Sure::No,
        _ => Sure::Perhaps,
    }
}

/// The ops of a section.
pub fn section(step: &StepCode, section: Section) -> &[Op] {
    match section {
        Section::Own => &[],
        Section::Forward => &step.forward,
        Section::Undo => &step.undo,
        Section::Commit => &step.commit,
        Section::Release => &step.release,
    }
}
