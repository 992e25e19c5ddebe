//! `criu-plan exec`: one call, with the command line of the old `criu exec`.

use super::exit;
use super::output::{self, Format};
use super::run_options::RunOptions;
use crate::executor::{self, Outcome, StepOutcome, StepState, Verdict};
use crate::plan::{self, Arg, Conditions, Memory, Number, Plan, Selector, Spanned, Step, TargetSpec, Undo};
use crate::problem::{Problem, Span};
use crate::report;
use crate::syscalls::{self, Arch, Blocking, Kind, Syscall, argument_kind, constants, errno, nearest, particulars};
use std::time::Duration;

/// How long a call that may wait may take, and the target stand still.
const PATIENCE: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples, for process 4711:
  criu-plan exec -t 4711 getcwd @256 256
  criu-plan exec -t 4711 open '&/var/log/app.log' 'O_WRONLY|O_APPEND'
  criu-plan exec -t 4711 dup2 5 1
  criu-plan exec -t 4711 close 5
  criu-plan exec -t 4711 madvise 0x7f0000000000 0x200000 MADV_HUGEPAGE

The result is printed in decimal and hexadecimal, buffers as a hexdump. A call that fails is told on \
standard error, with exit code 1. Nothing is taken back: for several calls that belong together, write \
a plan. `criu-plan explain CALL` tells what a call takes.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The process
    #[arg(short = 't', long, alias = "tree", value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    target: i32,
    /// How the result is shown
    #[arg(long, default_value = "human")]
    output: Format,
    /// How long the call may take [default: 1s for one that may wait, else as long as --hold]
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    #[command(flatten)]
    run: RunOptions,
    /// The call's name or number
    syscall: String,
    /// Its arguments: numbers as in C (42, 0x2a, 052, -1), constants (O_RDWR|O_CREAT), &TEXT for a pointer to text (quote
    /// the & from the shell), @SIZE for a buffer that is shown afterwards; what is left out is 0
    #[arg(allow_hyphen_values = true, trailing_var_arg = true, value_name = "ARG")]
    arguments: Vec<String>,
}

fn time(text: &str) -> Result<Duration, String> {
    plan::parse_duration(text).ok_or_else(|| "a time is written as 500ms, 2s or 1m".to_owned())
}

/// Runs it.
pub fn run(args: &Args) -> u8 {
    let plan = match command(args.target, &args.syscall, &args.arguments, args.timeout) {
        Ok(plan) => plan,
        Err(problems) => {
            output::complain(&problems, None);
            return exit::USAGE;
        }
    };
    let mut outcome = executor::apply(&plan, &args.run.options());
    advise(&mut outcome);
    let failed = outcome.targets.iter().flat_map(|target| &target.steps).any(|step| step.errno.is_some());
    let made = matches!(outcome.verdict, Verdict::Applied | Verdict::Unchanged);
    match (args.output, outcome.targets.first().and_then(|target| target.steps.first())) {
        (Format::Human, Some(step)) if made => {
            let text = report::exec_result(step);
            if failed {
                eprint!("{text}");
            } else {
                output::print(&text);
            }
            if args.run.trace {
                output::show(&outcome, None, Format::Human, true);
            } else {
                output::complain(&outcome.problems, None);
            }
        }
        _ => output::show(&outcome, None, args.output, args.run.trace),
    }
    if made && failed { exit::FAILED } else { exit::code(&outcome, false) }
}

/// What to do about a call that did not return.
fn advise(outcome: &mut Outcome) {
    let waited = |step: &StepOutcome| step.state == StepState::Failed && step.result.is_none();
    if outcome.targets.iter().flat_map(|target| &target.steps).any(waited) {
        for problem in outcome.problems.iter_mut().filter(|problem| problem.help.is_none()) {
            problem.help = Some(
                "if it has to wait, `--timeout` (and `--hold`) give it longer; the process stands still as long".into(),
            );
        }
    }
}

