//! What the table tells people, editors and other tools; and that it does not contradict itself.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::syscalls::{self, Arch, Blocking, Kind, Nature, Scope, TABLE, argument_kind, by_name, particulars};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn criu_plan(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_criu-plan")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn explanations_of_calls() {
    let calls = [
        "open",
        "close",
        "dup2",
        "fcntl",
        "flock",
        "prlimit64",
        "prctl",
        "setsockopt",
        "ppoll",
        "signalfd4",
        "execve",
        "arch_prctl",
        "landlock_create_ruleset",
        "getpid",
    ];
    for call in calls {
        insta::assert_snapshot!(format!("explain_{call}"), criu_plan(&["explain", call]));
    }
}

#[test]
fn no_line_of_an_explanation_is_too_long() {
    for call in TABLE {
        let text = criu_plan(&["explain", call.name]);
        assert!(text.starts_with(&format!("{}(", call.name)), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{}: {line}", call.name);
        }
    }
}

#[test]
fn the_list_has_a_line_for_each_call() {
    let text = criu_plan(&["syscalls"]);
    assert_eq!(text.lines().count(), TABLE.len() + 1);
    for (line, call) in text.lines().skip(1).zip(TABLE) {
        assert!(line.starts_with(call.name) && line.ends_with(call.does), "{line}");
    }
}

#[test]
fn the_list_as_json_has_everything() {
    let json: Value = serde_json::from_str(&criu_plan(&["syscalls", "--json"])).unwrap();
    assert_eq!(json["schema"], "criu-plan/syscalls/1");
    let calls = json["syscalls"].as_array().unwrap();
    assert_eq!(calls.len(), TABLE.len());
    let call = |name: &str| calls.iter().find(|call| call["name"] == name).unwrap();
    insta::assert_snapshot!("json_of_openat", format!("{:#}", call("openat")));
    insta::assert_snapshot!("json_of_getsockopt", format!("{:#}", call("getsockopt")));
    for call in calls {
        for parameter in call["parameters"].as_array().unwrap() {
            // Every set that is named is told.
            if let Some(set) = parameter["constants"].as_str() {
                assert!(json["constants"][set]["values"].as_object().is_some_and(|set| !set.is_empty()), "{set}");
            }
        }
    }
    assert_eq!(json["constants"]["open flags"]["values"]["O_DIRECT"], 0x4000);
    assert_eq!(json["constants"]["open flags"]["aarch64"]["O_DIRECT"], 0x10000);
}

#[test]
fn what_each_call_does_is_said_in_a_line() {
    let mut seen = BTreeSet::new();
    for call in TABLE {
        assert!(call.does.len() > 8 && call.does.len() < 120, "{}: {}", call.name, call.does);
        assert!(!call.does.ends_with('.') && call.does.starts_with(char::is_lowercase), "{}: {}", call.name, call.does);
        seen.insert(call.does);
    }
    // A few are the same but for their names (clone and clone3).
    assert!(seen.len() > 340, "{}", seen.len());
}

