//! `criu-plan exec` on live processes: the command line of the old `criu exec`, and what was added to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Output;
use support::*;

/// A target, and a directory for its files.
struct Stage {
    target: Target,
    directory: tempfile::TempDir,
}

fn stage() -> Stage {
    let directory = directory();
    Stage { target: Target::life("plain", &directory.path().join("stdout")), directory }
}

impl Stage {
    fn exec(&self, arguments: &[&str]) -> Output {
        criu_plan().args(["exec", "-t", &self.target.pid().to_string()]).args(arguments).output().unwrap()
    }

    /// What it prints if it succeeds.
    fn result(&self, arguments: &[&str]) -> String {
        let output = self.exec(arguments);
        assert_code(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it says if it does not.
    fn complaint(&self, arguments: &[&str], code: i32) -> String {
        let output = self.exec(arguments);
        assert_code(&output, code);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        String::from_utf8(output.stderr).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn open(&self, descriptor: i32) -> bool {
        Path::new(&format!("/proc/{}/fd/{descriptor}", self.target.pid())).symlink_metadata().is_ok()
    }

    /// The target's memory.
    fn memory(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let memory = fs::File::open(format!("/proc/{}/mem", self.target.pid())).unwrap();
        memory.read_exact_at(&mut bytes, address).unwrap();
        bytes
    }
}

/// The number behind ` = ` of a result.
fn number(result: &str) -> i64 {
    let behind = result.split(" = ").nth(1).unwrap_or_else(|| panic!("{result}"));
    let word = behind.split_whitespace().next().unwrap();
    match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).unwrap(),
        None => word.parse().unwrap(),
    }
}

#[test]
fn the_examples_of_the_old_manual() {
    let stage = stage();
    fs::write(stage.path("file"), "").unwrap();
    // exec -t PID open '&/tmp/file' 2
    let text = format!("&{}", stage.path("file"));
    let descriptor = number(&stage.result(&["open", &text, "2"])) as i32;
    assert_eq!(stage.target.link(descriptor), Path::new(&stage.path("file")));
    let flags = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", stage.target.pid())).unwrap();
    assert!(flags.contains("flags:\t0100002"), "{flags}");
    // exec -t PID getcwd @256 256
    let directory = fs::read_link(format!("/proc/{}/cwd", stage.target.pid())).unwrap();
    let printed = stage.result(&["getcwd", "@256", "256"]);
    assert_eq!(number(&printed) as usize, directory.as_os_str().len() + 1);
    assert!(printed.contains("00000000  2f "), "{printed}");
    assert!(printed.lines().count() == 2 + 16, "{printed}");
    // exec -t PID madvise START LENGTH ADVICE
    let address = number(&stage.result(&["mmap", "0", "8192", "3", "0x22", "-1", "0"])) as u64;
    let start = format!("{address:#x}");
    assert_eq!(number(&stage.result(&["madvise", &start, "4096", "16"])), 0);
    let smaps = fs::read_to_string(format!("/proc/{}/smaps", stage.target.pid())).unwrap();
    let mapping = smaps.split_once(&format!("{address:x}-")).unwrap().1;
    let flags = mapping.lines().find(|line| line.starts_with("VmFlags")).unwrap();
    assert!(flags.contains(" dd"), "MADV_DONTDUMP: {flags}");
    // exec -t PID close 1
    assert_eq!(number(&stage.result(&["close", "1"])), 0);
    assert!(!stage.open(1));
}

#[test]
fn a_result_in_decimal_and_hexadecimal() {
    let stage = stage();
    assert_eq!(stage.result(&["getpid"]), format!("getpid() = {0} ({0:#x})\n", stage.target.pid()));
    assert_eq!(stage.result(&["umask", "027"]), "umask(0o27) = 18 (0x12)\n");
}

#[test]
fn numbers_as_in_c() {
    let stage = stage();
    let file = format!("&{}", stage.path("stdout"));
    let descriptor = number(&stage.result(&["open", &file, "O_RDWR"])).to_string();
    for (offset, at) in [("32", 32), ("0x20", 32), ("0X20", 32), ("040", 32), ("+32", 32), ("0", 0)] {
        assert_eq!(number(&stage.result(&["lseek", &descriptor, offset, "0"])), at, "{offset}");
    }
    // Negative ones need no `--` before them, and may have one.
    stage.result(&["lseek", &descriptor, "100", "SEEK_SET"]);
    assert_eq!(number(&stage.result(&["lseek", &descriptor, "-10", "SEEK_CUR"])), 90);
    assert_eq!(number(&stage.result(&["lseek", &descriptor, "-0x10", "1"])), 74);
    let output = criu_plan()
        .args(["exec", "-t", &stage.target.pid().to_string(), "--", "lseek", &descriptor, "-010", "1"])
        .output()
        .unwrap();
    assert_code(&output, 0);
    assert_eq!(number(&String::from_utf8(output.stdout).unwrap()), 66);
}

#[test]
fn arguments_that_are_left_out_are_zero() {
    let stage = stage();
    fs::write(stage.path("file"), "").unwrap();
    let descriptor = number(&stage.result(&["open", &format!("&{}", stage.path("file"))]));
    let flags = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", stage.target.pid())).unwrap();
    assert!(flags.contains("flags:\t0100000"), "O_RDONLY: {flags}");
}

#[test]
fn constants_and_calls_by_number() {
    let stage = stage();
    let text = format!("&{}", stage.path("new"));
    let printed = stage.result(&["open", &text, "O_RDWR|O_CREAT|O_CLOEXEC", "0640"]);
    assert!(printed.contains("O_RDWR|O_CREAT|O_CLOEXEC, 0o640) = "), "{printed}");
    let descriptor = number(&printed).to_string();
    // fcntl is 72 on x86_64.
    assert_eq!(number(&stage.result(&["72", &descriptor, "F_GETFD"])), 1);
    assert_eq!(number(&stage.result(&["fcntl", &descriptor, "F_SETFD", "0"])), 0);
    assert_eq!(number(&stage.result(&["0x48", &descriptor, "F_GETFD"])), 0);
    assert_eq!(number(&stage.result(&["write", &descriptor, "&hello", "5"])), 5);
    assert_eq!(fs::read_to_string(stage.path("new")).unwrap(), "hello");
}

#[test]
fn text_of_any_length() {
    let stage = stage();
    let descriptor = number(&stage.result(&["open", &format!("&{}", stage.path("long")), "O_WRONLY|O_CREAT", "0600"]));
    let descriptor = descriptor.to_string();
    // One argument of execve has 128 KiB at most; criu exec took 4095 bytes.
    let text: String = (0..110_000).map(|index| (b'a' + (index % 26) as u8) as char).collect();
    let length = text.len().to_string();
    let printed = stage.result(&["write", &descriptor, &format!("&{text}"), &length]);
    assert_eq!(number(&printed), text.len() as i64);
    assert!(printed.len() < 1000, "the text is not printed whole: {} bytes", printed.len());
    assert_eq!(fs::read_to_string(stage.path("long")).unwrap(), text);
    // It is a path when the call takes one, and too long for that.
    let complaint = stage.complaint(&["open", &format!("&/{}", "x".repeat(4500))], 1);
    assert!(complaint.contains("ENAMETOOLONG"), "{complaint}");
}

#[test]
fn buffers_of_megabytes() {
    let stage = stage();
    fs::write(stage.path("file"), "0123456789abcdef".repeat(1 << 17)).unwrap();
    let descriptor = number(&stage.result(&["open", &format!("&{}", stage.path("file"))])).to_string();
    let size = 2 << 20;
    let printed = stage.result(&["read", &descriptor, &format!("@{size}"), &size.to_string()]);
    assert_eq!(number(&printed), size);
    let last = "001ffff0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|";
    assert_eq!(printed.lines().last(), Some(last));
    assert_eq!(printed.lines().count(), 2 + (size as usize) / 16);
}

#[test]
fn several_buffers() {
    let stage = stage();
    let printed = stage.result(&["getresuid", "@4", "@4", "@4"]);
    let zero = "00000000  00 00 00 00                                      |....|\n";
    let expected =
        format!("getresuid(out 4 bytes, out 4 bytes, out 4 bytes) = 0 (0x0)\nruid:\n{zero}euid:\n{zero}suid:\n{zero}");
    // SAFETY: getuid takes nothing and can't fail.
    if unsafe { libc::getuid() } == 0 {
        assert_eq!(printed, expected);
    } else {
        assert_eq!(printed.lines().count(), expected.lines().count());
    }
}

#[test]
fn an_error_is_named_and_no_buffer_printed() {
    let stage = stage();
    let complaint = stage.complaint(&["close", "99"], 1);
    assert!(complaint.starts_with("close(99) = -1 EBADF ("), "{complaint}");
    assert_eq!(complaint.lines().count(), 1);
    let complaint = stage.complaint(&["getcwd", "@1", "1"], 1);
    assert!(complaint.contains("ERANGE") && !complaint.contains("00000000"), "{complaint}");
    let complaint = stage.complaint(&["open", "&/there/is/nothing"], 1);
    assert!(complaint.contains("-1 ENOENT (No such file or directory)"), "{complaint}");
}

/// `criu exec` took `abc` for 0, and closed it.
#[test]
fn what_is_wrong_with_the_command_line_touches_nothing() {
    let mut stage = stage();
    let before = stage.target.snapshot();
    let long = "9".repeat(30);
    let cases: &[(&[&str], &str)] = &[
        (&["close", "abc"], "neither a number nor a constant"),
        (&["close", "1x"], "no number"),
        (&["close", "0x"], "no number"),
        (&["close", "08"], "no number"),
        (&["close", "-"], "no number"),
        (&["close", ""], "neither a number nor a constant"),
        (&["close", "1", "2"], "takes 1 argument, and 2 are given"),
        (&["close", &long], "fits into 64 bits"),
        (&["close", "18446744073709551616"], "fits into 64 bits"),
        (&["clsoe", "1"], "did you mean `close`?"),
        (&["999", "1"], "no system call of number 999"),
        (&["-1"], "unexpected argument"),
        (&["open", "&/tmp/x", "O_RDWRR"], "did you mean `O_RDWR`?"),
        (&["open", "/tmp/x"], "'&/tmp/x'"),
        (&["open", "&/tmp/x", "MAP_SHARED"], "neither"),
        (&["getcwd", "@0", "256"], "no buffer"),
        (&["getcwd", "@x", "256"], "no buffer"),
        (&["getcwd", "@99999999999", "256"], "no buffer"),
        (&["exit_group", "0"], "can't be run"),
        (&["fork"], "can't be run"),
    ];
    for (arguments, words) in cases {
        let complaint = stage.complaint(arguments, 64);
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
    }
    // All at once.
    let complaint = stage.complaint(&["lseek", "abc", "def", "ghi"], 64);
    assert!(["`abc`", "`def`", "`ghi`"].iter().all(|word| complaint.contains(word)), "{complaint}");
    assert_same(&before, &stage.target.snapshot());
    stage.target.assert_well();
}

#[test]
fn pids_that_are_none() {
    for pid in ["0", "-1", "abc", "99999999999", ""] {
        let output = criu_plan().args(["exec", &format!("--target={pid}"), "getpid"]).output().unwrap();
        assert_code(&output, 64);
    }
    let output = criu_plan().args(["exec", "-t", "4194303", "getpid"]).output().unwrap();
    assert_code(&output, 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("target::not-found"));
    // The old name of the option.
    let stage = stage();
    let output = criu_plan().args(["exec", "--tree", &stage.target.pid().to_string(), "getpid"]).output().unwrap();
    assert_code(&output, 0);
}

#[test]
fn a_stopped_process_stays_stopped() {
    let mut stage = stage();
    stage.target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || stage.target.status("State").starts_with('T'));
    assert_eq!(number(&stage.result(&["getpid"])), i64::from(stage.target.pid()));
    wait_until("it is stopped again", || stage.target.status("State").starts_with('T'));
    stage.target.signal(libc::SIGCONT);
    let length = fs::metadata(stage.path("stdout")).unwrap().len();
    wait_for_growth(Path::new(&stage.path("stdout")), length);
    stage.target.assert_well();
}

