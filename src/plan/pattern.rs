//! Patterns of descriptors, mappings and threads, and the small values in them.

use super::number::number;
use super::reading::{Fields, Problems, Variables, boolean, scalar};
use super::tree::{Node, NodeKind};
use crate::facts::{FdKind, FdPattern, MappingPattern, Range, ThreadPattern};
use crate::syscalls::{Kind, constants, nearest};

/// Keys of the patterns.
pub const FD: [&str; 6] = ["number", "path", "kind", "min_space", "flags", "without"];
pub const MAPPING: [&str; 6] = ["perms", "anonymous", "min_size", "max_size", "path", "name"];
pub const THREAD: [&str; 1] = ["name"];

/// `{number: 1, path: …}`, or the number alone.
pub fn fd_pattern(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<FdPattern> {
    if node.text().is_some() {
        let number = range(node, "fd", Kind::Fd, variables, problems)?;
        return Some(FdPattern { number: Some(number), ..FdPattern::default() });
    }
    let mut fields = Fields::of(node, "fd", problems)?;
    let number = fields.take("number").and_then(|node| range(node, "number", Kind::Fd, variables, problems));
    let path = fields.take("path").and_then(|node| text(node, "path", variables, problems));
    let kind = fields.take("kind").and_then(|node| kind(node, problems));
    let min_space = fields.take("min_space").and_then(|node| size(node, "min_space", variables, problems));
    let mut flags = |name: &str, problems: &mut Problems| {
        fields.take(name).and_then(|node| open_flags(node, name, variables, problems)).unwrap_or(0)
    };
    let (flags, without) = (flags("flags", problems), flags("without", problems));
    fields.finish("fd", &FD, &[], problems);
    Some(FdPattern { number, path, kind, min_space, flags, without })
}

fn kind(node: &Node, problems: &mut Problems) -> Option<FdKind> {
    let text = scalar(node, "kind", problems)?;
    let found = FdKind::ALL.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    if found.is_none() {
        let names = FdKind::ALL.map(|(name, _)| name);
        let help = nearest(text, names)
            .map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
        problems.at("plan::kind-of-descriptor", node.span, format!("a descriptor is never of kind `{text}`"), help);
    }
    found
}

/// Flags of open(2), as a list or joined with `|`.
fn open_flags(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Option<u64> {
    let kind = Kind::Flags(&constants::OPEN);
    match &node.kind {
        NodeKind::List(items) => items
            .iter()
            .map(|item| plain_number(item, what, kind, variables, problems))
            .collect::<Option<Vec<_>>>()
            .map(|flags| flags.into_iter().fold(0, |all, flag| all | flag)),
        _ => plain_number(node, what, kind, variables, problems),
    }
}

/// `{perms: rw-p, min_size: 2MiB, …}`.
pub fn mapping_pattern(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<MappingPattern> {
    let mut fields = Fields::of(node, "mapping", problems)?;
    let perms = fields.take("perms").and_then(|node| perms(node, variables, problems));
    let anonymous = fields.take("anonymous").map(|node| boolean(node, "anonymous", problems));
    let mut size =
        |name: &str, problems: &mut Problems| fields.take(name).and_then(|node| size(node, name, variables, problems));
    let size = Range { min: size("min_size", problems), max: size("max_size", problems) };
    let mut text_of =
        |name: &str, problems: &mut Problems| fields.take(name).and_then(|node| text(node, name, variables, problems));
    let (path, name) = (text_of("path", problems), text_of("name", problems));
    fields.finish("mapping", &MAPPING, &[], problems);
    Some(MappingPattern { perms, anonymous, size, path, name })
}

fn perms(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<String> {
    let text = text(node, "perms", variables, problems)?;
    let letters = ["r-?", "w-?", "x-?", "ps?"];
    let fits = text.len() == 4 && text.chars().zip(letters).all(|(letter, allowed)| allowed.contains(letter));
    if !fits {
        let help = "write them as /proc/PID/maps does, `rw-p`, with `?` for what may be either";
        problems.at("plan::perms", node.span, format!("`{text}` are no permissions of a mapping"), help);
    }
    fits.then_some(text)
}

/// `{name: "worker-*"}`.
pub fn thread_pattern(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<ThreadPattern> {
    let mut fields = Fields::of(node, "thread", problems)?;
    let name = fields.take("name").and_then(|node| text(node, "name", variables, problems));
    fields.finish("thread", &THREAD, &[], problems);
    Some(ThreadPattern { name })
}

/// A text, variables put in.
pub fn text(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Option<String> {
    Some(variables.text(scalar(node, what, problems)?, node.span, problems))
}

/// A number of that kind that no step captures.
pub fn plain_number(
    node: &Node,
    what: &str,
    kind: Kind,
    variables: &Variables,
    problems: &mut Problems,
) -> Option<u64> {
    let number = number(scalar(node, what, problems)?, node.span, kind, variables, problems)?;
    if !number.terms.is_empty() {
        let message = format!("`{what}` must be known before the plan runs, and `{}` is not", number.text);
        problems.at("plan::not-known", node.span, message, "captured values can be compared: `when: \"${fd} != 1\"`");
        return None;
    }
    Some(number.constant)
}

/// A number, or `{min, max}`.
pub fn range(node: &Node, what: &str, kind: Kind, variables: &Variables, problems: &mut Problems) -> Option<Range> {
    if node.text().is_some() {
        return plain_number(node, what, kind, variables, problems).map(Range::exactly);
    }
    let mut fields = Fields::of(node, what, problems)?;
    let mut bound = |name: &str, problems: &mut Problems| {
        fields.take(name).and_then(|node| plain_number(node, name, kind, variables, problems))
    };
    let range = Range { min: bound("min", problems), max: bound("max", problems) };
    fields.finish(what, &["min", "max"], &[], problems);
    if let (Some(min), Some(max)) = (range.min, range.max)
        && min > max
    {
        problems.at("plan::range", node.span, format!("nothing is above {min} and below {max}"), "");
    }
    Some(range)
}

/// Bytes: `4096`, `64KiB`, `2MiB`, `1GiB`.
fn size(node: &Node, what: &str, variables: &Variables, problems: &mut Problems) -> Option<u64> {
    let text = text(node, what, variables, problems)?;
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic() && !text.starts_with("0x")).unwrap_or(text.len());
    let (amount, unit) = text.split_at(unit);
    let shift = match unit {
        "" => Some(0),
        "KiB" | "K" => Some(10),
        "MiB" | "M" => Some(20),
        "GiB" | "G" => Some(30),
        _ => None,
    };
    let bytes = shift.and_then(|shift| {
        super::number::integer(amount.trim()).filter(|_| !amount.starts_with('-'))?.checked_mul(1 << shift)
    });
    if bytes.is_none() {
        problems.at("plan::size", node.span, format!("`{text}` is no size"), "write 4096, 64KiB, 2MiB or 1GiB");
    }
    bytes
}
