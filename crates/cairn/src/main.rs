//! `cairn`: a self-hosted audit trail that speaks AWS CloudTrail.
//!
//! Exit codes: 0 it worked; 1 it failed, or found something wrong (`fsck`, `validate`, `import` with
//! broken files); 2 the command line, or a file or variable with settings, is wrong, and nothing was
//! written; 3 `validate` could not check something.

mod address;
mod anchor;
mod client;
mod commands;
mod conditions;
mod directory;
mod lost;
mod moment;
mod print;
mod proof;
mod row;
mod trust;
mod usage;
mod variables;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use commands::{fsck, import, inspect, lookup, serve, tail, validate};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted audit trail that speaks AWS CloudTrail.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve AWS calls, and record each one.
    Serve(Box<serve::Arguments>),
    /// Search the records.
    Lookup(Box<lookup::Arguments>),
    /// Follow the records as they come.
    Tail(tail::Arguments),
    /// Take in CloudTrail files.
    Import(import::Arguments),
    /// Check delivered log files against their digests.
    Validate(Box<validate::Arguments>),
    /// Check every byte of a data directory whose server is stopped.
    Fsck(fsck::Arguments),
    /// Show what a data directory holds.
    Inspect(inspect::Arguments),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for hint in variables::hints(&Arguments::command(), set) {
        print::complain(&hint);
    }
    let outcome = match command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Lookup(arguments) => lookup::run(&arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Validate(arguments) => Ok(validate::run(&arguments)),
        Command::Fsck(arguments) => fsck::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        print::complain(&format!("{error:#}"));
        usage::exit_code(&error)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
