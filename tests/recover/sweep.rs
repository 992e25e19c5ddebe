//! Blow after blow, and a recovery after each.

use super::blow::{Blow, Calls, Fallen, Party};
use super::case::{Case, Stage, path};
use super::state::State;
use crate::support::{assert_code, criu_plan};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Names a file for the table and, if set, leaves out no call.
const COMPLETE: &str = "CRIU_PLAN_SWEEP_TABLE";
/// So much damage is enough to know.
const ENOUGH: usize = 5;

/// Who is killed when.
struct Series {
    name: &'static str,
    blow: Blow,
    /// The command that is struck is the recovery of a run that was struck in its middle.
    recovery: bool,
    /// How many calls are tried where the sweep is not complete.
    sample: u32,
}

const fn series(name: &'static str, counted: Party, calls: Calls, victims: &'static [Party], sample: u32) -> Series {
    Series { name, blow: Blow { counted, calls, victims }, recovery: false, sample }
}

const BOTH: &[Party] = &[Party::FrontEnd, Party::Child];
const CHILD: &[Party] = &[Party::Child];
const FRONT_END: &[Party] = &[Party::FrontEnd];

const ALL: [Series; 6] = [
    series("the child, at its ptrace call", Party::Child, Calls::Ptrace, CHILD, 14),
    series("both, at the child's ptrace call", Party::Child, Calls::Ptrace, BOTH, 6),
    series("the child, at its call", Party::Child, Calls::Any, CHILD, 12),
    series("the front end, at the child's call", Party::Child, Calls::Any, FRONT_END, 4),
    series("both, at the front end's call", Party::FrontEnd, Calls::Any, BOTH, 4),
    Series { recovery: true, ..series("both, at a call of the child of recover", Party::Child, Calls::Any, BOTH, 10) },
];

/// Every series on fresh targets each time.
pub fn sweep(case: Case) {
    let done = case.done();
    let mut wrong = String::new();
    for series in &ALL {
        let whole = series.count(case);
        let calls: Vec<u32> = match std::env::var_os(COMPLETE) {
            Some(_) => (1..=whole).collect(),
            None => sample(case.name, series.sample, whole),
        };
        let (mut blows, mut damaged) = (0, 0);
        for k in calls {
            blows += 1;
            let work = || series.blow_at(case, k, whole, &done);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
                damaged += 1;
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
                let _infallible = writeln!(wrong, "{}: {}, {k} of {whole}: {text}", case.name, series.name);
            }
            if damaged >= ENOUGH {
                break;
            }
        }
        write_row(&format!("recover: {}\t{}\t{blows}\t0\t{damaged}\n", case.name, series.name));
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A plan that is taken back, and sets a umask whose undo goes by what the call returned: killed in it, before that is known, the
/// umask stays what it is by then, and recovery says so.
pub fn blind(case: Case) {
    let blow = Blow { counted: Party::Child, calls: Calls::Ptrace, victims: BOTH };
    let stage = Stage::new(case);
    let whole = blow.strike(&mut stage.apply(), u32::MAX, path(&stage)).counted;
    let mut doubts = 0;
    for k in 1..=whole {
        let mut stage = Stage::new(case);
        blow.strike(&mut stage.apply(), k, path(&stage));
        // A recovery that is cut off itself leaves no other story to the next one.
        if let Some((run, _)) = stage.run().filter(|_| k % 2 == 0) {
            blow.strike(&mut stage.recover(&run), 4 + k % 16, path(&stage));
        }
        doubts += u32::from(!stage.recover_or_doubt("0022", "0027"));
    }
    assert!((1..whole / 4).contains(&doubts), "{doubts} of {whole}");
}

/// A plan is applied to a process in which another one was cut off: that is said, and done all the same.
pub fn warned(case: Case) {
    let stage = Stage::new(case);
    let other = stage.directory.path().join("other.yaml");
    fs::write(&other, format!("version: 1\ntargets: [{}]\nsteps: [{{ getpid: [] }}]", stage.targets[0].pid())).unwrap();
    let codes = |arguments: &[&str]| {
        let output = stage.criu_plan(&["apply", other.to_str().unwrap()]).args(arguments).output().unwrap();
        assert_code(&output, 0);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = said["problems"].as_array().unwrap().iter();
        problems.map(|problem| format!("{} {}", problem["code"], problem["message"])).collect::<Vec<_>>()
    };
    assert!(codes(&["--dry-run"]).is_empty());
    let run = Series::cut_off(&stage, Series::middle(case));
    let told = format!(
        "\"run::cut-off\" \"run {run} was cut off in process {} (plain) and is still to be recovered\"",
        stage.targets[0].pid()
    );
    assert_eq!((codes(&[]), codes(&["--dry-run"])), (vec![told.clone()], vec![told]));
    let pid = stage.targets[0].pid().to_string();
    let exec = criu_plan().args(["exec", "-t", &pid, "getpid"]).output().unwrap();
    assert_code(&exec, 0);
    assert!(String::from_utf8_lossy(&exec.stderr).contains("run::cut-off"), "{exec:?}");
    stage.recover_well(&run);
    assert_eq!((codes(&[]), codes(&["--dry-run"])), (vec![], vec![]));
}

impl Series {
    /// Kills a run in its middle; its id.
    fn cut_off(stage: &Stage, whole: u32) -> String {
        let blow = Blow { counted: Party::Child, calls: Calls::Ptrace, victims: BOTH };
        let fallen = blow.strike(&mut stage.apply(), whole, path(stage));
        assert!(fallen.struck);
        stage.run().unwrap().0
    }

    /// How many calls a whole run counts.
    fn count(&self, case: Case) -> u32 {
        let stage = Stage::new(case);
        if self.recovery {
            let run = Self::cut_off(&stage, Self::middle(case));
            return self.blow.strike(&mut stage.recover(&run), u32::MAX, path(&stage)).counted;
        }
        self.blow.strike(&mut stage.apply(), u32::MAX, path(&stage)).counted
    }

    /// A ptrace call in the middle of a run.
    fn middle(case: Case) -> u32 {
        let stage = Stage::new(case);
        let blow = Blow { counted: Party::Child, calls: Calls::Ptrace, victims: BOTH };
        blow.strike(&mut stage.apply(), u32::MAX, path(&stage)).counted * 6 / 10
    }

    fn blow_at(&self, case: Case, k: u32, _whole: u32, done: &[State]) {
        let mut stage = Stage::new(case);
        let fallen: Fallen = if self.recovery {
            let run = Self::cut_off(&stage, Self::middle(case));
            self.blow.strike(&mut stage.recover(&run), k, path(&stage))
        } else {
            self.blow.strike(&mut stage.apply(), k, path(&stage))
        };
        stage.recover_all();
        stage.examine(done);
        stage.goes_on();
        // A second time there is nothing to do.
        stage.recover_all();
        stage.examine(done);
        assert!(fallen.struck || fallen.code.is_some());
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

fn write_row(row: &str) {
    let Some(table) = std::env::var_os(COMPLETE) else { return };
    let mut table = OpenOptions::new().create(true).append(true).open(table).unwrap();
    table.write_all(row.as_bytes()).unwrap();
}
