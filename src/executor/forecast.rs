//! What a dry run tells of a target beside its steps: which facts hold, who would run what, what undo does and what is in
//! the way. Read from /proc; nothing is stopped and nothing traced.

use super::choice::Demands;
use super::fitness::{names_threads, shares_nothing};
use super::foresight::foresee;
use super::prediction::{self, Hand, Likely};
use super::prepared::{Prepared, unreadable};
use super::refusal::{no_choice, unfit};
use super::seccomp_gate::Gate;
use super::threads::{fit, named};
use super::{Options, Outcome, SeccompPolicy, StepState, Verdict};
use crate::facts::Fact;
use crate::plan::{Plan, Spanned, Step};
use crate::problem::{Problem, Severity};
use crate::program::{Action, Line, Op, StepCode, lines, undo_text};
use crate::remote::seccomp::Filters;
use crate::syscalls::Nature;
use crate::target::{Witness, activities, can_read_filters, granted_by};

/// A dry run: the outcome that it is shown as, and what else there is to know.
#[derive(Debug)]
pub struct DryRun {
    /// What would be done, or why nothing would.
    pub outcome: Outcome,
    /// One for each of the outcome's targets.
    pub forecasts: Vec<Forecast>,
    /// The deadlines and policies in force.
    pub options: Options,
}

/// What there is to know of a target.
#[derive(Debug)]
pub struct Forecast {
    /// What the plan itself and its target ask, and the answers.
    pub facts: Vec<Answer>,
    /// Why it would not be touched at all, if so.
    pub left_alone: Option<&'static str>,
    /// How many threads it has.
    pub threads: usize,
    /// The thread that would probably make the calls of steps that name none.
    pub hand: Option<Hand>,
    /// Why we may trace it.
    pub permission: &'static str,
    /// What restricts its system calls.
    pub seccomp: Seccomp,
    /// One for each of its steps.
    pub steps: Vec<StepForecast>,
}

/// A fact that the plan asks.
#[derive(Debug)]
pub struct Answer {
    /// `expect`, `when` or `unless`.
    pub of: &'static str,
    /// As people read it.
    pub fact: String,
    /// Whether it holds; unknown if it can't be read.
    pub holds: Option<bool>,
    /// What is so, where that is a word or two.
    pub is: Option<String>,
}

/// What restricts a target's system calls.
#[derive(Debug)]
pub struct Seccomp {
    /// `none`, `strict` or `filter`.
    pub mode: &'static str,
    /// How many filters there are, if the kernel tells.
    pub filters: Option<u32>,
    /// What would be done about it, and what can be known before.
    pub says: &'static str,
}

/// What there is to know of a step.
#[derive(Debug)]
pub struct StepForecast {
    /// The facts that it asks, and the answers.
    pub facts: Vec<Answer>,
    /// What is compared when it is reached: `when` or `unless`, and the comparison.
    pub compared: Vec<(&'static str, String)>,
    /// The thread that would run it, if that is not the target's.
    pub hand: Option<Hand>,
    /// What undo does; nothing is said of a step that is left out.
    pub undo: Option<Undoing>,
    /// What is read or kept before its call, for undo.
    pub kept: Vec<String>,
    /// What is done only once all steps of all targets are done.
    pub held_back: Vec<String>,
    /// How long its call may wait, if it may.
    pub waits: Option<String>,
    /// Every op.
    pub ops: Vec<Line>,
}

/// What undo does about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undoing {
    /// There is nothing to do.
    Nothing,
    /// It takes the step back, in this way.
    TakesBack(String),
    /// The step stays done, for this reason.
    Stays(&'static str),
}

/// Adds to what a dry run found what else there is to know of each target. What would certainly be refused makes the outcome
/// a refusal; what probably would is a warning.
pub fn tell(plan: &Plan, targets: &[Prepared], options: &Options, mut outcome: Outcome) -> DryRun {
    let mut forecasts = Vec::new();
    for target in targets {
        let (forecast, problems) = Teller { plan, target, options }.tell();
        forecasts.push(forecast);
        outcome.problems.extend(problems);
    }
    if outcome.problems.iter().any(|problem| problem.severity == Severity::Error) {
        (outcome.verdict, outcome.changed) = (Verdict::Refused, false);
        for target in &mut outcome.targets {
            target.outcome = Verdict::Refused;
            let planned = target.steps.iter_mut().filter(|step| step.state == StepState::Planned);
            planned.for_each(|step| step.state = StepState::NotRun);
        }
    }
    DryRun { outcome, forecasts, options: options.clone() }
}

/// Asks about one target.
struct Teller<'a> {
    plan: &'a Plan,
    target: &'a Prepared,
    options: &'a Options,
}