/// A read that nothing comes for is given up, and the target goes on.
#[test]
fn a_call_that_waits_is_given_up() {
    let mut stage = stage();
    let printed = stage.result(&["pipe2", "@8", "0"]);
    let ends = printed.lines().last().unwrap().split_whitespace().nth(1).unwrap();
    let reader = i64::from_str_radix(ends, 16).unwrap().to_string();
    let begun = std::time::Instant::now();
    let output = stage.exec(&["--timeout", "200ms", "read", &reader, "@16", "16"]);
    assert_code(&output, 1);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("did not return in time") && complaint.contains("--timeout"), "{complaint}");
    // Without an option it has a second.
    let output = stage.exec(&["read", &reader, "@16", "16"]);
    assert_code(&output, 1);
    stage.target.assert_well();
    let length = fs::metadata(stage.path("stdout")).unwrap().len();
    wait_for_growth(Path::new(&stage.path("stdout")), length);
}

#[test]
fn the_result_as_json() {
    let stage = stage();
    let output = stage.exec(&["--output", "json", "getcwd", "@256", "256"]);
    let printed = outcome(&output);
    let step = &printed["targets"][0]["steps"][0];
    assert_eq!((step["syscall"].as_str(), step["args"]["size"].as_str()), (Some("getcwd"), Some("256")));
    // The kernel would write beyond eight bytes, over whatever is there.
    let output = stage.exec(&["--output", "json", "getcwd", "@8", "256"]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["program::length"]);
    let output = stage.exec(&["--output", "json", "close", "99"]);
    assert_code(&output, 1);
    let step = outcome(&output)["targets"][0]["steps"][0].clone();
    assert_eq!((step["errno"].as_str(), step["result"].as_i64()), (Some("EBADF"), Some(-9)));
}

