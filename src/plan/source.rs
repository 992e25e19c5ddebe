//! Where a plan's text comes from.

use crate::problem::Problem;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// No plan is larger.
const LARGEST: u64 = 64 << 20;

/// The text of a plan; `-` is standard input.
pub fn load(path: &Path) -> Result<Vec<u8>, Problem> {
    let name = path.display();
    if path == Path::new("-") {
        return take(io::stdin().lock(), "standard input");
    }
    let unreadable = |error: io::Error| {
        let help = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; `-` reads the plan from standard input",
            _ => "is it the right file, and may it be read?",
        };
        Problem::error("plan::unreadable", format!("{name} can't be read: {error}")).help(help)
    };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Problem::error("plan::directory", format!("{name} is a directory")).help("name the plan's file"));
    }
    take(file, &name.to_string())
}

fn take(source: impl Read, name: &str) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    source
        .take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(|error| Problem::error("plan::unreadable", format!("{name} can't be read: {error}")))?;
    if text.len() as u64 > LARGEST {
        return Err(Problem::error("plan::too-large", format!("{name} is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}