/// The plan of one step that a command line stands for; everything that is wrong with it.
pub fn command(
    target: i32,
    syscall: &str,
    arguments: &[String],
    timeout: Option<Duration>,
) -> Result<Plan, Vec<Problem>> {
    let call = call(syscall).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    if arguments.len() > call.params.len() {
        let message =
            format!("`{}` takes {}, and {} are given", call.name, plan::amount(call.params.len()), arguments.len());
        problems.push(Problem::error("exec::too-many-arguments", message).help(plan::signature(call)));
    }
    let mut args: Vec<Option<Spanned<Arg>>> = Vec::new();
    for (index, text) in arguments.iter().enumerate().take(call.params.len()) {
        let known = |index: usize| match &args.get(index)?.as_ref()?.value {
            Arg::Number(number) => Some(number.constant),
            _ => None,
        };
        match argument(text, argument_kind(call, index, known), call, index) {
            Ok(value) => args.push(Some(Spanned { value, span: Span::default() })),
            Err(problem) => {
                problems.push(problem);
                args.push(None);
            }
        }
    }
    args.resize(call.params.len(), None);
    let particulars = particulars(call, |index| plan::known(args.get(index)?.as_ref()));
    if let Some(why) = particulars.forbidden {
        problems.push(Problem::error("exec::forbidden", format!("`{}` can't be run: {why}", call.name)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let selector = Spanned { value: Selector::Pid(target), span: Span::default() };
    let step = Step {
        private: false,
        repeated: None,
        name: None,
        syscall: call,
        args,
        captures: Vec::new(),
        target: None,
        each: None,
        thread: None,
        when: Conditions::default(),
        unless: Conditions::default(),
        // An error is the call's result, shown as such.
        returns: None,
        ignore: errno::names().filter_map(errno::number).collect(),
        undo: Undo::None,
        irreversible: true,
        timeout: timeout.or((particulars.blocking != Blocking::No).then_some(PATIENCE)),
        span: Span::default(),
    };
    Ok(Plan {
        name: None,
        description: None,
        vars: indexmap::IndexMap::new(),
        targets: vec![TargetSpec { name: None, selector, with: None, expect: Vec::new() }],
        when: Vec::new(),
        unless: Vec::new(),
        steps: vec![step],
    })
}

fn call(text: &str) -> Result<&'static Syscall, Problem> {
    if let Some(call) = syscalls::by_name(text) {
        return match call.x86_64 {
            Some(_) => Ok(call),
            None => Err(Problem::error("exec::unknown-syscall", format!("x86_64 has no `{text}`"))),
        };
    }
    if let Some(number) = c_number(text) {
        let call = u32::try_from(number).ok().and_then(|number| syscalls::by_number(Arch::X86_64, number));
        return call.ok_or_else(|| {
            Problem::error("exec::unknown-syscall", format!("there is no system call of number {text}"))
                .help("`criu-plan syscalls` lists them")
        });
    }
    let near = nearest(text, syscalls::TABLE.iter().map(|call| call.name));
    let help = near.map_or("`criu-plan syscalls` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(Problem::error("exec::unknown-syscall", format!("there is no system call `{text}`")).help(help))
}

/// A number as in C: decimal, 0x…, 0…, with a sign.
fn c_number(text: &str) -> Option<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (digits.get(2..)?, 16),
        [b'0', _, ..] => (digits.strip_prefix("0o").or_else(|| digits.get(1..))?, 8),
        _ => (digits, 10),
    };
    if !digits.starts_with(|digit: char| digit.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    match negative {
        false => Some(value),
        true => (value <= 1 << 63).then(|| value.wrapping_neg()),
    }
}

fn argument(text: &str, kind: Kind, call: &Syscall, index: usize) -> Result<Arg, Problem> {
    let name = call.params.get(index).map_or("", |param| param.name);
    let problem = |message: String| Problem::error("exec::argument", format!("`{name}` of `{}`: {message}", call.name));
    if let Some(text) = text.strip_prefix('&') {
        return Ok(Arg::Text(text.as_bytes().to_vec()));
    }
    if let Some(size) = text.strip_prefix('@') {
        return match c_number(size) {
            Some(size @ 1..=0x400_0000) => Ok(Arg::Memory(Memory::out(size as usize))),
            _ => Err(problem(format!("`{text}` is no buffer")).help("@SIZE makes one, from 1 byte to 64 MiB")),
        };
    }
    if let Some(value) = c_number(text) {
        return Ok(Arg::Number(number(value, plan::shown(kind, value))));
    }
    if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        return Err(problem(format!("`{text}` is no number that fits into 64 bits"))
            .help("numbers are written as in C: 42, 0x2a, 052, -1"));
    }
    let value = text.split('|').try_fold(0, |all, word| Some(all | constant(word.trim(), kind)?));
    match value {
        Some(value) => Ok(Arg::Number(number(value, plan::shown(kind, value)))),
        None => {
            let words = constants::ALL.iter().flat_map(|set| set.members).map(|(name, _)| *name);
            let near =
                nearest(text, words).filter(|_| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
            let memory = matches!(kind, Kind::Path | Kind::Text | Kind::In(_) | Kind::Any);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if memory => format!("a pointer to text is written `&{text}` (quoted from the shell: '&{text}')"),
                None => "numbers are written as in C: 42, 0x2a, 052, -1".to_owned(),
            };
            Err(problem(format!("`{text}` is neither a number nor a constant")).help(help))
        }
    }
}

/// A constant of the parameter's set; any constant where it has none but may take one.
fn constant(word: &str, kind: Kind) -> Option<u64> {
    match kind {
        Kind::Flags(set) | Kind::OneOf(set) => set.value(word),
        Kind::Signal => constants::SIGNALS.value(word),
        Kind::DirFd if word == "AT_FDCWD" => Some(libc::AT_FDCWD as i64 as u64),
        Kind::Any => constants::find(word).map(|(_, value)| value),
        Kind::Int if word == "AT_FDCWD" => Some(libc::AT_FDCWD as i64 as u64),
        _ => None,
    }
}

fn number(constant: u64, text: String) -> Number {
    Number { constant, terms: Vec::new(), text }
}
