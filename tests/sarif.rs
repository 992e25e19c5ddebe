//! Logs for code scanning keep to the rules of SARIF 2.1.0 (tests/sarif.schema.json), whatever is wrong with the plans.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("sarif.schema.json")).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// The log of plans below a directory and of one that is not there.
fn log(directory: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_criu-plan"));
    command.args(["validate", "--format", "sarif", ".", "none there.yaml", "/no/such/plan.yaml"]);
    serde_json::from_slice(&command.current_dir(directory).output().unwrap().stdout).unwrap()
}

/// Every rejected plan of the corpus, and names that are none of a URI.
fn plans() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: String, text: &[u8]| fs::write(directory.path().join(name), text).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")).unwrap() {
        let path = entry.unwrap().path();
        let (stem, text) =
            (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
        for (number, plan) in text.split("=== ").skip(1).enumerate() {
            write(format!("{stem}-{number}.yaml"), plan.split_once('\n').unwrap().1.as_bytes());
        }
    }
    let wrong = "version: 1\ntargets: [1]\nsteps:\n- clsoe: [\"ü€😀\"]\n";
    write("a b%20c#d?e\"ü😀.yaml".to_owned(), wrong.as_bytes());
    write("back\\slash.yaml".to_owned(), wrong.replace('\n', "\r\n").as_bytes());
    write("bom.yaml".to_owned(), format!("\u{feff}{wrong}").as_bytes());
    write("empty.yaml".to_owned(), b"");
    write("no-utf8.yaml".to_owned(), b"version: 1\nname: caf\xe9\n");
    write("unclosed.yaml".to_owned(), b"version: [\n\n\n");
    directory
}

#[test]
fn every_log_keeps_to_the_rules() {
    let directory = plans();
    let log = log(directory.path());
    let wrong: Vec<String> =
        validator().iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let run = &log["runs"][0];
    let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
    assert!(results.len() > 200, "{} results", results.len());
    assert!(results.iter().any(|result| result["relatedLocations"].is_array()));
    assert!(results.iter().any(|result| result["locations"][0]["physicalLocation"]["region"].is_null()));
    for result in results {
        // What no schema can say.
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a rule")).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        for location in result["locations"].as_array().unwrap().iter().chain(related) {
            let region = &location["physicalLocation"]["region"];
            let at = |line: &str, column: &str| (region[line].as_u64(), region[column].as_u64());
            assert!(at("startLine", "startColumn") <= at("endLine", "endColumn"), "{result:#}");
        }
    }
}

/// A schema that takes everything would show nothing.
#[test]
fn what_breaks_the_rules_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("bad.yaml"), "version: 1\ntargets: [1]\nsteps:\n- clsoe: [1]\n").unwrap();
    let (validator, good) = (validator(), log(directory.path()));
    assert!(validator.is_valid(&good));
    let region = "/runs/0/results/0/locations/0/physicalLocation/region";
    let breaks = [
        ("/version".to_owned(), json!("2.0.0")),
        ("/runs/0/columnKind".to_owned(), json!("bytes")),
        ("/runs/0/tool".to_owned(), json!({})),
        ("/runs/0/tool/driver/semanticVersion".to_owned(), json!("1.0")),
        ("/runs/0/tool/driver/rules/0".to_owned(), json!({ "name": "no id" })),
        ("/runs/0/tool/driver/rules/0/shortDescription".to_owned(), json!("text")),
        ("/runs/0/results/0/level".to_owned(), json!("fatal")),
        ("/runs/0/results/0/message".to_owned(), json!({})),
        ("/runs/0/results/0/ruleIndex".to_owned(), json!(-2)),
        ("/runs/0/results/0/locations".to_owned(), json!({})),
        (format!("{region}/startLine"), json!(0)),
        (format!("{region}/startColumn"), json!(0)),
        (region.to_owned(), json!({ "startColumn": 1 })),
        (region.to_owned(), json!({ "startLine": 1, "column": 1 })),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri".to_owned(), json!("a b.yaml")),
    ];
    for (place, value) in breaks {
        let mut log = good.clone();
        *log.pointer_mut(&place).expect(&place) = value.clone();
        assert!(!validator.is_valid(&log), "{place} {value}");
    }
}
