//! How C types are called in messages, and how memory of them is written.

use crate::syscalls::layouts::{Count, Shape, Type, all, named};
use crate::syscalls::nearest;

/// What a C type is called in messages.
pub fn of_type(ctype: &str) -> String {
    match ctype {
        "" => "plain memory".to_owned(),
        ctype => named(ctype).map_or_else(|| ctype.to_owned(), |shape| shape.name()),
    }
}

/// The name of the elements' type without `struct`.
pub fn short(shape: &Shape) -> String {
    let name = shape.element.name();
    name.strip_prefix("struct ").map_or_else(|| name.clone(), str::to_owned)
}

/// How memory of a C type is written.
pub fn example(ctype: &str) -> String {
    let Some(shape) = named(ctype) else { return "write `{bytes: \"…\"}`".to_owned() };
    match (shape.element, shape.count) {
        (Type::Struct(layout), count) => {
            let field = layout.fields.first().map_or("…", |field| field.name);
            match count {
                Count::One => format!("write `{{struct: {{{field}: …}}}}`"),
                _ => format!("write `{{struct: [{{{field}: …}}]}}`"),
            }
        }
        (Type::Int(int), Count::One) => format!("write `{{{}: …}}`", int.name()),
        (Type::Int(int), _) => format!("write `{{{}: […]}}`", int.name()),
        (Type::Signals, _) => "write `{struct: [SIGHUP, …]}`".to_owned(),
        _ => "write `{bytes: \"…\"}`".to_owned(),
    }
}

/// Code, message and help for a structure that is not known.
pub fn unknown_structure(name: &str) -> (&'static str, String, String) {
    let base = name.strip_prefix("struct ").unwrap_or(name);
    let base = base.split('[').next().unwrap_or_default();
    let help = match nearest(base, all().map(|layout| layout.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "structures are named as in C (stat, timespec, pollfd[8]), numbers u8 to u64 and i8 to i64".to_owned(),
    };
    ("plan::unknown-structure", format!("no structure is known as `{name}`"), help)
}
