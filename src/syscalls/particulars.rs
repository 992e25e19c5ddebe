//! What a call is with those of its arguments that are known: flock waits but with LOCK_NB, brk(0) changes nothing.

use super::confined::sentences;
use super::{Blocking, Kind, Nature, Returns, Scope, Syscall, commands};
use Blocking::{No, Yes};
use Nature::{GivesFd, Inert, Irreversible, Restores};
use When::{Bits, Equals, Has, Known, Lacks, Not, Only};

/// What is known of a call once some of its arguments are.
#[derive(Debug, Clone, Copy)]
pub struct Particulars {
    /// What success returns.
    pub returns: Returns,
    /// What undoing it takes.
    pub nature: Nature,
    /// Whether it may wait.
    pub blocking: Blocking,
    /// Whom it changes.
    pub scope: Scope,
    /// Set if no plan may make it so.
    pub forbidden: Option<&'static str>,
}

/// What a call is with its arguments. `known` gives the value of an argument that is a constant, 0 for one left out, and
/// nothing for memory and for what is computed while a plan runs.
pub fn particulars(call: &Syscall, known: impl Fn(usize) -> Option<u64>) -> Particulars {
    let mut found = Particulars {
        returns: call.returns,
        nature: call.nature,
        blocking: call.blocking,
        scope: call.scope,
        forbidden: call.forbidden,
    };
    if let Some((_, command)) = commands::chosen(call, &known) {
        found.nature = command.nature.unwrap_or(found.nature);
        found.blocking = command.blocking;
        found.scope = command.scope;
        found.forbidden = found.forbidden.or(command.forbidden);
    }
    found.nature = commands::option_nature(call, &known).unwrap_or(found.nature);
    for rule in RULES.iter().filter(|rule| rule.calls.contains(&call.name)) {
        if rule.when.iter().all(|when| when.holds(call, &known)) {
            rule.then.apply(&mut found);
        }
    }
    found
}

