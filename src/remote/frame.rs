//! The landing frame: a `struct rt_sigframe` (arch/x86/include/asm/sigframe.h) from which `rt_sigreturn` makes the thread
//! itself again.

use super::gadgets::Restorer;
use super::xstate::Image;
use libc::user_regs_struct;

/// `uc_flags`: extended state is there; ss is in the frame and is to be taken as it is.
const UC_FLAGS: u64 = 1 | 2 | 4;
/// An alternate stack of no valid mode: `rt_sigreturn` then leaves the thread's own alone. 0 or SS_DISABLE would change it.
const NO_ALTERNATE_STACK: u32 = 7;
/// Sizes: `pretcode`, `struct ucontext` with its 8-byte mask, `siginfo_t`.
const PRETCODE: usize = 8;
const UCONTEXT: usize = 304;
const SIGINFO: usize = 128;
const HEAD: usize = PRETCODE + UCONTEXT + SIGINFO;

/// The state that a landing frame holds.
#[derive(Debug)]
pub struct State<'a> {
    /// General registers, already those to land with.
    pub registers: &'a user_regs_struct,
    /// Blocked signals.
    pub mask: u64,
    /// Extended state.
    pub image: &'a Image,
}

/// A built frame.
#[derive(Debug)]
pub struct Frame {
    /// What is written at `address`.
    pub bytes: Vec<u8>,
    /// What `rsp` must be when the foreign `ret` runs: the address of the first word.
    pub rsp: u64,
    /// Where the mask lies that the thread lands with; divisible by 8.
    pub mask: u64,
}

/// How many bytes a frame may take at most, wherever it lies.
pub fn size(image: &Image) -> usize {
    16 + HEAD + 64 + image.bytes().len() + 64
}

/// Builds the frame for `address`, any address divisible by 16.
pub fn build(address: u64, restorer: &Restorer, state: &State<'_>) -> Frame {
    let mut bytes = Vec::with_capacity(size(state.image));
    // What leads into rt_sigreturn; the frame proper begins with the last of these words (rsp is one word past the begin
    // of the frame when the call is made).
    for word in restorer.words() {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let image_offset = (address as usize + bytes.len() + UCONTEXT + SIGINFO).next_multiple_of(64) - address as usize;
    push_ucontext(&mut bytes, state, address + image_offset as u64);
    let mask = address + bytes.len() as u64 - 8;
    bytes.resize(image_offset, 0);
    bytes.extend_from_slice(state.image.bytes());
    Frame { bytes, rsp: address, mask }
}

fn push_ucontext(bytes: &mut Vec<u8>, state: &State<'_>, image: u64) {
    let mut push = |value: u64| bytes.extend_from_slice(&value.to_le_bytes());
    push(UC_FLAGS);
    push(0); // uc_link
    push(0); // uc_stack.ss_sp
    push(u64::from(NO_ALTERNATE_STACK));
    push(0); // uc_stack.ss_size
    let r = state.registers;
    for value in [r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rdi, r.rsi, r.rbp, r.rbx, r.rdx, r.rax, r.rcx]
    {
        push(value);
    }
    push(r.rsp);
    push(r.rip);
    push(r.eflags);
    push((r.cs & 0xffff) | (r.gs & 0xffff) << 16 | (r.fs & 0xffff) << 32 | (r.ss & 0xffff) << 48);
    for value in [0, 0, state.mask, 0] {
        push(value); // err, trapno, oldmask, cr2
    }
    push(image);
    for _ in 0..8 {
        push(0); // reserved
    }
    push(state.mask);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_c_librarys() {
        let context = |field: usize| std::mem::offset_of!(libc::ucontext_t, uc_mcontext) + field;
        assert_eq!(context(0), 40);
        assert_eq!(std::mem::offset_of!(libc::ucontext_t, uc_sigmask), UCONTEXT - 8);
        assert_eq!(context(std::mem::offset_of!(libc::mcontext_t, fpregs)), 40 + 184);
    }
}
