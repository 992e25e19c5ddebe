//! Runs of the journal, as tables and as JSON.

use super::{human, json, plain};
use crate::executor::{Outcome, TargetOutcome, recounted};
use crate::journal::{Called, Found, Run, Section, State};
use crate::problem::{Problem, Severity};
use crate::syscalls::errno;
use serde_json::{Value, json};
use std::fmt::Write;

/// How a run stands, in a word for tools.
fn state(found: &Found) -> &'static str {
    match found.state {
        State::Alive => "running",
        State::Abandoned => "needs_recovery",
        State::Empty => "empty",
        State::Ended => "ended",
    }
}

/// How a run stands or ended, in a few words for people.
fn standing(found: &Found) -> String {
    let end = found.run.as_ref().ok().and_then(|run| run.end.as_ref());
    match (found.state, end, &found.run) {
        (State::Alive, ..) => "running".to_owned(),
        (State::Empty, ..) => "cut off before it began".to_owned(),
        (_, _, Err(_)) => "unreadable".to_owned(),
        (_, Some(end), _) if end.recovered => format!("{}, recovered", end.outcome.replace('_', " ")),
        (_, Some(end), _) => end.outcome.replace('_', " "),
        (_, None, _) => "NEEDS RECOVERY".to_owned(),
    }
}

/// A line for each run.
pub fn runs(runs: &[Found]) -> String {
    let mut rows = vec![["RUN", "STARTED", "PLAN", "PROCESSES", "OUTCOME"].map(str::to_owned)];
    for found in runs {
        let begin = found.run.as_ref().ok().map(|run| &run.begin);
        let targets = begin.map(|begin| {
            let names: Vec<String> =
                begin.targets.iter().take(3).map(|target| format!("{} ({})", target.pid, target.comm)).collect();
            let more = begin.targets.len().saturating_sub(3);
            names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
        });
        rows.push([
            found.id.clone(),
            begin.map(|begin| begin.started.clone()).unwrap_or_default(),
            begin.and_then(|begin| begin.plan.clone()).unwrap_or_else(|| "-".to_owned()),
            targets.unwrap_or_default(),
            standing(found),
        ]);
    }
    let widths: Vec<usize> =
        (0..5).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        // Writing to a String does not fail.
        let _written = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    plain(&text)
}

fn summary(found: &Found) -> Value {
    let run = found.run.as_ref().ok();
    let targets: Vec<Value> = run
        .map(|run| run.begin.targets.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|target| json!({ "pid": target.pid, "name": target.name, "comm": target.comm }))
        .collect();
    let end = run.and_then(|run| run.end.as_ref());
    json!({
        "id": found.id,
        "path": found.path,
        "state": state(found),
        "started": run.map(|run| &run.begin.started),
        "ended": end.map(|end| &end.ended),
        "plan": run.and_then(|run| run.begin.plan.as_ref()),
        "targets": targets,
        "outcome": end.map(|end| &end.outcome),
        "recovered": end.is_some_and(|end| end.recovered),
        "unreadable": found.run.as_ref().err(),
    })
}

/// All runs as one object.
pub fn runs_json(runs: &[Found]) -> String {
    let runs: Vec<Value> = runs.iter().map(summary).collect();
    format!("{:#}\n", json!({ "schema": "criu-plan/runs/1", "runs": runs }))
}

fn section(section: Section) -> &'static str {
    match section {
        Section::Own => "own",
        Section::Forward => "forward",
        Section::Undo => "undo",
        Section::Commit => "commit",
        Section::Release => "release",
    }
}

/// A run with every call that was made, and what went wrong.
pub fn run(found: &Found, run: &Run) -> String {
    let outcome = recounted(run);
    let name = run.begin.plan.as_deref().unwrap_or("one call");
    let mut text = format!("run {} ({name}), begun {}: {}\n", found.id, run.begin.started, standing(found));
    text.push_str(&human::targets(&outcome));
    text.push_str("calls:\n");
    for Called { line, result } in &run.calls {
        let pid = run.begin.targets.get(line.target).map_or(0, |target| target.pid);
        let args: Vec<String> = line.args.iter().map(|arg| format!("{arg:#x}")).collect();
        let result = match result.map(|value| (value, errno::of_result(value))) {
            Some((_, Some(errno))) => format!("-1 {}", errno::describe(errno)),
            Some((value, None)) => value.to_string(),
            None => "?".to_owned(),
        };
        let step = if line.section == Section::Own { String::new() } else { format!("step {} ", line.step + 1) };
        let _written =
            writeln!(text, "  [{pid}] {step}{}: {}({}) = {result}", section(line.section), line.call, args.join(", "));
    }
    if !outcome.problems.is_empty() {
        text.push_str("problems:\n");
    }
    for Problem { code, severity, message, help, .. } in &outcome.problems {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let help = help.as_ref().map(|help| format!("\n    help: {help}")).unwrap_or_default();
        let _written = writeln!(text, "  {severity}, {code}: {message}{help}");
    }
    plain(&text)
}

/// The same as one object.
pub fn run_json(found: &Found, run: &Run) -> String {
    let calls = run.calls.iter().map(|Called { line, result }| {
        json!({
            "number": line.n,
            "target": line.target,
            "step": if line.section == Section::Own { None } else { Some(line.step) },
            "section": section(line.section),
            "syscall": line.call,
            "args": line.args,
            "result": result,
        })
    });
    let mut object = summary(found);
    let calls: Vec<Value> = calls.collect();
    let outcome = recounted(run);
    let targets: Vec<Value> = outcome.targets.iter().map(json::target).collect();
    let problems: Vec<Value> = outcome.problems.iter().map(|problem| json::problem(problem, None)).collect();
    if let Some(object) = object.as_object_mut() {
        object.insert("schema".into(), "criu-plan/run/1".into());
        object.insert("targets".into(), targets.into());
        object.insert("calls".into(), calls.into());
        object.insert("problems".into(), problems.into());
    }
    format!("{object:#}\n")
}

/// What came of recovering a run.
pub fn recovered(id: &str, outcome: &Outcome) -> String {
    use crate::executor::Verdict;
    let end = match outcome.verdict {
        Verdict::Applied | Verdict::Unchanged => "all its steps were done, and it is finished",
        Verdict::RolledBack => "what it had done is taken back",
        Verdict::Refused | Verdict::Planned => "it had done nothing yet",
        Verdict::Partial => "it is taken back but for what can't be; see the steps that are not marked undone",
        Verdict::InDoubt => "IN DOUBT: a person has to look at the processes",
    };
    format!("{}run {id}: {end}\n", human::targets(outcome))
}

/// What came of recovering runs, as one object.
pub fn recovery_json(recovered: &[(String, Result<Outcome, Vec<Problem>>)]) -> String {
    let runs = recovered.iter().map(|(id, result)| {
        let (outcome, targets, problems): (Value, &[TargetOutcome], &[Problem]) = match result {
            Ok(outcome) => (json!(outcome.verdict), &outcome.targets, &outcome.problems),
            Err(problems) => (Value::Null, &[], problems),
        };
        json!({
            "id": id,
            "outcome": outcome,
            "targets": targets.iter().map(json::target).collect::<Vec<_>>(),
            "problems": problems.iter().map(|one| json::problem(one, None)).collect::<Vec<_>>(),
        })
    });
    format!("{:#}\n", json!({ "schema": "criu-plan/recovery/1", "runs": runs.collect::<Vec<Value>>() }))
}
