//! Shell patterns, as fnmatch(3) of the C library reads them.

use std::ffi::CString;

const DELETED: &str = " (deleted)";

/// Whether a text is the pattern itself or fits it as a glob: names like `socket:[4711]` need no escapes.
pub fn fits(pattern: &str, text: &str) -> bool {
    pattern == text || matches(pattern, text, 0)
}

/// The same for paths, where `*` and `?` do not stand for a slash, but for patterns that do not begin at the root; `/**` stands
/// for any directories below or none: `/mnt/**` is /mnt and all that lies there, however deep.
pub fn path_fits(pattern: &str, path: &str) -> bool {
    if pattern == path || !pattern.starts_with('/') {
        return pattern == path || matches(pattern, path, 0);
    }
    // What the kernel puts behind the name of a deleted file is no part of its last component.
    match pattern.strip_suffix(DELETED) {
        Some(pattern) => path.strip_suffix(DELETED).is_some_and(|path| components_fit(pattern, path)),
        None => components_fit(pattern, path),
    }
}

fn components_fit(pattern: &str, path: &str) -> bool {
    let deep = pattern.split_once("/**").filter(|(_, below)| below.is_empty() || below.starts_with('/'));
    let Some((above, below)) = deep else { return matches(pattern, path, libc::FNM_PATHNAME) };
    let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect();
    let rest_fits = |from: &usize| path.get(*from..).is_some_and(|rest| components_fit(below, rest));
    ends.iter().enumerate().any(|(number, at)| {
        path.get(..*at).is_some_and(|start| matches(above, start, libc::FNM_PATHNAME))
            && (below.is_empty() || ends.iter().skip(number).any(rest_fits))
    })
}

fn matches(pattern: &str, text: &str, flags: libc::c_int) -> bool {
    let (Ok(pattern), Ok(text)) = (CString::new(pattern), CString::new(text)) else { return false };
    // SAFETY: both are NUL-terminated and live for the call, which only reads them.
    unsafe { libc::fnmatch(pattern.as_ptr(), text.as_ptr(), flags) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_names_with_brackets() {
        assert!(fits("worker-*", "worker-12"));
        assert!(!fits("worker-*", "main"));
        assert!(fits("socket:[12]", "socket:[12]"));
        assert!(fits("*/nginx.service", "/system.slice/nginx.service"));
        assert!(path_fits("/var/log/*.log (deleted)", "/var/log/a.log (deleted)"));
        assert!(!path_fits("/var/log/*.log (deleted)", "/var/log/old/a.log (deleted)"));
        assert!(path_fits("*/nginx", "/usr/sbin/nginx"));
        assert!(path_fits("/mnt/**", "/mnt/a") && path_fits("/mnt/**", "/mnt/a/b c/d (deleted)"));
        assert!(path_fits("/mnt/**", "/mnt") && path_fits("/mnt/**/b", "/mnt/b"));
        assert!(!path_fits("/mnt/**", "/") && !path_fits("/mnt/**", "/mnt2/a") && !path_fits("/mnt/**", "/a/mnt/b"));
        assert!(path_fits("/**", "/a/b") && path_fits("/m?t/**", "/mnt/a/b") && !path_fits("/*/x/**", "/a/b/x/c"));
        assert!(path_fits("/var/**/*.log (deleted)", "/var/a.log (deleted)"));
        assert!(path_fits("/var/**/*.log (deleted)", "/var/a/b/c.log (deleted)"));
        assert!(path_fits("/var/** (deleted)", "/var/a/b (deleted)") && !path_fits("/var/** (deleted)", "/var/a/b"));
        assert!(!path_fits("/var/**/*.log", "/var/a/b/c.txt") && path_fits("/**/b/**/d", "/a/b/c/d"));
        // Two stars that are not the whole of a component are one.
        assert!(path_fits("/mnt/a**", "/mnt/ab") && !path_fits("/mnt/a**", "/mnt/ab/c"));
    }
}
