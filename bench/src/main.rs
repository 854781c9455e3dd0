//! `cairn-bench`: what `bench/run.py` measures with. `load` makes signed calls as fast as a server
//! answers them; `serve-without-log` is the same front door with a log that forgets, so that the
//! difference to `cairn serve` is what recording costs. `backlog` and `selectors` run parts of the
//! program without the rest.

mod backlog;
mod forgetful;
mod load;
mod request;
mod selectors;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes calls, and prints their rate and latencies as JSON.
    Load(load::Arguments),
    /// Serves calls without keeping records.
    ServeWithoutLog(forgetful::Arguments),
    /// Delivers a backlog, and compresses the same bytes with nothing around.
    Backlog(backlog::Arguments),
    /// Matches records against the selectors of many trails.
    Selectors(selectors::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Load(arguments) => load::run(&arguments),
        Command::ServeWithoutLog(arguments) => forgetful::run(&arguments),
        Command::Backlog(arguments) => backlog::run(&arguments),
        Command::Selectors(arguments) => selectors::run(&arguments),
    }
}
