//! What a target is, seen from outside.

use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Everything that a plan of these tests may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// By number: the link, and the flags of fdinfo.
    descriptors: BTreeMap<i32, (String, String)>,
    maps: Vec<String>,
    umask: String,
    cwd: String,
    limits: String,
    signals: Vec<String>,
    /// The file that the plan makes.
    log: bool,
}

impl State {
    pub fn of(target: &Target, log: &Path) -> Self {
        let directory = format!("/proc/{}", target.pid());
        let read = |name: &str| fs::read_to_string(format!("{directory}/{name}")).unwrap();
        let link = |name: &str| fs::read_link(format!("{directory}/{name}")).unwrap().to_string_lossy().into_owned();
        let numbers = fs::read_dir(format!("{directory}/fd")).unwrap();
        let numbers = numbers.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse::<i32>().unwrap());
        let descriptor = |number: i32| {
            let info = read(&format!("fdinfo/{number}"));
            let flags = info.lines().find(|line| line.starts_with("flags:")).unwrap().to_owned();
            (number, (link(&format!("fd/{number}")), flags))
        };
        let signals = ["SigBlk", "SigIgn", "SigCgt"].map(|name| target.status(name)).to_vec();
        Self {
            descriptors: numbers.map(descriptor).collect(),
            maps: read("maps").lines().map(str::to_owned).collect(),
            umask: target.status("Umask"),
            cwd: link("cwd"),
            limits: read("limits"),
            signals,
            log: log.exists(),
        }
    }

    /// What can be compared with another process that was treated alike: its own files and pipes have the same names.
    pub fn alike(&self, directory: &Path) -> Self {
        let common = |text: &str| {
            let text = text.replace(&directory.display().to_string(), "DIR");
            text.split_once(":[").map(|(kind, _)| kind.to_owned()).unwrap_or(text)
        };
        let descriptors = self.descriptors.iter();
        let descriptors = descriptors.map(|(number, (link, flags))| (*number, (common(link), flags.clone())));
        // How far the stack has grown depends on what the process has done since.
        let maps = self.maps.iter().filter(|line| !line.ends_with("[stack]")).cloned();
        Self { descriptors: descriptors.collect(), maps: maps.collect(), cwd: common(&self.cwd), ..self.clone() }
    }

    /// What differs, to be shown.
    pub fn differences(&self, other: &Self) -> String {
        let lines = |state: &Self| format!("{state:#?}").lines().map(str::to_owned).collect::<Vec<_>>();
        let (own, others) = (lines(self), lines(other));
        let only = |a: &[String], b: &[String], sign| {
            a.iter().filter(|line| !b.contains(line)).map(|line| format!("{sign}{line}\n")).collect::<String>()
        };
        only(&own, &others, "- ") + &only(&others, &own, "+ ")
    }
}
