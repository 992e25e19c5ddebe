//! Facts: what `expect`, `unless`, `when` and `match` ask of a process.

use super::Spanned;
use super::pattern::{fd_pattern, mapping_pattern, plain_number, range, text};
use super::reading::{Fields, Problems, Variables, unknown};
use super::tree::{Node, NodeKind};
use crate::facts::{Fact, IpVersion, Listen, Range};
use crate::syscalls::{Kind, constants};

/// Every fact by its key.
pub const FACTS: [&str; 19] = [
    "fd",
    "mapping",
    "cwd",
    "root",
    "exe",
    "umask",
    "rlimit",
    "comm",
    "cmdline",
    "user",
    "cgroup",
    "unit",
    "listen",
    "threads",
    "namespace",
    "seccomp",
    "env",
    "not",
    "any",
];
/// Keys of `rlimit`.
pub const RLIMIT: [&str; 3] = ["resource", "soft", "hard"];

/// Kinds of namespaces, as in /proc/PID/ns.
pub const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "time", "user", "uts"];

/// The facts of a mapping, or of a list of mappings.
pub fn facts(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Vec<Spanned<Fact>> {
    match &node.kind {
        NodeKind::List(items) if items.is_empty() => {
            problems.at("plan::nothing", node.span, format!("there is nothing in `{what}`"), "");
            Vec::new()
        }
        NodeKind::List(items) => items.iter().flat_map(|item| facts(item, what, variables, problems)).collect(),
        NodeKind::Map(_) => {
            let entries = Fields::of(node, what, problems).map(|mut fields| fields.rest()).unwrap_or_default();
            if entries.is_empty() {
                problems.at("plan::nothing", node.span, format!("there is nothing in `{what}`"), "");
            }
            let mut found = Vec::new();
            for (key, name, value) in entries {
                if !FACTS.contains(&name) {
                    unknown(key.span, name, what, &FACTS, &[], problems);
                    continue;
                }
                let values = fact(name, value, variables, problems);
                found.extend(values.into_iter().map(|value| Spanned { value, span: key.span }));
            }
            found
        }
        NodeKind::Scalar { .. } => {
            let help = "facts are written `- fd: { number: 1, path: /var/log/app.log }`";
            problems.at("plan::shape", node.span, format!("`{what}` takes facts, and here it is a single value"), help);
            Vec::new()
        }
    }
}

fn fact(name: &str, node: &Node, variables: &Variables, problems: &mut Problems) -> Vec<Fact> {
    let one = match name {
        "fd" => fd_pattern(node, variables, problems).map(Fact::Fd),
        "mapping" => mapping_pattern(node, variables, problems).map(Fact::Mapping),
        "cwd" => text(node, name, variables, problems).map(Fact::Cwd),
        "root" => text(node, name, variables, problems).map(Fact::Root),
        "exe" => text(node, name, variables, problems).map(Fact::Exe),
        "comm" => text(node, name, variables, problems).map(Fact::Comm),
        "cmdline" => text(node, name, variables, problems).map(Fact::Cmdline),
        "user" => text(node, name, variables, problems).map(Fact::User),
        "cgroup" => text(node, name, variables, problems).map(Fact::Cgroup),
        "unit" => text(node, name, variables, problems).map(Fact::Unit),
        "umask" => range(node, name, Kind::Mode, variables, problems).map(Fact::Umask),
        "threads" => range(node, name, Kind::Uint, variables, problems).map(Fact::Threads),
        "rlimit" => rlimit(node, variables, problems),
        "listen" => listen(node, variables, problems).map(Fact::Listen),
        "seccomp" => seccomp(node, variables, problems).map(Fact::Seccomp),
        "env" => return environment(node, variables, problems),
        "namespace" => return namespaces(node, variables, problems),
        "not" => Some(Fact::Not(values(facts(node, "not", variables, problems)))),
        _ => any(node, variables, problems),
    };
    one.into_iter().collect()
}

fn values(facts: Vec<Spanned<Fact>>) -> Vec<Fact> {
    facts.into_iter().map(|fact| fact.value).collect()
}

fn any(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Fact> {
    let NodeKind::List(items) = &node.kind else {
        let message = format!("`any` must be a list, and here it is {}", node.shape());
        problems.at("plan::shape", node.span, message, "one of its items must hold: `any: [{ comm: a }, { comm: b }]`");
        return None;
    };
    Some(Fact::Any(items.iter().map(|item| values(facts(item, "any", variables, problems))).collect()))
}

fn rlimit(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Fact> {
    let mut fields = Fields::of(node, "rlimit", problems)?;
    let resource = fields.take("resource");
    let mut bound = |name: &str, problems: &mut Problems| match fields.take(name) {
        Some(node) if node.text() == Some("unlimited") => Some(Range::exactly(libc::RLIM_INFINITY)),
        Some(node) => range(node, name, Kind::Uint, variables, problems),
        None => None,
    };
    let (soft, hard) = (bound("soft", problems), bound("hard", problems));
    fields.finish("rlimit", &RLIMIT, &[], problems);
    let Some(resource) = resource else {
        let help = "write `{ resource: RLIMIT_NOFILE, soft: { min: 4096 } }`";
        problems.at("plan::missing-key", node.span, "this `rlimit` names no `resource`", help);
        return None;
    };
    if soft.is_none() && hard.is_none() {
        problems.at("plan::nothing", node.span, "this `rlimit` asks nothing", "give `soft`, `hard` or both");
        return None;
    }
    let resource = plain_number(resource, "resource", Kind::OneOf(&constants::RLIMIT), variables, problems)?;
    Some(Fact::Rlimit { resource, soft: soft.unwrap_or_default(), hard: hard.unwrap_or_default() })
}

/// `tcp/8080`, `tcp6/8080`, `udp/53`, `unix:/run/x.sock`.
fn listen(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Listen> {
    let text = text(node, "listen", variables, problems)?;
    if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with(['/', '@'])) {
        return Some(Listen::Unix(path.to_owned()));
    }
    let found = text.split_once('/').and_then(|(protocol, port)| {
        let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
        Some(match protocol {
            "tcp" => Listen::Tcp(None, port),
            "tcp4" => Listen::Tcp(Some(IpVersion::V4), port),
            "tcp6" => Listen::Tcp(Some(IpVersion::V6), port),
            "udp" => Listen::Udp(None, port),
            "udp4" => Listen::Udp(Some(IpVersion::V4), port),
            "udp6" => Listen::Udp(Some(IpVersion::V6), port),
            _ => return None,
        })
    });
    if found.is_none() {
        let help = "write `tcp/8080`, `tcp6/8080`, `udp/53` or `unix:/run/app.sock`";
        problems.at("plan::listen", node.span, format!("`{text}` is nothing to listen on"), help);
    }
    found
}

fn seccomp(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<u64> {
    let text = text(node, "seccomp", variables, problems)?;
    let mode = ["none", "strict", "filter"].iter().position(|name| *name == text).map(|mode| mode as u64);
    let mode = mode.or_else(|| text.parse().ok().filter(|mode| *mode <= 2));
    if mode.is_none() {
        problems.at(
            "plan::seccomp",
            node.span,
            format!("`{text}` is no mode of seccomp"),
            "there are none, strict and filter",
        );
    }
    mode
}

fn environment(node: &Node, variables: &Variables, problems: &mut Problems) -> Vec<Fact> {
    let Some(mut fields) = Fields::of(node, "env", problems) else { return Vec::new() };
    let entry = |(_, name, value): (&Node, &str, &Node)| {
        Some(Fact::Env(name.to_owned(), text(value, "env", variables, problems)?))
    };
    fields.rest().into_iter().filter_map(entry).collect()
}

fn namespaces(node: &Node, variables: &Variables, problems: &mut Problems) -> Vec<Fact> {
    let Some(mut fields) = Fields::of(node, "namespace", problems) else { return Vec::new() };
    let entries = fields.rest();
    if entries.is_empty() {
        let help = "write `namespace: { net: /run/netns/blue }`";
        problems.at("plan::nothing", node.span, "there is nothing in `namespace`", help);
    }
    let mut facts = Vec::new();
    for (key, name, value) in entries {
        match NAMESPACES.iter().find(|kind| **kind == name) {
            Some(kind) => {
                let path = text(value, kind, variables, problems);
                facts.extend(path.map(|path| Fact::Namespace(kind, path)));
            }
            None => unknown(key.span, name, "namespace", &NAMESPACES, &[], problems),
        }
    }
    facts
}
