//! Another process acts between a step and its undo.

use crate::subject::*;
use crate::support::*;
use crate::tree::*;
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

#[test]
fn what_somebody_has_put_in_the_place_of_what_a_step_made_stays() {
    let mut subject = subject();
    // What the step makes is removed or moved away, and something else is given its name.
    for step in [
        "{mkdir: [new, 0o755]}",
        "{symlink: [file, new]}",
        "{link: [file, new]}",
        "{mknod: [new, 'S_IFIFO|0o600', 0]}",
        "{open: [new, 'O_WRONLY|O_CREAT', 0o600]}",
        "{rename: [other, new]}",
    ] {
        subject.in_doubt(
            step,
            if step.contains("rename") { "the names are no longer" } else { "another file" },
            |home| {
                fs::rename(home.join("new"), home.join("moved")).unwrap();
                match step.contains("mkdir") {
                    true => fs::create_dir(home.join("new")).unwrap(),
                    false => fs::write(home.join("new"), "theirs").unwrap(),
                }
            },
        );
        let new = subject.path("new");
        match step.contains("mkdir") {
            true => fs::remove_dir(&new).unwrap(),
            false => {
                assert_eq!(fs::read(&new).unwrap(), b"theirs", "{step}");
                fs::remove_file(&new).unwrap();
            }
        }
        let moved = subject.path("moved");
        match step {
            _ if step.contains("mkdir") => fs::remove_dir(&moved).unwrap(),
            _ if step.contains("rename") => fs::rename(&moved, subject.path("other")).unwrap(),
            _ => fs::remove_file(&moved).unwrap(),
        }
        assert_eq!(subject.left(), Vec::<PathBuf>::new(), "{step}");
    }
}

