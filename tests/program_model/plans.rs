//! Plans of descriptor calls, as a strategy, as a lowered Program, and as calls made one by one.

use crate::kernel::Kernel;
use criu_plan::facts::Found;
use criu_plan::plan::{
    Access, Arg, Capture, CaptureFrom, CaptureRef, Condition, Conditions, Decode, Memory, Number, Plan, Relation,
    Selector, Spanned, Step, TargetSpec, Undo,
};
use criu_plan::problem::{Problem, Span};
use criu_plan::program::{Program, lower};
use criu_plan::syscalls::by_name;
use indexmap::IndexMap;
use proptest::prelude::*;

/// A descriptor as an argument.
#[derive(Debug, Clone, Copy)]
pub enum Fd {
    Literal(i32),
    /// What the call of that index gave; of a pipe its write end.
    Of(usize),
    /// One above it.
    After(usize),
}

#[derive(Debug, Clone, Copy)]
pub enum FdCall {
    Open(&'static str, i32),
    Close(Fd),
    Dup(Fd),
    Dup2(Fd, Fd),
    Dup3(Fd, Fd, bool),
    Fcntl(Fd, i32, i32),
    Pipe,
    Socket,
    Getpid,
}

/// A call, left out if what the call of index `.0` gave is `.1`.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub call: FdCall,
    pub unless: Option<(usize, i32)>,
}

pub fn strategy() -> impl Strategy<Value = Vec<Call>> {
    prop::collection::vec((call(), prop::option::weighted(0.2, (0usize..6, 0i32..8))), 1..8).prop_map(|calls| {
        let gives = |call: &FdCall| !matches!(call, FdCall::Close(_) | FdCall::Getpid) && !is_setter(call);
        let givers: Vec<usize> = (0..calls.len()).filter(|index| gives(&calls[*index].0)).collect();
        let earlier = |index: usize, wanted: usize| {
            let before: Vec<usize> = givers.iter().copied().filter(|giver| *giver < index).collect();
            before.get(wanted % before.len().max(1)).copied()
        };
        let mut list = Vec::new();
        for (index, (call, unless)) in calls.iter().enumerate() {
            let fd = |fd: Fd| match fd {
                Fd::Of(wanted) => earlier(index, wanted).map_or(Fd::Literal(wanted as i32), Fd::Of),
                Fd::After(wanted) => earlier(index, wanted).map_or(Fd::Literal(wanted as i32), Fd::After),
                literal => literal,
            };
            let call = match *call {
                FdCall::Close(a) => FdCall::Close(fd(a)),
                FdCall::Dup(a) => FdCall::Dup(fd(a)),
                FdCall::Dup2(a, b) => FdCall::Dup2(fd(a), fd(b)),
                FdCall::Dup3(a, b, cloexec) => FdCall::Dup3(fd(a), fd(b), cloexec),
                FdCall::Fcntl(a, command, arg) => FdCall::Fcntl(fd(a), command, arg),
                other => other,
            };
            let unless = unless.and_then(|(wanted, value)| Some((earlier(index, wanted)?, value)));
            list.push(Call { call, unless });
        }
        list
    })
}

fn is_setter(call: &FdCall) -> bool {
    matches!(call, FdCall::Fcntl(_, command, _) if !matches!(*command, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC))
}

