//! Mistakes in memory: what is told of each, and at which words.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::plan::{Purpose, read};
use indexmap::IndexMap;

/// Each problem in three lines: code and the words it is told at, message, help.
fn told(step: &str) -> String {
    let plan = format!("version: 1\ntargets: [10]\nsteps:\n{step}");
    let problems = match read(plan.as_bytes(), &IndexMap::new(), Purpose::Run) {
        Ok(reading) => reading.warnings,
        Err(problems) => problems,
    };
    let line = |problem: &criu_plan::problem::Problem| {
        let words = problem.places.first().map_or("", |(span, _)| &plan[span.start..span.end]);
        format!("{} at `{words}`\n  {}\n  {}\n", problem.code, problem.message, problem.help.as_deref().unwrap_or("-"))
    };
    problems.iter().map(line).collect()
}

macro_rules! mistakes {
    ($($name:ident $steps:expr, @$told:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(told($steps), @$told);
        }
    )*};
}

mistakes! {
    bytes_where_pointers_are_followed "- read: [0, { out: 56 }]\n  capture: { buf: bytes }\n  irreversible: true\n  timeout: 1s\n- sendmsg: [3, { ref: bytes }, 0]\n  irreversible: true\n", @r##"
    plan::kind at `bytes`
      `msg` of `sendmsg` is struct msghdr, whose pointers the kernel follows, and `bytes` was not made as one
      put it together in an earlier step with `{struct: {…}}`, and capture that argument
    "##;
    a_vector_where_pointers_are_followed "- read: [0, { out: 16 }]\n  capture: { buf: bytes }\n  irreversible: true\n  timeout: 1s\n- sendmsg: [3, { struct: { msg_iov: { ref: bytes }, msg_iovlen: 1 } }, 0]\n  irreversible: true\n", @r##"
    plan::kind at `bytes`
      `msg_iov` is struct iovec, whose pointers the kernel follows, and `bytes` was not made as one
      put it together in an earlier step with `{struct: {…}}`, and capture that argument
    "##;
    an_unknown_field "- prlimit64: { pid: 0, resource: RLIMIT_NOFILE, new_limit: { struct: { rlim_cu: 5, max: 5 } } }\n  irreversible: true\n", @r##"
    plan::unknown-field at `rlim_cu`
      struct rlimit64 has no field `rlim_cu`
      did you mean `rlim_cur`?
    plan::unknown-field at `max`
      struct rlimit64 has no field `max`
      its fields are rlim_cur, rlim_max
    "##;
    a_value_of_no_number "- prlimit64: { pid: 0, resource: RLIMIT_NOFILE, new_limit: { struct: { rlim_cur: RLIM_INFINTY, rlim_max: [1] } } }\n  irreversible: true\n", @r##"
    plan::unknown-constant at `RLIM_INFINTY`
      `RLIM_INFINTY` is none of the limits
      did you mean `RLIM_INFINITY`?
    plan::shape at `[1]`
      `rlim_max` of struct rlimit64 is one number, and here it is a list
      -
    "##;
    a_value_out_of_range "- ioctl: [0, TIOCSWINSZ, { struct: { ws_row: 65536, ws_col: -1 } }]\n  irreversible: true\n", @r##"
    plan::out-of-range at `65536`
      65536 does not fit into `ws_row` of struct winsize, which is u16
      it holds 0 to 65535
    plan::out-of-range at `-1`
      -1 does not fit into `ws_col` of struct winsize, which is u16
      it holds 0 to 65535
    "##;
    elements_out_of_range "- write: [1, { u8: [1, 256, -1] }]\n  irreversible: true\n", @r##"
    plan::out-of-range at `256`
      256 does not fit into an element, which is u8
      it holds 0 to 255
    plan::out-of-range at `-1`
      -1 does not fit into an element, which is u8
      it holds 0 to 255
    "##;
    an_unknown_structure "- ioctl: [0, TIOCGWINSZ, { out: winsiz }]\n  irreversible: true\n- write: [1, { struct: { a: 1 }, type: termois }]\n  irreversible: true\n", @r##"
    plan::unknown-structure at `winsiz`
      no structure is known as `winsiz`
      did you mean `winsize`?
    plan::unknown-structure at `termois`
      no structure is known as `termois`
      did you mean `termios`?
    "##;
    no_structure "- write: [1, { struct: { a: 1 } }]\n  irreversible: true\n- getsockname: [3, { out: auto }, { struct: { a: 1 } }]\n", @r##"
    plan::no-structure at `{ a: 1 }`
      `buf` of `write` has no structure that is known: it is plain memory
      say which: `{struct: {…}, type: timespec}`
    plan::no-structure at `{ a: 1 }`
      `addrlen` of `getsockname` is u32, which has no fields
      write `{u32: …}`
    "##;
    text_for_a_structure "- timerfd_settime: [3, 0, soon]\n  irreversible: true\n", @r##"
    plan::kind at `soon`
      `new_value` of `timerfd_settime` is struct itimerspec, not text
      write `{struct: {it_interval: …}}`
    "##;
    a_list_for_one_structure "- timerfd_settime: [3, 0, { struct: [{ it_value: {} }] }]\n  irreversible: true\n", @r##"
    plan::shape at `[{ it_value: {} }]`
      `new_value` of `timerfd_settime` is one struct itimerspec, and here is a list
      write `{struct: {it_interval: …}}`
    "##;
    a_list_without_its_form "- writev: [1, [{ iov_base: a }]]\n  irreversible: true\n", @r##"
    plan::shape at `[{ iov_base: a }]`
      `iov` of `writev` takes one value, not a list
      write `{struct: [{iov_base: …}]}`
    "##;
    too_many_structures "- utimensat: [AT_FDCWD, /tmp/x, { struct: [{}, {}, {}] }]\n  irreversible: true\n", @r##"
    plan::shape at `[{}, {}, {}]`
      `times` of `utimensat` is struct timespec[2], and here are 3 of them
      -
    "##;
    a_number_for_a_structure_inside "- timerfd_settime: [3, 0, { struct: { it_value: 5 } }]\n  irreversible: true\n", @r##"
    plan::shape at `5`
      struct timespec must be a mapping of its fields, and here it is a single value
      its fields are tv_sec, tv_nsec
    "##;
    too_small_for_its_structure "- fstat: [3, { out: 16 }]\n- fstat: [3, { out: timespec }]\n", @r##"
    plan::size at `16`
      `statbuf` of `fstat` is struct stat, which takes 144 bytes, and here are 16
      `{out: auto}` is as large as it takes
    plan::size at `timespec`
      `statbuf` of `fstat` is struct stat, which takes 144 bytes, and here are 16
      `{out: auto}` is as large as it takes
    "##;
    a_size_that_is_not_said "- epoll_wait: { epfd: 3, events: { out: auto }, timeout: 0 }\n  timeout: 1s\n  irreversible: true\n- read: [0, { out: auto }]\n  irreversible: true\n", @r##"
    plan::size at `auto`
      `events` of `epoll_wait` is struct epoll_event[], and how many is not said
      write `{out: "epoll_event[8]"}`
    plan::size at `auto`
      `buf` of `read` has no size of its own
      write `{out: 256}`
    "##;
    a_size_known_too_late "- dup: [0]\n  capture: fd\n- read: [0, { out: \"${fd}\" }]\n  irreversible: true\n", @r##"
    plan::unused-capture at `fd`
      `fd` is captured and never used
      it is only shown in the report; leave `capture` out if nobody reads it there
    plan::size at `"${fd}"`
      the size of a buffer can't depend on what is captured
      give a number that is known before the plan runs
    "##;
    a_length_beyond_its_memory "- read: [0, { out: 16 }, 17]\n  irreversible: true\n- write: [1, hello, 7]\n  irreversible: true\n- poll: [{ struct: [{ fd: 0 }] }, 2, 0]\n  timeout: 1s\n- getsockname: [3, { out: 16 }, { u32: 17 }]\n", @r##"
    plan::length at `17`
      `count` is 17, and `buf` is good for 16 only
      leave `count` out and it is filled in
    plan::length at `7`
      `count` is 7, and `buf` is good for 6 only
      leave `count` out and it is filled in
    plan::length at `2`
      `nfds` is 2, and `fds` is good for 1 only
      leave `nfds` out and it is filled in
    plan::length at `{ u32: 17 }`
      `addrlen` is 17, and `addr` is good for 16 only
      leave `addrlen` out and it is filled in
    "##;
    a_length_inside_beyond_its_memory "- writev: [1, { struct: [{ iov_base: hello, iov_len: 7 }] }]\n  irreversible: true\n", @r##"
    plan::length at `7`
      `iov_len` is 7, and `iov_base` has only 6
      leave `iov_len` out: it is filled in
    "##;
    a_length_that_can_not_be_told "- mmap: [0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0]\n  capture: map\n  irreversible: true\n- writev: [1, { struct: [{ iov_base: \"${map}\" }] }]\n  irreversible: true\n", @r##"
    plan::unused-capture at `map`
      `map` is captured and never used
      it is only shown in the report; leave `capture` out if nobody reads it there
    plan::missing-length at `iov_base`
      `iov_len` is not given: how long `iov_base` is can't be told here
      add `iov_len`
    "##;
    no_socket_address "- bind: { sockfd: 3, addr: \"localhost:80\" }\n  irreversible: true\n- bind: { sockfd: 3, addr: { struct: { sin_addr: 1.2.3, sin_port: 70000 } } }\n  irreversible: true\n", @r##"
    plan::address at `"localhost:80"`
      `localhost:80` is no socket address
      write 127.0.0.1:8080, [::1]:53, /run/x.sock, @abstract, or `{struct: {sin_family: …}}`
    plan::address at `1.2.3`
      `sin_addr` of struct sockaddr_in: `1.2.3` is no IPv4 address
      -
    plan::out-of-range at `70000`
      70000 does not fit into `sin_port` of struct sockaddr_in, which is u16
      it holds 0 to 65535
    "##;
    no_bytes "- write: [1, { bytes: \"0a0\" }]\n  irreversible: true\n- write: [1, { base64: \"a\" }]\n  irreversible: true\n- write: [1, { bytes: \"\" }]\n  irreversible: true\n", @r##"
    plan::bytes at `"0a0"`
      these are no bytes
      write two hexadecimal digits for each byte: "0a0b"
    plan::bytes at `"a"`
      this is no base64: Invalid input length: 1
      -
    plan::size at `""`
      memory of 0 bytes can't be made
      from 1 byte to 64 MiB can
    "##;
    a_number_where_memory_is_due "- setsockopt: [3, SOL_SOCKET, SO_KEEPALIVE, 1, 4]\n  irreversible: true\n", @r##"
    plan::kind at `1`
      `optval` of `setsockopt` is memory, and 1 is no address of any
      a number in memory is written `{i32: 1}`; 0 passes NULL
    "##;
    a_field_that_was_not_captured "- fstat: [3, { out: auto }]\n  capture: { statbuf: st }\n- lseek: [3, \"${st.st_sice}\", SEEK_SET]\n  irreversible: true\n- lseek: [3, \"${st.st_mtim}\", SEEK_SET]\n  irreversible: true\n- lseek: [3, \"${st}\", SEEK_SET]\n  irreversible: true\n", @r##"
    plan::access at `"${st.st_sice}"`
      `st` is struct stat and has no field `st_sice`
      did you mean `st_size`?
    plan::access at `"${st.st_mtim}"`
      `st.st_mtim` is struct timespec and no number
      a field is written `${st.st_mtim.tv_sec}`
    plan::access at `"${st}"`
      `st` is struct stat and no number
      a field is written `${st.st_dev}`
    "##;
    neither_captured_nor_a_target "- fstat: [3, { out: auto }]\n  capture: { statbuf: stat }\n- lseek: [3, \"${stt.st_size}\", SEEK_SET]\n  irreversible: true\n", @r##"
    plan::unknown-target at `"${stt.st_size}"`
      nothing is captured as `stt`, and no target is named so
      did you mean `stat`?
    "##;
    a_field_of_a_number "- dup: [1]\n  capture: fd\n- close: [\"${fd.number}\"]\n- close: [\"${fd[0]}\"]\n", @r##"
    plan::access at `"${fd.number}"`
      `fd` is a number, without fields or elements
      -
    plan::access at `"${fd[0]}"`
      `fd` is a number, without fields or elements
      -
    "##;
    text_as_a_number "- getcwd: [{ out: 99 }]\n  capture: { buf: where }\n- close: [\"${where}\"]\n", @r##"
    plan::access at `"${where}"`
      `where` is text and no number
      say what it is: `{name: where, as: i32[]}`, or `struct NAME`
    "##;
    a_reference_to_a_number "- dup: [1]\n  capture: fd\n- write: [1, { ref: fd }, 1]\n  irreversible: true\n- write: [1, { ref: fs }, 1]\n  irreversible: true\n", @r##"
    plan::access at `fd`
      `fd` is what a call returned, and no memory
      a number is written `"${fd}"`
    plan::undefined at `fs`
      nothing is named `fs`
      declare it under `vars:`, or `capture` it in an earlier step
    "##;
    a_field_of_a_list "- poll: [{ struct: [{ fd: 0 }] }]\n  capture: { fds: polled }\n  timeout: 1s\n- close: [\"${polled.fd}\"]\n- close: [\"${polled[0]}\"]\n- close: [\"${polled[0].df}\"]\n", @r##"
    plan::missing-argument at `poll`
      `poll` is not given timeout: 0 is passed
      it is poll(fds, nfds, timeout)
    plan::access at `"${polled.fd}"`
      `polled` is a list (struct pollfd[])
      an element is written `${polled[0].field}`
    plan::access at `"${polled[0]}"`
      `polled[0]` is struct pollfd and no number
      a field is written `${polled[0].fd}`
    plan::access at `"${polled[0].df}"`
      `polled[0]` is struct pollfd and has no field `df`
      did you mean `fd`?
    "##;
    signals_that_are_none "- rt_sigaction: { signum: SIGUSR1, act: { struct: { sa_handler: SIG_IGN, sa_mask: [SIGHUPP, 65] } } }\n  irreversible: true\n", @r##"
    plan::unknown-constant at `SIGHUPP`
      `SIGHUPP` is none of the signals
      did you mean `SIGHUP`?
    plan::out-of-range at `65`
      `65` is no signal that is known now
      -
    "##;
    control_data_that_are_none "- sendmsg: [3, { struct: { msg_control: [{ cmsg_data: [3], cmsg_len: 4, cmsg_typ: 1 }] } }, 0]\n  irreversible: true\n", @r##"
    plan::shape at `[3]`
      `cmsg_data` is memory
      descriptors are `{i32: ["${fd}"]}`
    plan::unknown-field at `cmsg_typ`
      struct cmsghdr has no field `cmsg_typ`
      did you mean `cmsg_type`?
    "##;
    nothing_wrong "- openat2: [AT_FDCWD, /x, { struct: { flags: [O_RDONLY, O_CLOEXEC] } }]\n- close: [3]\n", @"";
}
