//! Sets of symbolic constants, each for one kind of argument.

/// A named set of constants.
#[derive(Debug)]
pub struct Set {
    /// What the set is called in messages: "open flags".
    pub name: &'static str,
    /// Name and value; where several names share a value the first is used in output.
    pub members: &'static [(&'static str, u64)],
}
