//! Numbers as plans write them: integers, constants of a set, captures, and small sums of these.

use super::reading::{Piece, Problems, Use, Variables};
use super::{CaptureRef, Number};
use crate::problem::Span;
use crate::syscalls::constants;
use crate::syscalls::{Arch, Kind, nearest};

/// Reads the text of a number for a parameter of that kind. `None` if it is none, with the problem told.
pub fn number(text: &str, span: Span, kind: Kind, variables: &Variables, problems: &mut Problems) -> Option<Number> {
    let before = problems.0.len();
    let pieces = variables.expand(text, span, problems);
    if problems.0.len() > before {
        return None;
    }
    let mut sum = Sum {
        kind,
        arch: variables.arch(),
        span,
        number: Number { constant: 0, terms: Vec::new(), text: String::new() },
        joined: false,
    };
    let mut sign = Some(true);
    for piece in &pieces {
        match piece {
            Piece::Use(of) => sum.term(of, sign.take(), problems)?,
            Piece::Text(text) => sign = sum.text(text, sign, problems)?,
        }
    }
    if sign.is_some() {
        let message = format!("`{text}` is no number");
        problems.at("plan::number", span, message, "write 42, 0x2a, 0o52, a constant, `${name}`, or a sum of these");
        return None;
    }
    // Values of another architecture bear other names here.
    let named = sum.number.terms.is_empty() && sum.arch == Arch::default();
    sum.number.text = if named { shown(kind, sum.number.constant) } else { text.trim().to_owned() };
    Some(sum.number)
}

/// A constant as it is best shown for a kind.
pub fn shown(kind: Kind, value: u64) -> String {
    match kind {
        Kind::Flags(set) => set.spell(value),
        Kind::OneOf(set) => set.name_of(value).map_or_else(|| (value as i64).to_string(), str::to_owned),
        Kind::Signal => constants::SIGNALS.name_of(value).map_or_else(|| value.to_string(), str::to_owned),
        Kind::DirFd if value as i32 == libc::AT_FDCWD => "AT_FDCWD".to_owned(),
        Kind::Mode => format!("{value:#o}").replacen("0o", "0o", 1),
        Kind::Addr | Kind::In(_) | Kind::Out(_) | Kind::InOut(_) if value != 0 => format!("{value:#x}"),
        _ => (value as i64).to_string(),
    }
}

/// An integer: decimal, 0x…, 0o…, 0b…, with a sign; underscores between digits.
pub fn integer(text: &str) -> Option<u64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, radix) = match digits.get(..2) {
        Some("0x" | "0X") => (digits.get(2..)?, 16),
        Some("0o") => (digits.get(2..)?, 8),
        Some("0b") => (digits.get(2..)?, 2),
        _ => (digits, 10),
    };
    if !digits.starts_with(|digit: char| digit.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    match negative {
        false => Some(value),
        true => (value <= 1 << 63).then(|| value.wrapping_neg()),
    }
}

/// Whether a text begins as an integer does.
pub fn looks_like_integer(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).starts_with(|digit: char| digit.is_ascii_digit())
}

struct Sum {
    kind: Kind,
    arch: Arch,
    span: Span,
    number: Number,
    /// Constants were joined with `|`.
    joined: bool,
}

impl Sum {
    fn term(&mut self, of: &Use, sign: Option<bool>, problems: &mut Problems) -> Option<()> {
        let (Some(sign), false) = (sign, self.joined) else {
            let help = "captured values can be added and taken away: `${start}+0x1000`";
            problems.at("plan::number", self.span, format!("`${{{}}}` can't stand here", of.name), help);
            return None;
        };
        let capture =
            CaptureRef { target: of.target.clone(), name: of.name.clone(), path: of.path.clone(), span: self.span };
        self.number.terms.push((sign, capture));
        Some(())
    }

