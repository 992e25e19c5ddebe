//! A call that was made in a target, for `--trace`.

use std::fmt;

/// What it was, and what it returned. It becomes text only when nothing is held any more.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// The thread that made it, if that is not the one that runs what no step gives to another.
    pub thread: Option<i32>,
    /// The call.
    pub name: &'static str,
    /// Its arguments.
    pub args: [u64; 6],
    /// Its raw result.
    pub value: i64,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(thread) = self.thread {
            write!(f, "[{thread}] ")?;
        }
        write!(f, "{}({}) = {}", self.name, self.args.map(|arg| format!("{arg:#x}")).join(", "), self.value)
    }
}
