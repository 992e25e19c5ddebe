//! Programs of calls on files, run in the test's own process: stopped at every op, by a failure or by an end of criu-plan,
//! and taken back by one that has only what was noted until then. Undo and commit may be run twice.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "undo_files/steps.rs"]
mod steps;
mod support;
#[path = "undo_files/tree.rs"]
mod tree;

use criu_plan::facts::Found;
use criu_plan::plan::{Purpose, Relation, read};
use criu_plan::program::{Action, Asked, Cell, Facts, FileFact, Guard, Init, Op, Program, StepCode, lower};
use criu_plan::syscalls::Arch;
use indexmap::IndexMap;
use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use steps::*;
use tree::*;

struct Home(PathBuf);

impl Facts for Home {
    fn file(&self, path: &[u8]) -> FileFact {
        let there = fs::metadata(self.0.join(std::str::from_utf8(path).unwrap())).is_ok();
        if there { FileFact::Plain } else { FileFact::Missing }
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        let found = fs::metadata(self.0.join(std::str::from_utf8(path).unwrap())).ok()?;
        found.is_file().then_some(found.len())
    }
}

/// Where forward ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// This op is made, and nothing after it: its result is noted.
    After(usize),
    /// It failed, but what is noted is the result that it would have had.
    Foreseen(usize),
}

struct Machine<'p> {
    program: &'p Program,
    cells: Vec<Option<u64>>,
    buffers: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Failed(#[expect(dead_code, reason = "shown where a test fails")] String);

impl<'p> Machine<'p> {
    fn new(program: &'p Program) -> Self {
        let buffers: Vec<Vec<u8>> = program
            .buffers
            .iter()
            .map(|buffer| {
                let mut bytes = buffer.bytes.clone();
                bytes.resize(buffer.len.max(1), 0);
                bytes
            })
            .collect();
        let cell = |init: &Init| match init {
            Init::Const(value) => Some(*value),
            Init::Address(id) => Some(buffers[id.0 as usize].as_ptr() as u64),
            Init::Unset => None,
        };
        let cells = program.cells.iter().map(cell).collect();
        Self { program, cells, buffers }
    }

    fn step(&self) -> &'p StepCode {
        &self.program.steps[0]
    }

    fn need(&self, cell: Cell) -> Result<u64, Failed> {
        self.cells[cell.0 as usize].ok_or_else(|| Failed("a value that it needs was never set".into()))
    }

    fn holds(&self, guards: &[Guard]) -> bool {
        guards.iter().all(|guard| match (self.cells[guard.left.0 as usize], self.cells[guard.right.0 as usize]) {
            (Some(left), Some(right)) => {
                let order = (left as i64).cmp(&(right as i64));
                match guard.relation {
                    Relation::Equal => order.is_eq(),
                    Relation::NotEqual => order.is_ne(),
                    Relation::Less => order.is_lt(),
                    Relation::LessOrEqual => order.is_le(),
                    Relation::Greater => order.is_gt(),
                    Relation::GreaterOrEqual => order.is_ge(),
                }
            }
            _ => false,
        })
    }

    /// Runs ops; those made are counted, and `stop` is among them. Whether it was reached.
    fn run(&mut self, ops: &[Op], stop: Option<Stop>) -> Result<bool, Failed> {
        let mut count = 0;
        for op in ops {
            if !self.holds(&op.guards) {
                continue;
            }
            match stop {
                Some(Stop::Foreseen(at)) if at == count => {
                    if let Action::Call(call) = &op.action {
                        // What gives a descriptor is known to have been made by the descriptor.
                        if !call.syscall.name.starts_with("open") && !matches!(call.syscall.name, "creat" | "fcntl") {
                            self.cells[call.result.0 as usize] = Some(0);
                        }
                    }
                    return Ok(true);
                }
                _ => self.make(&op.action)?,
            }
            if stop == Some(Stop::After(count)) {
                return Ok(true);
            }
            count += 1;
        }
        Ok(false)
    }

    fn make(&mut self, action: &Action) -> Result<(), Failed> {
        let (into, value) = match action {
            Action::Add { into, a, b, negative } => {
                let (a, b) = (self.need(*a)?, self.need(*b)?);
                (into, if *negative { a.wrapping_sub(b) } else { a.wrapping_add(b) })
            }
            Action::Bits { into, from, mask, shift } => (into, (self.need(*from)? & mask) >> shift),
            Action::Load { into, buffer, offset, size, .. } => {
                let mut bytes = [0; 8];
                bytes[..*size].copy_from_slice(&self.buffers[buffer.0 as usize][*offset..offset + size]);
                (into, u64::from_le_bytes(bytes))
            }
            Action::Store { buffer, offset, size, from, .. } => {
                let bytes = self.need(*from)?.to_le_bytes();
                self.buffers[buffer.0 as usize][*offset..offset + size].copy_from_slice(&bytes[..*size]);
                return Ok(());
            }
            Action::SameBytes { into, a, b, length } => {
                let length = self.need(*length)? as usize;
                let [a, b] = [a, b].map(|buffer| &self.buffers[buffer.0 as usize][..length]);
                (into, u64::from(a == b))
            }
            Action::Fail(why) => return Err(Failed((*why).to_owned())),
            Action::Ask { into, what: Asked::Mark(fd) } => match mark(self.need(*fd)?) {
                Some(mark) => (into, mark),
                None => return Ok(()),
            },
            Action::Ask { into, what: Asked::Open(fd, marked) } => {
                let (now, marked) = (mark(self.need(*fd)?), marked.and_then(|marked| self.cells[marked.0 as usize]));
                (into, now.map_or(0, |now| if marked.is_some_and(|marked| marked != now) { 2 } else { 1 }))
            }
            Action::DescriptorFlags { into, fd } => (into, flags(self.need(*fd)?) as u64),
            Action::FreeDescriptor { into } => {
                (into, (3..60).rev().find(|fd| flags(*fd) < 0).ok_or(Failed("none free".into()))?)
            }
            Action::NoPosixLocks { .. } | Action::NoPosixLocksOn { .. } => return Ok(()),
            Action::Call(call) => {
                let number = call.syscall.number(Arch::X86_64).unwrap();
                let mut args = [0; 6];
                for (slot, cell) in args.iter_mut().zip(&call.args) {
                    *slot = self.need(*cell)?;
                }
                let [a, b, c, d, e, f] = args;
                // SAFETY: pointers are to buffers of this machine, as long as the calls need: that is what is tested.
                let done = unsafe { libc::syscall(i64::from(number), a, b, c, d, e, f) };
                let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
                let result = if done < 0 { -i64::from(errno) } else { done };
                self.cells[call.result.0 as usize] = Some(result as u64);
                if result < 0 && !call.accept.ignore.contains(&errno) {
                    return Err(Failed(format!("{} ({}): {errno}", call.syscall.name, call.purpose)));
                }
                return Ok(());
            }
            // That is for calls on memory and descriptors.
            _ => {
                return Err(Failed("no call on files takes that".into()));
            }
        };
        self.cells[into.0 as usize] = Some(value);
        Ok(())
    }
}

