//! The `gallra` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gallra::cli::main()
}
