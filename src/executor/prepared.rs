//! A target with everything that can be read before the stop.

use super::answers;
use super::choice::Demands;
use super::ledger::precious;
use super::surroundings::{Known, Surroundings};
use crate::facts::Found;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::program::{self, Program};
use crate::remote::{GadgetError, Gadgets, Memory, Surveyor};
use crate::target::{
    AddressSpace, Allowance, Descriptors, Mappings, Names, Process, Sharers, VmFlags, Witness, alike, refusals, select,
    to_read_more,
};
use std::cell::OnceCell;
use std::fs::File;
use std::io;

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
    /// What the kernel notes of each of them.
    pub vm_flags: VmFlags,
    /// How they lie, once a program needs to know: as a rule before the stop.
    space: OnceCell<AddressSpace>,
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
    /// Where a run is brought to its end later: numbers of what it opened that stand for something else by now. Nothing in
    /// the run itself.
    pub taken: Option<Vec<i32>>,
    /// What the plan asks of it, if it asks anything.
    answers: Option<Answers>,
}

/// The answers that a Program was built on, and what it takes to ask again.
#[derive(Debug)]
struct Answers {
    /// Index in the plan's targets.
    spec: usize,
    names: Names,
    found: Found,
    files: Known,
}

/// Finds and prepares every target of a plan; all that is wrong, for all of them.
pub fn prepare(plan: &Plan) -> Result<Vec<Prepared>, Vec<Problem>> {
    let mut prepared: Vec<Prepared> = Vec::new();
    let mut problems = Vec::new();
    for (index, spec) in plan.targets.iter().enumerate() {
        let here =
            |problem: Problem| if problem.places.is_empty() { problem.at(spec.selector.span, "") } else { problem };
        let processes = match select(&spec.selector.value, spec.with) {
            Ok(processes) => processes,
            Err(problem) => {
                problems.push(here(problem));
                continue;
            }
        };
        for process in processes {
            if prepared.iter().any(|other| other.process.pid == process.pid) {
                let problem = Problem::error("target::twice", format!("process {} is a target twice", process.pid));
                problems.push(here(problem.help("name each process once; steps without `target:` run in all targets")));
                continue;
            }
            match prepare_one(plan, index, process) {
                Ok(target) => prepared.push(target),
                Err(more) => problems.extend(more.into_iter().map(here)),
            }
        }
    }
    if problems.is_empty() { Ok(prepared) } else { Err(problems) }
}

