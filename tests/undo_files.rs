//! Files, their names and attributes, and directories are put back when a later step fails; and never is anything removed,
//! moved or changed that another process has put in their place meanwhile.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "undo_files/interference.rs"]
mod interference;
#[path = "undo_files/steps.rs"]
mod steps;
#[path = "undo_files/subject.rs"]
mod subject;
mod support;
#[path = "undo_files/tree.rs"]
mod tree;

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use steps::*;
use subject::*;
use support::*;
use tree::*;

/// What of a file does not come back: the time at which it was changed.
fn without_times(mut tree: Tree, step: &str) -> Tree {
    if step.contains("truncate") || step.contains("fallocate") {
        tree.values_mut().for_each(|entry| entry.times = None);
    }
    tree
}

/// Whatever a step may do: without what changes by being looked at.
fn state(subject: &Subject, step: &str) -> (Tree, PathBuf, PathBuf) {
    let root = fs::read_link(format!("/proc/{}/root", subject.target.pid())).unwrap();
    (without_times(tree(&subject.home), step), subject.cwd(), root)
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let mut subject = subject();
    for step in steps() {
        let before = (state(&subject, step), descriptors(subject.target.pid()), subject.target.snapshot());
        let output = subject.run(&format!("{step}, {FAILS}"));
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{step}: {outcome:#}");
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{step}: {done:#}");
        assert_tree(&before.0.0, &state(&subject, step).0, step);
        assert_eq!(state(&subject, step), before.0, "{step}");
        assert_eq!(descriptors(subject.target.pid()), before.1, "{step}");
        assert_same(&before.2, &subject.target.snapshot());
        subject.target.assert_well();
    }
}

#[test]
fn each_call_is_taken_back_when_its_own_result_is_refused() {
    let mut subject = subject();
    for step in steps() {
        let before = state(&subject, step);
        let refused = step.strip_suffix('}').unwrap();
        let output = subject.run(&format!("{refused}, returns: 12345}}"));
        assert_code(&output, 1);
        let outcome = outcome(&output);
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("failed"), &json!(true)), "{step}: {done:#}");
        assert_tree(&before.0, &state(&subject, step).0, step);
        assert_eq!(state(&subject, step), before, "{step}");
        subject.target.assert_well();
    }
}

#[test]
fn each_call_does_what_it_is_asked_for_and_leaves_nothing() {
    // Those that open a file leave it open, and a new length is seen in it.
    let changes = |step: &&&str| !step.contains("open") && !step.contains("creat:") && !step.contains("fchdir: [14]");
    let unseen = ["{fallocate: [10, 0, 5, 2]}", "{truncate: [link, 8]}", "{chroot: ['.']}"];
    for step in steps().iter().filter(changes) {
        let mut subject = subject();
        let before = state(&subject, "");
        subject.applied(step);
        if !unseen.contains(step) {
            assert_ne!(state(&subject, ""), before, "{step}");
        }
        assert_eq!(subject.left(), Vec::<PathBuf>::new(), "{step}");
    }
}

#[test]
fn calls_that_lose_something_are_not_made() {
    let mut subject = subject();
    // Found out as the plan runs.
    for step in [
        "{ftruncate: [10, 3]}",
        "{chdir: [full]}, {truncate: [inside, 3]}",
        "{lseek: [10, 0, SEEK_CUR], capture: n}, {truncate: [file, '${n}']}",
    ] {
        let outcome = subject.rolled_back(step);
        assert!(
            outcome["problems"][0]["message"].as_str().unwrap().contains("cut off what the file holds"),
            "{outcome:#}"
        );
    }
    // Known before anything is touched.
    let output = subject.run("{truncate: [HOME/file, 3]}");
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["program::truncates"]);
    let output = subject.run("{truncate: [HOME/file, 3], irreversible: true}");
    assert_code(&output, 0);
    assert_eq!(fs::read(subject.path("file")).unwrap(), b"con");
}

