//! What a step's nature makes of it: which sections it gets.

use super::builder::{Own, when};
use super::lower::{Binding, Lowering};
use super::natures::Sections;
use super::undo::files;
use super::{Action, Bound, BufferId, Cell, Guard, Op};
use crate::plan::{Arg, Number, Relation, Spanned, Step, Undo};
use crate::problem::Problem;
use crate::syscalls::{Kind, Nature};
use std::collections::HashSet;

/// So many closed descriptors are looked at for each step on one of the plan's own.
const MOST_CLOSED: usize = 64;

impl Lowering<'_> {
    /// The sections of a step.
    pub fn sections(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Sections {
        let mut checks = self.apart_from_keeps(step, own);
        checks.extend(self.still_own(step, own));
        let mut sections = self.by_nature(step, own, buffers);
        sections.forward.splice(0..0, checks);
        if files::renames(step.syscall.name) {
            self.renamed = true;
        }
        let closes_others = match step.particulars().nature {
            Nature::Inert => false,
            _ if matches!(step.undo, Undo::Steps(_)) => true,
            Nature::GivesFd | Nature::GivesPair | Nature::ReplacesFd | Nature::Fcntl => false,
            Nature::ClosesFd => sections.commit.is_empty(),
            // Those that close descriptors say so here.
            Nature::Restores(_) => self.closes_range(step, own),
            Nature::Irreversible(_) => true,
        };
        if closes_others && !self.is_private(step) {
            self.bindings.values_mut().for_each(|binding| binding.fresh = false);
        }
        match step.particulars().nature {
            Nature::Inert => {}
            _ if matches!(step.undo, Undo::Steps(_)) => self.none_is_own(),
            Nature::ClosesFd => self.closed.extend(own.arg("fd")),
            // What takes the place of just any number may take that of a descriptor of the plan's own.
            Nature::ReplacesFd if !self.is_own(step, "oldfd") => self.closed.extend(own.arg("newfd")),
            Nature::Irreversible(_) if self.is_private(step) => {}
            Nature::Irreversible(_) => self.none_is_own(),
            Nature::Restores(_) if step.syscall.name == "close_range" => self.none_is_own(),
            _ => {}
        }
        if self.closed.len() > MOST_CLOSED {
            self.none_is_own();
        }
        sections
    }

    fn none_is_own(&mut self) {
        self.bindings.values_mut().for_each(|binding| binding.own = None);
        self.closed.clear();
    }

    /// Which descriptor is closed or replaced is known only as the plan runs: what is to end with one of the plan's own is
    /// not done on another that has come to bear its number.
    fn still_own(&self, step: &Step, own: &Own) -> Vec<Op> {
        let Some(fd) = own.args.first().filter(|_| self.is_private(step)) else { return Vec::new() };
        let refusal = Action::Fail("the descriptor may be another by now than the one that the plan opened");
        let same = |closed: &Cell| [Guard { left: *fd, relation: Relation::Equal, right: *closed }];
        let since = step.syscall.params.first().and_then(|param| self.binding_in(step, param.name)?.own).unwrap_or(0);
        let closed = self.closed.get(since..).unwrap_or_default();
        closed.iter().map(|closed| when(same(closed), refusal.clone())).collect()
    }

    /// Whether what a step does ends with a descriptor that undo closes, for what the plan opened it is.
    fn is_private(&self, step: &Step) -> bool {
        step.private && step.syscall.params.first().is_some_and(|param| self.is_own(step, param.name))
    }

    fn by_nature(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Sections {
        if step.syscall.name == "close_range" && (step.irreversible || !matches!(step.undo, Undo::Auto)) {
            // Not even then are the descriptors closed that undo of earlier steps needs.
            return self.close_range_for_good(step, own);
        }
        if self.is_private(step) {
            return Sections::plain(own);
        }
        if step.private && !step.irreversible {
            let why = "its descriptor may be another by now than the one that the plan opened".to_owned();
            return self.lasting(step, own, "program::not-undoable", why);
        }
        match &step.undo {
            Undo::Auto => {}
            Undo::Steps(_) => return self.with_undo_of_its_own(step, own),
            Undo::None if changes_nothing(step) => return Sections::plain(own),
            Undo::None => return Sections::lasting(own),
        }
        match step.particulars().nature {
            Nature::Inert => Sections::plain(own),
            Nature::GivesFd => self.gives_fd(step, own),
            Nature::GivesPair => self.gives_pair(step, own, buffers),
            Nature::ReplacesFd if !step.irreversible => match (own.arg("oldfd"), own.arg("newfd")) {
                (Some(old), Some(new)) => {
                    let foreign = !self.is_fresh(step, "oldfd");
                    Sections::replaces_fd(&mut self.builder, own, old, new, foreign)
                }
                _ => Sections::lasting(own),
            },
            Nature::ClosesFd if !step.irreversible => match own.arg("fd") {
                Some(fd) => match self.can_wait(step) {
                    Some(seen) => Sections::closes_at_commit(&mut self.builder, own, fd, &seen),
                    None => Sections::closes_fd(&mut self.builder, own, fd, &[]),
                },
                None => Sections::lasting(own),
            },
            Nature::Fcntl => self.fcntl(step, own),
            Nature::Restores(_) if !step.irreversible => {
                let undone = self.restores(step, own, buffers);
                undone.unwrap_or_else(|| {
                    let why = format!("nothing is known here to undo this `{}` with", step.syscall.name);
                    self.lasting(step, own, "program::not-undoable", why)
                })
            }
            Nature::Restores(_) | Nature::ReplacesFd | Nature::ClosesFd | Nature::Irreversible(_) => {
                Sections::lasting(own)
            }
        }
    }

    /// A step that undo can't take back, which must say so itself.
    pub fn lasting(&mut self, step: &Step, own: &Own, code: &'static str, message: String) -> Sections {
        if !step.irreversible {
            let problem = Problem::error(code, message);
            self.problems.push(
                problem.help("if that is as it should be, add `irreversible: true` to the step").at(step.span, ""),
            );
        }
        Sections::lasting(own)
    }

    fn gives_pair(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Sections {
        let pair = step.syscall.params.iter().position(|param| matches!(param.kind, Kind::Out(_)));
        let pair = pair.and_then(|index| buffers.get(index).copied().flatten());
        let length = |BufferId(id)| self.builder.program.buffers.get(id as usize).map_or(0, |buffer| buffer.len);
        match pair.filter(|pair| length(*pair) >= 8) {
            Some(pair) => Sections::gives_pair(&mut self.builder, own, pair),
            None => {
                let name = step.syscall.name;
                let why = format!(
                    "{name} fills 8 bytes, without which what it gives can't be closed on undo; use `{{out: 8}}`"
                );
                self.lasting(step, own, "program::not-undoable", why)
            }
        }
    }

    fn fcntl(&mut self, step: &Step, own: &Own) -> Sections {
        let command = command_of(step);
        match (command, own.arg("fd")) {
            (Some(libc::F_DUPFD | libc::F_DUPFD_CLOEXEC), Some(fd)) => {
                let source = (!step.irreversible && !self.is_fresh(step, "fd")).then_some(fd);
                Sections::gives_fd(&mut self.builder, own, source)
            }
            (Some(command @ (libc::F_SETFD | libc::F_SETFL)), Some(fd)) if !step.irreversible => {
                Sections::sets_flags(&mut self.builder, own, fd, command)
            }
            _ => {
                let why = "what this fcntl does is not known beforehand".to_owned();
                self.lasting(step, own, "program::not-undoable", why)
            }
        }
    }

    /// What the capture that an argument is, and nothing else, is bound to.
    fn binding_in(&self, step: &Step, parameter: &str) -> Option<&Binding> {
        match step.args.get(step.syscall.param(parameter)?)? {
            Some(Spanned { value: Arg::Number(Number { constant: 0, terms, .. }), .. }) => match terms.as_slice() {
                [(true, capture)] if !self.is_elsewhere(capture) => self.bindings.get(&capture.name),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an argument is a descriptor that this plan opened and that is surely still open.
    pub fn is_fresh(&self, step: &Step, parameter: &str) -> bool {
        self.binding_in(step, parameter).is_some_and(|binding| binding.fresh)
    }

    /// Whether it stands for what the plan opened, unless one of `closed` has its number.
    fn is_own(&self, step: &Step, parameter: &str) -> bool {
        self.binding_in(step, parameter).is_some_and(|binding| binding.own.is_some())
    }

    /// Whether an argument is a descriptor of a file that this plan opened, so that undo ends that open file, too.
    pub fn is_new(&self, step: &Step, parameter: &str) -> bool {
        self.binding_in(step, parameter).is_some_and(|binding| binding.fresh && !binding.duplicate)
    }

    /// A computed descriptor number is known too late to keep the duplicates of earlier steps away from it; so it is refused
    /// if it names one. From this step on duplicates keep away.
    pub fn apart_from_keeps(&mut self, step: &Step, own: &Own) -> Vec<Op> {
        let params = step.syscall.params.iter().zip(&own.args).filter(|(param, fd)| {
            let computed = self.builder.known(**fd).is_none() && !self.is_fresh(step, param.name);
            computed && matches!(param.kind, Kind::Fd | Kind::DirFd)
        });
        let computed: Vec<Cell> = params.map(|(_, fd)| *fd).collect();
        let refusal =
            Action::Fail("criu-plan keeps a duplicate for undo at a descriptor number that the step computes");
        let equal = |left, right| [Guard { left, relation: Relation::Equal, right }];
        let pairs = computed.iter().flat_map(|fd| self.builder.keeps.iter().map(move |keep| equal(*fd, *keep)));
        let checks = pairs.map(|guards| when(guards, refusal.clone())).collect();
        self.builder.program.named.extend(computed);
        checks
    }

    /// Whether a close may wait for commit: its descriptor is one that an earlier step opened, and no later step can see that
    /// it still is open, but for those that name descriptors by the numbers returned, and if it is none of them.
    fn can_wait(&mut self, step: &Step) -> Option<Vec<Cell>> {
        let mut waiting = HashSet::from([self.waiting_capture(step)?]);
        let mut seen = Vec::new();
        for later in self.later.iter().filter(|later| later.skip.is_none()).map(|later| &*later.step) {
            // Its undo would find the descriptor still open.
            if matches!(later.undo, Undo::Steps(_)) {
                return None;
            }
            if let Some(another) = self.waiting_capture(later) {
                if !waiting.insert(another) {
                    return None;
                }
            } else {
                seen.extend(self.sees(later, &waiting)?);
            }
        }
        Some(seen.into_iter().map(|number| self.builder.constant(number)).collect())
    }

    /// The descriptors that a step looks at, by number; `None` if it can't be told or if it looks at one of those waiting.
    fn sees(&self, step: &Step, waiting: &HashSet<Cell>) -> Option<Vec<u64>> {
        use Kind::{Any, CountOf, Exactly, Fd, Flags, Gid, Int, Mode, Offset, OneOf, Out, Pid, Signal, Size, SizeOf};
        use Kind::{Uid, Uint};
        let fcntl = matches!(step.particulars().nature, Nature::Fcntl)
            && matches!(command_of(step)?, libc::F_SETFD | libc::F_SETFL);
        if !fcntl && !matches!(step.particulars().nature, Nature::Inert) {
            return None;
        }
        let mut seen = Vec::new();
        for (param, argument) in step.syscall.params.iter().zip(&step.args) {
            match param.kind {
                Flags(_) | Int | Mode | Offset | OneOf(_) | Out(_) | Pid | Signal | Size | SizeOf(_) | CountOf(_) => {}
                Exactly(_) | Uid | Gid | Uint => {}
                Any if fcntl => {}
                Fd => match argument.as_ref().map(|argument| &argument.value) {
                    Some(Arg::Number(number)) if number.terms.is_empty() => seen.push(number.constant),
                    None => seen.push(0),
                    _ => {
                        let binding = self.binding_in(step, param.name).filter(|binding| binding.fresh)?;
                        if matches!(binding.bound, Bound::Cell(fd) if waiting.contains(&fd)) {
                            return None;
                        }
                    }
                },
                _ => return None,
            }
        }
        Some(seen)
    }

    /// The descriptor that a step does nothing but close, if the plan opened it.
    fn waiting_capture(&self, step: &Step) -> Option<Cell> {
        let plain = step.captures.is_empty() && step.returns.is_none() && step.ignore.is_empty();
        let undone = matches!(step.undo, Undo::Auto) && !step.irreversible;
        let binding = self.binding_in(step, "fd").filter(|binding| binding.fresh)?;
        let Bound::Cell(fd) = binding.bound else { return None };
        (matches!(step.particulars().nature, Nature::ClosesFd) && plain && undone).then_some(fd)
    }
}

/// The command of an fcntl, if it is a constant.
pub fn command_of(step: &Step) -> Option<i32> {
    match step.args.get(1)? {
        Some(Spanned { value: Arg::Number(number), .. }) if number.terms.is_empty() => Some(number.constant as i32),
        _ => None,
    }
}

fn changes_nothing(step: &Step) -> bool {
    matches!(step.particulars().nature, Nature::Inert)
}
