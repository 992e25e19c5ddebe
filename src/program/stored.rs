//! How a Program is written to a journal and read back. What only reports need (decoded outputs, captures) is left out, and
//! what a call is with its arguments is looked up anew.

use super::{Action, Program, Shown, StepCode, Words};
use crate::syscalls::{Particulars, Syscall, by_name, particulars};
use serde::{Deserialize, Deserializer};

/// Text that lasts. Who reads a journal recovers a few runs and ends.
fn kept(text: String) -> Words {
    text.leak()
}

pub fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
    String::deserialize(deserializer).map(kept)
}

pub fn words_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Words>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(kept))
}

pub fn shown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Words, Shown)>, D::Error> {
    let shown = Vec::<(String, Shown)>::deserialize(deserializer)?;
    Ok(shown.into_iter().map(|(parameter, shown)| (kept(parameter), shown)).collect())
}

/// What a call is before it is looked up: nothing that anyone would rely on.
pub fn unknown() -> Particulars {
    use crate::syscalls::{Blocking, Nature, Returns, Scope};
    let nature = Nature::Irreversible("it is not known");
    Particulars { returns: Returns::Number, nature, blocking: Blocking::Yes, scope: Scope::Process, forbidden: None }
}

/// A system call by its name.
pub mod syscall {
    use super::{Syscall, by_name};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(syscall: &&'static Syscall, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(syscall.name)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Syscall, D::Error> {
        let name = String::deserialize(deserializer)?;
        by_name(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no system call `{name}`")))
    }
}

/// Bytes as base64.
pub mod bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Program {
    /// Looks up, after it was read, what its steps' calls are with those arguments that are constants.
    pub fn look_up(&mut self) {
        let found: Vec<Particulars> = self.steps.iter().map(|step| self.particulars_of(step)).collect();
        for (step, found) in self.steps.iter_mut().zip(found) {
            step.particulars = found;
        }
    }

    fn particulars_of(&self, step: &StepCode) -> Particulars {
        let own = step.forward.iter().find_map(|op| match &op.action {
            Action::Call(call) if call.result == step.result && call.syscall.name == step.syscall.name => Some(call),
            _ => None,
        });
        // What is not given is 0.
        let known = |index: usize| match own?.args.get(index) {
            Some(cell) => self.constant(*cell),
            None => Some(0),
        };
        particulars(step.syscall, known)
    }
}
