//! Socket addresses in short: `127.0.0.1:8080`, `[::1]:53`, `/run/x.sock`, `@abstract`.

use crate::syscalls::layouts::{Int, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN};
use std::net::SocketAddr;

/// How a socket address may be written.
pub const HELP: &str = "write 127.0.0.1:8080, [::1]:53, /run/x.sock, @abstract, or `{struct: {sin_family: …}}`";

/// The bytes of an address, as long as `addrlen` has to say.
pub fn sockaddr(text: &str) -> Result<Vec<u8>, String> {
    let family = |layout: &crate::syscalls::layouts::Layout| layout.fields.first().map_or(0, |field| field.default);
    let mut bytes = Vec::new();
    let mut add = |size: usize, swapped: bool, value: u64| {
        bytes.extend(Int { swapped, ..Int::plain(size, false) }.bytes(value));
    };
    // What a step is repeated over has no other addresses; each is read anew once it is known.
    if text.starts_with(['/', '@', '.']) || text.starts_with("${each.") {
        add(2, false, family(&SOCKADDR_UN));
        bytes.extend(socket_path(text)?);
        return Ok(bytes);
    }
    match text.parse::<SocketAddr>() {
        Ok(SocketAddr::V4(address)) => {
            add(2, false, family(&SOCKADDR_IN));
            add(2, true, u64::from(address.port()));
            bytes.extend(address.ip().octets());
            bytes.resize(SOCKADDR_IN.size, 0);
        }
        Ok(SocketAddr::V6(address)) => {
            add(2, false, family(&SOCKADDR_IN6));
            add(2, true, u64::from(address.port()));
            add(4, true, u64::from(address.flowinfo()));
            bytes.extend(address.ip().octets());
            bytes.extend(address.scope_id().to_le_bytes());
        }
        Err(_) => return Err(format!("`{text}` is no socket address")),
    }
    Ok(bytes)
}

/// `sun_path`: a path with its NUL, or for `@name` an abstract name behind one.
pub fn socket_path(text: &str) -> Result<Vec<u8>, String> {
    let bytes = match text.strip_prefix('@') {
        Some(name) => [b"\0", name.as_bytes()].concat(),
        None => [text.as_bytes(), b"\0"].concat(),
    };
    let room = SOCKADDR_UN.size - 2;
    match bytes.len() <= room {
        true => Ok(bytes),
        false => Err(format!("`{text}` is longer than the {room} bytes that a socket's path may have")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        assert_eq!(sockaddr("127.0.0.1:8080").unwrap(), [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        let v6 = sockaddr("[::1%3]:53").unwrap();
        assert_eq!((v6.len(), &v6[..4], v6[23], v6[24]), (28, &[10, 0, 0, 53][..], 1, 3));
        assert_eq!(sockaddr("/x").unwrap(), b"\x01\0/x\0");
        assert_eq!(sockaddr("@x").unwrap(), b"\x01\0\0x");
        assert!(sockaddr("localhost:80").is_err());
        assert!(sockaddr("127.0.0.1").is_err());
        assert!(sockaddr(&"/".repeat(108)).is_err());
        assert!(sockaddr(&"/".repeat(107)).is_ok());
    }
}
