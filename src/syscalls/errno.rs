//! Error numbers by name.

/// The name of an error number, as `ENOENT` for 2.
pub fn name(_number: i32) -> Option<&'static str> {
    None
}