fn flags(fd: u64) -> i64 {
    let Ok(text) = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")) else { return -i64::from(libc::EBADF) };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    i64::from_str_radix(flags.trim(), 8).unwrap()
}

/// What a descriptor is open on, if it is.
fn mark(fd: u64) -> Option<u64> {
    let of = fs::metadata(format!("/proc/self/fd/{fd}")).ok()?;
    Some(std::os::unix::fs::MetadataExt::ino(&of))
}

fn put(file: fs::File, number: i32) {
    // SAFETY: dup2 takes numbers; the file is closed by whoever owns it.
    assert_eq!(unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&file), number) }, number);
}

fn open_descriptors() -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter_map(|entry| Some((entry.file_name().into_string().unwrap(), fs::read_link(entry.path()).ok()?)))
        .filter(|(_, link)| !link.starts_with("/proc"))
        .map(|(number, link)| format!("{number} {}", link.display()))
        .collect();
    all.sort();
    all
}

/// A furnished directory to work in, and descriptors as the steps know them.
fn settle(directory: &Path) -> PathBuf {
    std::env::set_current_dir(directory).unwrap();
    let home = directory.join("home");
    let _fresh = fs::remove_dir_all(&home);
    fs::create_dir(&home).unwrap();
    furnish(&home);
    if support::is_root() {
        set_attribute(&home.join("program"), c"security.capability", CAPABILITIES);
    }
    fs::write(home.join("ten"), "some text").unwrap();
    fs::write(home.join("eleven"), "").unwrap();
    for (name, number) in [("ten", 10), ("eleven", 11)] {
        put(fs::File::options().read(true).write(true).open(home.join(name)).unwrap(), number);
    }
    put(fs::File::open(&home).unwrap(), 14);
    std::env::set_current_dir(&home).unwrap();
    home
}

