//! Somebody who asks a server on a loopback port all the time, and counts.

use super::wait_until;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// No more than these requests are made.
const MOST: usize = 4_000;
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(1);

/// How a server is asked: an error says what was wrong with the answer.
pub type Ask = Box<dyn FnMut() -> Result<(), String> + Send>;

/// A thread that asks until it is told to stop, or something is wrong.
pub struct Client {
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Client {
    pub fn start(mut ask: Ask) -> Self {
        let (asked, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end) = (asked.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) && count.load(Ordering::SeqCst) < MOST {
                ask()?;
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(PAUSE);
            }
            Ok(())
        });
        Self { asked, stop, thread: Some(thread) }
    }

    /// Waits until more requests were answered.
    pub fn wait_for(&self, more: usize) {
        let before = self.asked.load(Ordering::SeqCst);
        wait_until("requests are answered", || {
            let now = self.asked.load(Ordering::SeqCst);
            now >= before + more || now == MOST || self.thread.as_ref().is_some_and(JoinHandle::is_finished)
        });
    }

    /// Fails if any request did.
    pub fn finish(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let result = self.thread.take().unwrap().join().unwrap();
        assert_eq!(result, Ok(()), "after {} requests", self.asked.load(Ordering::SeqCst));
    }
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| format!("connect: {error}"))?;
    stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
    Ok(stream)
}

/// A request of HTTP, each on a connection of its own.
pub fn http(port: u16) -> Ask {
    Box::new(move || {
        let mut stream = connect(port)?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").map_err(|error| format!("write: {error}"))?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(|error| format!("read: {error}"))?;
        if answer.contains(" 200 ") && answer.ends_with("ok\n") { Ok(()) } else { Err(format!("answer: {answer:?}")) }
    })
}

/// PING, SET and GET of redis, all on one connection.
pub fn redis(port: u16) -> Ask {
    let mut connection = None;
    let mut number = 0u64;
    Box::new(move || {
        if connection.is_none() {
            connection = Some(BufReader::new(connect(port)?));
        }
        let stream = connection.as_mut().unwrap();
        number += 1;
        let commands = format!("PING\r\nSET key {number}\r\nGET key\r\n");
        stream.get_mut().write_all(commands.as_bytes()).map_err(|error| format!("write: {error}"))?;
        let value = number.to_string();
        for expected in ["+PONG", "+OK", &format!("${}", value.len()), &value] {
            let mut line = String::new();
            stream.read_line(&mut line).map_err(|error| format!("read: {error}"))?;
            if line.trim_end() != expected {
                return Err(format!("answer: {line:?}, not {expected:?}"));
            }
        }
        Ok(())
    })
}

/// A port that is free, below those that the kernel gives to others by itself, and never the same twice: not to test programs
/// that run at the same time either, for each port's name is held until this one ends.
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    static HELD: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    let start = 10_000 + std::process::id() as usize % 10_000;
    let mut ports = std::iter::from_fn(|| u16::try_from(start + NEXT.fetch_add(1, Ordering::SeqCst)).ok());
    let hold = |port: u16| {
        let name = SocketAddr::from_abstract_name(format!("criu-plan-test-port-{port}")).unwrap();
        let held = UnixListener::bind_addr(&name).map(|name| HELD.lock().unwrap().push(name));
        held.is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
    };
    ports.find(|port| hold(*port)).unwrap()
}
