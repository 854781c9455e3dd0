//! The newest digest of each chain, as it was once seen.
//!
//! A chain shows every change inside it, but not that its end is gone. Whoever has the newest digest
//! from an earlier time sees that, too: in a file of their own, or in the state of the server.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use cairn_event::digest::Link;
use serde::{Deserialize, Serialize};

use super::chain_name::ChainName;
use super::ground::Ground;

/// The longest file of heads.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The newest digests by chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    known: BTreeMap<ChainName, Vec<Link>>,
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
            heads.add(head.chain, head.link);
        }
        Ok(Some(heads))
    }

    /// Adds the newest digest of a chain, as somebody knows it.
    pub(crate) fn add(&mut self, chain: ChainName, link: Link) {
        let known = self.known.entry(chain).or_default();
        if !known.contains(&link) {
            known.push(link);
        }
    }

    /// Adds all that others know.
    pub(crate) fn extend(&mut self, others: Self) {
        for (chain, links) in others.known {
            for link in links {
                self.add(chain.clone(), link);
            }
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&ChainName, &Link)> {
        self.known.iter().flat_map(|(chain, links)| links.iter().map(move |link| (chain, link)))
    }

    /// The digest that was seen at a place.
    pub(crate) fn at(&self, chain: &ChainName, bucket: &str, key: &str) -> Option<&Link> {
        let known = self.known.get(chain)?;
        known.iter().find(|link| link.bucket == bucket && link.key == key)
    }

    /// Writes the newest of each chain and place, and those that are lost: once forgotten, nobody
    /// would miss them again.
    pub(crate) fn write(&self, path: &Path, lost: &[Link]) -> anyhow::Result<()> {
        let heads = self.known.iter().flat_map(|(chain, links)| {
            let kept = links.iter().filter(|link| {
                let place = Ground::of_digest(&link.bucket, &link.key);
                let is_old = links.iter().any(|other| {
                    other.end > link.end && Ground::of_digest(&other.bucket, &other.key) == place
                });
                !is_old || lost.contains(link)
            });
            kept.map(|link| Head { chain: chain.clone(), link: link.clone() })
        });
        let document = Document { heads: heads.collect() };
        let mut text = serde_json::to_string_pretty(&document)?;
        text.push('\n');
        let beside = path.with_extension("new");
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
