//! Calls of many commands (fcntl, ioctl, prctl …): what the arguments behind the command are, and what that command does.

mod file;
mod ioctl;
mod options;
mod process;
mod security;
mod socket;

pub use options::{SetBack, SocketOption, option_remarks, socket_option};

use super::{Blocking, Kind, Nature, Scope, Set, Syscall};
use std::collections::HashMap;
use std::sync::LazyLock;

/// One command of a call.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The constant; it is of the set of the argument that selects the command.
    pub name: &'static str,
    /// What the arguments behind that one are, as far as it uses them.
    pub arguments: &'static [Kind],
    /// What undoing it takes; as for the call itself if not said.
    pub nature: Option<Nature>,
    /// Whether it may wait.
    pub blocking: Blocking,
    /// Whom it changes.
    pub scope: Scope,
    /// Set if no plan may use it, as with calls.
    pub forbidden: Option<&'static str>,
}

/// A call whose commands are known.
struct Family {
    call: &'static str,
    /// The parameter that selects the command.
    selector: &'static str,
    /// The bits of it that do so.
    mask: u64,
    commands: &'static [Command],
}

const fn family(call: &'static str, selector: &'static str, commands: &'static [Command]) -> Family {
    Family { call, selector, mask: u64::MAX, commands }
}

/// A command that does not wait and changes the process.
const fn c(name: &'static str, arguments: &'static [Kind]) -> Command {
    Command { name, arguments, nature: None, blocking: Blocking::No, scope: Scope::Process, forbidden: None }
}

/// A command that only asks.
const fn ask(name: &'static str, arguments: &'static [Kind]) -> Command {
    Command { nature: Some(Nature::Inert), ..c(name, arguments) }
}

impl Command {
    const fn nature(mut self, nature: Nature) -> Self {
        self.nature = Some(nature);
        self
    }

    /// It can't be undone because …
    const fn lasts(self, why: &'static str) -> Self {
        self.nature(Nature::Irreversible(why))
    }

    /// Undo puts back what was; how.
    const fn restores(self, how: &'static str) -> Self {
        self.nature(Nature::Restores(how))
    }

    /// Its result is a new descriptor.
    const fn gives_fd(self) -> Self {
        self.nature(Nature::GivesFd)
    }

    const fn may_wait(mut self) -> Self {
        self.blocking = Blocking::Maybe;
        self
    }

    const fn waits(mut self) -> Self {
        self.blocking = Blocking::Yes;
        self
    }

    const fn per_thread(mut self) -> Self {
        self.scope = Scope::Thread;
        self
    }

    const fn forbidden(mut self, why: &'static str) -> Self {
        self.forbidden = Some(why);
        self
    }
}

static FAMILIES: &[&[Family]] =
    &[file::FAMILIES, ioctl::FAMILIES, process::FAMILIES, security::FAMILIES, socket::FAMILIES];

fn families() -> &'static HashMap<&'static str, &'static Family> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Family>> =
        LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|family| (family.call, family)).collect());
    &INDEX
}

/// The parameter of a call that selects what it does, and the commands of which more is known than the call says.
pub fn commands(call: &Syscall) -> Option<(usize, &'static [Command])> {
    let family = families().get(call.name)?;
    Some((call.param(family.selector)?, family.commands))
}

/// The options of a set whose value is no `int`, with its C type ("" for plain bytes).
pub fn option_types(set: &Set) -> &'static [(&'static str, &'static str)] {
    socket::option_types(set)
}

/// What undoing a setsockopt takes, once level and option are known.
pub(super) fn option_nature(call: &Syscall, known: &impl Fn(usize) -> Option<u64>) -> Option<Nature> {
    if call.name != "setsockopt" {
        return None;
    }
    let unknown = Nature::Irreversible("what this option is, and how it is read, is not known to criu-plan");
    Some(socket_option(known(1)?, known(2)?).map_or(unknown, |option| option.nature()))
}

/// The command that a call is made with, if its argument is known.
pub(super) fn chosen(call: &Syscall, known: &impl Fn(usize) -> Option<u64>) -> Option<(usize, &'static Command)> {
    let family = families().get(call.name)?;
    let selector = call.param(family.selector)?;
    let set = call.params.get(selector)?.kind.set()?;
    let value = known(selector)? & family.mask;
    // Commands are 32-bit numbers; the kernel does not look at what stands above them.
    let named = |command: &&Command| set.value(command.name).is_some_and(|known| known as u32 == value as u32);
    Some((selector, family.commands.iter().find(named)?))
}

/// What an argument is once those before it are known: the third of fcntl depends on its command, and so on. `known` gives
/// the value of an argument that is a constant, 0 for one left out.
pub fn argument_kind(call: &Syscall, index: usize, known: impl Fn(usize) -> Option<u64>) -> Kind {
    let declared = call.params.get(index).map_or(Kind::Any, |param| param.kind);
    if let Some(kind) = socket::option_value(call, index, &known) {
        return kind;
    }
    let Some((selector, command)) = chosen(call, &known) else { return declared };
    let behind = index.checked_sub(selector + 1);
    behind.and_then(|behind| command.arguments.get(behind)).copied().unwrap_or(declared)
}
