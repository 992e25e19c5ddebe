//! break-connection.

use crate::job::*;
use crate::support::*;
use std::io::Read;
use std::net::TcpListener;

/// The descriptor that a line of the target's names: `ready 7`.
fn number_in(line: &str) -> i32 {
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Waits for somebody who never says anything, and tells that he has gone.
const STUCK: &str = "
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen()
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
say('ready', listener.fileno(), peer.fileno())
say('end', peer.recv(1))
try: peer.send(b'x')
except BrokenPipeError: say('broken')
peer.close()
while told(): pass
";

#[test]
fn a_connection_that_a_program_is_stuck_on() {
    let directory = directory();
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port().to_string();
    let mut target = Target::spawn(&mut python_command(STUCK, &[&port], directory.path()));
    let line = target.wait_for("ready ");
    let (mut accepted, _) = peer.accept().unwrap();
    target.until_asleep();
    let fd = number_in(&line);
    let listener = line.split(' ').nth(1).unwrap().to_owned();
    let (fd, link) = (fd.to_string(), text(&target.link(fd)));
    let job = Job { plan: "break-connection.yaml", sets: &[("fd", &fd), ("socket", &link)] };
    job.dry(&target);
    // Another socket than was meant, no socket at all, one that is not connected.
    let other = [("fd", fd.as_str()), ("socket", "socket:[1]")];
    Job { plan: job.plan, sets: &other }.refused(&mut target, "target::unexpected");
    Job { plan: job.plan, sets: &[("fd", "1")] }.refused(&mut target, "target::unexpected");
    Job { plan: job.plan, sets: &[("fd", &listener)] }.refused(&mut target, "run::step-failed");
    assert!(target.silent());
    let done = job.applied(&mut target);
    let address = &done["targets"][0]["steps"][0]["values"]["addr"];
    assert!(address.to_string().contains(&port), "{done:#}");
    target.wait_for("end b''");
    target.wait_for("broken");
    assert_eq!(accepted.read(&mut [0; 1]).unwrap(), 0);
    wait_until("it has closed it", || !descriptors(target.pid()).contains_key(&fd));
    job.refused(&mut target, "target::unexpected");
}

#[test]
fn a_broken_connection_stays_broken() {
    let directory = directory();
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port().to_string();
    let mut target = Target::spawn(&mut python_command(STUCK, &[&port], directory.path()));
    let fd = number_in(&target.wait_for("ready ")).to_string();
    Job { plan: "break-connection.yaml", sets: &[("fd", &fd)] }.partial(&mut target);
    target.wait_for("end b''");
}
