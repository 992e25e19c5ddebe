//! Mistakes in plans, and all that their authors are told about each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use std::io::Write;
use std::process::{Command, Stdio};

/// What `validate` says of a plan.
fn told(plan: &[u8], arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_criu-plan"));
    command.arg("validate").args(arguments).arg("-");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("criu-plan runs");
    let mut input = child.stdin.take().unwrap();
    let plan = plan.to_owned();
    let writer = std::thread::spawn(move || input.write_all(&plan).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (told, summary) = (text(output.stderr), text(output.stdout));
    let invalid = summary.contains("invalid") || summary.contains("::error ");
    assert_eq!(output.status.code(), Some(i32::from(invalid)), "{summary}{told}");
    format!("{told}{summary}")
}

/// A plan of these steps.
fn of_steps(steps: &str) -> String {
    format!("version: 1\ntargets: [4711]\nsteps:\n{steps}")
}

/// A test for each mistake: in the steps, or in the plan as a whole.
macro_rules! mistakes {
    ($($form:ident $name:ident $plan:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), mistakes!(@$form $plan));
        }
    )*};
    (@steps $plan:expr) => { told(of_steps($plan).as_bytes(), &[]) };
    (@whole $plan:expr) => { told($plan.as_ref(), &[]) };
}

mistakes! {
    whole empty "";
    whole only_a_comment "# nothing yet\n";
    whole not_yaml "version: 1\ntargets: [4711\nsteps: []\n";
    whole not_utf8 b"version: 1\nname: caf\xe9\n";
    whole tabs "version: 1\ntargets:\n\t- pid: 4711\n";
    whole with_a_bom "\u{feff}version: 2\ntargets: [4711]\nsteps: [{getpid: []}]\n";
    whole with_crlf "version: 1\r\ntargets: [4711]\r\nsteps:\r\n  - clos: [3]\r\n  - close: [O_RDWR]\r\n";
    whole not_ascii "version: 1\nname: Übung\ntargets: [4711]\nsteps:\n  - open: { pathname: \"/tmp/ä\", flägs: 0 }\n";
    whole a_single_value "just a text\n";
    whole a_list "- pid: 4711\n";
    whole nothing_but_a_version "version: 1\n";
    whole no_version "targets: [4711]\nsteps:\n  - getpid: []\n";
    whole another_version "version: 2\ntargets: [4711]\nsteps:\n  - getpid: []\n";
    whole several_documents "version: 1\ntargets: [4711]\nsteps:\n  - getpid: []\n---\nversion: 1\n";
    whole deep_nesting format!("version: 1\nsteps: {}{}\n", "[".repeat(80), "]".repeat(80));
    whole unknown_key "version: 1\ntarget: [4711]\nsteps:\n  - getpid: []\n";
    whole duplicate_key "version: 1\ntargets: [4711]\nsteps:\n  - getpid: []\ntargets: [4712]\n";
    whole an_alias_in_itself "version: 1\ntargets: [4711]\nsteps: &all\n  - open: *all\n";
    whole an_unknown_alias "version: 1\ntargets: *them\nsteps: [{getpid: []}]\n";
    whole an_alias_bomb "version: 1\nvars:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
    whole no_targets "version: 1\ntargets: []\nsteps:\n  - getpid: []\n";
    whole targets_without_dashes "version: 1\ntargets:\n  pid: 4711\nsteps:\n  - getpid: []\n";
    whole no_steps "version: 1\ntargets: [4711]\nsteps:\n";
    whole a_target_of_nothing "version: 1\ntargets:\n  - name: app\nsteps:\n  - getpid: []\n";
    whole a_target_of_two_kinds "version: 1\ntargets:\n  - pid: 4711\n    pidfile: /run/app.pid\nsteps:\n  - getpid: []\n";
    whole no_pid "version: 1\ntargets: [0, app, -3, 99999999999]\nsteps:\n  - getpid: []\n";
    whole unknown_target_key "version: 1\ntargets:\n  - pdi: 4711\n    expct: { exe: /bin/sh }\nsteps:\n  - getpid: []\n";
    whole unknown_expectation "version: 1\ntargets:\n  - pid: 4711\n    expect: { com: app }\nsteps:\n  - getpid: []\n";
    whole two_targets_of_one_name "version: 1\ntargets:\n  - { pid: 1, name: app }\n  - { pid: 2, name: app }\nsteps:\n  - getpid: []\n";
    whole a_variable_of_no_value "version: 1\nvars:\n  log: { description: where to }\ntargets: [4711]\nsteps:\n  - unlink: [\"${log}\"]\n    irreversible: true\n";
    whole a_variable_of_no_name "version: 1\nvars:\n  2nd: x\ntargets: [4711]\nsteps:\n  - getpid: []\n";
    whole a_misspelt_variable "version: 1\nvars:\n  logfile: /tmp/log\ntargets: [4711]\nsteps:\n  - chdir: [\"${logfiel}\"]\n    irreversible: true\n";
    whole required_that_is_no_boolean "version: 1\nvars:\n  pid: { required: yes }\ntargets: [\"${pid}\"]\nsteps:\n  - getpid: []\n";
    steps unquoted_use_in_a_list "  - dup2: [3, 4]\n    capture: fd\n  - dup2: [${fd}, 1]\n";
    steps unquoted_use_in_a_mapping "  - close: {fd: ${fd}}\n";
    steps an_unclosed_use "  - close: [\"${fd\"]\n";
    steps a_use_of_no_name "  - close: [\"${2+2}\"]\n";
    steps unknown_syscall "  - opne: [\"/tmp/x\", O_RDWR]\n";
    steps nothing_like_a_syscall "  - frobnicate: []\n";
    steps no_call "  - name: nothing to do\n    timeout: 1s\n";
    steps two_calls "  - getpid: []\n    getppid: []\n";
    steps a_step_that_is_no_mapping "  - getpid\n  - [close, 3]\n";
    steps unknown_modifier "  - getpid: []\n    captrue: pid\n";
    steps duplicate_argument "  - close: { fd: 3, fd: 4 }\n";
    steps no_arguments_at_all "  - getpid:\n";
    steps arguments_without_brackets "  - close: 3\n";
    steps too_many_arguments "  - close: [3, 4]\n";
    steps missing_arguments "  - dup3: [3]\n";
    steps unknown_argument "  - open: { path_name: /tmp/x, flag: O_RDWR }\n";
    steps octal_of_old "  - open: [/tmp/x, O_CREAT, 0644]\n";
    steps a_number_too_long "  - close: [99999999999999999999]\n";
    steps no_number "  - close: [three]\n";
    steps an_unfinished_sum "  - lseek: [3, \"0x1000+\", SEEK_SET]\n    irreversible: true\n";
    steps a_misspelt_constant "  - open: [/tmp/x, O_RDWRR]\n";
    steps a_constant_of_another_set "  - open: [/tmp/x, MAP_SHARED]\n";
    steps one_of_several_constants "  - open: { pathname: /tmp/x, flags: [O_WRONLY, PROT_READ, 0777] }\n";
    steps a_list_where_one_is_due "  - lseek: [3, 0, [SEEK_SET, SEEK_END]]\n    irreversible: true\n";
    steps memory_where_a_number_is_due "  - close: [{ out: 8 }]\n";
    steps text_where_a_buffer_is_due "  - getcwd: [somewhere, 256]\n";
    steps an_unknown_form_of_memory "  - getcwd: [{ uot: 256 }, 256]\n";
    steps two_forms_of_memory "  - write: [1, { out: 2, bytes: \"0a\" }, 2]\n    irreversible: true\n";
    steps no_bytes "  - write: [1, { bytes: \"0a0\" }, 2]\n    irreversible: true\n";
    steps a_buffer_of_nothing "  - getcwd: [{ out: 0 }, 256]\n";
    steps a_buffer_too_large "  - getcwd: [{ out: 0x10000000 }, 256]\n";
    steps a_nul_in_a_path "  - chdir: [\"/tmp\\0/x\"]\n    irreversible: true\n";
    steps undefined "  - close: [\"${log_fd}\"]\n";
    steps nearly_defined "  - socket: [AF_INET, SOCK_STREAM, 0]\n    capture: log_fd\n  - close: [\"${logfd}\"]\n  - close: [\"${log_fd}\"]\n";
    steps used_before_capture "  - close: [\"${fd}\"]\n  - socket: [AF_INET, SOCK_STREAM, 0]\n    capture: fd\n";
    steps used_in_its_own_step "  - dup: [\"${fd}\"]\n    capture: fd\n";
    steps captured_twice "  - dup: [1]\n    capture: fd\n  - dup: [2]\n    capture: fd\n  - close: [\"${fd}\"]\n";
    steps captured_and_not_used "  - dup: [1]\n    capture: copy\n";
    steps captured_perhaps "  - dup: [1]\n    capture: one\n  - dup: [2]\n    capture: two\n    when: \"${one} > 2\"\n  - close: [\"${two}\"]\n";
    steps a_capture_of_no_name "  - dup: [1]\n    capture: 1st\n";
    steps a_capture_of_no_buffer "  - getcwd: [{ out: 256 }, 256]\n    capture: { buff: where }\n";
    steps a_capture_read_as_nothing_known "  - getcwd: [{ out: 256 }, 256]\n    capture: { buf: { name: where, as: json } }\n";
    steps a_captured_value_in_a_text "  - dup: [1]\n    capture: fd\n  - chdir: [\"/proc/self/fd/${fd}\"]\n    irreversible: true\n";
    steps a_target_that_is_not_there "  - getpid: []\n    target: app\n";
    steps forbidden_calls "  - exit: [0]\n  - fork: []\n  - execve: [/bin/sh, 0, 0]\n  - ptrace: [0, 0, 0, 0]\n";
    steps irreversible "  - kill: [\"4711\", SIGHUP]\n";
    steps undo_of_none "  - dup: [1]\n    undo: none\n";
    steps undo_of_something_else "  - dup: [1]\n    undo: never\n";
    steps no_timeout "  - pause: []\n    irreversible: true\n";
    steps a_timeout_without_a_unit "  - getpid: []\n    timeout: 5\n";
    steps no_condition "  - dup: [1]\n    capture: fd\n  - close: [\"${fd}\"]\n    when: \"${fd}\"\n";
    steps an_unknown_error "  - close: [3]\n    ignore: [EBADFD, ENOSUCH, EBADG]\n";
    steps returns_of_something_captured "  - dup: [1]\n    capture: fd\n  - dup: [1]\n    returns: \"${fd}\"\n";
    steps returns_with_an_unknown_bound "  - dup: [1]\n    returns: { minimum: 3 }\n";
    whole a_variable_that_nothing_uses "version: 1\nvars:\n  log: /tmp/log\n  lgo: /tmp/other\ntargets: [4711]\nsteps:\n  - chdir: [\"${log}\"]\n    irreversible: true\n";
    whole a_capture_named_as_something_else "version: 1\nvars: { fd: 3 }\ntargets: [{ pid: 4711, name: app }]\nsteps:\n  - dup: [1]\n    capture: fd\n  - dup: [2]\n    capture: app\n  - close: [\"${fd}\"]\n";
    whole nothing_where_a_value_is_due "version: 1\ntargets:\n  - pidfile:\nwhen: []\nsteps:\n  - open: [~, O_RDONLY]\n    returns: []\n";
    whole one_thread_of_several "version: 1\ntargets: [4711]\nsteps:\n  - prctl: [PR_SET_NO_NEW_PRIVS, 1]\n    irreversible: true\n  - setuid: [33]\n    irreversible: true\n    thread: all\n";
    whole the_only_thread "version: 1\ntargets:\n  - pid: 4711\n    expect: { threads: 1 }\nsteps:\n  - prctl: [PR_SET_NO_NEW_PRIVS, 1]\n    irreversible: true\n";
    steps a_path_where_a_descriptor_is_due "  - close: [/tmp/x]\n  - openat: [/tmp, x, O_RDONLY]\n";
    steps a_number_where_a_path_is_due "  - chdir: [3]\n    irreversible: true\n  - mount: [tmpfs, /mnt, tmpfs, 0, 0]\n    irreversible: true\n";
    steps an_address_as_a_descriptor "  - mmap: [0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0]\n    capture: map\n    irreversible: true\n  - close: [\"${map}\"]\n";
    steps a_descriptor_as_memory "  - dup: [1]\n    capture: fd\n  - write: [1, \"${fd}\", 4]\n    irreversible: true\n  - madvise: [\"${each.number}\", 4096, MADV_DONTDUMP]\n    for_each: { fd: {} }\n    irreversible: true\n";
    steps the_zero_of_success "  - fchdir: [3]\n    capture: dir\n    irreversible: true\n  - close: [\"${dir}\"]\n";
    steps irreversible_too_early "  - chdir: [/]\n    irreversible: true\n  - open: [/dev/null, O_RDWR]\n    capture: null_fd\n  - dup2: [\"${null_fd}\", 1]\n  - close: [\"${null_fd}\"]\n";
    steps irreversible_where_it_must_be "  - socket: [AF_INET, SOCK_STREAM, 0]\n    capture: fd\n  - bind: [\"${fd}\", \"127.0.0.1:8080\"]\n    irreversible: true\n  - dup2: [\"${fd}\", 3]\n  - close: [\"${fd}\"]\n";
    steps an_argument_under_two_names "  - open: { path: /x, filename: /y, flags: O_RDONLY }\n";
    steps letters_that_changed_places "  - dpu: [1]\n  - dup: [1]\n    nmae: x\n";
    whole all_at_once "version: 1\nname: everything is wrong\ntargets:\n  - pid: 0\n    nmae: app\nsteps:\n  - opne: [/tmp/x, 2]\n  - open: { pathname: \"${log}\", flags: [O_WRONLY, MAP_SHARED], mode: 0644 }\n    capture: fd\n  - dup2: [\"${fdd}\", 1, 2]\n    when: \"${fd}\"\n  - write: [1, hello, 5]\n";
}