fn lowered(step: &str, home: &Path) -> Program {
    let text = format!("version: 1\ntargets: [1]\nsteps: [{}]\n", step.replace("HOME", home.to_str().unwrap()));
    let plan = read(text.as_bytes(), &IndexMap::new(), Purpose::Run).unwrap_or_else(|problems| panic!("{problems:#?}"));
    lower(&plan.plan, 0, &Home(home.to_owned()), &Found::default()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// What a step may change, but for the times that no undo puts back.
fn state(home: &Path, step: &str) -> (Tree, PathBuf, Vec<String>) {
    let mut tree = tree(home);
    if step.contains("truncate") || step.contains("fallocate") {
        tree.values_mut().for_each(|entry| entry.times = None);
    }
    (tree, std::env::current_dir().unwrap(), open_descriptors())
}

/// There is no way back out of a new root for this process if undo finds none.
fn own_steps() -> impl Iterator<Item = &'static str> {
    steps().into_iter().filter(|step| !step.contains("chroot"))
}

/// Which part is stopped.
#[derive(Debug, Clone, Copy)]
enum Part {
    Forward,
    /// After all of forward.
    Undo,
}

/// A part, and how it is stopped.
type Way = (Part, fn(usize) -> Stop);

/// Runs everything up to a stop, and back, twice. Whether the stop was reached.
fn stopped_and_taken_back(step: &str, program: &Program, part: Part, stop: Stop) -> bool {
    let mut machine = Machine::new(program);
    let code = machine.step();
    let in_forward = matches!(part, Part::Forward).then_some(stop);
    let failed = |why: Failed| panic!("{step}, {part:?} {stop:?}: {why:?}");
    let mut reached = machine.run(&code.forward, in_forward).unwrap_or_else(failed);
    if let Part::Undo = part {
        reached = machine.run(&code.undo, Some(stop)).unwrap_or_else(failed);
    }
    for round in ["once", "twice"] {
        let undone = machine.run(&code.undo, None);
        assert!(undone.is_ok(), "{step}, {stop:?}, {round}: {undone:?}");
        machine.run(&code.release, None).unwrap_or_else(|why| panic!("{step}, {stop:?}, {round}: {why:?}"));
    }
    reached
}

#[test]
fn wherever_a_step_is_stopped_it_is_taken_back_and_what_was_committed_stays() {
    let directory = support::directory();
    let directory = directory.path().canonicalize().unwrap();
    let home = settle(&directory);
    let mut stops = 0;
    for step in own_steps() {
        let (before, program) = (state(&home, step), lowered(step, &home));
        let ways: [Way; 4] = [
            (Part::Forward, Stop::After),
            (Part::Forward, Stop::Foreseen),
            (Part::Undo, Stop::After),
            (Part::Undo, Stop::Foreseen),
        ];
        for (part, way) in ways {
            let mut at = 0;
            while stopped_and_taken_back(step, &program, part, way(at)) {
                let after = state(&home, step);
                assert_tree(&before.0, &after.0, &format!("{step}, {:?}", way(at)));
                assert_eq!(before, after, "{step}, {:?}", way(at));
                (at, stops) = (at + 1, stops + 1);
            }
        }
    }
    assert!(stops > 1000, "{stops}");
    for step in own_steps() {
        let mut at = 0;
        loop {
            let home = settle(&directory);
            let program = lowered(step, &home);
            let mut machine = Machine::new(&program);
            let code = machine.step();
            assert!(!machine.run(&code.forward, None).unwrap());
            let reached = machine.run(&code.commit, Some(Stop::After(at))).unwrap();
            for _ in ["once", "twice"] {
                machine.run(&code.commit, None).unwrap_or_else(|why| panic!("{step}, stopped at {at}: {why:?}"));
            }
            machine.run(&code.release, None).unwrap();
            let left = tree(&home).into_keys().find(|path| path.to_str().unwrap().contains(".criu-plan"));
            assert_eq!(left, None, "{step}");
            if let Some(fd) = machine.cells[code.result.0 as usize]
                .filter(|_| code.syscall.returns == criu_plan::syscalls::Returns::Fd)
            {
                // SAFETY: the step has opened it, and nobody else knows of it.
                drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
            }
            if !reached {
                break;
            }
            at += 1;
        }
    }
    std::env::set_current_dir("/").unwrap();
}