#[test]
fn memory_that_is_passed_stays_nowhere() {
    let stage = stage();
    let before = stage.target.snapshot();
    let address =
        number(&stage.result(&["mmap", "0", "4096", "PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS", "-1"]));
    let start = format!("{address:#x}");
    // A plain number where memory is due is an address in the target.
    assert_eq!(
        number(&stage.result(&["getcwd", &start, "4096"])),
        stage.memory(address as u64, 4096).iter().position(|byte| *byte == 0).unwrap() as i64 + 1
    );
    assert_eq!(number(&stage.result(&["munmap", &start, "4096"])), 0);
    assert_same(&before, &stage.target.snapshot());
}

/// What a plain user may do to a process of theirs.
#[test]
fn a_plain_user_and_a_process_of_theirs() {
    // SAFETY: getuid takes nothing and can't fail.
    if unsafe { libc::getuid() } != 0 {
        // Every other test here was this one.
        return;
    }
    let directory = directory();
    let program = directory.path().join("criu-plan");
    fs::copy(env!("CARGO_BIN_EXE_criu-plan"), &program).unwrap();
    let life = directory.path().join("life");
    fs::copy(c("life"), &life).unwrap();
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut command = std::process::Command::new("setpriv");
    command.args(nobody).arg(&life).arg("plain").stdout(fs::File::create(directory.path().join("out")).unwrap());
    let target = Target::start(&mut command);
    let run = |pid: i32| {
        let mut command = std::process::Command::new("setpriv");
        command.args(nobody).arg(&program).args(["exec", "-t", &pid.to_string(), "getuid"]).output().unwrap()
    };
    let output = run(target.pid());
    assert_code(&output, 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "getuid() = 65534 (0xfffe)\n");
    // And not to one of another user's.
    let other = stage();
    let output = run(other.target.pid());
    assert_code(&output, 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("target::not-permitted"));
}
