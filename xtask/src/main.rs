//! Developer tasks, run as `cargo xtask TASK`.
//!
//! - `models`: remakes the compact service models of `cairn-wire` from a pip-installed botocore.
//! - `tidy`: holds the house rules that no compiler checks (lengths, crate edges, stray words).

use std::process::ExitCode;

mod models;
mod tidy;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match task.as_str() {
        "models" => models::run(&rest),
        "tidy" => tidy::run(&rest),
        other => Err(anyhow::anyhow!("no task `{other}`; there are: models, tidy")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