#[test]
fn an_attribute_that_is_too_long_to_be_kept_stays() {
    // Other file systems have no room for it.
    let mut subject = Subject::within(tempfile::tempdir_in("/dev/shm").unwrap());
    set_attribute(&subject.path("other"), c"user.long", &[b'x'; 4097]);
    let outcome = subject.rolled_back("{removexattr: [other, user.long]}");
    assert!(outcome["problems"][0]["message"].as_str().unwrap().contains("too long to be kept"), "{outcome:#}");
    set_attribute(&subject.path("other"), c"user.long", &[b'x'; 4096]);
    subject.rolled_back(&format!("{{removexattr: [other, user.long]}}, {FAILS}"));
}

#[test]
fn calls_that_fail_fail_as_they_would_without_undo() {
    let mut subject = subject();
    for (step, errno) in [
        ("{unlink: [nothing]}", "ENOENT"),
        ("{unlink: [full]}", "EISDIR"),
        ("{unlink: [file/]}", "ENOTDIR"),
        ("{rmdir: [full]}", "ENOTEMPTY"),
        ("{rmdir: [file]}", "ENOTDIR"),
        ("{rmdir: [nothing/at/all]}", "ENOENT"),
        ("{rename: [nothing, new]}", "ENOENT"),
        ("{rename: [file, empty]}", "EISDIR"),
        ("{rename: [empty, file]}", "ENOTDIR"),
        ("{rename: [empty, full]}", "ENOTEMPTY"),
        ("{renameat2: [14, file, 14, other, RENAME_NOREPLACE]}", "EEXIST"),
        ("{renameat2: [14, file, 14, new, RENAME_EXCHANGE]}", "ENOENT"),
        ("{mkdir: [full, 0o755]}", "EEXIST"),
        ("{symlink: [file, other]}", "EEXIST"),
        ("{link: [nothing, new]}", "ENOENT"),
        ("{chmod: [nothing, 0o644]}", "ENOENT"),
        ("{fchmod: [77, 0o644]}", "EBADF"),
        ("{chdir: [file]}", "ENOTDIR"),
        ("{fchdir: [10]}", "ENOTDIR"),
        ("{removexattr: [other, user.colour]}", "ENODATA"),
        ("{setxattr: [file, user.colour, green, 5, XATTR_CREATE]}", "EEXIST"),
        ("{truncate: [full, 5]}", "EISDIR"),
        ("{ftruncate: [10, -1]}", "EINVAL"),
        ("{utime: [nothing]}", "ENOENT"),
    ] {
        let outcome = subject.rolled_back(step);
        let failed = &outcome["targets"][0]["steps"][0];
        assert_eq!((&failed["state"], &failed["errno"]), (&json!("failed"), &json!(errno)), "{step}: {failed:#}");
    }
    // Gone over, nothing is done and the plan goes on.
    subject.applied("{unlink: [nothing], ignore: ENOENT}, {rmdir: [full], ignore: ENOTEMPTY}, {mkdir: [new, 0o755]}");
    assert!(subject.path("full").exists());
    // Two names of one file: nothing happens.
    let before = tree(&subject.home);
    subject.applied("{rename: [file, hard]}");
    assert_tree(&before, &tree(&subject.home), "two names of one file");
}

#[test]
fn what_waits_for_commit_is_found_wherever_the_process_has_gone() {
    let mut subject = subject();
    // The path leads elsewhere by then, the directory has another name, its descriptor another number.
    subject.applied("{unlink: [file]}, {rmdir: [empty]}, {rename: [other, zero]}, {chdir: [/]}");
    subject.applied("{fchdir: [14]}, {unlinkat: [14, hard, 0]}, {dup2: [10, 14]}");
    subject.applied("{unlink: [full/inside]}, {rename: [full, elsewhere]}");
    assert_eq!(subject.left(), Vec::<PathBuf>::new());
    for gone in ["file", "empty", "other", "hard", "full", "elsewhere/inside"] {
        assert!(!subject.path(gone).exists(), "{gone}");
    }
    assert_eq!(fs::read(subject.path("zero")).unwrap(), b"other contents");
}