#[test]
fn what_somebody_has_put_into_what_a_step_made_stays() {
    let mut subject = subject();
    subject.in_doubt("{mkdir: [new, 0o755]}", "somebody has put something into the directory", |home| {
        fs::write(home.join("new/theirs"), "theirs").unwrap();
    });
    assert_eq!(fs::read(subject.path("new/theirs")).unwrap(), b"theirs");
    fs::remove_dir_all(subject.path("new")).unwrap();
    for step in ["{mknod: [new, 0o600, 0]}", "{open: [new, 'O_WRONLY|O_CREAT', 0o600]}"] {
        subject.in_doubt(step, "has been written to since", |home| {
            File::options().write(true).open(home.join("new")).unwrap().write_all(b"theirs").unwrap();
        });
        assert_eq!(fs::read(subject.path("new")).unwrap(), b"theirs", "{step}");
        fs::remove_file(subject.path("new")).unwrap();
    }
    assert_eq!(subject.left(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_step_made_and_somebody_has_removed_is_no_doubt() {
    let mut subject = subject();
    for step in
        ["{mkdir: [new, 0o755]}", "{symlink: [file, new]}", "{link: [file, new]}", "{open: [new, O_CREAT, 0o600]}"]
    {
        let before = tree(&subject.home);
        let (code, outcome) = subject.interfered(step, |home| match step.contains("mkdir") {
            true => fs::remove_dir(home.join("new")).unwrap(),
            false => fs::remove_file(home.join("new")).unwrap(),
        });
        assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{step}: {outcome:#}");
        assert_tree(&before, &tree(&subject.home), step);
    }
}

#[test]
fn a_name_that_somebody_took_meanwhile_is_not_taken_from_him() {
    let mut subject = subject();
    let inode = |path: &Path| fs::symlink_metadata(path).unwrap().ino();
    // What is held aside stays there, whole.
    for (step, name) in [("{unlink: [file]}", "file"), ("{unlinkat: [14, empty, AT_REMOVEDIR]}", "empty")] {
        let was = inode(&subject.path(name));
        subject.in_doubt(step, "its name was given to another since", |home| {
            fs::write(home.join(name), "theirs").unwrap();
        });
        assert_eq!(fs::read(subject.path(name)).unwrap(), b"theirs", "{step}");
        let left = subject.left();
        assert_eq!(left.iter().map(|path| inode(path)).collect::<Vec<_>>(), [was], "{step}");
        fs::rename(&left[0], subject.path("found")).unwrap();
        fs::remove_file(subject.path(name)).unwrap();
        fs::rename(subject.path("found"), subject.path(name)).unwrap();
    }
    // What was renamed keeps its new name.
    subject.in_doubt("{rename: [file, new]}", "its old name was given to another since", |home| {
        fs::write(home.join("file"), "theirs").unwrap();
    });
    assert_eq!(fs::read(subject.path("file")).unwrap(), b"theirs");
    assert_eq!(fs::read(subject.path("new")).unwrap(), b"contents");
}

#[test]
fn what_was_replaced_comes_back_whatever_becomes_of_the_old_name() {
    let mut subject = subject();
    let (file, other) = (tree(&subject.path("file")), tree(&subject.path("other")));
    // Both are whole, and the name that others know has what it had.
    subject.in_doubt("{rename: [file, other]}", "could not be given its old name back", |home| {
        assert_eq!(fs::metadata(home.join("other")).unwrap().len(), 8);
        fs::write(home.join("file"), "theirs").unwrap();
    });
    assert_eq!(fs::read(subject.path("file")).unwrap(), b"theirs");
    assert_tree(&other, &tree(&subject.path("other")), "replaced");
    let [left] = subject.left().try_into().unwrap();
    assert_eq!(tree(&left).into_values().next(), file.into_values().next());
    fs::rename(&left, subject.path("file")).unwrap();
    // Somebody replaces it in turn: his file stays, and nothing is lost.
    subject.in_doubt("{rename: [file, other]}", "the names are no longer what the step made them", |home| {
        fs::write(home.join("theirs"), "theirs").unwrap();
        fs::rename(home.join("theirs"), home.join("other")).unwrap();
    });
    assert_eq!(fs::read(subject.path("other")).unwrap(), b"theirs");
    let [left] = subject.left().try_into().unwrap();
    assert_eq!(tree(&left).into_values().next(), other.into_values().next());
}

#[test]
fn attributes_that_somebody_changed_since_stay() {
    let mut subject = subject();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o7777;
    let set = |path: PathBuf, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    subject.in_doubt("{chmod: [file, 0o600]}", "its mode is no longer", |home| set(home.join("file"), 0o604));
    assert_eq!(mode(subject.path("file")), 0o604);
    subject.in_doubt("{setxattr: [file, user.colour, green, 5, 0]}", "the attribute is no longer", |home| {
        set_attribute(&home.join("file"), c"user.colour", b"black");
    });
    assert_eq!(attribute(&subject.path("file"), c"user.colour").unwrap(), b"black");
    subject.in_doubt("{removexattr: [file, user.colour]}", "the attribute is no longer", |home| {
        set_attribute(&home.join("file"), c"user.colour", b"white");
    });
    assert_eq!(attribute(&subject.path("file"), c"user.colour").unwrap(), b"white");
    subject.in_doubt("{utime: [file, {struct: {actime: 5, modtime: 6}}]}", "its time of modification", |home| {
        File::options().write(true).open(home.join("file")).unwrap().write_all(b"CON").unwrap();
    });
    assert_eq!(fs::read(subject.path("file")).unwrap(), b"CONtents");
    subject.in_doubt("{truncate: [file, 100]}", "it has been written to since", |home| {
        File::options().append(true).open(home.join("file")).unwrap().write_all(b"theirs").unwrap();
    });
    assert_eq!(fs::metadata(subject.path("file")).unwrap().len(), 106);
    // Where another file has its path, that one is left alone.
    for step in ["{chmod: [zero, 0o600]}", "{setxattr: [zero, user.colour, green, 5, 0]}", "{truncate: [zero, 100]}"] {
        subject.in_doubt(step, "its path leads to another file", |home| {
            fs::write(home.join("theirs"), "theirs").unwrap();
            set(home.join("theirs"), 0o640);
            fs::rename(home.join("theirs"), home.join("zero")).unwrap();
        });
        let zero = subject.path("zero");
        assert_eq!((mode(zero.clone()), fs::read(&zero).unwrap()), (0o640, b"theirs".to_vec()), "{step}");
        fs::remove_file(&zero).unwrap();
        fs::write(&zero, "").unwrap();
    }
    if is_root() {
        subject.in_doubt("{chown: [program, 5, 6]}", "its owner or mode is no longer", |home| {
            chown(home.join("program"), Some(7), None).unwrap();
        });
        let program = fs::metadata(subject.path("program")).unwrap();
        assert_eq!((program.uid(), program.gid()), (7, 6));
        // A mode that somebody has set since is not taken for what chown has left of it.
        subject.in_doubt("{chown: [program, 8, 9]}", "its owner or mode is no longer", |home| {
            set(home.join("program"), 0o700);
        });
        assert_eq!(mode(subject.path("program")), 0o700);
    }
}

#[test]
fn the_time_of_access_of_a_file_that_somebody_has_read_stays() {
    let mut subject = subject();
    let before = fs::metadata(subject.path("file")).unwrap();
    let (code, outcome) = subject.interfered("{utimes: [file, {struct: [{tv_sec: 7}, {tv_sec: 8}]}]}", |home| {
        let read = fs::FileTimes::new().set_accessed(std::time::SystemTime::UNIX_EPOCH);
        File::options().write(true).open(home.join("file")).unwrap().set_times(read).unwrap();
    });
    assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{outcome:#}");
    let after = fs::metadata(subject.path("file")).unwrap();
    assert_eq!((after.atime(), after.mtime(), after.mtime_nsec()), (0, before.mtime(), before.mtime_nsec()));
}

#[test]
fn a_process_goes_back_to_a_directory_that_was_removed_or_moved() {
    let mut subject = subject();
    subject.applied("{chdir: [vacant]}");
    for gone in [false, true] {
        let (code, outcome) = subject.interfered("{chdir: [/]}", |home| match gone {
            true => fs::remove_dir(home.join("elsewhere")).unwrap(),
            false => fs::rename(home.join("vacant"), home.join("elsewhere")).unwrap(),
        });
        assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{outcome:#}");
        let mark = if gone { " (deleted)" } else { "" };
        assert_eq!(subject.cwd(), PathBuf::from(format!("{}{mark}", subject.path("elsewhere").display())));
    }
    // From nowhere, too.
    let (code, _) = subject.interfered("{chdir: [/]}", |_| {});
    assert_eq!(code, 1);
    assert!(subject.cwd().to_str().unwrap().ends_with("elsewhere (deleted)"));
}
