//! Blow after blow, each at the next call, until a run ends by itself.

use super::blow::{Blow, Calls, Fallen, Party, by_strace};
use super::patient::{Kind, Patient};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::process::Command;

/// Names a file for the table and, if set, leaves out no call.
const COMPLETE: &str = "CRIU_PLAN_SWEEP_TABLE";
/// A target that criu-plan dies over keeps the landing frame at the bottom of its stack, for nobody is left to clear it; the
/// next goes beside it. A stack of 132 KiB takes eleven, and then criu-plan refuses: so another target is taken before.
const DEATHS_OF_OURS: u32 = 8;
/// So much damage is enough to know.
const ENOUGH: usize = 5;

/// Who is killed when.
#[derive(Clone, Copy)]
pub struct Series {
    name: &'static str,
    blow: Blow,
    /// strace strikes, as in the documentation of the sweep, and not our own tracer.
    strace: bool,
    /// How many calls are tried where the sweep is not complete; 0 for all.
    sample: u32,
}

const fn series(name: &'static str, counted: Party, calls: Calls, victims: &'static [Party], sample: u32) -> Series {
    Series { name, blow: Blow { counted, calls, victims }, strace: false, sample }
}

const BOTH: &[Party] = &[Party::FrontEnd, Party::Child];

/// All series.
pub const ALL: [Series; 7] = [
    Series { strace: true, ..series("the child, at its ptrace call", Party::Child, Calls::Ptrace, &[Party::Child], 0) },
    series("the front end, at the child's ptrace call", Party::Child, Calls::Ptrace, &[Party::FrontEnd], 0),
    series("both, at the child's ptrace call", Party::Child, Calls::Ptrace, BOTH, 0),
    series("the child, at its call", Party::Child, Calls::Any, &[Party::Child], 12),
    series("the front end, at the child's call", Party::Child, Calls::Any, &[Party::FrontEnd], 8),
    series("both, at the child's call", Party::Child, Calls::Any, BOTH, 6),
    series("the front end, at its call", Party::FrontEnd, Calls::Any, &[Party::FrontEnd], 6),
];

/// What came of a series.
#[derive(Default)]
struct Tally {
    blows: u32,
    deaths: usize,
    damaged: usize,
    /// What was wrong, by call.
    wrong: String,
}

/// Every series on a kind of target, each on a target of its own; all at the same time, if they sleep most of it.
pub fn sweep(kind: Kind) {
    let tallies: Vec<Tally> = if kind.busy {
        ALL.iter().map(|series| series.run(kind)).collect()
    } else {
        std::thread::scope(|scope| {
            let running: Vec<_> = ALL.iter().map(|series| scope.spawn(move || series.run(kind))).collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    };
    let mut wrong = String::new();
    for (series, tally) in ALL.iter().zip(&tallies) {
        series.note(kind, tally);
        wrong.push_str(&tally.wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

impl Series {
    fn run(&self, kind: Kind) -> Tally {
        let mut patient = Patient::new(kind);
        let chosen = (self.sample > 0 && std::env::var_os(COMPLETE).is_none())
            .then(|| sample(kind.name, self.sample, patient.count(self.blow)));
        let calls: Box<dyn Iterator<Item = u32>> = match chosen {
            Some(chosen) => Box::new(chosen.into_iter()),
            None => Box::new(1..),
        };
        let mut tally = Tally::default();
        for k in calls {
            match self.blow_at(k, &mut patient) {
                Ok(true) => {
                    tally.blows += 1;
                    if tally.blows.is_multiple_of(DEATHS_OF_OURS) && self.blow.victims.contains(&Party::Child) {
                        patient = Patient::new(kind);
                    }
                }
                Ok(false) => break,
                Err(wrong) => {
                    tally.blows += 1;
                    let dead = !patient.target.is_alive();
                    *if dead { &mut tally.deaths } else { &mut tally.damaged } += 1;
                    let _infallible = writeln!(tally.wrong, "{}: {} {k}: {wrong}", kind.name, self.name);
                    patient = Patient::new(kind);
                }
            }
            if tally.deaths + tally.damaged >= ENOUGH {
                break;
            }
        }
        if tally.blows == 0 {
            tally.wrong = format!("{}: {}: no blow fell", kind.name, self.name);
        }
        tally
    }

    /// Strikes at the K-th call; whether the run lasted so long, or what is wrong with the target then.
    fn blow_at(&self, k: u32, patient: &mut Patient) -> Result<bool, String> {
        let work = || {
            let log = patient.directory().join(format!("log-{k}"));
            let fallen = self.strike(&mut patient.command(&log), k, patient.directory());
            patient.examine(&log, self.blow.victims, &fallen);
            // Before there is a child nothing has touched the target.
            if fallen.forked {
                patient.is_still_served();
            }
            fallen.struck
        };
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        })
    }

    fn strike(&self, command: &mut Command, k: u32, directory: &Path) -> Fallen {
        if self.strace { by_strace(command, k, directory) } else { self.blow.strike(command, k, directory) }
    }

    /// A line of the table.
    fn note(&self, kind: Kind, tally: &Tally) {
        let Tally { blows, deaths, damaged, .. } = tally;
        write_row(&format!("{}\t{}\t{blows}\t{deaths}\t{damaged}\n", kind.name, self.name));
    }
}

/// So many calls of a run that makes `whole`, one of each part of it; the same ones every time.
fn sample(seed: &str, count: u32, whole: u32) -> Vec<u32> {
    let mut state = seed
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 33) % bound.max(1)) as u32
    };
    let part = |index: u32| u64::from(index) * u64::from(whole) / u64::from(count);
    (0..count).map(|index| part(index) as u32 + 1 + below(part(index + 1) - part(index))).collect()
}

/// A line of the table for a target that can't be.
pub fn note_absence(kind: &str, why: &str) {
    eprintln!("{kind}: not swept: {why}");
    write_row(&format!("{kind}\tnot swept: {why}\t0\t0\t0\n"));
}

fn write_row(row: &str) {
    let Some(table) = std::env::var_os(COMPLETE) else { return };
    let mut table = OpenOptions::new().create(true).append(true).open(table).unwrap();
    table.write_all(row.as_bytes()).unwrap();
}
