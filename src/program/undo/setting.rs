//! Values that one command of fcntl(2) or ioctl(2) sets and another one tells.

use super::getter::{Getter, stores};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{BufferId, Cell, Op};
use crate::syscalls::constants::IOCTL;
use crate::syscalls::{self, Set};

/// What sets a value, what tells it, what puts it back, and how many bytes of memory it is in (0: it is the result of the
/// one, and the argument of the other).
struct Setting {
    set: &'static [&'static str],
    get: &'static str,
    put: &'static str,
    size: usize,
    /// The bits that count.
    mask: u64,
    changed: &'static str,
}

const fn setting(
    set: &'static [&'static str],
    get: &'static str,
    put: &'static str,
    size: usize,
    changed: &'static str,
) -> Setting {
    Setting { set, get, put, size, mask: u64::MAX, changed }
}

const PIPE: &str = "the size of the pipe is no longer what the step set";
const OWNER: &str = "whom its signals go to is no longer what the step set";
const SIGNAL: &str = "the signal that it sends is no longer what the step set";
const LEASE: &str = "the lease is no longer what the step set";
const HINT: &str = "the hint is no longer what the step set";
const TERMINAL: &str = "the settings of the terminal are no longer what the step set";
const WINDOW: &str = "the size of the window is no longer what the step set";
const GROUP: &str = "the foreground process group is no longer what the step set";
const LINES: &str = "the lines of the modem are no longer what the step set";
const FILE: &str = "the attributes of the file are no longer what the step set";
const DEVICE: &str = "the setting of the device is no longer what the step set";

/// Lines of a modem that are set and not only read (`TIOCM_*` of asm-generic/termios.h): DTR, RTS, OUT1, OUT2, LOOP.
const OUTPUTS: u64 = 0x2 | 0x4 | 0x2000 | 0x4000 | 0x8000;

static FCNTL: &[Setting] = &[
    setting(&["F_SETPIPE_SZ"], "F_GETPIPE_SZ", "F_SETPIPE_SZ", 0, PIPE),
    setting(&["F_SETOWN", "F_SETOWN_EX"], "F_GETOWN_EX", "F_SETOWN_EX", 8, OWNER),
    setting(&["F_SETSIG"], "F_GETSIG", "F_SETSIG", 0, SIGNAL),
    setting(&["F_SETLEASE"], "F_GETLEASE", "F_SETLEASE", 0, LEASE),
    setting(&["F_SET_RW_HINT"], "F_GET_RW_HINT", "F_SET_RW_HINT", 8, HINT),
    setting(&["F_SET_FILE_RW_HINT"], "F_GET_FILE_RW_HINT", "F_SET_FILE_RW_HINT", 8, HINT),
];

static REQUESTS: &[Setting] = &[
    // What the newer structure has beyond the older ones, the speeds, would be lost by these.
    setting(&["TCSETS", "TCSETSW", "TCSETS2", "TCSETSW2", "TCSETA", "TCSETAW"], "TCGETS2", "TCSETS2", 44, TERMINAL),
    setting(&["TIOCSWINSZ"], "TIOCGWINSZ", "TIOCSWINSZ", 8, WINDOW),
    setting(&["TIOCSPGRP"], "TIOCGPGRP", "TIOCSPGRP", 4, GROUP),
    Setting { mask: OUTPUTS, ..setting(&["TIOCMSET", "TIOCMBIS", "TIOCMBIC"], "TIOCMGET", "TIOCMSET", 4, LINES) },
    setting(&["TIOCSSOFTCAR"], "TIOCGSOFTCAR", "TIOCSSOFTCAR", 4, TERMINAL),
    setting(&["TIOCPKT"], "TIOCGPKT", "TIOCPKT", 4, TERMINAL),
    setting(&["TIOCSPTLCK"], "TIOCGPTLCK", "TIOCSPTLCK", 4, TERMINAL),
    setting(&["FS_IOC_SETFLAGS"], "FS_IOC_GETFLAGS", "FS_IOC_SETFLAGS", 4, FILE),
    setting(&["FS_IOC_FSSETXATTR"], "FS_IOC_FSGETXATTR", "FS_IOC_FSSETXATTR", 28, FILE),
    setting(&["FS_IOC_SETVERSION"], "FS_IOC_GETVERSION", "FS_IOC_SETVERSION", 4, FILE),
    setting(&["BLKROSET"], "BLKROGET", "BLKROSET", 4, DEVICE),
    setting(&["TUNSETSNDBUF"], "TUNGETSNDBUF", "TUNSETSNDBUF", 4, DEVICE),
    setting(&["TUNSETVNETHDRSZ"], "TUNGETVNETHDRSZ", "TUNSETVNETHDRSZ", 4, DEVICE),
];

