//! The table of system calls, one line each, ordered by x86_64 number, then those that only aarch64 has.
//!
//! Name, number on x86_64 and aarch64 (-1: it has none), what it does, parameters as in the man page's synopsis (`o` for one
//! that may be left out), result, nature, whether it may wait. C types of memory are named as in the kernel's or the C
//! library's headers. What depends on arguments stands in `commands` and `particulars`.

use super::constants::*;
use super::{Blocking, Kind, Nature, Param, Returns, Scope, Syscall};
use Blocking::{Maybe, No, Yes};
use Kind::{
    Addr, Any, CountOf, DirFd, Exactly, Fd, Flags, Gid, In, InOut, Int, Mode, Offset, OneOf, Out, Path, Pid, Signal,
    Size, SizeOf, Text, Uid, Uint,
};
use Nature::{ClosesFd, Fcntl, GivesFd, GivesPair, Inert, Irreversible, ReplacesFd, Restores};
use Returns::{Address, Never, Number, Zero};

const CHDIR: Nature = Restores(
    "the process goes back to the old working directory, which is kept open meanwhile, if it is still in the one that the step changed to",
);
const CHROOT: Nature = Restores(
    "the old root directory, which is kept open meanwhile, becomes the root again, if it is still the one that the step changed to",
);
const MAKES_DIRECTORY: Nature =
    Restores("the directory is removed again, if it is still the one that the step made and nothing is in it");
const MAKES_NAME: Nature = Restores("the name is removed again, if it still is that of what the step made");
const MAKES_NODE: Nature = Restores(
    "the file is removed again, if it is still the one that the step made and, where it can hold something, nobody has written to it",
);
const REMOVES: Nature = Restores(
    "it is not removed until all is done, but held aside under a name beside its own that begins with `.criu-plan-`, and moved back from there, unless its name was given to another meanwhile",
);
const RENAMES: Nature = Restores(
    "it gets its old name back, unless that was given to another meanwhile. What had the new name is not removed until all is done, but held aside under a name beside it that begins with `.criu-plan-`, and put back",
);
const FILE_MODE: Nature =
    Restores("the old mode is put back, if it is still what the step set; the time of change stays");
const FILE_OWNER: Nature = Restores(
    "the old owner and group are put back, and the mode bits and capabilities of the file that the call takes away, if they are still what the step left; that takes privilege. The time of change stays",
);
const ATTRIBUTE: Nature = Restores(
    "the old value, of up to 4096 bytes, or its absence is put back, if the attribute is still what the step left; the time of change stays",
);
const TIMES: Nature = Restores(
    "the old times are put back, if that of modification is still what the step set; that of access stays if somebody has read it since, and that of change in any case",
);
const INODE_FLAGS: Nature = Restores("the old flags and project id are put back, if they are still what the step left");
const LENGTH: Nature = Restores(
    "what made the file longer is cut off again, if nobody has written to it since; its time of modification stays. What would make it shorter can't be undone and needs `irreversible: true`",
);
const ROOM: Nature = Restores(
    "what made the file longer is cut off again, if nobody has written to it since; room that it got within its old length, and its time of modification, stay",
);
const HOST: Nature = Restores("the old name is put back, if it is still what the step set");
const MOUNTED: Nature = Irreversible("other processes see at once what is mounted, moved or gone, and may use it");
const SWAPPED: Nature = Irreversible("what lay in memory or on the swap space is moved");
const ACCOUNTS: Nature = Irreversible("which file the records of ended processes went to is not told");
const QUOTA: Nature =
    Irreversible("what it does depends on its command, and files may come against other limits at once");
const WRITTEN: Nature = Irreversible("what was written or sent can't be taken back");
const TAKEN: Nature = Irreversible("what was taken out of the queue or file position can't be put back");
const SENT: Nature = Irreversible("a signal that was sent can't be called back");
const EVENTS: Nature = Irreversible("an edge-triggered or one-shot event that it takes is not told again");
const ACCEPTED: Nature = Irreversible("the connection is off the queue, and would be closed");
const OFFSET: Nature = Restores(
    "the old file position is put back, if it is still where the step left it: processes that share the open file share the position, too",
);
const FILE_LOCK: Nature = Restores(
    "the lock is given back, or the old one taken again, if it is still what the step left. That one is dropped in between, so that somebody else may come to hold it: then that is said",
);
const WATCHED: Nature = Restores(
    "the entry is made what it was, with its old events and data, if it is still what the step left. An edge-triggered event that was told already may be told again; an entry whose one-shot event has been told can't be put back",
);
const WATCHING: Nature = Restores(
    "a watch that it made is ended again, for which the program finds an IN_IGNORED event; a watch that there was gets its old mask back, if it is still what the step left",
);
const UNWATCHED: Nature = Irreversible("the same number is not given to a watch again");
const MARKED: Nature = Irreversible("which mark the path had can't be told from the list of marks");
const STARTED: Nature = Restores(
    "the timer is started again so that it expires when it would have (to within the microseconds that it takes to look at it), with its interval and with the expirations that nobody had read; if it is still what the step set",
);
const SIGNALS: Nature = Restores("the descriptor reads the old signals again, if they are still what the step set");
const QUEUE: Nature =
    Restores("O_NONBLOCK of the descriptor is set back, if it is still what the step set; nothing else can be changed");
const OPTION: Nature = Restores(
    "the option is set back to what getsockopt told before, if it is still what the step set; how that is with each option stands below",
);
const BOUND: Nature = Restores(
    "a socket that the plan made is closed by the undo of that step, and a file that the address made is unlinked, if it is still the same; on any other socket it needs `irreversible: true`",
);
const LISTENS: Nature = Restores(
    "a socket that the plan made is closed by the undo of that step; a TCP socket that listens gets its old backlog back; on any other one it needs `irreversible: true`",
);
const CONNECTS: Nature =
    Irreversible("the other side has seen the connection, or the socket has lost the address that it had");
const SHUT: Nature =
    Irreversible("the other side has seen the end, and a direction that was shut down is never opened again");
const RANGE: Nature = Restores(
    "each descriptor of the range is kept before the first is closed, and put back with its flags, or has close-on-exec taken away again; what criu-plan itself keeps is never closed",
);
const DRIVER: Nature = Irreversible("what a driver does by a request of its own is not known");
const IDS: Nature = Restores(
    "the old ids are put back, and with them the capabilities, the dumpable attribute and the signal at the parent's end that \
     a change of ids takes; where the thread could not come back it needs `irreversible: true`",
);
const GROUP_IDS: Nature = Restores(
    "the old ids are put back, and with them the dumpable attribute and the signal at the parent's end that a change of ids \
     takes; where the thread could not come back it needs `irreversible: true`",
);
const LIMITS: Nature = Restores(
    "the old limits are put back, unless somebody else has changed them; a thread without CAP_SYS_RESOURCE, which could \
     not raise a hard limit again, lowers one only with `irreversible: true`",
);
const SCHEDULING: Nature = Restores(
    "the old policy, priority and nice value are put back; where the thread could not go back (CAP_SYS_NICE, RLIMIT_NICE, \
     RLIMIT_RTPRIO) the step needs `irreversible: true`",
);
const LEFT: Nature = Irreversible("it could not come back to what it has left");
const FINAL: Nature = Irreversible("nothing takes back what it does");

const fn p(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, optional: false }
}

const fn o(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, optional: true }
}

#[expect(clippy::too_many_arguments, reason = "a row of the table, one line each")]
const fn call(
    name: &'static str,
    x86_64: i32,
    aarch64: i32,
    does: &'static str,
    params: &'static [Param],
    returns: Returns,
    nature: Nature,
    blocking: Blocking,
) -> Syscall {
    const fn number(number: i32) -> Option<u32> {
        if number < 0 { None } else { Some(number as u32) }
    }
    Syscall {
        name,
        does,
        x86_64: number(x86_64),
        aarch64: number(aarch64),
        params,
        returns,
        nature,
        blocking,
        scope: Scope::Process,
        forbidden: None,
        instead: None,
        since: None,
    }
}

impl Syscall {
    const fn per_thread(mut self) -> Self {
        self.scope = Scope::Thread;
        self
    }

    const fn instead(mut self, call: &'static str) -> Self {
        self.instead = Some(call);
        self
    }

    const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }

    const fn forbidden(mut self, why: &'static str) -> Self {
        self.forbidden = Some(why);
        self
    }
}

