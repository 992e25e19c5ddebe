//! Facts as people read them, much as a plan writes them.

use super::{Fact, FdKind, FdPattern, IpVersion, Listen, MappingPattern, Range};
use crate::syscalls::constants;
use std::fmt::{self, Display, Formatter};

impl Display for Fact {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fd(pattern) => write!(f, "fd {pattern}"),
            Self::Mapping(pattern) => write!(f, "mapping {pattern}"),
            Self::Cwd(path) => write!(f, "cwd {path}"),
            Self::Root(path) => write!(f, "root {path}"),
            Self::Exe(path) => write!(f, "exe {path}"),
            Self::Umask(range) => write!(f, "umask {}", range.shown(|mask| format!("{mask:#o}"))),
            Self::Rlimit { resource, soft, hard } => {
                let limit = |value: u64| if value == u64::MAX { "unlimited".to_owned() } else { value.to_string() };
                let bound = |range: &Range| (*range != Range::default()).then(|| range.shown(limit));
                let resource = constants::RLIMIT.name_of(*resource).map_or(resource.to_string(), str::to_owned);
                write!(
                    f,
                    "rlimit {}",
                    keys([("resource", Some(resource)), ("soft", bound(soft)), ("hard", bound(hard))])
                )
            }
            Self::Comm(name) => write!(f, "comm {name}"),
            Self::Cmdline(line) => write!(f, "cmdline {line}"),
            Self::User(user) => write!(f, "user {user}"),
            Self::Cgroup(path) => write!(f, "cgroup {path}"),
            Self::Unit(unit) => write!(f, "unit {unit}"),
            Self::Listen(listen) => write!(f, "listen {listen}"),
            Self::Threads(range) => write!(f, "threads {range}"),
            Self::Namespace(kind, path) => write!(f, "namespace {{{kind}: {path}}}"),
            Self::Seccomp(mode) => {
                write!(f, "seccomp {}", ["none", "strict", "filter"].get(*mode as usize).unwrap_or(&""))
            }
            Self::Env(name, value) => write!(f, "env {{{name}: {value}}}"),
            Self::Not(facts) => write!(f, "not {{{}}}", all(facts)),
            Self::Any(groups) => {
                let groups: Vec<String> = groups.iter().map(|group| format!("{{{}}}", all(group))).collect();
                write!(f, "any [{}]", groups.join(", "))
            }
        }
    }
}

fn all(facts: &[Fact]) -> String {
    facts.iter().map(Fact::to_string).collect::<Vec<_>>().join(", ")
}

/// `{number: 1, path: /x}`, of those that are given.
fn keys<const N: usize>(keys: [(&str, Option<String>); N]) -> String {
    let given = keys.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
    format!("{{{}}}", given.collect::<Vec<_>>().join(", "))
}

impl Range {
    fn shown(&self, number: impl Fn(u64) -> String) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => number(min),
            (min, max) => keys([("min", min.map(&number)), ("max", max.map(&number))]),
        }
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(|number| number.to_string()))
    }
}

impl Display for FdPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind =
            |kind: FdKind| FdKind::ALL.iter().find(|(_, known)| *known == kind).map(|(name, _)| (*name).to_owned());
        let flags = |flags: u64| (flags != 0).then(|| constants::OPEN.spell(flags));
        f.write_str(&keys([
            ("number", self.number.map(|number| number.to_string())),
            ("path", self.path.clone()),
            ("kind", self.kind.and_then(kind)),
            ("min_space", self.min_space.map(|size| size.to_string())),
            ("flags", flags(self.flags)),
            ("without", flags(self.without)),
        ]))
    }
}

impl Display for MappingPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&keys([
            ("perms", self.perms.clone()),
            ("anonymous", self.anonymous.map(|anonymous| anonymous.to_string())),
            ("min_size", self.size.min.map(|size| size.to_string())),
            ("max_size", self.size.max.map(|size| size.to_string())),
            ("path", self.path.clone()),
            ("name", self.name.clone()),
        ]))
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let version = |version: &Option<IpVersion>| match version {
            None => "",
            Some(IpVersion::V4) => "4",
            Some(IpVersion::V6) => "6",
        };
        match self {
            Self::Tcp(ip, port) => write!(f, "tcp{}/{port}", version(ip)),
            Self::Udp(ip, port) => write!(f, "udp{}/{port}", version(ip)),
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_read_as_plans_write_them() {
        let fd = FdPattern {
            number: Some(Range::exactly(1)),
            path: Some("/x".into()),
            kind: Some(FdKind::File),
            ..FdPattern::default()
        };
        let mapping = MappingPattern {
            anonymous: Some(true),
            size: Range { min: Some(4096), max: None },
            ..MappingPattern::default()
        };
        let nofile = Range { min: Some(1024), max: None };
        let listen = Listen::Tcp(Some(IpVersion::V6), 80);
        for (fact, text) in [
            (Fact::Fd(fd), "fd {number: 1, path: /x, kind: file}"),
            (Fact::Mapping(mapping), "mapping {anonymous: true, min_size: 4096}"),
            (Fact::Umask(Range::exactly(0o22)), "umask 0o22"),
            (
                Fact::Rlimit { resource: 7, soft: nofile, hard: Range::default() },
                "rlimit {resource: RLIMIT_NOFILE, soft: {min: 1024}}",
            ),
            (Fact::Not(vec![Fact::Comm("a*".into()), Fact::Threads(Range::exactly(2))]), "not {comm a*, threads 2}"),
            (
                Fact::Any(vec![vec![Fact::Listen(listen)], vec![Fact::Seccomp(2)]]),
                "any [{listen tcp6/80}, {seccomp filter}]",
            ),
        ] {
            assert_eq!(fact.to_string(), text);
        }
    }
}
