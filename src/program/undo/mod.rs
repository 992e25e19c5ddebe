//! How calls are undone that do more than give, replace or close a descriptor; a file for each family of them.
//!
//! An undo is right whether its call was not made, failed or succeeded, and also where it is run later by another
//! criu-plan that has the cells from the journal: what the step left may be unknown then, and the result a guess.

mod address;
mod advice;
mod aside;
mod attributes;
pub mod files;
mod flags;
mod getter;
mod identity;
mod landlock;
mod limits;
mod locking;
mod locks;
mod mappings;
mod moving;
mod namespaces;
mod option;
mod pieces;
mod policy;
mod protection;
mod range;
mod reading;
mod scheduling;
mod setting;
mod signals;
mod timer;
mod timers;
mod umask;
mod unmapping;
mod value;
mod watching;

pub use value::{Reading, Value};

use range::Care;

use super::BufferId;
use super::builder::Own;
use super::lower::Lowering;
use super::natures::Sections;
use crate::plan::Step;

impl Lowering<'_> {
    /// The sections of a call that is undone by putting back what was, from the family that knows how.
    pub fn restores(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        self.umask(step, own)
            .or_else(|| self.memory_restores(step, own))
            .or_else(|| self.of_process(step, own, buffers))
            .or_else(|| self.of_descriptor(step, own, buffers))
            .or_else(|| self.files(step, own))
    }

    /// Those of the calls that are about memory.
    fn memory_restores(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        None.or_else(|| self.mapping(step, own))
            .or_else(|| self.attaching(step, own))
            .or_else(|| self.moving(step, own))
            .or_else(|| self.heap(step, own))
            .or_else(|| self.protection(step, own))
            .or_else(|| self.advice(step, own))
            .or_else(|| self.locking(step, own))
            .or_else(|| self.unmapping(step, own))
            .or_else(|| self.memory_policy(step, own))
    }

    /// What a process and its threads are to themselves.
    fn of_process(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        self.attributes(step, own)
            .or_else(|| self.limits(step, own, buffers))
            .or_else(|| self.scheduling(step, own, buffers))
            .or_else(|| self.signals(step, own, buffers))
            .or_else(|| self.timers(step, own, buffers))
            .or_else(|| self.identity(step, own, buffers))
            .or_else(|| self.namespaces(step, own))
            .or_else(|| self.landlock(step, own))
    }

    /// Calls on descriptors and sockets.
    fn of_descriptor(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        let (name, fd) = (step.syscall.name, *own.args.first()?);
        // What these do is gone with the open file, and that with its descriptor.
        let of_open_file = matches!(
            name,
            "lseek"
                | "flock"
                | "signalfd"
                | "signalfd4"
                | "timerfd_settime"
                | "epoll_ctl"
                | "inotify_add_watch"
                | "setsockopt"
                | "listen"
        );
        if of_open_file && step.syscall.params.first().is_some_and(|param| self.is_new(step, param.name)) {
            return Some(Sections::plain(own));
        }
        let arg = |index: usize| own.args.get(index).copied();
        match name {
            "lseek" => Some(self.lseek(own, fd)),
            "flock" => Some(self.flock(own, fd)),
            "signalfd" | "signalfd4" => Some(self.signalfd(step, own, fd)),
            "mq_getsetattr" => Some(Sections::sets_flags(&mut self.builder, own, fd, libc::F_SETFL)),
            "timerfd_settime" => Some(self.timerfd_settime(own, fd)),
            "epoll_ctl" => Some(self.epoll_ctl(own, fd, arg(2)?)),
            "inotify_add_watch" => Some(self.inotify_add_watch(own, fd, arg(1)?, arg(2)?)),
            "setsockopt" => self.setsockopt(step, own),
            "bind" => Some(self.bind(step, own)),
            "listen" => Some(self.listen(own, fd)),
            "fcntl" => self.fcntl_setting(step, own, buffers),
            "ioctl" => self.ioctl_setting(own),
            "close_range" => self.close_range(step, own, Care::Kept),
            _ => None,
        }
    }
}
