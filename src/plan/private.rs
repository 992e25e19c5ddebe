//! Steps whose effect ends with a descriptor that the plan opened, and that undo closes: they are taken back by that.

use super::{Access, Arg, CaptureFrom, CaptureRef, Spanned, Step, Undo, known};
use crate::syscalls::layouts::Int;
use crate::syscalls::{Kind, Nature, Syscall, ends_with_descriptor};
use std::collections::HashMap;

/// The calls that have opened descriptors which are surely still theirs, by the names that these are captured under.
type Opened<'a> = HashMap<&'a str, (&'static Syscall, bool)>;

/// Marks such steps.
pub fn settle(steps: &mut [Step]) {
    let private: Vec<bool> = {
        let mut opened = Opened::new();
        steps.iter().map(|step| follow(step, &mut opened)).collect()
    };
    for (step, private) in steps.iter_mut().zip(private) {
        step.private = private;
    }
}

/// Whether a step is one; and what is opened after it.
fn follow<'a>(step: &'a Step, opened: &mut Opened<'a>) -> bool {
    let private = is_private(step, opened);
    match step.particulars().nature {
        Nature::Inert => {}
        _ if matches!(step.undo, Undo::Steps(_)) => opened.clear(),
        // Whether another number that is closed or replaced is that of one of them is seen as the plan runs.
        Nature::ClosesFd => closed(step.args.first(), opened),
        Nature::ReplacesFd if own(step.args.first(), opened).is_none() => closed(step.args.get(1), opened),
        Nature::Irreversible(_) if private => {}
        Nature::Irreversible(_) => opened.clear(),
        Nature::Restores(_) if step.syscall.name == "close_range" => opened.clear(),
        _ => {}
    }
    for capture in &step.captures {
        let gives = step.particulars().nature == Nature::GivesFd && matches!(step.undo, Undo::Auto);
        if gives && capture.from == CaptureFrom::Return {
            opened.insert(&capture.name.value, (step.syscall, step.each.is_some()));
        } else {
            opened.remove(capture.name.value.as_str());
        }
    }
    private
}

/// A descriptor that is given by name is nobody's any more.
fn closed(argument: Option<&Option<Spanned<Arg>>>, opened: &mut Opened<'_>) {
    if let Some(Some(Spanned { value: Arg::Number(number), .. })) = argument {
        number.terms.iter().for_each(|(_, used)| {
            opened.remove(used.name.as_str());
        });
    }
}

fn is_private(step: &Step, opened: &Opened<'_>) -> bool {
    let first = step.syscall.params.first().is_some_and(|param| matches!(param.kind, Kind::Fd));
    let known_undo = !matches!(step.undo, Undo::Steps(_));
    let Some(maker) = own(step.args.first(), opened).filter(|_| first && known_undo) else { return false };
    let address = step.syscall.name != "bind" || (step.repeated.is_none() && ends_with_socket(step.args.get(1)));
    address && ends_with_descriptor(maker, step.syscall, |index| known(step.args.get(index)?.as_ref()))
}

/// What has made the descriptor that an argument is, if nothing else is it.
fn own(argument: Option<&Option<Spanned<Arg>>>, opened: &Opened<'_>) -> Option<&'static Syscall> {
    let Some(Some(Spanned { value: Arg::Number(number), .. })) = argument else { return None };
    match (number.constant, number.terms.as_slice()) {
        (0, [(true, CaptureRef { target: None, name, path, .. })]) => {
            let (maker, list) = opened.get(name.as_str())?;
            let whole = path.is_empty() || (*list && matches!(path.as_slice(), [Access::Index(_)]));
            whole.then_some(*maker)
        }
        _ => None,
    }
}

/// Whether a socket that is bound to an address leaves nothing behind: a path would.
fn ends_with_socket(address: Option<&Option<Spanned<Arg>>>) -> bool {
    let Some(Some(Spanned { value: Arg::Memory(memory), .. })) = address else { return false };
    let family = memory.bytes.get(..2).map(|bytes| Int::plain(2, false).value(bytes) as i32);
    let patched = |end: usize| memory.patches.iter().any(|patch| patch.offset < end);
    match family {
        _ if patched(2) || !memory.pointers.is_empty() => false,
        Some(libc::AF_INET | libc::AF_INET6 | libc::AF_NETLINK | libc::AF_PACKET | libc::AF_VSOCK) => true,
        // A name behind a NUL is in no file system.
        Some(libc::AF_UNIX) => !patched(3) && memory.size > 3 && memory.bytes.get(2).is_none_or(|byte| *byte == 0),
        _ => false,
    }
}
