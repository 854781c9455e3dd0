//! `cairn validate`: what was delivered to a bucket, checked against its digests, their signatures
//! and each other.
//!
//! Exit codes: 0 all is valid; 1 something is invalid; 2 the command line is wrong; 3 something could
//! not be checked, or there is nothing to check.

mod data;
mod show;
mod sources;
mod status;
mod trails;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region, Timestamp};
use clap::builder::NonEmptyStringValueParser;

use crate::client::{Client, ServerChoice};
use crate::directory::{Directory, wall_clock};
use crate::moment;
use crate::print;
use crate::proof::{
    EventBook, Heads, Inventory, KeyRing, Proof, Selection, Summary, Surroundings, fetch_keys,
};
use crate::usage::{EXIT_USAGE, OrUsage as _, Usage};

use data::DataDirectory;
use show::Show;

/// Nothing is wrong, but something could not be looked at.
const EXIT_UNCHECKED: u8 = 3;
const EXIT_INVALID: u8 = 1;

/// What the command line says.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes:
  0  everything is valid
  1  something is invalid
  2  the command line is wrong
  3  something could not be checked, or there is nothing to check

A plain copy of a bucket has no metadata, so the signature of the newest digest of each chain is
missing in it, and that digest and its files are `unanchored`. Give --head, check the bucket itself, or
save what is missing beside the digest:
  aws s3api head-object --bucket B --key KEY > COPY/KEY.metadata.json

Without --head or --remember nobody can tell that the newest digests were deleted, until the next one
is late.")]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line")]
pub(crate) struct Arguments {
    /// Directories that are laid out as the bucket is, or `s3://BUCKET/PREFIX`. Without any, the bucket
    /// of --trail-arn is asked for
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// The data directory of a stopped server: its buckets, its keys, and its event log to hold them
    /// against
    #[arg(long, value_name = "DIR", conflicts_with_all = ["endpoint_url", "profile"])]
    data: Option<PathBuf>,
    /// A bucket of the data directory, or the name of the bucket that a directory is a copy of
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    bucket: Option<String>,
    /// Only this trail
    #[arg(long, value_name = "ARN")]
    trail_arn: Option<String>,
    /// Only files of this account
    #[arg(long, value_name = "ID")]
    account_id: Option<String>,
    /// Only files of this region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Not before this time: 2026-11-25, 2026-11-25T17:00:00Z, or 30m, 12h, 7d ago
    #[arg(long, value_name = "TIME")]
    start_time: Option<String>,
    /// Not after this time. Digests that should end before it are missed if they are not there
    /// [default: now, where the bucket itself is asked]
    #[arg(long, value_name = "TIME")]
    end_time: Option<String>,
    /// The answer of `aws cloudtrail list-public-keys`, in place of asking; may be repeated
    #[arg(long, value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// Trust no key but that of this fingerprint, or of this SHA-256; may be repeated
    #[arg(long, value_name = "HEX")]
    pin: Vec<String>,
    /// The newest digests as --remember wrote them: they must be there
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// Like --head if the file is there; the newest valid digests are written to it afterwards
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// Let files pass that no digest vouches for, as another trail may write them
    #[arg(long)]
    accept_unvouched: bool,
    /// Let digests pass whose signature is not in a copy
    #[arg(long)]
    accept_unanchored: bool,
    /// A line for everything that is valid, too
    #[arg(long)]
    verbose: bool,
    /// One line of JSON for each finding, and one for the summary
    #[arg(long)]
    json: bool,
    /// The server [default: `AWS_ENDPOINT_URL`, or AWS]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    endpoint_url: Option<String>,
    /// A profile of the credentials file [default: `AWS_PROFILE`, or "default"]
    #[arg(long, value_name = "NAME", help_heading = "Server")]
    profile: Option<String>,
}

