//! The plans that a command line names: files, and all those below a directory.

use crate::problem::Problem;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A plan's path, or a path that leads to none.
pub type Found = Result<PathBuf, (PathBuf, Problem)>;

/// All plans, in the order of the command line and, below a directory, of the alphabet.
pub fn find(paths: &[PathBuf]) -> Vec<Found> {
    let mut found = Vec::new();
    for path in paths {
        if path != Path::new("-") && path.is_dir() {
            let before = found.len();
            walk(path, &mut found);
            if found.len() == before {
                let message = format!("there is no *.yaml or *.yml below {}", path.display());
                let problem =
                    Problem::error("plan::no-plans", message).help("hidden files and directories are passed over");
                found.push(Err((path.clone(), problem)));
            }
        } else {
            found.push(Ok(path.clone()));
        }
    }
    found
}

/// What a plan is called in problems.
pub fn name(path: &Path) -> String {
    if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }
}

fn walk(directory: &Path, found: &mut Vec<Found>) {
    let mut entries = match fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("{} can't be read: {error}", directory.display());
            let problem = Problem::error("plan::unreadable", message).help("may it be read?");
            return found.push(Err((directory.to_owned(), problem)));
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A symbolic link to a directory may lead round in a circle, so only real ones are entered.
        let directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let plan = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        match (hidden, directory) {
            (true, _) => {}
            (false, true) => walk(&path, found),
            (false, false) if plan && !path.is_dir() => found.push(Ok(path)),
            (false, false) => {}
        }
    }
}