#[test]
fn steps_that_build_on_each_other_are_taken_back_in_turn() {
    let mut subject = subject();
    let outcome = subject.rolled_back(&format!(
        "{{mkdir: [new, 0o755]}}, {{chdir: [new]}}, {{rename: [../file, file]}}, {{symlink: [file, link]}}, {{chmod: [link, 0o600]}},
         {{rename: [../other, file]}}, {{unlink: [link]}}, {{symlink: [nowhere, link]}}, {{chdir: [..]}}, {{rename: [new, newer]}},
         {{unlink: [newer/link]}}, {{rename: [full, new]}}, {{open: [file, 'O_CREAT|O_WRONLY', 0o600]}}, {FAILS}"
    ));
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    assert!(steps[..steps.len() - 1].iter().all(|step| step["undone"] == true), "{outcome:#}");
}

#[test]
fn a_log_that_is_rotated_is_made_anew_and_taken_away_again() {
    let mut subject = subject();
    let rotate = "{rename: [HOME/file, HOME/file.1]}, {open: [HOME/file, 'O_WRONLY|O_CREAT|O_APPEND', 0o640], capture: log}, {dup2: ['${log}', 10]}, {close: ['${log}']}";
    subject.rolled_back(&format!("{rotate}, {FAILS}"));
    subject.applied(rotate);
    assert_eq!(fs::read(subject.path("file.1")).unwrap(), b"contents");
    assert_eq!(subject.target.link(10), subject.path("file"));
}

#[test]
fn a_directory_is_cleared_out_and_removed() {
    let mut subject = subject();
    fs::write(subject.path("full/second"), "2").unwrap();
    let clear = "{unlink: [full/inside]}, {rename: [file, full/second]}, {unlink: [full/second]}, {rmdir: [full]}";
    subject.rolled_back(&format!("{clear}, {FAILS}"));
    // What others have there counts, whatever it is called.
    for name in [".criu-plan-0123456789abcdef", "x", ".x"] {
        fs::write(subject.path("full").join(name), "theirs").unwrap();
        let outcome = subject.rolled_back(clear);
        assert_eq!(outcome["targets"][0]["steps"][3]["errno"], "ENOTEMPTY", "{name}: {outcome:#}");
        fs::remove_file(subject.path("full").join(name)).unwrap();
    }
    subject.applied(clear);
    assert!(!subject.path("full").exists());
    assert_eq!(subject.left(), Vec::<PathBuf>::new());
}