/// What the command line asks for, understood.
struct Request {
    selection: Selection,
    server: ServerChoice,
    heads: Heads,
    ring: KeyRing,
    now: Timestamp,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let request = match understand(arguments) {
        Ok(request) => request,
        Err(error) => {
            print::complain(&format!("{error:#}"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match validate(arguments, request) {
        Ok(summary) => exit_code(arguments, &summary),
        Err(error) => {
            print::complain(&format!("{error:#}"));
            ExitCode::from(if error.is::<Usage>() { EXIT_USAGE } else { EXIT_UNCHECKED })
        }
    }
}

fn exit_code(arguments: &Arguments, summary: &Summary) -> ExitCode {
    let invalid = if arguments.accept_unvouched {
        summary.invalid() - summary.others.unvouched
    } else {
        summary.invalid()
    };
    let is_unanchored = summary.has_unanchored() && !arguments.accept_unanchored;
    if invalid > 0 {
        ExitCode::from(EXIT_INVALID)
    } else if summary.has_unchecked() || is_unanchored || summary.is_empty() {
        ExitCode::from(EXIT_UNCHECKED)
    } else {
        ExitCode::SUCCESS
    }
}

fn understand(arguments: &Arguments) -> anyhow::Result<Request> {
    let now = (*wall_clock())();
    let named = !arguments.sources.is_empty() || arguments.data.is_some();
    anyhow::ensure!(
        named || arguments.trail_arn.is_some(),
        "name a directory, s3://BUCKET, --data DIR or --trail-arn ARN"
    );
    anyhow::ensure!(
        arguments.data.is_none() || arguments.sources.is_empty(),
        "--data DIR has buckets of its own: name one with --bucket"
    );
    anyhow::ensure!(
        arguments.bucket.is_none() || arguments.data.is_some() || is_copy(&arguments.sources),
        "--bucket says of which bucket one directory is a copy, or names one of --data DIR: \
         leave it out with s3://BUCKET and with --trail-arn alone"
    );
    let asks_nobody = !arguments.public_keys.is_empty() && is_copy(&arguments.sources);
    let asked = [("--endpoint-url", &arguments.endpoint_url), ("--profile", &arguments.profile)];
    if let Some((flag, _)) = asked.iter().find(|(_, value)| asks_nobody && value.is_some()) {
        anyhow::bail!(
            "{flag} names a server, which is not asked: --public-keys is in place of that"
        );
    }
    let has_no_name = |text: &String| text.strip_prefix("s3://").is_some_and(no_bucket);
    anyhow::ensure!(!arguments.sources.iter().any(has_no_name), "s3:// names no bucket");
    let time = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| moment::time(text, now).of_flag(flag)).transpose()
    };
    let (trail, account) = (arguments.trail_arn.as_deref(), arguments.account_id.as_deref());
    let region = arguments.region.as_deref();
    let selection = Selection {
        trail: trail.map(TrailArn::parse).transpose().of_flag("--trail-arn")?,
        account: account.map(AccountId::parse).transpose().of_flag("--account-id")?,
        region: region.map(Region::parse).transpose().of_flag("--region")?,
        start: time("--start-time", &arguments.start_time)?,
        end: time("--end-time", &arguments.end_time)?,
    };
    if let (Some(start), Some(end)) = (selection.start, selection.end) {
        anyhow::ensure!(start <= end, "--start-time {start} is after --end-time {end}");
    }
    let mut ring = KeyRing::new(&arguments.pin).of_flag("--pin")?;
    for file in &arguments.public_keys {
        ring.add_file(file).of_flag("--public-keys")?;
    }
    let mut heads = Heads::all_of(&arguments.head).of_flag("--head")?;
    if let Some(file) = &arguments.remember {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        anyhow::ensure!(
            folder.is_none_or(Path::is_dir),
            "--remember: there is no folder for {}",
            file.display()
        );
        heads.extend(Heads::read(file)?.unwrap_or_default());
    }
    let server = ServerChoice::of(
        arguments.endpoint_url.clone(),
        arguments.profile.clone(),
        arguments.region.clone(),
    );
    server.check()?;
    check_directories(&arguments.sources)?;
    Ok(Request { selection, server, heads, ring, now })
}

/// Sources that are directories must be there, and be copies of buckets.
fn check_directories(sources: &[String]) -> anyhow::Result<()> {
    for directory in sources.iter().filter(|source| !source.starts_with("s3://")) {
        let path = Path::new(directory);
        if !path.is_dir() {
            let found = std::fs::read_dir(path).map(drop);
            found.with_context(|| format!("cannot read the directory {directory}"))?;
        }
        anyhow::ensure!(
            !Directory::new(path).has_data(),
            "{directory} is a data directory of Cairn: --data {directory} checks its buckets"
        );
    }
    Ok(())
}

/// Whether there are sources, and all are directories.
fn is_copy(sources: &[String]) -> bool {
    !sources.is_empty() && sources.iter().all(|source| !source.starts_with("s3://"))
}

/// Whether a place has no bucket before its prefix.
fn no_bucket(place: &str) -> bool {
    place.split('/').next().is_none_or(str::is_empty)
}

/// Writes the newest valid digests, and those that end runs, beside those that were remembered.
fn remember(mut heads: Heads, summary: &Summary, file: &Path) -> anyhow::Result<()> {
    heads.learn(summary);
    heads.write(file, &summary.lost)
}

/// Takes what a data directory knows of its buckets; returns what to say of what it does not know.
fn learn(
    data: &DataDirectory,
    inventory: &Inventory,
    ring: &mut KeyRing,
    heads: &mut Heads,
) -> anyhow::Result<Vec<String>> {
    data.keys(ring)?;
    let known = data.heads()?;
    let strangers = trails::strangers(&data.described()?, inventory, &known);
    heads.extend(known);
    Ok(strangers)
}

fn validate(arguments: &Arguments, request: Request) -> anyhow::Result<Summary> {
    let Request { selection, server, mut heads, mut ring, now } = request;
    let begun = Instant::now();
    let remembered = heads.clone();
    let data = match &arguments.data {
        Some(path) => Some(DataDirectory::open(path)?),
        None => None,
    };
    let sources = match &data {
        Some(data) => data.sources(arguments.bucket.as_deref())?,
        None => sources::find(arguments, &selection, &server, &heads)?,
    };
    let inventory = crate::proof::inventory(&sources, &selection)?;
    let strangers = match &data {
        Some(data) => learn(data, &inventory, &mut ring, &mut heads)?,
        None => Vec::new(),
    };
    let is_live = data.is_none() && sources.iter().any(|source| source.bucket.tells_time());
    let mut client = None;
    if arguments.public_keys.is_empty() && data.is_none() && !inventory.chains.is_empty() {
        let cloudtrail = Client::cloudtrail(&server)
            .context("no public keys: give them with --public-keys, or name a server")?;
        fetch_keys(&cloudtrail, &inventory, &mut ring)?;
        client = Some(cloudtrail);
    }
    let statuses = match &client {
        Some(client) if is_live => status::newest(client, &inventory, &selection),
        _ => Vec::new(),
    };
    let described = match (&data, &client) {
        (Some(data), _) => data.described()?,
        (None, Some(client)) => trails::described(client, &inventory, &selection),
        (None, None) if arguments.public_keys.is_empty() => Client::cloudtrail(&server)
            .map(|client| trails::described(&client, &inventory, &selection))
            .unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    trails::ensure_digests(&described, &inventory, &selection, &heads)?;
    let recorded = |bodies: &[u128]| data.as_ref().is_some_and(|data| data.has_all(bodies));
    let around =
        Surroundings { recorded: Some(&recorded), ..trails::around(&described, &selection) };
    let delivered = data.as_ref().map(DataDirectory::delivered).transpose()?;
    let mut book = data.as_ref().map(|_| EventBook::default());
    let mut show = Show::new(arguments.json, arguments.verbose);
    show.heading(&selection);
    let proof = Proof {
        sources: &sources,
        selection: &selection,
        ring: &ring,
        heads: &heads,
        now,
        is_live,
        statuses: &statuses,
        events: book.as_mut(),
        delivered: delivered.as_ref(),
        around: &around,
        vouchers: None,
    };
    let mut summary = proof.run(inventory, &mut show)?;
    summary.notes.extend(strangers);
    if let (Some(data), Some(book)) = (&data, book) {
        data.compare(&book, (&selection, arguments.bucket.is_some()), &mut summary, &mut show)?;
    }
    if let Some(file) = &arguments.remember {
        remember(remembered, &summary, file)?;
    }
    show.summary(&selection, &summary, begun.elapsed())?;
    Ok(summary)
}
