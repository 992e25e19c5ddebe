//! Whether facts hold of a process: read from /proc, before the stop or inside it.

use super::allowance::{Allowance, Unlimited};
use super::files::Files;
use super::glob::{fits, path_fits};
use super::inventory::{self, FileId, file_of, from_root, link};
use super::listening::{Tables, listeners, sockets};
use super::mappings::Mappings;
use super::process::Process;
use crate::facts::{Fact, Range, ThreadPattern, is_pattern};
use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

/// What paths and user names in facts stand for, for one process. Looked up before the stop: a path may lie on a file system
/// that the target serves, and a name is asked of a service that may wait for it.
#[derive(Debug, Default)]
pub struct Names {
    files: HashMap<String, Option<FileId>>,
    users: HashMap<String, Option<u32>>,
    /// The process's own user and what he is called, if a fact asks for a user.
    owner: Option<(u32, String)>,
    /// Where many processes are asked: their tables of sockets, each read once.
    tables: Option<Rc<Tables>>,
}

impl Names {
    /// The users that facts name, each asked for once.
    pub fn of_users<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Self {
        let mut names = Self { tables: Some(Rc::default()), ..Self::default() };
        for fact in facts {
            let more = match fact {
                Fact::User(user) => {
                    names.users.entry(user.clone()).or_insert_with(|| user_id(user));
                    continue;
                }
                Fact::Not(facts) => Self::of_users(facts),
                Fact::Any(groups) => Self::of_users(groups.iter().flatten()),
                _ => continue,
            };
            names.users.extend(more.users);
        }
        names
    }

    /// The same users, without files: these are another process's to look up.
    pub fn users_only(&self) -> Self {
        Self { files: HashMap::new(), users: self.users.clone(), owner: None, tables: self.tables.clone() }
    }

    /// Adds what these facts name.
    pub fn learn<'f>(&mut self, process: &Process, facts: impl IntoIterator<Item = &'f Fact>) {
        for fact in facts {
            match fact {
                Fact::Fd(pattern) => pattern.path.iter().for_each(|path| self.learn_file(process, path)),
                Fact::Cwd(path) | Fact::Root(path) | Fact::Exe(path) | Fact::Namespace(_, path) => {
                    self.learn_file(process, path);
                }
                Fact::User(user) => {
                    self.users.entry(user.clone()).or_insert_with(|| user_id(user));
                    if self.owner.is_none() && self.tables.is_none() {
                        self.owner = owner(process);
                    }
                }
                Fact::Not(facts) => self.learn(process, facts),
                Fact::Any(groups) => self.learn(process, groups.iter().flatten()),
                _ => {}
            }
        }
    }

    /// Adds what a path names.
    pub fn learn_file(&mut self, process: &Process, path: &str) {
        if !is_pattern(path) {
            self.files.entry(path.to_owned()).or_insert_with(|| Files::new(process).id(path.as_bytes()));
        }
    }

    /// The same, and what these facts name besides: looked up anew, within the stop only `at_hand`.
    pub fn with_files(&self, process: &Process, facts: &[Fact], at_hand: bool) -> Self {
        let mut names = self.users_only();
        let files = if at_hand { Files::at_hand(process) } else { Files::new(process) };
        names.learn_files(&files, facts);
        names
    }

    fn learn_files(&mut self, files: &Files<'_>, facts: &[Fact]) {
        for fact in facts {
            let path = match fact {
                Fact::Fd(pattern) => pattern.path.as_ref(),
                Fact::Cwd(path) | Fact::Root(path) | Fact::Exe(path) | Fact::Namespace(_, path) => Some(path),
                Fact::Not(facts) => {
                    self.learn_files(files, facts);
                    None
                }
                Fact::Any(groups) => {
                    groups.iter().for_each(|facts| self.learn_files(files, facts));
                    None
                }
                _ => None,
            };
            if let Some(path) = path.filter(|path| !is_pattern(path)) {
                self.files.entry(path.clone()).or_insert_with(|| files.id(path.as_bytes()));
            }
        }
    }

    /// A user, by his name if it was learnt.
    fn called(&self, user: u32) -> String {
        let name = self.owner.as_ref().filter(|(owner, _)| *owner == user).map(|(_, name)| name.clone());
        name.unwrap_or_else(|| user.to_string())
    }

    /// The file that a path named when it was learnt.
    pub fn file(&self, path: &str) -> Option<FileId> {
        self.files.get(path).copied().flatten()
    }
}

