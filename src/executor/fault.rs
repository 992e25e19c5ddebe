//! Why an op failed.

use crate::remote::CallFault;
use crate::syscalls::errno;

/// Why an op failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpFault {
    /// The call was made, and its result is not what was to be.
    Result {
        /// The call's name.
        call: &'static str,
        /// What it was for.
        purpose: &'static str,
        /// Raw result.
        value: i64,
    },
    /// The call has no result.
    Call {
        /// The call's name.
        call: &'static str,
        /// Why.
        fault: CallFault,
    },
    /// It would not be safe, or the target is no longer as it was left; in a sentence.
    Unsafe(String),
}

/// What a call was for, where it is not the one that the plan asks for.
fn why(purpose: &str) -> String {
    if purpose.starts_with("as asked") { String::new() } else { format!(" ({purpose})") }
}

impl std::fmt::Display for OpFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Result { call, purpose, value } => match errno::of_result(*value) {
                Some(errno) => {
                    write!(f, "{call}{} failed: {}", why(purpose), errno::describe(errno))
                }
                None => write!(f, "{call}{} returned {value}, which the plan does not expect", why(purpose)),
            },
            Self::Call { call, fault } => write!(f, "{call}: {fault}"),
            Self::Unsafe(why) => f.write_str(why),
        }
    }
}

impl OpFault {
    /// Whether the target is no more.
    pub fn target_ended(&self) -> bool {
        matches!(self, Self::Call { fault: CallFault::Gone, .. })
    }
}
