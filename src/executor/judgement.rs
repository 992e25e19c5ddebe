//! What results and comparisons mean.

use super::fault::OpFault;
use crate::plan::Relation;
use crate::program::{Accept, Call};

/// Whether a comparison holds.
pub fn relation_holds(relation: Relation, left: i64, right: i64) -> bool {
    match relation {
        Relation::Equal => left == right,
        Relation::NotEqual => left != right,
        Relation::Less => left < right,
        Relation::LessOrEqual => left <= right,
        Relation::Greater => left > right,
        Relation::GreaterOrEqual => left >= right,
    }
}

/// Whether a call came to what it should.
pub fn judged(call: &Call, value: i64) -> Result<(), OpFault> {
    if accepted(&call.accept, value) {
        Ok(())
    } else {
        Err(OpFault::Result { call: call.syscall.name, purpose: call.purpose, value })
    }
}

/// Whether a result is a success.
fn accepted(accept: &Accept, value: i64) -> bool {
    let errno = crate::syscalls::errno::of_result(value);
    if errno.is_some_and(|errno| accept.ignore.contains(&errno)) {
        return true;
    }
    match &accept.expected {
        None => errno.is_none(),
        Some(expected) => match errno {
            Some(errno) => expected.errnos.contains(&errno) || expected.values.contains(&value),
            None => {
                let listed = expected.values.contains(&value);
                let bounded = expected.min.is_some() || expected.max.is_some();
                let within = expected.min.is_none_or(|min| value >= min) && expected.max.is_none_or(|max| value <= max);
                listed || (bounded && within)
            }
        },
    }
}