fn call() -> impl Strategy<Value = FdCall> {
    let fd = || {
        prop_oneof![
            3 => (0..9).prop_map(Fd::Literal),
            1 => (60..64).prop_map(Fd::Literal),
            6 => (0usize..6).prop_map(Fd::Of),
            1 => (0usize..6).prop_map(Fd::After),
        ]
    };
    let (create, exclusive) = (libc::O_CREAT | libc::O_WRONLY, libc::O_CREAT | libc::O_EXCL | libc::O_RDWR);
    let flags =
        prop::sample::select(vec![libc::O_RDONLY, create, create | libc::O_CLOEXEC, exclusive, create | libc::O_TRUNC]);
    let path = prop::sample::select(vec!["/there", "/new", "/other", "/fifo", "/new"]);
    let command = prop_oneof![
        (prop::sample::select(vec![libc::F_DUPFD, libc::F_DUPFD_CLOEXEC]), 0..12),
        (Just(libc::F_SETFD), 0..2),
        (Just(libc::F_SETFL), prop::sample::select(vec![0, libc::O_APPEND, libc::O_NONBLOCK])),
        (prop::sample::select(vec![libc::F_GETFD, libc::F_GETFL]), Just(0)),
    ];
    prop_oneof![
        4 => (path, flags).prop_map(|(path, flags)| FdCall::Open(path, flags)),
        4 => fd().prop_map(FdCall::Close),
        1 => fd().prop_map(FdCall::Dup),
        4 => (fd(), fd()).prop_map(|(a, b)| FdCall::Dup2(a, b)),
        1 => (fd(), fd(), any::<bool>()).prop_map(|(a, b, cloexec)| FdCall::Dup3(a, b, cloexec)),
        3 => (fd(), command).prop_map(|(a, (command, arg))| FdCall::Fcntl(a, command, arg)),
        1 => Just(FdCall::Pipe),
        1 => Just(FdCall::Socket),
        1 => Just(FdCall::Getpid),
    ]
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: Span::default() }
}

fn number(value: i32) -> Number {
    Number { constant: value as i64 as u64, terms: Vec::new(), text: value.to_string() }
}

fn fd_number(calls: &[Call], fd: Fd) -> Number {
    let (of, constant) = match fd {
        Fd::Literal(value) => return number(value),
        Fd::Of(of) => (of, 0),
        Fd::After(of) => (of, 1),
    };
    let path = if matches!(calls[of].call, FdCall::Pipe) { vec![Access::Index(1)] } else { Vec::new() };
    let capture = CaptureRef { target: None, name: format!("c{of}"), path, span: Span::default() };
    Number { constant, terms: vec![(true, capture)], text: format!("${{c{of}}}") }
}

/// The same as auto undo does, said by the plan, where closing what the call gave is all of it.
fn own_undo(calls: &[Call], index: usize) -> Undo {
    let ends: &[u64] = match calls[index].call {
        FdCall::Pipe => &[1, 0],
        FdCall::Dup(_) | FdCall::Socket | FdCall::Fcntl(_, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC, _) => &[0],
        FdCall::Open(_, flags) if flags & libc::O_CREAT == 0 => &[0],
        _ => return Undo::Auto,
    };
    let close = |end: &u64| {
        let mut fd = fd_number(calls, Fd::Of(index));
        fd.terms[0].1.path.iter_mut().for_each(|access| *access = Access::Index(*end as usize));
        let args = vec![Some(spanned(Arg::Number(fd)))];
        Step { args, ..named("close") }
    };
    Undo::Steps(ends.iter().map(close).collect())
}

fn named(call: &str) -> Step {
    Step {
        name: None,
        syscall: by_name(call).unwrap(),
        args: Vec::new(),
        captures: Vec::new(),
        target: None,
        each: None,
        thread: None,
        when: Conditions::default(),
        unless: Conditions::default(),
        returns: None,
        ignore: Vec::new(),
        undo: Undo::Auto,
        irreversible: false,
        private: false,
        repeated: None,
        timeout: None,
        span: Span::default(),
    }
}

