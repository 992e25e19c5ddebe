//! Any bytes as a plan: read or refused, with problems that can be shown, and each at a place of the text.

use criu_plan::plan::{Purpose, read_for};
use criu_plan::report::{Source, github, problems, sarif};
use criu_plan::syscalls::Arch;
use indexmap::IndexMap;

/// Reads it for either architecture and shows what is wrong with it.
pub fn check(text: &[u8]) {
    for (arch, purpose) in [(Arch::X86_64, Purpose::Run), (Arch::Aarch64, Purpose::Check)] {
        let found = match read_for(arch, text, &IndexMap::new(), purpose) {
            Ok(reading) => {
                assert!(!reading.plan.steps.is_empty() && !reading.plan.targets.is_empty());
                reading.warnings
            }
            Err(found) => {
                assert!(!found.is_empty(), "refused without a reason");
                found
            }
        };
        for (span, _) in found.iter().flat_map(|problem| &problem.places) {
            assert!(span.start <= span.end && span.start <= text.len(), "{span:?} of {}", text.len());
        }
        let source = Source::new("plan.yaml", text);
        assert_eq!(github(&found, &source).lines().count(), found.len());
        assert!(found.is_empty() || !problems(&found, Some(&source)).is_empty());
        // A log explains every code there is, which takes longer than all the rest.
        if text.len().is_multiple_of(256) {
            assert!(!sarif(&[(source, found)]).is_empty());
        }
    }
}
