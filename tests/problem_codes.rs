//! Every problem code that the source uses is explained, and none that it does not use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::problem::CODES;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// String literals of the form `room::what-it-is` in all files below a directory but the registry's.
fn used(directory: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            used(&path, codes);
        } else if path.file_name().unwrap() != "codes.rs" {
            let text = fs::read_to_string(&path).unwrap();
            codes.extend(text.split('"').skip(1).step_by(1).filter(|literal| is_code(literal)).map(str::to_owned));
        }
    }
}

fn is_code(text: &str) -> bool {
    let words = |text: &str, with: &str| {
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || with.contains(letter))
    };
    text.split_once("::").is_some_and(|(room, what)| words(room, "") && words(what, "-0123456789"))
}

#[test]
fn the_registry_is_what_the_source_uses() {
    let mut found = BTreeSet::new();
    used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let explained: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
    let missing: Vec<_> = found.difference(&explained).collect();
    let stale: Vec<_> = explained.difference(&found).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "src/problem/codes.rs lacks {missing:#?}\nand explains what nobody uses: {stale:#?}"
    );
}

#[test]
fn in_the_order_of_the_alphabet_and_in_whole_sentences() {
    assert!(CODES.is_sorted_by_key(|(code, _)| *code));
    for (code, explanation) in CODES {
        assert!(is_code(code), "{code}");
        assert!(explanation.len() > 15 && explanation.ends_with(['.', '…']), "{code}: {explanation}");
    }
}

#[test]
fn explain_tells_codes() {
    let explain = |what: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_criu-plan")).args(["explain", what]).output().unwrap()
    };
    let one = explain("plan::leading-zero");
    assert_eq!(one.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&one.stdout).contains("0o644"));
    let all = explain("codes");
    assert_eq!(String::from_utf8_lossy(&all.stdout).lines().count(), CODES.len());
    let none = explain("plan::leadng-zero");
    assert_eq!(none.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&none.stderr).contains("did you mean `plan::leading-zero`?"));
}
