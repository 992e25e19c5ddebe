//! Memory as offsets, hexadecimal digits and text.

use std::fmt::Write;

const WIDTH: usize = 16;

/// Lines of 16 bytes: `00000000  2f 74 6d 70 …  |/tmp…|`.
pub fn hexdump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, line) in bytes.chunks(WIDTH).enumerate() {
        let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { *byte as char } else { '.' };
        let shown: String = line.iter().map(printable).collect();
        // Writing to a String does not fail.
        let _written = writeln!(text, "{:08x}  {:<47}  |{shown}|", index * WIDTH, digits.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_digits_and_text() {
        insta::assert_snapshot!(hexdump(b"/tmp/a file\0\x01\x7f\xff!next"), @r"
        00000000  2f 74 6d 70 2f 61 20 66 69 6c 65 00 01 7f ff 21  |/tmp/a file....!|
        00000010  6e 65 78 74                                      |next|
        ");
        assert_eq!(hexdump(b""), "");
    }
}
