//! What the table says, in words: for `explain`, for lists, and for editors.

use super::{Blocking, Command, Kind, Measure, Nature, Param, Returns, Scope, Syscall, commands};

impl Kind {
    /// What an argument of this kind is.
    pub fn describe(self) -> String {
        let memory = |what: &str, of: &str| match of {
            "" => format!("memory that the call {what}"),
            of => format!("{of} that the call {what}"),
        };
        match self {
            Self::Fd => "a descriptor".into(),
            Self::DirFd => "the descriptor of a directory, or AT_FDCWD for the working directory".into(),
            Self::Path => "a file name".into(),
            Self::Text => "a text".into(),
            Self::Flags(set) => format!("any of the {}", set.name),
            Self::OneOf(set) if set.open => format!("one of the {}, or another number", set.name),
            Self::OneOf(set) => format!("one of the {}", set.name),
            Self::Mode => "file mode bits: 0o644, or S_I* names".into(),
            Self::Int | Self::Uint => "a number".into(),
            Self::Size => "a number of bytes".into(),
            Self::SizeOf(of) => format!("how many bytes `{of}` has"),
            Self::CountOf(of) => format!("how many elements `{of}` has"),
            Self::Exactly(value) => format!("{value}, which is the size that the kernel knows"),
            Self::Offset => "an offset in bytes".into(),
            Self::Addr => "an address in the target".into(),
            Self::Pid => "the id of a process or thread".into(),
            Self::Uid => "a user id; -1 leaves it as it is".into(),
            Self::Gid => "a group id; -1 leaves it as it is".into(),
            Self::Signal => "a signal: its number or its SIG* name".into(),
            Self::In(of) => memory("reads", of),
            Self::Out(of) => memory("fills", of),
            Self::InOut(of) => memory("reads and fills", of),
            Self::Any => "a number or memory, depending on the arguments before it".into(),
        }
    }

    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fd => "fd",
            Self::DirFd => "dirfd",
            Self::Path => "path",
            Self::Text => "text",
            Self::Flags(_) => "flags",
            Self::OneOf(_) => "one-of",
            Self::Mode => "mode",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Size => "size",
            Self::SizeOf(_) => "size-of",
            Self::CountOf(_) => "count-of",
            Self::Exactly(_) => "exactly",
            Self::Offset => "offset",
            Self::Addr => "address",
            Self::Pid => "pid",
            Self::Uid => "uid",
            Self::Gid => "gid",
            Self::Signal => "signal",
            Self::In(_) => "in",
            Self::Out(_) => "out",
            Self::InOut(_) => "in-out",
            Self::Any => "any",
        }
    }

    /// The C type of the memory that it points to.
    pub fn c_type(self) -> Option<&'static str> {
        match self {
            Self::In(of) | Self::Out(of) | Self::InOut(of) if !of.is_empty() => Some(of),
            _ => None,
        }
    }
}

impl Returns {
    /// What success returns.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::Fd => "a descriptor",
            Self::Number => "a number",
            Self::Address => "an address",
            Self::Never => "never",
        }
    }
}

impl Blocking {
    /// Whether it waits.
    pub fn describe(self) -> &'static str {
        match self {
            Self::No => "it does not wait",
            Self::Maybe => "it may wait, depending on what it is made on",
            Self::Yes => "it waits until something happens, and needs a `timeout`",
        }
    }
}

impl Scope {
    /// Whom it is for.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Process => "it acts on the process, or on what its arguments name, whichever thread makes it",
            Self::Thread => "it acts on the thread that makes it, and on no other",
        }
    }
}

impl Nature {
    /// What is done on undo.
    pub fn describe(self) -> String {
        match self {
            Self::Inert => "there is nothing to undo, for it changes nothing".into(),
            Self::GivesFd => "its descriptor is closed again".into(),
            Self::GivesPair => "both descriptors are closed again".into(),
            Self::ReplacesFd => "what the descriptor was before is put back, with its flags".into(),
            Self::ClosesFd => "the descriptor is put back, with its flags".into(),
            Self::Fcntl => {
                "F_SETFD and F_SETFL are set back, if the flags are still what the step left, and a duplicate is closed; how \
                 it is with other commands is said of each below"
                    .into()
            }
            Self::Restores(how) => how.into(),
            Self::Irreversible(why) => {
                format!("it can't be undone and needs `irreversible: true`: {why}")
            }
        }
    }

    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inert => "inert",
            Self::GivesFd => "gives-fd",
            Self::GivesPair => "gives-pair",
            Self::ReplacesFd => "replaces-fd",
            Self::ClosesFd => "closes-fd",
            Self::Fcntl => "fcntl",
            Self::Restores(_) => "restores",
            Self::Irreversible(_) => "irreversible",
        }
    }
}

impl Syscall {
    /// `open(pathname, flags, mode)`.
    pub fn signature(&self) -> String {
        let names: Vec<&str> = self.params.iter().map(|param| param.name).collect();
        format!("{}({})", self.name, names.join(", "))
    }

    /// What a parameter of it is.
    pub fn describe(&self, index: usize) -> String {
        let Some(Param { kind, optional, .. }) = self.params.get(index) else { return String::new() };
        let measured = self.measured(index).and_then(|(of, measure)| Some((self.params.get(of)?.name, measure)));
        let text = match measured {
            Some((of, Measure::BytesAt)) => {
                format!("how many bytes `{of}` has; the call puts there how many it filled")
            }
            _ => kind.describe(),
        };
        if *optional { format!("{text}; 0 if left out") } else { text }
    }

    /// What is done on undo.
    pub fn undo(&self) -> String {
        let makes_files = matches!(self.name, "open" | "openat" | "openat2" | "creat");
        match (self.nature, self.name) {
            (Nature::GivesFd, _) if makes_files => {
                "its descriptor is closed again; a file that it made is removed, unless somebody has written to it. Where \
                 O_TRUNC would empty a file it needs `irreversible: true`"
                    .into()
            }
            (Nature::GivesFd, "mq_open") => {
                "its descriptor is closed again; with O_CREAT it needs `irreversible: true`, for the queue would stay".into()
            }
            (_, "ioctl") => {
                "as is said of each request below; any other one needs `irreversible: true`, for what a driver does by a \
                 request of its own is not known"
                    .into()
            }
            (nature, _) => nature.describe(),
        }
    }
}

impl Command {
    /// What is to be said of it beyond its arguments.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        match self.nature {
            Some(Nature::Inert) => remarks.push("changes nothing".to_owned()),
            Some(Nature::Restores(how)) => remarks.push(format!("undo: {how}")),
            Some(Nature::Irreversible(why)) => remarks.push(format!("can't be undone: {why}")),
            _ => {}
        }
        match self.blocking {
            Blocking::No => {}
            Blocking::Maybe => remarks.push("may wait".to_owned()),
            Blocking::Yes => remarks.push("waits".to_owned()),
        }
        if self.scope == Scope::Thread {
            remarks.push("acts on the thread only".to_owned());
        }
        remarks.extend(self.forbidden.map(|why| format!("no plan may use it: {why}")));
        remarks
    }

    /// The arguments behind the one that selects it, by name.
    pub fn named_arguments(&self, call: &Syscall) -> Vec<(&'static str, Kind)> {
        let selector = commands(call).map_or(0, |(selector, _)| selector);
        let behind = call.params.iter().skip(selector + 1);
        behind.zip(self.arguments).map(|(param, kind)| (param.name, *kind)).collect()
    }
}
