//! Layouts of structures are those of the C compiler, or of the kernel's headers where the C library has none.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::syscalls::layouts::{FAMILIES, Layout, Tail, Type, all};
use linux_raw_sys::{general, landlock};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::mem::{offset_of, size_of};
use std::process::Command;

/// As C calls it.
fn c_name(layout: &Layout) -> String {
    match layout.name {
        name if name.ends_with("_t") => name.to_owned(),
        // One for each member of its union.
        name if name.starts_with("ifreq_") => "struct ifreq".to_owned(),
        "sockaddr_hw" => "struct sockaddr".to_owned(),
        "cap_user_header" => "struct __user_cap_header_struct".to_owned(),
        "cap_user_data" => "struct __user_cap_data_struct".to_owned(),
        name => format!("struct {name}"),
    }
}

/// Fields that C can't say the place of, or that its headers call otherwise.
fn c_field(layout: &Layout, field: &'static str) -> Option<&'static str> {
    match (layout.name, field) {
        ("sigevent", "sigev_notify_thread_id") => Some("_sigev_un"),
        // Bit-fields have no place; what is before and behind them has.
        ("perf_event_attr", "flags") => None,
        (_, field) => Some(field),
    }
}

/// A program that prints size and offsets of the structures of one header.
fn measure(header: &str, layouts: &[&Layout]) -> BTreeMap<String, usize> {
    let mut source = format!(
        "#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdio.h>\n#include <{header}>\nint main(void) {{\n"
    );
    for layout in layouts {
        let name = c_name(layout);
        let _ = writeln!(source, "  printf(\"{}. %zu\\n\", sizeof({name}));", layout.name);
        for field in layout.fields.iter().filter_map(|field| c_field(layout, field.name)) {
            let own = layout.name;
            let _ = writeln!(source, "  printf(\"{own}.{field} %zu\\n\", offsetof({name}, {field}));");
            if header != "signal.h" {
                let _ = writeln!(source, "  printf(\"{own}.{field}. %zu\\n\", sizeof((({name} *)0)->{field}));");
            }
        }
    }
    source.push_str("  return 0;\n}\n");
    let directory = tempfile::tempdir().unwrap();
    let (program, file) = (directory.path().join("measure"), directory.path().join("measure.c"));
    std::fs::write(&file, source).unwrap();
    let compiled = Command::new("cc").arg("-o").arg(&program).arg(&file).output().unwrap();
    assert!(compiled.status.success(), "{header}: {}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(&program).output().unwrap();
    let lines = String::from_utf8(printed.stdout).unwrap();
    lines
        .lines()
        .map(|line| line.split_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap())).unwrap())
        .collect()
}

#[test]
fn c_agrees() {
    let mut headers: BTreeMap<&str, Vec<&Layout>> = BTreeMap::new();
    for layout in all().filter(|layout| !layout.header.is_empty()) {
        headers.entry(layout.header).or_default().push(layout);
    }
    let mut checked = 0;
    for (header, layouts) in headers {
        let sizes = measure(header, &layouts);
        for layout in layouts {
            let size = sizes[&format!("{}.", layout.name)];
            // These become longer from time to time, and the kernel takes them short.
            let grows = matches!(layout.name, "perf_event_attr" | "tcp_info");
            assert!(layout.size == size || (grows && layout.size < size), "size of {}: {size}", layout.name);
            for field in layout.fields {
                let Some(c_field) = c_field(layout, field.name) else { continue };
                let place = format!("{}.{c_field}", layout.name);
                assert_eq!(Some(&field.offset), sizes.get(&place), "{place}");
                if let Some(size) = sizes.get(&format!("{place}.")) {
                    assert_eq!(field.ty.size(), *size, "size of {place}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "only {checked} fields were looked at");
}

/// Structures that are younger than the C headers of many systems, by the kernel's in linux-raw-sys.
#[test]
fn the_kernel_agrees() {
    let mut checked = vec!["sockaddr", "linux_dirent64", "linux_dirent"];
    macro_rules! same {
        ($name:literal $of:ty { $($field:ident)* }) => {
            let layout = all().find(|layout| layout.name == $name).unwrap();
            assert_eq!(layout.size, size_of::<$of>(), $name);
            $(assert_eq!(layout.field(stringify!($field)).unwrap().offset, offset_of!($of, $field));)*
            assert_eq!(layout.fields.len(), [$(stringify!($field)),*].len(), $name);
            checked.push($name);
        };
    }
    same!("landlock_ruleset_attr" landlock::landlock_ruleset_attr { handled_access_fs handled_access_net scoped });
    same!("landlock_net_port_attr" landlock::landlock_net_port_attr { allowed_access port });
    same!("xattr_args" general::xattr_args { value size flags });
    same!("cachestat_range" general::cachestat_range { off len });
    same!("cachestat" general::cachestat { nr_cache nr_dirty nr_writeback nr_evicted nr_recently_evicted });
    for layout in all().filter(|layout| layout.header.is_empty()) {
        assert!(checked.contains(&layout.name), "nothing says whether {} is right", layout.name);
    }
}

/// Offsets of directory entries, as the kernel fills them: the C library's 64-bit `dirent` is the same.
#[test]
fn directory_entries_are_those_of_readdir() {
    let layout = all().find(|layout| layout.name == "linux_dirent64").unwrap();
    for (name, offset) in [
        ("d_ino", offset_of!(libc::dirent64, d_ino)),
        ("d_off", offset_of!(libc::dirent64, d_off)),
        ("d_reclen", offset_of!(libc::dirent64, d_reclen)),
        ("d_type", offset_of!(libc::dirent64, d_type)),
    ] {
        assert_eq!(layout.field(name).unwrap().offset, offset);
    }
    assert_eq!(layout.size, offset_of!(libc::dirent64, d_name));
}

#[test]
fn fields_lie_inside_and_apart() {
    for layout in all() {
        let mut end = 0;
        for field in layout.fields {
            assert!(field.offset >= end, "{}.{} overlaps what is before it", layout.name, field.name);
            end = field.offset + field.ty.size();
            assert!(!matches!(field.ty, Type::Struct(inner) if inner.tail != Tail::None));
        }
        assert!(end <= layout.size, "{} is too small", layout.name);
    }
    let names: Vec<&str> = all().map(|layout| layout.name).collect();
    assert!(names.iter().all(|name| names.iter().filter(|other| other == &name).count() == 1));
    assert!(FAMILIES.iter().all(|family| family.fields[0].default != 0 && family.size <= 128));
}