impl Teller<'_> {
    fn tell(&self) -> (Forecast, Vec<Problem>) {
        let target = self.target;
        let left_alone = target.why_left_alone();
        let (likely, mut problems) = match activities(&target.process) {
            Ok(seen) => (seen.iter().map(|seen| Likely::new(seen, self.options.eintr)).collect(), Vec::new()),
            Err(error) => (Vec::new(), vec![unreadable(&target.process, "the threads", &error)]),
        };
        let likely: Vec<Likely> = likely;
        let mut hand = None;
        if left_alone.is_none() && problems.is_empty() {
            let certain = [shares_nothing(target), names_threads(target, likely.len()), self.strict()];
            problems.extend(certain.into_iter().filter_map(Result::err));
            match self.hand(&likely) {
                Ok(found) => hand = Some(found),
                Err(problem) => problems.push(as_it_stands(problem)),
            }
            problems.extend(self.unfit(&likely).into_iter().chain(self.stuck(&likely)).map(as_it_stands));
        }
        let ops = lines(&target.program);
        let steps =
            target.program.steps.iter().zip(ops).map(|(step, ops)| self.step(step, ops, hand.as_ref(), &likely));
        let steps = steps.collect();
        let facts = self.facts();
        let (threads, permission, seccomp) = (likely.len(), granted_by(), self.seccomp());
        (Forecast { facts, left_alone, threads, hand, permission, seccomp, steps }, problems)
    }

    fn hand(&self, likely: &[Likely]) -> Result<Hand, Problem> {
        let chosen = prediction::choose(self.target, likely, Demands::of(&self.target.program));
        chosen.cloned().map_err(|why| no_choice(self.target, why))
    }

    /// Threads that steps name and that could not run them.
    fn unfit(&self, likely: &[Likely]) -> Vec<Problem> {
        let named = named(&self.target.program);
        let named = likely.iter().filter(|likely| named.contains(&likely.hand.tid));
        named.filter_map(|likely| fit(self.target, &likely.standing).err()).map(|why| unfit(self.target, why)).collect()
    }

    /// Threads that may not stop in time.
    fn stuck(&self, likely: &[Likely]) -> Vec<Problem> {
        let stuck = likely.iter().map(|likely| &likely.hand).filter(|hand| hand.state == 'D');
        let problem = |hand: &Hand| {
            let title = self.target.process.title();
            let message = format!("{title}: thread {} is {}, and can't be stopped meanwhile", hand.tid, hand.doing);
            let help = format!(
                "if that lasts for more than {:?} (--freeze-timeout) nothing is done",
                self.options.freeze_timeout
            );
            Problem::error("target::not-stopped", message).help(help)
        };
        stuck.map(problem).collect()
    }

    /// What the strict mode lets through is known without a look.
    fn strict(&self) -> Result<(), Problem> {
        match self.target.process.seccomp {
            1 => {
                let gate = Gate::new(self.options.seccomp, Filters::strict());
                foresee(self.target, &gate, self.target.gadgets.syscall + 2, |_| true)
            }
            _ => Ok(()),
        }
    }

    fn seccomp(&self) -> Seccomp {
        let process = &self.target.process;
        let (mode, says) = match (process.seccomp, self.options.seccomp) {
            (0, _) => ("none", "nothing restricts its calls"),
            (1, SeccompPolicy::Check) => ("strict", "it lets read, write, exit and rt_sigreturn through"),
            (1, SeccompPolicy::AssumeAllowed) => ("strict", "it is taken that it lets every call through"),
            (1, SeccompPolicy::Suspend) => ("strict", "it is switched off while calls run"),
            (_, SeccompPolicy::Check) => (
                "filter",
                "what they say can't be read before it is stopped; then each call is tried on them before any is made",
            ),
            // Whoever may suspend them may read them, too, but is not asked to.
            (_, SeccompPolicy::Suspend) => ("filter", "they are switched off while calls run"),
            (_, SeccompPolicy::AssumeAllowed) if can_read_filters() => {
                ("filter", "it is taken that they let every call through, unread")
            }
            (_, SeccompPolicy::AssumeAllowed) => {
                ("filter", "only root may read them; it is taken that they let every call through")
            }
        };
        let filters = process.seccomp_filters_of(process.tid).filter(|_| process.seccomp != 0);
        Seccomp { mode, filters, says }
    }

    /// What the plan itself and its target ask.
    fn facts(&self) -> Vec<Answer> {
        let Some((spec, witness)) = self.target.witness() else { return Vec::new() };
        let expect = self.plan.targets.get(spec).map(|spec| spec.expect.as_slice()).unwrap_or_default();
        let asked = [("expect", expect), ("when", &self.plan.when), ("unless", &self.plan.unless)];
        asked.into_iter().flat_map(|(of, facts)| answers(of, facts, witness)).collect()
    }

    fn step(&self, step: &StepCode, ops: Vec<Line>, hand: Option<&Hand>, likely: &[Likely]) -> StepForecast {
        let facts = match (self.plan.steps.get(step.index), self.target.witness()) {
            (Some(Step { when, unless, .. }), Some((_, witness))) if self.target.why_left_alone().is_none() => {
                let mut facts = answers("when", &when.facts, witness);
                facts.extend(answers("unless", &unless.facts, witness));
                facts
            }
            _ => Vec::new(),
        };
        let own = step.thread.filter(|tid| hand.is_none_or(|hand| hand.tid != *tid));
        let own = own.and_then(|tid| likely.iter().map(|likely| &likely.hand).find(|hand| hand.tid == tid));
        let of = |wanted: fn(&Line) -> bool| ops.iter().filter(move |line| wanted(line));
        StepForecast {
            facts,
            compared: of(|line| matches!(line.section, "when" | "unless"))
                .map(|line| (line.section, line.text.clone()))
                .collect(),
            hand: own.filter(|_| step.skip.is_none()).cloned(),
            undo: step.skip.is_none().then(|| undoing(step)),
            kept: of(|line| line.keeps).map(|line| line.text.clone()).collect(),
            held_back: of(|line| line.section == "commit").map(|line| line.text.clone()).collect(),
            waits: self.waits(step),
            ops,
        }
    }

    fn waits(&self, step: &StepCode) -> Option<String> {
        let call = step.forward.iter().find_map(|op| match &op.action {
            Action::Call(call) if call.may_block => Some(call),
            _ => None,
        })?;
        Some(match call.timeout {
            Some(timeout) => format!("for {timeout:?} at most (timeout)"),
            None => format!("for {:?} at most (--hold)", self.options.hold),
        })
    }
}

