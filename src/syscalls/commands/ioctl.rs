//! Requests of ioctl(2). What a driver's own request does is not known, so `IOCTL` holds more names than this table.

use super::{Command, Family, ask, c, family};
use crate::syscalls::constants::*;
use crate::syscalls::{Kind, Nature};
use Kind::{Fd, Flags, In, InOut, Int, OneOf, Out, Signal, Text, Uint};

pub(super) static FAMILIES: &[Family] = &[family("ioctl", "request", REQUESTS)];

const TERMIOS: &[Kind] = &[In("struct termios")];
const TERMIOS2: &[Kind] = &[In("struct termios2")];
const SET_INT: &[Kind] = &[In("int")];
const GET_INT: &[Kind] = &[Out("int")];
const GET_LONG: &[Kind] = &[Out("long")];
const GET_U64: &[Kind] = &[Out("uint64_t")];
const SET_IF: &[Kind] = &[In("struct ifreq")];
const GET_IF: &[Kind] = &[InOut("struct ifreq")];
const RANGE: &[Kind] = &[In("uint64_t[2]")];
const TERMINAL: &str = "the old settings are put back, if they are still what the step set";
const FLAG: &str = "the flag is set back, if it is still what the step set";
const OWNER: &str = "its signals go to whom they went before, if they still go where the step sent them";
const DEVICE: &str = "the old value is put back, if it is still what the step set";
const FLUSHED: &str = "what was typed and not read yet is thrown away";
const WIRE: &str = "the other end of the line has seen it";
const SESSION: &str = "the session has another terminal, and its processes may have got a SIGHUP";
const DISK: &str = "it is about a whole filesystem or device, which others use";
const NETWORK: &str = "it is about a network interface of the whole network namespace; ip(8) changes these";
const COUNTER: &str = "what was counted, or was not, can't be made up for";
const CLOCK: &str = "it is about the machine's clock, which is no part of the process";
const GONE: &str = "what the range held is gone";