fn step(calls: &[Call], index: usize, own: bool) -> Step {
    let fd = |fd: Fd| Arg::Number(fd_number(calls, fd));
    let int = |value: i32| Arg::Number(number(value));
    let (name, args) = match calls[index].call {
        FdCall::Open(path, flags) => ("open", vec![Arg::Text(path.into()), int(flags), int(0o644)]),
        FdCall::Close(a) => ("close", vec![fd(a)]),
        FdCall::Dup(a) => ("dup", vec![fd(a)]),
        FdCall::Dup2(a, b) => ("dup2", vec![fd(a), fd(b)]),
        FdCall::Dup3(a, b, cloexec) => ("dup3", vec![fd(a), fd(b), int(if cloexec { libc::O_CLOEXEC } else { 0 })]),
        FdCall::Fcntl(a, command, arg) => ("fcntl", vec![fd(a), int(command), int(arg)]),
        FdCall::Pipe => ("pipe2", vec![Arg::Memory(Memory::out(8)), int(0)]),
        FdCall::Socket => ("socket", vec![int(1), int(1), int(0)]),
        FdCall::Getpid => ("getpid", vec![]),
    };
    let from = if name == "pipe2" { CaptureFrom::Buffer(0, Decode::I32_LIST) } else { CaptureFrom::Return };
    let captured = name != "close";
    let unless = calls[index].unless.map(|(of, value)| Condition {
        left: fd_number(calls, Fd::Of(of)),
        relation: Relation::Equal,
        right: number(value),
    });
    Step {
        args: args.into_iter().map(|arg| Some(spanned(arg))).collect(),
        captures: captured.then(|| Capture { name: spanned(format!("c{index}")), from }).into_iter().collect(),
        unless: Conditions { facts: Vec::new(), of_each: Vec::new(), comparisons: unless.into_iter().collect() },
        undo: if own { own_undo(calls, index) } else { Undo::Auto },
        ..named(name)
    }
}

/// The calls as a plan, lowered; where undo is simple `own` says whether the plan itself has it.
pub fn lowered(calls: &[Call], own: bool, facts: &Kernel) -> Result<Program, Vec<Problem>> {
    let target = TargetSpec { name: None, selector: spanned(Selector::Pid(1)), with: None, expect: Vec::new() };
    let plan = Plan {
        name: None,
        description: None,
        vars: IndexMap::new(),
        targets: vec![target],
        when: Vec::new(),
        unless: Vec::new(),
        steps: (0..calls.len()).map(|index| step(calls, index, own)).collect(),
    };
    lower(&plan, 0, facts, &Found::default())
}

/// Makes the calls one by one until one fails; whether none did.
pub fn run_natively(calls: &[Call], kernel: &mut Kernel) -> bool {
    const SCRATCH: u64 = 0x1000;
    let mut given: Vec<Option<i32>> = Vec::new();
    for Call { call, unless } in calls {
        if unless.is_some_and(|(of, value)| given[of] == Some(value)) {
            given.push(None);
            continue;
        }
        let fd = |fd: Fd| match fd {
            Fd::Literal(value) => Some(value as u64),
            Fd::Of(of) => given[of].map(|value| value as u64),
            Fd::After(of) => given[of].map(|value| value as u64 + 1),
        };
        let (name, args) = match *call {
            FdCall::Open(path, flags) => {
                kernel.memory.insert(SCRATCH, [path.as_bytes(), b"\0"].concat());
                ("open", vec![Some(SCRATCH), Some(flags as u64)])
            }
            FdCall::Close(a) => ("close", vec![fd(a)]),
            FdCall::Dup(a) => ("dup", vec![fd(a)]),
            FdCall::Dup2(a, b) => ("dup2", vec![fd(a), fd(b)]),
            FdCall::Dup3(a, b, cloexec) => {
                ("dup3", vec![fd(a), fd(b), Some(if cloexec { libc::O_CLOEXEC as u64 } else { 0 })])
            }
            FdCall::Fcntl(a, command, arg) => ("fcntl", vec![fd(a), Some(command as u64), Some(arg as u64)]),
            FdCall::Pipe => {
                kernel.memory.insert(SCRATCH, vec![0; 8]);
                ("pipe2", vec![Some(SCRATCH), Some(0)])
            }
            FdCall::Socket => ("socket", vec![Some(1), Some(1)]),
            FdCall::Getpid => ("getpid", vec![]),
        };
        let Some(args) = args.into_iter().collect::<Option<Vec<u64>>>() else { return false };
        let result = kernel.call(name, &args);
        if result < 0 {
            return false;
        }
        given.push(Some(if name == "pipe2" {
            i32::from_le_bytes(kernel.memory[&SCRATCH][4..8].try_into().unwrap())
        } else {
            result as i32
        }));
    }
    true
}
