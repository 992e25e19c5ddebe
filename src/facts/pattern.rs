//! Patterns for what a process has several of. What a pattern does not mention it does not look at.

/// Bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// Not below.
    pub min: Option<u64>,
    /// Not above.
    pub max: Option<u64>,
}

impl Range {
    /// This number only.
    pub fn exactly(number: u64) -> Self {
        Self { min: Some(number), max: Some(number) }
    }

    /// Whether a number lies within.
    pub fn holds(&self, number: u64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

/// Which descriptors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FdPattern {
    /// Their number.
    pub number: Option<Range>,
    /// What they are open on: a file (compared by device and inode), or text or glob for what has no name any more.
    pub path: Option<String>,
    /// What kind of file that is.
    pub kind: Option<FdKind>,
    /// How many bytes that file takes on its file system, at least.
    pub min_space: Option<u64>,
    /// O_* that are all set, O_CLOEXEC among them.
    pub flags: u64,
    /// O_* of which none is set.
    pub without: u64,
}

/// What a descriptor is open on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FdKind {
    File,
    Directory,
    Socket,
    Pipe,
    Device,
    /// eventfd, epoll, timerfd and their like.
    Anonymous,
}

impl FdKind {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("file", Self::File),
        ("directory", Self::Directory),
        ("socket", Self::Socket),
        ("pipe", Self::Pipe),
        ("device", Self::Device),
        ("anonymous", Self::Anonymous),
    ];
}

/// Which mappings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappingPattern {
    /// A glob for the four letters of `maps` (proc(5)): `rw-p`, `r?-p`.
    pub perms: Option<String>,
    /// Whether no file is behind them.
    pub anonymous: Option<bool>,
    /// Their length in bytes.
    pub size: Range,
    /// The file behind them, as text or glob.
    pub path: Option<String>,
    /// `[heap]`, `[stack]`, `[anon:…]`, as text or glob. The kernel's own (`[vdso]`, `[vvar]`) are found by this name only.
    pub name: Option<String>,
}

/// Which threads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadPattern {
    /// Their name, as text or glob.
    pub name: Option<String>,
}

/// Whether a path is meant as text: a glob, or the name of what has none any more.
pub fn is_pattern(path: &str) -> bool {
    !path.starts_with('/') || path.contains(['*', '?', '[']) || path.ends_with(" (deleted)")
}