fn owner(process: &Process) -> Option<(u32, String)> {
    let user = nix::unistd::User::from_uid(process.uid.into()).ok().flatten()?;
    Some((process.uid, user.name))
}

fn user_id(user: &str) -> Option<u32> {
    let named = || nix::unistd::User::from_name(user).ok().flatten().map(|user| user.uid.as_raw());
    user.parse().ok().or_else(named)
}

/// A process of which facts are asked.
#[derive(Clone, Copy)]
pub struct Witness<'a> {
    /// The process.
    pub process: &'a Process,
    /// What the facts' names stand for.
    pub names: &'a Names,
    /// How long may be looked.
    pub allowance: &'a dyn Allowance,
    /// Only what the kernel has at hand may be looked at: the process stands still.
    pub at_hand: bool,
}

impl<'a> Witness<'a> {
    /// Of a process that runs.
    pub fn of(process: &'a Process, names: &'a Names) -> Self {
        Self { process, names, allowance: &Unlimited, at_hand: false }
    }
    /// Whether all of these hold.
    pub fn all_hold<'f>(&self, facts: impl IntoIterator<Item = &'f Fact>) -> io::Result<bool> {
        for fact in facts {
            if !self.holds(fact)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a fact holds.
    pub fn holds(&self, fact: &Fact) -> io::Result<bool> {
        self.allowance.check()?;
        Ok(match fact {
            Fact::Fd(pattern) => {
                let file = pattern.path.as_deref().and_then(|path| self.names.file(path));
                inventory::has_descriptor(self.process, pattern, file, self.allowance)?
            }
            Fact::Mapping(pattern) => {
                let mappings = Mappings::open(self.process)?;
                !inventory::mappings(&mappings, pattern, self.allowance)?.is_empty()
            }
            Fact::Cwd(path) => self.leads_to("cwd", path)?,
            Fact::Root(path) => self.leads_to("root", path)?,
            Fact::Exe(path) => self.leads_to("exe", path)?,
            Fact::Umask(range) => self.umask()?.is_some_and(|umask| range.holds(umask)),
            Fact::Rlimit { resource, soft, hard } => {
                self.limits(*resource)?.is_some_and(|(now, most)| soft.holds(now) && hard.holds(most))
            }
            Fact::Comm(comm) => fits(comm, &self.comm()?),
            Fact::Cmdline(cmdline) => fits(cmdline, &self.cmdline()?),
            Fact::User(user) => self.names.users.get(user).copied().flatten() == Some(self.user()?),
            Fact::Cgroup(cgroup) => self.cgroups()?.iter().any(|path| fits(cgroup, path)),
            Fact::Unit(unit) => self.cgroups()?.iter().flat_map(|path| units(path)).any(|own| is_unit(unit, own)),
            Fact::Listen(listen) => {
                let there = match &self.names.tables {
                    Some(tables) => tables.listeners(self.process, listen),
                    None => Rc::new(listeners(self.process, listen)),
                };
                !there.is_empty() && !there.is_disjoint(&sockets(self.process, self.allowance)?)
            }
            Fact::Threads(range) => range.holds(self.threads()?),
            Fact::Namespace(kind, path) => self.all_in(kind, self.names.file(path))?,
            Fact::Seccomp(mode) => self.status("Seccomp:")?.parse() == Ok(*mode),
            Fact::Env(name, value) => self.environment(name)?.is_some_and(|own| fits(value, &own)),
            Fact::Not(facts) => !self.all_hold(facts)?,
            Fact::Any(groups) => {
                for group in groups {
                    if self.all_hold(group)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }

    /// What is instead of a fact that does not hold, as far as that can be said: what it is about, and how that is.
    pub fn instead(&self, fact: &Fact) -> (&'static str, Option<String>) {
        let seen = |result: io::Result<String>| result.ok();
        let limit = |value: u64| if value == libc::RLIM_INFINITY { "unlimited".to_owned() } else { value.to_string() };
        match fact {
            Fact::Fd(pattern) => ("fd", self.descriptor(pattern.number)),
            Fact::Mapping(_) => ("mapping", None),
            Fact::Cwd(_) => ("cwd", seen(self.path("cwd"))),
            Fact::Root(_) => ("root", seen(self.path("root"))),
            Fact::Exe(_) => ("exe", seen(self.path("exe"))),
            Fact::Umask(_) => ("umask", self.umask().ok().flatten().map(|umask| format!("{umask:#o}"))),
            Fact::Rlimit { resource, .. } => {
                let now = self.limits(*resource).ok().flatten();
                ("rlimit", now.map(|(soft, hard)| format!("{} (at most {})", limit(soft), limit(hard))))
            }
            Fact::Comm(_) => ("comm", seen(self.comm())),
            Fact::Cmdline(_) => ("cmdline", seen(self.cmdline())),
            Fact::User(_) => ("user", self.user().ok().map(|user| self.names.called(user))),
            Fact::Cgroup(_) => ("cgroup", self.cgroups().ok().map(|paths| paths.join(" "))),
            Fact::Unit(_) => {
                let paths = self.cgroups().unwrap_or_default();
                let unit = paths.iter().flat_map(|path| units(path)).last().map(str::to_owned);
                ("unit", unit)
            }
            Fact::Listen(_) => ("listen", None),
            Fact::Threads(_) => ("threads", self.threads().ok().map(|count| count.to_string())),
            Fact::Namespace(kind, _) => ("namespace", seen(self.path(&format!("ns/{kind}")))),
            Fact::Seccomp(_) => ("seccomp", seen(self.status("Seccomp:"))),
            Fact::Env(name, _) => ("env", self.environment(name).ok().flatten().map(|value| format!("{name}={value}"))),
            Fact::Not(_) => ("not", None),
            Fact::Any(_) => ("any", None),
        }
    }

    fn descriptor(&self, number: Option<Range>) -> Option<String> {
        let number = number.filter(|range| range.min == range.max)?.min?;
        Some(self.path(&format!("fd/{number}")).unwrap_or_else(|_| format!("{number}, which is closed")))
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.process.open(name, false)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn text(&self, name: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.read(name)?).into_owned())
    }

    /// A line of `status` (proc(5)).
    fn status(&self, name: &str) -> io::Result<String> {
        let text = self.text("status")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.unwrap_or_default().trim().to_owned())
    }

    /// A link's text, from the process's root.
    fn path(&self, name: &str) -> io::Result<String> {
        let path = link(self.process, name)?;
        // A root directory is where all its paths begin, so of itself only the outside is told.
        if name == "root" { Ok(path) } else { Ok(from_root(&path, &link(self.process, "root")?)) }
    }

    /// Whether a link leads to what a path names; as text for globs and for what has no name any more.
    fn leads_to(&self, name: &str, wanted: &str) -> io::Result<bool> {
        let path = self.path(name)?;
        if path == wanted || (is_pattern(wanted) && path_fits(wanted, &path)) {
            return Ok(true);
        }
        let own = file_of(self.process, name).map(|own| own.file);
        Ok(name != "root" && own.is_some() && own == self.names.file(wanted))
    }

    /// Whether every thread is in this namespace. Each may be in one of its own.
    fn all_in(&self, kind: &str, namespace: Option<FileId>) -> io::Result<bool> {
        let Some(namespace) = namespace else { return Ok(false) };
        let threads = inventory::threads(self.process, &ThreadPattern::default(), self.allowance)?;
        let own = |task: &inventory::Task| inventory::namespace_of(self.process, task.tid, kind);
        Ok(threads.iter().all(|task| own(task).is_some_and(|own| own.file == namespace)))
    }

    fn comm(&self) -> io::Result<String> {
        let text = self.text("comm")?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    fn cmdline(&self) -> io::Result<String> {
        let bytes = self.read("cmdline")?;
        let arguments = bytes.strip_suffix(b"\0").unwrap_or(&bytes).split(|byte| *byte == 0);
        Ok(arguments.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" "))
    }

    /// The effective user id.
    fn user(&self) -> io::Result<u32> {
        let ids = self.status("Uid:")?;
        ids.split_whitespace().nth(1).and_then(|id| id.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn umask(&self) -> io::Result<Option<u64>> {
        Ok(u64::from_str_radix(&self.status("Umask:")?, 8).ok())
    }

    fn threads(&self) -> io::Result<u64> {
        self.status("Threads:")?.parse().map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// Soft and hard limit of a resource; `RLIM_INFINITY` if there is none.
    fn limits(&self, resource: u64) -> io::Result<Option<(u64, u64)>> {
        let Some((_, name)) = LIMITS.iter().find(|(number, _)| u64::from(*number) == resource) else { return Ok(None) };
        let text = self.text("limits")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let value = |text: &str| if text == "unlimited" { Some(libc::RLIM_INFINITY) } else { text.parse().ok() };
        let mut fields = line.split_whitespace();
        Ok(fields.next().and_then(value).zip(fields.next().and_then(value)))
    }

    /// Paths of its cgroups, one for each hierarchy that it is placed in.
    fn cgroups(&self) -> io::Result<Vec<String>> {
        let text = self.text("cgroup")?;
        Ok(text.lines().filter_map(|line| Some(line.splitn(3, ':').nth(2)?.to_owned())).collect())
    }

    fn environment(&self, name: &str) -> io::Result<Option<String>> {
        let bytes = self.read("environ")?;
        let value = |entry: &[u8]| {
            let entry = String::from_utf8_lossy(entry);
            let (key, value) = entry.split_once('=')?;
            (key == name).then(|| value.to_owned())
        };
        Ok(bytes.split(|byte| *byte == 0).find_map(value))
    }
}

/// Names of resource limits in /proc/PID/limits (`lnames` of fs/proc/base.c).
const LIMITS: [(libc::__rlimit_resource_t, &str); 16] = [
    (libc::RLIMIT_CPU, "Max cpu time"),
    (libc::RLIMIT_FSIZE, "Max file size"),
    (libc::RLIMIT_DATA, "Max data size"),
    (libc::RLIMIT_STACK, "Max stack size"),
    (libc::RLIMIT_CORE, "Max core file size"),
    (libc::RLIMIT_RSS, "Max resident set"),
    (libc::RLIMIT_NPROC, "Max processes"),
    (libc::RLIMIT_NOFILE, "Max open files"),
    (libc::RLIMIT_MEMLOCK, "Max locked memory"),
    (libc::RLIMIT_AS, "Max address space"),
    (libc::RLIMIT_LOCKS, "Max file locks"),
    (libc::RLIMIT_SIGPENDING, "Max pending signals"),
    (libc::RLIMIT_MSGQUEUE, "Max msgqueue size"),
    (libc::RLIMIT_NICE, "Max nice priority"),
    (libc::RLIMIT_RTPRIO, "Max realtime priority"),
    (libc::RLIMIT_RTTIME, "Max realtime timeout"),
];

/// The system unit, and below `user@.service` the user's unit, that a cgroup path belongs to (`cg_path_get_unit` of systemd):
/// the first component that is no slice.
fn units(path: &str) -> impl Iterator<Item = &str> {
    let mut outer = path.split('/').filter(|part| !part.is_empty() && !part.ends_with(".slice"));
    let system = outer.next();
    let user = outer.next().filter(|_| system.is_some_and(|unit| unit.starts_with("user@")));
    system.into_iter().chain(user).filter(|unit| unit.contains('.'))
}

/// `nginx` is short for `nginx.service`, as with systemctl.
fn is_unit(wanted: &str, unit: &str) -> bool {
    fits(wanted, unit) || (!wanted.contains('.') && fits(&format!("{wanted}.service"), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units_of(path: &str) -> Vec<&str> {
        units(path).collect()
    }

    #[test]
    fn units_in_cgroup_paths() {
        assert_eq!(units_of("/system.slice/nginx.service"), ["nginx.service"]);
        assert_eq!(units_of("/system.slice/system-getty.slice/getty@tty1.service"), ["getty@tty1.service"]);
        assert_eq!(
            units_of("/user.slice/user-1000.slice/user@1000.service/app.slice/mako.service"),
            ["user@1000.service", "mako.service"]
        );
        assert_eq!(units_of("/system.slice/docker.service/supervised/x.scope"), ["docker.service"]);
        assert_eq!(units_of("/"), Vec::<&str>::new());
        assert!(is_unit("nginx", "nginx.service"));
        assert!(is_unit("getty@*", "getty@tty1.service"));
        assert!(!is_unit("nginx", "nginx.socket"));
    }
}