/// Every system call.
#[rustfmt::skip]
pub static TABLE: &[Syscall] = &[
    call("read", 0, 63, "reads bytes from a descriptor and moves its file position on", &[p("fd", Fd), p("buf", Out("")), p("count", SizeOf("buf"))], Number, TAKEN, Maybe),
    call("write", 1, 64, "writes bytes to a descriptor", &[p("fd", Fd), p("buf", In("")), p("count", SizeOf("buf"))], Number, WRITTEN, Maybe),
    call("open", 2, -1, "opens a file and gives a descriptor for it; with O_CREAT it makes the file if there is none", &[p("pathname", Path), p("flags", Flags(&OPEN)), o("mode", Mode)], Returns::Fd, GivesFd, Maybe).instead("openat: [AT_FDCWD, pathname, flags, mode]"),
    call("close", 3, 57, "closes a descriptor", &[p("fd", Fd)], Zero, ClosesFd, No),
    call("stat", 4, -1, "tells size, owner, mode and times of a file", &[p("pathname", Path), p("statbuf", Out("struct stat"))], Zero, Inert, No).instead("newfstatat: [AT_FDCWD, pathname, statbuf, 0]"),
    call("fstat", 5, 80, "tells size, owner, mode and times of an open file", &[p("fd", Fd), p("statbuf", Out("struct stat"))], Zero, Inert, No),
    call("lstat", 6, -1, "tells size, owner, mode and times of a file, or of the symbolic link itself", &[p("pathname", Path), p("statbuf", Out("struct stat"))], Zero, Inert, No).instead("newfstatat: [AT_FDCWD, pathname, statbuf, AT_SYMLINK_NOFOLLOW]"),
    call("poll", 7, -1, "waits until one of several descriptors can be read or written", &[p("fds", InOut("struct pollfd[]")), p("nfds", CountOf("fds")), p("timeout", Int)], Number, Inert, Maybe).instead("ppoll: [fds, nfds, tmo_p]"),
    call("lseek", 8, 62, "moves the file position of a descriptor", &[p("fd", Fd), p("offset", Offset), p("whence", OneOf(&WHENCE))], Number, OFFSET, No),
    call("mmap", 9, 222, "maps a file or fresh memory into the address space", &[p("addr", Addr), p("length", Size), p("prot", Flags(&PROT)), p("flags", Flags(&MAP)), p("fd", Fd), p("offset", Offset)], Address, Restores("what it mapped is unmapped again, if it is still that; over what is mapped already, MAP_FIXED needs `irreversible: true`"), No),
    call("mprotect", 10, 226, "sets whether pages of memory may be read, written and executed", &[p("addr", Addr), p("len", Size), p("prot", Flags(&PROT))], Zero, Restores("the old protections are put back, mapping by mapping; private memory that was made writable stays accounted for, and may stay a mapping of its own"), No),
    call("munmap", 11, 215, "removes mappings from the address space", &[p("addr", Addr), p("length", Size)], Zero, Restores("it waits until all steps of all targets are done; before a step that may need it done its memory is moved aside until then, and moved back"), No),
    call("brk", 12, 214, "moves the end of the heap; with 0 it only tells where it is", &[p("addr", Addr)], Address, Restores("the heap ends where it did, if it still ends where the step put it; to make it smaller needs `irreversible: true`"), No),
    call("rt_sigaction", 13, 134, "sets or tells what the process does on a signal", &[p("signum", Signal), p("act", In("struct sigaction")), o("oldact", Out("struct sigaction")), p("sigsetsize", Exactly(8))], Zero, Restores("the old action is put back; where it would drop a signal that waits, or have children that end leave nothing to wait for, it needs `irreversible: true`"), No),
    call("rt_sigprocmask", 14, 135, "sets or tells which signals the thread blocks", &[p("how", OneOf(&SIGMASK_HOW)), p("set", In("sigset_t")), o("oldset", Out("sigset_t")), p("sigsetsize", Exactly(8))], Zero, Restores("the old mask is put back"), No).per_thread(),
    call("rt_sigreturn", 15, 139, "ends a signal handler and restores the registers that its frame holds", &[], Never, FINAL, No).forbidden("it would load registers from wherever the stack pointer stands"),
    call("ioctl", 16, 29, "asks a driver for what no call of its own exists for, by a request number", &[p("fd", Fd), p("request", OneOf(&IOCTL)), o("argp", Any)], Number, DRIVER, Maybe),
    call("pread64", 17, 67, "reads bytes at an offset, without moving the file position", &[p("fd", Fd), p("buf", Out("")), p("count", SizeOf("buf")), p("offset", Offset)], Number, Inert, Maybe),
    call("pwrite64", 18, 68, "writes bytes at an offset, without moving the file position", &[p("fd", Fd), p("buf", In("")), p("count", SizeOf("buf")), p("offset", Offset)], Number, WRITTEN, Maybe),
    call("readv", 19, 65, "reads into several buffers at once", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov"))], Number, TAKEN, Maybe),
    call("writev", 20, 66, "writes from several buffers at once", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov"))], Number, WRITTEN, Maybe),
    call("access", 21, -1, "tells whether the real user may read, write or execute a file", &[p("pathname", Path), p("mode", Flags(&ACCESS))], Zero, Inert, No).instead("faccessat: [AT_FDCWD, pathname, mode]"),
    call("pipe", 22, -1, "makes a pipe and gives a descriptor for each end", &[p("pipefd", Out("int[2]"))], Zero, GivesPair, No).instead("pipe2: [pipefd, 0]"),
    call("select", 23, -1, "waits until one of several descriptors (below 1024) can be read or written", &[p("nfds", Int), o("readfds", InOut("fd_set")), o("writefds", InOut("fd_set")), o("exceptfds", InOut("fd_set")), o("timeout", InOut("struct timeval"))], Number, Inert, Maybe).instead("pselect6: [nfds, readfds, writefds, exceptfds, timeout]"),
    call("sched_yield", 24, 124, "lets other threads run first", &[], Zero, Inert, No),
    call("mremap", 25, 216, "makes a mapping larger or smaller, or moves it", &[p("old_address", Addr), p("old_size", Size), p("new_size", Size), p("flags", Flags(&MREMAP)), o("new_address", Addr)], Address, Restores("what has grown is cut off again and what was moved is moved back, if nothing has changed there; to make memory smaller, or to move it over something, needs `irreversible: true`"), No),
    call("msync", 26, 227, "writes changed pages of a file mapping to the file", &[p("addr", Addr), p("length", Size), p("flags", Flags(&MSYNC))], Zero, Inert, No),
    call("mincore", 27, 232, "tells which pages of a range are in memory", &[p("addr", Addr), p("length", Size), p("vec", Out(""))], Zero, Inert, No),
    call("madvise", 28, 233, "tells the kernel how a range of memory will be used, or what to do with its pages", &[p("addr", Addr), p("length", Size), p("advice", OneOf(&MADVISE))], Zero, Restores("the old advice is put back, mapping by mapping"), No),
    call("shmget", 29, 194, "finds or makes a System V shared memory segment by its key", &[p("key", Int), p("size", Size), p("shmflg", Flags(&SHMGET))], Number, FINAL, No),
    call("shmat", 30, 196, "maps a System V shared memory segment", &[p("shmid", Int), o("shmaddr", Addr), o("shmflg", Flags(&SHM))], Address, Restores("the segment is detached again, if it is still there; with SHM_REMAP it needs `irreversible: true`"), No),
    call("shmctl", 31, 195, "tells of, changes or removes a System V shared memory segment", &[p("shmid", Int), p("cmd", OneOf(&SHM_CTL)), o("buf", InOut("struct shmid_ds"))], Number, FINAL, No),
    call("dup", 32, 23, "gives a second descriptor, the lowest free one, for the same open file", &[p("oldfd", Fd)], Returns::Fd, GivesFd, No),
    call("dup2", 33, -1, "makes a descriptor number stand for the same open file as another, closing what it was before", &[p("oldfd", Fd), p("newfd", Fd)], Returns::Fd, ReplacesFd, No).instead("dup3: [oldfd, newfd, 0]"),
    call("pause", 34, -1, "waits for a signal", &[], Zero, Inert, Yes).instead("ppoll: [0, 0, 0]"),
    call("nanosleep", 35, 101, "sleeps for a time", &[p("req", In("struct timespec")), o("rem", Out("struct timespec"))], Zero, Inert, Yes),
    call("getitimer", 36, 102, "tells how long an interval timer has still to run", &[p("which", OneOf(&ITIMER)), p("curr_value", Out("struct itimerval"))], Zero, Inert, No),
    call("alarm", 37, -1, "has SIGALRM sent after so many seconds, or with 0 not at all", &[p("seconds", Uint)], Number, Restores("the old timer is put back, to go off when it would have"), No).instead("setitimer: [ITIMER_REAL, new_value]"),
    call("setitimer", 38, 103, "starts or stops an interval timer of the process", &[p("which", OneOf(&ITIMER)), p("new_value", In("struct itimerval")), o("old_value", Out("struct itimerval"))], Zero, Restores("the old timer is put back, to go off when it would have"), No),
    call("getpid", 39, 172, "tells the process id", &[], Number, Inert, No),
    call("sendfile", 40, 71, "copies bytes from one descriptor to another inside the kernel", &[p("out_fd", Fd), p("in_fd", Fd), o("offset", InOut("off_t")), p("count", Size)], Number, WRITTEN, Maybe),
    call("socket", 41, 198, "makes a socket and gives a descriptor for it", &[p("domain", OneOf(&DOMAIN)), p("type", Flags(&SOCK_TYPE)), o("protocol", OneOf(&PROTOCOL))], Returns::Fd, GivesFd, No),
    call("connect", 42, 203, "connects a socket to an address", &[p("sockfd", Fd), p("addr", In("struct sockaddr")), p("addrlen", SizeOf("addr"))], Zero, CONNECTS, Maybe),
    call("accept", 43, 202, "takes the next connection of a listening socket and gives a descriptor for it", &[p("sockfd", Fd), o("addr", Out("struct sockaddr")), o("addrlen", InOut("socklen_t"))], Returns::Fd, ACCEPTED, Maybe),
    call("sendto", 44, 206, "sends bytes on a socket, to an address if one is given", &[p("sockfd", Fd), p("buf", In("")), p("len", SizeOf("buf")), p("flags", Flags(&MSG)), o("dest_addr", In("struct sockaddr")), o("addrlen", SizeOf("dest_addr"))], Number, WRITTEN, Maybe),
    call("recvfrom", 45, 207, "receives bytes from a socket, and tells from which address", &[p("sockfd", Fd), p("buf", Out("")), p("len", SizeOf("buf")), p("flags", Flags(&MSG)), o("src_addr", Out("struct sockaddr")), o("addrlen", InOut("socklen_t"))], Number, TAKEN, Maybe),
    call("sendmsg", 46, 211, "sends a message on a socket: several buffers, an address, descriptors", &[p("sockfd", Fd), p("msg", In("struct msghdr")), p("flags", Flags(&MSG))], Number, WRITTEN, Maybe),
    call("recvmsg", 47, 212, "receives a message from a socket: several buffers, an address, descriptors", &[p("sockfd", Fd), p("msg", InOut("struct msghdr")), p("flags", Flags(&MSG))], Number, TAKEN, Maybe),
    call("shutdown", 48, 210, "ends receiving, sending or both on a connected socket, for every process that holds it", &[p("sockfd", Fd), p("how", OneOf(&SHUTDOWN))], Zero, SHUT, No),
    call("bind", 49, 200, "gives a socket its own address", &[p("sockfd", Fd), p("addr", In("struct sockaddr")), p("addrlen", SizeOf("addr"))], Zero, BOUND, No),
    call("listen", 50, 201, "has a socket take connections", &[p("sockfd", Fd), p("backlog", Int)], Zero, LISTENS, No),
    call("getsockname", 51, 204, "tells the address of a socket", &[p("sockfd", Fd), p("addr", Out("struct sockaddr")), p("addrlen", InOut("socklen_t"))], Zero, Inert, No),
    call("getpeername", 52, 205, "tells the address that a socket is connected to", &[p("sockfd", Fd), p("addr", Out("struct sockaddr")), p("addrlen", InOut("socklen_t"))], Zero, Inert, No),
    call("socketpair", 53, 199, "makes two sockets that are connected with each other", &[p("domain", OneOf(&DOMAIN)), p("type", Flags(&SOCK_TYPE)), o("protocol", OneOf(&PROTOCOL)), p("sv", Out("int[2]"))], Zero, GivesPair, No),
    call("setsockopt", 54, 208, "sets an option of a socket", &[p("sockfd", Fd), p("level", OneOf(&SOL)), p("optname", Any), p("optval", In("")), p("optlen", SizeOf("optval"))], Zero, OPTION, No),
    call("getsockopt", 55, 209, "tells an option of a socket", &[p("sockfd", Fd), p("level", OneOf(&SOL)), p("optname", Any), p("optval", Out("")), p("optlen", InOut("socklen_t"))], Zero, Inert, No),
    call("clone", 56, 220, "makes a new process or thread", &[p("flags", Flags(&CLONE)), p("stack", Addr), o("parent_tid", Out("int")), o("child_tid", Out("int")), o("tls", Uint)], Zero, FINAL, No).forbidden("it would double the target or one of its threads"),
    call("fork", 57, -1, "makes a copy of the process", &[], Zero, FINAL, No).forbidden("it would double the target"),
    call("vfork", 58, -1, "makes a process that borrows the memory of this one until it executes a program", &[], Zero, FINAL, No).forbidden("it would double the target"),
    call("execve", 59, 221, "replaces the process by another program", &[p("pathname", Path), p("argv", In("strings")), p("envp", In("strings"))], Never, FINAL, No).forbidden("it would replace the target by another program"),
    call("exit", 60, 93, "ends the thread", &[p("status", Int)], Never, FINAL, No).forbidden("it would end a thread of the target"),
    call("wait4", 61, 260, "waits for a child to end or stop, and takes its status and its use of resources", &[p("pid", Pid), o("wstatus", Out("int")), o("options", Flags(&WAIT4)), o("rusage", Out("struct rusage"))], Number, TAKEN, Yes),
    call("kill", 62, 129, "sends a signal to a process or a group of them", &[p("pid", Pid), p("sig", Signal)], Zero, SENT, No),
    call("uname", 63, 160, "tells the name and version of the kernel and the host name", &[p("buf", Out("struct utsname"))], Zero, Inert, No),
    call("semget", 64, 190, "finds or makes a set of System V semaphores by its key", &[p("key", Int), p("nsems", Int), p("semflg", Flags(&IPC))], Number, FINAL, No),
    call("semop", 65, 193, "changes System V semaphores, waiting where they are not free", &[p("semid", Int), p("sops", In("struct sembuf[]")), p("nsops", CountOf("sops"))], Zero, FINAL, Maybe),
    call("semctl", 66, 191, "tells of, sets or removes System V semaphores", &[p("semid", Int), p("semnum", Int), p("cmd", OneOf(&SEM_CTL)), o("arg", Any)], Number, FINAL, No),
    call("shmdt", 67, 197, "unmaps a System V shared memory segment", &[p("shmaddr", Addr)], Zero, Restores("it waits until all steps of all targets are done; before a step that may need it done it needs `irreversible: true`"), No),
    call("msgget", 68, 186, "finds or makes a System V message queue by its key", &[p("key", Int), p("msgflg", Flags(&IPC))], Number, FINAL, No),
    call("msgsnd", 69, 189, "puts a message into a System V queue", &[p("msqid", Int), p("msgp", In("struct msgbuf")), p("msgsz", Size), o("msgflg", Flags(&MSGRCV))], Zero, WRITTEN, Maybe),
    call("msgrcv", 70, 188, "takes a message out of a System V queue", &[p("msqid", Int), p("msgp", Out("struct msgbuf")), p("msgsz", Size), p("msgtyp", Int), o("msgflg", Flags(&MSGRCV))], Number, TAKEN, Maybe),
    call("msgctl", 71, 187, "tells of, changes or removes a System V message queue", &[p("msqid", Int), p("cmd", OneOf(&MSG_CTL)), o("buf", InOut("struct msqid_ds"))], Number, FINAL, No),
    call("fcntl", 72, 25, "duplicates a descriptor, or reads or sets its flags, locks, owner, seals, by a command", &[p("fd", Fd), p("cmd", OneOf(&FCNTL)), o("arg", Any)], Number, Fcntl, Maybe),
    call("flock", 73, 32, "locks or unlocks a whole file; the lock belongs to the open file, not to the process", &[p("fd", Fd), p("operation", Flags(&FLOCK))], Zero, FILE_LOCK, Yes),
    call("fsync", 74, 82, "writes what a file has in memory to the disk", &[p("fd", Fd)], Zero, Inert, No),
    call("fdatasync", 75, 83, "writes what a file has in memory to the disk, but for times", &[p("fd", Fd)], Zero, Inert, No),
    call("truncate", 76, 45, "cuts a file off at a length, or lengthens it with zeros", &[p("path", Path), p("length", Offset)], Zero, LENGTH, Maybe),
    call("ftruncate", 77, 46, "cuts an open file off at a length, or lengthens it with zeros", &[p("fd", Fd), p("length", Offset)], Zero, LENGTH, Maybe),
    call("getdents", 78, -1, "reads entries of a directory (in the old form)", &[p("fd", Fd), p("dirp", Out("struct linux_dirent[]")), p("count", SizeOf("dirp"))], Number, TAKEN, No).instead("getdents64: [fd, dirp, count]"),
    call("getcwd", 79, 17, "tells the working directory", &[p("buf", Out("")), p("size", SizeOf("buf"))], Number, Inert, No),
    call("chdir", 80, 49, "changes the working directory of the process", &[p("path", Path)], Zero, CHDIR, No),
    call("fchdir", 81, 50, "changes the working directory of the process to an open directory", &[p("fd", Fd)], Zero, CHDIR, No),
    call("rename", 82, -1, "gives a file another name, replacing what has that name", &[p("oldpath", Path), p("newpath", Path)], Zero, RENAMES, No).instead("renameat: [AT_FDCWD, oldpath, AT_FDCWD, newpath]"),
    call("mkdir", 83, -1, "makes a directory", &[p("pathname", Path), p("mode", Mode)], Zero, MAKES_DIRECTORY, No).instead("mkdirat: [AT_FDCWD, pathname, mode]"),
    call("rmdir", 84, -1, "removes an empty directory", &[p("pathname", Path)], Zero, REMOVES, No).instead("unlinkat: [AT_FDCWD, pathname, AT_REMOVEDIR]"),
    call("creat", 85, -1, "makes a file, or empties it, and opens it for writing", &[p("pathname", Path), p("mode", Mode)], Returns::Fd, GivesFd, Maybe).instead("openat: [AT_FDCWD, pathname, O_WRONLY|O_CREAT|O_TRUNC, mode]"),
    call("link", 86, -1, "gives a file a further name", &[p("oldpath", Path), p("newpath", Path)], Zero, MAKES_NAME, No).instead("linkat: [AT_FDCWD, oldpath, AT_FDCWD, newpath, 0]"),
    call("unlink", 87, -1, "removes a name of a file, and the file if that was the last and nobody has it open", &[p("pathname", Path)], Zero, REMOVES, No).instead("unlinkat: [AT_FDCWD, pathname, 0]"),
    call("symlink", 88, -1, "makes a symbolic link", &[p("target", Text), p("linkpath", Path)], Zero, MAKES_NAME, No).instead("symlinkat: [target, AT_FDCWD, linkpath]"),
    call("readlink", 89, -1, "tells where a symbolic link points", &[p("pathname", Path), p("buf", Out("")), p("bufsiz", SizeOf("buf"))], Number, Inert, No).instead("readlinkat: [AT_FDCWD, pathname, buf, bufsiz]"),
    call("chmod", 90, -1, "sets the mode bits of a file", &[p("pathname", Path), p("mode", Mode)], Zero, FILE_MODE, No).instead("fchmodat: [AT_FDCWD, pathname, mode]"),
    call("fchmod", 91, 52, "sets the mode bits of an open file", &[p("fd", Fd), p("mode", Mode)], Zero, FILE_MODE, No),
    call("chown", 92, -1, "sets owner and group of a file", &[p("pathname", Path), p("owner", Uid), p("group", Gid)], Zero, FILE_OWNER, No).instead("fchownat: [AT_FDCWD, pathname, owner, group, 0]"),
    call("fchown", 93, 55, "sets owner and group of an open file", &[p("fd", Fd), p("owner", Uid), p("group", Gid)], Zero, FILE_OWNER, No),
    call("lchown", 94, -1, "sets owner and group of a file, or of the symbolic link itself", &[p("pathname", Path), p("owner", Uid), p("group", Gid)], Zero, FILE_OWNER, No).instead("fchownat: [AT_FDCWD, pathname, owner, group, AT_SYMLINK_NOFOLLOW]"),
    call("umask", 95, 166, "sets which mode bits new files of the process do not get, and tells the old ones", &[p("mask", Mode)], Number, Restores("the old mask is put back"), No),
    call("gettimeofday", 96, 169, "tells the time of day", &[p("tv", Out("struct timeval")), o("tz", Out("struct timezone"))], Zero, Inert, No),
    call("getrlimit", 97, 163, "tells a resource limit of the process", &[p("resource", OneOf(&RLIMIT)), p("rlim", Out("struct rlimit64"))], Zero, Inert, No),
    call("getrusage", 98, 165, "tells what the process, the thread or its children have used", &[p("who", OneOf(&RUSAGE)), p("usage", Out("struct rusage"))], Zero, Inert, No),
    call("sysinfo", 99, 179, "tells uptime, load and memory of the machine", &[p("info", Out("struct sysinfo"))], Zero, Inert, No),
    call("times", 100, 153, "tells how much processor time the process and its children have used", &[o("buf", Out("struct tms"))], Number, Inert, No),
    call("ptrace", 101, 117, "traces another thread", &[p("request", Int), p("pid", Pid), p("addr", Addr), p("data", Any)], Zero, FINAL, No).forbidden("the target would become a tracer or a tracee while it is traced"),
    call("getuid", 102, 174, "tells the real user id", &[], Number, Inert, No),
    call("syslog", 103, 116, "reads or clears the kernel's log, or sets what of it goes to the console", &[p("type", OneOf(&SYSLOG)), p("bufp", Out("")), p("len", SizeOf("bufp"))], Number, FINAL, Maybe),
    call("getgid", 104, 176, "tells the real group id", &[], Number, Inert, No),
    call("setuid", 105, 146, "sets the user id: the effective one, and with privilege all of them", &[p("uid", Uid)], Zero, IDS, No).per_thread(),
    call("setgid", 106, 144, "sets the group id: the effective one, and with privilege all of them", &[p("gid", Gid)], Zero, GROUP_IDS, No).per_thread(),
    call("geteuid", 107, 175, "tells the effective user id", &[], Number, Inert, No),
    call("getegid", 108, 177, "tells the effective group id", &[], Number, Inert, No),
    call("setpgid", 109, 154, "moves a process into a process group", &[p("pid", Pid), p("pgid", Pid)], Zero, Restores("it is put back into the old group; the last of a group, which goes with it, needs `irreversible: true`"), No),
    call("getppid", 110, 173, "tells the id of the parent process", &[], Number, Inert, No),
    call("getpgrp", 111, -1, "tells the process group of the process", &[], Number, Inert, No).instead("getpgid: [0]"),
    call("setsid", 112, 157, "starts a new session without a terminal, with the process as its leader", &[], Number, FINAL, No),
    call("setreuid", 113, 145, "sets the real and the effective user id", &[p("ruid", Uid), p("euid", Uid)], Zero, IDS, No).per_thread(),
    call("setregid", 114, 143, "sets the real and the effective group id", &[p("rgid", Gid), p("egid", Gid)], Zero, GROUP_IDS, No).per_thread(),
    call("getgroups", 115, 158, "tells the supplementary groups", &[p("size", CountOf("list")), p("list", Out("gid_t[]"))], Number, Inert, No),
    call("setgroups", 116, 159, "sets the supplementary groups", &[p("size", CountOf("list")), p("list", In("gid_t[]"))], Zero, Restores("the old groups, 64 at most, are put back"), No).per_thread(),
    call("setresuid", 117, 147, "sets the real, the effective and the saved user id", &[p("ruid", Uid), p("euid", Uid), p("suid", Uid)], Zero, IDS, No).per_thread(),
    call("getresuid", 118, 148, "tells the real, the effective and the saved user id", &[p("ruid", Out("uid_t")), p("euid", Out("uid_t")), p("suid", Out("uid_t"))], Zero, Inert, No),
    call("setresgid", 119, 149, "sets the real, the effective and the saved group id", &[p("rgid", Gid), p("egid", Gid), p("sgid", Gid)], Zero, GROUP_IDS, No).per_thread(),
    call("getresgid", 120, 150, "tells the real, the effective and the saved group id", &[p("rgid", Out("gid_t")), p("egid", Out("gid_t")), p("sgid", Out("gid_t"))], Zero, Inert, No),
    call("getpgid", 121, 155, "tells the process group of a process", &[p("pid", Pid)], Number, Inert, No),
    call("setfsuid", 122, 151, "sets the user id by which access to files is checked, and tells the old one", &[p("fsuid", Uid)], Number, IDS, No).per_thread(),
    call("setfsgid", 123, 152, "sets the group id by which access to files is checked, and tells the old one", &[p("fsgid", Gid)], Number, GROUP_IDS, No).per_thread(),
    call("getsid", 124, 156, "tells the session of a process", &[p("pid", Pid)], Number, Inert, No),
    call("capget", 125, 90, "tells the capabilities of a thread", &[p("hdrp", InOut("struct cap_header")), p("datap", Out("struct cap_data[2]"))], Zero, Inert, No),
    call("capset", 126, 91, "sets the capabilities of the thread", &[p("hdrp", In("struct cap_header")), p("datap", In("struct cap_data[2]"))], Zero, Restores("the old capabilities are put back; to drop any but those in effect needs `irreversible: true`, for they can't be had again"), No).per_thread(),
    call("rt_sigpending", 127, 136, "tells which blocked signals are waiting", &[p("set", Out("sigset_t")), p("sigsetsize", Exactly(8))], Zero, Inert, No),
    call("rt_sigtimedwait", 128, 137, "waits for one of a set of blocked signals and takes it", &[p("set", In("sigset_t")), o("info", Out("siginfo_t")), o("timeout", In("struct timespec")), p("sigsetsize", Exactly(8))], Number, TAKEN, Maybe),
    call("rt_sigqueueinfo", 129, 138, "sends a signal with data to a process", &[p("tgid", Pid), p("sig", Signal), p("info", In("siginfo_t"))], Zero, SENT, No),
    call("rt_sigsuspend", 130, 133, "waits for a signal with another mask", &[p("mask", In("sigset_t")), p("sigsetsize", Exactly(8))], Zero, Inert, Yes).forbidden("it would wait with a mask that is not the thread's own"),
    call("sigaltstack", 131, 132, "sets or tells the stack on which the thread's signal handlers run", &[o("ss", In("stack_t")), o("old_ss", Out("stack_t"))], Zero, Restores("the old stack is put back"), No).per_thread(),
    call("utime", 132, -1, "sets the times of a file, in seconds", &[p("filename", Path), o("times", In("struct utimbuf"))], Zero, TIMES, No).instead("utimensat: [AT_FDCWD, pathname, times, 0]"),
    call("mknod", 133, -1, "makes a special file: a FIFO, a device, a socket", &[p("pathname", Path), p("mode", Mode), p("dev", Uint)], Zero, MAKES_NODE, No).instead("mknodat: [AT_FDCWD, pathname, mode, dev]"),
    call("personality", 135, 92, "sets how the kernel behaves to the thread (address randomising and the like), and tells how it did", &[p("persona", Flags(&PERSONALITY))], Number, Restores("the old personality is put back"), No).per_thread(),
    call("ustat", 136, -1, "tells how much room a mounted filesystem has (old; use statfs)", &[p("dev", Uint), p("ubuf", Out("struct ustat"))], Zero, Inert, No).instead("statfs: [path, buf]"),
    call("statfs", 137, 43, "tells type and free room of the filesystem that a file is on", &[p("path", Path), p("buf", Out("struct statfs"))], Zero, Inert, No),
    call("fstatfs", 138, 44, "tells type and free room of the filesystem that an open file is on", &[p("fd", Fd), p("buf", Out("struct statfs"))], Zero, Inert, No),
    call("sysfs", 139, -1, "tells which filesystem types the kernel knows", &[p("option", Int), o("arg1", Any), o("arg2", Any)], Number, Inert, No),
    call("getpriority", 140, 141, "tells the nice value of a process, a group or a user (as 20 minus it)", &[p("which", OneOf(&PRIO)), p("who", Int)], Number, Inert, No),
    call("setpriority", 141, 140, "sets the nice value of a thread, a group or a user", &[p("which", OneOf(&PRIO)), p("who", Int), p("prio", Int)], Zero, Restores("the old nice value is put back; a thread that could not lower it again (CAP_SYS_NICE, RLIMIT_NICE) raises it only with `irreversible: true`"), No).per_thread(),
    call("sched_setparam", 142, 118, "sets the real-time priority of a thread", &[p("pid", Pid), p("param", In("struct sched_param"))], Zero, SCHEDULING, No).per_thread(),
    call("sched_getparam", 143, 121, "tells the real-time priority of a thread", &[p("pid", Pid), p("param", Out("struct sched_param"))], Zero, Inert, No),
    call("sched_setscheduler", 144, 119, "sets scheduling policy and real-time priority of a thread", &[p("pid", Pid), p("policy", Flags(&SCHED)), p("param", In("struct sched_param"))], Zero, SCHEDULING, No).per_thread(),
    call("sched_getscheduler", 145, 120, "tells the scheduling policy of a thread", &[p("pid", Pid)], Number, Inert, No),
    call("sched_get_priority_max", 146, 125, "tells the highest real-time priority of a policy", &[p("policy", Flags(&SCHED))], Number, Inert, No),
    call("sched_get_priority_min", 147, 126, "tells the lowest real-time priority of a policy", &[p("policy", Flags(&SCHED))], Number, Inert, No),
    call("sched_rr_get_interval", 148, 127, "tells the time slice of a thread", &[p("pid", Pid), p("tp", Out("struct timespec"))], Zero, Inert, No),
    call("mlock", 149, 228, "keeps a range of memory from being swapped out", &[p("addr", Addr), p("len", Size)], Zero, Restores("what was not locked is unlocked again, mapping by mapping"), No),
    call("munlock", 150, 229, "lets a range of memory be swapped out again", &[p("addr", Addr), p("len", Size)], Zero, Restores("what was locked is locked again as it was, mapping by mapping; it is tried beforehand whether limits allow that"), No),
    call("mlockall", 151, 230, "keeps all memory of the process from being swapped out", &[p("flags", Flags(&MCL))], Zero, Irreversible("whether memory mapped later is to be locked, too, can't be read; mlock for each mapping can be undone"), No),
    call("munlockall", 152, 231, "lets all memory of the process be swapped out again", &[], Zero, Irreversible("whether memory mapped later was to be locked, too, can't be read; munlock for each mapping can be undone"), No),
    call("vhangup", 153, 58, "hangs up the terminal of the session", &[], Zero, FINAL, No),
    call("modify_ldt", 154, -1, "reads or changes the table of memory segments", &[p("func", Int), p("ptr", InOut("")), p("bytecount", SizeOf("ptr"))], Zero, FINAL, No).forbidden("it changes segments that the target may stand on"),
    call("pivot_root", 155, 41, "makes another mount the root of the mount namespace", &[p("new_root", Path), p("put_old", Path)], Zero, MOUNTED, No),
    call("prctl", 157, 167, "reads or sets an attribute of the thread or process, by an option", &[p("option", OneOf(&PRCTL)), o("arg2", Any), o("arg3", Any), o("arg4", Any), o("arg5", Any)], Number, Irreversible("only options of which `criu-plan explain prctl` says so can be undone"), No).per_thread(),
    call("arch_prctl", 158, -1, "reads or sets a state of the thread that is the processor's own", &[p("code", OneOf(&ARCH_PRCTL)), p("addr", Any)], Zero, FINAL, No).per_thread(),
    call("adjtimex", 159, 171, "reads or tunes the kernel's clock", &[p("buf", InOut("struct timex"))], Number, FINAL, No),
    call("setrlimit", 160, 164, "sets a resource limit of the process", &[p("resource", OneOf(&RLIMIT)), p("rlim", In("struct rlimit64"))], Zero, LIMITS, No),
    call("chroot", 161, 51, "makes a directory the root of the process", &[p("path", Path)], Zero, CHROOT, No),
    call("sync", 162, 81, "writes what all filesystems have in memory to the disks", &[], Zero, Inert, No),
    call("acct", 163, 89, "switches the record of ended processes on or off", &[o("filename", Path)], Zero, ACCOUNTS, No),
    call("settimeofday", 164, 170, "sets the time of day", &[o("tv", In("struct timeval")), o("tz", In("struct timezone"))], Zero, FINAL, No),
    call("mount", 165, 40, "mounts a filesystem, or changes or moves a mount", &[o("source", Text), p("target", Path), o("filesystemtype", Text), p("mountflags", Flags(&MS)), o("data", Text)], Zero, MOUNTED, Maybe),
    call("umount2", 166, 39, "unmounts a filesystem", &[p("target", Path), p("flags", Flags(&UMOUNT))], Zero, MOUNTED, Maybe),
    call("swapon", 167, 224, "has the kernel use a file or device for swapping", &[p("path", Path), p("swapflags", Flags(&SWAP))], Zero, SWAPPED, No),
    call("swapoff", 168, 225, "stops swapping to a file or device", &[p("path", Path)], Zero, SWAPPED, Maybe),
    call("reboot", 169, 142, "restarts or halts the machine, or says whether Ctrl-Alt-Del may", &[p("magic", OneOf(&REBOOT_MAGIC)), p("magic2", OneOf(&REBOOT_MAGIC2)), p("cmd", OneOf(&REBOOT)), o("arg", Text)], Zero, FINAL, No),
    call("sethostname", 170, 161, "sets the host name of the UTS namespace", &[p("name", In("")), p("len", SizeOf("name"))], Zero, HOST, No),
    call("setdomainname", 171, 162, "sets the NIS domain name of the UTS namespace", &[p("name", In("")), p("len", SizeOf("name"))], Zero, HOST, No),
    call("iopl", 172, -1, "sets which I/O ports the thread may use, by level", &[p("level", Int)], Zero, FINAL, No).per_thread(),
    call("ioperm", 173, -1, "sets which I/O ports the thread may use", &[p("from", Uint), p("num", Uint), p("turn_on", Int)], Zero, FINAL, No).per_thread(),
    call("init_module", 175, 105, "loads a kernel module from memory", &[p("module_image", In("")), p("len", SizeOf("module_image")), p("param_values", Text)], Zero, FINAL, Maybe),
    call("delete_module", 176, 106, "unloads a kernel module", &[p("name", Text), o("flags", Flags(&MODULE_DELETE))], Zero, FINAL, Maybe),
    call("quotactl", 179, 60, "reads or sets disk quotas", &[p("cmd", Int), o("special", Path), p("id", Int), o("addr", InOut(""))], Zero, QUOTA, No),
    call("gettid", 186, 178, "tells the id of the thread", &[], Number, Inert, No),
    call("readahead", 187, 213, "reads a part of a file into memory beforehand", &[p("fd", Fd), p("offset", Offset), p("count", Size)], Zero, Inert, No),
    call("setxattr", 188, 5, "sets an extended attribute of a file", &[p("path", Path), p("name", Text), p("value", In("")), p("size", SizeOf("value")), o("flags", Flags(&XATTR))], Zero, ATTRIBUTE, No),
    call("lsetxattr", 189, 6, "sets an extended attribute of a file, or of the symbolic link itself", &[p("path", Path), p("name", Text), p("value", In("")), p("size", SizeOf("value")), o("flags", Flags(&XATTR))], Zero, ATTRIBUTE, No),
    call("fsetxattr", 190, 7, "sets an extended attribute of an open file", &[p("fd", Fd), p("name", Text), p("value", In("")), p("size", SizeOf("value")), o("flags", Flags(&XATTR))], Zero, ATTRIBUTE, No),
    call("getxattr", 191, 8, "reads an extended attribute of a file", &[p("path", Path), p("name", Text), p("value", Out("")), p("size", SizeOf("value"))], Number, Inert, No),
    call("lgetxattr", 192, 9, "reads an extended attribute of a file, or of the symbolic link itself", &[p("path", Path), p("name", Text), p("value", Out("")), p("size", SizeOf("value"))], Number, Inert, No),
    call("fgetxattr", 193, 10, "reads an extended attribute of an open file", &[p("fd", Fd), p("name", Text), p("value", Out("")), p("size", SizeOf("value"))], Number, Inert, No),
    call("listxattr", 194, 11, "lists the extended attributes of a file", &[p("path", Path), p("list", Out("")), p("size", SizeOf("list"))], Number, Inert, No),
    call("llistxattr", 195, 12, "lists the extended attributes of a file, or of the symbolic link itself", &[p("path", Path), p("list", Out("")), p("size", SizeOf("list"))], Number, Inert, No),
    call("flistxattr", 196, 13, "lists the extended attributes of an open file", &[p("fd", Fd), p("list", Out("")), p("size", SizeOf("list"))], Number, Inert, No),
    call("removexattr", 197, 14, "removes an extended attribute of a file", &[p("path", Path), p("name", Text)], Zero, ATTRIBUTE, No),
    call("lremovexattr", 198, 15, "removes an extended attribute of a file, or of the symbolic link itself", &[p("path", Path), p("name", Text)], Zero, ATTRIBUTE, No),
    call("fremovexattr", 199, 16, "removes an extended attribute of an open file", &[p("fd", Fd), p("name", Text)], Zero, ATTRIBUTE, No),
    call("tkill", 200, 130, "sends a signal to a thread (old; use tgkill)", &[p("tid", Pid), p("sig", Signal)], Zero, SENT, No),
    call("time", 201, -1, "tells the time in seconds", &[o("tloc", Out("time_t"))], Number, Inert, No).instead("clock_gettime: [CLOCK_REALTIME, tp]"),
    call("futex", 202, 98, "waits on a word of memory or wakes those that do", &[p("uaddr", Addr), p("futex_op", Flags(&FUTEX)), p("val", Uint), o("timeout", Any), o("uaddr2", Addr), o("val3", Uint)], Number, FINAL, Maybe),
    call("sched_setaffinity", 203, 122, "sets on which processors a thread may run", &[p("pid", Pid), p("cpusetsize", SizeOf("mask")), p("mask", In("cpu_set_t"))], Zero, Restores("the processors that it might run on are put back"), No).per_thread(),
    call("sched_getaffinity", 204, 123, "tells on which processors a thread may run", &[p("pid", Pid), p("cpusetsize", SizeOf("mask")), p("mask", Out("cpu_set_t"))], Number, Inert, No),
    call("io_setup", 206, 0, "makes a context for asynchronous I/O", &[p("nr_events", Uint), p("ctx_idp", InOut("aio_context_t"))], Zero, FINAL, No),
    call("io_destroy", 207, 1, "ends a context of asynchronous I/O and what runs in it", &[p("ctx_id", Uint)], Zero, FINAL, No),
    call("io_getevents", 208, 4, "takes finished operations of asynchronous I/O", &[p("ctx_id", Uint), p("min_nr", Int), p("nr", CountOf("events")), p("events", Out("struct io_event[]")), o("timeout", In("struct timespec"))], Number, TAKEN, Maybe),
    call("io_submit", 209, 2, "starts operations of asynchronous I/O", &[p("ctx_id", Uint), p("nr", CountOf("iocbpp")), p("iocbpp", In("struct iocb *[]"))], Number, FINAL, No),
    call("io_cancel", 210, 3, "calls off an operation of asynchronous I/O", &[p("ctx_id", Uint), p("iocb", In("struct iocb")), p("result", Out("struct io_event"))], Zero, FINAL, No),
    call("epoll_create", 213, -1, "makes an epoll instance and gives a descriptor for it (old; use epoll_create1)", &[p("size", Int)], Returns::Fd, GivesFd, No).instead("epoll_create1: [0]"),
    call("remap_file_pages", 216, 234, "rearranges the pages of a file mapping (old; use mmap)", &[p("addr", Addr), p("size", Size), p("prot", Flags(&PROT)), p("pgoff", Uint), p("flags", Flags(&MAP))], Zero, FINAL, No),
    call("getdents64", 217, 61, "reads entries of a directory and moves its position on", &[p("fd", Fd), p("dirp", Out("struct linux_dirent64[]")), p("count", SizeOf("dirp"))], Number, TAKEN, No),
    call("set_tid_address", 218, 96, "sets the word that is cleared when the thread ends", &[p("tidptr", Addr)], Zero, FINAL, No).forbidden("the thread library of the target relies on its own"),
    call("restart_syscall", 219, 128, "goes on with a wait that a stop has interrupted", &[], Zero, Inert, No).forbidden("only the kernel may make it"),
    call("semtimedop", 220, 192, "changes System V semaphores, waiting for a time where they are not free", &[p("semid", Int), p("sops", In("struct sembuf[]")), p("nsops", CountOf("sops")), o("timeout", In("struct timespec"))], Zero, FINAL, Maybe),
    call("fadvise64", 221, 223, "tells the kernel how a part of a file will be used", &[p("fd", Fd), p("offset", Offset), p("len", Size), p("advice", OneOf(&FADVISE))], Zero, Inert, No),
    call("timer_create", 222, 107, "makes a timer of the process", &[p("clockid", OneOf(&CLOCK)), o("sevp", In("struct sigevent")), p("timerid", Out("int"))], Zero, Restores("the timer is removed again"), No),
    call("timer_settime", 223, 110, "starts or stops a timer of the process", &[p("timerid", Int), o("flags", Flags(&TIMER)), p("new_value", In("struct itimerspec")), o("old_value", Out("struct itimerspec"))], Zero, Restores("the old time is put back, to go off when it would have"), No),
    call("timer_gettime", 224, 108, "tells how long a timer has still to run", &[p("timerid", Int), p("curr_value", Out("struct itimerspec"))], Zero, Inert, No),
    call("timer_getoverrun", 225, 109, "tells how often a timer has run out unheard", &[p("timerid", Int)], Number, Inert, No),
    call("timer_delete", 226, 111, "removes a timer of the process", &[p("timerid", Int)], Zero, Irreversible("a timer that is made anew has another number"), No),
    call("clock_settime", 227, 112, "sets a clock", &[p("clockid", OneOf(&CLOCK)), p("tp", In("struct timespec"))], Zero, FINAL, No),
    call("clock_gettime", 228, 113, "tells the time of a clock", &[p("clockid", OneOf(&CLOCK)), p("tp", Out("struct timespec"))], Zero, Inert, No),
    call("clock_getres", 229, 114, "tells how fine a clock is", &[p("clockid", OneOf(&CLOCK)), o("res", Out("struct timespec"))], Zero, Inert, No),
    call("clock_nanosleep", 230, 115, "sleeps for a time, or until a time, of a clock", &[p("clockid", OneOf(&CLOCK)), p("flags", Flags(&TIMER)), p("request", In("struct timespec")), o("remain", Out("struct timespec"))], Zero, Inert, Yes),
    call("exit_group", 231, 94, "ends the process", &[p("status", Int)], Never, FINAL, No).forbidden("it would end the target"),
    call("epoll_wait", 232, -1, "waits for events of an epoll instance and takes them", &[p("epfd", Fd), p("events", Out("struct epoll_event[]")), p("maxevents", CountOf("events")), p("timeout", Int)], Number, EVENTS, Maybe).instead("epoll_pwait: [epfd, events, maxevents, timeout]"),
    call("epoll_ctl", 233, 21, "adds, changes or removes a descriptor that an epoll instance watches", &[p("epfd", Fd), p("op", OneOf(&EPOLL_CTL)), p("fd", Fd), o("event", In("struct epoll_event"))], Zero, WATCHED, No),
    call("tgkill", 234, 131, "sends a signal to a thread", &[p("tgid", Pid), p("tid", Pid), p("sig", Signal)], Zero, SENT, No),
    call("utimes", 235, -1, "sets the times of a file, in microseconds", &[p("filename", Path), o("times", In("struct timeval[2]"))], Zero, TIMES, No).instead("utimensat: [AT_FDCWD, pathname, times, 0]"),
    call("mbind", 237, 235, "sets on which memory nodes the pages of a range lie", &[p("addr", Addr), p("len", Size), p("mode", Flags(&MPOL)), p("nodemask", In("unsigned long[]")), p("maxnode", Uint), o("flags", Flags(&MPOL_MF))], Zero, Restores("the old policy is put back, mapping by mapping; with MPOL_MF_MOVE, or on shared memory, it needs `irreversible: true`"), No),
    call("set_mempolicy", 238, 237, "sets on which memory nodes the thread gets its memory", &[p("mode", Flags(&MPOL)), o("nodemask", In("unsigned long[]")), o("maxnode", Uint)], Zero, Restores("the old policy is put back, if it is still what the step set"), No).per_thread(),
    call("get_mempolicy", 239, 236, "tells the memory policy of the thread or of an address", &[o("mode", Out("int")), o("nodemask", Out("unsigned long[]")), o("maxnode", Uint), o("addr", Addr), o("flags", Flags(&MPOL_F))], Zero, Inert, No),
    call("mq_open", 240, 180, "opens a POSIX message queue and gives a descriptor for it; with O_CREAT it makes the queue if there is none", &[p("name", Text), p("oflag", Flags(&OPEN)), o("mode", Mode), o("attr", In("struct mq_attr"))], Returns::Fd, GivesFd, No),
    call("mq_unlink", 241, 181, "removes the name of a POSIX message queue", &[p("name", Text)], Zero, FINAL, No),
    call("mq_timedsend", 242, 182, "puts a message into a POSIX queue, waiting while it is full", &[p("mqdes", Fd), p("msg_ptr", In("")), p("msg_len", SizeOf("msg_ptr")), p("msg_prio", Uint), o("abs_timeout", In("struct timespec"))], Zero, WRITTEN, Maybe),
    call("mq_timedreceive", 243, 183, "takes a message out of a POSIX queue, waiting while it is empty", &[p("mqdes", Fd), p("msg_ptr", Out("")), p("msg_len", SizeOf("msg_ptr")), o("msg_prio", Out("unsigned int")), o("abs_timeout", In("struct timespec"))], Number, TAKEN, Maybe),
    call("mq_notify", 244, 184, "has the process told when a message comes into an empty POSIX queue", &[p("mqdes", Fd), o("sevp", In("struct sigevent"))], Zero, FINAL, No),
    call("mq_getsetattr", 245, 185, "tells the attributes of a POSIX queue, and sets its flags", &[p("mqdes", Fd), o("newattr", In("struct mq_attr")), o("oldattr", Out("struct mq_attr"))], Zero, QUEUE, No),
    call("kexec_load", 246, 104, "loads a kernel that a later reboot starts", &[p("entry", Addr), p("nr_segments", CountOf("segments")), p("segments", In("struct kexec_segment[]")), p("flags", Flags(&KEXEC))], Zero, FINAL, No),
    call("waitid", 247, 95, "waits for a child to end, stop or go on, and tells its status", &[p("idtype", OneOf(&IDTYPE)), p("id", Pid), o("infop", Out("siginfo_t")), p("options", Flags(&WAITID)), o("rusage", Out("struct rusage"))], Zero, TAKEN, Yes),
    call("add_key", 248, 217, "makes or updates a key in the kernel", &[p("type", Text), p("description", Text), p("payload", In("")), p("plen", SizeOf("payload")), p("keyring", OneOf(&KEYRING))], Number, FINAL, No),
    call("request_key", 249, 218, "finds a key in the kernel, or has it made", &[p("type", Text), p("description", Text), o("callout_info", Text), o("dest_keyring", OneOf(&KEYRING))], Number, FINAL, Maybe),
    call("keyctl", 250, 219, "reads, changes, links or removes keys of the kernel, by an operation", &[p("operation", OneOf(&KEYCTL)), o("arg2", Any), o("arg3", Any), o("arg4", Any), o("arg5", Any)], Number, FINAL, Maybe),
    call("ioprio_set", 251, 30, "sets the I/O priority (class << 13 | level) of a thread, a group or a user", &[p("which", OneOf(&IOPRIO_WHO)), p("who", Int), p("ioprio", Int)], Zero, Restores("the old I/O priority is put back; a thread without CAP_SYS_NICE leaves the real-time class only with `irreversible: true`"), No).per_thread(),
    call("ioprio_get", 252, 31, "tells the I/O priority (class << 13 | level) of a thread, a group or a user", &[p("which", OneOf(&IOPRIO_WHO)), p("who", Int)], Number, Inert, No),
    call("inotify_init", 253, -1, "makes an inotify instance and gives a descriptor for it", &[], Returns::Fd, GivesFd, No).instead("inotify_init1: [0]"),
    call("inotify_add_watch", 254, 27, "has an inotify instance watch a file or directory", &[p("fd", Fd), p("pathname", Path), p("mask", Flags(&INOTIFY))], Number, WATCHING, No),
    call("inotify_rm_watch", 255, 28, "ends a watch of an inotify instance", &[p("fd", Fd), p("wd", Int)], Zero, UNWATCHED, No),
    call("migrate_pages", 256, 238, "moves all pages of a process to other memory nodes", &[p("pid", Pid), p("maxnode", Uint), p("old_nodes", In("unsigned long[]")), p("new_nodes", In("unsigned long[]"))], Number, FINAL, No),
    call("openat", 257, 56, "opens a file below a directory and gives a descriptor for it; with O_CREAT it makes the file if there is none", &[p("dirfd", DirFd), p("pathname", Path), p("flags", Flags(&OPEN)), o("mode", Mode)], Returns::Fd, GivesFd, Maybe),
    call("mkdirat", 258, 34, "makes a directory below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Mode)], Zero, MAKES_DIRECTORY, No),
    call("mknodat", 259, 33, "makes a special file below a directory: a FIFO, a device, a socket", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Mode), p("dev", Uint)], Zero, MAKES_NODE, No),
    call("fchownat", 260, 54, "sets owner and group of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("owner", Uid), p("group", Gid), o("flags", Flags(&AT_NOFOLLOW))], Zero, FILE_OWNER, No),
    call("futimesat", 261, -1, "sets the times of a file below a directory (old; use utimensat)", &[p("dirfd", DirFd), p("pathname", Path), o("times", In("struct timeval[2]"))], Zero, TIMES, No).instead("utimensat: [dirfd, pathname, times, 0]"),
    call("newfstatat", 262, 79, "tells size, owner, mode and times of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("statbuf", Out("struct stat")), o("flags", Flags(&AT_STAT))], Zero, Inert, No),
    call("unlinkat", 263, 35, "removes a name of a file, or with AT_REMOVEDIR an empty directory, below a directory", &[p("dirfd", DirFd), p("pathname", Path), o("flags", Flags(&AT_UNLINK))], Zero, REMOVES, No),
    call("renameat", 264, 38, "gives a file another name, both below directories, replacing what has that name", &[p("olddirfd", DirFd), p("oldpath", Path), p("newdirfd", DirFd), p("newpath", Path)], Zero, RENAMES, No),
    call("linkat", 265, 37, "gives a file a further name, both below directories", &[p("olddirfd", DirFd), p("oldpath", Path), p("newdirfd", DirFd), p("newpath", Path), o("flags", Flags(&AT_LINK))], Zero, MAKES_NAME, No),
    call("symlinkat", 266, 36, "makes a symbolic link below a directory", &[p("target", Text), p("newdirfd", DirFd), p("linkpath", Path)], Zero, MAKES_NAME, No),
    call("readlinkat", 267, 78, "tells where a symbolic link below a directory points", &[p("dirfd", DirFd), p("pathname", Path), p("buf", Out("")), p("bufsiz", SizeOf("buf"))], Number, Inert, No),
    call("fchmodat", 268, 53, "sets the mode bits of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Mode)], Zero, FILE_MODE, No),
    call("faccessat", 269, 48, "tells whether the real user may read, write or execute a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Flags(&ACCESS))], Zero, Inert, No),
    call("pselect6", 270, 72, "waits, with another signal mask, until one of several descriptors (below 1024) can be read or written", &[p("nfds", Int), o("readfds", InOut("fd_set")), o("writefds", InOut("fd_set")), o("exceptfds", InOut("fd_set")), o("timeout", InOut("struct timespec")), o("sigmask", In("struct sigset_argpack"))], Number, Inert, Maybe),
    call("ppoll", 271, 73, "waits, with another signal mask, until one of several descriptors can be read or written", &[p("fds", InOut("struct pollfd[]")), p("nfds", CountOf("fds")), o("tmo_p", InOut("struct timespec")), o("sigmask", In("sigset_t")), o("sigsetsize", Exactly(8))], Number, Inert, Maybe),
    call("unshare", 272, 97, "gives the thread namespaces (or other things) of its own", &[p("flags", Flags(&UNSHARE))], Zero, LEFT, No).per_thread(),
    call("set_robust_list", 273, 99, "tells the kernel where the thread keeps the list of locks to release when it ends", &[p("head", Addr), p("len", SizeOf("head"))], Zero, FINAL, No).forbidden("the thread library of the target relies on its own"),
    call("get_robust_list", 274, 100, "tells where a thread keeps its list of robust locks", &[p("pid", Pid), p("head_ptr", Out("struct robust_list_head *")), p("len_ptr", Out("size_t"))], Zero, Inert, No),
    call("splice", 275, 76, "moves bytes between a pipe and a descriptor inside the kernel", &[p("fd_in", Fd), o("off_in", InOut("off_t")), p("fd_out", Fd), o("off_out", InOut("off_t")), p("len", Size), o("flags", Flags(&SPLICE))], Number, WRITTEN, Maybe),
    call("tee", 276, 77, "copies bytes from one pipe to another without taking them out", &[p("fd_in", Fd), p("fd_out", Fd), p("len", Size), o("flags", Flags(&SPLICE))], Number, WRITTEN, Maybe),
    call("sync_file_range", 277, 84, "writes a part of a file to the disk", &[p("fd", Fd), p("offset", Offset), p("nbytes", Offset), p("flags", Flags(&SYNC_RANGE))], Zero, Inert, No),
    call("vmsplice", 278, 75, "moves memory into a pipe, or reads a pipe into memory", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("nr_segs", CountOf("iov")), o("flags", Flags(&SPLICE))], Number, WRITTEN, Maybe),
    call("move_pages", 279, 239, "moves pages of a process to other memory nodes, or tells where they are", &[p("pid", Pid), p("count", CountOf("pages")), p("pages", In("void *[]")), o("nodes", In("int[]")), p("status", Out("int[]")), p("flags", Flags(&MPOL_MF))], Number, FINAL, No),
    call("utimensat", 280, 88, "sets the times of a file below a directory, in nanoseconds", &[p("dirfd", DirFd), o("pathname", Path), o("times", In("struct timespec[2]")), o("flags", Flags(&AT_NOFOLLOW))], Zero, TIMES, No),
    call("epoll_pwait", 281, 22, "waits, with another signal mask, for events of an epoll instance and takes them", &[p("epfd", Fd), p("events", Out("struct epoll_event[]")), p("maxevents", CountOf("events")), p("timeout", Int), o("sigmask", In("sigset_t")), o("sigsetsize", Exactly(8))], Number, EVENTS, Maybe),
    call("signalfd", 282, -1, "gives a descriptor from which signals are read, or changes which ones", &[p("fd", Fd), p("mask", In("sigset_t")), p("sizemask", Exactly(8))], Returns::Fd, SIGNALS, No).instead("signalfd4: [fd, mask, sizemask, 0]"),
    call("timerfd_create", 283, 85, "makes a timer and gives a descriptor that can be read when it runs out", &[p("clockid", OneOf(&CLOCK)), p("flags", Flags(&TFD))], Returns::Fd, GivesFd, No),
    call("eventfd", 284, -1, "makes a counter for waiting on and gives a descriptor for it", &[p("initval", Uint)], Returns::Fd, GivesFd, No).instead("eventfd2: [initval, 0]"),
    call("fallocate", 285, 47, "makes room for a part of a file, or removes, inserts or zeroes it", &[p("fd", Fd), p("mode", Flags(&FALLOC)), p("offset", Offset), p("len", Offset)], Zero, ROOM, No),
    call("timerfd_settime", 286, 86, "starts or stops the timer of a descriptor", &[p("fd", Fd), o("flags", Flags(&TFD_TIMER)), p("new_value", In("struct itimerspec")), o("old_value", Out("struct itimerspec"))], Zero, STARTED, No),
    call("timerfd_gettime", 287, 87, "tells how long the timer of a descriptor has still to run", &[p("fd", Fd), p("curr_value", Out("struct itimerspec"))], Zero, Inert, No),
    call("accept4", 288, 242, "takes the next connection of a listening socket and gives a descriptor for it, with flags", &[p("sockfd", Fd), o("addr", Out("struct sockaddr")), o("addrlen", InOut("socklen_t")), o("flags", Flags(&SOCK_FLAGS))], Returns::Fd, ACCEPTED, Maybe),
    call("signalfd4", 289, 74, "gives a descriptor from which signals are read, with flags, or changes which ones", &[p("fd", Fd), p("mask", In("sigset_t")), p("sizemask", Exactly(8)), o("flags", Flags(&SFD))], Returns::Fd, SIGNALS, No),
    call("eventfd2", 290, 19, "makes a counter for waiting on and gives a descriptor for it, with flags", &[p("initval", Uint), o("flags", Flags(&EFD))], Returns::Fd, GivesFd, No),
    call("epoll_create1", 291, 20, "makes an epoll instance and gives a descriptor for it", &[p("flags", Flags(&EPOLL_CREATE))], Returns::Fd, GivesFd, No),
    call("dup3", 292, 24, "makes a descriptor number stand for the same open file as another, with flags", &[p("oldfd", Fd), p("newfd", Fd), p("flags", Flags(&DUP3))], Returns::Fd, ReplacesFd, No),
    call("pipe2", 293, 59, "makes a pipe and gives a descriptor for each end, with flags", &[p("pipefd", Out("int[2]")), p("flags", Flags(&PIPE2))], Zero, GivesPair, No),
    call("inotify_init1", 294, 26, "makes an inotify instance and gives a descriptor for it, with flags", &[p("flags", Flags(&INOTIFY_INIT))], Returns::Fd, GivesFd, No),
    call("preadv", 295, 69, "reads into several buffers at an offset", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov")), p("offset", Offset), o("offset_high", Uint)], Number, Inert, Maybe),
    call("pwritev", 296, 70, "writes from several buffers at an offset", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov")), p("offset", Offset), o("offset_high", Uint)], Number, WRITTEN, Maybe),
    call("rt_tgsigqueueinfo", 297, 240, "sends a signal with data to a thread", &[p("tgid", Pid), p("tid", Pid), p("sig", Signal), p("info", In("siginfo_t"))], Zero, SENT, No),
    call("perf_event_open", 298, 241, "makes a performance counter and gives a descriptor for it", &[p("attr", In("struct perf_event_attr")), p("pid", Pid), p("cpu", Int), p("group_fd", Fd), p("flags", Flags(&PERF))], Returns::Fd, GivesFd, No),
    call("recvmmsg", 299, 243, "receives several messages from a socket", &[p("sockfd", Fd), p("msgvec", InOut("struct mmsghdr[]")), p("vlen", CountOf("msgvec")), p("flags", Flags(&MSG)), o("timeout", In("struct timespec"))], Number, TAKEN, Maybe),
    call("fanotify_init", 300, 262, "makes a fanotify group and gives a descriptor for it", &[p("flags", Flags(&FAN_INIT)), p("event_f_flags", Flags(&OPEN))], Returns::Fd, GivesFd, No),
    call("fanotify_mark", 301, 263, "sets which files, mounts or filesystems a fanotify group watches, and for what", &[p("fanotify_fd", Fd), p("flags", Flags(&FAN_MARK)), p("mask", Flags(&FAN_EVENTS)), p("dirfd", DirFd), o("pathname", Path)], Zero, MARKED, No),
    call("prlimit64", 302, 261, "sets and tells a resource limit of a process", &[p("pid", Pid), p("resource", OneOf(&RLIMIT)), o("new_limit", In("struct rlimit64")), o("old_limit", Out("struct rlimit64"))], Zero, LIMITS, No),
    call("name_to_handle_at", 303, 264, "tells the handle by which a file can be opened without its name", &[p("dirfd", DirFd), p("pathname", Path), p("handle", InOut("struct file_handle")), p("mount_id", Out("int")), o("flags", Flags(&AT_HANDLE))], Zero, Inert, No),
    call("open_by_handle_at", 304, 265, "opens a file by its handle and gives a descriptor for it", &[p("mount_fd", DirFd), p("handle", In("struct file_handle")), p("flags", Flags(&OPEN))], Returns::Fd, GivesFd, Maybe),
    call("clock_adjtime", 305, 266, "reads or tunes a clock", &[p("clk_id", OneOf(&CLOCK)), p("buf", InOut("struct timex"))], Number, FINAL, No),
    call("syncfs", 306, 267, "writes what the filesystem of an open file has in memory to the disk", &[p("fd", Fd)], Zero, Inert, No),
    call("sendmmsg", 307, 269, "sends several messages on a socket", &[p("sockfd", Fd), p("msgvec", InOut("struct mmsghdr[]")), p("vlen", CountOf("msgvec")), p("flags", Flags(&MSG))], Number, WRITTEN, Maybe).since("3.0"),
    call("setns", 308, 268, "moves the thread into a namespace that a descriptor stands for", &[p("fd", Fd), o("nstype", Flags(&NAMESPACES))], Zero, LEFT, No).per_thread().since("3.0"),
    call("getcpu", 309, 168, "tells on which processor and memory node the thread runs", &[o("cpu", Out("unsigned int")), o("node", Out("unsigned int")), o("tcache", Addr)], Zero, Inert, No),
    call("process_vm_readv", 310, 270, "reads memory of another process", &[p("pid", Pid), p("local_iov", In("struct iovec[]")), p("liovcnt", CountOf("local_iov")), p("remote_iov", In("struct iovec[]")), p("riovcnt", CountOf("remote_iov")), o("flags", Uint)], Number, Inert, No).since("3.2"),
    call("process_vm_writev", 311, 271, "writes memory of another process", &[p("pid", Pid), p("local_iov", In("struct iovec[]")), p("liovcnt", CountOf("local_iov")), p("remote_iov", In("struct iovec[]")), p("riovcnt", CountOf("remote_iov")), o("flags", Uint)], Number, WRITTEN, No).since("3.2"),
    call("kcmp", 312, 272, "tells whether two processes share a file, memory, a descriptor table and the like", &[p("pid1", Pid), p("pid2", Pid), p("type", OneOf(&KCMP)), o("idx1", Uint), o("idx2", Uint)], Number, Inert, No).since("3.5"),
    call("finit_module", 313, 273, "loads a kernel module from an open file", &[p("fd", Fd), p("param_values", Text), o("flags", Flags(&MODULE_INIT))], Zero, FINAL, Maybe).since("3.8"),
    call("sched_setattr", 314, 274, "sets scheduling policy, priority, nice value and deadlines of a thread", &[p("pid", Pid), p("attr", In("struct sched_attr")), o("flags", Uint)], Zero, SCHEDULING, No).per_thread().since("3.14"),
    call("sched_getattr", 315, 275, "tells scheduling policy, priority, nice value and deadlines of a thread", &[p("pid", Pid), p("attr", Out("struct sched_attr")), p("size", SizeOf("attr")), o("flags", Uint)], Zero, Inert, No).since("3.14"),
    call("renameat2", 316, 276, "gives a file another name, both below directories; with flags it replaces nothing, or exchanges the two", &[p("olddirfd", DirFd), p("oldpath", Path), p("newdirfd", DirFd), p("newpath", Path), o("flags", Flags(&RENAME))], Zero, RENAMES, No).since("3.15"),
    call("seccomp", 317, 277, "installs a filter for the thread's system calls, or tells what filters can do", &[p("operation", OneOf(&SECCOMP)), o("flags", Flags(&SECCOMP_FILTER)), o("args", Any)], Number, FINAL, No).per_thread().since("3.17"),
    call("getrandom", 318, 278, "fills a buffer with random bytes", &[p("buf", Out("")), p("buflen", SizeOf("buf")), o("flags", Flags(&GRND))], Number, Inert, Maybe).since("3.17"),
    call("memfd_create", 319, 279, "makes a file that is in memory only and gives a descriptor for it", &[p("name", Text), p("flags", Flags(&MFD))], Returns::Fd, GivesFd, No).since("3.17"),
    call("kexec_file_load", 320, 294, "loads a kernel from an open file that a later reboot starts", &[p("kernel_fd", Fd), p("initrd_fd", Fd), p("cmdline_len", SizeOf("cmdline")), p("cmdline", Text), o("flags", Flags(&KEXEC_FILE))], Zero, FINAL, No).since("3.17"),
    call("bpf", 321, 280, "makes, loads, attaches or reads BPF programs and maps, by a command", &[p("cmd", OneOf(&BPF)), p("attr", InOut("union bpf_attr")), p("size", SizeOf("attr"))], Number, FINAL, No).since("3.18"),
    call("execveat", 322, 281, "replaces the process by another program, below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("argv", In("strings")), p("envp", In("strings")), o("flags", Flags(&AT_STAT))], Never, FINAL, No).forbidden("it would replace the target by another program").since("3.19"),
    call("userfaultfd", 323, 282, "gives a descriptor by which page faults of the process are handled", &[p("flags", Flags(&UFFD))], Returns::Fd, GivesFd, No).since("4.3"),
    call("membarrier", 324, 283, "has all threads of the process pass a memory barrier", &[p("cmd", OneOf(&MEMBARRIER)), o("flags", Flags(&MEMBARRIER_FLAGS)), o("cpu_id", Int)], Number, Inert, No).since("3.17"),
    call("mlock2", 325, 284, "keeps a range of memory from being swapped out, at once or as it is used", &[p("addr", Addr), p("len", Size), o("flags", Flags(&MLOCK))], Zero, Restores("what was not locked is unlocked again, mapping by mapping"), No).since("4.4"),
    call("copy_file_range", 326, 285, "copies a part of one file into another inside the kernel", &[p("fd_in", Fd), o("off_in", InOut("off_t")), p("fd_out", Fd), o("off_out", InOut("off_t")), p("len", Size), o("flags", Uint)], Number, WRITTEN, Maybe).since("4.5"),
    call("preadv2", 327, 286, "reads into several buffers at an offset (-1: at the file position), with flags", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov")), p("offset", Offset), o("offset_high", Uint), o("flags", Flags(&RWF))], Number, Inert, Maybe).since("4.6"),
    call("pwritev2", 328, 287, "writes from several buffers at an offset (-1: at the file position), with flags", &[p("fd", Fd), p("iov", In("struct iovec[]")), p("iovcnt", CountOf("iov")), p("offset", Offset), o("offset_high", Uint), o("flags", Flags(&RWF))], Number, WRITTEN, Maybe).since("4.6"),
    call("pkey_mprotect", 329, 288, "sets protection and protection key of pages of memory", &[p("addr", Addr), p("len", Size), p("prot", Flags(&PROT)), p("pkey", Int)], Zero, Restores("the old protections are put back, mapping by mapping"), No).since("4.8"),
    call("pkey_alloc", 330, 289, "takes a free memory protection key", &[o("flags", Uint), o("access_rights", Flags(&PKEY))], Number, Irreversible("the rights that it sets for the thread stay set, and can't be read"), No).per_thread().since("4.8"),
    call("pkey_free", 331, 290, "gives a memory protection key back", &[p("pkey", Int)], Zero, Irreversible("the same key can't be had again for sure"), No).since("4.8"),
    call("statx", 332, 291, "tells what is asked for of a file below a directory: size, owner, mode, times, mount", &[p("dirfd", DirFd), p("pathname", Path), p("flags", Flags(&AT_STATX)), p("mask", Flags(&STATX)), p("statxbuf", Out("struct statx"))], Zero, Inert, No).since("4.11"),
    call("io_pgetevents", 333, 292, "takes finished operations of asynchronous I/O, with another signal mask", &[p("ctx_id", Uint), p("min_nr", Int), p("nr", CountOf("events")), p("events", Out("struct io_event[]")), o("timeout", In("struct timespec")), o("usig", In("struct __aio_sigset"))], Number, TAKEN, Maybe).since("4.18"),
    call("rseq", 334, 293, "registers the area for restartable sequences of the thread", &[p("rseq", Addr), p("rseq_len", Uint), p("flags", Int), p("sig", Uint)], Zero, FINAL, No).forbidden("the thread library of the target relies on its own registration").since("4.18"),
    call("uretprobe", 335, -1, "reports to the kernel that a probed function returns", &[], Zero, FINAL, No).forbidden("only the kernel's own trampoline may make it").since("6.11"),
    call("pidfd_send_signal", 424, 424, "sends a signal to the process that a descriptor stands for", &[p("pidfd", Fd), p("sig", Signal), o("info", In("siginfo_t")), o("flags", Flags(&PIDFD_SIGNAL))], Zero, SENT, No).since("5.1"),
    call("io_uring_setup", 425, 425, "makes an io_uring instance and gives a descriptor for it", &[p("entries", Uint), p("p", InOut("struct io_uring_params"))], Returns::Fd, GivesFd, No).since("5.1"),
    call("io_uring_enter", 426, 426, "starts operations of an io_uring instance, and waits for some to finish", &[p("fd", Fd), p("to_submit", Uint), p("min_complete", Uint), p("flags", Flags(&URING_ENTER)), o("argp", In("")), o("argsz", SizeOf("argp"))], Number, FINAL, Maybe).since("5.1"),
    call("io_uring_register", 427, 427, "registers buffers, files and the like with an io_uring instance", &[p("fd", Fd), p("opcode", OneOf(&URING_REGISTER)), o("arg", InOut("")), o("nr_args", Uint)], Number, FINAL, No).since("5.1"),
    call("open_tree", 428, 428, "opens a mount, or a copy of it, and gives a descriptor for it", &[p("dirfd", DirFd), p("path", Path), p("flags", Flags(&OPEN_TREE))], Returns::Fd, GivesFd, No).since("5.2"),
    call("move_mount", 429, 429, "attaches a mount that a descriptor stands for, or moves one", &[p("from_dirfd", DirFd), p("from_path", Path), p("to_dirfd", DirFd), p("to_path", Path), p("flags", Flags(&MOVE_MOUNT))], Zero, MOUNTED, No).since("5.2"),
    call("fsopen", 430, 430, "starts to configure a filesystem to be mounted and gives a descriptor for that", &[p("fsname", Text), o("flags", Flags(&FSOPEN))], Returns::Fd, GivesFd, No).since("5.2"),
    call("fsconfig", 431, 431, "sets a parameter of a filesystem to be mounted, or makes it", &[p("fd", Fd), p("cmd", OneOf(&FSCONFIG)), o("key", Text), o("value", Any), o("aux", Int)], Zero, FINAL, Maybe).since("5.2"),
    call("fsmount", 432, 432, "makes a mount of a configured filesystem and gives a descriptor for it", &[p("fsfd", Fd), o("flags", Flags(&FSMOUNT)), o("attr_flags", Flags(&MOUNT_ATTR))], Returns::Fd, GivesFd, No).since("5.2"),
    call("fspick", 433, 433, "starts to configure a mounted filesystem anew and gives a descriptor for that", &[p("dirfd", DirFd), p("path", Path), o("flags", Flags(&FSPICK))], Returns::Fd, GivesFd, No).since("5.2"),
    call("pidfd_open", 434, 434, "gives a descriptor that stands for a process", &[p("pid", Pid), o("flags", Flags(&PIDFD))], Returns::Fd, GivesFd, No).since("5.3"),
    call("clone3", 435, 435, "makes a new process or thread", &[p("cl_args", In("struct clone_args")), p("size", SizeOf("cl_args"))], Zero, FINAL, No).forbidden("it would double the target or one of its threads").since("5.3"),
    call("close_range", 436, 436, "closes all descriptors from one number to another, or marks them close-on-exec", &[p("first", Fd), p("last", Uint), o("flags", Flags(&CLOSE_RANGE))], Zero, RANGE, No).since("5.9"),
    call("openat2", 437, 437, "opens a file below a directory, with rules for how its path is resolved, and gives a descriptor for it", &[p("dirfd", DirFd), p("pathname", Path), p("how", In("struct open_how")), p("size", SizeOf("how"))], Returns::Fd, GivesFd, Maybe).since("5.6"),
    call("pidfd_getfd", 438, 438, "gives a duplicate of a descriptor of another process", &[p("pidfd", Fd), p("targetfd", Fd), o("flags", Uint)], Returns::Fd, GivesFd, No).since("5.6"),
    call("faccessat2", 439, 439, "tells whether the user may read, write or execute a file below a directory, with flags", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Flags(&ACCESS)), o("flags", Flags(&AT_ACCESS))], Zero, Inert, No).since("5.8"),
    call("process_madvise", 440, 440, "tells the kernel how ranges of memory of a process will be used", &[p("pidfd", Fd), p("iovec", In("struct iovec[]")), p("vlen", CountOf("iovec")), p("advice", OneOf(&MADVISE)), o("flags", Uint)], Number, FINAL, No).since("5.10"),
    call("epoll_pwait2", 441, 441, "waits, with another signal mask and in nanoseconds, for events of an epoll instance and takes them", &[p("epfd", Fd), p("events", Out("struct epoll_event[]")), p("maxevents", CountOf("events")), o("timeout", In("struct timespec")), o("sigmask", In("sigset_t")), o("sigsetsize", Exactly(8))], Number, EVENTS, Maybe).since("5.11"),
    call("mount_setattr", 442, 442, "changes attributes of a mount, or of all below it", &[p("dirfd", DirFd), p("pathname", Path), p("flags", Flags(&AT_TREE)), p("attr", In("struct mount_attr")), p("size", SizeOf("attr"))], Zero, MOUNTED, No).since("5.12"),
    call("quotactl_fd", 443, 443, "reads or sets disk quotas of the filesystem of an open file", &[p("fd", Fd), p("cmd", Int), p("id", Int), o("addr", InOut(""))], Zero, QUOTA, No).since("5.14"),
    call("landlock_create_ruleset", 444, 444, "makes an empty set of landlock rules and gives a descriptor for it, or tells the version of landlock", &[o("attr", In("struct landlock_ruleset_attr")), p("size", SizeOf("attr")), o("flags", Flags(&LANDLOCK_CREATE))], Returns::Fd, GivesFd, No).since("5.13"),
    call("landlock_add_rule", 445, 445, "adds a rule to a set of landlock rules", &[p("ruleset_fd", Fd), p("rule_type", OneOf(&LANDLOCK_RULE)), p("rule_attr", In("")), o("flags", Uint)], Zero, Restores("the rule goes with the set when that is closed again; in a set that the plan has not made itself it needs `irreversible: true`"), No).since("5.13"),
    call("landlock_restrict_self", 446, 446, "restricts the thread, for good, to what a set of landlock rules allows", &[p("ruleset_fd", Fd), o("flags", Flags(&LANDLOCK_RESTRICT))], Zero, FINAL, No).per_thread().since("5.13"),
    call("memfd_secret", 447, 447, "makes memory that only this process can see and gives a descriptor for it", &[o("flags", Flags(&MEMFD_SECRET))], Returns::Fd, GivesFd, No).since("5.14"),
    call("process_mrelease", 448, 448, "frees the memory of a dying process at once", &[p("pidfd", Fd), o("flags", Uint)], Zero, FINAL, No).since("5.15"),
    call("futex_waitv", 449, 449, "waits on several words of memory at once", &[p("waiters", In("struct futex_waitv[]")), p("nr_futexes", CountOf("waiters")), o("flags", Uint), o("timeout", In("struct timespec")), o("clockid", OneOf(&CLOCK))], Number, Inert, Yes).since("5.16"),
    call("set_mempolicy_home_node", 450, 450, "sets the memory node that a range of memory prefers", &[p("start", Addr), p("len", Size), p("home_node", Uint), o("flags", Uint)], Zero, Irreversible("the node that memory prefers can't be read"), No).since("5.17"),
    call("cachestat", 451, 451, "tells how much of a file is in memory", &[p("fd", Fd), p("cstat_range", In("struct cachestat_range")), p("cstat", Out("struct cachestat")), o("flags", Uint)], Zero, Inert, No).since("6.5"),
    call("fchmodat2", 452, 452, "sets the mode bits of a file below a directory, with flags", &[p("dirfd", DirFd), p("pathname", Path), p("mode", Mode), o("flags", Flags(&AT_NOFOLLOW))], Zero, FILE_MODE, No).since("6.6"),
    call("map_shadow_stack", 453, 453, "makes a shadow stack", &[p("addr", Addr), p("size", Size), o("flags", Uint)], Address, FINAL, No).forbidden("it makes a shadow stack, which a landing frame does not serve").since("6.6"),
    call("futex_wake", 454, 454, "wakes those that wait on a word of memory", &[p("uaddr", Addr), p("mask", Uint), p("nr", Int), p("flags", Flags(&FUTEX2))], Number, FINAL, No).since("6.7"),
    call("futex_wait", 455, 455, "waits on a word of memory", &[p("uaddr", Addr), p("val", Uint), p("mask", Uint), p("flags", Flags(&FUTEX2)), o("timeout", In("struct timespec")), o("clockid", OneOf(&CLOCK))], Zero, Inert, Yes).since("6.7"),
    call("futex_requeue", 456, 456, "has those that wait on one word of memory wait on another", &[p("waiters", In("struct futex_waitv[2]")), p("flags", Uint), p("nr_wake", Int), p("nr_requeue", Int)], Number, FINAL, No).since("6.7"),
    call("statmount", 457, 457, "tells what is asked for of a mount", &[p("req", In("struct mnt_id_req")), p("buf", Out("")), p("bufsize", SizeOf("buf")), o("flags", Uint)], Zero, Inert, No).since("6.8"),
    call("listmount", 458, 458, "lists the mounts below a mount", &[p("req", In("struct mnt_id_req")), p("mnt_ids", Out("uint64_t[]")), p("nr_mnt_ids", CountOf("mnt_ids")), o("flags", Uint)], Number, Inert, No).since("6.8"),
    call("lsm_get_self_attr", 459, 459, "tells an attribute that the security modules keep for the thread", &[p("attr", OneOf(&LSM_ATTR)), p("ctx", Out("struct lsm_ctx[]")), p("size", InOut("__u32")), o("flags", Uint)], Number, Inert, No).since("6.8"),
    call("lsm_set_self_attr", 460, 460, "sets an attribute that a security module keeps for the thread", &[p("attr", OneOf(&LSM_ATTR)), p("ctx", In("struct lsm_ctx")), p("size", SizeOf("ctx")), o("flags", Uint)], Zero, FINAL, No).per_thread().since("6.8"),
    call("lsm_list_modules", 461, 461, "lists the security modules of the kernel", &[p("ids", Out("uint64_t[]")), p("size", InOut("__u32")), o("flags", Uint)], Number, Inert, No).since("6.8"),
    call("mseal", 462, 462, "forbids, for good, any change of a range's mappings", &[p("addr", Addr), p("size", Size), o("flags", Uint)], Zero, FINAL, No).since("6.10"),
    call("setxattrat", 463, 463, "sets an extended attribute of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("at_flags", Flags(&AT_NOFOLLOW)), p("name", Text), p("uargs", In("struct xattr_args")), p("usize", SizeOf("uargs"))], Zero, ATTRIBUTE, No).since("6.13"),
    call("getxattrat", 464, 464, "reads an extended attribute of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("at_flags", Flags(&AT_NOFOLLOW)), p("name", Text), p("uargs", In("struct xattr_args")), p("usize", SizeOf("uargs"))], Number, Inert, No).since("6.13"),
    call("listxattrat", 465, 465, "lists the extended attributes of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("at_flags", Flags(&AT_NOFOLLOW)), p("list", Out("")), p("size", SizeOf("list"))], Number, Inert, No).since("6.13"),
    call("removexattrat", 466, 466, "removes an extended attribute of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("at_flags", Flags(&AT_NOFOLLOW)), p("name", Text)], Zero, ATTRIBUTE, No).since("6.13"),
    call("open_tree_attr", 467, 467, "opens a mount, or a copy of it with other attributes, and gives a descriptor for it", &[p("dirfd", DirFd), p("path", Path), p("flags", Flags(&OPEN_TREE)), o("attr", In("struct mount_attr")), o("size", SizeOf("attr"))], Returns::Fd, GivesFd, No).since("6.15"),
    call("file_getattr", 468, 468, "tells the inode flags and project id of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("ufattr", Out("struct file_attr")), p("usize", SizeOf("ufattr")), o("at_flags", Flags(&AT_NOFOLLOW))], Zero, Inert, No).since("6.17"),
    call("file_setattr", 469, 469, "sets the inode flags and project id of a file below a directory", &[p("dirfd", DirFd), p("pathname", Path), p("ufattr", In("struct file_attr")), p("usize", SizeOf("ufattr")), o("at_flags", Flags(&AT_NOFOLLOW))], Zero, INODE_FLAGS, No).since("6.17"),
];
