//! A dry run for people and as JSON: the outcome, and about each target and step what else there is to know.

use super::human::{sentence, write_head, write_step};
use super::{Source, json, plain};
use crate::executor::{Answer, DryRun, Eintr, Forecast, Hand, Options, Seccomp, SeccompPolicy, StepForecast, Undoing};
use crate::program::Line;
use serde_json::{Map, Value, json};
use std::fmt::{self, Write};

/// The dry run as text; `program` adds every op. Problems are told elsewhere.
pub fn dry_run(run: &DryRun, program: bool) -> String {
    let mut text = String::new();
    for (target, forecast) in run.outcome.targets.iter().zip(&run.forecasts) {
        // Writing to a String does not fail.
        let _written = write_head(&mut text, target).and_then(|()| write_target(&mut text, forecast));
        for (step, forecast) in target.steps.iter().zip(&forecast.steps) {
            let _written = write_step(&mut text, step).and_then(|()| write_step_forecast(&mut text, forecast, program));
        }
    }
    if !run.forecasts.is_empty() {
        let Options { freeze_timeout, hold, .. } = &run.options;
        let _written = writeln!(
            text,
            "all threads must stand still within {freeze_timeout:?} (--freeze-timeout), and nothing is held for longer than {hold:?} (--hold)"
        );
    }
    let name = run.outcome.plan.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let _written = writeln!(text, "{name}{}", sentence(&run.outcome));
    plain(&text)
}

fn write_target(text: &mut String, forecast: &Forecast) -> fmt::Result {
    let threads = if forecast.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", forecast.threads) };
    let Seccomp { mode, filters, says } = &forecast.seccomp;
    let seccomp = match (*mode, filters) {
        ("none", _) => "no seccomp filters".to_owned(),
        ("filter", Some(1)) => format!("1 seccomp filter: {says}"),
        ("filter", Some(count)) => format!("{count} seccomp filters: {says}"),
        ("filter", None) => format!("seccomp filters: {says}"),
        _ => format!("seccomp's {mode} mode: {says}"),
    };
    writeln!(text, "  {threads}; it may be traced, for {}", forecast.permission)?;
    writeln!(text, "  {seccomp}")?;
    for answer in &forecast.facts {
        writeln!(text, "  {}", answered(answer))?;
    }
    if let Some(why) = forecast.left_alone {
        writeln!(text, "  left alone: {why}")?;
    }
    match &forecast.hand {
        Some(hand) => writeln!(text, "  probably by {}", described(hand)),
        None => Ok(()),
    }
}

/// `thread 4711 (app), asleep in epoll_wait: its call is made anew`.
fn described(hand: &Hand) -> String {
    format!("thread {} ({}), {}: {}", hand.tid, hand.name, hand.doing, hand.then)
}

fn answered(Answer { of, fact, holds, is }: &Answer) -> String {
    let holds = match holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "can't be read",
    };
    let is = is.as_deref().map(|is| format!("; it is {is}")).unwrap_or_default();
    format!("{of} {fact}: {holds}{is}")
}

fn write_step_forecast(text: &mut String, forecast: &StepForecast, program: bool) -> fmt::Result {
    for answer in &forecast.facts {
        writeln!(text, "    {}", answered(answer))?;
    }
    for (of, comparison) in &forecast.compared {
        writeln!(text, "    {of} {comparison}: decided when it is reached")?;
    }
    if let Some(hand) = &forecast.hand {
        writeln!(text, "    by {}", described(hand))?;
    }
    if let Some(waits) = &forecast.waits {
        writeln!(text, "    may wait {waits}")?;
    }
    match &forecast.undo {
        None => {}
        Some(Undoing::Nothing) => writeln!(text, "    undo: nothing to do")?,
        Some(Undoing::TakesBack(how)) => writeln!(text, "    undo: {how}")?,
        Some(Undoing::Stays(why)) => writeln!(text, "    undo: none, it STAYS: {why}")?,
    }
    if program {
        return forecast.ops.iter().try_for_each(|line| writeln!(text, "      {line}"));
    }
    for (what, lines) in [("kept for undo", &forecast.kept), ("once all is done", &forecast.held_back)] {
        if !lines.is_empty() {
            writeln!(text, "    {what}: {}", lines.join("; "))?;
        }
    }
    Ok(())
}

/// The dry run as one JSON object: that of the outcome, with `forecast` in each target and step; `program` adds every op.
pub fn dry_run_json(run: &DryRun, source: Option<&Source>, program: bool) -> String {
    let mut object = json::object(&run.outcome, source);
    if !run.forecasts.is_empty() {
        object["limits"] = limits(&run.options);
    }
    let targets = object.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten();
    for (target, forecast) in targets.zip(&run.forecasts) {
        target["forecast"] = of_target(forecast);
        let steps = target.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten();
        for (step, forecast) in steps.zip(&forecast.steps) {
            step["forecast"] = of_step(forecast, program);
        }
    }
    format!("{object:#}\n")
}

fn limits(options: &Options) -> Value {
    let eintr = match options.eintr {
        Eintr::Reissue => "reissue",
        Eintr::Leave => "leave",
    };
    let seccomp = match options.seccomp {
        SeccompPolicy::Check => "check",
        SeccompPolicy::AssumeAllowed => "assume-allowed",
        SeccompPolicy::Suspend => "suspend",
    };
    let milliseconds = |time: std::time::Duration| time.as_millis() as u64;
    json!({ "freeze_timeout_ms": milliseconds(options.freeze_timeout), "hold_ms": milliseconds(options.hold),
            "eintr": eintr, "seccomp": seccomp })
}

fn of_target(forecast: &Forecast) -> Value {
    let Seccomp { mode, filters, says } = &forecast.seccomp;
    json!({
        "threads": forecast.threads,
        "thread": forecast.hand.as_ref().map(of_hand),
        "permission": forecast.permission,
        "seccomp": { "mode": mode, "filters": filters, "says": says },
        "facts": forecast.facts.iter().map(of_answer).collect::<Vec<_>>(),
        "left_alone": forecast.left_alone,
    })
}

fn of_hand(hand: &Hand) -> Value {
    json!({ "tid": hand.tid, "name": hand.name, "state": hand.state, "doing": hand.doing, "then": hand.then })
}

fn of_answer(answer: &Answer) -> Value {
    json!({ "of": answer.of, "fact": answer.fact, "holds": answer.holds, "is": answer.is })
}

fn of_step(forecast: &StepForecast, program: bool) -> Value {
    let (undo, how) = match &forecast.undo {
        None => (None, None),
        Some(Undoing::Nothing) => (Some("nothing"), None),
        Some(Undoing::TakesBack(how)) => (Some("takes_back"), Some(how.as_str())),
        Some(Undoing::Stays(why)) => (Some("stays"), Some(*why)),
    };
    let compared: Map<String, Value> =
        forecast.compared.iter().map(|(of, text)| ((*of).to_owned(), text.as_str().into())).collect();
    let mut object = json!({
        "thread": forecast.hand.as_ref().map(of_hand),
        "facts": forecast.facts.iter().map(of_answer).collect::<Vec<_>>(),
        "compared": compared,
        "waits": forecast.waits,
        "undo": undo,
        "undo_how": how,
        "kept": forecast.kept,
        "held_back": forecast.held_back,
    });
    if program {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let op = |line: &Line| json!({ "section": line.section, "op": line.text, "if": given(&line.guards), "for": given(line.remark) });
        object["program"] = forecast.ops.iter().map(op).collect();
    }
    object
}
