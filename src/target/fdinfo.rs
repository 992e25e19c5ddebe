//! What the kernel tells of a descriptor in `/proc/PID/fdinfo` (Documentation/filesystems/proc.rst of the kernel).

/// The text of one descriptor's file.
#[derive(Debug)]
pub struct FdInfo(pub String);

/// A timer as a timerfd has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// The clock that it was made with.
    pub clock: i32,
    /// How often it has expired since that was last read.
    pub ticks: u64,
    /// The flags with which it was started.
    pub flags: i32,
    /// Nanoseconds until it expires; 0 if it does not run.
    pub left: u64,
    /// Nanoseconds after which it expires again.
    pub interval: u64,
}

impl FdInfo {
    /// What stands behind `name:`.
    fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// Status and creation flags, O_CLOEXEC included.
    pub fn flags(&self) -> Option<i64> {
        i64::from_str_radix(self.field("flags")?, 8).ok()
    }

    /// The file position.
    pub fn offset(&self) -> Option<i64> {
        self.field("pos")?.parse().ok()
    }

    /// The locks of a kind, as `/proc/locks` calls it, that were taken through this descriptor: how each locks.
    pub fn locks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.lines().filter_map(move |line| {
            let mut words = line.strip_prefix("lock:")?.split_whitespace().skip(1);
            (words.next()? == kind).then(|| words.nth(1)).flatten()
        })
    }

    /// The signals that a signalfd reads.
    pub fn signal_mask(&self) -> Option<u64> {
        u64::from_str_radix(self.field("sigmask")?, 16).ok()
    }

    /// The mask of a watch of an inotify descriptor.
    pub fn watch_mask(&self, watch: i32) -> Option<u64> {
        let of_watch = format!("wd:{watch:x}");
        let mut watches = self.0.lines().filter_map(|line| line.strip_prefix("inotify "));
        let words = watches.find(|words| words.split(' ').next() == Some(of_watch.as_str()))?;
        u64::from_str_radix(words.split(' ').find_map(|word| word.strip_prefix("mask:"))?, 16).ok()
    }

    /// Events and data of what an epoll descriptor watches under a number. There is more than one entry where the number
    /// was given to another file while the first one is still open elsewhere.
    pub fn watched(&self, number: i32) -> Vec<(u64, u64)> {
        let entry = |line: &str| {
            let mut words = line.strip_prefix("tfd:")?.split_whitespace();
            if words.next()?.parse::<i32>().ok()? != number {
                return None;
            }
            let mut after = |name: &str| {
                words.find(|word| *word == name)?;
                u64::from_str_radix(words.next()?, 16).ok()
            };
            Some((after("events:")?, after("data:")?))
        };
        self.0.lines().filter_map(entry).collect()
    }

    /// The number of an eventfd, which no other has.
    pub fn event_number(&self) -> Option<u64> {
        self.field("eventfd-id")?.parse().ok()
    }

    /// The timer of a timerfd.
    pub fn timer(&self) -> Option<Timer> {
        let time = |name: &str| {
            let (seconds, rest) = self.field(name)?.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
            seconds.parse::<u64>().ok()?.checked_mul(NANOSECONDS)?.checked_add(rest.parse().ok()?)
        };
        Some(Timer {
            clock: self.field("clockid")?.parse().ok()?,
            ticks: self.field("ticks")?.parse().ok()?,
            flags: i32::from_str_radix(self.field("settime flags")?, 8).ok()?,
            left: time("it_value")?,
            interval: time("it_interval")?,
        })
    }
}

/// In a second.
pub const NANOSECONDS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "pos:\t12\nflags:\t02000002\nmnt_id:\t15\nino:\t7\n";

    #[test]
    fn every_kind_of_descriptor_is_understood() {
        let info = |rest: &str| FdInfo(format!("{HEAD}{rest}"));
        let plain = info(
            "lock:\t1: FLOCK  ADVISORY  WRITE 812 fe:00:77 0 EOF\nlock:\t2: OFDLCK ADVISORY  READ -1 fe:00:77 5 9\n",
        );
        assert_eq!((plain.offset(), plain.flags()), (Some(12), Some(0o2000002)));
        assert_eq!(plain.locks("FLOCK").collect::<Vec<_>>(), ["WRITE"]);
        assert_eq!(plain.locks("OFDLCK").collect::<Vec<_>>(), ["READ"]);
        assert_eq!(plain.locks("POSIX").count(), 0);
        assert_eq!(info("sigmask:\t0000000000000a00\n").signal_mask(), Some(0xa00));
        let inotify = info(
            "inotify wd:10 ino:1 sdev:2 mask:4 ignored_mask:0 fhandle-bytes:c\ninotify wd:1 ino:9e sdev:800013 mask:800afce ignored_mask:0\n",
        );
        assert_eq!(
            (inotify.watch_mask(16), inotify.watch_mask(1), inotify.watch_mask(2)),
            (Some(4), Some(0x800_afce), None)
        );
        let epoll = info(
            "tfd:        5 events:       1d data: ffffffffffffffff pos:0 ino:61af sdev:7\ntfd:       15 events: 80000019 data:                9  pos:0 ino:1 sdev:7\n",
        );
        assert_eq!(epoll.watched(5), [(0x1d, u64::MAX)]);
        assert_eq!(epoll.watched(15), [(0x8000_0019, 9)]);
        assert_eq!(epoll.watched(1), []);
        let timer =
            info("clockid: 1\nticks: 3\nsettime flags: 01\nit_value: (0, 49406829)\nit_interval: (1, 5)\n").timer();
        let expected = Timer { clock: 1, ticks: 3, flags: 1, left: 49_406_829, interval: 1_000_000_005 };
        assert_eq!(timer, Some(expected));
        assert_eq!(plain.timer(), None);
        let event = info("eventfd-count:                0\neventfd-id: 68\neventfd-semaphore: 0\n");
        assert_eq!((event.event_number(), plain.event_number()), (Some(68), None));
    }
}