fn prepare_one(plan: &Plan, index: usize, process: Process) -> Result<Prepared, Vec<Problem>> {
    let mut problems = refusals(&process);
    let names = answers::names(plan, index, &process);
    let witness = Witness::of(&process, &names);
    if problems.is_empty() {
        problems.extend(answers::unexpected(&plan.targets[index].expect, witness));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mappings = Mappings::open(&process).map_err(|error| vec![unreadable(&process, "the mappings", &error)])?;
    let found = answers::answers(plan, witness, &mappings).map_err(|problem| vec![problem])?;
    let files = Known::default();
    let program = program::lower(plan, index, &Surroundings::new(&process, &files, &mappings), &found)?;
    let name = plan.targets[index].name.as_ref().map(|name| name.value.clone());
    let answers = answers::asks(plan, index).then_some(Answers { spec: index, names, found, files });
    open(name, process, program, mappings, answers).map_err(|problem| vec![problem])
}

/// Prepares a process in which another criu-plan has died.
pub fn prepare_again(name: Option<String>, process: Process, program: Program) -> Result<Prepared, Vec<Problem>> {
    let problems = refusals(&process);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mappings = Mappings::open(&process).map_err(|error| vec![unreadable(&process, "the mappings", &error)])?;
    let prepared = open(name, process, program, mappings, None).map_err(|problem| vec![problem])?;
    Ok(Prepared { taken: Some(Vec::new()), ..prepared })
}

/// What of a process can't be read, `what` it is; it may have ended or become another meanwhile.
pub fn unreadable(process: &Process, what: &str, error: &std::io::Error) -> Problem {
    if error.raw_os_error() == Some(libc::ESRCH) {
        return changed(process);
    }
    let message = format!("{what} of {} can't be read: {error}", process.title());
    Problem::error("target::unreadable", message).help(to_read_more(error))
}

/// Opens everything that the stop will need.
fn open(
    name: Option<String>,
    process: Process,
    program: Program,
    mappings: Mappings,
    answers: Option<Answers>,
) -> Result<Prepared, Problem> {
    let unreadable = |what: &str, error: std::io::Error| unreadable(&process, what, &error);
    let memory = Memory::new(process.open("mem", true).map_err(|error| unreadable("the memory", error))?);
    let pagemap = process.open("pagemap", false).map_err(|error| unreadable("the page map", error))?;
    let vm_flags = VmFlags::open(&process).map_err(|error| unreadable("the mappings", error))?;
    let space = OnceCell::new();
    if program.chooses_memory() {
        let counted = mappings.space().map_err(|error| unreadable("the mappings", error))?;
        space.get_or_init(|| counted);
    }
    let descriptors = Descriptors::open(&process).map_err(|error| unreadable("the descriptors", error))?;
    let sharers = Sharers::scan(&process)?;
    let linker = process.auxiliary(libc::AT_BASE);
    let gadgets = Gadgets::find(&mappings, &memory, linker).map_err(|error| match error {
        GadgetError::Unreadable(error) => unreadable("the code", error),
        // Nothing at all is read of the memory that a process has left by an execve.
        GadgetError::None if memory.read(process.auxiliary(libc::AT_PHDR), &mut [0]).is_err() => changed(&process),
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
        vm_flags,
        space,
        descriptors,
        sharers,
        gadgets,
        main_stack,
        data_ends,
        taken: None,
        answers,
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

    /// Whether it still runs the program that it ran when it was found; asked once inside the stop.
    pub fn still_the_same(&self) -> bool {
        self.answers.is_some() || self.process.same_program()
    }

    /// Whether its memory is still that which was opened before the stop. Left by an execve it would live on where another
    /// process shares it, and be written to in that one's stead.
    pub fn same_memory(&self) -> bool {
        // Nobody else can have kept it alive.
        if !self.sharers.any() {
            return true;
        }
        let now = self.process.open("mem", false).ok().and_then(|file| self.random_in(&Memory::new(file)));
        now.is_some() && now == self.random()
    }

    /// The random bytes that the kernel gave its program at its start.
    pub fn random(&self) -> Option<[u8; 16]> {
        self.random_in(&self.memory)
    }

    fn random_in(&self, memory: &Memory) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        memory.read(self.process.auxiliary(libc::AT_RANDOM), &mut bytes).ok().map(|()| bytes)
    }

    /// How its mappings lie. To count them takes long where there are many, so it is done before the stop where the program
    /// asks.
    pub fn space(&self) -> io::Result<AddressSpace> {
        match self.space.get() {
            Some(space) => Ok(*space),
            None => self.mappings.space().map(|counted| *self.space.get_or_init(|| counted)),
        }
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
    pub fn rehearse(&self, plan: Option<&Plan>) {
        let named: Vec<i32> =
            self.program.named.iter().filter_map(|cell| self.program.constant(*cell)).map(|fd| fd as i32).collect();
        for fd in &named {
            self.descriptors.have_at_hand(*fd);
            std::hint::black_box((self.descriptors.flags(*fd).is_ok(), self.descriptors.holds_posix_locks(*fd)));
        }
        self.descriptors.forget();
        self.descriptors.survey();
        if let (Some(Answers { names, .. }), Some(plan)) = (&self.answers, plan) {
            let witness = Witness::of(&self.process, names);
            std::hint::black_box(answers::answers(plan, witness, &self.mappings).is_ok());
        }
        let registers = crate::remote::registers_at(self.main_stack);
        let room = self.surveyor(&[]).room(&registers, FRAME_SIZE);
        std::hint::black_box((self.descriptors.free_number(&named), self.process.same_program(), room));
        crate::remote::rehearse(&self.gadgets, self.main_stack);
        std::hint::black_box((Demands::of(&self.program), precious(&self.program)));
        std::hint::black_box((self.gadgets.verify(&self.memory), self.sharers.now(&self.process).is_ok()));
    }

    /// Its place among the plan's targets and whom to ask about it, if the plan asks anything.
    pub fn witness(&self) -> Option<(usize, Witness<'_>)> {
        let answers = self.answers.as_ref()?;
        Some((answers.spec, Witness::of(&self.process, &answers.names)))
    }

    /// Why the plan's own conditions leave it alone.
    pub fn why_left_alone(&self) -> Option<&'static str> {
        self.answers.as_ref().and_then(|answers| answers.found.left_alone)
    }

    /// The processor that its first thread was on last, if the machine has no more to do than it has processors.
    pub fn quiet_processor(&self) -> Option<usize> {
        self.process.processor().filter(|_| self.sharers.quiet())
    }

    /// Whether the plan's own conditions leave it alone.
    pub fn left_alone(&self) -> bool {
        self.why_left_alone().is_some()
    }

    /// Asks again, with everything standing still, what the plan asks of it. Where the answers are others its Program is
    /// lowered anew; whether it was. Whatever is wrong is a refusal: nothing has been done yet.
    pub fn ask_again(&mut self, plan: &Plan, allowance: &dyn Allowance) -> Result<bool, Vec<Problem>> {
        let Some(answers) = &mut self.answers else { return Ok(false) };
        if !self.process.same_program() {
            return Err(vec![changed(&self.process)]);
        }
        let witness = Witness { process: &self.process, names: &answers.names, allowance, at_hand: true };
        let unexpected = answers::unexpected(&plan.targets[answers.spec].expect, witness);
        if !unexpected.is_empty() {
            return Err(unexpected);
        }
        let found = answers::answers(plan, witness, &self.mappings).map_err(|problem| vec![problem])?;
        if found == answers.found {
            return Ok(false);
        }
        let files = Surroundings::at_hand(&self.process, &answers.files, &self.mappings, allowance);
        self.program = program::lower(plan, answers.spec, &files, &found)?;
        answers.found = found;
        Ok(true)
    }

    /// Finds other code to call through, inside the stop, for a target that lets calls through from a range only.
    pub fn gadgets_within(&self, range: (u64, u64)) -> Option<Gadgets> {
        Gadgets::find_within(&self.mappings, &self.memory, range).ok()
    }
}
