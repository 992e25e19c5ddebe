//! A redis, and what it says.

use crate::support::*;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

/// A reply of redis to one command on a connection of its own.
pub fn redis_says(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// A redis that has answered, its files in `home`.
pub fn redis_server(mut command: Command, home: &Path) -> (Target, u16) {
    let port = free_port();
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string(), "--dir"]);
    let target = Target::spawn(command.arg(home).stdout(File::create(home.join("stdout")).unwrap()));
    wait_until("redis answers", || redis_says(port, "PING").is_ok_and(|reply| reply == "+PONG"));
    (target, port)
}
