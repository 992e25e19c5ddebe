//! Finding processes, facts from /proc, freezing every thread.
