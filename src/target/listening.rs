//! Which of a process's sockets listen where, from the tables of its network namespace (proc_pid_net(5)).

use super::allowance::Allowance;
use super::inventory::link;
use super::process::Process;
use crate::facts::{IpVersion, Listen};
use nix::fcntl::OFlag;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::rc::Rc;

/// State of a TCP socket that listens, and of a UDP socket that is not connected (net/tcp_states.h).
const TCP_LISTEN: &str = "0A";
const UDP_UNCONNECTED: &str = "07";
/// `__SO_ACCEPTCON` of linux/net.h.
const ACCEPTS: u64 = 1 << 16;
const DATAGRAM: u64 = libc::SOCK_DGRAM as u64;

/// Inodes of the sockets that listen there, in the network namespace of a process.
pub fn listeners(process: &Process, listen: &Listen) -> HashSet<u64> {
    match listen {
        Listen::Tcp(version, port) => internet(process, "tcp", *version, *port, TCP_LISTEN),
        Listen::Udp(version, port) => internet(process, "udp", *version, *port, UDP_UNCONNECTED),
        Listen::Unix(path) => table(process, "unix").lines().skip(1).filter_map(|line| unix(line, path)).collect(),
    }
}

/// A network namespace, and where in it.
type Where = (String, Listen);

/// Who listens, by network namespace: a host has far fewer of them than processes, and their tables may be long.
#[derive(Debug, Default)]
pub struct Tables(RefCell<HashMap<Where, Rc<HashSet<u64>>>>);

impl Tables {
    /// [`listeners`], read once for each namespace.
    pub fn listeners(&self, process: &Process, listen: &Listen) -> Rc<HashSet<u64>> {
        let Ok(namespace) = link(process, "ns/net") else { return Rc::default() };
        let mut tables = self.0.borrow_mut();
        let read = || Rc::new(listeners(process, listen));
        Rc::clone(tables.entry((namespace, listen.clone())).or_insert_with(read))
    }
}

fn table(process: &Process, name: &str) -> String {
    let mut bytes = Vec::new();
    // A table that is not there has nothing in it: a kernel without IPv6, say.
    let _read = process.open(&format!("net/{name}"), false).and_then(|mut file| file.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn internet(process: &Process, protocol: &str, version: Option<IpVersion>, port: u16, state: &str) -> HashSet<u64> {
    let of = |wanted: IpVersion, name: String| {
        if version.is_none_or(|version| version == wanted) { table(process, &name) } else { String::new() }
    };
    let tables = [of(IpVersion::V4, protocol.to_owned()), of(IpVersion::V6, format!("{protocol}6"))];
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        let here = u16::from_str_radix(local, 16) == Ok(port) && fields.get(3) == Some(&state);
        fields.get(9).filter(|_| here)?.parse().ok()
    };
    tables.iter().flat_map(|table| table.lines().skip(1).filter_map(inode)).collect()
}

/// The inode in a line of the table if it is a socket that listens at `path`, which may have spaces in it.
fn unix(line: &str, path: &str) -> Option<u64> {
    let before = line.strip_suffix(path)?.strip_suffix(' ')?;
    let fields: Vec<&str> = before.split_whitespace().collect();
    let [_, _, _, flags, kind, _, inode] = fields.as_slice() else { return None };
    let (flags, kind) = (u64::from_str_radix(flags, 16).ok()?, u64::from_str_radix(kind, 16).ok()?);
    if flags & ACCEPTS != 0 || kind == DATAGRAM { inode.parse().ok() } else { None }
}

/// Inodes of all sockets that a process has open.
pub fn sockets(process: &Process, allowance: &dyn Allowance) -> io::Result<HashSet<u64>> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(mut dir) = nix::dir::Dir::openat(process.view(), "fd", flags, nix::sys::stat::Mode::empty()) else {
        return Ok(HashSet::new());
    };
    let names = dir.iter().filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(str::to_owned));
    let inode = |name: String| {
        let link = link(process, &format!("fd/{name}")).ok()?;
        link.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
    };
    let mut inodes = HashSet::new();
    for name in names {
        allowance.check()?;
        inodes.extend(inode(name));
    }
    Ok(inodes)
}
