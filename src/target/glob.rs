//! Shell patterns, as fnmatch(3) of the C library reads them.

use std::ffi::CString;

/// Whether a text is the pattern itself or fits it as a glob: names like `socket:[4711]` need no escapes.
pub fn fits(pattern: &str, text: &str) -> bool {
    pattern == text || matches(pattern, text, 0)
}

/// The same for paths, where `*` and `?` do not stand for a slash, but for patterns that do not begin at the root.
pub fn path_fits(pattern: &str, path: &str) -> bool {
    let flags = if pattern.starts_with('/') { libc::FNM_PATHNAME } else { 0 };
    pattern == path || matches(pattern, path, flags)
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
    }
}