    /// Takes a text of operands and operators; the sign that waits for its operand behind it.
    fn text(&mut self, text: &str, mut sign: Option<bool>, problems: &mut Problems) -> Option<Option<bool>> {
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(waiting) = sign.take() {
                let (minus, unsigned) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest.trim_start()));
                let end = unsigned.find(|letter: char| "+-| ".contains(letter)).unwrap_or(unsigned.len());
                let (operand, behind) = unsigned.split_at(end);
                let value = self.operand(if minus { &rest[..rest.len() - behind.len()] } else { operand }, problems)?;
                self.add(waiting, value);
                rest = behind.trim_start();
            } else {
                let (operator, behind) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
                sign = match operator {
                    "+" => Some(true),
                    "-" => Some(false),
                    "|" if self.number.terms.is_empty() => {
                        self.joined = true;
                        Some(true)
                    }
                    _ => {
                        let help = "numbers are joined with `+` and `-`, constants with `|`";
                        problems.at("plan::number", self.span, format!("`{}` is no number", text.trim()), help);
                        return None;
                    }
                };
                rest = behind.trim_start();
            }
        }
        Some(sign)
    }

    fn add(&mut self, positive: bool, value: u64) {
        let constant = &mut self.number.constant;
        *constant = match (self.joined, positive) {
            (true, _) => *constant | value,
            (false, true) => constant.wrapping_add(value),
            (false, false) => constant.wrapping_sub(value),
        };
    }

    fn operand(&self, text: &str, problems: &mut Problems) -> Option<u64> {
        let text = text.trim();
        if looks_like_integer(text) {
            return self.integer(text, problems);
        }
        if let Some(value) = self.constant(text) {
            return Some(value);
        }
        let set = self.kind.set();
        let elsewhere = constants::find(text);
        let any = matches!(self.kind, Kind::Any) && elsewhere.is_some();
        if any || set.is_some_and(|set| set.value(text).is_some()) {
            let message = format!("{} has no `{text}`", self.arch.name());
            problems.at("plan::no-such-constant-here", self.span, message, "leave it out on that architecture");
            return None;
        }
        let (code, message) = match (set, elsewhere) {
            (Some(set), Some((other, _))) => (
                "plan::constant-of-another-set",
                format!("`{text}` is one of the {}, not of the {}", other.name, set.name),
            ),
            (Some(set), None) => ("plan::unknown-constant", format!("`{text}` is none of the {}", set.name)),
            (None, _) => ("plan::number", format!("`{text}` is no number")),
        };
        let near = set.and_then(|set| nearest(text, set.members.iter().map(|(name, _)| *name)));
        let help = match (near, set) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(set)) if set.members.len() <= 12 => {
                format!("there are {}", set.members.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
            }
            (None, Some(set)) => {
                let first: Vec<_> = set.members.iter().take(8).map(|(name, _)| *name).collect();
                format!("there are {} …; `criu-plan explain` and the call's name lists all", first.join(", "))
            }
            (None, None) => "write 42, 0x2a, 0o52, `${name}`, or a sum of these".to_owned(),
        };
        problems.at(code, self.span, message, help);
        None
    }

    fn constant(&self, name: &str) -> Option<u64> {
        match self.kind {
            Kind::DirFd if name == "AT_FDCWD" => Some(libc::AT_FDCWD as i64 as u64),
            // Kinds without a set of their own take any constant: the third of an ioctl may be one of many.
            Kind::Any => constants::find(name).and_then(|(set, _)| set.value_on(self.arch, name)),
            kind => kind.set()?.value_on(self.arch, name),
        }
    }

    fn integer(&self, text: &str, problems: &mut Problems) -> Option<u64> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            let help =
                format!("if it is octal write 0o{}, if it is decimal {}", &digits[1..], digits.trim_start_matches('0'));
            problems.at("plan::leading-zero", self.span, format!("`{text}` could be octal or decimal"), help);
            return None;
        }
        let value = integer(text);
        if value.is_none() {
            let help = "numbers are decimal, 0x… or 0o…, and fit into 64 bits";
            problems.at("plan::number", self.span, format!("`{text}` is no number that fits"), help);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::constants::OPEN;

    fn read(text: &str, kind: Kind) -> Result<u64, String> {
        let mut problems = Problems::default();
        let number = number(text, Span::default(), kind, &Variables::default(), &mut problems);
        match number {
            Some(number) => Ok(number.constant),
            None => Err(problems.0.remove(0).message),
        }
    }

    #[test]
    fn integers_in_every_base() {
        assert_eq!(read("42", Kind::Int), Ok(42));
        assert_eq!(read("0x2a", Kind::Int), Ok(42));
        assert_eq!(read("0o52", Kind::Int), Ok(42));
        assert_eq!(read("-1", Kind::Int), Ok(u64::MAX));
        assert_eq!(read("18446744073709551615", Kind::Addr), Ok(u64::MAX));
        assert_eq!(read("-9223372036854775808", Kind::Int), Ok(1 << 63));
        assert!(read("18446744073709551616", Kind::Addr).is_err());
    }

    #[test]
    fn a_leading_zero_is_refused() {
        assert_eq!(read("0644", Kind::Mode), Err("`0644` could be octal or decimal".into()));
        assert_eq!(read("0", Kind::Int), Ok(0));
    }

    #[test]
    fn sums_and_flags() {
        assert_eq!(read("0x1000+0x10-1", Kind::Addr), Ok(0x100f));
        assert_eq!(read("O_WRONLY|O_APPEND", Kind::Flags(&OPEN)), Ok(0o2001));
        assert_eq!(read("O_WRONLY | O_WRONLY", Kind::Flags(&OPEN)), Ok(1));
        assert_eq!(read("O_WRONLY MAP_SHARED", Kind::Flags(&OPEN)), Err("`O_WRONLY MAP_SHARED` is no number".into()));
        assert_eq!(read("3+", Kind::Int), Err("`3+` is no number".into()));
    }

    #[test]
    fn a_constant_of_another_set_is_named() {
        let message = read("MAP_SHARED", Kind::Flags(&OPEN)).unwrap_err();
        assert_eq!(message, "`MAP_SHARED` is one of the mmap flags, not of the open flags");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _read = read(&text, Kind::Flags(&OPEN));
        }
    }
}
