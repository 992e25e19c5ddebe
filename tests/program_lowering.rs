//! What plans are lowered to, and what lowering refuses.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::facts::Found;
use criu_plan::plan::{Purpose, read};
use criu_plan::problem::Problem;
use criu_plan::program::{Action, Facts, FileFact, Op, Program, call_text, listing, lower};
use indexmap::IndexMap;

/// A target that has `/full` (with content), `/empty` and `/fifo`.
struct Surroundings;

impl Facts for Surroundings {
    fn file(&self, path: &[u8]) -> FileFact {
        match path {
            b"/full" | b"/empty" => FileFact::Plain,
            b"/fifo" => FileFact::MayBlock,
            _ => FileFact::Missing,
        }
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        match path {
            b"/full" => Some(7),
            b"/empty" => Some(0),
            _ => None,
        }
    }
}

fn lowered_for(target: usize, steps: &str) -> Result<Program, Vec<String>> {
    let text = format!("version: 1\ntargets: [{{pid: 10, name: a}}, {{pid: 11, name: b}}]\nsteps:\n{steps}");
    let plan =
        read(text.as_bytes(), &IndexMap::new(), Purpose::Run).unwrap_or_else(|problems| panic!("{problems:#?}")).plan;
    lower(&plan, target, &Surroundings, &Found::default())
        .map_err(|problems| problems.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect())
}

fn text(steps: &str) -> String {
    let text = lowered_for(0, steps).map_or_else(|problems| problems.join("\n"), |program| listing(&program));
    // Names that nobody can guess.
    let mut parts = text.split(".criu-plan-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}.criu-plan-…{}", &part[16..]))
}

