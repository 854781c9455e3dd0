//! The newest digest of each chain, and the last one of each of its runs, as they were once seen.
//!
//! A chain shows every change inside it, but not that its end is gone. Whoever has the newest digest
//! from an earlier time sees that, too: in a file of their own, or in the state of the server. Nor
//! does anything in a chain name the last digest of a run that ended: in a plain copy, which has no
//! signatures, only what was seen proves it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cairn_event::digest::Link;
use cairn_store::durable::NewFile;
use serde::{Deserialize, Serialize};

use super::chain_name::ChainName;
use super::ground::Ground;
use super::summary::Summary;

/// The longest file of heads.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// The most runs of a chain whose ends are kept: the newest.
pub(crate) const RUNS_MAX: usize = 1_000;

/// The newest digests by chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    known: BTreeMap<ChainName, Vec<Seen>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    link: Link,
    /// Whether another run follows: then it stays the last of its own.
    ends_run: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    heads: Vec<Head>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    chain: ChainName,
    #[serde(flatten)]
    link: Link,
    /// Files that were written before this was noted have no such heads.
    #[serde(default, rename = "endsRun", skip_serializing_if = "std::ops::Not::not")]
    ends_run: bool,
}

impl Heads {
    /// Reads a file of heads; none if there is no file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let looked_at = || format!("cannot read {}", path.display());
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(looked_at),
            Ok(metadata) => anyhow::ensure!(
                metadata.len() <= FILE_BYTES_MAX,
                "{} is no file of heads: it is too long",
                path.display()
            ),
        }
        let text = std::fs::read(path).with_context(looked_at)?;
        let document: Document = serde_json::from_slice(&text)
            .with_context(|| format!("{} is no file of heads", path.display()))?;
        let mut heads = Self::default();
        for head in document.heads {
            heads.see(head.chain, head.link, head.ends_run);
        }
        Ok(Some(heads))
    }

    /// Reads what `--remember` wrote to all of these files, which must be there.
    pub(crate) fn all_of(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for file in files {
            let known = Self::read(file)?;
            all.extend(known.with_context(|| format!("there is no {}", file.display()))?);
        }
        Ok(all)
    }

    /// Adds the newest digest of a chain, as somebody knows it.
    pub(crate) fn add(&mut self, chain: ChainName, link: Link) {
        self.see(chain, link, false);
    }

    /// Adds the last digest of a run that another one follows.
    fn add_end(&mut self, chain: ChainName, link: Link) {
        self.see(chain, link, true);
    }

    fn see(&mut self, chain: ChainName, link: Link, ends_run: bool) {
        let known = self.known.entry(chain).or_default();
        match known.iter_mut().find(|seen| seen.link == link) {
            Some(seen) => seen.ends_run |= ends_run,
            None => known.push(Seen { link, ends_run }),
        }
    }

    /// Adds all that others know.
    pub(crate) fn extend(&mut self, others: Self) {
        for (chain, known) in others.known {
            for Seen { link, ends_run } in known {
                self.see(chain.clone(), link, ends_run);
            }
        }
    }

    /// Adds what a proof has found valid.
    pub(crate) fn learn(&mut self, summary: &Summary) {
        for (chain, links) in &summary.run_ends {
            for link in links {
                self.add_end(chain.clone(), link.clone());
            }
        }
        for (chain, links) in &summary.newest {
            for link in links {
                self.add(chain.clone(), link.clone());
            }
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&ChainName, &Link)> {
        self.known
            .iter()
            .flat_map(|(chain, known)| known.iter().map(move |seen| (chain, &seen.link)))
    }

    /// The digest that was seen at a place.
    pub(crate) fn at(&self, chain: &ChainName, bucket: &str, key: &str) -> Option<&Link> {
        let mut known = self.known.get(chain)?.iter().map(|seen| &seen.link);
        known.find(|link| link.key == key && link.bucket == bucket)
    }

    /// Writes the newest of each chain and place, the ends of runs, and those that are lost: once
    /// forgotten, nobody would miss them again.
    pub(crate) fn write(&self, path: &Path, lost: &[Link]) -> anyhow::Result<()> {
        let heads = self.known.iter().flat_map(|(chain, known)| {
            let mut ends: Vec<_> = known.iter().filter(|seen| seen.ends_run).collect();
            ends.sort_by_key(|seen| std::cmp::Reverse(seen.link.end));
            let oldest = ends.into_iter().take(RUNS_MAX).next_back().map(|seen| seen.link.end);
            let kept = known.iter().filter(move |Seen { link, ends_run }| {
                let is_end = *ends_run && oldest.is_some_and(|oldest| link.end >= oldest);
                is_end || is_newest(link, known) || lost.contains(link)
            });
            kept.map(|Seen { link, ends_run }| Head {
                chain: chain.clone(),
                link: link.clone(),
                ends_run: *ends_run,
            })
        });
        let document = Document { heads: heads.collect() };
        let mut text = serde_json::to_string_pretty(&document)?;
        text.push('\n');
        let written = NewFile::create(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.publish()
        });
        written.with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Whether nothing newer was seen at the same place.
fn is_newest(link: &Link, known: &[Seen]) -> bool {
    let place = Ground::of_digest(&link.bucket, &link.key);
    let is_newer = |other: &Link| {
        other.end > link.end && Ground::of_digest(&other.bucket, &other.key) == place
    };
    !known.iter().any(|seen| is_newer(&seen.link))
}

#[cfg(test)]
mod tests {
    use super::Heads;

    #[test]
    fn a_file_of_heads_is_written_beside_itself_alone() {
        let directory = tempfile::tempdir().unwrap();
        let neighbour = directory.path().join("heads.new");
        std::fs::write(&neighbour, "of somebody else").unwrap();
        for name in ["heads.json", "heads.txt"] {
            let path = directory.path().join(name);
            Heads::default().write(&path, &[]).unwrap();
            assert_eq!(Heads::read(&path).unwrap(), Some(Heads::default()));
        }
        assert_eq!(std::fs::read_to_string(&neighbour).unwrap(), "of somebody else");
        // Neither is one with such an ending written in place: a crash would leave half of it.
        std::fs::hard_link(&neighbour, directory.path().join("old")).unwrap();
        Heads::default().write(&neighbour, &[]).unwrap();
        let old = std::fs::read_to_string(directory.path().join("old")).unwrap();
        assert_eq!(old, "of somebody else");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 4);
    }
}