impl Lowering<'_> {
    /// A command of fcntl(2) that is undone by another one.
    pub fn fcntl_setting(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        let set = syscalls::by_name("fcntl")?.params.get(1)?.kind.set()?;
        let (fd, command) = (*own.args.first()?, self.builder.known(*own.args.get(1)?)? as i32);
        if matches!(command, libc::F_SETLK | libc::F_SETLKW | libc::F_OFD_SETLK | libc::F_OFD_SETLKW) {
            return Some(self.record_lock(step, own, fd, buffers.get(2).copied().flatten()));
        }
        let setting = find(FCNTL, set, command as u32)?;
        Some(setting.sections(&mut self.builder, own, fd, set))
    }

    /// A request of ioctl(2) that is undone by another one.
    pub fn ioctl_setting(&mut self, own: &Own) -> Option<Sections> {
        let (fd, request) = (*own.args.first()?, self.builder.known(*own.args.get(1)?)? as u32);
        let is = |name: &str| IOCTL.value(name).is_some_and(|value| value as u32 == request);
        if is("FIONBIO") || is("FIOASYNC") {
            return Some(Sections::sets_flags(&mut self.builder, own, fd, libc::F_SETFL));
        }
        if is("FIOCLEX") || is("FIONCLEX") {
            return Some(Sections::sets_flags(&mut self.builder, own, fd, libc::F_SETFD));
        }
        if is("FIOSETOWN") || is("SIOCSPGRP") {
            let set = syscalls::by_name("fcntl")?.params.get(1)?.kind.set()?;
            let owner = FCNTL.iter().find(|setting| setting.put == "F_SETOWN_EX")?;
            return Some(owner.sections(&mut self.builder, own, fd, set));
        }
        if is("TIOCEXCL") || is("TIOCNXCL") {
            return Some(Sections::sets_exclusive(&mut self.builder, own, fd));
        }
        let setting = find(REQUESTS, &IOCTL, request)?;
        Some(setting.sections(&mut self.builder, own, fd, &IOCTL))
    }
}

fn find(settings: &'static [Setting], set: &Set, command: u32) -> Option<&'static Setting> {
    let is = |name: &&str| set.value(name).is_some_and(|value| value as u32 == command);
    settings.iter().find(|setting| setting.set.iter().any(is))
}

impl Setting {
    fn sections(&self, builder: &mut Builder, own: &Own, fd: Cell, set: &Set) -> Sections {
        let name = if std::ptr::eq(set, &IOCTL) { "ioctl" } else { "fcntl" };
        let command = |builder: &mut Builder, name: &str| builder.constant(set.value(name).unwrap_or(u64::MAX));
        let (get, put) = (command(builder, self.get), command(builder, self.put));
        let args = |_: &mut Builder, at: Cell, _: Cell| if self.size == 0 { vec![fd, get] } else { vec![fd, get, at] };
        let getter = Getter { name, args: &args, size: self.size, mask: self.mask };
        let put = &mut |builder: &mut Builder, old: &[Cell]| -> Vec<Op> {
            let done = builder.unset();
            if self.size == 0 {
                let args = [&[fd, put], old].concat();
                return vec![always(call(builder, name, args, done, "put back"))];
            }
            let (buffer, at) = builder.buffer(Vec::new(), self.size.max(8));
            let mut ops = stores(buffer, old, self.size);
            ops.push(always(call(builder, name, vec![fd, put, at], done, "put back")));
            ops
        };
        Sections::sets_told(builder, own, &getter, put, self.changed)
    }
}

impl Sections {
    /// TIOCEXCL and TIOCNXCL, of which each takes the other one back.
    fn sets_exclusive(builder: &mut Builder, own: &Own, fd: Cell) -> Self {
        let request = |builder: &mut Builder, name: &str| builder.constant(IOCTL.value(name).unwrap_or(u64::MAX));
        let [get, on, off] = ["TIOCGEXCL", "TIOCEXCL", "TIOCNXCL"].map(|name| request(builder, name));
        let args = |_: &mut Builder, at: Cell, _: Cell| vec![fd, get, at];
        let getter = Getter { name: "ioctl", args: &args, size: 4, mask: u64::MAX };
        let put = &mut |builder: &mut Builder, old: &[Cell]| -> Vec<Op> {
            let Some(old) = old.first() else { return Vec::new() };
            let ways = [(Relation::NotEqual, on), (Relation::Equal, off)];
            let ops = ways.map(|(relation, request)| {
                let (was, done) = (builder.guard(*old, relation, 0), builder.unset());
                when([was], call(builder, "ioctl", vec![fd, request], done, "put back"))
            });
            ops.into()
        };
        Self::sets_told(builder, own, &getter, put, TERMINAL)
    }
}