/// A condition on an argument, which is named; constants are those of its set. None holds for an unknown argument.
enum When {
    /// All bits of the constant are set.
    Has(&'static str, &'static str),
    /// Not all bits of the constant are set.
    Lacks(&'static str, &'static str),
    /// It is this number (a pointer: 0 is NULL).
    Equals(&'static str, i64),
    /// It is another number.
    Not(&'static str, i64),
    /// It is a number that stands in the plan, and no captured one.
    Known(&'static str),
    /// It is some of these constants and nothing else.
    Only(&'static str, &'static [&'static str]),
    /// It has some of these bits, for which there are these words.
    Bits(&'static str, u64, &'static str),
}

/// What follows.
enum Then {
    Blocks(Blocking),
    Changes(Scope),
    Is(Nature),
    /// It gives no descriptor with these arguments, and changes nothing.
    Tells,
    Forbidden(&'static str),
}

struct Rule {
    calls: &'static [&'static str],
    when: &'static [When],
    then: Then,
}

const fn rule(calls: &'static [&'static str], when: &'static [When], then: Then) -> Rule {
    Rule { calls, when, then }
}

impl When {
    fn holds(&self, call: &Syscall, known: &impl Fn(usize) -> Option<u64>) -> bool {
        let value = |name: &str| call.param(name).and_then(known);
        let bits = |name: &str, constant: &str| {
            let bits = call.params.get(call.param(name)?)?.kind.set()?.value(constant)?;
            Some(value(name)? & bits == bits)
        };
        // An int may be given in 32 bits or in 64.
        let same = |value: u64, number: i64| value as i64 == number || value == u64::from(number as u32);
        match *self {
            Has(name, constant) => bits(name, constant) == Some(true),
            Lacks(name, constant) => bits(name, constant) == Some(false),
            Equals(name, number) => value(name).is_some_and(|value| same(value, number)),
            Known(name) => value(name).is_some(),
            Not(name, number) => value(name).is_some_and(|value| !same(value, number)),
            Only(name, constants) => {
                let all = constants.iter().try_fold(0, |all, constant| {
                    Some(all | call.params.get(call.param(name)?)?.kind.set()?.value(constant)?)
                });
                value(name).zip(all).is_some_and(|(value, all)| value != 0 && value & !all == 0)
            }
            Bits(name, bits, _) => value(name).is_some_and(|value| value & bits != 0),
        }
    }
}

impl Then {
    fn apply(&self, found: &mut Particulars) {
        match *self {
            Self::Blocks(blocking) => found.blocking = blocking,
            Self::Changes(scope) => found.scope = scope,
            Self::Is(nature) => found.nature = nature,
            Self::Tells => (found.nature, found.returns) = (Inert, Returns::Number),
            Self::Forbidden(why) => found.forbidden = Some(why),
        }
    }
}

/// What of a call depends on its arguments, in sentences.
pub fn exceptions(call: &Syscall) -> Vec<String> {
    let rules = RULES.iter().filter(|rule| rule.calls.contains(&call.name));
    let sentence = |rule: &Rule| {
        // What an argument is depends on those that the rule has values for.
        let known = |index: usize| {
            rule.when.iter().find_map(|when| match when {
                Equals(name, value) if call.param(name) == Some(index) => Some(*value as u64),
                _ => None,
            })
        };
        let kind = |name: &str| call.param(name).map(|index| commands::argument_kind(call, index, known));
        let when: Vec<String> = rule.when.iter().map(|when| when.describe(&kind)).collect();
        format!("if {}: {}", when.join(" and "), rule.then.describe())
    };
    rules.map(sentence).chain(sentences(call)).collect()
}

impl When {
    /// `kind` tells what an argument is.
    fn describe(&self, kind: &dyn Fn(&str) -> Option<Kind>) -> String {
        let number = |name: &str, number: i64| match kind(name) {
            Some(Kind::In(_) | Kind::Out(_) | Kind::InOut(_)) => "NULL".to_owned(),
            kind => {
                let constant = kind.and_then(Kind::set).and_then(|set| set.name_of(number as u64));
                constant.map_or_else(|| number.to_string(), str::to_owned)
            }
        };
        match *self {
            Has(name, constant) => format!("`{name}` has {constant}"),
            Lacks(name, constant) => format!("`{name}` has no {constant}"),
            Equals(name, value) => format!("`{name}` is {}", number(name, value)),
            Not(name, value) => format!("`{name}` is not {}", number(name, value)),
            Known(name) => format!("`{name}` is a number and not captured from a step that made it"),
            Only(name, constants) => format!("`{name}` is nothing but {}", constants.join(", ")),
            Bits(name, _, words) => format!("`{name}` has {words}"),
        }
    }
}

impl Then {
    fn describe(&self) -> String {
        match *self {
            Self::Blocks(blocking) => blocking.describe().to_owned(),
            Self::Changes(scope) => scope.describe().to_owned(),
            Self::Is(nature) => nature.describe(),
            Self::Tells => "it gives no descriptor but tells a number, and changes nothing".to_owned(),
            Self::Forbidden(why) => format!("no plan may make it: {why}"),
        }
    }
}

const ERASED: Nature = Irreversible("what the file held there is gone");
/// Namespaces that a thread can leave and come back to.
const COMES_BACK: &[&str] = &["CLONE_NEWNET", "CLONE_NEWUTS", "CLONE_NEWCGROUP"];
const NAMESPACE: &str = "the thread comes back to the old namespace, of which a descriptor is kept (Linux 6.11); where it could not come back the step fails before anything is done";
const MEMORY_LAYOUT: &str = "several values are set at once, and not all can be read";

/// Later rules go over earlier ones.
#[rustfmt::skip]
static RULES: &[Rule] = &[
    // Waiting.
    rule(&["open", "openat"], &[Has("flags", "O_PATH")], Then::Blocks(No)),
    rule(&["flock"], &[Has("operation", "LOCK_NB")], Then::Blocks(No)),
    rule(&["flock"], &[Has("operation", "LOCK_UN")], Then::Blocks(No)),
    rule(&["poll", "epoll_wait", "epoll_pwait"], &[Equals("timeout", 0)], Then::Blocks(No)),
    rule(&["poll", "epoll_wait", "epoll_pwait"], &[Equals("timeout", -1)], Then::Blocks(Yes)),
    rule(&["select", "pselect6", "epoll_pwait2", "rt_sigtimedwait"], &[Equals("timeout", 0)], Then::Blocks(Yes)),
    rule(&["ppoll"], &[Equals("tmo_p", 0)], Then::Blocks(Yes)),
    rule(&["io_getevents", "io_pgetevents"], &[Equals("min_nr", 0)], Then::Blocks(No)),
    rule(&["wait4", "waitid"], &[Has("options", "WNOHANG")], Then::Blocks(No)),
    rule(&["sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"], &[Has("flags", "MSG_DONTWAIT")], Then::Blocks(No)),
    rule(&["recvfrom", "recvmsg", "recvmmsg"], &[Has("flags", "MSG_ERRQUEUE")], Then::Blocks(No)),
    rule(&["msgsnd", "msgrcv"], &[Has("msgflg", "IPC_NOWAIT")], Then::Blocks(No)),
    rule(&["preadv2", "pwritev2"], &[Has("flags", "RWF_NOWAIT")], Then::Blocks(No)),
    rule(&["getrandom"], &[Has("flags", "GRND_NONBLOCK")], Then::Blocks(No)),
    rule(&["getrandom"], &[Has("flags", "GRND_INSECURE")], Then::Blocks(No)),
    // Whom it changes.
    rule(&["setpriority", "ioprio_set"], &[Not("who", 0)], Then::Changes(Scope::Process)),
    rule(&["sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr"], &[Not("pid", 0)], Then::Changes(Scope::Process)),
    rule(&["seccomp"], &[Equals("operation", 1), Has("flags", "SECCOMP_FILTER_FLAG_TSYNC")], Then::Changes(Scope::Process)),
    rule(&["perf_event_open"], &[Equals("pid", 0)], Then::Changes(Scope::Thread)),
    rule(&["timer_create"], &[Equals("clockid", 3)], Then::Changes(Scope::Thread)),
    // What undoing it takes.
    rule(&["brk"], &[Equals("addr", 0)], Then::Is(Inert)),
    rule(&["pkey_mprotect"], &[Not("pkey", -1)], Then::Is(Irreversible("the protection key that pages had before is not put back"))),
    rule(&["shmat"], &[Has("shmflg", "SHM_REMAP")], Then::Is(Irreversible("what was mapped there is gone"))),
    rule(&["mremap"], &[Has("flags", "MREMAP_DONTUNMAP")], Then::Is(Irreversible("what comes to be in the old place would be gone on undo"))),
    rule(&["mbind"], &[Has("flags", "MPOL_MF_MOVE")], Then::Is(Irreversible("where the pages were that it moves is not kept"))),
    rule(&["mbind"], &[Has("flags", "MPOL_MF_MOVE_ALL")], Then::Is(Irreversible("where the pages were that it moves is not kept"))),
    rule(&["lseek"], &[Equals("offset", 0), Equals("whence", 1)], Then::Is(Inert)),
    rule(&["rt_sigaction"], &[Equals("act", 0)], Then::Is(Inert)),
    rule(&["rt_sigprocmask"], &[Equals("set", 0)], Then::Is(Inert)),
    rule(&["sigaltstack"], &[Equals("ss", 0)], Then::Is(Inert)),
    rule(&["prctl"], &[Equals("option", 28), Bits("arg2", 0xaaa, "a bit that locks others")], Then::Is(Irreversible("the lock is for good"))),
    rule(&["prctl"], &[Equals("option", 35), Equals("arg2", 12)], Then::Is(Irreversible(MEMORY_LAYOUT))),
    rule(&["prctl"], &[Equals("option", 35), Equals("arg2", 13)], Then::Is(Irreversible("it can't be told by which descriptor it would be had again"))),
    rule(&["prctl"], &[Equals("option", 35), Equals("arg2", 14)], Then::Is(Irreversible(MEMORY_LAYOUT))),
    rule(&["prctl"], &[Equals("option", 35), Equals("arg2", 15)], Then::Is(Inert)),
    rule(&["prctl"], &[Equals("option", 47), Equals("arg2", 1)], Then::Is(Inert)),
    rule(&["prctl"], &[Equals("option", 53), Bits("arg3", 8, "PR_SPEC_FORCE_DISABLE")], Then::Is(Irreversible("what is force-disabled stays so"))),
    rule(&["prctl"], &[Equals("option", 62), Equals("arg2", 0)], Then::Is(Inert)),
    rule(&["setns"], &[Only("nstype", COMES_BACK)], Then::Is(Restores(NAMESPACE))),
    rule(&["unshare"], &[Only("flags", COMES_BACK)], Then::Is(Restores(NAMESPACE))),
    rule(&["prlimit64"], &[Equals("new_limit", 0)], Then::Is(Inert)),
    rule(&["mq_getsetattr"], &[Equals("newattr", 0)], Then::Is(Inert)),
    rule(&["personality"], &[Equals("persona", 0xffff_ffff)], Then::Is(Inert)),
    rule(&["setfsuid"], &[Equals("fsuid", -1)], Then::Is(Inert)),
    rule(&["setfsgid"], &[Equals("fsgid", -1)], Then::Is(Inert)),
    rule(&["shmget"], &[Lacks("shmflg", "IPC_CREAT")], Then::Is(Inert)),
    rule(&["semget"], &[Lacks("semflg", "IPC_CREAT")], Then::Is(Inert)),
    rule(&["msgget"], &[Lacks("msgflg", "IPC_CREAT")], Then::Is(Inert)),
    rule(&["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"], &[Equals("sig", 0)], Then::Is(Inert)),
    rule(&["recvfrom", "recvmsg"], &[Has("flags", "MSG_PEEK")], Then::Is(Inert)),
    rule(&["msgrcv"], &[Has("msgflg", "MSG_COPY")], Then::Is(Inert)),
    rule(&["waitid"], &[Has("options", "WNOWAIT")], Then::Is(Inert)),
    rule(&["preadv2"], &[Equals("offset", -1)], Then::Is(Irreversible("what was read is behind the file position"))),
    rule(&["flock"], &[Has("operation", "LOCK_UN")], Then::Is(Irreversible("somebody else may take the lock that it gives up"))),
    rule(&["bind"], &[Known("sockfd")], Then::Is(Irreversible("a socket that the plan has not made itself keeps its address until it is closed"))),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_KEEP_SIZE")], Then::Is(Irreversible("the room that it takes beyond the end of the file stays taken"))),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_PUNCH_HOLE")], Then::Is(ERASED)),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_ZERO_RANGE")], Then::Is(ERASED)),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_WRITE_ZEROES")], Then::Is(ERASED)),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_COLLAPSE_RANGE")], Then::Is(ERASED)),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_INSERT_RANGE")], Then::Is(Irreversible("what lies behind the place is moved for all who have the file open"))),
    rule(&["fallocate"], &[Has("mode", "FALLOC_FL_UNSHARE_RANGE")], Then::Is(Irreversible("the room that it takes stays taken"))),
    rule(&["renameat2"], &[Has("flags", "RENAME_WHITEOUT")], Then::Is(Irreversible("the mark that it leaves under the old name hides what lies below, and nothing takes it away"))),
    rule(&["signalfd", "signalfd4"], &[Equals("fd", -1)], Then::Is(GivesFd)),
    rule(&["landlock_create_ruleset"], &[Has("flags", "LANDLOCK_CREATE_RULESET_VERSION")], Then::Tells),
    rule(&["landlock_create_ruleset"], &[Has("flags", "LANDLOCK_CREATE_RULESET_ERRATA")], Then::Tells),
    // What no plan may do.
    rule(&["unshare"], &[Has("flags", "CLONE_FILES")], Then::Forbidden("the thread would part from the descriptors of the others")),
    rule(&["close_range"], &[Has("flags", "CLOSE_RANGE_UNSHARE")], Then::Forbidden("the thread would part from the descriptors of the others")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::by_name;

    #[test]
    fn rules_name_calls_parameters_and_constants_that_there_are() {
        for rule in RULES {
            for call in rule.calls.iter().map(|name| by_name(name).expect(name)) {
                for when in rule.when {
                    let (Has(name, _) | Lacks(name, _) | Equals(name, _) | Not(name, _)) = when else {
                        let (Known(name) | Only(name, _) | Bits(name, ..)) = when else { unreachable!() };
                        assert!(call.param(name).is_some(), "{} has no {name}", call.name);
                        continue;
                    };
                    let index = call.param(name).unwrap_or_else(|| panic!("{} has no {name}", call.name));
                    if let Has(_, constant) | Lacks(_, constant) = when {
                        let value = call.params[index].kind.set().and_then(|set| set.value(constant));
                        assert!(value.is_some_and(|bits| bits != 0), "{} {constant}", call.name);
                    }
                }
            }
        }
    }
}
