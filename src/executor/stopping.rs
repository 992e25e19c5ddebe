//! Stopping every thread of every target, and the last that is done before.

use super::choice::Standing;
use super::prepared::Prepared;
use super::refusal::{gone, not_stopped, refusal};
use super::{Eintr, Options};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::remote::seccomp::Filters;
use crate::remote::{SettleRule, settle};
use crate::target::{FreezeError, Frozen, Subject, Tracee, Waiter, freeze, to_read_more};
use nix::errno::Errno;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Instant;

/// The last that can be done before the stop.
pub fn make_ready(plan: Option<&Plan>, targets: &mut [Prepared]) -> Result<Vec<Subject>, Problem> {
    let ready = |target: &mut Prepared| {
        target.sharers.refresh(&target.process)?;
        target.rehearse(plan);
        Subject::new(target.process.pid, target.process.dir.as_raw_fd()).map_err(|errno| match errno {
            Errno::ENOENT | Errno::ESRCH => gone(target),
            _ => refusal(target, "target::unreadable", &format!("its threads can't be listed: {}", errno.desc()))
                .help(to_read_more(&errno.into())),
        })
    };
    let subjects = targets.iter_mut().map(ready).collect::<Result<_, _>>()?;
    spare_descriptors()?;
    Ok(subjects)
}

/// Makes sure that we have what descriptors the stop and the journal take beside those of each target: a want of them in the
/// stop would look like a target that does not stop.
pub fn spare_descriptors() -> Result<(), Problem> {
    const SPARE: usize = 16;
    // What is read anyway, for there may be no /dev.
    let taken =
        File::open("/proc/loadavg").and_then(|one| (1..SPARE).map(|_| one.try_clone()).collect::<io::Result<Vec<_>>>());
    taken.map(drop).map_err(|error| {
        Problem::error("target::unreadable", format!("the targets can't be stopped: {error}"))
            .help(to_read_more(&error))
    })
}

/// Targets that stand still.
pub struct Stopped {
    /// By target: its threads.
    pub frozen: Vec<Frozen>,
    /// By target: how each of its threads stands.
    pub standings: Vec<Vec<Standing>>,
    /// When the first thread was asked to stop.
    pub begun: Instant,
}

/// Stops every thread of every target, each settled as soon as it stands.
pub fn stop_all(
    targets: &[Prepared],
    subjects: &mut [Subject],
    options: &Options,
    waiter: &mut Waiter,
) -> Result<Stopped, Problem> {
    if let ([target], Some(nearness)) = (targets, waiter.nearness())
        && let Some(processor) = target.quiet_processor()
    {
        nearness.aim(processor);
    }
    let mut standings: Vec<Vec<Standing>> = targets.iter().map(|_| Vec::new()).collect();
    let deadline = Instant::now() + options.freeze_timeout;
    let frozen = freeze(subjects, waiter, deadline, &mut |index, tracee, stop| {
        let target = &targets[index];
        let rule = SettleRule {
            reissue: options.eintr == Eintr::Reissue,
            restart_barred: &|tracee| bars_restart(target, tracee),
        };
        let registers = settle(tracee, stop, rule)?;
        standings[index].push(Standing { tracee, stop, registers });
        Ok(())
    });
    match frozen {
        Ok((frozen, begun)) => {
            for (standings, frozen) in standings.iter_mut().zip(&frozen) {
                standings.retain(|standing| frozen.thread(standing.tracee.tid).is_some());
            }
            Ok(Stopped { frozen, standings, begun })
        }
        Err(FreezeError { subject, tid, fault }) => Err(not_stopped(&targets[subject], tid, fault, options)),
    }
}

/// Whether filters of this very thread forbid `restart_syscall`; taken for granted where they can't be read. (Under the
/// strict mode no thread is in a timed wait.)
fn bars_restart(target: &Prepared, tracee: Tracee) -> bool {
    let number = libc::SYS_restart_syscall as u32;
    match Filters::read(tracee.tid, 0) {
        Ok(filters) => !filters.foresee(number, 0, &[None; 6]).is_allow(),
        Err(_) => target.process.seccomp_of(tracee.tid) != Some(0),
    }
}
