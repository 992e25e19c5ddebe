//! What a call is with those of its arguments that are known: flock waits but with LOCK_NB, brk(0) changes nothing.

use super::{Blocking, Kind, Nature, Returns, Scope, Syscall, commands};
use Blocking::{No, Yes};
use Nature::{GivesFd, Inert, Irreversible};
use When::{Equals, Given, Has, Known, Lacks, Not};

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

/// A condition on an argument, which is named; constants are those of its set. Only `Given` holds for an unknown argument.
enum When {
    /// All bits of the constant are set.
    Has(&'static str, &'static str),
    /// Not all bits of the constant are set.
    Lacks(&'static str, &'static str),
    /// It is this number (a pointer: 0 is NULL).
    Equals(&'static str, i64),
    /// It is something, perhaps memory or computed: anything but a known 0.
    Given(&'static str),
    /// It is another number.
    Not(&'static str, i64),
    /// It is a number that stands in the plan, and no captured one.
    Known(&'static str),
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
            Given(name) => value(name) != Some(0),
            Known(name) => value(name).is_some(),
            Not(name, number) => value(name).is_some_and(|value| !same(value, number)),
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
        let when: Vec<String> = rule.when.iter().map(|when| when.describe(call)).collect();
        format!("if {}: {}", when.join(" and "), rule.then.describe())
    };
    rules.map(sentence).collect()
}

impl When {
    fn describe(&self, call: &Syscall) -> String {
        let kind = |name: &str| call.param(name).and_then(|index| call.params.get(index)).map(|param| param.kind);
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
            Given(name) => format!("`{name}` is given"),
            Known(name) => format!("`{name}` is a number and not captured from a step that made it"),
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
    rule(&["lseek"], &[Equals("offset", 0), Equals("whence", 1)], Then::Is(Inert)),
    rule(&["rt_sigaction"], &[Equals("act", 0)], Then::Is(Inert)),
    rule(&["sigaltstack"], &[Equals("ss", 0)], Then::Is(Inert)),
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
    rule(&["signalfd", "signalfd4"], &[Equals("fd", -1)], Then::Is(GivesFd)),
    rule(&["landlock_create_ruleset"], &[Has("flags", "LANDLOCK_CREATE_RULESET_VERSION")], Then::Tells),
    rule(&["landlock_create_ruleset"], &[Has("flags", "LANDLOCK_CREATE_RULESET_ERRATA")], Then::Tells),
    // What no plan may do.
    rule(&["sigaltstack"], &[Given("ss")], Then::Forbidden("the thread's signal handlers would run on memory that the plan gave them")),
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
                    let (Has(name, _) | Lacks(name, _) | Equals(name, _) | Not(name, _) | Given(name) | Known(name)) =
                        when;
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
