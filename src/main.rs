//! The `criu-plan` binary: everything it does lives in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    criu_plan::cli::main()
}