/// A refusal that is likely but not certain: what a thread does is another thing a moment later.
fn as_it_stands(problem: Problem) -> Problem {
    Problem { severity: Severity::Warning, message: format!("as it stands now: {}", problem.message), ..problem }
}

fn answers(of: &'static str, facts: &[Spanned<Fact>], witness: Witness<'_>) -> Vec<Answer> {
    let answer = |Spanned { value: fact, .. }: &Spanned<Fact>| {
        let holds = witness.holds(fact).ok();
        Answer { of, fact: fact.to_string(), holds, is: witness.instead(fact).1.filter(|_| holds == Some(false)) }
    };
    facts.iter().map(answer).collect()
}

fn undoing(step: &StepCode) -> Undoing {
    if !step.undo_steps.is_empty() && !step.irreversible {
        let calls: Vec<String> = step.undo_steps.iter().map(undo_text).collect();
        return Undoing::TakesBack(format!("as the plan says: {}", calls.join(", ")));
    }
    match step.particulars.nature {
        Nature::Irreversible(why) if step.irreversible && step.undo_steps.is_empty() => Undoing::Stays(why),
        _ if step.irreversible && !step.undo.is_empty() => Undoing::Stays("undo takes back a part of it only"),
        _ if step.irreversible => Undoing::Stays("the plan does not ask for it to be taken back"),
        Nature::Inert if step.undo.is_empty() => Undoing::Nothing,
        Nature::Inert => Undoing::TakesBack("as the plan says".to_owned()),
        nature => {
            let removes = |op: &Op| matches!(&op.action, Action::Call(call) if call.syscall.name == "unlinkat");
            let file = if step.undo.iter().any(removes) {
                "; a file that it makes is removed, unless somebody has written to it"
            } else {
                ""
            };
            Undoing::TakesBack(format!("{}{file}", nature.describe()))
        }
    }
}
