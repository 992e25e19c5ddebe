//! umask(2).

use super::value::{Reading, Value};
use crate::plan::Step;
use crate::program::builder::{Own, always};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Asked};

impl Lowering<'_> {
    /// The mask is read from outside: the call that tells it would set it.
    pub fn umask(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        (step.syscall.name == "umask").then(|| {
            let value = Value {
                read: &mut |builder| {
                    let mask = builder.unset();
                    Reading { ops: vec![always(Action::Ask { into: mask, what: Asked::Umask })], cells: vec![mask] }
                },
                put: &mut |builder, old| {
                    let done = builder.unset();
                    vec![always(call(builder, "umask", old.to_vec(), done, "put back"))]
                },
                changed: "the umask is no longer what the step set",
            };
            Sections::sets_value(&mut self.builder, own, value)
        })
    }
}
