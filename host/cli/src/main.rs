//! The program `claw`. All of it is in the library of the same crate, so that what reads files can
//! be tried without a process and a home.

use std::process::ExitCode;

fn main() -> ExitCode {
    claw_cli::main()
}
