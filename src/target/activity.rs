//! What the threads of a process are doing, as far as /proc tells while they run: nothing is stopped for it.

use super::allowance::Unlimited;
use super::freeze::thread_state;
use super::inventory::{task_file, threads};
use super::process::Process;
use crate::facts::ThreadPattern;
use std::io;
use std::os::fd::AsRawFd;

/// What a thread was seen doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub tid: i32,
    /// Its name.
    pub name: String,
    /// State letter of proc(5).
    pub state: char,
    /// Where it was.
    pub place: Place,
}

/// Where a thread was (`/proc/PID/task/TID/syscall`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a processor.
    Running,
    /// Waiting, in no system call (a page fault, a stop).
    Waiting {
        /// Its stack pointer.
        stack: u64,
    },
    /// Waiting in a system call.
    Call {
        /// Its number.
        number: u64,
        /// Its arguments.
        args: [u64; 6],
        /// The stack pointer.
        stack: u64,
    },
    /// That can't be told.
    Unknown,
}

/// All threads that run code of the program and have not ended, by id.
pub fn activities(process: &Process) -> io::Result<Vec<Activity>> {
    let seen = |tid: i32, name: String| {
        let (state, _) = thread_state(process.dir.as_raw_fd(), tid)?;
        let place = task_file(process, tid, "syscall").map_or(Place::Unknown, |text| place(&text));
        Some(Activity { tid, name, state: state.into(), place })
    };
    let all = threads(process, &ThreadPattern::default(), &Unlimited)?;
    Ok(all.into_iter().filter_map(|task| seen(task.tid, task.name)).collect())
}

fn place(text: &str) -> Place {
    let text = text.trim_end();
    if text == "running" {
        return Place::Running;
    }
    let mut fields = text.split(' ');
    let number = fields.next().and_then(|number| number.parse::<i64>().ok());
    let values: Option<Vec<u64>> =
        fields.map(|field| u64::from_str_radix(field.strip_prefix("0x")?, 16).ok()).collect();
    match (number, values.as_deref()) {
        (Some(-1), Some([stack, _])) => Place::Waiting { stack: *stack },
        (Some(number @ 0..), Some([args @ .., stack, _])) => match args.try_into() {
            Ok(args) => Place::Call { number: number as u64, args, stack: *stack },
            Err(_) => Place::Unknown,
        },
        _ => Place::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_as_the_kernel_tells_them() {
        let call = Place::Call { number: 232, args: [5, 0x7ffc, 0x20, u64::MAX, 0, 8], stack: 0x7ff0 };
        for (text, seen) in [
            ("running\n", Place::Running),
            ("-1 0x7ff0 0x40\n", Place::Waiting { stack: 0x7ff0 }),
            ("232 0x5 0x7ffc 0x20 0xffffffffffffffff 0x0 0x8 0x7ff0 0x40\n", call),
            ("232 0x5\n", Place::Unknown),
            ("", Place::Unknown),
        ] {
            assert_eq!(place(text), seen, "{text}");
        }
    }
}
