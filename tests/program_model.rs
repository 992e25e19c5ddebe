//! Lowered plans on a model of a process: whatever fails at whatever op, rollback leaves the process as it was; and where
//! nothing fails it is as if the calls had been made one by one.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "program_model/kernel.rs"]
mod kernel;
#[path = "program_model/machine.rs"]
mod machine;
#[path = "program_model/plans.rs"]
mod plans;

use criu_plan::program::{Facts, listing};
use kernel::Kernel;
use machine::{Break, End, Way, transact};
use plans::{Call, Fd, FdCall, lowered};
use proptest::prelude::*;

/// Runs every variant of failure until one finds no op left to fail at.
fn check_all_failures(calls: &[Call]) {
    check_failures_of(calls, false);
}

fn check_failures_of(calls: &[Call], own_undo: bool) {
    let before = Kernel::new();
    let program = lowered(calls, own_undo, &before).unwrap_or_else(|problems| panic!("{problems:?}"));
    for way in [Way::Before, Way::After, Way::Error] {
        for at in 0.. {
            let mut kernel = before.clone();
            let mut failure = Some(Break { at, way });
            let end = transact(&mut kernel, &program, &mut failure);
            if failure.is_some() {
                break;
            }
            assert!(matches!(end, End::RolledBack(_)), "{way:?} at op {at} of {}", listing(&program));
            assert_eq!(kernel.state(), before.state(), "{way:?} at op {at} of {}", listing(&program));
        }
    }
}

fn check_without_failure(calls: &[Call]) {
    let before = Kernel::new();
    let program = lowered(calls, false, &before).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (mut kernel, mut native) = (before.clone(), before.clone());
    let end = transact(&mut kernel, &program, &mut None);
    let natively = plans::run_natively(calls, &mut native);
    let text = listing(&program);
    match end {
        End::Applied => {
            assert!(natively, "the calls fail by themselves: {text}");
            assert_eq!(kernel.state(), native.state(), "{text}");
        }
        End::RolledBack(why) => {
            // What the product refuses by design: to drop locks, and a computed number at which it keeps a duplicate.
            let by_design = native.locks_at_stake || why.contains("keeps a duplicate");
            assert!(!natively || by_design, "the calls succeed by themselves: {text}");
            assert_eq!(kernel.state(), before.state(), "{text}");
        }
        End::InDoubt => panic!("in doubt: {text}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn rollback_restores(calls in plans::strategy()) {
        check_all_failures(&calls);
    }

    #[test]
    fn success_is_as_if_called_one_by_one(calls in plans::strategy()) {
        check_without_failure(&calls);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn undo_by_the_plan_restores(calls in plans::strategy()) {
        check_failures_of(&calls, true);
    }
}

fn always(call: FdCall) -> Call {
    Call { call, unless: None }
}

#[test]
fn redirect_of_a_closed_stdout() {
    let redirect = [
        always(FdCall::Close(Fd::Literal(1))),
        always(FdCall::Open("/new", libc::O_CREAT | libc::O_WRONLY)),
        always(FdCall::Dup2(Fd::Of(1), Fd::Literal(1))),
        Call { call: FdCall::Close(Fd::Of(1)), unless: Some((1, 1)) },
    ];
    check_all_failures(&redirect);
    check_without_failure(&redirect);
}

#[test]
fn a_close_does_not_wait_where_a_later_step_would_see_it() {
    // The socket is 5; once it is closed the others fail.
    for call in [FdCall::Fcntl(Fd::Literal(5), libc::F_SETFD, 1), FdCall::Fcntl(Fd::Of(0), libc::F_SETFD, 1)] {
        let calls = [always(FdCall::Socket), always(FdCall::Close(Fd::Of(0))), always(call)];
        check_without_failure(&calls);
        check_all_failures(&calls);
    }
}

#[test]
fn a_computed_number_is_no_place_for_a_duplicate() {
    // Descriptor 63 is closed, and where the duplicate of the third call's `newfd` would lie.
    let [copy, high] = [FdCall::Dup(Fd::Literal(0)), FdCall::Dup2(Fd::Literal(0), Fd::Literal(62))];
    let calls = [always(copy), always(high), always(FdCall::Dup2(Fd::After(1), Fd::Of(0)))];
    check_without_failure(&calls);
    check_all_failures(&calls);
}

#[test]
fn locks_are_never_dropped() {
    let locked = [always(FdCall::Dup2(Fd::Literal(0), Fd::Literal(kernel::LOCKED)))];
    let (before, mut kernel) = (Kernel::new(), Kernel::new());
    let program = lowered(&locked, false, &before).unwrap();
    assert_eq!(transact(&mut kernel, &program, &mut None), End::RolledBack(""));
    assert_eq!(kernel.state(), before.state());
}

#[test]
fn a_file_that_was_written_to_stays_and_is_reported() {
    let calls = [always(FdCall::Open("/new", libc::O_CREAT | libc::O_WRONLY)), always(FdCall::Dup(Fd::Literal(99)))];
    let mut kernel = Kernel::new();
    let program = lowered(&calls, false, &kernel).unwrap();
    kernel.size_of_new_files = 5;
    let before = kernel.clone();
    assert_eq!(transact(&mut kernel, &program, &mut None), End::InDoubt);
    assert_eq!(kernel.descriptors(), before.descriptors(), "it is closed all the same");
    assert!(kernel.size(b"/new").is_some_and(|size| size == 5));
}

#[test]
fn a_file_that_came_to_be_there_is_opened_and_stays() {
    let calls = [always(FdCall::Open("/new", libc::O_CREAT | libc::O_WRONLY)), always(FdCall::Dup(Fd::Literal(99)))];
    let mut kernel = Kernel::new();
    let program = lowered(&calls, false, &kernel).unwrap();
    kernel.make(b"/new");
    let before = kernel.clone();
    assert_eq!(transact(&mut kernel, &program, &mut None), End::RolledBack(""));
    assert_eq!(kernel.state(), before.state());
}