#[test]
fn what_an_argument_measures_is_memory_of_the_call() {
    let mut count = 0;
    for call in TABLE {
        for (index, param) in call.params.iter().enumerate() {
            if let Kind::SizeOf(name) | Kind::CountOf(name) = param.kind {
                let of = call.params.iter().find(|param| param.name == name);
                let of = of.unwrap_or_else(|| panic!("{} has no {name}", call.name));
                let memory = matches!(of.kind, Kind::In(_) | Kind::Out(_) | Kind::InOut(_) | Kind::Text | Kind::Addr);
                assert!(memory, "{}: {name}", call.name);
            }
            if let Some((of, _)) = call.measured(index) {
                assert_ne!(of, index, "{}", call.name);
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn what_is_used_instead_is_everywhere() {
    for call in TABLE {
        let Some(instead) = call.instead else {
            let alone = ["sysfs", "arch_prctl", "iopl", "ioperm"];
            assert!(call.aarch64.is_some() || call.forbidden.is_some() || alone.contains(&call.name), "{}", call.name);
            continue;
        };
        let other = by_name(instead.split(':').next().unwrap()).unwrap_or_else(|| panic!("{instead}"));
        assert!(call.number(Arch::Aarch64).is_none(), "{}", call.name);
        assert!(other.x86_64.is_some() && other.aarch64.is_some(), "{instead}");
    }
}

#[test]
fn commands_are_constants_of_their_argument() {
    let mut count = 0;
    for call in TABLE {
        let Some((selector, commands)) = syscalls::commands(call) else { continue };
        let set = call.params[selector].kind.set().unwrap_or_else(|| panic!("{}", call.name));
        let mut values = BTreeSet::new();
        for command in commands {
            let value =
                set.value(command.name).unwrap_or_else(|| panic!("{} is none of the {}", command.name, set.name));
            assert!(values.insert(value), "{} {}: another has its value", call.name, command.name);
            assert!(selector + command.arguments.len() < call.params.len(), "{} {}", call.name, command.name);
            count += 1;
        }
    }
    assert!(count > 350, "{count}");
}

#[test]
fn options_with_types_are_constants_of_their_set() {
    let mut count = 0;
    for set in syscalls::constants::ALL {
        for (name, _) in syscalls::option_types(set) {
            assert!(set.value(name).is_some(), "{name} is none of the {}", set.name);
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn names_of_sets_are_distinct_and_so_are_their_members() {
    let mut names = BTreeSet::new();
    for set in syscalls::constants::ALL {
        assert!(names.insert(set.name), "two sets are called {}", set.name);
        let members: BTreeSet<&str> = set.members.iter().map(|(name, _)| *name).collect();
        assert_eq!(members.len(), set.members.len(), "{}", set.name);
        assert!(set.aarch64.iter().all(|(name, _)| members.contains(name)), "{}", set.name);
    }
    let open = by_name("open").unwrap().params[1].kind.set().unwrap();
    assert_eq!(open.value_on(Arch::X86_64, "O_DIRECTORY"), Some(0x10000));
    assert_eq!(open.value_on(Arch::Aarch64, "O_DIRECTORY"), Some(0x4000));
    assert_eq!(open.value_on(Arch::Aarch64, "O_APPEND"), Some(0x400));
}

/// Every object of a JSON value.
fn objects(value: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(entries) => {
            visit(entries);
            entries.values().for_each(|value| objects(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, visit)),
        _ => {}
    }
}

#[test]
fn the_schema_tells_what_calls_do_and_keeps_to_the_rules_of_schemas() {
    let schema = criu_plan::plan::schema();
    let steps = &schema["$defs"]["step"]["properties"];
    let description = &steps["dup2"]["description"];
    assert_eq!(description, &format!("dup2(oldfd, newfd) — {}", by_name("dup2").unwrap().does));
    let definitions = schema["$defs"].as_object().unwrap();
    objects(&schema, &mut |object| {
        if let Some(name) = object.get("$ref").and_then(Value::as_str) {
            assert!(definitions.contains_key(name.strip_prefix("#/$defs/").unwrap()), "{name}");
        }
        // A pattern says nothing of a number, so that its opposite refuses every one.
        let pattern = object.get("not").is_some_and(|not| not.get("pattern").is_some());
        assert!(!pattern || object["type"] == "string", "{object:?}");
        // Draft 2020-12 lets these not be empty.
        for key in ["prefixItems", "anyOf", "oneOf", "allOf"] {
            assert!(object.get(key).and_then(Value::as_array).is_none_or(|items| !items.is_empty()), "{object:?}");
        }
    });
    // .ci/editor looks how long an editor takes with it.
    assert!(serde_json::to_string(&schema).unwrap().len() < 550_000);
}

/// What a call is with constants for its first arguments; the others are not known.
fn with(call: &str, arguments: &[i64]) -> syscalls::Particulars {
    particulars(by_name(call).unwrap(), |index| arguments.get(index).map(|value| *value as u64))
}

#[test]
fn waiting_depends_on_arguments() {
    use libc::*;
    let cases: &[(&str, &[i64], Blocking)] = &[
        ("fcntl", &[3, F_GETFL as i64], Blocking::No),
        ("fcntl", &[3, F_SETLK as i64], Blocking::No),
        ("fcntl", &[3, F_SETLKW as i64], Blocking::Yes),
        ("fcntl", &[3, F_OFD_SETLKW as i64], Blocking::Yes),
        ("fcntl", &[3], Blocking::Maybe),
        ("flock", &[3, LOCK_EX as i64], Blocking::Yes),
        ("flock", &[3, (LOCK_EX | LOCK_NB) as i64], Blocking::No),
        ("flock", &[3, LOCK_UN as i64], Blocking::No),
        ("flock", &[3], Blocking::Yes),
        ("poll", &[0, 0, 0], Blocking::No),
        ("poll", &[0, 0, -1], Blocking::Yes),
        ("poll", &[0, 0, 0xffff_ffff], Blocking::Yes),
        ("poll", &[0, 0, 100], Blocking::Maybe),
        ("ppoll", &[0, 0, 0], Blocking::Yes),
        ("wait4", &[-1, 0, WNOHANG as i64], Blocking::No),
        ("wait4", &[-1, 0, 0], Blocking::Yes),
        ("recvfrom", &[3, 0, 0, MSG_DONTWAIT as i64], Blocking::No),
        ("recvfrom", &[3, 0, 0, 0], Blocking::Maybe),
        ("accept", &[3], Blocking::Maybe),
        ("connect", &[3], Blocking::Maybe),
        ("futex", &[0, (FUTEX_WAIT | FUTEX_PRIVATE_FLAG) as i64], Blocking::Yes),
        ("futex", &[0, FUTEX_WAKE as i64], Blocking::No),
        ("open", &[0, O_PATH as i64], Blocking::No),
        ("open", &[0, O_WRONLY as i64], Blocking::Maybe),
        ("pause", &[], Blocking::Yes),
        ("getrandom", &[0, 16, GRND_NONBLOCK as i64], Blocking::No),
        ("ioctl", &[0, TIOCGWINSZ as i64], Blocking::No),
        ("ioctl", &[0, TIOCMIWAIT as i64], Blocking::Yes),
        ("ioctl", &[0, 0x1234_5678], Blocking::Maybe),
    ];
    for (call, arguments, expected) in cases {
        assert_eq!(with(call, arguments).blocking, *expected, "{call} {arguments:?}");
    }
}

#[test]
fn whom_it_changes_depends_on_arguments() {
    use libc::*;
    let cases: &[(&str, &[i64], Scope)] = &[
        ("prctl", &[PR_SET_NAME as i64], Scope::Thread),
        ("prctl", &[PR_SET_DUMPABLE as i64], Scope::Process),
        ("prctl", &[PR_SET_NO_NEW_PRIVS as i64], Scope::Thread),
        ("prctl", &[], Scope::Thread),
        ("setpriority", &[PRIO_PROCESS as i64, 0], Scope::Thread),
        ("setpriority", &[PRIO_PROCESS as i64, 4711], Scope::Process),
        ("setpriority", &[PRIO_USER as i64, 0], Scope::Process),
        ("sched_setaffinity", &[0], Scope::Thread),
        ("sched_setaffinity", &[4711], Scope::Process),
        ("seccomp", &[SECCOMP_SET_MODE_FILTER as i64, 0], Scope::Thread),
        ("seccomp", &[SECCOMP_SET_MODE_FILTER as i64, 1], Scope::Process),
        ("keyctl", &[1], Scope::Thread),
        ("setuid", &[], Scope::Thread),
        ("setns", &[], Scope::Thread),
        ("chdir", &[], Scope::Process),
        ("umask", &[], Scope::Process),
    ];
    for (call, arguments, expected) in cases {
        assert_eq!(with(call, arguments).scope, *expected, "{call} {arguments:?}");
    }
}

#[test]
fn what_undo_takes_depends_on_arguments() {
    use libc::*;
    let inert: &[(&str, &[i64])] = &[
        ("brk", &[0]),
        ("kill", &[4711, 0]),
        ("prctl", &[PR_GET_DUMPABLE as i64]),
        ("ioctl", &[0, TIOCGWINSZ as i64]),
        ("prlimit64", &[0, 7, 0]),
        ("lseek", &[0, 0, SEEK_CUR as i64]),
        ("landlock_create_ruleset", &[0, 0, 1]),
        ("recvfrom", &[0, 0, 0, MSG_PEEK as i64]),
        ("madvise", &[0, 0, MADV_WILLNEED as i64]),
        ("shmget", &[0, 0, 0]),
    ];
    for (call, arguments) in inert {
        assert_eq!(with(call, arguments).nature, Nature::Inert, "{call} {arguments:?}");
        assert_ne!(with(call, &[]).nature, Nature::Inert, "{call}");
    }
    // What it tells with these flags is a version, not a descriptor to be closed.
    assert_eq!(with("landlock_create_ruleset", &[0, 0, 1]).returns, syscalls::Returns::Number);
    assert_eq!(with("landlock_create_ruleset", &[0, 0, 0]).nature, Nature::GivesFd);
    // On a descriptor that is there it gives no new one.
    assert_eq!(with("signalfd4", &[-1]).nature, Nature::GivesFd);
    for fd in [&[5][..], &[]] {
        assert!(matches!(with("signalfd4", fd).nature, Nature::Restores(_)), "{fd:?}");
    }
    // A socket that is named by its number is not one that the plan made.
    assert!(matches!(with("bind", &[5]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("bind", &[]).nature, Nature::Restores(_)));
    let option = |level: i32, option: i32| with("setsockopt", &[3, level as i64, option as i64]).nature;
    assert!(matches!(option(SOL_SOCKET, SO_KEEPALIVE), Nature::Restores(_)));
    assert!(matches!(option(SOL_SOCKET, SO_ATTACH_FILTER), Nature::Irreversible(_)));
    assert!(matches!(option(SOL_SOCKET, 999), Nature::Irreversible(_)));
    assert!(matches!(with("fcntl", &[3, F_ADD_SEALS as i64]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("flock", &[3, LOCK_UN as i64]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("ioctl", &[3, TCSETSF as i64]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("ioctl", &[3, 0x1234_5678]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("madvise", &[0, 0, MADV_DONTNEED as i64]).nature, Nature::Irreversible(_)));
    assert!(matches!(with("accept", &[3]).nature, Nature::Irreversible(_)));
}

#[test]
fn what_is_forbidden_depends_on_arguments() {
    use libc::*;
    let forbidden: &[(&str, &[i64])] = &[
        ("exit_group", &[]),
        ("execve", &[]),
        ("clone3", &[]),
        ("rseq", &[]),
        ("rt_sigsuspend", &[]),
        ("arch_prctl", &[0x1002]),
        ("arch_prctl", &[0x1001]),
        ("prctl", &[PR_SET_SECCOMP as i64, SECCOMP_MODE_STRICT as i64]),
        ("prctl", &[59]),
        ("seccomp", &[SECCOMP_SET_MODE_STRICT as i64]),
        ("seccomp", &[SECCOMP_SET_MODE_FILTER as i64]),
        ("unshare", &[CLONE_FILES as i64]),
        ("close_range", &[3, 9, 2]),
        ("reboot", &[0, 0, 0x0123_4567]),
    ];
    for (call, arguments) in forbidden {
        assert!(with(call, arguments).forbidden.is_some(), "{call} {arguments:?}");
    }
    let allowed: &[(&str, &[i64])] = &[
        ("arch_prctl", &[0x1003]),
        ("prctl", &[PR_SET_NO_NEW_PRIVS as i64, 1]),
        ("seccomp", &[SECCOMP_GET_ACTION_AVAIL as i64]),
        ("unshare", &[CLONE_NEWNET as i64]),
        ("close_range", &[3, 9, 0]),
        ("sigaltstack", &[0x1000]),
        ("rt_sigprocmask", &[]),
        ("reboot", &[0, 0, 0]),
    ];
    for (call, arguments) in allowed {
        assert_eq!(with(call, arguments).forbidden, None, "{call} {arguments:?}");
    }
}

/// The kind of an argument, once those before it are known.
fn kind(call: &str, index: usize, before: &[i64]) -> String {
    let known = |index: usize| before.get(index).map(|value| *value as u64);
    let kind = argument_kind(by_name(call).unwrap(), index, known);
    let name = kind.set().map(|set| set.name).or(kind.c_type()).unwrap_or_default();
    format!("{} {name}", kind.word()).trim().to_owned()
}

#[test]
fn later_arguments_depend_on_the_command() {
    use libc::*;
    let cases: &[(&str, usize, &[i64], &str)] = &[
        ("fcntl", 2, &[3, F_SETFD as i64], "flags descriptor flags"),
        ("fcntl", 2, &[3, F_SETLKW as i64], "in struct flock"),
        ("fcntl", 2, &[3, F_DUPFD as i64], "fd"),
        ("fcntl", 2, &[3], "any"),
        ("ioctl", 2, &[0, TIOCSWINSZ as i64], "in struct winsize"),
        ("ioctl", 2, &[0, TCGETS as i64], "out struct termios"),
        ("ioctl", 2, &[0, FIONBIO as i64], "in int"),
        ("ioctl", 2, &[0, SIOCGIFFLAGS as i64], "in-out struct ifreq_flags"),
        ("prctl", 1, &[PR_SET_NAME as i64], "text"),
        ("prctl", 1, &[PR_CAPBSET_DROP as i64], "one-of capabilities"),
        ("prctl", 2, &[PR_CAP_AMBIENT as i64, 2], "one-of capabilities"),
        ("futex", 3, &[0, FUTEX_WAIT as i64, 1], "in struct timespec"),
        ("futex", 3, &[0, FUTEX_REQUEUE as i64, 1], "uint"),
        ("setsockopt", 2, &[3, SOL_SOCKET as i64], "one-of SOL_SOCKET options"),
        ("setsockopt", 2, &[3, IPPROTO_TCP as i64], "one-of TCP options"),
        ("setsockopt", 3, &[3, SOL_SOCKET as i64, SO_KEEPALIVE as i64], "in int"),
        ("setsockopt", 3, &[3, SOL_SOCKET as i64, SO_LINGER as i64], "in struct linger"),
        ("getsockopt", 3, &[3, SOL_SOCKET as i64, SO_PEERCRED as i64], "out struct ucred"),
        ("getsockopt", 3, &[3, IPPROTO_TCP as i64, TCP_INFO as i64], "out struct tcp_info"),
        ("semctl", 3, &[1, 0, SETVAL as i64], "int"),
        ("semctl", 3, &[1, 0, GETALL as i64], "out unsigned short[]"),
        ("shmctl", 2, &[1, IPC_STAT as i64], "out struct shmid_ds"),
        ("keyctl", 1, &[3], "one-of special keyrings"),
        ("landlock_add_rule", 2, &[3, 1], "in struct landlock_path_beneath_attr"),
        ("waitid", 1, &[P_PIDFD as i64], "fd"),
        ("seccomp", 2, &[1, 0], "in struct sock_fprog"),
    ];
    for (call, index, before, expected) in cases {
        assert_eq!(kind(call, *index, before), *expected, "{call} {before:?}");
    }
}