#[test]
fn calls_that_the_architecture_lacks() {
    let plan = of_steps(
        "  - open: [/tmp/x, O_RDWR]\n    capture: fd\n  - dup2: [\"${fd}\", 1]\n  - close: [\"${fd}\"]\n  - ustat: [0, {out: 32}]\n",
    );
    insta::assert_snapshot!(told(plan.as_bytes(), &["--arch", "aarch64"]));
}

#[test]
fn a_setting_that_the_plan_does_not_know() {
    let plan = "version: 1\nvars:\n  log: /tmp/log\ntargets: [4711]\nsteps:\n  - unlink: [\"${log}\"]\n    irreversible: true\n";
    insta::assert_snapshot!(told(plan.as_bytes(), &["--set", "lgo=/tmp/other"]));
}

#[test]
fn a_directory_and_a_file_that_is_not_there() {
    let output = Command::new(env!("CARGO_BIN_EXE_criu-plan")).args(["apply", "plans"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_criu-plan")).args(["validate", "plans/none.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

/// Nobody waits long for the answer, and nobody gets pages of it.
#[test]
fn monstrous_plans_are_refused_at_once_and_in_few_words() {
    let million = 10_000_000;
    let plans = [
        ("[".repeat(million), "plan::too-deep"),
        ("{a: ".repeat(million / 4), "plan::too-deep"),
        ("- ".repeat(million / 2), "plan::too-deep"),
        ("? ".repeat(million / 2), "plan::too-deep"),
        (format!("\"{}", "x".repeat(million)), "plan::not-yaml"),
        (format!("version: 1\ntargets: [{}]\nsteps: [{{getpid: []}}]", "x".repeat(million)), "plan::number"),
        (format!("{}: 1", "x".repeat(million)), "plan::not-yaml"),
    ];
    for (plan, code) in plans {
        let begun = std::time::Instant::now();
        let told = told(plan.as_bytes(), &[]);
        let beginning: String = plan.chars().take(20).collect();
        assert!(told.contains(code), "{beginning}: {}", told.chars().take(2000).collect::<String>());
        assert!(told.len() < 8_000, "{beginning}: {} bytes are told", told.len());
        assert!(begun.elapsed().as_secs() < 60, "{beginning} took {:?}", begun.elapsed());
    }
}

/// Places in the order of the text, and every mistake told in one run.
#[test]
fn many_mistakes_take_linear_time() {
    let steps: String = (0..20_000).map(|index| format!("  - close: [\"${{fd{index}}}\"]\n")).collect();
    let told = told(of_steps(&steps).as_bytes(), &["--format", "github"]);
    let lines: Vec<usize> = told
        .lines()
        .map(|line| line.split_once("line=").unwrap().1.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(lines, (4..20_004).collect::<Vec<_>>());
}

/// A plan of these steps over two targets of one process each and a third of several.
fn of_three(steps: &str) -> String {
    let targets = "  - { pid: 4711, name: app }\n  - { pid: 4712, name: db }\n  - { match: { comm: w }, count: any, name: workers }\n";
    format!("version: 1\ntargets:\n{targets}steps:\n{steps}")
}

#[test]
fn values_of_other_targets() {
    let steps = r#"  - open: { pathname: /log, flags: O_WRONLY, mode: 0 }
    capture: fd
    target: app
  - fstat: ["${fd}", { out: 144 }]
    capture: { statbuf: st }
    target: app
  - getpid: []
    capture: own
  - lseek: [3, "${app.st.st_siez}", SEEK_SET]
    target: db
    irreversible: true
  - lseek: [3, "${st.st_size}", SEEK_SET]
    target: db
    irreversible: true
  - lseek: ["${db.fd}", "${apps.fd}", SEEK_SET]
    irreversible: true
  - write: [3, { ref: app.st }, 4]
    target: db
    irreversible: true
  - close: ["${app.fd}"]
    target: db
  - kill: ["${workers.own}", "${workers.pid.x}"]
    target: workers
    irreversible: true
  - kill: ["${workers.own}", "${workers.pid}"]
    irreversible: true
  - write: [3, { ref: st.st_size }, 4]
    target: app
    irreversible: true
  - lseek: [3, "${app.fdd}", SEEK_SET]
    target: db
    irreversible: true
  - kill: ["${app.pid}", SIGHUP]
    target: db
    irreversible: true
  - kill: [{ ref: app.pid }, "${app.pid}"]
    target: app
    irreversible: true
"#;
    insta::assert_snapshot!(told(of_three(steps).as_bytes(), &[]));
}

#[test]
fn values_of_other_targets_that_may_not_be_there() {
    let steps = r#"  - dup: [1]
    capture: perhaps
    target: app
    when: { cwd: / }
  - dup: [2]
    capture: both
    undo:
      - close: ["${app.both}"]
  - close: ["${app.perhaps}"]
    target: db
  - pidfd_getfd: [4, "${app.both}"]
    target: db
  - dup: [1]
    capture: pid
    target: db
  - close: ["${app.pid}"]
    target: app
"#;
    insta::assert_snapshot!(told(of_three(steps).as_bytes(), &[]));
}

#[test]
fn undo_in_steps_that_is_wrong() {
    let steps = r#"  - dup2: [2, 1]
    capture: fd
    undo:
      - dup: [1]
        target: app
        thread: all
        undo: none
        irreversible: true
        capture: copy
      - closs: ["${copy}"]
      - close: ["${fd}", 1]
        for_each: { fd: {} }
      - open: [/x, MAP_SHARED]
        when: { cwd: / }
      - exit: [1]
      - flock: [3, LOCK_EX]
      - close: ["${later}"]
      - dup: [3]
        capture: fd
      - dup: [3]
        capture: copy
      - dup: [3]
        capture: unused
      - dup: [4]
        capture: perhaps
        when: "${fd} > 3"
      - close: ["${perhaps}"]
      - close: ["${each.number}"]
  - close: ["${unused}"]
    capture: later
  - mkdir: [/x, 0o755]
    undo: []
  - mkdir: [/x, 0o755]
    undo: { rmdir: [/x] }
"#;
    insta::assert_snapshot!(told(of_three(steps).as_bytes(), &[]));
}
