//! Calls that give a descriptor, and among them those that open a file, which may make, empty or wait for it.

use super::builder::Own;
use super::creation::Creation;
use super::lower::Lowering;
use super::natures::Sections;
use super::{Cell, FileFact};
use crate::plan::{Arg, Spanned, Step};
use crate::syscalls;

/// An open as it is understood, whichever call makes it.
struct Opening<'s> {
    own: Own,
    /// Of open(2).
    flags: u64,
    place: FlagsPlace,
    /// The path, if what it names can be told beforehand.
    path: Option<&'s [u8]>,
    path_at: Cell,
    directory: Cell,
}

/// Where the flags stand.
enum FlagsPlace {
    /// In an argument.
    Argument(usize),
    /// In the first 8 bytes of the structure that an argument points to (openat2).
    Structure(usize, Vec<u8>),
}

/// Why an open is not understood.
enum NotUnderstood {
    /// It is another call.
    NoOpen,
    /// Its flags are computed while the plan runs, or given as an address.
    Flags,
}

impl Lowering<'_> {
    /// A call whose result is a new descriptor.
    pub fn gives_fd(&mut self, step: &Step, own: &Own) -> Sections {
        match self.opening(step, own) {
            Ok(opening) => self.opens(step, &opening),
            Err(NotUnderstood::Flags) => {
                let why = format!("whether this {} makes or empties a file is not known beforehand", step.syscall.name);
                let lasting = self.lasting(step, own, "program::flags", why);
                Sections { irreversible: lasting.irreversible, ..Sections::gives_fd(&mut self.builder, own, None) }
            }
            Err(NotUnderstood::NoOpen) => {
                let foreign = step.syscall.name == "dup" && !step.irreversible && !self.is_fresh(step, "oldfd");
                let source = own.arg("oldfd").filter(|_| foreign);
                let mut sections = Sections::gives_fd(&mut self.builder, own, source);
                let flags = own.arg("oflag").and_then(|cell| self.builder.known(cell));
                if step.syscall.name == "mq_open" && flags.is_none_or(|flags| flags & libc::O_CREAT as u64 != 0) {
                    let why = "the message queue that it makes would stay on undo".to_owned();
                    sections.irreversible = self.lasting(step, own, "program::not-undoable", why).irreversible;
                }
                sections
            }
        }
    }

    /// Reads a step as an open.
    fn opening<'s>(&mut self, step: &'s Step, own: &Own) -> Result<Opening<'s>, NotUnderstood> {
        let here = self.builder.constant(libc::AT_FDCWD as i64 as u64);
        let (mut own, path, place) = match step.syscall.name {
            "open" | "creat" => (own.clone(), 0, FlagsPlace::Argument(1)),
            "openat" => (own.clone(), 1, FlagsPlace::Argument(2)),
            "openat2" => {
                let structure = match step.args.get(2) {
                    Some(Some(Spanned { value: Arg::Memory(memory), .. }))
                        if memory.size >= 24 && memory.patches.is_empty() && memory.pointers.is_empty() =>
                    {
                        let mut bytes = memory.bytes.clone();
                        bytes.resize(memory.size, 0);
                        bytes
                    }
                    _ => return Err(NotUnderstood::Flags),
                };
                (own.clone(), 1, FlagsPlace::Structure(2, structure))
            }
            _ => return Err(NotUnderstood::NoOpen),
        };
        if let ("creat", Some(open)) = (step.syscall.name, syscalls::by_name("open")) {
            // creat(2) is an open with these flags, and gets its O_EXCL only as one.
            let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
            own.syscall = open;
            own.args.insert(1, self.builder.constant(flags as u64));
        }
        let cell = |index: usize| own.args.get(index).copied();
        let (flags, resolve) = match &place {
            FlagsPlace::Argument(index) => (cell(*index).and_then(|cell| self.builder.known(cell)), 0),
            FlagsPlace::Structure(_, bytes) => (field(bytes, 0), field(bytes, 16).unwrap_or(0)),
        };
        let (Some(flags), Some(path_at)) = (flags, cell(path)) else { return Err(NotUnderstood::Flags) };
        let directory = if path == 0 { here } else { cell(0).unwrap_or(here) };
        let from_here = self.builder.known(directory).is_some_and(|fd| fd as i32 == libc::AT_FDCWD);
        let path = match step.args.get(path) {
            Some(Some(Spanned { value: Arg::Text(path), .. }))
                if resolve == 0 && (from_here || path.first() == Some(&b'/')) =>
            {
                Some(path.as_slice())
            }
            _ => None,
        };
        Ok(Opening { own, flags, place, path, path_at, directory })
    }

    fn opens(&mut self, step: &Step, opening: &Opening<'_>) -> Sections {
        let asks = |flag: i32| opening.flags & flag as u64 == flag as u64;
        let fact = opening.path.and_then(|path| self.known_file(path));
        let empties = asks(libc::O_TRUNC) && !asks(libc::O_PATH) && self.may_have_content(opening, fact);
        // Without the word nothing is ever emptied: what is empty needs no O_TRUNC, and what is not is closed again.
        let must_be_empty = asks(libc::O_TRUNC) && !asks(libc::O_PATH) && !step.irreversible;
        let flags = if must_be_empty { opening.flags & !(libc::O_TRUNC as u64) } else { opening.flags };
        let makes = asks(libc::O_CREAT) && !asks(libc::O_TMPFILE) && !asks(libc::O_PATH);
        // A file that isn't there is made anew or nothing is opened; what comes to be there after all is looked at again.
        let surely_empties = empties && (fact.is_some() || !makes);
        if surely_empties {
            let path = opening.path.map_or("what it opens".into(), String::from_utf8_lossy);
            let why = format!("`O_TRUNC` would empty {path}, which can't be undone");
            self.lasting(step, &opening.own, "program::truncates", why);
        }
        let absent = matches!(fact, None | Some(FileFact::Missing));
        let creates = makes && (absent || asks(libc::O_EXCL));
        let mut sections = if creates {
            let creation = self.creation(opening, flags);
            Sections::creates(&mut self.builder, &opening.own, Creation { must_be_empty, ..creation })
        } else if fact == Some(FileFact::MayBlock) && opening.own.timeout.is_none() && !asks(libc::O_NONBLOCK) {
            let args = self.with_flags(opening, flags | libc::O_NONBLOCK as u64);
            Sections::opens_at_once(&mut self.builder, &opening.own, args, flags)
        } else {
            let may_block = opening.own.may_block && fact != Some(FileFact::Plain);
            let args = if must_be_empty { self.with_flags(opening, flags) } else { opening.own.args.clone() };
            Sections::gives_fd(&mut self.builder, &Own { may_block, args, ..opening.own.clone() }, None)
        };
        if must_be_empty && !creates {
            sections.must_be_empty(&mut self.builder, opening.own.result, &[]);
        }
        sections.irreversible = empties && step.irreversible;
        sections
    }

    /// Whether there may be something to empty.
    fn may_have_content(&self, opening: &Opening<'_>, fact: Option<FileFact>) -> bool {
        match (fact, opening.path) {
            (Some(FileFact::Plain), Some(path)) => self.facts.size(path).is_some_and(|size| size > 0),
            // Where nothing seems to be and no file is asked for, there is one all the same if the open succeeds.
            (Some(FileFact::Missing), _) => opening.flags & libc::O_CREAT as u64 == 0,
            (Some(_), _) => false,
            (None, _) => true,
        }
    }

    /// What a path names when the step is made, as far as that is known.
    fn known_file(&self, path: &[u8]) -> Option<FileFact> {
        (!self.renamed).then(|| self.facts.file(path))
    }

    /// The size of the file that a path names then.
    pub fn known_size(&self, path: &[u8]) -> Option<u64> {
        if self.renamed { None } else { self.facts.size(path) }
    }

    /// `flags` are those for what is there already.
    fn creation<'p>(&mut self, opening: &Opening<'p>, flags: u64) -> Creation<'p> {
        let [create, exclusive] = [libc::O_CREAT, libc::O_EXCL].map(|flag| flag as u64);
        Creation {
            exclusive: self.with_flags(opening, opening.flags | exclusive),
            existing: self.with_flags(opening, flags & !create),
            must_be_empty: false,
            exclusive_only: opening.flags & exclusive != 0,
            directory: opening.directory,
            path: opening.path_at,
            known: opening.path,
        }
    }

    /// The arguments with other flags.
    fn with_flags(&mut self, opening: &Opening<'_>, flags: u64) -> Vec<Cell> {
        let (index, cell) = match &opening.place {
            FlagsPlace::Argument(index) => (*index, self.builder.constant(flags)),
            FlagsPlace::Structure(index, bytes) => {
                let mut changed = bytes.clone();
                changed.splice(0..8, flags.to_le_bytes());
                if flags & libc::O_CREAT as u64 == 0 {
                    // openat2 refuses a mode where no file is made.
                    changed.splice(8..16, [0; 8]);
                }
                let length = changed.len();
                (*index, self.builder.buffer(changed, length).1)
            }
        };
        let mut args = opening.own.args.clone();
        if let Some(slot) = args.get_mut(index) {
            *slot = cell;
        }
        args
    }
}

/// A field of `struct open_how`: flags at 0, mode at 8, resolve at 16.
fn field(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset + 8)?.try_into().ok().map(u64::from_le_bytes)
}
