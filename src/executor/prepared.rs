//! A target with everything that can be read before the stop.

use crate::plan::{Expect, Plan, Selector};
use crate::problem::Problem;
use crate::program::{self, FileFact, Program};
use crate::remote::{GadgetError, Gadgets, Memory, Surveyor};
use crate::target::{
    Descriptors, Expectation, Files, Mappings, Named, Process, Sharers, alike, find_by_pidfile, refusals,
};
use std::fs::File;

/// About what a landing frame takes.
const FRAME_SIZE: u64 = 4096;

/// A target that was found, may be touched, and whose plan is lowered.
#[derive(Debug)]
pub struct Prepared {
    /// `name:` in the plan.
    pub name: Option<String>,
    /// The process.
    pub process: Process,
    /// What runs in it.
    pub program: Program,
    /// Its memory.
    pub memory: Memory,
    /// Its `pagemap`.
    pub pagemap: File,
    /// Its mappings.
    pub mappings: Mappings,
    /// Its descriptors.
    pub descriptors: Descriptors,
    /// Who shares what with it.
    pub sharers: Sharers,
    /// Code to call through.
    pub gadgets: Gadgets,
    /// An address in its main thread's stack, or 0.
    pub main_stack: u64,
    /// Ends of its objects' data.
    pub data_ends: Vec<u64>,
}

/// Finds and prepares every target of a plan; all that is wrong, for all of them.
pub fn prepare(plan: &Plan) -> Result<Vec<Prepared>, Vec<Problem>> {
    let mut prepared = Vec::new();
    let mut problems = Vec::new();
    for index in 0..plan.targets.len() {
        match prepare_one(plan, index) {
            Ok(target) => prepared.push(target),
            Err(more) => problems.extend(more),
        }
    }
    for (index, target) in prepared.iter().enumerate() {
        if prepared[..index].iter().any(|other: &Prepared| other.process.pid == target.process.pid) {
            problems.push(
                Problem::error("target::twice", format!("process {} is a target twice", target.process.pid))
                    .help("name each process once; steps without `target:` run in all targets"),
            );
        }
    }
    if problems.is_empty() { Ok(prepared) } else { Err(problems) }
}

fn prepare_one(plan: &Plan, index: usize) -> Result<Prepared, Vec<Problem>> {
    let spec = &plan.targets[index];
    let here = |problem: Problem| vec![problem.at(spec.selector.span, "")];
    let process = match &spec.selector.value {
        Selector::Pid(pid) => Process::find(*pid).map_err(here)?,
        Selector::Pidfile(path) => find_by_pidfile(path).map_err(here)?,
    };
    let mut problems = refusals(&process);
    if problems.is_empty() {
        problems.extend(expected(&process, &spec.expect));
    }
    if !problems.is_empty() {
        return Err(problems
            .into_iter()
            .map(|problem| if problem.places.is_empty() { problem.at(spec.selector.span, "") } else { problem })
            .collect());
    }
    let program = program::lower(plan, index, &Surroundings(Files::new(&process)))?;
    open(spec.name.as_ref().map(|name| name.value.clone()), process, program).map_err(here)
}

fn expected(process: &Process, expect: &Expect) -> Vec<Problem> {
    let text = |value: &Option<crate::plan::Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    let expectation = Expectation { exe: text(&expect.exe), comm: text(&expect.comm), user: text(&expect.user) };
    expectation.check(process)
}