static REQUESTS: &[Command] = &[
    // Terminals.
    ask("TCGETS", &[Out("struct termios")]),
    c("TCSETS", TERMIOS).restores(TERMINAL),
    c("TCSETSW", TERMIOS).may_wait().restores(TERMINAL),
    c("TCSETSF", TERMIOS).may_wait().lasts(FLUSHED),
    ask("TCGETS2", &[Out("struct termios2")]),
    c("TCSETS2", TERMIOS2).restores(TERMINAL),
    c("TCSETSW2", TERMIOS2).may_wait().restores(TERMINAL),
    c("TCSETSF2", TERMIOS2).may_wait().lasts(FLUSHED),
    c("TCSETA", &[Kind::Any]).restores(TERMINAL),
    c("TCSETAW", &[Kind::Any]).may_wait().restores(TERMINAL),
    c("TCSETAF", &[Kind::Any]).may_wait().lasts(FLUSHED),
    c("TCSBRK", &[Int]).may_wait().lasts(WIRE),
    c("TCSBRKP", &[Int]).may_wait().lasts(WIRE),
    c("TCXONC", &[OneOf(&TC_FLOW)]).may_wait().lasts("whether output was stopped before can't be read"),
    c("TCFLSH", &[OneOf(&TC_FLUSH)]).lasts("what stood in the queue is thrown away"),
    c("TIOCEXCL", &[]).restores(TERMINAL),
    c("TIOCNXCL", &[]).restores(TERMINAL),
    ask("TIOCGEXCL", GET_INT),
    c("TIOCSCTTY", &[Int]).lasts(SESSION),
    c("TIOCNOTTY", &[]).lasts(SESSION),
    ask("TIOCGPGRP", &[Out("pid_t")]),
    c("TIOCSPGRP", &[In("pid_t")]).restores("the old foreground process group is set again, if it is still what the step set, and if that group still exists"),
    ask("TIOCGSID", &[Out("pid_t")]),
    ask("TIOCOUTQ", GET_INT),
    c("TIOCSTI", &[In("char")]).lasts("what was typed can't be taken back"),
    ask("TIOCGWINSZ", &[Out("struct winsize")]),
    c("TIOCSWINSZ", &[In("struct winsize")]).restores("the old size is put back, if it is still what the step set; the foreground processes get a SIGWINCH for each change"),
    ask("TIOCMGET", &[Out("int")]),
    c("TIOCMBIS", SET_INT).restores("the old state of the lines is put back, if it is still what the step set; the other end may have seen the change"),
    c("TIOCMBIC", SET_INT).restores("the old state of the lines is put back, if it is still what the step set; the other end may have seen the change"),
    c("TIOCMSET", SET_INT).restores("the old state of the lines is put back, if it is still what the step set; the other end may have seen the change"),
    c("TIOCMIWAIT", &[Flags(&MODEM)]).waits().nature(Nature::Inert),
    ask("TIOCGSOFTCAR", GET_INT),
    c("TIOCSSOFTCAR", SET_INT).restores(TERMINAL),
    c("TIOCCONS", &[]).lasts("where the console's output went before can't be read"),
    ask("TIOCGETD", GET_INT),
    c("TIOCSETD", SET_INT).may_wait().lasts("what the old line discipline held is thrown away"),
    c("TIOCSBRK", &[]).lasts(WIRE),
    c("TIOCCBRK", &[]).lasts(WIRE),
    c("TIOCPKT", SET_INT).restores(TERMINAL),
    ask("TIOCGPKT", GET_INT),
    ask("TIOCGPTN", &[Out("unsigned int")]),
    c("TIOCSPTLCK", SET_INT).restores(TERMINAL),
    ask("TIOCGPTLCK", GET_INT),
    c("TIOCGPTPEER", &[Flags(&OPEN)]).may_wait().gives_fd(),
    c("TIOCSIG", &[Signal]).lasts("a signal that was sent can't be called back"),
    ask("TIOCGDEV", &[Out("unsigned int")]),
    c("TIOCVHANGUP", &[]).lasts("a terminal that was hung up stays so"),
    // Any descriptor.
    ask("FIONREAD", GET_INT),
    c("FIONBIO", SET_INT).restores(FLAG),
    c("FIOASYNC", SET_INT).restores(FLAG),
    c("FIOCLEX", &[]).restores(FLAG),
    c("FIONCLEX", &[]).restores(FLAG),
    ask("FIOQSIZE", &[Out("uint64_t")]),
    c("FIOSETOWN", SET_INT).restores(OWNER),
    ask("FIOGETOWN", GET_INT),
    // Files and filesystems.
    ask("FIGETBSZ", GET_INT),
    ask("FIBMAP", &[InOut("int")]),
    c("FICLONE", &[Fd]).lasts("what the file held is gone"),
    c("FICLONERANGE", &[In("struct file_clone_range")]).lasts("what the file held is gone"),
    c("FIDEDUPERANGE", &[InOut("struct file_dedupe_range")]).lasts(DISK),
    c("FIFREEZE", &[Int])
        .may_wait()
        .forbidden("every writer to the filesystem would wait, criu-plan perhaps among them"),
    c("FITHAW", &[Int]).lasts(DISK),
    c("FITRIM", &[InOut("struct fstrim_range")]).may_wait().lasts(DISK),
    ask("FS_IOC_GETFLAGS", &[Out("int")]),
    c("FS_IOC_SETFLAGS", &[In("int")]).restores(DEVICE),
    ask("FS_IOC_FSGETXATTR", &[Out("struct fsxattr")]),
    c("FS_IOC_FSSETXATTR", &[In("struct fsxattr")]).restores(DEVICE),
    ask("FS_IOC_GETVERSION", GET_INT),
    c("FS_IOC_SETVERSION", SET_INT).restores(DEVICE),
    ask("FS_IOC_GETFSLABEL", &[Out("char[256]")]),
    c("FS_IOC_SETFSLABEL", &[Text]).lasts(DISK),
    // Block devices.
    ask("BLKROGET", GET_INT),
    c("BLKROSET", SET_INT).restores(DEVICE),
    c("BLKRRPART", &[]).may_wait().lasts(DISK),
    ask("BLKGETSIZE", &[Out("unsigned long")]),
    ask("BLKGETSIZE64", GET_U64),
    c("BLKFLSBUF", &[]).may_wait().lasts(DISK),
    ask("BLKRAGET", GET_LONG),
    c("BLKRASET", &[Uint]).lasts(DISK),
    ask("BLKFRAGET", GET_LONG),
    c("BLKFRASET", &[Uint]).lasts(DISK),
    ask("BLKSECTGET", &[Out("unsigned short")]),
    ask("BLKSSZGET", GET_INT),
    ask("BLKPBSZGET", &[Out("unsigned int")]),
    ask("BLKIOMIN", &[Out("unsigned int")]),
    ask("BLKIOOPT", &[Out("unsigned int")]),
    ask("BLKALIGNOFF", GET_INT),
    ask("BLKROTATIONAL", &[Out("unsigned short")]),
    ask("BLKBSZGET", GET_INT),
    c("BLKBSZSET", SET_INT).lasts(DISK),
    ask("BLKGETDISKSEQ", GET_U64),
    c("BLKDISCARD", RANGE).may_wait().lasts(GONE),
    c("BLKSECDISCARD", RANGE).may_wait().lasts(GONE),
    c("BLKZEROOUT", RANGE).may_wait().lasts(GONE),
    // Sockets and network interfaces.
    c("SIOCSPGRP", SET_INT).restores(OWNER),
    ask("SIOCGPGRP", GET_INT),
    ask("SIOCATMARK", GET_INT),
    ask("SIOCGIFNAME", &[InOut("struct ifreq_ifindex")]),
    ask("SIOCGIFCONF", &[InOut("struct ifconf")]),
    ask("SIOCGIFFLAGS", &[InOut("struct ifreq_flags")]),
    c("SIOCSIFFLAGS", &[In("struct ifreq_flags")]).lasts(NETWORK),
    ask("SIOCGIFADDR", &[InOut("struct ifreq_addr")]),
    c("SIOCSIFADDR", &[In("struct ifreq_addr")]).lasts(NETWORK),
    ask("SIOCGIFDSTADDR", &[InOut("struct ifreq_dstaddr")]),
    c("SIOCSIFDSTADDR", &[In("struct ifreq_dstaddr")]).lasts(NETWORK),
    ask("SIOCGIFBRDADDR", &[InOut("struct ifreq_broadaddr")]),
    c("SIOCSIFBRDADDR", &[In("struct ifreq_broadaddr")]).lasts(NETWORK),
    ask("SIOCGIFNETMASK", &[InOut("struct ifreq_netmask")]),
    c("SIOCSIFNETMASK", &[In("struct ifreq_netmask")]).lasts(NETWORK),
    ask("SIOCGIFMETRIC", &[InOut("struct ifreq_metric")]),
    c("SIOCSIFMETRIC", &[In("struct ifreq_metric")]).lasts(NETWORK),
    ask("SIOCGIFMTU", &[InOut("struct ifreq_mtu")]),
    c("SIOCSIFMTU", &[In("struct ifreq_mtu")]).lasts(NETWORK),
    c("SIOCSIFNAME", &[In("struct ifreq_newname")]).lasts(NETWORK),
    ask("SIOCGIFHWADDR", &[InOut("struct ifreq_hwaddr")]),
    c("SIOCSIFHWADDR", &[In("struct ifreq_hwaddr")]).lasts(NETWORK),
    c("SIOCSIFHWBROADCAST", &[In("struct ifreq_hwaddr")]).lasts(NETWORK),
    ask("SIOCGIFINDEX", &[InOut("struct ifreq_ifindex")]),
    ask("SIOCGIFPFLAGS", &[InOut("struct ifreq_flags")]),
    c("SIOCSIFPFLAGS", &[In("struct ifreq_flags")]).lasts(NETWORK),
    ask("SIOCGIFTXQLEN", &[InOut("struct ifreq_qlen")]),
    c("SIOCSIFTXQLEN", &[In("struct ifreq_qlen")]).lasts(NETWORK),
    ask("SIOCGIFMAP", GET_IF),
    c("SIOCSIFMAP", SET_IF).lasts(NETWORK),
    c("SIOCADDMULTI", &[In("struct ifreq_hwaddr")]).lasts(NETWORK),
    c("SIOCDELMULTI", &[In("struct ifreq_hwaddr")]).lasts(NETWORK),
    c("SIOCETHTOOL", GET_IF).lasts(NETWORK),
    c("SIOCBRADDBR", &[Text]).lasts(NETWORK),
    c("SIOCBRDELBR", &[Text]).lasts(NETWORK),
    c("SIOCBRADDIF", &[In("struct ifreq_ifindex")]).lasts(NETWORK),
    c("SIOCBRDELIF", &[In("struct ifreq_ifindex")]).lasts(NETWORK),
    c("SIOCADDRT", &[In("struct rtentry")]).lasts(NETWORK),
    c("SIOCDELRT", &[In("struct rtentry")]).lasts(NETWORK),
    ask("SIOCGARP", &[InOut("struct arpreq")]),
    c("SIOCSARP", &[In("struct arpreq")]).lasts(NETWORK),
    c("SIOCDARP", &[In("struct arpreq")]).lasts(NETWORK),
    ask("SIOCGSTAMP_OLD", &[Out("struct timeval")]),
    // Tap and tunnel devices.
    c("TUNSETIFF", GET_IF).lasts(NETWORK),
    ask("TUNGETIFF", GET_IF),
    c("TUNSETPERSIST", &[Int]).lasts(NETWORK),
    c("TUNSETOWNER", &[Kind::Uid]).lasts(NETWORK),
    c("TUNSETGROUP", &[Kind::Gid]).lasts(NETWORK),
    c("TUNSETLINK", &[Int]).lasts(NETWORK),
    c("TUNSETOFFLOAD", &[Uint]).lasts(NETWORK),
    ask("TUNGETFEATURES", &[Out("unsigned int")]),
    ask("TUNGETSNDBUF", GET_INT),
    c("TUNSETSNDBUF", SET_INT).restores(DEVICE),
    ask("TUNGETVNETHDRSZ", GET_INT),
    c("TUNSETVNETHDRSZ", SET_INT).restores(DEVICE),
    c("TUNSETQUEUE", SET_IF).lasts(NETWORK),
    // Namespaces.
    c("NS_GET_USERNS", &[]).gives_fd(),
    c("NS_GET_PARENT", &[]).gives_fd(),
    ask("NS_GET_NSTYPE", &[]),
    ask("NS_GET_OWNER_UID", &[Out("uid_t")]),
    // Counters and clocks.
    c("PERF_EVENT_IOC_ENABLE", &[Int]).lasts(COUNTER),
    c("PERF_EVENT_IOC_DISABLE", &[Int]).lasts(COUNTER),
    c("PERF_EVENT_IOC_REFRESH", &[Int]).lasts(COUNTER),
    c("PERF_EVENT_IOC_RESET", &[Int]).lasts(COUNTER),
    c("PERF_EVENT_IOC_PERIOD", &[In("uint64_t")]).lasts(COUNTER),
    c("PERF_EVENT_IOC_SET_OUTPUT", &[Fd]).lasts(COUNTER),
    c("PERF_EVENT_IOC_SET_FILTER", &[Text]).lasts(COUNTER),
    ask("PERF_EVENT_IOC_ID", GET_U64),
    c("PERF_EVENT_IOC_SET_BPF", &[Fd]).lasts(COUNTER),
    c("PERF_EVENT_IOC_PAUSE_OUTPUT", &[Uint]).lasts(COUNTER),
    ask("RTC_ALM_READ", &[Out("struct rtc_time")]),
    c("RTC_ALM_SET", &[In("struct rtc_time")]).lasts(CLOCK),
    ask("RTC_IRQP_READ", &[Out("unsigned long")]),
    c("RTC_IRQP_SET", &[Uint]).lasts(CLOCK),
];
