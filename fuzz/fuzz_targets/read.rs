//! Any bytes as a plan.
#![no_main]

#[path = "../checks/read.rs"]
mod read;

libfuzzer_sys::fuzz_target!(|text: &[u8]| read::check(text));
