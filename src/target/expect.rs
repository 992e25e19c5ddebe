//! What must be true of a process, else it is not touched.

use super::process::Process;
use crate::problem::Problem;
use std::os::unix::fs::MetadataExt;

/// What a plan expects of a target; what is absent is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Path of the executable: the same file, or the same text where the file is deleted or in another mount namespace.
    pub exe: Option<String>,
    /// Its comm, exactly.
    pub comm: Option<String>,
    /// Name or number of its effective user.
    pub user: Option<String>,
}

impl Expectation {
    /// Everything that is not as expected.
    pub fn check(&self, process: &Process) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut differs = |what: &str, is: String, expected: &str| {
            problems.push(
                Problem::error("target::unexpected", format!("{}: {what} is {is}, not {expected}", process.title()))
                    .help("the plan's `expect` keeps it from touching another process; nothing was done"),
            );
        };
        if let Some(expected) = &self.exe
            && !is_exe(process, expected)
        {
            let is = process.exe().map_or("not to be known".to_owned(), |exe| exe.display().to_string());
            differs("exe", is, expected);
        }
        if let Some(expected) = self.comm.as_ref().filter(|comm| **comm != process.comm) {
            differs("comm", process.comm.clone(), expected);
        }
        if let Some(expected) = &self.user
            && !is_user(process, expected)
        {
            differs("user", user_name(process.uid), expected);
        }
        problems
    }
}

fn is_exe(process: &Process, expected: &str) -> bool {
    let text = process.exe().is_some_and(|exe| exe.as_os_str() == expected);
    let file = std::fs::metadata(expected).ok().map(|file| (file.dev(), file.ino()));
    text || (file.is_some() && file == process.exe_identity())
}

fn is_user(process: &Process, expected: &str) -> bool {
    match expected.parse::<u32>() {
        Ok(uid) => uid == process.uid,
        Err(_) => matches!(nix::unistd::User::from_name(expected), Ok(Some(user)) if user.uid.as_raw() == process.uid),
    }
}

fn user_name(uid: u32) -> String {
    match nix::unistd::User::from_uid(uid.into()) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}