/// Sets the limit of a target's descriptors.
fn limit(target: &Target, most: u64) {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: 1024 };
    // SAFETY: the limit is a structure of ours that the call reads.
    let done = unsafe { libc::prlimit(target.pid(), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(done, 0);
}

#[test]
fn with_no_descriptor_to_spare_nothing_is_done() {
    let mut subject = subject();
    for step in ["{chdir: [/]}", "{unlink: [file]}", "{rename: [file, other]}"] {
        // 0, 1 and 2 are open; with 4 there is one left, which is given and kept.
        limit(&subject.target, 4);
        subject.rolled_back(&format!("{step}, {FAILS}"));
        limit(&subject.target, 3);
        let outcome = subject.rolled_back(step);
        let message = outcome["problems"][0]["message"].as_str().unwrap();
        assert!(message.contains("no free descriptor number"), "{message}");
        limit(&subject.target, 1024);
    }
}

/// A file system of layers (overlayfs): what is changed in it is first copied, and is another inode then.
struct Layers(PathBuf);

impl Layers {
    /// Over a furnished directory, if that may be made here.
    fn new(directory: &Path) -> Option<Self> {
        for name in ["lower", "upper", "work", "home"] {
            fs::create_dir(directory.join(name)).unwrap();
        }
        furnish(&directory.join("lower"));
        let part = |name: &str| directory.join(name).display().to_string();
        let options = format!("lowerdir={},upperdir={},workdir={}", part("lower"), part("upper"), part("work"));
        let mounted =
            Command::new("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(part("home")).output();
        mounted.unwrap().status.success().then(|| Self(directory.join("home")))
    }
}

impl Drop for Layers {
    fn drop(&mut self) {
        let home = c_path(&self.0);
        // SAFETY: the path is terminated, and it is the test's own mount that goes.
        unsafe { libc::umount2(home.as_ptr(), libc::MNT_DETACH) };
    }
}

/// A tree but for what a copy of a file has of its own.
fn contents(home: &Path) -> Tree {
    let mut tree = tree(home);
    for entry in tree.values_mut() {
        (entry.file, entry.links, entry.times) = ((0, 0), 0, None);
    }
    tree
}

#[test]
fn a_file_that_becomes_another_inode_by_the_change_is_still_the_same_file() {
    let directory = directory();
    let Some(layers) = is_root().then(|| Layers::new(directory.path())).flatten() else { return };
    let home = layers.0.clone();
    let mut target = Target::start(Command::new(c("still")).arg("descriptors").arg(&home));
    target.until_asleep();
    let mut run = |steps: &str| {
        let plan = format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", target.pid());
        let output = apply(directory.path(), &plan, &[]);
        target.assert_well();
        outcome(&output)
    };
    for step in [
        "{chmod: [file, 0o600]}",
        "{chown: [other, 1, 2]}",
        "{truncate: [zero, 10]}",
        "{utime: [program, {struct: {actime: 5, modtime: 6}}]}",
        "{unlink: [hard]}",
        "{rename: [link, new]}",
        "{rename: [full/inside, other]}",
    ] {
        let before = contents(&home);
        let done = run(&format!("{step}, {FAILS}"));
        assert_eq!(done["outcome"], "rolled_back", "{step}: {done:#}");
        assert_eq!(contents(&home), before, "{step}");
    }
    // A directory of a lower layer can't be moved, and so it can't be held aside.
    let before = contents(&home);
    let done = run("{rmdir: [empty]}");
    let message = done["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("this file system can't hold it aside"), "{message}");
    assert_eq!(contents(&home), before);
    assert_eq!(run("{rmdir: [empty], irreversible: true}")["outcome"], "applied");
    assert!(!home.join("empty").exists());
    drop(target);
}

#[test]
fn names_of_the_host_are_put_back() {
    if !is_root() {
        return;
    }
    let directory = directory();
    // In a namespace of its own: those of the machine are no test's business.
    let mut command = Command::new("unshare");
    command.arg("--uts").arg(c("still")).arg("descriptors").arg(directory.path());
    let mut target = Target::start(&mut command);
    target.until_asleep();
    let pid = target.pid().to_string();
    let names = || {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &pid, "--uts", "cat", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"]);
        String::from_utf8(inside.output().unwrap().stdout).unwrap()
    };
    let set = |name: &str| {
        let done = Command::new("nsenter").args(["--target", &pid, "--uts", "hostname", name]).status().unwrap();
        assert!(done.success());
    };
    set("before");
    let before = names();
    assert!(before.starts_with("before\n"), "{before}");
    for step in ["{sethostname: [other]}", "{sethostname: ['']}", "{setdomainname: [example.org]}"] {
        let plan = |steps: &str| format!("version: 1\ntargets: [{pid}]\nsteps: [{steps}]\n");
        assert_code(&apply(directory.path(), &plan(step), &[]), 0);
        assert_ne!(names(), before, "{step}");
        set("before");
        let (done, back) = (names(), step.contains("domain"));
        let output = apply(directory.path(), &plan(&format!("{}, {FAILS}", step.replace("example", "another"))), &[]);
        assert_code(&output, 1);
        assert_eq!(outcome(&output)["outcome"], "rolled_back");
        assert_eq!(names(), if back { done } else { before.clone() }, "{step}");
        target.assert_well();
    }
}

#[test]
fn inode_flags_are_put_back() {
    // SAFETY: file_getattr(2) with no such descriptor does nothing.
    let known = unsafe { libc::syscall(468, -1, c"".as_ptr(), 0, 0, 0) };
    if known < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS) {
        // It is of Linux 6.17.
        return;
    }
    let mut subject = subject();
    let flags = |subject: &Subject| {
        let output = Command::new("lsattr").arg("-l").arg(subject.path("file")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // FS_XFLAG_NODUMP and FS_XFLAG_NOATIME.
    let step = "{file_setattr: [14, file, {bytes: 'c0000000000000000000000000000000000000000000000000'}, 24, 0]}";
    let before = flags(&subject);
    subject.rolled_back(&format!("{step}, {FAILS}"));
    assert_eq!(flags(&subject), before);
    subject.applied(step);
    assert_ne!(flags(&subject), before);
}
