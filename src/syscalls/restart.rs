//! temp
use super::Syscall;
/// temp
pub fn interrupted_by_any_stop(_c: &Syscall) -> bool {
    false
}
/// temp
pub fn sets_restart_block(_c: &Syscall) -> bool {
    false
}
/// temp
pub fn may_raise(_c: &Syscall) -> bool {
    false
}
