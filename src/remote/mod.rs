//! Running system calls inside a frozen thread.
