//! Plans that are read, lowered.
#![no_main]

#[path = "../checks/lower.rs"]
mod lower;

libfuzzer_sys::fuzz_target!(|text: &[u8]| lower::check(text));
