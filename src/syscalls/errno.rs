//! Error numbers by name.

/// The name of an error number, as `ENOENT` for 2.
pub fn name(_number: i32) -> Option<&'static str> {
    None
}

/// The error number of a raw result (-1 to -4095), positive.
pub fn of_result(value: i64) -> Option<i32> {
    (-4095..0).contains(&value).then(|| -value as i32)
}

/// Its name, or `errno 512`.
pub fn spell(number: i32) -> String {
    name(number).map_or_else(|| format!("errno {number}"), str::to_owned)
}

/// Its name and what it means: `ENOENT (No such file or directory)`.
pub fn describe(number: i32) -> String {
    format!("{} ({})", spell(number), nix::errno::Errno::from_raw(number).desc())
}