/// Opens everything that the stop will need.
fn open(name: Option<String>, process: Process, program: Program) -> Result<Prepared, Problem> {
    let unreadable = |what: &str, error: std::io::Error| {
        if error.raw_os_error() == Some(libc::ESRCH) {
            return changed(&process);
        }
        Problem::error(
            "target::unreadable",
            format!("{what} of process {} ({}) can't be read: {error}", process.pid, process.comm),
        )
    };
    let memory = Memory::new(process.open("mem", true).map_err(|error| unreadable("the memory", error))?);
    let pagemap = process.open("pagemap", false).map_err(|error| unreadable("the page map", error))?;
    let mappings = Mappings::open(&process).map_err(|error| unreadable("the mappings", error))?;
    let descriptors = Descriptors::open(&process).map_err(|error| unreadable("the descriptors", error))?;
    let sharers = Sharers::scan(&process)?;
    let linker = process.auxiliary(libc::AT_BASE);
    let gadgets = Gadgets::find(&mappings, &memory, linker).map_err(|error| match error {
        GadgetError::Unreadable(error) => unreadable("the code", error),
        GadgetError::None => no_code(&process),
    })?;
    // The program headers lie in the first page of the program.
    let program_start = process.auxiliary(libc::AT_PHDR) & !0xfff;
    let data_ends = Surveyor::data_ends(&mappings, &memory, program_start, linker);
    let main_stack = process.main_stack();
    Ok(Prepared {
        name,
        program,
        memory,
        pagemap,
        mappings,
        descriptors,
        sharers,
        gadgets,
        main_stack,
        data_ends,
        process,
    })
}

/// The refusal of a target whose memory is no longer that which was looked at.
pub fn changed(process: &Process) -> Problem {
    Problem::error(
        "target::changed",
        format!("{} is refused: it has ended or become another program since it was looked at", process.title()),
    )
    .help("apply the plan again")
}

/// The refusal of a target that has no code to call through.
pub fn no_code(process: &Process) -> Problem {
    Problem::error(
        "target::no-syscall-code",
        format!("process {} ({}) has no `syscall; ret` that criu-plan may use", process.pid, process.comm),
    )
    .help(
        "criu-plan never patches code into a process; a program that makes no system calls of its own can't be changed",
    )
}

impl Prepared {
    /// Whether a thread may make calls for another.
    pub fn like(&self, a: i32, b: i32) -> bool {
        alike(self.process.pid, a, b)
    }

    /// Finds room for landing frames among threads with these stack pointers.
    pub fn surveyor<'a>(&'a self, stack_pointers: &'a [u64]) -> Surveyor<'a> {
        Surveyor {
            mappings: &self.mappings,
            pagemap: &self.pagemap,
            memory: &self.memory,
            main_stack: self.main_stack,
            data_ends: &self.data_ends,
            stack_pointers,
        }
    }

    /// Asks once, before the stop, what will be asked inside it: the first time takes the kernel, and us, several times as
    /// long. What is answered is of no use yet, for the target still runs.
    pub fn rehearse(&self) {
        let named: Vec<i32> =
            self.program.named.iter().filter_map(|cell| self.program.constant(*cell)).map(|fd| fd as i32).collect();
        for fd in &named {
            std::hint::black_box((self.descriptors.flags(*fd).is_ok(), self.descriptors.holds_posix_locks(*fd)));
        }
        self.descriptors.forget();
        let registers = crate::remote::registers_at(self.main_stack);
        let room = self.surveyor(&[]).room(&registers, FRAME_SIZE);
        std::hint::black_box((self.descriptors.free_number(&named), self.process.same_program(), room));
        std::hint::black_box((self.gadgets.verify(&self.memory), self.sharers.now(&self.process).is_ok()));
    }

    /// Finds other code to call through, inside the stop, for a target that lets calls through from a range only.
    pub fn gadgets_within(&self, range: (u64, u64)) -> Option<Gadgets> {
        Gadgets::find_within(&self.mappings, &self.memory, range).ok()
    }
}

struct Surroundings<'a>(Files<'a>);

impl program::Facts for Surroundings<'_> {
    fn file(&self, path: &[u8]) -> FileFact {
        match self.0.named(path) {
            Named::Missing => FileFact::Missing,
            Named::Plain => FileFact::Plain,
            Named::MayBlock => FileFact::MayBlock,
        }
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        self.0.size(path)
    }
}
