//! How long may be looked at a target that stands still, where there may be much to look at.

use super::tracee::Waiter;
use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

/// Asked between the parts of what may take long.
pub trait Allowance {
    /// An error if the rest is to be left: the time is over, or a signal told us to give up.
    fn check(&self) -> io::Result<()>;

    /// Why, once it is.
    fn over(&self) -> Option<Over>;
}

/// Why something is left unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It took so long.
    Time(Duration),
    /// This signal came.
    Signal(i32),
}

/// There is time: nothing is held.
#[derive(Debug)]
pub struct Unlimited;

impl Allowance for Unlimited {
    fn check(&self) -> io::Result<()> {
        Ok(())
    }

    fn over(&self) -> Option<Over> {
        None
    }
}

/// Until a time has passed, or a signal comes.
#[derive(Debug)]
pub struct Until<'w> {
    waiter: RefCell<&'w mut Waiter>,
    begun: Instant,
    time: Duration,
    asked: Cell<u32>,
    over: Cell<Option<Over>>,
}

/// Clock and signals are looked at for one part in so many: where there are few it costs nothing.
const PARTS: u32 = 32;

impl<'w> Until<'w> {
    /// So much time since it began.
    pub fn new(waiter: &'w mut Waiter, begun: Instant, time: Duration) -> Self {
        Self { waiter: RefCell::new(waiter), begun, time, asked: Cell::new(0), over: Cell::new(None) }
    }
}

impl Allowance for Until<'_> {
    fn check(&self) -> io::Result<()> {
        let asked = self.asked.get().wrapping_add(1);
        self.asked.set(asked);
        if self.over.get().is_none() && asked.is_multiple_of(PARTS) {
            let signal = self.waiter.borrow_mut().interrupted().map(Over::Signal);
            let late = self.begun.elapsed() > self.time;
            self.over.set(signal.or(late.then_some(Over::Time(self.time))));
        }
        match self.over.get() {
            None => Ok(()),
            Some(_) => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    fn over(&self) -> Option<Over> {
        self.over.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_signal_or_the_clock_ends_it() -> Result<(), Box<dyn Error>> {
        let mut waiter = Waiter::new()?;
        let asked = |allowance: &Until<'_>| (0..PARTS).all(|_| allowance.check().is_ok());
        let late = Until::new(&mut waiter, Instant::now(), Duration::ZERO);
        assert!(!asked(&late));
        assert_eq!(late.over(), Some(Over::Time(Duration::ZERO)));
        let long = Duration::from_secs(600);
        let allowance = Until::new(&mut waiter, Instant::now(), long);
        assert!(asked(&allowance) && asked(&allowance) && allowance.over().is_none());
        // The waiter has blocked it in this thread.
        nix::sys::signal::raise(nix::sys::signal::SIGTERM)?;
        let raised = Instant::now();
        while asked(&allowance) {
            assert!(raised.elapsed() < Duration::from_secs(10), "the signal is not heeded");
        }
        assert_eq!(allowance.over(), Some(Over::Signal(libc::SIGTERM)));
        Ok(())
    }
}
