//! Problems as SARIF 2.1.0, the format that code scanning reads.

use super::Source;
use crate::problem::{CODES, Problem, Severity, Span};
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One log with one run: the problems of all files.
pub fn sarif(files: &[(Source, Vec<Problem>)]) -> String {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|(source, problems)| problems.iter().map(move |problem| result(problem, source)))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "criu-plan",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": CODES.iter().map(|(code, explanation)| rule(code, explanation)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: &str, explanation: &str) -> Value {
    json!({ "id": code, "shortDescription": { "text": explanation } })
}

fn result(problem: &Problem, source: &Source) -> Value {
    let level = match problem.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let help = problem.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    let mut places = problem.places.iter();
    let first = places.next().map(|(span, _)| *span);
    let related: Vec<Value> = places
        .map(|(span, label)| {
            let mut place = location(source, Some(*span));
            place["message"] = json!({ "text": label });
            place
        })
        .collect();
    let mut result = json!({
        "ruleId": problem.code,
        "level": level,
        "message": { "text": format!("{}{help}", problem.message) },
        "locations": [location(source, first)],
    });
    if let Some(index) = CODES.iter().position(|(code, _)| *code == problem.code) {
        result["ruleIndex"] = index.into();
    }
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

fn location(source: &Source, span: Option<Span>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&source.name) } });
    if let Some(span) = span {
        let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
        physical["region"] = json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        });
    }
    json!({ "physicalLocation": physical })
}

/// A path as a URI reference: relative as it is, absolute with its scheme.
fn uri(path: &str) -> String {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String = path
        .bytes()
        .map(|byte| if allowed(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("plans/a b.yaml"), "plans/a%20b.yaml");
        assert_eq!(uri("/srv/ü:1.yaml"), "file:///srv/%C3%BC%3A1.yaml");
    }
}