/// Only the calls and what they are for.
fn forward(steps: &str) -> String {
    let is_call = |line: &&str| line.starts_with("  forward") && line.contains('(') && line.contains("  # ");
    text(steps).lines().filter(is_call).map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn redirect_to_a_file_that_is_there() {
    insta::assert_snapshot!(text(r#"
- open: { pathname: /empty, flags: [O_WRONLY, O_CREAT, O_APPEND], mode: 0o644 }
  capture: log_fd
- dup2: ["${log_fd}", 1]
- close: ["${log_fd}"]
  when: "${log_fd} != 1"
- fcntl: [1, F_SETFD, 0]
  when: "${log_fd} == 1"
"#), @r#"
    step 1: open("/empty", O_WRONLY|O_CREAT|O_APPEND, 0o644)
      forward  open("/empty", O_WRONLY|O_CREAT|O_APPEND, 0o644) = log_fd  # as asked
      forward  mark = mark of descriptor log_fd  if log_fd >= 0
      undo     open = whether descriptor log_fd is open, by its mark  if log_fd >= 0
      undo     check that no POSIX locks are on the file of descriptor log_fd  if log_fd >= 0 and open == 1
      undo     close(log_fd)  if log_fd >= 0 and open == 1  # close again
    step 2: dup2(${log_fd}, 1)
      forward  flags = flags of descriptor 1  if log_fd != 1
      forward  check that no POSIX locks are on the file of descriptor 1  if log_fd != 1 and flags >= 0
      forward  mark_2 = mark of descriptor 1  if log_fd != 1 and flags >= 0
      forward  high = a free descriptor number  if log_fd != 1 and flags >= 0
      forward  fcntl(1, F_DUPFD_CLOEXEC, high) = keep  if log_fd != 1 and flags >= 0  # keep
      forward  dup2(log_fd, 1) = result  # as asked
      undo     flags_2 = flags of descriptor 1  if result >= 0 and log_fd != 1
      undo     sum = 0 + 0  if result >= 0 and log_fd != 1
      undo     asked = whether descriptors 1 and keep are one  if result >= 0 and log_fd != 1 and flags_2 >= 0 and keep >= 0
      undo     sum = 1 + 0  if asked == 1
      undo     sum = 1 + 0  if result >= 0 and log_fd != 1 and flags < 0 and flags_2 < 0
      undo     sum_2 = 0 + 0  if result >= 0 and log_fd != 1 and keep >= 0
      undo     open_2 = whether descriptor keep is open, by its mark_2  if result >= 0 and log_fd != 1 and keep >= 0
      undo     sum_2 = 1 + 0  if result >= 0 and log_fd != 1 and keep >= 0 and open_2 == 1
      undo     bits = (flags & 0o2000000) >> 0  if result >= 0 and log_fd != 1 and keep >= 0 and open_2 == 1
      undo     flags_3 = flags of descriptor log_fd  if result >= 0 and log_fd != 1 and sum == 0
      undo     check that descriptors 1 and log_fd are one  if result >= 0 and log_fd != 1 and sum == 0 and flags_3 >= 0
      undo     check that no POSIX locks are on the file of descriptor 1  if result >= 0 and log_fd != 1 and flags_2 >= 0
      undo     dup3(keep, 1, bits)  if result >= 0 and log_fd != 1 and keep >= 0 and open_2 == 1  # put back
      undo     close(1)  if result >= 0 and log_fd != 1 and flags_2 >= 0 and flags < 0  # close again
      undo     fail: the duplicate that was kept for undo is no longer there  if result >= 0 and log_fd != 1 and keep >= 0 and sum_2 == 0
      release  open_3 = whether descriptor keep is open, by its mark_2  if keep >= 0
      release  close(keep)  if keep >= 0 and open_3 == 1  # release what was kept
    step 3: close(${log_fd})
      when     log_fd != 1
      forward  sum_3 = 0 + 1  if log_fd == 1
      forward  open_4 = whether descriptor log_fd is open  if sum_3 == 0
      forward  mark_3 = mark of descriptor log_fd  if sum_3 == 0 and open_4 == 1
      forward  check that no POSIX locks are on the file of descriptor log_fd  if sum_3 == 0 and open_4 == 1
      forward  close(log_fd) = result_2  if sum_3 == 0 and open_4 == 0  # as asked
      forward  flags_4 = flags of descriptor log_fd  if sum_3 == 1
      forward  check that no POSIX locks are on the file of descriptor log_fd  if sum_3 == 1 and flags_4 >= 0
      forward  mark_4 = mark of descriptor log_fd  if sum_3 == 1 and flags_4 >= 0
      forward  high_2 = a free descriptor number  if sum_3 == 1 and flags_4 >= 0
      forward  fcntl(log_fd, F_DUPFD_CLOEXEC, high_2) = keep_2  if sum_3 == 1 and flags_4 >= 0  # keep
      forward  close(log_fd) = result_2  if sum_3 == 1  # as asked
      undo     flags_5 = flags of descriptor log_fd  if keep_2 >= 0
      undo     sum_4 = 0 + 0  if keep_2 >= 0 and flags_5 < 0
      undo     open_5 = whether descriptor keep_2 is open, by its mark_4  if keep_2 >= 0 and flags_5 < 0
      undo     sum_4 = 1 + 0  if keep_2 >= 0 and flags_5 < 0 and open_5 == 1
      undo     bits_2 = (flags_4 & 0o2000000) >> 0  if keep_2 >= 0 and flags_5 < 0 and open_5 == 1
      undo     dup3(keep_2, log_fd, bits_2)  if keep_2 >= 0 and flags_5 < 0 and open_5 == 1  # put back
      undo     asked_2 = whether descriptors log_fd and keep_2 are one  if keep_2 >= 0 and flags_5 >= 0 and result_2 >= 0
      undo     fail: the duplicate that was kept for undo is no longer there  if keep_2 >= 0 and flags_5 < 0 and sum_4 == 0
      undo     fail: the number that it freed has been taken since  if keep_2 >= 0 and flags_5 >= 0 and result_2 >= 0 and asked_2 == 0
      commit   open_6 = whether descriptor log_fd is open, by its mark_3  if sum_3 == 0 and open_4 == 1
      commit   close(log_fd) = result_2  if sum_3 == 0 and open_4 == 1 and open_6 == 1  # as asked, held back until all is done
      release  open_7 = whether descriptor keep_2 is open, by its mark_4  if keep_2 >= 0
      release  close(keep_2)  if keep_2 >= 0 and open_7 == 1  # release what was kept
    step 4: fcntl(1, F_SETFD, 0)
      when     log_fd == 1
      forward  flags_6 = flags of descriptor 1
      forward  bits_3 = (flags_6 & 0o2000000) >> 19  if flags_6 >= 0
      forward  fcntl(1, F_SETFD, 0) = result_3  # as asked
      forward  flags_7 = flags of descriptor 1  if result_3 >= 0
      forward  bits_4 = (flags_7 & 0o2000000) >> 19  if result_3 >= 0 and flags_7 >= 0
      undo     flags_8 = flags of descriptor 1  if result_3 >= 0
      undo     bits_5 = (flags_8 & 0o2000000) >> 19  if result_3 >= 0 and flags_8 >= 0
      undo     sum_5 = 0 + 0
      undo     sum_5 = 1 + 0  if result_3 >= 0 and bits_5 != bits_3
      undo     sum_6 = 0 + 0
      undo     sum_6 = 1 + 0  if result_3 >= 0 and bits_5 != bits_4
      undo     fail: the flags of the descriptor are no longer what the step left  if sum_5 == 1 and sum_6 == 1
      undo     fcntl(1, F_SETFD, bits_3)  if sum_5 == 1  # put back
    "#);
}

#[test]
fn a_new_file_is_made_so_that_it_is_known_to_be_ours() {
    insta::assert_snapshot!(text("- open: [/new, O_WRONLY|O_CREAT, 0o600]"), @r#"
    step 1: open("/new", O_WRONLY|O_CREAT, 0o600)
      forward  open("/new", O_WRONLY|O_CREAT|O_EXCL, 0o600) = result  # make the file
      forward  sum = 1 + 0  if result == -17
      forward  open("/new", O_WRONLY, 0o600) = result  if result == -17  # open what is there, making no file
      forward  mark = mark of descriptor result  if result >= 0
      undo     open = whether descriptor result is open, by its mark  if result >= 0
      undo     statx(result, "", AT_EMPTY_PATH, STATX_ALL|STATX_MNT_ID, buffer3) = statx  if open == 1 and sum == 0  # look
      undo     field = u64 at buffer3[136]  if open == 1 and sum == 0 and statx == 0
      undo     field_2 = u64 at buffer3[32]  if open == 1 and sum == 0 and statx == 0
      undo     field_3 = u64 at buffer3[80]  if open == 1 and sum == 0 and statx == 0
      undo     field_4 = u32 at buffer3[88]  if open == 1 and sum == 0 and statx == 0
      undo     field_5 = u64 at buffer3[40]  if open == 1 and sum == 0 and statx == 0
      undo     sum_2 = statx + 0  if open == 1 and sum == 0
      undo     statx(AT_FDCWD, "/.criu-plan-…", AT_SYMLINK_NOFOLLOW, STATX_ALL|STATX_MNT_ID, buffer3) = statx_2  if open == 1 and sum == 0 and field_5 == 0  # look
      undo     field_6 = u64 at buffer3[136]  if open == 1 and sum == 0 and field_5 == 0 and statx_2 == 0
      undo     field_7 = u64 at buffer3[32]  if open == 1 and sum == 0 and field_5 == 0 and statx_2 == 0
      undo     field_8 = u64 at buffer3[80]  if open == 1 and sum == 0 and field_5 == 0 and statx_2 == 0
      undo     field_9 = u32 at buffer3[88]  if open == 1 and sum == 0 and field_5 == 0 and statx_2 == 0
      undo     sum_3 = statx_2 + 0  if open == 1 and sum == 0 and field_5 == 0
      undo     sum_4 = 0 + 0
      undo     sum_4 = 1 + 0  if sum_3 == 0 and sum_2 == 0 and field_6 == field and field_7 == field_2 and field_8 == field_3 and field_9 == field_4
      undo     unlinkat(AT_FDCWD, "/.criu-plan-…", 0)  if open == 1 and sum == 0 and field_5 == 0 and sum_4 == 1  # take it away
      undo     statx(AT_FDCWD, "/new", AT_SYMLINK_NOFOLLOW, STATX_ALL|STATX_MNT_ID, buffer3) = statx_3  if open == 1 and sum == 0  # look
      undo     field_10 = u64 at buffer3[136]  if open == 1 and sum == 0 and statx_3 == 0
      undo     field_11 = u64 at buffer3[32]  if open == 1 and sum == 0 and statx_3 == 0
      undo     field_12 = u64 at buffer3[80]  if open == 1 and sum == 0 and statx_3 == 0
      undo     field_13 = u32 at buffer3[88]  if open == 1 and sum == 0 and statx_3 == 0
      undo     sum_5 = statx_3 + 0  if open == 1 and sum == 0
      undo     sum_6 = 0 + 0
      undo     sum_6 = 1 + 0  if sum_2 == 0 and sum_5 == 0 and field == field_10 and field_2 == field_11 and field_3 == field_12 and field_4 == field_13
      undo     sum_7 = 0 + 0
      undo     sum_7 = 1 + 0  if open == 1 and sum == 0 and sum_6 == 1
      undo     sum_8 = 0 + 0
      undo     sum_8 = 1 + 0  if sum_7 == 1 and field_5 == 0
      undo     renameat2(AT_FDCWD, "/new", AT_FDCWD, "/.criu-plan-…", RENAME_NOREPLACE) = renameat2  if sum_8 == 1  # move it aside
      undo     statx(AT_FDCWD, "/.criu-plan-…", AT_SYMLINK_NOFOLLOW, STATX_ALL|STATX_MNT_ID, buffer3) = statx_4  if sum_8 == 1 and renameat2 == 0  # look
      undo     field_14 = u64 at buffer3[136]  if sum_8 == 1 and renameat2 == 0 and statx_4 == 0
      undo     field_15 = u64 at buffer3[32]  if sum_8 == 1 and renameat2 == 0 and statx_4 == 0
      undo     field_16 = u64 at buffer3[80]  if sum_8 == 1 and renameat2 == 0 and statx_4 == 0
      undo     field_17 = u32 at buffer3[88]  if sum_8 == 1 and renameat2 == 0 and statx_4 == 0
      undo     sum_9 = statx_4 + 0  if sum_8 == 1 and renameat2 == 0
      undo     sum_10 = 0 + 0
      undo     sum_10 = 1 + 0  if sum_9 == 0 and sum_2 == 0 and field_14 == field and field_15 == field_2 and field_16 == field_3 and field_17 == field_4
      undo     unlinkat(AT_FDCWD, "/.criu-plan-…", 0) = unlinkat_2  if sum_8 == 1 and renameat2 == 0 and sum_10 == 1  # take it away
      undo     renameat2(AT_FDCWD, "/.criu-plan-…", AT_FDCWD, "/new", RENAME_NOREPLACE)  if sum_8 == 1 and renameat2 == 0 and sum_10 == 0  # it is another file: move it back
      undo     unlinkat(AT_FDCWD, "/new", 0) = unlinkat_3  if sum_8 == 1 and renameat2 == -22  # take it away
      undo     open_2 = whether descriptor result is open, by its mark  if open == 1
      undo     check that no POSIX locks are on the file of descriptor result  if open == 1 and open_2 == 1
      undo     close(result)  if open == 1 and open_2 == 1  # close again
      undo     fail: its path names another file than the one that it made  if open == 1 and sum == 0 and sum_2 == 0 and sum_5 == 0 and sum_6 == 0
      undo     fail: the file that it made has been written to since, and stays  if sum_7 == 1 and field_5 > 0
      undo     fail: the name that it gave could not be removed  if sum_8 == 1 and renameat2 < 0 and renameat2 != -22
      undo     fail: the name that it gave could not be removed  if sum_8 == 1 and renameat2 == 0 and sum_10 == 1 and unlinkat_2 < 0
      undo     fail: the name that it gave could not be removed  if sum_8 == 1 and renameat2 == -22 and unlinkat_3 < 0
      undo     fail: its path names another file than the one that it made  if sum_8 == 1 and renameat2 == 0 and sum_10 == 0
      undo     fail: the path of the file that it made could not be looked at  if open == 1 and sum == 0 and sum_5 < 0 and sum_5 != -2
      undo     statx(AT_FDCWD, "/new", AT_SYMLINK_NOFOLLOW, STATX_ALL|STATX_MNT_ID, buffer3) = statx_5  if result >= 0 and open != 1 and sum == 0  # look
      undo     field_18 = u64 at buffer3[136]  if result >= 0 and open != 1 and sum == 0 and statx_5 == 0
      undo     field_19 = u64 at buffer3[32]  if result >= 0 and open != 1 and sum == 0 and statx_5 == 0
      undo     field_20 = u64 at buffer3[80]  if result >= 0 and open != 1 and sum == 0 and statx_5 == 0
      undo     field_21 = u32 at buffer3[88]  if result >= 0 and open != 1 and sum == 0 and statx_5 == 0
      undo     sum_11 = statx_5 + 0  if result >= 0 and open != 1 and sum == 0
      undo     fail: the file that it made stays: its descriptor was closed for good, so it can't be told apart  if result >= 0 and open != 1 and sum == 0 and sum_11 == 0
    "#);
}

#[test]
fn every_call_that_makes_a_file_does() {
    insta::assert_snapshot!(forward(r#"
- creat: [/new1, 0o600]
- openat: [3, new2, O_RDWR|O_CREAT, 0o600]
- openat2: [AT_FDCWD, /new3, {bytes: "420000000000000080010000000000000000000000000000"}, 24]
- open: [/new4, O_RDWR|O_CREAT|O_EXCL, 0o600]
"#), @r#"
    forward  open("/new1", O_WRONLY|O_CREAT|O_EXCL|O_TRUNC, 0o600) = result  # make the file
    forward  open("/new1", O_WRONLY, 0o600) = result  if result == -17  # open what is there, making no file
    forward  openat(3, "new2", O_RDWR|O_CREAT|O_EXCL, 0o600) = result_2  # make the file
    forward  openat(3, "new2", O_RDWR, 0o600) = result_2  if result_2 == -17  # open what is there, making no file
    forward  openat2(AT_FDCWD, "/new3", buffer7, 24) = result_3  # make the file
    forward  openat2(AT_FDCWD, "/new3", buffer8, 24) = result_3  if result_3 == -17  # open what is there, making no file
    forward  open("/new4", O_RDWR|O_CREAT|O_EXCL, 0o600) = result_4  # make the file
    "#);
}

#[test]
fn a_fifo_is_opened_without_waiting() {
    insta::assert_snapshot!(forward("- open: [/fifo, O_WRONLY|O_APPEND]"), @r#"
    forward  open("/fifo", O_WRONLY|O_APPEND|O_NONBLOCK, 0) = result  # open without waiting
    forward  fcntl(result, F_SETFL, 1024)  if result >= 0  # let it wait, as asked
    "#);
    let patient = lowered_for(0, "- open: [/fifo, O_WRONLY]\n  timeout: 1s").unwrap();
    let is_call = |op: &&Op| matches!(op.action, Action::Call(_));
    assert_eq!(patient.steps[0].forward.iter().filter(is_call).count(), 1);
}

#[test]
fn what_is_irreversible_keeps_nothing() {
    let steps = "- dup2: [2, 1]\n  irreversible: true\n- close: [5]\n  irreversible: true\n  undo: none\n";
    insta::assert_snapshot!(text(steps), @r#"
    step 1: dup2(2, 1)  # for good
      forward  dup2(2, 1)  # as asked
    step 2: close(5)  # for good
      forward  close(5)  # as asked
    "#);
}

#[test]
fn a_truncation_needs_the_word() {
    insta::assert_snapshot!(text("- open: [/full, O_WRONLY|O_TRUNC]\n- open: [/empty, O_WRONLY|O_TRUNC]\n"), @"program::truncates: `O_TRUNC` would empty /full, which can't be undone");
    let allowed = lowered_for(0, "- open: [/full, O_WRONLY|O_TRUNC]\n  irreversible: true\n").unwrap();
    assert!(allowed.steps[0].irreversible);
    let needless = lowered_for(0, "- open: [/empty, O_WRONLY|O_TRUNC]\n  irreversible: true\n").unwrap();
    assert!(!needless.steps[0].irreversible, "undo takes it all back");
}

#[test]
fn each_target_gets_its_own_steps() {
    let steps = "- socket: [AF_INET, SOCK_STREAM]\n  target: b\n  capture: s\n- close: [\"${b.s}\"]\n  target: b\n";
    let calls = |target| lowered_for(target, steps).unwrap().steps.iter().map(call_text).collect::<Vec<_>>();
    assert!(calls(0).is_empty());
    assert_eq!(calls(1), ["socket(AF_INET, SOCK_STREAM)", "close(${b.s})"]);
}

#[test]
fn numbers_cross_from_one_target_to_another() {
    let steps = "- fstat: [3, {out: 144}]\n  target: b\n  capture: { statbuf: st }\n- lseek: [3, \"${b.st.st_size}+1\", SEEK_SET]\n  irreversible: true\n  target: a\n  when: \"${b.pid} > 1\"\n";
    insta::assert_snapshot!(text(steps), @r#"
    step 2: lseek(3, ${b.st.st_size}+1, SEEK_SET)  # for good
      import   b.pid = pid of b
      import   b.st.st_size = st.st_size of b
      prepare  sum = b.st.st_size + 1  if b.st.st_size == b.st.st_size and 1 == 1
      when     b.pid > 1
      forward  lseek(3, sum, SEEK_SET)  # as asked
    "#);
    let program = lowered_for(1, steps).unwrap();
    let exports: Vec<&str> = program.exports.iter().map(|export| export.name.as_str()).collect();
    assert_eq!(exports, ["st.st_size"]);
}

#[test]
fn undo_that_the_plan_has() {
    insta::assert_snapshot!(text(r#"
- pipe2: [{ out: 8 }, 0]
  capture: { return: made, pipefd: ends }
  undo:
    - fcntl: ["${ends[0]}", F_GETFD]
      capture: flags
    - close: ["${ends[0]}"]
      when: "${flags} == 0"
      unless: ["${made} == 1", "${ends[1]} == 2"]
      ignore: EBADF
    - close: ["${ends[1]}"]
"#), @r#"
    step 1: pipe2(out 8 bytes, 0)
      forward  pipe2(buffer0, 0) = made  # as asked
      forward  field = i32 at buffer0[0]  if made >= 0
      forward  field_2 = i32 at buffer0[4]  if made >= 0
      forward  sum = 0 + 1  if made >= 0
      undo     field = i32 at buffer0[0]  if made >= 0 and sum == 0
      undo     field_2 = i32 at buffer0[4]  if made >= 0 and sum == 0
      undo     fcntl(field, F_GETFD, 0) = fcntl  if made >= 0  # undo, as the plan has it
      undo     sum_2 = 0 + 0  if made >= 0
      undo     sum_2 = 0 + 1  if made >= 0 and made == 1 and field_2 == 2
      undo     flags = flags of descriptor field  if made >= 0 and fcntl == 0 and sum_2 == 0
      undo     check that no POSIX locks are on the file of descriptor field  if made >= 0 and fcntl == 0 and sum_2 == 0 and flags >= 0
      undo     close(field)  if made >= 0 and fcntl == 0 and sum_2 == 0  # undo, as the plan has it
      undo     flags_2 = flags of descriptor field_2  if made >= 0
      undo     check that no POSIX locks are on the file of descriptor field_2  if made >= 0 and flags_2 >= 0
      undo     close(field_2)  if made >= 0  # undo, as the plan has it
    "#);
}

/// What reading refuses.
fn refused(steps: &str) -> String {
    let text = format!("version: 1\ntargets: [10]\nsteps:\n{steps}");
    let problems = read(text.as_bytes(), &IndexMap::new(), Purpose::Run).map(|_| ()).unwrap_err();
    problems.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_element_that_is_not_there_is_refused() {
    let steps = "- pipe2: [{out: auto}, 0]\n  capture: { pipefd: ends }\n- close: [\"${ends[2]}\"]\n";
    insta::assert_snapshot!(refused(steps), @"plan::access: `ends` has 2 elements, and no number 2");
    let steps = "- read: [0, {out: 8, as: 'i32[]'}]\n  capture: { buf: list }\n  irreversible: true\n- close: [\"${list[2]}\"]\n";
    insta::assert_snapshot!(text(steps), @"program::capture: `list` has 2 elements, and no number 2");
}

#[test]
fn a_pipe_in_too_small_a_buffer_is_refused() {
    insta::assert_snapshot!(refused("- pipe2: [{out: 4}, 0]\n"), @"plan::size: `pipefd` of `pipe2` is i32[2], which takes 8 bytes, and here are 4");
}

#[test]
fn memory_is_put_together_before_the_call() {
    let steps = r#"
- socketpair: [AF_UNIX, SOCK_STREAM, 0, { out: auto }]
  capture: { sv: ends }
- sendmsg:
    - "${ends[0]}"
    - struct:
        msg_iov: [{ iov_base: hello }, { iov_base: { u16: [1, 2] } }]
        msg_control: [{ cmsg_data: { i32: ["${ends[1]}"] } }]
  irreversible: true
"#;
    insta::assert_snapshot!(text(steps), @r#"
    step 1: socketpair(AF_LOCAL, SOCK_STREAM, IPPROTO_IP, out i32[2])
      forward  socketpair(AF_LOCAL, SOCK_STREAM, 0, buffer0) = result  # as asked
      forward  field = i32 at buffer0[0]  if result >= 0
      forward  mark = mark of descriptor field  if field >= 0
      forward  field_2 = i32 at buffer0[4]  if result >= 0
      forward  mark_2 = mark of descriptor field_2  if field_2 >= 0
      undo     field = i32 at buffer0[0]  if result >= 0
      undo     open = whether descriptor field is open, by its mark  if field >= 0
      undo     check that no POSIX locks are on the file of descriptor field  if field >= 0 and open == 1
      undo     close(field)  if field >= 0 and open == 1  # close again
      undo     field_2 = i32 at buffer0[4]  if result >= 0
      undo     open_2 = whether descriptor field_2 is open, by its mark_2  if field_2 >= 0
      undo     check that no POSIX locks are on the file of descriptor field_2  if field_2 >= 0 and open_2 == 1
      undo     close(field_2)  if field_2 >= 0 and open_2 == 1  # close again
    step 2: sendmsg(${ends[0]}, {msg_iov: [{iov_base: "hello"}, {iov_base: u16 [1, 2]}], msg_control: [{cmsg_data: i32 [${ends[1]}]}]})  # for good
      prepare  field_3 = i32 at buffer0[0]  if result >= 0
      prepare  field_4 = i32 at buffer0[4]  if result >= 0
      forward  u64 at buffer3[0] = "hello"
      forward  u64 at buffer3[16] = buffer2
      forward  i32 at buffer4[16] = field_4
      forward  u64 at buffer5[16] = buffer3
      forward  u64 at buffer5[32] = buffer4
      forward  sendmsg(field_3, buffer5, 0)  # as asked
    "#);
}

#[test]
fn what_is_referred_to_is_never_written_beyond() {
    let small = "- read: [0, { out: 16 }]\n  capture: { buf: small }\n  irreversible: true\n";
    let told = |step: &str| lowered_for(0, &format!("{small}{step}")).err().unwrap_or_default().join("; ");
    insta::assert_snapshot!(told("- fstat: [0, { ref: small }]\n"), @"program::capture: `small` has 16 bytes, and the call goes by 144");
    insta::assert_snapshot!(told("- read: [0, { ref: small }, 17]\n  irreversible: true\n"), @"program::length: `count` is 17, and `buf` is good for 16 only");
    insta::assert_snapshot!(told("- readv: [0, { struct: [{ iov_base: { ref: small }, iov_len: 17 }] }]\n  irreversible: true\n"), @"program::capture: `small` has 16 bytes, and its length is given as 17");
    insta::assert_snapshot!(told("- readv: [0, { struct: [{ iov_base: { ref: small }, iov_len: 16 }] }]\n  irreversible: true\n"), @"");
    let late = "- dup: [0]\n  capture: n\n- readv: [0, { struct: [{ iov_base: { ref: small }, iov_len: \"${n}\" }] }]\n  irreversible: true\n";
    let program = lowered_for(0, &format!("{small}{late}"))
        .map_or_else(|problems| problems.join("\n"), |program| listing(&program));
    assert!(program.contains("u64 at buffer1[8] = n, 16 at most"), "{program}");
}

#[test]
fn lengths_that_the_table_says_otherwise_are_bounded_too() {
    let told = |step: &str| refused(&format!("{step}  irreversible: true\n"));
    insta::assert_snapshot!(told("- mincore: [0x1000, 0x9000, { out: 8 }]\n"), @"plan::length: `length` is 36864, and `vec` is good for 32768 only");
    insta::assert_snapshot!(told("- select: [1025, { out: fd_set }]\n  timeout: 1s\n"), @"plan::length: `nfds` is 1025, and `readfds` is good for 1024 only");
    insta::assert_snapshot!(told("- get_mempolicy: [0, { out: 16 }, 129]\n"), @"plan::length: `maxnode` is 129, and `nodemask` is good for 128 only");
    insta::assert_snapshot!(told("- keyctl: [KEYCTL_READ, 5, { out: 8 }, 9]\n"), @"plan::length: `arg4` is 9, and `arg3` is good for 8 only");
    insta::assert_snapshot!(told("- prctl: [PR_GET_AUXV, { out: 8 }, 9]\n"), @"plan::length: `arg3` is 9, and `arg2` is good for 8 only");
}

#[test]
fn before_a_dot_stands_a_capture_or_else_a_target() {
    // `a` is a target, and `st` is what was captured.
    let steps = "- dup: [1]\n  capture: fd\n- close: [\"${a.fd}\"]\n- fstat: [0, { out: auto }]\n  capture: { statbuf: st }\n- lseek: [0, \"${st.st_size}\", SEEK_SET]\n  irreversible: true\n";
    let program = text(steps);
    assert!(program.contains("close(fd)"), "{program}");
    assert!(program.contains("prepare  field = i64 at buffer0[48]  if result_2 >= 0"), "{program}");
}

/// Facts of a target that stands still, and time for so many steps.
struct InAHurry(std::cell::Cell<usize>);

impl Facts for InAHurry {
    fn file(&self, _: &[u8]) -> FileFact {
        FileFact::Missing
    }

    fn size(&self, _: &[u8]) -> Option<u64> {
        None
    }

    fn may_go_on(&self) -> Result<(), Problem> {
        match self.0.get().checked_sub(1) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Problem::error("run::hold", "no time is left")),
        }
    }
}

#[test]
fn lowering_ends_when_there_is_no_time() {
    let text = format!("version: 1\ntargets: [10]\nsteps:\n{}", "- getpid: []\n".repeat(20));
    let plan = read(text.as_bytes(), &IndexMap::new(), Purpose::Run).unwrap().plan;
    let lowered = |time: usize| lower(&plan, 0, &InAHurry(time.into()), &Found::default());
    assert_eq!(lowered(20).unwrap().steps.len(), 20);
    let problems = lowered(19).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["run::hold"]);
}

/// Processor time that lowering a plan of so many steps, each with memory of its own, takes this thread.
fn time_to_lower(steps: usize) -> u64 {
    let text = format!("version: 1\ntargets: [10]\nsteps:\n{}", "- access: [/nowhere, F_OK]\n".repeat(steps));
    let plan = read(text.as_bytes(), &IndexMap::new(), Purpose::Run).unwrap().plan;
    let now = || {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is what the call fills.
        assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    };
    let begun = now();
    assert_eq!(lower(&plan, 0, &Surroundings, &Found::default()).unwrap().buffers.len(), steps);
    now() - begun
}

/// It happens inside the stop.
#[test]
fn memory_takes_no_longer_to_lower_the_more_there_is() {
    let (few, many) = (time_to_lower(5_000), time_to_lower(40_000));
    assert!(many < few * 24, "5000 steps took {few} ns, 8 times as many {many} ns");
}

#[test]
fn what_the_table_says_can_be_undone_has_an_undo() {
    use criu_plan::syscalls::constants::SOL;
    use criu_plan::syscalls::{Kind, Nature, argument_kind, by_name, commands, particulars};
    let memory = "{ bytes: \"".to_owned() + &"00".repeat(64) + "\" }";
    let mut steps = Vec::new();
    for call in ["fcntl", "ioctl"] {
        let call = by_name(call).unwrap();
        let (selector, commands) = commands(call).unwrap();
        let set = call.params[selector].kind.set().unwrap();
        for command in commands.iter().filter(|command| matches!(command.nature, Some(Nature::Restores(_)))) {
            let known = |index: usize| if index == 1 { set.value(command.name) } else { Some(3) };
            let argument = match argument_kind(call, 2, known) {
                Kind::In(_) | Kind::InOut(_) | Kind::Any => memory.as_str(),
                _ => "1",
            };
            let argument = if command.arguments.is_empty() { "" } else { &format!(", {argument}") };
            steps.push(format!("- {}: [3, {}{argument}]\n  timeout: 1s\n", call.name, command.name));
        }
    }
    let setsockopt = by_name("setsockopt").unwrap();
    for (name, level) in SOL.members {
        let kind = argument_kind(setsockopt, 2, |index| [Some(3), Some(*level)].get(index).copied().flatten());
        for (option, value) in kind.set().map_or(&[][..], |set| set.members) {
            let known = |index: usize| [3, *level, *value].get(index).copied();
            if let Nature::Restores(_) = particulars(setsockopt, known).nature {
                steps.push(format!("- setsockopt: [3, {name}, {option}, {memory}]\n"));
            }
        }
    }
    let others = [
        "lseek: [3, 1, SEEK_SET]",
        "flock: [3, 'LOCK_EX|LOCK_NB']",
        "signalfd4: [3, { struct: [SIGHUP] }, 8, 0]",
        "mq_getsetattr: [3, { struct: { mq_flags: O_NONBLOCK } }]",
        "timerfd_settime: [3, 0, { struct: { it_value: { tv_sec: 1 } } }]",
        "epoll_ctl: [3, EPOLL_CTL_DEL, 4]",
        "inotify_add_watch: [3, /full, IN_ACCESS]",
        "listen: [3, 5]",
    ];
    steps.extend(others.map(|step| format!("- {step}\n")));
    assert!(steps.len() > 200, "{}", steps.len());
    for step in steps {
        let program = lowered_for(0, &step).unwrap_or_else(|problems| panic!("{step}: {problems:?}"));
        let code = &program.steps[0];
        assert!(!code.irreversible && !code.undo.is_empty(), "{step}{}", listing(&program));
    }
}
