//! Clocks as a process sees them: a time namespace may set CLOCK_MONOTONIC and CLOCK_BOOTTIME off.

use super::fdinfo::NANOSECONDS;
use std::fs;

/// The time of a clock in nanoseconds as a thread sees it; nothing if there is no such clock.
pub fn now(tid: i32, clock: i32) -> Option<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is what clock_gettime fills.
    let result = unsafe { libc::clock_gettime(base(clock), &raw mut time) };
    let ours = (result == 0).then_some(i128::from(time.tv_sec) * i128::from(NANOSECONDS) + i128::from(time.tv_nsec))?;
    let offset = |of: &str| {
        let text = fs::read_to_string(format!("/proc/{of}/timens_offsets")).unwrap_or_default();
        offset_in(&text, clock)
    };
    (ours - offset("self") + offset(&tid.to_string())).try_into().ok()
}

/// The alarm clocks are the others, which wake the machine.
fn base(clock: i32) -> i32 {
    match clock {
        libc::CLOCK_REALTIME_ALARM => libc::CLOCK_REALTIME,
        libc::CLOCK_BOOTTIME_ALARM => libc::CLOCK_BOOTTIME,
        other => other,
    }
}

/// The nanoseconds by which a clock is off, by `timens_offsets` (time_namespaces(7)).
fn offset_in(text: &str, clock: i32) -> i128 {
    let name = match base(clock) {
        libc::CLOCK_MONOTONIC => "monotonic",
        libc::CLOCK_BOOTTIME => "boottime",
        _ => return 0,
    };
    let of = |line: &str| {
        let mut words = line.split_whitespace();
        let (seconds, rest) = (words.next() == Some(name)).then(|| Some((words.next()?, words.next()?)))??;
        Some(seconds.parse::<i128>().ok()? * i128::from(NANOSECONDS) + rest.parse::<i128>().ok()?)
    };
    text.lines().find_map(of).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_clock() {
        let text = "monotonic         172800         5\nboottime          -86400         0\n";
        assert_eq!(offset_in(text, libc::CLOCK_MONOTONIC), 172_800_000_000_005);
        assert_eq!(offset_in(text, libc::CLOCK_BOOTTIME_ALARM), -86_400_000_000_000);
        assert_eq!(offset_in(text, libc::CLOCK_REALTIME), 0);
        assert_eq!(offset_in("", libc::CLOCK_MONOTONIC), 0);
    }
}
