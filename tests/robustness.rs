//! Plans that no person writes: the reader says so, in little time and memory. Both are held to by the kernel (processor
//! time, so that a loaded machine makes no difference).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};

/// Seconds of processor time; the tests' build is some thirty times slower than the one that is shipped.
const SECONDS: u64 = 30;
const MEMORY: u64 = 2 << 30;

/// What `validate` says of a plan, within bounds.
fn told(plan: &[u8]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_criu-plan"));
    command
        .args(["validate", "--format", "github", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: between fork and exec only setrlimit is called, which is safe for signals and takes no lock.
    unsafe {
        command.pre_exec(|| {
            use nix::sys::resource::{Resource, setrlimit};
            setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY)?;
            setrlimit(Resource::RLIMIT_CPU, SECONDS, SECONDS)?;
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let plan = plan.to_owned();
    // Whoever gives up early reads no more of it.
    let writer = std::thread::spawn(move || drop(input.write_all(&plan)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(output.status.signal(), None, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn of_steps(steps: &str) -> String {
    format!("version: 1\ntargets: [4711]\nsteps:\n{steps}")
}

const LARGE: usize = 10_000_000;

#[test]
fn nested_without_end() {
    for part in ["[", "{a: ", "- ", "? ", "[{a: ", "- - "] {
        let told = told(part.repeat(LARGE / part.len()).as_bytes());
        assert!(told.contains("too-deep"), "{part}: {}", told.get(..500).unwrap_or(&told));
    }
    let block: String = (0..2000).fold(String::new(), |mut text, depth| {
        writeln!(text, "{}a:", " ".repeat(depth)).unwrap();
        text
    });
    assert!(told(block.as_bytes()).contains("too-deep"));
}

#[test]
fn aliases_that_multiply() {
    let mut plan = "version: 1\nvars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = level - 1;
        writeln!(plan, "  a{level}: &a{level} [{}]", vec![format!("*a{below}"); 10].join(", ")).unwrap();
    }
    assert!(told(plan.as_bytes()).contains("Aalias"));
    let keys: String =
        (1..200).map(|level| format!("  b{level}: &b{level} {{ x: *b{0}, y: *b{0} }}\n", level - 1)).collect();
    let plan = format!("version: 1\nvars:\n  b0: &b0 {{ x: 1 }}\n{keys}");
    assert!(told(plan.as_bytes()).contains("Aalias"));
    // Anchors alone are copied, too.
    let nested =
        format!("version: 1\nvars: {}1{}\n", (0..60).map(|at| format!("&c{at} [")).collect::<String>(), "]".repeat(60));
    assert!(told(nested.as_bytes()).contains("::error"));
}

#[test]
fn scalars_of_ten_million_bytes() {
    let long = "x".repeat(LARGE);
    let plans = [
        format!("version: 1\nname: {long}\ntargets: [4711]\nsteps: [{{getpid: []}}]\n"),
        format!("version: 1\nname: \"{long}\"\ntargets: [4711]\nsteps: [{{getpid: []}}]\n"),
        format!("version: 1\nname: |\n  {long}\ntargets: [4711]\nsteps: [{{getpid: []}}]\n"),
        of_steps(&format!("  - chdir: [/{long}]\n    irreversible: true\n")),
        of_steps(&format!("  - close: [{}]\n", "9".repeat(LARGE))),
        of_steps(&format!("  - open: [/x, {}]\n", "O_RDWR|".repeat(LARGE / 70))),
        of_steps(&format!("  - close: [\"{}\"]\n", "${a}+".repeat(LARGE / 50))),
        of_steps(&format!("  - close: [\"{}\"]\n", "${".repeat(LARGE / 20))),
        of_steps(&format!("  - write: [1, {{ bytes: \"{}\" }}]\n    irreversible: true\n", "0a".repeat(LARGE / 2))),
        format!("# {long}\nversion: 1\ntargets: [4711]\nsteps: [{{getpid: []}}]\n"),
    ];
    for plan in plans {
        let told = told(plan.as_bytes());
        let head: String = plan.chars().take(60).collect();
        assert!(told.len() < 20_000, "{head}: {} bytes are told", told.len());
    }
}

/// The same plan however its lines end, with and without a byte order mark; columns count characters.
#[test]
fn line_ends_marks_and_letters_of_all_kinds() {
    let plan = of_steps(
        "  - open: { pathname: \"/tmp/ä€😀\", flags: O_RDWR }\n    capture: fd\n  - close: [\"${fd}\"]\n  - clsoe: [3]\n",
    );
    let place = |told: &str| told.split_once("line=").unwrap().1.split_once("::").unwrap().0.to_owned();
    let plain = told(plan.as_bytes());
    assert_eq!(plain.lines().count(), 1, "{plain}");
    assert!(place(&plain).starts_with("7,"), "{plain}");
    for other in [
        plan.replace('\n', "\r\n"),
        format!("\u{feff}{plan}"),
        plan.replace('\n', "\r\n\r\n").replace("\r\n\r\n", "\r\n"),
    ] {
        assert_eq!(place(&told(other.as_bytes())), place(&plain));
    }
    let odd = of_steps("  - clsöe: [\"ä\"]\n  - \u{202e}close: [3]\n  - close: [３]\n  - \"clo\\u0000se\": [3]\n");
    assert_eq!(told(odd.as_bytes()).lines().count(), 4, "{}", told(odd.as_bytes()));
}

#[test]
fn tabs_are_named() {
    for plan in
        ["version: 1\ntargets:\n\t- pid: 4711\n", "version: 1\ntargets: [4711]\nsteps:\n  -\tgetpid: []\n\t  name: x\n"]
    {
        let told = told(plan.as_bytes());
        assert!(told.contains("not-yaml") && told.contains("tabs"), "{told}");
    }
}
